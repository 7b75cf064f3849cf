"""The record of a penalty: plain numbers, detached from JAX."""

from __future__ import annotations

from dataclasses import dataclass

from projectors.penalties.records import TermReport, term_named

__all__ = ["PenaltyReport", "TermReport"]


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
        return term_named(self.terms, name)

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
