"""The CPU's: one projection serves forward and backward, sizes are added while a piece is in the cache, narrow products are cut up."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import torch

from projectors.arrays import namespace_of
from projectors.penalties import Frobenius
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Operand
from projectors.torch.fast.nodes import Direct, Slope
from projectors.torch.fast.recycled import Scratch, Workspace
from projectors.torch.fast.residual import measured_residual, move_, norm_of, product_residual

__all__ = ["Cpu"]

_SMALL = 1 << 13  # entries of a parameter that is treated together with others


class Cpu(Direct):
    """Residuals a piece at a time, in memory that steps reuse, near equivariance to their own precision."""

    def __init__(self) -> None:
        self.scratch = Scratch()

    def stacks(self, space: ProjectionModule) -> float:
        return _SMALL

    def workspace(self) -> Workspace:
        return Workspace(scratch=self.scratch)

    def measured(self, T: torch.Tensor, operand: Operand, size_alone: bool) -> tuple[torch.Tensor, torch.Tensor]:
        return _careful_residual(T, operand.space, _work(operand), size_alone)

    def size(self, x: torch.Tensor) -> torch.Tensor:
        return norm_of(x)

    def slopes(self, sizes: torch.Tensor, gradients: torch.Tensor, squared: bool) -> Sequence[Slope]:
        """Numbers for single operators, which are cheaper than tensors."""
        if sizes.ndim > 1:
            factors = 2 * gradients if squared else (gradients / sizes).masked_fill_(sizes == 0, 0)
            shaped = factors[..., None, None].unbind()
            if isfinite(factors.sum().item()):  # else some may be, or overflow
                return shaped
            overflow = (factors.isinf() & gradients.isfinite()).flatten(1).any(1).tolist()
            return [None if o else f for f, o in zip(shaped, overflow, strict=True)]
        most, out = torch.finfo(sizes.dtype).max, []
        for size, gradient in zip(sizes.tolist(), gradients.tolist(), strict=True):
            each = 2 * gradient if squared else gradient / size if size else 0.0
            out.append(None if abs(each) > most and isfinite(gradient) else each)
        return out

    def directed(self, x: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
        G: torch.Tensor = Frobenius(squared).subgradient(x)
        return G * gradient[..., None, None]

    def product_residual(
        self, u: torch.Tensor, v: torch.Tensor, operand: Operand, out: torch.Tensor | None
    ) -> torch.Tensor:
        return product_residual(u, v, operand.space, out, _work(operand))

    @torch.no_grad()
    def move_(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], steps: Sequence[torch.Tensor], both: bool
    ) -> None:
        for part, operand, step in zip(parts, operands, steps, strict=True):
            if not bool(step.any()):
                continue
            T = operand.read(part)
            away, along = step.tolist() if step.ndim == 1 else step.to(T.real.dtype)[..., None, None].unbind(-3)
            move_(T, operand.space, away, along if both else None, _work(operand))
            if T.untyped_storage().data_ptr() != part.untyped_storage().data_ptr():
                part.copy_(operand.unread(T, part))


def _work(operand: Operand) -> Workspace | None:
    return operand.work if isinstance(operand.work, Workspace) else None


def _near(space: ProjectionModule, size_alone: bool) -> float:
    """The ratio ||R|| / ||T|| below which rounding of P(T) in single precision shows in R = T - P(T), or in its size ||R|| alone.

    P(T) errs by u ||T||, u = 2^-24, and R by as much: by 2^-20 of itself at the ratio 2^-4. Means over orbits err within the
    range of P, orthogonally to R, so that ||R|| errs by (u ||T|| / ||R||)^2 / 2 of itself, 2^-25 at the ratio 2^-12.
    """
    return 2.0**-12 if size_alone and space.projection.errs_within else 2.0**-4


def _careful_residual(
    T: torch.Tensor, space: ProjectionModule, work: Workspace | None = None, size_alone: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, ||R||), R = T - P(T); in single precision and near equivariance to the precision of the residual itself.

    Where its size alone is wanted, and a direction of descent, R may keep rounding errors of 2^-12 of itself in the range of P.
    """
    R, size, share = measured_residual(T, space, work)
    near = share <= _near(space, size_alone)  # false for NaN
    if not near or T.dtype not in (torch.float32, torch.complex64) or not R.numel():
        return R, size
    careful: torch.Tensor = space.projection.for_array(T, namespace_of(torch)).residual(T)
    return careful, norm_of(careful)
