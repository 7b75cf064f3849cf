"""The irreps of SU(2), SO(3) and O(3): spins j, with a parity for O(3), over the complex and the real numbers."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError, TooLarge, UnsupportedGroup
from grouprep.groups.base import Group, Letter
from grouprep.irreps import divided_powers as powers
from grouprep.irreps._spin_numbers import read_field, real_columns, rounded_root, spin_label, twice_spin
from grouprep.irreps.base import Field, Irrep, quaternion_units, realify
from grouprep.irreps.rotations import quaternion_from_matrix, quaternion_from_su2
from grouprep.irreps.wigner import _wigner
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations.base import Representation

if TYPE_CHECKING:
    from sympy import Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["RationalSpin", "SpinIrrep", "read_spin_label", "spin_group", "spin_irreps"]

# Images are exact up to this degree of their number field over Q: real spins up to l = 3 (Q(sqrt 6, sqrt 10) lies in
# Q(2 cos(2 pi / 120)), degree 16), complex ones up to j = 5/2 (Q(zeta_40), degree 16). For l = 4 the degrees are 48 and 192,
# and a product of two field elements costs the square of it. The rational form has degree 1 or 2 for every spin.
EXACT_DEGREE = 16


@lru_cache(maxsize=1)
def _groups() -> dict[Group, str]:
    from grouprep.groups.catalogue import SO, SU, O

    return {SU(2): "SU(2)", SO(3): "SO(3)", O(3): "O(3)"}


def spin_group(group: Group) -> str | None:
    """Which of "SU(2)", "SO(3)", "O(3)" a group is, by its generators; None for any other.

    Examples
    --------
    >>> from grouprep import SO
    >>> spin_group(SO(3))
    'SO(3)'
    """
    return _groups().get(group)


def read_spin_label(family: str, label: Any) -> tuple[int, int]:
    """(2 j, parity) of a label of "SU(2)", "SO(3)" or "O(3)"; the parity is the image of -1, and 1 where there is none.

    Raises
    ------
    GroupRepError
        If there is no such irrep; the message says what is.

    Examples
    --------
    >>> read_spin_label("SU(2)", "1/2"), read_spin_label("O(3)", "1o"), read_spin_label("O(3)", (2, 1))
    ((1, 1), (2, -1), (4, 1))
    """
    spin, parity = _split_parity(label)
    kinds = {"SU(2)": "j = 0, 1/2, 1, 3/2, ...", "SO(3)": "l = 0, 1, 2, ...", "O(3)": "0e, 0o, 1e, 1o, 2e, 2o, ..."}
    where = f"label = {label!r:.60}: the irreps of {family} are {kinds[family]}"
    try:
        two_j = twice_spin(spin)
    except GroupRepError:
        raise GroupRepError(where) from None
    if two_j % 2 and family != "SU(2)":
        name = spin_label(two_j)
        raise GroupRepError(f'{where}; spin {name} is a representation of SU(2): SU(2).irrep("{name}")')
    if parity is not None and family != "O(3)":
        raise GroupRepError(f"{where}; a parity belongs to O(3)")
    if family == "O(3)" and parity is None:
        l = two_j // 2
        raise GroupRepError(
            f"{where}; the parity is missing, the image of -1: {l}e for 1, {l}o for -1 (polynomials of degree l have (-1)^l)"
        )
    return two_j, 1 if parity is None else parity


def _split_parity(label: Any) -> tuple[Any, int | None]:
    signs = {"e": 1, "o": -1, 1: 1, -1: -1}
    if isinstance(label, tuple) and len(label) == 2:
        parity = label[1]
        if isinstance(parity, bool) or not isinstance(parity, str | int | np.integer) or parity not in signs:
            raise GroupRepError(f'label = {label!r:.60}: the parity must be "e" or 1, "o" or -1, the image of -1')
        return label[0], signs[parity]
    if isinstance(label, str) and (matched := re.fullmatch(r"\s*(\S*)([eo])\s*", label)):
        return matched[1], signs[matched[2]]
    return label, None


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
    >>> V.dim, V.type, V.exact_generator(SO(3).letters[0])[0, 4]
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
    def field(self) -> str:  # type: ignore[override]
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
    def _conjugation(self) -> NDArray[Any]:
        start = self.two_j // 2 if self.two_j % 2 == 0 else 0
        signs = (-1.0) ** (np.arange(self.two_j + 1) + start)
        return np.diag(signs)[::-1].copy()

    def _real_commutant(self) -> NDArray[Any]:
        return quaternion_units(self.two_j + 1, self._conjugation)

    # Generators

    def image(self, letter: Letter) -> Image:
        """The matrix of a generator: exact while its number field has a degree of at most `EXACT_DEGREE`, else the nearest floats."""
        if letter.kind == "element":
            return self._reflection
        return self._exact_images[letter.index] if self._is_small else self._float_image(letter)

    @property
    def _reflection(self) -> Monomial:
        """The image of diag(-1, 1, 1): the parity times the half turn about x, which takes |m> to (-1)^l |-m>."""
        l = self.two_j // 2
        m = np.arange(-l, l + 1)
        if self.form == "real":
            return Monomial(np.arange(2 * l + 1), (l + m + (m < 0) + (self.parity < 0)) % 2, 2)
        return Monomial(np.arange(2 * l + 1)[::-1], np.full(2 * l + 1, (l + (self.parity < 0)) % 2), 2)

    def _entries(self, letter: Letter) -> dict[tuple[int, int], tuple[Fraction, int, Fraction]]:
        """The entries a i^k sqrt(q) of the differential of an algebra letter, as (a, k, q), from its rational form."""
        squares = powers.lengths(self.two_j, self.form)
        out = {}
        matrix = rational_differential(self, letter)
        for row, entries in from_domain_matrix_rows(matrix).items():
            for column, value in entries.items():
                a, k = _gaussian_parts(value, matrix.domain)
                out[row, column] = (a, k, squares[row] / squares[column])
        return out

    def _float_image(self, letter: Letter) -> NDArray[Any]:
        matrix = np.zeros((self.dim, self.dim), dtype=complex)
        for index, (a, k, q) in self._entries(letter).items():
            matrix[index] = rounded_root(a, q) * (1, 1j)[k]
        return matrix if self.field == "complex" else matrix.real

    def exact_generator(self, letter: Letter) -> Matrix:
        """The matrix of a generator exactly, for every spin: a sympy Matrix (dim, dim) with square roots.

        Parameters
        ----------
        letter : a letter of the group.

        Examples
        --------
        >>> from grouprep import SU
        >>> G = SU(2)
        >>> SpinIrrep(G, 1, "complex").exact_generator(G.letters[1])[1, 0]
        sqrt(2)/2
        """
        from sympy import I, Rational, sqrt, zeros

        if letter.kind == "element":
            return as_exact(self._reflection).to_Matrix()
        matrix = zeros(self.dim, self.dim)
        for index, (a, k, q) in self._entries(letter).items():
            matrix[index] = Rational(a.numerator, a.denominator) * I**k * sqrt(Rational(q.numerator, q.denominator))
        return matrix

    @property
    def _algebra(self) -> list[Letter]:
        return [a for a in self._group.letters if a.kind == "algebra"]

    @property
    def _is_small(self) -> bool:
        return _field_degree(self.two_j, self.form) <= EXACT_DEGREE

    @property
    def _exact_images(self) -> tuple[DomainMatrix, ...]:
        return _exact_images(self.family, self.two_j, self.form)

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
        from grouprep.linalg.fields import common_domain, convert_matrix, degree, domain_of, element

        R = as_exact(rational_image(self, g))
        squares = powers.lengths(self.two_j, self.form)
        rows = from_domain_matrix_rows(R)
        ratios = {squares[i] / squares[j] for i, row in rows.items() for j in row}
        roots = {q: _root(q) for q in ratios}
        if _rank(ratios) <= EXACT_DEGREE.bit_length():
            L = domain_of(roots.values())
            K = common_domain(R.domain, L) if degree(L) <= EXACT_DEGREE else None
            if K is not None and degree(K) <= EXACT_DEGREE * degree(R.domain):
                field = K if all(q == 1 for q in ratios) else K.get_field()
                values = {
                    i: {j: x * element(roots[squares[i] / squares[j]], field) for j, x in row.items()}
                    for i, row in from_domain_matrix_rows(convert_matrix(R, field)).items()
                }
                return as_image(sparse_matrix(values, R.shape, field))
        raise GroupRepError(
            f"g: the exact value of {self} needs a number field of degree beyond {EXACT_DEGREE}; "
            "V.rational() gives R, S with V(g) = S R(g) S^-1 and R exact"
        )

    def rational(self) -> tuple[RationalSpin, NDArray[Any]]:
        """(R, S): the form over Q (real) or Q(i) (complex) and the diagonal S with V(g) = S R(g) S^-1.

        Examples
        --------
        >>> from grouprep import SO
        >>> R, S = SpinIrrep(SO(3), 2).rational()
        >>> R.domain, (S.diagonal() ** 2).round(4)
        (QQ, array([2.    , 0.5   , 0.1667, 0.5   , 2.    ]))
        """
        roots = [rounded_root(1, q) for q in powers.lengths(self.two_j, self.form)]
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


class RationalSpin(Representation):
    """The rational form R of a spin, V(g) = S R(g) S^-1; exact at every exact element of the group.

    Made by `SpinIrrep.rational`.
    """

    def __init__(self, V: SpinIrrep) -> None:
        self.V = V

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    @property
    def field(self) -> str:  # type: ignore[override]
        """Either "real" or "complex"."""
        return self.V.field

    def image(self, letter: Letter) -> Image:
        return self.V._reflection if letter.kind == "element" else rational_differential(self.V, letter)

    def _evaluate(self, g: Any) -> NDArray[Any]:
        squares = powers.lengths(self.V.two_j, self.V.form)
        ratios = np.array([[rounded_root(1, q / p) for q in squares] for p in squares])
        values: NDArray[Any] = self.V._evaluate(g) * ratios
        return values

    def exact_image(self, g: Any) -> Image:
        return rational_image(self.V, g)

    def _form(self) -> Image | None:
        """S* S, which is rational."""
        from sympy import QQ

        squares = powers.lengths(self.V.two_j, self.V.form)
        rows = {k: {k: QQ(q.numerator, q.denominator)} for k, q in enumerate(squares)}
        return sparse_matrix(rows, (self.dim, self.dim), QQ)

    def _trace(self, point: Any, k: int) -> Any:
        return self.V._trace(point, k)

    def _key(self) -> tuple[Any, ...]:
        return (self.V,)

    def __str__(self) -> str:
        return f"rational({self.V})"


def _root(q: Fraction) -> Any:
    from sympy import Rational, sqrt

    return sqrt(Rational(q.numerator, q.denominator))


def _gaussian_parts(value: Any, K: Any) -> tuple[Fraction, int]:
    """(a, k) for a rational or purely imaginary element a i^k, k = 0 or 1, of Q or Q(i)."""
    from grouprep.linalg.fields import coefficients

    parts = [Fraction(int(c.numerator), int(c.denominator)) for c in coefficients(value, K)]
    return (parts[1], 1) if len(parts) > 1 and parts[1] else (parts[0], 0)


def rational_differential(V: SpinIrrep, letter: Letter) -> DomainMatrix:
    """The rational form of the differential of an algebra letter, over Q or Q(i)."""
    return _rational_differentials(V.family, V.two_j, V.form)[letter.index]


@lru_cache(maxsize=256)
def _rational_differentials(family: str, two_j: int, form: str) -> tuple[DomainMatrix, ...]:
    """SU(2): the letters are i J_z, i J_y, i J_x. SO(3), O(3): rotations about z, -y and x: -i J_z, i J_y, -i J_x."""
    x, y, z = powers.generators(two_j)
    letters = [z, y, x] if family == "SU(2)" else [-z, y, -x]
    if form == "complex":
        return tuple(letters) if two_j else tuple(powers.shrink(a) for a in letters)
    return tuple((powers.to_real_form if form == "real" else powers.realify_exact)(a) for a in letters)


def rational_image(V: SpinIrrep, g: Any) -> Image:
    """R(g) exactly at an exact matrix g of the group.

    Raises
    ------
    GroupRepError
        If g is not exact, or not an element of the group.
    """
    from grouprep.linalg.fields import common_domain, convert_matrix

    given = as_image(g, "g")
    if not mat.is_exact(given) or mat.size(given) != V.group.n:  # type: ignore[attr-defined]
        as_exact(given)
        raise GroupRepError(
            f"g is {mat.size(given)} x {mat.size(given)}; elements of {V.group} are {V.group.n} x {V.group.n}"
        )  # type: ignore[attr-defined]
    matrix = as_exact(given)
    star = as_exact(mat.transpose(mat.conjugate(matrix)))
    if not mat.equal(mat.matmul(star, matrix), Monomial.identity(mat.size(matrix))):
        raise GroupRepError(
            f"g is not an element of {V.group}: it is not {'unitary' if V.family == 'SU(2)' else 'orthogonal'}"
        )
    K = matrix.domain.get_field()
    determinant = convert_matrix(matrix, K).to_dense().det()
    sign = 1 if determinant == K.one else -1
    if determinant != K.one and not (V.family == "O(3)" and determinant == -K.one):
        raise GroupRepError(f"g is not an element of {V.group}: its determinant is not 1")
    if V.family == "SU(2)":
        from grouprep.linalg.fields import cyclotomic_field

        K = common_domain(K, cyclotomic_field(4)).get_field()
        rows = from_domain_matrix_rows(convert_matrix(matrix, K))
        U = [[rows.get(i, {}).get(j, K.zero) for j in range(2)] for i in range(2)]
        value = powers.polynomial_action(U, V.two_j, K)
    else:
        if mat.conjugate(matrix) != matrix:
            raise GroupRepError(f"g is not an element of {V.group}: it is not real")
        U, square, K = powers.unnormalised_su2(matrix if sign > 0 else -matrix)
        value = powers.polynomial_action(U, V.two_j, K) * (K.one / square ** (V.two_j // 2))
        if sign < 0 and V.parity < 0:
            value = -value
    if V.form == "complex":
        value = powers.shrink(value)
    else:
        value = powers.to_real_form(value) if V.form == "real" else powers.realify_exact(value)
    return as_image(value)


def _rank(squares: Any) -> int:
    """The number of independent square roots: the rank over F_2 of the prime exponents."""
    from sympy import factorint

    rows: list[set[int]] = []
    for q in squares:
        odd = {p for n in (q.numerator, q.denominator) for p, e in factorint(n).items() if e % 2}
        for row in rows:
            if max(row) in odd:
                odd ^= row
        if odd:
            rows = [r ^ odd if max(odd) in r else r for r in rows] + [odd]
    return len(rows)


@lru_cache(maxsize=256)
def _field_degree(two_j: int, form: str) -> float:
    """The degree over Q of the listed field that holds the generators; infinity where it is plainly beyond the limit."""
    from grouprep.linalg.fields import degree, domain_of

    squares = powers.lengths(two_j, form)
    steps = {squares[k + 1] / squares[k] for k in range(two_j)}
    imaginary = form == "complex" and two_j > 0
    if 2 ** (_rank(steps) + imaginary) > EXACT_DEGREE:
        return float("inf")
    from sympy import I

    try:
        return degree(domain_of([*map(_root, steps), *([I] if imaginary else [])]))
    except TooLarge:
        return float("inf")


@lru_cache(maxsize=64)
def _exact_images(family: str, two_j: int, form: str) -> tuple[DomainMatrix, ...]:
    from grouprep.groups.catalogue import SO, SU, O
    from grouprep.linalg.convert import to_domain_matrix

    group: Group = {"SU(2)": SU, "SO(3)": SO, "O(3)": O}[family](2 if family == "SU(2)" else 3)
    label: Any = (Fraction(two_j, 2), 1) if family == "O(3)" else Fraction(two_j, 2)
    V = SpinIrrep(group, label, "complex" if form == "complex" else "real")
    return tuple(to_domain_matrix(V.exact_generator(a)) for a in V._algebra)
