"""What each operation is, for autograd to differentiate: the reference, and what devices without a file of their own do."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from projectors.penalties import Frobenius
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand
from projectors.torch.lobpcg import follow

__all__ = ["Plain", "slope"]


class Plain(Fast):
    """Plain operations in the precision of the operators; nothing waits for the device."""

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        return space.residual(T)

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        norm, first, second = Frobenius(squared=squared), [], []
        for part, operand in zip(parts, operands, strict=True):
            T = operand.read(part)
            P = operand.space.project(T)
            first.append(norm.value(T - P))
            second.append(norm.value(P) if both else torch.zeros_like(first[-1]))
        return torch.stack(first), torch.stack(second)

    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        residuals = [self.residual(o.read(part), o.space) for part, o in zip(parts, operands, strict=True)]
        found = follow([R.detach() for R in residuals], blocks, k, least=int(renew))
        images = [R @ v for R, v in zip(residuals, found.v, strict=True)]
        return torch.stack([torch.linalg.vector_norm(x, dim=-2).sum(-1) for x in images]), found.block

    @torch.no_grad()
    def move_(self, T: torch.Tensor, operand: Operand, away: float, along: float) -> None:
        P = operand.space.project(T)
        T.sub_(T - P, alpha=away).sub_(P, alpha=along)


def slope(size: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
    """The factor of x in the gradient of its norm: 1 / ||x||, or 2 for the square; 0 at 0, and where 1 / ||x|| overflows."""
    if squared:
        return (2 * gradient)[..., None, None]
    out = torch.where(size > 0, gradient / torch.where(size > 0, size, 1), 0)
    return torch.where(out.isinf() & gradient.isfinite(), 0, out)[..., None, None]
