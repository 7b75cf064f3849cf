"""Under torch.compile: plain operations, whose gradients go past the projection."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from projectors.arrays import in_range, inner, namespace
from projectors.penalties import Frobenius, KyFan, Norm, State
from projectors.torch.fast.base import Operand, in_rows
from projectors.torch.fast.plain import Plain

__all__ = ["Traced", "first_block"]

_WARM_UP = 8  # iterations that take the place of warming up


class Traced(Plain):
    """A fixed number of operations, whatever the operators; first derivatives only."""

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """d = T - stop(T) is 0, and carries the gradient: for an orthogonal P that of ||x|| is x / ||x||."""
        if not all(operand.space.is_orthogonal(part) for part, operand in zip(parts, operands, strict=True)):
            return super().sizes(parts, operands, squared, both)
        norm, first, second = Frobenius(squared=squared), [], []
        for part, operand in zip(parts, operands, strict=True):
            T = operand.read(part)
            fixed = T.detach()
            d, P = T - fixed, operand.space.project(fixed)
            first.append(_carried(norm, fixed - P, d))
            if both:
                second.append(_carried(norm, P, d))
        return in_rows(first), in_rows(second) if both else None

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


def _carried(norm: Frobenius, x: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    value: torch.Tensor = norm.value(x) + inner(namespace(x), norm.subgradient(x), d)
    return value


def first_block(R: torch.Tensor, norm: Norm, width: int) -> torch.Tensor:
    """The first block (..., n, width) of operators (..., m, n), from images of fixed vectors, by operations that read no number."""
    m, places = R.shape[-2], torch.arange(1, width + 1, dtype=R.real.dtype, device=R.device)
    waves = torch.cos(torch.arange(m, dtype=R.real.dtype, device=R.device)[:, None] * places.sqrt()).to(R.dtype)
    start = in_range(namespace(R), R.mH @ waves, (-2, -1))[0]
    block: torch.Tensor = norm.step(R, State(start, 0), iterations=_WARM_UP)[1].V
    return block
