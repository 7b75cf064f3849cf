"""The iteration that follows singular values in torch models, in plain products of every library."""

import numpy as np
import pytest

from projectors.penalties.lobpcg import follow
from projectors.penalties.subspace import start


def operators(kind, tiny=1e-200):
    rng, shape = np.random.default_rng(0), (2, 60, 50)
    A = rng.standard_normal(shape)
    A = A + 1j * rng.standard_normal(shape) if np.dtype(kind).kind == "c" else A
    return (A * np.array([1.0, tiny])[:, None, None]).astype(kind)


def products(xp, A):
    """Rows S^T -> (A S)^T, and rows U^T -> (A* U)^T."""
    T, conjugate = xp.asarray(np.swapaxes(A, -1, -2).copy()), xp.asarray(A.conj())
    return (lambda S: S @ T), (lambda U: U @ conjugate)


@pytest.mark.parametrize("kind", [np.float64, np.complex128, np.float32, np.complex64])
@pytest.mark.parametrize("library", ["numpy", "array_api_strict", "torch", "jax.numpy"])
def test_leading_values_of_stacks_at_any_scale(library, kind):
    xp, double = pytest.importorskip(library), kind in (np.float64, np.complex128)
    if double and library == "jax.numpy" and xp.asarray(0.0).dtype != np.float64:
        pytest.skip("jax computes in single precision")
    A, eps = operators(kind, 1e-200 if double else 1e-30), float(np.finfo(kind).eps)
    images, gradients = products(xp, A)
    block = start(A.shape, xp, getattr(xp, np.dtype(kind).name), width=12).V
    for _ in range(6):
        found = follow(images, gradients, block, 2)
        block = found.block
    value, u, v, last = (np.asarray(x).astype(np.complex128) for x in found)
    exact = np.linalg.svd(A.astype(np.complex128), compute_uv=False)[:, :2].sum(1)
    assert (np.abs(value / exact - 1) <= 1e-5).all()
    assert (value.real <= exact * (1 + 500 * eps)).all()
    assert np.abs(np.swapaxes(last, -1, -2).conj() @ last - np.eye(12)).max() <= 500 * eps
    cross = np.trace(np.swapaxes(u, -1, -2).conj() @ A @ v, axis1=-2, axis2=-1)
    assert (np.abs(cross / value - 1) <= 5000 * eps).all()


def test_zero_and_what_is_not_finite():
    block = start((60, 50), width=12).V
    zero = follow(*products(np, np.zeros((60, 50))), block)
    assert zero.value == 0
    assert (zero.u == 0).all()
    assert np.isfinite(zero.block).all()
    for entry in (np.nan, np.inf):
        A = operators(np.float64)[0]
        A[3, 4] = entry
        with np.errstate(invalid="ignore"):
            found = follow(*products(np, A), block)
        assert not np.isfinite(found.value)
        assert np.isfinite(found.block).all()  # the next operator may be sound


@pytest.mark.parametrize(("least", "renewals"), [(0, 0), (1, 1)])
def test_how_often_a_block_is_renewed(least, renewals):
    A, renewed = np.diag(0.5 ** np.arange(60.0)), []
    images, gradients = products(np, A)
    block = follow(images, gradients, start(A.shape, width=12).V, most=40).block

    def counted(U):
        renewed.append(1)
        return gradients(U)

    found = follow(images, counted, block, least=least)
    assert len(renewed) == renewals
    assert found.value == pytest.approx(1)
