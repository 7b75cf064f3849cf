"""Hermitian forms H invariant under plain matrices: g* H g = H for group elements, X* H + H X = 0 for Lie algebra elements."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError, IllConditioned
from grouprep.linalg import matrices as mat
from grouprep.linalg._evaluation import value_of
from grouprep.linalg.conditioning import ACCURACY, factor, powers_of_two
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.matrices import Image, adjoint, as_exact, as_float, is_invertible
from grouprep.linalg.monomial import Monomial
from grouprep.linalg.sparse import add_exact, equal_exact, from_domain_matrix_rows, sparse_matrix
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["invariant_form", "is_invariant", "is_positive", "is_unitary", "require_carried"]


def is_invariant(form: Image, elements: Sequence[Image], algebra: Sequence[Image] = ()) -> bool:
    """Whether a form is invariant under group and Lie algebra elements: exactly, or to rounding for floats."""
    return all(_kept(form, a, True) for a in elements) and all(_kept(form, a, False) for a in algebra)


def _kept(form: Image, a: Image, element: bool) -> bool:
    if mat.is_exact(a) and mat.is_exact(form):
        left, right = mat.matmul(adjoint(a), form), mat.matmul(form, a)
        if element:
            return equal_exact(as_exact(mat.matmul(left, a)), as_exact(form))
        return bool(add_exact(as_exact(left), as_exact(right)).is_zero_matrix)
    F, x = as_float(form), as_float(a)
    d = powers_of_two(np.sqrt(np.abs(np.diagonal(F))))
    # Entries are scaled by p, and columns by q, so that products near the largest float are none too large.
    p = powers_of_two(np.abs(x).max(initial=float(element)))
    F, x = F / d[:, None] / d, x / p * d[:, None] / d
    # Rounding in column i of x* F x is as large as that column is; an algebra element is linear, and has the noise of all of it.
    if element:
        q = powers_of_two(np.abs(x).max(axis=0, initial=1 / float(p)))
        x, target = x / q, F / p / p / q[:, None] / q
        difference, size = x.conj().T @ F @ x - target, np.maximum(np.linalg.norm(x, axis=0), 1 / p / q)
    else:
        turned = x.conj().T @ F
        difference, size = turned + F @ x, np.full(len(x), np.sqrt(np.linalg.norm(x)))
    tolerance = 4 * len(F) * np.finfo(float).eps * np.linalg.norm(F) * np.outer(size, size)
    return bool(np.all(np.abs(difference) <= tolerance))


def require_carried(form: Image, elements: Sequence[Image], algebra: Sequence[Image] = ()) -> None:
    """Raise IllConditioned if a positive float form is not invariant to `ACCURACY` in coordinates where it is the identity."""
    S, inverse, condition = factor(form, "an invariant form")
    for matrices, element in ((elements, True), (algebra, False)):
        for a in matrices:
            U = S @ as_float(a) @ inverse
            defect = (
                U.conj().T @ U - np.eye(len(U)) if element else (U + U.conj().T) / max(1.0, float(np.linalg.norm(U, 2)))
            )
            if not np.linalg.norm(defect) <= ACCURACY:
                raise IllConditioned(
                    f"rounding has left an invariant form, of condition number {condition:.2g}, invariant to "
                    f"{np.linalg.norm(defect):.1g} only, {ACCURACY:.0e} is promised; give exact matrices, or a better basis"
                )


def is_unitary(elements: Sequence[Image], algebra: Sequence[Image] = ()) -> bool:
    """Whether the standard inner product is invariant."""
    matrices = [*elements, *algebra]
    if all(isinstance(m, Monomial) for m in matrices):
        return True
    return is_invariant(Monomial.identity(mat.size(matrices[0])), elements, algebra)


def is_positive(form: Image) -> bool:
    """Whether a Hermitian form is positive definite: decided exactly for exact ones.

    Raises
    ------
    IllConditioned
        If the rounding of a float form leaves it open.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> c = 10**30
    >>> [is_positive(to_domain_matrix([[1, c], [c, c**2 + x]])) for x in (-1, 0, 1)]
    [False, False, True]

    References
    ----------
    S. M. Rump, Verification of positive definiteness, BIT 46 (2006).
    """
    if isinstance(form, Monomial):
        return form == Monomial.identity(len(form))
    if isinstance(form, np.ndarray):
        lowest, largest, error = _lowest(form)
        if abs(lowest) <= error:
            raise IllConditioned(
                f"a form has the condition number {largest / max(abs(lowest), error):.2g}: rounding leaves open whether it is "
                "positive; give exact matrices, or a better basis"
            )
        return lowest > 0
    with contextlib.suppress(GroupRepError, FloatingPointError):  # entries beyond the range of floats
        lowest, _, error = _lowest(as_float(form))
        if abs(lowest) > error:
            return lowest > 0
    return is_invertible(form) and _has_positive_minors(form)


def _lowest(H: Array) -> tuple[float, float, float]:
    """The lowest and the largest eigenvalue after scaling, and a bound on the error of the lowest.

    Scaling by D keeps positivity. Entries are known to eps, eigvalsh is off by a small multiple of n eps |H|; 8 n eps |H|_F covers both.
    """
    diagonal = np.diagonal(H).real
    if not np.all(np.isfinite(diagonal)) or not np.all(diagonal > 0):
        return -1.0, 1.0, 0.0
    d = powers_of_two(np.sqrt(diagonal))
    with np.errstate(over="ignore"):
        scaled = H / d[:, None] / d
    if not np.all(np.isfinite(scaled)):
        raise FloatingPointError
    values = np.linalg.eigvalsh(scaled)
    return float(values[0]), float(values[-1]), 8 * len(H) * float(np.finfo(float).eps) * float(np.linalg.norm(scaled))


def _has_positive_minors(form: DomainMatrix) -> bool:
    """Whether a form that is not singular is positive definite, by the signs of the coefficients of det(x - H).

    All roots are real. They are positive if and only if the signs alternate (Descartes). If none is strictly wrong, det(x - H)
    has no root below 0, and so none at all that is not positive. Balls of rising precision show a wrong sign, or all right ones.
    """
    from flint import acb, acb_mat, ctx

    rows = from_domain_matrix_rows(form)
    n = form.shape[0]
    bits = 128
    while True:
        with ctx.workprec(bits):
            matrix = acb_mat(
                [
                    [value_of(rows[i][j], form.domain, bits) if j in rows.get(i, {}) else acb(0) for j in range(n)]
                    for i in range(n)
                ]
            )
            signed = [c.real * (-1) ** (n - k) for k, c in enumerate(matrix.charpoly().coeffs())]
        if any(c < 0 for c in signed):
            return False
        if all(c > 0 for c in signed):
            return True
        bits *= 2


def invariant_form(elements: Sequence[Image], algebra: Sequence[Image] = (), of: Image | None = None) -> Image | None:
    """The Haar average of a form, by default the identity, computed without Haar measure; None if there is none.

    For a group that acts completely reducibly, forms split into the invariant ones, basis H_j, and the part that every
    invariant functional H -> tr(K_i H) kills. So the invariant component of a form F is sum c_j H_j with
    sum_j tr(K_i H_j) c_j = tr(K_i F). For a compact group that is the average of rho(g)* F rho(g), hence positive definite with F.
    Some invariant form where the average is 0.
    """
    algebra = [a / powers_of_two(np.abs(a).max(initial=0.0)) if isinstance(a, np.ndarray) else a for a in algebra]
    pairs = [(a, mat.inverse(adjoint(a))) for a in elements] + [(a, -adjoint(a)) for a in algebra]  # type: ignore[operator]
    n = mat.size(pairs[0][0])
    F = Monomial.identity(n) if of is None else of
    forms = intertwiner_space((n, n), pairs)
    functionals = intertwiner_space((n, n), [(b, a) for a, b in pairs])
    if forms.dim == 0 or forms.dim != functionals.dim:
        return None
    if forms.is_exact and functionals.is_exact and mat.is_exact(F):
        return _invariant_part_exact(forms.rows(), functionals.rows(), as_exact(F))
    return _invariant_part_float(forms.floats(), functionals.floats(), as_float(F))


def _invariant_part_float(forms: Array, functionals: Array, F: Array) -> Image | None:
    n = len(F)
    turned = np.swapaxes(functionals.reshape(-1, n, n), 1, 2).reshape(len(functionals), -1)
    pairing = turned @ forms.T
    if np.linalg.cond(pairing) * n * n * np.finfo(float).eps > 1:
        return None
    form = (np.linalg.solve(pairing, turned @ F.ravel()) @ forms).reshape(n, n)
    form = (form + form.conj().T) / 2
    return form if np.any(form.imag) else form.real


def _invariant_part_exact(forms: DomainMatrix, functionals: DomainMatrix, F: DomainMatrix) -> Image | None:
    from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

    field = common_domain(forms.domain, functionals.domain, F.domain).get_field()
    forms = convert_matrix(forms, field)
    n = F.shape[0]
    rows = from_domain_matrix_rows(convert_matrix(functionals, field))
    turned = {k: {(i % n) * n + i // n: x for i, x in row.items()} for k, row in rows.items()}
    transposed = sparse_matrix(turned, forms.shape, field)
    flat = {
        i * n + j: {0: x}
        for i, row in from_domain_matrix_rows(convert_matrix(F, field)).items()
        for j, x in row.items()
    }
    pairing = (transposed * forms.transpose()).to_dense()
    traces = (transposed * sparse_matrix(flat, (n * n, 1), field)).to_dense()
    try:
        c = pairing.inv() * traces
    except DMNonInvertibleMatrixError:
        return None
    entries = from_domain_matrix_rows(c.to_sparse().transpose() * forms).get(0, {})
    if not entries:  # the identity has no invariant part (an indefinite form of trace 0): take a form as it comes
        entries = from_domain_matrix_rows(forms)[0]
    table: dict[int, dict[int, Scalar]] = {}
    for k, x in entries.items():
        table.setdefault(k // n, {})[k % n] = x
    form = sparse_matrix(table, (n, n), field)
    star = conjugate(form).transpose()
    if (form - star).is_zero_matrix:
        return form
    return None if (form + star).is_zero_matrix else form + star
