"""Operations on entries and matrices whose derivatives are right in every library, also at 0."""

from __future__ import annotations

import sys

from grouprep.typing import AnyArray, ArrayT, Namespace
from projectors.arrays.libraries import is_jax, is_torch
from projectors.arrays.precision import is_complex

__all__ = ["absolute_square", "adjoint", "inner", "modulus", "safe_divide", "stop_gradient"]


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
    """|a| of every entry, with the derivative 0 at 0 (jax would take 1)."""
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
