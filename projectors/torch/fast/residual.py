"""The residual T - P(T) of tensors on the CPU outside autograd, a piece of rows at a time, with few passes over memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import inf, prod
from typing import NamedTuple

import torch

from projectors.arrays import gathered, namespace_of
from projectors.penalties.entrywise import vector_norm
from projectors.structure import Band
from projectors.structure.frame import SpectralBlock, SpectralFrame
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.recycled import Scratch, Workspace

__all__ = ["measured_residual", "move_", "norm_of", "pieces", "product_residual", "residual_of", "wide_norm"]

# Entries of a piece: four megabytes in single precision. Half of them is a tenth slower, a quarter a fifth, an eighth a half (two threads).
ENTRIES = 1 << 20
# Rows of a product with few terms that are taken at once. MKL takes two to four times as long for all of them, for 16 half as long again.
_COPIES = 8
_LONG = 512  # means from which on a product with equal weights is the fastest
_SMALL = 1 << 13  # entries of an operator that is projected as a whole rather than by what its product is made of


class Piece(NamedTuple):
    """Rows start to stop of an operator, and their projections P, with ||P||^2 = times ||coordinates||^2."""

    start: int
    stop: int
    rows: torch.Tensor
    P: torch.Tensor
    coordinates: torch.Tensor
    times: int


def pieces(
    T: torch.Tensor, space: ProjectionModule, scratch: Scratch, out: torch.Tensor | None = None
) -> Iterator[Piece]:
    """The pieces of rows of T in turn; what one holds of P(T) is overwritten by the next, or stands in `out`.

    P acts on each copy of a summand of W by itself. T is in single or double precision, complex if the projector is.

    Parameters
    ----------
    T : operators (..., dim W, dim V); space : P.
    out : memory like T's, but not T's own, where P(T) may be made: it saves a pass over other memory.
    """
    width, projection, constants = T.shape[-1], space.projection, space.constants_for(T)
    row, entries = 0, max(1, prod(T.shape[:-2]) * width)
    for band in projection.bands:
        m, copies, size = band.height, band.copies, band.orbit_size
        step = max(1, ENTRIES // (m * entries))
        for first in range(0, copies, step):
            last = min(copies, first + step)
            start, stop = row + first * m, row + last * m
            is_whole = (start, stop) == (0, T.shape[-2])
            rows = T if is_whole else T[..., start:stop, :]
            if size is None:
                P = band.project(rows, last - first, projection.xp, constants)
                yield Piece(start, stop, rows, P, P, 1)
            else:
                at = band.constants[0]
                memory = out if is_whole or out is None else out[start:stop] if T.ndim == 2 else None
                P, means = _orbits(rows, size, constants[at], scratch, memory)
                yield Piece(start, stop, rows, P, means, size)
        row += m * copies


def _orbits(
    rows: torch.Tensor, size: int, indices: Sequence[torch.Tensor], scratch: Scratch, memory: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(P, means): one gather, the means over orbits of one size, one gather back."""
    index, back = indices
    flat = rows.reshape(-1, len(back))  # a row for each copy
    copies, count = len(flat), len(index)
    whole = None if memory is None or count != len(back) else memory.view(copies, count)
    entries = scratch.buffer("entries", (copies, count), rows) if whole is None else whole
    means = scratch.buffer("means", (copies, count // size), rows)
    _columns(flat, index, scratch, entries)
    if torch.get_float32_matmul_precision() == "highest" and count // size >= _LONG:
        shares = scratch.shares(size, rows).expand(copies, 1, size)
        # torch.mean takes twice the time, and for short ones a fifth
        torch.bmm(shares, entries.view(copies, size, count // size), out=means.unsqueeze(1))
    else:
        torch.mean(entries.view(copies, size, count // size), 1, out=means)
    out = scratch.buffer("entries", (copies, len(back)), rows) if whole is None else whole
    _columns(means, back, scratch, out)
    return out.view(rows.shape), means


def _columns(x: torch.Tensor, index: torch.Tensor, scratch: Scratch, out: torch.Tensor) -> None:
    """x[:, index] into out: torch's `gather`, for indices of 64 bits, runs on several threads, its `index_select` on one."""
    if torch.get_num_threads() > 1:
        torch.gather(x, 1, scratch.wide(index).expand(len(x), -1), out=out)
    else:
        gathered(torch, x, index, out)


def _diagonal(M: torch.Tensor, b: SpectralBlock) -> torch.Tensor:
    """The diagonals (..., rows_n, columns_n, d) between copies of one irrep, a view: with commuting 1 alone, P is their mean."""
    d = b.irrep_V.dim
    block: torch.Tensor = b.read(M)
    return block.view(*M.shape[:-2], b.rows_n, d, b.columns_n, d).diagonal(0, -3, -1)


def _share_memory(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


def _equivariant_parts(M: torch.Tensor, frame: SpectralFrame) -> Iterator[tuple[torch.Tensor, torch.Tensor, int]]:
    """Views of M in the spectral frame, what P makes of them, and how often that stands there: blocks between copies of one irrep."""
    xp = namespace_of(torch)
    for b in frame.diagonal:
        if len(b.irrep_V.commutant) == 1:
            diagonal = _diagonal(M, b)
            yield diagonal, diagonal.mean(-1, keepdim=True), b.irrep_V.dim
        else:
            yield b.read(M), b.combine(b.coordinates(M, xp), xp), 1


def _subtract_equivariant(M: torch.Tensor, frame: SpectralFrame) -> list[tuple[torch.Tensor, int]]:
    """M <- M - P(M) in the spectral frame; what was subtracted, and how often."""
    subtracted = []
    for part, P, times in _equivariant_parts(M, frame):
        part.sub_(P)
        subtracted.append((P, times))
    return subtracted


def _residual_in_frame(
    T: torch.Tensor, frame: SpectralFrame, constants: Sequence[torch.Tensor], work: Workspace
) -> tuple[torch.Tensor, list[tuple[torch.Tensor, int]]]:
    M: torch.Tensor = frame.to_spectral(T, constants)
    M = work.memory.empty(tuple(T.shape), T).copy_(M) if _share_memory(M, T) else M
    subtracted = _subtract_equivariant(M, frame)
    return frame.to_spatial(M, constants), subtracted


def residual_of(T: torch.Tensor, space: ProjectionModule, work: Workspace | None = None) -> torch.Tensor:
    """T - P(T), (..., dim W, dim V); made in `work` where it is of T's dtype and the last step does not make memory of its own."""
    if space.projection.is_complex and not T.is_complex():
        return space.residual(T)
    work, frame = work or Workspace(), space.projection.frame
    if frame is not None:
        return _residual_in_frame(T, frame, space.constants_for(T), work)[0]
    R = work.memory.empty(tuple(T.shape), T)
    for piece in pieces(T, space, work.scratch, R):
        torch.sub(piece.rows, piece.P, out=R[..., piece.start : piece.stop, :])
    return R


def move_(
    T: torch.Tensor,
    space: ProjectionModule,
    away: float | torch.Tensor,
    along: float | torch.Tensor | None = None,
    work: Workspace | None = None,
) -> None:
    """T <- T - away (T - P(T)) - along P(T), in place; T in single or double precision, complex if the projector is.

    Parameters
    ----------
    away, along : numbers, or tensors that broadcast to T, (..., 1, 1); along None for 0.
    """
    frame = space.projection.frame
    if frame is None:
        for piece in pieces(T, space, (work or Workspace()).scratch):
            piece.rows.lerp_(piece.P, _like(away, T))
            if along is not None:
                piece.rows.sub_(piece.P * along)
    elif _share_memory(M := frame.to_spectral(T, space.constants_for(T)), T):  # adapted already: P lives in few blocks
        moves = [(part, P) for part, P, _ in _equivariant_parts(M, frame)]
        back = away if along is None else away - along
        M.mul_(1 - away)
        for part, P in moves:
            part.add_(P * (back if part.ndim == T.ndim or not isinstance(back, torch.Tensor) else back[..., None]))
    else:
        R = residual_of(T, space)
        T.mul_(1 if along is None else 1 - along).sub_(R * (away if along is None else away - along))


def _like(x: float | torch.Tensor, T: torch.Tensor) -> float | torch.Tensor:
    """A weight in the field of operators, as `lerp` takes it."""
    return x.to(T.dtype) if isinstance(x, torch.Tensor) else x


def measured_residual(
    T: torch.Tensor, space: ProjectionModule, work: Workspace | None = None
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """(T - P(T), ||T - P(T)||, the least ||T - P(T)|| / ||T||) in the Frobenius norm, for an orthogonal P; sizes are (...).

    Squares are added while a piece is in the cache, and ||T||^2 = ||T - P(T)||^2 + ||P(T)||^2, where means and coordinates tell the last.
    """
    if T.ndim != 2 or (space.projection.is_complex and not T.is_complex()):
        R = residual_of(T, space, work)
        sizes, wholes = norm_of(R), norm_of(T)
        share = float((sizes / wholes).nan_to_num(0).amin()) if sizes.numel() else 1.0
        return R, sizes.to(R.real.dtype), share
    work, frame = work or Workspace(), space.projection.frame
    square = whole = 0.0
    if frame is not None:
        R, subtracted = _residual_in_frame(T, frame, space.constants_for(T), work)
        square = _square(R)
        whole = sum(times * _square(P) for P, times in subtracted)
    else:
        R = work.memory.empty(tuple(T.shape), T)
        for piece in pieces(T, space, work.scratch, R):
            difference = torch.sub(piece.rows, piece.P, out=R[piece.start : piece.stop])
            square += _square(difference)
            whole += piece.times * _square(piece.coordinates)
    whole += square
    if _least_square(T.dtype) * T.numel() < square < inf and whole < inf:  # also false for NaN
        return R, R.real.new_tensor(square**0.5), (square / whole) ** 0.5
    first, second = (float(wide_norm(x)) for x in (R, T))
    return R, R.real.new_tensor(first), first / second if second else 0.0


def norm_of(x: torch.Tensor) -> torch.Tensor:
    """The Frobenius norms (...) of matrices with entries of any size, in their precision."""
    if x.device.type == "cpu":
        sizes: torch.Tensor = torch.linalg.vector_norm(x, dim=(-2, -1))
        least = (_least_square(sizes.dtype) * x.shape[-2] * x.shape[-1]) ** 0.5
        if sizes.numel():
            low, high = (float(x) for x in torch.aminmax(sizes))
            if least < low and high < inf:  # also false for NaN
                return sizes
    out: torch.Tensor = vector_norm(namespace_of(torch), x, 2, (-2, -1))
    return out


def wide_norm(x: torch.Tensor) -> torch.Tensor:
    """The Frobenius norms (...) of matrices with entries of any size, in double precision, where squares of single ones are in range."""
    wide = torch.promote_types(x.dtype, torch.float64)
    return norm_of(x) if x.dtype == wide else torch.linalg.vector_norm(x, dim=(-2, -1), dtype=wide)


@cache
def _least_square(dtype: torch.dtype) -> float:
    """Squares below the least normal number lose their digits, up to that number each: eps of the sum beyond this, for each entry."""
    about = torch.finfo(dtype)
    return about.tiny / about.eps


def _square(x: torch.Tensor) -> float:
    """The sum of squares; with several threads the product of vectors is twice as fast as the norm."""
    flat = x.reshape(-1)
    return float(torch.vdot(flat, flat).real if x.is_complex() else torch.dot(flat, flat))


def product_residual(
    u: torch.Tensor,
    v: torch.Tensor,
    space: ProjectionModule,
    out: torch.Tensor | None = None,
    work: Workspace | None = None,
) -> torch.Tensor:
    """u v* - P(u v*) of narrow factors, (..., m, k) and (..., n, k), formed in one product; in the memory of `out` if given.

    P acts on each copy of a summand of W by itself, and the same way. The rows of a copy are sum_ic u_ic e_i v_c*, so P is needed of
    the e_i v_c* alone, and the copies are a product of the u_ic with these residuals.
    """
    star, projection, constants = v.mH, space.projection, space.constants_for(v)
    *lead, k, n = star.shape
    out = torch.empty((*u.shape[:-1], n), dtype=u.dtype) if out is None else out
    frame = projection.frame
    if frame is not None:
        M: torch.Tensor = frame.to_spectral(torch.matmul(u, star, out=out), constants)
        _ = _subtract_equivariant(M, frame)
        result: torch.Tensor = frame.to_spatial(M, constants)
        return result
    row = 0
    for band in projection.bands:
        m, copies = band.height, band.copies
        part, row = slice(row, row + m * copies), row + m * copies
        weights, target = u[..., part, :], out[..., part, :]
        if m * k > copies or (lead and target.numel() <= _SMALL * prod(lead)):
            rows = weights @ star
            torch.sub(rows, band.project(rows, copies, projection.xp, constants), out=target)
            continue
        residuals = _unit_residuals(star, m, space, band, (work or Workspace()).scratch)
        weights = weights.reshape(*lead, copies, m * k)
        if lead:
            target.copy_((weights @ residuals).view(target.shape))
        else:
            _narrow_product(weights, residuals, target.view(copies, m * n))
    return out


def _narrow_product(weights: torch.Tensor, residuals: torch.Tensor, target: torch.Tensor) -> None:
    """weights @ residuals into the target, (copies, few) by (few, entries), a few copies at a time."""
    copies, few = weights.shape
    sets = copies // _COPIES
    size = copies // max(sets, 1)
    done = sets * size
    if sets:
        many = weights[:done].view(sets, size, few), residuals.expand(sets, -1, -1)
        torch.bmm(*many, out=target[:done].view(sets, size, -1))
    if done < copies:
        torch.mm(weights[done:], residuals, out=target[done:])


def _unit_residuals(star: torch.Tensor, m: int, space: ProjectionModule, band: Band, scratch: Scratch) -> torch.Tensor:
    """The residuals of all e_i v_c*, i < m, as rows (..., m * k, m * n), from v*, (..., k, n)."""
    *lead, k, n = star.shape
    size, constants = band.orbit_size, space.constants_for(star)
    if size is None or lead:
        units = star.new_zeros((*lead, m, k, m, n))
        units.diagonal(0, -4, -2).copy_(star.unsqueeze(-1))
        rows = units.view(*lead, m * k * m, n)
        rest: torch.Tensor = rows - band.project(rows, m * k, space.projection.xp, constants)
        return rest.view(*lead, m * k, m * n)
    at = band.constants[0]
    index, back = constants[at]
    sums = star.new_zeros((m, k, len(index) // size))  # over the orbits, where e_i v_c* has entries in row i alone
    sums.scatter_add_(2, scratch.wide(back).view(m, 1, n).expand(m, k, n), star.expand(m, k, n))
    residuals = star.new_empty((m * k, m * n))
    _columns(sums.mul_(-1 / size).view(m * k, -1), back, scratch, residuals)
    residuals.view(m, k, m, n).diagonal(0, 0, 2).add_(star.unsqueeze(-1))
    return residuals
