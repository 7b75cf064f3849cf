"""Hermitian forms H invariant under plain matrices: g* H g = H for group elements, X* H + H X = 0 for Lie algebra elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.matrices import Image, adjoint, as_exact, as_float
from grouprep.linalg.monomial import Monomial
from grouprep.linalg.sparse import add_exact, equal_exact, from_domain_matrix_rows, sparse_matrix
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["invariant_form", "is_invariant", "is_positive", "is_unitary"]


def is_invariant(form: Image, elements: Sequence[Image], algebra: Sequence[Image] = ()) -> bool:
    """Whether a form is invariant under group and Lie algebra elements: exactly, or to rounding for floats."""
    return all(_kept(form, a, True) for a in elements) and all(_kept(form, a, False) for a in algebra)


def _kept(form: Image, a: Image, element: bool) -> bool:
    left, right = mat.matmul(adjoint(a), form), mat.matmul(form, a)
    if element:
        left, right = mat.matmul(left, a), form
    if mat.is_exact(left) and mat.is_exact(right):
        x, y = as_exact(left), as_exact(right)
        return equal_exact(x, y) if element else bool(add_exact(x, y).is_zero_matrix)
    v, w = as_float(left), as_float(right)
    size = float(np.linalg.norm(as_float(form))) * max(float(np.linalg.norm(as_float(a))), 1.0) ** 2
    return bool(np.linalg.norm(v - w if element else v + w) <= 4 * mat.size(form) * np.finfo(float).eps * size)


def is_unitary(elements: Sequence[Image], algebra: Sequence[Image] = ()) -> bool:
    """Whether the standard inner product is invariant."""
    matrices = [*elements, *algebra]
    if all(isinstance(m, Monomial) for m in matrices):
        return True
    return is_invariant(Monomial.identity(mat.size(matrices[0])), elements, algebra)


def is_positive(form: Image) -> bool:
    """Whether a Hermitian form is positive definite, to rounding."""
    H = as_float(form)
    diagonal = np.diagonal(H).real
    if not np.all(diagonal > 0):
        return False
    scale = 1 / np.sqrt(diagonal)  # Jacobi scaling: positivity does not depend on the lengths of basis vectors
    values = np.linalg.eigvalsh(scale[:, None] * H * scale)
    return bool(values.min(initial=1) > len(H) * np.finfo(float).eps * values.max(initial=0))


def invariant_form(elements: Sequence[Image], algebra: Sequence[Image] = ()) -> Image | None:
    """The Haar average of the identity, computed without Haar measure; some invariant form where that is 0, None if there is none.

    For a group that acts completely reducibly, forms split into the invariant ones, basis H_j, and the part that every
    invariant functional H -> tr(K_i H) kills. So the invariant component of the identity is sum c_j H_j with
    sum_j tr(K_i H_j) c_j = tr(K_i). For a compact group that is the average of rho(g)* rho(g), hence positive definite.
    """
    pairs = [(a, mat.inverse(adjoint(a))) for a in elements] + [(a, -adjoint(a)) for a in algebra]  # type: ignore[operator]
    n = mat.size(pairs[0][0])
    forms = intertwiner_space((n, n), pairs)
    functionals = intertwiner_space((n, n), [(b, a) for a, b in pairs])
    if forms.dim == 0 or forms.dim != functionals.dim:
        return None
    if forms.is_exact and functionals.is_exact:
        return _invariant_part_exact(forms.rows(), functionals.rows(), n)
    return _invariant_part_float(forms.floats(), functionals.floats(), n)


def _invariant_part_float(forms: Array, functionals: Array, n: int) -> Image | None:
    K = functionals.reshape(-1, n, n)
    pairing = np.swapaxes(K, 1, 2).reshape(len(K), -1) @ forms.T
    if np.linalg.cond(pairing) * n * n * np.finfo(float).eps > 1:
        return None
    form = (np.linalg.solve(pairing, np.trace(K, axis1=1, axis2=2)) @ forms).reshape(n, n)
    form = (form + form.conj().T) / 2
    return form if np.any(form.imag) else form.real


def _invariant_part_exact(forms: DomainMatrix, functionals: DomainMatrix, n: int) -> Image | None:
    from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

    field = common_domain(forms.domain, functionals.domain).get_field()
    forms = convert_matrix(forms, field)
    rows = from_domain_matrix_rows(convert_matrix(functionals, field))
    turned = {k: {(i % n) * n + i // n: x for i, x in row.items()} for k, row in rows.items()}
    transposed = sparse_matrix(turned, forms.shape, field)
    traces = {
        k: {0: t}
        for k, row in rows.items()
        if (t := sum((row.get(i * n + i, field.zero) for i in range(n)), field.zero))
    }
    pairing = (transposed * forms.transpose()).to_dense()
    try:
        c = pairing.inv() * sparse_matrix(traces, (forms.shape[0], 1), field).to_dense()
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
