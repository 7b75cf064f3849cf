"""Parameters that are spread over processes: torch's DTensor, of FSDP2 and of tensor parallelism.

T - P(T) of T = T_1 (+) T_2 (+) ... is taken part by part where each part holds whole copies of the summands of W, or of V: P is the
direct sum of the projections of the pairs of summands. Then a process needs its own part alone, and of the others a number each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.func import functional_call

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.models.layouts import Layout
from projectors.structure import summands

if TYPE_CHECKING:
    from torch.distributed.tensor import DTensor

__all__ = [
    "Shard",
    "as_parts",
    "as_shards",
    "held",
    "hold_",
    "over_processes",
    "placements",
    "refuse_flat",
    "reshard",
    "shard_of",
    "whole",
]


_TENSORS = "torch.distributed.tensor"  # loaded by whoever spreads a tensor over processes


def as_shards(tensor: torch.Tensor) -> DTensor | None:
    """The tensor, if it is spread over processes."""
    module = sys.modules.get(_TENSORS)
    return tensor if module is not None and isinstance(tensor, module.DTensor) else None


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """All entries of a tensor on every process, differentiable; a tensor of one process is returned as it is."""
    shards = as_shards(tensor)
    if shards is None:
        return tensor
    if shards.is_meta:
        return torch.empty(shards.shape, dtype=shards.dtype, device="meta")
    out: torch.Tensor = shards.full_tensor()
    return out


def held(module: nn.Module, attribute: str) -> torch.Tensor:
    """An attribute of a module; a parametrised one whose originals are spread is computed from the whole of them."""
    if _TENSORS in sys.modules and nn.utils.parametrize.is_parametrized(module, attribute):
        makes, originals = _originals(module, attribute)
        if any(as_shards(p) is not None for p in originals.values()):
            made: torch.Tensor = functional_call(makes, {name: whole(p) for name, p in originals.items()}, ())
            return made
    tensor: torch.Tensor = getattr(module, attribute)
    return tensor


@torch.no_grad()
def hold_(module: nn.Module, attribute: str, value: torch.Tensor) -> None:
    """Replace a parametrised attribute, through its parametrisation, by a value that every process has."""
    makes, originals = _originals(module, attribute)
    if not any(as_shards(p) is not None for p in originals.values()):
        setattr(module, attribute, value)
        return
    values: Any = value
    for step in reversed(list(makes.children())):
        values = step.right_inverse(values)  # type: ignore[operator]
    for original, new in zip(originals.values(), [values] if isinstance(values, torch.Tensor) else values, strict=True):
        original.copy_(as_parts(new, original))


def _originals(module: nn.Module, attribute: str) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """What makes a parametrised attribute, and of what."""
    makes: nn.Module = module.parametrizations[attribute]  # type: ignore[index, assignment]
    return makes, dict(makes.named_parameters(recurse=False))


def reshard(model: nn.Module) -> None:
    """Let FSDP drop what it has gathered for a forward pass: what would be written there would be lost."""
    fsdp = sys.modules.get("torch.distributed.fsdp")
    if fsdp is None or not torch.distributed.is_initialized():
        return
    for module in model.modules():
        if isinstance(module, fsdp.FSDPModule):
            module.reshard()


def as_parts(value: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A value that every process has, spread as another tensor is, each keeping its own part."""
    shards = as_shards(like)
    if shards is None:
        return value
    tensors, mesh = sys.modules[_TENSORS], shards.device_mesh
    everywhere = tensors.DTensor.from_local(
        value.to(like.dtype), mesh, [tensors.Replicate()] * mesh.ndim, run_check=False
    )
    out: torch.Tensor = everywhere.redistribute(mesh, shards.placements)
    return out


def over_processes(values: torch.Tensor, like: DTensor) -> torch.Tensor:
    """The values of all processes that hold parts, (parts, ...), on each of them; the gradient of each process is its own row.

    Parameters
    ----------
    values : of this process; like : a tensor whose parts they belong to.
    """
    tensors = sys.modules[_TENSORS]
    by_rows, everywhere = tensors.Shard(0), tensors.Replicate()
    placements = [everywhere if p.is_replicate() else by_rows for p in like.placements]
    rows = tensors.DTensor.from_local(values[None], like.device_mesh, placements, run_check=False)
    out: torch.Tensor = rows.full_tensor()
    return out


def placements(tensors: Iterable[Callable[[], torch.Tensor]]) -> tuple[object, ...]:
    """How each of some tensors is spread over processes; empty as long as nobody has spread any."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return ()
    shards = [as_shards(tensor()) for tensor in tensors]
    return tuple(None if s is None else (s.device_mesh, s.placements) for s in shards)


@dataclass(frozen=True, eq=False)
class Shard:
    """A part of a parameter by itself: operators between parts of V and W.

    hom : Hom(part of V, part of W), None on a process that holds nothing.
    layout : how the local tensor is read.
    """

    hom: Hom | None
    layout: Layout


def shard_of(tensor: torch.Tensor, layout: Layout, hom: Hom) -> Shard | str | None:
    """The part of a parameter that this process holds.

    The answer of all processes is of one kind: a text says why the parts are no operators between summands, and what would be.

    Parameters
    ----------
    tensor : the parameter; layout : how the whole is read as operators; hom : of the whole.

    Returns
    -------
    None if every process holds the whole.
    """
    shards = as_shards(tensor)
    if shards is None or all(p.is_replicate() for p in shards.placements):
        return None
    cuts = [(axis, p) for axis, p in enumerate(shards.placements) if not p.is_replicate()]
    if len(cuts) > 1:
        return f"it is cut {len(cuts)} times, {shards.placements}"
    ((mesh_axis, placement),) = cuts
    if type(placement).__name__ != "Shard":
        return f"its placement {placement} is no plain shard"
    axis, parts = int(getattr(placement, "dim", 0)) % shards.ndim, shards.device_mesh.size(mesh_axis)
    if layout.groups or layout.start is not None or layout.stop is not None:
        return "it holds several operators"
    if axis > 1:
        return f"axis {axis} runs over pixels; shard axis 0 or 1"
    rows, length = (axis == 0) != layout.swapped, shards.shape[axis]
    X = hom.W if rows else hom.V
    unit, step = X.dim // length, -(-length // parts)
    ends = [min(k * step, length) for k in range(parts + 1)]
    pieces = [_between(X, a * unit, b * unit) for a, b in pairwise(ends)]
    if any(piece is None and b > a for piece, (a, b) in zip(pieces, pairwise(ends), strict=True)):
        return _advice(hom, rows, axis, step, unit, layout, shards.shape)
    place = shards.device_mesh.get_local_rank(mesh_axis)
    mine, count = pieces[place], (ends[place + 1] - ends[place]) * unit
    shape = (count, hom.shape[1]) if rows else (hom.shape[0], count)
    local = None if mine is None else Hom(hom.V, mine) if rows else Hom(mine, hom.W)
    return Shard(local, Layout(shape, layout.order))


def _between(V: Representation, start: int, stop: int) -> Representation | None:
    """The summands of V at coordinates start to stop, None if these cut one, or are none."""
    out: list[Representation] = []
    for s in summands(V):
        dim, first = s.representation.dim, s.start
        low, high = max(start, first), min(stop, first + s.count * dim)
        if low < high:
            if (low - first) % dim or (high - first) % dim:
                return None
            out.append((high - low) // dim * s.representation)
    return reduce(add, out) if out else None


def _advice(hom: Hom, rows: bool, axis: int, step: int, unit: int, layout: Layout, shape: Sequence[int]) -> str:
    X, other = (hom.W, hom.V) if rows else (hom.V, hom.W)
    copies = sorted({s.representation.dim for s in summands(X)} - {1})
    sizes = " and ".join(map(str, sorted({-(-d // unit) for d in copies})))
    text = f"parts of {step} along axis {axis} cut copies of {'W' if rows else 'V'} = {X}, of {sizes} entries: make them whole copies"
    if len(shape) > 1 and {s.representation.dim for s in summands(other)} != {other.dim}:
        text += f", or shard axis {1 - axis}, which belongs to {'V' if rows else 'W'} = {other}"
    return text


def refuse_flat(model: nn.Module) -> None:
    """Raise GroupRepError where parameters are flattened, as FullyShardedDataParallel does, so that no rows are left."""
    for name, module in model.named_modules():
        if type(module).__name__ == "FullyShardedDataParallel":
            raise GroupRepError(
                f'model: "{name}" is FullyShardedDataParallel, which flattens weights; shard it with torch.distributed.fsdp.fully_shard'
            )
