"""Spins and their exact square roots: reading j, sqrt(p / q) rounded once, the real basis as powers of i."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.errors import GroupRepError

if TYPE_CHECKING:
    from sympy import Expr, Rational

__all__ = [
    "Spin",
    "exact_root",
    "nearest_root",
    "real_columns",
    "rounded_root",
    "spin_label",
    "squarefree",
    "twice_integer",
    "twice_spin",
]

Spin: TypeAlias = "int | float | str | Fraction | Rational"
"""What stands for a spin 0, 1/2, 1, 3/2, ...; numpy's and sympy's numbers too."""


def twice_spin(j: Spin, name: str = "j") -> int:
    """2 j for j in 0, 1/2, 1, ...: an int, Fraction, float, sympy Rational, or text such as "3/2".

    Raises
    ------
    GroupRepError
        If j is negative or not a multiple of 1/2.
    """
    wanted = f"{name} must be one of 0, 1/2, 1, 3/2, ..."
    if isinstance(j, bool | np.bool_):
        raise GroupRepError(f"{wanted}, got {j!r}")
    try:
        if isinstance(j, str | int | float | Fraction):
            value = Fraction(j)
        elif isinstance(j, np.integer | np.floating):
            value = Fraction(j.item())
        else:
            value = Fraction(int(j.p), int(j.q))  # sympy's Rational
    except (ValueError, OverflowError, ZeroDivisionError, AttributeError, TypeError):
        raise GroupRepError(f"{wanted}, got {j!r:.60}") from None
    if value < 0 or (2 * value).denominator != 1:
        raise GroupRepError(f"{wanted}, got {j!s:.60}")
    return int(2 * value)


def twice_integer(l: Spin, name: str = "l") -> int:
    """2 l for l in 0, 1, 2, ...; GroupRepError otherwise."""
    two = twice_spin(l, name)
    if two % 2:
        raise GroupRepError(f"{name} must be one of 0, 1, 2, ..., got {spin_label(two)}")
    return two


def spin_label(two_j: int) -> str:
    """The text for j, "1" or "1/2"."""
    return str(Fraction(two_j, 2))


def rounded_root(n: Fraction | int, q: Fraction) -> float:
    """The float nearest to n sqrt(q), q >= 0: one rounding of the exact number."""
    return nearest_root(n.numerator, q.numerator, q.denominator * n.denominator**2)


def nearest_root(n: int, p: int, r: int) -> float:
    """The float nearest to n sqrt(p / r) for integers, p >= 0, r > 0, which need not be in lowest terms.

    55 bits of the root and a sticky bit for what is cut off decide the rounding to 53 bits, as in Brent and Zimmermann,
    Modern Computer Arithmetic, section 3.1.2.
    """
    p *= n * n
    if not p:
        return 0.0
    k = max(0, 56 - (p.bit_length() - r.bit_length()) // 2)
    whole, rest = divmod(p << 2 * k, r)
    root = isqrt(whole)
    sticky = int(rest != 0 or root * root != whole)
    value = (2 * root + sticky) / (1 << (k + 1))
    return -value if n < 0 else value


def squarefree(n: int) -> tuple[int, int]:
    """(a, s) with n = a^2 s and s squarefree, for n > 0 with small prime factors, such as products of factorials."""
    root, rest, prime = 1, 1, 2
    while n > 1:
        n, left = divmod(n, prime)
        count = 0
        while not left:
            count += 1
            n, left = divmod(n, prime)
        n = n * prime + left
        root *= prime ** (count // 2)
        rest *= prime ** (count % 2)
        prime += 1 + (prime > 2)
    return root, rest


@lru_cache(maxsize=1 << 16)
def exact_root(n: int, p: int, r: int) -> Expr:
    """n sqrt(p / r) as a sympy number, for integers p > 0 and r > 0 with small prime factors."""
    from sympy import Mul, Pow, Rational

    common = gcd(p, r)
    outside, inside = squarefree(p // common * (r // common))
    factor = Rational(n * outside, r // common)
    if inside == 1 or not n:
        return factor
    root = Pow(inside, Rational(1, 2))
    return root if factor == 1 else Mul(factor, root, evaluate=False)


def real_columns(l: int) -> list[list[tuple[int, int]]]:
    """The real basis in the basis |l m>: column m = -l..l lists (m', k) for entries i^k / sqrt(number of entries).

    Column m > 0 is (|-m> + (-1)^m |m>) / sqrt 2, the harmonic with cos(m phi); column -m is i (|-m> - (-1)^m |m>) / sqrt 2,
    that with sin(m phi). For l = 1 they are y, z, x.
    """
    columns: list[list[tuple[int, int]]] = []
    for m in range(-l, l + 1):
        if m < 0:
            columns.append([(m, 1), (-m, 1 if m % 2 else 3)])
        elif m == 0:
            columns.append([(0, 0)])
        else:
            columns.append([(-m, 0), (m, 2 if m % 2 else 0)])
    return columns
