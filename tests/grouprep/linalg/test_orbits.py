"""Orbits of index pairs against the linear system written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouprep import TooLarge
from grouprep.linalg import Monomial
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.orbits import solve_orbits, trivial_space


@st.composite
def problems(draw):
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    pairs = []
    for _ in range(draw(st.integers(1, 3))):
        modulus = draw(st.sampled_from([1, 2, 3, 4]))

        def one(size, modulus=modulus):
            phase = draw(st.lists(st.integers(0, modulus - 1), min_size=size, max_size=size))
            return Monomial(draw(st.permutations(range(size))), phase, modulus)

        pairs.append((one(n), one(m)))
    return (m, n), pairs


def nullity(shape, pairs):
    m, n = shape
    rows = [np.kron(b.to_numpy(), np.eye(n)) - np.kron(np.eye(m), a.to_numpy().T) for a, b in pairs]
    return m * n - np.linalg.matrix_rank(np.concatenate(rows))


@pytest.mark.slow
@given(problems())
def test_orbits_solve_the_linear_system(problem):
    shape, pairs = problem
    space = solve_orbits(shape, pairs)
    assert space.dim == nullity(shape, pairs)
    basis = to_numpy(space.rows()).reshape(space.dim, *shape)
    for a, b in pairs:
        gap = basis @ a.to_numpy() - b.to_numpy() @ basis
        assert np.abs(gap).max(initial=0) <= 8 * np.finfo(float).eps
    supports = basis != 0
    assert (supports.sum(axis=0) <= 1).all()
    assert np.array_equal(supports.sum(axis=(1, 2)), space.sizes())
    values = space.values().reshape(shape)
    assert np.array_equal(values, basis.sum(axis=0)) if space.dim else not values.any()
    # The first index of every orbit has phase 0, and orbits are numbered by it.
    first = [np.flatnonzero(space.labels == k)[0] for k in range(space.dim)]
    assert first == sorted(first)
    assert not space.phase[first].any()


def test_a_cycle_with_a_phase_has_no_invariants():
    turn = Monomial([1, 0], [0, 1], 2)  # its square is -1
    one = Monomial([0])
    assert solve_orbits((1, 2), [(turn, one)]).dim == 0
    assert solve_orbits((2, 2), [(turn, turn)]).dim == 2
    minus = Monomial([0], [1], 2)
    assert solve_orbits((1, 1), [(one, minus)]).dim == 0
    assert solve_orbits((1, 1), [(minus, minus)]).labels.tolist() == [0]


def test_signs_of_the_quarter_turn():
    turn = Monomial([1, 0], [0, 1], 2)
    X = to_numpy(solve_orbits((2, 2), [(turn, turn)]).rows()).reshape(2, 2, 2)
    assert np.array_equal(X[0], np.eye(2))
    assert np.array_equal(X[1], [[0, 1], [-1, 0]])


def test_direction_of_complex_phases():
    """X A = B X with A = i and B = i on one entry is free; with B = -i it is not; conj would exchange the two."""
    i, j = Monomial([0], [1], 4), Monomial([0], [3], 4)
    assert solve_orbits((1, 1), [(i, i)]).dim == 1
    assert solve_orbits((1, 1), [(i, j)]).dim == 0
    shift = Monomial([1, 2, 0])
    phase = Monomial([0], [1], 3)
    space = solve_orbits((1, 3), [(shift, phase)])
    x = to_numpy(space.rows())[0]
    w = np.exp(2j * np.pi / 3)
    assert np.allclose(x, [1, w, w**2], rtol=0, atol=1e-15)


def test_no_generators_and_one_column():
    assert solve_orbits((2, 3), []).dim == 6
    assert trivial_space((2, 3)).labels.tolist() == list(range(6))
    shift = Monomial(np.roll(np.arange(5), 1))
    assert solve_orbits((5, 1), [(Monomial.identity(1), shift)]).dim == 1


def test_memory_is_predicted():
    huge = Monomial.identity(10**6)
    with pytest.raises(TooLarge, match="GB"):
        solve_orbits((10**6, 10**6), [(huge, huge)])
