"""Exact nullspaces in canonical form: sparse systems by components with sympy, dense ones modulo primes."""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd
from typing import TYPE_CHECKING

from grouprep.errors import GroupRepError
from grouprep.linalg._cyclotomic import degree
from grouprep.linalg.graphs import components
from grouprep.linalg.modular import modular_nullspace, modular_rank
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["nullspace", "rank", "sparse_nullspace"]

Rows = dict[int, dict[int, Scalar]]

# Measured on random (0.9 n, n) systems with w non-zeros a row, one core of a 2-core machine, CPU seconds, elimination / modular:
#   ZZ          n = 64:  w = 2: 0.001 / 0.003   w = 4: 0.005 / 0.004   w = 10: 0.02 / 0.006
#   ZZ          n = 256: w = 2: 0.003 / 0.05    w = 4: 0.57 / 0.14     w = 10: 1.9 / 0.24
#   Q(zeta_12)  n = 128: w = 2: 0.02 / 0.05     w = 3: 0.22 / 0.16     w = 4: 1.1 / 0.29    w = 6: > 4 / 0.56
# Up to 32 columns the modular path is never the slower one by more than 0.1 ms.
_FEW_COLUMNS = 32
_FILL_IN = 3  # non-zeros a row from which elimination fills in
_MOST_ENTRIES = 2**26  # dense residues: half a gigabyte of words


def nullspace(matrix: DomainMatrix) -> DomainMatrix:
    """The canonical basis of {x : matrix x = 0}, as rows, proved.

    Row k has a 1 at the k-th free column of the reduced row echelon form and 0 at the other free columns, so the basis
    depends on the space alone (and on the order of the columns), not on the rows or the method.

    Parameters
    ----------
    matrix : (m, n) DomainMatrix over ZZ, QQ or a number field.

    Returns
    -------
    DomainMatrix of shape (r, n) over the fraction field, sparse.

    Raises
    ------
    GroupRepError
        If the domain is not ZZ, QQ or a number field.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> from grouprep.linalg.nullspace import nullspace
    >>> to_sympy(nullspace(to_domain_matrix([[1, "sqrt(2)", 0], [0, 0, 1]])))
    Matrix([[-sqrt(2), 1, 0]])

    References
    ----------
    J. von zur Gathen, J. Gerhard, Modern Computer Algebra, Cambridge 2013, sections 5.5 and 12.1; D. F. Holt, B. Eick,
    E. A. O'Brien, Handbook of Computational Group Theory, CRC 2005, section 7.2.
    """
    return _by_components(matrix, modular=True)


def sparse_nullspace(matrix: DomainMatrix) -> DomainMatrix:
    """The same as `nullspace`, by sparse elimination over the field alone; an independent path for tests."""
    return _by_components(matrix, modular=False)


def rank(matrix: DomainMatrix) -> int:
    """The exact rank of an (m, n) matrix over ZZ, QQ or a number field, proved.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix
    >>> from grouprep.linalg.nullspace import rank
    >>> rank(to_domain_matrix([[1, 2], [2, 4]]))
    1
    """
    if 0 in matrix.shape:
        return 0
    if modular_rank(matrix) == min(matrix.shape):  # a lower bound that meets the upper one
        return int(min(matrix.shape))
    return int(matrix.shape[1] - nullspace(matrix).shape[0])


def _by_components(matrix: DomainMatrix, modular: bool) -> DomainMatrix:
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    K = matrix.domain
    if not (K.is_ZZ or K.is_QQ or K.is_AlgebraicField):
        raise GroupRepError(f"a nullspace over {K} is not known here; convert the matrix to QQ or a number field")
    field = K.get_field()
    n = matrix.shape[1]
    rows = [row for row in matrix.to_sparse().rep.to_sdm().values() if row]
    vectors: list[tuple[int, dict[int, Scalar]]] = []
    touched: set[int] = set()
    for columns, part in _components(rows, n):
        touched.update(columns)
        if len(columns) == 1:
            continue
        local = {j: k for k, j in enumerate(columns)}
        short = [{local[j]: x for j, x in row.items()} for row in part]
        basis = _solve(short, len(columns), K, modular)
        for row in basis.values():
            vectors.append((max(row), {columns[j]: x for j, x in row.items()}))
    vectors += [(j, {j: field.one}) for j in range(n) if j not in touched]
    vectors = sorted(((max(row), row) for _, row in vectors), key=lambda pair: pair[0])
    return DomainMatrix.from_rep(SDM({k: row for k, (_, row) in enumerate(vectors)}, (len(vectors), n), field))


def _distinct_rows(rows: Iterable[dict[int, Scalar]], K: Domain) -> list[dict[int, Scalar]]:
    """The non-zero rows, one of each class up to scaling: primitive with a positive first entry, or monic over a field."""
    seen: dict[Scalar, dict[int, Scalar]] = {}
    for row in rows:
        lead = row[min(row)]
        if K.is_ZZ:
            common = 0
            for x in row.values():
                common = gcd(common, int(x))
                if common == 1:
                    break
            common = -common if lead < 0 else common
            scaled = row if common == 1 else {j: x // common for j, x in row.items()}
        elif lead == K.one:
            scaled = row
        else:
            inverse = K.one / lead
            scaled = {j: x * inverse for j, x in row.items()}
        seen.setdefault(frozenset(scaled.items()), scaled)
    return list(seen.values())


def _components(rows: list[dict[int, Scalar]], n: int) -> list[tuple[list[int], list[dict[int, Scalar]]]]:
    """The connected components of the bipartite graph of rows and columns: (columns in order, their rows)."""
    if not rows:
        return []
    first: list[int] = []
    second: list[int] = []
    for row in rows:  # every row links its columns into a star
        anchor = next(iter(row))
        first += [anchor] * len(row)
        second += row
    labels = components(n, first, second)[1].tolist()
    parts: dict[int, list[dict[int, Scalar]]] = {}
    for row in rows:
        parts.setdefault(labels[next(iter(row))], []).append(row)
    columns: dict[int, list[int]] = {label: [] for label in parts}
    for j, label in enumerate(labels):
        if label in columns:
            columns[label].append(j)
    return [(columns[label], part) for label, part in parts.items()]


def _solve(rows: list[dict[int, Scalar]], n: int, K: Domain, modular: bool) -> Rows:
    """The canonical basis of one component with n columns, as basis[k][j]."""
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.sdm import SDM

    dense = modular and _is_dense(rows, n, K)
    if not dense:
        rows = _distinct_rows(rows, K)
    system = DomainMatrix.from_rep(SDM(dict(enumerate(rows)), (len(rows), n), K))
    if dense:
        basis: Rows = modular_nullspace(system).rep.to_sdm()
        return basis
    return _eliminate(system.convert_to(K.get_field()), K.get_field())


def _is_dense(rows: list[dict[int, Scalar]], n: int, K: Domain) -> bool:
    m = len(rows)
    if n <= _FEW_COLUMNS:
        return True
    return sum(map(len, rows)) >= _FILL_IN * m and m * n * degree(K) <= _MOST_ENTRIES


def _eliminate(system: DomainMatrix, field: Domain) -> Rows:
    """Sparse reduced row echelon form, and the basis with the identity at its free columns."""
    reduced, pivots = system.rref()
    n = system.shape[1]
    free = sorted(set(range(n)) - set(pivots))
    basis: Rows = {f: {f: field.one} for f in free}
    for i, row in reduced.rep.to_sdm().items():
        for j, x in row.items():
            if j != pivots[i]:
                basis[j][pivots[i]] = -x
    return {k: basis[f] for k, f in enumerate(free)}
