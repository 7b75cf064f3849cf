"""Solver "auto": monomial generators and elements that follow from the algebra by orbits, the rest on what is left."""

from __future__ import annotations

from typing import Any

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.linalg import Image, Monomial, as_float
from grouprep.linalg.intertwiners import FloatSpace, Space, intertwiner_space
from grouprep.representations import Representation

__all__ = ["generator_pairs", "rational_pair", "solve_auto"]


def generator_pairs(V: Representation, W: Representation) -> list[tuple[Image, Image]]:
    """The matrices of every generator on V and on W."""
    return [(V.images[a], W.images[a]) for a in V.group.generator_names]


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
    """The intertwiners of any two representations, in the form that their generators allow.

    Where one has float images but an exact rational form, the rational forms are solved exactly and the answer is carried back.
    """
    carried = _solve_rational(V, W)
    if carried is not None:
        return carried
    pairs = torsion_pairs(V, W)
    enough = len(pairs) == len(V.group.torsion)
    generators = V.group.essential_generators if enough else V.group.generator_names
    return intertwiner_space((W.dim, V.dim), pairs + [(V.image(a), W.image(a)) for a in generators])


def rational_pair(V: Representation, W: Representation) -> tuple[Representation, Representation] | None:
    """The rational forms of V and W where one of the two is float and both forms are exact, else None."""
    if V.domain is not None and W.domain is not None:
        return None
    A, B = V.rational()[0], W.rational()[0]
    return None if A.domain is None or B.domain is None else (A, B)


def _solve_rational(V: Representation, W: Representation) -> FloatSpace | None:
    """X = S_W X' S_V^-1 for the exact intertwiners X' of the rational forms; None if these are not exact."""
    forms = rational_pair(V, W)
    if forms is None:
        return None
    S, R = V.rational()[1], W.rational()[1]
    space = solve_auto(*forms)
    assert not isinstance(space, FloatSpace)
    rows = as_float(space.rows()).reshape(space.dim, W.dim, V.dim)
    moved = R @ rows @ np.linalg.inv(S)
    return FloatSpace((W.dim, V.dim), _orthonormal(moved.reshape(space.dim, W.dim * V.dim)), (0.0, 1.0))


def _orthonormal(rows: Any) -> Any:
    if not len(rows):
        return rows
    q, r = np.linalg.qr((rows / np.linalg.norm(rows, axis=1, keepdims=True)).T)
    return np.ascontiguousarray((q * (np.diagonal(r) / np.abs(np.diagonal(r)))).T)
