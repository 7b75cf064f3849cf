"""Leading singular values of operators that move slowly from step to step, in two narrow products a step.

The block carries the leading right vectors v, the gradients A* A v, and the last directions of search: the three-term
iteration of LOBPCG on A* A. It looks at the values to know when it may stop; `lanczos` does not.
Derivation: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod
from typing import Any, Generic, NamedTuple

from grouprep.typing import AnyArray, ArrayT, Namespace
from projectors.arrays import in_range, is_concrete, namespace
from projectors.penalties.subspace import ritz_rotation

__all__ = ["MOST", "Followed", "follow"]

_GROWTH = 5e-4  # an iteration that adds less to the value ends the step
MOST = 8  # so does the last one


class Followed(NamedTuple, Generic[ArrayT]):
    """Leading singular triples of operators A, (..., m, n), as far as they are known.

    Attributes
    ----------
    value : (...), sum of the k leading ||A v_i||, a lower bound on the sum of the k largest singular values.
    u : (..., m, k), A v_i / ||A v_i||, 0 where that is 0; v : (..., n, k), orthonormal.
    block : (..., n, width), the orthonormal blocks of the next step.
    """

    value: ArrayT
    u: ArrayT
    v: ArrayT
    block: ArrayT


def follow(
    images: Callable[[ArrayT], ArrayT],
    gradients: Callable[[ArrayT], ArrayT],
    blocks: ArrayT,
    k: int = 1,
    most: int = MOST,
    least: int = 1,
    some: Callable[[ArrayT], tuple[Callable[[ArrayT], ArrayT], Callable[[ArrayT], ArrayT]]] | None = None,
) -> Followed[ArrayT]:
    """One step: iterations until one adds less than 1 / 2000 to each value, usually a single one.

    An iteration finds the best vectors in the block, and renews the block by gradients, which costs as much again. Nothing is
    differentiated.

    Parameters
    ----------
    images : rows S^T (..., b, n) -> (A S)^T (..., b, m); operators with m and n at least the blocks' width.
    gradients : rows U^T (..., b, m) -> (A* U)^T (..., b, n).
    blocks : (..., n, width), orthonormal, from the step before, or random; a third of the columns, at least k, are followed.
    k : how many singular values are added.
    most : iterations at most, and as many where values cannot be looked at: on an accelerator that would wait.
    least : 1 to renew the block at least once, 0 to keep it where its best vectors have hardly changed.
    some : (images, gradients) of those operators that a mask (...) picks, in one row; where it is given, the few that are left go on
        without the others. Arrays must be writable.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties.subspace import start
    >>> A = np.diag(np.arange(100.0))
    >>> found = follow(lambda S: S @ A.T, lambda U: U @ A, start((100, 100), width=12).V, most=40)
    >>> bool(abs(found.value - 99) < 0.1)
    True

    References
    ----------
    Knyazev, SIAM J. Sci. Comput. 23 (2001): LOBPCG.
    """
    xp = namespace(blocks)
    S: AnyArray = xp.matrix_transpose(blocks)  # blocks are kept by columns, their transposes by rows
    width, left, rest = S.shape[-2] // 3, None, None

    def renewed(gradients: Any, V: AnyArray, U: AnyArray, scale: AnyArray, Y: AnyArray, S: AnyArray) -> AnyArray:
        rows = [V, _finite(gradients(U * (1 / scale))), Y[..., width:] @ S[..., width:, :]]
        return xp.linalg.qr(xp.matrix_transpose(xp.concat(rows, axis=-2)))[0]

    for count in range(1, most + 1):
        AS, scale = in_range(xp, images(S), (-2, -1))
        if is_concrete(scale) and bool(
            xp.any(scale != 1)
        ):  # A S is subnormal, or too large: A (S / scale) has all its digits
            AS = images(S * (1 / scale))
        before = xp.sum(xp.linalg.vector_norm(AS[..., :k, :], axis=-1), axis=-1)  # the first rows are the old vectors
        Y = ritz_rotation(xp, _finite(xp.conj(AS) @ xp.matrix_transpose(AS)))[..., :width, :]
        V, U = Y @ S, Y @ AS
        sizes = xp.linalg.vector_norm(U, axis=-1, keepdims=True)
        U = U / xp.where(sizes > xp.finfo(sizes.dtype).smallest_normal, sizes, xp.ones_like(sizes))
        value = xp.sum(sizes[..., :k, 0], axis=-1)
        grew = value > before * (1 + _GROWTH) if count < most and is_concrete(value) else None  # false for NaN
        settled = count == most or (grew is not None and not bool(xp.any(grew)))
        if settled and count > least:
            break
        few = some is not None and grew is not None and 2 * int(xp.sum(grew)) <= prod(grew.shape)
        if few and not settled and count > least:
            assert some is not None
            mask: Any = grew
            those = some(mask)
            block = renewed(those[1], *(x[grew] for x in (V, U, scale, Y, S)))
            left, rest = grew, follow(*those, block, k, most - count, 0)
            break
        S = xp.matrix_transpose(renewed(gradients, V, U, scale, Y, S))
        if settled:
            break
    leading = [xp.matrix_transpose(rows) for rows in (U[..., :k, :], V[..., :k, :], S)]
    found = Followed(value * scale[..., 0, 0], *leading)
    return found if rest is None else Followed(*(_put(xp, *x, left) for x in zip(found, rest, strict=True)))


def _put(xp: Namespace, whole: AnyArray, part: AnyArray, places: AnyArray) -> AnyArray:
    out = xp.asarray(whole, copy=True)
    out[places] = part
    return out


def _finite(x: AnyArray) -> AnyArray:
    """0 in place of what is not finite, of which decompositions would not let go."""
    xp = namespace(x)
    return xp.where(xp.abs(x) < inf, x, xp.zeros_like(x))
