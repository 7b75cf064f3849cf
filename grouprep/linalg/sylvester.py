"""The linear system X A = B X, restricted to an orbit space, as an exact sparse or a float matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.matrices import Image, as_exact, as_float
from grouprep.linalg.memory import require_memory
from grouprep.linalg.spaces import OrbitSpace
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["exact_constraint", "float_constraint"]

Triples: TypeAlias = tuple[list[int], list[int], list[int]]  # rows, columns and values of an integer matrix

_DENSE_SIZE = (
    4_000_000  # numbers; below, dense products are faster than building scipy's sparse ones (SO(3): 3 ms against 10)
)
_SMALL = 2**20  # integer entries below this stay far from int64 overflow: a row sums at most m + n of their products


def exact_constraint(space: OrbitSpace, a: Image, b: Image) -> DomainMatrix:
    """The matrix of y -> B X - X A with X = sum_k y_k E_k, shape (m * n, space.dim), sparse over a common domain.

    Generators over QQ are scaled by a common denominator first, which does not change the solutions.
    """
    A, B = as_exact(a), as_exact(b)
    domain = common_domain(A.domain, B.domain)
    A, B = convert_matrix(A, domain), convert_matrix(B, domain)
    if domain.is_QQ:
        A, B = _clear_denominators(A, B)
        domain = A.domain
    if domain.is_ZZ and space.is_real:
        small = _integer_constraint(space, A, B)
        if small is not None:
            return small
    return _field_constraint(space, A, B)


def _clear_denominators(a: DomainMatrix, b: DomainMatrix) -> tuple[DomainMatrix, DomainMatrix]:
    from sympy import ZZ

    scale_a, _ = a.clear_denoms(convert=True)
    scale_b, _ = b.clear_denoms(convert=True)
    scale = ZZ.lcm(scale_a.element, scale_b.element)
    field = a.domain
    return (a * field(scale)).convert_to(ZZ), (b * field(scale)).convert_to(ZZ)


def _small_entries(matrix: DomainMatrix) -> Triples | None:
    """Rows, columns and values of an integer matrix, or None if a value is too large."""
    rows, columns, values = [], [], []
    for i, row in from_domain_matrix_rows(matrix).items():
        for j, x in row.items():
            rows.append(i)
            columns.append(j)
            values.append(int(x))
    return None if values and max(map(abs, values)) >= _SMALL else (rows, columns, values)


def _integer_constraint(space: OrbitSpace, a: DomainMatrix, b: DomainMatrix) -> DomainMatrix | None:
    """In machine numbers, which hold these sums exactly; None if an entry is too large for that."""
    from sympy import ZZ

    left, right = _small_entries(b), _small_entries(a)
    if left is None or right is None:
        return None
    m, n = space.shape
    dense = m * n * space.dim + m * m + n * n <= _DENSE_SIZE
    rows = _dense_rows(space, left, right) if dense else _sparse_rows(space, left, right)
    exact = {i: {j: ZZ(x) for j, x in zip(*row, strict=True)} for i, row in enumerate(rows)}
    return sparse_matrix(exact, (len(exact), space.dim), ZZ)


def _dense_rows(space: OrbitSpace, left: Triples, right: Triples) -> list[tuple[list[int], list[int]]]:
    """The distinct rows as (columns, values), by dense products of integers held in doubles (exact below 2^53)."""
    m, n = space.shape
    b, a = np.zeros((m, m)), np.zeros((n, n))
    b[left[0], left[1]] = left[2]
    a[right[0], right[1]] = right[2]
    expand = space.floats().T
    after = (b @ expand.reshape(m, -1)).reshape(m, n, -1)
    system = (after - a.T @ expand.reshape(m, n, -1)).reshape(m * n, -1)
    system = system[system.any(axis=1)]
    if not len(system):
        return []
    first = system[np.arange(len(system)), np.argmax(system != 0, axis=1)]
    system = system * np.sign(first)[:, None] + 0.0
    different = {row.tobytes(): row for row in system}
    out = []
    for row in different.values():
        columns = np.flatnonzero(row)
        out.append((columns.tolist(), row[columns].astype(np.int64).tolist()))
    return out


def _sparse_rows(space: OrbitSpace, left: Triples, right: Triples) -> list[tuple[list[int], list[int]]]:
    """The distinct rows as (columns, values), by sparse integer products."""
    from scipy.sparse import csr_array, eye, kron

    m, n = space.shape
    b = csr_array((np.array(left[2], dtype=np.int64), (left[0], left[1])), shape=(m, m))
    a = csr_array((np.array(right[2], dtype=np.int64), (right[0], right[1])), shape=(n, n))
    inside = np.flatnonzero(space.labels >= 0)
    sign = np.where(space.phase[inside] == 0, 1, -1)
    expand = csr_array((sign, (inside, space.labels[inside])), shape=(m * n, space.dim))
    identity_m, identity_n = eye(m, dtype=np.int64), eye(n, dtype=np.int64)
    system = csr_array((kron(b, identity_n, format="csr") - kron(identity_m, a.T, format="csr")) @ expand).astype(
        np.int64
    )
    system.eliminate_zeros()
    system.sum_duplicates()
    system.sort_indices()
    pointer = system.indptr
    distinct: dict[bytes, tuple[list[int], list[int]]] = {}
    for i in np.flatnonzero(np.diff(pointer)).tolist():
        columns, values = system.indices[pointer[i] : pointer[i + 1]], system.data[pointer[i] : pointer[i + 1]]
        values = values if values[0] > 0 else -values
        distinct.setdefault(columns.tobytes() + values.tobytes(), (columns.tolist(), values.tolist()))
    return list(distinct.values())


def _field_constraint(space: OrbitSpace, a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    basis = space.rows()
    domain = common_domain(a.domain, basis.domain)
    a, b, basis = (convert_matrix(x, domain) for x in (a, b, basis))
    m, n = space.shape
    unknown: list[tuple[int, Scalar] | None] = [None] * (m * n)
    for k, element in from_domain_matrix_rows(basis).items():
        for i, x in element.items():
            unknown[i] = (k, x)
    left, right = from_domain_matrix_rows(b), from_domain_matrix_rows(a.transpose())
    rows: dict[int, dict[int, Scalar]] = {}
    for i in range(m):
        for j in range(n):
            row: dict[int, Scalar] = {}
            for k, x in left.get(i, {}).items():
                _accumulate(row, unknown[k * n + j], x)
            for k, x in right.get(j, {}).items():
                _accumulate(row, unknown[i * n + k], -x)
            if kept := {k: x for k, x in row.items() if x}:
                rows[i * n + j] = kept
    return sparse_matrix(rows, (m * n, space.dim), domain)


def _accumulate(row: dict[int, Scalar], entry: tuple[int, Scalar] | None, factor: Scalar) -> None:
    if entry is not None:
        k, x = entry
        row[k] = row[k] + factor * x if k in row else factor * x


def float_constraint(space: OrbitSpace, a: Image, b: Image) -> Array:
    """The matrix of y -> B X - X A with X = sum_k y_k E_k / |E_k|, (m * n, space.dim), each generator pair scaled to size 1."""
    a, b = as_float(a), as_float(b)
    m, n = space.shape
    require_memory(3 * m * n * space.dim, f"the constraint on {m} x {n} operators", remedy="give exact generators")
    expand = (space.floats().T / np.sqrt(space.sizes())).reshape(m, n, space.dim)
    system = np.tensordot(b, expand, 1) - np.einsum("ijk,jl->ilk", expand, a)
    scale = max(float(np.linalg.norm(a, 2)), float(np.linalg.norm(b, 2))) if min(m, n) else 0.0
    scaled: Array = system.reshape(m * n, space.dim) / (scale or 1.0)
    return scaled
