"""Accelerators', in torch's own operations: few launches, which do not depend on the numbers, and nothing that waits for the device."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import torch

from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Operand
from projectors.torch.fast.nodes import Direct, Slope
from projectors.torch.fast.plain import Plain
from projectors.torch.fast.residual import wide_norm

__all__ = ["Device"]

_PLAIN = Plain()
_LEAST = torch.finfo(torch.float64).tiny  # sizes below are 0 to gradients: their reciprocals overflow


class Device(Direct):
    """All parameters of a space in one stack; sizes are added in double precision, where squares of single numbers are in range."""

    def stacks(self, space: ProjectionModule) -> float:
        return inf

    def measured(self, T: torch.Tensor, operand: Operand, size_alone: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        R = T - operand.space.project(T)
        return R, wide_norm(R) if size_alone else None

    def size(self, x: torch.Tensor) -> torch.Tensor:
        return wide_norm(x)

    def slopes(self, sizes: torch.Tensor, gradients: torch.Tensor, squared: bool) -> Sequence[Slope]:
        """In double precision, whose products are rounded once where they are written."""
        factors = 2 * gradients if squared else (gradients / sizes).masked_fill_(sizes < _LEAST, 0)
        return factors[..., None, None].unbind()

    def directed(self, x: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
        raise AssertionError("slopes are numbers of double precision")

    def product_residual(
        self, u: torch.Tensor, v: torch.Tensor, operand: Operand, out: torch.Tensor | None
    ) -> torch.Tensor:
        G = u @ v.mH
        return G - operand.space.project(G)

    @torch.no_grad()
    def move_(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], steps: Sequence[torch.Tensor], both: bool
    ) -> None:
        _PLAIN.move_(parts, operands, steps, both)
