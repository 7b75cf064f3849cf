"""Irreps as sympy matrices in angles: frequencies of SO(2) and O(2), Wigner D in Euler angles, and Haar measure to integrate them."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, TypeAlias

from grouprep.errors import GroupRepError, UnsupportedGroup, shown
from grouprep.groups.base import Group
from grouprep.irreps._spin_numbers import Spin, real_columns, spin_label, twice_spin
from grouprep.irreps.base import read_field
from grouprep.irreps.catalogue import find_family
from grouprep.summary import Summary

if TYPE_CHECKING:
    from sympy import Expr, Matrix, Symbol

    from grouprep.irreps.spin import SpinIrrep

__all__ = [
    "HaarMeasure",
    "euler_angles",
    "haar_measure",
    "symbolic_reflection",
    "symbolic_rotation",
    "symbolic_wigner_D",
    "symbolic_wigner_d",
]


Angle: TypeAlias = "Expr | float"
"""A sympy expression, radians."""

Limits: TypeAlias = "tuple[tuple[Symbol, Expr | float, Expr | float], ...]"
"""Symbols with the ends of the interval that each runs over."""


def euler_angles() -> tuple[Symbol, Symbol, Symbol]:
    """The real sympy symbols alpha, beta, gamma."""
    from sympy import symbols

    names: tuple[Symbol, Symbol, Symbol] = symbols("alpha beta gamma", real=True)
    return names


def _frequency(k: float) -> int:
    if isinstance(k, bool) or int(k) != k:
        raise GroupRepError(f"k must be an integer, the frequency, got {k!r:.60}")
    return int(k)


def symbolic_rotation(k: int, theta: Angle, field: str = "real") -> Matrix:
    """The irrep of frequency k of SO(2) at the rotation by theta, from axis 0 to axis 1.

    Parameters
    ----------
    k : an integer.
    theta : sympy expression, radians.
    field : "real": (2, 2), the rotation by k theta ((1, 1) for k = 0); "complex": (1, 1), exp(i k theta).

    Raises
    ------
    GroupRepError
        If k is no integer.

    Examples
    --------
    >>> from sympy import symbols
    >>> symbolic_rotation(2, symbols("theta"))
    Matrix([
    [cos(2*theta), -sin(2*theta)],
    [sin(2*theta),  cos(2*theta)]])

    References
    ----------
    Brocker and tom Dieck, Representations of Compact Lie Groups (1985), II.5.
    """
    from sympy import I, Matrix, cos, exp, sin

    k = _frequency(k)
    if read_field(field) == "complex":
        return Matrix([[exp(I * k * theta)]])
    if k == 0:
        return Matrix([[1]])
    return Matrix([[cos(k * theta), -sin(k * theta)], [sin(k * theta), cos(k * theta)]])


def symbolic_reflection(k: int, theta: Angle, parity: int = 1) -> Matrix:
    """The irrep of frequency k of O(2) at the reflection (x, y) -> (x, -y) followed by the rotation by theta.

    Parameters
    ----------
    k : an integer.
    theta : sympy expression, radians.
    parity : for k = 0 the value, 1 or -1; of no meaning otherwise.

    Returns
    -------
    (2, 2), over the real and the complex numbers; (1, 1) for k = 0.

    Examples
    --------
    >>> symbolic_reflection(1, 0), symbolic_reflection(0, 0, parity=-1)
    (Matrix([
    [1,  0],
    [0, -1]]), Matrix([[-1]]))
    """
    from sympy import Matrix, diag

    if parity not in (1, -1):
        raise GroupRepError(f"parity must be 1 or -1, got {parity!r:.60}")
    if _frequency(k) == 0:
        return Matrix([[parity]])
    return symbolic_rotation(k, theta) * diag(1, -1)


def symbolic_wigner_d(j: Spin, beta: Angle) -> Matrix:
    """d^j(beta) = exp(-i beta J_y) exactly: for integer j polynomials in cos(beta), times sin(beta) where m' - m is odd.

    Parameters
    ----------
    j : 0, 1/2, 1, ...
    beta : sympy expression, radians.

    Returns
    -------
    sympy Matrix (2j+1, 2j+1), rows m' and columns m from -j to j; for half-integer j polynomials in cos and sin of beta/2.

    Raises
    ------
    GroupRepError
        If j is no multiple of 1/2.

    Examples
    --------
    >>> from sympy import symbols
    >>> symbolic_wigner_d(1, symbols("beta"))[1, :]
    Matrix([[-sqrt(2)*sin(beta)/2, cos(beta), sqrt(2)*sin(beta)/2]])

    References
    ----------
    Wigner, Group Theory (1959), equation 15.27; Varshalovich, Moskalev, Khersonskii (1988), section 4.3.1.
    """
    from sympy import Integer, cos, expand, sin, sqrt, zeros

    n = twice_spin(j)
    c, s = cos(beta / 2), sin(beta / 2)
    x, half = cos(beta), Integer(1) / 2

    def term(p: int, q: int) -> Expr:
        """cos(beta/2)^p sin(beta/2)^q."""
        if n % 2:
            return c**p * s**q
        return (half * (1 + x)) ** (p // 2) * (half * (1 - x)) ** (q // 2) * (half * sin(beta)) ** (p % 2)

    matrix = zeros(n + 1, n + 1)
    for row in range(n + 1):
        for k in range(n + 1):
            terms = [
                (-1) ** (row - a) * comb(k, a) * comb(n - k, row - a) * term(n - k - row + 2 * a, k + row - 2 * a)
                for a in range(max(0, row + k - n), min(k, row) + 1)
            ]
            matrix[row, k] = expand(sqrt(Integer(comb(n, k)) / comb(n, row)) * sum(terms))
    return matrix


def symbolic_wigner_D(j: Spin, alpha: Angle, beta: Angle, gamma: Angle, field: str = "complex") -> Matrix:
    """D^j exactly in z-y-z Euler angles: exp(-i alpha J_z) exp(-i beta J_y) exp(-i gamma J_z).

    Parameters
    ----------
    j : 0, 1/2, 1, ...
    alpha, beta, gamma : sympy expressions, radians: rotate by gamma about z, then by beta about y, then by alpha about z.
    field : "complex" in the basis |j m>; "real" in the real spherical harmonics for integer j, for half-integer ones the
        realification [[Re D, -Im D], [Im D, Re D]] (the angles are then taken to be real).

    Returns
    -------
    sympy Matrix (2j+1, 2j+1); (4j+2, 4j+2) for the real form of a half-integer j.

    Raises
    ------
    GroupRepError
        If j is no multiple of 1/2.

    Examples
    --------
    >>> from sympy import symbols
    >>> a, b, c = symbols("alpha beta gamma", real=True)
    >>> symbolic_wigner_D(1, a, b, c, field="real")[:, 1]  # the image of z, in the order y, z, x
    Matrix([
    [sin(alpha)*sin(beta)],
    [           cos(beta)],
    [sin(beta)*cos(alpha)]])

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), section 4.3.
    """
    from sympy import I, Matrix, Rational, exp

    n, small = twice_spin(j), symbolic_wigner_d(j, beta)
    if read_field(field) == "real":
        return _realified(n, small, alpha, gamma) if n % 2 else _real_form(n // 2, small, alpha, gamma)
    m = [Rational(2 * k - n, 2) for k in range(n + 1)]
    return Matrix(n + 1, n + 1, lambda row, k: exp(-I * m[row] * alpha) * small[row, k] * exp(-I * m[k] * gamma))


def _realified(n: int, small: Matrix, alpha: Angle, gamma: Angle) -> Matrix:
    from sympy import Matrix, Rational, cos, sin

    def phase(row: int, k: int) -> Expr:
        return Rational(2 * row - n, 2) * alpha + Rational(2 * k - n, 2) * gamma

    real = Matrix(n + 1, n + 1, lambda row, k: cos(phase(row, k)) * small[row, k])
    imaginary = Matrix(n + 1, n + 1, lambda row, k: -sin(phase(row, k)) * small[row, k])
    return Matrix([[real, -imaginary], [imaginary, real]])


def _real_form(l: int, small: Matrix, alpha: Angle, gamma: Angle) -> Matrix:
    """Z(alpha) (U* d U) Z(gamma), Z the rotations of the pairs cos(m phi), sin(m phi)."""
    from sympy import Integer, cos, expand, sin, sqrt, zeros

    columns = real_columns(l)
    middle = zeros(2 * l + 1, 2 * l + 1)
    for row, left in enumerate(columns):
        for column, right in enumerate(columns):
            total = Integer(0)
            for m1, k1 in left:
                for m2, k2 in right:
                    if (k2 - k1) % 2 == 0:  # the imaginary terms cancel, as d is real and U* d U too
                        total += (-1) ** ((k2 - k1) // 2 % 2) * small[m1 + l, m2 + l]
            middle[row, column] = expand(total / sqrt(Integer(len(left) * len(right))))

    def about_z(angle: Angle) -> Matrix:
        Z = zeros(2 * l + 1, 2 * l + 1)
        for m in range(-l, l + 1):
            Z[m + l, m + l] = cos(m * angle)
            if m:
                Z[l - m, m + l] = sin(m * angle)
        return Z

    return about_z(alpha) * middle * about_z(gamma)


@dataclass(frozen=True, repr=False)
class HaarMeasure(Summary):
    """Haar probability measure in angles: a density, its limits, and the number of connected components it is shared by.

    density : the density on one component; its integral over the limits is 1 / components.
    limits : (symbol, low, high) for each angle.
    components : 1, or 2 for O(2) and O(3).

    Examples
    --------
    >>> from grouprep import SO
    >>> from sympy import symbols, cos
    >>> a, b, c = symbols("alpha beta gamma", real=True)
    >>> haar_measure(SO(3), a, b, c).average(cos(b) ** 2)
    1/3
    """

    density: Expr
    limits: Limits
    components: int = 1

    def average(self, *values: Angle) -> Expr:
        """The integral of a function over the group.

        Parameters
        ----------
        values : the function in the angles, one expression for each component, rotations first.

        Raises
        ------
        GroupRepError
            If there are not as many expressions as components.
        """
        from sympy import Integer, expand, integrate

        if len(values) != self.components:
            raise GroupRepError(f"values: {self.components} expressions are needed, one a component, got {len(values)}")
        total = Integer(0)
        for value in values:
            part = _integrate_waves(value * self.density, self.limits)
            total += integrate(value * self.density, *self.limits) if part is None else part
        return expand(total)


def _integrate_waves(value: Expr, limits: Limits) -> Expr | None:
    """The integral of a polynomial in exp(i k angle) term by term, where sympy's own takes minutes; None for anything else."""
    from sympy import Add, Integer, Mul, exp, expand, powsimp

    symbols = [x for x, _, _ in limits]
    total = Integer(0)
    for term in Add.make_args(expand(value.rewrite(exp))):
        factor, wave = term.as_independent(*symbols, as_Add=False)
        exponent = Integer(0)
        for part in Mul.make_args(powsimp(wave)):
            if not isinstance(part, exp) and part != 1:
                return None
            exponent += part.exp if part != 1 else 0
        exponent = expand(exponent)
        rates = [exponent.coeff(x) for x in symbols]
        if expand(exponent - Add(*(r * x for r, x in zip(rates, symbols, strict=True)))) != 0:
            return None
        for rate, (_, low, high) in zip(rates, limits, strict=True):
            factor *= high - low if rate == 0 else (exp(rate * high) - exp(rate * low)) / rate
        total += factor
    return total


def haar_measure(group: Group, *angles: Symbol) -> HaarMeasure:
    """Haar probability measure of SO(2), O(2), U(1) in theta, of SO(3), O(3), SU(2) in z-y-z Euler angles.

    Parameters
    ----------
    group : one of these groups.
    angles : the sympy symbols, one or three; alpha, beta, gamma or theta by default.

    Raises
    ------
    UnsupportedGroup
        If the group is another one.
    GroupRepError
        If there are not as many angles as the group has.

    Examples
    --------
    >>> from grouprep import SU
    >>> haar_measure(SU(2)).density
    sin(beta)/(16*pi**2)

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), section 4.11.1; Brocker and tom Dieck (1985), I.5.
    """
    from sympy import Symbol, pi, sin

    family = find_family(group)
    kind = None if family is None else family.angles
    if kind is None:
        raise UnsupportedGroup(
            f"group = {group}: Haar measure in angles is given for SO(2), O(2), U(1), SO(3), O(3) and SU(2)"
        )
    components = 2 if any(a.kind == "element" for a in group.generator_names) else 1
    if kind == "plane":
        (theta,) = _angles(group, angles, (Symbol("theta", real=True),))
        return HaarMeasure(1 / (2 * pi * components), ((theta, 0, 2 * pi),), components)
    alpha, beta, gamma = _angles(group, angles, euler_angles())
    turns = 2 if kind == "double cover" else 1  # gamma runs twice as far in the double cover
    density = sin(beta) / (8 * pi**2 * turns * components)
    limits = ((alpha, 0, 2 * pi), (beta, 0, pi), (gamma, 0, 2 * turns * pi))
    return HaarMeasure(density, limits, components)


def _angles(group: Group, given: tuple[Angle, ...], default: tuple[Symbol, ...]) -> tuple[Angle, ...]:
    if given and len(given) != len(default):
        raise GroupRepError(f"angles: {group} has {len(default)}, {', '.join(map(str, default))}; got {len(given)}")
    for angle in given:
        if isinstance(angle, str) or not hasattr(angle, "__mul__"):
            raise GroupRepError(
                f"angles are sympy expressions or numbers, such as sympy.Symbol('a'), got {shown(angle)}"
            )
    return given or default


def symbolic_spin(V: SpinIrrep, angles: tuple[Angle, ...], sign: int) -> Matrix:
    """See `SpinIrrep.symbolic`."""
    alpha, beta, gamma = _angles(V.group, angles, euler_angles())
    if sign not in (1, -1) or (sign == -1 and V.kind != "O(3)"):
        raise GroupRepError(
            f"sign = {sign!r:.60}: 1, or -1 in O(3) for minus the rotation; spin {spin_label(V.two_j)} of {V.group}"
        )
    value = symbolic_wigner_D(V.spin, alpha, beta, gamma, V.over)
    return -value if sign < 0 and V.parity < 0 else value
