"""Which vector an irrep is spun from: a subgroup and a linear character of it that the irrep holds once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.burnside_dixon import IrreducibleCharacters
from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.subgroups import further_subgroups, natural_subgroups
from grouprep.linalg.fields import cyclotomic_field, degree, is_real_field, smallest_domain
from grouprep.linalg.pickling import Picklable
from grouprep.summary import Summary
from grouprep.typing import Integers

if TYPE_CHECKING:
    from sympy import Domain

__all__ = ["Characters", "Seed", "field_of", "find_seeds"]


class Characters(Picklable):
    """The irreducible characters of a listed group, on the numbers of its elements.

    Parameters
    ----------
    E : the elements; found : the characters.
    """

    def __init__(self, E: Elements, found: IrreducibleCharacters) -> None:
        self.E, self.found = E, found
        self.degrees = found.degrees
        self.floats = found.to_numpy()
        self.indicators = found.indicators

    def __len__(self) -> int:
        return len(self.degrees)

    @cached_property
    def class_of(self) -> Integers:
        """The class of each numbered element."""
        class_of: Integers = self.found.classes.number_of[np.argsort(self.E.place)]
        return class_of

    @cached_property
    def representatives(self) -> Integers:
        """The number of the first element of each class."""
        return np.array([int(np.argmax(self.class_of == c)) for c in range(len(self))])

    @cached_property
    def units(self) -> Integers:
        """The numbers below the group's exponent that are prime to it."""
        e = self.found.classes.exponent
        return np.array([a for a in range(1, e + 1) if gcd(a, e) == 1])

    @cached_property
    def galois(self) -> Integers:
        """(units, characters): the number of the character g -> chi(g^a)."""
        known: dict[object, int] = {}
        codes = np.array([[known.setdefault(x, len(known)) for x in row] for row in self.found.values])
        rows = {row.tobytes(): k for k, row in enumerate(codes)}
        columns = [self.found.classes.power_map(int(a)) for a in self.units]
        return np.array([[rows[row.tobytes()] for row in codes[:, c]] for c in columns])

    @cached_property
    def conjugated(self) -> Integers:
        """The number of the complex conjugate of each character."""
        conjugated: Integers = self.galois[-1]  # the last unit is -1
        return conjugated

    def field(self, k: int, order: int = 1) -> Domain:
        """The smallest listed field that holds a character's values, and the roots of unity of an order."""
        return field_of(frozenset(self.found.values[k]), order)

    def extension(self, k: int, order: int) -> int:
        """The degree of the roots of unity of an order over the field of a character's values."""
        fixing = self.units[self.galois[:, k] == k]
        return len(fixing) // int(((fixing - 1) % order == 0).sum())

    def multiplicities(self, members: Integers, exponents: Integers, modulus: int) -> Integers:
        """(characters, linear characters): how often a subgroup's linear characters occur in the irreducible ones.

        They are integers; the sum of |H| products of size d is off by no more than 4 eps |H| d, far below 1/2.
        """
        roots = np.exp(-2j * np.pi * exponents / modulus)
        means = self.floats[:, self.class_of[members]] @ roots.T / len(members)
        counts: Integers = np.rint(means.real).astype(np.int64)
        return counts


@lru_cache(maxsize=1024)
def field_of(values: frozenset[Cyclotomic], order: int) -> Domain:
    """The smallest listed field that holds numbers, and the roots of unity of an order."""
    from sympy import QQ

    n = lcm(order, *(x.conductor for x in values))
    M = cyclotomic_field(n)
    if M.is_QQ:
        return QQ
    elements = []
    for x in values:
        step = n // x.conductor
        elements.append(
            sum((M.unit ** (j * step) * QQ(c.numerator, c.denominator) for j, c in x.terms.items()), M.zero)
        )
    return smallest_domain((*elements, M.unit ** (n // order)), M)


@dataclass(frozen=True, eq=False, repr=False)
class Seed(Summary):
    """A subgroup H and a linear character of it that occurs once in an irreducible character.

    members : the numbers of H; exponents, modulus : the linear character exp(2 pi i exponents / modulus) on them.
    field : the smallest listed one with both characters' values and the weights.
    terms : elements and weights, by default 1 once: the vector spans the image of e (sum of weights times elements) e, where e is
        the idempotent of H and the linear character.
    """

    members: Integers
    exponents: Integers
    modulus: int
    field: Domain
    terms: tuple[tuple[int, Cyclotomic], ...] = ((0, Cyclotomic(1)),)

    @property
    def is_simple(self) -> bool:
        """Whether the vector is the one that H moves by the linear character, without weights."""
        return len(self.terms) == 1

    @property
    def order(self) -> int:
        """The order of the linear character."""
        return self.modulus // int(np.gcd.reduce(self.exponents, initial=self.modulus))

    def conjugate(self, a: int) -> Seed:
        """The same under exp(2 pi i/n) -> exp(2 pi i a/n)."""
        terms = tuple((g, c.galois(_unit(a, c.conductor))) for g, c in self.terms)
        return Seed(self.members, self.exponents * a % self.modulus, self.modulus, self.field, terms)


class Seeds:
    """The best seeds found so far for some characters, and those that occur twice over the character's own field."""

    def __init__(self, X: Characters) -> None:
        self.X = X
        self.best: dict[int, tuple[tuple[int, ...], Seed]] = {}
        self.twice: dict[int, tuple[tuple[int, int], Seed]] = {}

    def is_enough(self, k: int) -> bool:
        """Whether the field is that of the character, or twice it for a character of type H; real for type R."""
        if k not in self.best:
            return False
        most = 2 if self.X.indicators[k] < 0 else 1
        real, size, extension, _ = self.best[k][0]
        return real == 0 and size <= degree(self.X.field(k)) * most and extension <= most

    def is_perfect(self, k: int) -> bool:
        """Whether the irrep is monomial over the least field: no seed is better."""
        return self.is_enough(k) and self.best[k][0][3] == self.X.degrees[k]

    def improve(self, members: Integers, wanted: list[int]) -> None:
        """Try the linear characters of a subgroup for some characters."""
        X, index = self.X, len(self.X.E) // len(members)
        wanted = [k for k in wanted if X.degrees[k] <= 2 * index]
        if not wanted:
            return
        exponents, modulus = X.E.linear_characters(members)
        counts = X.multiplicities(members, exponents, modulus)
        orders = modulus // np.gcd.reduce(exponents, axis=1, initial=modulus)
        for k in wanted:
            for l in np.flatnonzero(counts[k] == 1).tolist():
                order = int(orders[l])
                K = X.field(k, order)
                wants_real = X.indicators[k] > 0 and not is_real_field(K)
                cost = (int(wants_real), degree(K), X.extension(k, order), index)
                if k not in self.best or cost < self.best[k][0]:
                    self.best[k] = cost, Seed(members, exponents[l], modulus, K)
            for l in np.flatnonzero(counts[k] == 2).tolist():
                order = int(orders[l])
                extension = X.extension(k, order)
                place = (extension, index)
                most = 2 if X.indicators[k] < 0 else 1
                if extension <= most and (k not in self.twice or place < self.twice[k][0]):
                    self.twice[k] = place, Seed(members, exponents[l], modulus, X.field(k, order))


def find_seeds(X: Characters, descend: Callable[[Characters, int, Seed], Seed | None]) -> list[Seed | None]:
    """For each irreducible character the best seed: over the smallest field, with the subgroup of the least index.

    Galois conjugates have conjugate seeds. A character of type R asks for a real field. None where no linear character of
    the subgroups that are looked at occurs once.

    Parameters
    ----------
    X : the characters.
    descend : makes a seed over a smaller field of one that occurs twice, or None.
    """
    found = Seeds(X)
    firsts = [k for k in range(len(X)) if int(X.galois[:, k].min()) == k]
    for members in natural_subgroups(X.E, X.representatives):
        found.improve(members, [k for k in firsts if not found.is_perfect(k)])
    seeds: list[Seed | None] = [None] * len(X)
    for members in further_subgroups(X.E, X.representatives):
        wanted = [k for k in firsts if not found.is_enough(k)]
        if not wanted:
            break
        found.improve(members, wanted)
    for k in firsts:
        if not found.is_enough(k) and k in found.twice:
            seeds[k] = descend(X, k, found.twice[k][1])
        if seeds[k] is None and k in found.best:
            seeds[k] = found.best[k][1]
    return _with_conjugates(X, firsts, seeds)


def _with_conjugates(X: Characters, firsts: list[int], seeds: list[Seed | None]) -> list[Seed | None]:
    for k in firsts:
        seed = seeds[k]
        if seed is None:
            continue
        for a, other in zip(X.units.tolist(), X.galois[:, k].tolist(), strict=True):
            if seeds[other] is None:
                seeds[other] = seed.conjugate(a)
    return seeds


def _unit(a: int, n: int) -> int:
    return a % n if n > 1 else 1
