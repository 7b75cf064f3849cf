"""The residual T - P(T) of torch tensors outside autograd, a piece of rows at a time, with few passes over memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import torch

from projectors.arrays import namespace_of
from projectors.projection import Projection, as_gather, spectral_frame
from projectors.spectral import SpectralFrame

__all__ = ["Product", "pieces", "residual_of"]

# Entries of a piece: half a megabyte in single precision. Four times as many, or a quarter, measured slower.
ENTRIES = 1 << 17


class Product:
    """The operators u v* of narrow factors, (..., m, k) and (..., n, k), formed a piece of rows at a time."""

    def __init__(self, u: torch.Tensor, v: torch.Tensor) -> None:
        self.u, self.star = u, v.mH
        self.shape = torch.Size((*u.shape[:-1], v.shape[-2]))
        self.dtype, self.device, self.is_complex = u.dtype, u.device, u.is_complex

    def rows(self, start: int, stop: int, out: torch.Tensor | None = None) -> torch.Tensor:
        """Rows start to stop."""
        return torch.matmul(self.u[..., start:stop, :], self.star, out=out)


def _rows(T: torch.Tensor | Product, start: int, stop: int, buffers: _Buffers) -> torch.Tensor:
    if isinstance(T, Product):
        return T.rows(start, stop, buffers.get(2, (*T.shape[:-2], stop - start, T.shape[-1])))
    return T[..., start:stop, :]


class _Buffers:
    """Memory for the pieces, one buffer a slot, made once for all pieces of an operator."""

    def __init__(self, like: torch.Tensor | Product) -> None:
        self.dtype, self.device = like.dtype, like.device
        self.flat: dict[int, torch.Tensor] = {}

    def get(self, slot: int, shape: tuple[int, ...]) -> torch.Tensor:
        size = prod(shape)
        if slot not in self.flat or self.flat[slot].numel() < size:
            self.flat[slot] = torch.empty(size, dtype=self.dtype, device=self.device)
        return self.flat[slot][:size].view(shape)


def pieces(
    T: torch.Tensor | Product, projection: Projection, constants: Sequence[torch.Tensor]
) -> Iterator[tuple[int, int, torch.Tensor, torch.Tensor]]:
    """(start, stop, T, P(T)) on rows start to stop, in turn; the last is overwritten by the next piece.

    P acts on each copy of a summand of W by itself. T is in single or double precision, complex if the projector is.

    Parameters
    ----------
    T : operators (..., dim W, dim V).
    projection : P; constants : its constants where T is.
    """
    cached = T.device.type == "cpu"
    narrow = isinstance(T, Product) and len(T.shape) == 2
    buffers = _Buffers(T)
    row, width = 0, max(1, prod(T.shape[:-2]) * T.shape[-1])
    for m, copies, band in projection.layout:
        step = max(1, ENTRIES // (m * width)) if cached else copies
        gather = as_gather(band, T.shape[-1])
        factor = (
            _factor(T, m, gather[0], constants[gather[1]]) if isinstance(T, Product) and narrow and gather else None
        )
        for first in range(0, copies, step):
            last = min(copies, first + step)
            start, stop = row + first * m, row + last * m
            rows = _rows(T, start, stop, buffers)
            if gather is None:
                yield start, stop, rows, projection.band(rows, last - first, band, constants)
            elif factor is not None and isinstance(T, Product):
                u = T.u[start:stop].reshape(last - first, -1)
                back = constants[gather[1]][-1]
                P = torch.index_select(u @ factor, 1, back, out=buffers.get(0, (last - first, len(back))))
                yield start, stop, rows, P.view(rows.shape)
            else:
                size, at = gather
                yield start, stop, rows, _orbits(rows, size, constants[at], buffers)
        row += m * copies


def _factor(T: Product, m: int, size: int, constants: Sequence[torch.Tensor]) -> torch.Tensor:
    """F with (means over orbits of u v*) = u' F, u' (copies, m k): the first gather runs over v alone.

    The mean over an orbit of places (i, j) is sum_i u_i (sum of v*_j over its places in row i) / size.
    """
    k, width = T.star.shape
    at = constants[0].view(size, -1)  # places of the orbits, row-major
    i, j = at // width, at % width
    F = T.star.new_zeros(m, k, at.shape[1])
    for c in range(k):
        F[:, c].scatter_add_(0, i, T.star[c][j])
    return F.div_(size).reshape(m * k, -1)


def _orbits(rows: torch.Tensor, size: int, constants: Sequence[torch.Tensor], buffers: _Buffers) -> torch.Tensor:
    """One gather, the means over orbits of one size, one gather back."""
    index, back = constants
    flat = rows.reshape(-1, len(back))  # a row for each copy
    copies, count = len(flat), len(index)
    entries, means = buffers.get(0, (copies, count)), buffers.get(1, (copies, count // size))
    torch.index_select(flat, 1, index, out=entries)
    torch.mean(entries.view(copies, size, count // size), 1, out=means)
    out = buffers.get(0, (copies, len(back)))
    torch.index_select(means, 1, back, out=out)
    return out.view(rows.shape)


def _spectral_residual(T: torch.Tensor, frame: SpectralFrame, constants: Sequence[torch.Tensor]) -> torch.Tensor:
    """T - P(T) in the spectral frame: only the blocks between copies of one irrep change."""
    xp = namespace_of(torch)
    M: torch.Tensor = frame.to_spectral(T, constants)
    if M.untyped_storage().data_ptr() == T.untyped_storage().data_ptr():
        M = M.clone()
    for b in frame.diagonal:
        d, lead = b.irrep_V.dim, M.shape[:-2]
        block = M[..., b.row, b.column]
        if len(b.irrep_V.commutant) == 1:
            diagonal = block.view(*lead, b.rows_n, d, b.columns_n, d).diagonal(0, -3, -1)
            diagonal.sub_(diagonal.mean(-1, keepdim=True))
        else:
            block.sub_(b.combine(b.coordinates(M, xp), xp))
    out: torch.Tensor = frame.to_spatial(M, constants)
    return out


def residual_of(
    T: torch.Tensor | Product,
    projection: Projection,
    constants: Sequence[torch.Tensor],
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """T - P(T), (..., dim W, dim V); in the memory of `out` where it is given and the result is of T's dtype."""
    kind = torch.promote_types(T.dtype, torch.complex64) if projection.is_complex else T.dtype
    if kind != T.dtype:
        whole: Any = T.rows(0, T.shape[-2]) if isinstance(T, Product) else T
        result: torch.Tensor = projection.residual(whole, constants)
        return result
    frame = spectral_frame(projection)
    if frame is not None:
        return _spectral_residual(T.rows(0, T.shape[-2]) if isinstance(T, Product) else T, frame, constants)
    R = torch.empty(T.shape, dtype=T.dtype, device=T.device) if out is None else out
    for start, stop, rows, P in pieces(T, projection, constants):
        torch.sub(rows, P, out=R[..., start:stop, :])
    return R
