"""Norms at known values, their laws, and extreme entries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projectors.penalties import Frobenius, Norm, Spectral
from projectors.testing import check_norm
from projectors.testing.strategies import operators


@pytest.mark.parametrize("norm", [Frobenius(), Frobenius(squared=True), Spectral()], ids=str)
@pytest.mark.parametrize("shape", [(1, 1), (4, 3), (3, 4), (1, 5)])
def test_laws(norm, shape):
    check_norm(norm, shape=shape)


def test_known_values():
    A = np.array([[0.0, 3.0], [4.0, 0.0]])
    assert Frobenius().value(A) == 5
    assert Frobenius(squared=True).value(A) == 25
    assert Spectral().value(A) == pytest.approx(4, abs=8 * np.finfo(float).eps)
    ones = np.ones((2, 3))
    assert Spectral().value(ones) == pytest.approx(np.sqrt(6), rel=8 * np.finfo(float).eps)
    assert Frobenius().value(1j * A) == 5
    assert Frobenius().value(np.stack([A, 2 * A])).tolist() == [5, 10]


def test_zero_and_empty():
    for norm in (Frobenius(), Frobenius(squared=True), Spectral()):
        assert norm.value(np.zeros((2, 3))) == 0
        assert norm.value(np.zeros((4, 0, 3))).tolist() == [0] * 4
        assert norm.value(np.zeros((0, 2, 3))).shape == (0,)


@given(operators((3, 2)))
def test_against_singular_values(A):
    singular = np.linalg.svd(A.astype(complex), compute_uv=False)
    eps = np.finfo(A.dtype).eps
    bound = 32 * eps * max(float(singular.max(initial=0)), np.finfo(np.float32).tiny)
    frobenius = np.asarray(Frobenius().value(A))
    assert np.abs(frobenius - np.sqrt((singular**2).sum(axis=-1))).max(initial=0) <= bound
    assert np.abs(np.asarray(Spectral().value(A)) - singular.max(axis=-1, initial=0)).max(initial=0) <= bound
    kind = np.float32 if A.dtype.itemsize // (2 if A.dtype.kind == "c" else 1) == 4 else np.float64
    assert frobenius.dtype == kind


def test_identity_of_norms():
    assert Frobenius().as_norm() == Frobenius(squared=True).as_norm() == Frobenius()
    assert Spectral().as_norm() == Spectral()
    assert (Frobenius().lower_constant, Spectral().lower_constant) == (np.sqrt(2), 1)
    assert len({Frobenius(), Frobenius(), Spectral()}) == 2
    with pytest.raises(AttributeError):
        Frobenius().squared = True
    with pytest.raises(TypeError):
        Norm()


@given(st.integers(-150, 150))
def test_no_overflow(exponent):
    A = np.array([[3.0, 0.0], [0.0, 4.0]]) * 10.0**exponent
    assert Frobenius().value(A) == pytest.approx(5 * 10.0**exponent, rel=1e-14)
    assert Spectral().value(A) == pytest.approx(4 * 10.0**exponent, rel=1e-14)
