"""The rational forms of spins: SU(2) on polynomials x^(j+m) y^(j-m), and real combinations of them for integer spins.

On these monomials the raising operator is x d/dy, so every entry is a Gaussian rational number, and at an element of SU(2)
a polynomial in its entries. For integer j the real combinations have rational entries, and values at rotations follow
without a square root: they are homogeneous of even degree in the quaternion q, and the products q_a q_b are linear in the
rotation matrix.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from grouprep.irreps._spin_numbers import real_columns
from grouprep.irreps.rotations import quaternion_squares
from grouprep.linalg._cyclotomic import kind
from grouprep.linalg._galois import smallest_domain
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix, cyclotomic_field, element, zeta
from grouprep.linalg.sparse import from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["generators", "lengths", "polynomial_action", "realify_exact", "shrink", "to_real_form", "unnormalised_su2"]

Rows = dict[int, dict[int, Scalar]]


def lengths(two_j: int, form: str) -> list[Fraction]:
    """The squares of S for V(g) = S R(g) S^-1: of the monomials in the basis |j m>, so that the longest is 1 or sqrt 2.

    form : "complex", "real" (integer j), or "realified".
    """
    squares = [Fraction(1, comb(two_j, k)) for k in range(two_j + 1)]
    if form == "real":
        return [q if 2 * k == two_j else 2 * q for k, q in enumerate(squares)]
    return squares * 2 if form == "realified" else squares


def _gaussian() -> Domain:
    return cyclotomic_field(4)


def _rational(q: Fraction, K: Domain) -> Scalar:
    from sympy import QQ

    return K.convert_from(QQ(q.numerator, q.denominator), QQ)


@lru_cache(maxsize=256)
def generators(two_j: int) -> tuple[DomainMatrix, DomainMatrix, DomainMatrix]:
    """i J_x, i J_y, i J_z on the monomials, over Q(i): J_+ = x d/dy, J_- = y d/dx, J_z = (x d/dx - y d/dy) / 2."""
    K, n = _gaussian(), two_j + 1
    i, half = zeta(4), _rational(Fraction(1, 2), _gaussian())
    x: Rows = {k: {} for k in range(n)}
    y: Rows = {k: {} for k in range(n)}
    for k in range(two_j):
        up, down = half * (two_j - k), half * (k + 1)  # J_+ from k to k + 1, J_- back
        x[k + 1][k], x[k][k + 1] = i * up, i * down
        y[k + 1][k], y[k][k + 1] = up, -down
    z = {k: {k: i * half * (2 * k - two_j)} for k in range(n) if 2 * k != two_j}
    return sparse_matrix(x, (n, n), K), sparse_matrix(y, (n, n), K), sparse_matrix(z, (n, n), K)


@lru_cache(maxsize=64)
def _real_columns(l: int) -> tuple[DomainMatrix, DomainMatrix]:
    """The real combinations of monomials, columns as in `real_columns` without their square roots, and the inverse."""
    K, n = _gaussian(), 2 * l + 1
    T: Rows = {}
    for column, entries in enumerate(real_columns(l)):
        for m, k in entries:
            T.setdefault(m + l, {})[column] = zeta(4, k)
    matrix = sparse_matrix(T, (n, n), K)
    half = {k: {k: K.one if k == l else _rational(Fraction(1, 2), K)} for k in range(n)}
    return matrix, matmul_exact(sparse_matrix(half, (n, n), K), conjugate(matrix).transpose())


def to_real_form(matrix: DomainMatrix) -> DomainMatrix:
    """A matrix on the monomials of even degree 2 l as one on their real combinations, over the smallest field."""
    T, inverse = _real_columns(matrix.shape[0] // 2)
    return shrink(matmul_exact(matmul_exact(inverse, matrix), T))


def realify_exact(matrix: DomainMatrix) -> DomainMatrix:
    """[[Re A, -Im A], [Im A, Re A]] over the smallest field."""
    n = matrix.shape[0]
    K = common_domain(matrix.domain, _gaussian()).get_field()
    from sympy import I

    matrix = convert_matrix(matrix, K)
    bar, half, turn = conjugate(matrix), _rational(Fraction(1, 2), K), element(-I / 2, K)
    real, imaginary = (matrix + bar) * half, (matrix - bar) * turn
    rows: Rows = {k: {} for k in range(2 * n)}
    for k, row in from_domain_matrix_rows(real).items():
        for h, value in row.items():
            rows[k][h] = rows[n + k][n + h] = value
    for k, row in from_domain_matrix_rows(imaginary).items():
        for h, value in row.items():
            rows[n + k][h], rows[k][n + h] = value, -value
    return shrink(sparse_matrix(rows, (2 * n, 2 * n), K))


def shrink(matrix: DomainMatrix) -> DomainMatrix:
    """The matrix over the smallest listed field that holds its entries."""
    from sympy import QQ

    if kind(matrix.domain)[0] != "zeta":
        return matrix
    entries = {x for row in from_domain_matrix_rows(matrix).values() for x in row.values()}
    return convert_matrix(matrix, smallest_domain(tuple(entries), matrix.domain) if entries else QQ)


def unnormalised_su2(R: DomainMatrix) -> tuple[list[list[Scalar]], Scalar, Domain]:
    """For an exact rotation matrix: c U in a field with i, the number c^2, and the field; U in SU(2) covers the rotation.

    The matrix 4 q q^T is linear in R; a column of it is 4 q_k q, so c = 4 q_k and c^2 is 4 times the diagonal entry.
    """
    from sympy import I

    K = common_domain(R.domain, _gaussian()).get_field()
    entries = np.full((3, 3), K.zero, dtype=object)
    for k, row in from_domain_matrix_rows(convert_matrix(R, K)).items():
        for h, value in row.items():
            entries[k, h] = value
    squares = quaternion_squares(entries)
    best = next(k for k in range(4) if squares[k, k])
    w, x, y, z = squares[:, best]
    i = element(I, K)
    a, b, a_bar, b_bar = w - i * z, y - i * x, w + i * z, y + i * x
    return [[a, -b_bar], [b, a_bar]], squares[best, best] * 4, K


def polynomial_action(U: list[list[Scalar]], two_j: int, K: Domain) -> DomainMatrix:
    """The matrix of x -> U_00 x + U_10 y, y -> U_01 x + U_11 y on the monomials x^k y^(2j-k), k = 0, ..., 2j, over K."""

    def times(
        p: list[Scalar], lower: Scalar, upper: Scalar
    ) -> list[Scalar]:  # p times (lower y + upper x), coefficients of x^k
        return [
            (p[k] * lower if k < len(p) else K.zero) + (p[k - 1] * upper if k else K.zero) for k in range(len(p) + 1)
        ]

    rows: Rows = {}
    tails = [[K.one]]  # powers of the image of y
    for _ in range(two_j):
        tails.append(times(tails[-1], U[1][1], U[0][1]))
    for k in range(two_j + 1):
        column = tails[two_j - k]
        for _ in range(k):
            column = times(column, U[1][0], U[0][0])
        for row, value in enumerate(column):
            if value:
                rows.setdefault(row, {})[k] = value
    return sparse_matrix(rows, (two_j + 1, two_j + 1), K)
