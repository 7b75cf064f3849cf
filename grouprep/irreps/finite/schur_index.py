"""Schur indices of irreducible characters: how far a field has to exceed that of the values, between bounds that are proved.

The index m of chi over K = Q(chi) is the least common multiple of the local ones m_p, which are the same at all places of K over p
(Benard). What is known of each:

- at infinity m is 2 where the Frobenius-Schur indicator is -1, else 1;
- m_p = 1 unless p divides |G|/chi(1); m_p divides p - 1, or 2 for p = 2 (Witt, Yamada);
- m_p divides <chi, mu> [Q_p(chi, mu) : Q_p(chi)] for each linear character mu of a subgroup (Schur);
- where the Sylow subgroups for p are cyclic, m_p = [Q_p(chi, phi) : Q_p(chi)] for each Brauer constituent phi of chi (Benard). In a
  solvable group those are restrictions of ordinary characters (Fong and Swan);
- the places where m is even are even in number, if no index exceeds 2 (Hasse's law of reciprocity);
- over M = Q_p(chi, theta) the index of an irreducible character theta of a subgroup divides <chi, theta> times that of chi, which
  divides m_p; and it is that over Q_p(theta), divided by its greatest common divisor with the degree of M over that.

References
----------
I. M. Isaacs, Character Theory of Finite Groups, chapter 10; I. Reiner, Maximal Orders, section 32; M. Benard, Schur indices and cyclic
defect groups, Annals of Mathematics 103 (1976), 283-304; W. Feit, The Representation Theory of Finite Groups, section IV.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, lcm

import numpy as np

from grouprep.character_tables.burnside_dixon import irreducible_characters
from grouprep.groups.finite import FiniteGroup
from grouprep.irreps.finite.characters import Characters
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.subgroups import natural_subgroups
from grouprep.typing import Array, Integers

__all__ = ["schur_index"]


def schur_index(X: Characters, k: int) -> tuple[int, int]:
    """A divisor and a multiple of the Schur index of an irreducible character over the field of its values; mostly equal.

    Parameters
    ----------
    X : the irreducible characters of a group; k : the number of one.

    Examples
    --------
    >>> from grouprep import Quaternion
    >>> from grouprep.irreps.finite import general_family
    >>> X = general_family(Quaternion()).characters
    >>> [schur_index(X, k) for k in range(5)]
    [(1, 1), (1, 1), (1, 1), (1, 1), (2, 2)]
    """
    bounds = _local_indices(X, k)
    for members in natural_subgroups(X.E, X.representatives):
        if not any(one.is_open for one in bounds):
            break
        if len(members) < len(X.E):
            _compare(X, k, members, bounds)
    infinity = 2 if X.indicators[k] < 0 else 1
    return lcm(infinity, *(one.least for one in bounds)), lcm(infinity, *(one.most for one in bounds))


def _local_indices(X: Characters, k: int) -> list[_Local]:
    """What the group itself, its natural subgroups' linear characters, and reciprocity say of the indices at primes."""
    primes = _primes(len(X.E) // int(X.degrees[k])) if X.degrees[k] > 1 else []
    bounds = [_Local(X, k, p) for p in primes]
    _restrict(bounds, natural_subgroups(X.E, X.representatives))
    _reciprocity(bounds, X.degree(k) if X.indicators[k] < 0 else 0)
    return bounds


def _restrict(bounds: list[_Local], subgroups: Iterator[Integers]) -> None:
    """Make use of the linear characters of subgroups where an index is open."""
    while (left := [one for one in bounds if one.is_open]) and (members := next(subgroups, None)) is not None:
        for one in left:
            one.restrict_to(members)


def _compare(X: Characters, k: int, members: Integers, bounds: list[_Local]) -> None:
    """Raise the divisors of local indices by those of characters of a subgroup."""
    E = X.E
    if len(E.derived(members)) == 1:
        return
    H = FiniteGroup([E.table[g] for g in E.generating(members).tolist()], name="subgroup")
    S = Elements(H)
    Y = Characters(S, irreducible_characters(H))
    there = X.class_of[E.number(S.table)]
    products = Y.floats[:, Y.class_of].conj() @ X.floats[k][there] / len(S)
    often = np.rint(products.real).astype(np.int64)
    for t in np.flatnonzero(often * (Y.degrees > 1)).tolist():
        known = {one.p: one for one in _local_indices(Y, t)}
        for one in bounds:
            if one.is_open and one.p in known and known[one.p].least > 1:
                least = known[one.p].least
                least //= gcd(least, one.extension(Y, t))
                one.least = lcm(one.least, least // gcd(least, int(often[t])))


class _Local:
    """A divisor and a multiple of a local index.

    X, k : the character; p : the prime.
    """

    def __init__(self, X: Characters, k: int, p: int) -> None:
        self.X, self.k, self.p = X, k, p
        units = X.units
        e = X.found.classes.exponent
        rest = e
        while rest % p == 0:
            rest //= p
        powers = {pow(p, j, rest) for j in range(rest)} if rest > 1 else {0}
        decomposition = np.array([a % rest in powers for a in units.tolist()])
        fixing = X.galois[:, k] == k
        self.decomposition = units[decomposition]  # the Galois group of Q_p(roots of unity of order e)
        self.group = units[decomposition & fixing]  # that over Q_p(chi)
        self.places = X.degree(k) * len(self.group) // len(self.decomposition)
        self.least, self.most = 1, 2 if p == 2 else p - 1
        exact = _of_cyclic_sylow(X, k, p, self.group)
        if exact is not None:
            self.least = self.most = exact

    @property
    def is_open(self) -> bool:
        """Whether the index is not known yet."""
        return self.least < self.most

    def restrict_to(self, members: Integers) -> None:
        """Make use of the linear characters of a subgroup."""
        exponents, modulus = self.X.E.linear_characters(members)
        counts = self.X.multiplicities(members, exponents, modulus)[self.k]
        orders = modulus // np.gcd.reduce(exponents, axis=1, initial=modulus)
        for order in np.unique(orders[counts > 0]).tolist():
            extension = len(self.group) // int(((self.group - 1) % order == 0).sum())
            often = int(np.gcd.reduce(counts[orders == order]))
            self.most = gcd(self.most, often * extension)

    def extension(self, Y: Characters, t: int) -> int:
        """The degree of Q_p(chi, theta) over Q_p(theta) for a character theta of a subgroup."""
        e = Y.found.classes.exponent
        place = {a % e: i for i, a in enumerate(Y.units.tolist())}
        fixing = {a for a in self.decomposition.tolist() if int(Y.galois[place[a % e], t]) == t}
        return len(fixing) // len(fixing & set(self.group.tolist()))


def _primes(n: int) -> list[int]:
    return [p for p in range(2, n + 1) if n % p == 0 and all(p % q for q in range(2, p))]


def _of_cyclic_sylow(X: Characters, k: int, p: int, group: Integers) -> int | None:
    """The local index where Sylow subgroups for p are cyclic and the group is solvable; else None."""
    size = 1
    while len(X.E) % (size * p) == 0:
        size *= p
    if not (X.E.orders % size == 0).any() or not _is_solvable(X.E):
        return None
    regular = np.flatnonzero(X.found.classes.orders % p)
    rows = X.floats[:, regular]
    kept = np.zeros((0, len(regular)), dtype=complex)
    for row in rows[np.argsort(X.degrees, kind="stable")]:
        if len(kept) == len(regular):
            break
        if np.linalg.matrix_rank(np.concatenate([kept, row[None]])) > len(kept):
            kept = np.concatenate([kept, row[None]])
    assert len(kept) == len(regular)  # as many Brauer characters as classes of elements of order prime to p
    parts = np.rint(np.linalg.solve(kept.T, rows[k]).real)
    phi = kept[int(np.flatnonzero(parts)[0])]
    place = {int(c): i for i, c in enumerate(regular)}
    moved: list[Array] = []
    for a in group.tolist():
        image = phi[[place[int(c)] for c in X.found.classes.power_map(a)[regular]]]
        if not any(np.allclose(image, known) for known in moved):
            moved.append(image)
    return len(moved)


def _is_solvable(E: Elements) -> bool:
    members = np.arange(len(E))
    while len(members) > 1:
        smaller = E.derived(members)
        if len(smaller) == len(members):
            return False
        members = smaller
    return True


def _reciprocity(bounds: list[_Local], real_places: int) -> None:
    """Where one index of at most 2 is open, the number of places with an even one, which is even, may tell it.

    real_places : how many real places have an even index.
    """
    left = [one for one in bounds if one.is_open]
    if len(left) != 1 or any(one.most > 2 for one in bounds) or left[0].places % 2 == 0:
        return
    ramified = real_places + sum(one.places for one in bounds if one.least == 2)
    left[0].least = left[0].most = 2 if ramified % 2 else 1
