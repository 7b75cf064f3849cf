"""Checking what methods of representations are given: counts, Lie algebra elements, one common group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.linalg import as_float
from grouprep.typing import Array

if TYPE_CHECKING:
    from grouprep.representations.base import Representation

__all__ = ["algebra_coefficients", "checked_count", "same_group"]


def checked_count(k: object, what: str, least: int) -> int:
    """k as an integer of at least `least`; GroupRepError otherwise."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < least:
        raise GroupRepError(f"{what} needs an integer >= {least}, got {k!r}")
    return int(k)


def algebra_coefficients(G: Group, X: Array) -> Array:
    """The coefficients of a matrix X in the algebra's generators, by least squares with a check."""
    if not isinstance(G, LieGroup) or X.shape != (G.n, G.n):
        raise DimensionMismatch(f"X has shape {X.shape}; give coefficients in the generators of the algebra of {G}")
    basis = np.array([as_float(a).ravel() for a in G.algebra]).T
    real = np.concatenate([basis.real, basis.imag])
    target = np.concatenate([X.real.ravel(), X.imag.ravel()])
    found, *_ = np.linalg.lstsq(real, target, rcond=None)
    # Householder least squares is backward stable: for X in the span the error is at most about m n eps |X| (Golub and
    # Van Loan 5.3.3); the projection of a matrix outside the span is off by a part of |X|.
    error, size = float(np.linalg.norm(real @ found - target)), float(np.linalg.norm(target))
    if error > real.size * np.finfo(float).eps * size:
        raise DimensionMismatch(f"X does not lie in the span of the generators of the Lie algebra of {G}")
    coefficients: Array = found
    return coefficients


def same_group(representations: Sequence[Representation], what: str) -> Group:
    """The common group, or DimensionMismatch."""
    groups = [V.group for V in representations]
    for H in groups[1:]:
        if H != groups[0]:
            raise DimensionMismatch(
                f"{what} joins representations of {groups[0]} and of {H}; pull both back to their product, "
                "(G * K).pullback(0, V)"
            )
    return groups[0]
