"""Hom(V, W): dimension, projector, residual at known values; array contract; laws on drawn spaces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    FiniteGroup,
    LieGroup,
    Lorentz,
    NotUnitary,
    Quaternion,
    Representation,
    Symmetric,
    U,
)
from grouprep.testing.strategies import finite_groups, lie_groups
from projectors import Hom, commutant, decompose
from projectors.testing import check_hom
from projectors.testing.strategies import homs, operators

EPS = np.finfo(float).eps


def test_known_projections():
    H = commutant(Cyclic(3).natural())
    T = np.arange(9.0).reshape(3, 3)
    # Circulant matrices: each cyclic diagonal is averaged.
    expected = np.empty((3, 3))
    for k in range(3):
        mean = np.mean([T[(j + k) % 3, j] for j in range(3)])
        for j in range(3):
            expected[(j + k) % 3, j] = mean
    assert np.allclose(H.project(T), expected, rtol=0, atol=16 * EPS)
    assert np.allclose(H.residual(T), T - expected, rtol=0, atol=16 * EPS)
    # Rotations of the plane: complex numbers a + b i, the quarter turn with its sign.
    plane = commutant(Cyclic(4).defining())
    assert np.allclose(plane.project([[1, 2], [3, 5]]), [[3, -0.5], [0.5, 3]], rtol=0, atol=4 * EPS)
    assert np.allclose(
        commutant(SO(2).defining()).project([[1, 2], [3, 5]]), [[3, -0.5], [0.5, 3]], rtol=0, atol=4 * EPS
    )
    # Schur: the mean of the diagonal.
    assert np.allclose(commutant(SO(3).defining()).project(np.diag([1.0, 2, 6])), 3 * np.eye(3), rtol=0, atol=16 * EPS)


def test_domain_and_codomain():
    G = Dihedral(4)
    H = Hom(G.regular(), G.defining())
    assert (H.shape, H.domain, H.codomain) == ((2, 8), G.regular(), G.defining())
    assert H.basis().matrices.shape == (2, 2, 8)
    X = H.basis()[0]
    g = G.elements[3]
    assert np.allclose(G.defining()(g) @ X, X @ G.regular()(g), rtol=0, atol=16 * EPS)


def test_complex_projection_is_not_its_conjugate():
    """A character chi of C3 against the natural representation: Hom is spanned by one complex row."""
    C = Cyclic(3)
    chi = Representation(C, images=[[["zeta(3)"]]])
    H = Hom(C.natural(), chi)
    assert H.dim == 1
    X = H.basis()[0]
    w = np.exp(2j * np.pi / 3)
    r = C.generators[0]
    assert np.abs(w * X - X @ C.natural()(r)).max() <= 4 * EPS
    assert np.abs(X / X[0, 0] - [[1, w, w**2]]).max() <= 8 * EPS
    T = np.array([[1.0, 0, 0]])
    P = H.project(T)
    assert P.dtype == complex
    assert np.abs(P - np.array([[1, w, w**2]]) / 3).max() <= 4 * EPS
    assert H.project(T.astype(np.float32)).dtype == np.complex64
    assert np.abs(H.basis().coordinates(1j * X) - 1j).max() <= 4 * EPS
    assert np.abs(H.basis().combine(np.array([1j])) - 1j * X).max() <= 4 * EPS


def test_two_inequivalent_complex_characters():
    G = U(1)
    z = G.defining()
    assert [Hom(z**j, z**k).dim for j, k in ((1, 1), (1, 2), (2, 2))] == [1, 0, 1]
    assert Hom(z, z.conjugate).dim == 0
    assert Hom(z * z.conjugate, G.trivial()).dim == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128, np.int64, bool])
def test_dtypes(dtype):
    H = commutant(Dihedral(3).natural())
    T = (np.arange(18).reshape(2, 3, 3) % 5).astype(dtype)
    expected = dtype if np.dtype(dtype).kind in "fc" else np.float64
    assert H.project(T).dtype == expected
    assert H.residual(T).dtype == expected
    if expected in (np.float32, np.complex64):
        wide = H.project(T.astype(complex))
        assert np.abs(H.project(T) - wide).max() <= 32 * np.finfo(np.float32).eps


def test_the_order_of_memory_does_not_matter():
    H = Hom(Dihedral(4).regular(), Dihedral(4).defining())
    T = np.random.default_rng(0).standard_normal((3, 2, 8))
    expected = H.project(T)
    for other in (
        np.asfortranarray(T),
        np.moveaxis(np.ascontiguousarray(np.moveaxis(T, 0, -1)), -1, 0),
        T[::-1][::-1],
        T.tolist(),
    ):
        assert np.array_equal(H.project(other), expected)
    T.setflags(write=False)
    assert np.array_equal(H.project(T), expected)


def test_empty_stacks():
    for H in (
        commutant(Dihedral(3).natural()),
        commutant(Dihedral(5).defining() ** 2),
        Hom(Dihedral(4).trivial(), Dihedral(4).defining()),
    ):
        T = np.zeros((0, 2, *H.shape))
        assert H.project(T).shape == T.shape
        assert H.residual(T).shape == T.shape
        assert H.basis().coordinates(T).shape == (0, 2, H.dim)
        assert H.basis().combine(np.zeros((0, H.dim))).shape == (0, *H.shape)


def test_a_space_of_dimension_zero():
    H = Hom(Dihedral(4).trivial(), Dihedral(4).defining())
    T = np.ones((3, 2, 1))
    assert (H.dim, len(H.basis()), len(H.exact_basis())) == (0, 0, 0)
    assert np.array_equal(H.project(T), np.zeros((3, 2, 1)))
    assert np.array_equal(H.residual(T), T)
    assert H.basis().matrices.shape == (0, 2, 1)
    assert H.certify().proved


def test_lorentz_needs_a_choice():
    V = Lorentz().defining()
    with pytest.raises(NotUnitary, match='inner="euclidean"'):
        commutant(V).project(np.eye(4))
    with pytest.raises(NotUnitary):
        commutant(V).residual(np.eye(4))
    assert np.allclose(
        commutant(V, inner="euclidean").project(np.diag([1.0, 0, 0, 3])), np.eye(4), rtol=0, atol=8 * EPS
    )
    assert len(commutant(V).basis()) == 1
    # The metric is the map from V to its dual.
    H = Hom(V, V.dual, inner="euclidean")
    metric = H.basis()[0]
    assert np.allclose(metric / metric[0, 0], np.diag([1, -1, -1, -1]), rtol=0, atol=8 * EPS)


def test_projection_in_oblique_coordinates():
    """The projector is the Reynolds average, whatever basis V is written in; in Frobenius it would be another one."""
    G = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    V = G.defining()
    H, E = commutant(V), commutant(V, inner="euclidean")
    T = np.array([[1.0, 2.0], [0.0, 3.0]])
    mean = np.mean([V(g) @ T @ np.linalg.inv(V(g)) for g in G.elements], axis=0)
    assert np.allclose(H.project(T), mean, rtol=0, atol=16 * EPS)
    assert np.allclose(H.project(T), np.trace(T) / 2 * np.eye(2), rtol=0, atol=16 * EPS)
    W = V + G.trivial()
    H, E = Hom(G.regular(), W), Hom(G.regular(), W, inner="euclidean")
    T = np.random.default_rng(0).standard_normal(H.shape)
    mean = np.mean([W(g) @ T @ G.regular()(g).T for g in G.elements], axis=0)
    assert np.allclose(H.project(T), mean, rtol=0, atol=64 * EPS)
    assert np.linalg.norm(T - E.project(T)) < np.linalg.norm(T - H.project(T))
    assert H != E


def test_multiplicities_are_copy_major():
    """A weight (c_out dim W, c_in dim V) reshapes to (c_out, dim W, c_in, dim V), each block projected on its own."""
    G = Dihedral(4)
    V, W = G.regular(), G.defining()
    H, single = Hom(3 * V, 2 * W), Hom(V, W)
    T = np.random.default_rng(0).standard_normal(H.shape)
    blocks = T.reshape(2, 2, 3, 8)
    projected = H.project(T).reshape(2, 2, 3, 8)
    for a in range(2):
        for b in range(3):
            assert np.allclose(projected[a, :, b], single.project(blocks[a, :, b]), rtol=0, atol=32 * EPS)
    assert H.dim == 6 * single.dim


def test_sums_are_split_in_their_order():
    G = Dihedral(3)
    V = G.trivial() + 2 * G.defining() + G.trivial()
    H = Hom(V, G.defining() + G.trivial())
    assert H.dim == 2 * 1 + 2 * 1
    X = H.basis().matrices
    support = (np.abs(X) > 0.1).any(axis=0)
    expected = np.zeros((3, 6), dtype=bool)
    expected[:2, 1:5] = np.tile(np.eye(2, dtype=bool), 2)
    expected[2, [0, 5]] = True
    assert np.array_equal(support, expected)


def test_solver_by_name():
    V = Dihedral(4).defining()
    for solver in ("auto", "orbits", "constraint", "sparse", "modular", "float", "averaging"):
        H = Hom(V, V**2 + V, solver=solver)
        assert H.dim == len(H.basis()) == 1
        assert H.solver == solver
        assert H.is_exact == (solver != "float")


def test_repr_and_latex():
    H = Hom(Dihedral(4).regular(), Dihedral(4).defining())
    assert repr(H) == "Hom(regular, defining) of D4, operators 2 x 8"
    assert H._repr_latex_().startswith("$")
    assert "x" not in H._repr_latex_().replace(r"\times", "")


@pytest.mark.slow
@settings(max_examples=20)
@given(finite_groups(max_order=24).flatmap(lambda G: homs(G, max_dim=6)))
def test_laws_of_drawn_finite_spaces(H):
    check_hom(H)


@settings(max_examples=8)
@given(lie_groups().flatmap(lambda G: homs(G, max_dim=5)))
def test_laws_of_drawn_lie_spaces(H):
    check_hom(H)


SPACES = [
    commutant(Dihedral(3).natural()),
    Hom(Quaternion().regular(), Quaternion().defining()),
    commutant(SU(2).defining() ** 2),
    commutant(FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}).defining()),
]


@settings(max_examples=40)
@given(st.sampled_from(SPACES).flatmap(lambda H: st.tuples(st.just(H), operators(H))))
def test_the_array_contract_on_drawn_operators(drawn):
    H, T = drawn
    P = H.project(T)
    eps = np.finfo(T.dtype).eps
    size = np.abs(T).max(initial=0) * np.prod(H.shape)
    complex_ = T.dtype.kind == "c" or H.is_complex
    assert P.shape == T.shape
    assert P.dtype == (np.result_type(T.dtype, np.complex64) if complex_ else T.dtype)
    assert np.abs(H.project(P) - P).max(initial=0) <= 64 * eps * size
    assert np.abs(P + H.residual(T) - T).max(initial=0) <= 64 * eps * size
    if T.ndim > 2:
        for index in np.ndindex(T.shape[:-2]):
            assert np.abs(H.project(T[index]) - P[index]).max(initial=0) <= 64 * eps * size


def test_projections_from_several_threads():
    from concurrent.futures import ThreadPoolExecutor

    H = commutant(Dihedral(5).defining() ** 2)
    T = np.random.default_rng(0).standard_normal((8, *H.shape))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(H.project, T))
    assert np.array_equal(np.array(found), np.array([commutant(Dihedral(5).defining() ** 2).project(x) for x in T]))


def test_float_groups():
    t = 0.1
    A = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 0]])
    B = np.array([[0.0, 0, -np.cos(t)], [0, 0, -np.sin(t)], [np.cos(t), np.sin(t), 0]])
    G = LieGroup.from_algebra([A, B], name="float")
    H = commutant(G.defining() ** 2)
    assert len(H.basis()) == 3
    assert not H.is_exact
    T = np.random.default_rng(0).standard_normal((9, 9))
    assert np.allclose(H.project(T), commutant(SO(3).defining() ** 2).project(T), rtol=0, atol=1e3 * EPS)


def test_large_orthonormal_bases_are_blocks():
    G = Symmetric(6)
    H = commutant(G.natural() ** 3)
    assert H.dim == 203  # Bell number of 6
    assert len(H.basis().blocks) == 1
    T = np.random.default_rng(0).standard_normal(H.shape)
    c = H.basis().coordinates(T)
    assert c.shape == (203,)
    assert np.allclose(H.basis().combine(c), H.project(T), rtol=0, atol=64 * EPS)


def test_products_of_sums_are_split():
    G = Dihedral(4)
    A = 2 * G.defining() + G.regular()
    V, W = 3 * A * G.grid((3, 3)), G.regular()
    H = Hom(V, W)
    assert set(H.pairs) == {(G.defining() * G.grid((3, 3)), W), (G.regular() * G.grid((3, 3)), W)}
    T = np.random.default_rng(0).standard_normal(H.shape)
    mean = sum(W(g) @ T @ V(g).T for g in G.elements) / G.order
    assert np.abs(H.project(T) - mean).max() <= 1e-14
    D = decompose(V)
    for g in G.generators:
        assert np.abs(V(g) @ D.change_of_basis - D.change_of_basis @ D.blocks(g)).max() <= 1e-14


def test_zero_characters_and_high_rank():
    G = Symmetric(3) * SO(3)
    A = G.pullback(0, Symmetric(3).defining()) * G.pullback(1, SO(3).defining()) + G.trivial()
    assert commutant(A * A).dim == len(commutant(A * A).basis())
    assert commutant(SO(18).defining()).dim == 1


def test_regular_characters_are_cheap():
    assert Hom(Cyclic(1024).regular(), Cyclic(1024).trivial()).dim == 1
