"""Clebsch-Gordan coefficients and 3j symbols: Racah's formula in integers, exact as n sqrt(q), floats rounded once."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, factorial
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps._spin_numbers import (
    ExactRoot,
    Spin,
    real_columns,
    rounded_root,
    spin_label,
    twice_spin,
)
from grouprep.irreps.base import read_field
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Array as ExactArray

__all__ = ["clebsch_gordan", "clebsch_gordan_exact", "coupled_spins", "wigner_3j", "wigner_3j_exact"]

# (i1, i2, i), counted from -j each: the coefficient n sqrt(q)
Table = dict[tuple[int, int, int], ExactRoot]


def coupled_spins(j1: Spin, j2: Spin) -> list[Fraction]:
    """The spins |j1 - j2|, ..., j1 + j2 in the tensor product of two, each once.

    Examples
    --------
    >>> [str(j) for j in coupled_spins("1/2", 1)]
    ['1/2', '3/2']
    """
    a, b = twice_spin(j1, "j1"), twice_spin(j2, "j2")
    return [Fraction(c, 2) for c in range(abs(a - b), a + b + 1, 2)]


def _triple(j1: Spin, j2: Spin, j: Spin, names: tuple[str, str, str]) -> tuple[int, int, int]:
    a, b, c = (twice_spin(x, name) for x, name in zip((j1, j2, j), names, strict=True))
    if (a + b + c) % 2 or not abs(a - b) <= c <= a + b:
        first, second, third = map(spin_label, (a, b, c))
        allowed = ", ".join(map(str, coupled_spins(Fraction(a, 2), Fraction(b, 2))))
        raise GroupRepError(f"{names[2]} = {third} does not occur in {first} x {second}, which holds {allowed:.200}")
    return a, b, c


@lru_cache(maxsize=256)
def _complex_table(a: int, b: int, c: int) -> Table:
    """The non-zero coefficients <j1 m1 j2 m2 | j m> for 2 j1, 2 j2, 2 j = a, b, c, by Racah's formula with binomials."""
    p, q, r, top = (a + b - c) // 2, (a - b + c) // 2, (b + c - a) // 2, (a + b + c) // 2
    # (2j+1) p! q! r! / (J+1)! / (p! q! r!)^2 times the factorials of (j +- m)
    common = Fraction(c + 1, factorial(top + 1) * factorial(p) * factorial(q) * factorial(r))
    table: Table = {}
    for i1 in range(a + 1):
        for i2 in range(b + 1):
            i = i1 + i2 - p  # m = m1 + m2
            if not 0 <= i <= c:
                continue
            low, high = max(0, a - i1 - q, i2 - r), min(p, a - i1, i2)
            n = sum((-1) ** k * comb(p, k) * comb(q, a - i1 - k) * comb(r, i2 - k) for k in range(low, high + 1))
            if n:
                square = factorial(i1) * factorial(a - i1) * factorial(i2) * factorial(b - i2)
                table[i1, i2, i] = (n, common * (square * factorial(i) * factorial(c - i)))
    return table


@lru_cache(maxsize=256)
def _real_table(l1: int, l2: int, l: int) -> Table:
    """The coefficients in the real bases: two complex ones of equal size each (all three m non-zero, or two), or one.

    The sum over m of products of powers of i is real for even l1 + l2 + l and imaginary for odd; the odd ones are divided by i.
    """
    numbers = _complex_table(2 * l1, 2 * l2, 2 * l)
    first, second, third = real_columns(l1), real_columns(l2), real_columns(l)
    odd = (l1 + l2 + l) % 2
    table: Table = {}
    for r1, left in enumerate(first):
        for r2, right in enumerate(second):
            for r in {abs(abs(r1 - l1) - abs(r2 - l2)), abs(r1 - l1) + abs(r2 - l2)}:
                for column in {l + r, l - r} if r <= l else set():
                    total: dict[int, Fraction | int] = {0: 0, 1: 0, 2: 0, 3: 0}
                    square = Fraction(1)
                    for m1, k1 in left:
                        for m2, k2 in right:
                            for m, k in third[column]:
                                if m == m1 + m2 and (key := (m1 + l1, m2 + l2, m + l)) in numbers:
                                    n, square = numbers[key]
                                    total[(k - k1 - k2) % 4] += n
                    n = total[1] - total[3] if odd else total[0] - total[2]
                    if n:
                        table[r1, r2, column] = (n, square / (len(left) * len(right) * len(third[column])))
    return table


def _table(j1: Spin, j2: Spin, j: Spin, field: str, names: tuple[str, str, str]) -> tuple[tuple[int, int, int], Table]:
    a, b, c = _triple(j1, j2, j, names)
    if read_field(field) == "complex":
        return (a, b, c), _complex_table(a, b, c)
    if a % 2 or b % 2:
        raise GroupRepError('field="real": the real bases are those of integer spins; half-integer ones are complex')
    return (a, b, c), _real_table(a // 2, b // 2, c // 2)


def _to_array(spins: tuple[int, int, int], table: Table) -> Array:
    values = np.zeros(tuple(s + 1 for s in spins))
    for index, (n, q) in table.items():
        values[index] = rounded_root(n, q)
    return values


def _to_sympy(spins: tuple[int, int, int], table: Table) -> ExactArray:
    from sympy import ImmutableSparseNDimArray, Rational, sqrt

    shape = tuple(s + 1 for s in spins)
    values = {
        (i1 * shape[1] + i2) * shape[2] + i: Rational(n.numerator, n.denominator)
        * sqrt(Rational(q.numerator, q.denominator))
        for (i1, i2, i), (n, q) in table.items()
    }
    return ImmutableSparseNDimArray(values, shape)


_NAMES = ("j1", "j2", "j")


def clebsch_gordan(j1: Spin, j2: Spin, j: Spin, field: str = "complex") -> Array:
    """The isometry C of spin j into j1 x j2: (D^j1 x D^j2) C = C D^j, every entry the nearest float.

    Parameters
    ----------
    j1, j2, j : 0, 1/2, 1, ...; j must be one of |j1 - j2|, ..., j1 + j2.
    field : "complex" for <j1 m1 j2 m2 | j m> with Condon-Shortley phases; "real" for the bases of real spherical harmonics,
        where even j1 + j2 + j keep the complex values' phase and odd ones are divided by i: (1, 1, 1) is e_a x e_b / sqrt 2.

    Returns
    -------
    (2 j1 + 1, 2 j2 + 1, 2j + 1) float64; its columns are orthonormal.

    Raises
    ------
    GroupRepError
        If j does not occur in j1 x j2, or a spin is none.

    Examples
    --------
    >>> clebsch_gordan("1/2", "1/2", 0)[:, :, 0]
    array([[ 0.        , -0.70710678],
           [ 0.70710678,  0.        ]])
    >>> clebsch_gordan(1, 1, 1, field="real")[2, 0]  # x times y is z, in the order y, z, x
    array([0.        , 0.70710678, 0.        ])

    References
    ----------
    Racah, Phys. Rev. 62 (1942), equation 16; Varshalovich, Moskalev, Khersonskii (1988), section 8.2.
    """
    return _to_array(*_table(j1, j2, j, field, _NAMES))


def clebsch_gordan_exact(j1: Spin, j2: Spin, j: Spin, field: str = "complex") -> ExactArray:
    """`clebsch_gordan` exactly, as a sympy array of the same shape with entries n sqrt(q), n and q rational.

    Parameters
    ----------
    j1, j2, j, field : as for `clebsch_gordan`.

    Raises
    ------
    GroupRepError
        As `clebsch_gordan`.

    Examples
    --------
    >>> clebsch_gordan_exact(1, 1, 0)[0, 2, 0]
    sqrt(3)/3

    References
    ----------
    Racah, Phys. Rev. 62 (1942), equation 16.
    """
    return _to_sympy(*_table(j1, j2, j, field, _NAMES))


def _symbols(j1: Spin, j2: Spin, j3: Spin, field: str) -> tuple[tuple[int, int, int], Table]:
    """(j1 j2 j3; m1 m2 m3) = (-1)^(j1 - j2 - m3) <j1 m1 j2 m2 | j3 -m3> / sqrt(2 j3 + 1); the real form is invariant as well."""
    spins, table = _table(j1, j2, j3, field, ("j1", "j2", "j3"))
    a, b, c = spins
    out: Table = {}
    for (i1, i2, i), (n, q) in table.items():
        if field == "real":
            power, index = (a - b) // 2, (i1, i2, i)
        else:
            power, index = (a - b - c) // 2 + i, (i1, i2, c - i)  # m3 = -m = j3 - i
        out[index] = (-n if power % 2 else n, q / (c + 1))
    return spins, out


def wigner_3j(j1: Spin, j2: Spin, j3: Spin, field: str = "complex") -> Array:
    """The 3j symbols of three spins, the invariant vector of j1 x j2 x j3, every entry the nearest float.

    Parameters
    ----------
    j1, j2, j3 : 0, 1/2, 1, ... that satisfy the triangle inequality and add up to an integer.
    field : "complex", or "real" for the bases of real spherical harmonics (divided by i for odd sums, as `clebsch_gordan`).

    Returns
    -------
    (2 j1 + 1, 2 j2 + 1, 2 j3 + 1) float64, of Frobenius norm 1.

    Raises
    ------
    GroupRepError
        If the three spins do not couple to 0.

    Examples
    --------
    >>> wigner_3j(1, 1, 2)[1, 1, 2].item()  # all m = 0: sqrt(2 / 15)
    0.36514837

    References
    ----------
    Edmonds (1957), equation 3.7.3; Varshalovich, Moskalev, Khersonskii (1988), section 8.1.2.
    """
    return _to_array(*_symbols(j1, j2, j3, field))


def wigner_3j_exact(j1: Spin, j2: Spin, j3: Spin, field: str = "complex") -> ExactArray:
    """`wigner_3j` exactly, as a sympy array of the same shape.

    Parameters
    ----------
    j1, j2, j3, field : as for `wigner_3j`.

    Raises
    ------
    GroupRepError
        As `wigner_3j`.

    Examples
    --------
    >>> wigner_3j_exact(1, 1, 2)[1, 1, 2]
    sqrt(30)/15

    References
    ----------
    Edmonds (1957), equation 3.7.3.
    """
    return _to_sympy(*_symbols(j1, j2, j3, field))
