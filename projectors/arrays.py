"""Arrays of any library: numpy, torch, jax and whatever follows the array API standard, found by the arrays themselves."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from grouprep.errors import DimensionMismatch

__all__ = ["cast", "check_shape", "is_half", "is_traced_by_torch", "namespace_of", "one_by_one", "operator_array"]


def is_half(xp: Any, dtype: Any) -> bool:
    """Whether a dtype is a real one of 16 bits."""
    return bool(xp.isdtype(dtype, "real floating")) and xp.finfo(dtype).bits == 16


def is_traced_by_torch() -> bool:
    """Whether torch.compile is looking."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.compiler.is_compiling())


def cast(c: Any, dtype: Any, xp: Any) -> Any:
    """A float or complex constant in the precision of a dtype; complex constants stay complex."""
    if xp.isdtype(c.dtype, "complex floating") and not xp.isdtype(dtype, "complex floating"):
        return xp.astype(c, xp.complex128 if dtype == xp.float64 else xp.complex64)
    return xp.astype(c, dtype)


def namespace_of(library: Any) -> Any:
    """The array-API namespace of a library given as a module: numpy, torch, jax.numpy, array_api_strict, ..."""
    from array_api_compat import array_namespace

    return array_namespace(library.asarray(0.0))


def one_by_one(stacked: Any) -> list[Any]:
    """Elements stacked along a leading axis as a list; those of products are tuples."""
    if isinstance(stacked, tuple):
        return list(zip(*map(one_by_one, stacked), strict=True))
    return list(stacked)


def operator_array(T: Any, shape: tuple[int, int], name: str = "T") -> tuple[Any, Any]:
    """T as a float or complex array (..., *shape), and its namespace; lists and integers become floats.

    Raises
    ------
    DimensionMismatch
        If T is no array of numbers, or has another shape.
    """
    from array_api_compat import array_namespace, is_array_api_obj

    if not is_array_api_obj(T) or isinstance(T, (np.ndarray, np.generic)):
        T = np.asarray(T)
        if T.dtype.kind not in "biufc":
            raise DimensionMismatch(
                f"{name} must be an array of numbers (..., {shape[0]}, {shape[1]}), got {type(T).__name__}"
            )
        T = T if T.dtype.kind in "fc" else T.astype(float)
    xp = array_namespace(T)
    check_shape(T, shape, name)
    if not xp.isdtype(T.dtype, ("real floating", "complex floating")):
        T = xp.astype(T, xp.asarray(0.0).dtype)
    return T, xp


def check_shape(T: Any, shape: tuple[int, int], name: str = "T") -> None:
    """Raise DimensionMismatch unless T has shape (..., *shape)."""
    if tuple(T.shape[-2:]) != tuple(shape):
        swapped = "; it looks transposed" if tuple(T.shape[-2:]) == shape[::-1] else ""
        raise DimensionMismatch(
            f"{name} has shape {tuple(T.shape)}; an operator from V to W is (..., dim W, dim V) = (..., {shape[0]}, {shape[1]})"
            f"{swapped}"
        )
