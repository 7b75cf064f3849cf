"""The irreps of SU(2), SO(3) and O(3): spins j, with a parity for O(3), over the complex and the real numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps import rational_spin as exact
from grouprep.irreps._spin_numbers import read_field, real_columns, rounded_root, spin_label, twice_spin
from grouprep.irreps.base import Field, Irrep, quaternion_units, realification_isometry, realify
from grouprep.irreps.divided_powers import lengths
from grouprep.irreps.rational_spin import RationalSpin
from grouprep.irreps.rotations import quaternion_from_matrix, quaternion_from_su2
from grouprep.irreps.spin_labels import read_spin_label, spin_group
from grouprep.irreps.wigner import _wigner
from grouprep.linalg import Image, Monomial, as_exact

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["RationalSpin", "SpinIrrep", "read_spin_label", "spin_group", "spin_irreps"]


def spin_irreps(group: Group, over: str = "real", up_to: Any = None) -> list[SpinIrrep]:
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
    family = spin_group(group)
    if up_to is None:
        raise GroupRepError(f"{group} has infinitely many irreps; give up_to, the largest spin: irreps(up_to=3)")
    top, step = twice_spin(up_to, "up_to"), 1 if family == "SU(2)" else 2
    spins = [Fraction(two_j, 2) for two_j in range(0, top + 1, step)]
    labels: list[Any] = [(j, p) for j in spins for p in (1, -1)] if family == "O(3)" else list(spins)
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

    def __init__(self, group: Group, label: Any, over: str = "real") -> None:
        family = spin_group(group)
        if family is None:
            raise UnsupportedGroup(f"group = {group}: spins are irreps of SU(2), SO(3) and O(3)")
        self._group, self.family = group, family
        self.two_j, self.parity = read_spin_label(family, label)
        self.over: Field = "real" if read_field(over, "over") == "real" else "complex"
        self.type = "H" if self.two_j % 2 else "R"
        self.label = spin_label(self.two_j) + (("e" if self.parity > 0 else "o") if family == "O(3)" else "")

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
    def position(self) -> tuple[Any, ...]:
        return self.two_j, self.parity < 0

    @property
    def structure(self) -> NDArray[Any] | None:
        """C |m> = (-1)^m |-m> for integer spins (it fixes the real harmonics), (-1)^(j+m) |-m> for half-integer ones."""
        return None if self.over == "real" else self._conjugation

    @property
    def conjugated(self) -> SpinIrrep:
        return self

    @property
    def real_form(self) -> SpinIrrep:
        return self if self.over == "real" else SpinIrrep(self._group, self._full_label, "real")

    @property
    def constituent(self) -> tuple[Irrep, NDArray[Any]]:
        """The spin over the complex numbers, and the isometry from |j m> to this basis."""
        if self.over == "complex":
            return self, np.eye(self.dim)
        rho = SpinIrrep(self._group, self._full_label, "complex")
        return rho, realification_isometry(rho.dim) if self.form == "realified" else real_isometry(self.two_j // 2)

    @property
    def _full_label(self) -> Any:
        return (self.spin, self.parity) if self.family == "O(3)" else self.spin

    @property
    def _conjugation(self) -> NDArray[Any]:
        start = self.two_j // 2 if self.two_j % 2 == 0 else 0
        signs = (-1.0) ** (np.arange(self.two_j + 1) + start)
        return np.diag(signs)[::-1].copy()

    def _real_commutant(self) -> NDArray[Any]:
        return quaternion_units(self.two_j + 1, self._conjugation)

    # Generators

    def image(self, generator: Generator) -> Image:
        """The matrix of a generator: exact while its number field has a degree of at most `EXACT_DEGREE`, else the nearest floats."""
        if generator.kind == "element":
            return self._reflection
        make = exact.domain_differential if self._is_small else exact.float_differential
        return make(*self._what, generator.index)

    @property
    def _what(self) -> tuple[str, int, str]:
        return self.family, self.two_j, self.form

    @property
    def _is_small(self) -> bool:
        return exact.field_degree(self.two_j, self.form) <= exact.EXACT_DEGREE

    @property
    def _reflection(self) -> Monomial:
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
        if generator.kind == "element":
            return as_exact(self._reflection).to_Matrix()
        return exact.exact_differential(*self._what, generator.index)

    # Values

    def _evaluate(self, g: Any) -> NDArray[Any]:
        q, sign = self._quaternions(np.asarray(g))
        values = _wigner(self.two_j, q, "real" if self.form == "real" else "complex")
        if sign is not None and self.parity < 0:
            values = values * sign[..., None, None]
        if self.form == "realified":
            return realify(values)
        return values if self.field == "complex" else values.real

    def _quaternions(self, g: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """The quaternions of elements; for O(3) of det(g) g, and the determinants."""
        if self.family == "SU(2)":
            return quaternion_from_su2(g), None
        if self.family == "SO(3)":
            return quaternion_from_matrix(g), None
        sign = np.sign(np.linalg.det(g))
        return quaternion_from_matrix(g * sign[..., None, None]), sign

    def exact_image(self, g: Any) -> Image:
        """rho(g) exactly at an exact matrix of the group, where a field of small degree holds it.

        Raises
        ------
        GroupRepError
            If g is not exact or not in the group, or the field is too large; `rational()` has exact values everywhere.
        """
        return exact.unitary_image(self, g)

    def rational(self) -> tuple[RationalSpin, NDArray[Any]]:
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

    def symbolic(self, *angles: Any, sign: int = 1) -> Matrix:
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
        from grouprep.irreps.symbolic import symbolic_spin

        return symbolic_spin(self, angles, sign)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def _trace(self, point: Any, k: int) -> Any:
        """sum_m z^m on a torus of rotations; on the odd component of O(3) the elements are parity times a turn by pi more."""
        from grouprep.characters import Laurent

        vector = point.component.torus[0]
        scale = next(c for c in vector if c)
        odd = point.component.component is not None
        terms: dict[tuple[Fraction, tuple[int, ...]], int] = {}
        for two_m in range(-self.two_j, self.two_j + 1, 2):
            weight = (int(two_m * scale) // 2,)
            phase = Fraction((two_m // 2 + (self.parity < 0)) % 2, 2) if odd else Fraction(0)
            terms[phase, weight] = 2 if self.form == "realified" else 1
        return Laurent(terms).adams(k)

    def _key(self) -> tuple[Any, ...]:
        return self.label, self.over

    def __str__(self) -> str:
        return f"irrep({self.label})"


def real_isometry(l: int) -> NDArray[Any]:
    """K (2 l + 1, 2 l + 1) with K D^l(g) K* the matrix in real spherical harmonics."""
    K = np.zeros((2 * l + 1, 2 * l + 1), dtype=complex)
    for row, column in enumerate(real_columns(l)):
        for m, k in column:
            K[row, m + l] = (1, -1j, -1, 1j)[k] / np.sqrt(len(column))
    return K
