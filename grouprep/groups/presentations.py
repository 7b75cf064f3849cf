"""Groups by generators and relators as permutation groups, on as few cosets as are found: their order is proved with it.

The cosets of a subgroup H of index m, once they are enumerated, prove |G| <= m |H|. Where |H| <= n is known, from a relator u^n for
H = <u> or by the same argument for a subgroup of H, and the permutations of the cosets generate a group P of order m n, then
|P| <= |G| <= m n = |P|: the action is faithful and |G| = m n. No other proof is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd, lcm

import numpy as np

from grouprep.errors import TooLarge, UnsupportedGroup
from grouprep.groups.base import Word
from grouprep.groups.coset_enumeration import enumerate_cosets, proof_of_infinity
from grouprep.groups.permutations import Perm, format_order, invert
from grouprep.groups.stabiliser_chain import stabiliser_chain
from grouprep.linalg.budget import COSETS
from grouprep.linalg.graphs import components
from grouprep.typing import Integers

__all__ = ["permutations_of_words"]

REGULAR = 2_000  # elements of a group that acts on itself; larger ones act on cosets
_CYCLIC = 5  # subgroups <u> that are tried, by the length of u^n
_SUBORBITS = 60  # by which a subgroup is enlarged, the shortest first
_LARGEST = 2  # subgroups of which many cosets are tried
_FIRST = 1_000  # cosets that are tried of each subgroup before more are of any


@dataclass(frozen=True)
class _Subgroup:
    """A subgroup by words that generate it, and a number that its order does not exceed."""

    words: tuple[Word, ...]
    bound: int


def permutations_of_words(
    count: int, relators: Sequence[Word], text: str, max_cosets: int = COSETS
) -> tuple[list[Perm], int]:
    """The generators as permutations (left action), faithful, and the order of the group.

    Parameters
    ----------
    count : the number of generators.
    relators : the words that equal 1.
    text : the presentation, for messages.
    max_cosets : the most cosets that are alive in the enumeration of the elements; of those of a subgroup ten times as many are defined.

    Raises
    ------
    UnsupportedGroup
        If no enumeration closes; the message says whether the group is proved to be infinite.
    TooLarge
        If the group is proved to be finite, and no faithful action on max_cosets points was found.

    Examples
    --------
    >>> from grouprep.groups.constructions import parse_word
    >>> words = [parse_word(w, ["a", "b"]) for w in ("a^2", "b^3", "(a b)^11", "(a b a b^-1)^6", "(a b a b a b^-1)^6")]
    >>> perms, order = permutations_of_words(2, words, "M12")
    >>> order, len(perms[0])
    (95040, 12)
    """
    table = enumerate_cosets(count, relators, min(REGULAR, max_cosets))
    if table is not None:
        return _left(table), len(table[0])
    proof = proof_of_infinity(count, relators)
    bounds: list[int] = []
    tables: list[list[Integers]] = []
    first = min(_FIRST, max_cosets)
    subgroups = [] if proof else list(_subgroups(count, relators, first))
    largest = sorted(subgroups, key=lambda H: -H.bound)[:_LARGEST]
    for limit, H in [(first, H) for H in subgroups] + [(max_cosets, H) for H in largest]:
        if bounds and limit > first:
            break
        table = enumerate_cosets(count, relators, limit, H.words)
        if table is None:
            continue
        bounds.append(len(table[0]) * H.bound)
        fixing = [_along(table, w) for w in H.words]
        if len(table[0]) * max(map(_order_of, fixing)) == min(bounds):  # of the stabiliser it is proved at once
            return _left(_fewer(table, min(bounds), fixing)), min(bounds)
        tables += [table] if len(table[0]) > 1 else []
        for candidate in (table, _sum([table, *tables[:-1]])) if tables else ():
            if _order(candidate, min(bounds)) == min(bounds):
                return _left(_fewer(candidate, min(bounds))), min(bounds)
    table = None if proof else enumerate_cosets(count, relators, max_cosets)
    if table is not None:
        return _left(_fewer(table, len(table[0]))), len(table[0])
    if bounds:
        raise TooLarge(
            f"the presentation {text:.200} is of a finite group with at most {format_order(min(bounds))} elements, and no faithful action "
            f"was found within {max_cosets:,} cosets; raise max_cosets, or give generators as permutations or matrices"
        )
    raise UnsupportedGroup(
        f"the presentation {text:.200} did not close within {max_cosets:,} cosets: the group is infinite"
        + (
            f", {proof}"
            if proof
            else " or larger; add relators, raise max_cosets, or give generators as permutations or matrices"
        )
    )


def _left(table: list[Integers]) -> list[Perm]:
    """The action from the left, x -> (c -> c x^-1), of a table, which acts on right cosets from the right."""
    perms = [invert(column) for column in table]
    for p in perms:
        p.setflags(write=False)
    return perms


def _sum(tables: list[list[Integers]]) -> list[Integers]:
    """The action on the cosets of several subgroups together."""
    starts = np.cumsum([0, *(len(t[0]) for t in tables)])
    return [np.concatenate([t[k] + s for t, s in zip(tables, starts[:-1], strict=True)]) for k in range(len(tables[0]))]


def _order(table: list[Integers], bound: int) -> int:
    """The order of the group that the columns generate, which does not exceed a bound; 0 where it is not proved."""
    chain = stabiliser_chain(table, enough=bound)
    return 0 if chain is None else chain.order


def _subgroups(count: int, relators: Sequence[Word], limit: int) -> Iterator[_Subgroup]:
    """Subgroups whose order has a known bound: what all generators but one generate, and <u> for relators u^n, the largest n first."""
    known: dict[tuple[int, ...], int] = {(): 1}
    for left_out in reversed(range(count if count > 2 else 0)):
        kept = tuple(k for k in range(count) if k != left_out)
        bound = _order_bound(kept, relators, limit, known)
        if bound:
            yield _Subgroup(tuple(((k, 1),) for k in kept), bound)
    yield from _cyclic(relators)


def _cyclic(relators: Sequence[Word]) -> list[_Subgroup]:
    """<u> for relators u^n, and its subgroups <u^q> for the powers q of primes with which n is exactly divisible."""
    found: dict[Word, int] = {}
    for w in relators:
        period = next((p for p in range(1, len(w) + 1) if len(w) % p == 0 and w[:p] * (len(w) // p) == w), 0)
        if period:
            u = w[:period]
            found[u] = gcd(found.get(u, 0), len(w) // period)
    ordered = sorted(found.items(), key=lambda item: (-item[1], len(item[0])))[:_CYCLIC]
    whole = [_Subgroup((u,), n) for u, n in ordered if n > 1]
    parts = [_Subgroup((u * q,), n // q) for u, n in ordered for q in _prime_powers(n) if q < n]
    return whole + parts


def _prime_powers(n: int) -> list[int]:
    """The powers of different primes whose product n is, the smallest first."""
    found, p = [], 2
    while n > 1:
        if p * p > n:
            p = n
        q = 1
        while n % p == 0:
            n, q = n // p, q * p
        found += [q] if q > 1 else []
        p += 1
    return sorted(found)


def _order_bound(kept: tuple[int, ...], relators: Sequence[Word], limit: int, known: dict[tuple[int, ...], int]) -> int:
    """A number that the order of the subgroup of some generators does not exceed, 0 if none is found.

    The subgroup is a quotient of the group that the relators in these generators alone define: its order is at most the index
    there of what all but one of them generate, times the bound of that.

    known : the bounds so far, by the generators.
    """
    if kept in known:
        return known[kept]
    known[kept] = 0
    inside = [w for w in relators if {k for k, _ in w} <= set(kept)]
    if set(kept) <= {k for w in inside for k, _ in w}:  # a generator in no relator is of infinite order
        numbers = {k: i for i, k in enumerate(kept)}
        words = [tuple((numbers[k], e) for k, e in w) for w in inside]
        for rest in (kept[:-1], kept[1:]):
            below = _order_bound(rest, relators, limit, known)
            table = enumerate_cosets(len(kept), words, limit, [((numbers[k], 1),) for k in rest]) if below else None
            if table is not None:
                known[kept] = below * len(table[0])
                break
    return known[kept]


def _along(table: list[Integers], word: Word) -> Integers:
    """The permutation of the points by a word."""
    places = np.arange(len(table[0]))
    for k, e in word:
        places = table[k][places] if e > 0 else invert(table[k])[places]
    return places


def _order_of(perm: Integers) -> int:
    """The order of a permutation, the least common multiple of the lengths of its cycles."""
    _, labels = components(len(perm), np.arange(len(perm)), perm)
    return lcm(*set(np.bincount(labels).tolist()))


def _fewer(table: list[Integers], order: int, fixing: list[Integers] | None = None) -> list[Integers]:
    """A faithful action on fewer points: on the cosets of larger subgroups, each by the blocks that it makes of the cosets there are.

    fixing : generators of the stabiliser of the first point, where they are known.
    """
    while True:
        smaller = next(_smaller(table, order, fixing), None)
        if smaller is None:
            return table
        table, fixing = smaller, None


def _smaller(table: list[Integers], order: int, fixing: list[Integers] | None) -> Iterator[list[Integers]]:
    """Faithful actions on blocks of a faithful one, for the shortest orbits of the stabiliser of the first point first."""
    degree = len(table[0])
    if fixing is None:
        chain = stabiliser_chain(table, enough=order)
        if chain is None or chain.levels[0].point:
            return
        fixing = list(chain.stabiliser)
    moves = fixing or [np.arange(degree)]
    _, labels = components(degree, np.tile(np.arange(degree), len(moves)), np.concatenate(moves))
    _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    for _, place in sorted(zip(sizes.tolist(), first.tolist(), strict=True))[: 1 + _SUBORBITS]:
        blocks = _blocks(table, place) if place else table
        if 1 < len(blocks[0]) < degree and _order(blocks, order) == order:
            yield blocks


def _blocks(table: list[Integers], place: int) -> list[Integers]:
    """The action on the blocks of the finest invariant partition in which a point lies with the first one.

    References
    ----------
    M. D. Atkinson, An algorithm for finding the blocks of a permutation group, Math. Comp. 29 (1975), 911-913.
    """
    columns = [c.tolist() for c in table]
    parent = list(range(len(columns[0])))

    def find(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    queue = [(0, place)]
    while queue:
        a, b = queue.pop()
        a, b = find(a), find(b)
        if a == b:
            continue
        a, b = min(a, b), max(a, b)
        parent[b] = a
        queue += [(column[a], column[b]) for column in columns]
    roots = np.array([find(x) for x in range(len(parent))])
    first, numbers = np.unique(roots, return_inverse=True)
    return [numbers[column[first]] for column in table]
