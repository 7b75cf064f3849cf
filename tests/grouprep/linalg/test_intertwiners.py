"""Intertwiners of plain matrices: the three kinds of input, and the same space by each."""

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from grouprep import AmbiguousRank, DimensionMismatch
from grouprep.linalg import Monomial, as_exact, as_image, intertwiners, sylvester
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.orbits import solve_orbits, trivial_space
from grouprep.linalg.spaces import ExactSpace, FloatSpace, OrbitSpace

TURN = [[0, -1], [1, 0]]
SHEAR = [[1, 1], [0, 1]]


def test_kinds():
    assert isinstance(intertwiner_space((2, 2), [(as_image(TURN), as_image(TURN))]), OrbitSpace)
    assert isinstance(intertwiner_space((2, 2), [(as_image(SHEAR), as_image(SHEAR))]), ExactSpace)
    floats = np.array(SHEAR, dtype=float)
    assert isinstance(intertwiner_space((2, 2), [(floats, floats)]), FloatSpace)
    mixed = intertwiner_space((2, 2), [(as_image(TURN), as_image(TURN)), (as_image(SHEAR), as_image(SHEAR))])
    assert isinstance(mixed, ExactSpace)
    assert mixed.dim == 1


def test_known_spaces():
    # The centraliser of a shear is spanned by 1 and the shear.
    found = intertwiners([SHEAR], [SHEAR])
    assert len(found) == 2
    for X in found:
        assert X * sympy.Matrix(SHEAR) == sympy.Matrix(SHEAR) * X
    # X A = B X with A = (2), B = diag(2, 3): the first unit vector.
    (X,) = intertwiners([[[2]]], [[[2, 0], [0, 3]]])
    assert X.shape == (2, 1)
    assert X[0] != 0
    assert X[1] == 0
    assert intertwiners([[[2]]], [[[3]]]) == []


@st.composite
def integer_matrices(draw, n):
    entries = st.lists(st.integers(-2, 2), min_size=n, max_size=n)
    return [draw(entries) for _ in range(n)]


@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
        lambda s: st.tuples(integer_matrices(s[0]), integer_matrices(s[1]))
    )
)
def test_exact_against_the_kronecker_system(matrices):
    a, b = matrices
    n, m = len(a), len(b)
    A, B = sympy.Matrix(a), sympy.Matrix(b)
    system = sympy.kronecker_product(B, sympy.eye(n)) - sympy.kronecker_product(sympy.eye(m), A.T)
    found = intertwiners([a], [b])
    assert len(found) == m * n - system.rank()
    for X in found:
        assert X.shape == (m, n)
        assert X * A == B * X
    if found:
        assert sympy.Matrix([list(X) for X in found]).rank() == len(found)


@pytest.mark.parametrize("complex_", [False, True])
def test_floats_agree_with_exact(complex_):
    rng = np.random.default_rng(0)
    S = rng.standard_normal((4, 4))
    if complex_:
        S = S + 1j * rng.standard_normal((4, 4))
    D = np.diag([1.0, 1.0, 2.0, 3.0])
    A = S @ D @ np.linalg.inv(S)
    found = intertwiners([A], [A])
    assert len(found) == 6
    stack = np.array(found)
    assert stack.dtype == A.dtype
    residual = np.linalg.norm(stack @ A - A @ stack)
    assert residual <= 1e3 * np.finfo(float).eps * np.linalg.norm(A) * np.linalg.cond(S)
    gram = np.einsum("aij,bij->ab", stack.conj(), stack)
    assert np.abs(gram - np.eye(6)).max() <= 100 * np.finfo(float).eps


def test_the_rank_is_open_or_it_is_not():
    A = np.diag([1.0, 1.0 + 1e-9])
    with pytest.raises(AmbiguousRank):
        intertwiners([A], [A])
    assert len(intertwiners([np.diag([1.0, 1.0])], [np.diag([1.0, 1.0])])) == 4
    assert len(intertwiners([np.diag([1.0, 1.001])], [np.diag([1.0, 1.001])])) == 2


def test_monomial_pairs_restrict_exact_ones():
    """The dense pair acts on the orbits of the monomial one only, and the answer is the intersection."""
    swap, third = [[0, 1], [1, 0]], [["-1/2", "-sqrt(3)/2"], ["sqrt(3)/2", "-1/2"]]
    space = intertwiner_space((2, 2), [(as_image(swap), as_image(swap)), (as_image(third), as_image(third))])
    rows = to_numpy(space.rows())
    assert space.dim == 1
    assert np.array_equal(rows[0] / rows[0, 0], [1, 0, 0, 1])


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_every_pair_counts_in_any_order(order):
    """A monomial, an exact and a float pair: each halves what the others leave, and the last kind decides."""
    one, J = np.eye(2, dtype=int), np.array([[0, -1], [1, 0]])
    swap, shear = np.kron([[0, 1], [1, 0]], one), np.kron(one, [[1, 1], [0, 1]])
    turn = np.kron([[0.6, 0.8], [0.8, -0.6]], np.eye(2))
    pairs = [(as_image(m),) * 2 for m in (swap.tolist(), shear.tolist(), turn)]
    # Commuting with all of M_2 on the first factor leaves M_2 on the second, where the shear has a centraliser of dimension 2.
    found = intertwiner_space((4, 4), [pairs[k] for k in order])
    assert isinstance(found, FloatSpace)
    assert found.dim == 2
    exact = intertwiner_space((4, 4), [pairs[k] for k in order if k < 2])
    assert isinstance(exact, ExactSpace)
    assert exact.dim == 4
    assert intertwiner_space((4, 4), [pairs[k] for k in order if k != 1]).dim == 4
    assert intertwiner_space((4, 4), [pairs[k] for k in order if k > 0]).dim == 4
    for k in range(3):
        wrong = [pairs[j] for j in order]
        wrong[k] = (as_image(J.tolist()), wrong[k][1])
        with pytest.raises(DimensionMismatch):
            intertwiner_space((4, 4), wrong)


def signed_orbits():
    """Orbits with signs on operators from 2 to 4 dimensions."""
    left = Monomial([1, 0, 3, 2], [0, 1, 1, 0], 2)
    return solve_orbits((4, 2), [(Monomial([1, 0], [1, 0], 2), left), (Monomial([0, 1], [1, 1], 2), left @ left)])


@pytest.mark.parametrize("size", [3, sylvester._SMALL - 1, sylvester._SMALL, sylvester._SMALL + 1, 2**40])
@pytest.mark.parametrize("spare", [-1, 0, 1])
def test_machine_integers_and_field_elements_give_the_same_equations(monkeypatch, size, spare):
    """Dense and sparse products below the largest entry that is safe, exact numbers from there on."""
    rng = np.random.default_rng(0)
    for space in (signed_orbits(), trivial_space((4, 2))):
        monkeypatch.setattr(sylvester, "_DENSE_SIZE", 8 * space.dim + 16 + 4 + spare)
        a, b = (rng.integers(-2, 3, (n, n)) for n in (2, 4))
        a[0, 1] = b[2, 3] = -size
        pair = as_exact(as_image(a.tolist())), as_exact(as_image(b.tolist()))
        small = sylvester._integer_constraint(space, *pair)
        assert (small is None) == (size >= sylvester._SMALL)
        expected = nullspace(sylvester._field_constraint(space, *pair))
        assert nullspace(sylvester.exact_constraint(space, *pair)) == expected
        halves = tuple((m.to_field() / 6).to_sparse() for m in pair)  # a common denominator changes no solution
        assert nullspace(sylvester.exact_constraint(space, *halves)) == expected
        third = (pair[0].to_field() / 3).to_sparse(), (pair[1].to_field() / 2).to_sparse()
        equations = nullspace(sylvester._field_constraint(space, *third))
        assert nullspace(sylvester.exact_constraint(space, *third)) == equations


def test_shapes():
    with pytest.raises(DimensionMismatch, match=r"shape \(2, 3\)"):
        intertwiner_space((2, 3), [(Monomial.identity(2), Monomial.identity(2))])
