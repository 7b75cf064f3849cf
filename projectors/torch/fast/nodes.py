"""Nodes of autograd for orthogonal projections, whose gradients are made in the residuals' own memory.

The gradient of ||R||, R = T - P(T), is R / ||R|| for the Frobenius norm, because P is orthogonal: nothing is projected backward.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import torch
from torch.autograd.function import FunctionCtx, once_differentiable

from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand, in_rows
from projectors.torch.fast.plain import Plain
from projectors.torch.lobpcg import follow

__all__ = ["Direct", "Slope"]

_PLAIN = Plain()
_Gradients: TypeAlias = tuple[torch.Tensor | None, ...]
Slope: TypeAlias = float | torch.Tensor | None
"""The factor of x in the gradient of its norm; None where no number of its precision is it."""


class Direct(Fast):
    """What is differentiated here, in the ways of a device that a subclass gives; projections that are not orthogonal are `Plain`."""

    @abstractmethod
    def measured(self, T: torch.Tensor, operand: Operand, size_alone: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(T - P(T), its Frobenius norm (...), in T's precision or double), in memory that nobody else holds.

        Parameters
        ----------
        T : operators (..., dim W, dim V), as the operand reads them.
        size_alone : whether the norm, and a direction of descent, is all that is wanted of the residual; else the norm may be None.
        """

    @abstractmethod
    def slopes(self, sizes: torch.Tensor, gradients: torch.Tensor, squared: bool) -> Sequence[Slope]:
        """For each row the factor of x in the gradient of ||x||, 1 / ||x|| or 2 for the square, times what comes from above; 0 at 0."""

    @abstractmethod
    def directed(self, x: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
        """The gradient of ||x|| times what comes from above, where a slope is None."""

    @abstractmethod
    def product_residual(
        self, u: torch.Tensor, v: torch.Tensor, operand: Operand, out: torch.Tensor | None
    ) -> torch.Tensor:
        """u v* - P(u v*) of narrow factors, (..., m, k) and (..., n, k), perhaps in the memory of `out`."""

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        if not space.is_orthogonal(T):
            return _PLAIN.residual(T, space)
        out: torch.Tensor = _Residual.apply(T, space, self)  # type: ignore[no-untyped-call]
        return out

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        if not _are_orthogonal(parts, operands):
            return _PLAIN.sizes(parts, operands, squared, both)
        out: tuple[torch.Tensor, torch.Tensor | None]
        out = _Sizes.apply(self, operands, squared, both, *parts)  # type: ignore[no-untyped-call]
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
        out: tuple[torch.Tensor, torch.Tensor]
        out = _Leading.apply(self, operands, k, blocks, int(renew), *parts)  # type: ignore[no-untyped-call]
        return out


def _are_orthogonal(parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> bool:
    return all(operand.space.is_orthogonal(part) for operand, part in zip(operands, parts, strict=True))


def _power(size: torch.Tensor, squared: bool) -> torch.Tensor:
    return size * size if squared else size


class _Known(NamedTuple):
    """What a forward pass leaves for the backward pass: T - P(T), until its memory is given away, and P(T) where it is wanted."""

    R: torch.Tensor | None
    P: torch.Tensor | None


class _SizesContext(FunctionCtx):
    saved_tensors: tuple[torch.Tensor, ...]
    needs_input_grad: tuple[bool, ...]
    fast: Direct
    operands: Sequence[Operand]
    squared: bool
    both: bool
    known: list[_Known]
    numbers: list[int] | None  # of the operators of each stack, where their sizes stand one after the other


class _Sizes(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) of several T, in rows. The first backward pass makes the gradients in the residuals' own memory."""

    @staticmethod
    def forward(
        ctx: _SizesContext, fast: Direct, operands: Sequence[Operand], squared: bool, both: bool, *parts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        ctx.known, first, second = [], [], []
        for operand, part in zip(operands, parts, strict=True):
            T = operand.read(part)
            R, size = fast.measured(T, operand, True)
            assert size is not None
            P = T - R if both else None
            ctx.known.append(_Known(R, P))
            first.append(_power(size, squared))
            if P is not None:
                second.append(_power(fast.size(P), squared))
        sizes = tuple(in_rows(s) for s in ((first, second) if both else (first,)))
        ctx.save_for_backward(*sizes, *parts)
        ctx.fast, ctx.operands, ctx.squared, ctx.both = fast, operands, squared, both
        ctx.numbers = [len(s) for s in first] if sizes[0].ndim < 1 + first[0].ndim else None
        return sizes[0], sizes[1] if both else None

    @staticmethod
    def backward(ctx: _SizesContext, *gradients: torch.Tensor) -> _Gradients:
        rows, fast = 1 + ctx.both, ctx.fast
        sizes, parts = ctx.saved_tensors[:rows], ctx.saved_tensors[rows:]
        needed = ctx.needs_input_grad[4:]
        if torch.is_grad_enabled():  # a second derivative is wanted: say it in operations that have one
            wanted = [part for part, need in zip(parts, needed, strict=True) if need]
            with torch.enable_grad():
                plain = [v for v in _PLAIN.sizes(parts, ctx.operands, ctx.squared, ctx.both) if v is not None]
                given = [g.to(v.dtype) for g, v in zip(gradients, plain, strict=False)]
                found = iter(torch.autograd.grad(plain, wanted, given, create_graph=True))
            return (None, None, None, None, *(next(found) if need else None for need in needed))
        out: list[torch.Tensor | None] = []
        numbers = ctx.numbers
        above: Sequence[Sequence[torch.Tensor]] = [
            torch.unbind(g) if numbers is None else torch.split(g, numbers) for g in gradients if g is not None
        ]
        slopes = [_slopes_of(fast, numbers, s, g, ctx.squared) for s, g in zip(sizes, gradients, strict=False)]
        for i, (operand, part) in enumerate(zip(ctx.operands, parts, strict=True)):
            R, P = ctx.known[i]
            ctx.known[i] = _Known(None, P)
            if not needed[i]:
                out.append(None)
                continue
            if R is None:  # its memory was given away by an earlier pass over a retained graph
                R, _ = fast.measured(operand.read(part), operand, True)
            r = slopes[0][i]
            _ = R.copy_(fast.directed(R, above[0][i], ctx.squared)) if r is None else R.mul_(r)
            if P is not None:
                p = slopes[1][i]
                if p is None:
                    R.add_(fast.directed(P, above[1][i], ctx.squared))
                else:
                    _ = R.add_(P * p) if isinstance(p, torch.Tensor) else R.add_(P, alpha=p)
            out.append(operand.unread(R, part))
        return (None, None, None, None, *out)


def _slopes_of(
    fast: Direct, numbers: list[int] | None, sizes: torch.Tensor, gradients: torch.Tensor, squared: bool
) -> Sequence[Slope]:
    """The slopes of each operand; those of stacks that stand one after the other, by their numbers, are found at once."""
    if numbers is None:
        return fast.slopes(sizes, gradients, squared)
    (together,) = fast.slopes(sizes[None], gradients[None], squared)
    return torch.split(together, numbers) if isinstance(together, torch.Tensor) else [None] * len(numbers)


class _ResidualContext(FunctionCtx):
    space: ProjectionModule
    fast: Direct


class _Residual(torch.autograd.Function):
    """T - P(T) for an orthogonal P, which is its own transpose."""

    @staticmethod
    def forward(ctx: _ResidualContext, T: torch.Tensor, space: ProjectionModule, fast: Direct) -> torch.Tensor:
        ctx.space, ctx.fast = space, fast
        return fast.measured(T, Operand(space), False)[0]

    @staticmethod
    def backward(ctx: _ResidualContext, *gradients: torch.Tensor) -> _Gradients:
        out: torch.Tensor = _Residual.apply(gradients[0], ctx.space, ctx.fast)  # type: ignore[no-untyped-call]
        return out, None, None


class _LeadingContext(FunctionCtx):
    saved_tensors: tuple[torch.Tensor, ...]
    needs_input_grad: tuple[bool, ...]
    fast: Direct
    operands: Sequence[Operand]
    memories: list[torch.Tensor | None]


class _Leading(torch.autograd.Function):
    """Sums of the k leading singular values of several T - P(T), followed from step to step: (values, next blocks)."""

    @staticmethod
    def forward(
        ctx: _LeadingContext,
        fast: Direct,
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        least: int,
        *parts: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        residuals = [
            fast.measured(operand.read(part), operand, False)[0] for operand, part in zip(operands, parts, strict=True)
        ]
        values, u, v, following = follow(residuals, blocks, k, least=least)
        ctx.save_for_backward(u, v, *parts)
        ctx.fast, ctx.operands, ctx.memories = fast, operands, list(residuals)
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
            if not ctx.needs_input_grad[5 + i]:
                out.append(None)
                continue
            out.append(operand.unread(ctx.fast.product_residual(scaled[i], v[i], operand, memories[i]), part))
        return (None, None, None, None, None, *out)
