"""Pulling a representation back along a homomorphism: restriction to subgroups, factors of products, coverings."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.groups.cartan import combination
from grouprep.groups.homomorphism import Homomorphism
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.sparse import sparse_matrix, zero_exact
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Matrix

    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["Pullback"]


class Pullback(Representation):
    """g -> V(f(g)) for a homomorphism f from another group into that of V."""

    def __init__(self, f: Homomorphism, V: Representation) -> None:
        self.f, self.V = f, V

    @property
    def group(self) -> Group:
        return self.f.source

    @property
    def dim(self) -> int:
        return self.V.dim

    def image(self, generator: Generator) -> Image:
        if generator.kind == "element":
            return self._element_image(generator)
        found = self.f.algebra_image(generator)
        if found is None:
            return zero_exact(self.dim)
        if isinstance(found, Generator):
            return self.V.image(found)
        values = [self.V.image(a) for a in self.V.group.generator_names if a.kind == "algebra"]
        if all(map(is_exact, values)):
            return combination([as_exact(m) for m in values], *found)
        coefficients, domain = found  # large spins in their unitary basis have float images
        row = as_float(sparse_matrix({0: {k: c for k, c in enumerate(coefficients) if c}}, (1, len(values)), domain))[0]
        total: Array = np.tensordot(row, np.array([as_float(m) for m in values]), 1)
        return total

    def _element_image(self, generator: Generator) -> Image:
        if self.f.factor is not None:
            here = self.f.factor == generator.path[0]
            return self.V.image(generator.outside()) if here else Monomial.identity(self.dim)
        element = self.f.generator_image(generator)
        try:
            return self.V.exact_image(element)
        except GroupRepError:  # V has no exact value there, such as large spins in their unitary basis
            if self.V.group.is_finite or self.V.group.is_product:
                raise
            return self.V.evaluate(as_float(element))

    def evaluate(self, g: Element) -> Array:
        return self.V.evaluate(self.f(g))

    def exact_image(self, g: Element) -> Image:
        return self.V.exact_image(self.f.exact(g))

    def exact(self, g: Element) -> Matrix:
        return self.V.exact(self.f.exact(self.group.read_element(g)))

    def _form(self) -> Image | None:
        return self.V.gram if self.V.gram is not None else super()._form()

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.V.rational()
        return (self, S) if R is self.V else (Pullback(self.f, R), S)

    def rational_squares(self) -> tuple[Fraction, ...] | None:
        return self.V.rational_squares()

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.pulled_back(self, k)

    def _key(self) -> tuple[object, ...]:
        return self.f, self.V

    def __str__(self) -> str:
        return f"res({self.V})" if self.f.factor is None else f"factor({self.f.factor}, {self.V})"
