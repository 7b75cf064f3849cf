"""What two adversarial reviews found: each was wrong once."""

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    AmbiguousRank,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    Homomorphism,
    LieGroup,
    Lorentz,
    NotAHomomorphism,
    O,
    Representation,
    Symmetric,
    TooLarge,
    UnsupportedGroup,
)
from grouprep.linalg import as_float
from grouprep.linalg.convert import to_domain_matrix
from grouprep.representations.expression import parse_representation
from projectors import Hom, commutant
from projectors.files import verify, write_text
from projectors.solvers.averaging import reynolds_average

HALF = [[["I/2", 0], [0, "-I/2"]], [[0, "1/2"], ["-1/2", 0]], [[0, "I/2"], ["I/2", 0]]]


def test_roots_of_the_determinant_are_no_representations():
    torus = LieGroup.from_algebra([[["I", 0], [0, "I"]], [["I", 0], [0, "-I"]]])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(torus, images=[[["I"]], [[0]]])
    U2 = LieGroup.from_algebra([[["I", 0], [0, "I"]], *HALF])
    with pytest.raises(NotAHomomorphism, match="exp"):
        Representation(U2, images=[[["I"]], [[0]], [[0]], [[0]]])
    assert Representation(U2, images=[[["2*I"]], [[0]], [[0]], [[0]]]).dim == 1


def test_components_inside_the_identity_component_are_not_waved_through():
    G = LieGroup.from_algebra(SO(3).algebra, [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises(UnsupportedGroup, match="identity component"):
        Representation(G, images=[[[0]]] * 3 + [[[-1]]])
    for H in (O(2), O(3), O(4), Lorentz()):
        V = H.defining()
        assert Representation(H, images=[V.image(a) for a in H.generator_names]).dim == V.dim


def test_real_forms_are_told_apart():
    SL2R = LieGroup.from_algebra([[[0, "-1/2"], ["1/2", 0]], [["1/2", 0], [0, "-1/2"]], [[0, "1/2"], ["1/2", 0]]])
    with pytest.raises(NotAHomomorphism):
        Homomorphism.inclusion(SL2R, SU(2))


def test_membership_across_fields():
    r = [["sqrt(2)/2", "sqrt(2)/2"], ["sqrt(2)/2", "-sqrt(2)/2"]]
    f = Homomorphism.inclusion(FiniteGroup.from_matrices([r]), O(2))
    assert commutant(O(2).defining().restrict(f)).dim == 2


def test_large_scales_hide_no_wrong_block():
    A = np.zeros((4, 4))
    D = np.diag([1, 1e9, 1e-9])
    A[:3, :3] = D @ np.roll(np.eye(3), 1, 0) @ np.linalg.inv(D)
    for last in (2.0, 1.05):
        A[3, 3] = last
        for G in (Cyclic(3), FiniteGroup.from_permutations([[1, 2, 0]])):
            with pytest.raises((NotAHomomorphism, AmbiguousRank)):
                Representation(G, images=[A])
    with pytest.raises(NotAHomomorphism):
        Representation(Cyclic(2), images=[np.array([[1, 1e15], [0, 1]])])


def test_projection_keeps_its_digits_in_a_bad_basis():
    rng = np.random.default_rng(3)
    n, G = 24, Symmetric(4)
    lower = np.tril(rng.integers(-1, 2, (n, n)), -1) + np.eye(n, dtype=int)
    upper = np.triu(rng.integers(-1, 2, (n, n)), 1) + np.eye(n, dtype=int)
    S = to_domain_matrix(lower @ upper)
    inverse = S.to_field().to_dense().inv()
    R = G.regular()
    V = Representation(
        G,
        images=[
            S.to_field().to_dense() * to_domain_matrix(as_float(R.image(a)).astype(int)).to_field().to_dense() * inverse
            for a in G.generator_names
        ],
    )
    T = rng.integers(-5, 6, (n, n))
    total = np.zeros((n, n), dtype=object)
    for g in G.elements:
        forward = np.array(V.exact(g).tolist(), dtype=object)
        back = np.array(V.exact(G.inverse(g)).tolist(), dtype=object)
        total = total + forward.dot(T.astype(object)).dot(back)
    average = np.array((total / G.order).tolist(), dtype=float)
    error = np.abs(commutant(V).project(T) - average).max()
    # A sum of r products of rounded numbers, each as large as |X_k| |D_k| |T|: far below the 1e-2 of a float orthonormal basis.
    assert error <= 1e-9 * np.abs(average).max()


def test_positive_forms_of_extreme_scale():
    V = Representation(Cyclic(2), images=[[[0, 10**9], ["1/1000000000", 0]]])
    assert V.gram is not None


def test_values_at_the_cut_locus():
    V = Representation(SU(3), images=[SU(3).defining().image(a) for a in SU(3).generator_names])
    g = SU(3).sample(50, np.random.default_rng(0))
    assert np.abs(V(g) - g).max() < 1e-12
    W = Representation(SO(3), images=[SO(3).defining().image(a) for a in SO(3).generator_names])
    assert np.abs(W(np.diag([-1.0, -1.0, 1.0])) - np.diag([-1.0, -1.0, 1.0])).max() < 1e-12


def test_zero_characters_and_high_rank():
    G = Symmetric(3) * SO(3)
    A = G.pullback(0, Symmetric(3).defining()) * G.pullback(1, SO(3).defining()) + G.trivial()
    assert commutant(A * A).dim == len(commutant(A * A).basis())
    assert commutant(SO(18).defining()).dim == 1


def test_maps_out_of_mixed_products():
    f = Homomorphism(SO(2) * Cyclic(2), O(2), [O(2).algebra[0], [[-1, 0], [0, -1]]])
    assert commutant(O(2).defining().restrict(f)).dim == 2


def test_scaled_generators_are_saved_and_verified(tmp_path):
    G = LieGroup.from_algebra([[[0, -2, 0], [2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, -2], [0, 2, 0]]])
    commutant(G.defining()).save(tmp_path / "basis.json")
    assert verify(tmp_path / "basis.json").proved


@pytest.mark.parametrize("text", ["trivial^1000000000", "sym(1000000000, regular)", "defining^" + "9" * 30])
def test_absurd_expressions(text):
    with pytest.raises(TooLarge):
        parse_representation(Dihedral(4), text)


def test_absurd_permutations():
    for text in ("(1 99999999)", "(1 " + "9" * 40 + ")"):
        with pytest.raises(TooLarge):
            FiniteGroup.from_permutations([text])


def test_saving_replaces_files_only(tmp_path):
    with pytest.raises(GroupRepError, match="folder or a device"):
        write_text(tmp_path, "x")
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_text(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text(encoding="utf-8") == "new"


def test_regular_characters_are_cheap():
    assert Hom(Cyclic(1024).regular(), Cyclic(1024).trivial()).dim == 1


def test_projection_with_a_complex_gram_matrix():
    """A basis of the commutant whose inner products are not real: the dual needs the conjugate of the inverse Gram matrix."""
    w = "(-1/2 + sqrt(3)*I/2)"
    # S diag(1, 1, w) S^-1 with S = [[1, I, 0], [0, 1, 1 + I], [0, 0, 1]]
    r = [[1, 0, 0], [0, 1, f"(1 + I)*({w} - 1)"], [0, 0, w]]
    r[0][2] = f"-I*(1 + I)*({w} - 1) + I*(1 + I)*({w} - 1)"
    V = Representation(Cyclic(3), images=[r])
    H = commutant(V)
    assert H.dim == 5
    assert not V.is_unitary
    gram = np.array(H.exact_basis().gram, dtype=complex)
    assert np.abs(gram.imag).max() > 0.1
    rng = np.random.default_rng(5)
    T = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    average = reynolds_average(V, V, T)
    assert np.abs(H.project(T) - average).max() <= 1000 * np.finfo(float).eps * np.abs(average).max()


def test_a_component_that_keeps_the_axis_may_be_a_rotation():
    G = LieGroup.from_algebra([[[0, -1, 0], [1, 0, 0], [0, 0, 0]]], [[[-1, 0, 0], [0, -1, 0], [0, 0, 1]]])
    with pytest.raises((UnsupportedGroup, NotAHomomorphism)):
        Representation(G, images=[[[0]], [[-1]]])
