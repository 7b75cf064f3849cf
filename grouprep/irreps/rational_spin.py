"""Spins in exact arithmetic: the rational form of each, and the square roots that lead from it to the unitary one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import DimensionMismatch, GroupRepError, TooLarge
from grouprep.groups.base import Generator, Group
from grouprep.groups.cartan import combination
from grouprep.irreps import divided_powers as powers
from grouprep.irreps.spin_generators import is_standard, spin_coordinates
from grouprep.irreps.spin_labels import SpinKind
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.convert import to_domain_matrix, to_numpy
from grouprep.linalg.fields import (
    coefficients,
    common_domain,
    convert_matrix,
    cyclotomic_field,
    degree,
    domain_of,
    element,
)
from grouprep.linalg.roots import rounded_root
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Expr, Matrix
    from sympy.polys.matrices import DomainMatrix

    from grouprep.irreps.spin import SpinIrrep

__all__ = ["EXACT_DEGREE", "RationalSpin"]

# Images are exact up to this degree of their number field over Q: real spins up to l = 3 (Q(sqrt 6, sqrt 10) lies in
# Q(2 cos(2 pi / 120)), degree 16), complex ones up to j = 5/2 (Q(zeta_40), degree 16), beyond which the degree is 32, 48, 96,
# ... Measured on Hom(V^2, V^2): 5 times the cost of the rational form at degree 16. That form has degree 1 or 2 for every spin.
EXACT_DEGREE = 16


class RationalSpin(Representation):
    """The rational form R of a spin, V(g) = S R(g) S^-1; exact at every exact element of the group.

    Made by `SpinIrrep.rational`.
    """

    def __init__(self, V: SpinIrrep) -> None:
        self.V = V

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    @property
    def field(self) -> str:
        """Either "real" or "complex"."""
        return self.V.field

    @property
    def domain(self) -> Domain | None:
        """Q, or Q(i) for the complex form; larger if the generators are other than the standard ones."""
        if not is_standard(self.V.group, self.V.kind):
            return super().domain
        from sympy import QQ

        return cyclotomic_field(4) if self.V.form == "complex" and self.V.two_j else QQ

    def image(self, generator: Generator) -> Image:
        standard = is_standard(self.V.group, self.V.kind)
        if generator.kind == "element":
            return self.V.reflection if standard else rational_image(self.V, self.group.generator_element(generator))
        values = rational_differentials(self.V.kind, self.V.two_j, self.V.form)
        return values[generator.index] if standard else combined(self.V.group, self.V.kind, generator, values)

    def evaluate(self, g: Element) -> Array:
        squares = powers.lengths(self.V.two_j, self.V.form)
        ratios = np.array([[rounded_root(1, q / p) for q in squares] for p in squares])
        values: Array = self.V.evaluate(g) * ratios
        return values

    def exact_image(self, g: Element) -> Image:
        return rational_image(self.V, g)

    def _form(self) -> Image | None:
        """S* S, which is rational."""
        from sympy import QQ

        squares = powers.lengths(self.V.two_j, self.V.form)
        rows = {k: {k: QQ(q.numerator, q.denominator)} for k, q in enumerate(squares)}
        return sparse_matrix(rows, (self.dim, self.dim), QQ)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.V.character_at(point, k)

    def _key(self) -> tuple[object, ...]:
        return (self.V,)

    def __str__(self) -> str:
        return f"rational({self.V})"


def _root(q: Fraction) -> Expr:
    from sympy import Rational, sqrt

    return sqrt(Rational(q.numerator, q.denominator))


def _gaussian_parts(value: Scalar, K: Domain) -> tuple[Fraction, int]:
    """(a, k) for a rational or purely imaginary element a i^k, k = 0 or 1, of Q or Q(i)."""
    parts = [Fraction(int(c.numerator), int(c.denominator)) for c in coefficients(value, K)]
    return (parts[1], 1) if len(parts) > 1 and parts[1] else (parts[0], 0)


@lru_cache(maxsize=256)
def rational_differentials(family: str, two_j: int, form: str) -> tuple[DomainMatrix, ...]:
    """The rational forms of the algebra generators' differentials, over Q or Q(i).

    SU(2): the generators are i J_z, i J_y, i J_x. SO(3), O(3): rotations about z, -y and x: -i J_z, i J_y, -i J_x.
    """
    x, y, z = powers.generators(two_j)
    generators = [z, y, x] if family == "SU(2)" else [-z, y, -x]
    if form == "complex":
        return tuple(generators) if two_j else tuple(powers.shrink(a) for a in generators)
    return tuple((powers.to_real_form if form == "real" else powers.realify_exact)(a) for a in generators)


def rational_image(V: SpinIrrep, g: Element) -> Image:
    """R(g) exactly at an exact matrix g of the group.

    Raises
    ------
    GroupRepError
        If g is not exact, or not an element of the group.
    """
    matrix, n = as_exact(as_image(g, "g")), 2 if V.kind == "SU(2)" else 3
    if mat.size(matrix) != n:
        raise DimensionMismatch(f"g is {mat.size(matrix)} x {mat.size(matrix)}; elements of {V.group} are {n} x {n}")
    star = as_exact(mat.transpose(mat.conjugate(matrix)))
    if not mat.equal(mat.matmul(star, matrix), Monomial.identity(mat.size(matrix))):
        raise GroupRepError(
            f"g is not an element of {V.group}: it is not {'unitary' if V.kind == 'SU(2)' else 'orthogonal'}"
        )
    K = matrix.domain.get_field()
    determinant = convert_matrix(matrix, K).to_dense().det()
    sign = 1 if determinant == K.one else -1
    if determinant != K.one and not (V.kind == "O(3)" and determinant == -K.one):
        raise GroupRepError(f"g is not an element of {V.group}: its determinant is not 1")
    if V.kind == "SU(2)":
        K = common_domain(K, cyclotomic_field(4)).get_field()
        rows = from_domain_matrix_rows(convert_matrix(matrix, K))
        U = [[rows.get(i, {}).get(j, K.zero) for j in range(2)] for i in range(2)]
        value = powers.polynomial_action(U, V.two_j, K)
    else:
        if mat.conjugate(matrix) != matrix:
            raise GroupRepError(f"g is not an element of {V.group}: it is not real")
        U, square, K = powers.unnormalised_su2(matrix if sign > 0 else -matrix)
        value = powers.polynomial_action(U, V.two_j, K) * (K.one / square ** (V.two_j // 2))
        if sign < 0 and V.parity < 0:
            value = -value
    if V.form == "complex":
        value = powers.shrink(value)
    else:
        value = powers.to_real_form(value) if V.form == "real" else powers.realify_exact(value)
    return as_image(value)


def combined(group: Group, kind: SpinKind, generator: Generator, values: Sequence[DomainMatrix]) -> DomainMatrix:
    """The value of an algebra generator, from those of the standard basis."""
    found = spin_coordinates(group, kind)
    assert found is not None
    row = from_domain_matrix_rows(found).get(generator.index, {})
    return combination(values, [row.get(k, found.domain.zero) for k in range(3)], found.domain)


def float_coordinates(group: Group, kind: SpinKind, generator: Generator) -> Array:
    """The coordinates of an algebra generator in the standard basis, (3,)."""
    found = spin_coordinates(group, kind)
    assert found is not None
    row: Array = to_numpy(found)[generator.index]
    return row


def turns(group: Group, kind: SpinKind, vector: Sequence[Fraction | int]) -> Fraction:
    """The length of an element of the Lie algebra, coefficients in its generators, in the standard basis, where it is rational."""
    found = spin_coordinates(group, kind)
    assert found is not None
    from sympy import QQ

    K = found.domain.get_field()
    total = [K.zero] * 3
    for g, row in from_domain_matrix_rows(convert_matrix(found, K)).items():
        for k, x in row.items():
            total[k] += x * K.convert_from(QQ(Fraction(vector[g]).numerator, Fraction(vector[g]).denominator), QQ)
    parts = coefficients(sum((x * x for x in total), K.zero), K)
    square = Fraction(int(parts[0].numerator), int(parts[0].denominator))
    length = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if any(parts[1:]) or length * length != square:
        raise GroupRepError(f"the torus of {group} does not close after a whole turn")
    return length


def _rank(squares: Iterable[Fraction]) -> int:
    """The number of independent square roots: the rank over F_2 of the prime exponents."""
    from sympy import factorint

    rows: list[set[int]] = []
    for q in squares:
        odd = {p for n in (q.numerator, q.denominator) for p, e in factorint(n).items() if e % 2}
        for row in rows:
            if max(row) in odd:
                odd ^= row
        if odd:
            rows = [r ^ odd if max(odd) in r else r for r in rows] + [odd]
    return len(rows)


@lru_cache(maxsize=256)
def field_degree(two_j: int, form: str) -> float:
    """The degree over Q of the listed field that holds the generators; infinity where it is plainly beyond the limit."""
    squares = powers.lengths(two_j, form)
    steps = {squares[k + 1] / squares[k] for k in range(two_j)}
    imaginary = form == "complex" and two_j > 0
    if 2 ** (_rank(steps) + imaginary) > EXACT_DEGREE:
        return float("inf")
    from sympy import I

    K = _domain_or_none([*map(_root, steps), *([I] if imaginary else [])])
    return float("inf") if K is None else degree(K)


Entries = dict[tuple[int, int], tuple[Fraction, int, Fraction]]


def root_entries(family: str, two_j: int, form: str, index: int) -> Entries:
    """The non-zero entries a i^k sqrt(q) of an algebra generator's differential in the unitary form, as (a, k, q)."""
    squares = powers.lengths(two_j, form)
    matrix = rational_differentials(family, two_j, form)[index]
    return {
        (i, j): (*_gaussian_parts(value, matrix.domain), squares[i] / squares[j])
        for i, row in from_domain_matrix_rows(matrix).items()
        for j, value in row.items()
    }


def exact_differential(family: str, two_j: int, form: str, index: int) -> Matrix:
    """An algebra generator's differential in the unitary form as a sympy Matrix."""
    from sympy import I, Rational, zeros

    size = len(powers.lengths(two_j, form))
    matrix = zeros(size, size)
    for place, (a, k, q) in root_entries(family, two_j, form, index).items():
        matrix[place] = Rational(a.numerator, a.denominator) * I**k * _root(q)
    return matrix


@lru_cache(maxsize=256)
def domain_differential(family: str, two_j: int, form: str, index: int) -> DomainMatrix:
    """The same over its number field."""
    return to_domain_matrix(exact_differential(family, two_j, form, index))


def float_differential(family: str, two_j: int, form: str, index: int) -> Array:
    """The same in floats, every entry the nearest."""
    size = len(powers.lengths(two_j, form))
    matrix = np.zeros((size, size), dtype=complex)
    for place, (a, k, q) in root_entries(family, two_j, form, index).items():
        matrix[place] = rounded_root(a, q) * (1, 1j)[k]
    return matrix if form == "complex" and two_j else matrix.real


def unitary_image(V: SpinIrrep, g: Element) -> Image:
    """See `SpinIrrep.exact_image`."""
    R = as_exact(rational_image(V, g))
    squares = powers.lengths(V.two_j, V.form)
    ratios = {squares[i] / squares[j] for i, row in from_domain_matrix_rows(R).items() for j in row}
    roots = {q: _root(q) for q in ratios}
    K = None
    if 2 ** _rank(ratios) <= EXACT_DEGREE:
        L = _domain_or_none(list(roots.values()))
        K = None if L is None or degree(L) > EXACT_DEGREE else common_domain(R.domain, L)
    if K is None:
        raise GroupRepError(
            f"g: the exact value of {V} there needs a number field of a degree beyond {EXACT_DEGREE}; "
            "V.rational() gives R, S with V(g) = S R(g) S^-1 and R exact"
        )
    values = {
        i: {j: x * element(roots[squares[i] / squares[j]], K) for j, x in row.items()}
        for i, row in from_domain_matrix_rows(convert_matrix(R, K)).items()
    }
    return as_image(sparse_matrix(values, R.shape, K))


def _domain_or_none(numbers: list[Expr]) -> Domain | None:
    try:
        return domain_of(numbers)
    except TooLarge:
        return None
