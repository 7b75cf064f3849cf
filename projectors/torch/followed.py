"""What follows leading singular values from step to step: blocks of vectors, in memory that stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import nn

__all__ = ["Following"]


class Following(nn.Module):
    """The orthonormal blocks of some operators, a buffer that steps overwrite, as compiled code and CUDA graphs need it.

    No entry of a state_dict: the penalty that it belongs to saves it by the names of its parameters.

    blocks : (operators, ..., dim V, width).
    is_cold : whether they are still to be found; renews : whether the next step renews blocks that serve.
    """

    blocks: torch.Tensor

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.is_cold, self.renews = True, True
        with torch.inference_mode(False):  # what is made in that mode could not be written outside of it
            blocks = torch.zeros(shape, dtype=torch.promote_types(dtype, torch.float32), device=device)
        self.register_buffer("blocks", blocks, persistent=False)

    @torch.no_grad()
    def carry(self, blocks: torch.Tensor) -> None:
        """The blocks of the next step."""
        if self.blocks.dtype == blocks.dtype:
            self.blocks.copy_(blocks)
        else:
            self.blocks = blocks.clone()
        if self.is_cold:
            self.is_cold = False
        if not torch.compiler.is_compiling():
            self.renews = not self.renews

    def start_from(self, blocks: torch.Tensor, renews: bool) -> None:
        """Blocks from another run, in their precision."""
        self.blocks = blocks.to(self.blocks.device, copy=True)
        self.is_cold, self.renews = False, renews

    def move(self, device: torch.device) -> None:
        """To a device; what has been on torch's meta device is lost."""
        if self.blocks.is_meta and device.type != "meta":
            self.blocks, self.is_cold = torch.zeros_like(self.blocks, device=device), True
        else:
            self.blocks = self.blocks.to(device)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.blocks = self.blocks.to(torch.promote_types(self.blocks.dtype, torch.float32))
        self.is_cold = self.is_cold or self.blocks.is_meta
        return self
