"""Elements of plane groups as a rotation and perhaps a reflection: which groups are such, and how their elements are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from math import gcd, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.groups.catalogue import SO, O, U
from grouprep.groups.finite import LISTING_LIMIT, FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.matrix_groups import PolygonAction
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.pickling import Picklable

__all__ = ["CirclePlaneElements", "FinitePlaneElements", "PlaneElements", "nearest_cosine", "plane_elements_of"]


class PlaneElements(Picklable, ABC):
    """How the elements of a group act on the plane: rotation by an angle, times (x, y) -> (x, -y) where they reflect.

    group : the group.
    order : n where rotations are by multiples of 2 pi / n, 0 for the circle.
    reflects : whether there are reflections.
    """

    group: Group
    order: int
    reflects: bool

    @abstractmethod
    def generator(self, generator: Generator) -> tuple[int, int, bool]:
        """(j, m, reflected) of a generating element: rotation by j / m of a full turn."""

    @abstractmethod
    def waves(self, g: Any, frequency: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Cosine and sine of the angle of each element times the frequency, and whether it reflects, each (...)."""

    def coordinates(self, g: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """(j, reflected) of elements of a finite group, rotation by j / order of a full turn."""
        raise UnsupportedGroup(f"{self.group} is not finite")

    def exact(self, g: Image) -> tuple[Any, bool]:
        """The exact rotation matrix (2, 2) of an element of a circle group, and whether it reflects."""
        raise UnsupportedGroup(f"{self.group} is finite; its elements are permutations")


class FinitePlaneElements(PlaneElements):
    """Cyclic and dihedral groups, whatever permutations they are given by.

    rotation, reflection : the numbers of the generators r and s; reflection is None for cyclic groups.
    """

    def __init__(self, group: FiniteGroup, order: int, rotation: int, reflection: int | None) -> None:
        self.group: FiniteGroup = group
        self.order, self.rotation, self.reflection = order, rotation, reflection
        self.reflects = reflection is not None

    def generator(self, generator: Generator) -> tuple[int, int, bool]:
        number = self.group.generator_names.index(generator)
        return (0, self.order, True) if number == self.reflection else (1, self.order, False)

    def coordinates(self, g: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        g = np.asarray(g)
        if isinstance(self.group.matrices, PolygonAction) and self.order > 2:
            start = g[..., 0]
            return start, (g[..., 1] - start) % self.order != 1
        turns, reflected = self._table
        number = self.group.index(g)
        return turns[number], reflected[number]

    @cached_property
    def _table(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """By number in the group's listing."""
        r = self.group.generators[self.rotation]
        turns, reflected = np.zeros(self.group.order, dtype=np.int64), np.zeros(self.group.order, dtype=bool)
        last = np.arange(self.group.degree) if self.reflection is None else self.group.generators[self.reflection]
        power = np.arange(self.group.degree)
        for j in range(self.order):
            turns[self.group.index(power)] = j
            if self.reflection is not None:
                number = self.group.index(power[last])  # r^j s
                turns[number], reflected[number] = j, True
            power = r[power]
        return turns, reflected

    def waves(self, g: Any, frequency: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Every value is the exact one correctly rounded."""
        j, reflected = self.coordinates(g)
        n = self.order
        distinct, where = np.unique(np.asarray(j) * frequency % n, return_inverse=True)
        cosines = np.array([nearest_cosine(int(k), n) for k in distinct])
        sines = np.array([nearest_cosine(4 * int(k) - n, 4 * n) for k in distinct])
        where = where.reshape(np.shape(j))
        return cosines[where], sines[where], reflected


class CirclePlaneElements(PlaneElements):
    """SO(2) and O(2) by their matrices, U(1) by its complex number."""

    order = 0

    def __init__(self, group: LieGroup) -> None:
        self.group: LieGroup = group
        self.reflects = bool(group.components)

    def generator(self, generator: Generator) -> tuple[int, int, bool]:
        """The component diag(-1, 1) of O(2) is half a turn after (x, y) -> (x, -y)."""
        return 1, 2, True

    def waves(self, g: Any, frequency: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Angles are taken from the nearest quarter turn, so that rounding grows by no more than the frequency."""
        g = np.asarray(g)
        if self.group.n == 1:
            x, y, reflected = g[..., 0, 0].real, g[..., 0, 0].imag, np.zeros(g.shape[:-2], dtype=bool)
        else:
            g = g.real
            reflected = (np.linalg.det(g) < 0) & self.reflects
            sign = np.where(reflected, -1.0, 1.0)
            x, y = g[..., 0, 0] + sign * g[..., 1, 1], g[..., 1, 0] - sign * g[..., 0, 1]
        quarter = np.rint(np.arctan2(y, x) * (2 / np.pi)).astype(np.int64)
        x, y = _quarter_turned(x, y, -quarter)
        angle = frequency * np.arctan2(y, x)
        cosine, sine = _quarter_turned(np.cos(angle), np.sin(angle), frequency * quarter)
        return cosine, sine, reflected

    def exact(self, g: Image) -> tuple[Any, bool]:
        matrix = as_exact(g)
        if matrix.shape != (2, 2):
            raise UnsupportedGroup(f"exact values at elements of {self.group} are not known; take SO(2)")
        determinant = matrix.to_field().to_dense().det()
        if determinant == matrix.domain.get_field().one:
            return matrix, False
        flip = mat.as_image([[1, 0], [0, -1]])
        return as_exact(mat.matmul(matrix, flip)), True


def _quarter_turned(x: NDArray[Any], y: NDArray[Any], quarters: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """(x, y) turned by a number of quarter turns."""
    q = quarters % 4
    return np.choose(q, [x, -y, -x, y]), np.choose(q, [y, x, -y, -x])


@lru_cache(maxsize=1 << 16)
def nearest_cosine(j: int, n: int) -> float:
    """The float nearest to cos(2 pi j / n).

    Examples
    --------
    >>> nearest_cosine(1, 6), nearest_cosine(3, 4), nearest_cosine(1, 8)
    (0.5, 0.0, 0.7071067811865476)
    """
    from mpmath.libmp import fone, from_rational, mpf_add, mpf_cos_pi, mpf_shift, mpf_sub, round_nearest, to_float

    divisor = gcd(j, n)
    j, n = j // divisor % (n // divisor), n // divisor
    rational = {1: 1.0, 2: -1.0, 3: -0.5, 4: 0.0, 6: 0.5}  # Niven's theorem: no other cosine of a rational turn
    if n in rational:
        return rational[n]
    bits = 96
    while True:  # an irrational number is no tie, so rising precision decides it
        value = mpf_cos_pi(from_rational(2 * j, n, bits + 8), bits, round_nearest)
        error = mpf_shift(fone, 4 - bits)  # of the argument, times pi, and of the cosine
        low, high = (float(to_float(f(value, error), rnd=round_nearest)) for f in (mpf_sub, mpf_add))
        if low == high:
            return low
        bits *= 2


def _order(p: Perm) -> int:
    """The order of a permutation."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(p)
    _, labels = connected_components(csr_array((np.ones(n), (np.arange(n), p)), shape=(n, n)), directed=False)
    return lcm(*np.unique(np.bincount(labels)).tolist())


def _recognised(G: FiniteGroup) -> FinitePlaneElements | None:
    """A group generated by one element, or by r and s with s^2 = (r s)^2 = 1 and 2 n elements."""
    generators = G.generators
    if len(generators) == 1:
        n = _order(generators[0])
        return FinitePlaneElements(G, n, 0, None) if n <= LISTING_LIMIT else None
    if len(generators) != 2:
        return None
    one = np.arange(G.degree)
    for k in (0, 1):
        r, s = generators[k], generators[1 - k]
        product = r[s]
        if np.array_equal(s[s], one) and np.array_equal(product[product], one):
            n = _order(r)
            if 2 * n <= LISTING_LIMIT and G.order == 2 * n:
                return FinitePlaneElements(G, n, k, 1 - k)
    return None


@lru_cache(maxsize=1)
def _circles() -> tuple[LieGroup, ...]:
    return SO(2), O(2), U(1)


def plane_elements_of(G: Group) -> PlaneElements | None:
    """G as a group of plane rotations and reflections, or None.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> plane_elements_of(FiniteGroup.from_permutations([[1, 2, 3, 0], [0, 3, 2, 1]])).order
    4
    """
    if isinstance(G, FiniteGroup):
        return _recognised(G)
    if isinstance(G, LieGroup) and G.n <= 2 and G in _circles():
        return CirclePlaneElements(G)
    return None
