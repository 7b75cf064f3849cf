"""The text parser: values, refusals, bounds, and that nothing is executed."""

import math

import pytest
import sympy
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from sympy import I, Rational, cos, exp, pi, sin, sqrt

from grouprep.errors import GroupRepError, TooLarge
from grouprep.linalg.parsing import atoms, height, parse_expression, squarefree, turn


@cases(
    ("text", "value"),
    [
        ("0", 0),
        ("-3/6", Rational(-1, 2)),
        ("2^3^2", 512),
        ("-2**2", -4),
        ("(1 + sqrt(5))/2", (1 + sqrt(5)) / 2),
        ("1/2 + 1/2*I", Rational(1, 2) + I / 2),
        ("i*i", -1),
        ("exp(2*pi*I/5)", exp(2 * pi * I / 5)),
        ("zeta(5)", exp(2 * pi * I / 5)),
        ("zeta(8, 3)", exp(3 * pi * I / 4)),
        ("zeta(7, -1)", exp(-2 * pi * I / 7)),
        ("cos(2*pi/7) - sin(pi/9)", cos(2 * pi / 7) - sin(pi / 9)),
        ("Rational(3, 7)", Rational(3, 7)),
        ("2^(1/3)", sympy.cbrt(2)),
        ("  + 4 ", 4),
    ],
)
def test_values(text, value):
    assert parse_expression(text) == value


@cases(
    ("text", "reason"),
    [
        ("0.5", "fraction"),
        ("1e3", "fraction"),
        ("2j", "fraction"),
        ("x", "'x' is not a known name"),
        ("1/2 + y", "'y' is not a known name"),
        ("pi.real", "not allowed"),
        ("__import__('os').system('true')", "not a known function"),
        ("().__class__", "not allowed"),
        ("eval('1')", "not a known function"),
        ("[1]", "not allowed"),
        ("'1'", "not allowed"),
        ("True", "not allowed"),
        ("1 < 2", "not allowed"),
        ("1 if 1 else 2", "not allowed"),
        ("lambda: 1", "not allowed"),
        ("5 // 2", "operator"),
        ("5 % 2", "operator"),
        ("~1", "not allowed"),
        ("sqrt(1, 2)", "2 arguments"),
        ("sqrt(x=1)", "by name"),
        ("sqrt(*(1,))", "by name"),
        ("zeta(0)", "positive integer"),
        ("zeta(1/2)", "positive integer"),
        ("1/0", "by zero"),
        ("1/(2-2)", "by zero"),
        ("0^-1", "by zero"),
        ("Rational(1, 0)", "by zero"),
        ("2^pi", "not a rational"),
        ("2^10001", "beyond 10,000"),
        ("9^9999^9", "beyond 10,000"),
        ("2^10000*3^9000*5^9000", "45,163 bits; the limit is 40,000"),
        ("*".join(["(10^3000)"] * 900), "49,829 bits; the limit is 40,000"),
        ("*".join(["(1+sqrt(2))^9999"] * 3), "bits are up to 89,991; the limit is 40,000"),
        ("1/7+" * 1000 + "1", "operators to the depth 2,000; the limit is 1,000"),
        ("1-(" * 99 + "2" + "+1" * 1500 + ")" * 99, "the limit is 1,000"),
        ("2^" * 600 + "2", "nested"),
        ("((1+sqrt(2))^9999)^9999", "beyond 10,000"),
        ("(10^4000)^9999", "bits"),
        ("0x10", "plain integer"),
        ("1_000", "plain integer"),
        ("", "empty"),
        ("(", "never closed"),
        ("1;2", "syntax"),
        ("(" * 101 + "1" + ")" * 101, "nested"),
        ("-" * 5000 + "1", "nested"),
        ("1+" * 4000 + "1", "nested"),
        ("1" * 10001, "10,000"),
        ("1" * 5000, "limit"),
        ("sqrt(" + "7" * 3000 + ")", "500 bits"),
    ],
)
def test_refusals_say_what_is_wrong(text, reason):
    with pytest.raises(GroupRepError, match=r".") as caught:
        parse_expression(text)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 400


def test_message_shows_the_text():
    with pytest.raises(GroupRepError, match=r"1/2 \+ 0\.25"):
        parse_expression("1/2 + 0.25")


def test_only_text_is_parsed():
    with pytest.raises(GroupRepError, match="text"):
        parse_expression(3)


@given(st.text(alphabet="0123456789+-*/^()piIsqrtexcozanl, ._'[]", max_size=40))
def test_any_text_gives_a_number_or_the_one_error(text):
    try:
        value = parse_expression(text)
    except GroupRepError:
        return
    assert isinstance(value, sympy.Expr)
    assert not value.free_symbols
    assert not value.has(sympy.Float)


@given(st.integers(-50, 50), st.integers(1, 50), st.integers(-20, 20))
def test_rationals_agree_with_fractions(p, q, r):
    assert parse_expression(f"({p})/{q} - ({r})*2") == Rational(p, q) - 2 * r


@given(st.integers(-(10**12), 10**12).filter(bool))
def test_squarefree_part(n):
    d, s = squarefree(n)
    assert d * s * s == n
    assert all(e == 1 for e in sympy.factorint(abs(d)).values())


def test_huge_square_roots_are_refused():
    with pytest.raises(TooLarge, match="bits"):
        squarefree(10**60 + 1)


def test_turn_is_modulo_one():
    assert turn(9 * pi / 2) == Rational(1, 4)
    assert turn(-pi / 3) == Rational(5, 6)
    assert turn(sympy.Integer(1)) is None


def test_atoms():
    assert atoms(sqrt(8) + I) == {("sqrt", 2), ("sqrt", -1)}


@cases("text", ["1+" * 999 + "1", "(" * 100 + "1" + ")" * 100, "2*(" * 99 + "1" + ")" * 99, "-" * 150 + "1"])
def test_what_is_long_and_not_too_long_is_read(text):
    """The bounds count, so that they are the same for every Python; none of these comes near its limit of recursion."""
    assert parse_expression(text).is_Integer


def test_heights_bound_what_numbers_take():
    for text in ("3/7", "(1+sqrt(2))^20", "1/(2-sqrt(3))", "(1/3+zeta(5))^7*sqrt(11)", "5^(2/3)"):
        value = parse_expression(text)
        x = sympy.Symbol("x")
        polynomial = sympy.Poly(sympy.minimal_polynomial(value, x), x)
        # The Mahler measure is at most the 2-norm of the coefficients; each coefficient at most binomial times the measure.
        roots = [abs(complex(r)) for r in polynomial.nroots(n=30)]
        measure = abs(int(polynomial.LC())) * math.prod(max(1, r) for r in roots)
        assert math.log2(measure) / polynomial.degree() <= height(value) + 1e-9
