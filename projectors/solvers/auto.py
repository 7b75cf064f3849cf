"""Solver "auto": monomial generators and elements that follow from the algebra by orbits, the rest on what is left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from grouprep.errors import GroupRepError, TooLarge
from grouprep.groups import Generator
from grouprep.irreps.spin_couplings import coupled_rows
from grouprep.linalg import Image, Monomial, as_float
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.spaces import ExactSpace, FloatSpace, Roots, RootSpace, Space
from grouprep.linalg.spinning import require_steps
from grouprep.representations import Representation
from grouprep.typing import Array
from projectors.solvers.base import Pair, Solver, generator_pairs, product_cost
from projectors.solvers.schur import Schur

__all__ = ["Auto", "rational_pair", "torsion_pairs"]


@dataclass(frozen=True)
class Auto(Solver):
    """The intertwiners of any two representations, in the form that their generators allow.

    Where one has float images but an exact rational form, the rational forms are solved exactly and the answer is carried back.
    Exact images over a field so large that it would take minutes are solved in floats, by Schur's lemma.
    """

    name: ClassVar[str] = "auto"

    def refusal(self, V: Representation, W: Representation) -> str | None:
        return None

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return _beyond_reach(V, W) is None and V.domain is not None and W.domain is not None

    def carries(self, V: Representation, W: Representation) -> bool:
        if _beyond_reach(V, W) is not None:
            return False
        return self.is_exact(V, W) or (rational_pair(V, W) is not None and _roots(V, W) is not None)

    def cost(self, V: Representation, W: Representation) -> float:
        return product_cost(V, W, V.group.essential_generators)

    def solve(self, V: Representation, W: Representation) -> Space:
        if _beyond_reach(V, W) is not None:
            return Schur().solve(V, W)
        forms = rational_pair(V, W)
        return self._direct(V, W) if forms is None else self._carried(V, W, forms)

    def choice(self, V: Representation, W: Representation) -> str:
        if (why := _beyond_reach(V, W)) is not None:
            return f"in floats, by the decompositions of V and W into irreps, because {why}"
        if rational_pair(V, W) is not None:
            return "exactly in the rational forms, which V and W have beside their float images, and carried back"
        elements = torsion_pairs(V, W)
        generators = _generators(V, elements)
        monomial = [a for a in generators if isinstance(V.image(a), Monomial) and isinstance(W.image(a), Monomial)]
        rest = [str(a) for a in generators if a not in monomial]
        if not rest:
            return "orbits of index pairs, because all generators are permutations or monomial matrices"
        how = "exactly" if self.is_exact(V, W) else "in floats, because its matrices are floats"
        if not monomial and not elements:
            return f"the linear system of {', '.join(rest)}, solved {how}"
        first = "monomial elements of the group that its algebra generates" if elements else "the monomial generators"
        return f"orbits of {first} first; what they leave is solved for {', '.join(rest)}, {how}"

    def provable(self, V: Representation, W: Representation, space: Space) -> tuple[Pair, Space]:
        forms = None if _beyond_reach(V, W) is not None else rational_pair(V, W)
        return ((V, W), space) if forms is None else (forms, self._direct(*forms))

    def _direct(self, V: Representation, W: Representation) -> Space:
        coupled = coupled_rows(V, W)
        if coupled is not None:
            return ExactSpace((W.dim, V.dim), coupled)
        pairs = torsion_pairs(V, W)
        images = [(V.image(a), W.image(a)) for a in _generators(V, pairs)]
        return intertwiner_space((W.dim, V.dim), pairs + images)

    def _carried(self, V: Representation, W: Representation, forms: Pair) -> Space:
        """X = S_W X' S_V^-1 for the exact intertwiners X' of the rational forms."""
        if (roots := _roots(V, W)) is not None:
            return RootSpace(self._direct(*forms), roots)
        S, R = V.rational()[1], W.rational()[1]
        space = self._direct(*forms)
        rows = as_float(space.rows()).reshape(space.dim, W.dim, V.dim)
        moved = R @ rows @ np.linalg.inv(S)
        return FloatSpace((W.dim, V.dim), _orthonormal(moved.reshape(space.dim, W.dim * V.dim)), (0.0, 1.0))


def _beyond_reach(V: Representation, W: Representation) -> str | None:
    """Why exact images are not solved exactly: their field is too large; None where they can be, or where floats cannot be used."""
    pairs = generator_pairs(V, W)
    if not pairs or not all(is_exact(m) for pair in pairs for m in pair):
        return None
    try:
        require_steps(pairs)
    except TooLarge as error:
        return str(error) if Schur().applies(V, W) else None
    return None


def _roots(V: Representation, W: Representation) -> Roots | None:
    """The squares of the diagonals S_W and S_V; None where one is not diagonal or not known exactly."""
    right, left = V.rational_squares(), W.rational_squares()
    return None if left is None or right is None else Roots(left, right)


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


def _generators(V: Representation, pairs: list[tuple[Image, Image]]) -> tuple[Generator, ...]:
    """The generators that are left to solve for where the monomial elements of the pairs are respected."""
    enough = len(pairs) == len(V.group.torsion)
    return V.group.essential_generators if enough else V.group.generator_names


def rational_pair(V: Representation, W: Representation) -> Pair | None:
    """The rational forms of V and W where one of the two is float and both forms are exact, else None."""
    if V.domain is not None and W.domain is not None:
        return None
    A, B = V.rational()[0], W.rational()[0]
    return None if A.domain is None or B.domain is None else (A, B)


def _orthonormal(rows: Array) -> Array:
    if not len(rows):
        return rows
    q, r = np.linalg.qr((rows / np.linalg.norm(rows, axis=1, keepdims=True)).T)
    return np.ascontiguousarray((q * (np.diagonal(r) / np.abs(np.diagonal(r)))).T)
