"""The compact symplectic groups Sp(n) = USp(2n), unitary matrices over the quaternions."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.families._common import Entries, Matrix, checked_size, connected, matrix, symplectic_roots, unit_torus
from grouprep.groups.base import Group
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, numbered, register_family
from grouprep.haar import CompactAlgebra, HaarSampler, gaussian, unitary_factor
from grouprep.linalg.sparse import equal_exact, matmul_exact, sparse_matrix
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.family import Family

__all__ = ["Sp"]

Halves: TypeAlias = dict[tuple[int, int], tuple[int, int]]
"""Entries (re, im) of a matrix, in halves."""


def _quaternionic(n: int, a: Halves, b: Halves) -> Entries:
    """[[A, B], [-conj(B), conj(A)]] for entries (re, im), halves of integers."""

    def text(re: int, im: int) -> str:
        return f"{re}/2 + {im}*I/2"

    out: Matrix = {}
    for (i, j), (re, im) in a.items():
        out[i, j], out[n + i, n + j] = text(re, im), text(re, -im)
    for (i, j), (re, im) in b.items():
        out[i, n + j], out[n + i, j] = text(re, im), text(-re, im)
    return matrix(2 * n, out)


def Sp(n: int) -> LieGroup:
    """The compact symplectic group Sp(n) = USp(2n), n >= 1: unitary matrices of size 2n with g^T J g = J, J = [[0, 1], [-1, 0]].

    Its Lie algebra is that of the matrices [[A, B], [-conj(B), conj(A)]] with A anti-Hermitian and B symmetric; for n = 1 the
    generators are i sigma / 2, those of SU(2).

    Raises
    ------
    GroupRepError
        If n is not a positive integer.

    Examples
    --------
    >>> from projectors import Hom
    >>> V = Sp(2).defining()
    >>> V.dim, Hom(V**2, V**2).dim
    (4, 3)

    References
    ----------
    W. Fulton and J. Harris, Representation Theory, Springer 1991, sections 7.2 and 16.1.
    """
    n = checked_size(n, "Sp", most=16)
    generators = [_quaternionic(n, {(k, k): (0, 1)}, {}) for k in range(n)]
    for j, k in combinations(range(n), 2):
        generators.append(_quaternionic(n, {(j, k): (1, 0), (k, j): (-1, 0)}, {}))
        generators.append(_quaternionic(n, {(j, k): (0, 1), (k, j): (0, 1)}, {}))
    for j, k in combinations_with_replacement(range(n), 2):
        generators += [_quaternionic(n, {}, {(j, k): x, (k, j): x}) for x in ((1, 0), (0, 1))]
    return connected(f"Sp({n})", generators, unit_torus(n, len(generators), 2), symplectic_roots(n))


def _form(a: DomainMatrix) -> DomainMatrix:
    """J = [[0, 1], [-1, 0]] of the size of a matrix, over its field."""
    size, one = a.shape[0], a.domain.one
    half = size // 2
    return sparse_matrix({i: {(i + half) % size: one if i < half else -one} for i in range(size)}, a.shape, a.domain)


class _Haar(HaarSampler):
    algebra = "sp(n)"

    def covers(self, algebra: CompactAlgebra) -> bool:
        """Sp(1) is left to SU(2), the same group."""
        n = algebra.n
        return n % 2 == 0 and n > 2 and algebra.dimension == n * (n + 1) // 2 and algebra.preserves(_form)

    def sample(self, size: int, n: int, rng: np.random.Generator) -> Array:
        unitary = unitary_factor(_quaternions(gaussian(size, n, rng)))
        order = np.argsort(
            np.arange(size).reshape(2, -1).T.ravel()
        )  # quaternions are 2 x 2 blocks at rows 0, n, 1, n + 1, ...
        return unitary[:, order[:, None], order]

    def contains(self, matrix: DomainMatrix) -> bool:
        J = _form(matrix)
        return equal_exact(matmul_exact(matrix.transpose(), matmul_exact(J, matrix)), J)


def _quaternions(z: Array) -> Array:
    """Gaussian matrices (..., size, size) over the quaternions, as blocks [[a, b], [-conj(b), conj(a)]].

    Their QR factor with a positive diagonal is quaternionic again: the second column of a block is orthogonal to the first.
    """
    half = z.shape[-1] // 2
    a, b = z[..., :half, :half], z[..., :half, half:]
    out = np.empty_like(z)
    out[..., 0::2, 0::2], out[..., 0::2, 1::2] = a, b
    out[..., 1::2, 0::2], out[..., 1::2, 1::2] = -b.conj(), a.conj()
    return out


def _irreps(G: Group) -> Family | None:
    """Of Sp(n), n >= 2; Sp(1) is SU(2)."""
    from grouprep.irreps.highest_weight.charts import symplectic
    from grouprep.irreps.highest_weight.family import HighestWeightFamily
    from grouprep.irreps.highest_weight.regenerated import RegeneratedFamily, is_regenerated

    if not isinstance(G, LieGroup) or G.n % 2 or not 4 <= G.n <= 32:
        return None
    if len(G.algebra) == comb(G.n + 1, 2) and G == Sp(G.n // 2):
        return HighestWeightFamily(G, symplectic(G))
    return (
        RegeneratedFamily(G, HighestWeightFamily(S := Sp(G.n // 2), symplectic(S))) if is_regenerated(G, "Sp") else None
    )


register_family(
    GroupFamily(
        name="Sp",
        constructor=Sp,
        pattern=numbered("Sp"),
        example="Sp(2)",
        irreps=_irreps,
        irreps_of="Sp(n)",
        haar=_Haar(),
    )
)
