"""Warm-started singular values against full decompositions, as arrays and as maps, and the brackets on them."""

import numpy as np
import pytest

from grouprep import DimensionMismatch, GroupRepError
from projectors.penalties import Frobenius, KyFan, Mixed, Nuclear, Spectral, bracket
from projectors.penalties.lanczos import leading, ritz
from projectors.penalties.subspace import start

EPS = np.finfo(float).eps


def stack(kind, shape, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal(shape)
    return (A + 1j * rng.standard_normal(shape) if np.dtype(kind).kind == "c" else A).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (50, 50), (3, 200), (200, 3)], ids=str)
def test_ritz_triples(kind, shape):
    """A V = A V with orthonormal V and orthogonal A V; values interlace; all of the space gives all singular values."""
    A = stack(kind, shape)
    V = start(shape, None, kind, None, 0, 3).V
    found = ritz(lambda x: A @ x, lambda y: A.conj().T @ y, V, min(4, shape[1] // 3))
    eps = float(np.finfo(kind).eps)
    r = found.V.shape[-1]
    singular = np.linalg.svd(A.astype(complex), compute_uv=False)
    bound = 64 * eps * r * singular[0]
    assert np.abs(found.V.conj().T @ found.V - np.eye(r)).max() <= 64 * eps * r
    assert np.abs(A @ found.V - found.AV).max() <= bound
    cross = found.AV.conj().T @ found.AV
    assert np.abs(cross - np.diag(np.diag(cross))).max() <= bound * singular[0]
    k = min(r, len(singular))
    assert (found.values[:k] <= singular[:k] + bound).all()
    assert (np.diff(found.values) <= bound).all()


def test_all_of_the_space():
    A = stack(float, (9, 6))
    found = ritz(lambda x: A @ x, lambda y: A.T @ y, start((9, 6), None, None, None, 0, 2).V, 3)
    assert np.allclose(found.values, np.linalg.svd(A, compute_uv=False), atol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.complex64])
@pytest.mark.parametrize("n", [200, 512])
def test_within_one_percent_after_warming_up(n, kind):
    """A flat random spectrum, the hardest case, moving by one percent of its Frobenius norm a step."""
    rng = np.random.default_rng(0)
    norm = Spectral()
    A = stack(kind, (n, n))
    state = norm.init(A.shape, dtype=kind, rng=1)
    for k in range(40):
        A = A + 0.01 * rng.standard_normal((n, n)).astype(kind)
        value, state = norm.step(A, state)
        if k >= 30:
            exact = np.linalg.norm(A, 2)
            assert 0.99 * exact <= value <= exact * (1 + 16 * np.finfo(np.float32).eps)
    assert value.dtype == np.float32
    assert state.steps == 40


def test_ky_fan_and_exact_steps():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((150, 100)) * 0.8 ** np.arange(100)
    norm = KyFan(3)
    state = norm.init(A.shape)
    for _ in range(12):
        value, state = norm.step(A, state)
    assert value == pytest.approx(norm.value(A), rel=1e-9)
    assert value <= norm.value(A) * (1 + 64 * EPS)
    small = A[:6, :5]
    for norm in (Spectral(), KyFan(2), Nuclear(), Mixed(2, 1), Frobenius(squared=True)):
        value, after = norm.step(small, norm.init(small.shape))
        assert value == norm.value(small)  # so small that it is taken exactly
        assert after.steps == 1


def test_stacks_and_single_matrices_agree():
    A = stack(float, (2, 3, 60, 50))
    state = Spectral().init(A.shape, rng=0)
    value, after = Spectral().step(A, state)
    assert value.shape == (2, 3)
    one, _ = Spectral().step(A[1, 2], type(state)(state.V[1, 2], state.steps))
    assert value[1, 2] == pytest.approx(one, rel=1e-12)
    assert after.V.shape == (2, 3, 50, 4)


def test_zero_low_rank_and_extreme_operators():
    state = Spectral().init((80, 70))
    value, after = Spectral().step(np.zeros((80, 70)), state)
    assert value == 0
    assert np.isfinite(after.V).all()
    low = np.outer(np.arange(80.0), np.ones(70))
    for scale in (1.0, 1e-200, 1e200):
        value, after = Spectral().step(low * scale, state)
        assert value / scale == pytest.approx(np.linalg.norm(low, 2), rel=1e-10)
        value, _ = Spectral().step(low * scale, after)
        assert value / scale == pytest.approx(np.linalg.norm(low, 2), rel=1e-10)


def test_maps_need_no_matrix():
    A = stack(np.complex128, (90, 70))
    state = Spectral().init(A.shape, dtype=np.complex128)
    by_array, _ = Spectral().step(A, state)
    by_map, _ = Spectral().step(lambda x: A @ x, state, rmatvec=lambda y: A.conj().T @ y)
    assert by_map == pytest.approx(by_array, rel=1e-12)


def test_refusals():
    with pytest.raises(DimensionMismatch):
        Spectral().init((3,))
    with pytest.raises(GroupRepError, match="width"):
        leading(np.ones((90, 70)), start((90, 70), None, None, None, 0, 2), k=3)
    with pytest.raises(GroupRepError, match="NaN"):
        Spectral().step(np.full((90, 70), np.nan), Spectral().init((90, 70)))
    with pytest.raises(GroupRepError, match="brackets are offered"):
        bracket(np.eye(3), Frobenius())
    for wrong in ({"failure": 0.0}, {"failure": 1.0}, {"probes": 0}, {"iterations": 0}):
        with pytest.raises(GroupRepError, match="failure"):
            bracket(np.eye(3), **wrong)
    with pytest.raises(GroupRepError, match="NaN"):
        bracket(np.full((3, 3), np.nan))
    with pytest.raises(GroupRepError, match="state"):
        bracket(lambda x: x, rmatvec=lambda y: y)
    with pytest.raises(DimensionMismatch):
        bracket(np.ones((2, 3, 3)))


@pytest.mark.parametrize("kind", [np.float32, np.complex128])
@pytest.mark.parametrize("spectrum", ["flat", "decaying", "tied", "zero", "rank one"])
def test_brackets_hold(kind, spectrum):
    rng = np.random.default_rng(0)
    U, s, V = np.linalg.svd(stack(kind, (120, 100)).astype(complex), full_matrices=False)
    s = {
        "flat": s,
        "decaying": 0.9 ** np.arange(100),
        "tied": np.ones(100),
        "zero": np.zeros(100),
        "rank one": np.eye(100)[0],
    }[spectrum]
    A = (U * s) @ V
    A = (A if np.dtype(kind).kind == "c" else A.real).astype(kind)
    singular = np.linalg.svd(A.astype(np.complex128), compute_uv=False)
    rounding = 64 * EPS * singular.sum()
    for norm, exact in ((Spectral(), singular[0]), (KyFan(3), singular[:3].sum()), (Nuclear(), singular.sum())):
        for iterations in (1, 2, 8):
            found = bracket(A, norm, iterations=iterations, rng=rng)
            assert found.lower <= exact + rounding
            assert exact <= found.upper + rounding
            assert exact <= found.probable + rounding
            assert found.probable <= found.upper
            if isinstance(norm, Spectral) and iterations == 8:
                assert found.upper <= found.lower * 1.02 + rounding


def test_probable_bound_of_a_map():
    """Without entries or a Frobenius norm nothing rigorous is known from above; the probes still bound it."""
    A = stack(float, (400, 300))
    state = Spectral().init(A.shape)
    exact = np.linalg.norm(A, 2)
    maps = (lambda x: A @ x), (lambda y: A.T @ y)
    found = bracket(maps[0], Spectral(), state, maps[1], iterations=24, failure=1e-6)
    assert found.upper == np.inf
    assert found.lower <= exact <= found.probable <= 1.02 * exact
    assert found.failure == 1e-6
    rough = bracket(maps[0], Spectral(), state, maps[1], float(np.linalg.norm(A)), iterations=4)
    assert rough.lower <= exact <= min(rough.upper, rough.probable)
    assert rough.upper < np.inf


def test_probable_bounds_fail_as_rarely_as_stated():
    """With a failure of one in four allowed and one probe, at most a quarter of the bounds may be below the norm."""
    A = np.diag(np.r_[1.0, np.full(59, 0.9)])
    state = Spectral().init(A.shape, width=1)
    maps = (lambda x: A @ x), (lambda y: A.T @ y)
    state = type(state)(state.V[:, :0], state.steps)
    failures = [
        bracket(maps[0], Spectral(), state, maps[1], iterations=3, probes=1, failure=0.25, rng=seed).probable < 1
        for seed in range(200)
    ]
    assert sum(failures) <= 50 + 3 * np.sqrt(200 * 0.25 * 0.75)


def test_torch_and_jax_steps():
    """The gradient of a step is u v*, under autograd, torch.compile, jit and grad; the state is plain arrays."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    jnp = jax.numpy
    A = (stack(np.complex64, (60, 50)) * 0.7 ** np.arange(50)).astype(np.complex64)
    norm = Spectral()
    G = norm.subgradient(A.astype(np.complex128))
    t = torch.asarray(A).requires_grad_()
    state = norm.init(A.shape, xp=torch, dtype=torch.complex64)
    for _ in range(8):
        value, state = norm.step(t, state)
    assert not state.V.requires_grad
    assert float(value.detach()) == pytest.approx(norm.value(A), rel=1e-5)
    (grad,) = torch.autograd.grad(value, t)
    assert np.abs(grad.resolve_conj().numpy() - G).max() <= 1e-3
    jstate = norm.init(A.shape, xp=jnp, dtype=jnp.complex64)
    step = jax.jit(norm.step)
    for _ in range(8):
        jvalue, jstate = step(jnp.asarray(A), jstate)
    assert float(jvalue) == pytest.approx(float(value.detach()), rel=1e-5)
    jgrad = jax.grad(lambda T: norm.step(T, jstate)[0])(jnp.asarray(A))
    assert np.abs(np.conj(np.asarray(jgrad)) - G).max() <= 1e-3


def test_a_step_compiles_without_graph_breaks():
    torch = pytest.importorskip("torch")
    torch._dynamo.reset()
    norm = Spectral()
    T = torch.asarray(stack(np.float32, (60, 50))).requires_grad_()
    state = norm.init(T.shape, xp=torch, dtype=torch.float32)
    value, _ = torch.compile(norm.step, fullgraph=True, backend="aot_eager")(T, state)
    eager, _ = norm.step(T, state)
    assert float(value.detach()) == pytest.approx(float(eager.detach()), rel=1e-5)
    (grad,) = torch.autograd.grad(value, T)
    (plain,) = torch.autograd.grad(eager, T)
    assert np.allclose(grad.numpy(), plain.numpy(), atol=1e-3)


def test_maps_carry_derivatives():
    torch = pytest.importorskip("torch")
    T = torch.asarray(stack(np.float64, (60, 50))).requires_grad_()
    mean = torch.full((60, 60), 1 / 60, dtype=torch.float64)

    def residual(x):
        y = T @ x
        return y - mean @ y

    def adjoint(y):
        return T.mT @ (y - mean @ y)

    state = Spectral().init(T.shape, xp=torch, dtype=torch.float64)
    for _ in range(40):
        value, state = Spectral().step(residual, state, rmatvec=adjoint)
    (grad,) = torch.autograd.grad(value, T)
    R = T.detach() - mean @ T.detach()
    assert float(value.detach()) == pytest.approx(float(torch.linalg.matrix_norm(R, 2)), rel=1e-8)
    assert np.allclose(grad.numpy(), Spectral().subgradient(R).numpy(), atol=1e-3)


@pytest.mark.parametrize("norm", [Spectral(), KyFan(2)], ids=str)
@pytest.mark.parametrize("kind", ["ones", "few columns", "one entry", "small identity"])
def test_many_steps_on_low_rank_stay_lower_bounds(kind, norm):
    """Where the operator has few directions the rest of the block is arbitrary; it must stay orthonormal, step after step."""
    A = np.zeros((60, 50), np.float32)
    if kind == "ones":
        A[:] = 1
    elif kind == "few columns":
        A[:, :2] = np.random.default_rng(0).standard_normal((60, 2))
    elif kind == "one entry":
        A[4, 7] = 1
    else:
        A[:3, :3] = np.eye(3)
    exact, eps = np.linalg.svd(A.astype(float), compute_uv=False)[: norm.k].sum(), np.finfo(np.float32).eps
    state = norm.init(A.shape, dtype=A.dtype, width=3)
    for _ in range(80):
        value, state = norm.step(A, state)
        assert value <= exact * (1 + sum(A.shape) * eps)
        assert np.abs(state.V.T @ state.V - np.eye(state.V.shape[1])).max() <= 4 * A.shape[1] * eps
    assert value >= exact * (1 - 1e-3)


def test_a_start_that_is_invariant_and_misses_the_largest():
    """The Krylov space of e_2, ..., e_5 adds nothing to them; what is taken in its place must be orthonormal to them."""
    A = np.diag([2.0, *np.ones(99)])
    state = Spectral().init(A.shape)._replace(V=np.eye(100)[:, 1:5])
    for _ in range(10):
        value, state = Spectral().step(A, state)
        assert value <= 2 * (1 + 100 * EPS)


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-600, 2.0**-500, 2.0**600, 2.0**1000])
@pytest.mark.parametrize("norm", [Spectral(), KyFan(3), Nuclear()], ids=str)
def test_brackets_of_huge_and_tiny_operators(norm, scale):
    """Squares of the entries over- or underflow; the bracket is that of the scaled operator."""
    A = np.random.default_rng(1).standard_normal((40, 30))
    one, other = bracket(A, norm), bracket(A * scale, norm)
    assert all(np.isclose(x * scale, y, rtol=4 * EPS, atol=0) for x, y in zip(one[:3], other[:3]))
    singular = np.linalg.svd(A, compute_uv=False)
    exact = singular[: {"Spectral()": 1, "KyFan(k=3)": 3}.get(str(norm), 30)].sum() * scale
    assert other.lower <= exact * (1 + 100 * EPS)
    assert exact <= other.upper * (1 + 100 * EPS)
