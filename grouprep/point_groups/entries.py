"""What is known of one irrep of a point group: its label and type, and its matrices in closed form or at the generators."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Literal

import numpy as np

from grouprep.irreps.plane import rotation
from grouprep.irreps.plane_elements import nearest_cosine
from grouprep.linalg import Image, Monomial
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import cosine, real_cyclotomic_field
from grouprep.linalg.sparse import sparse_matrix
from grouprep.point_groups.motions import Motion
from grouprep.summary import Summary
from grouprep.typing import Array

__all__ = ["ClosedForm", "Entry"]


@dataclass(frozen=True, repr=False)
class Entry(Summary):
    """What is known of one complex irrep.

    label : Mulliken's, after Herzberg for half-integer spin; pair : that of the real irrep where it is one of a conjugate pair.
    dim, type : as of every irrep.
    conjugate : the label of the complex conjugate.
    spinor : whether the rotation by 2 pi is -1.
    structure : as of every irrep; None for type C.
    at : the exact matrix of an element, where it has a closed form; images : those of the generators otherwise.
    """

    label: str
    dim: int
    type: Literal["R", "C", "H"]
    spinor: bool
    structure: Array | None
    pair: str = ""
    conjugate: str = ""
    closed: ClosedForm | None = None
    images: tuple[Image, ...] = ()
    koster: str = ""


@dataclass(frozen=True, repr=False)
class ClosedForm(Summary):
    """An irrep of an axial group at c^k t^s i^e.

    f : c turns by f / (2 m) of a full turn. m : the order of c in the point group.
    quarter : what t is, as a power of i; None for irreps of dimension 2.
    odd : whether i is -1.
    """

    f: int
    m: int
    quarter: int | None = 0
    odd: bool = False

    def at(self, x: Motion) -> Image:
        """The exact matrix of an element."""
        k, s, e = (int(n) for n in x)  # type: ignore[call-overload]
        f, m = self.f, self.m
        minus = self.odd and e
        if self.quarter is not None:
            return _phase(2 * f * k + m * self.quarter * s + 2 * m * minus, 4 * m)
        if f % 2:
            turn = Monomial([0, 1], [(f * k + m * minus) % (2 * m), (m * minus - f * k) % (2 * m)], 2 * m)
            return turn @ Monomial([1, 0], [0, 1], 2) if s else turn
        image = _rotation(f // 2 * k, m, bool(s))
        return mat.matmul(Monomial([0, 1], [1, 1], 2), image) if minus else image

    def rational(self) -> tuple[list[Image], Array] | None:
        """c and t over the field of the character, and S, for rotations of a plane in the basis (e_1, c e_1); else None."""
        j, m = self.f // 2 % self.m, self.m
        if self.quarter is not None or self.f % 2 or 4 * j % m == 0:
            return None
        d = gcd(j, m)
        j, n = j // d, m // d
        K = real_cyclotomic_field(n)
        cos = cosine(n, j)
        entry = {1: cos} if cos else {}
        c = sparse_matrix({0: {1: -K.one}, 1: {0: K.one} | entry}, (2, 2), K)
        t = sparse_matrix({0: {0: K.one} | entry, 1: {1: -K.one}}, (2, 2), K)
        angle = 2 * np.pi * j / n
        return [c, t], np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]])

    def value(self, x: Motion) -> complex:
        """The character of an element, rounded once."""
        k, s, e = (int(n) for n in x)  # type: ignore[call-overload]
        sign = -1 if self.odd and e else 1
        if self.quarter is None:
            return 0 if s else sign * 2 * nearest_cosine(self.f * k, 2 * self.m)
        return sign * _root(2 * self.f * k + self.m * self.quarter * s, 4 * self.m)


def _phase(j: int, n: int) -> Monomial:
    """The number exp(2 pi i j / n) as a 1 x 1 matrix."""
    d = gcd(j, n)
    return Monomial([0], [j // d % (n // d)], n // d) if n // d > 1 else Monomial.identity(1)


def _root(j: int, n: int) -> complex:
    """exp(2 pi i j / n), rounded."""
    return complex(nearest_cosine(j, n), nearest_cosine(4 * j - n, 4 * n))


def _rotation(j: int, m: int, reflected: bool) -> Image:
    flip = Monomial([0, 1], [0, 1], 2) if reflected else Monomial.identity(2)
    j %= m
    if 4 * j % m == 0:
        quarter = 4 * j // m
        return Monomial([0, 1] if quarter % 2 == 0 else [1, 0], [quarter // 2, (quarter + 1) // 2], 2) @ flip
    d = gcd(j, m)
    return mat.matmul(rotation(j // d, m // d), flip)
