"""The tasks: dipoles in fields of several strengths, and the invariants of the polarizability."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import torch
from torch import nn

from projectors.baselines import Augmentation
from projectors.torch import equivariance_error
from studies.harness import Problem, Settings
from studies.molecules.data import CHANNELS, qm9, synthetic
from studies.molecules.network import FIELD, SCALARS, SLICES, VECTOR, network, specification

__all__ = ["FIELDS", "INPUT", "INVARIANTS", "TASKS"]

INPUT = CHANNELS * FIELD
FIELDS = {"field 0": 0.0, "field 0.1": 0.1, "field 0.3": 0.3}
INVARIANTS = "polarizability"
_Z = torch.tensor([0.0, 1.0, 0.0])  # in the order y, z, x
_Part = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


@lru_cache(maxsize=8)
def _parts(seed: int, source: str, training: int, checked: int) -> dict[str, _Part]:
    """Of each part densities, dipoles, mean polarizability, standard scores of the invariants; units come from the training part.

    Molecules are drawn by the seed, and each is turned once by an element of O(3) of its own: their places in the data have a bias.
    Densities have mean square 1 by channel and l, dipoles too; the mean polarizability has mean 1.
    """
    molecules = {"qm9": qm9, "synthetic": synthetic}[source]()
    rng, turned = np.random.default_rng(seed), {}
    for name, count in (("training", training), ("validation", checked), ("test", checked)):
        part = molecules.part(name)
        part = part.at(rng.permutation(len(part))[:count])
        turn = Augmentation(INPUT, VECTOR, generator=torch.Generator().manual_seed(int(rng.integers(2**31))))
        dipoles, invariants = (torch.tensor(a, dtype=torch.float32) for a in (part.dipole, part.invariants))
        x, dipoles = turn(torch.tensor(part.densities).flatten(1), dipoles)
        turned[name] = x.unflatten(1, (CHANNELS, -1)), dipoles, invariants
    x, dipoles, invariants = turned["training"]
    centre = x.mean(dim=0)
    centre[:, 1:] = 0  # scalars alone may be shifted
    scale = torch.empty_like(centre)
    for s in SLICES:
        scale[:, s] = (x - centre)[..., s].square().mean(dim=(0, 2)).sqrt()[:, None]
    unit, mean, spread = dipoles.square().sum(dim=1).mean().sqrt(), invariants.mean(dim=0), invariants.std(dim=0)
    return {
        name: (((x - centre) / scale).flatten(1), p / unit, a[:, 0] / mean[0], (a - mean) / spread)
        for name, (x, p, a) in turned.items()
    }


def _problem(seed: int, settings: Settings, *, field: float | None) -> Problem:
    """The dipole p + field alpha z, p of mean square 1 and alpha the mean polarizability, of mean 1; None: the invariants."""
    sizes, device = settings.sizes, settings.device
    parts = _parts(seed, sizes["source"], sizes["training"], sizes["checked"])
    W = SCALARS if field is None else VECTOR
    data = {
        name: (x.to(device), (scores if field is None else p + field * alpha[:, None] * _Z).to(device))
        for name, (x, p, alpha, scores) in parts.items()
    }

    def batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = data["training"]
        chosen = torch.randint(len(x), (sizes["batch"],), generator=generator).to(device)
        return x[chosen], y[chosen]

    @torch.no_grad()
    def evaluate(net: nn.Module, name: str) -> dict[str, float]:
        x, y = data[name]
        return {"score": -float(((net(x) - y).square().sum() / y.square().sum()).sqrt())}

    def defect(net: nn.Module) -> float:
        return float(equivariance_error(net, INPUT, W, data["validation"][0][:128], samples=sizes["elements"]).mean)

    return Problem(
        partial(network, channels=sizes["channels"], outputs=W.dim),
        specification(sizes["channels"], W),
        INPUT,
        W,
        batch,
        lambda out, y: (out - y).square().sum(dim=1).mean(),
        evaluate,
        defect,
        floor=-1.0,
    )


TASKS = {name: partial(_problem, field=eps) for name, eps in FIELDS.items()} | {
    INVARIANTS: partial(_problem, field=None)
}
