"""Root data of compact connected groups: simple roots and coroots on a maximal torus, and what follows from them.

A weight is an integer vector, its coordinates on a basis H_1, ..., H_r of the torus: exp(2 pi (t_1 H_1 + ...)) acts as
exp(2 pi i (w_1 t_1 + ...)). A coroot is an integer vector in the same basis; a weight pairs with it by the dot product.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

from grouprep.errors import GroupRepError
from grouprep.summary import Summary

__all__ = [
    "RootDatum",
    "Vector",
    "cartan_matrix",
    "classical_datum",
    "pairing",
    "plus",
    "simply_connected",
    "weyl_dimension",
]

Vector = tuple[int, ...]


def pairing(w: Vector, h: Vector) -> int:
    """The dot product of a weight and a coroot."""
    return sum(x * y for x, y in zip(w, h, strict=True))


def plus(w: Vector, v: Vector, k: int = 1) -> Vector:
    """w + k v."""
    return tuple(x + k * y for x, y in zip(w, v, strict=True))


def _total(vectors: list[Vector], rank: int) -> Vector:
    return tuple(sum(v[k] for v in vectors) for k in range(rank))


@dataclass(frozen=True, repr=False)
class RootDatum(Summary):
    """Simple roots and simple coroots of a compact connected group, in coordinates of its torus.

    rank : the dimension of the torus.
    simple_roots, simple_coroots : integer vectors of that length, one of each for each simple root.

    References
    ----------
    J. E. Humphreys, Introduction to Lie Algebras and Representation Theory, Springer 1972, sections 9 to 13; Bourbaki, Lie
    Groups and Lie Algebras, chapter VI, plates I to IX.
    """

    rank: int
    simple_roots: tuple[Vector, ...]
    simple_coroots: tuple[Vector, ...]

    @cached_property
    def positive_roots(self) -> tuple[tuple[Vector, Vector], ...]:
        """(root, coroot) for every positive root, by height; the simple ones come first."""
        order = {root: k for k, root in enumerate(self.simple_roots)}
        return tuple(sorted(self._closed, key=lambda item: (self.height(item[0]), order.get(item[0], 0), item[0])))

    @cached_property
    def _heights(self) -> Vector:
        """Twice rho^vee, half the sum of the positive coroots."""
        return _total([h for _, h in self._closed], self.rank)

    @cached_property
    def _closed(self) -> list[tuple[Vector, Vector]]:
        """(root, coroot) for every positive root, by reflections in the simple ones."""
        found = dict(zip(self.simple_roots, self.simple_coroots, strict=True))
        fresh = list(found)
        while fresh:
            a = fresh.pop()
            for root, coroot in zip(self.simple_roots, self.simple_coroots, strict=True):
                if a != root and (b := plus(a, root, -pairing(a, coroot))) not in found:
                    found[b] = plus(found[a], coroot, -pairing(root, found[a]))
                    fresh.append(b)
        return list(found.items())

    def height(self, w: Vector) -> int:
        """<w, 2 rho^vee>: twice the number of simple roots in a sum of roots."""
        return pairing(w, self._heights)

    @cached_property
    def twice_rho(self) -> Vector:
        """The sum of the positive roots."""
        return _total([a for a, _ in self._closed], self.rank)

    def labels(self, w: Vector) -> Vector:
        """The Dynkin labels of a weight, its pairings with the simple coroots."""
        return tuple(pairing(w, h) for h in self.simple_coroots)

    def is_dominant(self, w: Vector) -> bool:
        """Whether no Dynkin label is negative."""
        return min(self.labels(w), default=0) >= 0

    def dominant(self, w: Vector) -> tuple[Vector, int]:
        """The dominant weight in the Weyl orbit of w, and the sign of a Weyl element that takes w there."""
        sign = 1
        while True:
            for root, coroot in zip(self.simple_roots, self.simple_coroots, strict=True):
                if (k := pairing(w, coroot)) < 0:
                    w, sign = plus(w, root, -k), -sign
                    break
            else:
                return w, sign

    def orbit(self, w: Vector) -> list[Vector]:
        """The Weyl orbit of a weight."""
        found, fresh = {w}, [w]
        while fresh:
            v = fresh.pop()
            for root, coroot in zip(self.simple_roots, self.simple_coroots, strict=True):
                u = plus(v, root, -pairing(v, coroot))
                if u not in found:
                    found.add(u)
                    fresh.append(u)
        return sorted(found)

    def dual(self, w: Vector) -> Vector:
        """The highest weight of the dual of the irrep with highest weight w."""
        return self.dominant(tuple(-x for x in w))[0]

    def indicator(self, w: Vector) -> int:
        """The Frobenius-Schur indicator of the irrep with highest weight w: (-1)^<w, 2 rho^vee> if it is its own dual, else 0.

        References
        ----------
        Brocker and tom Dieck (1985), VI.4; Bourbaki, Lie Groups and Lie Algebras, chapter VIII, section 7.5.
        """
        return 0 if self.dual(w) != w else -1 if self.height(w) % 2 else 1


def weyl_dimension(datum: RootDatum, w: Vector) -> int:
    """The dimension of the irrep with highest weight w: the product of <w + rho, a^vee> / <rho, a^vee> over positive roots a.

    Examples
    --------
    >>> weyl_dimension(simply_connected("G", 2), (1, 1))
    64

    References
    ----------
    Humphreys (1972), section 24.3.
    """
    shifted = plus(datum.twice_rho, w, 2)
    coroots = [h for _, h in datum.positive_roots]
    return prod(pairing(shifted, h) for h in coroots) // prod(pairing(datum.twice_rho, h) for h in coroots)


def cartan_matrix(letter: str, rank: int) -> list[list[int]]:
    """The Cartan matrix <a_i, a_j^vee> in Bourbaki's numbering; row i is the root a_i in fundamental weights.

    Parameters
    ----------
    letter : "A", "B", "C", "D" or "G".
    rank : at least 1 (A), 2 (B, C), 2 (D); 2 (G).

    Raises
    ------
    GroupRepError
        If there is no such type.

    Examples
    --------
    >>> cartan_matrix("G", 2)
    [[2, -1], [-3, 2]]
    """
    least = {"A": 1, "B": 2, "C": 2, "D": 2, "G": 2}
    if letter not in least or rank < least[letter] or (letter == "G" and rank != 2):
        raise GroupRepError(f"type {letter}{rank}: the types are A1, A2, ..., B2, ..., C2, ..., D2, ... and G2")
    C = [[2 if i == j else -1 if abs(i - j) == 1 else 0 for j in range(rank)] for i in range(rank)]
    if letter == "B":
        C[rank - 2][rank - 1] = -2
    elif letter == "C":
        C[rank - 1][rank - 2] = -2
    elif letter == "D":
        C[rank - 2][rank - 1] = C[rank - 1][rank - 2] = 0
        if rank > 2:
            C[rank - 3][rank - 1] = C[rank - 1][rank - 3] = -1
    elif letter == "G":
        C = [[2, -1], [-3, 2]]
    return C


def simply_connected(letter: str, rank: int) -> RootDatum:
    """The datum whose coordinates of weights are their Dynkin labels.

    Examples
    --------
    >>> simply_connected("A", 2).simple_roots
    ((2, -1), (-1, 2))
    """
    units = tuple(tuple(int(i == j) for j in range(rank)) for i in range(rank))
    return RootDatum(rank, tuple(map(tuple, cartan_matrix(letter, rank))), units)


def classical_datum(letter: str, rank: int) -> RootDatum:
    """The datum in the coordinates e_1, ..., e_rank: of U(rank) for "A", SO(2 rank + 1) "B", Sp(rank) "C", SO(2 rank) "D".

    Examples
    --------
    >>> classical_datum("B", 2).simple_roots, classical_datum("B", 2).simple_coroots
    (((1, -1), (0, 1)), ((1, -1), (0, 2)))
    """

    def e(entries: dict[int, int]) -> Vector:
        return tuple(entries.get(k, 0) for k in range(rank))

    steps = tuple(e({k: 1, k + 1: -1}) for k in range(rank - 1))
    last = rank - 1
    if letter == "A":
        return RootDatum(rank, steps, steps)
    if letter == "D":
        both = (*steps, e({last - 1: 1, last: 1}))
        return RootDatum(rank, both, both)
    short, long = (*steps, e({last: 1})), (*steps, e({last: 2}))
    return RootDatum(rank, short, long) if letter == "B" else RootDatum(rank, long, short)
