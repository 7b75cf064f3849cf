"""What a notebook shows of a representation, without long work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError
from grouprep.linalg import as_float
from grouprep.markup import Html, card, facts, joined, matrix_picture, note, word_table

if TYPE_CHECKING:
    from grouprep.representations.base import Representation

__all__ = ["images_pictures", "representation_card"]

_SIDE = 12  # of images that are drawn
_GENERATORS = 6
_SHOWN = 12  # summands


def representation_card(V: Representation, summands: Sequence[tuple[int, Representation]] = ()) -> Html:
    """Group, dimension, field, summands; small images of the generators as pictures.

    Parameters
    ----------
    V : the representation; summands : its parts with their numbers, if it is a direct sum.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> card = representation_card(Dihedral(4).defining())
    >>> card.count("<svg"), "dimension" in card
    (2, True)
    """
    rows: list[tuple[object, object]] = [("group", V.group), ("dimension", f"{V.dim:,}"), ("field", V.field)]
    rows.append(("generators", "floats" if V.domain is None else "exact"))
    parts: list[object] = [facts(rows)]
    if summands:
        pieces = [(str(W), n, f"{W.dim:,}") for n, W in summands[:_SHOWN]]
        parts.append(word_table(["summand", "copies", "dim"], pieces))
        if len(summands) > _SHOWN:
            parts.append(note(f"and {len(summands) - _SHOWN} more"))
    parts.append(images_pictures(V))
    return card(V, *parts)


def images_pictures(V: Representation, side: float = 84) -> Html:
    """The images of the generators, if they are few and small."""
    names = V.group.generator_names
    if not 1 < V.dim <= _SIDE or len(names) > _GENERATORS:
        return Html()
    try:
        return joined(matrix_picture(as_float(V.image(a)), f"image of {a} under {V}", side) for a in names)
    except GroupRepError:  # what cannot be computed is not shown
        return Html()
