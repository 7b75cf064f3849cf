"""Irreps by highest weight as matrices: laws, exact brackets, values at elements, decompositions, couplings, branching."""

import numpy as np
import pytest
from cases import cases

from grouprep import G2, SO, SU, Cyclic, Dihedral, GroupRepError, Homomorphism, LieGroup, O, Sp, Torus, U
from grouprep.irreps.highest_weight.coupling import coupled_irreps, coupling, coupling_exact
from grouprep.linalg import as_float
from grouprep.testing import check_irreps
from projectors import Hom, decompose

EPS = float(np.finfo(float).eps)

SAMPLES = [
    (SU(3), [(1, 0), (1, 1), (2, 1)]),
    (SU(4), [(0, 1, 0), (1, 0, 1)]),
    (U(3), [(1, 0, -1), (2, 0, 0)]),
    (SO(4), [(1, 1), (2, 0)]),
    (SO(5), [(1, 0), (0, 2)]),
    (SO(6), [(0, 0, 2)]),
    (Sp(2), [(1, 0), (0, 1), (1, 1)]),
    (Sp(3), [(0, 0, 1)]),
    (G2(), [(1, 0), (0, 1)]),
    (O(4), [(2, 1), (1, 1, 1), (2, 2)]),
    (O(5), [(1, 1, 1)]),
    (O(6), [(1, 1, 1)]),
    (Torus(2), [(1, -2)]),
]
NAMES = [str(G) for G, _ in SAMPLES]


@cases(
    "G, up_to",
    [(SU(3), 1), (SU(4), 1), (SO(4), 1), (SO(5), 1), (Sp(2), 1), (G2(), 1), (U(2), 1), (O(4), 1), (Torus(2), 1)],
)
def test_laws(G, up_to):
    check_irreps(G, up_to=up_to)


@cases("G, labels", SAMPLES, ids=NAMES)
def test_exact_brackets(G, labels):
    """The rational form is proved to be a representation, with the Gram matrix it states."""
    for label in labels:
        for field in ("real", "complex"):
            R, S = G.irrep(label, field).rational()
            G.prove_homomorphism(R.images)
            assert R.domain.is_QQ or R.domain.is_ZZ or field == "complex"
            assert R.gram is not None
            assert np.count_nonzero(S) == R.dim


@cases("G, labels", SAMPLES, ids=NAMES)
def test_values(G, labels):
    """V(g h) = V(g) V(h), unitary, V(exp X) = exp(dV X), and the trace is that of the constituents of tensors."""
    from scipy.linalg import expm

    rng = np.random.default_rng(3)
    g, h = G.random(4, rng, 2.0), G.random(4, rng, 0.3)
    X = rng.standard_normal(len(G.algebra)) / 3
    for label in labels:
        for field in ("real", "complex"):
            V = G.irrep(label, field)
            bound = 50 * EPS * V.dim
            x = V(g)
            assert np.linalg.norm(x @ V(h) - V(g @ h), axis=(1, 2)).max() <= bound
            assert np.linalg.norm(np.swapaxes(x.conj(), 1, 2) @ x - np.eye(V.dim), axis=(1, 2)).max() <= bound
            assert np.linalg.norm(V(G.exp(X)) - expm(V.differential(X))) <= bound


def test_values_where_logarithms_are_hard():
    """Half turns, the centre, and elements next to them: eigenvalues -1 and coincident ones."""
    cubic = np.exp(2j * np.pi / 3)
    assert SU(3).irrep((1, 0), "complex")(cubic * np.eye(3)) == pytest.approx(cubic * np.eye(3), abs=1e-15)
    assert SU(3).irrep((1, 1))(cubic * np.eye(3)) == pytest.approx(np.eye(8), abs=1e-14)
    assert Sp(2).irrep((1, 0), "complex")(-np.eye(4)) == pytest.approx(-np.eye(4), abs=1e-14)
    assert Sp(2).irrep((0, 1))(-np.eye(4)) == pytest.approx(np.eye(5), abs=1e-14)
    flips = np.diag([-1.0, -1, -1, -1, 1])
    for shift in (0.0, 1e-9, 1e-15):
        near = SO(5).exp([shift, 0, 0, 0, 0, 0, 0, 0, 0, shift]) @ flips
        V = SO(5).irrep((0, 2))
        assert np.trace(V(near)) == pytest.approx((np.trace(near) ** 2 - np.trace(near @ near)) / 2, abs=1e-13)
    half = G2().exp(np.pi * np.eye(14)[0])  # exp(pi H), of order 2
    assert G2().irrep((0, 1))(half) @ G2().irrep((0, 1))(half) == pytest.approx(np.eye(14), abs=1e-13)
    assert np.trace(G2().irrep((0, 1))(half)) == pytest.approx(-2, abs=1e-13)


def test_elements_outside_are_refused():
    for G, g in (
        (SU(3), 2 * np.eye(3)),
        (SU(3), np.diag([1j, 1, 1])),
        (G2(), np.diag([-1.0, -1, 1, 1, 1, 1, 1])),
        (Sp(2), np.diag([1j, 1, 1, 1])),
    ):
        with pytest.raises(GroupRepError, match="not an element"):
            G.irrep((1, 0))(g)


def test_defining_representations():
    """(1, 0, ...) of SU(n), U(n) is the defining representation in its own basis; elsewhere it has its character."""
    rng = np.random.default_rng(0)
    for G, label in ((SU(3), (1, 0)), (U(2), (1, 0)), (SU(4), (1, 0, 0))):
        g = G.sample(3, rng)
        assert G.irrep(label, "complex")(g) == pytest.approx(g, abs=1e-14)
    for G, label in ((SO(4), [1]), (SO(5), [1]), (Sp(2), [1]), (O(4), [1]), (O(5), [1]), (G2(), (1, 0))):
        g = G.random(3, rng)
        traces = np.trace(G.irrep(label, "complex")(g), axis1=1, axis2=2)
        assert traces == pytest.approx(np.trace(g, axis1=1, axis2=2), abs=1e-13)


def _traces(g, V):
    return np.trace(V(g), axis1=1, axis2=2)


def test_orthogonal_extensions():
    """Exterior powers and traceless squares of O(n) by their traces on both components."""
    rng = np.random.default_rng(1)
    for n in (4, 5):
        G = O(n)
        V, g = G.defining(), G.sample(6, rng)
        for k in range(1, n + 1):
            assert _traces(g, G.irrep([1] * k)) == pytest.approx(_traces(g, V.exterior_power(k)), abs=1e-13)
        assert _traces(g, G.irrep([2])) + 1 == pytest.approx(_traces(g, V.symmetric_power(2)), abs=1e-13)
        assert (V**2).multiplicities() == {"[0]": 1, "[1, 1]": 1, "[2]": 1}
        assert V.exterior_power(n).multiplicities() == {f"[{', '.join('1' * n)}]": 1}


DECOMPOSED = [
    (SU(3).irrep((1, 0), "complex") * SU(3).irrep((0, 1), "complex"), "(0, 0) + (1, 1)"),
    (SU(3).defining() ** 3, "(0, 0) + 2 x (1, 1) + (3, 0)"),
    (SU(3).irrep((1, 1)) ** 2, "(0, 0) + 2 x (1, 1) + (3, 0) + (2, 2)"),
    (SO(5).defining() ** 2, "(0, 0) + (0, 2) + (2, 0)"),
    (Sp(2).defining() ** 3, "3 x (1, 0) + 2 x (1, 1) + (3, 0)"),
    (O(4).defining() ** 3, "3 x [1] + [1, 1, 1] + 2 x [2, 1] + [3]"),
    (G2().defining() ** 2, "(0, 0) + (1, 0) + (0, 1) + (2, 0)"),
    (U(2).defining() * U(2).defining().dual, "[0, 0] + [1, -1]"),
    (Torus(2).defining() ** 2, ""),
]


@cases("V, text", DECOMPOSED, ids=[f"{V.group}-{text}" for V, text in DECOMPOSED])
def test_decompose(V, text):
    D = decompose(V)
    if text:
        assert str(D) == text
    assert D.labels == V.multiplicities()
    g, U = V.group.random(3, np.random.default_rng(0)), D.change_of_basis
    assert np.abs(V(g) @ U - U @ D.blocks(g)).max() <= 50 * EPS * V.dim
    again = decompose(V.change_basis(np.eye(V.dim)))
    assert again.labels == D.labels


def test_hom_of_octets_is_proved():
    """The two products 8 x 8 -> 8, f and d, from the rational form."""
    V = SU(3).irrep((1, 1))
    H = Hom(V * V, V)
    assert H.dim == len(H.exact_basis()) == 2
    assert H.certify().proved


COUPLED = [
    (SU(3), (1, 0), (0, 1)),
    (SU(3), (1, 1), (1, 1)),
    (SU(3), (2, 1), (1, 1)),
    (SO(5), (1, 0), (0, 2)),
    (Sp(2), (1, 0), (1, 1)),
    (G2(), (1, 0), (1, 0)),
]


@cases("G, a, b", COUPLED)
def test_coupling(G, a, b):
    """All isometries together are an orthogonal matrix, and intertwine."""
    V, W = G.irrep(a, "complex"), G.irrep(b, "complex")
    g = G.random(1, np.random.default_rng(0))[0]
    columns = []
    for K, m in coupled_irreps(V, W):
        C = coupling(V, W, K).reshape(m, V.dim * W.dim, K.dim)
        assert np.abs(np.kron(V(g), W(g)) @ C - C @ K(g)).max() <= 50 * EPS * V.dim * W.dim
        columns += list(C)
    U = np.concatenate(columns, axis=1)
    assert np.abs(U.T @ U - np.eye(V.dim * W.dim)).max() <= 4 * EPS


def test_coupling_exactly():
    """The antisymmetric product of quarks, and the invariant of an octet; floats are its rounding."""
    from sympy import sqrt

    G = SU(3)
    quark, octet, one = (G.irrep(l, "complex") for l in ((1, 0), (1, 1), (0, 0)))
    C = coupling_exact(quark, quark, quark.conjugated)
    assert (C[0, 0, 1, 0], C[0, 1, 0, 0], C[0, 1, 2, 2]) == (sqrt(2) / 2, -sqrt(2) / 2, sqrt(2) / 2)
    pair = np.array(coupling_exact(octet, octet, one).tolist()).ravel()
    assert {abs(x) for x in pair if x} == {sqrt(2) / 4}
    eight = np.array(coupling_exact(octet, octet, octet).tolist())
    assert np.abs(eight.astype(float) - coupling(octet, octet, octet)).max() <= EPS
    assert (eight**2).sum() == 16
    with pytest.raises(GroupRepError, match=r"holds \(0, 0\), \(1, 1\)"):
        coupling(quark, quark.conjugated, quark)
    with pytest.raises(GroupRepError, match="is real"):
        coupling(G.irrep((1, 1)), octet, octet)
    with pytest.raises(GroupRepError, match="clebsch_gordan"):
        coupling(SU(2).irrep(1, "complex"), octet, octet)


def test_branching():
    """SU(3) to SO(3), SO(7) to G2, SU(3) to D4, by homomorphisms."""
    rotations = Homomorphism.inclusion(SO(3), SU(3))
    assert SU(3).irrep((1, 1)).restrict(rotations).multiplicities() == {"1": 1, "2": 1}
    assert SU(3).irrep((2, 2), "complex").restrict(rotations).multiplicities() == {"0": 1, "2": 2, "3": 1, "4": 1}
    octonions = Homomorphism.inclusion(G2(), SO(7))
    assert SO(7).irrep([1, 1]).restrict(octonions).multiplicities() == {"(1, 0)": 1, "(0, 1)": 1}
    assert SO(7).irrep([2]).restrict(octonions).multiplicities() == {"(2, 0)": 1}
    square = Homomorphism(Dihedral(4), SU(3), [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[1, 0, 0], [0, -1, 0], [0, 0, -1]]])
    found = SU(3).irrep((1, 1), "complex").restrict(square).multiplicities()
    assert found == {"A1": 1, "A2": 1, "B1": 1, "B2": 1, "E1": 2}


def test_products_of_groups():
    G = SU(3) * SU(2)
    V = G.pullback(0, SU(3).defining()) * G.pullback(1, SU(2).defining())
    assert (V * V).multiplicities() == {"((0, 1), 0)": 1, "((0, 1), 1)": 1, "((2, 0), 0)": 1, "((2, 0), 1)": 1}
    assert (SU(3) * Cyclic(2)).irrep(((1, 1), "B")).dim == 8


GELL_MANN = [
    [[0, "I", 0], ["I", 0, 0], [0, 0, 0]],
    [[0, 1, 0], [-1, 0, 0], [0, 0, 0]],
    [["I", 0, 0], [0, "-I", 0], [0, 0, 0]],
    [[0, 0, "I"], [0, 0, 0], ["I", 0, 0]],
    [[0, 0, 1], [0, 0, 0], [-1, 0, 0]],
    [[0, 0, 0], [0, 0, "I"], [0, "I", 0]],
    [[0, 0, 0], [0, 0, 1], [0, -1, 0]],
    [["I/sqrt(3)", 0, 0], [0, "I/sqrt(3)", 0], [0, 0, "-2*I/sqrt(3)"]],
]


def _turned(n, planes):
    return [[[-2 * ((i, j) == (r, c)) + 2 * ((j, i) == (r, c)) for c in range(n)] for r in range(n)] for i, j in planes]


REGENERATED = [
    (LieGroup.from_algebra(GELL_MANN, name="Gell-Mann"), SU(3), [(1, 0), (1, 1)]),
    (LieGroup.from_algebra(GELL_MANN[2:6], name="four of eight"), SU(3), [(0, 1), (1, 1)]),
    (LieGroup.from_algebra(_turned(4, [(0, 1), (1, 2), (2, 3)]), name="three of six"), SO(4), [(1, 1), (2, 0)]),
    (LieGroup.from_algebra([m.to_Matrix() for m in Sp(2).algebra[::-1]], name="reversed"), Sp(2), [(1, 0), (0, 1)]),
]


@cases("G, S, labels", REGENERATED, ids=[str(G) for G, _, _ in REGENERATED])
def test_other_generators_change_no_answer(G, S, labels):
    """The same irreps, as functions of the element; the same counts and blocks; images are differentials of the values."""
    from scipy.linalg import expm

    g = S.random(3, np.random.default_rng(0))
    for label in labels:
        for field in ("real", "complex"):
            V, W = G.irrep(label, field), S.irrep(label, field)
            assert (V.label, V.dim, V.type, V.group) == (W.label, W.dim, W.type, G)
            assert np.array_equal(V(g), W(g))
            for a in G.generator_names:
                X = np.asarray(as_float(G.defining().image(a))) / 3
                assert V(expm(X)) == pytest.approx(expm(as_float(V.float_image(a)) / 3), abs=1e-13)
    assert (G.defining() ** 2).multiplicities() == (S.defining() ** 2).multiplicities()
    D, V = decompose(G.defining() ** 2), G.defining() ** 2
    assert D.labels == V.multiplicities()
    U = D.change_of_basis
    assert np.abs(V(g) @ U - U @ D.blocks(g)).max() <= 50 * EPS * V.dim
