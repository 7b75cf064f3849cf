"""The exact form of a spun irrep as a representation, and its realification over a real field."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue, FinitePoint
from grouprep.groups.base import Generator
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.finite_images import rounded
from grouprep.irreps.finite.spun import Spun
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.fields import (
    conductor,
    conjugate,
    conjugate_number,
    convert_matrix,
    convert_number,
    cyclotomic_field,
    degree,
    element,
    smallest_domain,
    zeta,
)
from grouprep.linalg.sparse import matmul_exact, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["ExactForm", "Realified"]


class ExactForm(Representation):
    """An irrep over the smallest field known, in a basis of translates of one vector; `gram` is their Gram matrix.

    spun : the irrep.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> from grouprep.irreps.finite import GeneralFamily
    >>> G = FiniteGroup.from_permutations(["(1 2 3 4 5 6 7)", "(1 2)(3 6)"], name="PSL(2,7)")
    >>> R, S = GeneralFamily(G).irrep("X2", "complex").rational()
    >>> R.domain, R.gram.shape
    (QQ<sqrtm7>, (3, 3))
    """

    def __init__(self, spun: Spun) -> None:
        self.spun = spun

    @property
    def group(self) -> FiniteGroup:
        return self.spun.E.group

    @property
    def dim(self) -> int:
        return self.spun.dim

    @cached_property
    def _at_generators(self) -> dict[Generator, Image]:
        G = self.group
        numbers = self.spun.E.number(np.array(G.generators))
        found = self.spun.exact(sorted(set(numbers.tolist())))
        values = dict(zip(sorted(set(numbers.tolist())), map(_special, found), strict=True))
        return {a: values[int(g)] for a, g in zip(G.generator_names, numbers, strict=True)}

    def image(self, generator: Generator) -> Image:
        return self._at_generators[generator]

    @cached_property
    def _inverse(self) -> DomainMatrix:
        return self.spun.form.to_field().to_dense().inv().to_sparse()

    def exact_image(self, g: Element) -> Image:
        number = int(self.spun.E.number(self.group.check_element(g)))
        return _special(matmul_exact(self._inverse, self.spun.coefficients(number)))

    def evaluate(self, g: Element) -> Array:
        values = rounded(self.exact_image, np.asarray(g), self.dim)
        return values.real if self.field == "real" else values

    def _form(self) -> Image:
        return _special(self.spun.form)

    @cached_property
    def gram(self) -> Image:
        """The Gram matrix of the basis, positive definite."""
        return self._form()

    @property
    def invariant_form(self) -> Image:
        """The Gram matrix of the basis."""
        return self.gram

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        assert isinstance(point, FinitePoint)
        return self.spun.character(self.spun.E.number(point.power(k)))

    def _key(self) -> tuple[object, ...]:
        return (self.spun.k,)

    def __str__(self) -> str:
        return f"rational(X{self.spun.k + 1})"


def _special(matrix: DomainMatrix) -> Image:
    return Monomial.from_domain_matrix(matrix) or matrix


class Realified(Representation):
    """The realification of an exact form over its real subfield L+, L = L+ + w L+, on vectors x + w y as (x, y).

    A = B + w C with B, C over L+ becomes [[B, -w conj(w) C], [C, B + (w + conj(w)) C]].

    R : over a field L that is not real.
    """

    def __init__(self, R: ExactForm) -> None:
        self.R = R
        assert R.domain is not None
        self.split = _Subfield(R.spun.field, R.spun.generators)

    @property
    def group(self) -> FiniteGroup:
        return self.R.group

    @property
    def dim(self) -> int:
        return 2 * self.R.dim

    def image(self, generator: Generator) -> Image:
        return _special(self.split.realified(as_exact(self.R.image(generator))))

    def exact_image(self, g: Element) -> Image:
        return _special(self.split.realified(as_exact(self.R.exact_image(g))))

    def evaluate(self, g: Element) -> Array:
        return rounded(self.exact_image, np.asarray(g), self.dim)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        value = self.R.character_at(point, k)
        return value + value.conjugate()

    def _form(self) -> Image:
        return _special(self.split.form(as_exact(self.R.gram)))

    @cached_property
    def gram(self) -> Image:
        """The real part of the form that R leaves invariant, on the vectors x + w y; positive definite."""
        return self._form()

    @property
    def invariant_form(self) -> Image:
        """The real part of the form that R leaves invariant."""
        return self.gram

    def _key(self) -> tuple[object, ...]:
        return (self.R,)

    def __str__(self) -> str:
        return f"real({self.R})"


class _Subfield:
    """A number w, such as exp(2 pi i/3), with which complex numbers of a field are b + w c for b, c in its real subfield.

    L : a complex listed field; numbers : elements of it, the field that they generate is taken over its real subfield.
    """

    def __init__(self, L: Domain, numbers: tuple[Scalar, ...]) -> None:
        self.field = L
        found = [(w, *_over_real(w, numbers, L)) for w in _candidates(L)]
        self.w, self.real, trace, norm = min(found, key=lambda one: degree(one[1]))
        self.trace, self.norm = convert_number(trace, L, self.real), convert_number(norm, L, self.real)
        self.value = complex(as_float(sparse_matrix({0: {0: self.w}}, (1, 1), L))[0, 0])

    def realified(self, A: DomainMatrix) -> DomainMatrix:
        """The matrix on vectors x + w y of a matrix over the field."""
        A = convert_matrix(A, self.field)
        C = (A - conjugate(A)) * (self.field.one / (self.w - conjugate_number(self.w, self.field)))
        B, C = convert_matrix(A - C * self.w, self.real), convert_matrix(C, self.real)
        return B.hstack(C * (-self.norm)).vstack(C.hstack(B + C * self.trace))

    def form(self, H: DomainMatrix) -> DomainMatrix:
        """Re (x + w y)* H (x' + w y')."""
        w, bar, half = self.w, conjugate_number(self.w, self.field), self.field.one / 2
        H = convert_matrix(H, self.field)
        parts = [[(M + conjugate(M)) * half for M in row] for row in ((H, H * w), (H * bar, H * (w * bar)))]
        whole = parts[0][0].hstack(parts[0][1]).vstack(parts[1][0].hstack(parts[1][1]))
        return convert_matrix(whole, self.real)


def _candidates(L: Domain) -> list[Scalar]:
    """Roots of unity and square roots of negative integers in L, the simple ones first."""
    if degree(L) == 2:
        return [L.unit]
    n = conductor(L)
    roots = [element(f"sqrt(-{d})", L) for d in range(2, n + 1) if _divides(d, n)]
    return [zeta(n, n // m) for m in range(3, n + 1) if n % m == 0] + roots


def _divides(d: int, n: int) -> bool:
    """Whether -d is squarefree and Q(sqrt(-d)) lies in Q(exp(2 pi i/n))."""
    return all(d % (q * q) for q in range(2, d)) and n % (d if d % 4 == 3 else 4 * d) == 0


def _over_real(w: Scalar, numbers: tuple[Scalar, ...], L: Domain) -> tuple[Domain, Scalar, Scalar]:
    """The smallest listed field with b and c for all numbers b + w c, and with w + conj(w) and w conj(w), and these two."""
    bar = conjugate_number(w, L)
    gap = w - bar
    parts = [w + bar, w * bar]
    for x in numbers:
        c = (x - conjugate_number(x, L)) / gap
        parts += [c, x - c * w]
    M = cyclotomic_field(conductor(L))
    return smallest_domain(tuple(convert_number(x, L, M) for x in parts), M), parts[0], parts[1]
