"""The records that the adapters for torch and jax share: plain numbers of one parameter, and of a model end to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from grouprep.errors import TooLarge, UnsupportedGroup
from projectors.hom import Hom
from projectors.penalties.base import Norm
from projectors.penalties.entrywise import Frobenius
from projectors.penalties.penalty import per_block

__all__ = ["EquivarianceError", "TermReport", "block_norms", "term_named"]


class EquivarianceError(NamedTuple):
    """||f(g x) - g f(x)|| / ||f(x)|| over the batch as a whole.

    Attributes
    ----------
    maximum, mean : over the group elements taken.
    elements : how many these were; exhaustive : whether they are the whole group.
    """

    maximum: float
    mean: float
    elements: int
    exhaustive: bool


@dataclass(frozen=True)
class TermReport:
    """One parameter: plain numbers, in the penalty's norm.

    Attributes
    ----------
    name : the parameter; also : other names that share it.
    residual : N(T - P(T)); equivariant : N(P(T)).
    size : the norm of T; share : that of T - P(T) divided by it, 0 where T is 0; without the square of a squared norm.
    residual_weight, equivariant_weight : the weights in the total.
    shape : (dim W, dim V); dimension : of the space of equivariant operators.
    per_block : {(irrep of V, irrep of W): N of that block of the residual}, by labels, or None where the group's irreps are not known.
        In the Frobenius norm their squares add up to that of the residual. Norms of convolutions: of the kernel's matrix.
    """

    name: str
    residual: float
    equivariant: float
    size: float
    share: float
    residual_weight: float
    equivariant_weight: float
    shape: tuple[int, int]
    dimension: int
    also: tuple[str, ...] = ()
    per_block: Mapping[tuple[str, str], float] | None = None

    @property
    def worst(self) -> tuple[str, str] | None:
        """The pair of irreps, of V and of W, whose block of the residual is the largest; None where that is 0 or not known."""
        if not self.per_block or not any(self.per_block.values()):
            return None
        return max(self.per_block, key=self.per_block.__getitem__)


def block_norms(T: Any, hom: Hom, norm: Norm) -> dict[tuple[str, str], float] | None:
    """The norms of the residual's blocks between irreps, over all operators (..., dim W, dim V) of a term: their squares added and
    rooted for the Frobenius norm, added for others; None where the group's irreps are not known, or the change of basis is too large.
    """
    try:
        found = per_block(T, hom, norm)
    except (UnsupportedGroup, TooLarge):
        return None
    if norm == Frobenius():
        return {pair: float((values * values).sum()) ** 0.5 for pair, values in found.items()}
    return {pair: float(values.sum()) for pair, values in found.items()}


def term_named(terms: Sequence[TermReport], name: str) -> TermReport:
    """The record of a parameter by one of its names; KeyError where there is none."""
    for term in terms:
        if name == term.name or name in term.also:
            return term
    raise KeyError(f"{name}; the terms are {', '.join(t.name for t in terms)}")
