"""Structure of monomial pairs: indicator matrices of orbits, with roots of unity as entries; P is the mean over each orbit.

One gather brings the entries of every orbit together, their mean is the coordinate, one gather writes it back. Both run over
whole rows of copies, so that neither axes nor memory are exchanged. Derivation: docs/formulation/projection.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg.spaces import OrbitSpace
from grouprep.typing import AnyArray, Array, Integers, Namespace
from projectors.arrays import gather
from projectors.structure.base import Means, Structure, kind

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

    from projectors.structure.blocks import Block

__all__ = ["Orbits"]

_STRIDED = 16  # at most this many entries of a pair are walked over by slices; beyond, numpy is faster with a gather
_LONG = 32  # orbits longer than this are summed along the last axis, where numpy adds pairwise


class Orbits(Structure):
    """Indicator matrices of orbits, each divided by the square root of its size."""

    def __init__(self, space: OrbitSpace) -> None:
        self.space, self.shape, self.dim = space, space.shape, space.dim

    def rows(self) -> DomainMatrix:
        return self.space.rows()

    @property
    def dtype(self) -> np.dtype[np.generic]:
        return self._entries.dtype

    def key(self) -> tuple[Hashable, ...]:
        return self.shape, self.dim, self._inside.tobytes(), self._labels.tobytes(), self._entries.tobytes()

    # The entries of orbits: `_inside` are their places in range(m * n), the others run along with it

    @cached_property
    def _inside(self) -> Integers:
        return np.flatnonzero(self.space.labels >= 0)

    @cached_property
    def _labels(self) -> Integers:
        return self.space.labels[self._inside]

    @cached_property
    def _units(self) -> Array:
        """The roots of unity, which are 1 for permutations."""
        return self.space.values()[self._inside]

    @cached_property
    def _entries(self) -> Array:
        return np.asarray(self._units / np.sqrt(self.space.sizes()[self._labels]))

    @cached_property
    def _order(self) -> Integers:
        """Sorts entries by orbits."""
        return np.argsort(self._labels, kind="stable")

    def coordinates(self, T: Array) -> Array:
        m, n = self.shape
        flat = T.reshape(*T.shape[:-2], m * n)[..., self._inside] * self._entries.conj().astype(kind(T, self.dtype))
        if not self.dim:
            return np.zeros((*T.shape[:-2], 0), dtype=flat.dtype)
        starts = np.searchsorted(self._labels[self._order], np.arange(self.dim))
        return np.asarray(np.add.reduceat(flat[..., self._order], starts, axis=-1))

    def combine(self, c: Array) -> Array:
        m, n = self.shape
        out = np.zeros((*c.shape[:-1], m * n), dtype=kind(c, self.dtype))
        out[..., self._inside] = c[..., self._labels] * self._entries.astype(out.dtype)
        return out.reshape(*c.shape[:-1], m, n)

    # The projector

    @cached_property
    def _orbit_sizes(self) -> Integers:
        return np.bincount(self._labels, minlength=self.dim)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of orbits that occur."""
        return tuple(int(s) for s in np.unique(self._orbit_sizes))

    @cached_property
    def _is_plain(self) -> bool:
        """Whether P is means alone: every entry belongs to an orbit, and all roots of unity are 1."""
        return len(self._inside) == self.shape[0] * self.shape[1] and bool(np.all(self._units == 1))

    @cached_property
    def errs_within(self) -> bool:  # type: ignore[override]
        return bool(np.all(self._units == np.round(self._units)))  # +-1 and +-i are numbers of every precision

    @cached_property
    def orbit_size(self) -> int | None:  # type: ignore[override]
        return self.sizes[0] if self._is_plain and len(self.sizes) == 1 and self.sizes[0] <= _LONG else None

    @cached_property
    def means(self) -> Means | None:  # type: ignore[override]
        values = self.space.values()
        signs = np.where(self.space.labels >= 0, values, 1)
        return (self.space.labels, signs.real) if bool(np.all(np.abs(signs.real) == 1)) else None

    @cached_property
    def is_strided(self) -> bool:  # type: ignore[override]
        return self.shape[0] * self.shape[1] <= _STRIDED and self._is_plain

    def constants(self, block: Block, width: int) -> tuple[Array, ...]:
        """Classes of orbits of one size s are (s, index); index says where the entries stand in a row of copies."""
        (m, n), r, copies = self.shape, self.dim, block.columns_n
        sizes = self._orbit_sizes
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        i, j = np.divmod(self._inside[self._order], n)  # the pair's entries, orbit by orbit
        units = self._units[self._order].conj()
        steps = np.arange(copies)
        place = np.zeros((r, copies), dtype=np.int64)  # of each coordinate among all
        index, phases, total = [], [], 0
        for s in self.sizes:
            members = np.flatnonzero(sizes == s)
            cells = starts[members] + np.arange(s)[:, None]  # (s, orbits)
            full = (i[cells] * width + block.column + j[cells])[:, None, :] + (n * steps)[:, None]
            full = full.reshape(s, -1)
            index.append((full.T if s > _LONG else full).ravel())
            phase = np.broadcast_to(units[cells][:, None, :], (s, copies, len(members))).reshape(s, -1)
            phases.append((phase.T if s > _LONG else phase).ravel())
            place[members] = total + np.arange(copies) * len(members) + np.arange(len(members))[:, None]
            total += full.shape[1]
        back = np.zeros((m * n, copies), dtype=np.int64)
        back[self._inside] = place[self._labels]
        out = np.zeros((m * n, copies), dtype=self._units.dtype)
        out[self._inside] = self._units[:, None]
        rows = [a.reshape(m, n, copies).transpose(0, 2, 1).ravel() for a in (back, out)]
        weights = () if self._is_plain else (*phases, rows[1])
        return tuple(np.require(c, None, ["C", "W"]) for c in (*index, rows[0], *weights))

    def project(
        self, rows: AnyArray, copies: int, xp: Namespace, constants: Sequence[AnyArray], block: Block
    ) -> AnyArray:
        m, n = self.shape
        lead, width = rows.shape[:-2], rows.shape[-1]
        count = len(self.sizes)
        rows = xp.reshape(rows, (*lead, copies, m * width))
        means = []
        for k, s in enumerate(self.sizes):
            entries = gather(xp, rows, constants[k])
            if not self._is_plain:
                entries = entries * constants[count + 1 + k]
            orbits = entries.shape[-1] // s
            shape, axis = ((orbits, s), -1) if s > _LONG else ((s, orbits), -2)
            means.append(xp.mean(xp.reshape(entries, (*lead, copies, *shape)), axis=axis))
        c = means[0] if len(means) == 1 else xp.concat(means, axis=-1)
        out = gather(xp, c, constants[count])
        if not self._is_plain:
            out = out * constants[-1]
        return xp.reshape(out, (*lead, copies * m, block.columns_n * n))

    @cached_property
    def _cells(self) -> list[list[tuple[int, int]]]:
        """For every orbit the places (i, j) of its entries."""
        where, ends = self._inside[self._order].tolist(), np.cumsum(self._orbit_sizes).tolist()
        return [[divmod(k, self.shape[1]) for k in where[a:b]] for a, b in zip([0, *ends], ends)]

    def write(self, T: Array, out: Array, block: Block) -> bool:
        """P(T) for numpy arrays, entry by entry of the pair, into the block's place in `out`; whether all means are finite."""
        m, n = self.shape
        rows, columns = block.slices()
        shape = (*T.shape[:-2], block.rows_n, m, block.columns_n, n)
        source, target = T[..., rows, columns].reshape(shape), out[..., rows, columns].reshape(shape)  # views, both
        finite, mean = True, np.empty((*T.shape[:-2], block.rows_n, block.columns_n), dtype=out.dtype)
        for cells in self._cells:
            values = [source[..., i, :, j] for i, j in cells]
            np.add(values[0], values[1] if len(values) > 1 else 0, out=mean)
            for value in values[2:]:
                np.add(mean, value, out=mean)
            if len(cells) & (len(cells) - 1):
                np.divide(mean, len(cells), out=mean)
            elif len(cells) > 1:  # the reciprocal of a power of two is exact, and a product faster
                np.multiply(mean, 1 / len(cells), out=mean)
            finite = finite and bool(np.isfinite(np.vdot(mean, mean)))
            for i, j in cells:
                target[..., i, :, j] = mean
        return finite
