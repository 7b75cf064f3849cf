"""Real irreps from complex ones: a real basis for type R, the realification for types C and H."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Irrep, Position, quaternion_units, realification_isometry, realify
from grouprep.linalg import Image, Monomial, as_exact, as_image
from grouprep.linalg._cyclotomic import kind
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.fields import (
    coefficients,
    common_domain,
    conductor,
    conjugate,
    convert_matrix,
    cosine,
    cyclotomic_field,
    is_real_field,
    quadratic_field,
    real_cyclotomic_field,
    zeta,
)
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.sparse import from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.representations.images import ImageRepresentation
from grouprep.typing import Array, Element, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["RealForm", "over_real_subfield", "real_basis"]


def real_basis(structure: Array) -> Array:
    """K unitary (d, d) such that K rho(g) K* is real, for a monomial structure with entries 1 and -1 and C conj(C) = 1.

    The rows are conjugates of vectors with C conj(v) = v: (e_a + s e_b) / sqrt(2), i (e_a - s e_b) / sqrt(2), or e_a, i e_a.

    Raises
    ------
    UnsupportedGroup
        If the structure is not of that form.
    """
    d = len(structure)
    K = np.zeros((d, d), dtype=complex)
    row = 0
    for a in range(d):
        column = np.flatnonzero(structure[:, a])
        b = int(column[0])
        s = structure[b, a]
        if len(column) != 1 or s not in (1, -1) or structure[a, b] != s:
            raise UnsupportedGroup("a real basis is only known for structures that pair basis vectors up to sign")
        if a == b:
            K[row, a] = 1.0 if s == 1 else -1j
            row += 1
        elif a < b:
            h = 1 / np.sqrt(2)
            K[row, [a, b]] = h, s * h
            K[row + 1, [a, b]] = -1j * h, 1j * s * h
            row += 2
    return K


class RealForm(Irrep):
    """The real irrep that a complex irrep is a constituent of, for products with two or more factors of type C or H.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> (Cyclic(3) * Cyclic(3)).irrep((1, 2)).commutant.shape
    (2, 2, 2)
    """

    over = "real"

    def __init__(self, rho: Irrep) -> None:
        self.rho = rho
        self.label, self.type = rho.label, rho.type

    @property
    def group(self) -> Group:
        return self.rho.group

    @property
    def dim(self) -> int:
        return self.rho.dim * (1 if self.type == "R" else 2)

    @property
    def position(self) -> Position:
        return self.rho.position

    @property
    def structure(self) -> None:
        return None

    @property
    def conjugated(self) -> RealForm:
        return self

    @property
    def real_form(self) -> RealForm:
        return self

    @cached_property
    def _isometry(self) -> Array:
        if self.type != "R":
            return realification_isometry(self.rho.dim)
        structure = self.rho.structure
        assert structure is not None
        return real_basis(structure)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return self.rho, self._isometry

    def _real_commutant(self) -> Array:
        return quaternion_units(self.rho.dim, self.rho.structure)

    # Values

    def _float(self, A: Array) -> Array:
        if self.type != "R":
            return realify(A)
        K = self._isometry
        real: Array = (K @ A @ K.conj().T).real
        return real

    def _exact(self, A: DomainMatrix, group_element: bool) -> Image:
        """The same on exact matrices, shrunk to a real field."""
        if self.type == "R":
            K = as_exact(as_image(_exact_entries(self._isometry)))
            value = to_sympy(matmul_exact(matmul_exact(K, as_exact(A)), conjugate(K).transpose()))
        else:
            from sympy import I, Matrix, Rational

            x, bar = to_sympy(as_exact(A)), to_sympy(conjugate(as_exact(A)))
            re, im = (x + bar) * Rational(1, 2), (x - bar) * (-I * Rational(1, 2))
            value = Matrix([[re, -im], [im, re]]).applyfunc(lambda e: e.expand(complex=False))
        image = as_image(value)
        return image if group_element else as_exact(image)

    def image(self, generator: Generator) -> Image:
        A = self.rho.image(generator)
        return self._exact(A, generator.kind == "element") if is_exact(A) else self._float(np.asarray(A))

    def evaluate(self, g: Element) -> Array:
        return self._float(self.rho.evaluate(g))

    def exact_image(self, g: Element) -> Image:
        return self._exact(self.rho.exact_image(g), True)

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        value = self.rho.character_at(point, k)
        return value if self.type == "R" else value + value.conjugate()

    def rational(self) -> tuple[Representation, Array]:
        """For types C and H of finite groups over the real subfield of rho's field, in the basis (1, w) of that field over it.

        Returns
        -------
        (R, S) with V(g) = S R(g) S^-1, S (dim, dim); V itself where its field is that already.
        """
        if self.type == "R" or not self.group.is_finite:
            return self, np.eye(self.dim)
        R, S = self.rho.rational()
        if R.domain is None:
            return self, np.eye(self.dim)
        if (d := imaginary_quadratic(R.domain)) is not None:
            images = [_over_rationals(as_exact(m), d) for m in R.images.values()]
            basis = np.kron([[1.0, 0.0], [0.0, np.sqrt(-d)]], np.eye(self.rho.dim))
            return ImageRepresentation(self.group, images, name=f"rational({self})"), realify(S) @ basis
        matrices = [as_exact(m) for m in R.images.values()]
        n = conductor(R.domain)
        m = conductor(common_domain(*(A.domain for A in matrices if not is_real_field(A.domain))))
        if n == 4:
            return self, np.eye(self.dim)
        images = [over_real_subfield(A, n, m) for A in matrices]
        w = np.exp(2j * np.pi / m)
        basis = np.kron([[1.0, w.real], [0.0, w.imag]], np.eye(self.rho.dim))
        return ImageRepresentation(self.group, images, name=f"rational({self})"), realify(S) @ basis


def over_real_subfield(A: DomainMatrix, n: int, m: int) -> Matrix:
    """A = B + w C over Q(zeta_n), w = zeta_m, as [[B, -C], [C, B + (w + conj w) C]] on vectors x + w y, over the real subfield."""
    K, real = cyclotomic_field(n), real_cyclotomic_field(n)
    A, w, bar = convert_matrix(A, K), zeta(n, n // m), zeta(n, -n // m)
    C = (A - conjugate(A)) * (K.one / (w - bar))
    B = convert_matrix(A - C * w, real)
    C = convert_matrix(C, real)
    return to_sympy(B.hstack(-C).vstack(C.hstack(B + C * cosine(n, n // m))))


def imaginary_quadratic(K: Domain) -> int | None:
    """d < 0 for a field Q(sqrt d) that is not one of roots of unity; None for others."""
    name, d = kind(K)
    return d if name == "sqrt" and d < 0 else None


def _over_rationals(A: DomainMatrix, d: int) -> Matrix:
    """A = B + sqrt(d) C over Q(sqrt d) as [[B, d C], [C, B]] on vectors x + sqrt(d) y, over the rationals."""
    from sympy import QQ

    A, n = convert_matrix(A, quadratic_field(d)), A.shape[0]
    rows: dict[int, dict[int, Scalar]] = {i: {} for i in range(2 * n)}
    for i, row in from_domain_matrix_rows(A).items():
        for j, x in row.items():
            b, c = (QQ(y.numerator, y.denominator) for y in coefficients(x, A.domain))
            for k, block in ((0, {0: b, n: c * d}), (n, {0: c, n: b})):
                rows[i + k] |= {j + shift: y for shift, y in block.items() if y}
    return to_sympy(sparse_matrix(rows, (2 * n, 2 * n), QQ))


def _exact_entries(K: Array) -> list[list[str]]:
    """Entries 0, 1, -i, and plus or minus 1 or i over sqrt(2), as text."""
    names = {0: "0", 1: "1", -1j: "-I", 1j: "I", -1: "-1"}
    half = 1 / np.sqrt(2)
    for unit, text in ((1, "1"), (-1, "-1"), (1j, "I"), (-1j, "-I")):
        names[complex(unit * half)] = f"{text}*sqrt(2)/2"
    return [[names[min(names, key=lambda z: abs(z - x))] for x in row] for row in K]
