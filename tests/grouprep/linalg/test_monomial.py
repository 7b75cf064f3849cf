"""Monomial matrices against their dense form."""

import copy
import math
import pickle
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouprep import DimensionMismatch, GroupRepError, TooLarge
from grouprep.linalg import Monomial
from grouprep.linalg.convert import to_domain_matrix, to_numpy
from grouprep.linalg.orbits import solve_orbits


@st.composite
def monomials(draw, n=None, moduli=(1, 2, 3, 4, 6)):
    n = draw(st.integers(1, 5)) if n is None else n
    modulus = draw(st.sampled_from(moduli))
    perm = draw(st.permutations(range(n)))
    phase = draw(st.lists(st.integers(0, modulus - 1), min_size=n, max_size=n))
    return Monomial(perm, phase, modulus)


def dense(m):
    """From the definition: M e_j = zeta^phase[j] e_perm[j]."""
    out = np.zeros((len(m), len(m)), dtype=complex)
    for j, (i, k) in enumerate(zip(m.perm, m.phase, strict=True)):
        out[i, j] = np.exp(2j * np.pi * k / m.modulus)
    return out


def close(x, y, n):
    return np.abs(np.asarray(x) - y).max() <= 8 * n * np.finfo(float).eps


@given(monomials())
def test_unary(m):
    n, x = len(m), dense(m)
    assert close(m.to_numpy(), x, n)
    assert close(m.inverse().to_numpy(), x.conj().T, n)
    assert close(m.conjugate().to_numpy(), x.conj(), n)
    assert m.is_real == bool(np.abs(x.imag).max() < 1e-9)
    assert m.to_numpy().dtype == (float if m.is_real else complex)
    assert m.inverse().inverse() == m
    assert m @ m.inverse() == Monomial.identity(n)
    assert close(to_numpy(m.to_domain_matrix()), x, n)
    assert close(m.values(), x[m.perm, np.arange(n)], n)
    for other in (pickle.loads(pickle.dumps(m)), copy.deepcopy(m)):
        assert other == m
        assert hash(other) == hash(m)


@given(st.integers(1, 4).flatmap(lambda n: st.tuples(monomials(n), monomials(n), monomials())))
def test_binary(ms):
    a, b, c = ms
    x, y, z = map(dense, ms)
    assert close((a @ b).to_numpy(), x @ y, len(a))
    assert close(a.kron(c).to_numpy(), np.kron(x, z), len(a) * len(c))
    block = np.zeros((len(a) + len(c),) * 2, dtype=complex)
    block[: len(a), : len(a)], block[len(a) :, len(a) :] = x, z
    assert close(a.direct_sum(c).to_numpy(), block, len(a) + len(c))
    assert (a == b) == close(x, y, len(a))


def test_entries_are_correctly_rounded():
    assert Monomial([0], [1], 8).to_numpy()[0, 0] == complex(np.sqrt(0.5), np.sqrt(0.5))
    assert Monomial([0], [1], 6).to_numpy()[0, 0].real == 0.5
    assert Monomial([0], [1], 4).to_numpy()[0, 0] == 1j
    assert Monomial([0], [2], 4).to_numpy()[0, 0] == -1.0


def test_recognition():
    assert Monomial.from_domain_matrix(to_domain_matrix([[0, -1], [1, 0]])) == Monomial([1, 0], [0, 1], 2)
    for other in ([[1, 1], [0, 1]], [[2, 0], [0, 1]], [[1, 0], [0, 0]], [[1, 0], [1, 0]], [[1, 0, 0], [0, 1, 0]]):
        assert Monomial.from_domain_matrix(to_domain_matrix(other)) is None


def test_equality_over_different_moduli():
    assert Monomial([1, 0], [0, 2], 4) == Monomial([1, 0], [0, 1], 2)
    assert Monomial([1, 0], [0, 1], 4) != Monomial([1, 0], [0, 1], 2)
    assert Monomial([0], [0], 3) == Monomial([0])
    assert hash(Monomial([1, 0], [0, 2], 4)) == hash(Monomial([1, 0], [0, 1], 2))
    assert Monomial([0, 1]) != Monomial([0])
    assert (Monomial([0]) == 1) is False


def test_immutable_and_checked():
    m = Monomial([1, 0])
    with pytest.raises(AttributeError):
        m.modulus = 2
    with pytest.raises(ValueError, match="read-only"):
        m.perm[0] = 0
    with pytest.raises(DimensionMismatch, match="permutation"):
        Monomial([0, 0])
    with pytest.raises(DimensionMismatch, match="one per column"):
        Monomial([0, 1], [1], 2)


def test_the_caller_keeps_his_array():
    perm = np.array([1, 0])
    Monomial(perm)
    perm[0] = 1  # still writeable
    m = Monomial(perm := np.array([1, 0]))
    perm[:] = [0, 1]
    assert m.perm.tolist() == [1, 0]


# --- large orders of roots of unity


@given(st.integers(1, 2**31), st.integers(1, 2**31), st.data())
def test_phases_do_not_wrap(p, q, data):
    """Against integers of any size, for orders up to the limit; beyond it the product is refused."""
    x = [data.draw(st.integers(-(2**80), 2**80)) for _ in range(2)]
    y = [data.draw(st.integers(-(2**80), 2**80)) for _ in range(2)]
    a, b = Monomial([1, 0], x, p), Monomial([0, 1], y, q)
    m = math.lcm(a.modulus, b.modulus)
    if m > 2**31:
        with pytest.raises(TooLarge, match="2,147,483,648"):
            a @ b
        return
    product = [(Fraction(x[j], p) + Fraction(y[j], q)) % 1 for j in range(2)]
    c = a @ b
    assert [Fraction(int(k), c.modulus) for k in c.phase] == product
    assert [Fraction(int(k), a.modulus) for k in a.phase] == [Fraction(k, p) % 1 for k in x]
    assert (a @ a.inverse()) == Monomial.identity(2)
    kron = a.kron(b)
    assert [Fraction(int(k), kron.modulus) for k in kron.phase] == [
        (Fraction(u, p) + Fraction(v, q)) % 1 for u in x for v in y
    ]


def test_the_order_is_the_smallest_that_holds_the_entries():
    assert Monomial([0, 1], [0, 5 * 10**7], 10**8).modulus == 2
    assert Monomial([0, 1], [0, 0], 2**31).modulus == 1
    assert Monomial([0, 1], [4, 6], 12).modulus == 6


@pytest.mark.parametrize(
    ("perm", "phase", "modulus", "error", "message"),
    [
        (
            [0],
            [5723372036854775808],
            7000000000000000000,
            TooLarge,
            "7,000,000,000,000,000,000; the limit is 2,147,483,648",
        ),
        ([0], [1], 2**31 + 1, TooLarge, "2,147,483,649"),
        ([0], [1], 2.0, GroupRepError, "modulus must be a positive integer, got 2.0"),
        ([0], [1], True, GroupRepError, "modulus must be a positive integer, got True"),
        ([0], [1], 0, GroupRepError, "got 0"),
        ([1.7, 0.2], None, 1, GroupRepError, "perm holds 1.7"),
        (["1", "0"], None, 1, GroupRepError, "perm holds '1'"),
        ([True, False], None, 1, GroupRepError, "perm holds True"),
        (np.array([True, False]), None, 1, GroupRepError, "every entry must be an integer"),
        ([1, False], None, 1, GroupRepError, "perm holds False"),
        ([2**64, 0], None, 1, DimensionMismatch, "permutation"),
        ([0, 1], [0, 1.0], 2, GroupRepError, "phase holds 1.0"),
        ([0, 1], [[0], [1, 1]], 2, GroupRepError, "different lengths"),
        (
            reduce(lambda x, _: [x], range(33), 0),
            None,
            1,
            GroupRepError,
            "perm (is nested 33|has rows of)",
        ),  # numpy 1 ends at 32 axes
    ],
)
def test_only_integers_are_taken(perm, phase, modulus, error, message):
    with pytest.raises(error, match=message):
        Monomial(perm, phase, modulus)


def test_orders_whose_common_multiple_is_too_large():
    a, b = Monomial([0], [1], 2**31 - 1), Monomial([0], [1], 2**31 - 2)
    for make in (lambda: a @ b, lambda: a.kron(b), lambda: a.direct_sum(b), lambda: solve_orbits((1, 1), [(a, b)])):
        with pytest.raises(TooLarge, match="2,147,483,648"):
            make()
