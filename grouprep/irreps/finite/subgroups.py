"""Subgroups of a listed group, up to conjugacy where that is cheap, in an order that no choice of generators changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grouprep.irreps.finite.elements import Elements
from grouprep.typing import Array, Integers

__all__ = ["further_subgroups", "natural_subgroups"]

_MOST = 3_000  # subgroups that are looked at one after the other


def natural_subgroups(E: Elements, representatives: Integers) -> Iterator[Integers]:
    """Subgroups that a group comes with, each once: stabilisers, centralisers, normalisers, Sylow subgroups, derived ones.

    Parameters
    ----------
    E : the elements.
    representatives : the numbers of one element of each conjugacy class.

    Yields
    ------
    The numbers of the members, ascending.
    """
    seen: set[bytes] = set()
    for members in _natural(E, representatives):
        if (key := members.tobytes()) not in seen:
            seen.add(key)
            yield members


def _natural(E: Elements, representatives: Integers) -> Iterator[Integers]:
    everything = np.arange(len(E))
    yield everything
    yield E.derived(everything)
    yield from _stabilisers(E)
    yield from _sylow(E)
    for g in representatives.tolist():
        cyclic = np.sort(E.cyclic(g))
        yield cyclic
        centraliser = E.centraliser(g)
        yield centraliser
        yield E.normaliser(cyclic)
        yield E.derived(centraliser)


def _stabilisers(E: Elements) -> Iterator[Integers]:
    """Of points, of pairs of points, and of sets of two points."""
    table = E.table
    firsts = sorted({int(column.min()) for column in table.T})
    for p in firsts:
        fixing = np.flatnonzero(table[:, p] == p)
        yield fixing
        for q in sorted({int(column.min()) for column in table[fixing].T} - {p}):
            yield fixing[table[fixing, q] == q]
            ends = np.sort(table[:, [p, q]], axis=1)
            yield np.flatnonzero((ends == sorted((p, q))).all(axis=1))


def _sylow(E: Elements) -> Iterator[Integers]:
    """A Sylow subgroup for each prime, the subgroups on the way to it, and their normalisers."""
    n, p = len(E), 2
    while n > 1:
        if n % p == 0:
            size = 1
            while n % p == 0:
                n, size = n // p, size * p
            members = E.closure([])
            while True:
                normaliser = E.normaliser(members)
                yield members
                yield normaliser
                if len(members) == size:
                    break
                mask = np.zeros(len(E), dtype=bool)
                mask[members] = True
                outside = normaliser[~mask[normaliser]]
                members = E.closure([_step(E, mask, outside, p)], members)
        p += 1


def _step(E: Elements, mask: Array, outside: Integers, p: int) -> int:
    """The first element of p-power order outside a p-group whose p-th power lies inside, among those that normalise it."""
    for g in outside.tolist():
        if _is_power(int(E.orders[g]), p) and mask[_power(E, g, p)]:
            return int(g)
    raise AssertionError("a p-group that is no Sylow subgroup is normalised by a larger one")


def _is_power(n: int, p: int) -> bool:
    while n % p == 0:
        n //= p
    return n == 1


def _power(E: Elements, g: int, k: int) -> int:
    power = g
    for _ in range(k - 1):
        power = int(E.product(power, g))
    return power


def further_subgroups(E: Elements, representatives: Integers) -> Iterator[Integers]:
    """Subgroups with two, three, ... generators, the first of them up to conjugacy, up to a fixed number of attempts."""
    seen: set[bytes] = set()
    level = [np.array([0])]
    budget = _MOST
    firsts: Integers = representatives[representatives > 0]
    while level and budget:
        following: list[Integers] = []
        for members in level:
            mask = np.zeros(len(E), dtype=bool)
            mask[members] = True
            for g in (firsts if len(members) == 1 else np.arange(len(E))).tolist():
                if mask[g]:
                    continue
                if not budget:
                    return
                budget -= 1
                larger = E.closure([*E.generating(members).tolist(), g], members)
                if len(members) > 1:
                    mask[larger[_generate_same(E, members, larger)]] = True
                if (key := larger.tobytes()) not in seen:
                    seen.add(key)
                    if len(larger) < len(E):
                        following.append(larger)
                        yield larger
        level = sorted(following, key=len)


def _generate_same(E: Elements, members: Integers, larger: Integers) -> Integers:
    """Places in `larger` of elements that need not be tried again: those in cosets of prime index."""
    index = len(larger) // len(members)
    prime = index > 1 and all(index % q for q in range(2, int(index**0.5) + 1))
    return np.arange(len(larger)) if prime else np.array([], dtype=np.int64)
