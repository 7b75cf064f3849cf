"""A module that projects on a space of equivariant operators, with the projector's constants as its buffers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import nn

from projectors.arrays import namespace_of
from projectors.hom import Hom

__all__ = ["ProjectionModule", "in_single"]


class ProjectionModule(nn.Module):
    """Projects tensors (..., dim W, dim V) on Hom(V, W); no parameters, an empty state_dict.

    The constants are non-persistent buffers in memory of their own, made from their originals in double precision.

    hom : the space; projection : its projector, with constants of its own on the CPU.
    """

    def __init__(self, hom: Hom, device: torch.device | None = None, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.hom = hom
        self.projection = hom.projection.to(namespace_of(torch), "cpu")
        self._place(device or torch.device("cpu"), dtype)

    def _place(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        for k, original in enumerate(self.projection.home):
            with torch.inference_mode(False):  # what is made in that mode could not be used in training
                constant = _in_precision(torch.tensor(original, device="cpu"), dtype).to(device)
            self.register_buffer(f"constant_{k}", constant, persistent=False)

    @property
    def constants(self) -> list[torch.Tensor]:
        """The buffers, in the order of the projector's constants."""
        return [constant for constant in self._buffers.values() if constant is not None]

    def constants_for(self, T: torch.Tensor) -> list[torch.Tensor]:
        """The constants where T is, made anew if it is on another device, or the first in double precision."""
        wide = T.dtype in (torch.float64, torch.complex128)
        fits = T.device == self._device and (self._dtype == torch.float64 or not wide)
        if not fits and not torch.compiler.is_compiling():
            self._place(T.device, torch.float64 if wide else self._dtype)
        return self.constants

    def project(self, T: torch.Tensor) -> torch.Tensor:
        """P(T), differentiable."""
        out: torch.Tensor = self.projection.project(T, self.constants_for(T))
        return out

    def residual(self, T: torch.Tensor) -> torch.Tensor:
        """T - P(T), differentiable."""
        out: torch.Tensor = self.projection.residual(T, self.constants_for(T))
        return out

    def is_orthogonal(self, T: torch.Tensor) -> bool:
        """Whether P is its own transpose, and keeps the field of T."""
        return self.projection.is_self_adjoint and (T.is_complex() or not self.projection.is_complex)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        device = next((constant.device for constant in self.constants), torch.device("cpu"))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        moved = fn(torch.zeros((), dtype=self._dtype, device=device))
        self._place(moved.device, torch.float64 if moved.dtype == torch.float64 else torch.float32)
        return self


def in_single(T: torch.Tensor) -> torch.Tensor:
    """Half precision in single precision; others as they are."""
    return T.float() if T.dtype in (torch.float16, torch.bfloat16) else T


def _in_precision(constant: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if constant.is_complex():
        return constant.to(torch.complex128 if dtype == torch.float64 else torch.complex64)
    if constant.is_floating_point():
        return constant.to(dtype)
    if dtype == torch.float32 and (constant.numel() == 0 or int(constant.max()) < 2**31):
        return constant.to(torch.int32)  # half the memory, and gathers of single precision a third faster
    return constant
