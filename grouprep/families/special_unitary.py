"""The special unitary groups SU(n); SU(2) is the double cover of the rotations of space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouprep.families._common import checked_size, connected, linear_roots, matrix, off_diagonal, unit_torus
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family
from grouprep.haar import CompactAlgebra, HaarSampler, determinant_one, gaussian, has_determinant_one, unitary_factor
from grouprep.quadrature import EulerRule
from grouprep.typing import Array, Floats

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.family import Family

__all__ = ["SU"]


def SU(n: int) -> LieGroup:
    """The special unitary group SU(n), n >= 2; for n = 2 its generators are i sigma / 2.

    Raises
    ------
    GroupRepError
        If n is not an integer >= 2.

    Examples
    --------
    >>> SU(2).defining().field
    'complex'
    """
    n = checked_size(n, "SU", 2, 32)
    diagonal = [matrix(n, {(k, k): "I/2", (k + 1, k + 1): "-I/2"}) for k in range(n - 1)]
    # The weight e_j pairs with the coroot i (E_kk - E_k+1,k+1) as delta_jk - delta_j,k+1.
    roots = [(1, tuple(w[k] - w[k + 1] for k in range(n - 1))) for w in linear_roots(n)]
    return connected(f"SU({n})", diagonal + off_diagonal(n), unit_torus(n - 1, n * n - 1, 2), roots)


def _irreps(G: Group) -> Family | None:
    """Of SU(n): spins for n = 2, else highest weights; by whatever generators."""
    from grouprep.irreps.highest_weight.charts import special_unitary
    from grouprep.irreps.highest_weight.family import HighestWeightFamily
    from grouprep.irreps.highest_weight.regenerated import RegeneratedFamily, is_regenerated
    from grouprep.irreps.spin import SpinFamily
    from grouprep.irreps.spin_generators import is_spin_group

    if not isinstance(G, LieGroup):
        return None
    if is_spin_group(G, "SU(2)"):
        return SpinFamily(G, "SU(2)")
    if 3 <= G.n <= 32 and len(G.algebra) == G.n**2 - 1 and G == SU(G.n):
        return HighestWeightFamily(G, special_unitary(G))
    return (
        RegeneratedFamily(G, HighestWeightFamily(S := SU(G.n), special_unitary(S))) if is_regenerated(G, "SU") else None
    )


class _Haar(HaarSampler):
    algebra = "su(n)"

    def covers(self, algebra: CompactAlgebra) -> bool:
        return algebra.dimension == algebra.n**2 - 1 and algebra.is_traceless

    def sample(self, size: int, n: int, rng: np.random.Generator) -> Array:
        return determinant_one(unitary_factor(gaussian(size, n, rng)))

    def contains(self, matrix: DomainMatrix) -> bool:
        return has_determinant_one(matrix)


class _DoubleCoverRule(EulerRule):
    """The rule of half the degree and its antipodes: -1 takes the matrix coefficients of odd degree to minus themselves."""

    def size(self, degree: int) -> int:
        return 2 * super().size(degree // 2)

    def nodes(self, degree: int) -> tuple[Array, Floats]:
        nodes, weights = super().nodes(degree // 2)
        return np.concatenate([nodes, -nodes]), np.concatenate([weights, weights]) / 2

    def exact(self, degree: int) -> int:
        return degree // 2 * 2 + 1


def _phase(angle: Floats) -> Array:
    """exp(i angle sigma_3 / 2)."""
    z = np.exp(0.5j * angle)
    out = np.zeros((len(angle), 2, 2), dtype=complex)
    out[:, 0, 0], out[:, 1, 1] = z, z.conj()
    return out


def _half_tilt(x: Floats) -> Array:
    """exp(i beta sigma_2 / 2) for beta in [0, pi] with the cosine x."""
    c, s = np.sqrt((1 + x) / 2), np.sqrt((1 - x) / 2)
    out = np.zeros((len(x), 2, 2), dtype=complex)
    out[:, 0, 0] = out[:, 1, 1] = c
    out[:, 0, 1], out[:, 1, 0] = s, -s
    return out


register_family(
    GroupFamily(
        name="SU",
        constructor=SU,
        pattern=numbered("SU"),
        example="SU(2)",
        irreps=_irreps,
        irreps_of="SU(n)",
        haar=_Haar(),
        quadrature={2: _DoubleCoverRule("SU(2)", _phase, _half_tilt)},
        neighbours={"emlp": {"SU": SU}},
    )
)
