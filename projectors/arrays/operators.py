"""What users give as operators and matrices, read and checked: their shape, their numbers, their entries."""

from __future__ import annotations

import numpy as np
from array_api_compat import is_array_api_obj

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.typing import AnyArray, Array, ArrayT, Element, Namespace
from projectors.arrays.libraries import is_concrete, namespace
from projectors.arrays.precision import in_single

__all__ = ["as_matrices", "check_shape", "looks_finite", "one_by_one", "operator_array", "refuse_nan", "require_finite"]


def operator_array(T: AnyArray, shape: tuple[int, int], name: str = "T") -> tuple[AnyArray, Namespace]:
    """T as a float or complex array (..., *shape), and its namespace; lists and integers become floats.

    Raises
    ------
    DimensionMismatch
        If T is no array of numbers, or has another shape.
    """
    if not is_array_api_obj(T) or isinstance(T, (np.ndarray, np.generic)):
        array = _numbers(T)
        if array is None:
            raise DimensionMismatch(
                f"{name} must be an array of numbers (..., {shape[0]}, {shape[1]}), got {type(T).__name__}"
            )
        T = array if array.dtype.kind in "fc" else array.astype(float)
    xp = namespace(T)
    check_shape(T, shape, name)
    if not xp.isdtype(T.dtype, ("real floating", "complex floating")):
        T = xp.astype(T, xp.asarray(0.0).dtype)
    return T, xp


def _numbers(T: object) -> Array | None:
    """T as an array of numbers, such as sympy's rounded; None if it is none."""
    try:
        array = np.asarray(T)
        if array.dtype.kind != "O":
            return array if array.dtype.kind in "biufc" else None
        values = array.astype(complex)
        return values if values.imag.any() else values.real
    except (ValueError, TypeError):
        return None


def check_shape(T: AnyArray, shape: tuple[int, int], name: str = "T") -> None:
    """Raise DimensionMismatch unless T has shape (..., *shape)."""
    if tuple(T.shape[-2:]) != tuple(shape):
        swapped = "; it looks transposed" if tuple(T.shape[-2:]) == shape[::-1] else ""
        raise DimensionMismatch(
            f"{name} has shape {tuple(T.shape)}; an operator from V to W is (..., dim W, dim V) = (..., {shape[0]}, {shape[1]})"
            f"{swapped}"
        )


def as_matrices(A: AnyArray) -> tuple[Namespace, AnyArray]:
    """(xp, A) with A in single precision at least: half precision and integers are promoted.

    Parameters
    ----------
    A : (..., m, n), an array of any library, or nested sequences.

    Raises
    ------
    DimensionMismatch
        If A has fewer than two axes.
    GroupRepError
        If A has entries that are no numbers.
    """
    try:
        xp = namespace(A)
    except TypeError:
        A = _numbers(A)
        if A is None:
            raise GroupRepError("A must be an array of numbers (..., m, n)") from None
        xp = namespace(A)
    if A.ndim < 2:
        raise DimensionMismatch(f"A has shape {tuple(A.shape)}; matrices (..., m, n) need two axes")
    if not xp.isdtype(A.dtype, ("real floating", "complex floating")):
        if not xp.isdtype(A.dtype, ("bool", "integral")):
            raise GroupRepError(f"A has entries of type {A.dtype}; norms need real or complex numbers")
        return xp, xp.astype(A, xp.asarray(1.0).dtype)
    return xp, in_single(xp, A)


def one_by_one(stacked: Element) -> list[Element]:
    """Elements stacked along a leading axis as a list; those of products are tuples."""
    if isinstance(stacked, tuple):
        return list(zip(*map(one_by_one, stacked), strict=True))
    return list(stacked)


def refuse_nan(xp: Namespace, value: ArrayT, A: AnyArray) -> ArrayT:
    """The value, unless it is not finite because A has NaN or infinite entries; traced values pass.

    Raises
    ------
    GroupRepError
        If A has NaN or infinite entries.
    """
    if not looks_finite(xp, value) and not looks_finite(xp, A):
        raise GroupRepError("A has NaN or infinite entries; every entry must be finite")
    return value


def looks_finite(xp: Namespace, x: AnyArray) -> bool:
    """Whether all entries are finite; also true where they cannot be looked at."""
    try:
        return not is_concrete(x) or bool(xp.all(xp.isfinite(x)))
    except RuntimeError:  # inside torch.func.vmap
        return True


def require_finite(T: Array) -> bool:
    """Raise GroupRepError if a numpy array has NaN or infinite entries; else whether the sum of its squares is known to be finite.

    That sum tells, in one pass, that there are none, and bounds whatever is added up of T.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if T.flags.c_contiguous and np.isfinite(np.vdot(T, T)):
            return True
    if not np.isfinite(T).all():
        raise GroupRepError("T has NaN or infinite entries; every entry must be finite")
    return False
