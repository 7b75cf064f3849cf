"""The residual T - P(T) of torch tensors outside autograd, a piece of rows at a time, with few passes over memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, prod

import torch

from projectors.arrays import namespace_of
from projectors.projection import Projection, as_gather, gathered, spectral_frame
from projectors.spectral import SpectralBlock, SpectralFrame
from projectors.torch.recycled import RecycledMemory

__all__ = ["measured_residual", "move_", "pieces", "product_residual", "residual_of"]

# Entries of a piece: two megabytes in single precision. A quarter of them is a fifth slower, more was not faster in training.
ENTRIES = 1 << 19
# Rows of a product with few columns, for each thread: MKL took twice as long for all at once.
_COPIES = 8


class _Buffers:
    """Memory for the pieces, one buffer a slot, made once for all pieces of an operator."""

    def __init__(self, like: torch.Tensor) -> None:
        self.dtype, self.device = like.dtype, like.device
        self.flat: dict[int, torch.Tensor] = {}

    def get(self, slot: int, shape: tuple[int, ...]) -> torch.Tensor:
        size = prod(shape)
        if slot not in self.flat or self.flat[slot].numel() < size:
            self.flat[slot] = torch.empty(size, dtype=self.dtype, device=self.device)
        return self.flat[slot][:size].view(shape)


def pieces(
    T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor], out: torch.Tensor | None = None
) -> Iterator[tuple[int, int, torch.Tensor, torch.Tensor]]:
    """(start, stop, T, P(T)) on rows start to stop, in turn; the last is overwritten by the next piece, or stands in `out`.

    P acts on each copy of a summand of W by itself. T is in single or double precision, complex if the projector is.

    Parameters
    ----------
    T : operators (..., dim W, dim V).
    projection : P; constants : its constants where T is.
    out : memory like T's, but not T's own, where P(T) may be made: it saves a pass over other memory.
    """
    direct = out is not None and len(T.shape) == 2 and out.is_contiguous()
    cached = T.device.type == "cpu"
    buffers = _Buffers(T)
    threads = torch.get_num_threads() if cached else 1
    row, width = 0, max(1, prod(T.shape[:-2]) * T.shape[-1])
    for m, copies, band in projection.layout:
        step = max(1, ENTRIES // (m * width)) if cached else copies
        gather = as_gather(band, T.shape[-1])
        indices = [c.long() if threads > 1 else c for c in constants[gather[1]]] if gather else []
        for first in range(0, copies, step):
            last = min(copies, first + step)
            start, stop = row + first * m, row + last * m
            rows = T[..., start:stop, :]
            if gather is None:
                yield start, stop, rows, projection.band(rows, last - first, band, constants)
            else:
                memory = out[start:stop] if direct and out is not None else None
                yield start, stop, rows, _orbits(rows, gather[0], indices, buffers, threads > 1, memory)
        row += m * copies


def _orbits(
    rows: torch.Tensor,
    size: int,
    constants: Sequence[torch.Tensor],
    buffers: _Buffers,
    parallel: bool,
    memory: torch.Tensor | None = None,
) -> torch.Tensor:
    """One gather, the means over orbits of one size, one gather back."""
    index, back = constants
    flat = rows.reshape(-1, len(back))  # a row for each copy
    copies, count = len(flat), len(index)
    whole = None if memory is None or count != len(back) else memory.view(copies, count)
    entries = buffers.get(0, (copies, count)) if whole is None else whole
    means = buffers.get(1, (copies, count // size))
    _columns(flat, index, parallel, entries)
    torch.mean(entries.view(copies, size, count // size), 1, out=means)
    out = buffers.get(0, (copies, len(back))) if whole is None else whole
    _columns(means, back, parallel, out)
    return out.view(rows.shape)


def _columns(x: torch.Tensor, index: torch.Tensor, parallel: bool, out: torch.Tensor) -> None:
    """x[:, index] into out: torch's `gather`, for indices of 64 bits, runs on several threads, its `index_select` on one."""
    if parallel:
        torch.gather(x, 1, index.expand(len(x), -1), out=out)
    else:
        gathered(x, index, torch, out)


def _diagonal(M: torch.Tensor, b: SpectralBlock) -> torch.Tensor:
    """The diagonals (..., rows_n, columns_n, d) between copies of one irrep, a view: with commuting 1 alone, P is their mean."""
    d = b.irrep_V.dim
    block: torch.Tensor = b.read(M)
    return block.view(*M.shape[:-2], b.rows_n, d, b.columns_n, d).diagonal(0, -3, -1)


def _share_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _subtract_means(M: torch.Tensor, frame: SpectralFrame) -> torch.Tensor:
    """M - P(M) in the spectral frame, in place: only the blocks between copies of one irrep change."""
    xp = namespace_of(torch)
    for b in frame.diagonal:
        if len(b.irrep_V.commutant) == 1:
            diagonal = _diagonal(M, b)
            diagonal.sub_(diagonal.mean(-1, keepdim=True))
        else:
            b.read(M).sub_(b.combine(b.coordinates(M, xp), xp))
    return M


def residual_of(
    T: torch.Tensor,
    projection: Projection,
    constants: Sequence[torch.Tensor],
    memory: RecycledMemory | None = None,
) -> torch.Tensor:
    """T - P(T), (..., dim W, dim V); made in `memory` where it is of T's dtype and the last step does not make memory of its own."""
    kind = torch.promote_types(T.dtype, torch.complex64) if projection.is_complex else T.dtype
    if kind != T.dtype:
        result: torch.Tensor = projection.residual(T, constants)
        return result
    memory = memory or RecycledMemory()
    frame = spectral_frame(projection)
    if frame is not None:
        M: torch.Tensor = frame.to_spectral(T, constants)
        M = memory.empty(tuple(T.shape), T).copy_(M) if _share_memory(M, T) else M
        result = frame.to_spatial(_subtract_means(M, frame), constants)
        return result
    R = memory.empty(tuple(T.shape), T)
    for start, stop, rows, P in pieces(T, projection, constants, R):
        torch.sub(rows, P, out=R[..., start:stop, :])
    return R


def move_(
    T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor], away: float, along: float
) -> None:
    """T <- T - away (T - P(T)) - along P(T), in place; T in single or double precision, complex if the projector is."""
    frame = spectral_frame(projection)
    if frame is None:
        for start, stop, _, P in pieces(T, projection, constants):
            part = T[..., start:stop, :].lerp_(P, away)
            if along:
                part.sub_(P, alpha=along)
    elif _share_memory(M := frame.to_spectral(T, constants), T):  # the basis is adapted already: P lives in few blocks
        xp, moves = namespace_of(torch), []
        for b in frame.diagonal:
            if len(b.irrep_V.commutant) == 1:
                moves.append((diagonal := _diagonal(M, b), diagonal.mean(-1, keepdim=True)))
            else:
                moves.append((b.read(M), b.combine(b.coordinates(M, xp), xp)))
        M.mul_(1 - away)
        for part, P in moves:
            part.add_(P, alpha=away - along)
    else:
        R = residual_of(T, projection, constants)
        T.mul_(1 - along).sub_(R, alpha=away - along)


def measured_residual(
    T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor], memory: RecycledMemory | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(T - P(T), ||T - P(T)||, ||T||) in the Frobenius norm, whose sizes are (...); squares are added while a piece is in the cache."""
    if T.device.type != "cpu" or T.ndim != 2 or (projection.is_complex and not T.is_complex()):
        R = residual_of(T, projection, constants, memory)
        return R, torch.linalg.vector_norm(R, dim=(-2, -1)), torch.linalg.vector_norm(T, dim=(-2, -1))
    if spectral_frame(projection) is not None:
        R = residual_of(T, projection, constants, memory)
        square, whole = _square(R), _square(T)
    else:
        R = (memory or RecycledMemory()).empty(tuple(T.shape), T)
        square = whole = 0.0
        for start, stop, rows, P in pieces(T, projection, constants, R):
            difference = torch.sub(rows, P, out=R[start:stop])
            square += _square(difference)
            whole += _square(rows)
    # Squares below the least normal number lose their digits, up to that number each: eps of the sum beyond this bound.
    least = T.numel() * torch.finfo(T.dtype).tiny / torch.finfo(T.dtype).eps
    if least < square < inf and least < whole < inf:  # also false for NaN
        return R, R.real.new_tensor(square**0.5), R.real.new_tensor(whole**0.5)
    wide = torch.complex128 if T.is_complex() else torch.float64
    first, second = (torch.linalg.vector_norm(x, dtype=wide).to(R.real.dtype) for x in (R, T))
    return R, first, second


def _square(x: torch.Tensor) -> float:
    """The sum of squares; with several threads the product of vectors is twice as fast as the norm."""
    flat = x.reshape(-1)
    return float(torch.vdot(flat, flat).real if x.is_complex() else torch.dot(flat, flat))


def product_residual(
    u: torch.Tensor,
    v: torch.Tensor,
    projection: Projection,
    constants: Sequence[torch.Tensor],
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """u v* - P(u v*) of narrow factors, (..., m, k) and (..., n, k), formed in one product; in the memory of `out` if given.

    P acts on each copy of a summand of W by itself, and the same way. The rows of a copy are sum_ic u_ic e_i v_c*, so P is needed of
    the e_i v_c* alone, and the copies are a product of the u_ic with these residuals.
    """
    star = v.mH
    *lead, k, n = star.shape
    out = torch.empty((*u.shape[:-1], n), dtype=u.dtype, device=u.device) if out is None else out
    frame = spectral_frame(projection)
    if frame is not None:
        M: torch.Tensor = frame.to_spectral(torch.matmul(u, star, out=out), constants)
        result: torch.Tensor = frame.to_spatial(_subtract_means(M, frame), constants)
        return result
    row = 0
    for m, copies, band in projection.layout:
        part, row = slice(row, row + m * copies), row + m * copies
        weights, target = u[..., part, :], out[..., part, :]
        if m * k > copies:
            rows = weights @ star
            torch.sub(rows, projection.band(rows, copies, band, constants), out=target)
        else:
            units = star.new_zeros((*lead, m, k, m, n))
            units.diagonal(0, -4, -2).copy_(star.unsqueeze(-1))
            rows = units.view(*lead, m * k * m, n)
            residuals = (rows - projection.band(rows, m * k, band, constants)).view(*lead, m * k, m * n)
            weights = weights.reshape(*lead, copies, m * k)
            if lead:
                target.copy_((weights @ residuals).view(target.shape))
                continue
            step = _COPIES * torch.get_num_threads() if u.device.type == "cpu" else copies
            target = target.view(copies, m * n)
            for first in range(0, copies, step):
                torch.mm(weights[first : first + step], residuals, out=target[first : first + step])
    return out
