"""The detached record of a penalty, and what a check of the model found."""

from __future__ import annotations

from dataclasses import dataclass

from projectors.penalties.records import TermReport, term_named

__all__ = ["CheckReport", "Finding", "PenaltyReport", "TermReport"]


@dataclass(frozen=True)
class PenaltyReport:
    """All terms, the total, what was skipped and what no penalty can repair; `str()` is a table, with the worst pair of irreps of each.

    Attributes
    ----------
    total : the weighted sum of the norms.
    terms : one record a parameter.
    skipped : frozen layers that a pattern met.
    flagged : layers whose equivariance the penalty does not decide, with the reason.
    step : how often `EquivariancePenalty.step` was called.
    """

    total: float
    terms: tuple[TermReport, ...]
    skipped: tuple[str, ...]
    flagged: tuple[str, ...]
    step: int

    def __getitem__(self, name: str) -> TermReport:
        """The record of a parameter by its name."""
        return term_named(self.terms, name)

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
