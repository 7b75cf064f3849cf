"""P(T) kept as its means over orbits, one number for each: the residual and its norm without a matrix of the residual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from projectors.projection import Projection, as_gather
from projectors.torch.pieces import Buffers, columns, copies_in_piece, square_of

__all__ = ["OrbitMeans", "orbit_means"]


class OrbitMeans(NamedTuple):
    """The means over orbits of a matrix T on the CPU, where P is nothing but such means, of orbits of one size in each band.

    bands : for each summand of W its first row, rows of a copy, the index that writes means back, and the means
        (copies, orbits).
    squares : ||T - P(T)||^2 and ||P(T)||^2 in the Frobenius norm.
    """

    bands: tuple[tuple[int, int, torch.Tensor, torch.Tensor], ...]
    squares: tuple[float, float]

    @property
    def sizes(self) -> tuple[torch.Tensor, torch.Tensor]:
        """||T - P(T)|| and ||P(T)||."""
        like = self.bands[0][-1].real
        return like.new_tensor(self.squares[0] ** 0.5), like.new_tensor(self.squares[1] ** 0.5)

    def combination(self, T: torch.Tensor, away: torch.Tensor, along: torch.Tensor | None) -> torch.Tensor:
        """away (T - P(T)) + along P(T), for numbers in 0-dimensional tensors."""
        out, buffers = torch.empty(T.shape, dtype=T.dtype, device=T.device), Buffers(T)
        for row, m, back, means in self.bands:
            step = copies_in_piece(m * T.shape[-1])
            for first in range(0, len(means), step):
                part = means[first : first + step]
                here = slice(row + first * m, row + (first + len(part)) * m)
                rows, target = T[here], out[here]
                P = target if along is None else buffers.get(0, tuple(rows.shape))
                columns(part, back, P.view(len(part), -1))
                torch.sub(rows, P, out=target)
                target.mul_(away)
                if along is not None:
                    target.addcmul_(P, along)
        return out


def orbit_means(T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor]) -> OrbitMeans | None:
    """The means of a contiguous matrix on the CPU; None where T is not one, or P is more than means over orbits of one size.

    Parameters
    ----------
    T : (dim W, dim V), in single or double precision, complex if the projector is.
    projection : P; constants : its constants where T is.
    """
    gathers = [as_gather(band, T.shape[-1]) for _, _, band in projection.layout]
    if T.device.type != "cpu" or T.ndim != 2 or not T.is_contiguous() or None in gathers or not T.numel():
        return None
    row, residual, projected, buffers, bands = 0, 0.0, 0.0, Buffers(T), []
    parallel = torch.get_num_threads() > 1
    for (m, copies, _), gather in zip(projection.layout, gathers, strict=True):
        assert gather is not None
        size, at = gather
        index, back = (c.long() if parallel else c for c in constants[at])
        means = torch.empty((copies, len(index) // size), dtype=T.dtype)
        step = copies_in_piece(len(back))
        for first in range(0, copies, step):
            part = means[first : first + step]
            flat = T[row + first * m : row + (first + len(part)) * m].view(len(part), len(back))
            entries = buffers.get(0, (len(part), len(index)))
            columns(flat, index, entries)
            orbits = entries.view(len(part), size, -1)
            torch.mean(orbits, 1, out=part)
            orbits.sub_(part[:, None])
            residual += square_of(entries)
            projected += size * square_of(part)
        bands.append((row, m, back, means))
        row += m * copies
    return OrbitMeans(tuple(bands), (residual, projected))
