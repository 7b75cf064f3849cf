"""Clebsch-Gordan coefficients and 3j symbols: Racah's formula in integers, exact as n sqrt(q), floats rounded once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.irreps._spin_numbers import Spin, spin_label, twice_spin
from grouprep.irreps.base import read_field
from grouprep.linalg.memory import require_memory
from grouprep.linalg.roots import exact_root, nearest_root
from grouprep.typing import Array, Integers

if TYPE_CHECKING:
    from sympy import Array as ExactArray

__all__ = [
    "Placed",
    "clebsch_gordan",
    "clebsch_gordan_exact",
    "coupled_spins",
    "coupling_integers",
    "wigner_3j",
    "wigner_3j_exact",
]


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


class _Coupling(NamedTuple):
    """The coefficients <j1 m1 j2 m2 | j m>, counted from -j each, n[i1, i2] sqrt(p / (r C(2j1, i1) C(2j2, i2) C(2j, i))).

    spins : (2 j1, 2 j2, 2 j); i = i1 + i2 - shift with shift = j1 + j2 - j.
    n : (2 j1 + 1, 2 j2 + 1) integers, of dtype int64 or object; those with i outside of 0, ..., 2j are of no meaning.
    p, r : integers.
    """

    spins: tuple[int, int, int]
    n: Array
    p: int
    r: int

    @property
    def shift(self) -> int:
        a, b, c = self.spins
        return (a + b - c) // 2


@lru_cache(maxsize=256)
def _coupling(a: int, b: int, c: int) -> _Coupling:
    """Racah's formula with binomials: n = sum_k (-1)^k C(p, k) C(q, a - i1 - k) C(r, i2 - k), a product of three matrices.

    The sum of the absolute values is at most 2^(p + q + r), which says whether 64 bits hold it.
    """
    p, q, r, top = (a + b - c) // 2, (a - b + c) // 2, (b + c - a) // 2, (a + b + c) // 2
    require_memory((a + 1) * (b + 1) * 4, f"the coefficients of {spin_label(a)} x {spin_label(b)}")
    dtype = np.int64 if p + q + r < 63 else object
    left = np.array([[_binomial(q, a - i - k) for k in range(p + 1)] for i in range(a + 1)], dtype=dtype)
    right = np.array([[_binomial(r, i - k) for i in range(b + 1)] for k in range(p + 1)], dtype=dtype)
    signs = np.array([(-1) ** k * comb(p, k) for k in range(p + 1)], dtype=dtype)
    n = (left * signs) @ right
    n.flags.writeable = False
    square = Fraction(
        (c + 1) * factorial(a) * factorial(b) * factorial(c),
        factorial(top + 1) * factorial(p) * factorial(q) * factorial(r),
    )
    return _Coupling((a, b, c), n, square.numerator, square.denominator)


def _binomial(n: int, k: int) -> int:
    return comb(n, k) if k >= 0 else 0


Root = Callable[[int, int, int], Any]
"""A number n sqrt(p / r) of three integers: `nearest_root` or `exact_root`."""


class Placed(NamedTuple):
    """Non-zero entries of an array with three axes: where they stand, (count,) each, and what they are."""

    places: tuple[Integers, Integers, Integers]
    values: Array


def _complex_entries(C: _Coupling, root: Root, divisor: int) -> Placed:
    """The coefficients over sqrt(divisor) in the bases |j m>: half of them by a root, the others by m -> -m."""
    (a, b, c), p, r = C.spins, C.p, C.r * divisor
    first, second, third = (_binomials(s) for s in C.spins)
    i1, i2 = np.indices((a + 1, b + 1))
    i = i1 + i2 - C.shift
    i1, i2, i = (x[(i >= 0) & (i <= c) & (C.n != 0)] for x in (i1, i2, i))  # row-major: m -> -m reverses the order
    half = (len(i) + 1) // 2
    roots = [
        root(n, p, r * first[x] * second[y] * third[z])
        for n, x, y, z in zip(
            C.n[i1[:half], i2[:half]].tolist(), *(k[:half].tolist() for k in (i1, i2, i)), strict=True
        )
    ]
    roots += [-x if C.shift % 2 else x for x in reversed(roots[: len(i) - half])]
    return Placed((i1, i2, i), np.array(roots, dtype=float if root is nearest_root else object))


@lru_cache(maxsize=512)
def _binomials(n: int) -> list[int]:
    return [comb(n, k) for k in range(n + 1)]


def _real_entries(C: _Coupling, root: Root, divisor: int) -> Placed:
    """The coefficients over sqrt(divisor) in the real bases; those of odd j1 + j2 + j are divided by i.

    A coefficient with |m1|, |m2| and |m| is the sum of a complex one and of that with -m1, -m2, -m, which is (-1)^shift times
    it, each with a power of i: it is 0, or has the one magnitude of all eight choices of cosines and sines.
    """
    l1, l2, l = (s // 2 for s in C.spins)
    first, second, third = (_binomials(s) for s in C.spins)
    odd = (l1 + l2 + l) % 2
    r1, r2 = (x - y for x, y in zip(np.indices((2 * l1 + 1, 2 * l2 + 1)), (l1, l2), strict=True))
    places: list[Integers] = []
    values: list[Array] = []
    for sign in (1, -1):
        m1, m2 = np.arange(l1 + 1), sign * np.arange(l2 + 1)
        grid = np.zeros((l1 + 1, l2 + 1), dtype=float if root is nearest_root else object)
        for x in m1.tolist():
            for y in m2.tolist():
                z = x + y
                n = int(C.n[x + l1, y + l2]) if abs(z) <= l else 0
                if n and (sign > 0 or (x and y)):
                    halves = 2 if x and y and z else 1
                    square = C.r * divisor * first[x + l1] * second[y + l2] * third[z + l] * halves
                    grid[x, abs(y)] = root(n, C.p, square)
        m1, m2 = np.abs(r1), sign * np.abs(r2)
        m = m1 + m2
        value = grid[np.abs(r1), np.abs(r2)]
        for kind in (1, -1):  # the harmonic with cos m phi, or with sin
            column = kind * np.abs(m)
            up = _power(column, m) - _power(r1, m1) - _power(r2, m2)
            down = _power(column, -m) - _power(r1, -m1) - _power(r2, -m2)
            signs = np.array([0, 1, 0, -1] if odd else [1, 0, -1, 0])
            total = signs[up % 4] + (-1) ** C.shift * signs[down % 4]
            chosen = (value != 0) & (total != 0) & ((kind > 0) | (m != 0))
            places.append(np.array([r1 + l1, r2 + l2, column + l])[:, chosen])
            values.append(np.sign(total[chosen]) * value[chosen])
    i1, i2, i = np.concatenate(places, axis=1)
    return Placed((i1, i2, i), np.concatenate(values))


def _power(column: Integers, m: Integers) -> Integers:
    """The k of i^k with which |m> enters the real harmonic of a column, m = +-column (see `real_columns`)."""
    positive = np.where(column < 0, 2 * m + 3, 2 * m)
    return np.where(m > 0, positive, np.where(column < 0, 1, 0))


def _entries(spins: tuple[int, int, int], field: str, root: Root, divisor: int = 1) -> Placed:
    make = _complex_entries if field == "complex" else _real_entries
    return make(_coupling(*spins), root, divisor)


def coupling_integers(a: int, b: int, c: int, field: str) -> Placed:
    """Where the non-zero coefficients of the spins a / 2, b / 2 and c / 2 stand, and their integers n with their signs.

    Counted from -j each, the coefficient at (i1, i2, i) is n sqrt(x / (y binom(a, i1) binom(b, i2) binom(c, i))) with integers x and y
    that are the same for all; in the real bases over sqrt 2 where no m is 0.
    """
    return _entries((a, b, c), field, lambda n, p, r: n)


def _read(j1: Spin, j2: Spin, j: Spin, field: str, names: tuple[str, str, str]) -> tuple[int, int, int]:
    spins = _triple(j1, j2, j, names)
    if read_field(field) == "real" and (spins[0] % 2 or spins[1] % 2):
        raise GroupRepError('field="real": the real bases are those of integer spins; half-integer ones are complex')
    return spins


def _to_array(spins: tuple[int, int, int], entries: Placed) -> Array:
    values = np.zeros(tuple(s + 1 for s in spins))
    values[entries.places] = entries.values
    return values


def _to_sympy(spins: tuple[int, int, int], entries: Placed) -> ExactArray:
    from sympy import ImmutableDenseNDimArray, S

    values = np.full(tuple(s + 1 for s in spins), S.Zero, dtype=object)
    values[entries.places] = entries.values
    return ImmutableDenseNDimArray(values.ravel().tolist(), values.shape)


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
    spins = _read(j1, j2, j, field, _NAMES)
    return _to_array(spins, _entries(spins, field, nearest_root))


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
    spins = _read(j1, j2, j, field, _NAMES)
    return _to_sympy(spins, _entries(spins, field, exact_root))


def _symbols(j1: Spin, j2: Spin, j3: Spin, field: str, root: Root) -> tuple[tuple[int, int, int], Placed]:
    """(j1 j2 j3; m1 m2 m3) = (-1)^(j1 - j2 - m3) <j1 m1 j2 m2 | j3 -m3> / sqrt(2 j3 + 1); the real form is invariant as well."""
    spins = _read(j1, j2, j3, field, ("j1", "j2", "j3"))
    a, b, c = spins
    (i1, i2, i), values = _entries(spins, field, root, c + 1)
    if field == "real":
        return spins, Placed((i1, i2, i), -values if (a - b) // 2 % 2 else values)
    power = (a - b - c) // 2 + i
    return spins, Placed((i1, i2, c - i), np.where(power % 2, -1, 1) * values)  # m3 = -m = j3 - i


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
    return _to_array(*_symbols(j1, j2, j3, field, nearest_root))


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
    return _to_sympy(*_symbols(j1, j2, j3, field, exact_root))
