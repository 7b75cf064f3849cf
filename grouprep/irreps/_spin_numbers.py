"""Spins: reading j, and the real basis as powers of i."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.errors import GroupRepError

if TYPE_CHECKING:
    from sympy import Rational

__all__ = [
    "Spin",
    "real_columns",
    "spin_label",
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
