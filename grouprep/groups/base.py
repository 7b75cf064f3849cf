"""What every group offers: generators by name, elements, products, and its first representations."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup, printable, shown
from grouprep.groups.cards import group_card
from grouprep.linalg.pickling import Value
from grouprep.typing import Array, Element, Floats, Integers

if TYPE_CHECKING:
    from grouprep.character_tables.table import CharacterTable
    from grouprep.groups.cartan import CartanComponent
    from grouprep.groups.extension import Extension
    from grouprep.irreps import Irrep
    from grouprep.irreps.kernels import Kernel
    from grouprep.linalg import Image
    from grouprep.representations import Representation

__all__ = ["Generator", "Group", "Word", "as_list"]

T = TypeVar("T")

Word: TypeAlias = tuple[tuple[int, int], ...]
"""A product of generators and their inverses: (number of the generator, exponent 1 or -1), the first factor first."""


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


def as_list(given: object, what: str, axes: int) -> tuple[list[str] | None, list[object]]:
    """The names of the entries of a mapping (None for a list), and the entries.

    Parameters
    ----------
    given : what a constructor takes for its generators; what : the name of the argument.
    axes : 1 for permutations, 2 for matrices.

    Raises
    ------
    GroupRepError
        If it is neither a list nor a mapping, or a single generator.
    """
    if isinstance(given, Mapping):
        return [str(name) for name in given], list(given.values())
    entry, entries = ("permutation", "permutations") if axes == 1 else ("matrix", "matrices")
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise GroupRepError(f"{what} must be a list of {entries}, got {shown(given)}")
    first, depth = given, 0
    while isinstance(first, Sequence) and first and not isinstance(first, str):
        first, depth = first[0], depth + 1
    depth += len(getattr(first, "shape", ()))
    if depth == axes and (axes == 2 or isinstance(first, Integral | np.ndarray)):
        raise GroupRepError(f"{what} is a single {entry}; put it into a list, [{what}]")
    return None, list(given)


class Group(Value):
    """A group given by generators; abstract, with `FiniteGroup`, `LieGroup` and `ProductGroup` below it.

    A subclass gives: name, generator_names, order, is_compact, identity, multiply, inverse, check_element, batch_shape,
    generator_element, exp, sample, prove_homomorphism, extend, key, defining, to_dict.
    Elements are numpy arrays (permutations for finite groups, matrices for Lie groups), leading axes are batch; elements
    of a mixed product are tuples of them.
    """

    name: str

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if cls is Group:
            raise GroupRepError(
                'Group is abstract: groups are made by load_group("D4"), by families such as Dihedral(4), by FiniteGroup.from_... and '
                "LieGroup.from_algebra"
            )
        return super().__new__(cls)

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

    # Elements

    @abstractmethod
    def identity(self) -> Element:
        """The neutral element."""

    @abstractmethod
    def multiply(self, g: Element, h: Element) -> Element:
        """The product g h, which acts as h first: (g h)(x) = g(h(x)); leading axes are batch."""

    @abstractmethod
    def inverse(self, g: Element) -> Element:
        """The inverse element; leading axes are batch."""

    def conjugate(self, g: Element, by: Element) -> Element:
        """The conjugate h g h^-1 of g by h = `by`; leading axes are batch."""
        return self.multiply(self.multiply(by, g), self.inverse(by))

    @abstractmethod
    def check_element(self, g: object) -> Element:
        """g as an element of the group's kind, leading axes batch; membership is not checked.

        Raises
        ------
        DimensionMismatch
            If g has another form or shape; the message says what an element looks like.
        """

    def read_element(self, g: object, name: str = "g") -> Element:
        """One element from what users write, in the form that `Representation.exact_image` takes; membership is not checked.

        Parameters
        ----------
        g : the element; name : how a message calls it.

        Raises
        ------
        GroupRepError
            If it is none, or several; the message names it.
        """
        return self.check_element(g)

    @abstractmethod
    def batch_shape(self, g: Element) -> tuple[int, ...]:
        """The leading axes of elements that are checked."""

    @abstractmethod
    def generator_element(self, generator: Generator) -> Element:
        """The element that a generator of kind "element" stands for, exact, as `Representation.exact_image` takes it."""

    @abstractmethod
    def exp(self, coefficients: ArrayLike) -> Element:
        """exp(c_1 A_1 + c_2 A_2 + ...) for the algebra generators A_k, in floats; leading axes of the coefficients are batch."""

    def checked_coefficients(self, coefficients: ArrayLike) -> Floats:
        """Numbers (..., count), one for each generator of the Lie algebra; DimensionMismatch otherwise."""
        count = sum(a.kind == "algebra" for a in self.generator_names)
        try:
            array = np.asarray(coefficients)
        except ValueError:
            array = np.zeros(())
        if array.dtype.kind not in "biuf" or array.shape[-1:] != (count,):
            raise DimensionMismatch(
                f"coefficients must be real numbers (..., {count}), one for each generator of the Lie algebra of {self}, got "
                f"{shown(coefficients)}"
            )
        return array

    def algebra_coefficients(self, X: Array) -> Floats:
        """The coefficients in the algebra's generators of an element of the Lie algebra, a matrix of a group of matrices.

        Raises
        ------
        DimensionMismatch
            If X is not in the span of the generators.
        """
        raise DimensionMismatch(f"X has shape {X.shape}; give coefficients in the generators of the algebra of {self}")

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> Element:
        """n independent elements from Haar probability measure, stacked along a leading axis."""

    def check_sample(self, n: object, rng: object) -> None:
        """Raise GroupRepError unless n is a number of elements, and rng draws."""
        if isinstance(n, bool) or not isinstance(n, Integral) or int(n) < 0:
            raise GroupRepError(f"sample(n, rng) needs an integer n >= 0, got n = {shown(n)}")
        if not isinstance(rng, np.random.Generator):
            raise GroupRepError(f"sample(n, rng) needs rng = numpy.random.default_rng(seed), got rng = {shown(rng)}")

    def random(self, n: int, rng: np.random.Generator) -> Element:
        """n random elements, Haar distributed where that is known how to do, stacked along a leading axis."""
        return self.sample(n, rng)

    def contains(self, g: Element) -> bool:
        """Whether one element, exact as `Representation.exact_image` takes it, lies in the group.

        Raises
        ------
        UnsupportedGroup
            If that cannot be decided.
        """
        raise UnsupportedGroup(f"membership in {self} cannot be decided")

    def __contains__(self, g: object) -> bool:
        """Whether g lies in the group, see `contains`."""
        return self.contains(g)

    @property
    def elements(self) -> Integers:
        """All elements of a finite group along a leading axis."""
        raise UnsupportedGroup(f"{self} is infinite and its elements cannot be listed; use sample(n, rng)")

    @property
    def conjugacy_classes(self) -> tuple[Integers, ...]:
        """The conjugacy classes of a finite group, as arrays of the numbers of their elements."""
        raise UnsupportedGroup(f"{self} has infinitely many conjugacy classes")

    def index(self, g: ArrayLike) -> Integers:
        """The number of each element of a finite group in `elements`."""
        raise UnsupportedGroup(f"{self} is infinite and its elements are not numbered")

    def subgroup(self, generators: Sequence[object], name: str = "") -> Group:
        """The subgroup that elements of a finite group generate."""
        raise UnsupportedGroup(
            f"subgroups of {self} are groups of their own, made by FiniteGroup.from_matrices or LieGroup.from_algebra; include them "
            "with Homomorphism.inclusion"
        )

    def character_table(self) -> CharacterTable:
        """The characters of the irreps of a finite group on its conjugacy classes."""
        raise UnsupportedGroup(
            f"{self} is infinite and has no character table; V.character.weights() are the weights of V"
        )

    def word(self, g: Element) -> Word:
        """An element of a finite group as a product of generators, ((number of the generator, exponent), ...)."""
        raise UnsupportedGroup(f"{self} is infinite and its elements are not words in its generators")

    # Homomorphisms to matrices, by the images of the generators

    def by_generator(self, images: Sequence[T] | Mapping[Generator, T] | Mapping[str, T]) -> dict[Generator, T]:
        """Images by generator, from a sequence in the generators' order or a mapping by generator or its name.

        Raises
        ------
        DimensionMismatch
            If there are not as many images as generators, or a name is not a generator's.
        """
        generators = self.generator_names
        names = [str(a) for a in generators]
        if isinstance(images, Mapping):
            given = {printable(str(k)): v for k, v in images.items()}
            if set(given) != set(names):
                raise DimensionMismatch(f"images has the keys {sorted(given)}; {self} has the generators {names}")
            return {a: given[name] for a, name in zip(generators, names, strict=True)}
        if isinstance(images, str) or not isinstance(images, Iterable):
            raise GroupRepError(
                f"images must be a list or mapping with an image for each of the generators {names} of {self}, got {shown(images)}"
            )
        values = list(images)
        if len(values) != len(generators):
            raise DimensionMismatch(
                f"images has {len(values)} entries; {self} has {len(generators)} generators: {names}"
            )
        return dict(zip(generators, values, strict=True))

    @abstractmethod
    def prove_homomorphism(self, images: Mapping[Generator, Image]) -> None:
        """Return if images of the generators extend to a representation; exact ones are proved, floats checked to rounding.

        Parameters
        ----------
        images : the matrix of every generator: of the element, or the differential at a generator of the Lie algebra.

        Raises
        ------
        NotAHomomorphism
            Naming the relation that fails.
        UnsupportedGroup
            If neither can be shown.
        """

    @abstractmethod
    def extend(self, images: Mapping[Generator, Image]) -> Extension:
        """The values at elements of the representation that images of the generators, proved to define one, extend to."""

    @abstractmethod
    def defining(self) -> Representation:
        """The representation that defines the group."""

    @abstractmethod
    def to_dict(self) -> dict[str, object]:
        """The group as plain data (JSON, TOML), read back by `grouprep.groups.files.group_from_dict`."""

    @property
    def is_finite(self) -> bool:
        """Whether the order is finite."""
        return self.order != math.inf

    @property
    def is_listed(self) -> bool:
        """Whether the elements are listed where they are asked for: of finite groups that are not huge."""
        return False

    @property
    def cartan(self) -> tuple[CartanComponent, ...] | None:
        """The data of Weyl's integration formula for every connected component of a Lie group; None where they are not known."""
        return None

    @property
    def factors(self) -> tuple[Group, ...]:
        """The factors of a direct product; the group alone where it is none."""
        return (self,)

    @property
    def is_product(self) -> bool:
        """Whether the group was made as a direct product."""
        return False

    @property
    def parts(self) -> tuple[Group, ...]:
        """The groups whose elements an element is a tuple of: the factors of a mixed product, else the group alone."""
        return (self,)

    def part(self, g: Element, factor: int) -> Element:
        """The component of elements in a factor."""
        return g

    @property
    def torsion(self) -> tuple[Element, ...]:
        """Exact elements that follow from the algebra generators and help solvers (see `LieGroup.torsion`); none by default."""
        return ()

    @property
    def seed_generators(self) -> tuple[Generator, ...]:
        """Generators that give all others by products and brackets; all of them by default."""
        return self.generator_names

    @property
    def essential_generators(self) -> tuple[Generator, ...]:
        """Generators that imply all others where the elements in `torsion` are respected; all of them by default."""
        return self.generator_names

    def exact_identity(self) -> Element:
        """The neutral element in the form that `Representation.exact_image` takes."""
        return self.identity()

    def __mul__(self, other: Group) -> Group:
        """The direct product; factors of factors are flattened."""
        if isinstance(other, str):
            raise GroupRepError(
                f"{self} * {shown(other)}: only groups multiply; {shown(other)} is load_group({shown(other)})"
            )
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

    def grid(self, shape: int | Sequence[int], *more: int) -> Representation:
        """The permutation of the pixels of a grid by the group acting on the plane (or on space) about its centre.

        Parameters
        ----------
        shape, more : the grid, for the plane (height, width), as one tuple or as numbers; pixel (row, column) is entry
            row * width + column, the plane's x axis runs to the right and its y axis up. For other dimensions d: d sizes,
            axis k of the array is x_k.

        Raises
        ------
        UnsupportedGroup
            If the group has no matrices of that size, is infinite, or moves the grid off itself.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> Dihedral(4).grid((8, 8)) == Dihedral(4).grid(8, 8)
        True
        """
        from grouprep.representations.grid import grid_representation

        return grid_representation(self, (shape, *more) if more else shape)  # type: ignore[arg-type]

    def kernel(self, shape: int | Sequence[int], frequencies: Sequence[int] | None = None) -> Kernel:
        """The group of the plane on k x k kernels, by any angles: a band-limited steerable basis, with the error of discretisation.

        Parameters
        ----------
        shape : (k, k), or k; pixels as for `grid`, about the centre.
        frequencies : the largest angular frequency of each ring, from the centre outwards (radii 0, 1, 2, ... for odd k, 1/2, 3/2, ...
            for even k); by default 1.5 times the radius, rounded down.

        Returns
        -------
        A `Kernel`: `.basis` (k^2, dim), `.representation` on its coefficients, `.pixels` on all pixels, `.rest`, `.error`.

        Raises
        ------
        UnsupportedGroup
            If the group is none of Cyclic, Dihedral, SO(2), O(2).
        GroupRepError
            If the frequencies are too many for the pixels; DimensionMismatch if the kernel is not square.

        Examples
        --------
        >>> from grouprep import SO, Cyclic
        >>> SO(2).kernel((5, 5))
        <SO(2) on 5 x 5 kernels: 11 of 25 dimensions, error 0.04>
        >>> Cyclic(4).kernel(5).error < 1e-14
        True

        References
        ----------
        Freeman and Adelson, The design and use of steerable filters, PAMI 13 (1991); Weiler, Hamprecht and Storath, Learning steerable
        filters for rotation equivariant CNNs, CVPR 2018, section 3.
        """
        from grouprep.irreps.kernels import kernel_of

        return kernel_of(self, shape, frequencies)

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

    def irrep(self, label: object, field: str = "real") -> Irrep:
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

    def _repr_html_(self) -> str:
        return group_card(self, self.__dict__.get("order"))

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

        if not hasattr(V, "restrict"):
            raise GroupRepError(f"pullback(factor, V) needs a representation V of the factor, got V = {shown(V)}")
        return V.restrict(Homomorphism.projection(self, factor))
