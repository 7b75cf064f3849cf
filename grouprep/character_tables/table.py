"""Character tables: the irreducible characters of a finite group on its conjugacy classes, with what is read off them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables import printing
from grouprep.character_tables.class_functions import ClassFunction, IrreducibleCharacter, as_values
from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.data import ConjugacyClass, ListedData, TableData
from grouprep.character_tables.permutation_data import SymmetricData, permutation_data
from grouprep.character_tables.product_data import ProductData
from grouprep.characters import class_points, class_values
from grouprep.errors import GroupRepError, TooLarge, UnsupportedGroup, nearest, shown
from grouprep.groups.base import Group
from grouprep.groups.finite import LISTING_LIMIT, FiniteGroup
from grouprep.groups.permutations import format_order
from grouprep.irreps.base import Irrep
from grouprep.irreps.catalogue import family_of, find_family
from grouprep.irreps.family import Family
from grouprep.linalg.budget import CLASSES, require
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Integers

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from sympy import Matrix

__all__ = ["CharacterTable", "character_table", "matched_rows", "table_rows"]


class CharacterTable:
    """The irreducible complex characters of a finite group on its conjugacy classes; made by `G.character_table()`.

    Rows are the irreps in canonical order where the group's family has one, else the trivial character first, then by degree and
    by values; columns are `G.conjugacy_classes`: by size, then by their lexicographically smallest elements.

    Attributes
    ----------
    group : the group.
    data : the classes and the characters, numbered as they are computed.

    Examples
    --------
    >>> from grouprep import Alternating, Dihedral
    >>> print(Dihedral(3).character_table())
    D3 | 1 x () | 2 x (1 2 3) | 3 x (2 3)
    A1 |      1 |           1 |         1
    A2 |      1 |           1 |        -1
    E1 |      2 |          -1 |         0
    >>> table = Alternating(5).character_table()
    >>> [chi.degree for chi in table.irreducibles], table.frobenius_schur, [c.name for c in table.classes]
    ([1, 4, 5, 3, 3], (1, 1, 1, 1, 1), ['1a', '5a', '5b', '2a', '3a'])
    >>> table.decompose([5, 0, 0, 1, 2])
    {'[5]': 1, '[4,1]': 1}
    """

    def __init__(self, data: TableData, order: Sequence[int], labels: Sequence[str]) -> None:
        """The characters of the data in an order, with labels; users call `G.character_table()`."""
        self.group, self.data = data.group, data
        self._order, self._labels = tuple(order), tuple(labels)

    # Rows and columns

    @cached_property
    def irreducibles(self) -> tuple[IrreducibleCharacter, ...]:
        """The irreducible characters, each with `.label`, `.degree`, `.indicator`, `.type` and exact `.values`."""
        return tuple(IrreducibleCharacter(self, k, a) for k, a in zip(self._order, self._labels, strict=True))

    @property
    def classes(self) -> tuple[ConjugacyClass, ...]:
        """The conjugacy classes, each with `.representative`, `.size`, `.order` and `.name`."""
        return self.data.classes

    @cached_property
    def irreps(self) -> tuple[Irrep, ...]:
        """The complex irreps as matrices, one for each row.

        Raises
        ------
        UnsupportedGroup
            If the irreps of the group are not known as matrices.
        """
        return tuple(family_of(self.group).irreps("complex", None))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the rows."""
        return self._labels

    @cached_property
    def frobenius_schur(self) -> tuple[int, ...]:
        """The Frobenius-Schur indicator of each row: 1, 0, -1 for the types R, C, H."""
        return tuple(chi.indicator for chi in self.irreducibles)

    @cached_property
    def class_sizes(self) -> Integers:
        """(classes,) integers."""
        return np.array([c.size for c in self.classes])

    @cached_property
    def values(self) -> Array:
        """(irreps, classes) complex; classes as in `group.conjugacy_classes`. The exact values are those of `irreducibles`."""
        require(
            len(self.classes),
            CLASSES,
            f"the number of classes of {self.group} is",
            "take the rows that are needed: `irreducibles`",
        )
        table = np.array([chi.to_numpy() for chi in self.irreducibles])
        table.setflags(write=False)
        return table

    def to_numpy(self) -> Array:
        """The values, (irreps, classes) complex, a copy."""
        return self.values.copy()

    def to_sympy(self) -> Matrix:
        """The exact values as a matrix of sympy, irreps by classes."""
        from sympy import Matrix

        return Matrix([chi.to_sympy() for chi in self.irreducibles])

    @lru_cache(maxsize=4096)  # noqa: B019 - as long as the table is in use
    def power_map(self, k: int) -> tuple[int, ...]:
        """For each class, the number of the class of the k-th powers of its elements.

        Raises GroupRepError unless k is an integer.
        """
        if not isinstance(k, int | np.integer) or isinstance(k, bool):
            raise GroupRepError(f"k must be an integer, got {shown(k)}")
        return tuple(self.data.power_map(int(k)))

    def class_of(self, g: Element) -> ConjugacyClass:
        """The class of an element of the group, in any form that `group.check_element` takes.

        Raises
        ------
        GroupRepError
            If it lies outside the group.
        """
        return self.classes[self.data.class_of(self.group.read_element(g))]

    @cached_property
    def _named(self) -> dict[str, ConjugacyClass]:
        return {c.name: c for c in self.classes}

    def class_named(self, which: int | str) -> ConjugacyClass:
        """The class with a number or a name such as 5a.

        Raises
        ------
        GroupRepError
            If there is none.
        """
        if isinstance(which, int | np.integer) and 0 <= which < len(self.classes):
            return self.classes[int(which)]
        found = self._named.get(str(which))
        if found is None:
            raise GroupRepError(f"{self.group} has no class {which!r:.40}: {nearest(which, self._named)}")
        return found

    def __getitem__(self, label: str) -> IrreducibleCharacter:
        """The irreducible character with a label; GroupRepError, with the labels there are, if there is none."""
        for chi in self.irreducibles:
            if chi.label == str(label).strip():
                return chi
        raise GroupRepError(f"{self.group} has no irreducible character {label!r:.40}: {nearest(label, self.labels)}")

    def __len__(self) -> int:
        return len(self.classes)

    # Class functions

    def class_function(self, values: Sequence[object] | Mapping[str, object]) -> ClassFunction:
        """A class function from its exact values: one for each class in order, or by the names of the classes.

        Raises
        ------
        DimensionMismatch
            If there are too few or too many values.
        GroupRepError
            If a value is no exact number of a cyclotomic field, or a class is unknown.

        Examples
        --------
        >>> from grouprep import Cyclic
        >>> table = Cyclic(3).character_table()
        >>> table.class_function({"1a": 3, "3a": 0, "3b": 0}).decompose()
        {'0': 1, '1': 1, '2': 1}
        """
        return ClassFunction(self, as_values(self, values))

    def character(self, V: Representation) -> ClassFunction:
        """The character of a representation of the group, exact.

        Raises
        ------
        GroupRepError
            If V is no representation of this group.

        Examples
        --------
        >>> from grouprep import Symmetric
        >>> G = Symmetric(4)
        >>> G.character_table().character(G.natural()).values
        (4, 0, 2, 0, 1)
        """
        if not isinstance(V, Representation) or V.group != self.group:
            raise GroupRepError(f"V must be a representation of {self.group}, got {shown(V)}")
        found = V.character.values
        products = np.rint((self.values.conj() * self.class_sizes) @ found / self.group.order).real
        total = ClassFunction(self, as_values(self, [0] * len(self)))
        for m, chi in zip(products, self.irreducibles, strict=True):
            if m:
                total = total + int(m) * chi
        # What is left over is a difference of characters and rounding; a difference d that is not 0 has <d, d> >= 1, so |d| >= 1 somewhere.
        if np.abs(total.to_numpy() - found).max() > 0.5:
            raise GroupRepError(f"the values of the character of {V} are not those of a representation")
        return total

    def decompose(self, values: Sequence[object] | Mapping[str, object]) -> dict[str, int]:
        """How often each irrep occurs in a character that is given by its values on the classes; see `class_function`.

        Raises
        ------
        GroupRepError
            If the class function is no character; the message gives the multiplicities that are no natural numbers.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> Dihedral(2).character_table().decompose([9, -1, 3, 1])
        {'A1': 3, 'A2': 3, 'B1': 1, 'B2': 2}
        """
        return self.class_function(values).decompose()

    # Shown

    def __str__(self) -> str:
        return printing.text(self)

    def __repr__(self) -> str:
        return f"CharacterTable({self.group}, {len(self)} classes)"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield from printing.rich_parts(self, options.max_width)

    def _repr_html_(self) -> str:
        return printing.html(self)

    def _repr_latex_(self) -> str:
        return printing.latex(self)


def character_table(G: Group) -> CharacterTable:
    """See `FiniteGroup.character_table`."""
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(f"{G} is infinite and has no finite character table; see V.character.weights()")
    return _character_table(G, str(G))


@lru_cache(maxsize=64)
def _character_table(G: FiniteGroup, name: str) -> CharacterTable:
    """By the name too: groups with the same generators are equal whatever they are called, and a table says its group's name."""
    return CharacterTable(*table_rows(G))


def table_rows(G: FiniteGroup) -> tuple[TableData, Sequence[int], Sequence[str]]:
    """What a table is made from: the data, which of its characters are the rows, and the labels of these.

    Raises
    ------
    TooLarge
        If the group is too large to list and no group whose characters are known otherwise.
    """
    family = find_family(G) if G.is_listed else None
    data = _data(G, family is not None and family.follows_characters)
    if family is None or family.follows_characters:
        return data, range(len(data.labels)), data.labels
    return data, *matched_rows(family, data)


def _data(G: FiniteGroup, listed: bool) -> TableData:
    if len(G.factors) > 1:
        return ProductData(G, [table_rows(F) for F in G.factors if isinstance(F, FiniteGroup)])
    own = None if listed else permutation_data(G)
    if own is not None:
        return own
    if G.is_listed:
        return ListedData(G)
    raise TooLarge(
        f"{G} has {format_order(G.order)} elements and at most {LISTING_LIMIT:,} are listed for the method of Burnside and "
        "Dixon; of any size are Symmetric(n) and Alternating(n) on their n points, by the rule of Murnaghan and Nakayama, and "
        "direct products G * H of groups with known tables"
    )


def matched_rows(family: Family, data: TableData) -> tuple[Sequence[int], Sequence[str]]:
    """The rows that the complex irreps of a family belong to, with their labels; those of S_n and of products go by their labels."""
    irreps = family.irreps("complex", None)
    labels = [I.label for I in irreps]
    if type(data) in (SymmetricData, ProductData) and set(labels) == set(data.labels):
        return [data.labels.index(a) for a in labels], labels
    columns = _separating(data)
    points = class_points(data.group)
    found = np.array([list(map(complex, class_values(I, [points[k] for k in columns]))) for I in irreps])
    exact = np.array([[complex(data.value(i, k)) for k in columns] for i in range(len(irreps))])
    apart = np.abs(exact[:, None] - exact).max(axis=2) + np.where(np.eye(len(exact)), np.inf, 0)
    distances = np.abs(exact[:, None] - found).max(axis=2)
    rows = distances.argmin(axis=0).tolist()
    if (
        len(set(rows)) != len(rows) or distances.min(axis=0).max() > apart.min() / 4
    ):  # the traces are off by rounding only
        raise GroupRepError(f"the irreps of {data.group} have characters that are not its irreducible ones")
    return rows, labels


def _separating(data: TableData) -> list[int]:
    """Classes whose values tell all irreducible characters apart."""
    columns = [0]
    rows: list[tuple[Cyclotomic | int, ...]] = [(d,) for d in data.degrees]
    for k in range(1, len(rows)):
        if len(set(rows)) == len(rows):
            break
        longer = [(*row, data.value(i, k)) for i, row in enumerate(rows)]
        if len(set(longer)) > len(set(rows)):
            rows, columns = longer, [*columns, k]
    return columns
