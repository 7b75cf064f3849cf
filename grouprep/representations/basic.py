"""The representations that come with a group: trivial, natural, regular, defining."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.matrix_groups import MatrixAction, PolygonAction
from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.sparse import zero_exact
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Floats, Integers

if TYPE_CHECKING:
    from grouprep.characters import ClassPoint, ClassValue

__all__ = [
    "Basic",
    "LieDefiningRepresentation",
    "MatrixGroupRepresentation",
    "NaturalRepresentation",
    "RegularRepresentation",
    "TrivialRepresentation",
]


def permutation_matrices(target: Integers) -> Floats:
    """The matrices P with P[target[j], j] = 1, (..., n) -> (..., n, n)."""
    matrices: Floats = (np.arange(target.shape[-1])[:, None] == target[..., None, :]).astype(float)
    return matrices


class Basic(Representation):
    """A representation of a group that is not made from others."""

    name: str

    def __init__(self, group: Group) -> None:
        self._group = group

    @property
    def group(self) -> Group:
        return self._group

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return ()

    def __str__(self) -> str:
        return self.name


class TrivialRepresentation(Basic):
    """The trivial representation, of dimension 1."""

    name = "trivial"

    @property
    def dim(self) -> int:
        return 1

    def image(self, generator: Generator) -> Image:
        return Monomial.identity(1) if generator.kind == "element" else zero_exact(1)

    def evaluate(self, g: Element) -> Array:
        return np.ones((*self._group.batch_shape(g), 1, 1))

    def exact_image(self, g: Element) -> Image:
        return Monomial.identity(1)

    def _form(self) -> Image | None:
        return Monomial.identity(1)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return 1


class FiniteBasic(Basic):
    """A representation of a finite group that knows its exact value at every element."""

    _group: FiniteGroup

    @property
    def group(self) -> FiniteGroup:
        return self._group

    def image(self, generator: Generator) -> Image:
        return self.exact_image(self._group.generator_element(generator))


class PermutationBasic(FiniteBasic):
    """A representation that permutes basis vectors; a subclass says how."""

    @abstractmethod
    def permuted(self, g: Integers) -> Integers:
        """Where each basis vector goes, (..., dim)."""

    def exact_image(self, g: Element) -> Image:
        return Monomial(self.permuted(self._group.check_element(g)))

    def evaluate(self, g: Element) -> Array:
        target = self.permuted(g)
        return permutation_matrices(target)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)


class NaturalRepresentation(PermutationBasic):
    """The permutation matrices of the points of a finite group, P(g)[g(j), j] = 1."""

    name = "natural"

    @property
    def dim(self) -> int:
        return self._group.degree

    def permuted(self, g: Integers) -> Integers:
        return g


class RegularRepresentation(PermutationBasic):
    """The group acting on the listing of its elements by left multiplication, g e_x = e_{g x}."""

    name = "regular"

    def __init__(self, group: FiniteGroup) -> None:
        super().__init__(group)
        _ = group.elements  # raises TooLarge now rather than at the first use

    @property
    def dim(self) -> int:
        return self._group.order

    def permuted(self, g: Integers) -> Integers:
        products = g[..., None, :][..., 0, :][..., self._group.elements]
        return self._group.index(products)

    def image(self, generator: Generator) -> Image:
        return Monomial(self._group.left_multiplication[self._group.generator_names.index(generator)])


class MatrixGroupRepresentation(FiniteBasic):
    """The exact matrices that a finite group was given by."""

    name = "defining"

    @property
    def _action(self) -> MatrixAction | PolygonAction:
        assert self._group.matrices is not None
        return self._group.matrices

    @property
    def dim(self) -> int:
        return self._action.dim

    def image(self, generator: Generator) -> Image:
        return self._action.images[self._group.generator_names.index(generator)]

    def exact_image(self, g: Element) -> Image:
        g = self._group.check_element(g)
        if not self._group.contains(g):
            raise GroupRepError(f"the permutation {g.tolist()!r:.60} does not lie in {self._group}")
        exact = self._action.exact(g)
        return Monomial.from_domain_matrix(exact) or exact

    def evaluate(self, g: Element) -> Array:
        return self._round_exact(g)


class LieDefiningRepresentation(Basic):
    """The matrices of a Lie group themselves."""

    name = "defining"

    _group: LieGroup

    @property
    def dim(self) -> int:
        return self._group.n

    def image(self, generator: Generator) -> Image:
        return (self._group.algebra if generator.kind == "algebra" else self._group.components)[generator.index]

    def evaluate(self, g: Element) -> Array:
        return np.asarray(g)

    def exact_image(self, g: Element) -> Image:
        image = self._group.read_element(g)
        as_exact(image)  # raises for floats
        return image
