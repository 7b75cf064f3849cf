"""P entry by entry, for kernels: signed means over orbits of entries, and zeros, in patterns that copies of summands repeat.

Where representations permute coordinates up to signs, or are sums of irreps as they stand, P does nothing else. Derivation:
docs/formulation/projection.md, docs/formulation/schur.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grouprep.typing import Array, Integers
from projectors.structure.adapted import AdaptedBasis
from projectors.structure.base import Means
from projectors.structure.blocks import Block
from projectors.structure.frame import SpectralBlock, SpectralFrame
from projectors.structure.projection import Projection

__all__ = ["Cells", "Run", "cells_of"]


@dataclass(frozen=True)
class Run:
    """Copies along one axis: the first coordinates start, start + step, ..."""

    start: int
    count: int
    step: int


@dataclass(frozen=True, eq=False)
class Cells:
    """A pattern of entries that is repeated for all copies of two summands; P acts within each by itself.

    rows, columns : where the copies stand.
    i, j : (orbits, s) the entries of each orbit, counted from the first row and column of a copy.
    signs : (orbits, s) of 1 and -1: P makes of each entry its sign times the mean of sign times entry over its orbit.
    mean : False where P is 0 instead.
    """

    rows: Run
    columns: Run
    i: Integers
    j: Integers
    signs: Integers
    mean: bool


def cells_of(projection: Projection) -> tuple[Cells, ...] | None:
    """Patterns that tile the operators, or None if P is more than signed means and zeros.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors import Hom
    >>> (cells,) = cells_of(Hom(3 * Cyclic(4).regular(), 2 * Cyclic(4).regular()).projection)
    >>> cells.rows, cells.columns, cells.i.shape
    (Run(start=0, count=2, step=4), Run(start=0, count=3, step=4), (4, 4))
    """
    if projection.is_complex or not projection.is_self_adjoint:
        return None
    found: list[Cells] = []
    for block in projection.blocks.blocks:
        part = _of_block(block)
        if part is None:
            return None
        found += part
    return tuple(found)


def _of_block(block: Block) -> list[Cells] | None:
    (m, n), structure = block.structure.shape, block.structure
    if structure.frame is not None:
        alone = block.rows_n == block.columns_n == 1
        return _of_frame(structure.frame, block.row, block.column) if alone else None
    rows, columns = Run(block.row, block.rows_n, m), Run(block.column, block.columns_n, n)
    if not structure.dim:
        return list(_zeros(rows, m, columns, n))
    return None if structure.means is None else list(_patterns(structure.means, rows, columns, n))


def _patterns(means: Means, rows: Run, columns: Run, n: int) -> Iterator[Cells]:
    """One for each size of orbits, with the entries of an orbit from the top; one for the zeros."""
    labels, signs = means
    inside = np.flatnonzero(labels >= 0)
    inside = inside[np.argsort(labels[inside], kind="stable")]
    sizes = np.bincount(labels[inside])
    starts = np.cumsum(sizes) - sizes
    for s in np.unique(sizes):
        members = inside[starts[sizes == s][:, None] + np.arange(s)]
        i, j = np.divmod(members, n)
        order = np.lexsort((*j.T[::-1], *i.T[::-1])) if len(members) else np.arange(0)
        yield Cells(rows, columns, i[order], j[order], signs[members[order]].astype(np.int64), True)
    zeros = np.flatnonzero(labels < 0)[:, None]
    if len(zeros):
        yield Cells(rows, columns, *np.divmod(zeros, n), np.ones_like(zeros), False)


def _zeros(rows: Run, m: int, columns: Run, n: int) -> Iterator[Cells]:
    """Copies of m x n zeros; axes on which copies follow each other are taken as a whole."""
    (rows, m), (columns, n) = (_joined(run, size) for run, size in ((rows, m), (columns, n)))
    i, j = (a.reshape(-1, 1) for a in np.indices((m, n)))
    yield Cells(rows, columns, i, j, np.ones_like(i), False)


def _joined(run: Run, size: int) -> tuple[Run, int]:
    return (Run(run.start, run.count * size, 1), 1) if run.step == size or run.count == 1 else (run, size)


def _of_frame(frame: SpectralFrame, row: int, column: int) -> list[Cells] | None:
    if not (frame.domain.is_permutation and frame.codomain.is_permutation):
        return None
    above, beside = _runs(frame.codomain, row), _runs(frame.domain, column)
    if above is None or beside is None:
        return None
    found: list[Cells] = []
    for block in frame.blocks:
        means = _means(block) if block.equal else None
        if block.equal and means is None:
            return None
        m, n = block.irrep_W.dim, block.irrep_V.dim
        for rows in above[block.row.start]:
            for columns in beside[block.column.start]:
                found += _zeros(rows, m, columns, n) if means is None else _patterns(means, rows, columns, n)
    return found


def _means(block: SpectralBlock) -> Means | None:
    """The commutant of an irrep as orbits, if its matrices are signed permutations without common entries."""
    d = block.irrep_V.dim
    labels, signs = np.full(d * d, -1, dtype=np.int64), np.ones(d * d, dtype=np.int64)
    for k, entries in enumerate(block.entries):
        places = np.array([i * d + j for i, j, _ in entries])
        units = np.array([x for *_, x in entries])
        rounded = np.sign(units.real).astype(np.int64)
        exact = bool(np.all(np.abs(units - rounded) <= 4 * d * np.finfo(float).eps))
        if not exact or len(places) != d or (labels[places] >= 0).any():
            return None
        labels[places], signs[places] = k, rounded
    return labels, signs


def _runs(basis: AdaptedBasis, offset: int) -> dict[int, list[Run]] | None:
    """Where the copies of each irrep stand, by the irrep's first spectral coordinate; None if a copy's coordinates are apart."""
    out, places = {}, basis.gather[basis.order]
    for part, irrep in zip(basis.slices, basis.irreps, strict=True):
        copies = places[part].reshape(-1, irrep.dim)
        if not np.array_equal(copies, copies[:, :1] + np.arange(irrep.dim)):
            return None
        out[part.start] = _progressions(copies[:, 0] + offset)
    return out


def _progressions(starts: Array) -> list[Run]:
    """Ascending numbers as arithmetic progressions."""
    runs, k = [], 0
    while k < len(starts):
        step, stop = int(starts[k + 1] - starts[k]) if k + 1 < len(starts) else 1, k + 1
        while stop < len(starts) and starts[stop] - starts[stop - 1] == step:
            stop += 1
        runs.append(Run(int(starts[k]), stop - k, step))
        k = stop
    return runs
