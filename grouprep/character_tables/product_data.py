"""The classes and characters of a direct product, from those of its factors: it need not be listed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from itertools import product
from math import lcm, prod
from operator import mul

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.data import ConjugacyClass, TableData
from grouprep.character_tables.naming import class_names
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg.budget import PARTITIONS, require
from grouprep.typing import Element

__all__ = ["ProductData"]


class ProductData(TableData):
    """Products of characters on products of classes, labelled by one label of each factor; classes in the order of listed groups.

    Parameters
    ----------
    group : a direct product of finite groups.
    parts : for each factor its data, which of its characters are the rows of its table, and their labels.

    Raises
    ------
    TooLarge
        If there are more than 100,000 classes.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> from grouprep.character_tables.permutation_data import SymmetricData
    >>> G = Symmetric(3) * Symmetric(9)
    >>> data = ProductData(G, [(d, range(len(d.labels)), d.labels) for d in map(SymmetricData, G.factors)])
    >>> len(data.classes), data.labels[1], data.degrees[1]
    (90, '([3], [8,1])', 8)
    """

    def __init__(self, group: FiniteGroup, parts: Sequence[tuple[TableData, Sequence[int], Sequence[str]]]) -> None:
        self.group = group
        self.parts = tuple(data for data, _, _ in parts)
        self._orders, self._names = [tuple(order) for _, order, _ in parts], [tuple(labels) for _, _, labels in parts]
        require(prod(map(len, self._orders)), PARTITIONS, f"the number of classes of {group} is")

    @cached_property
    def _rows(self) -> list[tuple[int, ...]]:
        return list(product(*self._orders))

    @cached_property
    def _columns(self) -> list[tuple[ConjugacyClass, ...]]:
        return sorted(
            product(*(p.classes for p in self.parts)),
            key=lambda cs: (prod(c.size for c in cs), [int(x) for c in cs for x in c.representative]),
        )

    @cached_property
    def _places(self) -> dict[tuple[int, ...], int]:
        return {tuple(c.number for c in cs): k for k, cs in enumerate(self._columns)}

    @cached_property
    def classes(self) -> tuple[ConjugacyClass, ...]:
        orders = [lcm(*(c.order for c in cs)) for cs in self._columns]
        found = []
        for k, (cs, order, name) in enumerate(zip(self._columns, orders, class_names(orders), strict=True)):
            element = self.group.check_element(tuple(c.representative for c in cs))
            size = prod(c.size for c in cs)
            found.append(ConjugacyClass(k, name, element, size, order, int(self.group.order) // size))
        return tuple(found)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return tuple(f"({', '.join(names)})" for names in product(*self._names))

    @cached_property
    def degrees(self) -> tuple[int, ...]:
        return tuple(prod(p.degrees[i] for p, i in zip(self.parts, row, strict=True)) for row in self._rows)

    def value(self, character: int, number: int) -> Cyclotomic:
        chosen = zip(self.parts, self._rows[character], self._columns[number], strict=True)
        return reduce(mul, (p.value(i, c.number) for p, i, c in chosen))

    def indicator(self, character: int) -> int:
        return prod(p.indicator(i) for p, i in zip(self.parts, self._rows[character], strict=True))

    def power_map(self, k: int) -> tuple[int, ...]:
        maps = [p.power_map(k) for p in self.parts]
        return tuple(self._places[tuple(m[c.number] for m, c in zip(maps, cs, strict=True))] for cs in self._columns)

    def class_of(self, g: Element) -> int:
        p = np.asarray(g)
        return self._places[tuple(d.class_of(self.group.part(p, j)) for j, d in enumerate(self.parts))]
