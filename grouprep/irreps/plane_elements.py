"""Elements of groups of the plane as a rotation and perhaps a reflection: how they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.lie import LieGroup
from grouprep.groups.matrix_groups import PolygonAction
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.graphs import components
from grouprep.linalg.pickling import Picklable
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["CirclePlaneElements", "FinitePlaneElements", "PlaneElements", "element_order", "nearest_cosine"]


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
    def waves(self, g: Element, frequency: int) -> tuple[Array, Array, Array]:
        """Cosine and sine of the angle of each element times the frequency, and whether it reflects, each (...)."""

    def coordinates(self, g: Element) -> tuple[Array, Array]:
        """(j, reflected) of elements of a finite group, rotation by j / order of a full turn."""
        raise UnsupportedGroup(f"{self.group} is not finite")

    def exact(self, g: Image) -> tuple[DomainMatrix, bool]:
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

    def coordinates(self, g: Element) -> tuple[Array, Array]:
        g = np.asarray(g)
        if isinstance(self.group.matrices, PolygonAction) and self.order > 2:
            start = g[..., 0]
            return start, (g[..., 1] - start) % self.order != 1
        turns, reflected = self._table
        number = self.group.index(g)
        return turns[number], reflected[number]

    @cached_property
    def _table(self) -> tuple[Array, Array]:
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

    def waves(self, g: Element, frequency: int) -> tuple[Array, Array, Array]:
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

    def waves(self, g: Element, frequency: int) -> tuple[Array, Array, Array]:
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

    def exact(self, g: Image) -> tuple[DomainMatrix, bool]:
        matrix = as_exact(g)
        if matrix.shape != (2, 2):
            raise UnsupportedGroup(f"exact values at elements of {self.group} are not known; take SO(2)")
        determinant = matrix.to_field().to_dense().det()
        if determinant == matrix.domain.get_field().one:
            return matrix, False
        flip = mat.as_image([[1, 0], [0, -1]])
        return as_exact(mat.matmul(matrix, flip)), True


def _quarter_turned(x: Array, y: Array, quarters: Array) -> tuple[Array, Array]:
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


def element_order(p: Perm) -> int:
    """The order of a permutation."""
    _, labels = components(len(p), np.arange(len(p)), p)
    return lcm(*np.unique(np.bincount(labels)).tolist())
