"""What a notebook shows of a space of maps: its blocks, and the basis where it has been solved for. Nothing is solved by looking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grouprep.characters import count_intertwiners
from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.groups.cards import is_small
from grouprep.markup import Html, blocks_picture, card, facts, joined, note, word_table
from projectors.solvers.base import Pair
from projectors.structure.basis import Basis, ExactBasis
from projectors.structure.summands import Summand, summands

if TYPE_CHECKING:
    from projectors.hom import Hom

__all__ = ["hom_card"]

_PIECES = 16  # summands of V or W that are drawn
_PAIRS = 12  # in the table
_COUNTED = 64  # dimensions whose characters are counted in a moment
_ORDER = 2_000  # elements of a group whose classes are found in a moment


def hom_card(H: Hom, dim: int | None, found: Basis | ExactBasis | None) -> Html:
    """The shape, the dimension if it takes no work, a picture of the blocks, and the basis if it is there.

    Parameters
    ----------
    H : the space.
    dim : its dimension, if that was computed.
    found : its basis, if that was solved for.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from projectors import Hom
    >>> G = Dihedral(4)
    >>> hom_card(Hom(G.regular(), G.trivial() + G.defining()), None, None).count("<svg")
    1
    """
    counts = _dimensions(H, found is not None)
    if dim is None and len(counts) == len(H.pairs):
        dim = sum(n * counts[pair] for pair, n in H.pairs.items())
    m, n = H.shape
    known = "not counted yet: H.dim" if dim is None else f"{dim:,} of {m * n:,}"
    rows: list[tuple[object, object]] = [("group", H.V.group), ("operators", f"{m:,} x {n:,}"), ("dimension", known)]
    if H.inner != "invariant":
        rows.append(("inner product", H.inner))
    parts: list[object] = [facts(rows), _blocks(H, counts)]
    if len(H.pairs) > 1 or any(places > 1 for places in H.pairs.values()):
        lines = [(f"{V} → {W}", counts.get((V, W), "?"), f"{places:,}") for (V, W), places in H.pairs.items()]
        parts.append(word_table(["pair", "dim", "places"], lines[:_PAIRS]))
        if len(lines) > _PAIRS:
            parts.append(note(f"and {len(lines) - _PAIRS:,} more pairs"))
    if found is not None:
        parts.append(Html(found._repr_html_()))
    return card(f"Hom({H.V}, {H.W})", *parts)


def _dimensions(H: Hom, solved: bool) -> dict[Pair, int]:
    """The dimensions of the pairs: those solved for, or those that characters count in a moment."""
    if solved:
        return {pair: H.space(*pair).dim for pair in H.pairs} if H.solved_by.needs_summands else {}
    if max(H.shape) > _COUNTED or len(H.pairs) > _PIECES or not _is_counted(H.V.group):
        return {}
    try:
        found = {pair: count_intertwiners(*pair) for pair in H.pairs}
    except GroupRepError:  # what cannot be counted is not shown
        return {}
    return {pair: d for pair, d in found.items() if d is not None}


def _is_counted(G: Group) -> bool:
    return is_small(G) and (not G.is_finite or G.order <= _ORDER)


def _blocks(H: Hom, counts: Mapping[Pair, int]) -> Html:
    rows, columns = summands(H.W), summands(H.V)
    if max(len(rows), len(columns)) > _PIECES:
        return note(f"{len(rows):,} x {len(columns):,} blocks, too many to draw")
    cells = {}
    for i, w in enumerate(rows):
        for j, v in enumerate(columns):
            d = counts.get((v.representation, w.representation))
            if d != 0:
                cells[i, j] = "?" if d is None else f"{w.count * v.count * d:,}"
    alt = f"operators from {H.V} to {H.W}: {len(cells)} of {len(rows) * len(columns)} blocks between summands can be other than zero"
    picture = blocks_picture(_pieces(rows), _pieces(columns), cells, alt)
    legend = note(
        "Blocks between summands, rows W, columns V; the number of free parameters where a map need not be zero."
    )
    return joined([picture, legend])


def _pieces(found: list[Summand]) -> list[tuple[str, int]]:
    return [
        (f"{s.count} {s.representation}" if s.count > 1 else str(s.representation), s.count * s.representation.dim)
        for s in found
    ]
