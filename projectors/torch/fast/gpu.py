"""The GPU's: all operators of a penalty in one launch of a kernel in Triton, without a look at any number.

The gradient of ||R||, R = T - P(T), is R / ||R|| for an orthogonal P: the backward pass makes R again and scales it on the way, so that a
penalty reads the weights twice and writes its gradient once. What the kernels do not do is `Plain`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch.autograd.function import FunctionCtx, once_differentiable

from projectors.penalties import lobpcg
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand
from projectors.torch.fast.launches import Launches, views
from projectors.torch.fast.plain import Plain
from projectors.torch.fast.plans import Plan, is_dense, place_of, plan_of

__all__ = ["Gpu"]

_PLAIN = Plain()
_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_Gradients: TypeAlias = tuple[torch.Tensor | None, ...]


class Gpu(Fast):
    """Kernels for orthogonal projectors that are signed means over orbits of entries, and zeros; other ones are `Plain`.

    A kernel that fails is named in one warning, and not called again.
    """

    def __init__(self) -> None:
        self._plans: dict[object, Plan | None] = {}
        self._launches: Launches | None = Launches()

    def __reduce__(self) -> tuple[type[Gpu], tuple[()]]:
        return Gpu, ()

    # What the kernels serve for

    def plan(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> Plan | None:
        """The tables for these operators, made once; None if there is one that the kernels do not serve for."""
        first = parts[0]
        if self._launches is None or not all(_is_plain(p, first) for p in parts):
            return None
        key = (
            first.device,
            tuple((o.space, o.layout, p.shape, p.stride()) for p, o in zip(parts, operands, strict=True)),
        )
        if key not in self._plans:
            self._plans[key] = self._made(parts, operands)
        return self._plans[key]

    def _made(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> Plan | None:
        spaces, places = [o.space for o in operands], []
        for part, operand in zip(parts, operands, strict=True):
            place = place_of(part, operand.layout, operand.space.projection.shape)
            if place is None or not operand.space.is_orthogonal(part) or not part.numel():
                return None
            places.append(place)
        return plan_of(places, spaces, parts[0].device)

    def _tried(self, what: str, kernels: Callable[[Launches], Any], plain: Callable[[], Any]) -> Any:
        """What kernels give, or, if one fails, the plain operations from now on."""
        if self._launches is None:
            return plain()
        try:
            return kernels(self._launches)
        except Exception as error:  # compilers and drivers raise what they like
            self._launches = None
            warnings.warn(
                f"the GPU kernel for {what} failed ({type(error).__name__}: {error!s:.200}); plain torch serves from now on",
                RuntimeWarning,
                stacklevel=3,
            )
            return plain()

    # The operations

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        if T.dtype not in _DTYPES[2:] or self.plan([_dense(T)], [Operand(space)]) is None:
            return _PLAIN.residual(T, space)
        out: torch.Tensor = _Residual.apply(T, space, self)  # type: ignore[no-untyped-call]
        return out

    def residual_of(self, T: torch.Tensor, space: ProjectionModule, spare: bool = False) -> torch.Tensor:
        """T - P(T), outside autograd, in T's own memory where that is spare."""
        T, operand = _dense(T), Operand(space)

        def kernels(launches: Launches) -> torch.Tensor:
            plan = self.plan([T], [operand])
            if plan is None:
                return _PLAIN.residual(T, space)
            if spare:
                launches.subtract_(plan, T)
                return T
            return views(plan, launches.residuals(plan, [T]), [T])[0]

        found: torch.Tensor = self._tried("residuals", kernels, lambda: _PLAIN.residual(T, space))
        return found

    def residuals_of(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> torch.Tensor:
        """All T - P(T) of one shape, stacked, outside autograd."""
        dense = [_dense(part) for part in parts]

        def plain() -> torch.Tensor:
            return torch.stack([_PLAIN.residual(o.read(p), o.space) for p, o in zip(parts, operands, strict=True)])

        def kernels(launches: Launches) -> torch.Tensor:
            plan = self.plan(dense, operands)
            if plan is None:
                return plain()
            out = launches.residuals(plan, dense)
            first, *rest = (o.read(x) for x, o in zip(views(plan, out, dense), operands, strict=True))
            if any(x.stride() != first.stride() for x in rest):
                return torch.stack([first, *rest])
            step = plan.starts[1] if rest else first.numel()
            return out.as_strided((1 + len(rest), *first.shape), (step, *first.stride()), 0)

        found: torch.Tensor = self._tried("residuals", kernels, plain)
        return found

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor]:
        served = self._served(parts, operands)
        if not any(served):
            return _PLAIN.sizes(parts, operands, squared, both)
        if all(served):
            return self._sizes(parts, operands, squared, both)
        rows: list[tuple[torch.Tensor, torch.Tensor] | None] = [None] * len(parts)
        for serves, values in ((True, self._sizes), (False, _PLAIN.sizes)):
            chosen = [k for k, s in enumerate(served) if s == serves]
            first, second = values([parts[k] for k in chosen], [operands[k] for k in chosen], squared, both)
            for k, row in zip(chosen, zip(first, second, strict=True), strict=True):
                rows[k] = row
        known = [row for row in rows if row is not None]
        return torch.stack([r for r, _ in known]), torch.stack([p for _, p in known])

    def _served(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> list[bool]:
        """For each operator whether the kernels serve for it; asked one by one only where they do not serve for all."""
        parts = [_dense(part) for part in parts]
        if self.plan(parts, operands) is not None:
            return [True] * len(parts)
        return [self.plan([part], [operand]) is not None for part, operand in zip(parts, operands, strict=True)]

    def _sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool, both: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        out: tuple[torch.Tensor, torch.Tensor] = _Sizes.apply(self, operands, squared, both, *parts)  # type: ignore[no-untyped-call]
        return out

    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        one_space = len({operand.space for operand in operands}) == 1
        if not one_space or not all(self._served(parts, operands)) or parts[0].dtype not in _DTYPES[2:]:
            return _PLAIN.leading(parts, operands, k, blocks, renew)
        out: tuple[torch.Tensor, torch.Tensor] = _Leading.apply(self, operands, k, blocks, int(renew), *parts)  # type: ignore[no-untyped-call]
        return out

    @torch.no_grad()
    def move_(self, T: torch.Tensor, operand: Operand, away: float, along: float) -> None:
        self.moves_([T], [operand], away, along)

    @torch.no_grad()
    def moves_(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], away: float, along: float) -> None:
        """The same step for several T of one dtype, in one launch."""

        def plain() -> None:
            for part, operand in zip(parts, operands, strict=True):
                _PLAIN.move_(operand.read(part), operand, away, along)

        plan = self.plan(parts, operands)
        if plan is None and len(parts) > 1:
            for part, operand in zip(parts, operands, strict=True):
                self.moves_([part], [operand], away, along)
        elif plan is None:
            plain()
        else:
            self._tried("moves", lambda launches: launches.move_(plan, parts, away, along), plain)


def _is_plain(part: torch.Tensor, first: torch.Tensor) -> bool:
    ordinary = type(part) in (torch.Tensor, torch.nn.Parameter)
    return ordinary and part.dtype == first.dtype and part.dtype in _DTYPES and part.device == first.device


def _dense(part: torch.Tensor) -> torch.Tensor:
    """The part, or a copy of one that has gaps."""
    return part if is_dense(part) else part.contiguous()


class _SizesContext(FunctionCtx):
    saved_tensors: tuple[torch.Tensor, ...]
    needs_input_grad: tuple[bool, ...]
    gpu: Gpu
    operands: Sequence[Operand]
    squared: bool
    both: bool


class _Sizes(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) of several T, in rows; nothing but them is kept for the backward pass."""

    @staticmethod
    def forward(
        gpu: Gpu, operands: Sequence[Operand], squared: bool, both: bool, *parts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        dense = [_dense(part) for part in parts]
        plan = gpu.plan(dense, operands)

        def plain() -> tuple[torch.Tensor, torch.Tensor]:
            return _PLAIN.sizes(parts, operands, squared, both)

        if plan is None:
            return plain()
        found: tuple[torch.Tensor, torch.Tensor] = gpu._tried(
            "sizes of residuals", lambda launches: launches.sizes(plan, dense, squared, both), plain
        )
        return found

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, torch.Tensor]) -> None:
        ctx.gpu, ctx.operands, ctx.squared, ctx.both, *parts = inputs
        ctx.save_for_backward(*output, *parts)
        ctx.set_materialize_grads(False)
        if not ctx.both:
            ctx.mark_non_differentiable(output[1])

    @staticmethod
    def backward(ctx: _SizesContext, *gradients: torch.Tensor | None) -> _Gradients:
        first, second, *parts = ctx.saved_tensors
        needed, operands, gpu = ctx.needs_input_grad[4:], ctx.operands, ctx.gpu
        known = [g for g in gradients if g is not None]
        if not known:
            return (None,) * (4 + len(parts))

        def plain(again: bool = False) -> list[torch.Tensor | None]:
            """In operations that have derivatives themselves."""
            wanted = [part for part, need in zip(parts, needed, strict=True) if need]
            with torch.enable_grad():
                values = _PLAIN.sizes(parts, operands, ctx.squared, ctx.both)
                chosen = [v for v, g in zip(values, gradients, strict=True) if g is not None]
                found = iter(torch.autograd.grad(chosen, wanted, known, create_graph=again))
            return [next(found) if need else None for need in needed]

        def kernels(launches: Launches) -> list[torch.Tensor | None]:
            dense = [_dense(part) for part in parts]
            plan = gpu.plan(dense, operands)
            if plan is None:
                return plain()
            found = launches.gradients(plan, dense, (first, second), gradients, ctx.squared)
            return [g if need else None for g, need in zip(found, needed, strict=True)]

        if torch.is_grad_enabled():
            return (None, None, None, None, *plain(again=True))
        return (None, None, None, None, *gpu._tried("gradients of sizes", kernels, plain))


class _Residual(torch.autograd.Function):
    """T - P(T) for an orthogonal P, which is its own transpose."""

    @staticmethod
    def forward(T: torch.Tensor, space: ProjectionModule, gpu: Gpu) -> torch.Tensor:
        return gpu.residual_of(T, space)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        _, ctx.space, ctx.gpu = inputs

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> _Gradients:
        out: torch.Tensor = _Residual.apply(gradients[0], ctx.space, ctx.gpu)  # type: ignore[no-untyped-call]
        return out, None, None


class _Leading(torch.autograd.Function):
    """Sums of the k leading singular values of several T - P(T), followed from step to step: (values, next blocks)."""

    @staticmethod
    def forward(
        ctx: Any, gpu: Gpu, operands: Sequence[Operand], k: int, blocks: torch.Tensor, least: int, *parts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        R = gpu.residuals_of(parts, operands)
        values, u, v, following = followed(R, blocks, k, least)
        ctx.save_for_backward(u, v, *parts)
        ctx.gpu, ctx.operands = gpu, operands
        ctx.mark_non_differentiable(following)
        return values, following

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> _Gradients:
        u, v, *parts = ctx.saved_tensors
        products = (u * gradients[0][..., None, None]) @ v.mH
        residuals = ctx.gpu.residual_of(products, ctx.operands[0].space, spare=True)
        out = [
            operand.unread(residual, part) if needed else None
            for operand, part, residual, needed in zip(
                ctx.operands, parts, residuals, ctx.needs_input_grad[5:], strict=True
            )
        ]
        return (None, None, None, None, None, *out)


@torch.no_grad()
def followed(R: torch.Tensor, blocks: torch.Tensor, k: int, least: int) -> lobpcg.Followed[torch.Tensor]:
    """One iteration of `projectors.penalties.lobpcg.follow` for stacked operators, all products in one."""
    return lobpcg.follow(
        lambda S: S @ R.mT, lambda U: (U.conj() @ R).conj(), blocks.to(R.dtype), k, most=1, least=least
    )
