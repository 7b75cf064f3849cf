"""Solver "orbits": monomial generators, by orbits of index pairs."""

from __future__ import annotations

from grouprep.errors import UnsupportedGroup
from grouprep.linalg import Monomial
from grouprep.linalg.orbits import OrbitSpace, solve_orbits
from grouprep.representations import Representation

__all__ = ["solve_by_orbits"]


def solve_by_orbits(V: Representation, W: Representation) -> OrbitSpace:
    """The intertwiners of two representations by monomial matrices; UnsupportedGroup for others."""
    pairs = []
    for generator in V.group.generator_names:
        a, b = V.images[generator], W.images[generator]
        if not (isinstance(a, Monomial) and isinstance(b, Monomial)):
            raise UnsupportedGroup(
                f'solver "orbits" needs permutation or monomial matrices; the generator {generator} is none on {V} or {W}; '
                'use solver="constraint"'
            )
        pairs.append((a, b))
    return solve_orbits((W.dim, V.dim), pairs)
