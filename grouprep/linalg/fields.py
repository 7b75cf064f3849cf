"""Exact numbers in number fields whose complex embedding is known: which field holds them, and how they move between fields."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache, reduce
from math import lcm, prod
from typing import TYPE_CHECKING, NamedTuple

from grouprep.errors import GroupRepError
from grouprep.linalg._cyclotomic import (
    Outside,
    coefficients,
    conductor,
    cyclotomic_field,
    degree,
    kind,
    quadratic_field,
    real_cyclotomic_field,
    root_in,
    totient,
    two_cos_in,
)
from grouprep.linalg._evaluation import atom_order, convert_element, embedding, evaluate_in, restrict
from grouprep.linalg._galois import expression, galois, smallest_domain
from grouprep.linalg.budget import FIELD_DEGREE, GENERAL_DEGREE, NUMBER_BITS, SINGLE_DEGREE, require
from grouprep.linalg.parsing import Atom, Unrecognised, atoms, height, parse_expression, turn
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain, Expr
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "canonical_domain",
    "coefficients",
    "common_domain",
    "conductor",
    "conjugate",
    "convert_matrix",
    "cosine",
    "cyclotomic_field",
    "degree",
    "domain_of",
    "element",
    "embedding",
    "expression",
    "is_real_field",
    "quadratic_field",
    "real_cyclotomic_field",
    "smallest_domain",
    "zeta",
]

_FEW = 3  # independent square roots that a primitive element is found for


def zeta(n: int, k: int = 1) -> Scalar:
    """The root of unity exp(2 pi i k/n) as an element of `cyclotomic_field(n)`.

    Examples
    --------
    >>> from grouprep.linalg.fields import zeta
    >>> zeta(4, 2) == zeta(4) ** 2 == -zeta(4, 0)
    True
    """
    K = cyclotomic_field(n)
    return root_in(Fraction(k, n) % 1, K)


def cosine(n: int, k: int = 1) -> Scalar:
    """The number 2 cos(2 pi k/n) as an element of `real_cyclotomic_field(n)`.

    Examples
    --------
    >>> from grouprep.linalg.fields import cosine, expression, real_cyclotomic_field
    >>> expression(cosine(5, 1) + cosine(5, 2), real_cyclotomic_field(5))
    -1
    """
    K = real_cyclotomic_field(n)
    return two_cos_in(Fraction(k, n) % 1, K)


def is_real_field(K: Domain) -> bool:
    """Whether the embedding of K is into the real numbers."""
    name, n = kind(K)
    return bool(embedding(K, 64).imag == 0) if name == "other" else name != "zeta" and n > 0


@lru_cache(maxsize=4096)
def _ambient(expr: Expr) -> int:
    """The n of a cyclotomic field that contains the expression; raises Unrecognised."""
    return _ambient_of(atoms(expr))


def _ambient_of(found: frozenset[Atom]) -> int:
    """The n of a cyclotomic field that contains the atoms; few square roots of large numbers are better left to sympy."""
    n = reduce(lcm, (atom_order(a) for a in found), 1)
    if totient(n) <= FIELD_DEGREE:
        return n
    if len(found) <= _FEW and all(name == "sqrt" for name, _ in found):
        raise Unrecognised
    require(totient(n), FIELD_DEGREE, f"numbers such as {_shown(found)} need a field of degree")
    raise AssertionError("the degree is beyond the limit")


def _shown(found: frozenset[Atom]) -> str:
    forms = {"sqrt": "sqrt({})", "root": "exp(2*pi*I*{})", "cos": "cos(2*pi*{})", "nested": "sqrt({})"}
    return ", ".join(sorted(forms[name].format(value) for name, value in found)[:4])


@lru_cache(maxsize=65536)
def element(expr: Scalar, K: Domain) -> Scalar:
    """The number that a sympy expression (or int, Fraction, text) writes, as an element of the domain K.

    Raises
    ------
    GroupRepError
        If the number is not in K or is not an exact number; the message names both.

    Examples
    --------
    >>> from sympy import I, sqrt
    >>> from grouprep.linalg.fields import cyclotomic_field, element, zeta
    >>> element((1 + I) / sqrt(2), cyclotomic_field(8)) == zeta(8)
    True
    """
    from sympy import QQ

    expr = _exact(expr)
    try:
        if expr.is_Rational:
            return _in_rationals(QQ(int(expr.p), int(expr.q)), K)
        if K.is_ZZ or K.is_QQ:
            M = cyclotomic_field(_ambient(expr))
            return _in_rationals(convert_element(evaluate_in(expr, M), M, QQ), K)
        try:
            return evaluate_in(expr, K)
        except Outside:
            if kind(K)[0] == "other":
                return _sympy_element(expr, K)
            M = cyclotomic_field(lcm(_ambient(expr), conductor(K)))
            return restrict(evaluate_in(expr, M), M, K)
    except Outside:
        raise GroupRepError(f"{expr} is not in the field {K}") from None
    except ZeroDivisionError:
        raise GroupRepError(f"{expr} divides by zero") from None
    except Unrecognised:
        return _sympy_element(expr, K)


def _in_rationals(q: Scalar, K: Domain) -> Scalar:
    if K.is_AlgebraicField:
        return K([q])
    if K.is_QQ:
        return q
    if q.denominator != 1:
        raise Outside
    return K(q.numerator)


def _sympy_element(expr: Expr, K: Domain) -> Scalar:
    from sympy import QQ
    from sympy.polys.polyerrors import CoercionFailed

    require(degree(K) * height(expr), NUMBER_BITS, "a number needs bits: degree times bits of a coefficient are")

    def walk(e: Expr) -> Scalar:
        if e.is_Add:
            return sum(map(walk, e.args), K.zero)
        if e.is_Mul:
            return prod(map(walk, e.args), start=K.one)
        if e.is_Pow and e.exp.is_Integer:
            return walk(e.base) ** int(e.exp)
        return _in_rationals(QQ(int(e.p), int(e.q)), K) if e.is_Rational else _root_in(e, K)

    try:
        return walk(expr)
    except (CoercionFailed, NotImplementedError, ValueError):
        raise GroupRepError(f"{expr} is not in the field {K}, or is not an algebraic number") from None


@lru_cache(maxsize=4096)
def _root_in(e: Expr, K: Domain) -> Scalar:
    """A number that is no sum, product or integer power, in K: by the generators of K where they are known."""
    from sympy import Rational

    found, values = _generator_values(K)
    if e in values:
        return values[e]
    r = _unity(e)
    if r is not None and found.order > 2 and found.order % r.denominator == 0:
        return values[found.numbers()[0]] ** (r.numerator * found.order // r.denominator)
    if e.is_Pow and e.exp.is_Rational and found.roots.get(e.base, 1) % int(e.exp.q) == 0:
        q = found.roots[e.base]
        return values[e.base ** Rational(1, q)] ** (int(e.exp.p) * q // int(e.exp.q))
    return K.from_sympy(e)


@lru_cache(maxsize=256)
def _generator_values(K: Domain) -> tuple[_Generators, dict[Expr, Scalar]]:
    """The numbers whose sum generates K, and their values in it; none if K was not made from them."""
    if K.is_AlgebraicField:
        found = _generators([K.to_sympy(K.unit)])
        L, values = _constructed(tuple(found.numbers()))
        if L == K:
            return found, values
    return _Generators(1, {}, {}), {}


@lru_cache(maxsize=256)
def _constructed(numbers: tuple[Expr, ...]) -> tuple[Domain, dict[Expr, Scalar]]:
    """A field that numbers generate, and their values in it."""
    from sympy import S, construct_domain

    K, values = construct_domain([S.Half, *numbers], extension=True)
    return K, dict(zip(numbers, values[1:], strict=True))


def _unity(e: Expr) -> Fraction | None:
    """r if an expression is written as the root of unity exp(2 pi i r)."""
    from sympy import I, exp

    if e == I:
        return Fraction(1, 4)
    if e == -1:
        return Fraction(1, 2)
    if e.is_Pow and e.exp.is_Rational:
        r = _unity(e.base)
        return None if r is None else (r - (r > Fraction(1, 2))) * Fraction(int(e.exp.p), int(e.exp.q)) % 1
    return turn(e.args[0] / I) if isinstance(e, exp) else None


def _exact(number: Scalar) -> Expr:
    """A number as a sympy expression without floats and symbols; text goes through the safe parser."""
    from sympy import Expr, Float, SympifyError, sympify

    if isinstance(number, str):
        return parse_expression(number)
    try:
        expr = sympify(number, strict=True)
    except SympifyError:
        expr = None
    if not isinstance(expr, Expr):
        raise GroupRepError(f"{number!r} is not a number")
    if expr.is_Rational:
        return expr
    if expr.has(Float):
        raise GroupRepError(f"{expr} holds a float, and floats are not exact; write a fraction or a root")
    if expr.free_symbols:
        names = ", ".join(sorted(map(str, expr.free_symbols)))
        raise GroupRepError(f"{expr} holds the free symbol {names}; only numbers are allowed")
    if expr.is_finite is False:
        raise GroupRepError(f"{expr} is not a finite number")
    return expr


def domain_of(expressions: Iterable[Scalar]) -> Domain:
    """The smallest of ZZ, QQ, Q(sqrt d), Q(2 cos 2pi/n), Q(zeta_n) that holds all the given numbers.

    Parameters
    ----------
    expressions : sympy expressions, texts, ints or Fractions; other algebraic numbers (cube roots) get a primitive element.

    Raises
    ------
    GroupRepError
        If an entry holds a float or a free symbol, or is not algebraic; the message names the entry.

    Examples
    --------
    >>> from sympy import I, cos, pi, sqrt
    >>> from grouprep.linalg.fields import domain_of
    >>> domain_of([1, sqrt(5) / 4 + I / 4 * I]), domain_of([cos(2 * pi / 7)]), domain_of([I * sqrt(3)])
    (QQ<sqrt5>, QQ<cos7>, QQ<zeta3>)

    References
    ----------
    L. C. Washington, Introduction to Cyclotomic Fields, Springer 1997, chapters 2 and 3.
    """
    from sympy import QQ, ZZ

    distinct = list(dict.fromkeys(_exact(e) for e in expressions))
    irrational = [e for e in distinct if not e.is_Rational]
    if not irrational:
        return ZZ if all(e.is_Integer for e in distinct) else QQ
    try:
        K = _recognised_domain(irrational)
    except Unrecognised:
        return _sympy_domain(distinct)
    except ZeroDivisionError:
        raise GroupRepError("an entry divides by zero") from None
    if K.is_QQ and all(c.denominator == 1 for e in distinct for c in coefficients(element(e, QQ), QQ)):
        return ZZ
    return K


def _recognised_domain(irrational: list[Expr]) -> Domain:
    from sympy import QQ

    found: frozenset[Atom] = frozenset().union(*(atoms(e) for e in irrational))
    if len(found) == 1 and next(iter(found))[0] == "sqrt":  # one square root: no Gauss sum is needed, d may be large
        K = quadratic_field(next(iter(found))[1])
        if all(not any(coefficients(evaluate_in(e, K), K)[1:]) for e in irrational):
            return QQ
        return K
    M = cyclotomic_field(_ambient_of(found))
    return smallest_domain(tuple(evaluate_in(e, M) for e in irrational), M)


def closure_under_conjugation(K: Domain) -> Domain:
    """A field that holds K and its complex conjugate."""
    generator = K.to_sympy(K.unit)
    return _sympy_domain([generator, generator.conjugate()])


class _Generators(NamedTuple):
    """What generates a field with numbers such as 2^(1/3): one root of unity, one root of each base, and other numbers."""

    order: int
    roots: dict[Scalar, int]
    others: dict[Scalar, None]

    def numbers(self) -> list[Expr]:
        """Generators of the field."""
        from sympy import I, Rational, exp, pi

        unity = [exp(2 * pi * I / self.order)] if self.order > 2 else []
        return [*unity, *(base ** Rational(1, q) for base, q in self.roots.items()), *self.others]

    def degree(self) -> int:
        """An upper bound on the degree."""
        from sympy import cos, sin, tan

        angles = [turn(e.args[0]) for e in self.others if isinstance(e, cos | sin | tan)]
        return totient(lcm(self.order, *(4 * r.denominator for r in angles if r))) * prod(self.roots.values())


def _generators(expressions: Iterable[Expr]) -> _Generators:
    order, roots, others = 1, dict[Scalar, int](), dict[Scalar, None]()

    def collect(e: Expr) -> None:
        nonlocal order
        if e.is_Rational:
            return
        if e.is_Add or e.is_Mul:
            for part in e.args:
                collect(part)
        elif (r := _unity(e)) is not None:
            order = lcm(order, r.denominator)
        elif e.is_Pow and e.exp.is_Rational:
            collect(e.base)
            if e.exp.q > 1:
                roots[e.base] = lcm(roots.get(e.base, 1), int(e.exp.q))
        else:
            others[e] = None

    for e in expressions:
        collect(e)
    return _Generators(order, roots, others)


def _sympy_domain(expressions: list[Expr]) -> Domain:
    from sympy.polys.polyerrors import BasePolynomialError

    found = _generators(expressions)
    numbers, most = found.numbers(), found.degree()
    names = ", ".join(map(str, numbers[:3]))[:120]
    for e in numbers:
        if e.is_algebraic is False:
            raise GroupRepError(
                f"{e} is not an algebraic number; allowed are rationals, roots, exp(2*pi*I*r) and cos(pi*r)"
            )
    limit = GENERAL_DEGREE if len(numbers) > 1 else SINGLE_DEGREE
    require(most, limit, f"numbers such as {names} need a field of degree up to")
    try:
        K, _ = _constructed(tuple(numbers))
    except (BasePolynomialError, NotImplementedError, ValueError) as error:
        raise GroupRepError(f"no number field holds all of {names}: {error}") from None
    if not (K.is_AlgebraicField or K.is_QQ or K.is_ZZ):
        bad = next((e for e in numbers if e.is_algebraic is not True), numbers[0])
        raise GroupRepError(
            f"{bad} is not recognised as an algebraic number; write it with rationals, sqrt, exp and cos"
        )
    return K


@lru_cache(maxsize=512)
def canonical_domain(K: Domain) -> Domain:
    """The listed field equal to a foreign domain such as QQ<sqrt(2)> or QQ_I, else K itself; rings other than ZZ raise."""
    if K.is_ZZ or K.is_QQ or kind(K)[0] != "other":
        return K
    if K.is_ZZ_I or K.is_QQ_I:
        return cyclotomic_field(4)
    if not K.is_AlgebraicField:
        raise GroupRepError(
            f"entries over {K} are not numbers of a number field; give integers, fractions or algebraic numbers"
        )
    generator = K.to_sympy(K.unit)
    try:
        L = _recognised_domain([generator])
    except Unrecognised:
        return K
    return L


def _is_subfield(K: Domain, L: Domain) -> bool:
    from sympy import QQ

    if K == L or K.is_ZZ:
        return True
    if L.is_ZZ or L.is_QQ or degree(L) % degree(K):
        return bool(K.is_QQ and not L.is_ZZ)
    if "other" not in (kind(K)[0], kind(L)[0]) and conductor(L) % conductor(K):
        return False
    try:
        convert_element(K.unit if K.is_AlgebraicField else QQ.one, K, L)
    except (Outside, Unrecognised):
        return False
    return True


@lru_cache(maxsize=1024)
def common_domain(*domains: Domain) -> Domain:
    """The smallest listed domain that contains all the given ones.

    Examples
    --------
    >>> from sympy import QQ, ZZ
    >>> from grouprep.linalg.fields import common_domain, cyclotomic_field, quadratic_field
    >>> common_domain(ZZ, QQ), common_domain(QQ, quadratic_field(5), cyclotomic_field(3))
    (QQ, QQ<zeta15>)
    """
    from sympy import ZZ

    fields = list(dict.fromkeys(canonical_domain(K) for K in domains))
    if not fields:
        return ZZ
    for L in fields:
        if all(_is_subfield(K, L) for K in fields):
            return L
    if all(kind(K)[0] != "other" for K in fields):
        n = reduce(lcm, (conductor(K) for K in fields))
        if totient(n) <= FIELD_DEGREE:
            return real_cyclotomic_field(n) if all(is_real_field(K) for K in fields) else cyclotomic_field(n)
    numbers = [K.to_sympy(K.unit) for K in fields if K.is_AlgebraicField]
    return _sympy_domain(numbers)


def convert_matrix(matrix: DomainMatrix, K: Domain) -> DomainMatrix:
    """The same matrix over another domain K, which must hold its entries; sparse.

    Raises
    ------
    GroupRepError
        If an entry is not in K.
    """
    L = matrix.domain
    matrix = matrix.to_sparse()
    if L == K:
        return matrix
    if (L.is_ZZ and K.is_QQ) or (L.is_ZZ and K.is_ZZ):
        return matrix.convert_to(K)
    return _map_entries(matrix, lambda x: convert_number(x, L, K), K)


@lru_cache(maxsize=65536)
def convert_number(x: Scalar, L: Domain, K: Domain) -> Scalar:
    """The element x of L as an element of K."""
    from sympy import QQ

    if L.is_ZZ or L.is_QQ:
        try:
            return _in_rationals(QQ(x), K)
        except Outside:
            raise GroupRepError(f"{x} is not in {K}") from None
    if L.is_ZZ_I or L.is_QQ_I:
        return element(L.to_sympy(x), K)
    try:
        if K.is_ZZ:
            return _in_rationals(convert_element(x, L, QQ), K)
        return convert_element(x, L, K)
    except Outside:
        raise GroupRepError(f"{expression(x, L)} is not in {K}") from None
    except Unrecognised:
        return element(L.to_sympy(x), K)


def _map_entries(matrix: DomainMatrix, function: Scalar, K: Domain) -> DomainMatrix:
    """function on every non-zero entry, once for each distinct one."""
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    seen: dict[Scalar, Scalar] = {}
    rows: dict[int, dict[int, Scalar]] = {}
    for i, row in matrix.to_sparse().rep.to_sdm().items():
        new: dict[int, Scalar] = {}
        for j, x in row.items():
            y = seen.get(x)
            if y is None:
                y = seen[x] = function(x)
            if y:
                new[j] = y
        if new:
            rows[i] = new
    return DomainMatrix.from_rep(SDM(rows, matrix.shape, K))


def conjugate(matrix: DomainMatrix) -> DomainMatrix:
    """The entrywise complex conjugate of a matrix over any number field, over the same field; sparse.

    Raises
    ------
    GroupRepError
        If the field is not closed under complex conjugation, such as Q(exp(2 pi i/3) 2^(1/3)).
    """
    K = matrix.domain
    if K.is_ZZ or K.is_QQ or is_real_field(K):
        return matrix.to_sparse()
    return _map_entries(matrix, lambda x: conjugate_number(x, K), K)


@lru_cache(maxsize=65536)
def conjugate_number(x: Scalar, K: Domain) -> Scalar:
    """The complex conjugate of an element of K."""
    name, _ = kind(K)
    if name == "zeta":
        return galois(x, K, -1)
    if name == "rational" or is_real_field(K):
        return x
    generator = -K.unit if name == "sqrt" else element(K.to_sympy(K.unit).conjugate(), K)
    total = K.zero
    for c in reversed(coefficients(x, K)):
        total = total * generator + K([c])
    return total
