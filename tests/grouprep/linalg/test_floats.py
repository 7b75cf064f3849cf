"""Float nullspaces: rank relative to scale, refusal in the grey zone, accuracy, reproducibility."""

import numpy as np
import pytest
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep.errors import AmbiguousRank, DimensionMismatch, GroupRepError
from grouprep.linalg.floats import FloatNullspace, float_nullspace

EPS = np.finfo(float).eps


def low_rank(seed, m, n, r, kind=float):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((m, r)), rng.standard_normal((r, n))
    if kind is complex:
        a, b = a + 1j * rng.standard_normal((m, r)), b + 1j * rng.standard_normal((r, n))
    return a @ b


def so3_commutant(scale):
    """The constraint of X L = L X for the three generators of SO(3), (27, 9), times scale: its nullity is 1."""
    levi = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        levi[i, j, k], levi[i, k, j] = 1, -1
    eye = np.eye(3)
    return np.concatenate([scale * (np.kron(a, eye) - np.kron(eye, a.T)) for a in levi])


@cases("kind", [float, complex])
@cases(("m", "n", "r"), [(5, 5, 5), (9, 5, 3), (5, 9, 3), (200, 12, 7), (3, 8, 3), (1, 4, 1), (6, 1, 1), (0, 4, 0)])
def test_shape_orthonormality_residual(m, n, r, kind):
    a = low_rank(m + n, m, n, r, kind)
    found = float_nullspace(a)
    assert isinstance(found, FloatNullspace)
    assert found.basis.shape == (n, n - r)
    assert found.rank == r
    assert found.basis.dtype == (np.complex128 if kind is complex else np.float64)
    assert found.singular_values.shape == (min(m, n),)
    assert np.abs(found.basis.conj().T @ found.basis - np.eye(n - r)).max(initial=0) < 50 * EPS
    scale = np.linalg.norm(a, 2) if a.size else 0
    assert np.abs(a @ found.basis).max(initial=0) <= 50 * max(m, n) * EPS * scale
    below, above = found.gap
    assert below < 1e-12
    assert above > 1e-6


@cases("scale", [1e-300, 1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e12, 1e300])
def test_rescaled_generators_give_the_same_answer(scale):
    reference = float_nullspace(so3_commutant(1.0))
    found = float_nullspace(so3_commutant(scale))
    assert found.basis.shape == (9, 1)  # emlp finds 9 at 1e-6
    assert np.allclose(found.basis, reference.basis, atol=1e-14)
    assert np.allclose(found.basis[:, 0], np.eye(3).ravel() / np.sqrt(3), atol=1e-14)


@given(st.integers(0, 10**6), st.integers(-200, 200))
@settings(max_examples=30)
def test_powers_of_two_change_no_bit(seed, exponent):
    a = low_rank(seed, 12, 7, 4)
    assert float_nullspace(a * 2.0**exponent).basis.tobytes() == float_nullspace(a).basis.tobytes()


def test_same_input_same_bits():
    a = low_rank(5, 40, 20, 11)
    assert float_nullspace(a).basis.tobytes() == float_nullspace(a.copy()).basis.tobytes()


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_the_basis_depends_on_the_space_alone(seed):
    a = low_rank(seed, 8, 7, 4)
    rng = np.random.default_rng(seed + 1)
    mixed = np.linalg.qr(rng.standard_normal((8, 8)))[0] @ a
    assert np.allclose(float_nullspace(mixed).basis, float_nullspace(a).basis, atol=1e-9)


@cases("small", [1e-7, 1e-9, 1e-11, 1e-12])
def test_the_grey_zone_raises(small):
    a = np.diag([1.0, 0.5, small, 0.0])
    with pytest.raises(AmbiguousRank, match="exact generators"):
        float_nullspace(a)
    with pytest.raises(AmbiguousRank):
        float_nullspace(1e9 * a)


NOISE, SINGLE = 8 * 2 * EPS, 8 * 2 * float(np.finfo(np.float32).eps)


@cases("scale", [None, 4.0])
@cases(
    ("value", "kind", "rank"),
    [
        (0.99 * NOISE, np.float64, 1),
        (1.01 * NOISE, np.float64, None),
        (0.99e-6, np.float64, None),
        (1.01e-6, np.float64, 2),
        (0.99 * SINGLE, np.float32, 1),  # noise is the dtype's own, and what is clear lies a thousand times above it
        (1.01 * SINGLE, np.float32, None),
        (0.99e3 * SINGLE, np.float32, None),
        (1.01e3 * SINGLE, np.float32, 2),
        (0.99e3 * SINGLE, np.complex64, None),
        (1.01e3 * SINGLE, np.complex64, 2),
    ],
)
def test_the_borders_of_what_is_decided(value, kind, rank, scale):
    """Relative to the largest singular value, or to the scale if that is larger; size 2 in either direction."""
    a = np.diag([1.0, value * (scale or 1.0)]).astype(kind)
    if rank is None:
        with pytest.raises(AmbiguousRank):
            float_nullspace(a, scale=scale)
    else:
        assert float_nullspace(a, scale=scale).rank == rank


def test_noise_grows_with_the_larger_side():
    a = np.zeros((3, 40))
    a[0, 0], a[1, 1] = 1.0, 0.99 * 8 * 40 * EPS
    for matrix in (a, a.T):
        assert float_nullspace(matrix).rank == 1
    with pytest.raises(AmbiguousRank):
        float_nullspace(a[:, :39])


def test_noise_and_clear_values_are_decided():
    assert float_nullspace(np.diag([1.0, 1e-4, 1e-16])).basis.shape == (3, 1)
    assert float_nullspace(np.diag([1.0, 1e-5, 0.0])).basis.shape == (3, 1)


def test_noise_of_single_precision_is_not_taken_for_rank():
    a = low_rank(3, 30, 10, 6)
    single = a.astype(np.float32)
    assert float_nullspace(single).basis.shape == (10, 4)  # its own eps
    with pytest.raises(AmbiguousRank):
        float_nullspace(single.astype(np.float64))


def test_scale_of_the_caller():
    noise = 1e-16 * np.ones((3, 3))
    assert float_nullspace(noise).basis.shape == (3, 2)
    assert float_nullspace(noise, scale=1.0).basis.shape == (3, 3)
    assert float_nullspace(np.diag([3.0, 0.0]), scale=1.0).basis.shape == (2, 1)


def test_zero_and_empty():
    assert np.array_equal(float_nullspace(np.zeros((3, 4))).basis, np.eye(4))
    assert np.array_equal(float_nullspace(np.zeros((0, 4))).basis, np.eye(4))
    assert float_nullspace(np.zeros((4, 0))).basis.shape == (0, 0)
    assert float_nullspace(np.zeros((0, 4))).gap == (0.0, np.inf)


def test_complex_constraint():
    found = float_nullspace(np.array([[1, 1j]]))  # emlp's iterative solver starts real and finds nothing
    assert found.basis.shape == (2, 1)
    assert abs(found.basis[0, 0] + 1j * found.basis[1, 0]) < 1e-15


def test_integers_are_accepted():
    assert float_nullspace(np.array([[1, -1]])).basis.shape == (2, 1)


def test_graded_rows_keep_relative_accuracy():
    rng = np.random.default_rng(0)
    a = low_rank(1, 60, 10, 6)
    found = float_nullspace(np.vstack([a, rng.standard_normal((2000, 60)) @ a]))
    assert np.abs(a @ found.basis).max() < 1e-12


@cases(
    ("bad", "error", "reason"),
    [
        (np.array([[1.0, np.nan]]), GroupRepError, r"\(0, 1\) is nan"),
        (np.array([[np.inf]]), GroupRepError, "finite"),
        (np.zeros(3), DimensionMismatch, "two axes"),
        (np.array([["a"]]), GroupRepError, "float array"),
    ],
)
def test_refusals(bad, error, reason):
    with pytest.raises(error, match=reason):
        float_nullspace(bad)


@cases("scale", [0.0, -1.0, np.nan, np.inf])
def test_bad_scale(scale):
    with pytest.raises(GroupRepError, match="scale"):
        float_nullspace(np.eye(2), scale=scale)
