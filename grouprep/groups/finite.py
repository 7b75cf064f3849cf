"""Finite groups as permutation groups: listed element by element where small, by Schreier-Sims where huge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError, TooLarge, UnsupportedGroup, printable, shown
from grouprep.groups.base import Generator, Group, Word, as_list
from grouprep.groups.constructions import permutations_of_presentation, permutations_of_table
from grouprep.groups.fingerprints import Fingerprints
from grouprep.groups.finite_images import FiniteExtension, prove_finite
from grouprep.groups.matrix_groups import act_on_vectors
from grouprep.groups.permutations import (
    Perm,
    as_permutation,
    counted_from_1,
    cycle_string,
    format_order,
    invert,
    parse_cycles,
    sympy_group,
    uniform_elements,
)
from grouprep.groups.plain_data import finite_group_to_dict
from grouprep.groups.rotations import Rotation
from grouprep.linalg import Image, Monomial, as_image
from grouprep.linalg.budget import COSETS, ELEMENTS
from grouprep.linalg.memory import require_memory
from grouprep.linalg.orbits import solve_orbits
from grouprep.typing import Array, Integers

if TYPE_CHECKING:
    from sympy.combinatorics import PermutationGroup

    from grouprep.character_tables.table import CharacterTable
    from grouprep.groups.homomorphism import Homomorphism
    from grouprep.groups.matrix_groups import MatrixAction, PolygonAction
    from grouprep.groups.subgroups import SubgroupClass
    from grouprep.representations import Representation

__all__ = ["LISTING_LIMIT", "FiniteGroup", "Word"]

_MADE_BY = (
    'finite groups are made by load_group("D4"), FiniteGroup.from_permutations, from_matrices, from_table, from_presentation, or '
    "Cyclic, Dihedral, Symmetric and other families"
)

LISTING_LIMIT = ELEMENTS


class FiniteGroup(Group):
    """A finite group, held as the permutations that its generators induce on a set where it acts faithfully.

    Make one with `from_permutations`, `from_matrices`, `from_table`, `from_presentation`, or the catalogue. An element is
    an integer array (degree,) of the images of the points; g[h] is the product g h. Nothing is listed until asked for.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> G = FiniteGroup.from_permutations([[1, 2, 3, 0], [0, 3, 2, 1]], name="D4")
    >>> G.order, len(G.conjugacy_classes)
    (8, 5)
    """

    def __init__(
        self,
        perms: Sequence[Perm] = (),
        *,
        name: str = "",
        labels: Sequence[str] | None = None,
        matrices: MatrixAction | PolygonAction | None = None,
        relators: Sequence[Word] | None = None,
        order: int | None = None,
    ) -> None:
        """Keep data that is already checked; users call the from_... constructors."""
        if not isinstance(perms, list | tuple) or not perms or not all(isinstance(p, np.ndarray) for p in perms):
            raise GroupRepError(f"FiniteGroup({shown(perms)}): {_MADE_BY}")
        self.name = printable(name)
        self._perms: tuple[Perm, ...] = tuple(perms)
        self._labels = _labels(labels, len(self._perms))
        self.matrices = matrices
        self.relators = None if relators is None else tuple(relators)
        self._known_order = order

    # Constructors

    @classmethod
    def from_permutations(
        cls,
        generators: Sequence[object] | Mapping[str, object],
        name: str = "",
        degree: int | None = None,
    ) -> FiniteGroup:
        """The group that permutations of 0..n-1 generate; it may be huge, its elements are not listed.

        Parameters
        ----------
        generators : lists of images ([1, 2, 0] sends 0 to 1), or text in cycles of the points 1..n ("(1 2 3)"); a mapping
            names them.
        name : how the group is printed.
        degree : n; by default what the lists say, and the largest point of the cycles.

        Raises
        ------
        GroupRepError
            If a generator is not a permutation.
        DimensionMismatch
            If generators permute different numbers of points.
        """
        labels, given = as_list(generators, "generators", 1)
        if degree is not None and (isinstance(degree, bool) or not isinstance(degree, Integral)):
            raise GroupRepError(f"degree must be an integer, got {shown(degree)}")
        if not given:
            raise GroupRepError(
                "generators is empty; give at least one permutation (the identity for the trivial group)"
            )
        if degree is None and any(isinstance(g, str) for g in given):
            degree = max(len(as_permutation(g, f"generators[{i}]")) for i, g in enumerate(given))
        perms: list[Perm] = []
        for i, images in enumerate(given):
            label = labels[i] if labels else i
            perms.append(as_permutation(images, f"generators[{label!r}]", degree))
            degree = len(perms[0])
        if degree == 0:
            raise GroupRepError("generators permute no points; give permutations of at least one point")
        return cls(perms, name=name or f"<{len(perms)} permutations of {degree} points>", labels=labels)

    @classmethod
    def from_matrices(
        cls,
        generators: Sequence[object] | Mapping[str, object],
        name: str = "",
        max_points: int = 20_000,
    ) -> FiniteGroup:
        """The finite group that exact matrices generate, acting on the orbit of the standard basis vectors.

        Parameters
        ----------
        generators : (n, n) exact matrices: sympy, nested lists of integers, fractions or text ("sqrt(2)/2"), arrays.
        max_points : the largest orbit tried before the group is taken for infinite.

        Raises
        ------
        UnsupportedGroup
            If a generator has infinite order or the orbit exceeds max_points: the group is infinite, or too large.
        """
        labels, given = as_list(generators, "generators", 2)
        if isinstance(max_points, bool) or not isinstance(max_points, Integral):
            raise GroupRepError(f"max_points must be an integer, got {shown(max_points)}")
        perms, matrices = act_on_vectors(given, labels, max_points)
        return cls(perms, name=name or f"<{len(perms)} matrices>", labels=labels, matrices=matrices)

    @classmethod
    def from_table(cls, table: Sequence[Sequence[int]], name: str = "") -> FiniteGroup:
        """The group with a multiplication table: table[a][b] is the number of the product a b, for a, b in 0..n-1.

        Raises
        ------
        GroupRepError
            If the table is not that of a group; the message says which axiom fails where.
        """
        perms, labels = permutations_of_table(table)
        return cls(perms, name=name or f"<table of {len(table)}>", labels=labels, order=len(table))

    @classmethod
    def from_presentation(
        cls, generators: Sequence[str], relators: Sequence[str], name: str = "", max_cosets: int = COSETS
    ) -> FiniteGroup:
        """The group with generators and relators, by coset enumeration over the trivial subgroup.

        Parameters
        ----------
        generators : names, for example ["r", "s"].
        relators : words that equal 1, for example ["r^4", "s^2", "(r s)^2"].
        max_cosets : where the enumeration stops.

        Raises
        ------
        UnsupportedGroup
            If the enumeration does not close: the group is infinite (the message says whether that is proved), or larger
            than max_cosets.
        """
        for what, value in (("generators", generators), ("relators", relators)):
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise GroupRepError(f"{what} must be a list of texts, got {shown(value)}")
        perms, words = permutations_of_presentation(list(generators), list(relators), max_cosets)
        text = f"<{', '.join(generators)} | {', '.join(relators)}>"
        return cls(
            perms, name=name or text, labels=generators, relators=words, order=len(perms[0]),
        )  # fmt: skip

    # What a group must have

    @cached_property
    def generator_names(self) -> tuple[Generator, ...]:
        return tuple(Generator(label, "element", i) for i, label in enumerate(self._labels))

    @property
    def generators(self) -> tuple[Perm, ...]:
        """The generating permutations, each (degree,)."""
        return self._perms

    @property
    def degree(self) -> int:
        """The number of points that the permutations act on."""
        return len(self._perms[0])

    @cached_property
    def order(self) -> int:
        """The number of elements, by Schreier-Sims where it is not known beforehand."""
        return self._known_order if self._known_order is not None else int(self.schreier_sims.order())

    @property
    def is_finite(self) -> bool:
        return True

    @property
    def is_listed(self) -> bool:
        """Whether the group is small enough for a list of its elements."""
        return self.order <= LISTING_LIMIT

    @property
    def is_compact(self) -> bool:
        return True

    @cached_property
    def schreier_sims(self) -> PermutationGroup:
        """The same group in sympy (which multiplies permutations from left to right)."""
        return sympy_group(self._perms)

    def identity(self) -> Perm:
        return np.arange(self.degree)

    def multiply(self, g: Perm, h: Perm) -> Perm:
        g, h = np.broadcast_arrays(self._element(g), self._element(h))
        return np.take_along_axis(g, h, axis=-1)

    def inverse(self, g: Perm) -> Perm:
        return invert(self._element(g))

    def _element(self, g: object) -> Perm:
        """`check_element`, which arrays that look like its results are spared."""
        if isinstance(g, np.ndarray) and g.dtype == np.int64 and g.shape[-1:] == (self.degree,):
            return g
        return self.check_element(g)

    def sample(self, n: int, rng: np.random.Generator) -> Perm:
        self.check_sample(n, rng)
        if self.order <= 2000:
            return self.elements[rng.integers(self.order, size=n)]
        return uniform_elements(self.schreier_sims, n, rng)

    def key(self) -> tuple[object, ...]:
        return self.degree, tuple(p.tobytes() for p in self._perms), self.matrices

    def batch_shape(self, g: Perm) -> tuple[int, ...]:
        return g.shape[:-1]

    def generator_element(self, generator: Generator) -> Perm:
        return self._perms[self.generator_names.index(generator)]

    def exp(self, coefficients: ArrayLike) -> Perm:
        """The identity: a finite group has no Lie algebra."""
        return np.broadcast_to(self.identity(), (*np.shape(coefficients)[:-1], self.degree))

    def prove_homomorphism(self, images: Mapping[Generator, Image]) -> None:
        prove_finite(self, [images[a] for a in self.generator_names])

    def extend(self, images: Mapping[Generator, Image]) -> FiniteExtension:
        return FiniteExtension(self, images)

    def check_element(self, g: object) -> Perm:
        """g as an integer array (..., degree) of permutations.

        Parameters
        ----------
        g : lists of the images of 0..degree-1 with leading batch axes, text in cycles of the points 1..degree, or, for groups
            that were given by matrices, one of these: exact, or floats (..., n, n) that are off by no more than the rounding
            of a thousand products. Integers that are permutations are read as such.

        Raises
        ------
        DimensionMismatch
            If g has another form or shape; the message says what an element looks like.
        GroupRepError
            If g is no permutation, or no matrix of the group.
        """
        if isinstance(g, str):
            return parse_cycles(g, self.degree, "g")
        if isinstance(g, Rotation):
            g = np.asarray(g.as_matrix(), dtype=float)
        array = _as_array(getattr(g, "array_form", g))
        fits = array.dtype.kind in "iu" and array.ndim >= 1 and array.shape[-1] == self.degree
        if fits and np.array_equal(np.sort(array, axis=-1), np.broadcast_to(np.arange(self.degree), array.shape)):
            return array.astype(np.int64)
        moved = None if self.matrices is None else self._permutations(g, array)
        if moved is not None:
            return moved
        if fits:
            raise GroupRepError(f"g = {shown(g)} is not a permutation of 0..{self.degree - 1}{counted_from_1(array)}")
        matrices = (
            "" if self.matrices is None else f", or a matrix {self.matrices.dim} x {self.matrices.dim} of the group"
        )
        raise DimensionMismatch(
            f"an element of {self} is an integer array (..., {self.degree}) of images of points{matrices}, got {shown(g)}"
        )

    def _permutations(self, g: object, array: Array) -> Perm | None:
        """The permutations that matrices (..., n, n) stand for; None if g is of another form."""
        assert self.matrices is not None
        n = self.matrices.dim
        exact = not isinstance(g, np.ndarray | list | tuple) or array.dtype.kind not in "biufc"
        if tuple(getattr(g, "shape", array.shape))[-2:] != (n, n):
            return None
        found = []
        for m in [g] if exact else array.reshape(-1, n, n):
            perm = self.matrices.permutation(as_image(m, "g"))
            if perm is None:
                raise GroupRepError(f"g is no matrix of {self}: {shown(m)}")
            found.append(perm)
        return np.array(found, dtype=np.int64).reshape(*(() if exact else array.shape[:-2]), self.degree)

    def read_element(self, g: object, name: str = "g") -> Perm:
        try:
            perm = self.check_element(g)
        except GroupRepError as error:
            raise type(error)(f"{name}: {error}") from None
        if perm.ndim != 1:
            raise DimensionMismatch(f"{name}: one element of {self} is needed, got {len(perm)}")
        return perm

    # Listed groups

    def require_listing(self) -> None:
        """Raise TooLarge if the elements cannot be listed; nothing is listed yet."""
        if not self.is_listed:
            raise TooLarge(
                f"{self} has {format_order(self.order)} elements and at most {LISTING_LIMIT:,} are listed; use sample(), order, or "
                "representations that act directly (defining, natural, their sums and products)"
            )
        require_memory(self.order * self.degree * 3, f"the list of the {self.order:,} elements of {self}")

    @cached_property
    def _listing(self) -> tuple[Perm, dict[bytes, int], list[tuple[int, int]]]:
        """Elements in breadth-first order, their numbers, and for each (generator, parent) with g = generator parent."""
        self.require_listing()
        elements, steps = [self.identity()], [(-1, -1)]
        numbers = {elements[0].tobytes(): 0}
        position = 0
        while position < len(elements):
            for k, p in enumerate(self._perms):
                new = p[elements[position]]
                key = new.tobytes()
                if key not in numbers:
                    numbers[key] = len(elements)
                    elements.append(new)
                    steps.append((k, position))
            position += 1
        table = np.array(elements)
        table.setflags(write=False)
        return table, numbers, steps

    @property
    def elements(self) -> Perm:
        """All elements, (order, degree), breadth-first from the identity; TooLarge for huge groups."""
        return self._listing[0]

    def index(self, g: ArrayLike) -> Integers:
        """The number of each element in `elements`; leading axes are batch. GroupRepError for a permutation outside."""
        array = np.ascontiguousarray(self.check_element(g))
        numbers = self._listing[1]
        flat = array.reshape(-1, self.degree)
        try:
            return np.array([numbers[row.tobytes()] for row in flat], dtype=np.int64).reshape(array.shape[:-1])
        except KeyError:
            raise GroupRepError(f"a permutation given as element does not lie in {self}") from None

    @property
    def steps(self) -> list[tuple[int, int]]:
        """For each listed element but the first, (k, j) with element = generator k times element j, j smaller."""
        return self._listing[2]

    def word(self, g: Perm) -> Word:
        """g as a product of generators, ((generator index, exponent), ...), shortest first where the group is listed."""
        if self.is_listed:
            position, generators = int(self.index(np.asarray(g))), []
            while position:
                k, position = self.steps[position]
                generators.append((k, 1))
            return tuple(generators)
        raise UnsupportedGroup(
            f"{self} is too large for words in its generators; use representations that act directly"
        )

    @cached_property
    def left_multiplication(self) -> Perm:
        """For each generator, the permutation of element numbers x -> generator x; (generators, order)."""
        return np.array([self.index(p[self.elements]) for p in self._perms])

    @cached_property
    def conjugacy_classes(self) -> tuple[Integers, ...]:
        """The conjugacy classes as arrays of element numbers: by size, then by their lexicographically smallest elements.

        Other generators of the same group give the same classes in the same order; the identity's is first.
        """
        elements = self.elements
        marks = Fingerprints(elements)
        moves = [marks.numbers(p[elements[:, invert(p)]]) for p in self._perms]
        space = solve_orbits((self.order, 1), [(Monomial.identity(1), Monomial(m)) for m in moves])
        order = np.argsort(space.labels, kind="stable")
        classes = np.split(order, np.cumsum(space.sizes())[:-1])
        return tuple(sorted(classes, key=lambda c: (len(c), marks.ranks[c].min())))

    def character_table(self) -> CharacterTable:
        """The irreducible complex characters on the conjugacy classes, exact; prints as a table.

        Raises
        ------
        TooLarge
            If the group has too many elements to list and is no symmetric or alternating group on its points, or too many classes.
        """
        from grouprep.character_tables.table import character_table

        return character_table(self)

    # First representations

    def defining(self) -> Representation:
        """The matrices that the group was given by; for permutations, `natural`."""
        if self.matrices is None:
            return self.natural()
        from grouprep.representations.basic import MatrixGroupRepresentation

        return MatrixGroupRepresentation(self)

    def natural(self) -> Representation:
        """The permutation representation on the points: P(g)[g(j), j] = 1."""
        from grouprep.representations.basic import NaturalRepresentation

        return NaturalRepresentation(self)

    def regular(self) -> Representation:
        """The regular representation, permuting `elements` by left multiplication: g e_x = e_{gx}."""
        from grouprep.representations.basic import RegularRepresentation

        return RegularRepresentation(self)

    def permutation(self, action: Callable[[Perm], object] | Sequence[object] | Mapping[str, object]) -> Representation:
        """A permutation representation, from what each generator does to the new points.

        Parameters
        ----------
        action : one permutation per generator (lists of images, or a mapping by generator name), or a function that takes
            an element (degree,) to the permutation it induces.

        Raises
        ------
        NotAHomomorphism
            If the permutations are not the action of this group.
        """
        from grouprep.representations.images import ImageRepresentation

        given = [action(p) for p in self._perms] if callable(action) else action
        named = self.by_generator(given)
        images = {a: Monomial(as_permutation(p, f"action[{a.label!r}]")) for a, p in named.items()}
        return ImageRepresentation(self, images)

    def subgroup(self, generators: Sequence[object], name: str = "") -> FiniteGroup:
        """The subgroup that elements, in any form that `check_element` takes, generate; include it with `Homomorphism.inclusion`."""
        if isinstance(generators, str) or not isinstance(generators, Iterable):
            raise GroupRepError(f"generators must be a list of elements of {self}, got {shown(generators)}")
        perms = [self.read_element(g, f"generators[{i}]") for i, g in enumerate(generators)]
        H = FiniteGroup.from_permutations(perms, name=name or f"subgroup of {self}")
        for i, p in enumerate(perms):
            if not self.contains(p):
                raise GroupRepError(f"generators[{i}] = {cycle_string(p)} does not lie in {self}")
        return H

    def wreath(self, n: int) -> FiniteGroup:
        """The wreath product with the symmetric group S_n: n copies of the group, permuted; see `WreathProduct`.

        Raises
        ------
        GroupRepError
            If n is no positive integer.

        Examples
        --------
        >>> from grouprep import Cyclic
        >>> Cyclic(2).wreath(4).order
        384
        """
        from grouprep.groups.semidirect import symmetric_wreath

        return symmetric_wreath(self, n)

    def subgroups(self) -> tuple[SubgroupClass, ...]:
        """The subgroups up to conjugacy, by order: of each class a representative, with order, index, length and `is_normal`.

        The same for whatever generators of the group.

        Raises
        ------
        TooLarge
            If the group has more than 2,000 elements, or more than 20,000 subgroups.

        Examples
        --------
        >>> from grouprep import Quaternion
        >>> [(c.order, c.length) for c in Quaternion().subgroups()]
        [(1, 1), (2, 1), (4, 1), (4, 1), (4, 1), (8, 1)]

        References
        ----------
        J. Neubueser, Untersuchungen des Untergruppenverbandes endlicher Gruppen, Numer. Math. 2 (1960), 280-292: cyclic extension.
        """
        from grouprep.groups.subgroups import conjugacy_classes_of_subgroups

        return conjugacy_classes_of_subgroups(self)

    def quotient(self, N: FiniteGroup) -> tuple[FiniteGroup, Homomorphism]:
        """(Q, p): the quotient by a normal subgroup, permuting its cosets, and the projection p of the group onto it.

        Parameters
        ----------
        N : a normal subgroup, permutations of the same points; the generators of Q are the images of the group's own, by the
            same names. `V.inflate(p)` makes representations of Q ones of the group.

        Raises
        ------
        GroupRepError
            If N is no normal subgroup; the message shows why.
        TooLarge
            If N cannot be listed, or there are more than 200,000 cosets.

        Examples
        --------
        >>> from grouprep import Symmetric
        >>> G = Symmetric(4)
        >>> Q, p = G.quotient(G.subgroup(["(1 2)(3 4)", "(1 3)(2 4)"]))
        >>> Q.order, Q.natural().inflate(p).dim
        (6, 6)
        """
        from grouprep.groups.quotients import quotient

        return quotient(self, N)

    def contains(self, perm: object) -> bool:
        """Whether a permutation of the points, or a matrix that permutes the vectors of a matrix group, lies in the group."""
        from sympy.combinatorics import Permutation

        try:
            perm = self._element(perm)
        except DimensionMismatch:
            raise
        except GroupRepError:  # no permutation, or a matrix that does not permute the vectors
            return False
        if self.order <= 2000:
            return np.ascontiguousarray(perm, dtype=np.int64).tobytes() in self._listing[1]
        return bool(self.schreier_sims.contains(Permutation(list(map(int, perm)))))

    def to_dict(self) -> dict[str, object]:
        """Plain data: name and generators (permutations in cycles, or matrices as text)."""
        return finite_group_to_dict(self)

    def __repr__(self) -> str:
        return f"FiniteGroup({self.name!r}, degree={self.degree})"


def _labels(labels: Sequence[str] | None, count: int) -> tuple[str, ...]:
    if labels is None:
        return tuple("abcdefgh"[:count]) if count <= 8 else tuple(f"g{i + 1}" for i in range(count))
    if len(set(labels)) != len(labels) or len(labels) != count:
        raise GroupRepError(f"generator names {list(labels)!r:.80} must be {count} different words")
    return tuple(map(printable, labels))


def _as_array(g: object) -> Array:
    """g as an array; of objects where numpy finds no common shape."""
    try:
        return np.asarray(g)
    except (ValueError, TypeError):
        return np.asarray(None)
