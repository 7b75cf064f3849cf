"""The residual T - P(T) of torch tensors outside autograd, a piece of rows at a time, with few passes over memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import torch

from projectors.projection import Projection, as_gather

__all__ = ["Product", "pieces", "residual_of"]

# Entries of a piece: half a megabyte in single precision. Four times as many, or a quarter, measured slower.
ENTRIES = 1 << 17


class Product:
    """The operators u v* of narrow factors, (..., m, k) and (..., n, k), formed a piece of rows at a time."""

    def __init__(self, u: torch.Tensor, v: torch.Tensor) -> None:
        self.u, self.star = u, v.mH
        self.shape = torch.Size((*u.shape[:-1], v.shape[-2]))
        self.dtype, self.device, self.is_complex = u.dtype, u.device, u.is_complex

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Rows start to stop."""
        return self.u[..., start:stop, :] @ self.star


def _rows(T: torch.Tensor | Product, start: int, stop: int) -> torch.Tensor:
    return T.rows(start, stop) if isinstance(T, Product) else T[..., start:stop, :]


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
    buffers = _Buffers(T)
    row, width = 0, max(1, prod(T.shape[:-2]) * T.shape[-1])
    for m, copies, band in projection.layout:
        step = max(1, ENTRIES // (m * width)) if cached else copies
        gather = as_gather(band, T.shape[-1])
        for first in range(0, copies, step):
            last = min(copies, first + step)
            start, stop = row + first * m, row + last * m
            rows = _rows(T, start, stop)
            if gather is None:
                yield start, stop, rows, projection.band(rows, last - first, band, constants)
            else:
                size, at = gather
                yield start, stop, rows, _orbits(rows, size, constants[at], buffers)
        row += m * copies


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


def residual_of(T: torch.Tensor | Product, projection: Projection, constants: Sequence[torch.Tensor]) -> torch.Tensor:
    """T - P(T), (..., dim W, dim V)."""
    kind = torch.promote_types(T.dtype, torch.complex64) if projection.is_complex else T.dtype
    if kind != T.dtype:
        whole: Any = T.rows(0, T.shape[-2]) if isinstance(T, Product) else T
        out: torch.Tensor = projection.residual(whole, constants)
        return out
    R = torch.empty(T.shape, dtype=T.dtype, device=T.device)
    for start, stop, rows, P in pieces(T, projection, constants):
        torch.sub(rows, P, out=R[..., start:stop, :])
    return R
