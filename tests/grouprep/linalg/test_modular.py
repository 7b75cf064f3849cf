"""Linear algebra modulo primes: bounds, unlucky primes, large entries, number fields, determinism."""

import random

import pytest
import sympy
from sympy import QQ, ZZ
from sympy.polys.matrices import DomainMatrix

from grouprep.errors import AmbiguousRank, GroupRepError
from grouprep.linalg import modular
from grouprep.linalg.convert import to_domain_matrix
from grouprep.linalg.fields import cyclotomic_field, degree, quadratic_field, real_cyclotomic_field
from grouprep.linalg.modular import modular_nullspace, modular_rank
from grouprep.linalg.nullspace import nullspace, sparse_nullspace


def random_matrix(rng, K, m, n, bits=3):
    def entry():
        values = [QQ(rng.randint(-(2**bits), 2**bits)) for _ in range(degree(K))]
        return K(values) if K.is_AlgebraicField else K.convert_from(values[0], QQ)

    return DomainMatrix([[entry() for _ in range(n)] for _ in range(m)], (m, n), K)


@pytest.mark.parametrize(
    "K",
    [
        ZZ,
        QQ,
        quadratic_field(3),
        quadratic_field(-7),
        cyclotomic_field(7),
        cyclotomic_field(15),
        real_cyclotomic_field(9),
    ],
    ids=str,
)
def test_dense_low_rank(K):
    rng = random.Random(3)
    matrix = (random_matrix(rng, K, 14, 6) * random_matrix(rng, K, 6, 11)).to_sparse()
    assert modular_rank(matrix) == 6
    basis = modular_nullspace(matrix)
    assert basis.shape == (5, 11)
    assert (matrix.convert_to(K.get_field()) * basis.transpose()).is_zero_matrix
    assert basis == modular_nullspace(matrix)


@pytest.mark.parametrize("bits", [10, 80, 400, 2000])
def test_large_entries(bits):
    rng = random.Random(bits)
    matrix = (random_matrix(rng, ZZ, 9, 5, bits) * random_matrix(rng, ZZ, 5, 8, bits)).to_sparse()
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)


def test_large_entries_over_a_number_field():
    rng = random.Random(1)
    K = cyclotomic_field(5)
    matrix = (random_matrix(rng, K, 6, 3, 200) * random_matrix(rng, K, 3, 5, 200)).to_sparse()
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)


@pytest.mark.parametrize("after", [0, 1, 2, 3, 10**6])
@pytest.mark.parametrize("bits", [10, 60, 120])
def test_lifting_and_more_primes_find_the_same(monkeypatch, after, bits):
    """p-adic lifting from the start, after one prime, when a few have nearly sufficed, or never."""
    monkeypatch.setattr(modular, "_LIFT_AFTER", after)
    rng = random.Random(bits)
    matrix = (random_matrix(rng, QQ, 6, 3, bits) * random_matrix(rng, QQ, 3, 7, bits)).to_sparse()
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)


def first_prime(top, K=QQ):
    return next(modular._primes(K, top, split=False))[0]


def test_primes_that_lower_the_rank_are_discarded():
    small, word = first_prime(modular._SMALL_TOP), first_prime(modular._TOP)
    for p in (small, word, small * word):
        matrix = DomainMatrix([[ZZ(p), ZZ(0), ZZ(0)], [ZZ(0), ZZ(1), ZZ(1)]], (2, 3), ZZ)
        assert modular_nullspace(matrix) == sparse_nullspace(matrix)
        matrix = DomainMatrix([[ZZ(1), ZZ(2), ZZ(3)], [ZZ(1), ZZ(2 + p), ZZ(3)], [ZZ(1), ZZ(2), ZZ(3 + p)]], (3, 3), ZZ)
        assert modular_nullspace(matrix).shape == (0, 3)
        assert modular_nullspace(matrix) == sparse_nullspace(matrix)


def test_pivots_that_move_modulo_a_prime():
    p = first_prime(modular._SMALL_TOP)
    matrix = DomainMatrix([[ZZ(p), ZZ(1), ZZ(5)]], (1, 3), ZZ)  # modulo p the pivot is column 1, over Q it is column 0
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)


def test_primes_in_denominators():
    p = first_prime(modular._SMALL_TOP)
    matrix = DomainMatrix([[QQ(1, p), QQ(2), QQ(1, 3)], [QQ(1), QQ(2 * p), QQ(p, 3)]], (2, 3), QQ)
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)
    assert modular_rank(matrix) == 1
    assert modular_rank(matrix, prime=p) == 1


def test_rank_is_a_lower_bound_for_every_prime():
    matrix = DomainMatrix([[ZZ(6), ZZ(0)], [ZZ(0), ZZ(35)]], (2, 2), ZZ)
    assert [modular_rank(matrix, prime=p) for p in (2, 3, 5, 7, 11)] == [1, 1, 1, 1, 2]
    K = quadratic_field(2)
    matrix = DomainMatrix([[K.unit + 3 * K.one]], (1, 1), K)  # norm 7
    assert {modular_rank(matrix, prime=p) for p in (7, 17, 23)} <= {0, 1}
    assert modular_rank(matrix) == 1


def test_bad_primes_are_named():
    matrix = to_domain_matrix([["sqrt(2)"]])
    with pytest.raises(GroupRepError, match="9 is not a prime"):
        modular_rank(matrix, prime=9)
    with pytest.raises(GroupRepError, match="no root modulo 5"):
        modular_rank(matrix, prime=5)
    with pytest.raises(GroupRepError, match="not a prime"):
        modular_rank(matrix, prime=2**64 + 13)


def test_entries_beyond_the_bound_raise(monkeypatch):
    monkeypatch.setattr(modular, "_MAX_PRIMES", 3)
    rng = random.Random(0)
    matrix = (random_matrix(rng, ZZ, 6, 4, 300) * random_matrix(rng, ZZ, 4, 6, 300)).to_sparse()
    with pytest.raises(AmbiguousRank, match="3 primes"):
        modular_nullspace(matrix)


def test_empty_shapes():
    for shape in ((0, 0), (0, 3), (3, 0), (2, 2)):
        matrix = DomainMatrix.zeros(shape, ZZ)
        assert modular_rank(matrix) == 0
        assert modular_nullspace(matrix).shape == (shape[1], shape[1])


def regular_representation_commutant():
    """The system X A = A X, (72, 36), for two generators of S3's regular representation in a dense basis."""
    import itertools

    elements = list(itertools.permutations(range(3)))
    rng = random.Random(2)
    change = sympy.Matrix(6, 6, lambda i, j: rng.randint(-3, 3))
    assert change.det() != 0
    rows = []
    for g in ((1, 0, 2), (1, 2, 0)):
        image = sympy.zeros(6, 6)
        for j, h in enumerate(elements):
            image[elements.index(tuple(g[h[i]] for i in range(3))), j] = 1
        a = change * image * change.inv()
        a = a * sympy.ilcm(*(x.q for x in a))
        rows.append(sympy.kronecker_product(a, sympy.eye(6)) - sympy.kronecker_product(sympy.eye(6), a.T))
    return to_domain_matrix(sympy.Matrix.vstack(*rows))


def test_commutant_of_a_regular_representation_has_the_dimension_of_the_group():
    matrix = regular_representation_commutant()
    basis = nullspace(matrix)
    assert basis.shape == (6, 36)
    assert basis == sparse_nullspace(matrix)


@pytest.mark.parametrize("text", ["2^(1/3)", "sqrt(1+sqrt(2))"])
def test_fields_outside_the_list(text):
    matrix = to_domain_matrix([[1, text], [text, f"({text})^2"]])
    assert modular_nullspace(matrix) == sparse_nullspace(matrix)
    assert modular_rank(matrix) == 1


def test_coefficients_that_are_no_numbers():
    x = sympy.Symbol("x")
    with pytest.raises(GroupRepError, match="prime"):
        modular_rank(DomainMatrix([[ZZ[x].one]], (1, 1), ZZ[x]))
