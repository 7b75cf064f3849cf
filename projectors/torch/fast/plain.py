"""What each operation is, for autograd to differentiate: the reference, and what devices without a file of their own do."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import torch

from projectors.arrays import namespace_of
from projectors.penalties import Frobenius
from projectors.penalties.entrywise import vector_norm
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand, in_rows
from projectors.torch.lobpcg import follow

__all__ = ["Plain"]


class Plain(Fast):
    """Plain operations in the precision of the operators; nothing waits for the device."""

    def stacks(self, space: ProjectionModule) -> float:
        return inf

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        return space.residual(T)

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        norm, first, second = Frobenius(squared=squared), [], []
        for part, operand in zip(parts, operands, strict=True):
            T = operand.read(part)
            P = operand.space.project(T)
            first.append(norm.value(T - P))
            if both:
                second.append(norm.value(P))
        return in_rows(first), in_rows(second) if both else None

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
        xp = namespace_of(torch)
        return torch.stack([vector_norm(xp, x, 2, (-2,)).sum(-1) for x in images]), found.block

    @torch.no_grad()
    def move_(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], steps: Sequence[torch.Tensor], both: bool
    ) -> None:
        for part, operand, step in zip(parts, operands, steps, strict=True):
            T = operand.read(part)
            P = operand.space.project(T)
            away, along = step.to(T.real.dtype)[..., None, None].unbind(-3)
            new = torch.lerp(T, P, away.to(T.dtype))
            part.copy_(operand.unread(new.addcmul(P, along, value=-1) if both else new, part))
