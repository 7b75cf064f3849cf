"""The second section of the demonstration: the Lorentz group on tensors of rank two."""

from __future__ import annotations

import time

import numpy as np

from grouprep import Lorentz
from grouprep.typing import Array
from projectors import Hom
from projectors.report import Record

__all__ = ["name_of", "solve_lorentz"]

NAMES = {
    "identity": "T^ab  ->  T^ab",
    "transpose": "T^ab  ->  T^ba",
    "metric trace": "T^ab  ->  eta^ab eta_cd T^cd",
}


def solve_lorentz() -> Record:
    """The operators on rank-2 tensors that commute with O(1,3), exact and certified, as plain data.

    Raises
    ------
    CertificateError
        If a check fails.

    Examples
    --------
    >>> from projectors.demo.lorentz import solve_lorentz
    >>> sorted(e["name"] for e in solve_lorentz()["elements"])
    ['identity', 'metric trace', 'transpose']
    """
    start = time.perf_counter()
    V = Lorentz().defining()
    H = Hom(V**2, V**2, inner="euclidean")
    certificate = H.certify()
    elements = H.exact_basis().to_numpy()
    T = np.random.default_rng(0).normal(size=H.shape)
    split = float(np.linalg.norm(H.project(T)) ** 2 + np.linalg.norm(H.residual(T)) ** 2)
    return {
        "group": V.group.name,
        "representation": str(H.V),
        "representation_dim": H.V.dim,
        "unknowns": H.shape[0] * H.shape[1],
        "dim": H.dim,
        "inner": H.inner,
        "certificate": certificate.to_dict(),
        "elements": [_element(X) for X in elements],
        "pythagoras": abs(split - float(np.linalg.norm(T)) ** 2) / split,
        "seconds": time.perf_counter() - start,
    }


def _element(X: Array) -> Record:
    name = name_of(X)
    return {"name": name, "map": NAMES.get(name, ""), "entries": int(np.count_nonzero(X))}


def name_of(X: Array) -> str:
    """What a 16 x 16 operator does to tensors T^ab, if it is a multiple of a well-known one.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.demo.lorentz import name_of
    >>> name_of(-2 * np.eye(16)), name_of(np.diag(np.arange(16)))
    ('identity', 'not recognised')
    """
    metric = np.diag([1.0, -1.0, -1.0, -1.0]).ravel()
    known = {
        "identity": np.eye(16),
        "transpose": np.eye(16).reshape(4, 4, 16).transpose(1, 0, 2).reshape(16, 16),
        "metric trace": np.outer(metric, metric),
    }
    for name, Y in known.items():
        at = np.flatnonzero(Y)[0]
        if X.flat[at] and np.array_equal(X, Y * (X.flat[at] / Y.flat[at])):
            return name
    return "not recognised"
