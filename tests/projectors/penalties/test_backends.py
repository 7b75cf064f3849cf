"""One norm, one value and one gradient in numpy, array-api-strict, torch and jax, and what the two differentiate."""

from math import inf

import numpy as np
import pytest
from cases import cases

from grouprep import GroupRepError
from projectors.penalties import Frobenius, KyFan, Mixed, Schatten, Spectral
from projectors.testing import NORMS

strict = pytest.importorskip("array_api_strict")
torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp = jax.numpy

SQUARED = Frobenius(squared=True)
ALL = [*NORMS, SQUARED]
CURVED = [N for N in ALL if N not in (Spectral(), KyFan(2))]
LIBRARIES = {"strict": strict.asarray, "torch": torch.asarray, "jax": jnp.asarray}
EPS32 = float(np.finfo(np.float32).eps)


def matrices(kind, shape=(2, 4, 3), seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal(shape)
    return (A + 1j * rng.standard_normal(shape) if np.dtype(kind).kind == "c" else A).astype(kind)


def as_numpy(x):
    return x.detach().resolve_conj().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)


@pytest.mark.parametrize("norm", ALL, ids=str)
@cases("library", LIBRARIES)
@cases("kind", [np.float32, np.complex64])
@cases("scale", [1.0, 1e-6])
def test_values_and_subgradients_agree(norm, library, kind, scale):
    A = matrices(kind) * kind(scale)
    make = LIBRARIES[library]
    exact = norm.value(A.astype(np.complex128))
    for value in (norm.value(A), norm.value(make(A))):
        assert as_numpy(value).dtype == np.float32
        assert np.allclose(as_numpy(value), exact, rtol=1e-6, atol=0)
    G = norm.subgradient(A.astype(np.complex128))
    found = norm.subgradient(make(A))
    assert as_numpy(found).dtype == kind
    assert np.allclose(as_numpy(found), G, rtol=0, atol=64 * EPS32 * np.abs(G).max())


@pytest.mark.parametrize("norm", ALL, ids=str)
@cases("library", LIBRARIES)
def test_corners_agree(norm, library):
    """Tied singular values, tied entries and zeros: the choice of the subgradient is the same in every library."""
    for A in (np.eye(4, 3), np.ones((4, 3)), np.zeros((4, 3)), np.outer([1.0, 2, 0, 0], [0, 1, -1])):
        A = A.astype(np.float32)
        G, found = norm.subgradient(A), as_numpy(norm.subgradient(LIBRARIES[library](A)))
        assert np.allclose(found, G, atol=64 * EPS32)


@pytest.mark.parametrize("norm", ALL, ids=str)
@cases("shape", [(4, 3), (2, 4), (3, 3)], ids=str)
@cases("kind", [np.float64, np.complex128])
def test_torch_derivatives(norm, shape, kind):
    """Autograd through value is the subgradient; first and second derivatives agree with finite differences."""
    A = torch.asarray(matrices(kind, shape)).requires_grad_()
    (grad,) = torch.autograd.grad(norm.value(A), A)
    G = norm.subgradient(A.detach().numpy())
    assert np.allclose(grad.numpy(), G, atol=1e-13)
    assert torch.autograd.gradcheck(norm.value, (A,))
    assert torch.autograd.gradgradcheck(norm.value, (A,))


@pytest.mark.parametrize("norm", [Frobenius(), Schatten(3), Schatten(4), SQUARED], ids=str)
@cases("shape", [(3, 3), (4, 3), (3, 4)], ids=str)
def test_second_derivatives_at_ties_and_low_rank(norm, shape):
    """Where the singular vectors have no derivative, the norm has: tied singular values, rank 1."""
    for A in (np.eye(*shape), np.outer(np.arange(1.0, shape[0] + 1), np.ones(shape[1]))):
        A = torch.asarray(A).requires_grad_()
        assert torch.autograd.gradgradcheck(norm.value, (A,), atol=1e-4)


@pytest.mark.parametrize("norm", ALL, ids=str)
@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_zero_has_the_gradient_zero(norm, kind):
    for A in (np.zeros((4, 3), kind), np.zeros((3, 0), kind)):
        t = torch.asarray(A).requires_grad_()
        (grad,) = torch.autograd.grad(norm.value(t), t, create_graph=True)
        assert not as_numpy(grad).any()
        assert not np.isnan(as_numpy(grad)).any()
        (again,) = torch.autograd.grad(torch.real(grad).sum(), t, allow_unused=True, materialize_grads=True)
        assert not torch.isnan(again).any()
        assert not np.asarray(jax.grad(norm.value)(jnp.asarray(A))).any()


@pytest.mark.parametrize("norm", ALL, ids=str)
@pytest.mark.parametrize("kind", [np.float32, np.complex64])
def test_jax_transformations(norm, kind):
    """jit, vmap and grad; jax's gradient of a real function of complex arrays is the conjugate of ours."""
    A = matrices(kind)
    G = norm.subgradient(A.astype(np.complex128))
    tolerance = 64 * EPS32 * np.abs(G).max()
    found = jax.jit(jax.vmap(jax.grad(norm.value)))(jnp.asarray(A))
    assert np.allclose(np.conj(np.asarray(found)), G, atol=tolerance)
    assert np.allclose(np.asarray(jax.jit(norm.subgradient)(jnp.asarray(A))), G, atol=tolerance)
    assert np.allclose(np.asarray(jax.jit(norm.value)(jnp.asarray(A))), norm.value(A), rtol=1e-6)


@pytest.mark.parametrize("norm", ALL, ids=str)
def test_second_derivatives_of_jax_and_torch_agree(norm):
    A = matrices(np.float64, (4, 3))
    ours = torch.func.jacrev(torch.func.jacrev(norm.value))(torch.asarray(A)).numpy(force=True)
    with jax.enable_x64(True):
        theirs = np.asarray(jax.jit(jax.hessian(norm.value))(jnp.asarray(A)))
    assert theirs.dtype == np.float64
    assert np.allclose(ours, theirs, atol=1e-11)


@pytest.mark.parametrize("norm", ALL, ids=str)
def test_torch_func(norm):
    A = matrices(np.float64)
    found = torch.func.vmap(torch.func.grad(norm.value))(torch.asarray(A))
    assert np.allclose(found.numpy(), norm.subgradient(A), atol=1e-13)


@pytest.mark.parametrize("norm", [Frobenius(), SQUARED, Spectral(), Mixed(2, 1), Schatten(3), Mixed(3, inf)], ids=str)
def test_torch_compile_without_graph_breaks(norm):
    torch._dynamo.reset()
    A = torch.asarray(matrices(np.float32)).requires_grad_()
    value = torch.compile(norm.value, fullgraph=True, backend="aot_eager")(A)
    assert np.allclose(as_numpy(value), norm.value(as_numpy(A)), rtol=1e-6)
    (grad,) = torch.autograd.grad(value.sum(), A)
    assert np.allclose(grad.numpy(), norm.subgradient(as_numpy(A)), atol=64 * EPS32 * 8)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("norm", [Frobenius(), Spectral(), Mixed(2, 1)], ids=str)
def test_half_precision_is_computed_in_single(norm, half):
    A = torch.asarray(matrices(np.float32)).to(half).requires_grad_()
    value = norm.value(A)
    assert value.dtype == torch.float32
    assert np.allclose(as_numpy(value), norm.value(as_numpy(A.float())), rtol=1e-6)
    value.sum().backward()
    assert A.grad.dtype == norm.subgradient(A).dtype == half
    tiny = jnp.asarray(matrices(np.float32)).astype(jnp.bfloat16)
    assert norm.value(tiny).dtype == jnp.float32
    assert norm.subgradient(tiny).dtype == jnp.bfloat16


@pytest.mark.parametrize("norm", ALL, ids=str)
def test_nan_is_an_error_where_it_can_be_seen(norm):
    A = np.full((3, 3), np.nan, np.float32)
    for make in LIBRARIES.values():
        with pytest.raises(GroupRepError, match="NaN"):
            norm.value(make(A))
    assert np.isnan(jax.jit(Frobenius().value)(jnp.asarray(A)))


def test_extreme_entries():
    for scale in (1e-30, 1e30):
        A = np.diag([3.0, 4.0]).astype(np.float32) * np.float32(scale)
        for make in LIBRARIES.values():
            assert float(Frobenius().value(make(A))) / scale == pytest.approx(5, rel=1e-6)
            assert float(Spectral().value(make(A))) / scale == pytest.approx(4, rel=1e-6)
            assert np.allclose(as_numpy(Spectral().subgradient(make(A))), np.diag([0, 1]), atol=1e-6)
    t = torch.asarray(np.diag([3e-200, 4e-200])).requires_grad_()
    (grad,) = torch.autograd.grad(Frobenius().value(t), t)
    assert np.allclose(grad.numpy(), np.diag([0.6, 0.8]), atol=1e-15)
