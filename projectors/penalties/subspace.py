"""Blocks of vectors that follow leading singular values: what the iterations `lanczos` and `lobpcg` share.

Both look for the best vectors in a space by one Rayleigh-Ritz step. What they put into the space differs, and so do their states: see
docs/formulation/cheap-singular-values.md, which says why there are two.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np

from grouprep.errors import DimensionMismatch
from grouprep.typing import AnyArray, Namespace
from projectors.arrays import is_half, is_torch, namespace_of, on_device

__all__ = ["Random", "State", "ritz_rotation", "start"]

_SQUARES = 5  # of a Gram matrix: its 32nd power

Random: TypeAlias = np.random.Generator | int  # a generator, or a seed


class State(NamedTuple):
    """What `Norm.step` carries from one step to the next; plain arrays, in the hands of the caller.

    Attributes
    ----------
    V : (..., n, width), an orthonormal block that follows the leading right singular vectors; empty where none is needed.
    steps : 0-dimensional integer array, the number of steps taken.
    """

    V: AnyArray
    steps: AnyArray


def start(
    shape: tuple[int, ...],
    xp: Namespace = None,
    dtype: object = None,
    device: object = None,
    rng: Random = 0,
    width: int = 4,
) -> State:
    """A state with a random orthonormal block, (..., n, min(width, n)).

    Parameters
    ----------
    shape : (..., m, n), of the operators.
    xp, dtype, device : where and in what precision; half precision is kept in single.
    rng : a numpy Generator, or a seed.
    width : of the block.

    Raises
    ------
    DimensionMismatch
        If shape has fewer than two axes.
    """
    if len(shape) < 2:
        raise DimensionMismatch(f"shape = {shape} is not the shape (..., m, n) of operators")
    xp = namespace_of(np if xp is None else xp)
    if dtype is not None and is_half(xp, dtype):
        dtype = xp.float32
    n = shape[-1]
    block = np.random.default_rng(rng).standard_normal((*shape[:-2], n, min(width, n)))
    if block.size:
        block = np.linalg.qr(block)[0]
    V = xp.asarray(block, dtype=xp.asarray(0.0).dtype if dtype is None else dtype)
    return State(on_device(V, device), on_device(xp.asarray(0), device))


def ritz_rotation(xp: Namespace, gram: AnyArray) -> AnyArray:
    """The rows y_1, y_2, ... for which the A S y_i are orthogonal, the longest first; nearly so on torch's accelerators.

    Eigenvectors are found by looking at numbers, for which torch waits. Where that is not free, two steps of orthogonal iteration with the
    32nd power of the matrix take its place: they leave (b / a)^64 between directions of eigenvalues a > b, 1e-3 for b = 0.9 a, and the
    next steps go on from there.

    Parameters
    ----------
    gram : (..., r, r), (A S)* (A S) for an orthonormal basis S of r columns; finite.

    References
    ----------
    Golub and Van Loan, Matrix Computations, 8.2.4 (orthogonal iteration).
    """
    if not is_torch(gram) or gram.device.type == "cpu":
        return xp.matrix_transpose(xp.flip(xp.linalg.eigh(gram)[1], axis=-1))
    wide = xp.complex128 if xp.isdtype(gram.dtype, "complex floating") else xp.float64
    G = xp.astype(gram, wide)
    for _ in range(_SQUARES):
        size = xp.linalg.vector_norm(G, axis=(-2, -1), keepdims=True)
        G = G / xp.where(size > 0, size, xp.ones_like(size))
        G = G @ G
    Q = xp.linalg.qr(G)[0]
    Q = xp.linalg.qr(G @ Q)[0]
    return xp.astype(xp.matrix_transpose(Q), gram.dtype)
