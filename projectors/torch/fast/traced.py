"""Under torch.compile: plain operations, whose gradients go past the projection."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from projectors.penalties import KyFan, State
from projectors.torch.fast.base import Operand
from projectors.torch.fast.plain import Plain, slope

__all__ = ["Traced"]


class Traced(Plain):
    """A fixed number of operations, whatever the operators; first derivatives only."""

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """d = T - stop(T) is 0, and carries the gradient: for an orthogonal P that of ||x|| is x / ||x||."""
        if not all(operand.space.is_orthogonal(part) for part, operand in zip(parts, operands, strict=True)):
            return super().sizes(parts, operands, squared, both)
        first, second = [], []
        for part, operand in zip(parts, operands, strict=True):
            T = operand.read(part)
            fixed = T.detach()
            d, P = T - fixed, operand.space.project(fixed)
            first.append(_carried(fixed - P, d, squared))
            second.append(_carried(P, d, squared) if both else torch.zeros_like(first[-1]))
        return torch.stack(first), torch.stack(second)

    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Two block iterations of Golub-Kahan-Lanczos, which read no number."""
        values, following = [], []
        for part, operand, block in zip(parts, operands, blocks, strict=True):
            R = self.residual(operand.read(part), operand.space)
            value, state = KyFan(k).step(R, State(block, 0))
            values.append(value)
            following.append(state.V.detach())
        return torch.stack(values), torch.stack(following)


def _carried(x: torch.Tensor, d: torch.Tensor, squared: bool) -> torch.Tensor:
    size = torch.linalg.vector_norm(x, dim=(-2, -1))
    size = size * size if squared else size
    carried = (slope(size, torch.ones_like(size), squared) * x).conj() * d
    value: torch.Tensor = size + (carried.real if carried.is_complex() else carried).sum(dim=(-2, -1))
    return value
