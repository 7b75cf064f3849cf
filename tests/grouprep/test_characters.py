"""Characters: known tables, exact inner products, Laurent polynomials of Lie groups."""

from fractions import Fraction

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    LieGroup,
    Lorentz,
    O,
    Quaternion,
    Sp,
    Symmetric,
    U,
    UnsupportedGroup,
)
from grouprep.characters import Laurent, has_characters, inner

EPS = np.finfo(float).eps


def on_classes(V):
    """(size of class, character) pairs."""
    return [(len(c), x) for c, x in zip(V.group.conjugacy_classes, V.character.values, strict=True)]


def test_the_symmetric_group_on_four_points():
    V = Symmetric(4).natural()
    table = sorted((n, x.real) for n, x in on_classes(V))
    # identity 4, six transpositions 2, three double ones 0, eight 3-cycles 1, six 4-cycles 0.
    assert table == [(1, 4.0), (3, 0.0), (6, 0.0), (6, 2.0), (8, 1.0)]
    assert V.character.inner(V.character) == 2


def test_the_quaternion_group():
    V = Quaternion().defining()
    assert sorted((n, x.real) for n, x in on_classes(V)) == [(1, -2.0), (1, 2.0), (2, 0.0), (2, 0.0), (2, 0.0)]
    assert inner(V, V) == 1
    # Real character, but of quaternionic type: the invariant of V * V is antisymmetric.
    one = V.group.trivial()
    assert (inner(one, V.symmetric_power(2)), inner(one, V.exterior_power(2))) == (0, 1)


def test_the_golden_ratio_on_the_icosahedron():
    A = Alternating(5)
    V = FiniteGroup.from_matrices(
        {
            "c": [[0, 0, 1], [1, 0, 0], [0, 1, 0]],
            "t": [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
            "f": [
                ["1/2", "-(1 + sqrt(5))/4", "(sqrt(5) - 1)/4"],
                ["(1 + sqrt(5))/4", "(sqrt(5) - 1)/4", "-1/2"],
                ["(sqrt(5) - 1)/4", "1/2", "(1 + sqrt(5))/4"],
            ],
        }
    ).defining()
    golden = (1 + 5**0.5) / 2
    found = sorted(x.real for n, x in on_classes(V) if n == 12)
    assert np.allclose(found, [1 - golden, golden], rtol=0, atol=4 * EPS)
    assert inner(V, V) == 1
    assert V.group.order == A.order == 60


def test_complex_characters_are_conjugated_on_the_left():
    C3 = Cyclic(3)
    from grouprep import Representation

    V = Representation(C3, images=[[["zeta(3)"]]])
    assert (inner(V, V), inner(V, V.conjugate), inner(V.conjugate, V)) == (1, 0, 0)
    assert (inner(V.dual, V.conjugate), inner(V * V, V.dual)) == (1, 1)
    w = np.exp(2j * np.pi / 3)
    r = C3.generators[0]
    assert abs(V.character(r) - w) <= 4 * EPS
    assert abs(V.dual.character(r) - w.conjugate()) <= 4 * EPS


@pytest.mark.parametrize(
    ("G", "dims"),
    [
        # multiplicity of the trivial representation in V, V^2, V^3, V^4
        (SO(2), [0, 2, 0, 6]),
        (SO(3), [0, 1, 1, 3]),
        (SO(4), [0, 1, 0, 4]),
        (SO(5), [0, 1, 0, 3]),
        (O(2), [0, 1, 0, 3]),
        (O(3), [0, 1, 0, 3]),
        (O(4), [0, 1, 0, 3]),
        (SU(2), [0, 1, 0, 2]),
        (SU(3), [0, 0, 1, 0]),
        (U(1), [0, 0, 0, 0]),
        (U(2), [0, 0, 0, 0]),
    ],
    ids=str,
)
def test_invariants_of_tensor_powers(G, dims):
    V = G.defining()
    assert [inner(G.trivial(), V**k) for k in (1, 2, 3, 4)] == dims


def test_determinants_of_orthogonal_groups():
    for n in (2, 3, 4):
        V = O(n).defining()
        determinant = V.exterior_power(n)
        one = O(n).trivial()
        assert inner(one, determinant) == 0
        assert inner(one, determinant**2) == 1
        # Hodge duality: ext(k) = det * ext(n - k).
        for k in range(1, n):
            assert inner(V.exterior_power(k), determinant * V.exterior_power(n - k)) >= 1


def test_products_of_groups():
    G, H = SO(3), Dihedral(4)
    P = G * H
    V, W = P.pullback(0, G.defining()), P.pullback(1, H.defining())
    assert inner(V, W) == 0
    assert inner(V * W, V * W) == 1
    assert inner(V**2, V**2) == 3
    assert inner(W**2, W**2) == 4


def test_which_groups_have_characters():
    assert all(map(has_characters, [SO(3), O(4), U(2), Symmetric(5), Cyclic(2) * SO(2)]))
    assert not has_characters(Lorentz())
    assert not has_characters(Symmetric(12))
    assert not has_characters(Lorentz() * Cyclic(2))
    with pytest.raises(UnsupportedGroup, match="no character integral"):
        inner(Lorentz().defining(), Lorentz().defining())
    with pytest.raises(UnsupportedGroup, match="weights"):
        _ = SO(3).defining().character.values


def test_weights_of_a_derived_group():
    """A circle with the weights 1 and 2, whose torus is found from the generator."""
    G = LieGroup.from_algebra([[["I", 0], [0, "2*I"]]])
    V = G.defining()
    assert (inner(V, V), inner(V**2, V), inner(G.trivial(), V * V.conjugate)) == (2, 1, 2)
    (weights,) = V.character.weights()
    assert sorted(w for _, w in weights.terms) == [(1,), (2,)]


def test_a_derived_group_of_rank_two():
    """SU(3) from its generators alone has the same characters as the shipped one."""
    shipped = SU(3)
    G = LieGroup.from_algebra(list(shipped.algebra), name="mine")
    for k in (1, 2, 3):
        assert (
            inner(G.defining() ** k, G.defining() ** k)
            == inner(shipped.defining() ** k, shipped.defining() ** k)
            == [1, 2, 6][k - 1]
        )


def test_laurent_polynomials():
    z = Laurent({(Fraction(0), (1,)): 1})
    x = z + z.conjugate()
    square = x * x
    assert square.terms == {(Fraction(0), (2,)): 1, (Fraction(0), (0,)): 2, (Fraction(0), (-2,)): 1}
    assert square.constant_term() == 2
    assert z.adams(3).terms == {(Fraction(0), (3,)): 1}
    assert (z + 1).constant_term() == 1
    half = Laurent({(Fraction(1, 2), (0,)): 3})
    assert half.constant_term() == -3
    assert (half * half).constant_term() == 9
    third = Laurent({(Fraction(1, 3), (0,)): 1})
    assert abs(third.constant_term() - np.exp(2j * np.pi / 3)) <= 4 * EPS
    assert (third * third.conjugate()).constant_term() == 1
    rng = np.random.default_rng(0)
    for _ in range(20):
        terms = [
            {
                (Fraction(int(s), 2), tuple(map(int, w))): int(c)
                for s, w, c in zip(
                    rng.integers(0, 2, 9), rng.integers(-2, 3, (9, 2)), rng.integers(-5, 6, 9), strict=True
                )
            }
            for _ in range(2)
        ]
        f, g = (Laurent(t, 2) for t in terms)
        assert f.constant_term_with(g) == (f * g).constant_term()
    assert z.embed(1, 1).terms == {(Fraction(0), (0, 1, 0)): 1}
    assert Laurent({(Fraction(0), (1,)): 0}).terms == {}
    assert (x / 2).terms[(Fraction(0), (1,))] == Fraction(1, 2)


@pytest.mark.slow
def test_large_classical_groups():
    """Brauer (1937): the commutant of V (x) V has dimension 3 for the orthogonal and symplectic groups, 2 for the unitary ones."""
    for G, dim in ((SO(10), 3), (SO(11), 3), (U(6), 2), (SU(7), 2), (Sp(5), 3)):
        V = G.defining() ** 2
        assert inner(V, V) == dim


def test_sampled_means_agree_with_weyl():
    """The mean of |chi|^2 over Haar samples against the exact inner product."""
    rng = np.random.default_rng(0)
    for G in (SO(3), O(3), SU(2), U(2), O(2), SO(4)):
        V = G.defining() ** 2
        values = np.abs(V.character(G.sample(4_000, rng))) ** 2
        error = 6 * values.std() / np.sqrt(len(values))
        assert abs(values.mean() - inner(V, V)) <= error, G
