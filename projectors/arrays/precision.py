"""Fields and precisions: half precision is computed in single, and constants follow the operators that they meet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouprep.typing import AnyArray, Namespace
from projectors.arrays.libraries import device, namespace

__all__ = [
    "cast",
    "complexified",
    "epsilon",
    "fitted",
    "has_double",
    "in_single",
    "is_complex",
    "is_half",
    "like_input",
    "moved",
]


def is_half(xp: Namespace, dtype: object) -> bool:
    """Whether a dtype is a real one of 16 bits."""
    return bool(xp.isdtype(dtype, "real floating")) and xp.finfo(dtype).bits == 16


def is_complex(xp: Namespace, A: AnyArray) -> bool:
    """Whether the entries are complex."""
    return bool(xp.isdtype(A.dtype, "complex floating"))


def epsilon(xp: Namespace, A: AnyArray) -> float:
    """The distance of 1 to the next number in the precision of A."""
    return float(xp.finfo(A.dtype).eps)


def has_double(xp: Namespace, A: AnyArray) -> bool:
    """Whether the library, as it is configured, computes in double precision where A is."""
    return bool(xp.asarray(np.zeros(())).dtype == xp.float64) and getattr(device(A), "type", "") != "mps"


def in_single(xp: Namespace, A: AnyArray) -> AnyArray:
    """A, half precision as float32."""
    return xp.astype(A, xp.float32) if is_half(xp, A.dtype) else A


def complexified(xp: Namespace, A: AnyArray) -> AnyArray:
    """A real array as a complex one of its precision; a complex one as it is."""
    if not xp.isdtype(A.dtype, "real floating"):
        return A
    return xp.astype(A, xp.complex128 if A.dtype == xp.float64 else xp.complex64)


def like_input(G: AnyArray, A: AnyArray) -> AnyArray:
    """A gradient in the precision of the input, where that is a floating one."""
    dtype = getattr(A, "dtype", None)
    xp = namespace(G)
    if dtype is None or dtype == G.dtype or xp.isdtype(dtype, ("bool", "integral")):
        return G
    return xp.astype(G, dtype)


# Constants


def cast(c: AnyArray, dtype: object, xp: Namespace) -> AnyArray:
    """A float or complex constant in the precision of a dtype; complex constants stay complex."""
    if is_complex(xp, c) and not xp.isdtype(dtype, "complex floating"):
        return xp.astype(c, xp.complex128 if dtype == xp.float64 else xp.complex64)
    return xp.astype(c, dtype)


def moved(xp: Namespace, c: AnyArray, device: object = None, dtype: object = None) -> AnyArray:
    """A numpy constant as an array of xp on a device, fit for operators of a dtype; copied only where it must be.

    Parameters
    ----------
    c : weights, a basis, or indices, which keep their dtype.
    device : one of the library's; None for its default.
    dtype : of the operators, 16 bits standing for float32; None leaves the constant in its precision.
    """
    out = xp.asarray(np.require(c, None, ["W"]), device=device)  # torch warns of arrays that cannot be written to
    if dtype is None or xp.isdtype(out.dtype, "integral"):
        return out
    return cast(out, xp.float32 if is_half(xp, dtype) else dtype, xp)


def fitted(xp: Namespace, constants: Sequence[AnyArray], A: AnyArray) -> list[AnyArray]:
    """Constants of A's library and device in the precision of A; indices, and what fits already, as they are."""
    return [c if xp.isdtype(c.dtype, "integral") or c.dtype == A.dtype else cast(c, A.dtype, xp) for c in constants]
