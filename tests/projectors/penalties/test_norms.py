"""Norms at known values, their laws, and extreme entries."""

from dataclasses import dataclass
from math import inf

import numpy as np
import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st

from grouprep import (
    SO,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    NotUnitary,
    Quaternion,
    Symmetric,
)
from projectors import Hom
from projectors.penalties import (
    Entrywise,
    Frobenius,
    Induced,
    KyFan,
    Mixed,
    Norm,
    Nuclear,
    Schatten,
    Spectral,
    defect_bound,
)
from projectors.testing import NORMS, check_norm
from projectors.testing.strategies import operators

EPS = np.finfo(float).eps


MORE = (
    Frobenius(squared=True),
    Mixed(2, 2),
    Schatten(2),
    Schatten(1.01),
    Schatten(inf),
    KyFan(9),
    Mixed(1, 1),
    Mixed(1.01, 7),
)


@pytest.mark.parametrize("norm", [*NORMS, *MORE], ids=str)
@cases("shape", [(1, 1), (4, 3), (3, 4), (1, 5), (3, 3)], ids=str)
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


def test_known_values_of_the_other_norms():
    A = np.array([[3.0, 0.0, -1.0], [4.0, 0.0, 2j]])
    assert Mixed(2, 1).value(A) == pytest.approx(5 + np.sqrt(5), rel=4 * EPS)
    assert Mixed(1, inf).value(A) == Induced(1).value(A) == 7
    assert Induced(inf).value(A) == 6
    assert Mixed(inf, 2).value(A) == pytest.approx(np.sqrt(20), rel=4 * EPS)
    assert Entrywise(1).value(A) == 10
    assert Entrywise(inf).value(A) == 4
    assert Entrywise(3).value(A) == pytest.approx((27 + 64 + 1 + 8) ** (1 / 3), rel=8 * EPS)
    D = np.diag([3.0, -4.0, 12.0, 0.0])
    assert Nuclear().value(D) == pytest.approx(19, rel=16 * EPS)
    assert KyFan(2).value(D) == pytest.approx(16, rel=16 * EPS)
    assert KyFan(100).value(D) == pytest.approx(19, rel=16 * EPS)
    assert Schatten(2).value(D) == pytest.approx(13, rel=16 * EPS)
    assert Schatten(3).value(D) == pytest.approx((27 + 64 + 1728) ** (1 / 3), rel=16 * EPS)
    assert Schatten(inf).value(D) == pytest.approx(12, rel=16 * EPS)


def test_subgradients_at_corners():
    """0 at zeros, the mean over tied maxima: the subgradient of least Frobenius norm."""
    assert np.allclose(Spectral().subgradient(np.eye(3)), np.eye(3) / 3, atol=8 * EPS)
    assert np.allclose(KyFan(2).subgradient(np.diag([5.0, 2.0, -2.0])), np.diag([1, 0.5, -0.5]), atol=8 * EPS)
    assert np.allclose(Nuclear().subgradient(np.diag([5.0, 0.0, -2.0])), np.diag([1, 0, -1]), atol=8 * EPS)
    assert Entrywise(1).subgradient(np.array([[2.0, 0.0, -3j]])).tolist() == [[1, 0, -1j]]
    assert Entrywise(inf).subgradient(np.array([[2.0, 1.0, -2.0]])).tolist() == [[0.5, 0, -0.5]]
    assert Induced(1).subgradient(np.array([[2.0, 1.0], [0.0, -1.0]])).tolist() == [[0.5, 0.5], [0, -0.5]]
    assert Induced(inf).subgradient(np.array([[2.0, 0.0], [0.0, -1.0]])).tolist() == [[1, 0], [0, 0]]
    column = np.array([[3.0, 0.0], [4.0, 0.0]])
    assert np.allclose(Mixed(2, 1).subgradient(column), column / 5, atol=4 * EPS)
    assert Frobenius(squared=True).subgradient(column).tolist() == (2 * column).tolist()


def test_subgradient_keeps_the_precision():
    for kind in (np.float16, np.float32, np.complex64, np.float64):
        assert Spectral().subgradient(np.eye(2, dtype=kind)).dtype == kind
    assert Spectral().subgradient([[1, 0], [0, 2]]).tolist() == pytest.approx(np.diag([0.0, 1.0]))
    assert Frobenius().value(np.full((2, 2), 300, dtype=np.float16)) == 600  # its square is beyond float16
    assert Frobenius().value([[3, 4]]) == 5


@pytest.mark.parametrize("norm", [*NORMS, Frobenius(squared=True)], ids=str)
def test_refuses_what_is_not_finite(norm):
    for bad in (np.nan, np.inf):
        A = np.eye(3)
        A[1, 2] = bad
        with pytest.raises(GroupRepError, match="NaN or infinite"):
            norm.value(A)
    with pytest.raises(DimensionMismatch, match="two axes"):
        norm.value(np.ones(3))
    with pytest.raises(GroupRepError, match="real or complex"):
        norm.value(np.array([["a", "b"]]))


@cases(
    ("make", "words"),
    [
        (lambda: Schatten(0.5), "p = 0.5"),
        (lambda: Entrywise(0), "p = 0"),
        (lambda: Entrywise(float("nan")), "p = nan"),
        (lambda: Entrywise("2"), "p = '2'"),
        (lambda: Mixed(2, 0.9), "q = 0.9"),
        (lambda: Mixed(-inf, 2), "p = -inf"),
        (lambda: Mixed(True, 2), "p = True"),
        (lambda: KyFan(0), "k = 0"),
        (lambda: KyFan(1.5), "k = 1.5"),
        (lambda: Induced(3), r"p = 3: .* Spectral\(\)"),
        (lambda: Induced(2), r"Spectral\(\)"),
    ],
)
def test_refuses_what_is_no_norm(make, words):
    with pytest.raises(GroupRepError, match=words):
        make()


def test_norms_are_equal_by_what_they_are():
    assert Mixed(2, 1) == Mixed(2.0, 1.0) != Mixed(1, 2)
    assert Schatten(3) != KyFan(3)
    assert len({*NORMS, *NORMS}) == len(NORMS)
    assert repr(Spectral()) == "Spectral()"
    assert repr(Nuclear()) == "Nuclear()"


def test_invariance_under_representations():
    G = Dihedral(4)
    regular, plane, rotation = G.regular(), G.defining(), SO(2).defining()
    for V in (regular, 2 * regular + G.trivial(), G.grid((4, 4)) * regular, G.natural() ** 2):
        assert Mixed(2, 1).invariant_under(V, regular)
    assert Spectral().invariant_under(rotation, rotation)
    assert not Mixed(2, 1).invariant_under(rotation, rotation)
    assert Mixed(2, 2).invariant_under(rotation, rotation)
    assert not Entrywise(1).invariant_under(SO(2).trivial(), rotation)
    standard = Symmetric(4).natural().exterior_power(2)
    assert Mixed(1, 2).invariant_under(standard, standard)
    assert Mixed(2, 1).invariant_under(plane, plane)  # signed permutations of the plane's axes


def test_defect_constants():
    G = Dihedral(4)
    V, W = G.regular(), G.defining()
    assert Frobenius().defect_constants(V, W) == (np.sqrt(2), 2)
    assert Frobenius(squared=True).defect_constants(V, W) == (np.sqrt(2), 2)
    assert Nuclear().defect_constants(V, W) == (1, 2)
    assert Mixed(2, 1).defect_constants(V, W) == (1, 2)
    X, Y = 4 * SO(3).defining(), SO(3).defining()  # (m, n) = (3, 12), not monomial
    for norm, c in (
        (Mixed(1, 4), 3**0.5 * 12**0.25),
        (Entrywise(inf), 6.0),
        (Induced(1), 6.0),
        (Induced(inf), 6.0),
        (Mixed(2, 1), 12**0.5),
    ):
        lower, upper = norm.defect_constants(X, Y)
        assert (lower, upper) == pytest.approx((1 / c, 2 * c), rel=8 * EPS)
        defect_bound(np.ones((3, 12)), Hom(X, Y), norm)
    T = np.random.default_rng(0).standard_normal((3, 12))
    bound = defect_bound(T, Hom(X, Y), Induced(inf))
    value = Induced(inf).value(Hom(X, Y).residual(T))
    assert (bound.lower, bound.upper) == pytest.approx((value / 6, 12 * value), rel=8 * EPS)
    assert Mixed(2, 1).lower_constant == 1


def test_distortion_is_reached():
    """Unitaries that take a matrix of one entry to one of equal moduli and back: N changes by c exactly."""
    n = 4
    F = np.fft.fft(np.eye(n)) / 2
    E = np.zeros((n, n))
    E[0, 0] = 1
    flat = F @ E @ F
    assert Entrywise(1).value(flat) / Entrywise(1).value(E) == pytest.approx(4, rel=16 * EPS)
    assert Entrywise(1)._distortion(n, n) == 4


def test_defect_constants_need_unitary_representations():
    G = Quaternion()
    V = G.defining()
    assert Spectral().defect_constants(V, V) == (1, 2)
    W = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}).defining()
    assert not Spectral().invariant_under(W, W)
    with pytest.raises(NotUnitary, match=r"V\.unitary"):
        Mixed(2, 1).defect_constants(W, W)


def test_a_norm_of_a_user():
    """A subclass gives value and subgradient; everything else follows, and the laws hold for it."""

    @dataclass(frozen=True)
    class Sum(Norm):
        def _value(self, xp, A):
            return Frobenius()._value(xp, A) + Nuclear()._value(xp, A)

        def _subgradient(self, xp, A):
            return Frobenius()._subgradient(xp, A) + Nuclear()._subgradient(xp, A)

    check_norm(Sum())
    H = Hom(Cyclic(3).regular(), Cyclic(3).regular())
    assert Sum().defect_constants(H.V, H.W) == (1, 2)


def test_laws_catch_wrong_norms():
    class Wrong(Frobenius):
        def _subgradient(self, xp, A):
            return A

    class Unclaimed(Mixed):
        @property
        def unitarily_invariant(self):
            return True

    class Biased(Spectral):
        def _subgradient(self, xp, A):
            return np.ones_like(A) / A.shape[-1]

    for norm in (Wrong(), Unclaimed(2, 1), Biased()):
        with pytest.raises(AssertionError):
            check_norm(norm)


@cases("entry", [np.nan, np.inf])
@pytest.mark.parametrize("norm", NORMS, ids=str)
def test_subgradients_of_what_is_not_finite_raise_before_computing(norm, entry):
    """No RuntimeWarning of numpy comes first."""
    with pytest.raises(GroupRepError, match="finite"):
        norm.subgradient(np.array([[entry, 1.0], [2.0, 3.0]]))
