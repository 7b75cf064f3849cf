"""The record of a penalty: plain numbers, detached from JAX."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PenaltyReport", "TermReport"]


@dataclass(frozen=True)
class TermReport:
    """One parameter, in the penalty's norm, summed over stacked layers.

    Attributes
    ----------
    name : the parameter; also : other names of the same array.
    residual : N(T - P(T)); equivariant : N(P(T)); size : N(T).
    share : residual / size, 0 where T is 0.
    residual_weight, equivariant_weight : the weights in the total.
    shape : (dim W, dim V); dimension : of the space of equivariant operators.
    blocks : {(irrep of V, irrep of W): N of that block of the residual}, or None where the group's irreps are not known.
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
    blocks: dict[tuple[str, str], float] | None = None


@dataclass(frozen=True)
class PenaltyReport:
    """All terms and their weighted sum; `str()` is a table.

    Attributes
    ----------
    total : the weighted sum of the norms.
    terms : one record a parameter.
    """

    total: float
    terms: tuple[TermReport, ...]

    def __getitem__(self, name: str) -> TermReport:
        """The record of a parameter by its name."""
        for term in self.terms:
            if name == term.name or name in term.also:
                return term
        raise KeyError(f"{name}; the terms are {', '.join(t.name for t in self.terms)}")

    def __str__(self) -> str:
        width = max(9, *(len(t.name) for t in self.terms))
        head = (
            f"{'parameter':{width}}  {'residual':>10}  {'share':>9}  {'equivariant':>11}  {'weight':>8}  dim Hom / dim"
        )
        rows = [
            f"{t.name:{width}}  {t.residual:10.4g}  {t.share:9.3g}  {t.equivariant:11.4g}  {t.residual_weight:8.3g}  "
            f"{t.dimension} / {t.shape[0] * t.shape[1]}"
            for t in self.terms
        ]
        return "\n".join([head, *rows, f"{'total':{width}}  {self.total:10.4g}"])
