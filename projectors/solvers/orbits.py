"""Solver "orbits": permutation and monomial representations, exactly, by orbits of index pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grouprep.linalg import Monomial
from grouprep.linalg.orbits import solve_orbits
from grouprep.linalg.spaces import OrbitSpace
from grouprep.representations import Representation
from projectors.solvers.base import Solver, generator_pairs

__all__ = ["Orbits"]


@dataclass(frozen=True)
class Orbits(Solver):
    """The intertwiners of two representations by monomial matrices."""

    name: ClassVar[str] = "orbits"

    def refusal(self, V: Representation, W: Representation) -> str | None:
        for generator in V.group.generator_names:
            if not (isinstance(V.images[generator], Monomial) and isinstance(W.images[generator], Monomial)):
                return (
                    f'solver "orbits" needs permutation or monomial matrices; the generator {generator} is none on {V} or {W}; '
                    'use solver="constraint"'
                )
        return None

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return True

    def cost(self, V: Representation, W: Representation) -> float:
        return float(V.dim * W.dim * max(len(V.group.generator_names), 1))

    def solve(self, V: Representation, W: Representation) -> OrbitSpace:
        pairs = [(a, b) for a, b in generator_pairs(V, W) if isinstance(a, Monomial) and isinstance(b, Monomial)]
        return solve_orbits((W.dim, V.dim), pairs)
