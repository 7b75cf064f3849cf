"""Splitting direct sums and multiplicities: the summands of a representation and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

from grouprep.linalg.budget import SUMMANDS, require
from grouprep.representations import Representation
from grouprep.representations.composite import DirectSum, Tensor, tensor_of

__all__ = ["Summand", "summands"]


@dataclass(frozen=True)
class Summand:
    """`count` copies of a representation, one after the other, from coordinate `start` on."""

    start: int
    count: int
    representation: Representation


def summands(V: Representation) -> list[Summand]:
    """V as a list of summands that are no direct sums themselves; (A + B) * C is A * C + B * C, entry by entry.

    Raises
    ------
    TooLarge
        If they are too many to be listed.
    """
    out: list[Summand] = []
    _collect(V, 0, 1, out)
    return out


def _collect(V: Representation, start: int, count: int, out: list[Summand]) -> None:
    if isinstance(V, Tensor) and isinstance(V.parts[0], DirectSum):
        inner: list[Summand] = []
        _collect(V.parts[0], 0, 1, inner)
        V = DirectSum([s.count for s in inner], [tensor_of([s.representation, *V.parts[1:]]) for s in inner])
    if not isinstance(V, DirectSum):
        out.append(Summand(start, count, V))
        return
    if len(V.parts) == 1:
        _collect(V.parts[0], start, count * V.counts[0], out)
        return
    require(len(out) + count * len(V.parts), SUMMANDS, "the number of summands is")
    for copy in range(count):
        position = start + copy * V.dim
        for n, W in zip(V.counts, V.parts, strict=True):
            _collect(W, position, n, out)
            position += n * W.dim
