"""The subgroups of a small finite group up to conjugacy, by extending each by one more element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grouprep.errors import TooLarge
from grouprep.groups.cards import subgroup_card
from grouprep.groups.cosets import generated_by, sorted_elements
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg.budget import require
from grouprep.typing import Integers

__all__ = ["SubgroupClass", "conjugacy_classes_of_subgroups"]

_ORDER = 2_000  # elements of a group whose subgroups are looked for: its multiplication table has 16 MB
_COUNT = 20_000  # subgroups; (C_2)^6 has 2,825 and takes some seconds, (C_2)^7 29,212


@dataclass(frozen=True, repr=False)
class SubgroupClass:
    """A class of conjugate subgroups.

    representative : one of them: that with the least sorted list of elements.
    order, index : of each of them.
    length : how many they are; 1 for a normal subgroup.
    """

    representative: FiniteGroup
    order: int
    index: int
    length: int

    @property
    def is_normal(self) -> bool:
        """Whether it is a class of its own."""
        return self.length == 1

    def __str__(self) -> str:
        what = "normal" if self.is_normal else f"{self.length} conjugates"
        return f"{self.representative}: order {self.order}, index {self.index}, {what}"

    def __repr__(self) -> str:
        return f"<{self}>"

    def _repr_html_(self) -> str:
        return subgroup_card(self)


def conjugacy_classes_of_subgroups(G: FiniteGroup) -> tuple[SubgroupClass, ...]:
    """See `FiniteGroup.subgroups`."""
    require(G.order, _ORDER, f"subgroups of {G}: its elements number", "subgroup(generators) makes one subgroup")
    search = _Search(G)
    found = search.run()
    ordered = sorted(found.items(), key=lambda item: (len(item[0]), item[1], item[0]))
    return tuple(
        SubgroupClass(
            generated_by(search.elements[list(members)], f"subgroup {k} of {G}"),
            len(members),
            int(G.order) // len(members),
            length,
        )
        for k, (members, length) in enumerate(ordered)
    )


class _Search:
    """The elements of G are numbered in lexicographic order; a subgroup is the sorted tuple of its elements' numbers."""

    def __init__(self, G: FiniteGroup) -> None:
        self.name = str(G)
        self.elements = sorted_elements(G.elements)
        place = np.empty(int(G.order), dtype=np.int64)
        place[G.index(self.elements)] = np.arange(int(G.order))
        self.table: Integers = np.array([place[G.index(g[self.elements])] for g in self.elements])
        self.inverse: Integers = np.argmin(self.table, axis=1)  # where the product is 1, which has the number 0
        self.conjugations = [
            self.table[k][self.table[:, self.inverse[k]]] for k in place[G.index(np.array(G.generators))].tolist()
        ]
        self.solvable = self._is_solvable()

    def run(self) -> dict[tuple[int, ...], int]:
        """The representatives of the classes, with their lengths."""
        seen: set[tuple[int, ...]] = set()
        classes: dict[tuple[int, ...], int] = {}
        queue: list[tuple[int, ...]] = [(0,)]
        seen.add((0,))
        classes[(0,)] = 1
        steps = list(self._cyclic())
        for subgroup in queue:
            for new in self._extensions(subgroup, steps):
                if new in seen:
                    continue
                orbit = self._orbit(new)
                seen |= orbit
                if len(seen) > _COUNT:
                    raise TooLarge(
                        f"{self.name} has more than {_COUNT:,} subgroups; subgroup(generators) makes one of them"
                    )
                least = min(orbit)
                classes[least] = len(orbit)
                queue.append(least)
        return classes

    def _cyclic(self) -> Iterator[tuple[int, int]]:
        """A generator z of each cyclic subgroup of prime power order, and z^p."""
        done: set[tuple[int, ...]] = set()
        for z in range(1, len(self.table)):
            powers = [z]
            while powers[-1]:
                powers.append(int(self.table[z, powers[-1]]))
            order = len(powers)
            p = next(q for q in range(2, order + 1) if order % q == 0)
            rest = order
            while rest % p == 0:
                rest //= p
            group = tuple(sorted(powers))
            if rest == 1 and group not in done:
                done.add(group)
                yield z, powers[p - 1]

    def _extensions(self, subgroup: tuple[int, ...], steps: list[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
        """The subgroups <U, z>: those that U is normal in with prime index, and in groups that are not solvable all.

        A subgroup with a prime quotient is of the first kind; of the others, which are perfect, solvable groups have none.
        """
        U = np.array(subgroup)
        inside = np.zeros(len(self.table), dtype=bool)
        inside[U] = True
        covered = inside.copy()  # by extensions of the first kind, any of whose further elements give the same one
        for z, power in steps:
            if covered[z]:
                continue
            if inside[power] and inside[self.table[z][self.table[U, self.inverse[z]]]].all():
                cosets, representative = [U], z
                while not inside[representative]:
                    cosets.append(self.table[representative][U])
                    representative = int(self.table[representative, z])
                members = np.sort(np.concatenate(cosets))
                covered[members] = True
                yield tuple(members.tolist())
            elif not self.solvable:
                yield self._generated(U, z)

    def _generated(self, U: Integers, z: int) -> tuple[int, ...]:
        """<U, z> as a union of cosets g U, which U and z move."""
        inside = np.zeros(len(self.table), dtype=bool)
        inside[U] = True
        generators = [*U[1:].tolist(), z]
        representatives = [0]
        for r in representatives:
            for new in self.table[generators, r].tolist():
                if not inside[new]:
                    inside[self.table[new][U]] = True
                    representatives.append(new)
        return tuple(np.flatnonzero(inside).tolist())

    def _orbit(self, subgroup: tuple[int, ...]) -> set[tuple[int, ...]]:
        orbit, queue = {subgroup}, [subgroup]
        for member in queue:
            for c in self.conjugations:
                new = tuple(np.sort(c[list(member)]).tolist())
                if new not in orbit:
                    orbit.add(new)
                    queue.append(new)
        return orbit

    def _is_solvable(self) -> bool:
        """Whether the derived series ends at 1."""
        current = np.arange(len(self.table))
        while True:
            products = self.table[current[:, None], current[None, :]]
            commutators = np.unique(self.table[products, self.inverse[products.T]])
            derived = np.array([0])
            for c in commutators.tolist():
                if not np.isin(c, derived):
                    derived = np.array(self._generated(derived, c))
            if len(derived) == len(current):
                return len(current) == 1
            current = derived
