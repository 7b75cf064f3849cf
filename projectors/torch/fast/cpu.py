"""The CPU's: one projection serves forward and backward, sizes are added while a piece is in the cache, narrow products are cut up.

The gradient of ||R||, R = T - P(T), is R / ||R|| for the Frobenius norm, because P is orthogonal: nothing is projected backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple, TypeAlias

import torch
from torch.autograd.function import FunctionCtx, once_differentiable

from projectors.arrays import namespace_of
from projectors.penalties import Frobenius
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand
from projectors.torch.fast.plain import Plain
from projectors.torch.fast.recycled import Scratch, Workspace
from projectors.torch.fast.residual import measured_residual, move_, norm_of, product_residual
from projectors.torch.lobpcg import follow

__all__ = ["Cpu"]

_PLAIN = Plain()
_Gradients: TypeAlias = tuple[torch.Tensor | None, ...]


class Cpu(Fast):
    """Nodes of autograd whose gradients are made in the residuals' own memory; other projections than orthogonal ones are `Plain`."""

    def __init__(self) -> None:
        self.scratch = Scratch()

    def workspace(self) -> Workspace:
        return Workspace(scratch=self.scratch)

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        if not space.is_orthogonal(T):
            return _PLAIN.residual(T, space)
        out: torch.Tensor = _Residual.apply(T, space)  # type: ignore[no-untyped-call]
        return out

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not _are_orthogonal(parts, operands):
            return _PLAIN.sizes(parts, operands, squared, both)
        out: tuple[torch.Tensor, torch.Tensor] = _Sizes.apply(operands, squared, both, *parts)  # type: ignore[no-untyped-call]
        return out

    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not _are_orthogonal(parts, operands):
            return _PLAIN.leading(parts, operands, k, blocks, renew)
        out: tuple[torch.Tensor, torch.Tensor] = _Leading.apply(operands, k, blocks, int(renew), *parts)  # type: ignore[no-untyped-call]
        return out

    def move_(self, T: torch.Tensor, operand: Operand, away: float, along: float) -> None:
        move_(T, operand.space, away, along, _work(operand))


def _are_orthogonal(parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> bool:
    return all(operand.space.is_orthogonal(part) for operand, part in zip(operands, parts, strict=True))


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


def _slopes(sizes: torch.Tensor, gradients: torch.Tensor, squared: bool) -> Sequence[float | torch.Tensor | None]:
    """The factors of x in the gradients of norms ||x||, 1 / ||x|| or 2 for the square, times what comes from above; 0 at 0.

    Numbers for single operators, which are cheaper than tensors; None where one overflows.
    """
    if sizes.ndim > 1:
        safe = torch.where(sizes > 0, sizes, 1)
        factors = 2 * gradients if squared else torch.where(sizes > 0, gradients / safe, 0)
        overflow = factors.isinf() & gradients.isfinite()
        return [None if bool(o.any()) else f[..., None, None] for f, o in zip(factors, overflow, strict=True)]
    most, out = torch.finfo(sizes.dtype).max, []
    for size, gradient in zip(sizes.tolist(), gradients.tolist(), strict=True):
        each = 2 * gradient if squared else gradient / size if size else 0.0
        out.append(None if abs(each) > most and isfinite(gradient) else each)
    return out


def _directed(x: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
    """The gradient of the norm of x, where its factor overflows."""
    G: torch.Tensor = Frobenius(squared).subgradient(x)
    return G * gradient[..., None, None]


class _Known(NamedTuple):
    """What a forward pass leaves for the backward pass: T - P(T), until its memory is given away, and P(T) where it is wanted."""

    R: torch.Tensor | None
    P: torch.Tensor | None


class _SizesContext(FunctionCtx):
    saved_tensors: tuple[torch.Tensor, ...]
    needs_input_grad: tuple[bool, ...]
    operands: Sequence[Operand]
    squared: bool
    both: bool
    known: list[_Known]


class _Sizes(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) of several T, in rows. The first backward pass makes the gradients in the residuals' own memory."""

    @staticmethod
    def forward(
        ctx: _SizesContext, operands: Sequence[Operand], squared: bool, both: bool, *parts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        ctx.known, sizes = [], []
        for operand, part in zip(operands, parts, strict=True):
            T = operand.read(part)
            R, size = _careful_residual(T, operand.space, _work(operand), size_alone=True)
            P = T - R if both else None
            ctx.known.append(_Known(R, P))
            sizes.append(
                (
                    _power(size, squared),
                    size if P is None else _power(norm_of(P), squared),
                )
            )
        first = torch.stack([r for r, _ in sizes])
        second = torch.stack([p for _, p in sizes]) if both else torch.zeros_like(first)
        ctx.save_for_backward(first, second, *parts)
        ctx.operands, ctx.squared, ctx.both = operands, squared, both
        return first, second

    @staticmethod
    def backward(ctx: _SizesContext, *gradients: torch.Tensor) -> _Gradients:
        first, second, *parts = ctx.saved_tensors
        needed = ctx.needs_input_grad[3:]
        if torch.is_grad_enabled():  # a second derivative is wanted: say it in operations that have one
            wanted = [part for part, need in zip(parts, needed, strict=True) if need]
            with torch.enable_grad():
                values = _PLAIN.sizes(parts, ctx.operands, ctx.squared, ctx.both)[: 1 + ctx.both]
                found = iter(torch.autograd.grad(values, wanted, gradients[: 1 + ctx.both], create_graph=True))
            return (None, None, None, *(next(found) if need else None for need in needed))
        out: list[torch.Tensor | None] = []
        r_slopes, p_slopes = (_slopes(s, g, ctx.squared) for s, g in zip((first, second), gradients, strict=True))
        for i, (operand, part) in enumerate(zip(ctx.operands, parts, strict=True)):
            R, P = ctx.known[i]
            ctx.known[i] = _Known(None, P)
            if not needed[i]:
                out.append(None)
                continue
            if R is None:  # its memory was given away by an earlier pass over a retained graph
                R, _ = _careful_residual(operand.read(part), operand.space, _work(operand), size_alone=True)
            r, p = r_slopes[i], p_slopes[i]
            _ = R.copy_(_directed(R, gradients[0][i], ctx.squared)) if r is None else R.mul_(r)
            if P is None:
                pass
            elif p is None:
                R.add_(_directed(P, gradients[1][i], ctx.squared))
            else:
                _ = R.add_(P, alpha=p) if isinstance(p, float) else R.addcmul_(P, p)
            out.append(operand.unread(R, part))
        return (None, None, None, *out)


def _power(size: torch.Tensor, squared: bool) -> torch.Tensor:
    return size * size if squared else size


class _ResidualContext(FunctionCtx):
    space: ProjectionModule


class _Residual(torch.autograd.Function):
    """T - P(T) for an orthogonal P, which is its own transpose."""

    @staticmethod
    def forward(ctx: _ResidualContext, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        ctx.space = space
        return _careful_residual(T, space)[0]

    @staticmethod
    def backward(ctx: _ResidualContext, *gradients: torch.Tensor) -> _Gradients:
        out: torch.Tensor = _Residual.apply(gradients[0], ctx.space)  # type: ignore[no-untyped-call]
        return out, None


class _LeadingContext(FunctionCtx):
    saved_tensors: tuple[torch.Tensor, ...]
    needs_input_grad: tuple[bool, ...]
    operands: Sequence[Operand]
    memories: list[torch.Tensor | None]


class _Leading(torch.autograd.Function):
    """Sums of the k leading singular values of several T - P(T), followed from step to step: (values, next blocks)."""

    @staticmethod
    def forward(
        ctx: _LeadingContext,
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        least: int,
        *parts: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        residuals = [
            _careful_residual(operand.read(part), operand.space, _work(operand))[0]
            for operand, part in zip(operands, parts, strict=True)
        ]
        values, u, v, following = follow(residuals, blocks, k, least=least)
        ctx.save_for_backward(u, v, *parts)
        ctx.operands, ctx.memories = operands, list(residuals)
        ctx.mark_non_differentiable(following)
        return values, following

    @staticmethod
    @once_differentiable
    def backward(ctx: _LeadingContext, *gradients: torch.Tensor) -> _Gradients:
        u, v, *parts = ctx.saved_tensors
        scaled = u * gradients[0][..., None, None]
        memories, ctx.memories = ctx.memories, [None] * len(parts)
        out: list[torch.Tensor | None] = []
        for i, (operand, part) in enumerate(zip(ctx.operands, parts, strict=True)):
            if not ctx.needs_input_grad[4 + i]:
                out.append(None)
                continue
            gradient = product_residual(scaled[i], v[i], operand.space, memories[i], _work(operand))
            out.append(operand.unread(gradient, part))
        return (None, None, None, None, *out)
