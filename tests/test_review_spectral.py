"""What an adversarial review of irreps and decompositions found: each was wrong once."""

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    GroupRepError,
    Homomorphism,
    LieGroup,
    O,
    Quaternion,
    Representation,
    Symmetric,
    U,
)
from grouprep.linalg import as_float
from projectors import Hom, decompose
from projectors.penalties import per_block

EPS = float(np.finfo(float).eps)


def assert_decomposed(V: Representation) -> None:
    """U unitary and V(g) U = U blocks(g), to 50 eps times the dimension."""
    D = decompose(V)
    S, g = D.change_of_basis, V.group.sample(2, np.random.default_rng(0))
    assert D.labels == V.multiplicities()
    assert np.linalg.norm(S.conj().T @ S - np.eye(V.dim), 2) <= 50 * EPS * V.dim
    assert np.linalg.norm(V(g) @ S - S @ D.blocks(g), 2, axis=(-2, -1)).max() <= 50 * EPS * V.dim


@pytest.mark.parametrize(
    "V",
    [
        SO(3).irrep(6) ** 2,
        SO(3).irrep(10) ** 2,
        SO(3).irrep(20) * SO(3).irrep(4),
        O(3).irrep("6e") * O(3).irrep("6o"),
        SU(2).irrep("15/2", field="complex") ** 2,
    ],
    ids=str,
)
def test_products_of_large_spins(V):
    """Lowering multiplied what rounding left of larger spins by binomial coefficients: 2.6e5 eps dim for 10 x 10."""
    assert_decomposed(V)


@pytest.mark.parametrize("k", [7, 13, 20])
def test_frequencies_of_the_circle_are_homomorphisms_to_rounding(k):
    """The angle was rounded near pi and then multiplied by the frequency: 88 eps for the one-dimensional irrep 18."""
    rng = np.random.default_rng(1)
    for G, label, field in ((SO(2), k, "complex"), (SO(2), k, "real"), (O(2), f"E{k}", "real"), (U(1), k, "complex")):
        rho = G.irrep(label, field=field)
        g, h = G.sample(2000, rng), G.sample(2000, rng)
        error = np.linalg.norm(rho(G.multiply(g, h)) - rho(g) @ rho(h), 2, axis=(-2, -1)).max()
        assert error <= 50 * EPS * rho.dim


@pytest.mark.parametrize("G", [Cyclic(5), Cyclic(12), Dihedral(8), Dihedral(9)], ids=str)
def test_values_in_closed_form_are_the_exact_ones_rounded(G):
    for field in ("real", "complex"):
        for rho in G.irreps(field):
            exact = np.array([as_float(rho.exact_image(g)) for g in G.elements])
            assert np.array_equal(rho(G.elements), exact)
            traces = np.trace(exact, axis1=-2, axis2=-1)
            assert np.abs(rho.character.values - [traces[c[0]] for c in G.conjugacy_classes]).max() < 4 * EPS


def test_large_cyclic_groups_are_evaluated_without_number_fields():
    """One element took two minutes, V.multiplicities() hours: exact arithmetic in a field of degree 996."""
    V = Cyclic(997).natural()
    D, g = decompose(V), V.group.generators[0]
    S = D.change_of_basis
    assert np.abs(V(g) @ S - S @ D.blocks(g)).max() < 50 * EPS
    assert Dihedral(200).natural().multiplicities() == decompose(Dihedral(200).natural()).labels


def test_reducible_representations_are_no_irreps_though_their_commutants_have_dimension_2_or_4():
    """R + R, the 2 x 2 matrices and R + R + R + R were taken for C and H."""
    G, C2, C4 = Symmetric(4), Cyclic(2), Cyclic(4)
    signs = [G.trivial(), Representation(G, images=[[[G_sign]] for G_sign in (-1, -1)], name="sign")]
    for V in (G.natural(), signs[0] + signs[1], 2 * G.trivial(), 2 * C2.irrep("B")):
        with pytest.raises(GroupRepError, match="reducible"):
            decompose(V, irreps=[V])
    plane = Representation(C4, images=[[[0, -1], [1, 0]]], name="plane")
    assert decompose(plane, irreps=[plane]).irreps[0].type == "C"


@pytest.mark.parametrize("V", [O(3).defining() ** 2, Dihedral(4).regular(), SO(2).irrep(1) + SO(2).irrep(2)], ids=str)
def test_skew_bases_cost_their_condition_once(V):
    """The Cholesky factor of the form, and U* H for the inverse, had the condition squared: 5e-10 at 1e4, 4e-3 at 2e7."""
    rng, n, condition = np.random.default_rng(0), V.dim, 1e3
    A, B = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    S = A @ np.diag(np.geomspace(1, condition, n)) @ B
    skew = V.change_basis(S)
    D, g = decompose(skew), V.group.sample(3, rng)
    X = np.linalg.solve(S, D.change_of_basis)
    bound = 50 * EPS * n * condition
    assert np.abs(V(g) @ X - X @ D.blocks(g)).max() <= bound
    assert np.abs(D.inverse @ D.change_of_basis - np.eye(n)).max() <= bound


@pytest.mark.parametrize("G", [Cyclic(3) * Dihedral(5), Cyclic(3) * Cyclic(4) * Cyclic(5)], ids=str)
def test_characters_of_products_are_products_of_characters(G):
    """They were traces in a number field of the product: 19 s for C5 x C7 x C3."""
    for field in ("real", "complex"):
        for rho in G.irreps(field):
            values = np.trace(rho(G.elements), axis1=-2, axis2=-1)
            assert (
                np.abs(rho.character.values - [values[c[0]] for c in G.conjugacy_classes]).max() <= 50 * EPS * rho.dim
            )


def test_irreps_of_groups_with_other_generators_by_restriction():
    """Restriction of spins beyond l = 3, whose images are floats, failed for algebra generators that are combinations."""
    x = [[0, 0, 0], [0, 0, -1], [0, 1, 0]]
    y = [["0", 0, "4/5"], [0, 0, "3/5"], ["-4/5", "-3/5", 0]]
    z = [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    G = LieGroup.from_algebra([x, y, z], name="rotations")
    f = Homomorphism.inclusion(G, SO(3))
    spins = [SO(3).irrep(l).restrict(f) for l in range(6)]
    V = spins[1] ** 2 * spins[3]
    D, g = decompose(V, irreps=[*spins, SO(3).irrep(6).restrict(f)]), G.sample(2, np.random.default_rng(0))
    assert D.multiplicities == decompose(SO(3).irrep(1) ** 2 * SO(3).irrep(3)).multiplicities
    S = D.change_of_basis
    assert np.abs(V(g) @ S - S @ D.blocks(g)).max() <= 50 * EPS * V.dim


def test_given_irreps_with_one_label_are_told_apart():
    Q = Quaternion()
    i = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]]
    j = [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]]
    signs = [Representation(Q, images=[[[a]], [[b]]], name="sign") for a in (1, -1) for b in (1, -1)]
    H = Hom(Q.regular(), Q.regular(), irreps=[*signs, Representation(Q, images=[i, j], name="H")])
    assert H.spectral.dim == 8
    T = np.random.default_rng(0).normal(size=H.shape)
    assert np.abs(H.spectral.project(H.to_spectral(T)) - H.to_spectral(H.project(T))).max() < 1e-14
    with pytest.raises(GroupRepError, match="same label"):
        per_block(T, H)


def test_exact_gauge_of_several_complex_copies():
    """Gram-Schmidt of complex seeds that are not orthogonal: a conjugate too few went unnoticed."""
    n = 6
    S = np.eye(n, dtype=int) + np.triu(np.random.default_rng(0).integers(-3, 4, (n, n)), 1)
    V = (2 * Cyclic(3).natural()).change_basis(S.tolist())
    D = decompose(V, field="complex")
    assert D.multiplicities == (2, 2, 2)
    E = D.exact()
    E.verify()
    exact = np.array(E.change_of_basis.evalf(30).tolist(), dtype=complex)
    assert np.abs(exact - D.change_of_basis).max() < 1e-10


def test_the_schur_projector_says_whether_it_is_self_adjoint():
    """The backward pass takes P for its adjoint where it says so."""
    V = Dihedral(4).natural()
    skew = V.change_basis([[1, 2, 0, 1], [0, 1, 3, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    A, B = np.random.default_rng(0).normal(size=(2, 4, 4))
    for W, expected in ((V, True), (skew, False)):
        H = Hom(W, W, solver="schur")
        assert H.projection.is_self_adjoint is expected
        assert np.isclose(np.vdot(H.project(A), B), np.vdot(A, H.project(B))) == expected
