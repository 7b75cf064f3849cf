"""Irreps of finite abelian groups: characters by exponents on a basis that is read off the elements."""

from __future__ import annotations

from functools import cached_property
from math import lcm, prod

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import AmbiguousRank
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.isomorphism import element_orders, sorted_elements
from grouprep.groups.permutations import Perm
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.known import read_integers
from grouprep.irreps.plane_elements import nearest_cosine
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image, Monomial, as_float
from grouprep.typing import Array, Element, Integers

__all__ = ["AbelianCharacter", "AbelianFamily", "is_abelian"]


def is_abelian(G: FiniteGroup) -> bool:
    """Whether the generators commute."""
    return all(np.array_equal(p[q], q[p]) for k, p in enumerate(G.generators) for q in G.generators[:k])


class AbelianFamily(Family):
    """The characters of an abelian group of permutations, C_d1 x ... x C_dk with d1 | d2 | ... | dk, from its elements.

    The basis g_1, ..., g_k: g_k is the first element of the largest order; of those with no power but 1 in the group made so far,
    the first one of the largest order is next; elements are in the order of `recognition.sorted_elements`. The character (a_1, ...,
    a_k) has the value exp(2 pi i a_j / d_j) at g_j. Labels: "(0, 1)" or the tuple.

    References
    ----------
    Any abelian p-group is a sum of cyclic ones, and an element of the largest order spans a summand: S. Lang, Algebra (2002), I.8.
    """

    group: FiniteGroup

    def __init__(self, group: FiniteGroup) -> None:
        self.group = group

    @cached_property
    def _basis(self) -> tuple[tuple[Perm, ...], tuple[int, ...]]:
        """The elements g_1, ..., g_k and their orders."""
        G = self.group
        elements = sorted_elements(G)
        orders = element_orders(elements)
        inside = np.arange(G.degree)[None]
        basis: list[Perm] = []
        sizes: list[int] = []
        while prod(sizes) < G.order:
            allowed = _independent(elements, orders, inside)
            size = int(orders[allowed].max())
            g = elements[np.flatnonzero(allowed & (orders == size))[0]]
            inside = np.concatenate([_times(power, inside) for power in _powers(g, size)])
            basis.append(g)
            sizes.append(size)
        return tuple(basis[::-1]), tuple(sizes[::-1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """The invariant factors d_1 | d_2 | ... | d_k."""
        return self._basis[1]

    @cached_property
    def _exponents(self) -> Integers:
        """By number in the group's listing, the exponents (order, k) of an element in the basis."""
        G, (basis, sizes) = self.group, self._basis
        rows = np.arange(G.degree)[None]
        for g, size in zip(basis, sizes, strict=True):
            rows = np.concatenate([_times(rows, power) for power in _powers(g, size)])
        exponents = np.indices(sizes[::-1]).reshape(len(sizes), -1)[::-1].T
        out = np.empty_like(exponents)
        out[G.index(rows)] = exponents
        return out

    def exponents(self, g: Element) -> Integers:
        """The exponents (..., k) of elements in the basis."""
        return self._exponents[self.group.index(g)]

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        check_up_to(self.group, up_to, "label", infinite=False)
        whole = [
            AbelianCharacter(self, tuple(a.tolist())) for a in np.indices(self.sizes).reshape(len(self.sizes), -1).T
        ]
        return list(whole) if field == "complex" else list(dict.fromkeys(I.real_form for I in whole))

    def find(self, label: object, field: Field) -> Irrep | None:
        numbers = read_integers(label)
        if numbers is None or len(numbers) != len(self.sizes):
            return None
        if not all(0 <= a < d for a, d in zip(numbers, self.sizes, strict=True)):
            return None
        found = AbelianCharacter(self, numbers)
        return found if field == "complex" else found.real_form

    def labels(self, field: Field) -> str:
        shown = [I.label for I in self.irreps(field, None)]
        return ", ".join(shown if len(shown) <= 12 else [*shown[:9], "...", shown[-1]])

    def split(self, images: Images) -> Splitting:
        """By the joint eigenspaces of the generators."""
        generators = [np.asarray(as_float(images[a]), dtype=complex) for a in self.group.generator_names]
        spaces: dict[tuple[int, ...], Array] = {(): np.eye(len(generators[0]), dtype=complex)}
        for U, p in zip(generators, self.group.generators, strict=True):
            size = lcm(*(d // int(np.gcd(d, e)) for d, e in zip(self.sizes, self.exponents(p), strict=True)))
            spaces = {
                (*key, k): Q @ part for key, Q in spaces.items() for k, part in _eigenspaces(Q.conj().T @ U @ Q, size)
            }
        exponents, top = self.exponents(np.array(self.group.generators)), self.sizes[-1]
        weights = np.array([top // d for d in self.sizes])
        orders = np.array([top // int(np.gcd.reduce(weights * e, initial=top)) for e in exponents])
        found: Splitting = []
        for I in self.irreps("complex", None):
            assert isinstance(I, AbelianCharacter)
            phases = exponents @ (weights * np.array(I.numbers)) % top
            Q = spaces.get(tuple((phases * orders // top).tolist()))
            if Q is not None:
                found.append((I, Q.T[:, :, None]))
        return found


def _times(g: Integers, h: Integers) -> Integers:
    g, h = np.broadcast_arrays(g, h)
    return np.take_along_axis(g, h, axis=-1)


def _powers(g: Perm, size: int) -> list[Perm]:
    out = [np.arange(len(g))]
    for _ in range(size - 1):
        out.append(g[out[-1]])
    return out


def _independent(elements: Integers, orders: Integers, inside: Integers) -> Array:
    """Which elements have no power but 1 in a subgroup, given by its elements; not 1 itself."""
    from sympy import primefactors

    known = {row.tobytes() for row in np.ascontiguousarray(inside)}
    good: Array = orders > 1
    for p in primefactors(len(elements)):
        for order in np.unique(orders[orders % p == 0]).tolist():
            at = np.flatnonzero(orders == order)
            powers = elements[at]
            for _ in range(order // p - 1):
                powers = _times(powers, elements[at])
            good[at] &= np.array([row.tobytes() not in known for row in np.ascontiguousarray(powers)])
    return good


def _eigenspaces(A: Array, size: int) -> list[tuple[int, Array]]:
    """The frequencies k mod size and orthonormal eigenvectors of a unitary matrix with eigenvalues exp(2 pi i k / size)."""
    from scipy.linalg import schur

    T, vectors = schur(A, output="complex")
    values = np.angle(np.diagonal(T)) * (size / (2 * np.pi))
    nearest = np.rint(values)
    if np.abs(values - nearest).max(initial=0.0) > 0.25:
        raise AmbiguousRank(
            f"a generator of order {size} has an eigenvalue that is no root of unity of that order: the matrices are no "
            "representation, or not unitary"
        )
    k = nearest.astype(np.int64) % size
    return [(int(j), vectors[:, k == j]) for j in np.unique(k)]


class AbelianCharacter(Irrep):
    """A character of an abelian group, by its exponents; over the complex numbers, or over the real ones where it is 1 and -1.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> G = FiniteGroup.from_permutations(["(1 2)", "(1 2)(3 4)", "(5 6)"])
    >>> [V.label for V in G.irreps()][:3]
    ['(0, 0, 0)', '(0, 0, 1)', '(0, 1, 0)']
    """

    def __init__(self, family: AbelianFamily, numbers: tuple[int, ...], over: Field = "complex") -> None:
        self.family, self.numbers, self.over = family, numbers, over
        self.type = "C" if any(2 * a % d for a, d in zip(numbers, family.sizes, strict=True)) else "R"
        self.label = f"({', '.join(map(str, numbers))})"

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return 1

    @property
    def position(self) -> Position:
        return self.numbers

    @property
    def structure(self) -> Array | None:
        return np.eye(1) if self.over == "complex" and self.type == "R" else None

    @property
    def conjugated(self) -> AbelianCharacter:
        numbers = tuple(-a % d for a, d in zip(self.numbers, self.family.sizes, strict=True))
        return AbelianCharacter(self.family, numbers, self.over)

    @property
    def real_form(self) -> Irrep:
        if self.type == "R":
            return AbelianCharacter(self.family, self.numbers, "real")
        return RealForm(min(self, self.conjugated, key=lambda I: I.numbers))

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return AbelianCharacter(self.family, self.numbers), np.eye(1)

    # Values

    def phases(self, g: Element) -> Integers:
        """j (...) with the values exp(2 pi i j / d_k) at elements, d_k the largest invariant factor."""
        top = self.family.sizes[-1]
        weights = np.array([a * (top // d) for a, d in zip(self.numbers, self.family.sizes, strict=True)])
        return np.asarray(self.family.exponents(g) @ weights % top)

    def image(self, generator: Generator) -> Image:
        return self.exact_image(self.family.group.generator_element(generator))

    def exact_image(self, g: Element) -> Image:
        return Monomial([0], [int(self.phases(g))], self.family.sizes[-1])

    def evaluate(self, g: Element) -> Array:
        """Every value is the exact one correctly rounded."""
        top = self.family.sizes[-1]
        distinct, where = np.unique(self.phases(g), return_inverse=True)
        values = np.array(
            [complex(nearest_cosine(int(k), top), nearest_cosine(4 * int(k) - top, 4 * top)) for k in distinct]
        )
        values = values if self.type == "C" else values.real
        out: Array = values[where.reshape(np.shape(g)[:-1])][..., None, None]
        return out

    def _rounded_at(self, g: Element) -> Array:
        return self.evaluate(g)

    def _form(self) -> Image | None:
        return Monomial.identity(1)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        value = self.evaluate(point.power(k))[0, 0]  # type: ignore[attr-defined]
        return int(value) if self.type == "R" else complex(value)
