"""Irreps of the groups of rotations and reflections of the plane: Cyclic, Dihedral, SO(2), O(2), and U(1) beside them.

An element is a rotation r by an angle, times (x, y) -> (x, -y) where it reflects. The irreps are powers of the rotation: the
frequency k sends an angle t to k t.
"""

from __future__ import annotations

import re
from math import gcd, lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassValue
from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep, Position, quaternion_units, realification_isometry
from grouprep.irreps.family import Angles, Family, Images, Splitting, check_up_to
from grouprep.irreps.plane_elements import PlaneElements, nearest_cosine
from grouprep.irreps.plane_splitting import split_plane
from grouprep.irreps.symbolic import symbolic_reflection, symbolic_rotation
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import cosine, cyclotomic_field, real_cyclotomic_field, zeta
from grouprep.linalg.sparse import sparse_matrix
from grouprep.representations.base import Representation
from grouprep.representations.images import ImageRepresentation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Expr, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["PlaneFamily", "PlaneIrrep"]


class PlaneFamily(Family):
    """The irreps of a group of plane rotations, with or without reflections.

    plane : how elements become rotations and reflections; its `order` is n, or 0 for the circle.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 5.1-5.4; R. S. Mulliken, J. Chem. Phys. 23 (1955) 1997 (labels).
    """

    def __init__(self, plane: PlaneElements) -> None:
        self.plane = plane
        self.group: Group = plane.group

    @property
    def _half(self) -> int | None:
        """The frequency n / 2 where it exists: the rotation r is -1."""
        n = self.plane.order
        return n // 2 if n and n % 2 == 0 else None

    @property
    def angles(self) -> Angles | None:
        return None if self.plane.order else "plane"

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        n = self.plane.order
        top = check_up_to(self.group, up_to, "frequency", infinite=not n)
        if self.plane.reflects:
            signs: list[tuple[int, int | None]] = [(0, 1), (0, -1)]
            if self._half is not None:
                signs += [(self._half, 1), (self._half, -1)]
            last = (n - 1) // 2 if top is None else top
            return [PlaneIrrep(self, k, s, field) for k, s in [*signs, *((k, None) for k in range(1, last + 1))]]
        if field == "real":
            last = (n - 1) // 2 if top is None else top
            whole = [0] if self._half is None else [0, self._half]
            return [PlaneIrrep(self, k, None, field) for k in [*whole, *range(1, last + 1)]]
        if top is None:
            return [PlaneIrrep(self, k, None, field) for k in range(n)]
        return [PlaneIrrep(self, k, None, field) for k in [0, *(s * j for j in range(1, top + 1) for s in (1, -1))]]

    def find(self, label: object, field: Field) -> Irrep | None:
        if isinstance(label, np.integer | int) and not isinstance(label, bool):
            return self._numbered(int(label), field)
        if not isinstance(label, str):
            return None
        text = label.strip()
        if re.fullmatch(r"-?\d{1,9}", text) and not self.plane.reflects:
            return self._numbered(int(text), field)
        matched = re.fullmatch(r"([ABE])(\d{0,9})", text)
        return None if matched is None else self._lettered(matched[1], matched[2], field)

    def _numbered(self, k: int, field: Field) -> Irrep | None:
        n = self.plane.order
        if self.plane.reflects:
            return PlaneIrrep(self, k, None, field) if self._turns_plane(k) else None
        if field == "complex":
            return PlaneIrrep(self, k % n if n else k, None, field) if not n or -n < k < n else None
        return PlaneIrrep(self, k, None, field) if 0 <= k and (not n or 2 * k <= n) else None

    def _turns_plane(self, k: int) -> bool:
        n = self.plane.order
        return k > 0 and (not n or 2 * k < n)

    def _lettered(self, letter: str, number: str, field: Field) -> Irrep | None:
        n = self.plane.order
        if letter == "E":
            k = int(number) if number else 1 if n and (n - 1) // 2 == 1 else 0
            plane = self.plane.reflects or field == "real"
            return PlaneIrrep(self, k, None, field) if plane and self._turns_plane(k) else None
        frequency = 0 if letter == "A" else self._half
        wanted = {"1": 1, "2": -1} if self.plane.reflects else {"": None}
        if frequency is None or number not in wanted:
            return None
        return PlaneIrrep(self, frequency, wanted[number], field)

    def labels(self, field: Field) -> str:
        if self.plane.order:
            shown = [i.label for i in self.irreps(field, None)]
            return ", ".join(shown if len(shown) <= 12 else [*shown[:9], "...", shown[-1]])
        if self.plane.reflects:
            return "A1, A2, E1, E2, E3, ..."
        return "0, 1, 2, ..." if field == "real" else "0, 1, -1, 2, -2, ..."

    def split(self, images: Images) -> Splitting:
        return [(PlaneIrrep(self, k, sign, "complex"), X) for k, sign, X in split_plane(self.plane, images)]


class PlaneIrrep(Irrep):
    """The irrep of frequency k: r turns by k times its angle; sign is the value of the reflection where dim is 1.

    Made by `G.irrep(label)` of Cyclic, Dihedral, SO(2), O(2) and U(1).

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> [V.label for V in Dihedral(6).irreps()]
    ['A1', 'A2', 'B1', 'B2', 'E1', 'E2']
    """

    def __init__(self, family: PlaneFamily, frequency: int, sign: int | None, over: Field) -> None:
        self.family, self.frequency, self.sign, self.over = family, frequency, sign, over
        n = family.plane.order
        self.period = n // gcd(n, frequency) if n else 0  # the order of the image of r; 0 for infinite
        whole = self.period in (1, 2) or (not n and frequency == 0)
        self.type = "R" if whole or family.plane.reflects else "C"
        self.label = self._label(whole)

    def _label(self, whole: bool) -> str:
        plane = self.family.plane
        if plane.reflects:
            return f"E{self.frequency}" if self.sign is None else ("B" if self.frequency else "A") + "21"[self.sign > 0]
        if self.over == "complex" or not plane.order:
            return str(self.frequency)
        return ("B" if self.frequency else "A") if whole else f"E{self.frequency}"

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        if self.family.plane.reflects:
            return 1 if self.sign is not None else 2
        return 1 if self.over == "complex" or self.type == "R" else 2

    @property
    def position(self) -> Position:
        k, n = self.frequency, self.family.plane.order
        if not self.family.plane.reflects and self.over == "complex":
            return (abs(k), k < 0)
        kind = 2 if self.dim == 2 else 1 if n and k else 0
        return (kind, k, -(self.sign or 1))

    @property
    def structure(self) -> Array | None:
        return np.eye(self.dim) if self.over == "complex" and self.type == "R" else None

    @property
    def conjugated(self) -> PlaneIrrep:
        if self.over == "real" or self.type == "R":
            return self
        k, n = -self.frequency, self.family.plane.order
        return PlaneIrrep(self.family, k % n if n else k, None, self.over)

    @property
    def real_form(self) -> PlaneIrrep:
        k, n = self.frequency, self.family.plane.order
        return PlaneIrrep(self.family, min(k, n - k) if n else abs(k), self.sign, "real")

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        if self.over == "complex":
            return self, np.eye(self.dim)
        rho = PlaneIrrep(self.family, self.frequency, self.sign, "complex")
        return rho, np.eye(self.dim) if self.type == "R" else realification_isometry(1)

    def _real_commutant(self) -> Array:
        return quaternion_units(1, None)

    # Values

    def image(self, generator: Generator) -> Image:
        return (
            self._derivative()
            if generator.kind == "algebra"
            else self._exact_turn(*self.family.plane.generator(generator))
        )

    def _derivative(self) -> Image:
        from sympy import ZZ

        k = self.frequency
        if self.dim == 2:
            return sparse_matrix({0: {1: ZZ(-k)}, 1: {0: ZZ(k)}}, (2, 2), ZZ)
        if k == 0:
            return sparse_matrix({}, (1, 1), ZZ)
        return sparse_matrix({0: {0: zeta(4) * k}}, (1, 1), cyclotomic_field(4))

    def _exact_turn(self, numerator: int, denominator: int, reflected: bool) -> Image:
        """At the rotation by numerator / denominator of a full turn, after a reflection or not."""
        j = self.frequency * numerator % denominator
        divisor = gcd(j, denominator)
        j, n = j // divisor, denominator // divisor
        sign = self.sign if reflected and self.sign is not None else 1
        if self.dim == 1:
            return (
                Monomial([0], [(j if sign == 1 else j + n // 2) % n], n) if n > 1 else Monomial([0], [int(sign < 0)], 2)
            )
        flip = Monomial([0, 1], [0, 1], 2) if reflected else Monomial.identity(2)
        if n in (1, 2, 4):
            quarter = 4 * j // n
            turn = Monomial([0, 1] if quarter % 2 == 0 else [1, 0], [quarter // 2, (quarter + 1) // 2], 2)
            return turn @ flip
        return mat.matmul(rotation(j, n), flip)

    def exact_image(self, g: Element) -> Image:
        if self.group.is_finite:
            j, e = self.family.plane.coordinates(self.group.check_element(g))
            return self._exact_turn(int(j), self.family.plane.order, bool(e))
        turn, reflected = self.family.plane.exact(as_image(g, "g"))
        return self._exact_power(turn, reflected)

    def _exact_power(self, turn: DomainMatrix, reflected: bool) -> Image:
        """From the exact rotation matrix (2, 2), by repeated multiplication."""
        if self.sign is not None:
            return Monomial([0], [int(reflected and self.sign < 0)], 2)
        base = turn if self.frequency >= 0 else turn.transpose()
        power: Image = Monomial.identity(2)
        for _ in range(abs(self.frequency)):
            power = mat.matmul(power, base)
        if self.dim == 2:
            return mat.matmul(power, Monomial([0, 1], [0, 1], 2)) if reflected else power
        column = as_exact(power).extract([0, 1], [0])
        row = as_exact(as_image([[1, "I"], [0, 1]])).extract([0], [0, 1])
        return mat.matmul(row, column)

    def _rounded_at(self, g: Element) -> Array:
        """rho(g) in floats; for finite groups every entry is the exact one correctly rounded, whatever the order."""
        return self.evaluate(g)

    def evaluate(self, g: Element) -> Array:
        cos, sin, reflected = self.family.plane.waves(g, self.frequency)
        flip = np.where(reflected, -1.0, 1.0)
        if self.dim == 2:
            rows = [np.stack([cos, -sin * flip], -1), np.stack([sin, cos * flip], -1)]
            return np.stack(rows, -2)
        if self.type == "R":
            return np.asarray(cos * (flip if self.sign == -1 else 1.0))[..., None, None]
        return np.asarray(cos + 1j * sin)[..., None, None]

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def character_at(self, point: Element, k: int) -> ClassValue:
        """In closed form for finite groups: an int where the value is one, else complex, rounded once."""
        n = self.family.plane.order
        if not n:
            return point.leaf(self, k)
        j, reflected = self.family.plane.coordinates(point.power(k))
        if reflected and self.dim == 2:
            return 0
        turn = int(j) * self.frequency
        if self.dim == 2:
            value: complex = 2 * nearest_cosine(turn, n)
        else:
            value = complex(nearest_cosine(turn, n), nearest_cosine(4 * turn - n, 4 * n))
            value *= self.sign if reflected and self.sign is not None else 1
        return int(value.real) if value == int(value.real) else complex(value)

    def symbolic(self, *angles: Expr, reflected: bool = False) -> Matrix:
        """rho at the rotation by theta as a sympy Matrix (dim, dim), for SO(2), O(2) and U(1).

        Parameters
        ----------
        angles : one sympy expression, radians; the symbol theta by default.
        reflected : for O(2), the rotation after the reflection (x, y) -> (x, -y).

        Raises
        ------
        UnsupportedGroup
            If the group is finite: `V.exact(g)` has its matrices.
        GroupRepError
            If there is more than one angle, or a reflection is asked of a group without.

        Examples
        --------
        >>> from grouprep import O
        >>> O(2).irrep("E2").symbolic(reflected=True)
        Matrix([
        [cos(2*theta),  sin(2*theta)],
        [sin(2*theta), -cos(2*theta)]])
        """
        from sympy import symbols

        if self.family.plane.order:
            raise UnsupportedGroup(
                f"{self.group} is finite and has no angle; V.exact(g) has the exact matrices of {self}"
            )
        if len(angles) > 1:
            raise GroupRepError(f"angles has {len(angles)} entries; {self} of {self.group} has one angle, theta")
        if reflected and not self.family.plane.reflects:
            raise GroupRepError(f"reflected = True: {self.group} has no reflections")
        theta = angles[0] if angles else symbols("theta", real=True)
        if reflected:
            return symbolic_reflection(self.frequency, theta, self.sign or 1)
        return symbolic_rotation(self.frequency, theta, "complex" if self.dim == 1 and self.frequency else "real")

    def rational(self) -> tuple[Representation, Array]:
        """Over the field of the character, Q(2 cos 2 pi k / n), in the basis (e_1, r e_1) of a plane.

        Returns
        -------
        (R, S) with V(g) = S R(g) S^-1, S (dim, dim); V itself where its field is that field already.
        """
        if self.dim == 1 or self.period in (0, 1, 2, 4):
            return self, np.eye(self.dim)
        angle = 2 * np.pi * self.frequency / self.family.plane.order
        basis = np.array([[1.0, np.cos(angle)], [0.0, np.sin(angle)]])
        return ImageRepresentation(self.group, self._rational_images(), name=f"rational({self})"), basis

    def _rational_images(self) -> list[DomainMatrix]:
        plane = self.family.plane
        K = real_cyclotomic_field(self.period)
        c = cosine(self.period, self.frequency * self.period // plane.order)
        r = sparse_matrix({0: {1: -K.one}, 1: {0: K.one} | ({1: c} if c else {})}, (2, 2), K)
        s = sparse_matrix({0: {0: K.one} | ({1: c} if c else {}), 1: {1: -K.one}}, (2, 2), K)
        return [s if plane.generator(a)[2] else r for a in self.group.generator_names]


def rotation(j: int, n: int) -> DomainMatrix:
    """The exact rotation by 2 pi j / n over the real cyclotomic field of lcm(4, n), (2, 2).

    Examples
    --------
    >>> from grouprep.linalg.convert import to_sympy
    >>> to_sympy(rotation(1, 8))[0, 0]
    sqrt(2)/2
    """
    from sympy import QQ

    order = lcm(4, n)
    K = real_cyclotomic_field(order)
    half = K.convert_from(QQ(1, 2), QQ)
    step, quarter = order // n, order // 4
    cos, sin = cosine(order, j * step) * half, cosine(order, j * step - quarter) * half
    rows = {0: {0: cos, 1: -sin}, 1: {0: sin, 1: cos}}
    return sparse_matrix({i: {k: x for k, x in row.items() if x} for i, row in rows.items()}, (2, 2), K)
