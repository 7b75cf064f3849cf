"""Pulling a representation back along a homomorphism: restriction to subgroups, factors of products, coverings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.matrices import is_exact
from grouprep.representations.base import Representation

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
            from grouprep.representations.composite import zero_like

            return zero_like(self.dim)
        if isinstance(found, Generator):
            return self.V.image(found)
        from grouprep.groups.cartan import combination
        from grouprep.linalg.sparse import sparse_matrix

        values = [self.V.image(a) for a in self.V.group.generator_names if a.kind == "algebra"]
        if all(map(is_exact, values)):
            return combination([as_exact(m) for m in values], *found)
        coefficients, domain = found  # large spins in their unitary basis have float images
        row = as_float(sparse_matrix({0: {k: c for k, c in enumerate(coefficients) if c}}, (1, len(values)), domain))[0]
        total: NDArray[Any] = np.tensordot(row, np.array([as_float(m) for m in values]), 1)
        return total

    def _element_image(self, generator: Generator) -> Image:
        if generator.path:
            factor = generator.path[0]
            if self.f._key == ("projection", factor):
                return self.V.image(generator.outside())
            if self.f._key[0] == "projection":
                return Monomial.identity(self.dim)
        source = self.f.source
        if isinstance(source, FiniteGroup):
            return self._image_at(self.f.exact(source.generators[source.generator_names.index(generator)]))
        if isinstance(source, LieGroup):
            return self._image_at(self.f.exact(source.components[generator.index]))
        return self._image_at(self.f.generator_image(generator))

    def _image_at(self, element: Any) -> Image:
        """V at an element, in floats where V has no exact value there, such as large spins in their unitary basis."""
        try:
            return self.V.exact_image(element)
        except GroupRepError:
            if not isinstance(self.V.group, LieGroup):
                raise
            return self.V._evaluate(as_float(element))

    def _evaluate(self, g: Any) -> NDArray[Any]:
        return self.V._evaluate(self.f(g))

    def exact_image(self, g: Any) -> Image:
        return self.V.exact_image(self.f.exact(g))

    def _form(self) -> Image | None:
        if self.V.gram is not None:
            return self.V.gram
        from grouprep.representations.forms import find_invariant_form

        return find_invariant_form(self)

    def rational(self) -> tuple[Representation, NDArray[Any]]:
        R, S = self.V.rational()
        return (self, S) if R is self.V else (Pullback(self.f, R), S)

    def _trace(self, point: Any, k: int) -> Any:
        return point.pulled_back(self, k)

    def _key(self) -> tuple[Any, ...]:
        return self.f, self.V

    def __str__(self) -> str:
        if self.f._key[0] == "projection":
            return f"factor({self.f._key[1]}, {self.V})"
        return f"res({self.V})"
