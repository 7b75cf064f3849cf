"""Square roots of rational numbers: rounded once to a float, or exactly with what can be taken out of the root."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sympy import Expr

__all__ = ["exact_root", "nearest_root", "rounded_root", "squarefree"]


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
    """(a, s) with n = a^2 s and s squarefree, n > 0; by trial division, fast where the second largest prime is small.

    Examples
    --------
    >>> squarefree(72)
    (6, 2)
    """
    root, rest, prime = 1, 1, 2
    while n > 1:
        if prime * prime > n:
            return root, rest * n
        count = 0
        while n % prime == 0:
            count += 1
            n //= prime
        root *= prime ** (count // 2)
        rest *= prime ** (count % 2)
        prime += 1 + (prime > 2)
    return root, rest


@lru_cache(maxsize=1 << 16)
def exact_root(n: int, p: int, r: int) -> Expr:
    """n sqrt(p / r) as a sympy number, for integers p > 0 and r > 0; their primes should be small.

    Examples
    --------
    >>> exact_root(3, 8, 9)
    2*sqrt(2)
    """
    from sympy import Mul, Pow, Rational

    common = gcd(p, r)
    outside, inside = squarefree(p // common * (r // common))
    factor = Rational(n * outside, r // common)
    if inside == 1 or not n:
        return factor
    root = Pow(inside, Rational(1, 2))
    return root if factor == 1 else Mul(factor, root, evaluate=False)
