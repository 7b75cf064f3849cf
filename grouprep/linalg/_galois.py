"""Galois theory of cyclotomic fields: the smallest listed field that holds given numbers, and numbers as sums of roots.

`grouprep.linalg.fields` is the public face of this module.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, gcd
from typing import TYPE_CHECKING

from grouprep.linalg._cyclotomic import (
    Outside,
    character,
    coefficients,
    conductor,
    cyclotomic_field,
    discriminant,
    from_coefficients,
    kind,
    quadratic_field,
    real_cyclotomic_field,
    sqrt_in,
)
from grouprep.linalg._evaluation import convert_element, restrict
from grouprep.linalg.parsing import squarefree
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain, Expr


def galois(x: Scalar, M: Domain, a: int) -> Scalar:
    """The image of x in Q(zeta_n) under zeta_n -> zeta_n^a."""
    from flint import fmpq_poly, fmpz_poly

    n = kind(M)[1]
    moved = [0] * n
    for k, c in enumerate(coefficients(x, M)):
        moved[a * k % n] = c
    return from_coefficients((fmpq_poly(moved) % fmpq_poly(fmpz_poly.cyclotomic(n))).coeffs(), M)


def smallest_domain(elements: tuple[Scalar, ...], M: Domain) -> Domain:
    """The smallest listed field that contains elements of the cyclotomic field M, by Galois theory."""
    from sympy import QQ

    if M.is_QQ:
        return QQ
    n = _smallest_conductor(elements, M)
    if n == 1:
        return QQ
    for d in (n, -n, n // 4, -(n // 4)):
        if d % 4 in (1, 2, 3) and abs(discriminant(d)) == n and squarefree(d)[1] == 1:
            K = quadratic_field(d)
            if all(_contains(K, x, M) for x in elements):
                return K
    if all(galois(x, M, -1) == x for x in elements):
        return real_cyclotomic_field(n)
    return cyclotomic_field(n)


def _smallest_conductor(elements: tuple[Scalar, ...], M: Domain) -> int:
    """The least n with all elements in Q(zeta_n): the kernel of (Z/N)* -> (Z/n)* must fix them."""
    from sympy import primefactors

    N = n = conductor(M)
    if kind(M)[1] != N:
        return _smallest_conductor(
            tuple(convert_element(x, M, cyclotomic_field(N)) for x in elements), cyclotomic_field(N)
        )
    for p in primefactors(N):
        while n % p == 0:
            smaller = n // p
            kernel = [a for a in range(1, N, smaller) if gcd(a, N) == 1]
            if not all(galois(x, M, a) == x for a in kernel for x in elements):
                break
            n = smaller
    return n // 2 if n % 4 == 2 else n


def _contains(K: Domain, x: Scalar, M: Domain) -> bool:
    try:
        restrict(x, M, K)
    except Outside:
        return False
    return True


def in_square_roots(x: Scalar, M: Domain) -> dict[int, Scalar] | None:
    """x as {d: c} with x = sum of c sqrt(d), d = 1 included, or None: the components under the real characters of Galois."""
    from sympy import QQ

    n = kind(M)[1]
    units = [a for a in range(1, n + 1) if gcd(a, n) == 1]
    if any(galois(x, M, a) != x for a in sorted({a * a % n for a in units})):
        return None
    images = {a: galois(x, M, a) for a in units}
    terms: dict[int, Scalar] = {}
    for d in (s * e for e in _squarefree_divisors(n) for s in (1, -1)):
        D = discriminant(d)
        if n % abs(D) and d != 1:
            continue
        total = sum((image * character(D, a) for a, image in images.items()), M.zero)
        if total:
            root = sqrt_in(d, M) if d != 1 else M.one
            terms[d] = coefficients(total / root, M)[0] / QQ(len(units))
    return terms


def _squarefree_divisors(n: int) -> list[int]:
    from sympy import divisors

    return [d for d in divisors(n) if squarefree(d)[1] == 1]


@lru_cache(maxsize=65536)
def expression(x: Scalar, K: Domain) -> Expr:
    """An element of K as a sympy expression in rationals, sqrt, I, cos and exp, in the smallest listed field.

    Examples
    --------
    >>> from grouprep.linalg.fields import cyclotomic_field, expression, zeta
    >>> expression(zeta(8), cyclotomic_field(8)), expression(zeta(7), cyclotomic_field(7))
    (sqrt(2)/2 + sqrt(2)*I/2, exp(2*I*pi/7))
    """
    from sympy import Add, I, cos, exp, pi, sqrt

    name, n = kind(K)
    if name == "other":
        return K.to_sympy(x)
    if name in ("zeta", "cos"):
        M = cyclotomic_field(conductor(K))
        y = convert_element(x, K, M)
        terms = in_square_roots(y, M)
        if terms is not None:
            return Add(*(_fraction(c) * sqrt(d) for d, c in terms.items()))
        K = smallest_domain((y,), M)
        x = convert_element(y, M, K)
        name, n = kind(K)
    values = [_fraction(c) for c in coefficients(x, K)]
    if name == "cos":
        waves: dict[int, Scalar] = {}  # (2 cos t)^j = sum_i binomial(j, i) cos((j - 2 i) t)
        for j, c in enumerate(values):
            for i in range(j + 1):
                waves[abs(j - 2 * i)] = waves.get(abs(j - 2 * i), 0) + c * comb(j, i)
        return Add(*(c * cos(2 * pi * k / n) for k, c in waves.items()))
    generator = sqrt(n) if name == "sqrt" else exp(2 * pi * I / n)
    return Add(*(c * generator**k for k, c in enumerate(values) if c))


def _fraction(c: Scalar) -> Scalar:
    from sympy import Rational

    return Rational(int(c.numerator), int(c.denominator))
