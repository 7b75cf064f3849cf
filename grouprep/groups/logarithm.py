"""Logarithms of elements of finite order in a Lie algebra, exactly: h = exp(2 pi H) with eigenvalues of H in i Q."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from grouprep.groups.cartan import Eigenvalue, joint_spectrum
from grouprep.linalg.fields import cosine, real_cyclotomic_field
from grouprep.linalg.sparse import add_exact, equal_exact, identity_exact, matmul_exact, sparse_matrix

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["principal", "torus_coordinates"]


def torus_coordinates(torus: Sequence[DomainMatrix], element: DomainMatrix) -> list[Fraction] | bool | None:
    """The t in [0, 1)^r with h = exp(2 pi (t_1 H_1 + ... + t_r H_r)), for an element of finite order.

    Parameters
    ----------
    torus : commuting H_1, ..., H_r whose exp(2 pi .) has the kernel Z^r, (n, n) exact.
    element : h, (n, n) exact, of finite order.

    Returns
    -------
    t; False if h commutes with the torus and lies outside; None if it does not commute with it.

    Raises
    ------
    AmbiguousRank
        If the joint eigenvalues are not found.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> turn, quarter = to_domain_matrix([[0, -1], [1, 0]]), to_domain_matrix([[0, 1], [-1, 0]])
    >>> torus_coordinates([turn], quarter), torus_coordinates([turn], to_domain_matrix([[1, 0], [0, -1]]))
    ([Fraction(3, 4)], None)
    """
    if not all(equal_exact(matmul_exact(H, element), matmul_exact(element, H)) for H in torus):
        return None
    return _congruent(joint_spectrum(element, torus))


def _congruent(spectrum: Counter[Eigenvalue]) -> list[Fraction] | bool:
    """The t modulo 1 with <w, t> = s modulo 1 for all joint eigenvalues (s, w), whose w generate Z^r; False if there is none.

    Integer row operations bring the w to triangular form; its diagonal is 1 or -1, as the w generate Z^r.
    """
    rows = [([int(x) for x in w], s) for s, w in spectrum]
    rank = len(rows[0][0])
    for j in range(rank):
        while True:
            below = sorted((i for i in range(j, len(rows)) if rows[i][0][j]), key=lambda i: abs(rows[i][0][j]))
            if len(below) == 1:
                break
            (w, s), (v, u) = rows[below[0]], rows[below[1]]
            q = v[j] // w[j]
            rows[below[1]] = [b - q * a for a, b in zip(w, v, strict=True)], u - q * s
        rows[j], rows[below[0]] = rows[below[0]], rows[j]
    if any(s.denominator != 1 for _, s in rows[rank:]):
        return False
    t = [Fraction(0)] * rank
    for j in reversed(range(rank)):
        w, s = rows[j]
        t[j] = (s - sum(w[k] * t[k] for k in range(j + 1, rank))) * w[j] % 1
    return t


def principal(element: DomainMatrix, order: int) -> DomainMatrix | None:
    """H with h = exp(2 pi H) and eigenvalues i s, -1/2 < s < 1/2, for h with h^order = 1; None if -1 is an eigenvalue of h.

    The projector on the eigenvalue exp(2 pi i j/m) is the mean of exp(-2 pi i j k/m) h^k over k, hence
    H = sum_k c_k h^k with c_k = 2/m sum_{0 < j < m/2} j/m sin(2 pi j k/m).

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> to_sympy(principal(to_domain_matrix([[0, -1], [1, 0]]), 4))
    Matrix([
    [  0, -1/4],
    [1/4,    0]])
    """
    from sympy import QQ

    m, whole = order, lcm(4, order)
    field = real_cyclotomic_field(whole)
    n = element.shape[0]
    power = identity_exact(n, element.domain)
    H, minus = power - power, power - power  # minus : m times the projector on the eigenvalue -1
    for k in range(m):
        c = field.zero
        for j in range(1, (m + 1) // 2):
            c += cosine(whole, whole // m * j * k - whole // 4) * field.convert_from(QQ(j, m * m), QQ)
        scalar = sparse_matrix({i: {i: c} for i in range(n)} if c else {}, (n, n), field)
        H = add_exact(H, matmul_exact(scalar, power))
        minus = minus + power if k % 2 == 0 else minus - power
        power = matmul_exact(power, element)
    return H if m % 2 or minus.is_zero_matrix else None
