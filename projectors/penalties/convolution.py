"""The spectral norm of convolutions as operators, from the symbol of the kernel: exact on a torus, a bound for zero padding.

Derivation and references: docs/formulation/convolution-norms.md.
"""

from __future__ import annotations

from itertools import product
from math import ceil, cos, pi, prod

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.typing import AnyArray, Namespace
from projectors.arrays import as_matrices, beside, complexified, is_complex, refuse_nan, stop_gradient
from projectors.penalties.singular import Spectral

__all__ = ["kernel_matrix", "polyphase", "symbol_bound", "torus_norm"]

_OVERSAMPLING = 8  # points for each tap: the bound is then within 1/cos(pi/16) - 1 < 2 % of the supremum for each axis


def _checked(kernel: AnyArray) -> tuple[Namespace, AnyArray]:
    xp, K = as_matrices(kernel)
    if not 3 <= K.ndim <= 5 or 0 in K.shape:
        raise DimensionMismatch(
            f"kernel has shape {tuple(K.shape)}; a convolution's is (out, in, k) to (out, in, k, k, k), not empty"
        )
    return xp, K


def _per_axis(name: str, value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    values = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(values) != axes or not all(isinstance(v, int) and v >= 1 for v in values):
        raise GroupRepError(f"{name} = {value!r:.40} must be a positive integer, or one for each of the {axes} axes")
    return values


def kernel_matrix(kernel: AnyArray) -> AnyArray:
    """The matrix (out, in * taps) of a kernel (out, in, *taps): the operator on one patch.

    Its norms are those of the weight; the convolution's own norm lies between it and sqrt(taps) times it on a torus that the
    kernel fits on.

    Examples
    --------
    >>> import numpy as np
    >>> kernel_matrix(np.zeros((4, 3, 5, 5))).shape
    (4, 75)
    """
    xp, K = _checked(kernel)
    return xp.reshape(K, (K.shape[0], prod(K.shape[1:])))


def polyphase(kernel: AnyArray, stride: int | tuple[int, ...]) -> AnyArray:
    """The kernel of stride 1 that acts on the phases x[s n + r] as the kernel does on x with stride s.

    Parameters
    ----------
    kernel : (out, in, *taps).
    stride : a positive integer, or one for each axis.

    Returns
    -------
    (out, prod(stride) * in, *ceil(taps / stride)), the phases r in lexicographic order, each with all input channels.

    Examples
    --------
    >>> import numpy as np
    >>> polyphase(np.array([[[1.0, 2.0, 3.0]]]), 2)
    array([[[1., 3.],
            [2., 0.]]])

    References
    ----------
    Vaidyanathan, Multirate Systems and Filter Banks, 4.3.
    """
    xp, K = _checked(kernel)
    steps = _per_axis("stride", stride, K.ndim - 2)
    taps = K.shape[2:]
    sizes = tuple(ceil(k / s) for k, s in zip(taps, steps))
    for axis, (k, size, s) in enumerate(zip(taps, sizes, steps), 2):
        missing = size * s - k
        if missing:
            shape = (*K.shape[:axis], missing, *K.shape[axis + 1 :])
            K = xp.concat([K, beside(xp.zeros(shape, dtype=K.dtype), K)], axis=axis)
    phases = [K[(..., *(slice(r, None, s) for r, s in zip(phase, steps)))] for phase in product(*map(range, steps))]
    return xp.concat(phases, axis=1)


def _symbol(xp: Namespace, K: AnyArray, points: tuple[int, ...]) -> AnyArray:
    """sum_j K[:, :, j] exp(i <w, j>) at w = 2 pi / points: (frequencies, out, in), half of them for real kernels."""
    real = not is_complex(xp, K)
    F = complexified(xp, K)
    axes = len(points)
    for axis, count in enumerate(points):
        frequencies = np.arange(count // 2 + 1 if real and axis == axes - 1 else count)
        turns = np.outer(np.arange(K.shape[2 + axis]), frequencies) % count / count
        phases = xp.asarray(np.exp(2j * pi * turns), dtype=F.dtype)
        F = xp.tensordot(F, beside(phases, K), axes=([2], [0]))  # the axis moves to the end
    return xp.permute_dims(xp.reshape(F, (*F.shape[:2], prod(F.shape[2:]))), (2, 0, 1))


def _largest(xp: Namespace, K: AnyArray, points: tuple[int, ...]) -> AnyArray:
    symbol = _symbol(xp, K, points)
    norms = xp.max(xp.linalg.svdvals(refuse_nan(xp, stop_gradient(symbol), K)), axis=-1)
    best = xp.reshape(xp.argmax(norms), (1,))
    return Spectral().value(xp.take(symbol, best, axis=0)[0, ...])


def torus_norm(kernel: AnyArray, size: int | tuple[int, ...], stride: int | tuple[int, ...] = 1) -> AnyArray:
    """The spectral norm of the convolution with circular padding on a grid, exactly: the largest norm of the symbol.

    Parameters
    ----------
    kernel : (out, in, *taps), real or complex, 1 to 3 axes of taps; correlation and convolution have the same norm.
    size : pixels along each axis; the stride must divide them. The kernel may be larger: it wraps.
    stride : along each axis.

    Returns
    -------
    0-dimensional, differentiable in torch and jax; at a tie of frequencies the gradient is that of the first.

    Raises
    ------
    GroupRepError
        If the stride does not divide the size.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(torus_norm(np.array([[[1.0, -1.0]]]), 3)), 6)
    1.732051

    References
    ----------
    Sedghi, Gupta and Long, ICLR 2019 (arXiv 1805.10408).
    """
    xp, K = _checked(kernel)
    sizes, steps = _per_axis("size", size, K.ndim - 2), _per_axis("stride", stride, K.ndim - 2)
    if any(n % s for n, s in zip(sizes, steps)):
        raise GroupRepError(f"stride = {stride} does not divide size = {size}; on a torus it must")
    return _largest(xp, polyphase(K, steps), tuple(n // s for n, s in zip(sizes, steps)))


def symbol_bound(
    kernel: AnyArray, stride: int | tuple[int, ...] = 1, points: int | tuple[int, ...] | None = None
) -> AnyArray:
    """A rigorous upper bound on the spectral norm of the convolution with zero padding, of any amount, on grids of any size.

    The supremum of the symbol's norm over all frequencies, bounded by its maximum on a grid of N points an axis over
    cos(pi (k - 1) / (2 N)); as close to the supremum as that factor, which is the limit of the norms on large grids.

    Parameters
    ----------
    kernel : (out, in, *taps), real or complex, 1 to 3 axes of taps.
    stride : along each axis; the polyphase kernel is then the one with k taps.
    points : N for each axis, at least k; 8 k if not given, which is within 2 % an axis.

    Returns
    -------
    0-dimensional, differentiable in torch and jax.

    Raises
    ------
    GroupRepError
        If there are fewer points than taps.

    Examples
    --------
    >>> import numpy as np
    >>> kernel = np.array([[[1.0, -1.0]]])
    >>> zero_padded = np.eye(3) - np.eye(3, k=-1)
    >>> round(float(np.linalg.norm(zero_padded, 2)), 3), round(float(symbol_bound(kernel, points=64)), 3)
    (1.802, 2.001)

    References
    ----------
    Ehlich and Zeller, Math. Z. 86 (1964); Pfister and Bresler, IEEE Trans. Signal Process. 67 (2019), section III.
    """
    xp, K = _checked(kernel)
    K = polyphase(K, stride)
    taps = K.shape[2:]
    counts = tuple(_OVERSAMPLING * k for k in taps) if points is None else _per_axis("points", points, len(taps))
    if any(n < k for n, k in zip(counts, taps)):
        raise GroupRepError(f"points = {points} must be at least the taps {tuple(taps)} of the (polyphase) kernel")
    return _largest(xp, K, counts) / prod(cos(pi * (k - 1) / (2 * n)) for n, k in zip(counts, taps))
