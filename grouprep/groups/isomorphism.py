"""Injective homomorphisms between small groups, found by trying images of generators: embeddings and isomorphisms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.groups.base import Group
from grouprep.groups.cosets import sorted_elements
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, invert
from grouprep.linalg.budget import require
from grouprep.typing import Integers

__all__ = ["embeddings", "find_isomorphism"]

_ORDER = 20_000  # elements of a group whose elements are tried
_TRIED = 20_000_000  # tuples of images: half a minute


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
    elements = sorted_elements(G.elements)
    orders = _orders(elements)
    generators = _irredundant(H)
    wanted = _orders(np.array([H.generators[k] for k in generators]))
    # the generator with the fewest possible images goes first, and its images up to conjugacy only
    start = int(np.argmin([int((orders == m).sum()) for m in wanted]))
    generators = [generators[start], *generators[:start], *generators[start + 1 :]]
    images = [elements[orders == _order(H.generators[k])] for k in generators]
    images[0] = _up_to_conjugacy(G, images[0])
    require(prod(map(len, images)), _TRIED, f"maps from {H} into {G}: the tuples of images of its generators number")
    words = _words(H, generators)
    for chosen in _tuples(H, generators, images, []):
        values = _along(words, chosen)
        if _is_embedding(H, generators, chosen, values):
            places = H.index(np.array(H.generators))
            yield Homomorphism(H, G, [values[k] for k in places])


def _check(**given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, FiniteGroup):
            what = "an infinite group" if isinstance(value, Group) else shown(value)
            raise GroupRepError(f"{name} must be a finite group, got {what}")


def _order(g: Perm) -> int:
    return int(_orders(np.asarray(g)[None])[0])


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
    H: FiniteGroup, generators: Sequence[int], images: Sequence[Perm], chosen: list[Perm]
) -> Iterator[list[Perm]]:
    """Images whose products and commutators with those before have the orders that they have in H."""
    k = len(chosen)
    if k == len(generators):
        yield chosen
        return
    candidates = images[k]
    own = H.generators[generators[k]]
    for j, image in enumerate(chosen):
        other = H.generators[generators[j]]
        wanted = (other[own], other[invert(own)], other[own[invert(other)[invert(own)]]])
        for here, found in zip(wanted, (_products, _quotients, _commutators), strict=True):
            if len(candidates):
                candidates = candidates[_orders(found(image, candidates)) == _order(here)]
    for image in candidates:
        yield from _tuples(H, generators, images, [*chosen, image])


def _products(a: Perm, b: Perm) -> Perm:
    return a[b]


def _quotients(a: Perm, b: Perm) -> Perm:
    return a[invert(b)]


def _commutators(a: Perm, b: Perm) -> Perm:
    """a b a^-1 b^-1 for one a and many b."""
    inner = invert(a)[invert(b)]
    return a[np.take_along_axis(b, inner, axis=1)]


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
