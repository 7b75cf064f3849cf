"""What a character table is made from: the classes of a group and the values of its irreducible characters, however they are known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grouprep.character_tables.burnside_dixon import Classes, IrreducibleCharacters, classes_of, irreducible_characters
from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.permutations import Perm, cycle_string
from grouprep.summary import Summary
from grouprep.typing import Element

__all__ = ["ConjugacyClass", "ListedData", "TableData"]

_SHOWN = 24  # characters of a representative that is printed; longer ones give way to the name of the class


@dataclass(frozen=True, eq=False)
class ConjugacyClass:
    """A conjugacy class of a finite group, as a column of its character table.

    Attributes
    ----------
    number : its place among the classes.
    name : the order of its elements and a letter, such as 5a.
    representative : (degree,) its lexicographically smallest element, a permutation.
    size : the number of its elements.
    order : the order of each of them.
    centralizer_order : the number of elements that commute with one of them.
    """

    number: int
    name: str
    representative: Perm
    size: int
    order: int
    centralizer_order: int

    def __str__(self) -> str:
        cycles = cycle_string(self.representative) or "()"
        return f"{self.size} x {cycles if len(cycles) <= _SHOWN else self.name}"

    def __repr__(self) -> str:
        return f"ConjugacyClass({self.name}: {self})"


class TableData(Summary, ABC):
    """The classes and the irreducible characters of one group, numbered from 0; the trivial character and class come first."""

    group: FiniteGroup

    @property
    @abstractmethod
    def classes(self) -> tuple[ConjugacyClass, ...]:
        """The conjugacy classes in order."""

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """A name for each irreducible character."""

    @property
    @abstractmethod
    def degrees(self) -> Sequence[int]:
        """The dimension of each irreducible character."""

    @abstractmethod
    def value(self, character: int, number: int) -> Cyclotomic:
        """The value of a character on a class."""

    @abstractmethod
    def indicator(self, character: int) -> int:
        """The Frobenius-Schur indicator of a character."""

    @abstractmethod
    def power_map(self, k: int) -> Sequence[int]:
        """The class of the k-th powers of each class."""

    @abstractmethod
    def class_of(self, g: Element) -> int:
        """The number of the class of a checked element."""


@dataclass(frozen=True, eq=False)
class ListedData(TableData):
    """The characters that the method of Burnside, Dixon and Schneider gives, labelled X1, X2, ....

    Examples
    --------
    >>> from grouprep import Alternating
    >>> data = ListedData(Alternating(4))
    >>> data.labels, data.degrees, data.value(1, 2)
    (('X1', 'X2', 'X3', 'X4'), (1, 1, 1, 3), -1/2 + sqrt(3)*I/2)
    """

    group: FiniteGroup

    @cached_property
    def _listed(self) -> Classes:
        return classes_of(self.group)

    @cached_property
    def _characters(self) -> IrreducibleCharacters:
        return irreducible_characters(self.group)

    @cached_property
    def classes(self) -> tuple[ConjugacyClass, ...]:
        found, order = self._listed, self.group.order
        return tuple(
            ConjugacyClass(k, name, x, int(size), int(n), order // int(size))
            for k, (name, x, size, n) in enumerate(
                zip(found.names, found.representatives, found.sizes, found.orders, strict=True)
            )
        )

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(f"X{i + 1}" for i in range(len(self._characters)))

    @cached_property
    def degrees(self) -> tuple[int, ...]:
        return tuple(map(int, self._characters.degrees))

    def value(self, character: int, number: int) -> Cyclotomic:
        return self._characters.value(character, number)

    def indicator(self, character: int) -> int:
        return int(self._characters.indicators[character])

    def power_map(self, k: int) -> tuple[int, ...]:
        return tuple(map(int, self._listed.power_map(k)))

    def class_of(self, g: Element) -> int:
        return int(self._listed.number_of[self.group.index(np.asarray(g))])
