"""`grouprep report`: a page that stands by itself, of groups, spaces of maps, saved bases, weights and audits of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grouprep.errors import GroupRepError, TooLarge, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.irreps.base import Irrep
from grouprep.irreps.catalogue import find_family
from grouprep.linalg import as_float
from grouprep.markup import Html, bar, card, facts, joined, matrix_picture, note, text, word_table
from grouprep.progress import steps
from grouprep.representations import Representation
from grouprep.representations.cards import images_pictures
from grouprep.typing import Array
from projectors import Certificate, Hom, decompose
from projectors.files import load_basis, verify
from projectors.models.report import PenaltyReport, TermReport, report_from_dict, verification_from_dict
from projectors.penalties import Norm, penalty, per_block
from projectors.structure.basis import ExactBasis

__all__ = [
    "audit_section",
    "basis_section",
    "group_section",
    "is_verification",
    "page",
    "saved_section",
    "weights_section",
]

_ORDER = 20_000  # elements of a group whose table and irreps are on its page
_IRREPS = 24  # irreps that are shown
_DIM = 200  # of representations that are decomposed
_DRAWN = 64  # rows or columns of weights that are drawn

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #ffffff; --line: #d5dae2; --soft: #f5f7fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --paper: #14181e; --line: #39414d; --soft: #1c222b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 58rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0.5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; padding-top: 0.75rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
.grouprep { margin: 1rem 0; }
.grouprep p { overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 0.4rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.7rem 0.25rem 0; vertical-align: top; }
thead th { border-bottom: 1px solid var(--line); }
tbody tr + tr > * { border-top: 1px solid var(--soft); }
details { margin: 0.4rem 0; padding: 0.3rem 0.6rem; background: var(--soft); border-radius: 0.3rem; }
summary { cursor: pointer; }
figure { display: inline-block; margin: 0.2rem 0.8rem 0.6rem 0; vertical-align: top; max-width: 100%; }
figcaption { font-size: 0.85rem; opacity: 0.8; max-width: 18rem; }
footer { margin-top: 2.5rem; font-size: 0.85rem; opacity: 0.75; }
@media print { details { break-inside: avoid; } }
"""


def page(title: str, sections: Sequence[tuple[str, Html]]) -> str:
    """A whole HTML document, that loads nothing.

    Parameters
    ----------
    title : of the document; sections : (heading, content) pairs.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from projectors.report.page import group_section, page
    >>> text = page("The square", [group_section(Dihedral(4))])
    >>> text.startswith("<!doctype html>"), "character table" in text, "http-equiv" in text
    (True, True, True)
    """
    headings = [f"<h2>{text(heading)}</h2>" if len(sections) > 1 else "" for heading, _ in sections]
    body = joined(
        Html(f'<section aria-label="{text(heading)}">{shown}{content}</section>\n')
        for shown, (heading, content) in zip(headings, sections, strict=True)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{text(title)}</h1>\n{body}</main>\n"
        "<footer>Made by grouprep report. In pictures of matrices orange is positive, blue negative;"
        " each has a scale of its own.</footer>"
        "\n</body>\n</html>\n"
    )


def group_section(G: Group) -> tuple[str, Html]:
    """A group: what it is, its character table, and its irreps with the images of the generators.

    Parameters
    ----------
    G : the group.
    """
    parts: list[object] = [Html(G._repr_html_())]
    if isinstance(G, FiniteGroup):
        try:
            table = Html(G.character_table()._repr_html_())
            parts.append(card("The character table", table))
        except (TooLarge, UnsupportedGroup) as error:
            parts.append(card("The character table", note(error)))
    parts.append(card("Irreps over the real numbers", _irreps(G)))
    return str(G), joined(parts)


def _irreps(G: Group) -> Html:
    try:
        irreps = _first_irreps(G)
    except (TooLarge, UnsupportedGroup) as error:
        return note(error)
    parts: list[object] = [
        word_table(
            ["irrep", "dim", "type", "images of the generators"],
            [(I.label, I.dim, I.type, _images(I)) for I in steps(irreps[:_IRREPS], "drawing")],
        )
    ]
    if len(irreps) > _IRREPS:
        parts.append(note(f"and {len(irreps) - _IRREPS:,} more"))
    if not G.is_finite:
        parts.append(note("the first of infinitely many"))
    return joined(parts)


def _images(I: Irrep) -> Html:
    """The images of the generators: numbers, or pictures."""
    if I.dim > 1:
        return images_pictures(I, 64) or Html("too large to draw")
    names = I.group.generator_names[:6]
    return Html(text(", ".join(f"{a}: {as_float(I.image(a))[0, 0].real:.4g}" for a in names)))


def _first_irreps(G: Group) -> list[Irrep]:
    if G.is_finite and G.order > _ORDER:
        raise TooLarge(f"irreps are shown of groups of at most {_ORDER:,} elements; G.irreps() has them")
    if find_family(G) is None:
        raise UnsupportedGroup(f"the irreps of {G} are not known")
    return list(G.irreps() if G.is_finite else G.irreps(up_to=2))


def basis_section(H: Hom) -> tuple[str, Html]:
    """A space of maps: its blocks, its basis with a certificate, and how V and W split.

    Parameters
    ----------
    H : the space; where it is exact, the exact basis is shown.

    Raises
    ------
    CertificateError
        If a check of the basis fails.
    """
    certificate = H.certify()
    _ = H.exact_basis() if H.is_exact else H.basis()
    parts: list[object] = [Html(H._repr_html_()), Html(certificate._repr_html_()), *_splittings(H.V, H.W)]
    return f"Hom({H.V}, {H.W}) of {H.V.group}", joined(parts)


def _splittings(V: Representation, W: Representation) -> list[object]:
    """The decompositions of V and W, where they take no long work."""
    found: list[object] = []
    for R in dict.fromkeys((V, W)):
        if _DIM >= R.dim and not (R.group.is_finite and R.group.order > _ORDER):
            try:
                found.append(Html(decompose(R)._repr_html_()))
            except GroupRepError:  # what cannot be decomposed is not shown
                continue
    return found


def saved_section(path: str) -> tuple[str, Html]:
    """A saved basis, proved anew from its file alone.

    Parameters
    ----------
    path : a file that `Hom.save` wrote.

    Raises
    ------
    CertificateError
        If a claim is false.
    GroupRepError
        If the file cannot be used.
    """
    certificate: Certificate = verify(path)
    V, W, space = load_basis(path)
    basis = ExactBasis((W.dim, V.dim), space.matrix)
    rows: list[tuple[object, object]] = [
        ("group", V.group),
        ("from", f"{V}, dimension {V.dim:,}"),
        ("to", f"{W}, dimension {W.dim:,}"),
        ("dimension", f"{len(basis):,} of {V.dim * W.dim:,}"),
    ]
    parts: list[object] = [facts(rows), Html(certificate._repr_html_()), Html(basis._repr_html_()), *_splittings(V, W)]
    return f"Saved basis {path}", joined(parts)


def weights_section(name: str, T: Array, H: Hom, norm: Norm) -> tuple[str, Html]:
    """A matrix of weights: how much of it is equivariant, which irreps break the symmetry, and T beside P(T).

    Parameters
    ----------
    name : of the weights; T : (dim W, dim V); H : the space of equivariant maps; norm : in which parts are measured.

    Raises
    ------
    NotUnitary
        If the group has no average on operators.
    """
    residual, equivariant = (float(penalty(T, H, norm=norm, part=part)) for part in ("residual", "equivariant"))
    size = float(norm.value(T))
    try:
        blocks: Mapping[tuple[str, str], float] | None = {pair: float(x) for pair, x in per_block(T, H, norm).items()}
    except (UnsupportedGroup, TooLarge):
        blocks = None
    term = TermReport(
        name, residual, equivariant, size, residual / size if size else 0.0, 1.0, 0.0, H.shape, H.dim, per_block=blocks
    )
    parts: list[object] = [Html(term._repr_html_().replace("<details>", "<details open>"))]
    if max(H.shape) <= _DRAWN:
        parts.append(_figure(T, f"T = {name}"))
        parts.append(_figure(H.project(T), "P(T), its equivariant part"))
        parts.append(_figure(T - H.project(T), "T - P(T)"))
    else:
        parts.append(note("the matrix is too large to draw"))
    return f"{name} from {H.V} to {H.W} of {H.V.group}", joined(parts)


def _figure(M: Array, name: str) -> Html:
    top = float(np.abs(M).max(initial=0.0))
    return Html(
        f"<figure>{matrix_picture(M, name, 240)}<figcaption>{text(name)}; full colour is {top:.3g}</figcaption></figure>"
    )


def is_verification(data: Mapping[str, Any]) -> bool:
    """Whether plain data are what `Verification.to_dict` gives."""
    return {"ok", "lost", "tolerance", "layers"} <= set(data)


def audit_section(name: str, data: Mapping[str, Any]) -> tuple[str, Html]:
    """The audit of a model: the report of a penalty or a verification, as their `to_dict` gives them.

    Parameters
    ----------
    name : of the file; data : plain data.

    Raises
    ------
    GroupRepError
        If it is no such report.
    """
    try:
        if is_verification(data):
            return f"Model of {name}", Html(verification_from_dict(data)._repr_html_())
        report = report_from_dict(data)
    except GroupRepError as error:
        raise GroupRepError(f"{name}: {error}") from None
    return f"Model of {name}", joined([_by_irrep(report), Html(report._repr_html_())])


def _by_irrep(report: PenaltyReport) -> Html:
    """Which pairs of irreps hold how much of all residuals, in the Frobenius norm's way: squares add up."""
    total: dict[tuple[str, str], float] = {}
    for t in report.terms:
        for pair, x in (t.per_block or {}).items():
            total[pair] = total.get(pair, 0.0) + x * x
    everything = sum(total.values())
    if not everything:
        return Html()
    largest = sorted(total.items(), key=lambda item: -item[1])[:12]
    rows = [(f"{V} → {W}", bar(x / everything, f"{x / everything:.1%}")) for (V, W), x in largest]
    return card(
        "Shares of the squared residuals by irreps, over all parameters",
        word_table(["irrep of V → of W", "share"], rows),
    )
