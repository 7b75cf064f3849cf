"""The kernels called: one launch for all operators of a plan (one more for each further size of orbits), and no waiting for the device."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
import triton.language as tl

from grouprep.summary import Summary
from projectors.torch.fast.kernels import GRADIENT, MEASURE, MOVE, RESIDUAL, WIDTH, finish, ritz, sweep
from projectors.torch.fast.plans import Plan

__all__ = ["WIDTH", "Launches", "views"]

_KEPT = 64  # tables of addresses
_SWEEPS = 8  # of rotations: the last are quadratically convergent (Golub and Van Loan, 8.5.4)
_SUMS = 2048  # programs whose sums are added at once


class Launches(Summary):
    """What the kernels need besides a plan: addresses of the operators, in tables that are made when they change."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[tuple[int, ...], tuple[torch.Tensor, torch.Tensor]] = OrderedDict()
        self._captured: list[tuple[torch.Tensor, torch.Tensor]] = []  # what a CUDA graph reads again

    def values(self, plan: Plan, parts: Sequence[torch.Tensor], squared: bool, both: bool) -> torch.Tensor:
        """||T - P(T)|| and ||P(T)||, (2, operators), the second 0 unless `both`; squares if squared."""
        sums = self._sums(plan, parts)
        self._sweep(plan, parts, parts[0], MEASURE, sums=sums)
        return self._finished(plan, parts, sums, squared, both)

    def measured(
        self, plan: Plan, parts: Sequence[torch.Tensor], sized: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """T - P(T) for each part, where `views` finds them, and their norms (parts, ...) if `sized`, in one pass."""
        out, sums = parts[0].new_empty(plan.entries), self._sums(plan, parts) if sized else None
        self._sweep(plan, parts, out, RESIDUAL, sums=sums)
        if sums is None:
            return out, None
        return out, self._finished(plan, parts, sums, False, False)[0].view(len(parts), *plan.lead)

    def _sums(self, plan: Plan, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        return parts[0].new_empty((plan.programs, 2), dtype=torch.float64)

    def _finished(
        self, plan: Plan, parts: Sequence[torch.Tensor], sums: torch.Tensor, squared: bool, both: bool
    ) -> torch.Tensor:
        dtype = torch.float64 if parts[0].dtype == torch.float64 else torch.float32
        values = parts[0].new_empty((2, plan.operators), dtype=dtype)
        with _on(values):
            finish[(plan.operators,)](
                sums, plan.ranges, values, GROUPS=len(plan.groups), SQUARED=squared, BOTH=both, BLOCK=_SUMS,
                enable_fp_fusion=True,
            )  # fmt: skip
        return values

    def gradients(
        self,
        plan: Plan,
        parts: Sequence[torch.Tensor],
        values: tuple[torch.Tensor, torch.Tensor | None],
        slopes: Sequence[torch.Tensor | None],
        squared: bool,
    ) -> torch.Tensor:
        """The gradients of both sizes, where `views` finds them; slopes are what comes from above."""
        out = parts[0].new_empty(plan.entries)
        first, second = (s if s is None else s.contiguous() for s in slopes)
        self._sweep(plan, parts, out, GRADIENT, norms=values, slopes=(first, second), squared=squared)
        return out

    def subtract_(self, plan: Plan, T: torch.Tensor) -> None:
        """T <- T - P(T), for the plan of T alone."""
        self._sweep(plan, [T], T, RESIDUAL, in_place=True)

    def move_(self, plan: Plan, parts: Sequence[torch.Tensor], steps: torch.Tensor, both: bool) -> None:
        """T <- T - away (T - P(T)) - along P(T), in place; steps are (operators, 2), along counts if `both`."""
        self._sweep(plan, parts, parts[0], MOVE, steps=steps, second=both)

    def ritz(self, gram: torch.Tensor, leading: int, followed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(rotations (r, width, width), the leading ones by their singular values (r, leading, width), sums of followed ones (r,))."""
        rotations, values = torch.empty_like(gram), gram.new_empty(len(gram))
        scaled = gram.new_empty((len(gram), leading, gram.shape[-1]))
        self._ritz(gram, rotations, scaled, values, leading, followed, False)
        return rotations, scaled, values

    def whitening(self, gram: torch.Tensor) -> torch.Tensor:
        """What makes the rows of blocks orthonormal, (r, width, width), from their Gram matrices."""
        out = torch.empty_like(gram)
        self._ritz(gram, out, out, out, 0, 0, True)
        return out

    def _ritz(
        self,
        gram: torch.Tensor,
        rotations: torch.Tensor,
        scaled: torch.Tensor,
        values: torch.Tensor,
        leading: int,
        followed: int,
        whiten: bool,
    ) -> None:
        with _on(gram):
            ritz[(len(gram),)](
                gram, rotations, scaled, values, gram.shape[-1], leading, followed, WHITEN=whiten, SWEEPS=_SWEEPS, B=WIDTH,
                enable_fp_fusion=True,
            )  # fmt: skip

    def _sweep(
        self,
        plan: Plan,
        parts: Sequence[torch.Tensor],
        out: torch.Tensor,
        task: int,
        sums: torch.Tensor | None = None,
        norms: Sequence[torch.Tensor | None] = (None, None),
        slopes: Sequence[torch.Tensor | None] = (None, None),
        steps: torch.Tensor | None = None,
        squared: bool = False,
        second: bool = False,
        in_place: bool = False,
    ) -> None:
        like, unused = parts[0], plan.places
        addresses = unused if in_place else self._table(plan, parts)
        given = [unused if x is None else x for x in (sums, *norms, *slopes, steps)]
        for group in plan.groups:
            if not len(group.programs):
                continue
            with _on(like):
                sweep[(len(group.programs),)](
                    like, addresses, out, plan.places, group.programs, group.units, group.cells, group.first, *given,
                    WORK=_work(like), TASK=task, IN_OUT=in_place, SUMS=sums is not None, SQUARED=squared,
                    FIRST=slopes[0] is not None, SECOND=second or slopes[1] is not None, S=group.size, BLOCK=group.block,
                    enable_fp_fusion=True,
                )  # fmt: skip

    def _table(self, plan: Plan, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        """(operators,) addresses on the device, copied there only where they are new, and without waiting."""
        size, starts = parts[0].element_size(), [part.data_ptr() for part in parts]
        key = tuple(starts[owner] + offset * size for owner, offset in zip(plan.owners, plan.offsets, strict=True))
        if key not in self._addresses:
            on_gpu = parts[0].is_cuda
            host = torch.tensor(key, dtype=torch.int64, pin_memory=on_gpu)
            self._addresses[key] = host, host.to(parts[0].device, non_blocking=on_gpu)
            while len(self._addresses) > _KEPT:
                self._addresses.popitem(last=False)
        self._addresses.move_to_end(key)
        found = self._addresses[key]
        if parts[0].is_cuda and torch.cuda.is_current_stream_capturing():
            self._captured.append(found)
        return found[1]


def views(plan: Plan, out: torch.Tensor, parts: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The results for each part, in its own shape and strides."""
    return [out.as_strided(p.shape, p.stride(), start) for p, start in zip(parts, plan.starts, strict=True)]


def _on(tensor: torch.Tensor) -> AbstractContextManager[object]:
    """Where triton launches: on the current device."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()


def _work(like: torch.Tensor) -> tl.dtype:
    return tl.float64 if like.dtype == torch.float64 else tl.float32
