"""Why matrices are no sum of irreducible ones: the invariant subspace that the radical of their algebra makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.matrices import Image, as_exact
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact, matmul_exact, sparse_matrix

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["subspace_without_complement"]


def subspace_without_complement(matrices: Sequence[Image]) -> DomainMatrix | None:
    """An invariant subspace that no invariant subspace is a complement of; None if every one has a complement.

    It is R V for the radical R of the algebra A that the matrices generate. For W + W' = V with W = R V, R W' lies in W and in
    W', so R W = R V = W, which Nakayama's lemma allows for W = 0 only. In characteristic 0, R are the x in A with tr(x y) = 0 for
    all y in A.

    Parameters
    ----------
    matrices : exact (n, n); the cost is n^6.

    Returns
    -------
    (r, n) exact, its rows the basis in reduced row echelon form.

    Examples
    --------
    >>> from grouprep.linalg.convert import to_domain_matrix, to_sympy
    >>> to_sympy(subspace_without_complement([to_domain_matrix([[0, 1], [0, 0]])]))
    Matrix([[1, 0]])
    >>> subspace_without_complement([to_domain_matrix([[1, 1], [0, 2]])]) is None
    True

    References
    ----------
    Curtis and Reiner, Representation Theory of Finite Groups and Associative Algebras (1962), 24-27; L. Ronyai, Computing the
    structure of finite algebras, J. Symb. Comp. 9 (1990) 355-373, section 2.
    """
    exact = [as_exact(m) for m in matrices]
    K = common_domain(*(m.domain for m in exact)).get_field()
    exact = [convert_matrix(m, K) for m in exact]
    n = exact[0].shape[0]
    basis = _algebra(exact, n, K)
    transposed = _flat([x.transpose() for x in basis], n, K)
    pairing = matmul_exact(_flat(basis, n, K), transposed.transpose())
    radical = nullspace(pairing)
    if not radical.shape[0]:
        return None
    # the images of x in the radical span R V: the columns of its elements
    elements = matmul_exact(convert_matrix(radical, K), _flat(basis, n, K))
    columns: dict[int, dict[int, object]] = {}
    for k, row in from_domain_matrix_rows(elements).items():
        for index, value in row.items():
            i, j = divmod(index, n)
            columns.setdefault(k * n + j, {})[i] = value
    return _reduced(sparse_matrix(columns, (elements.shape[0] * n, n), K))


def _flat(matrices: Sequence[DomainMatrix], n: int, K: Domain) -> DomainMatrix:
    rows = {
        k: {i * n + j: x for i, row in from_domain_matrix_rows(m).items() for j, x in row.items()}
        for k, m in enumerate(matrices)
    }
    return sparse_matrix({k: row for k, row in rows.items() if row}, (len(matrices), n * n), K)


def _reduced(rows: DomainMatrix) -> DomainMatrix:
    reduced, pivots = rows.rref()
    return reduced.extract(list(range(len(pivots))), list(range(rows.shape[1])))


def _algebra(matrices: Sequence[DomainMatrix], n: int, K: Domain) -> list[DomainMatrix]:
    """A basis of the algebra with 1 that matrices generate, by multiplying until nothing new comes."""
    basis = [convert_matrix(identity_exact(n, K), K)]
    while True:
        products = [matmul_exact(m, x) for m in matrices for x in basis]
        rows = _reduced(_flat([*basis, *products], n, K))
        if rows.shape[0] == len(basis):
            return basis
        basis = []
        for row in from_domain_matrix_rows(rows).values():
            table: dict[int, dict[int, object]] = {}
            for index, x in row.items():
                table.setdefault(index // n, {})[index % n] = x
            basis.append(sparse_matrix(table, (n, n), K))
