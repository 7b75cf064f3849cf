"""Memory that is given away with a tensor and comes back when nothing holds it any more."""

from __future__ import annotations

import weakref
from math import prod
from typing import Any

import numpy as np
import torch

__all__ = ["RecycledMemory"]

_ALIGNED = 64  # bytes, as torch's own allocator
_LEAST = 1 << 17  # bytes; smaller blocks glibc takes from its heap (mallopt(3), M_MMAP_THRESHOLD)
_NUMPY = {
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.complex64: np.complex64,
    torch.complex128: np.complex128,
}


class RecycledMemory:
    """CPU memory for a tensor that is made anew in each step.

    A tensor owns its block like any other: autograd may add into it and keep it as a gradient, a user may keep it. Only when the
    tensor and all its views are gone is the block handed out again. Fresh memory of that size would go back to the system after each
    step, and be mapped anew in the next, page by page, which takes longer than to compute what it holds.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[Any, weakref.ref[Any]]] = []  # and who uses them

    @property
    def nbytes(self) -> int:
        """How much memory is kept."""
        return sum(raw.nbytes for raw, _ in self._blocks)

    def __reduce__(self) -> tuple[Any, ...]:
        return RecycledMemory, ()

    def empty(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """A tensor with undefined entries, of the dtype and on the device of another one."""
        size, kind = prod(shape) * like.element_size(), _NUMPY.get(like.dtype)
        if kind is None or like.device.type != "cpu" or size < _LEAST:
            return torch.empty(shape, dtype=like.dtype, device=like.device)
        free = [raw for raw, user in self._blocks if user() is None and raw.nbytes == size + _ALIGNED]
        raw = free[-1] if free else np.empty(size + _ALIGNED, dtype=np.uint8)
        first = -raw.ctypes.data % _ALIGNED
        array = raw[first : first + size].view(kind).reshape(shape)
        held = [block for block in self._blocks if block[1]() is not None]
        self._blocks = [*held, (raw, weakref.ref(array))]
        return torch.from_numpy(array)  # which holds the array for as long as its memory is in use
