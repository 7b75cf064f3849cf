"""Which program of a kernel takes which orbits of which operator: tables for lists of (part, operand), made once.

All operators of a list share the tables, so that the number of launches does not grow with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import prod
from typing import NamedTuple

import numpy as np
import torch

from grouprep.typing import Array, Integers
from projectors.models.layouts import Layout
from projectors.structure import Cells, Run

__all__ = ["Group", "Place", "Plan", "is_dense", "place_of", "plan_of"]

ENTRIES = 2048  # of a program
SMALL = 16  # orbits of at most that many entries go into one launch, filled up to the largest
MOST = 1024  # entries of an orbit at most
ALIGNED = 64  # entries, so that each part's results start where memory is read fastest
TABLE = 1 << 22  # entries of a table of cells at most


class Place(NamedTuple):
    """Where operators (..., m, n) stand in the memory of a part of a parameter.

    lead : the leading axes; offsets : of each operator.
    entries : of the part; row : from one row to the next; column, pixel : column j is at (j // pixels) * column + (j % pixels) * pixel.
    """

    lead: tuple[int, ...]
    offsets: tuple[int, ...]
    shape: tuple[int, int]
    row: int
    column: int
    pixel: int
    pixels: int
    entries: int

    def columns(self, j: Integers) -> Integers:
        """Offsets of columns."""
        return (j // self.pixels) * self.column + (j % self.pixels) * self.pixel


def is_dense(part: torch.Tensor) -> bool:
    """Whether a part fills the memory between its first and its last entry, each place once."""
    expected = 1
    for stride, size in sorted((s, n) for n, s in zip(part.shape, part.stride(), strict=True) if n > 1):
        if stride != expected:
            return False
        expected *= size
    return True


def place_of(part: torch.Tensor, layout: Layout | None, shape: tuple[int, int]) -> Place | None:
    """The place of operators of a shape (m, n), or None if their columns are further scattered."""
    m, n = shape
    turned = part if layout is None else layout.turned(part)
    lead = tuple(part.shape[:-2]) if layout is None else layout.operators[:-2]
    for axes in range(len(turned.shape)):
        pixels = prod(turned.shape[len(turned.shape) - axes :]) if axes else 1
        if not pixels or n % pixels:
            continue
        try:
            x = turned.view(*lead, m, n // pixels, pixels)
        except RuntimeError:  # torch says only by an error that no strides will do
            continue
        *steps, row, column, pixel = x.stride()
        offsets = [0]
        for size, step in zip(lead, steps, strict=True):
            offsets = [at + k * step for at in offsets for k in range(size)]
        return Place(lead, tuple(offsets), shape, row, column, pixel, pixels, part.numel())
    return None


class Group(NamedTuple):
    """What one launch takes: orbits of at most `size` entries.

    programs : (programs, 2); first : the number of the first one; units : (units, 9); cells : offsets and signs.
    """

    size: int
    first: int
    programs: torch.Tensor
    units: torch.Tensor
    cells: torch.Tensor

    @property
    def block(self) -> int:
        """How many orbits a program takes."""
        return max(1, ENTRIES // self.size)


@dataclass(frozen=True, eq=False)
class Plan:
    """Tables for some operators on a device.

    groups : the launches; ranges : (operators, groups, 2) programs of each operator.
    owners : (operators,) the part that each stands in; offsets : and where.
    starts : of each part in the memory of results, of `entries` in all; places : (operators,) where each stands there.
    lead : the leading axes of all parts.
    """

    groups: tuple[Group, ...]
    ranges: torch.Tensor
    owners: tuple[int, ...]
    offsets: tuple[int, ...]
    starts: tuple[int, ...]
    entries: int
    places: torch.Tensor
    lead: tuple[int, ...]

    @property
    def operators(self) -> int:
        """How many operators there are."""
        return len(self.owners)

    @property
    def tables(self) -> list[torch.Tensor]:
        """The tensors of the plan."""
        return [self.ranges, self.places, *(t for g in self.groups for t in (g.programs, g.units, g.cells))]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the plan; the first are the entries of all results, and the starts."""
        counts = len(self.starts), len(self.lead)
        groups = [x for g in self.groups for x in (g.size, g.first)]
        return [self.entries, *self.starts, *self.lead, *self.owners, *self.offsets, *groups, *counts]

    @staticmethod
    def restored(tables: Sequence[torch.Tensor], numbers: Sequence[int]) -> Plan:
        """The plan with such tensors and numbers."""
        ranges, places, *rest = tables
        *known, parts, axes = numbers
        cuts = [0, *accumulate((1, parts, axes, len(places), len(places))), len(known)]
        (entries,), starts, lead, owners, offsets, sizes = (tuple(known[a:b]) for a, b in pairwise(cuts))
        groups = tuple(Group(sizes[2 * k], sizes[2 * k + 1], *rest[3 * k : 3 * k + 3]) for k in range(len(sizes) // 2))
        return Plan(groups, ranges, owners, offsets, starts, entries, places, lead)

    @cached_property
    def programs(self) -> int:
        """How many programs run, in all launches."""
        return sum(len(g.programs) for g in self.groups)


def plan_of(places: Sequence[Place], cells: Sequence[tuple[Cells, ...]], device: torch.device) -> Plan | None:
    """The tables for operators at some places, each with its cells; None if tables or orbits are too large for kernels."""
    patterns, known = [], dict[tuple[int, Place], list[_Pattern]]()
    for place, own in zip(places, cells, strict=True):
        key = id(own), place._replace(offsets=(), lead=(), entries=0)
        if key not in known:
            known[key] = [pattern for c in own for pattern in _placed(c, place)]
        found = known[key]
        if any(p.offsets.size > TABLE or p.offsets.shape[1] > MOST for p in found):
            return None
        patterns.append(found)
    sizes = {_padded(p.offsets.shape[1]) for found in patterns for p in found if p.mean}
    small = max((s for s in sizes if s <= SMALL), default=8 if not sizes else min(sizes))
    owners = [k for k, place in enumerate(places) for _ in place.offsets]
    offsets = [offset for place in places for offset in place.offsets]
    by_size: dict[int, list[tuple[int, _Pattern]]] = {small: []}
    for operator, owner in enumerate(owners):
        for pattern in patterns[owner]:
            size = max(small, _padded(pattern.offsets.shape[1])) if pattern.mean else small
            by_size.setdefault(size, []).append((operator, pattern))
    groups, ranges, first = [], np.zeros((len(owners), len(by_size), 2), dtype=np.int64), 0
    for number, (size, members) in enumerate(sorted(by_size.items())):
        group, counts = _group(size, first, members, len(owners), device)
        ends = first + np.cumsum(counts)
        ranges[:, number] = np.stack([ends - counts, ends], axis=1)
        first = int(ends[-1]) if len(ends) else first
        groups.append(group)
    sizes_of_parts = [-(-place.entries // ALIGNED) * ALIGNED for place in places]
    starts = [sum(sizes_of_parts[:k]) for k in range(len(places))]
    at = torch.tensor([starts[owner] + offset for owner, offset in zip(owners, offsets, strict=True)], device=device)
    return Plan(
        tuple(groups), torch.from_numpy(ranges).to(device), tuple(owners), tuple(offsets), tuple(starts), sum(sizes_of_parts),
        at, places[0].lead,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Pattern:
    """Cells in memory: offsets and signs (orbits, s); copies along an inner axis, of small steps, and an outer one; the first's corner."""

    offsets: Integers
    signs: Integers
    slow: Integers
    inner: tuple[int, int]
    outer: tuple[int, int]
    corner: int
    mean: bool


def _padded(size: int) -> int:
    return 1 << max(0, size - 1).bit_length()


def _placed(cells: Cells, place: Place) -> Iterator[_Pattern]:
    i, j, columns, signs = cells.i, cells.j, cells.columns, cells.signs
    if columns.step % place.pixels and columns.count > 1:  # pixels cut a copy: every copy is written out
        steps = np.arange(columns.count) * columns.step
        j = (j[:, None, :] + steps[:, None]).reshape(-1, j.shape[1])
        i, signs = (np.repeat(a, columns.count, axis=0) for a in (i, signs))
        columns = Run(columns.start, 1, place.pixels)
    along, down = place.columns(columns.start + j), i * place.row
    rows_inside = abs(place.row) < abs(place.pixel if place.pixels > 1 else place.column)
    across = (columns.count, (columns.step // place.pixels) * place.column)
    below = (cells.rows.count, cells.rows.step * place.row)
    slow, fast = (along, down) if rows_inside else (down, along)
    inner, outer = (below, across) if rows_inside else (across, below)
    order = np.lexsort((fast, slow), axis=-1) if i.size else np.zeros(i.shape, dtype=np.int64)
    slow, fast, signs = (np.take_along_axis(a, order, axis=1) for a in (slow, fast, signs))
    order = np.lexsort((*fast.T[::-1], *slow.T[::-1])) if i.size else np.arange(len(i))
    yield _Pattern(
        (slow + fast)[order], signs[order], slow[order], inner, outer, cells.rows.start * place.row, cells.mean
    )


def _packed(pattern: _Pattern, size: int) -> Iterator[tuple[Integers, _Pattern]]:
    """Cells (s, orbits) of at most `size` entries, those of zeros in rows; 2 * offset, + 1 for a sign, -1 for none."""
    if pattern.mean:
        cells = np.full((size, len(pattern.offsets)), -1, dtype=np.int64)
        cells[: pattern.offsets.shape[1]] = 2 * pattern.offsets.T + (pattern.signs.T < 0)
        yield cells, pattern
        return
    slow, offsets = pattern.slow.ravel(), pattern.offsets.ravel()
    fast = offsets - slow
    deepest = int(np.unique(fast, return_counts=True)[1].max())
    count, step = pattern.outer
    together = max(1, min(count, size // deepest))
    done = count - count % together
    for begin, copies, many in ((0, done // together, together), (done, 1, count - done)):
        if not copies * many:
            continue
        moved = (step * np.arange(many))[:, None]
        rows, columns = (slow + moved).ravel(), np.broadcast_to(fast, (many, len(fast))).ravel()
        order = np.lexsort((rows, columns))
        rows, columns = rows[order], columns[order]
        starts = np.flatnonzero(np.diff(columns, prepend=columns[0] - 1))
        rank = np.arange(len(columns)) - np.repeat(starts, np.diff(starts, append=len(columns)))
        number = np.cumsum(rank % size == 0) - 1
        cells = np.full((size, int(number[-1]) + 1), -1, dtype=np.int64)
        cells[rank % size, number] = 2 * (rows + columns)
        corner = pattern.corner + begin * step
        yield cells, _Pattern(offsets, slow, slow, pattern.inner, (copies, many * step), corner, False)


def _group(
    size: int, first: int, members: Sequence[tuple[int, _Pattern]], operators: int, device: torch.device
) -> tuple[Group, Array]:
    """One launch for patterns of operators in ascending order, and how many programs each operator has."""
    block = max(1, ENTRIES // size)
    tables: dict[_Pattern, list[tuple[int, Integers, _Pattern]]] = {}
    cells: list[Integers] = []
    units: list[tuple[int, ...]] = []
    programs, counts, filled = [], np.zeros(operators, dtype=np.int64), 0
    for operator, pattern in members:
        if pattern not in tables:
            tables[pattern] = []
            for table, packed in _packed(pattern, size):
                tables[pattern].append((filled, table, packed))
                cells.append(table.ravel())
                filled += table.size
        for start, table, packed in tables[pattern]:
            total = table.shape[1] * packed.inner[0] * packed.outer[0]
            number = -(-total // block)
            orbit_size = pattern.offsets.shape[1] if pattern.mean else 0
            unit = (
                operator, table.shape[1], packed.inner[0], total, start, packed.inner[1], packed.outer[1], orbit_size,
                packed.corner,
            )  # fmt: skip
            programs.append(np.stack([np.full(number, len(units)), np.arange(number)], axis=1))
            units.append(unit)
            counts[operator] += number
    numbers = np.concatenate(programs) if programs else np.zeros((0, 2))
    flat = np.concatenate(cells) if cells else np.zeros(0)
    width = np.int32 if flat.max(initial=0) < 2**31 else np.int64  # half as much to read
    made = (numbers.astype(np.int32), np.array(units, dtype=np.int64).reshape(-1, 9), flat.astype(width))
    return Group(size, first, *(torch.from_numpy(a).to(device) for a in made)), counts
