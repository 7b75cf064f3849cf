"""The third section of the demonstration: how far two networks trained on digits are from commuting with D4."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from grouprep import Dihedral, Group
from grouprep.summary import Summary
from grouprep.typing import Array
from projectors import Hom
from projectors.penalties import Frobenius, defect_bound, penalty
from projectors.report import Record

__all__ = ["CREDIT", "Digits", "digits_file", "element_names", "layer_spaces", "measure_digits", "percent"]

CREDIT = "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0"
NETWORKS = ("plain", "penalised")
PARAMETERS = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")
BRIGHTEST = 16.0  # of a pixel


@dataclass(frozen=True, repr=False)
class Digits(Summary):
    """What was measured.

    record : plain data, for JSON.
    trained, projected : for each network the operators T and P(T) by parameter.
    """

    record: Record
    trained: dict[str, dict[str, Array]]
    projected: dict[str, dict[str, Array]]


def digits_file() -> Path:
    """The packaged weights and held-out images; studies/demo/train.py makes them."""
    return Path(str(files("projectors.demo") / "data" / "digits.npz"))


def layer_spaces(channels: int = 16, classes: int = 10) -> dict[str, Hom]:
    """The equivariant operators of each parameter: pixels are grid(8, 8), hidden units channels * regular, classes trivial."""
    G = Dihedral(4)
    hidden, scores = channels * G.regular(), classes * G.trivial()
    return {
        "hidden.weight": Hom(G.grid((8, 8)), hidden),
        "hidden.bias": Hom(G.trivial(), hidden),
        "output.weight": Hom(hidden, scores),
        "output.bias": Hom(G.trivial(), scores),
    }


def measure_digits() -> Digits:
    """Measure the packaged networks as they were trained, and after projection.

    Examples
    --------
    >>> from projectors.demo.digits import measure_digits
    >>> networks = measure_digits().record["networks"]
    >>> networks["penalised"]["accuracy"]["projected"]["turned"] > networks["plain"]["accuracy"]["projected"]["turned"]
    True
    """
    start = time.perf_counter()
    with np.load(digits_file(), allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    images, labels = arrays["images"] / BRIGHTEST, arrays["labels"]
    spaces = layer_spaces()
    trained = {n: {k: arrays[f"{n}.{k}"].astype(float) for k in PARAMETERS} for n in NETWORKS}
    projected = {n: {k: spaces[k].project(T) for k, T in p.items()} for n, p in trained.items()}
    networks = {
        n: {
            "layers": [_layer(k, trained[n][k], spaces[k]) for k in PARAMETERS],
            "accuracy": {
                "as_trained": _accuracies(trained[n], images, labels),
                "projected": _accuracies(projected[n], images, labels),
            },
        }
        for n in NETWORKS
    }
    record = {
        "group": "D4",
        "pixels": str(spaces["hidden.weight"].V),
        "hidden": str(spaces["hidden.weight"].W),
        "classes": str(spaces["output.weight"].W),
        "held_out_images": len(labels),
        "penalty": float(arrays["penalty"]),
        "networks": networks,
        "credit": CREDIT,
        "seconds": time.perf_counter() - start,
    }
    return Digits(record, trained, projected)


def _layer(name: str, T: Array, H: Hom) -> Record:
    bound = defect_bound(T, H)
    projected = H.project(T)
    return {
        "parameter": name,
        "shape": list(T.shape),
        "entries": T.size,
        "equivariant_dim": H.dim,
        "share_before": _share(T, H),
        "share_after": _share(projected, H),
        "residual": float(penalty(T, H)),
        "residual_after": float(penalty(projected, H)),
        "norm": float(Frobenius().value(T)),
        "defect_lower": float(bound.lower),
        "defect_upper": float(bound.upper),
    }


def _share(T: Array, H: Hom) -> float:
    """||P(T)||^2 / ||T||^2."""
    return float(np.linalg.norm(H.project(T)) / np.linalg.norm(T)) ** 2


def _accuracies(p: Mapping[str, Array], images: Array, labels: Array) -> dict[str, float]:
    """On the images as they are, and on their eight turned and mirrored copies; how many sixes are taken for nines."""
    G = Dihedral(4)
    turns = G.grid((8, 8))(G.elements)
    upright = _answers(p, images)
    turned = np.array([_answers(p, images @ rho.T) for rho in turns])
    return {
        "upright": float(np.mean(upright == labels)),
        "turned": float(np.mean(turned == labels)),
        "constant": float(np.mean((turned == turned[0]).all(axis=0))),
        "six_nine": int(np.count_nonzero(((upright == 9) & (labels == 6)) | ((upright == 6) & (labels == 9)))),
    }


def _answers(p: Mapping[str, Array], images: Array) -> Array:
    active = np.maximum(images @ p["hidden.weight"].T + p["hidden.bias"].T, 0)
    answers: Array = (active @ p["output.weight"].T + p["output.bias"].T).argmax(axis=1)
    return answers


def element_names(G: Group) -> list[str]:
    """The elements as words in the generators, in the order of `G.elements`.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors.demo.digits import element_names
    >>> element_names(Cyclic(3))
    ['1', 'r', 'r²']
    """
    generators = [str(a) for a in G.generator_names]
    powers = str.maketrans("23456789", "²³⁴⁵⁶⁷⁸⁹")
    names = []
    for g in G.elements:
        word = "".join(generators[k] for k, _ in G.word(g))
        for generator in generators:
            for k in range(9, 1, -1):
                word = word.replace(generator * k, generator + str(k).translate(powers))
        names.append(word or "1")
    return names


def percent(x: float) -> str:
    """A share in percent, with more digits just below 100%.

    Examples
    --------
    >>> from projectors.demo.digits import percent
    >>> percent(0.1256), percent(0.99993), percent(1.0)
    ('12.6%', '99.993%', '100.0%')
    """
    return f"{x:.3%}" if 0.999 < x < 1 - 5e-6 else f"{x:.1%}"
