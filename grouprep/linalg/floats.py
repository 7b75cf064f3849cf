"""Nullspaces of float matrices: the rank comes from a gap relative to the scale of the matrix, or there is no answer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from grouprep.errors import AmbiguousRank, DimensionMismatch, GroupRepError
from grouprep.typing import Array, Floats

__all__ = ["CLEAR", "FloatNullspace", "first_pivot", "float_nullspace"]

_SAFETY = 8.0  # times max(m, n) * eps * scale: what rounding alone can make of a zero singular value
CLEAR = 1e-6  # times scale: above it a singular value is non-zero; float32 data leave noise near 1e-7
_SHARE = (
    1 / np.pi
)  # of the largest weight that a pivot needs; transcendental, so that no ratio of algebraic ones lies on the border
_GAP = 1e3  # least ratio between the smallest non-zero and the largest zero singular value


def first_pivot(weight: Array) -> int:
    """The first index whose weight exceeds a share of the largest, (n,) non-negative; rounding decides no tie.

    Examples
    --------
    >>> from grouprep.linalg.floats import first_pivot
    >>> first_pivot(np.array([0.1, 1 - 1e-16, 1.0]))
    1
    """
    return int(np.argmax(weight >= _SHARE * weight.max()))


class FloatNullspace(NamedTuple):
    """An orthonormal basis of a nullspace with the evidence for its dimension.

    basis : (n, r) float64 or complex128, orthonormal columns, the same bit for bit for the same input with
        the same libraries, processor and number of threads, and the same to rounding with others.
    singular_values : (min(m, n),) float64, decreasing.
    gap : (largest singular value taken as zero, smallest taken as non-zero), relative to the scale; (0, inf) if none.
    """

    basis: Array
    singular_values: Floats
    gap: tuple[float, float]

    @property
    def rank(self) -> int:
        """The rank n - r of the matrix."""
        return int(self.basis.shape[0] - self.basis.shape[1])


def float_nullspace(matrix: Array, scale: float | None = None) -> FloatNullspace:
    """An orthonormal basis of {x : matrix x = 0} of a float matrix, with its rank decided by a gap relative to scale.

    A singular value counts as zero up to 8 max(m, n) eps scale, as non-zero from 1e-6 scale on; in between, nothing is
    decided. eps is that of the array's own dtype.

    Parameters
    ----------
    matrix : (m, n) real or complex array; m may be 0.
    scale : the size of the numbers that the matrix was computed from, if that is more than its largest singular value.

    Returns
    -------
    FloatNullspace with basis (n, r), singular_values (min(m, n),) and gap.

    Raises
    ------
    AmbiguousRank
        If a singular value lies between noise and clearly non-zero.
    DimensionMismatch
        If the array does not have two axes.
    GroupRepError
        If the array holds NaN or infinite entries, or scale is not a positive number.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep.linalg.floats import float_nullspace
    >>> float_nullspace(1e-9 * np.array([[1.0, -1.0]])).basis.round(3)
    array([[0.707],
           [0.707]])

    References
    ----------
    G. H. Golub, C. F. Van Loan, Matrix Computations, Johns Hopkins 2013, sections 5.4.1 (rank) and 5.5 (R-SVD).
    """
    a = _checked(matrix, scale)
    eps = max(float(np.finfo(a.dtype).eps), float(np.finfo(np.float64).eps))
    a = a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
    m, n = a.shape
    largest = float(np.abs(a).max(initial=0.0))
    shift = 2.0 ** float(-np.frexp(largest)[1]) if largest else 1.0  # a power of two: no rounding, no overflow
    with np.errstate(under="ignore"):
        values, vectors = _decompose(_shifted(a, shift))
    reference = max(values[0] if values.size else 0.0, (scale or 0.0) * shift)
    rank, gap = _decide(values, reference, max(m, n), eps)
    with np.errstate(over="ignore"):
        original = values / shift
    return FloatNullspace(_canonical(vectors[rank:].conj().T), original, gap)


def _checked(matrix: Array, scale: float | None) -> Array:
    a = np.asarray(matrix)
    if a.ndim != 2:
        raise DimensionMismatch(f"a matrix has two axes; this array has shape {a.shape}")
    if a.dtype.kind not in "biufc":
        raise GroupRepError(f"a float array is needed, not dtype {a.dtype}")
    if a.dtype.kind in "biu":
        a = a.astype(np.float64)
    if not np.isfinite(a).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(a))[0])
        raise GroupRepError(f"entry ({i}, {j}) is {a[i, j]}; every entry must be a finite number")
    if scale is not None and not (np.isfinite(scale) and scale > 0):
        raise GroupRepError(f"scale must be a positive number, not {scale!r}")
    return a


def _shifted(a: Array, shift: float) -> Array:
    half = 2.0 ** (np.log2(shift) // 2)
    result: Array = a * half * (shift / half)
    return result


def _decompose(a: Array) -> tuple[Floats, Array]:
    """Singular values (min(m, n),) and all right singular vectors (n, n) as rows; tall matrices go through QR first."""
    m, n = a.shape
    if m == 0 or n == 0 or not a.any():
        return np.zeros(min(m, n)), np.eye(n, dtype=a.dtype)
    if m > n:
        a = np.asarray(np.linalg.qr(a, mode="r"))
    _, values, vectors = np.linalg.svd(a, full_matrices=True)
    return values, vectors


def _decide(values: Floats, reference: float, size: int, eps: float) -> tuple[int, tuple[float, float]]:
    """The rank, and the relative gap that proves it."""
    if not values.size or reference == 0.0:
        return 0, (0.0, np.inf)
    relative = values / reference
    noise = _SAFETY * size * eps
    clear = max(CLEAR, _GAP * noise)
    rank = int(np.count_nonzero(relative > noise))
    below = float(relative[rank]) if rank < len(relative) else 0.0
    above = float(relative[rank - 1]) if rank else float("inf")
    if above < clear:
        open_values = ", ".join(f"{v:.2e}" for v in relative[(relative > noise) & (relative < clear)][:6])
        raise AmbiguousRank(
            f"singular values {open_values} (relative to {reference:.2e}) are between noise ({noise:.1e}) and clearly "
            f"non-zero ({clear:.1e}); give exact generators, or float64 ones correct to the last digits"
        )
    return rank, (below, above)


def _canonical(v: Array) -> Array:
    """The orthonormal basis of the span of v's columns that depends on the span alone: pivoted QR of its projector.

    A pivot is the first row whose remaining length is within a factor of the longest.
    """
    r = v.shape[1]
    rest = np.array(v.conj().T)  # (r, n): the projector is v @ rest
    frame = np.zeros((r, r), dtype=v.dtype)
    for k in range(r):
        lengths = np.einsum("ij,ij->j", rest.conj(), rest).real
        pivot = first_pivot(lengths)
        q = rest[:, pivot]
        q = q - frame[:, :k] @ (frame[:, :k].conj().T @ q)
        q = q / np.linalg.norm(q)
        frame[:, k] = q
        rest -= np.outer(q, q.conj() @ rest)
    basis: Array = v @ frame
    return basis
