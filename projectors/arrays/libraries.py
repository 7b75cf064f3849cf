"""Which library an array belongs to, where it lives, and whether its entries can be looked at.

Libraries are looked up in `sys.modules`: one that nobody imported is never loaded.
"""

from __future__ import annotations

import sys

import numpy as np
from array_api_compat import array_namespace, device, to_device

from grouprep.errors import GroupRepError, shown
from grouprep.typing import AnyArray, Array, Namespace

__all__ = [
    "as_numpy",
    "beside",
    "device",
    "is_concrete",
    "is_differentiable",
    "is_jax",
    "is_torch",
    "is_traced_by_torch",
    "namespace",
    "namespace_of",
    "on_device",
]


def is_torch(A: object) -> bool:
    """Whether A is a tensor of torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(A, torch.Tensor)


def is_jax(A: object) -> bool:
    """Whether A is an array of jax, or one that it traces."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(A, jax.Array)


def namespace(A: AnyArray) -> Namespace:
    """The array-API namespace of an array: `array_api_compat` of its library, or the library itself.

    Raises
    ------
    TypeError
        If A is no array.

    Examples
    --------
    >>> import numpy as np
    >>> namespace(np.eye(2)).__name__
    'array_api_compat.numpy'
    """
    if is_torch(A):
        import array_api_compat.torch as xp  # quieter under torch.compile than array_namespace, which caches

        return xp
    return array_namespace(A)


def namespace_of(library: Namespace) -> Namespace:
    """The array-API namespace of a library given as a module: numpy, torch, jax.numpy, array_api_strict, ..."""
    if not hasattr(library, "asarray"):
        raise GroupRepError(f"xp must be a library as a module, such as numpy or torch, got {shown(library)}")
    return array_namespace(library.asarray(0.0))


def is_differentiable(A: AnyArray) -> bool:
    """Whether A belongs to a library that differentiates: torch or jax."""
    return is_torch(A) or is_jax(A)


def is_traced_by_torch() -> bool:
    """Whether torch.compile is looking."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.compiler.is_compiling())


def is_concrete(A: AnyArray) -> bool:
    """Whether the entries can be looked at now, for free: not inside a trace, and in the memory of the host."""
    if is_torch(A):
        return not is_traced_by_torch() and A.device.type == "cpu"
    if is_jax(A):
        tracer = sys.modules["jax"].core.Tracer
        return not isinstance(A, tracer) and all(d.platform == "cpu" for d in A.devices())
    return True


def on_device(x: AnyArray, where: object) -> AnyArray:
    """x on a device of its library; where it is if the device is None."""
    return x if where is None else to_device(x, where)


def beside(x: AnyArray, A: AnyArray) -> AnyArray:
    """x on the device of A."""
    return x if device(x) == device(A) else on_device(x, device(A))


def as_numpy(x: AnyArray) -> Array:
    """An array of any library, or nested sequences, as a numpy array without derivatives."""
    if is_torch(x):
        x = x.detach().cpu().resolve_conj().resolve_neg().numpy()
    return np.asarray(x)
