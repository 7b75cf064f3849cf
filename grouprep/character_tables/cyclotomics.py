"""Exact numbers of cyclotomic fields, small enough to fill a character table with."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from math import gcd, lcm
from numbers import Complex
from numbers import Rational as Rational_
from typing import TYPE_CHECKING, TypeAlias

from grouprep.errors import GroupRepError, shown
from grouprep.linalg.fields import coefficients, conductor, cyclotomic_field, domain_of, element, expression
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from flint import fmpq_poly
    from sympy import Expr

__all__ = ["Cyclotomic", "as_cyclotomic"]

Number: TypeAlias = "int | Fraction"


class Cyclotomic:
    """A number in Q(exp(2 pi i/n)), immutable, with n as small as the number allows: equal numbers have equal forms.

    Made by `Cyclotomic.sum_of_roots`; supports + - * /, ==, hash, complex, `conjugate`, `galois`.

    Attributes
    ----------
    conductor : the least n.
    coefficients : ints or Fractions, the coordinates in 1, z, z^2, ... for z = exp(2 pi i/n), as many as the field's degree.

    Examples
    --------
    >>> golden = -Cyclotomic.sum_of_roots(5, {2: 1, 3: 1})
    >>> golden, golden * golden == golden + 1
    (1/2 + sqrt(5)/2, True)

    References
    ----------
    T. Breuer, Integral bases for subfields of cyclotomic fields, AAECC 8 (1997), 279-289.
    """

    __slots__ = ("__dict__", "coefficients", "conductor")

    conductor: int
    coefficients: tuple[Number, ...]

    def __init__(self, value: Number = 0) -> None:
        self.conductor = 1
        self.coefficients = (_rational(value),)

    @classmethod
    def sum_of_roots(cls, n: int, terms: Mapping[int, Number]) -> Cyclotomic:
        """The sum of terms[k] exp(2 pi i k/n).

        Raises
        ------
        GroupRepError
            Unless n is a positive integer.
        """
        if not isinstance(n, int) or n < 1:
            raise GroupRepError(f"n must be a positive integer, got {shown(n)}")
        places: dict[int, Number] = {}
        for k, c in terms.items():
            places[k % n] = places.get(k % n, 0) + c
        return _canonical(n, frozenset((k, c) for k, c in places.items() if c))

    @property
    def terms(self) -> dict[int, Number]:
        """The coefficients other than 0 by the exponent of exp(2 pi i/conductor)."""
        return {k: c for k, c in enumerate(self.coefficients) if c}

    def _in(self, n: int) -> dict[int, Number]:
        step = n // self.conductor
        return {k * step: c for k, c in enumerate(self.coefficients) if c}

    def __add__(self, other: object) -> Cyclotomic:
        y = _read(other)
        if y is None:
            return NotImplemented
        if self.conductor == y.conductor == 1:
            return Cyclotomic(self.coefficients[0] + y.coefficients[0])
        n = lcm(self.conductor, y.conductor)
        total = self._in(n)
        for k, c in y._in(n).items():
            total[k] = total.get(k, 0) + c
        return Cyclotomic.sum_of_roots(n, total)

    __radd__ = __add__

    def __neg__(self) -> Cyclotomic:
        return _made(self.conductor, tuple(-c for c in self.coefficients))

    def __sub__(self, other: object) -> Cyclotomic:
        y = _read(other)
        return NotImplemented if y is None else self + (-y)

    def __rsub__(self, other: object) -> Cyclotomic:
        return -self + other

    def __mul__(self, other: object) -> Cyclotomic:
        y = _read(other)
        if y is None:
            return NotImplemented
        if y.conductor == 1:
            c = y.coefficients[0]
            return _made(self.conductor, tuple(c * x for x in self.coefficients)) if c else Cyclotomic(0)
        if self.conductor == 1:
            return y * self
        n = lcm(self.conductor, y.conductor)
        left, right = self._in(n), y._in(n)
        total: dict[int, Number] = {}
        for j, b in left.items():
            for k, c in right.items():
                total[(j + k) % n] = total.get((j + k) % n, 0) + b * c
        return Cyclotomic.sum_of_roots(n, total)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Cyclotomic:
        y = _read(other)
        if y is None:
            return NotImplemented
        return self * y.inverse()

    def __rtruediv__(self, other: object) -> Cyclotomic:
        return self.inverse() * other

    def inverse(self) -> Cyclotomic:
        """1 over the number: the product of its conjugates over its norm. ZeroDivisionError for 0."""
        if not self:
            raise ZeroDivisionError("0 has no inverse")
        others = Cyclotomic(1)
        for a in range(2, self.conductor):
            if gcd(a, self.conductor) == 1:
                others = others * self.galois(a)
        return others * (1 / Fraction((self * others).coefficients[0]))

    def __pow__(self, k: int) -> Cyclotomic:
        if not isinstance(k, int):
            return NotImplemented
        if k < 0:
            return self.inverse() ** -k
        power, square = Cyclotomic(1), self
        while k:
            power = power * square if k & 1 else power
            square = square * square if k > 1 else square
            k >>= 1
        return power

    def galois(self, a: int) -> Cyclotomic:
        """The image under exp(2 pi i/n) -> exp(2 pi i a/n), for a prime to the conductor n."""
        if not isinstance(a, int) or gcd(a, self.conductor) != 1:
            raise GroupRepError(f"a must be an integer prime to the conductor {self.conductor}, got {shown(a)}")
        return Cyclotomic.sum_of_roots(self.conductor, {a * k: c for k, c in self.terms.items()})

    def conjugate(self) -> Cyclotomic:
        """The complex conjugate."""
        return self if self.conductor == 1 else self.galois(-1)

    @property
    def is_real(self) -> bool:
        """Whether it is its own complex conjugate."""
        return self.conjugate() == self

    @property
    def is_rational(self) -> bool:
        """Whether it lies in Q."""
        return self.conductor == 1

    @property
    def is_integer(self) -> bool:
        """Whether it is an ordinary integer."""
        return self.conductor == 1 and isinstance(self.coefficients[0], int)

    @property
    def degree(self) -> int:
        """The number of its Galois conjugates."""
        units = (a for a in range(1, self.conductor + 1) if gcd(a, self.conductor) == 1)
        return len({self.galois(a) for a in units})

    def __eq__(self, other: object) -> bool:
        y = _read(other)
        if y is None:
            return NotImplemented
        return self.conductor == y.conductor and self.coefficients == y.coefficients

    def __hash__(self) -> int:
        return hash(self.coefficients[0]) if self.conductor == 1 else hash((self.conductor, self.coefficients))

    def __bool__(self) -> bool:
        return self.conductor > 1 or bool(self.coefficients[0])

    def __int__(self) -> int:
        if not self.is_integer:
            raise GroupRepError(f"{self} is no integer")
        return int(self.coefficients[0])

    def __complex__(self) -> complex:
        return self._complex

    @cached_property
    def _complex(self) -> complex:
        """The nearest complex number up to an ulp or two: by a ball of 128 bits."""
        if self.conductor == 1:
            return complex(self.coefficients[0])
        if self.conductor == 4:
            return complex(self.coefficients[0], self.coefficients[1])
        from flint import acb, arb, ctx, fmpq

        before, ctx.prec = ctx.prec, 128
        try:
            total = acb(0)
            for k, c in self.terms.items():
                angle = arb(fmpq(2 * k, self.conductor))
                total += acb(angle.cos_pi(), angle.sin_pi()) * arb(fmpq(c.numerator, c.denominator))
            real, imag = float(total.real.mid()), float(total.imag.mid())
        finally:
            ctx.prec = before
        conjugate = self.conjugate()
        return complex(0.0 if conjugate == -self else real, 0.0 if conjugate == self else imag)

    def to_sympy(self) -> Expr:
        """The number in sympy: in rationals and square roots where that is possible, else cos or exp."""
        return self._expression

    @cached_property
    def _expression(self) -> Expr:
        from sympy import QQ, Rational

        if self.conductor == 1:
            return Rational(self.coefficients[0])
        K = cyclotomic_field(self.conductor)
        return expression(K([QQ(c.numerator, c.denominator) for c in _stripped(self.coefficients)][::-1]), K)

    def __str__(self) -> str:
        if self.conductor == 1:
            return str(self.coefficients[0])
        return str(self.to_sympy())

    __repr__ = __str__

    def __reduce__(self) -> tuple[object, tuple[int, tuple[Number, ...]]]:
        return _made, (self.conductor, self.coefficients)


def _made(n: int, coefficients: tuple[Number, ...]) -> Cyclotomic:
    """A number of conductor n from its coordinates."""
    x = Cyclotomic()
    x.conductor, x.coefficients = n, tuple(map(_rational, coefficients))
    return x


def _rational(c: Scalar) -> Number:
    if isinstance(c, int):
        return int(c)
    c = Fraction(int(c.numerator), int(c.denominator))
    return int(c) if c.denominator == 1 else c


def _read(x: object) -> Cyclotomic | None:
    if isinstance(x, Cyclotomic):
        return x
    return Cyclotomic(x) if isinstance(x, int | Fraction) else None


def _stripped(values: tuple[Number, ...]) -> tuple[Number, ...]:
    last = max((k for k, c in enumerate(values) if c), default=-1)
    return values[: last + 1]


@lru_cache(maxsize=512)
def _modulus(n: int) -> fmpq_poly:
    from flint import fmpq_poly, fmpz_poly

    return fmpq_poly(fmpz_poly.cyclotomic(n))


@lru_cache(maxsize=65536)
def _canonical(n: int, terms: frozenset[tuple[int, Number]]) -> Cyclotomic:
    """A sum of n-th roots of unity in the smallest cyclotomic field that holds it."""
    places = dict(terms)
    divisor = gcd(n, *places)
    if divisor > 1:
        n, places = n // divisor, {k // divisor: c for k, c in places.items()}
    places = _reduced(n, places)
    for p in _primes(n):
        while n % p == 0:
            smaller = _smaller(n, p, places)
            if smaller is None:
                break
            n, places = n // p, smaller
    values = [Fraction(0)] * _degree(n)
    return _made(n, tuple(places.get(k, 0) for k in range(len(values))))


@lru_cache(maxsize=512)
def _primes(n: int) -> tuple[int, ...]:
    from flint import fmpz

    return tuple(int(p) for p, _ in fmpz(n).factor())


@lru_cache(maxsize=512)
def _degree(n: int) -> int:
    from flint import fmpz

    return int(fmpz(n).euler_phi())


def _reduced(n: int, places: Mapping[int, Number]) -> dict[int, Number]:
    """Coordinates in 1, z, ... below the degree of Q(z), z = exp(2 pi i/n)."""
    from flint import fmpq, fmpq_poly

    if not places or max(places) < _degree(n):
        return dict(places)
    dense = [fmpq(0)] * (max(places) + 1)
    for k, c in places.items():
        dense[k] = fmpq(c.numerator, c.denominator)
    found = (fmpq_poly(dense) % _modulus(n)).coeffs()
    return {k: _rational(c.p if c.q == 1 else Fraction(int(c.p), int(c.q))) for k, c in enumerate(found) if c}


def _smaller(n: int, p: int, places: dict[int, Number]) -> dict[int, Number] | None:
    """Coordinates over n/p of a number given by those over n, or None if it is not in Q(exp(2 pi i p/n)).

    If p divides m = n/p, the powers 1, z, ..., z^(p-1) of z = exp(2 pi i/n) are a basis over the smaller field. Otherwise
    z^k = u^a w^b with u, w of orders p, m, and y_0 + y_1 u + ... lies in the smaller field if and only if y_1 = ... = y_(p-1).
    """
    m = n // p
    if m % p == 0:
        return None if any(k % p for k in places) else {k // p: c for k, c in places.items()}
    to_a, to_b = pow(m, -1, p), pow(p, -1, m) if m > 1 else 0
    parts: list[dict[int, Number]] = [{} for _ in range(p)]
    for k, c in places.items():
        part, b = parts[k * to_a % p], k * to_b % m
        part[b] = part.get(b, 0) + c
    first, *rest = ({k: c for k, c in _reduced(m, part).items() if c} for part in parts)
    if any(part != rest[0] for part in rest[1:]):
        return None
    for k, c in rest[0].items():
        first[k] = first.get(k, 0) - c
    return {k: c for k, c in first.items() if c}


def as_cyclotomic(x: object, name: str = "number") -> Cyclotomic:
    """A number in any exact form as a Cyclotomic.

    Parameters
    ----------
    x : an int, Fraction, number of sympy, or text that writes one; floats and complex numbers if their parts are integers.
    name : what the caller's argument is called.

    Raises
    ------
    GroupRepError
        If it is another float, or no sum of roots of unity with rational coefficients.

    Examples
    --------
    >>> as_cyclotomic("(1 + sqrt(5))/2"), as_cyclotomic(2.0), as_cyclotomic(1j)
    (1/2 + sqrt(5)/2, 2, I)
    """
    known = _read(x)
    if known is not None:
        return known
    if isinstance(x, Complex) and not isinstance(x, Rational_):
        z = complex(x)
        if z.real.is_integer() and z.imag.is_integer():
            return Cyclotomic.sum_of_roots(4, {0: int(z.real), 1: int(z.imag)})
        raise GroupRepError(f'{name} = {shown(x)} is a float; give it exactly, such as "(1 + sqrt(5))/2"')
    if isinstance(x, Rational_):
        return Cyclotomic(Fraction(int(x.numerator), int(x.denominator)))
    try:
        K = domain_of([x])
        n = conductor(K)
        if not n:
            raise GroupRepError("it lies in no field of roots of unity")
        M = cyclotomic_field(n)
        coordinates = coefficients(element(x, M), M)
    except GroupRepError as error:
        raise GroupRepError(f"{name} = {shown(x)} is no exact number of a cyclotomic field: {error}") from None
    return Cyclotomic.sum_of_roots(n, {k: _rational(c) for k, c in enumerate(coordinates)})
