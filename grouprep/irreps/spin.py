"""The irreps of SU(2), SO(3) and O(3): spins j, with a parity for O(3), over the complex and the real numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from grouprep.characters import ClassValue, Laurent
from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps import rational_spin as exact
from grouprep.irreps._spin_numbers import Spin, real_columns, spin_label, twice_spin
from grouprep.irreps.base import Field, Irrep, Position, quaternion_units, read_field, realification_isometry, realify
from grouprep.irreps.catalogue import find_family
from grouprep.irreps.divided_powers import lengths
from grouprep.irreps.family import Angles, Family, Images, Splitting, check_up_to
from grouprep.irreps.rational_spin import RationalSpin
from grouprep.irreps.rotations import quaternion_from_matrix, quaternion_from_su2
from grouprep.irreps.spin_generators import is_standard
from grouprep.irreps.spin_labels import SpinKind, read_spin_label
from grouprep.irreps.spin_splitting import split_spins
from grouprep.irreps.symbolic import symbolic_spin
from grouprep.irreps.wigner import wigner_of_quaternions
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.roots import exact_root, rounded_root
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Expr, Matrix

__all__ = ["RationalSpin", "SpinFamily", "SpinIrrep", "read_spin_label", "spin_group", "spin_irreps"]


M = TypeVar("M")


class SpinFamily(Family):
    """The irreps of SU(2), SO(3) or O(3).

    group : the group, by any generators (see `is_spin_group`).
    kind : which of these it is.

    References
    ----------
    Varshalovich et al. (1988), chapter 4; Brocker and tom Dieck (1985), II.5.
    """

    def __init__(self, group: Group, kind: SpinKind) -> None:
        self.group, self.kind = group, kind

    @property
    def angles(self) -> Angles:
        return "double cover" if self.kind == "SU(2)" else "space"

    def irreps(self, field: Field, up_to: object) -> list[Irrep]:
        if self.kind != "SU(2)":
            check_up_to(self.group, up_to, "l", infinite=True)
        return list(spin_irreps(self.group, field, up_to))

    def irrep(self, label: object, field: Field) -> Irrep:
        return SpinIrrep(self.group, label, field)

    def find(self, label: object, field: Field) -> Irrep | None:
        try:
            return SpinIrrep(self.group, label, field)
        except GroupRepError:
            return None

    def labels(self, field: Field) -> str:
        kinds = {"SU(2)": "0, 1/2, 1, 3/2, ...", "SO(3)": "0, 1, 2, ...", "O(3)": "0e, 0o, 1e, 1o, ..."}
        return kinds[self.kind]

    def split(self, images: Images) -> Splitting:
        found = split_spins(self.group, self.kind, images)
        labels = [Fraction(two_j, 2) if parity is None else (two_j // 2, parity) for two_j, parity, _ in found]
        return [(SpinIrrep(self.group, label, "complex"), X) for label, (*_, X) in zip(labels, found, strict=True)]


def spin_group(group: Group) -> SpinKind | None:
    """Which of "SU(2)", "SO(3)", "O(3)" a group is, by its generators; None for any other.

    Examples
    --------
    >>> from grouprep import SO
    >>> spin_group(SO(3))
    'SO(3)'
    """
    family = find_family(group)
    return family.kind if isinstance(family, SpinFamily) else None


def spin_irreps(group: Group, over: str = "real", up_to: Spin | None = None) -> list[SpinIrrep]:
    """The irreps of SU(2), SO(3) or O(3) up to a spin, in the order 0, 1/2, 1, ... or 0e, 0o, 1e, 1o, ...

    Parameters
    ----------
    group : SU(2), SO(3) or O(3).
    over : "real" or "complex".
    up_to : the largest spin, needed.

    Raises
    ------
    GroupRepError
        If up_to is missing or no spin.

    Examples
    --------
    >>> from grouprep import SU, O
    >>> [V.label for V in spin_irreps(SU(2), "complex", 1)], [V.label for V in spin_irreps(O(3), up_to=1)]
    (['0', '1/2', '1'], ['0e', '0o', '1e', '1o'])
    """
    kind = spin_group(group)
    if up_to is None:
        raise GroupRepError(f"{group} has infinitely many irreps; give up_to, the largest spin: irreps(up_to=3)")
    top, step = twice_spin(up_to, "up_to"), 1 if kind == "SU(2)" else 2
    spins = [Fraction(two_j, 2) for two_j in range(0, top + 1, step)]
    labels: list[object] = [(j, p) for j in spins for p in (1, -1)] if kind == "O(3)" else list(spins)
    return [SpinIrrep(group, label, over) for label in labels]


class SpinIrrep(Irrep):
    """The irrep of spin j of SU(2), SO(3) or O(3), unitary.

    Over the complex numbers in the basis |j m>, m = -j..j; over the real numbers integer spins in the basis of real spherical
    harmonics m = -l..l (l = 1: y, z, x), half-integer ones as the realification, of dimension 2 (2j + 1) on (Re v, Im v).

    Parameters
    ----------
    group : SU(2), SO(3) or O(3).
    label : SU(2): 0, 1/2, 1, ... as int, Fraction, float or text; SO(3): 0, 1, 2, ...; O(3): "1o", (1, -1), (1, "o").
    over : "real" or "complex".

    Raises
    ------
    GroupRepError
        If the group has no such irrep.

    Examples
    --------
    >>> from grouprep import SO, O
    >>> V = SpinIrrep(SO(3), 2)
    >>> V.dim, V.type, V.exact_generator(SO(3).generator_names[0])[0, 4]
    (5, 'R', 2)
    >>> SpinIrrep(O(3), "1o") == SpinIrrep(O(3), (1, -1))
    True

    References
    ----------
    Varshalovich, Moskalev, Khersonskii, Quantum Theory of Angular Momentum (1988), chapter 4; Biedenharn and Louck, Angular
    Momentum in Quantum Physics (1981), chapter 3.
    """

    def __init__(self, group: Group, label: object, over: str = "real") -> None:
        kind = spin_group(group)
        if kind is None:
            raise UnsupportedGroup(f"group = {group}: spins are irreps of SU(2), SO(3) and O(3)")
        self._group, self.kind = group, kind
        self.two_j, self.parity = read_spin_label(kind, label)
        self.over = read_field(over, "over")
        self.type = "H" if self.two_j % 2 else "R"
        self.label = spin_label(self.two_j) + (("e" if self.parity > 0 else "o") if kind == "O(3)" else "")

    @property
    def group(self) -> Group:
        return self._group

    @property
    def spin(self) -> Fraction:
        """The spin j."""
        return Fraction(self.two_j, 2)

    @property
    def form(self) -> str:
        """How the basis arises: "complex" |j m>, "real" harmonics, or "realified"."""
        return "complex" if self.over == "complex" else "real" if self.type == "R" else "realified"

    @property
    def dim(self) -> int:
        return (self.two_j + 1) * (2 if self.form == "realified" else 1)

    @property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the values; spin 0 is real."""
        return "complex" if self.over == "complex" and self.two_j else "real"

    @property
    def position(self) -> Position:
        return self.two_j, self.parity < 0

    @property
    def structure(self) -> Array | None:
        """C |m> = (-1)^m |-m> for integer spins (it fixes the real harmonics), (-1)^(j+m) |-m> for half-integer ones."""
        return None if self.over == "real" else self._conjugation

    @property
    def conjugated(self) -> SpinIrrep:
        return self

    @property
    def real_form(self) -> SpinIrrep:
        return self if self.over == "real" else SpinIrrep(self._group, self._full_label, "real")

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        """The spin over the complex numbers, and the isometry from |j m> to this basis."""
        if self.over == "complex":
            return self, np.eye(self.dim)
        rho = SpinIrrep(self._group, self._full_label, "complex")
        return rho, realification_isometry(rho.dim) if self.form == "realified" else real_isometry(self.two_j // 2)

    @property
    def _full_label(self) -> object:
        return (self.spin, self.parity) if self.kind == "O(3)" else self.spin

    @property
    def _conjugation(self) -> Array:
        start = self.two_j // 2 if self.two_j % 2 == 0 else 0
        signs = (-1.0) ** (np.arange(self.two_j + 1) + start)
        return np.diag(signs)[::-1].copy()

    def _real_commutant(self) -> Array:
        return quaternion_units(self.two_j + 1, self._conjugation)

    # Generators

    def image(self, generator: Generator) -> Image:
        """The matrix of a generator: exact while its number field has a degree of at most `EXACT_DEGREE`, else the nearest floats."""
        if generator.kind == "element":
            return self._element_image(generator)
        if not self._is_small:
            return self.float_image(generator)
        if self._is_standard:
            return exact.domain_differential(*self._what, generator.index)
        return exact.combined(self._group, self.kind, generator, self._differentials(exact.domain_differential))

    def _element_image(self, generator: Generator) -> Image:
        if self._is_standard:
            return self.reflection
        h = self._group.generator_element(generator)
        try:
            return self.exact_image(h)
        except GroupRepError:
            return self.evaluate(as_float(h))

    def float_image(self, generator: Generator) -> Array | Monomial:
        if generator.kind == "element":
            image = self._element_image(generator)
            return image if isinstance(image, Monomial) else as_float(image)
        if self._is_standard:
            return exact.float_differential(*self._what, generator.index)
        row = exact.float_coordinates(self._group, self.kind, generator)
        value: Array = np.tensordot(row, np.array(self._differentials(exact.float_differential)), 1)
        return value

    def _differentials(self, make: Callable[[str, int, str, int], M]) -> list[M]:
        """The differentials of the standard basis of the Lie algebra."""
        return [make(*self._what, k) for k in range(3)]

    @cached_property
    def _is_standard(self) -> bool:
        return is_standard(self._group, self.kind)

    @property
    def _what(self) -> tuple[str, int, str]:
        return self.kind, self.two_j, self.form

    @property
    def _is_small(self) -> bool:
        return exact.field_degree(self.two_j, self.form) <= exact.EXACT_DEGREE

    @property
    def reflection(self) -> Monomial:
        """The image of diag(-1, 1, 1): the parity times the half turn about x, which takes |m> to (-1)^l |-m>."""
        l = self.two_j // 2
        m = np.arange(-l, l + 1)
        if self.form == "real":
            return Monomial(np.arange(2 * l + 1), (l + m + (m < 0) + (self.parity < 0)) % 2, 2)
        return Monomial(np.arange(2 * l + 1)[::-1], np.full(2 * l + 1, (l + (self.parity < 0)) % 2), 2)

    def exact_generator(self, generator: Generator) -> Matrix:
        """The matrix of a generator exactly, for every spin: a sympy Matrix (dim, dim) with square roots.

        Parameters
        ----------
        generator : a generator of the group.

        Examples
        --------
        >>> from grouprep import SU
        >>> G = SU(2)
        >>> SpinIrrep(G, 1, "complex").exact_generator(G.generator_names[1])[1, 0]
        sqrt(2)/2
        """
        if self._is_standard:
            if generator.kind == "element":
                return as_exact(self.reflection).to_Matrix()
            return exact.exact_differential(*self._what, generator.index)
        R = to_sympy(as_exact(RationalSpin(self).image(generator)))
        squares = lengths(self.two_j, self.form)
        return R.from_dok(
            *R.shape,
            {
                (i, k): x * exact_root(1, (q := squares[i] / squares[k]).numerator, q.denominator)
                for (i, k), x in R.todok().items()
            },
        )

    # Values

    def evaluate(self, g: Element) -> Array:
        q, sign = self._quaternions(np.asarray(g))
        values = wigner_of_quaternions(self.two_j, q, "real" if self.form == "real" else "complex")
        if sign is not None and self.parity < 0:
            values = values * sign[..., None, None]
        if self.form == "realified":
            return realify(values)
        return values if self.field == "complex" else values.real

    def _quaternions(self, g: Array) -> tuple[Array, Array | None]:
        """The quaternions of elements; for O(3) of det(g) g, and the determinants."""
        if self.kind == "SU(2)":
            return quaternion_from_su2(g), None
        if self.kind == "SO(3)":
            return quaternion_from_matrix(g), None
        sign = np.sign(np.linalg.det(g))
        return quaternion_from_matrix(g * sign[..., None, None]), sign

    def exact_image(self, g: Element) -> Image:
        """rho(g) exactly at an exact matrix of the group, where a field of small degree holds it.

        Raises
        ------
        GroupRepError
            If g is not exact or not in the group, or the field is too large; `rational()` has exact values everywhere.
        """
        return exact.unitary_image(self, g)

    def rational(self) -> tuple[RationalSpin, Array]:
        """(R, S): the form over Q (real) or Q(i) (complex) and the diagonal S with V(g) = S R(g) S^-1.

        Examples
        --------
        >>> from grouprep import SO
        >>> R, S = SpinIrrep(SO(3), 2).rational()
        >>> R.domain, (S.diagonal() ** 2).round(4)
        (QQ, array([2.    , 0.5   , 0.1667, 0.5   , 2.    ]))
        """
        roots = [rounded_root(1, q) for q in lengths(self.two_j, self.form)]
        return RationalSpin(self), np.diag(roots)

    def rational_squares(self) -> tuple[Fraction, ...]:
        return tuple(lengths(self.two_j, self.form))

    def symbolic(self, *angles: Expr, sign: int = 1) -> Matrix:
        """rho at sign R_z(alpha) R_y(beta) R_z(gamma) as a sympy Matrix; SU(2): exp(-i alpha sigma_3/2) and so on.

        Parameters
        ----------
        angles : three sympy expressions, z-y-z Euler angles in radians; the symbols alpha, beta, gamma by default.
        sign : -1, in O(3), for minus the rotation.

        Examples
        --------
        >>> from grouprep import O
        >>> SpinIrrep(O(3), "1o").symbolic(sign=-1)[1, 1]
        -cos(beta)
        """
        return symbolic_spin(self, angles, sign)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def character_at(self, point: Element, k: int) -> ClassValue:
        """sum_m z^m on a torus of rotations; on the odd component of O(3) the elements are parity times a turn by pi more."""
        scale = exact.turns(self._group, self.kind, point.component.torus[0])
        odd = point.component.component is not None
        terms: dict[tuple[Fraction, tuple[int, ...]], int] = {}
        for two_m in range(-self.two_j, self.two_j + 1, 2):
            weight = (int(two_m * scale) // 2,)
            phase = Fraction((two_m // 2 + (self.parity < 0)) % 2, 2) if odd else Fraction(0)
            terms[phase, weight] = 2 if self.form == "realified" else 1
        return Laurent(terms).adams(k)


def real_isometry(l: int) -> Array:
    """K (2 l + 1, 2 l + 1) with K D^l(g) K* the matrix in real spherical harmonics."""
    K = np.zeros((2 * l + 1, 2 * l + 1), dtype=complex)
    for row, column in enumerate(real_columns(l)):
        for m, k in column:
            K[row, m + l] = (1, -1j, -1, 1j)[k] / np.sqrt(len(column))
    return K
