"""Which vector an irrep is spun from: a subgroup and a linear character of it that the irrep holds once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.burnside_dixon import IrreducibleCharacters
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.subgroups import further_subgroups, natural_subgroups
from grouprep.linalg.fields import cyclotomic_field, degree, is_real_field, smallest_domain
from grouprep.linalg.pickling import Picklable
from grouprep.typing import Integers

if TYPE_CHECKING:
    from sympy import Domain

    from grouprep.character_tables.cyclotomics import Cyclotomic

__all__ = ["Characters", "Seed", "find_seeds"]


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
        return _field(frozenset(self.found.values[k]), order)

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
        return np.rint(means.real).astype(np.int64)


@lru_cache(maxsize=1024)
def _field(values: frozenset[Cyclotomic], order: int) -> Domain:
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


@dataclass(frozen=True, eq=False)
class Seed:
    """A subgroup H and a linear character of it that occurs once in an irreducible character.

    members : the numbers of H; exponents, modulus : the linear character exp(2 pi i exponents / modulus) on them.
    field : the smallest listed one with both characters' values.
    """

    members: Integers
    exponents: Integers
    modulus: int
    field: Domain

    @property
    def order(self) -> int:
        """The order of the linear character."""
        return self.modulus // int(np.gcd.reduce(self.exponents, initial=self.modulus))

    def conjugate(self, a: int) -> tuple[Integers, Integers, int]:
        """The same with the a-th power of the linear character."""
        return self.members, self.exponents * a % self.modulus, self.modulus


def find_seeds(X: Characters) -> list[Seed | None]:
    """For each irreducible character the best seed: over the smallest field, with the subgroup of the least index.

    Galois conjugates have conjugate seeds. A character of type R asks for a real field. None where no linear character of
    the subgroups that are looked at occurs once.
    """
    best: list[tuple[tuple[int, ...], Seed] | None] = [None] * len(X)
    firsts = [k for k in range(len(X)) if int(X.galois[:, k].min()) == k]
    for source in (natural_subgroups, further_subgroups):
        for members in source(X.E, X.representatives):
            open_ = [k for k in firsts if not _is_perfect(X, k, best[k])]
            if source is further_subgroups:
                open_ = [k for k in open_ if not _is_enough(X, k, best[k])]
            if not open_:
                break
            _improve(X, members, open_, best)
    return _with_conjugates(X, firsts, [None if b is None else b[1] for b in best])


def _is_enough(X: Characters, k: int, found: tuple[tuple[int, ...], Seed] | None) -> bool:
    """Whether the field is that of the character, or twice it for a character of type H."""
    if found is None:
        return False
    most = 2 if X.indicators[k] < 0 else 1
    return found[0][0] == 0 and found[0][1] <= degree(X.field(k)) * most and found[0][2] <= most


def _is_perfect(X: Characters, k: int, found: tuple[tuple[int, ...], Seed] | None) -> bool:
    """Whether the irrep is monomial over the least field: no seed is better."""
    return found is not None and _is_enough(X, k, found) and found[0][3] == X.degrees[k]


def _improve(
    X: Characters, members: Integers, open_: list[int], best: list[tuple[tuple[int, ...], Seed] | None]
) -> None:
    index = len(X.E) // len(members)
    open_ = [k for k in open_ if X.degrees[k] <= index]
    if not open_:
        return
    exponents, modulus = X.E.linear_characters(members)
    counts = X.multiplicities(members, exponents, modulus)
    orders = modulus // np.gcd.reduce(exponents, axis=1, initial=modulus)
    for k in open_:
        for l in np.flatnonzero(counts[k] == 1).tolist():
            K = X.field(k, int(orders[l]))
            wants_real = X.indicators[k] > 0 and not is_real_field(K)
            cost = (int(wants_real), degree(K), X.extension(k, int(orders[l])), index)
            found = best[k]
            if found is None or cost < found[0]:
                best[k] = cost, Seed(members, exponents[l], modulus, K)


def _with_conjugates(X: Characters, firsts: list[int], seeds: list[Seed | None]) -> list[Seed | None]:
    for k in firsts:
        seed = seeds[k]
        if seed is None:
            continue
        for a, other in zip(X.units.tolist(), X.galois[:, k].tolist(), strict=True):
            if seeds[other] is None:
                members, exponents, modulus = seed.conjugate(a)
                seeds[other] = Seed(members, exponents, modulus, seed.field)
    return seeds
