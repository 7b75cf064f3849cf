"""What the norms need of numpy, torch, jax and any other array library, without importing one.

The library is found from the array itself; `stop_gradient` and `is_concrete` go through `sys.modules`, so a library that nobody
imported is never loaded.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from projectors.arrays import is_half

__all__ = [
    "absolute_square",
    "adjoint",
    "as_matrices",
    "epsilon",
    "inner",
    "is_complex",
    "is_concrete",
    "is_differentiable",
    "like_input",
    "modulus",
    "namespace",
    "refuse_nan",
    "safe_divide",
    "stop_gradient",
]


def namespace(A: Any) -> Any:
    """The array-API namespace of an array: `array_api_compat` of its library, or the library itself.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.eye(2)).__name__
    'array_api_compat.numpy'
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(A, torch.Tensor):
        import array_api_compat.torch as xp  # quieter under torch.compile than array_namespace, which caches

        return xp
    from array_api_compat import array_namespace

    return array_namespace(A)


def is_complex(xp: Any, A: Any) -> bool:
    """Whether the entries are complex."""
    return bool(xp.isdtype(A.dtype, "complex floating"))


def epsilon(xp: Any, A: Any) -> float:
    """The distance of 1 to the next number in the precision of A."""
    return float(xp.finfo(A.dtype).eps)


def is_differentiable(A: Any) -> bool:
    """Whether A belongs to a library that differentiates: torch or jax."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(A, torch.Tensor):
        return True
    return jax is not None and isinstance(A, jax.Array)


def stop_gradient(A: Any) -> Any:
    """The same values, constant to every derivative."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(A, torch.Tensor):
        return A.detach()
    if jax is not None and isinstance(A, jax.Array):
        return jax.lax.stop_gradient(A)
    return A


def is_concrete(A: Any) -> bool:
    """Whether the entries can be looked at now, for free: not inside a trace, and in the memory of the host."""
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(A, torch.Tensor):
        return not torch.compiler.is_compiling() and A.device.type == "cpu"
    if jax is not None and isinstance(A, jax.Array):
        return not isinstance(A, jax.core.Tracer) and all(d.platform == "cpu" for d in A.devices())
    return True


def refuse_nan(xp: Any, value: Any, A: Any) -> Any:
    """The value, unless it is not finite because A has NaN or infinite entries; traced values pass.

    Raises
    ------
    GroupRepError
        If A has NaN or infinite entries.
    """
    if is_concrete(value) and not _finite(xp, value) and not _finite(xp, A):
        raise GroupRepError("A has NaN or infinite entries; every entry must be finite")
    return value


def _finite(xp: Any, x: Any) -> bool:
    try:
        return bool(xp.all(xp.isfinite(x)))
    except RuntimeError:  # inside torch.func.vmap entries cannot be looked at
        return True


def as_matrices(A: Any) -> tuple[Any, Any]:
    """(xp, A) with A in single precision at least: half precision and integers are promoted.

    Parameters
    ----------
    A : (..., m, n), an array of any library, or nested sequences.

    Raises
    ------
    DimensionMismatch
        If A has fewer than two axes.
    """
    try:
        xp = namespace(A)
    except TypeError:
        A = np.asarray(A)
        xp = namespace(A)
    if A.ndim < 2:
        raise DimensionMismatch(f"A has shape {tuple(A.shape)}; matrices (..., m, n) need two axes")
    if is_half(xp, A.dtype):
        return xp, xp.astype(A, xp.float32)
    if not xp.isdtype(A.dtype, ("real floating", "complex floating")):
        if not xp.isdtype(A.dtype, ("bool", "integral")):
            raise GroupRepError(f"A has entries of type {A.dtype}; norms need real or complex numbers")
        return xp, xp.astype(A, xp.asarray(1.0).dtype)
    return xp, A


def like_input(G: Any, A: Any) -> Any:
    """A gradient in the precision of the input, where that is a floating one."""
    dtype = getattr(A, "dtype", None)
    xp = namespace(G)
    if dtype is None or dtype == G.dtype or xp.isdtype(dtype, ("bool", "integral")):
        return G
    return xp.astype(G, dtype)


def adjoint(xp: Any, A: Any) -> Any:
    """The conjugate transpose of matrices (..., m, n)."""
    swapped = xp.matrix_transpose(A)
    return xp.conj(swapped) if is_complex(xp, A) else swapped


def absolute_square(xp: Any, A: Any) -> Any:
    """|a|^2 of every entry, real and smooth also at 0."""
    return xp.real(A) ** 2 + xp.imag(A) ** 2 if is_complex(xp, A) else A * A


def modulus(xp: Any, A: Any) -> Any:
    """|a| of every entry, with the derivative 0 at 0 (jax would take 1)."""
    jax = sys.modules.get("jax")
    if jax is None or not isinstance(A, jax.Array):
        return xp.abs(A)
    zero = A == 0
    size = xp.abs(xp.where(zero, xp.ones_like(A), A))
    return xp.where(zero, xp.zeros_like(size), size)


def inner(xp: Any, G: Any, D: Any) -> Any:
    """Re tr(G* D) of matrices (..., m, n) -> (...)."""
    if is_complex(xp, G) or is_complex(xp, D):
        return xp.sum(xp.real(xp.conj(G) * D), axis=(-2, -1))
    return xp.sum(G * D, axis=(-2, -1))


def safe_divide(xp: Any, a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0; no derivative of it is NaN."""
    zero = b == 0
    quotient = a / xp.where(zero, xp.ones_like(b), b)
    return xp.where(zero, xp.zeros_like(quotient), quotient)
