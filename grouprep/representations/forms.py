"""Invariant Hermitian forms: the identity for unitary images, an average for finite groups, else a linear system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Letter
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.intertwiners import FloatSpace, intertwiner_space

__all__ = ["find_invariant_form", "is_invariant", "is_unitary"]

_AVERAGE_LIMIT = 2_000  # elements; beyond, the linear system is cheaper


def adjoint(a: Image) -> Image:
    """The conjugate transpose."""
    return mat.transpose(mat.conjugate(a))


def is_invariant(form: Image, images: Mapping[Letter, Image]) -> bool:
    """Whether rho* H rho = H for elements and X* H + H X = 0 for algebra letters: exactly, or to rounding for floats."""
    n = mat.size(form)
    for letter, a in images.items():
        left, right = mat.matmul(adjoint(a), form), mat.matmul(form, a)
        if letter.kind == "element":
            left, right = mat.matmul(left, a), form
        if mat.is_exact(left) and mat.is_exact(right):
            from grouprep.linalg.sparse import add_exact, equal_exact

            x, y = as_exact(left), as_exact(right)
            good = equal_exact(x, y) if letter.kind == "element" else add_exact(x, y).is_zero_matrix
        else:
            x, y = as_float(left), as_float(right)
            size = float(np.linalg.norm(as_float(form))) * max(float(np.linalg.norm(as_float(a))), 1.0) ** 2
            gap = x - y if letter.kind == "element" else x + y
            good = bool(np.linalg.norm(gap) <= 4 * n * np.finfo(float).eps * size)
        if not good:
            return False
    return True


def is_unitary(images: Mapping[Letter, Image]) -> bool:
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


def _solve(V: Any, images: Mapping[Letter, Image]) -> Image | None:
    """The invariant form nearest to the identity: H with H X = -X* H, H rho = rho^-* H."""
    pairs = []
    for letter, a in images.items():
        star = adjoint(a)
        other = mat.inverse(star) if letter.kind == "element" else -star  # type: ignore[operator]
        pairs.append((a, other))
    space = intertwiner_space((V.dim, V.dim), pairs)
    if space.dim == 0:
        return None
    if isinstance(space, FloatSpace):
        return _nearest_float(space.array.reshape(-1, V.dim, V.dim))
    return _nearest_exact(space.rows(), V.dim)


def _nearest_float(basis: Any) -> Image | None:
    hermitian = [b + b.conj().T for b in basis] + [1j * (b - b.conj().T) for b in basis]
    stack = np.array([h.ravel() for h in hermitian if np.linalg.norm(h) > 0.1])
    target = np.eye(basis.shape[1]).ravel()
    real = np.concatenate([stack.real, stack.imag], axis=1).T
    found, *_ = np.linalg.lstsq(real, np.concatenate([target, 0 * target]), rcond=None)
    form = np.tensordot(found, stack, 1).reshape(basis.shape[1:])
    return form if np.any(form.imag) else form.real


def _nearest_exact(rows: Any, n: int) -> Image:
    """The orthogonal projection of the identity on the span of the rows; a basis element if that is zero."""
    from grouprep.linalg.fields import conjugate, convert_matrix
    from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix

    field = rows.domain.get_field()
    rows = convert_matrix(rows, field)
    one = sparse_matrix({0: {i * n + i: field.one for i in range(n)}}, (1, n * n), field)
    gram = (rows * conjugate(rows).transpose()).to_dense()
    inner = (one * conjugate(rows).transpose()).to_dense()
    found = (inner * gram.inv()).to_sparse() * rows
    if found.is_zero_matrix:
        found = rows.extract([0], list(range(n * n)))
    entries = from_domain_matrix_rows(found).get(0, {})
    table: dict[int, dict[int, Any]] = {}
    for k, x in entries.items():
        table.setdefault(k // n, {})[k % n] = x
    form = sparse_matrix(table, (n, n), field)
    star = conjugate(form).transpose()
    if not (form - star).is_zero_matrix:
        form = form + star
        if form.is_zero_matrix:
            raise GroupRepError("the invariant form found is anti-Hermitian; give gram= explicitly")
    return form
