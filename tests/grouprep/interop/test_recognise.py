"""Exact numbers in float matrices: the right ones, in both precisions, and refusals."""

from fractions import Fraction

import numpy as np
import pytest
from cases import cases
from sympy import I, Rational, cos, pi, sqrt

from grouprep import GroupRepError
from grouprep.interop._recognise import _simplest, recognise
from grouprep.linalg import Monomial, as_exact
from grouprep.linalg.convert import to_sympy

NUMBERS = [
    (0, 0), (-3, -3), (0.5, Rational(1, 2)), (-1 / 3, -Rational(1, 3)), (5 / 12, Rational(5, 12)), (0.5**0.5, sqrt(2) / 2),
    (-(0.75**0.5), -sqrt(3) / 2), (3**0.5, sqrt(3)), ((5**0.5 - 1) / 4, cos(2 * pi / 5)), (np.cos(np.pi / 8), cos(pi / 8)),
    (np.sin(2 * np.pi / 7), cos(2 * pi * Rational(3, 28))), (2 * np.cos(2 * np.pi / 9), 2 * cos(2 * pi / 9)),
    (-np.cos(2 * np.pi * 7 / 360), -cos(2 * pi * Rational(7, 360))), (np.cos(np.pi / 2), 0),
]  # fmt: skip


@cases(("value", "expected"), NUMBERS, ids=[str(e) for _, e in NUMBERS])
@cases("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_numbers(value, expected, dtype):
    found = to_sympy(as_exact(recognise(np.array([[value]], dtype=dtype), "a")))[0, 0]
    assert (found - expected).equals(0)


def test_matrices():
    quarter = recognise(np.array([[0, -1], [1, 0]]), "a")
    assert isinstance(quarter, Monomial)
    turned = np.array([[np.cos(np.pi / 4), -np.sin(np.pi / 4)], [np.sin(np.pi / 4), np.cos(np.pi / 4)]])
    # Rounded to single precision, then kept in double: what emlp's concatenation does.
    assert to_sympy(recognise(turned.astype(np.float32).astype(np.float64), "a"))[1, 0] == sqrt(2) / 2
    assert to_sympy(recognise(np.array([[0.5j, 1], [-1, -0.5j]]), "a"))[0, 0] == I / 2


def test_refusals():
    for value in (0.123456789, np.pi, 1 / 13, np.cos(1.0)):
        with pytest.raises(GroupRepError, match="generator has the entry"):
            recognise(np.array([[value]]), "generator")
    with pytest.raises(GroupRepError, match="NaN"):
        recognise(np.array([[np.nan]]), "generator")
    # In double precision an error of single precision is no rounding.
    with pytest.raises(GroupRepError, match="entry"):
        recognise(np.array([[0.5**0.5 + 1e-9]]), "generator")


@cases(
    ("low", "high", "simplest"), [(0.3, 0.35, "1/3"), (0.2499, 0.2501, "1/4"), (0.0, 0.1, "0"), (0.41, 0.42, "5/12")]
)
def test_the_simplest_fraction_in_an_interval(low, high, simplest):
    assert _simplest(low, high) == Fraction(simplest)
