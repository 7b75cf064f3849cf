"""Elements of point groups and of their double groups: a rotation as a unit quaternion, exact, and the inversion or not.

A point group's element is a proper rotation R, or i R with the inversion i. The double group's is one of the two quaternions of R,
and i or not: i commutes with all and its square is 1, so that a mirror i C2 has the square of C2, the rotation by 2 pi.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm, sqrt
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.groups.base import Word
from grouprep.groups.matrix_groups import MatrixAction, act_on_vectors, agrees
from grouprep.groups.permutations import Perm
from grouprep.irreps.plane import rotation
from grouprep.irreps.plane_elements import nearest_cosine
from grouprep.linalg import Image, as_exact, as_float, as_image
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.pickling import Value
from grouprep.linalg.sparse import sparse_matrix
from grouprep.point_groups.symbols import Symbol
from grouprep.typing import Array, Integers

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Axial", "Cubic", "Motion", "Motions", "float_matrices", "motions_of"]

Motion: TypeAlias = tuple[object, ...]
"""An element: (k, s, e) for c^k t^s i^e in axial groups, (quaternion, parity) in the others."""


class Motions(Value):
    """The elements of a point group or double group: how they multiply, and which motion of space each is.

    symbol : the group.
    """

    symbol: Symbol

    @property
    @abstractmethod
    def generators(self) -> dict[str, Motion]:
        """The generators by name."""

    @property
    @abstractmethod
    def relators(self) -> list[Word]:
        """Relators of a presentation on these generators."""

    @property
    @abstractmethod
    def one(self) -> Motion:
        """The identity."""

    @abstractmethod
    def multiply(self, x: Motion, y: Motion) -> Motion:
        """The product x y."""

    @abstractmethod
    def quaternion(self, x: Motion) -> tuple[float, float, float, float]:
        """(w, x, y, z) of the proper part; of the point group's elements one of the two, w >= 0 is not promised."""

    @abstractmethod
    def parity(self, x: Motion) -> int:
        """1 where the inversion is a factor, else 0."""

    @abstractmethod
    def turn(self, x: Motion) -> Fraction:
        """The angle of the proper part, as a fraction of a full turn; in double groups modulo 2, the rotation by 2 pi is 1."""

    @abstractmethod
    def action(self) -> tuple[list[Perm], MatrixAction]:
        """The generators of the point group as permutations of vectors, and their exact matrices."""

    @property
    @abstractmethod
    def named(self) -> list[tuple[str, Motion]]:
        """The names of the point group's classes without their sizes, in the order of the published tables, with an element each."""

    @property
    @abstractmethod
    def turned(self) -> Motion:
        """The rotation by 2 pi, in the double group."""

    def key(self) -> tuple[object, ...]:
        return (self.symbol,)

    def regular(self) -> list[Perm]:
        """The generators as permutations of the elements, which are listed breadth first."""
        elements, numbers = [self.one], {self.one: 0}
        images: list[list[int]] = [[] for _ in self.generators]
        position = 0
        while position < len(elements):
            for k, g in enumerate(self.generators.values()):
                new = self.multiply(g, elements[position])
                if new not in numbers:
                    numbers[new] = len(elements)
                    elements.append(new)
                images[k].append(numbers[new])
            position += 1
        return [np.array(p, dtype=np.int64) for p in images]

    @abstractmethod
    def exact(self, x: Motion) -> DomainMatrix:
        """The exact matrix (3, 3) of the motion of space."""


# --- axial groups


@dataclass(frozen=True)
class Axes:
    """An axial group as <c, t> x <i>: m is the order of c; c and t are Rz(2 pi a / units) C2(x)^s i^p.

    rotation : (a, p) of c.
    flip : (a, p) of t, with s = 1; None where there is none.
    inversion : whether i is a generator.
    """

    m: int
    units: int
    rotation: tuple[int, int]
    flip: tuple[int, int] | None
    inversion: bool


def axes_of(symbol: Symbol) -> Axes:
    """The generators of an axial group in the standard axes: main axis z, C2' along x, sigma_v the plane xz."""
    kind, n, odd = symbol.kind, symbol.n, symbol.n % 2
    flip = (0, 0) if kind[0] == "D" else None
    if symbol.setting == "312" or symbol.setting == "-31m":
        return Axes(3, 6, (2, 0), (3, 0), kind == "Dd")
    if symbol.setting == "3m1":
        return Axes(3, 3, (1, 0), (0, 1), False)
    if symbol.setting == "-4m2":
        return Axes(4, 4, (1, 1), (1, 0), False)
    if kind == "Cv":
        M = lcm(2, n)
        return Axes(n, M, (M // n, 0), (M // 2, 1), False)
    if kind in ("C", "D"):
        return Axes(n, n, (1, 0), flip, False)
    if kind == "S":
        return Axes(n // 2, n // 2, (1, 0), None, True) if n % 4 == 2 else Axes(n, n, (1, 1), None, False)
    rotoinversion = odd if kind in ("Ch", "Dh") else not odd
    return Axes(2 * n, 2 * n, (1, 1), flip, False) if rotoinversion else Axes(n, n, (1, 0), flip, True)


class Axial(Motions):
    """The elements c^k t^s i^e of an axial group; in the double group t^2 = c^m is the rotation by 2 pi."""

    def __init__(self, symbol: Symbol) -> None:
        self.symbol, self.axes = symbol, axes_of(symbol)
        self.period = self.axes.m * (2 if symbol.double else 1)

    @property
    def one(self) -> Motion:
        return 0, 0, 0

    @property
    def turned(self) -> Motion:
        return self.axes.m, 0, 0

    @cached_property
    def generators(self) -> dict[str, Motion]:
        found: dict[str, Motion] = {"c": (1 % self.period, 0, 0)}
        if self.axes.flip is not None:
            found["t"] = (0, 1, 0)
        if self.axes.inversion:
            found["i"] = (0, 0, 1)
        return found

    @property
    def relators(self) -> list[Word]:
        m, double = self.axes.m, self.symbol.double
        names = list(self.generators)
        words: list[Word] = []
        if "t" in names:
            words += [((0, 1), (1, 1), (0, 1), (1, -1)), ((1, 1),) * (4 if double else 2)]
            words.append(((0, 1),) * m + (((1, -1),) * 2 if double else ()))
        else:
            words.append(((0, 1),) * self.period)
        if "i" in names:
            last = len(names) - 1
            words.append(((last, 1),) * 2)
            words += [((last, 1), (k, 1), (last, -1), (k, -1)) for k in range(last)]
        return words

    def multiply(self, x: Motion, y: Motion) -> Motion:
        (k, s, e), (j, u, f) = x, y
        full = self.axes.m if s and u else 0
        return (k + (-j if s else j) + full) % self.period, s ^ u, e ^ f  # type: ignore[operator]

    def place(self, x: Motion) -> tuple[int, int, int]:
        """(a, s, p): Rz(2 pi a / units) C2(x)^s i^p."""
        k, s, e = x
        (a, p), (b, q) = self.axes.rotation, self.axes.flip or (0, 0)
        return int(a * k + b * s), int(s), int(p * k + q * s + e) % 2  # type: ignore[operator, call-overload]

    def at(self, a: int, s: int, p: int) -> Motion:
        """The element Rz(2 pi a / units) C2(x)^s i^p; in double groups a counts modulo 2 units."""
        (b, q) = self.axes.flip or (0, 0)
        step, r = self.axes.rotation
        if (a - b * s) % step:
            raise KeyError((a, s, p))
        k = (a - b * s) // step
        e = (p - q * s - r * k) % 2
        if e and not self.axes.inversion:
            raise KeyError((a, s, p))
        return k % self.period, s, e

    def quaternion(self, x: Motion) -> tuple[float, float, float, float]:
        a, s, _ = self.place(x)
        M = self.axes.units
        cos, sin = nearest_cosine(a, 2 * M), nearest_cosine(2 * a - M, 4 * M)
        return (0.0, cos, sin, 0.0) if s else (cos, 0.0, 0.0, sin)

    def parity(self, x: Motion) -> int:
        return self.place(x)[2]

    def turn(self, x: Motion) -> Fraction:
        a, s, _ = self.place(x)
        if s:
            return Fraction(1, 2)
        return Fraction(a, self.axes.units) % (2 if self.symbol.double else 1)

    @property
    def corners(self) -> int:
        """The corners of the polygon in the plane z = 0 that the group permutes; the first two of its axes are among them."""
        return lcm(4, self.axes.units)

    def action(self) -> tuple[list[Perm], MatrixAction]:
        P = self.corners
        points = np.arange(P)
        perms = []
        for x in self.generators.values():
            a, s, p = self.place(x)
            shift = a * (P // self.axes.units) + p * (P // 2)
            ends = [P + 1, P] if s ^ p else [P, P + 1]
            perms.append(np.concatenate([(shift + (-points if s else points)) % P, ends]))
        for perm in perms:
            perm.setflags(write=False)
        return perms, AxialAction(P, perms)

    def exact(self, x: Motion) -> DomainMatrix:
        a, s, p = self.place(x)
        P = self.corners
        return _turn(P, a * (P // self.axes.units) + p * (P // 2), s == 1, (s ^ p) == 1)

    @cached_property
    def named(self) -> list[tuple[str, Motion]]:
        symbol, M = self.symbol, self.axes.units
        kind, n, odd = symbol.kind, symbol.n, symbol.n % 2

        def turn(r: Fraction) -> tuple[str, Motion]:
            return _turn_name(r), self.at(int(M * r), 0, 0)

        def improper(r: Fraction) -> tuple[str, Motion]:
            """sigma_h times the rotation by r; named by the smaller exponent where its inverse is in its class."""
            name = _improper_name(min(r, 1 - r, key=_exponent) if self.axes.flip is not None else r)
            return name, self.at(int(M * ((r + Fraction(1, 2)) % 1)), 0, 1)

        full = [Fraction(k, n) for k in range(n)]
        if kind in ("C", "Ch", "S") and not (kind == "S" and n % 4 == 0):
            base = [Fraction(2 * k, n) for k in range(n // 2)] if kind == "S" else full
            shift = Fraction(0) if odd else Fraction(1, 2)
            return [turn(r) for r in base] + ([improper((r + shift) % 1) for r in base] if kind != "C" else [])
        if kind == "S":
            return [improper(r) if k % 2 else turn(r) for k, r in enumerate(full)]
        half = [r for r in full if 2 * r <= 1]
        (b, q) = self.axes.flip or (0, 0)
        first = b, 1, q  # t itself
        step = self.axes.rotation[0]
        second = b + step, 1, (q + self.axes.rotation[1]) % 2
        if kind == "Dd" and not odd:
            half = [Fraction(k, 2 * n) for k in range(n + 1)]
            turns = [improper(r) if k % 2 else turn(r) for k, r in enumerate(half)]
            return [*turns, ("C2'", self.at(*first)), ("sigma_d", self.at(*second))]
        turns = [turn(r) for r in half]
        letters = ("sigma_v", "sigma_d") if kind == "Cv" else ("C2'", "C2''")
        if odd:
            across = [(letters[0].rstrip("'"), self.at(*first))]
        else:
            across = [(letters[0], self.at(*first)), (letters[1], self.at(*second))]
        if n == 2:
            z, (_, x), (_, y) = turns[-1][1], *across
            if kind == "Cv":
                return [turns[0], ("C2", z), ("sigma_v(xz)", x), ("sigma_v'(yz)", y)]
            turns, across = [turns[0], ("C2(z)", z)], [("C2(y)", y), ("C2(x)", x)]
        if kind in ("D", "Cv"):
            return turns + across
        if kind == "Dh" and odd:
            sigma = self.at(M // 2, 0, 1)
            mirrors = [("sigma_v", self.multiply(sigma, across[0][1]))]
            return turns + across + [improper(r) for r in half] + mirrors
        inversion = self.at(0, 0, 1)
        if kind == "Dd":
            mirror_names = ["sigma_d"]
        elif n == 2:
            mirror_names = ["sigma(xz)", "sigma(yz)"]
        else:
            mirror_names = ["sigma_v", "sigma_d"] if n % 4 == 0 else ["sigma_d", "sigma_v"]
        mirrors = [(name, self.multiply(inversion, x)) for name, (_, x) in zip(mirror_names, across, strict=True)]
        other = [improper((r + Fraction(1, 2)) % 1) for r in half]
        if n == 2:
            other[-1] = ("sigma(xy)", other[-1][1])
        return turns + across + other + mirrors


def _turn_name(r: Fraction) -> str:
    if r == 0:
        return "E"
    return f"C{r.denominator}" + (f"^{r.numerator}" if r.numerator > 1 else "")


def _exponent(r: Fraction) -> int:
    """The power of S_q that sigma_h times the rotation by r of a full turn is, q the denominator: an odd one."""
    return r.numerator if r.numerator % 2 else r.numerator + r.denominator


def _improper_name(r: Fraction) -> str:
    special = {Fraction(0): "sigma_h", Fraction(1): "sigma_h", Fraction(1, 2): "i"}
    if r in special:
        return special[r]
    power = _exponent(r)
    return f"S{r.denominator}" + (f"^{power}" if power > 1 else "")


def _turn(corners: int, start: int, reflected: bool, down: bool) -> DomainMatrix:
    """The rotation by start corners about z after (x, y) -> (x, -y) or not, times the sign of z, exact."""
    plane = rotation(start % corners, corners)
    rows = {i: dict(row) for i, row in plane.to_sparse().rep.to_sdm().items()}
    if reflected:
        rows = {i: {j: -x if j == 1 else x for j, x in row.items()} for i, row in rows.items()}
    one = plane.domain.one
    rows[2] = {2: -one if down else one}
    return sparse_matrix(rows, (3, 3), plane.domain)


class AxialAction(MatrixAction):
    """The matrices of an axial group on the corners of a regular polygon in the plane z = 0, and on the two ends of the main axis."""

    def __init__(self, corners: int, perms: list[Perm]) -> None:
        self.corners, self._perms = corners, tuple(perms)

    @property
    def dim(self) -> int:
        return 3

    @cached_property
    def _all(self) -> tuple[Image, ...]:
        return tuple(as_image(to_sympy(self.exact(p))) for p in self._perms)

    @property
    def images(self) -> tuple[Image, ...]:
        return self._all

    def key(self) -> tuple[object, ...]:
        return self.corners, tuple(p.tobytes() for p in self._perms)

    def exact(self, perm: Perm) -> DomainMatrix:
        P = self.corners
        return _turn(P, int(perm[0]), (int(perm[1]) - int(perm[0])) % P != 1, int(perm[P]) != P)

    def permutation(self, matrix: Image) -> Perm | None:
        """By what the matrix does to the first corner and to the main axis; None if it permutes the points in no such way."""
        floats = np.asarray(as_float(matrix)).real
        P = self.corners
        start = round(float(np.arctan2(floats[1, 0], floats[0, 0])) * P / (2 * np.pi)) % P
        ends = [P, P + 1] if floats[2, 2] > 0 else [P + 1, P]
        points = np.arange(P)
        for sign in (1, -1):
            perm = np.concatenate([(start + sign * points) % P, ends])
            if agrees(self.exact(perm), matrix):
                return perm
        return None


# --- cubic and icosahedral groups

Number: TypeAlias = tuple[Fraction, Fraction]
"""a + b sqrt(d) as (a, b)."""

_TETRAHEDRAL = ("T", "Th")
_OCTAHEDRAL = ("O", "Td", "Oh")


class Cubic(Motions):
    """The elements of T, Td, Th, O, Oh, I, Ih and of their double groups, as exact quaternions over Q(sqrt 2) or Q(sqrt 5)."""

    def __init__(self, symbol: Symbol) -> None:
        self.symbol = symbol
        self.square = 5 if symbol.kind in ("I", "Ih") else 2

    @property
    def has_inversion(self) -> bool:
        """Whether i is an element."""
        return self.symbol.kind in ("Th", "Oh", "Ih")

    @property
    def one(self) -> Motion:
        return self._read(1, 0, 0, 0), 0

    @property
    def turned(self) -> Motion:
        return self._read(-1, 0, 0, 0), 0

    def _read(self, *entries: int | str | Number) -> tuple[Number, ...]:
        texts = {
            "h": (Fraction(1, 2), Fraction(0)),
            "-h": (Fraction(-1, 2), Fraction(0)),
            "r": (Fraction(0), Fraction(1, 2)),
        }
        texts |= {
            "F": (Fraction(1, 4), Fraction(1, 4)),
            "f": (Fraction(-1, 4), Fraction(1, 4)),
        }  # golden ratio / 2, its inverse / 2
        return tuple(
            texts[x] if isinstance(x, str) else x if isinstance(x, tuple) else (Fraction(x), Fraction(0))
            for x in entries
        )

    @cached_property
    def marks(self) -> dict[str, tuple[Number, ...]]:
        """Quaternions of the rotations that the classes and generators are named by."""
        third = self._read("h", "h", "h", "h")
        found = {
            "E": self._read(1, 0, 0, 0),
            "C2": self._read(0, 0, 0, 1),
            "C3": third,
            "C3^2": self._times(third, third),
        }
        if self.square == 2:
            return found | {"C4": self._read("r", 0, 0, "r"), "C2'": self._read(0, "r", "r", 0)}
        fifth = self._read("F", "f", 0, "h")
        return found | {"C5": fifth, "C5^2": self._times(fifth, fifth)}

    @cached_property
    def generators(self) -> dict[str, Motion]:
        kind, marks = self.symbol.kind, self.marks
        found: dict[str, Motion] = {}
        if kind in _TETRAHEDRAL:
            found["C2"] = self._element(marks["C2"], 0)
        elif kind == "Td":  # i times the rotation by -pi/2 is S4
            back = tuple((-a, -b) if k else (a, b) for k, (a, b) in enumerate(marks["C4"]))
            found["S4"] = self._element(back, 1)
        else:
            found["C4" if kind in _OCTAHEDRAL else "C5"] = self._element(
                marks["C4" if kind in _OCTAHEDRAL else "C5"], 0
            )
        found["C3"] = self._element(marks["C3"], 0)
        if self.has_inversion:
            found["i"] = self._element(marks["E"], 1)
        return found

    @property
    def relators(self) -> list[Word]:
        return []

    def _element(self, q: tuple[Number, ...], parity: int) -> Motion:
        if not self.symbol.double:
            lead = next(x for x in q if any(x))
            if _sign(lead, self.square) < 0:
                q = tuple((-a, -b) for a, b in q)
        return q, parity

    def _times(self, q: tuple[Number, ...], r: tuple[Number, ...]) -> tuple[Number, ...]:
        table = (
            ((0, 0, 1), (1, 1, -1), (2, 2, -1), (3, 3, -1)),
            ((0, 1, 1), (1, 0, 1), (2, 3, 1), (3, 2, -1)),
            ((0, 2, 1), (2, 0, 1), (3, 1, 1), (1, 3, -1)),
            ((0, 3, 1), (3, 0, 1), (1, 2, 1), (2, 1, -1)),
        )
        d = self.square
        out = []
        for terms in table:
            a = sum((s * (q[i][0] * r[j][0] + d * q[i][1] * r[j][1]) for i, j, s in terms), Fraction(0))
            b = sum((s * (q[i][0] * r[j][1] + q[i][1] * r[j][0]) for i, j, s in terms), Fraction(0))
            out.append((a, b))
        return tuple(out)

    def multiply(self, x: Motion, y: Motion) -> Motion:
        return self._element(self._times(x[0], y[0]), x[1] ^ y[1])  # type: ignore[arg-type, operator]

    def quaternion(self, x: Motion) -> tuple[float, float, float, float]:
        root = sqrt(self.square)
        w, i, j, k = (float(a) + float(b) * root for a, b in x[0])  # type: ignore[attr-defined]
        return w, i, j, k

    def parity(self, x: Motion) -> int:
        return 1 if x[1] else 0

    def turn(self, x: Motion) -> Fraction:
        """Cosines of half of the angle tell the few angles that there are apart."""
        w = self.quaternion(x)[0]
        return Fraction(round(60 * float(np.arccos(min(1.0, max(-1.0, w)))) / float(np.pi)), 60)

    def entries(self, x: Motion) -> list[str]:
        """The quaternion's entries as text."""
        return [f"({a} + ({b})*sqrt({self.square}))" for a, b in x[0]]  # type: ignore[attr-defined]

    def exact(self, x: Motion) -> DomainMatrix:
        quaternion: tuple[Number, ...] = x[0]  # type: ignore[assignment]
        w, i, j, k = quaternion
        d, sign = self.square, -1 if self.parity(x) else 1

        def entry(*terms: tuple[int, Number, Number]) -> str:
            a = sum((sign * s * (p[0] * q[0] + d * p[1] * q[1]) for s, p, q in terms), Fraction(0))
            b = sum((sign * s * (p[0] * q[1] + p[1] * q[0]) for s, p, q in terms), Fraction(0))
            return f"{a} + ({b})*sqrt({d})" if b else str(a)

        rows = [
            [
                entry((1, w, w), (1, i, i), (-1, j, j), (-1, k, k)),
                entry((2, i, j), (-2, w, k)),
                entry((2, i, k), (2, w, j)),
            ],
            [
                entry((2, i, j), (2, w, k)),
                entry((1, w, w), (-1, i, i), (1, j, j), (-1, k, k)),
                entry((2, j, k), (-2, w, i)),
            ],
            [
                entry((2, i, k), (-2, w, j)),
                entry((2, j, k), (2, w, i)),
                entry((1, w, w), (-1, i, i), (-1, j, j), (1, k, k)),
            ],
        ]
        return as_exact(as_image(rows))

    def action(self) -> tuple[list[Perm], MatrixAction]:
        matrices = [to_sympy(self.exact(x)) for x in self.generators.values()]
        return act_on_vectors(matrices, list(self.generators), 1_000)

    @cached_property
    def named(self) -> list[tuple[str, Motion]]:
        proper, improper = _CUBIC_CLASSES[self.symbol.kind]
        found = [(name, self._element(self.marks[mark], 0)) for name, mark in proper.items()]
        return found + [(name, self._element(self.marks[mark], 1)) for name, mark in improper.items()]


_CUBIC_CLASSES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "T": ({"E": "E", "C3": "C3", "C3^2": "C3^2", "C2": "C2"}, {}),
    "Th": (
        {"E": "E", "C3": "C3", "C3^2": "C3^2", "C2": "C2"},
        {"i": "E", "S6^5": "C3", "S6": "C3^2", "sigma_h": "C2"},
    ),
    "Td": ({"E": "E", "C3": "C3", "C2": "C2"}, {"S4": "C4", "sigma_d": "C2'"}),
    "O": ({"E": "E", "C3": "C3", "C2": "C2", "C4": "C4", "C2'": "C2'"}, {}),
    "Oh": (
        {"E": "E", "C3": "C3", "C2'": "C2'", "C4": "C4", "C2": "C2"},
        {"i": "E", "S4": "C4", "S6": "C3", "sigma_h": "C2", "sigma_d": "C2'"},
    ),
    "I": ({"E": "E", "C5": "C5", "C5^2": "C5^2", "C3": "C3", "C2": "C2"}, {}),
    "Ih": (
        {"E": "E", "C5": "C5", "C5^2": "C5^2", "C3": "C3", "C2": "C2"},
        {"i": "E", "S10": "C5^2", "S10^3": "C5", "S6": "C3", "sigma": "C2"},
    ),
}
"""For each group its classes, by name, and the rotation that one of their elements is, without and with the inversion."""


def _sign(x: Number, d: int) -> int:
    """The sign of a + b sqrt(d), exactly."""
    a, b = x
    if a >= 0 and b >= 0:
        return int(bool(a or b))
    if a <= 0 and b <= 0:
        return -1
    return (1 if a > 0 else -1) if a * a > d * b * b else (1 if b > 0 else -1)


def motions_of(symbol: Symbol) -> Motions:
    """The elements of the group with a symbol."""
    return Axial(symbol) if symbol.n else Cubic(symbol)


def float_matrices(quaternions: Array, parities: Integers) -> Array:
    """Matrices (..., 3, 3) of rotations by unit quaternions (..., 4), times -1 where the parity is 1.

    Examples
    --------
    >>> float_matrices(np.array([0.0, 0.0, 0.0, 1.0]), np.array(1)).tolist()
    [[1.0, -0.0, -0.0], [-0.0, 1.0, -0.0], [-0.0, -0.0, -1.0]]
    """
    w, x, y, z = np.moveaxis(quaternions, -1, 0)
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
    ]
    R = np.stack([np.stack(row, -1) for row in rows], -2)
    out: Array = R * np.where(parities, -1.0, 1.0)[..., None, None]
    return out
