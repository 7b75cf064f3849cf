"""The orthogonal projection on Hom_G(V, W) as array operations: numpy, torch, jax or any array-API library.

Orbits: one gather brings the entries of every orbit together, their mean is the coordinate, one gather writes it back. Both
run over whole rows of copies, so that neither axes nor memory are exchanged. Dense pairs: two matrix products. Derivation:
docs/formulation/projection.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from itertools import groupby
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError
from projectors.arrays import cast, is_half
from projectors.basis import Basis, Block, DenseBasis, OrbitBasis
from projectors.schur import SchurBasis
from projectors.spectral import SpectralFrame

__all__ = ["Band", "Projection", "as_gather", "gathered", "spectral_frame"]

_STRIDED = 16  # at most this many entries of a pair are walked over by slices; beyond, numpy is faster with a gather
_LONG = 32  # orbits longer than this are summed along the last axis, where numpy adds pairwise


class _Part(ABC):
    """The projection of one block: the structure, and how its constants (a tuple of arrays) act on operators."""

    block: Block
    constants: tuple[NDArray[Any], ...]

    @abstractmethod
    def project(self, rows: Any, copies: int, xp: Any, constants: Sequence[Any]) -> Any:
        """Some of the block's copies of rows, (..., copies * m, dim V) -> their projections (..., copies * m, columns_n * n)."""


class _OrbitPart(_Part):
    """Means over orbits. Classes of orbits of one size s are (s, index); index says where the entries stand in a row of copies."""

    def __init__(self, block: Block, pair: OrbitBasis, width: int) -> None:
        self.block = block
        (m, n), r, copies = pair.shape, pair.dim, block.columns_n
        sizes = np.bincount(pair.labels, minlength=r)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        where = pair.inside[pair.order]  # the pair's entries, orbit by orbit
        i, j = np.divmod(where, n)
        steps = np.arange(copies)
        self.sizes = tuple(int(s) for s in np.unique(sizes))
        place = np.zeros((r, copies), dtype=np.int64)  # of each coordinate among all
        index, phases, total = [], [], 0
        unit = pair.entries * np.sqrt(sizes[pair.labels])
        for s in self.sizes:
            members = np.flatnonzero(sizes == s)
            cells = starts[members] + np.arange(s)[:, None]  # (s, orbits)
            full = (i[cells] * width + block.column + j[cells])[:, None, :] + (n * steps)[:, None]
            full = full.reshape(s, -1)
            index.append((full.T if s > _LONG else full).ravel())
            phase = np.broadcast_to(unit[pair.order][cells].conj()[:, None, :], (s, copies, len(members))).reshape(
                s, -1
            )
            phases.append((phase.T if s > _LONG else phase).ravel())
            place[members] = total + np.arange(copies) * len(members) + np.arange(len(members))[:, None]
            total += full.shape[1]
        back = np.zeros((m * n, copies), dtype=np.int64)
        back[pair.inside] = place[pair.labels]
        out = np.zeros((m * n, copies), dtype=unit.dtype)
        out[pair.inside] = unit[:, None]
        self.plain = bool(np.all(out == 1))
        self.is_exact = bool(np.all(out == np.round(out)))  # phases +-1 and +-i are numbers of every precision
        rows = [a.reshape(m, n, copies).transpose(0, 2, 1).ravel() for a in (back, out)]
        weights = () if self.plain else (*phases, rows[1])
        self.constants = tuple(np.require(c, None, ["C", "W"]) for c in (*index, rows[0], *weights))
        self.strided = m * n <= _STRIDED and self.plain
        self.orbits = (
            [[divmod(int(k), n) for k in where[a : a + s]] for a, s in zip(starts, sizes)] if self.strided else []
        )

    def project(self, rows: Any, copies: int, xp: Any, constants: Sequence[Any]) -> Any:
        b = self.block
        m, n = b.pair.shape
        lead, width = rows.shape[:-2], rows.shape[-1]
        count = len(self.sizes)
        rows = xp.reshape(rows, (*lead, copies, m * width))
        means = []
        for k, s in enumerate(self.sizes):
            entries = _gather(rows, constants[k], xp)
            if not self.plain:
                entries = entries * constants[count + 1 + k]
            orbits = entries.shape[-1] // s
            shape, axis = ((orbits, s), -1) if s > _LONG else ((s, orbits), -2)
            means.append(xp.mean(xp.reshape(entries, (*lead, copies, *shape)), axis=axis))
        c = means[0] if len(means) == 1 else xp.concat(means, axis=-1)
        out = _gather(c, constants[count], xp)
        if not self.plain:
            out = out * constants[-1]
        return xp.reshape(out, (*lead, copies * m, b.columns_n * n))

    def write(self, T: NDArray[Any], out: NDArray[Any]) -> bool:
        """The same for numpy arrays, entry by entry of the pair, into the block's place in `out`; whether all means are finite."""
        b, (m, n) = self.block, self.block.pair.shape
        rows, columns = b.slices()
        shape = (*T.shape[:-2], b.rows_n, m, b.columns_n, n)
        source, target = T[..., rows, columns].reshape(shape), out[..., rows, columns].reshape(shape)  # views, both
        finite, mean = True, np.empty((*T.shape[:-2], b.rows_n, b.columns_n), dtype=out.dtype)
        for cells in self.orbits:
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


def _gather(x: Any, index: Any, xp: Any) -> Any:
    """Entries of the last axis. With torch on two axes: it is six times as fast there, and its `take` tests all indices."""
    if getattr(xp, "index_select", None) is None:
        return xp.take(x, index, axis=-1)
    lead = x.shape[:-1]
    return xp.reshape(gathered(xp.reshape(x, (prod(lead), x.shape[-1])), index, xp), (*lead, index.shape[0]))


def gathered(x: Any, index: Any, torch: Any, out: Any = None) -> Any:
    """Columns x[:, index] of a torch matrix: its `index_select` is the fastest for entries of four bytes, `gather` for wider ones.

    Parameters
    ----------
    x : (rows, n); index : (m,), of 32 or 64 bits; torch : the library; out : memory of the result.
    """
    if x.element_size() > 4 and index.dtype == torch.int64:
        return torch.gather(x, 1, index.expand(x.shape[0], -1), out=out)
    return torch.index_select(x, 1, index, out=out)


class _DensePart(_Part):
    """Inner products with the dual basis, and the combination with the basis."""

    def __init__(self, block: Block, pair: DenseBasis) -> None:
        self.block = block
        pair = pair if pair.projector is None else pair.projector
        m, n = pair.shape
        dual, array = pair.dual.reshape(pair.dim, m * n).conj().T, pair.array.reshape(pair.dim, m * n)
        self.constants = (np.require(dual, None, ["C", "W"]), np.require(array, None, ["C", "W"]))

    def project(self, rows: Any, copies: int, xp: Any, constants: Sequence[Any]) -> Any:
        b, (m, n) = self.block, self.block.pair.shape
        _, columns = b.slices()
        lead = rows.shape[:-2]
        d = len(lead)
        exchange = (*range(d), d, d + 2, d + 1, d + 3)
        part = xp.reshape(rows[..., columns], (*lead, copies, m, b.columns_n, n))
        flat = xp.reshape(xp.permute_dims(part, exchange), (*lead, copies * b.columns_n, m * n))
        out = (flat @ constants[0]) @ constants[1]
        out = xp.permute_dims(xp.reshape(out, (*lead, copies, b.columns_n, m, n)), exchange)
        return xp.reshape(out, (*lead, copies * m, b.columns_n * n))


class _SchurPart(_Part):
    """To the spectral frame, the mask and the traces there, and back."""

    def __init__(self, block: Block, pair: SchurBasis) -> None:
        self.block, self.frame = block, pair.frame
        self.constants = pair.frame.constants
        pair.frame.prepare()

    def project(self, rows: Any, copies: int, xp: Any, constants: Sequence[Any]) -> Any:
        part = rows if rows.shape[-1] == self.frame.shape[1] else rows[..., self.block.slices()[1]]
        return self.frame.project_spatial(part, xp, constants)


_Piece = tuple[int, _Part | None, slice]  # columns, the part that fills them or None for zeros, its constants
Band = tuple[_Piece, ...]  # what fills some rows, from the left
_Rows = tuple[int, int, Band]  # rows of a copy, copies, and what fills them


@dataclass(frozen=True, eq=False)
class Projection:
    """The projector of a basis, with its constants in one array library, on one device, in one precision.

    Immutable. `Projection.of(basis)` holds numpy constants; `to` moves them.

    basis : the basis projected on; shape is that of its operators.
    layout : what fills which rows and columns.
    constants : the arrays that the parts use, one after the other.
    xp : the library's array-API namespace; array_type : the class of its arrays.
    is_complex : whether projections of real operators are complex.
    home : the constants in numpy and double precision; dtype : of the operators that `constants` fit, None for all.
    """

    basis: Basis
    layout: tuple[_Rows, ...]
    constants: tuple[Any, ...]
    xp: Any
    array_type: type
    is_complex: bool
    home: tuple[NDArray[Any], ...]
    dtype: Any = None

    @staticmethod
    def of(basis: Basis) -> Projection:
        """The projector on the span of a basis, in numpy."""
        import array_api_compat.numpy as xp

        parts = [_part(b, basis.shape[1]) for b in basis.blocks]
        constants = tuple(c for p in parts for c in p.constants)
        return Projection(
            basis, _layout(parts, basis.shape), constants, xp, np.ndarray, basis.dtype.kind == "c", constants
        )

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V)."""
        return self.basis.shape

    @property
    def is_self_adjoint(self) -> bool:
        """Whether P is orthogonal in the Frobenius inner product too, so that its transpose is itself."""
        return all(b.pair.is_self_dual for b in self.basis.blocks)

    def to(self, xp: Any, device: Any = None, dtype: Any = None) -> Projection:
        """The same projector with constants as arrays of xp, on a device, fit for operators of a dtype (default: as they are)."""
        constants = tuple(_moved(c, xp, device, dtype) for c in self.home)
        return replace(self, xp=xp, constants=constants, array_type=type(xp.asarray(0.0)), dtype=dtype)

    def for_array(self, T: Any, xp: Any) -> Projection:
        """The projector for operators like T: the constants converted, which for numpy and torch on the CPU copies no index."""
        if xp is self.xp and (self.dtype is None or self.dtype == T.dtype):
            return self
        from array_api_compat import device

        return self.to(xp, device(T), T.dtype)

    def project(self, T: Any, constants: Sequence[Any] | None = None) -> Any:
        """P(T) for a float or complex array (..., dim W, dim V) of the projector's library.

        Parameters
        ----------
        T : the operators.
        constants : in place of its own, equal ones that somebody else owns, such as buffers of a torch module.

        Raises
        ------
        GroupRepError
            If T is a numpy array with entries that are not finite; in other libraries they pass through.
        """
        xp, work = self.xp, T
        half = is_half(xp, T.dtype)
        if half:
            work = xp.astype(T, xp.float32)
        if self.is_complex and xp.isdtype(work.dtype, "real floating"):
            work = xp.astype(work, xp.complex128 if work.dtype == xp.float64 else xp.complex64)
        out = self._assemble(work, self.constants if constants is None else constants)
        return xp.astype(out, T.dtype) if half and not self.is_complex else out

    def residual(self, T: Any, constants: Sequence[Any] | None = None) -> Any:
        """T - P(T), as `project`; for half precision the difference is taken in float32.

        With constants of its own, to the precision of T relative to the residual itself, however near T is to equivariance: an
        error eps |T| of P(T) would be the whole of a residual of that size. Means over orbits err within the range of P, which a
        second projection removes; other structures take the difference in double precision, where the library has it.
        """
        xp = self.xp
        if constants is None and T.dtype in (xp.float32, xp.complex64):
            if not self.errs_within and _has_double(T, xp):
                wide = xp.astype(T, xp.float64 if T.dtype == xp.float32 else xp.complex128)
                R = self.for_array(wide, xp).residual(wide)
                return xp.astype(R, xp.complex64 if xp.isdtype(R.dtype, "complex floating") else xp.float32)
            R = T - self.project(T)
            return R - self.project(R)
        if is_half(xp, T.dtype):
            work = xp.astype(T, xp.float32)
            out = work - self.project(work, constants)
            return out if self.is_complex else xp.astype(out, T.dtype)
        return T - self.project(T, constants)

    def _assemble(self, T: Any, all_constants: Sequence[Any]) -> Any:
        xp = self.xp
        if isinstance(T, np.ndarray) and self._all_strided:
            return self._by_slices(T)
        if isinstance(T, np.ndarray):
            _require_finite(T)
        out, row = [], 0
        for m, copies, band in self.layout:
            out.append(self.band(T[..., row : row + m * copies, :], copies, band, all_constants))
            row += m * copies
        return out[0] if len(out) == 1 else xp.concat(out, axis=-2)

    def band(self, rows: Any, copies: int, band: Band, all_constants: Sequence[Any]) -> Any:
        """The projections of some copies of a summand of W, from their rows of T: P acts on each copy by itself.

        Parameters
        ----------
        rows : (..., rows of the copies, dim V), in single or double precision, complex if the projector is.
        copies : how many; band : one of `layout`; all_constants : those of the whole projector.
        """
        xp = self.xp
        pieces = [
            xp.zeros_like(rows[..., :columns])
            if part is None
            else part.project(rows, copies, xp, self._typed(all_constants[at], rows))
            for columns, part, at in band
        ]
        return pieces[0] if len(pieces) == 1 else xp.concat(pieces, axis=-1)

    def _typed(self, constants: Sequence[Any], T: Any) -> Sequence[Any]:
        """Weights and bases in the precision of T; indices as they are."""
        xp = self.xp
        return [c if xp.isdtype(c.dtype, "integral") or c.dtype == T.dtype else cast(c, T.dtype, xp) for c in constants]

    @cached_property
    def parts(self) -> tuple[_Part, ...]:
        """The parts, block by block."""
        return tuple(part for *_, band in self.layout for _, part, _ in band if part is not None)

    @cached_property
    def _all_strided(self) -> bool:
        return all(isinstance(p, _OrbitPart) and p.strided for p in self.parts)

    @cached_property
    def errs_within(self) -> bool:
        """Whether rounding leaves P(T) within the range of P: means over orbits, not entries of irrational bases."""
        return all(isinstance(p, _OrbitPart) and p.is_exact for p in self.parts)

    def _by_slices(self, T: NDArray[Any]) -> NDArray[Any]:
        m, n = self.shape
        covered = sum(
            p.block.rows_n * p.block.columns_n * p.block.pair.shape[0] * p.block.pair.shape[1] for p in self.parts
        )
        out = np.empty(T.shape, dtype=T.dtype) if covered == m * n else np.zeros(T.shape, dtype=T.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = [part.write(T, out) for part in self.parts if isinstance(part, _OrbitPart)]
        if covered != m * n or not all(finite):
            _require_finite(T)
        return out

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.basis, self.constants, self.xp.__name__, self.dtype)

    def __repr__(self) -> str:
        return f"<projector on {len(self.basis)} dimensions of {self.shape[0]} x {self.shape[1]} operators, {self.xp.__name__}>"


def _restore(basis: Basis, constants: tuple[Any, ...], library: str, dtype: Any) -> Projection:
    xp = import_module(library)
    return replace(Projection.of(basis), constants=constants, xp=xp, array_type=type(xp.asarray(0.0)), dtype=dtype)


def _has_double(T: Any, xp: Any) -> bool:
    from array_api_compat import device

    return bool(xp.asarray(np.zeros(())).dtype == xp.float64) and getattr(device(T), "type", "") != "mps"


def _require_finite(T: NDArray[Any]) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        if T.flags.c_contiguous and np.isfinite(np.vdot(T, T)):
            return
    if not np.isfinite(T).all():
        raise GroupRepError("T has NaN or infinite entries; every entry must be finite")


def as_gather(band: Band, width: int) -> tuple[int, slice] | None:
    """(s, slice of constants) if a band is all means over orbits of one size s, without phases, along the first axis; else None."""
    if len(band) != 1 or band[0][0] != width:
        return None
    _, part, at = band[0]
    if not isinstance(part, _OrbitPart) or not part.plain or len(part.sizes) != 1 or part.sizes[0] > _LONG:
        return None
    return part.sizes[0], at


def spectral_frame(projection: Projection) -> SpectralFrame | None:
    """The frame if P is a mask and traces there, else None."""
    parts = projection.parts
    return parts[0].frame if len(parts) == 1 and isinstance(parts[0], _SchurPart) else None


def _part(block: Block, width: int) -> _Part:
    pair = block.pair
    if isinstance(pair, OrbitBasis):
        return _OrbitPart(block, pair, width)
    if isinstance(pair, SchurBasis):
        return _SchurPart(block, pair)
    assert isinstance(pair, DenseBasis)
    return _DensePart(block, pair)


def _layout(parts: Sequence[_Part], shape: tuple[int, int]) -> tuple[_Rows, ...]:
    """Bands of rows, each with its pieces from left to right: parts with the slice of their constants, or zeros (None)."""
    bands: list[_Rows] = []
    row, position = 0, 0
    for start, members in groupby(parts, key=lambda part: part.block.row):
        if start > row:
            bands.append((1, start - row, ((shape[1], None, slice(0, 0)),)))
        pieces: list[_Piece] = []
        column, rows, copies = 0, 1, 1
        for part in members:
            (m, n), stop = part.block.pair.shape, position + len(part.constants)
            if part.block.column > column:
                pieces.append((part.block.column - column, None, slice(0, 0)))
            pieces.append((part.block.columns_n * n, part, slice(position, stop)))
            column, position = part.block.column + part.block.columns_n * n, stop
            rows, copies = m, part.block.rows_n
        if column < shape[1]:
            pieces.append((shape[1] - column, None, slice(0, 0)))
        bands.append((rows, copies, tuple(pieces)))
        row = start + rows * copies
    if row < shape[0]:
        bands.append((1, shape[0] - row, ((shape[1], None, slice(0, 0)),)))
    return tuple(bands)


def _moved(c: Any, xp: Any, device: Any, dtype: Any) -> Any:
    out = xp.asarray(c, device=device)
    if dtype is None or xp.isdtype(out.dtype, "integral"):
        return out
    return cast(out, xp.float32 if is_half(xp, dtype) else dtype, xp)
