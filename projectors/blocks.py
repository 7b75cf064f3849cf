"""Splitting direct sums and multiplicities, and putting the summands' exact bases back together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from grouprep.representations.composite import DirectSum, Tensor, tensor_of

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Summand", "assemble_exact", "summands"]


@dataclass(frozen=True)
class Summand:
    """`count` copies of a representation, one after the other, from coordinate `start` on."""

    start: int
    count: int
    representation: Representation


def summands(V: Representation) -> list[Summand]:
    """V as a list of summands that are no direct sums themselves; (A + B) * C is A * C + B * C, entry by entry."""
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
    for copy in range(count):
        position = start + copy * V.dim
        for n, W in zip(V.counts, V.parts, strict=True):
            _collect(W, position, n, out)
            position += n * W.dim


def assemble_exact(
    rows: Sequence[Summand],
    columns: Sequence[Summand],
    solved: Callable[[Representation, Representation], DomainMatrix],
) -> DomainMatrix:
    """The exact basis of the whole space as rows (r, dim W * dim V), in the order of the float basis."""
    from grouprep.linalg.fields import common_domain, convert_matrix
    from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix

    height = max(s.start + s.count * s.representation.dim for s in rows)
    width = max(s.start + s.count * s.representation.dim for s in columns)
    parts = {
        (v.representation, w.representation): solved(v.representation, w.representation) for w in rows for v in columns
    }
    entries = sum(w.count * v.count * parts[v.representation, w.representation].nnz() for w in rows for v in columns)
    require_memory(
        entries, f"an exact basis with {entries:,} entries", itemsize=150, remedy="solve the distinct summands alone"
    )
    domain = common_domain(*(p.domain for p in parts.values()))
    converted = {k: from_domain_matrix_rows(convert_matrix(p, domain)) for k, p in parts.items()}
    out: dict[int, dict[int, Any]] = {}
    number = 0
    for w in rows:
        for v in columns:
            key = (v.representation, w.representation)
            n = v.representation.dim
            for a in range(w.count):
                for b in range(v.count):
                    top, left = w.start + a * w.representation.dim, v.start + b * n
                    for k in range(parts[key].shape[0]):
                        row = converted[key].get(k, {})
                        out[number] = {(top + i // n) * width + left + i % n: x for i, x in row.items()}
                        number += 1
    return sparse_matrix(out, (number, height * width), domain)
