"""Orthonormal float bases from solved spaces, in the inner product that invariant forms induce."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.linalg.convert import to_numpy
from grouprep.linalg.intertwiners import FloatSpace, Space
from grouprep.linalg.memory import require_memory
from grouprep.linalg.orbits import OrbitSpace
from projectors.basis import DenseBasis

__all__ = ["orthonormal_basis"]


def orthonormal_basis(space: Space, gram_V: NDArray[Any] | None, gram_W: NDArray[Any] | None) -> DenseBasis:
    """An orthonormal basis in <A, B> = tr(H_V^-1 A* H_W B), or in the Frobenius inner product where a form is None.

    By Householder QR in coordinates where the inner product is Frobenius: X -> L_W* X L_V^-* with H = L L*.
    """
    m, n = space.shape
    require_memory(3 * space.dim * m * n, f"{space.dim} dense basis elements of shape {m} x {n}")
    raw = _dense(space).reshape(space.dim, m, n)
    if gram_V is None or gram_W is None:
        return DenseBasis(_orthonormal_rows(raw.reshape(space.dim, m * n)).reshape(-1, m, n))
    left = np.linalg.cholesky(gram_W).conj().T
    right = np.linalg.inv(np.linalg.cholesky(gram_V).conj().T)
    flat = _orthonormal_rows((left @ raw @ right).reshape(space.dim, m * n)).reshape(-1, m, n)
    matrices = np.linalg.solve(left, flat) @ np.linalg.inv(right)
    # <B, T> = tr((L_W B R)* L_W T R) = tr((L_W* L_W B R R*)* T), so the dual of B is L_W* (L_W B R) R*.
    dual = left.conj().T @ flat @ right.conj().T
    return DenseBasis(matrices, dual)


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
