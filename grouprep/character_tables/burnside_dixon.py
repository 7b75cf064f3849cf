"""The irreducible characters of a listed finite group, by the method of Burnside, Dixon and Schneider.

The class sums C_j of a group are a basis of the centre of its group algebra, C_i C_j = sum_k a_ijk C_k. Modulo a prime p that is
1 modulo the exponent the centre is a product of fields F_p, one for each irreducible character, and its idempotents
e_chi = chi(1)/|G| sum_g chi(g^-1) g are eigenvectors of multiplication by any central element. They are read off the powers of one
element, a combination of few small classes, whose eigenvalues are all different. Values modulo p give the multiplicities of the
eigenvalues of each element, which are integers below p, and so the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import gcd, isqrt, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.cyclotomics import Cyclotomic
from grouprep.character_tables.naming import class_names
from grouprep.errors import GroupRepError, TooLarge, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.fingerprints import Fingerprints
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.permutations import Perm
from grouprep.linalg.budget import CLASSES
from grouprep.progress import steps
from grouprep.summary import Summary
from grouprep.typing import Array, Integers

if TYPE_CHECKING:
    from flint import nmod_mat, nmod_poly

__all__ = ["Classes", "IrreducibleCharacters", "classes_of", "irreducible_characters"]

_PRIMES_FROM = 2**30  # two residues multiply in a word, and two of a few hundred agree by chance once in 10^4 draws
_DRAWS = 20


@dataclass(frozen=True, eq=False, repr=False)
class Classes(Summary):
    """The conjugacy classes of a listed finite group, in the order of `group.conjugacy_classes`; the identity's is first.

    Attributes
    ----------
    group : the group.
    members : for each class the numbers of its elements in `group.elements`.
    representatives : (classes, degree) an element of each, the lexicographically smallest.
    sizes, orders : (classes,) the numbers of elements, and the order of each.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> classes = classes_of(Symmetric(4))
    >>> classes.sizes.tolist(), classes.orders.tolist()
    ([1, 3, 6, 6, 8], [1, 2, 2, 4, 3])
    >>> classes.power_map(2).tolist(), classes.names
    ([0, 0, 0, 1, 4], ('1a', '2a', '2b', '4a', '3a'))
    """

    group: FiniteGroup
    members: tuple[Integers, ...]
    fingerprints: Fingerprints

    def __len__(self) -> int:
        return len(self.members)

    @cached_property
    def representatives(self) -> Perm:
        elements, ranks = self.group.elements, self.fingerprints.ranks
        return elements[[c[ranks[c].argmin()] for c in self.members]]

    @cached_property
    def sizes(self) -> Integers:
        return np.array([len(c) for c in self.members], dtype=np.int64)

    @cached_property
    def orders(self) -> Integers:
        return np.array([len(p) for p in self.powers], dtype=np.int64)

    @cached_property
    def number_of(self) -> Integers:
        """The class of each element of the group, (order,)."""
        number = np.empty(len(self.group.elements), dtype=np.int64)
        for k, members in enumerate(self.members):
            number[members] = k
        return number

    @cached_property
    def powers(self) -> tuple[Integers, ...]:
        """For each class, the classes of x^0, x^1, ... for an element x of it, as many as its order."""
        found = []
        for x in self.representatives:
            powers = [np.arange(len(x))]
            while len(powers) == 1 or (powers[-1] != powers[0]).any():
                powers.append(x[powers[-1]])
            found.append(self.number_of[self.fingerprints.numbers(np.array(powers[:-1]))])
        return tuple(found)

    def power_map(self, k: int) -> Integers:
        """The class of the k-th powers of the elements of each class, (classes,); k may be negative."""
        return np.array([p[k % len(p)] for p in self.powers], dtype=np.int64)

    @cached_property
    def exponent(self) -> int:
        """The least common multiple of the orders of the elements."""
        return lcm(*map(int, self.orders))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The order of the elements and a letter for each class: 1a, 2a, 2b, ..."""
        return class_names(list(map(int, self.orders)))

    @cached_property
    def rational(self) -> tuple[tuple[int, int], ...]:
        """For each class k, (j, a) with x^a in class k for x in class j: j the first class whose elements generate the same groups."""
        found: list[tuple[int, int]] = [(-1, 0)] * len(self)
        for j, powers in enumerate(self.powers):
            if found[j][0] < 0:
                for a, k in enumerate(powers):
                    if gcd(a, len(powers)) == 1 and found[k][0] < 0:
                        found[k] = j, a
        return tuple(found)

    def multiplication(self, i: int) -> Integers:
        """(classes, classes): entry [k, j] is the number of (x, y) in the classes i and j with x y = z, for z in class k."""
        inverse = int(self.powers[i][-1])
        ys = self.fingerprints.products(self.group.elements[self.members[inverse]], self.representatives)  # x^-1 z
        classes, r = self.number_of[ys], len(self)
        return np.bincount((classes + r * np.arange(r)).ravel(), minlength=r * r).reshape(r, r)


def classes_of(G: Group) -> Classes:
    """The classes of a finite group whose elements can be listed.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite.
    TooLarge
        If it has too many elements.
    """
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(f"{G} is no finite permutation group; its characters are functions on its maximal tori")
    return _classes_of(G)


@lru_cache(maxsize=32)
def _classes_of(G: FiniteGroup) -> Classes:
    return Classes(G, G.conjugacy_classes, Fingerprints(G.elements))


@dataclass(frozen=True, eq=False, repr=False)
class IrreducibleCharacters(Summary):
    """All irreducible complex characters of a finite group: the trivial one, then by degree, then by their values.

    Attributes
    ----------
    classes : the conjugacy classes.
    spectra : for each class that is the first of those whose elements generate the same groups, an array (characters, n), n the
        order of its elements x: how often exp(2 pi i j/n) is an eigenvalue of x.
    """

    classes: Classes
    spectra: Mapping[int, Integers]

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def degrees(self) -> Integers:
        """(characters,) the dimensions."""
        return np.asarray(self.spectra[0][:, 0])

    def value(self, character: int, number: int) -> Cyclotomic:
        """The exact value of a character on a class."""
        first, power = self.classes.rational[number]
        n, places, counts = self._nonzero[first][character]
        return _value(n, tuple([k * power % n for k in places]), counts)

    @cached_property
    def _nonzero(self) -> dict[int, list[tuple[int, list[int], tuple[int, ...]]]]:
        """For each array of `spectra` and each character: n, the places of the entries that are not 0, and these entries."""
        found = {}
        for first, multiplicities in self.spectra.items():
            rows, places = np.nonzero(multiplicities)
            bounds = np.searchsorted(rows, np.arange(len(multiplicities) + 1)).tolist()
            numbers, counts = places.tolist(), multiplicities[rows, places].tolist()
            n = multiplicities.shape[1]
            found[first] = [(n, numbers[a:b], tuple(counts[a:b])) for a, b in pairwise(bounds)]
        return found

    @cached_property
    def values(self) -> tuple[tuple[Cyclotomic, ...], ...]:
        """The exact values, [character][class]."""
        numbers = range(len(self))
        return tuple(tuple(self.value(i, k) for k in numbers) for i in numbers)

    @cached_property
    def indicators(self) -> Integers:
        """(characters,) the Frobenius-Schur indicators: the mean of chi(x^2) over the group; 1, 0, -1 for R, C, H."""
        squares = np.bincount(self.classes.power_map(2), weights=self.classes.sizes, minlength=len(self))
        total = np.zeros(len(self))
        for first, multiplicities in self.spectra.items():
            # The imaginary parts add up to 0; the real ones are sums of eigenvalues times cosines, far below 2^53.
            n = multiplicities.shape[1]
            powers = [(a, squares[k]) for k, (j, a) in enumerate(self.classes.rational) if j == first]
            weights = sum(count * np.cos(2 * np.pi * (a * np.arange(n) % n) / n) for a, count in powers)
            total += multiplicities @ weights
        indicators: Integers = np.rint(total / self.classes.sizes.sum()).astype(np.int64)
        return indicators

    def to_numpy(self) -> Array:
        """(characters, classes) complex."""
        return np.array([[complex(x) for x in row] for row in self.values])


@lru_cache(maxsize=65536)
def _value(n: int, places: tuple[int, ...], counts: tuple[int, ...]) -> Cyclotomic:
    return Cyclotomic.sum_of_roots(n, dict(zip(places, counts, strict=True)))


def irreducible_characters(G: Group) -> IrreducibleCharacters:
    """The irreducible complex characters of a finite group, exact, in an order that no choice of generators changes.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite.
    TooLarge
        If it has too many elements to list, or too many classes.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> A5 = FiniteGroup.from_permutations(["(1 2 3 4 5)", "(1 2 3)"])
    >>> found = irreducible_characters(A5)
    >>> found.degrees.tolist(), found.classes.sizes.tolist()
    ([1, 3, 3, 4, 5], [1, 12, 12, 15, 20])
    >>> found.values[1]
    (3, 1/2 + sqrt(5)/2, 1/2 - sqrt(5)/2, -1, 0)

    References
    ----------
    J. D. Dixon, High speed computation of group characters, Numer. Math. 10 (1967), 446-450; G. J. A. Schneider, Dixon's
    character table algorithm revisited, J. Symbolic Comput. 9 (1990), 601-606.
    """
    if not isinstance(G, FiniteGroup):
        raise UnsupportedGroup(f"{G} is no finite permutation group; its characters are functions on its maximal tori")
    return _irreducible_characters(G)


@lru_cache(maxsize=32)
def _irreducible_characters(G: FiniteGroup) -> IrreducibleCharacters:
    classes = classes_of(G)
    if len(classes) > CLASSES:
        raise TooLarge(
            f"{G} has {len(classes):,} conjugacy classes and at most {CLASSES:,} are split by the method of Burnside and Dixon; "
            "use a direct product G * H of smaller groups, or a family that knows its irreps"
        )
    p = _prime(classes.exponent, G.order)
    modular = _modular_table(classes, p)
    return IrreducibleCharacters(classes, _lifted(classes, modular, p))


def _prime(exponent: int, order: int) -> int:
    """The least prime from max(2^30, 2 sqrt(order)) on that is 1 modulo the exponent."""
    from flint import fmpz

    p = max(_PRIMES_FROM, 2 * isqrt(order) + 1, order + 1) // exponent * exponent + exponent + 1
    while not fmpz(p).is_prime():
        p += exponent
    return p


def _modular_table(classes: Classes, p: int) -> list[list[int]]:
    """chi(x_k) modulo p for each irreducible character chi and class k, in any order of the characters."""
    order, r = int(classes.sizes.sum()), len(classes)
    inverse = classes.power_map(-1)
    table = []
    for vector in _idempotents(classes, p):
        square = vector[0] * order % p  # e_chi has the coefficient chi(1)^2 / |G| at the identity
        degree = isqrt(square)
        if degree * degree != square or order % degree:
            raise GroupRepError(
                f"the classes of {classes.group} are not those of a group: {square} is no square of a degree"
            )
        scale = order * pow(degree, -1, p) % p
        table.append([vector[k] * scale % p for k in inverse])
    if len(table) != r or sum(row[0] ** 2 for row in table) != order:
        raise GroupRepError(f"the classes of {classes.group} are not those of a group")
    return table


def _idempotents(classes: Classes, p: int) -> list[list[int]]:
    """The primitive idempotents of the centre of the group algebra modulo p, by their coefficients at the classes."""
    from flint import nmod_mat

    r = len(classes)
    first = sorted({j for j, _ in classes.rational} - {0}, key=lambda j: (int(classes.sizes[j]), j))
    rng = np.random.default_rng(1967)
    used, element = 0, np.zeros((r, r), dtype=np.int64)
    for _ in range(len(first) + _DRAWS):
        work, start = 0, used
        while used < len(first) and (used == start or work < classes.sizes[first[:start]].sum()):
            j = first[used]
            element = (element + int(rng.integers(1, p)) * (classes.multiplication(j) % p)) % p
            work += int(classes.sizes[j])
            used += 1
        L = nmod_mat(r, r, element.ravel().tolist(), p)
        polynomial = L.charpoly()
        if polynomial.gcd(polynomial.derivative()).degree() <= 0:
            return _eigenvectors(L, polynomial, p)
        if start == used:  # all classes are in: other coefficients
            used, element = 0, np.zeros((r, r), dtype=np.int64)
    raise GroupRepError(f"the class sums of {classes.group} do not separate its characters")


def _eigenvectors(L: nmod_mat, polynomial: nmod_poly, p: int) -> list[list[int]]:
    """The idempotents f/(x - root) at L, applied to 1, over f'(root), for the characteristic polynomial f."""
    from flint import nmod_mat, nmod_poly

    r = L.nrows()
    powers, step = nmod_mat(r, 1, [1] + [0] * (r - 1), p), L  # the columns 1, L 1, L^2 1, ...
    columns = [[int(x) for x in powers.entries()]]
    while len(columns) < r:
        block = step * nmod_mat(len(columns), r, [x for c in columns for x in c], p).transpose()
        columns += [[int(x) for x in c] for c in block.transpose().tolist()][: r - len(columns)]
        step = step * step
    krylov = nmod_mat(r, r, [x for c in columns for x in c], p).transpose()
    roots = sorted(int(-f[0] / f[1]) for f, _ in polynomial.factor()[1] if f.degree() == 1)
    derivative = polynomial.derivative()
    quotients: list[int] = []
    for root in roots:
        quotient = polynomial // nmod_poly([-root, 1], p)
        scale = pow(int(derivative(root)), -1, p)
        quotients += [int(c) * scale % p for c in quotient.coeffs()]
    vectors = krylov * nmod_mat(len(roots), r, quotients, p).transpose()
    return [[int(x) for x in c] for c in vectors.transpose().tolist()]


def _lifted(classes: Classes, table: Sequence[Sequence[int]], p: int) -> dict[int, Integers]:
    """The multiplicities of the eigenvalues of x_k for all characters, which are put in their order; see `spectra`."""
    from flint import nmod_mat

    r = len(classes)
    zeta = _root_of_unity(classes.exponent, p)
    found: dict[int, Integers] = {}
    for k in steps(sorted({j for j, _ in classes.rational}), "characters"):  # m_j = (1/n) sum_l chi(x^l) zeta_n^(-j l)
        n = int(classes.orders[k])
        root, scale = pow(zeta, classes.exponent // n, p), pow(n, -1, p)
        powers = [1]
        while len(powers) < n:
            powers.append(powers[-1] * root % p)
        columns = classes.powers[k].tolist()
        values = nmod_mat(r, n, [row[c] for row in table for c in columns], p)
        transform = nmod_mat(n, n, [powers[-i * l % n] * scale % p for l in range(n) for i in range(n)], p)
        found[k] = np.array([int(x) for x in (values * transform).entries()], dtype=np.int64).reshape(r, n)
    degrees = found[0][:, 0]
    if any((m.sum(axis=1) != degrees).any() for m in found.values()):
        raise GroupRepError(
            f"the classes of {classes.group} are not those of a group: no multiplicities of eigenvalues"
        )
    # Values on the other classes are Galois conjugates of these, and decide nothing that these leave open.
    keys = np.concatenate([degrees[:, None], *(-m for m in found.values())], axis=1)
    order = np.lexsort(keys.T[::-1])
    return {k: m[order] for k, m in found.items()}


def _root_of_unity(n: int, p: int) -> int:
    """An element of order n modulo p, for n dividing p - 1: the same on every call."""
    from flint import fmpz

    primes = [int(q) for q, _ in fmpz(n).factor()]
    for a in range(2, p):
        root = pow(a, (p - 1) // n, p)
        if all(pow(root, n // q, p) != 1 for q in primes):
            return root
    raise AssertionError("a prime has a primitive root")
