"""From a solved space to its structure: the one place where the form of a solution is looked at."""

from __future__ import annotations

from grouprep.linalg.spaces import OrbitSpace, Space
from projectors.structure.base import Structure
from projectors.structure.dense import Dense, Forms
from projectors.structure.orbits import Orbits
from projectors.structure.zero import Zero

__all__ = ["structure_of"]


def structure_of(space: Space, forms: Forms | None = None) -> Structure:
    """The structure of a solved space.

    Parameters
    ----------
    space : the intertwiners of one pair.
    forms : H_V and H_W of the inner product tr(H_V^-1 A* H_W B) that its basis shall be orthonormal in; None for the Frobenius one.
    """
    if not space.dim:
        return Zero(space)
    if forms is None and isinstance(space, OrbitSpace):
        return Orbits(space)
    return Dense(space, forms)
