"""Solver "auto": monomial generators and elements that follow from the algebra by orbits, the rest on what is left."""

from __future__ import annotations

from grouprep.errors import GroupRepError
from grouprep.linalg import Image, Monomial
from grouprep.linalg.intertwiners import Space, intertwiner_space
from grouprep.representations import Representation

__all__ = ["generator_pairs", "solve_auto"]


def generator_pairs(V: Representation, W: Representation) -> list[tuple[Image, Image]]:
    """The matrices of every generator on V and on W."""
    return [(V.images[a], W.images[a]) for a in V.group.letters]


def torsion_pairs(V: Representation, W: Representation) -> list[tuple[Image, Image]]:
    """Monomial matrices of elements that the Lie algebra generates: redundant constraints that orbits solve fast."""
    pairs: list[tuple[Image, Image]] = []
    for h in V.group.torsion:
        try:
            a, b = V.exact_image(h), W.exact_image(h)
        except GroupRepError:
            continue
        if isinstance(a, Monomial) and isinstance(b, Monomial):
            pairs.append((a, b))
    return pairs


def solve_auto(V: Representation, W: Representation) -> Space:
    """The intertwiners of any two representations, in the form that their generators allow."""
    pairs = torsion_pairs(V, W)
    enough = len(pairs) == len(V.group.torsion)
    letters = V.group.essential_letters if enough else V.group.letters
    return intertwiner_space((W.dim, V.dim), pairs + [(V.image(a), W.image(a)) for a in letters])
