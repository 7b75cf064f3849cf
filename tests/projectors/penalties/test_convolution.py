"""Norms of convolutions against the dense matrix of the operator."""

from itertools import product

import numpy as np
import pytest

from grouprep import DimensionMismatch, GroupRepError
from projectors.penalties import Spectral, kernel_matrix, symbol_bound, torus_norm
from projectors.penalties.convolution import polyphase

EPS = np.finfo(float).eps


def dense(kernel, sizes, stride, padding):
    """The matrix of y[o, n] = sum_j kernel[o, :, j] x[:, stride n + j - padding]; padding None is circular."""
    out, channels, *taps = kernel.shape
    axes = len(taps)
    places = [
        range(n // stride if padding is None else (n + 2 * padding - k) // stride + 1) for n, k in zip(sizes, taps)
    ]
    rows = list(product(*places))
    matrix = np.zeros((out, len(rows), channels, *sizes), dtype=kernel.dtype)
    for row, place in enumerate(rows):
        for j in product(*map(range, taps)):
            x = [stride * place[a] + j[a] - (padding or 0) for a in range(axes)]
            if padding is None:
                x = [i % n for i, n in zip(x, sizes)]
            if all(0 <= i < n for i, n in zip(x, sizes)):
                matrix[(slice(None), row, slice(None), *x)] += kernel[(slice(None), slice(None), *j)]
    return matrix.reshape(out * len(rows), -1)


def kernel(shape, kind=float, seed=0):
    rng = np.random.default_rng(seed)
    K = rng.standard_normal(shape)
    return K + 1j * rng.standard_normal(shape) if kind is complex else K


def test_the_difference_kernel():
    K = np.array([[[1.0, -1.0]]])
    assert torus_norm(K, 3) == pytest.approx(np.sqrt(3), rel=8 * EPS)
    exact = np.linalg.norm(dense(K[..., ::-1], (3,), 1, 1)[:3], 2)
    assert exact == pytest.approx(2 * np.cos(np.pi / 7), rel=8 * EPS)  # 1.802
    assert exact > torus_norm(K, 3)
    assert exact <= symbol_bound(K) <= 2 / np.cos(np.pi / 32) * (1 + 8 * EPS)
    assert symbol_bound(K, points=1000) == pytest.approx(2, rel=2e-6)
    assert torus_norm(K, 4) == pytest.approx(2, rel=8 * EPS)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(
    ("shape", "sizes"), [((3, 2, 3), (12,)), ((2, 3, 5), (6,)), ((2, 2, 7), (6,)), ((2, 2, 3, 2), (6, 12))], ids=str
)
def test_against_the_dense_operator(shape, sizes, stride, kind):
    K = kernel(shape, kind)
    exact = np.linalg.norm(dense(K, sizes, stride, None), 2)
    assert torus_norm(K, sizes, stride) == pytest.approx(exact, rel=1e-13)
    bound = symbol_bound(K, stride)
    for padding in (0, 1, 2):
        if min(sizes) + 2 * padding >= max(shape[2:]):
            assert np.linalg.norm(dense(K, sizes, stride, padding), 2) <= bound * (1 + 1e-13)
    assert exact <= bound * (1 + 1e-13)


def test_three_axes():
    K = kernel((2, 2, 2, 3, 2))
    exact = np.linalg.norm(dense(K, (4, 3, 4), 1, None), 2)
    assert torus_norm(K, (4, 3, 4)) == pytest.approx(exact, rel=1e-13)
    assert np.linalg.norm(dense(K, (4, 3, 4), 1, 1), 2) <= symbol_bound(K)


@pytest.mark.parametrize("stride", [1, 2])
def test_the_bound_is_the_limit_of_large_grids(stride):
    K = kernel((3, 2, 3))
    large = np.linalg.norm(dense(K, (200,), stride, 1), 2)
    assert large <= symbol_bound(K, stride, points=512) <= large * 1.002
    assert symbol_bound(K, stride, points=512) <= symbol_bound(K, stride, points=16) * (1 + 1e-3)


def test_a_bound_holds_between_the_points():
    """Trigonometric polynomials whose maximum is far from the grid: the factor 1 / cos is reached, never exceeded."""
    for k, points, seed in product((2, 3, 4, 5), (5, 6, 7, 9), range(5)):
        K = kernel((2, 2, k), complex, seed)
        supremum = max(
            np.linalg.norm((K * np.exp(1j * w * np.arange(k))).sum(axis=-1), 2) for w in np.linspace(0, 2 * np.pi, 2000)
        )
        assert supremum <= symbol_bound(K, points=points) * (1 + 1e-12)


def test_strides_are_polyphase_blocks():
    K = kernel((2, 3, 5))
    P = polyphase(K, 2)
    assert P.shape == (2, 6, 3)
    assert (P[:, :3, :] == K[:, :, ::2]).all()
    assert (P[:, 3:, :2] == K[:, :, 1::2]).all()
    assert (P[:, 3:, 2] == 0).all()
    assert (polyphase(K, 1) == K).all()


def test_kernel_matrix_is_the_other_meaning():
    K = kernel((4, 3, 3, 3))
    M = kernel_matrix(K)
    assert M.shape == (4, 27)
    assert M[1, 2 * 9 + 3 + 2] == K[1, 2, 1, 2]
    norm = Spectral().value(M)
    assert norm <= torus_norm(K, 8) * (1 + 8 * EPS)
    assert torus_norm(K, 8) <= 3 * norm


def test_refusals():
    K = kernel((2, 2, 3, 3))
    with pytest.raises(GroupRepError, match="does not divide"):
        torus_norm(K, (8, 9), 2)
    with pytest.raises(GroupRepError, match="one for each of the 2 axes"):
        torus_norm(K, (8, 8, 8))
    with pytest.raises(GroupRepError, match="at least the taps"):
        symbol_bound(K, points=2)
    with pytest.raises(DimensionMismatch, match=r"\(out, in, k\)"):
        torus_norm(np.ones((3, 3)), 3)
    with pytest.raises(GroupRepError, match="NaN"):
        torus_norm(np.full((2, 2, 3), np.nan), 8)


def test_other_libraries_and_gradients():
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    strict = pytest.importorskip("array_api_strict")
    K = kernel((4, 3, 3, 3))
    single = K.astype(np.float32)
    for function in (lambda x: torus_norm(x, (8, 6), 2), lambda x: symbol_bound(x, 2)):
        exact = function(K)
        for make in (strict.asarray, torch.asarray, jax.numpy.asarray):
            assert float(function(make(single))) == pytest.approx(float(exact), rel=1e-6)
        t = torch.asarray(K).requires_grad_()
        assert torch.autograd.gradcheck(function, (t,))
        (grad,) = torch.autograd.grad(function(t), t)
        theirs = jax.jit(jax.grad(function))(jax.numpy.asarray(single))
        assert np.allclose(np.asarray(theirs), grad.numpy(), atol=1e-5)
    zero = torch.zeros((2, 2, 3), requires_grad=True)
    (grad,) = torch.autograd.grad(torus_norm(zero, 5), zero)
    assert not grad.any()
