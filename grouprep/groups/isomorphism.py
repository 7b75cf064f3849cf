"""Injective homomorphisms between small groups, found by trying images of generators: embeddings and isomorphisms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from math import inf, prod

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.groups.base import Group, Word
from grouprep.groups.cosets import sorted_elements as sorted_rows
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, invert
from grouprep.linalg.budget import require
from grouprep.summary import Summary
from grouprep.typing import Array, Integers

__all__ = [
    "Isomorphism",
    "can_be_searched",
    "element_orders",
    "embeddings",
    "find_isomorphism",
    "isomorphism_onto",
    "sorted_elements",
]

_ORDER = 20_000  # elements of a group whose elements are tried
_TRIED = 20_000_000  # tuples of images: half a minute

_ENTRIES = 4_000_000  # of the list of elements, order times degree: a second or two
_TUPLES = 2_000  # partial tuples of generators that are looked at


def find_isomorphism(G: FiniteGroup, H: FiniteGroup) -> Homomorphism | None:
    """An isomorphism from G to H, or None if there is none: the first in a fixed order.

    Orders, and sizes of classes of elements of each order, are compared first; then the images of an irredundant part of G's
    generators are tried, the first up to conjugacy.

    Parameters
    ----------
    G, H : finite groups.

    Raises
    ------
    GroupRepError
        If one is no finite group.
    TooLarge
        If they have more than 20,000 elements, or more than 20,000,000 tuples of images would be tried.

    Examples
    --------
    >>> from grouprep import Dihedral, Symmetric
    >>> find_isomorphism(Symmetric(3), Dihedral(3))
    Homomorphism(S3 -> D3)
    >>> find_isomorphism(Symmetric(4), Dihedral(12)) is None
    True

    References
    ----------
    Holt, Eick, O'Brien, Handbook of Computational Group Theory (2005), section 9.3.1.
    """
    _check(G=G, H=H)
    if G.order != H.order:
        return None
    for group in (G, H):
        require(int(group.order), _ORDER, f"isomorphisms of {group}: its elements number")
    if _statistics(G) != _statistics(H):
        return None
    return next(embeddings(G, H), None)


def embeddings(H: FiniteGroup, G: FiniteGroup) -> Iterator[Homomorphism]:
    """The injective homomorphisms H -> G, each at least once up to conjugation in G, in a fixed order.

    Raises
    ------
    GroupRepError
        If one is no finite group.
    TooLarge
        If G has more than 20,000 elements, or more than 20,000,000 tuples of images would be tried.

    Examples
    --------
    >>> from grouprep import Cyclic, Symmetric
    >>> len(list(embeddings(Cyclic(2), Symmetric(4))))
    2
    """
    _check(H=H, G=G)
    if int(G.order) % int(H.order):
        return
    require(int(G.order), _ORDER, f"maps into {G}: its elements number")
    elements = sorted_rows(G.elements)
    orders = _orders(elements)
    generators = _irredundant(H)
    wanted = _orders(np.array([H.generators[k] for k in generators]))
    # the generator with the fewest possible images goes first, and its images up to conjugacy only
    start = int(np.argmin([int((orders == m).sum()) for m in wanted]))
    generators = [generators[start], *generators[:start], *generators[start + 1 :]]
    images = [elements[orders == _order(H.generators[k], H.order)] for k in generators]
    images[0] = _up_to_conjugacy(G, images[0])
    require(prod(map(len, images)), _TRIED, f"maps from {H} into {G}: the tuples of images of its generators number")
    words = _words(H, generators)
    for chosen in _tuples(H, generators, images):
        values = _along(words, chosen)
        if _is_embedding(H, generators, chosen, values):
            places = H.index(np.array(H.generators))
            yield Homomorphism(H, G, [values[k] for k in places])


def _check(**given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, FiniteGroup):
            what = "an infinite group" if isinstance(value, Group) else shown(value)
            raise GroupRepError(f"{name} must be a finite group, got {what}")


def _orders(elements: Perm) -> Integers:
    """The orders of permutations (n, degree)."""
    orders = np.zeros(len(elements), dtype=np.int64)
    power, k = elements, 1
    while True:
        one = (power == np.arange(elements.shape[1])).all(axis=1)
        orders[one & (orders == 0)] = k
        if orders.all():
            return orders
        power, k = np.take_along_axis(elements, power, axis=1), k + 1


def _statistics(G: FiniteGroup) -> list[tuple[int, int, int]]:
    """Order, size, and order of the square of the elements of each class, sorted."""
    classes = G.conjugacy_classes
    representatives = G.elements[[c[0] for c in classes]]
    squares = np.take_along_axis(representatives, representatives, axis=1)
    sizes = {int(k): len(c) for c in classes for k in c}
    of_squares = [sizes[int(k)] for k in G.index(squares)]
    return sorted(zip(_orders(representatives).tolist(), map(len, classes), of_squares, strict=True))


def _irredundant(H: FiniteGroup) -> list[int]:
    """Numbers of generators of H that generate it, none of which can be left away."""
    kept = list(range(len(H.generators)))
    for k in reversed(range(len(H.generators))):
        rest = [j for j in kept if j != k]
        if rest and FiniteGroup([H.generators[j] for j in rest]).order == H.order:
            kept = rest
    return kept


def _up_to_conjugacy(G: FiniteGroup, elements: Perm) -> Perm:
    seen: set[bytes] = set()
    out = []
    for g in elements:
        if g.tobytes() in seen:
            continue
        out.append(g)
        queue = [g]
        seen.add(g.tobytes())
        for x in queue:
            for p in G.generators:
                new = p[x[invert(p)]]
                if new.tobytes() not in seen:
                    seen.add(new.tobytes())
                    queue.append(new)
    return np.array(out, dtype=np.int64).reshape(-1, elements.shape[1])


def _tuples(
    F: FiniteGroup,
    sequence: Sequence[int],
    images: Sequence[Integers],
    relators: Sequence[Word] = (),
    most: float = inf,
) -> Iterator[list[Perm]]:
    """Tuples of images that look like some generators of F: products in pairs, quotients and commutators of the right orders, and relators.

    sequence : the numbers of the generators; images : what is tried for each; relators : words in them that are 1 in F.
    most : how many partial tuples are looked at.
    """
    generators, n = [F.generators[k] for k in sequence], F.order
    looked = 0

    def extend(chosen: list[Perm]) -> Iterator[list[Perm]]:
        nonlocal looked
        k = len(chosen)
        if k == len(generators):
            yield chosen
            return
        looked += 1
        if looked > most:
            return
        candidates = images[k]
        for x, p in zip(chosen, generators, strict=False):
            q = generators[k]
            orders = _order(p[q], n), _order(invert(p)[q], n), _order(p[q][invert(p)[invert(q)]], n)
            candidates = candidates[_have_order(_times(x, candidates), orders[0])]
            candidates = candidates[_have_order(_times(invert(x), candidates), orders[1])]
            commutators = _times(_times(x, candidates), _times(invert(x), np.argsort(candidates, axis=1)))
            candidates = candidates[_have_order(commutators, orders[2])]
        for word in relators:
            if max(i for i, _ in word) == k and len({i for i, _ in word}) > 1:
                candidates = candidates[_fulfilled(word, [*chosen, candidates])]
        for x in candidates:
            yield from extend([*chosen, x])

    yield from extend([])


def _words(H: FiniteGroup, generators: Sequence[int]) -> list[tuple[int, int, int]]:
    """(generator among those kept, place of an earlier element, number of their product) for all elements of H, as they are reached."""
    table = H.left_multiplication[list(generators)]
    order, steps, place = [0], [(-1, -1)], {0: 0}
    for number in order:
        for k in range(len(generators)):
            new = int(table[k, number])
            if new not in place:
                place[new] = len(order)
                order.append(new)
                steps.append((k, place[number]))
    return [(k, j, number) for (k, j), number in zip(steps, order, strict=True)]


def _along(words: Sequence[tuple[int, int, int]], chosen: Sequence[Perm]) -> Perm:
    """The images of the listed elements of H, (order, degree)."""
    values = [np.arange(len(chosen[0]))]
    for k, j, _ in words[1:]:
        values.append(chosen[k][values[j]])
    out = np.empty((len(words), len(chosen[0])), dtype=np.int64)
    out[[number for _, _, number in words]] = values
    return out


def _is_embedding(H: FiniteGroup, generators: Sequence[int], chosen: Sequence[Perm], values: Perm) -> bool:
    """Whether the values multiply as the elements do, and only one of them is 1."""
    for k, image in zip(generators, chosen, strict=True):
        if not np.array_equal(image[values], values[H.left_multiplication[k]]):
            return False
    return int((values == np.arange(values.shape[1])).all(axis=1).sum()) == 1


# Onto a known group


class Isomorphism(Summary):
    """An isomorphism f from a group to a known one, with the elements that it takes to the generators there.

    f : the homomorphism; preimages : for each generator of the target an element of the source.
    """

    def __init__(self, f: Homomorphism, preimages: Sequence[Perm]) -> None:
        self.f, self.preimages = f, tuple(preimages)


# Elements in an order of their own


def can_be_searched(G: FiniteGroup) -> bool:
    """Whether a group is small enough for all of its elements to be looked at."""
    return G.is_listed and G.order * G.degree <= _ENTRIES


@lru_cache(maxsize=16)
def sorted_elements(G: FiniteGroup) -> Integers:
    """All elements of a group, (order, degree), in an order that does not depend on its generators."""
    elements = G.elements
    keys = np.ascontiguousarray(elements.astype(">u4")).view(f"V{4 * G.degree}")
    return elements[np.argsort(keys.ravel(), kind="stable")]


def element_orders(elements: Integers) -> Integers:
    """The orders of permutations (n, degree) of a group of order n.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> element_orders(Cyclic(6).elements)
    array([1, 6, 3, 2, 3, 6])
    """
    from sympy import factorint

    n, one = len(elements), np.arange(elements.shape[1])
    orders = np.ones(n, dtype=np.int64)
    for p, e in factorint(n).items():
        power = _power(elements, n // p**e)
        for _ in range(e):
            moved = (power != one).any(axis=1)
            if not moved.any():
                break
            orders[moved] *= p
            power = _power(power, p)
    return orders


@lru_cache(maxsize=16)
def _listed_orders(G: FiniteGroup) -> Integers:
    return element_orders(sorted_elements(G))


def _times(g: Integers, h: Integers) -> Integers:
    g, h = np.broadcast_arrays(g, h)
    return np.take_along_axis(g, h, axis=-1)


def _power(g: Integers, k: int) -> Integers:
    out, square = np.broadcast_to(np.arange(g.shape[-1]), g.shape), g
    while k:
        if k & 1:
            out = _times(out, square)
        k >>= 1
        square = _times(square, square) if k else square
    return out


def _order(g: Perm, n: int) -> int:
    """The order of one element of a group of order n."""
    from sympy import factorint

    one, order = np.arange(len(g)), n
    for p, e in factorint(n).items():
        for _ in range(e):
            if not np.array_equal(_power(g, order // p), one):
                break
            order //= p
    return order


def _have_order(g: Integers, order: int) -> Array:
    """Which of the permutations (n, degree) have an order."""
    from sympy import primefactors

    one = np.arange(g.shape[-1])
    good: Array = (_power(g, order) == one).all(axis=1)
    for p in primefactors(order):
        good &= (_power(g, order // p) != one).any(axis=1)
    return good


# The search


def isomorphism_onto(G: Group, F: FiniteGroup, first: Sequence[int] = ()) -> Isomorphism | None:
    """An isomorphism from a finite group to a known one, or None if there is none or the groups are too large to look.

    The images of F's generators under its inverse are the first tuple of elements of G that fits, elements in the order of their lists
    of images. So it depends on the set of elements alone, not on generators; `find_isomorphism` tries all tuples.

    Parameters
    ----------
    G : the group; one whose elements are the very permutations of F is mapped by the identity.
    F : the known group, with relators.
    first : the numbers of its generators in the order in which they are looked for; by default that of F.

    Examples
    --------
    >>> from grouprep import FiniteGroup, Symmetric
    >>> G = FiniteGroup.from_matrices([[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]])
    >>> isomorphism_onto(G, Symmetric(4)).f
    Homomorphism(<2 matrices> -> S4)
    """
    if not isinstance(G, FiniteGroup) or G.order != F.order:
        return None
    if G == F:
        return Isomorphism(Homomorphism.identity(G), F.generators)
    if G.matrices is None and G.degree == F.degree and all(map(G.contains, F.generators)):
        return Isomorphism(Homomorphism.inclusion(G, F), F.generators)
    if not can_be_searched(G) or F.order * F.degree > _ENTRIES:
        return None
    orders = _listed_orders(G)
    if not set(map(int, orders)) >= {_order(p, F.order) for p in F.generators}:
        return None
    if Counter(orders.tolist()) != Counter(element_orders(F.elements).tolist()):
        return None
    sequence = list(first) or list(range(len(F.generators)))
    elements = sorted_elements(G)
    wanted = [_order(F.generators[k], F.order) for k in sequence]
    images = [elements[orders == m] for m in wanted]
    starts = elements[_representatives(G)]
    images[0] = starts[_have_order(starts, wanted[0])]
    relators = [_renumbered(word, sequence) for word in F.relators or ()]
    for found in islice(_tuples(F, sequence, images, relators, _TUPLES), 50):
        there = _images(G, F, found, [F.generators[k] for k in sequence])
        if there is not None:
            preimages = [found[sequence.index(k)] for k in range(len(sequence))]
            return Isomorphism(Homomorphism(G, F, there), preimages)
    return None


def _renumbered(word: Word, sequence: Sequence[int]) -> Word:
    return tuple((list(sequence).index(k), e) for k, e in word)


def _fulfilled(word: Word, values: Sequence[Integers]) -> Array:
    """Where a relator is 1; the last of the values are many."""
    one = np.arange(values[-1].shape[-1])
    inverses = {i: invert(values[i]) for i, e in word if e < 0}
    total: Integers = np.broadcast_to(one, values[-1].shape)
    for i, e in word:
        total = _times(total, values[i] if e > 0 else inverses[i])
    good: Array = (total == one).all(axis=1)
    return good


def _representatives(G: FiniteGroup) -> Integers:
    """The places in `sorted_elements` of the first element of each class, ascending."""
    numbers = G.index(sorted_elements(G))
    places = invert(numbers)
    return np.array(sorted(int(places[members].min()) for members in G.conjugacy_classes))


def _images(G: FiniteGroup, F: FiniteGroup, here: Sequence[Perm], there: Sequence[Perm]) -> list[Perm] | None:
    """The elements of F for the generators of G under here -> there; None if `here` does not generate G."""
    start = np.arange(G.degree + F.degree)
    steps = [np.concatenate([p, q + G.degree]) for p, q in zip(here, there, strict=True)]
    seen, queue = {start[: G.degree].tobytes(): start}, [start]
    for pair in queue:
        for step in steps:
            new = step[pair]
            key = new[: G.degree].tobytes()
            if key not in seen:
                seen[key] = new
                queue.append(new)
    if len(seen) != G.order:
        return None
    return [seen[p.tobytes()][G.degree :] - G.degree for p in G.generators]
