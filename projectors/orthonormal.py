"""Orthonormal float bases from solved spaces, in the inner product that invariant forms induce."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.linalg import Image, as_exact, as_float
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.fields import common_domain, conjugate, convert_matrix
from grouprep.linalg.intertwiners import FloatSpace, Space
from grouprep.linalg.matrices import inverse, is_exact
from grouprep.linalg.memory import require_memory
from grouprep.linalg.orbits import OrbitSpace
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from projectors.basis import DenseBasis

__all__ = ["orthonormal_basis"]


_EXACT_LIMIT = 400_000  # entries of a basis whose dual is computed exactly; S4 regular has 13,824 and takes 0.1 s


def orthonormal_basis(space: Space, gram_V: Image | None, gram_W: Image | None) -> DenseBasis:
    """An orthonormal basis in <A, B> = tr(H_V^-1 A* H_W B), or in the Frobenius inner product where a form is None.

    By Householder QR in coordinates where the inner product is Frobenius: X -> L_W* X L_V^-* with H = L L*.
    """
    m, n = space.shape
    require_memory(3 * space.dim * m * n, f"{space.dim} dense basis elements of shape {m} x {n}")
    raw = _dense(space).reshape(space.dim, m, n)
    if gram_V is None or gram_W is None:
        return DenseBasis(_orthonormal_rows(raw.reshape(space.dim, m * n)).reshape(-1, m, n))
    left = np.linalg.cholesky(as_float(gram_W)).conj().T
    right = np.linalg.inv(np.linalg.cholesky(as_float(gram_V)).conj().T)
    flat = _orthonormal_rows((left @ raw @ right).reshape(space.dim, m * n)).reshape(-1, m, n)
    matrices = np.linalg.solve(left, flat) @ np.linalg.inv(right)
    # <B, T> = tr((L_W B R)* L_W T R) = tr((L_W* L_W B R R*)* T), so the dual of B is L_W* (L_W B R) R*.
    dual = left.conj().T @ flat @ right.conj().T
    small = space.dim and space.dim * m * n <= _EXACT_LIMIT
    exact = small and not isinstance(space, FloatSpace) and is_exact(gram_V) and is_exact(gram_W)
    return DenseBasis(matrices, dual, _exact_projector(space, as_exact(gram_V), as_exact(gram_W)) if exact else None)


def _exact_projector(space: Any, gram_V: Any, gram_W: Any) -> DenseBasis:
    """X_k and D_k with P(T) = sum_k <D_k, T>_F X_k, exact until they are rounded.

    With Y_k = H_W X_k H_V^-1, <X_k, T> is the Frobenius product of Y_k and T, and D = conj(G^-1) Y for G_kl = <X_k, X_l>.
    vec is row-major, so vec(H X K) = kron(H, K^T) vec(X); for Hermitian K, K^T is its conjugate.
    """
    m, n = space.shape
    rows = space.rows()
    field = common_domain(rows.domain, gram_V.domain, gram_W.domain).get_field()
    X = convert_matrix(rows, field).to_dense()
    K = convert_matrix(as_exact(inverse(gram_V)), field)
    H = convert_matrix(gram_W, field)
    Y = _both_sides(X, H, K, (m, n))
    G = conjugate(Y.to_sparse()).to_dense() * X.transpose()
    D = conjugate(G.inv().to_sparse()).to_dense() * Y
    shape = (space.dim, m, n)
    return DenseBasis(to_numpy(X.to_sparse()).reshape(shape), to_numpy(D.to_sparse()).reshape(shape))


def _both_sides(X: Any, H: Any, K: Any, shape: tuple[int, int]) -> Any:
    """The rows vec(H X_k K) for the rows vec(X_k)."""
    m, n = shape
    rows = from_domain_matrix_rows(X.to_sparse())
    tall = {k * m + i: {} for k in range(X.shape[0]) for i in range(m)}  # type: dict[int, dict[int, Any]]
    for k, row in rows.items():
        for index, x in row.items():
            tall[k * m + index // n][index % n] = x
    right = from_domain_matrix_rows(
        (sparse_matrix(tall, (X.shape[0] * m, n), X.domain).to_dense() * K.to_dense()).to_sparse()
    )
    wide: dict[int, dict[int, Any]] = {}
    for place, row in right.items():
        for j, x in row.items():
            wide.setdefault(place % m, {})[(place // m) * n + j] = x
    left = (H.to_dense() * sparse_matrix(wide, (m, X.shape[0] * n), X.domain).to_dense()).to_sparse()
    out: dict[int, dict[int, Any]] = {}
    for i, row in from_domain_matrix_rows(left).items():
        for column, x in row.items():
            out.setdefault(column // n, {})[i * n + column % n] = x
    return sparse_matrix(out, X.shape, X.domain).to_dense()


def _dense(space: Space) -> NDArray[Any]:
    if isinstance(space, FloatSpace):
        return space.array
    if isinstance(space, OrbitSpace):
        out = np.zeros((space.dim, len(space.labels)), dtype=space.values().dtype)
        inside = np.flatnonzero(space.labels >= 0)
        out[space.labels[inside], inside] = space.values()[inside]
        return out
    return to_numpy(space.rows())


def _orthonormal_rows(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows with the same span, orthonormal; the triangular factor has a positive diagonal, so the result is unique."""
    if not len(rows):
        return rows
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    q, r = np.linalg.qr((rows / size).T)
    phase = np.diagonal(r) / np.abs(np.diagonal(r))
    return np.ascontiguousarray((q * phase).T)
