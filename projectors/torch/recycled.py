"""Memory that steps reuse: a tensor's that comes back when nothing holds it any more, and scratch that no result keeps."""

from __future__ import annotations

import weakref
from math import prod
from typing import Any

import numpy as np
import torch

__all__ = ["RecycledMemory", "Scratch", "Workspace"]

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
        if kind is None or size < _LEAST or like.device.type != "cpu":
            return torch.empty(shape, dtype=like.dtype, device=like.device)
        free, held = None, []
        for block in self._blocks:
            if block[1]() is not None:
                held.append(block)
            elif block[0].nbytes == size:
                free = block[0]
        if free is None:
            raw = np.empty(size + _ALIGNED, dtype=np.uint8)
            first = -raw.ctypes.data % _ALIGNED
            free = raw[first : first + size]
        array = free.view(kind).reshape(shape)
        self._blocks = [*held, (free, weakref.ref(array))]
        return torch.from_numpy(array)  # which holds the array for as long as its memory is in use


class Scratch:
    """Buffers for what is needed only while a term is computed, and indices in 64 bits; shared by all terms of a penalty."""

    def __init__(self) -> None:
        self._flat: dict[tuple[str, torch.dtype, torch.device], torch.Tensor] = {}
        self._wide: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Scratch, ()

    def buffer(self, name: str, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """Undefined entries, of the dtype and on the device of a tensor; the next call for this name overwrites them."""
        size, key = prod(shape), (name, like.dtype, like.device)
        flat = self._flat.get(key)
        if flat is None or flat.numel() < size:
            with torch.inference_mode(False):  # a tensor made in that mode could not be written outside of it
                flat = self._flat[key] = torch.empty(size, dtype=like.dtype, device=like.device)
        return flat[:size].view(shape)

    def wide(self, index: torch.Tensor) -> torch.Tensor:
        """An index in 64 bits, converted once."""
        known = self._wide.get(id(index))
        if known is None:
            with torch.inference_mode(False):
                known = self._wide[id(index)] = index, index.long()
        return known[1]


class Workspace:
    """What a term reuses from step to step: memory for its residual, and the scratch of its penalty."""

    def __init__(self, scratch: Scratch | None = None) -> None:
        self.memory, self.scratch = RecycledMemory(), scratch or Scratch()

    @property
    def nbytes(self) -> int:
        """How much memory is kept for the term alone."""
        return self.memory.nbytes
