"""H.project and H.residual in every array library, against the basis' own slow path and against group elements."""

import copy
import pickle
from dataclasses import replace

import array_api_strict
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Quaternion,
    Representation,
    Symmetric,
)
from grouprep.linalg import as_float
from grouprep.linalg.convert import to_domain_matrix
from projectors import Hom, commutant
from projectors.solvers.averaging import reynolds_average
from projectors.structure import Projection

EPS = np.finfo(float).eps


def spaces() -> list[Hom]:
    C, D, Q, S = Cyclic(4), Dihedral(4), Quaternion(), Symmetric(5)
    skew = FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]})
    return [
        commutant(6 * C.regular()),
        Hom(2 * C.trivial() + 3 * C.regular(), C.regular() + 2 * C.defining() + C.natural()),
        Hom(2 * D.regular() * D.grid((3, 3)), 3 * D.regular()),
        Hom(3 * D.defining(), 2 * D.regular() + D.trivial()),
        Hom(D.trivial(), 2 * D.defining()),
        Hom(D.grid((3, 3)) + D.defining(), D.trivial() + D.defining() * D.defining()),
        Hom(Q.regular(), 2 * Q.defining()),
        Hom(2 * S.natural() ** 2, S.natural()),
        commutant(skew.defining() + 2 * skew.regular()),
        commutant(2 * SO(3).defining() + SO(3).trivial()),
        Hom(SU(2).defining().conjugate, 3 * SU(2).defining()),
    ]


def bound(H: Hom, T) -> float:
    """Twice the error of sums of at most m n terms, of entries at most |T| (times the condition of the form, at most 3)."""
    return 8 * H.shape[0] * H.shape[1] * EPS * max(1.0, float(np.abs(T).max()))


def operators(H: Hom, lead=(), seed=0):
    rng = np.random.default_rng(seed)
    T = rng.standard_normal((*lead, *H.shape))
    return T, T + 1j * rng.standard_normal(T.shape)


@pytest.mark.parametrize("H", spaces(), ids=str)
def test_agrees_with_the_basis_on_batches_real_and_complex(H):
    for T in (*operators(H), *operators(H, (2, 3)), *operators(H, (0,))):
        P, slow = H.project(T), H.basis().project(T)
        assert P.shape == slow.shape
        assert P.dtype == slow.dtype
        assert np.abs(P - slow).max(initial=0) <= bound(H, [1 + np.abs(T).max(initial=0)])
        assert np.abs(H.residual(T) - (T - slow)).max(initial=0) <= bound(H, [1 + np.abs(T).max(initial=0)])


@pytest.mark.parametrize("H", [H for H in spaces() if H.V.group.is_finite], ids=str)
def test_is_the_mean_over_the_group(H):
    T = operators(H)[1]
    assert np.abs(H.project(T) - reynolds_average(H.V, H.W, T)).max() <= bound(H, T)


def test_slices_and_gathers_agree():
    H = commutant(6 * Cyclic(4).regular())
    T = operators(H, (3,))[0]
    sliced = H.projection
    gathered = Projection.of(replace(H.basis().structure))
    assert sliced.blocks.is_strided
    gathered.blocks.__dict__["is_strided"] = False
    assert np.abs(sliced.project(T) - gathered.project(T)).max() <= bound(H, T)
    assert np.abs(sliced.project(np.asfortranarray(T[0])) - gathered.project(T[0])).max() <= bound(H, T)


def test_long_orbits_keep_their_digits_in_float32():
    H = commutant(Symmetric(60).natural())
    T = np.full(H.shape, 0.1, dtype=np.float32)
    assert np.abs(H.residual(T)).max() <= 8 * np.finfo(np.float32).eps * 0.1


@pytest.mark.parametrize("H", spaces(), ids=str)
def test_torch_jax_and_strict_agree_with_numpy(H):
    for T in operators(H, (2,)):
        expected, tolerance = H.residual(T), bound(H, T)
        got = H.residual(torch.tensor(T))
        assert isinstance(got, torch.Tensor)
        assert np.abs(got.numpy() - expected).max(initial=0) <= tolerance
        assert got.dtype == (torch.complex128 if np.iscomplexobj(expected) else torch.float64)
        got = H.residual(array_api_strict.asarray(T))
        assert np.abs(np.asarray(got) - expected).max(initial=0) <= tolerance
        single = T.astype(np.complex64 if np.iscomplexobj(T) else np.float32)
        got = H.residual(jnp.asarray(single))
        assert got.dtype == (jnp.complex64 if np.iscomplexobj(expected) else jnp.float32)
        assert np.abs(np.asarray(got) - expected).max(initial=0) <= tolerance * 2**30


def test_float32_stays_and_integers_become_floats():
    H = commutant(2 * Cyclic(4).regular())
    T = operators(H)[0].astype(np.float32)
    assert H.project(T).dtype == np.float32
    assert H.project(torch.tensor(T)).dtype == torch.float32
    assert H.project(np.ones(H.shape, dtype=int)).dtype == np.float64
    assert H.project(np.ones(H.shape).tolist()).dtype == np.float64
    assert H.project(torch.ones(H.shape, dtype=torch.int64)).dtype == torch.float32


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype):
    H = commutant(3 * Dihedral(4).regular())
    T = torch.tensor(operators(H)[0]).to(getattr(torch, dtype))
    expected = H.residual(T.float()).to(T.dtype)
    assert torch.equal(H.residual(T), expected)
    assert torch.equal(H.project(T), H.project(T.float()).to(T.dtype))
    x = jnp.asarray(T.float().numpy()).astype(dtype)
    assert H.residual(x).dtype == x.dtype
    assert np.array_equal(np.asarray(H.residual(x), dtype=np.float32), expected.float().numpy())


@pytest.mark.parametrize("H", spaces()[1:4] + spaces()[9:], ids=str)
def test_torch_differentiates_it(H):
    T = torch.tensor(operators(H)[0][..., :, :], requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: torch.view_as_real(H.project(x) + 0j), T)
    (gradient,) = torch.autograd.grad((H.residual(T).abs() ** 2).sum() / 2, T)
    expected = H.residual(T.detach())
    if not H.is_complex:  # of a real operator, in a complex space: the real part of the residual
        assert (gradient - expected).abs().max() <= bound(H, T.detach().numpy())


def test_jax_transforms():
    H = Hom(Dihedral(4).regular(), Dihedral(4).natural() + Dihedral(4).defining())
    T = jnp.asarray(operators(H, (3,))[0], dtype=jnp.float32)
    eager = H.residual(T)
    assert np.array_equal(jax.vmap(H.residual)(T), eager)
    tolerance = 8 * np.finfo(np.float32).eps * float(jnp.abs(T).max())
    assert np.abs(jax.jit(H.residual)(T) - eager).max() <= tolerance
    gradient = jax.jit(jax.vmap(jax.grad(lambda x: (H.residual(x) ** 2).sum() / 2)))(T)
    assert np.abs(gradient - eager).max() <= tolerance
    assert np.abs(jax.jit(H.to(jnp, dtype=jnp.float32).residual)(T) - eager).max() <= tolerance


@pytest.mark.parametrize("H", spaces()[:4], ids=str)
def test_torch_compile_without_breaks(H):
    T = torch.tensor(operators(H, (2,))[0])
    expected = H.residual(T)
    for space in (Hom(H.V, H.W, H.solver, H.inner), H, H.to(torch, dtype=torch.float64)):  # new, used, moved
        torch.compiler.reset()  # else each space counts as a recompilation of one function
        compiled = torch.compile(lambda x, space=space: space.residual(x), fullgraph=True, backend="aot_eager")
        assert (compiled(T) - expected).abs().max() <= bound(H, T.numpy())
        again = pickle.loads(pickle.dumps(space))
        assert again == space
        assert (again.residual(T) - expected).abs().max() <= bound(H, T.numpy())


def test_torch_compile_differentiates_a_projection():
    H = commutant(2 * Dihedral(3).defining())
    T = torch.tensor(operators(H)[0], requires_grad=True)
    compiled = torch.compile(lambda x: H.project(x).square().sum() / 2, fullgraph=True, backend="aot_eager")
    compiled(T).backward()
    assert (T.grad - H.project(T.detach())).abs().max() <= bound(H, T.detach().numpy())


def test_to_gives_the_same_space():
    H = commutant(2 * Dihedral(3).defining())
    T = operators(H)[0]
    for xp, make in (
        (torch, torch.tensor),
        (jnp, jnp.asarray),
        (array_api_strict, array_api_strict.asarray),
        (np, np.array),
    ):
        moved = H.to(xp)
        assert moved == H
        for again in (moved, pickle.loads(pickle.dumps(moved)), copy.deepcopy(moved)):
            got = again.project(make(T.astype(np.float32)))
            assert np.abs(np.asarray(got) - H.project(T)).max() <= 1e-6
            assert np.abs(again.project(T) - H.project(T)).max() <= bound(H, T)
    half = H.to(torch, dtype=torch.bfloat16)
    assert half.project(torch.tensor(T, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_bad_input():
    H = Hom(2 * Cyclic(4).regular(), Cyclic(4).regular())
    for make in (np.zeros, torch.zeros, jnp.zeros):
        with pytest.raises(DimensionMismatch, match=r"shape \(8, 4\).*transposed"):
            H.project(make((8, 4)))
        with pytest.raises(DimensionMismatch):
            H.residual(make(8))
    with pytest.raises(DimensionMismatch, match="transposed"):
        H.to(torch).project(torch.zeros(8, 4))
    with pytest.raises(DimensionMismatch, match="numbers"):
        H.project([["a"]])
    for bad in (np.nan, np.inf):
        for at in ((0, 0), (3, 7)):
            T = np.zeros(H.shape)
            T[at] = bad
            with pytest.raises(GroupRepError, match="NaN or infinite"):
                H.project(T)
            with pytest.raises(GroupRepError, match="NaN or infinite"):
                Hom(H.V + Cyclic(4).defining(), H.W).residual(np.hstack([T, np.zeros((4, 2))]))
        assert not torch.isfinite(H.project(torch.tensor(T))).all()
    large = np.full(H.shape, 1e300)
    assert np.isfinite(H.project(large)).all()


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
