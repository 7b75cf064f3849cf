"""Haar quadrature: weights, exactness up to the stated degree against closed forms, failure just beyond it, products, degrees."""

import itertools
import math

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    SU,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    GroupRepError,
    LieGroup,
    Lorentz,
    O,
    Representation,
    Sp,
    Symmetric,
    TooLarge,
    U,
    UnsupportedGroup,
)
from grouprep.quadrature import (
    _weight_of_matrix,
    degree_of,
    haar_quadrature,
    has_quadrature,
    quadrature_size,
    required_degree,
)

EPS = np.finfo(float).eps
GROUPS = [
    SO(2),
    U(1),
    O(2),
    SO(3),
    O(3),
    SU(2),
    Sp(1),
    Dihedral(4),
    SO(3) * Cyclic(3),
    O(2) * SU(2),
    Cyclic(2) * Cyclic(3),
]


def mean(rule, values):
    return np.tensordot(rule.weights, values, 1)


def rounding(rule, degree):
    """Nodes are products of three rounded matrices, values products of `degree` entries, at most 1 each; pairwise sums."""
    return 4 * EPS * (4 * (degree + 1) + np.log2(len(rule)) + 1)


@pytest.mark.parametrize("G", GROUPS, ids=str)
@cases("degree", [0, 1, 2, 5])
def test_weights(G, degree):
    rule = haar_quadrature(G, degree)
    assert rule.weights.min() > 0
    assert abs(rule.weights.sum() - 1) <= len(rule) * EPS
    assert len(rule) == quadrature_size(G, degree)
    assert all(n >= degree for n in rule.degrees)
    V = G.defining()
    g = V(rule.nodes)
    assert g.shape == (len(rule), V.dim, V.dim)
    assert np.abs(np.swapaxes(g.conj(), -1, -2) @ g - np.eye(V.dim)).max() <= 32 * EPS


@pytest.mark.parametrize("degree", range(8))
def test_circle(degree):
    """The mean of exp(i k theta) is 0 for 0 < |k| <= degree, and 1 at degree + 1."""
    for G in (SO(2), U(1)):
        rule = haar_quadrature(G, degree)
        z = rule.nodes[:, 0, 0] + 1j * rule.nodes[:, 1, 0] if G == SO(2) else rule.nodes[:, 0, 0]
        for k in range(1, degree + 1):
            assert abs(mean(rule, z**k)) <= rounding(rule, k)
        assert abs(mean(rule, z ** (degree + 1)) - 1) <= rounding(rule, degree + 1)
        assert rule.degrees == (degree,)


@pytest.mark.parametrize("degree", range(7))
def test_su2_against_the_moments_of_the_sphere(degree):
    """g = [[a, b], ..]: the mean of |a|^2p |b|^2r is p! r! / (p + r + 1)!, all other monomials have mean 0."""
    rule = haar_quadrature(SU(2), degree)
    (exact,) = rule.degrees
    a, b = rule.nodes[:, 0, 0], rule.nodes[:, 0, 1]
    for p, q, r, s in itertools.product(range(int(exact) + 1), repeat=4):
        if p + q + r + s <= exact:
            found = mean(rule, a**p * a.conj() ** q * b**r * b.conj() ** s)
            expected = math.factorial(p) * math.factorial(r) / math.factorial(p + r + 1) if (p, r) == (q, s) else 0
            assert abs(found - expected) <= rounding(rule, p + q + r + s), (p, q, r, s)
    assert exact in (degree, degree + 1)
    k = int(exact) + 1
    beyond = mean(rule, a**k)  # a matrix coefficient of spin k / 2, whose mean is 0
    assert beyond.real > 1 / math.comb(k, k // 2) ** 2
    assert abs(beyond.imag) <= rounding(rule, k)


RIORDAN = [1, 0, 1, 1, 3, 6, 15]  # invariants in the tensor powers of the vector of SO(3), Bernhart 1999


@pytest.mark.parametrize("degree", range(7))
def test_so3_invariants_of_tensor_powers(degree):
    rule = haar_quadrature(SO(3), degree)
    V = SO(3).defining()
    for k in range(1, degree + 1):
        traces = np.trace(V(rule.nodes), axis1=-2, axis2=-1) ** k
        assert abs(mean(rule, traces) - RIORDAN[k]) <= 3**k * rounding(rule, k)
    if degree <= 4:
        W = V**degree
        P = mean(rule, W(rule.nodes))
        assert np.abs(P @ P - P).max() <= 2 * W.dim * rounding(rule, degree)
        assert np.abs(P - P.T).max() <= 2 * rounding(rule, degree)


@pytest.mark.parametrize("degree", range(1, 7))
def test_so3_is_sharp(degree):
    """((e0 + i e1)^T g (e0 + i e1))^l is a matrix coefficient of the irrep l, of mean 0 up to the degree and not beyond."""
    rule = haar_quadrature(SO(3), degree)
    v = np.array([1, 1j, 0]) / np.sqrt(2)
    u = v @ rule.nodes @ v
    for k in range(1, degree + 1):
        assert abs(mean(rule, u**k)) <= rounding(rule, k)
    assert abs(mean(rule, u ** (degree + 1))) > 0.5 ** (degree + 2) / (degree + 2)
    # Zonal coefficients test the Gauss-Legendre part alone: the mean of x^2k is 1 / (2k + 1).
    x = rule.nodes[:, 2, 2]
    for k in range(degree + 1):
        assert abs(mean(rule, x**k) - (k % 2 == 0) / (k + 1)) <= rounding(rule, k)


@pytest.mark.parametrize("G", [SO(2), U(1), O(2), SO(3), O(3), SU(2), SO(3) * Cyclic(3)], ids=str)
def test_orthogonality_of_matrix_coefficients(G):
    """The mean of conj(A_ab) B_cd over irreps A, B is 1 / d if A = B and (a, b) = (c, d), else 0."""
    irreps = G.irreps(field="complex", up_to=2)
    for A, B in itertools.product(irreps, repeat=2):
        rule = haar_quadrature(G, required_degree(A, B))
        found = np.einsum("k,kab,kcd->abcd", rule.weights, A(rule.nodes).conj(), B(rule.nodes))
        expected = np.zeros(found.shape)
        if A == B:
            expected = np.einsum("ac,bd->abcd", np.eye(A.dim), np.eye(A.dim)) / A.dim
        assert np.abs(found - expected).max() <= 8 * rounding(rule, 6), (A, B)


def test_degrees_of_irreps():
    """The label is the degree, also of real forms, which double the dimension."""
    assert [degree_of(I) for I in SO(3).irreps(up_to=3)] == [0, 1, 2, 3]
    assert [degree_of(SU(2).irrep(j)) for j in ("1/2", 1, "5/2")] == [1, 2, 5]
    assert [degree_of(I) for I in O(2).irreps(up_to=2)] == [0, 0, 1, 2]
    assert degree_of(O(3).irrep((2, -1))) == 2
    G = SO(2) * SU(2)
    assert degree_of(G.irrep((1, "3/2"))) == (1, 3)


def test_components():
    """det has mean 0 on O(n) and 1 on SO(n)."""
    for n in (2, 3):
        full, special = haar_quadrature(O(n), 2), haar_quadrature(SO(n), 2)
        assert len(full) == 2 * len(special)
        assert abs(mean(full, np.linalg.det(full.nodes))) <= 16 * EPS
        assert abs(mean(special, np.linalg.det(special.nodes)) - 1) <= 16 * EPS
        assert np.abs(np.einsum("k,kij,klm->ijlm", full.weights, full.nodes, full.nodes) * n
                      - np.einsum("il,jm->ijlm", np.eye(n), np.eye(n))).max() <= 32 * EPS  # fmt: skip


def test_products_take_a_degree_for_each_factor():
    G = SO(3) * Cyclic(4) * U(1)
    rule = haar_quadrature(G, (1, 0, 2))
    assert len(rule) == 4 * 4 * 3
    assert rule.degrees == (1, math.inf, 2)
    assert [x.shape for x in rule.nodes] == [(48, 3, 3), (48, 4), (48, 1, 1)]
    one = G.pullback(0, SO(3).defining()) * G.pullback(1, Cyclic(4).defining())
    assert np.abs(mean(rule, one(rule.nodes))).max() <= 16 * EPS
    pieces = list(rule.chunks(20))
    assert [len(w) for _, w in pieces] == [20, 20, 8]
    assert np.array_equal(np.concatenate([w for _, w in pieces]), rule.weights)
    assert np.array_equal(np.concatenate([g[2] for g, _ in pieces]), rule.nodes[2])
    finite = haar_quadrature(Cyclic(2) * Cyclic(3), 0)
    assert len(finite) == 6
    assert finite.degrees == (math.inf,)


def test_degrees():
    V, H, Z = SO(3).defining(), SU(2).defining(), U(1).defining()
    assert [degree_of(x) for x in (V, H, Z, O(2).defining(), Symmetric(3).defining(), SO(3).trivial())] == [
        1,
        1,
        1,
        1,
        0,
        0,
    ]
    assert degree_of(V**3 + 2 * V) == 3
    assert degree_of(H.symmetric_power(4).dual * H) == 5
    assert degree_of((Z**2 * Z.conjugate).conjugate) == 3  # a bound: the weight is 1
    assert degree_of(V.exterior_power(2)) == 2  # a bound: the largest weight is 1
    assert degree_of(V.symmetric_power(2).unitary()[0]) == 2
    assert required_degree(V, V**2) == 3
    G = SO(3) * Dihedral(4) * U(1)
    W = G.pullback(0, V**2) * G.pullback(2, Z) + G.pullback(1, Dihedral(4).defining())
    assert degree_of(W) == (2, 0, 1)
    assert required_degree(W, G.trivial()) == (2, 0, 1)


def test_degrees_of_images():
    """Images have no structure: their weights are found exactly."""
    square = Representation(SO(2), images=[[[0, -3, 0], [3, 0, 0], [0, 0, 0]]])
    assert degree_of(square) == 3
    turns = [[[0, 0, 0], [0, 0, 1], [0, -1, 0]], [[0, 0, -1], [0, 0, 0], [1, 0, 0]], [[0, -1, 0], [1, 0, 0], [0, 0, 0]]]
    adjoint = Representation(SU(2), images=turns)
    assert degree_of(adjoint) == 2
    reflected = Representation(O(2), images=[[[0, -2], [2, 0]], [[-1, 0], [0, 1]]])
    assert degree_of(reflected) == 2


def weights_in_floats(frequencies):
    blocks = np.zeros((2 * len(frequencies), 2 * len(frequencies)))
    for i, w in enumerate(frequencies):
        blocks[2 * i, 2 * i + 1], blocks[2 * i + 1, 2 * i] = -w, w
    S = np.random.default_rng(0).standard_normal(blocks.shape) + 3 * np.eye(len(blocks))
    return _weight_of_matrix(S @ blocks @ np.linalg.inv(S))


def test_float_images_are_rounded_with_a_gap():
    assert weights_in_floats([1.0, 4.0]) == 4
    assert weights_in_floats([1.0, 4.0 + 1e-8]) == 4  # float32 data
    for wrong in (4.5, 4.01, 3.999):
        with pytest.raises(AmbiguousRank, match="degree"):
            weights_in_floats([1.0, wrong])


def test_refusals():
    assert has_quadrature(SO(3) * Symmetric(3))
    for G in (
        SO(4),
        SU(3),
        Lorentz(),
        U(2),
        SO(3) * SO(4),
        LieGroup.from_algebra([np.array([[0.0, -1.0], [1.0, 0.0]])]),
    ):
        assert not has_quadrature(G)
        with pytest.raises(UnsupportedGroup, match=r"no Haar quadrature.*SO\(3\)"):
            haar_quadrature(G, 1)
        with pytest.raises(UnsupportedGroup, match="no Haar quadrature"):
            degree_of(G.defining())
    for wrong in (-1, 1.5, True, "2", (1, -1)):
        with pytest.raises(GroupRepError, match="degree"):
            haar_quadrature(SO(3), wrong)
    with pytest.raises(DimensionMismatch, match="2 factors"):
        haar_quadrature(SO(3) * SO(2), (1, 2, 3))
    with pytest.raises(DimensionMismatch, match="one group"):
        required_degree(SO(3).defining(), O(3).defining())
    with pytest.raises(TooLarge, match="nodes"):
        haar_quadrature(SO(3), 10_000)
    with pytest.raises(TooLarge):
        haar_quadrature(Symmetric(20) * SO(2), 1)
