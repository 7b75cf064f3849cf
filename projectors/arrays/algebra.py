"""Operations on entries and matrices whose derivatives are right in every library, also at 0."""

from __future__ import annotations

import sys

from grouprep.typing import AnyArray, ArrayT, Namespace
from projectors.arrays.libraries import is_jax, is_torch
from projectors.arrays.precision import epsilon, is_complex

__all__ = ["absolute_square", "adjoint", "in_range", "inner", "modulus", "safe_divide", "stop_gradient"]


def stop_gradient(A: ArrayT) -> ArrayT:
    """The same values, constant to every derivative."""
    array: AnyArray = A
    if is_torch(array):
        return array.detach()  # type: ignore[no-any-return]
    if is_jax(array):
        return sys.modules["jax"].lax.stop_gradient(array)  # type: ignore[no-any-return]
    return A


def adjoint(xp: Namespace, A: AnyArray) -> AnyArray:
    """The conjugate transpose of matrices (..., m, n)."""
    swapped = xp.matrix_transpose(A)
    return xp.conj(swapped) if is_complex(xp, A) else swapped


def absolute_square(xp: Namespace, A: AnyArray) -> AnyArray:
    """|a|^2 of every entry, real and smooth also at 0."""
    return xp.real(A) ** 2 + xp.imag(A) ** 2 if is_complex(xp, A) else A * A


def modulus(xp: Namespace, A: AnyArray) -> AnyArray:
    """|a| of every entry, with the derivative 0 at 0 (jax would take 1), and finite at subnormal ones (torch would take NaN)."""
    if is_torch(A) and is_complex(xp, A):
        B, s = in_range(xp, A, ())
        return xp.abs(B) * s
    if not is_jax(A):
        return xp.abs(A)
    zero = A == 0
    size = xp.abs(xp.where(zero, xp.ones_like(A), A))
    return xp.where(zero, xp.zeros_like(size), size)


def inner(xp: Namespace, G: AnyArray, D: AnyArray) -> AnyArray:
    """Re tr(G* D) of matrices (..., m, n) -> (...)."""
    if is_complex(xp, G) or is_complex(xp, D):
        return xp.sum(xp.real(xp.conj(G) * D), axis=(-2, -1))
    return xp.sum(G * D, axis=(-2, -1))


def safe_divide(xp: Namespace, a: AnyArray, b: AnyArray) -> AnyArray:
    """a / b, and 0 where b is 0; no derivative of it is NaN."""
    zero = b == 0
    quotient = a / xp.where(zero, xp.ones_like(b), b)
    return xp.where(zero, xp.zeros_like(quotient), quotient)


def in_range(xp: Namespace, A: AnyArray, axes: tuple[int, ...]) -> tuple[AnyArray, AnyArray]:
    """(B, s) with A = s B on a scale where squares neither overflow nor lose digits; s is a power of h, constant to derivatives.

    h^2 is tiny / eps, the least number with digits to spare: h = 2^-51 in single precision, 2^-485 in double. s is one of h^2, h, 1,
    1/h, 1/h^2, and the largest part of an entry of B below 1 if s < 1, above 1 if s > 1, between h and 1/h if s = 1, so that products
    in a backward pass are normal numbers too. Nothing is divided: for complex numbers libraries take the reciprocal of the divisor,
    which overflows where that is subnormal.

    Parameters
    ----------
    xp : the array library.
    A : (...), in single or double precision.
    axes : negative integers, over which one scale is taken; s keeps them with length 1. No axes: every entry has its own.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.arrays import namespace_of
    >>> B, s = in_range(namespace_of(np), np.array([3e-320, 1e-320]), (-1,))
    >>> bool((B * s == [3e-320, 1e-320]).all()), bool(s == 2.0**-970)
    (True, True)
    """
    fixed, h = stop_gradient(A), 2.0**-51 if epsilon(xp, A) > 2.0**-30 else 2.0**-485
    top = xp.maximum(xp.abs(xp.real(fixed)), xp.abs(xp.imag(fixed))) if is_complex(xp, A) else xp.abs(fixed)
    if axes:
        top = xp.max(top, axis=axes, keepdims=True)
    one, finite, some = (
        xp.ones_like(top),
        xp.isfinite(top),
        top > 0,
    )  # where all is 0, scales would overflow in second derivatives
    factor = xp.where(some & (top < h), one / h, one) * xp.where(some & (top < h * h), one / h, one)
    factor = (
        factor * xp.where((top > 1 / h) & finite, one * h, one) * xp.where((top > 1 / h / h) & finite, one * h, one)
    )
    return A * factor, 1 / factor
