"""Number fields: smallest domains, values against 50-digit evaluation, conversions, conjugation, embeddings."""

import pickle
import subprocess
import sys
from fractions import Fraction
from math import gcd

import pytest
import sympy
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import QQ, QQ_I, ZZ, I, Rational, cos, exp, pi, sin, sqrt
from sympy.polys.matrices import DomainMatrix

from grouprep.errors import GroupRepError, TooLarge
from grouprep.linalg._evaluation import value_of
from grouprep.linalg.convert import to_domain_matrix
from grouprep.linalg.fields import (
    canonical_domain,
    common_domain,
    conjugate,
    convert_matrix,
    cosine,
    cyclotomic_field,
    degree,
    domain_of,
    element,
    embedding,
    expression,
    is_real_field,
    quadratic_field,
    real_cyclotomic_field,
    zeta,
)
from grouprep.linalg.parsing import parse_expression

x = sympy.Symbol("x")


def assert_same_number(elem, K, expr):
    ball = value_of(elem, K, 200)
    real, imag = (complex_part for complex_part in sympy.N(expr, 50).as_real_imag())
    for part, expected in ((ball.real, real), (ball.imag, imag)):
        middle, exponent = part.mid().man_exp()
        exact = Rational(int(middle)) * Rational(2) ** int(exponent)
        assert abs(sympy.N(exact - Rational(str(expected)), 50)) < Rational(1, 10**40)


@cases("n", [*range(1, 40), 60, 105])
def test_cyclotomic_fields(n):
    K = cyclotomic_field(n)
    assert degree(K) == sympy.totient(n)
    assert zeta(n) ** n == K.one
    assert all(zeta(n, k) != K.one for k in range(1, n))
    if n > 2:
        assert K.mod.to_list() == sympy.Poly(sympy.cyclotomic_poly(n, x), x, domain=QQ).rep.to_list()
        assert_same_number(K.unit, K, exp(2 * pi * I / n))


@pytest.mark.slow
@cases("n", [*range(1, 40), 60, 105])
def test_real_cyclotomic_fields(n):
    K = real_cyclotomic_field(n)
    assert degree(K) == max(1, sympy.totient(n) // 2)
    assert is_real_field(K)
    for k in range(n):
        assert_same_number(cosine(n, k), K, 2 * cos(2 * pi * k / n))


@cases("d", [2, 3, 5, -2, -5, -7, 12, -20, 10007, -1, -3])
def test_quadratic_fields(d):
    K = quadratic_field(d)
    assert degree(K) == 2
    root = element(sqrt(d), K)
    assert root * root == element(d, K)
    assert_same_number(root, K, sqrt(d))
    assert is_real_field(K) is (d > 0)


@cases("d", [0, 1, 4, 9])
def test_squares_have_no_quadratic_field(d):
    with pytest.raises(GroupRepError, match="square"):
        quadratic_field(d)


@cases("bad", [0, -1, 2.5, "3"])
def test_bad_n(bad):
    for make in (cyclotomic_field, real_cyclotomic_field, zeta, cosine):
        with pytest.raises(GroupRepError, match="positive integer"):
            make(bad)


CASES = [
    ("1", ZZ),
    ("1/2", QQ),
    ("sqrt(8)", quadratic_field(2)),
    ("sqrt(-3)", cyclotomic_field(3)),
    ("I", cyclotomic_field(4)),
    ("I*sqrt(3)/2 - 1/2", cyclotomic_field(3)),
    ("sqrt(2)*sqrt(3)*I", quadratic_field(-6)),
    ("cos(2*pi/5)", quadratic_field(5)),
    ("sqrt(5)/4 + 1/4", quadratic_field(5)),
    ("sin(pi/3)", quadratic_field(3)),
    ("sin(2*pi/5)", real_cyclotomic_field(20)),
    ("sqrt(10 + 2*sqrt(5))", real_cyclotomic_field(20)),
    ("cos(pi/8)", real_cyclotomic_field(16)),
    ("cos(pi/16)", real_cyclotomic_field(32)),
    ("sqrt(2 + sqrt(3))", real_cyclotomic_field(24)),
    ("(-1)^(1/3)", cyclotomic_field(3)),
    ("(-1)^(2/5)", cyclotomic_field(5)),
    ("exp(2*pi*I/7) + exp(-2*pi*I/7)", real_cyclotomic_field(7)),
    ("exp(2*pi*I/14)", cyclotomic_field(7)),
    ("zeta(8)", cyclotomic_field(8)),
    ("zeta(8) + zeta(8, -1)", quadratic_field(2)),
    ("zeta(7) + zeta(7,2) + zeta(7,4)", quadratic_field(-7)),
    ("sqrt(2) + sqrt(3)", real_cyclotomic_field(24)),
    ("(1 + sqrt(2))*(1 - sqrt(2))", ZZ),
    ("(1 + sqrt(2))*(1 - sqrt(2))/3", QQ),
    ("1/(1 + sqrt(5))", quadratic_field(5)),
    ("(sqrt(2) + I)^-3", cyclotomic_field(8)),
    ("cos(2*pi/7)*sin(pi/3)", real_cyclotomic_field(84)),
    ("sqrt(10007) + 1", quadratic_field(10007)),
    ("sqrt(2) + sqrt(5) + sqrt(7)", real_cyclotomic_field(280)),
]


@cases(("text", "domain"), CASES)
def test_smallest_domain_and_values(text, domain):
    expr = parse_expression(text)
    K = domain_of([expr])
    assert K == domain
    elem = element(expr, K)
    if K.is_AlgebraicField:
        assert_same_number(elem, K, expr)
    shown = expression(elem, K)
    assert abs(sympy.N(shown - expr, 40)) < Rational(1, 10**30)
    assert domain_of([shown]) == K
    assert element(shown, K) == elem


def test_smallest_domain_of_several():
    assert domain_of([]) == ZZ
    assert domain_of([1, Fraction(1, 2), "sqrt(5)", cos(pi / 5)]) == quadratic_field(5)
    assert domain_of([sqrt(5), exp(2 * pi * I / 5)]) == cyclotomic_field(5)
    assert domain_of([sqrt(2), I]) == cyclotomic_field(8)
    assert domain_of([cos(2 * pi / 7), cos(2 * pi / 9)]) == real_cyclotomic_field(63)


def test_readable_expressions():
    K = cyclotomic_field(24)
    assert expression(zeta(24), K) == sqrt(2) / 4 + sqrt(6) / 4 + I * sqrt(6) / 4 - I * sqrt(2) / 4
    assert expression(zeta(24, 6), K) == I
    assert expression(cosine(7), real_cyclotomic_field(7)) == 2 * cos(2 * pi / 7)
    assert expression(zeta(5, 2), cyclotomic_field(5)) == exp(4 * pi * I / 5)
    assert type(expression(QQ(4, 2), QQ)) is sympy.Integer


def test_other_algebraic_numbers():
    K = domain_of([sympy.cbrt(2)])
    elem = element(sympy.cbrt(2), K)
    assert elem**3 == K.one * 2
    assert_same_number(elem, K, sympy.cbrt(2))
    K = domain_of([sqrt(1 + sqrt(2)), 1])
    assert degree(K) == 4
    assert element(sqrt(2), K) ** 2 == K.one * 2


@cases(
    ("bad", "reason"),
    [
        (sympy.Float("0.5"), "0.5.*float"),
        (x + 1, "x \\+ 1.*free symbol x"),
        (cos(1), "cos\\(1\\)"),
        (pi, "pi"),
        (sympy.log(2), "log"),
        (sympy.oo, "finite"),
        (sympy.zoo, "finite"),
        (sympy.nan, "nan"),
        (0.5, "float"),
        (object(), "not a number"),
        ("__import__('os')", "not a known function"),
    ],
)
def test_what_is_not_an_algebraic_number(bad, reason):
    with pytest.raises(GroupRepError, match=reason):
        domain_of([1, bad])


def test_large_fields_are_refused_quickly():
    for text in ("zeta(10007)", "cos(pi/1000000000)", "zeta(100000000000)"):
        with pytest.raises(TooLarge, match="degree"):
            domain_of([parse_expression(text)])
    with pytest.raises(TooLarge, match="degree"):
        cyclotomic_field(10**11)


def test_element_refuses_numbers_outside():
    with pytest.raises(GroupRepError, match=r"sqrt\(3\) is not in"):
        element(sqrt(3), cyclotomic_field(8))
    with pytest.raises(GroupRepError, match="not in"):
        element(I, real_cyclotomic_field(7))
    with pytest.raises(GroupRepError, match="not in"):
        element(Rational(1, 2), ZZ)
    with pytest.raises(GroupRepError, match="not in"):
        element(sqrt(2), QQ)


def test_text_is_parsed_safely():
    with pytest.raises(GroupRepError, match="not a known function"):
        element("__import__('os').getcwd()", QQ)
    assert element("1/3", QQ) == QQ(1, 3)


TRIPLES = [
    ((ZZ, QQ), QQ),
    ((QQ, quadratic_field(5), cyclotomic_field(5)), cyclotomic_field(5)),
    ((quadratic_field(5), cyclotomic_field(3)), cyclotomic_field(15)),
    ((quadratic_field(5), real_cyclotomic_field(5)), quadratic_field(5)),
    ((cyclotomic_field(4), cyclotomic_field(6)), cyclotomic_field(12)),
    ((real_cyclotomic_field(7), real_cyclotomic_field(9)), real_cyclotomic_field(63)),
    ((real_cyclotomic_field(7), cyclotomic_field(7)), cyclotomic_field(7)),
    ((quadratic_field(2), quadratic_field(3)), real_cyclotomic_field(24)),
    ((quadratic_field(2), quadratic_field(-2)), cyclotomic_field(8)),
    ((QQ_I, ZZ), cyclotomic_field(4)),
]


@cases(("domains", "expected"), TRIPLES)
def test_common_domain(domains, expected):
    assert common_domain(*domains) == expected
    assert degree(common_domain(*reversed(domains))) == degree(expected)


def test_common_domain_of_large_radicands_has_a_small_degree():
    assert degree(common_domain(quadratic_field(10007), quadratic_field(2))) == 4


def test_foreign_domains_become_listed_ones():
    assert canonical_domain(QQ.algebraic_field(sqrt(2))) == quadratic_field(2)
    assert canonical_domain(QQ.algebraic_field(sqrt(2) + sqrt(3))) == real_cyclotomic_field(24)
    foreign = DomainMatrix([[QQ.algebraic_field(I).unit]], (1, 1), QQ.algebraic_field(I))
    assert to_domain_matrix(foreign) == to_domain_matrix([["I"]])
    with pytest.raises(GroupRepError, match="number field"):
        canonical_domain(ZZ[x])


def random_field_elements(K, count=6):
    return [K([QQ((7 * i + 3 * j) % 11 - 5, 1 + (i + j) % 3) for j in range(degree(K))]) for i in range(count)]


@cases(
    ("small", "large"),
    [
        (quadratic_field(5), cyclotomic_field(5)),
        (quadratic_field(5), real_cyclotomic_field(5)),
        (real_cyclotomic_field(5), quadratic_field(5)),
        (real_cyclotomic_field(12), quadratic_field(3)),
        (real_cyclotomic_field(7), cyclotomic_field(28)),
        (real_cyclotomic_field(14), real_cyclotomic_field(7)),
        (cyclotomic_field(3), cyclotomic_field(6)),
        (cyclotomic_field(6), cyclotomic_field(3)),
        (cyclotomic_field(10), cyclotomic_field(15)),
        (quadratic_field(-7), cyclotomic_field(7)),
        (quadratic_field(6), real_cyclotomic_field(24)),
        (quadratic_field(-6), cyclotomic_field(24)),
        (quadratic_field(2), QQ.algebraic_field(sqrt(2) + sympy.cbrt(2))),
    ],
)
def test_conversion_keeps_the_number_and_comes_back(small, large):
    row = random_field_elements(small)
    matrix = DomainMatrix([row], (1, len(row)), small).to_sparse()
    there = convert_matrix(matrix, large)
    assert there.domain == large
    for a, b in zip(row, there.to_list()[0], strict=True):
        assert (value_of(a, small, 200) - value_of(b, large, 200)).contains(0)
        assert float(abs(value_of(a, small, 200) - value_of(b, large, 200)).upper()) < 1e-40
    if large.is_AlgebraicField and "sqrt(2) +" not in str(large):
        assert convert_matrix(there, small) == matrix


def test_conversion_is_a_ring_homomorphism():
    K, L = cyclotomic_field(5), cyclotomic_field(20)
    a, b = (DomainMatrix([random_field_elements(K, 2), random_field_elements(K, 4)[2:]], (2, 2), K) for _ in range(2))
    a, b = a.to_sparse(), (b * b).to_sparse()
    assert convert_matrix(a * b, L) == convert_matrix(a, L) * convert_matrix(b, L)


def test_conversion_refuses_what_does_not_fit():
    with pytest.raises(GroupRepError, match="not in"):
        convert_matrix(to_domain_matrix([["zeta(7)"]]), real_cyclotomic_field(7))
    with pytest.raises(GroupRepError, match="not in"):
        convert_matrix(to_domain_matrix([["1/2"]]), ZZ)


@cases("K", [quadratic_field(-5), quadratic_field(5), cyclotomic_field(5), cyclotomic_field(12), cyclotomic_field(9)])
def test_conjugation(K):
    row = random_field_elements(K)
    matrix = DomainMatrix([row], (1, len(row)), K).to_sparse()
    bar = conjugate(matrix)
    assert bar.domain == K
    assert conjugate(bar) == matrix
    for a, b in zip(row, bar.to_list()[0], strict=True):
        assert value_of(a, K, 120).conjugate().overlaps(value_of(b, K, 120))
    if is_real_field(K):
        assert bar == matrix


def test_conjugation_in_a_field_that_is_not_closed():
    K = QQ.algebraic_field(sympy.cbrt(2) * exp(2 * pi * I / 3))
    with pytest.raises(GroupRepError, match="not in the field"):
        conjugate(DomainMatrix([[K.unit]], (1, 1), K))


@given(st.integers(3, 60), st.integers(-100, 100), st.integers(-100, 100))
def test_roots_of_unity_multiply(n, j, k):
    assert zeta(n, j) * zeta(n, k) == zeta(n, j + k)
    assert element(exp(2 * pi * I * Rational(j, n)), cyclotomic_field(n)) == zeta(n, j)


@given(st.integers(-60, 60).filter(lambda d: d not in (0, 1)))
@settings(max_examples=60)
def test_gauss_sums_are_principal_square_roots(d):
    expr = sqrt(d)
    K = cyclotomic_field(4 * abs(d))
    root = element(expr, K)
    assert root * root == element(d, K)
    assert_same_number(root, K, expr)


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4), st.sampled_from([2, 3, 5, 6, -1, -2, -3])), max_size=4)
)
def test_multiquadratic_round_trip(terms):
    expr = sum((Rational(p, q) * sqrt(d) for p, q, d in terms), sympy.Integer(0))
    K = domain_of([expr])
    assert sympy.expand(expression(element(expr, K), K) - expr) == 0


def wave(numbers, n, a):
    """The sum of c exp(2 pi i a k/n) over k."""
    return sum((c * exp(2 * pi * I * Rational(a * k, n)) for k, c in enumerate(numbers)), sympy.Integer(0))


@given(st.integers(5, 30), st.lists(st.integers(-4, 4), min_size=1, max_size=8))
@settings(max_examples=60)
def test_the_degree_of_a_number_divides_that_of_its_smallest_domain(n, numbers):
    K, M = domain_of([wave(numbers, n, 1)]), cyclotomic_field(n)
    conjugates = {element(wave(numbers, n, a), M) for a in range(1, n) if gcd(a, n) == 1}
    assert degree(K) % len(conjugates) == 0
    assert (len(conjugates) == 1) is not K.is_AlgebraicField
    if len(conjugates) == 2:
        assert degree(K) == 2


@cases(
    ("K", "value"),
    [
        (cyclotomic_field(7), exp(2 * pi * I / 7)),
        (quadratic_field(-6), sqrt(-6)),
        (real_cyclotomic_field(9), 2 * cos(2 * pi / 9)),
        (QQ.algebraic_field(sympy.cbrt(3)), sympy.cbrt(3)),
        (QQ.algebraic_field(sympy.cbrt(2) * exp(2 * pi * I / 3)), sympy.cbrt(2) * exp(2 * pi * I / 3)),
    ],
)
def test_embeddings_are_tight(K, value):
    for bits in (53, 300):
        assert float(embedding(K, bits).real.rad()) < 2.0 ** (8 - bits)
    assert_same_number(K.unit, K, value)


def test_fields_survive_pickling():
    for K in (cyclotomic_field(7), quadratic_field(5), real_cyclotomic_field(9)):
        assert pickle.loads(pickle.dumps(K)) == K


@pytest.mark.slow
def test_same_fields_in_another_process():
    code = "from grouprep.linalg.fields import *; print(expression(zeta(15, 4) + zeta(15), cyclotomic_field(15)))"
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1


def test_sine_of_any_angle():
    for k in range(24):
        expr = sin(2 * pi * Rational(k, 24))
        K = domain_of([expr])
        if K.is_AlgebraicField:
            assert_same_number(element(expr, K), K, expr)


# --- fields with roots that are in no cyclotomic field


@cases(
    "text",
    [
        "2^(1/3)*(zeta(5)+2*zeta(5,2)+3*zeta(5,3))",
        "2^(1/97)+2^(2/97)-3*2^(3/97)",
        "2^(1/3)+2^(1/5)",
        "(1+2^(1/3)+3^(1/5))^50",
        "(1+2^(1/3)+3^(1/5))^-2",
        "(1+2^(1/3)+3^(1/5))^500",
        "(-2)^(1/3)+I",
        "(1+sqrt(2))^(2/3)+1/(1+sqrt(2))^(1/3)",
        "2^(-2/3)+I/2^(1/3)",
        "cos(2*pi/5)+2^(1/3)",
        "sqrt(1+sqrt(3))+sqrt(1-sqrt(3))",
        "sqrt(6)-zeta(8,3)+sqrt(sqrt(-2))",
        "2^(1/3)+sqrt(1000003)+sqrt(1000033)",
    ],
)
def test_values_in_fields_with_general_roots(text):
    """The value under the embedding, against sympy's own evaluation of the expression."""
    expr = parse_expression(text)
    K = domain_of([expr])
    found = value_of(element(expr, K), K, 4000)
    expected = sympy.N(expr, 40)
    for part, x in ((found.real, sympy.re(expected)), (found.imag, sympy.im(expected))):
        assert abs(sympy.Float(part.mid().str(40, radius=False), 40) - x) <= abs(expected) * sympy.Float("1e-30")


@cases(
    ("text", "number"),
    [
        ("2^(1/97)+3^(1/89)", "degree up to 8,633; the limit is 32"),
        ("(1+sqrt(2))^(1/9999)", "degree up to 19,998; the limit is 32"),
        ("(1+I)^(1/5)+(1-I)^(1/7)", "degree up to 70; the limit is 32"),
        ("2^(1/9999)", "degree up to 9,999; the limit is 500"),
        ("2^(1/3)+zeta(101)", "degree up to 300; the limit is 32"),
        ("cos(2*pi/9973)", "degree 9,972; the limit is 1,000"),
        ("+".join(f"sqrt({p})" for p in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)), "the limit is 1,000"),
        ("(1+zeta(997)+2*zeta(997,2))^9999", "the limit is 40,000"),
        ("(1+zeta(997)/3)^7000", "the limit is 10,000,000"),
    ],
)
def test_fields_of_large_degree_are_refused(text, number):
    with pytest.raises(TooLarge, match=number):
        element(text, domain_of([text]))
