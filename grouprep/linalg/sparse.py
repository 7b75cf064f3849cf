"""Small operations on sympy's sparse DomainMatrix that sympy lacks: building, Kronecker products, direct sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.memory import require_memory
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "direct_sum_exact",
    "from_domain_matrix_rows",
    "identity_exact",
    "kron_exact",
    "sparse_matrix",
    "trace_exact",
    "zero_exact",
]

Rows = dict[int, dict[int, Scalar]]

_FILLED = 0.1  # share of the terms of a product that are not zero, from which flint is the faster
_ENTRY = 150  # bytes that one entry of a dictionary of rows takes, number included


def sparse_matrix(rows: Rows, shape: tuple[int, int], domain: Domain) -> DomainMatrix:
    """The sparse DomainMatrix with rows[i][j] at (i, j); entries are elements of domain, none of them zero."""
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    return DomainMatrix.from_rep(SDM({i: row for i, row in rows.items() if row}, shape, domain))


def from_domain_matrix_rows(matrix: DomainMatrix) -> Rows:
    """The non-zero entries of a DomainMatrix as rows[i][j]; the caller must not change them."""
    rows: Rows = matrix.to_sparse().rep.to_sdm()
    return rows


def identity_exact(n: int, domain: Domain) -> DomainMatrix:
    """The n x n identity over a domain, sparse."""
    return sparse_matrix({i: {i: domain.one} for i in range(n)}, (n, n), domain)


def zero_exact(n: int) -> DomainMatrix:
    """The n x n zero matrix over the integers, the differential of anything trivial."""
    from sympy import ZZ

    return sparse_matrix({}, (n, n), ZZ)


def _unify(a: DomainMatrix, b: DomainMatrix) -> tuple[DomainMatrix, DomainMatrix]:
    if a.domain == b.domain:
        return a, b
    domain = common_domain(a.domain, b.domain)
    return convert_matrix(a, domain), convert_matrix(b, domain)


def kron_exact(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """The Kronecker product of an (m, n) and a (p, q) matrix, (m p, n q), over their common domain."""
    a, b = _unify(a, b)
    (m, n), (p, q) = a.shape, b.shape
    require_memory(a.nnz() * b.nnz(), f"an exact matrix of size {m * p:,} x {n * q:,}", itemsize=_ENTRY)
    right = from_domain_matrix_rows(b)
    rows: Rows = {}
    for i, row in from_domain_matrix_rows(a).items():
        for k, other in right.items():
            rows[i * p + k] = {j * q + h: x * y for j, x in row.items() for h, y in other.items()}
    return sparse_matrix(rows, (m * p, n * q), a.domain)


def direct_sum_exact(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """The block-diagonal matrix of an (m, n) and a (p, q) matrix, (m + p, n + q), over their common domain."""
    a, b = _unify(a, b)
    (m, n), (p, q) = a.shape, b.shape
    rows = dict(from_domain_matrix_rows(a))
    for i, row in from_domain_matrix_rows(b).items():
        rows[m + i] = {n + j: x for j, x in row.items()}
    return sparse_matrix(rows, (m + p, n + q), a.domain)


def matmul_exact(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """The product of two matrices over their common domain, sparse; filled ones over ZZ and QQ are multiplied by flint."""
    a, b = _unify(a, b)
    (m, n), k = a.shape, b.shape[1]
    if (a.domain.is_ZZ or a.domain.is_QQ) and a.nnz() * b.nnz() > _FILLED * m * n * n * k:
        return (a.to_dense() * b.to_dense()).to_sparse()
    return a.to_sparse() * b.to_sparse()


def add_exact(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """The sum of two matrices over their common domain, sparse."""
    a, b = _unify(a, b)
    return a.to_sparse() + b.to_sparse()


def subtract_exact(a: DomainMatrix, b: DomainMatrix) -> DomainMatrix:
    """The difference of two matrices over their common domain, sparse."""
    a, b = _unify(a, b)
    return a.to_sparse() - b.to_sparse()


def equal_exact(a: DomainMatrix, b: DomainMatrix) -> bool:
    """Whether two matrices are the same, whatever domains they are written over."""
    return a.shape == b.shape and bool(subtract_exact(a, b).is_zero_matrix)


def inverse_exact(a: DomainMatrix) -> DomainMatrix:
    """The inverse over the fraction field, sparse; raises sympy's DMNonInvertibleMatrixError if there is none."""
    return a.to_field().to_dense().inv().to_sparse()


def trace_exact(a: DomainMatrix) -> Scalar:
    """The trace, an element of the domain."""
    total = a.domain.zero
    for i, row in from_domain_matrix_rows(a).items():
        if i in row:
            total += row[i]
    return total


def stack_exact(matrices: Sequence[DomainMatrix]) -> DomainMatrix:
    """The matrices on top of each other, over their common domain, sparse."""
    domain = common_domain(*(m.domain for m in matrices))
    converted = [convert_matrix(m, domain).to_sparse() for m in matrices]
    return converted[0].vstack(*converted[1:]) if len(converted) > 1 else converted[0]
