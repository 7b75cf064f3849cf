"""The spectral frame: known matrices, array libraries, differentiation, commutants of types C and H, and what is refused."""

import pickle

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from cases import cases
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    O,
    Quaternion,
    Representation,
)
from grouprep.testing.strategies import representations
from projectors import Hom, commutant
from projectors.penalties import per_block
from projectors.testing import check_spectral
from projectors.testing.strategies import operators


def test_circulant_matrices_are_diagonal_with_their_fourier_coefficients():
    """A circulant C[x, y] = c[x - y] has the eigenvalue sum_x c[x] exp(2 pi i k x / n) at exp(-2 pi i k x / n)."""
    n = 6
    V = Cyclic(n).regular()
    H = Hom(Cyclic(n).irrep(1, "complex") + V, V)  # complex, so that the frame is
    c = np.random.default_rng(0).standard_normal(n)
    circulant = np.array([[c[(x - y) % n] for y in range(n)] for x in range(n)])
    T = np.concatenate([np.zeros((n, 1)), circulant], axis=1)
    M = H.to_spectral(T)
    # Columns: frequency 0, then the irrep and the regular representation's share of frequency 1, then 2, 3, ...
    assert [b.irrep_V.label for b in H.spectral.diagonal] == [str(k) for k in range(n)]
    eigenvalues = np.fft.ifft(c) * n
    assert M[0, 0] == pytest.approx(eigenvalues[0], abs=1e-14)
    assert M[1, 1:3] == pytest.approx([0, eigenvalues[1]], abs=1e-14)
    assert [M[k, k + 1] for k in range(2, n)] == pytest.approx(list(eigenvalues[2:]), abs=1e-14)
    assert np.abs(H.spectral.residual(M)).max() <= 1e-14


def test_real_circulants_have_the_form_of_complex_numbers():
    """Over the reals the block of frequency k is [[a, -b], [b, a]] with a + i b the eigenvalue at exp(i k)."""
    n = 5
    H = commutant(Cyclic(n).regular())
    c = np.random.default_rng(1).standard_normal(n)
    M = H.to_spectral(np.array([[c[(x - y) % n] for y in range(n)] for x in range(n)]))
    for k in (1, 2):
        a, b = (
            (c * np.cos(2 * np.pi * k * np.arange(n) / n)).sum(),
            (c * np.sin(2 * np.pi * k * np.arange(n) / n)).sum(),
        )
        block = M[2 * k - 1 : 2 * k + 1, 2 * k - 1 : 2 * k + 1]
        assert block == pytest.approx(np.array([[a, -b], [b, a]]), abs=1e-14)
    assert (H.dim, H.spectral.dim) == (5, 5)


def test_projection_of_one_block_of_each_type():
    T = np.array([[1.0, 2.0], [4.0, 7.0]])
    real = commutant(Dihedral(3).irrep("E1")).spectral
    assert np.array_equal(real.project(T), [[4, 0], [0, 4]])
    complex_type = commutant(Cyclic(3).irrep("E1")).spectral
    assert np.array_equal(complex_type.project(T), [[4, -1], [1, 4]])
    H = commutant(SU(2).irrep("1/2"))
    assert (H.dim, H.spectral.dim, H.spectral.blocks[0].J.shape) == (4, 4, (4, 4, 4))
    X = np.random.default_rng(0).standard_normal((4, 4))
    P = H.spectral.project(X)
    assert np.abs(P.T @ P - (P**2).sum() / 4 * np.eye(4)).max() <= 1e-14  # a quaternion: a multiple of a rotation
    assert np.abs(P - H.basis().project(X)).max() <= 1e-14


def test_blocks():
    G = Dihedral(4)
    H = Hom(2 * G.natural(), G.regular())
    labels = [b.labels for b in H.spectral.blocks]
    assert labels[:3] == [("A1", "A1"), ("A1", "B1"), ("A1", "E1")]
    assert len(labels) == 15
    assert [(b.labels[0], b.rows_n, b.columns_n) for b in H.spectral.diagonal] == [
        ("A1", 1, 2),
        ("B1", 1, 2),
        ("E1", 2, 2),
    ]
    assert H.spectral.dim == H.dim == 8
    off = next(b for b in H.spectral.blocks if not b.equal)
    assert off.J is None


# Array libraries

PAIRS = {
    "D4": (Dihedral(4).regular(), 2 * Dihedral(4).natural()),
    "C5 over R": (Cyclic(5).regular(), 2 * Cyclic(5).regular()),
    "C5 over C": (Cyclic(5).irrep(1, "complex") + Cyclic(5).regular(), Cyclic(5).regular()),
    "SU2": (SU(2).defining(), SU(2).defining() ** 3),
    "quaternions": (SU(2).irrep("1/2"), 2 * SU(2).irrep("1/2") + SU(2).irrep(1)),
    "nothing": (Cyclic(3).irrep("A"), Cyclic(3).irrep("E1")),
}
LIBRARIES = {
    "torch": (lambda T: torch.tensor(T), lambda A: A.numpy()),
    "jax": (jnp.asarray, np.asarray),
    "strict": (array_api_strict.asarray, np.asarray),
}


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("library", LIBRARIES)
@cases("dtype", [np.float32, np.float64, np.complex128])
def test_array_libraries(pair, library, dtype):
    if library == "jax" and np.dtype(dtype).itemsize >= 8 and not jax.config.jax_enable_x64:
        dtype = {np.float64: np.float32, np.complex128: np.complex64}[dtype]
    make, back = LIBRARIES[library]
    H = Hom(*PAIRS[pair])
    rng = np.random.default_rng(0)
    T = rng.standard_normal((2, 3, *H.shape)) + (
        1j * rng.standard_normal((2, 3, *H.shape)) if np.dtype(dtype).kind == "c" else 0
    )
    T = T.astype(dtype)
    tolerance = 100 * np.finfo(dtype).eps * sum(H.shape)
    M = H.to_spectral(make(T))
    assert type(M) is type(make(T))
    assert back(M).dtype == H.to_spectral(T).dtype
    frame = H.spectral
    expected = H.to_spectral(T)
    for found, value in (
        (M, expected),
        (frame.project(M), frame.project(expected)),
        (frame.residual(M), frame.residual(expected)),
        (H.to_spatial(M), T),
        (Hom(*PAIRS[pair], solver="schur").project(make(T)), H.project(T)),
        (Hom(*PAIRS[pair], solver="schur").residual(make(T)), H.residual(T)),
    ):
        assert np.abs(back(found) - value).max(initial=0) <= tolerance


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(pair, dtype):
    H = Hom(*PAIRS[pair])
    T = torch.tensor(np.random.default_rng(0).standard_normal(H.shape), dtype=dtype)
    M = H.to_spectral(T)
    assert M.dtype in (torch.float32, torch.complex64)
    exact = H.to_spectral(T.double().numpy())
    assert np.abs(M.numpy() - exact).max() <= 1e-5
    P = H.spectral.project(T)
    assert P.dtype == dtype
    # Computed in float32 and rounded once.
    expected = torch.tensor(H.spectral.project(T.double().numpy())).to(dtype) if not H.is_complex else None
    if expected is not None:
        assert (P - expected).abs().max() <= 2 * torch.finfo(dtype).eps * T.abs().max()


@pytest.mark.parametrize("pair", PAIRS)
def test_jit_and_gradients(pair):
    H = Hom(*PAIRS[pair])
    T = np.random.default_rng(0).standard_normal((2, *H.shape)).astype(np.float32)
    moved = jax.jit(lambda x: H.spectral.project(H.to_spectral(x)))(jnp.asarray(T))
    assert np.abs(np.asarray(moved) - H.spectral.project(H.to_spectral(T))).max(initial=0) <= 1e-5
    x = torch.tensor(T.astype(float), requires_grad=True)
    (0.5 * (H.spectral.residual(H.to_spectral(x)).abs() ** 2).sum()).backward()
    # Half the squared norm of the residual has the residual as its gradient; a real T sees its real part.
    assert np.abs(x.grad.numpy() - H.residual(T.astype(float)).real).max() <= 1e-13


def test_empty_stacks_and_no_batch():
    H = Hom(*PAIRS["D4"])
    assert H.to_spectral(np.zeros((0, 3, *H.shape))).shape == (0, 3, *H.shape)
    assert H.to_spatial(np.zeros((0, *H.shape))).shape == (0, *H.shape)
    assert H.spectral.residual(np.zeros((2, 0, *H.shape))).shape == (2, 0, *H.shape)
    integers = np.arange(64).reshape(H.shape)
    assert H.to_spectral(integers).dtype == float
    assert H.spectral.project(integers.tolist()).dtype == float


def test_copies():
    H = Hom(*PAIRS["quaternions"])
    T = np.random.default_rng(0).standard_normal(H.shape)
    M = H.to_spectral(T)
    other = pickle.loads(pickle.dumps(H))
    assert other.spectral == H.spectral
    assert hash(other.spectral) == hash(H.spectral)
    assert np.array_equal(other.to_spectral(T), M)
    frame = pickle.loads(pickle.dumps(H.spectral))
    assert np.array_equal(frame.project(M), H.spectral.project(M))


# Solver "schur"


def test_schur_in_coordinates_that_are_not_orthonormal():
    """inner="invariant" is the Reynolds average, "euclidean" the Frobenius-orthogonal projector; both as other solvers have them."""
    G = Dihedral(4)
    V = G.natural().change_basis([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 2], [0, 0, 0, 1]])
    T = np.random.default_rng(0).standard_normal((3, 4, 4))
    for inner in ("invariant", "euclidean"):
        found = Hom(V, G.natural(), solver="schur", inner=inner)
        expected = Hom(V, G.natural(), inner=inner)
        assert np.abs(found.project(T) - expected.project(T)).max() <= 1e-13
        X = found.basis().matrices
        assert np.abs(expected.basis().project(X) - X).max() <= 1e-13
    flat = Hom(V, G.natural(), solver="schur", inner="euclidean").basis().matrices.reshape(-1, 16)
    assert flat @ flat.T == pytest.approx(np.eye(len(flat)), abs=1e-14)


def test_schur_certificates_are_bounds():
    H = Hom(Dihedral(4).regular(), Dihedral(4).natural(), solver="schur")
    certificate = H.certify()
    assert not certificate.proved
    assert certificate.dim == 4
    with pytest.raises(GroupRepError, match="float solver"):
        H.exact_basis()


def test_many_channels():
    G = Dihedral(4)
    V = 32 * (G.regular() + G.natural())
    H = Hom(V, V)
    T = np.random.default_rng(0).standard_normal(H.shape)
    P = H.to_spatial(H.spectral.project(H.to_spectral(T)))
    assert np.abs(P - H.project(T)).max() <= 1e-12
    assert H.spectral.dim == H.dim == 64**2 * 2 + 32**2 * 2 + 96**2


# Refusals


def test_irreps_that_nobody_knows_are_found_in_both_spaces():
    """The frame of two spaces has the same irreps on both sides, whatever order each has them in."""
    G = FiniteGroup.from_permutations(["(1 2 3 4 5 6 7)", "(2 3)(4 7)"])
    V, W = G.natural() + G.trivial(), G.natural() ** 2
    for H in (Hom(V, W), Hom(W, V), Hom(V, W, solver="schur")):
        T = np.random.default_rng(0).standard_normal(H.shape)
        P = H.to_spatial(H.spectral.project(H.to_spectral(T)))
        assert np.abs(P - Hom(H.V, H.W).project(T)).max() <= 1e-12
        assert H.spectral.dim == H.dim


def test_wrong_shapes():
    H = Hom(Dihedral(4).regular(), Dihedral(4).natural())
    for use in (H.to_spectral, H.to_spatial, H.spectral.project, H.spectral.residual):
        with pytest.raises(DimensionMismatch, match=r"has shape \(8, 4\).*looks transposed"):
            use(np.zeros((8, 4)))
    with pytest.raises(DimensionMismatch, match="M has shape"):
        H.spectral.project(np.zeros((4, 7)))


@settings(max_examples=25)
@given(st.sampled_from([Cyclic(4), Cyclic(5), Dihedral(3), Dihedral(4), SO(2), O(2), SO(3), SU(2)]), st.data())
def test_random_pairs(G, data):
    check_spectral(Hom(data.draw(representations(G, max_dim=6)), data.draw(representations(G, max_dim=6))))


@given(st.data())
def test_random_operators(data):
    H = Hom(*PAIRS[data.draw(st.sampled_from(sorted(PAIRS)))])
    T = data.draw(operators(H))
    M = H.to_spectral(T)
    size = max(float(np.abs(T).max(initial=0)), np.finfo(T.dtype).tiny)
    tolerance = 100 * sum(H.shape) * np.finfo(T.dtype).eps * size
    assert np.abs(H.to_spatial(M) - T).max(initial=0) <= tolerance
    assert np.abs(H.to_spatial(H.spectral.project(M)) - H.project(T)).max(initial=0) <= tolerance
    assert M.shape == T.shape


def test_given_irreps_with_one_label_are_told_apart():
    Q = Quaternion()
    i = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]]
    j = [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]]
    signs = [Representation(Q, images=[[[a]], [[b]]], name="sign") for a in (1, -1) for b in (1, -1)]
    H = Hom(Q.regular(), Q.regular(), irreps=[*signs, Representation(Q, images=[i, j], name="H")])
    assert H.spectral.dim == 8
    T = np.random.default_rng(0).normal(size=H.shape)
    assert np.abs(H.spectral.project(H.to_spectral(T)) - H.to_spectral(H.project(T))).max() < 1e-14
    labels = ["sign", "sign_2", "sign_3", "sign_4", "H"]
    blocks = per_block(T, H)
    assert list(blocks) == [(v, w) for w in labels for v in labels]
    assert sum(v**2 for v in blocks.values()) == pytest.approx(np.linalg.norm(H.residual(T)) ** 2)


def test_the_schur_projector_says_whether_it_is_self_adjoint():
    """The backward pass takes P for its adjoint where it says so."""
    V = Dihedral(4).natural()
    skew = V.change_basis([[1, 2, 0, 1], [0, 1, 3, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
    A, B = np.random.default_rng(0).normal(size=(2, 4, 4))
    for W, expected in ((V, True), (skew, False)):
        H = Hom(W, W, solver="schur")
        assert H.projection.is_self_adjoint is expected
        assert np.isclose(np.vdot(H.project(A), B), np.vdot(A, H.project(B))) == expected
