"""The special orthogonal groups SO(n), the rotations."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np

from grouprep.families._common import checked_size, connected, plane_torus, rotations, so_roots
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family
from grouprep.haar import CompactAlgebra, HaarSampler, determinant_one, has_determinant_one, unitary_factor
from grouprep.linalg.fields import conjugate
from grouprep.linalg.sparse import equal_exact
from grouprep.quadrature import CircleRule, EulerRule
from grouprep.typing import Array, Floats

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.family import Family

__all__ = ["SO"]


def SO(n: int) -> LieGroup:
    """The special orthogonal group SO(n), n >= 2, by the rotations from axis i to axis j, i < j.

    Raises
    ------
    GroupRepError
        If n is not an integer >= 2.

    Examples
    --------
    >>> SO(3).defining().dim
    3
    """
    n = checked_size(n, "SO", 2, 64)
    return connected(f"SO({n})", rotations(n), plane_torus(n, 0), so_roots(n // 2, n % 2 == 1))


def _irreps(G: Group) -> Family | None:
    """Of SO(n): frequencies for n = 2, spins for n = 3, by whatever generators, else highest weights."""
    from grouprep.irreps.highest_weight.charts import special_orthogonal
    from grouprep.irreps.highest_weight.family import HighestWeightFamily
    from grouprep.irreps.highest_weight.regenerated import RegeneratedFamily, is_regenerated
    from grouprep.irreps.plane import PlaneFamily
    from grouprep.irreps.plane_elements import CirclePlaneElements
    from grouprep.irreps.spin import SpinFamily
    from grouprep.irreps.spin_generators import is_spin_group

    if not isinstance(G, LieGroup):
        return None
    if is_spin_group(G, "SO(3)"):
        return SpinFamily(G, "SO(3)")
    if 2 <= G.n <= 64 and G.n != 3 and len(G.algebra) == comb(G.n, 2) and G == SO(G.n):
        return PlaneFamily(CirclePlaneElements(G)) if G.n == 2 else HighestWeightFamily(G, special_orthogonal(G))
    known = G.n > 3 and is_regenerated(G, "SO")
    return RegeneratedFamily(G, HighestWeightFamily(S := SO(G.n), special_orthogonal(S))) if known else None


class _Haar(HaarSampler):
    algebra = "so(n)"

    def covers(self, algebra: CompactAlgebra) -> bool:
        return algebra.is_real and algebra.dimension == algebra.n * (algebra.n - 1) // 2

    def sample(self, size: int, n: int, rng: np.random.Generator) -> Array:
        return determinant_one(unitary_factor(rng.standard_normal((n, size, size))))

    def contains(self, matrix: DomainMatrix) -> bool:
        return equal_exact(matrix, conjugate(matrix)) and has_determinant_one(matrix)


def _turn(angle: Floats) -> Array:
    """Rotations from axis 0 to axis 1 of space."""
    out = np.zeros((len(angle), 3, 3))
    out[:, 0, 0] = out[:, 1, 1] = np.cos(angle)
    out[:, 1, 0], out[:, 0, 1] = np.sin(angle), -np.sin(angle)
    out[:, 2, 2] = 1
    return out


def _tilt(x: Floats) -> Array:
    """Rotations from axis 0 to axis 2 by the angle in [0, pi] with the cosine x."""
    s = np.sqrt((1 - x) * (1 + x))
    out = np.zeros((len(x), 3, 3))
    out[:, 0, 0] = out[:, 2, 2] = x
    out[:, 2, 0], out[:, 0, 2] = s, -s
    out[:, 1, 1] = 1
    return out


def _plane_turn(angle: Floats) -> Array:
    return _turn(angle)[:, :2, :2]


register_family(
    GroupFamily(
        name="SO",
        constructor=SO,
        pattern=numbered("SO"),
        example="SO(3)",
        irreps=_irreps,
        irreps_of="SO(n)",
        haar=_Haar(),
        quadrature={2: CircleRule("SO(2)", _plane_turn), 3: EulerRule("SO(3)", _turn, _tilt)},
        neighbours={"emlp": {"SO": SO}},
    )
)
