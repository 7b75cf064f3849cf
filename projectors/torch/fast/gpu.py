"""The GPU's: all operators of a penalty in one launch of a kernel in Triton, without a look at any number.

The gradient of ||R||, R = T - P(T), is R / ||R|| for an orthogonal P: the backward pass makes R again and scales it on the way, so that a
penalty reads the weights twice and writes its gradient once. What the kernels do not do is `Device`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import torch
from torch.autograd.function import once_differentiable

from projectors.structure import Cells, cells_of
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.base import Fast, Operand
from projectors.torch.fast.compiled import Compiled, Work
from projectors.torch.fast.device import Device
from projectors.torch.fast.launches import WIDTH, Launches, views
from projectors.torch.fast.plain import Plain
from projectors.torch.fast.plans import Plan, is_dense, place_of, plan_of
from projectors.torch.lobpcg import follow

__all__ = ["Gpu"]

_PLAIN, _DEVICE = Plain(), Device()
_FULL = (torch.float32, torch.float64)
_DTYPES = (torch.float16, torch.bfloat16, *_FULL)
_Gradients: TypeAlias = tuple[torch.Tensor | None, ...]
_Sized: TypeAlias = tuple[torch.Tensor, torch.Tensor | None]
_T = TypeVar("_T")


class Gpu(Fast):
    """Kernels for orthogonal projectors that are signed means over orbits of entries, and zeros; other ones are `Device`.

    A kernel that fails is named in one warning, and none is called again.
    """

    def __init__(self) -> None:
        self._cells: dict[ProjectionModule, tuple[Cells, ...] | None] = {}
        self._plans: dict[object, Plan | None] = {}
        self._launches: Launches | None = Launches()

    def __reduce__(self) -> tuple[type[Gpu], tuple[()]]:
        return Gpu, ()

    # What the kernels serve for

    def stacks(self, space: ProjectionModule) -> float:
        return _DEVICE.stacks(space)

    def takes_lists(self, space: ProjectionModule) -> bool:
        return space.projection.is_self_adjoint and self._cells_of(space) is not None

    def workspace(self) -> Work:
        return Work()

    def prepare(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> None:
        work = operands[0].work
        if isinstance(work, Work):
            work.plan = self.plan(parts, operands) if all(map(is_dense, parts)) else None

    @property
    def compiled(self) -> Fast:
        return Compiled()

    def _cells_of(self, space: ProjectionModule) -> tuple[Cells, ...] | None:
        if space not in self._cells:
            self._cells[space] = cells_of(space.projection)
        return self._cells[space]

    def plan(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> Plan | None:
        """The tables for these operators, made once; None if there is one that the kernels do not serve for."""
        first = parts[0]
        if self._launches is None or not all(_is_ordinary(p, first) for p in parts):
            return None
        key = (
            first.device,
            tuple((o.space, o.layout, p.shape, p.stride()) for p, o in zip(parts, operands, strict=True)),
        )
        if key not in self._plans:
            self._plans[key] = self._made(parts, operands)
        return self._plans[key]

    def _made(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> Plan | None:
        places, cells = [], []
        for part, operand in zip(parts, operands, strict=True):
            place = place_of(part, operand.layout, operand.space.projection.shape)
            known = self._cells_of(operand.space)
            if place is None or known is None or not part.numel() or not operand.space.is_orthogonal(part):
                return None
            places.append(place)
            cells.append(known)
        return None if len({place.lead for place in places}) > 1 else plan_of(places, cells, parts[0].device)

    def served(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> list[bool]:
        """For each operator whether the kernels serve for it; asked one by one only where they do not serve for all."""
        if self.plan(parts, operands) is not None:
            return [True] * len(parts)
        return [self.plan([part], [operand]) is not None for part, operand in zip(parts, operands, strict=True)]

    def tried(self, what: str, kernels: Callable[[Launches], _T], plain: Callable[[], _T]) -> _T:
        """What kernels give, or, once one has failed, plain operations."""
        if self._launches is None:
            return plain()
        try:
            return kernels(self._launches)
        except Exception as error:  # compilers and drivers raise what they like
            self._launches = None
            warnings.warn(
                f"the GPU kernel for {what} failed ({type(error).__name__}: {error!s:.200}); plain torch serves from now on",
                RuntimeWarning,
                stacklevel=2,
            )
            return plain()

    # The operations

    def residual(self, T: torch.Tensor, space: ProjectionModule) -> torch.Tensor:
        if T.dtype not in _FULL or self.plan([_dense(T)], [Operand(space)]) is None:
            return _DEVICE.residual(T, space)
        out: torch.Tensor = _Residual.apply(T, space, self)  # type: ignore[no-untyped-call]
        return out

    def residual_of(self, T: torch.Tensor, space: ProjectionModule, spare: bool = False) -> torch.Tensor:
        """T - P(T), outside autograd, in T's own memory where that is spare."""
        T, operand = _dense(T), Operand(space)
        plan = self.plan([T], [operand])

        def kernels(launches: Launches) -> torch.Tensor:
            if plan is None:
                return space.residual(T)
            if spare:
                launches.subtract_(plan, T)
                return T
            return views(plan, launches.measured(plan, [T])[0], [T])[0]

        return self.tried("residuals", kernels, lambda: space.residual(T))

    def measured(self, T: torch.Tensor, operand: Operand, size_alone: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """(T - P(T), its Frobenius norm (...)) in one pass, outside autograd; the norm only if it is asked for."""
        plan = self.plan([_dense(T)], [operand])

        def kernels(launches: Launches) -> tuple[torch.Tensor, torch.Tensor | None]:
            if plan is None:
                return _DEVICE.measured(T, operand, size_alone)
            out, sizes = launches.measured(plan, [_dense(T)], size_alone)
            return views(plan, out, [_dense(T)])[0], None if sizes is None else sizes[0]

        return self.tried("residuals and their sizes", kernels, lambda: _DEVICE.measured(T, operand, size_alone))

    def residuals_of(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand]) -> torch.Tensor:
        """All T - P(T) of one shape, stacked, outside autograd."""
        dense = [_dense(part) for part in parts]
        plan = self.plan(dense, operands)

        def plain() -> torch.Tensor:
            return torch.stack([o.space.residual(o.read(p)) for p, o in zip(parts, operands, strict=True)])

        def kernels(launches: Launches) -> torch.Tensor:
            if plan is None:
                return plain()
            out, _ = launches.measured(plan, dense)
            first, *rest = (o.read(x) for x, o in zip(views(plan, out, dense), operands, strict=True))
            if any(x.stride() != first.stride() for x in rest):
                return torch.stack([first, *rest])
            step = plan.starts[1] if rest else first.numel()
            return out.as_strided((1 + len(rest), *first.shape), (step, *first.stride()), 0)

        return self.tried("residuals", kernels, plain)

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> _Sized:
        served = self.served([_dense(part) for part in parts], operands)
        numbers = {part.shape[:-2] for part, operand in zip(parts, operands, strict=True) if operand.layout is None}
        if not any(served) or len(numbers) > 1:  # stacks of different numbers
            return _DEVICE.sizes(parts, operands, squared, both)
        if all(served):
            return self._sizes(parts, operands, squared, both)
        rows: list[list[torch.Tensor | None]] = [[None] * len(parts), [None] * len(parts)]
        for serves, values in ((True, self._sizes), (False, _DEVICE.sizes)):
            chosen = [k for k, s in enumerate(served) if s == serves]
            found = values([parts[k] for k in chosen], [operands[k] for k in chosen], squared, both)
            for row, sizes in zip(rows, found, strict=True):
                for k, size in zip(chosen, () if sizes is None else sizes, strict=sizes is not None):
                    row[k] = size
        first, second = ([x.double() for x in row if x is not None] for row in rows)
        return torch.stack(first), torch.stack(second) if both else None

    def _sizes(self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool, both: bool) -> _Sized:
        out: _Sized = _Sizes.apply(self, operands, squared, both, *parts)  # type: ignore[no-untyped-call]
        return out

    def leading(
        self,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        k: int,
        blocks: torch.Tensor,
        renew: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        fits = len({operand.space for operand in operands}) == 1 and blocks.shape[-1] <= WIDTH
        if not fits or parts[0].dtype not in _FULL or self.plan([_dense(p) for p in parts], operands) is None:
            return _DEVICE.leading(parts, operands, k, blocks, renew)
        out: tuple[torch.Tensor, torch.Tensor]
        out = _Leading.apply(self, operands, k, blocks, int(renew), *parts)  # type: ignore[no-untyped-call]
        return out

    @torch.no_grad()
    def move_(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], steps: Sequence[torch.Tensor], both: bool
    ) -> None:
        served = self.served(parts, operands)
        for serves in (True, False):
            chosen = [k for k, s in enumerate(served) if s == serves]
            some = [parts[k] for k in chosen], [operands[k] for k in chosen], [steps[k] for k in chosen], both
            if not chosen:
                continue
            if serves and (plan := self.plan(*some[:2])) is not None:
                self._move(plan, *some)
            else:
                _DEVICE.move_(*some)

    def _move(
        self,
        plan: Plan,
        parts: Sequence[torch.Tensor],
        operands: Sequence[Operand],
        steps: Sequence[torch.Tensor],
        both: bool,
    ) -> None:
        def kernels(launches: Launches) -> None:
            known = torch.stack(list(steps))
            axes = known.shape[0], *(1,) * (len(plan.lead) + 2 - known.ndim), *known.shape[1:]
            launches.move_(plan, parts, known.view(axes).expand(len(parts), *plan.lead, 2).contiguous(), both)

        self.tried("moves", kernels, lambda: _DEVICE.move_(parts, operands, steps, both))


def _is_ordinary(part: torch.Tensor, first: torch.Tensor) -> bool:
    known = type(part) in (torch.Tensor, torch.nn.Parameter) and part.dtype in _DTYPES
    return known and part.dtype == first.dtype and part.device == first.device


def _dense(part: torch.Tensor) -> torch.Tensor:
    """The part, or a copy of one that has gaps."""
    return part if is_dense(part) else part.contiguous()


class _Sizes(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) of several T, in rows; nothing but them is kept for the backward pass."""

    @staticmethod
    def forward(gpu: Gpu, operands: Sequence[Operand], squared: bool, both: bool, *parts: torch.Tensor) -> _Sized:
        dense = [_dense(part) for part in parts]
        plan = gpu.plan(dense, operands)

        def plain() -> _Sized:
            return _DEVICE.sizes(parts, operands, squared, both)

        def kernels(launches: Launches) -> _Sized:
            if plan is None:
                return plain()
            first, second = launches.values(plan, dense, squared, both).view(2, len(parts), *plan.lead)
            return first, second if both else None

        return gpu.tried("sizes of residuals", kernels, plain)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: _Sized) -> None:
        ctx.gpu, ctx.operands, ctx.squared, ctx.both, *parts = inputs
        ctx.save_for_backward(*output, *parts)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor | None) -> _Gradients:
        first, second, *parts = ctx.saved_tensors
        needed, operands = ctx.needs_input_grad[4:], ctx.operands

        def plain(again: bool = False) -> list[torch.Tensor | None]:
            """In operations that have derivatives themselves."""
            wanted = [part for part, need in zip(parts, needed, strict=True) if need]
            with torch.enable_grad():
                values = _PLAIN.sizes(parts, operands, ctx.squared, ctx.both)
                pairs = [
                    (v, g.to(v.dtype))
                    for v, g in zip(values, gradients, strict=True)
                    if v is not None and g is not None
                ]
                sums, above = [v for v, _ in pairs], [g for _, g in pairs]
                found = iter(torch.autograd.grad(sums, wanted, above, create_graph=again))
            return [next(found) if need else None for need in needed]

        def kernels(launches: Launches) -> list[torch.Tensor | None]:
            dense = [_dense(part) for part in parts]
            plan = ctx.gpu.plan(dense, operands)
            if plan is None:
                return plain()
            found = views(plan, launches.gradients(plan, dense, (first, second), gradients, ctx.squared), dense)
            return [g if need else None for g, need in zip(found, needed, strict=True)]

        if all(g is None for g in gradients):
            return (None,) * (4 + len(parts))
        if torch.is_grad_enabled():
            return (None, None, None, None, *plain(again=True))
        return (None, None, None, None, *ctx.gpu.tried("gradients of sizes", kernels, plain))


class _Leaders(NamedTuple):
    """As `projectors.penalties.lobpcg.Followed`."""

    value: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    block: torch.Tensor


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

        def plain() -> _Leaders:
            return _Leaders(*follow(R.unbind(), blocks, k, least=least))

        values, u, v, following = gpu.tried(
            "leading singular values", lambda g: _followed(g, R, blocks, k, bool(least)), plain
        )
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


def _followed(launches: Launches, R: torch.Tensor, blocks: torch.Tensor, k: int, renew: bool) -> _Leaders:
    """One iteration of `projectors.penalties.lobpcg.follow` for stacked operators, without its looks at numbers.

    What is narrow is in double precision, so that Gram matrices carry what single precision does, and no scale is out of range.
    """
    lead, (m, n), width = R.shape[:-2], R.shape[-2:], blocks.shape[-1]
    R, few = R.reshape(-1, m, n), width // 3
    S = blocks.reshape(-1, n, width).mT.to(R.dtype)
    images = (S @ R.mT).double()
    Y, scaled, values = launches.ritz(images @ images.mT, few, k)
    S = S.double()
    U, V = scaled @ images, Y[:, :few] @ S
    if renew:
        V = torch.baddbmm(V, V @ V.mT, V, beta=1.5, alpha=-0.5)  # rounding adds up over steps; so it does not
        X = torch.cat([(U.to(R.dtype) @ R).double(), Y[:, :few, few:] @ S[:, few:]], 1)
        X = torch.baddbmm(X, X @ V.mT, V, alpha=-1)
        S = torch.cat([V, launches.whitening(X @ X.mT) @ X], 1)
    u, v, block = (x.mT.to(R.dtype) for x in (U[:, :k], V[:, :k], S))
    return _Leaders(
        values.to(R.dtype).view(lead), u.view(*lead, m, k), v.view(*lead, n, k), block.reshape(*lead, n, width)
    )
