"""The elements of a listed finite group by number, in an order that no choice of generators changes, and products of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import lcm

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import GroupRepError
from grouprep.groups.fingerprints import Fingerprints
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg.memory import require_memory
from grouprep.linalg.pickling import Picklable
from grouprep.typing import Integers

__all__ = ["Elements"]


class Elements(Picklable):
    """The elements of a finite group as the numbers 0, 1, ..., in lexicographic order of their permutations; 0 is the identity.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> E = Elements(Symmetric(3))
    >>> E.table[3], int(E.product(3, 3)), int(E.inverse[3])
    (array([1, 2, 0]), 4, 4)
    """

    def __init__(self, group: FiniteGroup) -> None:
        self.group = group
        group.require_listing()
        require_memory(4 * group.order * group.degree, f"the products of the {group.order:,} elements of {group}")

    @cached_property
    def _order(self) -> Integers:
        """The place in `group.elements` of each numbered element."""
        return np.lexsort(self.group.elements.T[::-1])

    @cached_property
    def table(self) -> Integers:
        """The permutations, (order, degree)."""
        table = self.group.elements[self._order]
        table.setflags(write=False)
        return table

    @cached_property
    def place(self) -> Integers:
        """The number of each element of `group.elements`."""
        place = np.empty(len(self._order), dtype=np.int64)
        place[self._order] = np.arange(len(place))
        return place

    def __len__(self) -> int:
        return int(self.group.order)

    @cached_property
    def _marks(self) -> Fingerprints:
        return Fingerprints(self.table)

    def number(self, g: ArrayLike) -> Integers:
        """The numbers of permutations (..., degree) of the group.

        Raises
        ------
        GroupRepError
            If one does not lie in the group.
        """
        g = np.asarray(g)
        numbers = np.minimum(self._marks.numbers(g), len(self) - 1)
        if not np.array_equal(self.table[numbers], g):
            raise GroupRepError(f"a permutation given as element does not lie in {self.group}")
        return numbers

    def product(self, g: ArrayLike, h: ArrayLike) -> Integers:
        """The numbers of the products g h; arrays are broadcast."""
        g, h = np.broadcast_arrays(g, h)
        return self._marks.numbers_at(self.table[g[..., None], self.table[h[..., None], self._marks.base]])

    @cached_property
    def inverse(self) -> Integers:
        """The number of the inverse of each element."""
        return self._marks.numbers(np.argsort(self.table, axis=1))

    def conjugates(self, g: ArrayLike, by: ArrayLike) -> Integers:
        """The numbers of h g h^-1 for h = `by`; arrays are broadcast."""
        return self.product(self.product(by, g), self.inverse[np.asarray(by)])

    @cached_property
    def orders(self) -> Integers:
        """The order of each element."""
        orders = np.ones(len(self), dtype=np.int64)
        power = np.arange(len(self))
        left = np.flatnonzero(power)
        while len(left):
            orders[left] += 1
            power[left] = self.product(power[left], left)
            left = left[power[left] != 0]
        return orders

    def generating(self, members: Integers) -> Integers:
        """Few members that generate a subgroup: each the first one outside the subgroup of those before."""
        found: list[int] = []
        inside = self.closure([])
        while len(inside) < len(members):
            found.append(int(np.setdiff1d(members, inside)[0]))
            inside = self.closure(found, inside)
        return np.array(found, dtype=np.int64)

    def closure(self, generators: Sequence[int] | Integers, inside: Integers | None = None) -> Integers:
        """The numbers, ascending, of the subgroup that elements generate; `inside` : members known to lie in it."""
        mask = np.zeros(len(self), dtype=bool)
        start = np.array([0]) if inside is None else inside
        steps = np.asarray(generators, dtype=np.int64)
        mask[start] = True
        frontier = start
        while len(frontier) and len(steps):
            new = np.unique(self.product(frontier[:, None], steps[None, :]))
            frontier = new[~mask[new]]
            mask[frontier] = True
        return np.flatnonzero(mask)

    def cyclic(self, g: int) -> Integers:
        """The powers 1, g, g^2, ... of an element."""
        return self._powers(g, int(self.orders[g]))

    def normaliser(self, members: Integers) -> Integers:
        """The elements that conjugate a subgroup to itself."""
        mask = np.zeros(len(self), dtype=bool)
        mask[members] = True
        everything = np.arange(len(self))
        for g in self.generating(members):
            everything = everything[mask[self.conjugates(int(g), everything)]]
        return everything

    def centraliser(self, g: int) -> Integers:
        """The elements that commute with g."""
        everything = np.arange(len(self))
        commuting: Integers = everything[self.product(everything, g) == self.product(g, everything)]
        return commuting

    def derived(self, members: Integers) -> Integers:
        """The commutator subgroup of a subgroup."""
        generators = self.generating(members)
        a, b = generators[:, None], generators[None, :]
        commutators = np.unique(self.product(self.conjugates(b, a), self.inverse[b]))
        found = np.setdiff1d(commutators, [0])
        while True:  # the normal closure
            moved = np.unique(self.conjugates(found[None, :], generators[:, None])) if len(found) else found
            inside = self.closure(found)
            new = np.setdiff1d(moved, inside)
            if not len(new):
                return inside
            found = np.concatenate([found, new[:1]])

    def linear_characters(self, members: Integers) -> tuple[Integers, int]:
        """The homomorphisms of a subgroup to the roots of unity.

        Returns
        -------
        (exponents, modulus) : exponents (characters, members) of exp(2 pi i / modulus), the trivial character first.
        """
        derived = self.derived(members)
        generators = self.generating(members).tolist()
        modulus = lcm(*(self._order_modulo(g, derived) for g in generators))  # the exponent of the quotient
        place = np.empty(len(self), dtype=np.int64)
        values, numbers = np.zeros((1, len(derived)), dtype=np.int64), derived
        for g in generators:  # a character of the numbers, then one of those and g, until they are all members
            order = self._order_modulo(g, numbers)
            powers = self._powers(g, order)
            place[numbers] = np.arange(len(numbers))
            top = int(self.product(powers[-1], g))  # g^order lies among the numbers
            at_top = values[:, place[top]]
            roots = (at_top // order)[:, None] + np.arange(order) * (modulus // order)
            values = (values[:, None, None, :] + roots[:, :, None, None] * np.arange(order)[:, None]) % modulus
            values = values.reshape(-1, order * len(numbers))
            numbers = self.product(powers[:, None], numbers[None, :]).ravel()
        values = values[:, np.argsort(numbers)]
        return values[np.lexsort(values.T[::-1])], modulus

    def _order_modulo(self, g: int, members: Integers) -> int:
        """The least k > 0 with g^k among the members of a subgroup."""
        inside = np.zeros(len(self), dtype=bool)
        inside[members] = True
        order, power = 1, g
        while not inside[power]:
            order, power = order + 1, int(self.product(power, g))
        return order

    def _powers(self, g: int, count: int) -> Integers:
        powers = [0]
        for _ in range(count - 1):
            powers.append(int(self.product(powers[-1], g)))
        return np.array(powers)

    def transversal(self, members: Integers) -> Integers:
        """The least element of each left coset g H of a subgroup, ascending."""
        free = np.ones(len(self), dtype=bool)
        found: list[int] = []
        position = 0
        while True:
            rest = np.flatnonzero(free[position:])
            if not len(rest):
                return np.array(found)
            position += int(rest[0])
            found.append(position)
            free[self.product(position, members)] = False
