"""The unitary groups U(n); U(1) is the circle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouprep.families._common import checked_size, connected, linear_roots, matrix, off_diagonal, unit_torus
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family
from grouprep.haar import CompactAlgebra, HaarSampler, gaussian, unitary_factor
from grouprep.quadrature import CircleRule
from grouprep.typing import Array, Floats

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.family import Family

__all__ = ["U"]


def U(n: int) -> LieGroup:
    """The unitary group U(n), n >= 1.

    Raises
    ------
    GroupRepError
        If n is not a positive integer.

    Examples
    --------
    >>> U(1).defining().dim
    1
    """
    n = checked_size(n, "U", most=32)
    diagonal = [matrix(n, {(k, k): "I"}) for k in range(n)]
    roots = [(1, w) for w in linear_roots(n)]
    return connected(f"U({n})", diagonal + off_diagonal(n), unit_torus(n, n * n, 1), roots)


def _irreps(G: Group) -> Family | None:
    """Of U(n): frequencies for n = 1, else highest weights."""
    from grouprep.irreps.highest_weight.charts import unitary
    from grouprep.irreps.highest_weight.family import HighestWeightFamily
    from grouprep.irreps.highest_weight.regenerated import RegeneratedFamily, is_regenerated
    from grouprep.irreps.plane import PlaneFamily
    from grouprep.irreps.plane_elements import CirclePlaneElements

    if not isinstance(G, LieGroup):
        return None
    if G.n <= 32 and len(G.algebra) == G.n**2 and G == U(G.n):
        return PlaneFamily(CirclePlaneElements(G)) if G.n == 1 else HighestWeightFamily(G, unitary(G))
    return RegeneratedFamily(G, HighestWeightFamily(S := U(G.n), unitary(S))) if is_regenerated(G, "U") else None


class _Haar(HaarSampler):
    algebra = "u(n)"

    def covers(self, algebra: CompactAlgebra) -> bool:
        return algebra.dimension == algebra.n**2

    def sample(self, size: int, n: int, rng: np.random.Generator) -> Array:
        return unitary_factor(gaussian(size, n, rng))

    def contains(self, matrix: DomainMatrix) -> bool:
        return True


def _phase(angle: Floats) -> Array:
    return np.asarray(np.exp(1j * angle))[:, None, None]


register_family(
    GroupFamily(
        name="U",
        constructor=U,
        pattern=numbered("U"),
        example="U(1)",
        irreps=_irreps,
        irreps_of="U(n)",
        haar=_Haar(),
        quadrature={1: CircleRule("U(1)", _phase)},
        neighbours={"emlp": {"U": U}},
    )
)
