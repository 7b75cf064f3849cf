"""What a notebook shows of a representation, without long work."""

from __future__ import annotations

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


def representation_card(V: Representation) -> Html:
    """Group, dimension, field, summands; small images of the generators as pictures.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> card = representation_card(Dihedral(4).defining())
    >>> card.count("<svg"), "dimension" in card
    (2, True)
    """
    from grouprep.representations.composite import DirectSum

    rows: list[tuple[object, object]] = [("group", V.group), ("dimension", f"{V.dim:,}"), ("field", V.field)]
    rows.append(("generators", "floats" if V.domain is None else "exact"))
    parts: list[object] = [facts(rows)]
    if isinstance(V, DirectSum):
        pieces = [(str(W), n, f"{W.dim:,}") for n, W in zip(V.counts[:_SHOWN], V.parts, strict=False)]
        parts.append(word_table(["summand", "copies", "dim"], pieces))
        if len(V.parts) > _SHOWN:
            parts.append(note(f"and {len(V.parts) - _SHOWN} more"))
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
