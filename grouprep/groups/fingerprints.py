"""Numbers that tell the elements of a listed permutation group apart by the images of a few points, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from grouprep.typing import Array, Integers

__all__ = ["Fingerprints"]

_SEEDS = range(20)


@dataclass(frozen=True, eq=False, repr=False)
class Fingerprints(Summary):
    """A linear code of permutations: code(g) = sum over base points b of weight(b) g(b), different for different elements.

    elements : (order, degree) all elements of a group.

    The base is that of the stabiliser chain: the first point that is moved, the first that its stabiliser moves, and so on. The
    order of the elements by their images of the base is the lexicographic order of their lists of images.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> marks = Fingerprints(Symmetric(4).elements)
    >>> marks.base.tolist(), int(marks.ranks[0])
    ([0, 1, 2], 0)
    >>> bool((marks.numbers(marks.elements[::-1]) == np.arange(24)[::-1]).all())
    True

    References
    ----------
    D. F. Holt, B. Eick, E. A. O'Brien, Handbook of Computational Group Theory, CRC Press 2005, section 4.1.
    """

    elements: Integers

    @cached_property
    def base(self) -> Integers:
        """The points whose images determine an element."""
        points: list[int] = []
        rest = self.elements
        while len(rest) > 1:
            point = int((rest != np.arange(rest.shape[1])).any(axis=0).argmax())
            points.append(point)
            rest = rest[rest[:, point] == point]
        return np.array(points, dtype=np.int64)

    @cached_property
    def ranks(self) -> Integers:
        """The place of each element in the lexicographic order of the lists of images, (order,)."""
        if not len(self.base):
            return np.zeros(1, dtype=np.int64)
        order = np.lexsort(self.elements[:, self.base[::-1]].T)
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order] = np.arange(len(order))
        return ranks

    @cached_property
    def _code(self) -> tuple[Array, Array, Integers]:
        """The weights of the base points, the codes in increasing order, and whose they are."""
        images = self.elements[:, self.base].astype(np.uint64)
        for seed in _SEEDS:  # a sum modulo 2^64 with random weights: two of 10^5 elements agree once in 10^9 draws
            weights = np.random.default_rng(seed).integers(2**63, size=len(self.base), dtype=np.uint64)
            codes = images @ weights
            order = np.argsort(codes, kind="stable")
            if len(codes) == 1 or (np.diff(codes[order]) > 0).all():
                return weights, codes[order], order
        raise GroupRepError("elements must be pairwise different")

    def numbers(self, elements: Integers) -> Integers:
        """The numbers of elements of the group, (..., degree) -> (...); what lies outside is not noticed."""
        return self.numbers_at(elements[..., self.base])

    def numbers_at(self, images: Integers) -> Integers:
        """The numbers of elements of the group from their images of the base, (..., base) -> (...)."""
        weights, codes, order = self._code
        return order[np.searchsorted(codes, images.astype(np.uint64) @ weights)]

    def products(self, left: Integers, right: Integers) -> Integers:
        """The numbers of all products x y of elements x (m, degree) and y (n, degree), as (m, n)."""
        weights, codes, order = self._code
        found = np.empty((len(left), len(right)), dtype=np.int64)
        for j, y in enumerate(right):  # (x y)(b) = x(y(b))
            found[:, j] = order[np.searchsorted(codes, left[:, y[self.base]].astype(np.uint64) @ weights)]
        return found
