"""The representations that come with a group: trivial, natural, regular, defining."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg.matrices import size
from grouprep.representations.base import Representation

__all__ = [
    "LieDefiningRepresentation",
    "MatrixGroupRepresentation",
    "NaturalRepresentation",
    "RegularRepresentation",
    "TrivialRepresentation",
]


def permutation_matrices(target: NDArray[Any]) -> NDArray[Any]:
    """The matrices P with P[target[j], j] = 1, (..., n) -> (..., n, n)."""
    matrices: NDArray[Any] = (np.arange(target.shape[-1])[:, None] == target[..., None, :]).astype(float)
    return matrices


class _Basic(Representation):
    """A representation that is not made from others."""

    name: str

    def _trace(self, point: Any, k: int) -> Any:
        return point.leaf(self, k)

    def _key(self) -> tuple[Any, ...]:
        return ()

    def __str__(self) -> str:
        return self.name


class TrivialRepresentation(_Basic):
    """The trivial representation, of dimension 1."""

    name = "trivial"

    def __init__(self, group: Group) -> None:
        self._group = group

    @property
    def group(self) -> Group:
        return self._group

    @property
    def dim(self) -> int:
        return 1

    def image(self, generator: Generator) -> Image:
        from grouprep.representations.composite import zero_like

        return Monomial.identity(1) if generator.kind == "element" else zero_like(1)

    def _evaluate(self, g: Any) -> NDArray[Any]:
        while isinstance(g, tuple):
            g = g[0]
        batch = g.shape[:-1] if isinstance(self._group.factors[0], FiniteGroup) else g.shape[:-2]
        return np.ones((*batch, 1, 1))

    def exact_image(self, g: Any) -> Image:
        return Monomial.identity(1)

    def _form(self) -> Image | None:
        return Monomial.identity(1)

    def _trace(self, point: Any, k: int) -> Any:
        return 1


class _FiniteBasic(_Basic):
    """A leaf over a finite group that knows its exact value at every element."""

    def __init__(self, group: FiniteGroup) -> None:
        self._group = group

    @property
    def group(self) -> FiniteGroup:
        return self._group

    def image(self, generator: Generator) -> Image:
        return self.exact_image(self._group.generators[self._group.generator_names.index(generator)])


class _PermutationBasic(_FiniteBasic):
    """A leaf that permutes basis vectors; a subclass says how."""

    @abstractmethod
    def permuted(self, g: NDArray[Any]) -> NDArray[Any]:
        """Where each basis vector goes, (..., dim)."""

    def exact_image(self, g: Any) -> Image:
        return Monomial(self.permuted(self._group.check_element(g)))

    def _evaluate(self, g: Any) -> NDArray[Any]:
        target = self.permuted(g)
        return permutation_matrices(target)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)


class NaturalRepresentation(_PermutationBasic):
    """The permutation matrices of the points of a finite group, P(g)[g(j), j] = 1."""

    name = "natural"

    @property
    def dim(self) -> int:
        return self._group.degree

    def permuted(self, g: NDArray[Any]) -> NDArray[Any]:
        return g


class RegularRepresentation(_PermutationBasic):
    """The group acting on the listing of its elements by left multiplication, g e_x = e_{g x}."""

    name = "regular"

    def __init__(self, group: FiniteGroup) -> None:
        super().__init__(group)
        _ = group.elements  # raises TooLarge now rather than at the first use

    @property
    def dim(self) -> int:
        return self._group.order

    def permuted(self, g: NDArray[Any]) -> NDArray[Any]:
        products = g[..., None, :][..., 0, :][..., self._group.elements]
        return self._group.index(products)

    def image(self, generator: Generator) -> Image:
        return Monomial(self._group.left_multiplication[self._group.generator_names.index(generator)])


class MatrixGroupRepresentation(_FiniteBasic):
    """The exact matrices that a finite group was given by."""

    name = "defining"

    @property
    def _action(self) -> Any:
        return self._group.matrices

    @property
    def dim(self) -> int:
        return int(self._action.dim)

    def image(self, generator: Generator) -> Image:
        image: Image = self._action.images[self._group.generator_names.index(generator)]
        return image

    def exact_image(self, g: Any) -> Image:
        g = self._group.check_element(g)
        if not self._group.contains(g):
            raise GroupRepError(f"the permutation {g.tolist()!r:.60} does not lie in {self._group}")
        exact = self._action.exact(g)
        return Monomial.from_domain_matrix(exact) or exact

    def _evaluate(self, g: Any) -> NDArray[Any]:
        return self._round_exact(g)

    def _form(self) -> Image | None:
        from grouprep.representations.forms import find_invariant_form

        return find_invariant_form(self)


class LieDefiningRepresentation(_Basic):
    """The matrices of a Lie group themselves."""

    name = "defining"

    def __init__(self, group: LieGroup) -> None:
        self._group = group

    @property
    def group(self) -> LieGroup:
        return self._group

    @property
    def dim(self) -> int:
        return self._group.n

    def image(self, generator: Generator) -> Image:
        return (self._group.algebra if generator.kind == "algebra" else self._group.components)[generator.index]

    def _evaluate(self, g: Any) -> NDArray[Any]:
        return np.asarray(g)

    def exact_image(self, g: Any) -> Image:
        image = as_image(g, "g")
        as_exact(image)
        if size(image) != self.dim:
            raise DimensionMismatch(
                f"g is {size(image)} x {size(image)}; elements of {self._group} are {self.dim} x {self.dim}"
            )
        return image

    @cached_property
    def _invariant(self) -> Image | None:
        from grouprep.representations.forms import find_invariant_form

        return find_invariant_form(self)

    def _form(self) -> Image | None:
        return self._invariant
