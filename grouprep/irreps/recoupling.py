"""6j and 9j symbols of SU(2): how the couplings of three and of four spins in different orders are related, exact and in floats."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import factorial
from typing import TYPE_CHECKING

from grouprep.errors import TooLarge
from grouprep.irreps._spin_numbers import Spin, spin_label, twice_spin
from grouprep.linalg.roots import exact_root, nearest_root

if TYPE_CHECKING:
    from sympy import Expr

__all__ = ["wigner_6j", "wigner_6j_exact", "wigner_9j", "wigner_9j_exact"]

# Twice the largest spin: a 6j symbol at 2000 takes 0.3 s, a 9j symbol, which sums up to 2 j + 1 products of three, 1.3 s at 400.
_LARGEST_6J, _LARGEST_9J = 4000, 800


def _read(largest: int, *spins: Spin) -> tuple[int, ...]:
    twice = tuple(twice_spin(j, f"j{k + 1}") for k, j in enumerate(spins))
    if max(twice) > largest:
        k = twice.index(max(twice))
        raise TooLarge(
            f"j{k + 1} = {spin_label(twice[k])}: these symbols, sums in integers of thousands of digits, are computed up to "
            f"spin {spin_label(largest)}"
        )
    return twice


def _couples(a: int, b: int, c: int) -> bool:
    return (a + b + c) % 2 == 0 and abs(a - b) <= c <= a + b


@lru_cache(maxsize=4096)
def _triangle(a: int, b: int, c: int) -> tuple[int, int]:
    """(p, r) with the square p / r of Delta(j1 j2 j3), for twice the spins."""
    p, q, r, top = (a + b - c) // 2, (a - b + c) // 2, (b + c - a) // 2, (a + b + c) // 2
    square = Fraction(factorial(p) * factorial(q) * factorial(r), factorial(top + 1))
    return square.numerator, square.denominator


def _triads(a: int, b: int, c: int, d: int, e: int, f: int) -> tuple[tuple[int, int, int], ...]:
    return (a, b, c), (a, e, f), (d, b, f), (d, e, c)


@lru_cache(maxsize=4096)
def _racah(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """The 6j symbol over its four Delta's, an integer: sum_t (-1)^t (t + 1)! / prod (t - p_i)! prod (q_k - t)!.

    The arguments of the factorials below add up to t, so every term is t + 1 times a multinomial coefficient.
    """
    low = [sum(t) // 2 for t in _triads(a, b, c, d, e, f)]
    high = [(a + b + d + e) // 2, (b + c + e + f) // 2, (c + a + f + d) // 2]
    t = max(low)
    term = factorial(t + 1)
    for x in low:
        term //= factorial(t - x)
    for x in high:
        term //= factorial(x - t)
    total = 0
    while term:
        total += -term if t % 2 else term
        above, below = t + 2, 1
        for x in high:
            above *= x - t
        for x in low:
            below *= t + 1 - x
        term = term * above // below
        t += 1
    return total


def _six(spins: tuple[int, ...]) -> tuple[int, int, int]:
    """(n, p, r) with the 6j symbol n sqrt(p / r); n = 0 where a triad does not couple."""
    a, b, c, d, e, f = spins
    triads = _triads(a, b, c, d, e, f)
    if not all(_couples(*t) for t in triads):
        return 0, 1, 1
    return _racah(a, b, c, d, e, f), *_product(triads)


def _product(triads: tuple[tuple[int, int, int], ...]) -> tuple[int, int]:
    p = r = 1
    for t in triads:
        above, below = _triangle(*sorted(t))
        p, r = p * above, r * below
    return p, r


def _nine(spins: tuple[int, ...]) -> tuple[int, int, int]:
    """(n, p, r) with the 9j symbol n sqrt(p / r): sum_x (-1)^2x (2x + 1) {1 4 7; 8 9 x} {2 5 8; 4 x 6} {3 6 9; x 1 2}.

    The triads with x, (1 9 x), (4 8 x) and (2 6 x), stand twice in every term, so their Delta's are squared, rational; the six
    triads of the rows and columns stand once.
    """
    a, b, c, d, e, f, g, h, i = spins
    triads = (a, b, c), (d, e, f), (g, h, i), (a, d, g), (b, e, h), (c, f, i)
    if not all(_couples(*t) for t in triads):
        return 0, 1, 1
    total = Fraction(0)
    for x in range(max(abs(a - i), abs(d - h), abs(b - f)), min(a + i, d + h, b + f) + 1, 2):
        n = _racah(a, d, g, h, i, x) * _racah(b, e, h, d, x, f) * _racah(c, f, i, x, a, b) * (x + 1)
        total += Fraction(-n if x % 2 else n) * Fraction(*_product(((a, i, x), (d, h, x), (b, f, x))))
    p, r = _product(triads)
    return total.numerator, p, r * total.denominator**2


def wigner_6j(j1: Spin, j2: Spin, j3: Spin, j4: Spin, j5: Spin, j6: Spin) -> float:
    """The 6j symbol {j1 j2 j3; j4 j5 j6}, the float nearest to it.

    It relates the ways to couple three spins: <(j1 j2) j3, j4; j5 | j1, (j2 j4) j6; j5> is
    (-1)^(j1+j2+j4+j5) sqrt((2 j3 + 1)(2 j6 + 1)) times it.

    Parameters
    ----------
    j1, ..., j6 : 0, 1/2, 1, ...

    Returns
    -------
    The value; 0 unless (j1 j2 j3), (j1 j5 j6), (j4 j2 j6) and (j4 j5 j3) satisfy the triangle inequality and add up to integers.

    Raises
    ------
    GroupRepError
        If one is no spin.
    TooLarge
        If one is beyond 2000.

    Examples
    --------
    >>> wigner_6j(1, 1, 1, 1, 1, 1), wigner_6j(1, 1, 3, 1, 1, 1)
    (0.16666666666666666, 0.0)

    References
    ----------
    Racah, Phys. Rev. 62 (1942), equation 36'; Edmonds (1957), section 6.3; Varshalovich et al. (1988), section 9.2.1.
    """
    return nearest_root(*_six(_read(_LARGEST_6J, j1, j2, j3, j4, j5, j6)))


def wigner_6j_exact(j1: Spin, j2: Spin, j3: Spin, j4: Spin, j5: Spin, j6: Spin) -> Expr:
    """`wigner_6j` exactly, a sympy number a sqrt(b) with a rational.

    Parameters
    ----------
    j1, ..., j6 : 0, 1/2, 1, ...

    Raises
    ------
    GroupRepError
        If one is no spin.
    TooLarge
        If one is beyond 2000.

    Examples
    --------
    >>> wigner_6j_exact(2, 2, 2, 2, 2, 2), wigner_6j_exact("1/2", 1, "3/2", 1, "1/2", 1)
    (-3/70, -1/6)

    References
    ----------
    Racah, Phys. Rev. 62 (1942), equation 36'.
    """
    return exact_root(*_six(_read(_LARGEST_6J, j1, j2, j3, j4, j5, j6)))


def wigner_9j(j1: Spin, j2: Spin, j3: Spin, j4: Spin, j5: Spin, j6: Spin, j7: Spin, j8: Spin, j9: Spin) -> float:
    """The 9j symbol {j1 j2 j3; j4 j5 j6; j7 j8 j9}, the float nearest to it.

    It relates the ways to couple four spins in pairs: <(j1 j2) j3, (j4 j5) j6; j9 | (j1 j4) j7, (j2 j5) j8; j9> is
    sqrt((2 j3 + 1)(2 j6 + 1)(2 j7 + 1)(2 j8 + 1)) times it; so it takes LS coupling to jj coupling.

    Parameters
    ----------
    j1, ..., j9 : 0, 1/2, 1, ..., row by row.

    Returns
    -------
    The value; 0 unless all rows and columns satisfy the triangle inequality and add up to integers.

    Raises
    ------
    GroupRepError
        If one is no spin.
    TooLarge
        If one is beyond 400.

    Examples
    --------
    >>> wigner_9j(1, 1, 0, 1, 1, 0, 0, 0, 0)  # 1 / 3
    0.3333333333333333

    References
    ----------
    Edmonds (1957), equation 6.4.3; Varshalovich, Moskalev, Khersonskii (1988), section 10.2.4.
    """
    return nearest_root(*_nine(_read(_LARGEST_9J, j1, j2, j3, j4, j5, j6, j7, j8, j9)))


def wigner_9j_exact(j1: Spin, j2: Spin, j3: Spin, j4: Spin, j5: Spin, j6: Spin, j7: Spin, j8: Spin, j9: Spin) -> Expr:
    """`wigner_9j` exactly, a sympy number a sqrt(b) with a rational.

    Parameters
    ----------
    j1, ..., j9 : 0, 1/2, 1, ..., row by row.

    Raises
    ------
    GroupRepError
        If one is no spin.
    TooLarge
        If one is beyond 400.

    Examples
    --------
    >>> wigner_9j_exact(1, 1, 1, 1, 1, 2, 1, 2, 1)
    -1/45
    >>> wigner_9j_exact("1/2", "1/2", 1, 1, 1, 1, "3/2", "1/2", 2)
    sqrt(3)/36

    References
    ----------
    Edmonds (1957), equation 6.4.3.
    """
    return exact_root(*_nine(_read(_LARGEST_9J, j1, j2, j3, j4, j5, j6, j7, j8, j9)))
