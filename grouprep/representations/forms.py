"""Invariant Hermitian forms: the identity for unitary images, an average for finite groups, else a linear system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grouprep.groups.base import Generator
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.intertwiners import FloatSpace, intertwiner_space

__all__ = ["find_invariant_form", "is_invariant", "is_unitary"]

_AVERAGE_LIMIT = 2_000  # elements; beyond, the linear system is cheaper


def adjoint(a: Image) -> Image:
    """The conjugate transpose."""
    return mat.transpose(mat.conjugate(a))


def is_invariant(form: Image, images: Mapping[Generator, Image]) -> bool:
    """Whether rho* H rho = H for elements and X* H + H X = 0 for algebra generators: exactly, or to rounding for floats."""
    n = mat.size(form)
    for generator, a in images.items():
        left, right = mat.matmul(adjoint(a), form), mat.matmul(form, a)
        if generator.kind == "element":
            left, right = mat.matmul(left, a), form
        if mat.is_exact(left) and mat.is_exact(right):
            from grouprep.linalg.sparse import add_exact, equal_exact

            x, y = as_exact(left), as_exact(right)
            good = equal_exact(x, y) if generator.kind == "element" else add_exact(x, y).is_zero_matrix
        else:
            x, y = as_float(left), as_float(right)
            size = float(np.linalg.norm(as_float(form))) * max(float(np.linalg.norm(as_float(a))), 1.0) ** 2
            gap = x - y if generator.kind == "element" else x + y
            good = bool(np.linalg.norm(gap) <= 4 * n * np.finfo(float).eps * size)
        if not good:
            return False
    return True


def is_unitary(images: Mapping[Generator, Image]) -> bool:
    """Whether the standard inner product is invariant."""
    if all(isinstance(m, Monomial) for m in images.values()):
        return True
    return is_invariant(Monomial.identity(mat.size(next(iter(images.values())))), images)


def find_invariant_form(V: Any) -> Image | None:
    """A form as `Representation.gram` and `invariant_form` want it, or None if there is no invariant form at all."""
    images = V.images
    if is_unitary(images):
        return Monomial.identity(V.dim)
    if isinstance(V.group, FiniteGroup) and V.group.order <= _AVERAGE_LIMIT:
        return _average(V)
    return _solve(V, images)


def _average(V: Any) -> Image:
    """The sum over the group of rho(g)* rho(g)."""
    total: Any = None
    exact = V.domain is not None
    for g in V.group.elements:
        a = V.exact_image(g)
        term = mat.matmul(adjoint(a), a)
        term = as_exact(term) if exact else as_float(term)
        total = term if total is None else _plus(total, term)
    return total if exact else total / V.group.order


def _plus(a: Any, b: Any) -> Any:
    from grouprep.linalg.sparse import add_exact

    return a + b if isinstance(a, np.ndarray) else add_exact(a, b)


def _solve(V: Any, images: Mapping[Generator, Image]) -> Image | None:
    """The Haar average of the identity, computed without Haar measure.

    For a group that acts completely reducibly, forms split into the invariant ones, basis H_j, and the part that every
    invariant functional H -> tr(K_i H) kills. So the invariant component of the identity is sum c_j H_j with
    sum_j tr(K_i H_j) c_j = tr(K_i). For a compact group that is the average of rho(g)* rho(g), hence positive definite.
    """
    pairs = []
    for generator, a in images.items():
        star = adjoint(a)
        pairs.append((a, mat.inverse(star) if generator.kind == "element" else -star))  # type: ignore[operator]
    shape = (V.dim, V.dim)
    forms = intertwiner_space(shape, pairs)
    functionals = intertwiner_space(shape, [(b, a) for a, b in pairs])
    if forms.dim == 0 or forms.dim != functionals.dim:
        return None
    if isinstance(forms, FloatSpace) or isinstance(functionals, FloatSpace):
        return _invariant_part_float(_dense(forms), _dense(functionals), V.dim)
    return _invariant_part_exact(forms.rows(), functionals.rows(), V.dim)


def _dense(space: Any) -> Any:
    return space.array if isinstance(space, FloatSpace) else as_float(space.rows())


def _invariant_part_float(forms: Any, functionals: Any, n: int) -> Image | None:
    K = functionals.reshape(-1, n, n)
    pairing = np.swapaxes(K, 1, 2).reshape(len(K), -1) @ forms.T
    if np.linalg.cond(pairing) * n * n * np.finfo(float).eps > 1:
        return None
    form = (np.linalg.solve(pairing, np.trace(K, axis1=1, axis2=2)) @ forms).reshape(n, n)
    form = (form + form.conj().T) / 2
    return form if np.any(form.imag) else form.real


def _invariant_part_exact(forms: Any, functionals: Any, n: int) -> Image | None:
    from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

    from grouprep.linalg.fields import common_domain, conjugate, convert_matrix
    from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix

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
    table: dict[int, dict[int, Any]] = {}
    for k, x in entries.items():
        table.setdefault(k // n, {})[k % n] = x
    form = sparse_matrix(table, (n, n), field)
    star = conjugate(form).transpose()
    return form if (form - star).is_zero_matrix else _hermitian(form, star)


def _hermitian(form: Any, star: Any) -> Image | None:
    total = form + star
    return None if total.is_zero_matrix else total
