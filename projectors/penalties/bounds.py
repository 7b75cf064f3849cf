"""What a penalty guarantees: bounds on the equivariance defect sup_g ||rho_W(g) T - T rho_V(g)||."""

from __future__ import annotations

from typing import Generic, NamedTuple

from grouprep.typing import AnyArray, ArrayT
from projectors.hom import Hom
from projectors.penalties.base import Norm
from projectors.penalties.penalty import checked, penalty

__all__ = ["DefectBound", "defect_bound"]


class DefectBound(NamedTuple, Generic[ArrayT]):
    """Lower and upper bounds on the defect, each (...) as the batch of operators."""

    lower: ArrayT
    upper: ArrayT


def defect_bound(T: ArrayT, H: Hom, norm: Norm | None = None) -> DefectBound[ArrayT]:
    """Bounds on the defect sup over g of ||rho_W(g) T - T rho_V(g)|| for unitary V and W.

    With R = T - P(T), c ||R|| <= defect <= C ||R|| and (c, C) = `norm.defect_constants(V, W)`: (sqrt(2), 2) for the Frobenius norm, (1, 2)
    for norms that the action leaves invariant, (1/c, 2c) for the others, where N(U A V) <= c N(A).

    Parameters
    ----------
    T : operators (..., dim W, dim V).
    H : Hom(V, W) of unitary representations.
    norm : `Frobenius()` (default), or any other `Norm`; a squared norm stands for the norm itself.

    Raises
    ------
    NotUnitary
        If V or W is not unitary. (Unitary matrices have a compact closure, whose Haar measure is all that is needed.)
    GroupRepError
        If H is no space of operators, or the norm is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> bound = defect_bound(np.diag([1.0, -1.0]), commutant(Cyclic(2).natural()))
    >>> float(bound.lower), float(bound.upper)
    (2.0, 2.8284271247461903)

    References
    ----------
    Mean over the group of ||rho T - T rho||^2 = 2 ||R||^2: Berndt and Stuehmer, arXiv 2601.05028, section 3.
    """
    norm = checked(H, norm).as_norm()
    lower, upper = norm.defect_constants(H.V, H.W)
    value: AnyArray = penalty(T, H, norm)
    return DefectBound(lower * value, upper * value)
