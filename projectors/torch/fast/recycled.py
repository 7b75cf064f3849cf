"""Memory that steps reuse: a tensor's that comes back when nothing holds it any more, and scratch that no result keeps."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from math import prod

import numpy as np
import torch

from grouprep.summary import Summary
from grouprep.typing import Array

__all__ = ["RecycledMemory", "Scratch", "Workspace"]

_ALIGNED = 64  # bytes, as torch's own allocator
_LEAST = 1 << 17  # bytes; smaller blocks glibc takes from its heap (mallopt(3), M_MMAP_THRESHOLD)
_NUMPY: dict[torch.dtype, type[np.generic]] = {
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.complex64: np.complex64,
    torch.complex128: np.complex128,
}


class RecycledMemory(Summary):
    """CPU memory for a tensor that is made anew in each step.

    A tensor owns its block like any other: autograd may add into it and keep it as a gradient, a user may keep it. Only when the
    tensor and all its views are gone is the block handed out again. Fresh memory of that size would go back to the system after each
    step, and be mapped anew in the next, page by page, which takes longer than to compute what it holds.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[Array, weakref.ref[Array]]] = []  # and who uses them

    @property
    def nbytes(self) -> int:
        """How much memory is kept."""
        return sum(raw.nbytes for raw, _ in self._blocks)

    def __reduce__(self) -> tuple[type[RecycledMemory], tuple[()]]:
        return RecycledMemory, ()

    def empty(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """A tensor with undefined entries, of the dtype of another one."""
        kind = _NUMPY.get(like.dtype)
        if kind is None or prod(shape) * like.element_size() < _LEAST:
            return torch.empty(shape, dtype=like.dtype)
        free, held = None, []
        for block, user in self._blocks:
            if user() is not None:
                held.append((block, user))
            elif block.shape == shape and block.dtype == kind:
                free = block
        block = _aligned(shape, kind) if free is None else free
        array = block.view()
        self._blocks = [*held, (block, weakref.ref(array))]
        return torch.from_numpy(array)  # which holds the array for as long as its memory is in use


def _aligned(shape: tuple[int, ...], kind: type[np.generic]) -> Array:
    """An undefined numpy array that starts where torch's own would."""
    size = prod(shape) * np.dtype(kind).itemsize
    raw = np.empty(size + _ALIGNED, dtype=np.uint8)
    first = -raw.ctypes.data % _ALIGNED
    return raw[first : first + size].view(kind).reshape(shape)


class Scratch(Summary):
    """Tensors that no result keeps, shared by all terms of a penalty: buffers, indices in 64 bits, weights of means."""

    def __init__(self) -> None:
        self._buffers: dict[tuple[str, torch.dtype], dict[tuple[int, ...], torch.Tensor]] = {}
        self._wide: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._shares: dict[tuple[int, torch.dtype], torch.Tensor] = {}

    def __reduce__(self) -> tuple[type[Scratch], tuple[()]]:
        return Scratch, ()

    def buffer(self, name: str, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """Undefined entries, of the dtype of a tensor; the next call for this name overwrites them."""
        views = self._buffers.setdefault((name, like.dtype), {})
        if shape not in views:
            size, flat = prod(shape), next(iter(views.values()), None)
            with torch.inference_mode(False):  # what is made in that mode could not be written outside of it
                if flat is None or flat.numel() < size:
                    flat = torch.empty(size, dtype=like.dtype)
                    views.clear()
                    views[(size,)] = flat
                views[shape] = flat[:size].view(shape)
        return views[shape]

    def wide(self, index: torch.Tensor) -> torch.Tensor:
        """An index in 64 bits, converted once."""
        if id(index) not in self._wide:
            with torch.inference_mode(False):
                self._wide[id(index)] = index, index.long()
        return self._wide[id(index)][1]

    def shares(self, size: int, like: torch.Tensor) -> torch.Tensor:
        """The row (1, size) whose product with entries is their mean."""
        key = size, like.dtype
        if key not in self._shares:
            with torch.inference_mode(False):
                self._shares[key] = torch.full((1, size), 1 / size, dtype=like.dtype)
        return self._shares[key]


@dataclass(repr=False)
class Workspace(Summary):
    """What a term reuses from step to step.

    memory : for its residual; scratch : of its penalty.
    """

    memory: RecycledMemory = field(default_factory=RecycledMemory)
    scratch: Scratch = field(default_factory=Scratch)
