"""Copies of a sum of summands as copies of one: what P is computed with where the pairs of summands are many.

n (A + B) has (2 n)^2 pairs of summands, each with a product of its own; as n copies of A + B it has one, four times as large,
in n^2 places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm, prod

import numpy as np

from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.spaces import ExactSpace, FloatSpace, OrbitSpace, Space
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations import Representation
from grouprep.summary import Summary
from projectors.structure.blocks import Block, Blocks
from projectors.structure.solved import structure_of
from projectors.structure.summands import Summand

__all__ = ["joined"]

_FEW = 16  # pairs of summands that stay as they are: their products take less time than joining them
_ENTRIES = 1 << 21  # of a joined basis at most, where it is not one of orbits: 16 MiB
_PERIOD = 16  # summands that are joined at most: runs are sought in time linear in their number

_Spaces = Mapping[tuple[Representation, Representation], Space]


class _Run(Summary):
    """`count` copies of some summands, one after the other, from coordinate `start` on; dim : of a copy."""

    def __init__(self, parts: Sequence[Summand], count: int) -> None:
        self.parts, self.count, self.start = tuple(parts), count, parts[0].start
        self.dim = sum(s.count * s.representation.dim for s in parts)
        self.key = tuple((s.representation, s.count) for s in parts)


def _runs(parts: Sequence[Summand]) -> list[_Run]:
    """The summands in runs that repeat, the longest first from the left; what does not repeat stands alone."""
    kinds = [(s.representation, s.count) for s in parts]
    out, at = [], 0
    while at < len(parts):
        best = 1, 1
        for period in range(1, min(_PERIOD, (len(parts) - at) // 2) + 1):
            unit, count = kinds[at : at + period], 1
            while kinds[at + count * period : at + (count + 1) * period] == unit:
                count += 1
            if count > 1 and count * period > prod(best):
                best = period, count
        period, count = best
        out.append(_Run(parts[at : at + period], count))
        at += period * count
    return out


def joined(
    shape: tuple[int, int], rows: Sequence[Summand], columns: Sequence[Summand], spaces: _Spaces
) -> Blocks | None:
    """Blocks of pairs of repeated sums of summands; None where they would be no fewer by much, or too large.

    Parameters
    ----------
    shape : (dim W, dim V); rows, columns : the summands of W and of V.
    spaces : the solved space of each distinct pair (V_i, W_j) of them.
    """
    if len(rows) * len(columns) <= _FEW:
        return None
    below, across = _runs(rows), _runs(columns)
    if 2 * len(below) * len(across) > len(rows) * len(columns):
        return None
    known: dict[object, Space] = {}
    for w in below:
        for v in across:
            if (v.key, w.key) not in known:
                space = _sum(v, w, spaces)
                if not isinstance(space, OrbitSpace) and space.dim * prod(space.shape) > _ENTRIES:
                    return None
                known[v.key, w.key] = space
    structures = {key: structure_of(space) for key, space in known.items()}
    return Blocks(
        shape,
        tuple(Block(structures[v.key, w.key], w.start, w.count, v.start, v.count) for w in below for v in across),
    )


def _sum(v: _Run, w: _Run, spaces: _Spaces) -> Space:
    """The intertwiners from one copy of v to one of w: those of all pairs of their summands, each in its place."""
    found: list[tuple[Space, np.ndarray]] = []  # a space, and where its entries stand
    for b in w.parts:
        for a in v.parts:
            space = spaces[a.representation, b.representation]
            m, n = space.shape
            if not space.dim:
                continue
            for i in range(b.start - w.start, b.start - w.start + b.count * m, m):
                for j in range(a.start - v.start, a.start - v.start + a.count * n, n):
                    found.append((space, ((i + np.arange(m))[:, None] * v.dim + j + np.arange(n)).ravel()))
    shape, size = (w.dim, v.dim), w.dim * v.dim
    orbits = [(s, at) for s, at in found if isinstance(s, OrbitSpace)]
    if len(orbits) == len(found):
        modulus, total = lcm(*(s.modulus for s, _ in orbits)), 0
        labels, phase = np.full(size, -1, dtype=np.int64), np.zeros(size, dtype=np.int64)
        for s, at in orbits:
            labels[at] = np.where(s.labels >= 0, s.labels + total, -1)
            phase[at] = s.phase * (modulus // s.modulus)
            total += s.dim
        return OrbitSpace(shape, total, labels, phase, modulus)
    if all(s.is_exact and s.roots is None for s, _ in found):
        parts = {id(s): s.rows() for s, _ in found}
        domain = common_domain(*(p.domain for p in parts.values()))
        read = {key: from_domain_matrix_rows(convert_matrix(p, domain)) for key, p in parts.items()}
        entries = [{int(at[k]): x for k, x in read[id(s)].get(r, {}).items()} for s, at in found for r in range(s.dim)]
        return ExactSpace(shape, sparse_matrix(dict(enumerate(entries)), (len(entries), size), domain))
    floats = [np.asarray(s.floats()) for s, _ in found]
    out = np.zeros((sum(map(len, floats)), size), dtype=np.result_type(*floats))
    total = 0
    for (_, at), values in zip(found, floats, strict=True):
        out[total : total + len(values), at] = values
        total += len(values)
    gaps = [s.gap for s, _ in found if isinstance(s, FloatSpace)]
    return FloatSpace(shape, out, (max((g[0] for g in gaps), default=0.0), min((g[1] for g in gaps), default=1.0)))
