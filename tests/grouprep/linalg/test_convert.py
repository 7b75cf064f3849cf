"""Conversions in and out of exact form; rounding against mpmath at 60 digits and more."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import QQ, QQ_I, ZZ, I, ImmutableMatrix, Matrix, Rational, SparseMatrix, exp, pi, sqrt
from sympy.polys.matrices import DomainMatrix

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg.convert import to_domain_matrix, to_numpy, to_sympy
from grouprep.linalg.fields import cyclotomic_field, quadratic_field, real_cyclotomic_field

EXACT = DomainMatrix([[ZZ(0), ZZ(2)], [ZZ(-3), ZZ(0)]], (2, 2), ZZ).to_sparse()


@cases(
    "given_matrix",
    [
        [[0, 2], [-3, 0]],
        ((0, 2), (-3, 0)),
        [["0", "2"], ["-3", "0"]],
        [[Fraction(0), Fraction(2)], [Fraction(-6, 2), 0]],
        [[sympy.Integer(0), sympy.Integer(2)], [np.int64(-3), 0.0]],
        Matrix([[0, 2], [-3, 0]]),
        ImmutableMatrix([[0, 2], [-3, 0]]),
        SparseMatrix(2, 2, {(0, 1): 2, (1, 0): -3}),
        np.array([[0, 2], [-3, 0]]),
        np.array([[0, 2], [-3, 0]], dtype=np.int8),
        np.array([[0, 2], [-3, 0]], dtype=object),
        np.array([[0.0, 2.0], [-3.0, 0.0]]),
        np.array([[0, 2], [-3, 0]], dtype=complex),
        DomainMatrix([[0, 2], [-3, 0]], (2, 2), ZZ),
    ],
)
def test_every_input_gives_the_same_matrix(given_matrix):
    matrix = to_domain_matrix(given_matrix)
    assert matrix == EXACT
    assert matrix.domain == ZZ
    assert matrix.rep.fmt == "sparse"


def test_other_inputs():
    assert to_domain_matrix(np.array([[True, False]])) == to_domain_matrix([[1, 0]])
    assert to_domain_matrix(np.array([[2**63]], dtype=np.uint64)) == to_domain_matrix([[2**63]])
    assert to_domain_matrix(np.array([[1 + 2j]])) == to_domain_matrix([["1 + 2*I"]])
    assert to_domain_matrix(DomainMatrix([[QQ_I(1, 2)]], (1, 1), QQ_I)) == to_domain_matrix([["1 + 2*I"]])
    assert to_domain_matrix(np.array([["1/2", sqrt(2)]], dtype=object)).domain == quadratic_field(2)
    assert to_domain_matrix([]).shape == (0, 0)
    assert to_domain_matrix(np.zeros((0, 3))).shape == (0, 3)
    assert to_domain_matrix([[1]], domain=cyclotomic_field(5)).domain == cyclotomic_field(5)
    assert to_domain_matrix([["sqrt(5)"]], domain=cyclotomic_field(5)) == to_domain_matrix(
        to_domain_matrix([["sqrt(5)"]]), cyclotomic_field(5)
    )


@cases(
    ("bad", "error", "reason"),
    [
        (np.array([[0.5]]), GroupRepError, r"\(0, 0\) is 0.5: floats are not exact"),
        ([[1, 0.5]], GroupRepError, r"\(0, 1\) is 0.5: floats are not exact"),
        (np.array([[1.0, np.nan]]), GroupRepError, r"\(0, 1\) is nan.*finite"),
        ([[float("inf")]], GroupRepError, "finite"),
        (np.array([[complex(0, np.inf)]]), GroupRepError, "finite"),
        ([[1, 2], [3]], DimensionMismatch, "row 1 has 1 entries, row 0 has 2"),
        (np.zeros(3), DimensionMismatch, "two axes"),
        (np.zeros((1, 1, 1)), DimensionMismatch, "two axes"),
        ("abc", GroupRepError, "matrix is needed"),
        ([1, 2], GroupRepError, "matrix is needed"),
        (np.array([["1"]]), GroupRepError, "dtype"),
        ([[object()]], GroupRepError, "object, not a number"),
        ([[1, "2+y"]], GroupRepError, r"entry \(0, 1\): cannot read '2\+y'"),
        (Matrix([[sympy.Symbol("a")]]), GroupRepError, "free symbol a"),
        (Matrix([[0.5]]), GroupRepError, "float"),
        (DomainMatrix([[sympy.EX(pi)]], (1, 1), sympy.EX), GroupRepError, "number field"),
    ],
)
def test_refusals(bad, error, reason):
    with pytest.raises(error, match=reason):
        to_domain_matrix(bad)


def test_domain_that_does_not_hold_the_entries():
    with pytest.raises(GroupRepError, match="1/2 is not in"):
        to_domain_matrix([["1/2"]], domain=ZZ)


def test_to_sympy_is_readable():
    entries = [["sqrt(2)/2", "I"], ["-1/3", "zeta(3)"]]
    assert to_sympy(to_domain_matrix(entries)) == Matrix(
        [[sqrt(2) / 2, I], [Rational(-1, 3), -Rational(1, 2) + sqrt(3) * I / 2]]
    )
    assert isinstance(to_sympy(to_domain_matrix([[1]])), sympy.MutableDenseMatrix)


@given(st.lists(st.lists(st.fractions(), min_size=3, max_size=3), min_size=1, max_size=3))
def test_sympy_round_trip_and_rational_rounding(rows):
    matrix = to_domain_matrix(rows)
    assert to_domain_matrix(to_sympy(matrix)) == matrix
    expected = np.array([[float(x) for x in row] for row in rows])
    assert to_numpy(matrix).tobytes() == (expected + 0.0).tobytes()


@given(st.integers(-(2**80), 2**80), st.integers(0, 60))
def test_integers_round_to_nearest_even(n, shift):
    assert to_numpy(to_domain_matrix([[n << shift]]))[0, 0] == float(n << shift)


def test_ties_go_to_even():
    assert to_numpy(to_domain_matrix([[2**53 + 1, 2**53 + 3]])).tolist() == [[2.0**53, 2.0**53 + 4]]
    tie = Rational(2**53 + 1) * (1 + I)
    for n in (4, 12):
        matrix = to_domain_matrix([[tie]], domain=cyclotomic_field(n))
        assert to_numpy(matrix).tolist() == [[complex(2.0**53, 2.0**53)]]


def assert_nearest(value, exact):
    """No float is nearer to an mpf than value is."""
    error = abs(mpmath.mpf(float(value)) - exact)
    for neighbour in (np.nextafter(value, np.inf), np.nextafter(value, -np.inf)):
        assert error < abs(mpmath.mpf(float(neighbour)) - exact)


@cases("n", [5, 7, 8, 9, 12, 15, 16, 20, 24])
def test_roots_of_unity_are_correctly_rounded(n):
    matrix = to_domain_matrix([[exp(2 * pi * I * Rational(k, n)) for k in range(n)]], domain=cyclotomic_field(n))
    with mpmath.workdps(60):
        for k, value in enumerate(to_numpy(matrix)[0]):
            if 4 * k % n == 0:
                assert value in (1, 1j, -1, -1j)
                continue
            assert_nearest(value.real, mpmath.cos(2 * mpmath.pi * k / n))
            assert_nearest(value.imag, mpmath.sin(2 * mpmath.pi * k / n))


@given(
    st.integers(-(10**18), 10**18),
    st.integers(-(10**18), 10**18).filter(bool),
    st.integers(1, 10**9),
    st.sampled_from([2, 3, 5, 7]),
)
@settings(max_examples=60)
def test_quadratic_numbers_are_correctly_rounded(a, b, c, d):
    value = to_numpy(to_domain_matrix([[(a + b * sqrt(d)) / c]]))[0, 0]
    with mpmath.workdps(80):
        exact = (mpmath.mpf(a) + b * mpmath.sqrt(d)) / c
        assert_nearest(value, exact)


def test_cancellation_is_harmless():
    value = to_numpy(to_domain_matrix([["(1 - sqrt(2))^800"]]))[0, 0]
    with mpmath.workdps(700):
        assert value == float((1 - mpmath.sqrt(2)) ** 800)
    assert to_numpy(to_domain_matrix([["(1 - sqrt(2))^3000"]]))[0, 0] == 0.0
    assert to_numpy(to_domain_matrix([["1 + (1 - sqrt(2))^301"]]))[0, 0] == 1.0


def test_zero_parts_are_exactly_zero():
    values = to_numpy(
        to_domain_matrix(
            [["zeta(4)", "sqrt(2)", "zeta(8) + zeta(8,-1)", "zeta(8) - zeta(8,-1)", 0]], domain=cyclotomic_field(8)
        )
    )
    assert values.dtype == np.complex128
    assert values[0, 0].real == 0.0
    assert values[0, 0].imag == 1.0
    assert values[0, 1].imag == values[0, 2].imag == 0.0
    assert values[0, 3].real == 0.0
    assert values[0, 4] == 0
    assert not np.signbit(values.real[values.real == 0]).any()


def test_real_fields_give_real_arrays():
    assert to_numpy(to_domain_matrix([["sqrt(2)"]])).dtype == np.float64
    assert to_numpy(to_domain_matrix([["cos(2*pi/7)"]], domain=real_cyclotomic_field(7))).dtype == np.float64
    assert to_numpy(to_domain_matrix([[1]], domain=cyclotomic_field(3))).dtype == np.complex128


def test_fields_outside_the_list_are_rounded_too():
    value = to_numpy(to_domain_matrix([["2^(1/3)"]]))[0, 0]
    with mpmath.workdps(60):
        assert value == float(mpmath.cbrt(2))
    K = QQ.algebraic_field(sympy.cbrt(2) * exp(2 * pi * I / 3))  # not closed under conjugation
    value = to_numpy(DomainMatrix([[K.unit]], (1, 1), K))[0, 0]
    with mpmath.workdps(60):
        assert value == complex(mpmath.cbrt(2) * mpmath.expjpi(mpmath.mpf(2) / 3))


def test_too_large_for_a_float():
    with pytest.raises(GroupRepError, match="too large"):
        to_numpy(to_domain_matrix([[10**400]]))
    with pytest.raises(GroupRepError, match="too large"):
        to_numpy(to_domain_matrix([["10^400*sqrt(2)"]]))


def test_empty():
    assert to_numpy(to_domain_matrix(np.zeros((0, 3)))).shape == (0, 3)
    assert to_sympy(to_domain_matrix(np.zeros((2, 0)))).shape == (2, 0)
