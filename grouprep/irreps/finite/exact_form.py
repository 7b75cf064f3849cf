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
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.fields import (
    conductor,
    conjugate,
    conjugate_number,
    convert_matrix,
    convert_number,
    cosine,
    degree,
    real_cyclotomic_field,
    zeta,
)
from grouprep.linalg.sparse import matmul_exact
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

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
        self.split = _Subfield(R.spun.field)

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
    """A complex listed field L over its real subfield: w, w + conj(w) and w conj(w)."""

    def __init__(self, L: Domain) -> None:
        from sympy import QQ

        self.field = L
        if degree(L) == 2:
            self.real, self.w = QQ, L.unit
            self.trace = convert_number(self.w + conjugate_number(self.w, L), L, QQ)
            self.norm = convert_number(self.w * conjugate_number(self.w, L), L, QQ)
            self.value = complex(self.trace / 2) + 1j * float(self.norm - self.trace**2 / 4) ** 0.5
        else:
            n = conductor(L)
            self.real, self.w = real_cyclotomic_field(n), zeta(n)
            self.trace, self.norm, self.value = cosine(n), self.real.one, np.exp(2j * np.pi / n)

    def parts(self, A: DomainMatrix) -> tuple[DomainMatrix, DomainMatrix]:
        """B, C over the real subfield with A = B + w C."""
        A = convert_matrix(A, self.field)
        bar = conjugate(A)
        gap = self.w - conjugate_number(self.w, self.field)
        C = (A - bar) * (self.field.one / gap)
        return convert_matrix(A - C * self.w, self.real), convert_matrix(C, self.real)

    def realified(self, A: DomainMatrix) -> DomainMatrix:
        B, C = self.parts(A)
        top, bottom = B.hstack(C * (-self.norm)), C.hstack(B + C * self.trace)
        return top.vstack(bottom)

    def form(self, H: DomainMatrix) -> DomainMatrix:
        """Re (x + w y)* H (x' + w y')."""
        w, bar = self.w, conjugate_number(self.w, self.field)
        H = convert_matrix(H, self.field)
        half = self.field.one / 2
        real = lambda M: (M + conjugate(M)) * half  # noqa: E731
        blocks = [[real(H), real(H * w)], [real(H * bar), real(H * (w * bar))]]
        whole = blocks[0][0].hstack(blocks[0][1]).vstack(blocks[1][0].hstack(blocks[1][1]))
        return convert_matrix(whole, self.real)
