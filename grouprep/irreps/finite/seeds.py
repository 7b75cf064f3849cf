"""From which vector an irrep is spun: a subgroup and a linear character of it that the irrep holds once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.irreps.finite.characters import Characters
from grouprep.irreps.finite.schur_index import schur_index
from grouprep.irreps.finite.subgroups import further_subgroups, natural_subgroups
from grouprep.linalg.fields import degree, is_real_field
from grouprep.summary import Summary
from grouprep.typing import Integers

if TYPE_CHECKING:
    from sympy import Domain

__all__ = ["Seed", "find_seeds"]


@dataclass(frozen=True, eq=False, repr=False)
class Seed(Summary):
    """A subgroup H and a linear character of it that occurs once in an irreducible character, or a line of its vectors.

    members : the numbers of H; exponents, modulus : the linear character exp(2 pi i exponents / modulus) on them.
    field : the smallest listed one with both characters' values and the weights.
    extension : the degree of what these numbers generate over the field of the irreducible character.
    terms : elements and weights, by default 1 once: the vector spans the image of e (sum of weights times elements) e, where e is
        the idempotent of H and the linear character.
    """

    members: Integers
    exponents: Integers
    modulus: int
    field: Domain
    extension: int
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
        terms = tuple((g, c.galois(a % c.conductor if c.conductor > 1 else 1)) for g, c in self.terms)
        return Seed(self.members, self.exponents * a % self.modulus, self.modulus, self.field, self.extension, terms)


class Seeds:
    """The best seeds found so far for some characters, and those that occur twice over the character's own field."""

    def __init__(self, X: Characters) -> None:
        self.X = X
        self.best: dict[int, tuple[tuple[int, ...], Seed]] = {}
        self.twice: dict[int, tuple[tuple[int, int], Seed]] = {}
        self.index = np.where(X.indicators < 0, 2, 1)  # divisors of the Schur indices: those at infinity, or see `ask`

    def ask(self, k: int) -> None:
        """Find the Schur index of a character; where that is left open, the least that it may be."""
        self.index[k] = schur_index(self.X, k)[0]

    def is_enough(self, k: int) -> bool:
        """Whether the degree of the field over that of the character is the Schur index, and the field real for type R."""
        if k not in self.best:
            return False
        most = int(self.index[k])
        real, size, extension, _ = self.best[k][0]
        return real == 0 and size <= degree(self.X.field(k)) * most and extension <= most

    def suits(self, k: int, seed: Seed) -> bool:
        """Whether a seed, simple or not, is over such a field."""
        real = self.X.indicators[k] <= 0 or is_real_field(seed.field)
        return bool(real and seed.extension <= self.index[k])

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
                extension = X.extension(k, order)
                cost = (int(wants_real), degree(K), extension, index)
                if k not in self.best or cost < self.best[k][0]:
                    self.best[k] = cost, Seed(members, exponents[l], modulus, K, extension)
            for l in np.flatnonzero(counts[k] == 2).tolist():
                order = int(orders[l])
                extension = X.extension(k, order)
                place = (extension, index)
                most = int(self.index[k])
                if extension <= most and (k not in self.twice or place < self.twice[k][0]):
                    self.twice[k] = place, Seed(members, exponents[l], modulus, X.field(k, order), extension)


def find_seeds(
    X: Characters,
    descend: Callable[[Characters, int, Seed], Seed | None],
    eigenline: Callable[[Characters, int, Seed, int], Seed | None],
) -> list[Seed | None]:
    """For each irreducible character the best seed: over the smallest field, with the subgroup of the least index.

    Galois conjugates have conjugate seeds. A character of type R asks for a real field. None where no linear character of
    the subgroups that are looked at occurs once.

    Parameters
    ----------
    X : the characters.
    descend : makes a seed over a smaller field of one that occurs twice, or None.
    eigenline : finds a seed over a field of at most a degree, with the help of one over a larger field, or None.
    """
    found = Seeds(X)
    firsts = [k for k in range(len(X)) if int(X.galois[:, k].min()) == k]
    for members in natural_subgroups(X.E, X.representatives):
        found.improve(members, [k for k in firsts if not found.is_perfect(k)])
    for k in firsts:
        if not found.is_enough(k):
            found.ask(k)
    seeds: list[Seed | None] = [None] * len(X)
    for members in further_subgroups(X.E, X.representatives):
        wanted = [k for k in firsts if not found.is_enough(k)]
        if not wanted:
            break
        found.improve(members, wanted)
    for k in firsts:
        if found.is_enough(k):
            seeds[k] = found.best[k][1]
            continue
        seed = descend(X, k, found.twice[k][1]) if k in found.twice else None
        if seed is None and k in found.best:
            seed = found.best[k][1]
        seeds[k] = seed if seed is None or found.suits(k, seed) else eigenline(X, k, seed, int(found.index[k])) or seed
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
