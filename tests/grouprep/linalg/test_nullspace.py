"""Exact nullspaces: the sparse path, the modular path and sympy agree over every field; the form is canonical."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import QQ, ZZ
from sympy.polys.matrices import DomainMatrix
from sympy.polys.matrices.sdm import SDM

from grouprep.errors import GroupRepError
from grouprep.linalg.convert import to_domain_matrix, to_sympy
from grouprep.linalg.fields import cyclotomic_field, degree, quadratic_field, real_cyclotomic_field
from grouprep.linalg.modular import modular_nullspace
from grouprep.linalg.nullspace import _is_dense, nullspace, rank, sparse_nullspace

FIELDS = [
    ZZ,
    QQ,
    quadratic_field(2),
    quadratic_field(-5),
    cyclotomic_field(4),
    cyclotomic_field(5),
    cyclotomic_field(12),
    real_cyclotomic_field(7),
    QQ.algebraic_field(sympy.sqrt(2) / 3),
    QQ.algebraic_field(sympy.cbrt(2)),
]


def matrices(K, rows, columns, size=3):
    if K.is_ZZ:
        entry = st.integers(-size, size).map(ZZ)
    else:
        number = st.tuples(st.integers(-size, size), st.integers(1, size)).map(lambda pq: QQ(*pq))
        entry = st.lists(number, min_size=degree(K), max_size=degree(K)).map(
            lambda c: K(c) if K.is_AlgebraicField else c[0]
        )
    line = st.lists(entry, min_size=columns, max_size=columns)
    return st.lists(line, min_size=rows, max_size=rows).map(lambda m: DomainMatrix(m, (rows, columns), K))


def check_basis(matrix, basis):
    field = matrix.domain.get_field()
    r, n = basis.shape
    assert basis.domain == field
    assert n == matrix.shape[1]
    assert (matrix.convert_to(field).to_sparse() * basis.transpose()).is_zero_matrix
    rows = basis.rep.to_sdm()
    free = [max(rows[k]) for k in range(r)]
    assert free == sorted(set(free))
    for k in range(r):
        assert {f: rows[k][f] for f in free if f in rows[k]} == {free[k]: field.one}


@pytest.mark.parametrize("K", FIELDS, ids=str)
@given(data=st.data())
@settings(max_examples=12)
def test_all_paths_agree(K, data):
    m, k, n = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3)), data.draw(st.integers(1, 6))
    matrix = (data.draw(matrices(K, m, k)) * data.draw(matrices(K, k, n))).to_sparse()
    modular, sparse, either = modular_nullspace(matrix), sparse_nullspace(matrix), nullspace(matrix)
    assert modular == sparse == either
    check_basis(matrix, modular)
    reduced, pivots = matrix.to_field().rref()
    assert rank(matrix) == len(pivots) == n - either.shape[0]
    assert reduced.shape == matrix.shape


@given(matrices(QQ, 4, 6))
@settings(max_examples=20)
def test_against_sympy(matrix):
    expected = sympy.Matrix(4, 6, lambda i, j: matrix.to_Matrix()[i, j]).nullspace()
    assert [list(to_sympy(nullspace(matrix))[i, :]) for i in range(len(expected))] == [list(v) for v in expected]


@given(matrices(ZZ, 5, 5, size=1), st.permutations(range(5)))
@settings(max_examples=30)
def test_the_basis_depends_on_the_space_alone(matrix, order):
    rows = matrix.to_list()
    shuffled = DomainMatrix([[3 * x for x in rows[i]] for i in order] + [rows[0]], (6, 5), ZZ)
    assert nullspace(shuffled) == nullspace(matrix)


def sparse(rows, shape, K=ZZ):
    return DomainMatrix.from_rep(SDM(rows, shape, K))


def test_edges():
    assert nullspace(sparse({}, (0, 0))).shape == (0, 0)
    assert nullspace(sparse({}, (0, 3))) == DomainMatrix.eye(3, QQ).to_sparse()
    assert nullspace(sparse({}, (3, 0))).shape == (0, 0)
    assert nullspace(sparse({}, (2, 3))) == DomainMatrix.eye(3, QQ).to_sparse()
    assert nullspace(sparse({0: {1: ZZ(5)}}, (1, 3))).shape == (2, 3)
    assert nullspace(DomainMatrix.eye(4, ZZ)).shape == (0, 4)
    assert rank(sparse({}, (0, 3))) == rank(sparse({}, (2, 3))) == 0


@pytest.mark.parametrize("K", [ZZ, cyclotomic_field(5)], ids=str)
@pytest.mark.parametrize("n", [31, 32, 33])
@pytest.mark.parametrize("filled", [2, 3, 4])
def test_where_elimination_gives_way_to_primes(K, n, filled):
    """From 33 columns on the number of entries in a row decides; the basis is the same."""
    rng = np.random.default_rng(n)
    lines = {}
    for i in range(n - 2):
        columns = sorted({i, i + 1, *rng.choice(n, filled, replace=False).tolist()})[:filled]
        lines[i] = {j: K.convert(int(rng.integers(1, 4))) for j in columns}
    matrix = sparse(lines, (n - 2, n), K)
    assert _is_dense(list(lines.values()), n, K) == (n < 33 or filled > 2)
    assert nullspace(matrix) == modular_nullspace(matrix) == sparse_nullspace(matrix)


@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_dense_residues_take_bounded_memory(monkeypatch, spare):
    K = cyclotomic_field(5)
    lines = [dict.fromkeys(range(33), K.one)] * 2
    monkeypatch.setattr("grouprep.linalg.nullspace._MOST_ENTRIES", 2 * 33 * 4 + spare)
    assert _is_dense(lines, 33, K) == (spare >= 0)


def test_the_independent_path_uses_no_primes(monkeypatch):
    monkeypatch.delattr("grouprep.linalg.nullspace.modular_nullspace")
    assert sparse_nullspace(DomainMatrix.eye(2, ZZ).to_sparse()).shape == (0, 2)
    assert sparse_nullspace(sparse({0: {0: ZZ(1), 1: ZZ(2)}}, (1, 2))).shape == (1, 2)


def test_many_components():
    n = 600
    matrix = sparse({i: {2 * i: ZZ(2), 2 * i + 1: ZZ(-3)} for i in range(n)}, (n, 2 * n))
    basis = nullspace(matrix)
    assert basis.shape == (n, 2 * n)
    assert basis.rep.to_sdm()[7] == {14: QQ(3, 2), 15: QQ(1)}


@pytest.mark.parametrize("K", [ZZ, quadratic_field(5)], ids=str)
def test_sparse_and_modular_agree_on_a_long_chain(K):
    n = 80
    one = K.one
    rows = {i: {i: one * (i % 3 + 1), i + 1: -one * (i % 5 + 1)} for i in range(n - 1)}
    matrix = sparse(rows, (n - 1, n), K)
    assert nullspace(matrix) == modular_nullspace(matrix) == sparse_nullspace(matrix)
    assert nullspace(matrix).shape == (1, n)


def test_wide_sparse_rows_and_duplicates():
    base = {0: {0: QQ(1, 2), 40: QQ(3)}, 1: {0: QQ(1), 40: QQ(6)}, 2: {40: QQ(1), 50: QQ(-1)}}
    matrix = sparse(base, (3, 60), QQ)
    assert rank(matrix) == 2
    check_basis(matrix, nullspace(matrix))


def test_domains_without_a_nullspace_here():
    for K in (ZZ[sympy.Symbol("x")], sympy.RR):
        with pytest.raises(GroupRepError, match="number field"):
            nullspace(DomainMatrix([[K.one]], (1, 1), K))


def test_readable_example():
    assert to_sympy(nullspace(to_domain_matrix([[1, "zeta(3)", "zeta(3,2)"]]))) == sympy.Matrix(
        [
            [sympy.Rational(1, 2) - sympy.sqrt(3) * sympy.I / 2, 1, 0],
            [sympy.Rational(1, 2) + sympy.sqrt(3) * sympy.I / 2, 0, 1],
        ]
    )
