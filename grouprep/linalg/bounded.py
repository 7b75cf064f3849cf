"""Float matrices with rigorous bounds on their errors, entry by entry: products, inverses, and whether two are the same."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.linalg.matrices import Image, as_float
from grouprep.typing import Array, Floats

__all__ = ["Bounded", "agree", "bounded", "inverse", "product"]

_EPS = float(np.finfo(float).eps)
_OPEN = 1e-6  # data known no better, as in `grouprep.linalg.floats`, decide nothing


class Bounded(NamedTuple):
    """A float matrix, and an entrywise bound on its distance from the true one."""

    value: Array
    error: Floats


def bounded(a: Image) -> Bounded:
    """A matrix whose entries are right to two units in the last place, as those that a short formula in floats gives."""
    x = as_float(a)
    return Bounded(x, 2 * _EPS * np.abs(x))


def product(x: Bounded, y: Bounded) -> Bounded:
    """The matrix product.

    |fl(a b) - A B| <= da |b| + |a| db + da db + gamma |a| |b|; four times n eps covers complex entries, and that the bound
    itself is computed in floats (Higham, Accuracy and Stability of Numerical Algorithms, 3.5 and 3.6).
    """
    a, b = np.abs(x.value), np.abs(y.value)
    size = a @ b
    gamma = 4 * (len(a) + 2) * _EPS
    error = (x.error @ b + (a + x.error) @ y.error) * (1 + gamma) + gamma * size
    return Bounded(x.value @ y.value, error)


def inverse(x: Bounded) -> Bounded:
    """The inverse; with A R = 1 - E and |E| of norm below 1, A^-1 - R = R (E + E^2 + ...).

    Raises
    ------
    AmbiguousRank
        If the errors leave open whether there is one.
    """
    try:
        R = np.linalg.inv(x.value)
    except np.linalg.LinAlgError:
        R = np.full(x.value.shape, np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.abs(R)
        gamma = 4 * (len(R) + 2) * _EPS
        E = np.abs(np.eye(len(R)) - x.value @ R) + gamma * (np.abs(x.value) @ size + np.eye(len(R)))
        E = (E + x.error @ size) * (1 + gamma)
        norm = float(E.sum(axis=1).max(initial=0.0))
        if not norm < 0.5:
            raise AmbiguousRank(f"rounding errors leave open whether a matrix is invertible (residual {norm:.2g})")
        tail = np.outer(E.sum(axis=1), E.max(axis=0)) / (1 - norm)
        return Bounded(R, size @ (E + tail) * (1 + gamma))


def agree(x: Bounded, y: Bounded, what: str) -> bool:
    """Whether two matrices can be the same: False proves that they are not.

    Raises
    ------
    AmbiguousRank
        If the bounds are too large to decide: more than a millionth of an entry, or of 1.
    """
    bound = x.error + y.error
    difference = np.abs(x.value - y.value)
    if np.any(difference > bound * (1 + 4 * _EPS)):
        return False
    scale = np.maximum(np.maximum(np.abs(x.value), np.abs(y.value)), 1.0)
    if float((bound / scale).max(initial=0.0)) > _OPEN:
        raise AmbiguousRank(
            f"rounding errors of up to {bound.max():.2g} leave open whether {what}; give exact matrices"
        )
    return True
