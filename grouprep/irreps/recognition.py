"""A finite group recognised as a known one by its elements, whatever generates it, and the irreps that it takes from there.

The isomorphism is looked for among tuples of elements that could be the known group's generators: elements of the right orders,
whose products in pairs have the right orders, and which fulfil its relators. The first tuple is
taken, elements in the order of their lists of images. So it depends on the set of elements alone, not on generators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue, FinitePoint
from grouprep.groups.base import Generator, Group, Word
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm, invert
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting
from grouprep.linalg import Image
from grouprep.representations.base import Representation
from grouprep.representations.pullback import Pullback
from grouprep.summary import Summary
from grouprep.typing import Array, Element, Integers

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = [
    "Isomorphism",
    "PulledFamily",
    "PulledIrrep",
    "can_be_searched",
    "element_orders",
    "isomorphism_onto",
    "sorted_elements",
]

_ENTRIES = 4_000_000  # of the list of elements, order times degree: a second or two
_TUPLES = 2_000  # partial tuples of generators that are looked at


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
def _orders(G: FiniteGroup) -> Integers:
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
    orders = _orders(G)
    if not set(map(int, orders)) >= {_order(p, F.order) for p in F.generators}:
        return None
    if Counter(orders.tolist()) != Counter(element_orders(F.elements).tolist()):
        return None
    sequence = list(first) or list(range(len(F.generators)))
    for found in islice(_tuples(G, F, orders, sequence), 50):
        there = _images(G, F, found, [F.generators[k] for k in sequence])
        if there is not None:
            preimages = [found[sequence.index(k)] for k in range(len(sequence))]
            return Isomorphism(Homomorphism(G, F, there), preimages)
    return None


def _tuples(G: FiniteGroup, F: FiniteGroup, orders: Integers, sequence: Sequence[int]) -> Iterator[list[Perm]]:
    """The tuples of elements that look like F's generators, in the order of `sequence`, first elements up to conjugacy."""
    elements, n = sorted_elements(G), F.order
    generators = [F.generators[k] for k in sequence]
    wanted = [_order(p, n) for p in generators]
    relators = [_renumbered(word, sequence) for word in F.relators or ()]
    starts = elements[_representatives(G)]
    looked = 0

    def extend(chosen: list[Perm]) -> Iterator[list[Perm]]:
        nonlocal looked
        k = len(chosen)
        if k == len(generators):
            yield chosen
            return
        looked += 1
        if looked > _TUPLES:
            return
        candidates = elements[orders == wanted[k]] if k else starts[_have_order(starts, wanted[0])]
        for j, x in enumerate(chosen):
            p, q = generators[j], generators[k]
            for here, there in ((x, p), (invert(x), invert(p))):
                candidates = candidates[_have_order(_times(here, candidates), _order(there[q], n))]
        for word in relators:
            if max(i for i, _ in word) == k and len({i for i, _ in word}) > 1:
                candidates = candidates[_fulfilled(word, [*chosen, candidates])]
        for x in candidates:
            yield from extend([*chosen, x])

    yield from extend([])


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


# The irreps that come with it


class PulledFamily(Family):
    """The irreps of a group that is isomorphic to one with known irreps, with their labels.

    iso : the isomorphism; known : the irreps of its target.
    """

    def __init__(self, iso: Isomorphism, known: Family) -> None:
        self.group, self.iso, self.known = iso.f.source, iso, known

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        return [PulledIrrep(self, I) for I in self.known.irreps(field, up_to)]

    def find(self, label: object, field: Field) -> Irrep | None:
        found = self.known.find(label, field)
        return None if found is None else PulledIrrep(self, found)

    def labels(self, field: Field) -> str:
        return self.known.labels(field)

    def split(self, images: Images) -> Splitting:
        extension = self.group.extend(images)
        names = self.known.group.generator_names
        moved = {a: extension.exact(x) for a, x in zip(names, self.iso.preimages, strict=True)}
        return [(PulledIrrep(self, I), X) for I, X in self.known.split(moved)]


class PulledIrrep(Irrep):
    """g -> I(f(g)) for an irrep I of another group and an isomorphism f to it.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> G = FiniteGroup.from_permutations(["(1 2)(3 4)", "(1 3)(2 4)", "(2 4)"])
    >>> [V.label for V in G.irreps()]
    ['A1', 'A2', 'B1', 'B2', 'E1']
    """

    def __init__(self, family: PulledFamily, I: Irrep) -> None:
        self.family, self.I, self.f = family, I, family.iso.f
        self.label, self.over, self.type = I.label, I.over, I.type

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return self.I.dim

    @property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the matrices."""
        return self.I.field

    @property
    def position(self) -> Position:
        return self.I.position

    @property
    def structure(self) -> Array | None:
        return self.I.structure

    @property
    def conjugated(self) -> Irrep:
        return PulledIrrep(self.family, self.I.conjugated)

    @property
    def real_form(self) -> Irrep:
        return PulledIrrep(self.family, self.I.real_form)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        rho, K = self.I.constituent
        return PulledIrrep(self.family, rho), K

    @cached_property
    def commutant(self) -> Array:
        return self.I.commutant

    # Values

    def image(self, generator: Generator) -> Image:
        return self.I.exact_image(self.f.generator_image(generator))

    def evaluate(self, g: Element) -> Array:
        return self.I.evaluate(self.f(g))

    def exact_image(self, g: Element) -> Image:
        return self.I.exact_image(self.f.exact(g))

    def exact(self, g: Element) -> Matrix:
        return self.I.exact(self.f.exact(self.group.read_element(g)))

    def _rounded_at(self, g: Element) -> Array:
        return self.I._rounded_at(self.f(g))

    def _form(self) -> Image | None:
        return self.I._form()

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.I.rational()
        return (self, S) if R is self.I else (Pullback(self.f, R), S)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        assert isinstance(point, FinitePoint)
        return self.I.character_at(FinitePoint(self.f.target, self.f.exact(point.element), point.size), k)
