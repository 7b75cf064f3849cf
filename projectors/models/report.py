"""The detached records: of each parameter, of a penalty, and of what a check of the model found. Plain numbers, of no framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import hypot
from typing import Any

from grouprep.errors import GroupRepError, NotUnitary, TooLarge, UnsupportedGroup, shown
from grouprep.markup import Html, bar, card, facts, note, text, verdict, word_table
from grouprep.typing import AnyArray
from projectors.arrays import as_numpy
from projectors.hom import Hom
from projectors.models.terms import Term
from projectors.penalties import Frobenius, Norm, per_block

__all__ = [
    "CheckReport",
    "Finding",
    "LayerDefect",
    "PenaltyReport",
    "TermReport",
    "Verification",
    "report_from_dict",
    "term_report",
    "term_reports",
    "verification_from_dict",
]


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"<TermReport of {self.name}: residual {self.residual:.4g}, share {self.share:.3g}>"

    def _repr_html_(self) -> str:
        rows: list[tuple[object, object]] = [
            ("share that is not equivariant", bar(self.share, f"{self.share:.3g}")),
            ("residual", f"{self.residual:.4g}"),
            ("equivariant part", f"{self.equivariant:.4g}"),
            ("dimension", f"{self.dimension:,} of {self.shape[0] * self.shape[1]:,}"),
        ]
        return card(self.name, facts(rows), _blocks_table(self))


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
    (report,) = term_reports([term], T[None], P[None], norm, block_norm)
    return replace(report, residual_weight=weights[0], equivariant_weight=weights[1], also=also)


def term_reports(
    terms: Sequence[Term], T: AnyArray, P: AnyArray, norm: Norm, block_norm: Norm | None = None
) -> list[TermReport]:
    """The records of terms of one space, still without weights and other names.

    Parameters
    ----------
    terms : the parameters; one alone where the norm does not act on each operator.
    T, P : their operators (terms, ..., dim W, dim V), and P(T), of any array library.
    norm, block_norm : as in `term_report`.
    """
    R, proper, hom = T - P, norm.as_norm(), terms[0].hom

    def values(norm: Norm, x: AnyArray) -> list[float]:
        value = norm.value(x) if norm.acts_on_each else norm.value(x[0])[None]
        return _summed(value, len(terms))

    residuals, equivariants = (values(norm, x) for x in (R, P))
    sizes, aways = (values(proper, x) for x in (T, R))
    blocks = _block_norms(T, hom, block_norm or norm)
    return [
        TermReport(term.name, r, p, size, away / size if size else 0.0, 0.0, 0.0, hom.shape, hom.dim, (), block)
        for term, r, p, size, away, block in zip(terms, residuals, equivariants, sizes, aways, blocks, strict=True)
    ]


def _summed(values: AnyArray, terms: int) -> list[float]:
    """Norms of operators (terms, ...), summed over those of each term."""
    sums: list[float] = values.reshape((terms, -1)).sum(-1).tolist()
    return sums


def _block_norms(T: AnyArray, hom: Hom, norm: Norm) -> list[dict[tuple[str, str], float] | None]:
    """The norms of the residual's blocks between irreps, over all operators of each term (terms, ..., dim W, dim V): their squares added
    and rooted for the Frobenius norm, added for others; None where irreps or forms are not known, or the change of basis is too large.
    """
    try:
        found = per_block(T, hom, norm)
    except (UnsupportedGroup, TooLarge, NotUnitary):
        return [None] * len(T)
    if norm == Frobenius():
        rows = {pair: [hypot(*row) for row in as_numpy(v).reshape(len(T), -1).tolist()] for pair, v in found.items()}
    else:
        rows = {pair: _summed(values, len(T)) for pair, values in found.items()}
    return [{pair: values[k] for pair, values in rows.items()} for k in range(len(T))]


@dataclass(frozen=True, repr=False)
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
        lines += [f"note: {words}" for words in self.flagged]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<PenaltyReport: total {self.total:.4g}, {len(self.terms)} parameters>"

    def _repr_html_(self) -> str:
        rows = [
            (
                t.name,
                bar(t.share, f"{t.share:.3g}"),
                f"{t.residual:.4g}",
                f"{t.equivariant:.4g}",
                f"{t.residual_weight:.3g}",
                f"{t.dimension:,} of {t.shape[0] * t.shape[1]:,}",
            )
            for t in self.terms[:_SHOWN]
        ]
        head = ["parameter", "share not equivariant", "residual", "equivariant part", "weight", "dim Hom"]
        parts: list[object] = [word_table(head, rows)]
        if len(self.terms) > _SHOWN:
            parts.append(note(f"and {len(self.terms) - _SHOWN:,} more parameters"))
        parts += [_blocks_table(t) for t in self.terms[:_SHOWN]]
        parts += [note(f"skipped (frozen): {name}") for name in self.skipped]
        parts += [note(f"note: {words}") for words in self.flagged]
        return card(f"Penalty {self.total:.4g}", *parts)

    def to_dict(self) -> dict[str, object]:
        """All of it in plain lists, dicts and numbers; `report_from_dict` reads it back."""
        terms = [
            {
                **asdict(t),
                "per_block": None if t.per_block is None else [[V, W, x] for (V, W), x in t.per_block.items()],
            }
            for t in self.terms
        ]
        return {"format": FORMAT, "version": 1, **asdict(self), "terms": terms}


FORMAT = "grouprep-penalty-report"
_SHOWN = 60  # parameters or layers that a notebook shows
_BLOCKS = 8  # pairs of irreps


def _blocks_table(term: TermReport) -> Html:
    """The largest blocks of a residual, behind a line that opens."""
    pairs = sorted((term.per_block or {}).items(), key=lambda item: -item[1])[:_BLOCKS]
    pairs = [(pair, x) for pair, x in pairs if x > 0]
    if not pairs:
        return Html()
    top = pairs[0][1]
    rows = [(f"{V} → {W}", bar(x / top, f"{x:.3g}")) for (V, W), x in pairs]
    return Html(
        f"<details><summary>{text(term.name)}: the residual between irreps</summary>"
        f"{word_table(['irrep of V → of W', 'norm of the block'], rows)}</details>"
    )


def report_from_dict(data: Mapping[str, Any]) -> PenaltyReport:
    """The report that `PenaltyReport.to_dict` wrote.

    Raises
    ------
    GroupRepError
        If it is none, or keys are missing or not what they should be.

    Examples
    --------
    >>> from projectors.models.report import PenaltyReport, report_from_dict
    >>> report_from_dict(PenaltyReport(0.0, ()).to_dict())
    <PenaltyReport: total 0, 0 parameters>
    """
    if data.get("format") != FORMAT or data.get("version") != 1:
        raise GroupRepError(f'not a report of a penalty: "format" must be "{FORMAT}" and "version" 1')
    try:
        terms = [_term_from_dict(dict(t)) for t in data["terms"]]
        skipped, flagged = (tuple(map(str, data[key])) for key in ("skipped", "flagged"))
        return PenaltyReport(float(data["total"]), tuple(terms), skipped, flagged, int(data["step"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GroupRepError(f"not a whole report of a penalty: {type(error).__name__}: {shown(str(error))}") from None


def verification_from_dict(data: Mapping[str, Any]) -> Verification:
    """The measurement that `Verification.to_dict` wrote.

    Raises
    ------
    GroupRepError
        If it is none, or keys are missing or not what they should be.
    """
    try:
        layers = tuple(
            LayerDefect(
                str(d["name"]),
                None if d["before"] is None else float(d["before"]),
                None if d["inside"] is None else float(d["inside"]),
                float(d["total"]),
                float(d["tolerance"]),
                tuple(map(str, d["functions"])),
            )
            for d in data["layers"]
        )
        findings = tuple(Finding(*(str(d[key]) for key in ("severity", "where", "what"))) for d in data["findings"])
        uncovered, not_followed = (tuple(map(str, data[key])) for key in ("uncovered", "not_followed"))
        error, tolerance, before = (float(data[key]) for key in ("error", "tolerance", "before"))
        elements, exhaustive = int(data["elements"]), bool(data["exhaustive"])
    except (KeyError, TypeError, ValueError, AttributeError) as reason:
        raise GroupRepError(f"not a whole verification: {type(reason).__name__}: {shown(str(reason))}") from None
    return Verification(error, tolerance, layers, uncovered, findings, not_followed, elements, exhaustive, before)


def _term_from_dict(data: dict[str, Any]) -> TermReport:
    numbers = {
        key: float(data[key])
        for key in ("residual", "equivariant", "size", "share", "residual_weight", "equivariant_weight")
    }
    m, n = map(int, data["shape"])
    blocks = data["per_block"]
    return TermReport(
        name=str(data["name"]),
        shape=(m, n),
        dimension=int(data["dimension"]),
        also=tuple(map(str, data["also"])),
        per_block=None if blocks is None else {(str(V), str(W)): float(x) for V, W, x in blocks},
        **numbers,
    )


@dataclass(frozen=True)
class Finding:
    """Something that a check found: `severity` is "error" or "warning", `where` a layer's name, `what` a sentence."""

    severity: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.what}"


@dataclass(frozen=True, repr=False)
class CheckReport:
    """What `EquivariancePenalty.check` found, in the order of the model.

    Attributes
    ----------
    findings : errors (this cannot be equivariant) and warnings (this may not be).
    layers : how many specified layers there are.
    not_followed : what could not be judged.
    """

    findings: tuple[Finding, ...]
    layers: int
    not_followed: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error, and nothing that was not followed."""
        return not self.not_followed and not any(f.severity == "error" for f in self.findings)

    def __str__(self) -> str:
        if not self.findings and not self.not_followed:
            return f"{self.layers} layers: representations follow each other, nonlinearities respect them"
        return "\n".join([*map(str, self.findings), *(f"not followed: {words}" for words in self.not_followed)])

    def __repr__(self) -> str:
        found = "ok" if self.ok else f"{len(self.findings)} findings, {len(self.not_followed)} not followed"
        return f"<CheckReport of {self.layers} layers: {found}>"

    def _repr_html_(self) -> str:
        title = verdict(
            self.ok, f"{self.layers} layers: " + ("nothing against equivariance" if self.ok else "not all is right")
        )
        return card(
            title, _findings_table(self.findings), *(note(f"not followed: {words}") for words in self.not_followed)
        )


def _findings_table(findings: Sequence[Finding]) -> Html:
    rows = [(f.severity, text(f.where), text(f.what)) for f in findings[:_SHOWN]]
    return word_table(["", "layer", "what"], rows) if rows else Html()


@dataclass(frozen=True)
class LayerDefect:
    """What one layer does to the symmetry, relative to what is there: the largest ||f(g x) - g f(x)|| / ||f(x)||.

    Attributes
    ----------
    name : the layer; "output" is what comes after the last one.
    before : made between the layers before it and its input; inside : by the layer itself, from an input that is right. None where the
        representation is not known.
    total : what has come together at its output, or at its input if only that is known.
    tolerance : what rounding explains of `before` and `inside`.
    functions : what is called between the layers before it and its input.
    """

    name: str
    before: float | None
    inside: float | None
    total: float
    tolerance: float
    functions: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no more is lost here than rounding explains."""
        return max(self.before or 0.0, self.inside or 0.0) <= self.tolerance


@dataclass(frozen=True)
class Verification:
    """What `projectors.torch.verify` measured; `str()` is a table with what is lost where.

    Attributes
    ----------
    error : the largest ||f(g x) - g f(x)|| / ||f(x)|| over the elements, of the projected copy.
    tolerance : what rounding explains of it.
    layers : one record for each specified layer that was called, in that order, and one for the output.
    uncovered : parameters and floating-point buffers that no specification covers.
    findings : where equivariance is lost, and why; not_followed : what could not be judged.
    elements : how many group elements were taken; exhaustive : whether they are the whole group.
    before : the error of the model as it is, without projection.
    """

    error: float
    tolerance: float
    layers: tuple[LayerDefect, ...]
    uncovered: tuple[str, ...]
    findings: tuple[Finding, ...]
    not_followed: tuple[str, ...]
    elements: int
    exhaustive: bool
    before: float

    @property
    def ok(self) -> bool:
        """Whether rounding explains the error from end to end, and what each layer adds to it, without being all there is."""
        return self.error <= self.tolerance < 1 and all(layer.ok for layer in self.layers)

    @property
    def lost(self) -> tuple[str, ...]:
        """The layers where equivariance is lost."""
        return tuple(layer.name for layer in self.layers if not layer.ok)

    def to_dict(self) -> dict[str, object]:
        """All of it in plain lists, dicts and numbers."""
        return {"ok": self.ok, "lost": list(self.lost), **asdict(self)}

    def __str__(self) -> str:
        over = f"all {self.elements} elements" if self.exhaustive else f"{self.elements} elements"
        verdict = "equivariant" if self.ok else "not equivariant"
        if not self.ok and self.error <= self.tolerance < 1:
            verdict = "equivariant from end to end for this input, but not layer by layer"
        lines = [
            f"{verdict}: error {self.error:.2g} over {over} (rounding explains {self.tolerance:.2g}); without projection {self.before:.2g}"
        ]
        if self.layers:
            width = max(5, *(len(layer.name) for layer in self.layers))
            lines.append(f"{'layer':{width}}  {'before it':>9}  {'in it':>9}  {'so far':>9}")
            for layer in self.layers:
                shown = ("-" if x is None else f"{x:.2g}" for x in (layer.before, layer.inside, layer.total))
                first, second, third = shown
                mark = "" if layer.ok else "  lost here"
                lines.append(f"{layer.name:{width}}  {first:>9}  {second:>9}  {third:>9}{mark}")
        lines += map(str, self.findings)
        lines += [f"not followed: {words}" for words in self.not_followed]
        if self.uncovered:
            lines.append(f"no specification covers: {', '.join(self.uncovered)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = verdict(self.ok, "equivariant" if self.ok else "not equivariant")
        over = f"all {self.elements:,} elements" if self.exhaustive else f"{self.elements:,} elements drawn"
        rows: list[tuple[object, object]] = [
            ("error", f"{self.error:.2g} over {over}"),
            ("rounding explains", f"{self.tolerance:.2g}"),
            ("without projection", f"{self.before:.2g}"),
        ]
        layers = [
            (
                layer.name,
                *("-" if x is None else f"{x:.2g}" for x in (layer.before, layer.inside, layer.total)),
                verdict(layer.ok, "" if layer.ok else "lost here"),
            )
            for layer in self.layers[:_SHOWN]
        ]
        parts: list[object] = [facts(rows)]
        if layers:
            parts.append(word_table(["layer", "before it", "in it", "so far", ""], layers))
        parts.append(_findings_table(self.findings))
        parts += [note(f"not followed: {words}") for words in self.not_followed]
        if self.uncovered:
            parts.append(note(f"no specification covers: {', '.join(self.uncovered)}"))
        return card(title, *parts)
