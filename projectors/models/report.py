"""The detached records: of each parameter, of a penalty, and of what a check of the model found. Plain numbers, of no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot

from grouprep.errors import NotUnitary, TooLarge, UnsupportedGroup
from grouprep.typing import AnyArray
from projectors.arrays import as_numpy
from projectors.hom import Hom
from projectors.models.terms import Term
from projectors.penalties import Frobenius, Norm, per_block

__all__ = ["CheckReport", "Finding", "PenaltyReport", "TermReport", "term_report"]


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
    per_block : {(irrep of V, irrep of W): N of that block of the residual}, by labels, or None where they do not split.
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

    @property
    def total(self) -> float:
        """The weighted sum of its two norms."""
        return self.residual_weight * self.residual + self.equivariant_weight * self.equivariant


def term_report(
    term: Term,
    T: AnyArray,
    P: AnyArray,
    norm: Norm,
    weights: tuple[float, float],
    also: tuple[str, ...] = (),
    block_norm: Norm | None = None,
) -> TermReport:
    """The record of a term.

    Parameters
    ----------
    term : the parameter.
    T, P : its operators (..., dim W, dim V), and P(T), of any array library.
    norm : N; weights : of N(T - P(T)) and of N(P(T)).
    also : other names of the same weights.
    block_norm : the norm of the blocks between irreps; None: N.
    """
    R, proper = T - P, norm.as_norm()
    residual, equivariant = (float(norm.value(x).sum()) for x in (R, P))
    size, away = (float(proper.value(x).sum()) for x in (T, R))
    share, blocks = away / size if size else 0.0, _block_norms(T, term.hom, block_norm or norm)
    return TermReport(
        term.name, residual, equivariant, size, share, *weights, term.hom.shape, term.hom.dim, also, blocks
    )


def _block_norms(T: AnyArray, hom: Hom, norm: Norm) -> dict[tuple[str, str], float] | None:
    """The norms of the residual's blocks between irreps, over all operators (..., dim W, dim V) of a term: their squares added and
    rooted for the Frobenius norm, added for others; None where irreps or forms are not known, or the change of basis is too large.
    """
    try:
        found = per_block(T, hom, norm)
    except (UnsupportedGroup, TooLarge, NotUnitary):
        return None
    if norm == Frobenius():
        return {pair: hypot(*as_numpy(values).ravel().tolist()) for pair, values in found.items()}
    return {pair: float(values.sum()) for pair, values in found.items()}


@dataclass(frozen=True)
class PenaltyReport:
    """All terms, the total, what was skipped and what no penalty can repair; `str()` is a table, with the worst pair of irreps of each.

    Attributes
    ----------
    total : the weighted sum of the norms.
    terms : one record a parameter.
    skipped : frozen layers that a pattern met.
    flagged : layers whose equivariance the penalty does not decide, with the reason.
    step : how often the penalty's `step` was called.
    """

    total: float
    terms: tuple[TermReport, ...]
    skipped: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    step: int = 0

    def __getitem__(self, name: str) -> TermReport:
        """The record of a parameter by one of its names; KeyError where there is none."""
        for term in self.terms:
            if name == term.name or name in term.also:
                return term
        raise KeyError(f"{name}; the terms are {', '.join(t.name for t in self.terms)}")

    def __str__(self) -> str:
        width = max([9, *(len(t.name) for t in self.terms)])
        lines = [
            f"{'parameter':{width}}  {'residual':>10}  {'share':>9}  {'equivariant':>11}  {'weight':>8}  "
            f"{'worst irreps':22}  dim Hom / dim"
        ]
        for t in self.terms:
            pair = t.worst
            shown = "" if pair is None or t.per_block is None else f"{pair[0]} -> {pair[1]}: {t.per_block[pair]:.3g}"
            lines.append(
                f"{t.name:{width}}  {t.residual:10.4g}  {t.share:9.3g}  {t.equivariant:11.4g}  {t.residual_weight:8.3g}  {shown:22}  "
                f"{t.dimension} / {t.shape[0] * t.shape[1]}"
            )
        lines.append(f"{'total':{width}}  {self.total:10.4g}")
        lines += [f"skipped (frozen): {name}" for name in self.skipped]
        lines += [f"note: {text}" for text in self.flagged]
        return "\n".join(lines)


@dataclass(frozen=True)
class Finding:
    """Something that a check found: `severity` is "error" or "warning", `where` a layer's name, `what` a sentence."""

    severity: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}"


@dataclass(frozen=True)
class CheckReport:
    """What `EquivariancePenalty.check` found, in the order of the model.

    Attributes
    ----------
    findings : errors (this cannot be equivariant) and warnings (this may not be).
    layers : how many specified layers were followed.
    """

    findings: tuple[Finding, ...]
    layers: int

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not any(f.severity == "error" for f in self.findings)

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.layers} layers: representations follow each other, nonlinearities respect them"
        return "\n".join(map(str, self.findings))
