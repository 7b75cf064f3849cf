"""What every group offers: generators by name, elements, products, and its first representations."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from grouprep.errors import UnsupportedGroup
from grouprep.linalg.pickling import Picklable

if TYPE_CHECKING:
    from grouprep.irreps import Irrep
    from grouprep.representations import Representation

__all__ = ["Generator", "Group"]


@dataclass(frozen=True)
class Generator:
    """One generator of a group, as a name: a representation is given by one matrix for each generator.

    label : its name, which does not distinguish generators: groups are equal whatever their generators are called.
    kind : "element" for a group element, "algebra" for an element of the Lie algebra.
    index : its place among the generators of that kind in its own group.
    path : for direct products, the factor it comes from.
    """

    label: str = field(compare=False)
    kind: Literal["element", "algebra"]
    index: int
    path: tuple[int, ...] = ()

    def inside(self, factor: int) -> Generator:
        """The same generator, seen from a product in which its group is the given factor."""
        return replace(self, path=(factor, *self.path))

    def outside(self) -> Generator:
        """The same generator, seen from the factor it comes from."""
        return replace(self, path=self.path[1:])

    def __str__(self) -> str:
        return self.label + "".join(f"@{i}" for i in self.path)


class Group(Picklable, ABC):
    """A group given by generators; abstract, with `FiniteGroup`, `LieGroup` and `ProductGroup` below it.

    A subclass gives: name, generator_names, order, is_compact, identity, multiply, inverse, sample, _key, defining, to_dict.
    Elements are numpy arrays (permutations for finite groups, matrices for Lie groups), leading axes are batch; elements
    of a mixed product are tuples of them.
    """

    name: str

    @property
    @abstractmethod
    def generator_names(self) -> tuple[Generator, ...]:
        """The generators by name, one matrix of a representation for each; what holds for them holds for the group."""

    @property
    def letters(self) -> tuple[Generator, ...]:
        """The former name of `generator_names`."""
        return self.generator_names

    @property
    @abstractmethod
    def order(self) -> float:
        """The number of elements: an int, or math.inf."""

    @property
    @abstractmethod
    def is_compact(self) -> bool:
        """Whether the group has a Haar probability measure; true of every finite group."""

    @abstractmethod
    def identity(self) -> Any:
        """The neutral element."""

    @abstractmethod
    def multiply(self, g: Any, h: Any) -> Any:
        """The product g h, which acts as h first: (g h)(x) = g(h(x)); leading axes are batch."""

    @abstractmethod
    def inverse(self, g: Any) -> Any:
        """The inverse element; leading axes are batch."""

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> Any:
        """n independent elements from Haar probability measure, stacked along a leading axis."""

    @abstractmethod
    def _key(self) -> tuple[Any, ...]:
        """What makes the group equal to another one."""

    @abstractmethod
    def defining(self) -> Representation:
        """The representation that defines the group."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The group as plain data (JSON, TOML), read back by `grouprep.groups.files.group_from_dict`."""

    @property
    def is_finite(self) -> bool:
        """Whether the order is finite."""
        return self.order != math.inf

    @property
    def factors(self) -> tuple[Group, ...]:
        """The factors of a direct product; the group alone where it is none."""
        return (self,)

    @property
    def torsion(self) -> tuple[Any, ...]:
        """Exact elements that follow from the algebra generators and help solvers (see `LieGroup.torsion`); none by default."""
        return ()

    @property
    def essential_generators(self) -> tuple[Generator, ...]:
        """Generators that imply all others where the elements in `torsion` are respected; all of them by default."""
        return self.generator_names

    def exact_identity(self) -> Any:
        """The neutral element in the form that `Representation.exact_image` takes."""
        return self.identity()

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Group):
            return NotImplemented
        return self is other or (
            self._hash == other._hash and type(self) is type(other) and self._key() == other._key()
        )

    def __hash__(self) -> int:
        return self._hash

    def __mul__(self, other: Group) -> Group:
        """The direct product; factors of factors are flattened."""
        if not isinstance(other, Group):
            return NotImplemented
        from grouprep.groups.product import direct_product

        return direct_product([*self.factors, *other.factors])

    def __str__(self) -> str:
        return self.name

    def _repr_latex_(self) -> str:
        return rf"$\mathrm{{{self.name}}}$".replace("*", r"\times ")

    # The first representations; they live a layer above and are imported when called.

    def trivial(self) -> Representation:
        """The trivial representation, of dimension 1."""
        from grouprep.representations.basic import TrivialRepresentation

        return TrivialRepresentation(self)

    def regular(self) -> Representation:
        """The regular representation of a finite group, permuting its elements by left multiplication."""
        raise UnsupportedGroup(
            f"{self} is infinite and has no finite-dimensional regular representation; use defining()"
        )

    def natural(self) -> Representation:
        """The permutation representation on the points that a finite group acts on."""
        raise UnsupportedGroup(f"{self} is not given by permutations; use defining()")

    def grid(self, shape: Sequence[int]) -> Representation:
        """The permutation of the pixels of a grid by the group acting on the plane (or on space) about its centre.

        Parameters
        ----------
        shape : the grid, for the plane (height, width); pixel (row, column) is entry row * width + column, the plane's
            x axis runs to the right and its y axis up. For other dimensions d: d sizes, axis k of the array is x_k.

        Raises
        ------
        UnsupportedGroup
            If the group has no matrices of that size, is infinite, or moves the grid off itself.
        """
        from grouprep.representations.grid import grid_representation

        return grid_representation(self, shape)

    def irreps(self, field: str = "real", up_to: int | None = None) -> list[Irrep]:
        """The irreducible representations in canonical order, unitary, with `label`, `type`, `indicator` and `commutant`.

        Parameters
        ----------
        field : "real" or "complex": what they are irreducible over.
        up_to : for infinite groups, the largest frequency (SO(2), O(2), U(1)), l (SO(3), O(3)) or spin (SU(2)).

        Raises
        ------
        UnsupportedGroup
            If the irreps of the group are not known.
        GroupRepError
            If up_to is missing for an infinite group.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> [V.label for V in Dihedral(4).irreps()]
        ['A1', 'A2', 'B1', 'B2', 'E1']
        """
        from grouprep.irreps.catalogue import irreps

        return irreps(self, field, up_to)

    def irrep(self, label: Any, field: str = "real") -> Irrep:
        """The irreducible representation with a label, such as "E1" (dihedral groups), 2 (SO(3)), "1o" (O(3)), "1/2" (SU(2)).

        Raises
        ------
        UnsupportedGroup
            If the irreps of the group are not known.
        GroupRepError
            If there is no such label; those that exist are listed.
        """
        from grouprep.irreps.catalogue import irrep

        return irrep(self, label, field)

    def pullback(self, factor: int, V: Representation) -> Representation:
        """The representation of a factor, as one of the product: (g_0, g_1, ...) acts as V(g_factor).

        Raises
        ------
        DimensionMismatch
            If there is no such factor, or V is a representation of another group.

        Examples
        --------
        >>> from grouprep import Cyclic, Dihedral
        >>> G = Dihedral(4) * Cyclic(2)
        >>> G.pullback(0, Dihedral(4).defining()).dim
        2
        """
        from grouprep.groups.homomorphism import Homomorphism

        return V.restrict(Homomorphism.projection(self, factor))
