"""Values of elements and expressions: embeddings into C, and the same number in another field.

`grouprep.linalg.fields` is the public face of this module.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, reduce
from math import lcm
from typing import TYPE_CHECKING

from grouprep.linalg._cyclotomic import (
    Outside,
    coefficients,
    conductor,
    cyclotomic_field,
    degree,
    discriminant,
    from_coefficients,
    integer_modulus,
    kind,
    rational_in,
    root_in,
    sqrt_in,
    two_cos_in,
)
from grouprep.linalg.budget import NUMBER_BITS, require
from grouprep.linalg.parsing import Atom, Unrecognised, atoms, evaluate, height
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from flint import acb
    from sympy import Domain, Expr

_SMALL_NESTED = 32  # degree up to which sqrt(element) is looked for


@lru_cache(maxsize=1024)
def embedding(K: Domain, bits: int) -> acb:
    """The complex value of the generator of K (1 for ZZ and QQ) as a flint acb ball of about the given precision.

    Examples
    --------
    >>> from grouprep.linalg.fields import cyclotomic_field, embedding
    >>> float(embedding(cyclotomic_field(3), 64).real)
    -0.5

    References
    ----------
    F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE Trans. Comput. 66 (2017).
    """
    from flint import acb, arb, ctx, fmpq

    name, n = kind(K)
    with ctx.workprec(bits):
        if name == "zeta":
            return acb(arb.cos_pi_fmpq(fmpq(2, n)), arb.sin_pi_fmpq(fmpq(2, n)))
        if name == "cos":
            return acb(2 * arb.cos_pi_fmpq(fmpq(2, n)))
        if name == "sqrt":
            return acb(0, arb(-n).sqrt()) if n < 0 else acb(arb(n).sqrt())
        return acb(1) if name == "rational" else _isolated_root(K)


def _isolated_root(K: Domain) -> acb:
    """The root of the defining polynomial of an unlisted field that is its generator, at the working precision."""
    from flint import acb, fmpz_poly
    from sympy import N

    pairs: Scalar = fmpz_poly(integer_modulus(K)).complex_roots()
    roots = [root for root, _ in pairs]
    real, imag = N(K.to_sympy(K.unit), 30).as_real_imag()
    near = acb(float(real), float(imag))
    nearest: acb = min(roots, key=lambda r: float(abs(r - near).mid()))
    return nearest


def value_of(x: Scalar, K: Domain, bits: int) -> acb:
    """The complex value of an element as a ball."""
    from flint import acb, ctx

    generator = embedding(K, bits)
    with ctx.workprec(bits):
        total = acb(0)
        for c in reversed(coefficients(x, K)):
            total = total * generator + acb(c)
        return total


@lru_cache(maxsize=512)
def _images(K: Domain, L: Domain) -> list[Scalar]:
    """The powers of the generator of K as elements of L; raises Outside or Unrecognised."""
    name, n = kind(K)
    if name == "rational":
        generator = L.one
    elif name == "zeta":
        generator = root_in(Fraction(1, n), L)
    elif name == "cos":
        generator = two_cos_in(Fraction(1, n), L)
    elif name == "sqrt":
        generator = sqrt_in(n, L)
    else:
        generator = evaluate_in(K.to_sympy(K.unit), L)
    powers = [L.one]
    for _ in range(degree(K) - 1):
        powers.append(powers[-1] * generator)
    return powers


@lru_cache(maxsize=512)
def _section(L: Domain, M: Domain) -> tuple[list[int], Scalar, Scalar]:
    """(rows, S, B): B holds the powers of L's generator in M as columns, S inverts its given rows."""
    from flint import fmpq_mat

    columns = [coefficients(p, M) for p in _images(L, M)]
    transposed = fmpq_mat(columns)
    reduced, rank = transposed.rref()
    rows = [next(j for j in range(reduced.ncols()) if reduced[i, j] != 0) for i in range(rank)]
    square = fmpq_mat([[column[i] for column in columns] for i in rows])
    return rows, square.inv(), transposed.transpose()


def restrict(x: Scalar, M: Domain, L: Domain) -> Scalar:
    """An element of M as an element of its subfield L; raises Outside if it is not one."""
    from flint import fmpq_mat

    rows, inverse, basis = _section(L, M)
    values = coefficients(x, M)
    found = inverse * fmpq_mat([[values[i]] for i in rows])
    if basis * found != fmpq_mat([[v] for v in values]):
        raise Outside
    return from_coefficients([v for (v,) in found.tolist()], L)


@lru_cache(maxsize=65536)
def convert_element(x: Scalar, K: Domain, L: Domain) -> Scalar:
    """The same complex number in another field; raises Outside if it is not in L, Unrecognised if K is not cyclotomic."""
    if K == L:
        return x
    try:
        images = _images(K, L)
    except Outside:
        if "other" in (kind(K)[0], kind(L)[0]):
            raise Unrecognised from None
        M = cyclotomic_field(lcm(conductor(K), conductor(L)))
        return restrict(convert_element(x, K, M), M, L)
    total = L.zero
    for c, image in zip(coefficients(x, K), images, strict=True):
        if c:
            total += image * c if not L.is_AlgebraicField else L([c]) * image
    return total


def atom_order(atom: Atom) -> int:
    """The n of a cyclotomic field that contains the atom."""
    name, value = atom
    if name == "sqrt":
        return abs(discriminant(value))
    return _nested_root(value)[0] if name == "nested" else int(value.denominator)


@lru_cache(maxsize=1024)
def _nested_root(expr: Expr) -> tuple[int, tuple[Fraction, ...]]:
    """(n, x): the principal root of an expression as x in Q(zeta_n), found by lattice reduction and proved by squaring."""
    from sympy import sqrt

    n = reduce(lcm, (atom_order(a) for a in atoms(expr)), 4)
    for order in (n, 2 * n, 3 * n):
        K = cyclotomic_field(order)
        if degree(K) > _SMALL_NESTED:
            break
        square = evaluate_in(expr, K)
        candidate = _lattice_root(square, K)
        if candidate is not None:
            return order, tuple(candidate)
    raise Unrecognised(f"{sqrt(expr)}")


def _lattice_root(square: Scalar, K: Domain) -> list[Fraction] | None:
    from flint import ctx, fmpz_mat

    d = degree(K)
    bits = 20 * d + 60
    with ctx.workprec(2 * bits):
        target = value_of(square, K, 2 * bits).sqrt()
    generator = embedding(K, 2 * bits)
    rows = []
    for k, number in enumerate([*_powers(generator, d, 2 * bits), target]):
        scaled = [_rounded(part, bits) for part in (number.real, number.imag)]
        rows.append([int(k == j) for j in range(d + 1)] + scaled)
    for row in fmpz_mat(rows).lll().tolist()[:1]:
        if row[d]:
            found = [Fraction(-int(c), int(row[d])) for c in row[:d]]
            x = from_coefficients(found, K)
            if x * x == square and value_of(x, K, bits).overlaps(target):
                return found
    return None


def _powers(x: acb, count: int, bits: int) -> list[acb]:
    from flint import acb, ctx

    with ctx.workprec(bits):
        powers = [acb(1)]
        for _ in range(count - 1):
            powers.append(powers[-1] * x)
    return powers


def _rounded(x: Scalar, bits: int) -> int:
    mantissa, exponent = x.mid().man_exp()
    shift = int(exponent) + bits
    return int(mantissa) << shift if shift >= 0 else int(mantissa) >> -shift


def evaluate_in(expr: Expr, K: Domain) -> Scalar:
    """A recognised expression in K; raises Outside if a part of it is not in K, Unrecognised if it is of another kind."""
    require(degree(K) * height(expr), NUMBER_BITS, "a number needs bits: degree times bits of a coefficient are")

    def nested(base: Scalar) -> Scalar:
        n, found = _nested_root(base)
        M = cyclotomic_field(n)
        return convert_element(from_coefficients(found, M), M, K)

    return evaluate(
        expr,
        lambda q: rational_in(q, K),
        lambda r: root_in(r, K),
        lambda r: two_cos_in(r, K),
        lambda d: sqrt_in(d, K),
        nested,
    )
