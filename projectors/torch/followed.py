"""What follows leading singular values from step to step: a block of vectors, in memory that stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import nn

__all__ = ["Following"]


class Following(nn.Module):
    """The orthonormal block of a term, a buffer that steps overwrite, as compiled code and CUDA graphs need it.

    No entry of a state_dict: the penalty that it belongs to saves it by the name of its parameter.

    block : (..., dim V, width).
    is_cold : whether it is still to be found; renews : whether the next step renews a block that serves.
    """

    block: torch.Tensor

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.is_cold, self.renews = True, True
        with torch.inference_mode(False):  # what is made in that mode could not be written outside of it
            block = torch.zeros(shape, dtype=torch.promote_types(dtype, torch.float32), device=device)
        self.register_buffer("block", block, persistent=False)

    @torch.no_grad()
    def carry(self, block: torch.Tensor) -> None:
        """The block of the next step."""
        if self.block.dtype == block.dtype:
            self.block.copy_(block)
        else:
            self.block = block.clone()
        if self.is_cold:
            self.is_cold = False
        if not torch.compiler.is_compiling():
            self.renews = not self.renews

    def start_from(self, block: torch.Tensor, renews: bool) -> None:
        """A block from another run, in its precision."""
        with torch.no_grad():
            same = self.block.dtype == block.dtype
            self.block = self.block.copy_(block) if same else block.to(self.block.device, copy=True)
        self.is_cold, self.renews = False, renews

    def move(self, device: torch.device) -> None:
        """To a device; what has been on torch's meta device is lost."""
        if self.block.is_meta and device.type != "meta":
            self.block, self.is_cold = torch.zeros_like(self.block, device=device), True
        else:
            self.block = self.block.to(device)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.block = self.block.to(torch.promote_types(self.block.dtype, torch.float32))
        self.is_cold = self.is_cold or self.block.is_meta
        return self
