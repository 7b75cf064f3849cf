"""The classes and characters of the symmetric and alternating groups on their points, of any degree, by partitions.

Nothing is listed: a class is a cycle type, or half of one whose parts are odd and different; a character is a partition, or half of
one that is its own conjugate. The order of the classes is that of listed groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import factorial, prod
from typing import NamedTuple

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.data import ConjugacyClass, TableData
from grouprep.character_tables.naming import class_names
from grouprep.character_tables.partitions import (
    Partition,
    class_size,
    conjugate_partition,
    count_partitions,
    cycle_type,
    hook_degree,
    partitions,
    power_type,
    standard_element,
    symmetric_value,
    type_order,
)
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.permutations import Perm
from grouprep.linalg.budget import PARTITIONS, require
from grouprep.linalg.parsing import squarefree
from grouprep.typing import Element

__all__ = ["AlternatingData", "SymmetricData", "permutation_data"]


class _Part(NamedTuple):
    """A partition, or one of its halves 1 and -1."""

    parts: Partition
    half: int = 0


@dataclass(frozen=True, eq=False)
class SymmetricData(TableData):
    """The characters of the symmetric group on n points, labelled by partitions, (n) first.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> data = SymmetricData(Symmetric(12))
    >>> len(data.classes), data.labels[1], data.degrees[1], data.value(5, 40)
    (77, '[11,1]', 11, -2)
    """

    group: FiniteGroup

    @property
    def _n(self) -> int:
        return self.group.degree

    @cached_property
    def _types(self) -> tuple[_Part, ...]:
        """The classes, as `labels` for characters: by size, then by their smallest elements."""
        return tuple(sorted(self._all_types(), key=lambda t: (self._size(t), self._element(t).tolist())))

    def _all_types(self) -> list[_Part]:
        return [_Part(cycles) for cycles in partitions(self._n)]

    def _size(self, t: _Part) -> int:
        return class_size(t.parts) // (2 if t.half else 1)

    def _element(self, t: _Part) -> Perm:
        p = standard_element(t.parts)
        if t.half < 0:  # the next permutation of the type: the last two points of the longest cycle change places
            s = np.arange(self._n)
            s[-2:] = s[-2:][::-1]
            p = s[p[s]]
        return p

    @cached_property
    def classes(self) -> tuple[ConjugacyClass, ...]:
        names = class_names([type_order(t.parts) for t in self._types])
        order = int(self.group.order)
        return tuple(
            ConjugacyClass(k, name, self._element(t), self._size(t), type_order(t.parts), order // self._size(t))
            for k, (t, name) in enumerate(zip(self._types, names, strict=True))
        )

    @cached_property
    def _numbers(self) -> dict[_Part, int]:
        return {t: k for k, t in enumerate(self._types)}

    @cached_property
    def _shapes(self) -> tuple[_Part, ...]:
        return tuple(_Part(shape) for shape in partitions(self._n))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        signs = {0: "", 1: "+", -1: "-"}
        return tuple(f"[{','.join(map(str, s.parts))}]{signs[s.half]}" for s in self._shapes)

    @cached_property
    def degrees(self) -> tuple[int, ...]:
        return tuple(hook_degree(s.parts) // (2 if s.half else 1) for s in self._shapes)

    def value(self, character: int, number: int) -> Cyclotomic:
        return Cyclotomic(symmetric_value(self._shapes[character].parts, self._types[number].parts))

    def indicator(self, character: int) -> int:
        return 1

    def power_map(self, k: int) -> tuple[int, ...]:
        return tuple(self._numbers[self._power(t, k)] for t in self._types)

    def _power(self, t: _Part, k: int) -> _Part:
        return _Part(power_type(t.parts, k % type_order(t.parts)))

    def class_of(self, g: Element) -> int:
        return self._numbers[_Part(cycle_type(np.asarray(g)))]


@dataclass(frozen=True, eq=False)
class AlternatingData(SymmetricData):
    """The characters of the alternating group on n >= 2 points, labelled by one of two conjugate partitions, with + and - for halves.

    The + half of a class holds its lexicographically smallest permutation; the + half of a character has the value
    (e + sqrt(e h_1 ... h_k))/2 there, e = (-1)^((n - k)/2), on the class of the lengths h_i of its diagonal hooks.

    Examples
    --------
    >>> from grouprep import Alternating
    >>> data = AlternatingData(Alternating(5))
    >>> data.labels, [data.value(3, k) for k in range(5)]
    (('[5]', '[4,1]', '[3,2]', '[3,1,1]+', '[3,1,1]-'), [3, 1/2 + sqrt(5)/2, 1/2 - sqrt(5)/2, -1, 0])

    References
    ----------
    James and Kerber, The Representation Theory of the Symmetric Group, theorem 2.5.13.
    """

    def _all_types(self) -> list[_Part]:
        found = []
        for cycles in partitions(self._n):
            if sum(k - 1 for k in cycles) % 2 == 0:
                halves = (1, -1) if _splits(cycles) else (0,)
                found += [_Part(cycles, half) for half in halves]
        return found

    @cached_property
    def _shapes(self) -> tuple[_Part, ...]:
        found = []
        for shape in partitions(self._n):
            other = conjugate_partition(shape)
            if shape == other:
                found += [_Part(shape, 1), _Part(shape, -1)]
            elif shape > other:
                found.append(_Part(shape))
        return tuple(found)

    def value(self, character: int, number: int) -> Cyclotomic:
        shape, t = self._shapes[character], self._types[number]
        whole = symmetric_value(shape.parts, t.parts)
        if not shape.half:
            return Cyclotomic(whole)
        hooks = _diagonal_hooks(shape.parts)
        if t.parts != hooks:
            return Cyclotomic(whole // 2)
        sign = _sign(hooks)
        root = _square_root(sign * prod(hooks))
        return (Cyclotomic(sign) + shape.half * t.half * root) / 2

    def indicator(self, character: int) -> int:
        shape = self._shapes[character]
        return 0 if shape.half and _sign(_diagonal_hooks(shape.parts)) < 0 else 1

    def _power(self, t: _Part, k: int) -> _Part:
        cycles = power_type(t.parts, k % type_order(t.parts))
        if not _splits(cycles):
            return _Part(cycles)
        # x -> k x on a cycle of odd length m is a permutation of sign (k/m), and conjugates the cycle into its k-th power.
        return _Part(cycles, t.half * prod(_jacobi(k, m) for m in cycles))

    def class_of(self, g: Element) -> int:
        p = np.asarray(g)
        cycles = cycle_type(p)
        return self._numbers[_Part(cycles, _half(p, cycles) if _splits(cycles) else 0)]


def _splits(cycles: Partition) -> bool:
    """Whether the permutations of a type are two classes of the alternating group: odd and different lengths."""
    return all(k % 2 for k in cycles) and len(set(cycles)) == len(cycles) and sum(cycles) > 1


def _diagonal_hooks(shape: Partition) -> Partition:
    """The hook lengths on the diagonal of a partition that is its own conjugate."""
    return tuple(2 * (k - i) - 1 for i, k in enumerate(shape) if k > i)


def _sign(hooks: Partition) -> int:
    return -1 if (sum(hooks) - len(hooks)) // 2 % 2 else 1


def _jacobi(k: int, m: int) -> int:
    from flint import fmpz

    return int(fmpz(k % m).jacobi(fmpz(m))) if m > 1 else 1


def _square_root(d: int) -> Cyclotomic:
    """The principal square root of an odd integer that is 1 modulo 4, as a Gauss sum."""
    free, square = squarefree(d)
    m = abs(free)
    terms = {a: _jacobi(a, m) for a in range(m)} if m > 1 else {0: 1}
    return square * Cyclotomic.sum_of_roots(m, terms)


def _half(p: Perm, cycles: Partition) -> int:
    """The sign of a permutation that conjugates the standard element of a type, with different lengths, into p."""
    standard = standard_element(cycles)
    images, start = np.empty(len(p), dtype=np.int64), 0
    places: dict[int, int] = {}
    for k in reversed(cycles):
        places[k], start = start, start + k
    seen: set[int] = set()
    for point in range(len(p)):
        cycle = [point]
        while point not in seen and int(p[cycle[-1]]) != point:
            cycle.append(int(p[cycle[-1]]))
        if point not in seen:
            images[places[len(cycle)] : places[len(cycle)] + len(cycle)] = cycle
            seen.update(cycle)
    assert (images[standard] == p[images]).all()
    return -1 if sum(k - 1 for k in cycle_type(images)) % 2 else 1


def permutation_data(G: FiniteGroup) -> TableData | None:
    """The data of a group that is the symmetric or the alternating group on its points, whatever its generators; else None."""
    n = G.degree
    if n < 2:
        return None
    whole = factorial(n) if n < 2_000 else 0  # larger ones have too many partitions, and no use
    if G.order != whole and (n == 2 or 2 * G.order != whole):
        return None
    require(count_partitions(n), PARTITIONS, f"{G} has characters for the partitions of {n}, in number")
    return SymmetricData(G) if G.order == whole else AlternatingData(G)
