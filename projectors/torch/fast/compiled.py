"""The kernels of `gpu` under torch.compile: operations that its graphs hold as they are, with their shapes and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from grouprep.summary import Summary
from projectors.torch.fast.base import Operand
from projectors.torch.fast.launches import Launches
from projectors.torch.fast.plans import Plan
from projectors.torch.fast.traced import Traced

__all__ = ["Compiled", "Work"]


class Work(Summary):
    """What the first operand of a list knows of all: their plan, made before a compiler looks on."""

    plan: Plan | None = None


class Compiled(Traced):
    """Sizes by kernels, where their plan was made before."""

    def sizes(
        self, parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        work = operands[0].work
        plan = work.plan if isinstance(work, Work) else None
        if plan is None or len(plan.starts) != len(parts) or plan.ranges.device != parts[0].device:
            return super().sizes(parts, operands, squared, both)
        values = _sizes(list(parts), plan.tables, plan.numbers, squared, both)
        first, second = values.view(2, len(parts), *plan.lead).unbind()
        return first, second if both else None


@cache
def _launches() -> Launches:
    """With the addresses that compiled code has used."""
    return Launches()


@torch.library.custom_op("grouprep::sizes", mutates_args=())
def _sizes(
    parts: list[torch.Tensor], tables: list[torch.Tensor], numbers: list[int], squared: bool, both: bool
) -> torch.Tensor:
    """||T - P(T)|| and ||P(T)||, (2, operators); the second is 0 unless `both`."""
    return _launches().values(Plan.restored(tables, numbers), parts, squared, both)


@torch.library.custom_op("grouprep::sizes_backward", mutates_args=())
def _gradients(
    parts: list[torch.Tensor],
    tables: list[torch.Tensor],
    numbers: list[int],
    values: torch.Tensor,
    slopes: torch.Tensor,
    squared: bool,
    both: bool,
) -> torch.Tensor:
    """The gradients of all parts, one after the other."""
    rows = slopes.contiguous().unbind()
    known = rows[0], rows[1] if both else None
    plan = Plan.restored(tables, numbers)
    norms = values.contiguous().unbind()
    return _launches().gradients(plan, parts, (norms[0], norms[1]), known, squared)


@_sizes.register_fake
def _(
    parts: list[torch.Tensor], tables: list[torch.Tensor], numbers: list[int], squared: bool, both: bool
) -> torch.Tensor:
    dtype = torch.float64 if parts[0].dtype == torch.float64 else torch.float32
    return parts[0].new_empty((2, tables[1].shape[0]), dtype=dtype)


@_gradients.register_fake
def _(
    parts: list[torch.Tensor],
    tables: list[torch.Tensor],
    numbers: list[int],
    values: torch.Tensor,
    slopes: torch.Tensor,
    squared: bool,
    both: bool,
) -> torch.Tensor:
    return parts[0].new_empty(numbers[0])


def _remember(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    parts, tables, ctx.numbers, ctx.squared, ctx.both = inputs
    ctx.count = len(parts)
    ctx.save_for_backward(output, *parts, *tables)


def _backward(ctx: Any, slopes: torch.Tensor) -> tuple[Any, ...]:
    values, *rest = ctx.saved_tensors
    parts, tables = rest[: ctx.count], rest[ctx.count :]
    out = _gradients(parts, tables, ctx.numbers, values, slopes, ctx.squared, ctx.both)
    starts = ctx.numbers[1 : 1 + ctx.count]
    found = [out.as_strided(p.shape, p.stride(), start) for p, start in zip(parts, starts, strict=True)]
    return found, [None] * len(tables), None, None, None


_sizes.register_autograd(_backward, setup_context=_remember)
