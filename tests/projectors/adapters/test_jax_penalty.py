"""EquivariancePenalty on pytrees: values, derivatives of both orders, transformations of JAX, layouts, and what is refused."""

import copy
import pickle
from collections import namedtuple
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from grouprep import SO, SU, Cyclic, Dihedral, DimensionMismatch, GroupRepError, Lorentz, NotUnitary, Quaternion
from projectors import Hom
from projectors.penalties import Entrywise, Frobenius, KyFan, Nuclear, Schatten, Spectral, penalty, per_block

jax = pytest.importorskip("jax")
jnp = jax.numpy

from projectors.jax import EquivariancePenalty, LayerSpec, act, equivariance_error  # noqa: E402
from projectors.jax.functions import project  # noqa: E402

EPS = float(np.finfo(np.float32).eps)
G = Dihedral(4)
V, W = 2 * G.regular(), G.regular() + 2 * G.defining()
SPEC = {"first": (V, W), "second": (W, V)}
ONE = {"first": (V, W)}
SQUARED = Frobenius(squared=True)
NORMS = [Frobenius(), SQUARED, Spectral(), KyFan(3), Nuclear(), Schatten(4), Entrywise(1)]


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def draw(shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return jax.tree_util.tree_map(
        lambda s: jnp.asarray(rng.standard_normal(s), dtype), shapes, is_leaf=lambda s: isinstance(s, tuple)
    )


def net(dtype=np.float64, seed=0):
    shapes = {
        "first": {"kernel": (V.dim, W.dim), "bias": (W.dim,)},
        "second": {"kernel": (W.dim, V.dim), "bias": (V.dim,)},
        "third": {"kernel": (V.dim, 3)},
    }
    return draw(shapes, dtype, seed)


def slow(params, norm, residual=1.0, equivariant=0.0, spec=ONE):
    """The penalty by numpy, parameter by parameter."""
    total = 0.0
    for layer, (A, B) in spec.items():
        kernel, bias = (np.asarray(params[layer][k], np.float64) for k in ("kernel", "bias"))
        for T, H in ((kernel.T, Hom(A, B)), (bias[:, None], Hom(G.trivial(), B))):
            total += residual * penalty(T, H, norm) + equivariant * penalty(T, H, norm, part="equivariant")
    return total.item()


def dot(a, b):
    return sum(jnp.vdot(x, y).real for x, y in zip(*map(jax.tree_util.tree_leaves, (a, b)), strict=True))


def near(a, b, tolerance):
    for x, y in zip(*map(jax.tree_util.tree_leaves, (a, b)), strict=True):
        scale = max(float(np.abs(y).max()), 1e-300)
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=0, atol=tolerance * scale)


# --- values


@pytest.mark.parametrize("norm", NORMS, ids=repr)
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.7, 0.2)])
def test_value(x64, norm, weights):
    params = net()
    pen = EquivariancePenalty(ONE, norm, residual=weights[0], equivariant=weights[1])
    total = pen(params)
    assert total.shape == ()
    assert total.dtype == jnp.float64
    assert float(total) == pytest.approx(slow(params, norm, *weights), rel=1e-12)
    assert float(jax.jit(pen)(params)) == pytest.approx(float(total), rel=1e-12)


def test_value_against_the_average_over_the_group(x64):
    params = net()
    expected = 0.0
    for layer, (A, B) in SPEC.items():
        for T, C in ((np.asarray(params[layer]["kernel"]).T, A), (np.asarray(params[layer]["bias"])[:, None], None)):
            mean = np.mean([B(g) @ T @ (C(G.inverse(g)) if C else np.eye(1)) for g in G.elements], axis=0)
            expected += np.linalg.norm(T - mean)
    assert float(EquivariancePenalty(SPEC)(params)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("norm", NORMS, ids=repr)
def test_single_precision_keeps_digits_near_equivariance(norm):
    pen = EquivariancePenalty(ONE, norm)
    away, base = net(np.float32, 1), pen.project(net(np.float32))
    params = jax.tree_util.tree_map(lambda a, b: a + np.float32(1e-4) * b, base, away)
    total = jax.jit(pen)(params)
    assert total.dtype == jnp.float32
    # entries of size s are averaged with relative error eps: the residual is off by about eps s sqrt(entries) in Frobenius
    assert float(total) == pytest.approx(slow(params, norm), rel=32 * EPS / 1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_single(dtype):
    params = net(dtype)
    pen = EquivariancePenalty(ONE)
    both = jax.jit(jax.value_and_grad(pen))
    total, gradient = both(params)
    assert total.dtype == jnp.float32
    wide = jax.tree_util.tree_map(lambda x: x.astype(jnp.float32), params)
    wide_total, wide_gradient = both(wide)
    assert float(total) == pytest.approx(float(wide_total), rel=8 * EPS)
    assert gradient["first"]["kernel"].dtype == dtype
    near(jax.tree_util.tree_map(lambda x: x.astype(jnp.float32), gradient), wide_gradient, jnp.finfo(dtype).eps)
    assert pen.project(params)["first"]["kernel"].dtype == dtype


def test_values_without_weights(x64):
    params = net()
    values = EquivariancePenalty(SPEC, residual=0.5).values(params)
    assert list(values) == ["first/kernel", "first/bias", "second/kernel", "second/bias"]
    H = Hom(V, W)
    T = np.asarray(params["first"]["kernel"]).T
    assert float(values["first/kernel"].residual) == pytest.approx(penalty(T, H).item(), rel=1e-12)
    assert float(values["first/kernel"].equivariant) == pytest.approx(
        penalty(T, H, part="equivariant").item(), rel=1e-12
    )


def test_weights_by_name_and_pattern(x64):
    params = net()
    pen = EquivariancePenalty(SPEC, residual={"first/*": 2.0, "second/bias": 0.0}, equivariant={"*/kernel": 0.25})
    parts = EquivariancePenalty(SPEC).values(params)
    weights = {"first/kernel": (2, 0.25), "first/bias": (2, 0), "second/kernel": (1, 0.25), "second/bias": (0, 0)}
    expected = sum(float(parts[n].residual) * a + float(parts[n].equivariant) * b for n, (a, b) in weights.items())
    assert float(pen(params)) == pytest.approx(expected, rel=1e-12)
    report = pen.report(params)
    assert {t.name: (t.residual_weight, t.equivariant_weight) for t in report.terms} == weights
    assert report.total == pytest.approx(expected, rel=1e-12)


# --- derivatives


@pytest.mark.parametrize("norm", NORMS, ids=repr)
def test_gradient_against_finite_differences(x64, norm):
    pen = EquivariancePenalty(ONE, norm, residual=0.7, equivariant=0.2)
    params, direction = net(), net(seed=1)
    gradient = jax.jit(jax.grad(pen))(params)
    h = 1e-6  # a central difference is off by about h^2 and eps / h
    value = jax.jit(pen)
    values = [float(value(jax.tree_util.tree_map(lambda x, d, s=s: x + s * d, params, direction))) for s in (h, -h)]
    assert float(dot(gradient, direction)) == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-7)
    assert not np.any(gradient["third"]["kernel"])
    forward = jax.jit(lambda p, d: jax.jvp(pen, (p,), (d,))[1])(params, direction)
    assert float(forward) == pytest.approx(float(dot(gradient, direction)), rel=1e-10)


@pytest.mark.parametrize("norm", NORMS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradient_against_torch(norm, dtype):
    torch = pytest.importorskip("torch")
    kind = torch.float64 if dtype is np.float64 else torch.float32
    with jax.enable_x64(dtype is np.float64):
        params = net(dtype)
        value, gradient = jax.jit(jax.value_and_grad(EquivariancePenalty(ONE, norm, equivariant=0.3)))(params)
    total = torch.zeros((), dtype=kind)
    weights = {}
    for name, (A, B) in ONE.items():
        kernel, bias = (torch.tensor(np.asarray(params[name][k]), requires_grad=True) for k in ("kernel", "bias"))
        weights[name] = kernel, bias
        for T, H in ((kernel.T, Hom(A, B)), (bias[:, None], Hom(G.trivial(), B))):
            total = total + norm.value(H.residual(T)) + 0.3 * norm.value(H.project(T))
    total.backward()
    assert float(value) == pytest.approx(total.item(), rel=1e-6)
    # vectors to singular values with gap g turn by eps / g: in single precision their gradients are that far apart
    tolerance = 1e-6 if dtype is np.float64 or norm in (Frobenius(), SQUARED, Entrywise(1)) else 1e-4
    for name in ONE:
        for key, w in zip(("kernel", "bias"), weights[name], strict=True):
            near(gradient[name][key], w.grad.numpy(), tolerance)


def test_gradient_of_the_squared_norm_is_twice_the_residual(x64):
    params = net()
    gradient = jax.grad(EquivariancePenalty({"first/kernel": (V, W)}, SQUARED))(params)
    near(gradient["first"]["kernel"], 2 * Hom(V, W).residual(np.asarray(params["first"]["kernel"]).T).T, 1e-14)


@pytest.mark.parametrize("norm", [Frobenius(), SQUARED, Nuclear(), Schatten(4)], ids=repr)
def test_second_derivatives(x64, norm):
    # P(T) has singular values 0, where the nuclear norm has no second derivative
    pen = EquivariancePenalty(ONE, norm, equivariant=0.0 if norm == Nuclear() else 0.3)
    params, direction = net(), net(seed=1)
    gradient = jax.jit(jax.grad(pen))
    product = jax.jit(lambda p, d: jax.jvp(gradient, (p,), (d,))[1])(params, direction)
    h = 1e-5
    moved = [gradient(jax.tree_util.tree_map(lambda x, d, s=s: x + s * d, params, direction)) for s in (h, -h)]
    near(product, jax.tree_util.tree_map(lambda a, b: (a - b) / (2 * h), *moved), 1e-6)
    reverse = jax.jit(jax.grad(lambda p: dot(gradient(p), direction)))(params)
    near(reverse, product, 1e-9)
    if norm == SQUARED:
        T = np.asarray(direction["first"]["kernel"]).T
        H = Hom(V, W)
        near(product["first"]["kernel"].T, 2 * H.residual(T) + 0.6 * H.project(T), 1e-13)


def test_hessian_of_a_small_operator(x64):
    """Of ||T - P(T)||^2 it is 2 (1 - P), as a matrix."""
    H = Hom(Cyclic(3).natural(), Cyclic(3).natural())
    pen = EquivariancePenalty({"kernel": (H.V, H.W)}, SQUARED)
    T = draw({"kernel": (3, 3)})
    hessian = jax.hessian(pen)(T)["kernel"]["kernel"].reshape(9, 9)
    expected = 2 * np.stack([H.residual(E.reshape(3, 3).T).T.ravel() for E in np.eye(9)])
    np.testing.assert_allclose(hessian, expected, atol=1e-14)


@pytest.mark.parametrize("norm", NORMS, ids=repr)
def test_zero_residual_has_gradient_zero(norm):
    params = jax.tree_util.tree_map(jnp.zeros_like, net(np.float32))
    pen = EquivariancePenalty(ONE, norm, equivariant=0.5)
    value, gradient = jax.jit(jax.value_and_grad(pen))(params)
    assert float(value) == 0
    assert all(not np.any(leaf) for leaf in jax.tree_util.tree_leaves(gradient))  # a NaN is True
    ones = {"first": {"kernel": jnp.ones((V.dim, W.dim)), "bias": jnp.zeros(W.dim)}}
    gradient = jax.jit(jax.grad(EquivariancePenalty(ONE, norm)))(ones)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree_util.tree_leaves(gradient))


@pytest.mark.parametrize("norm", [Frobenius(), SQUARED, Nuclear()], ids=repr)
def test_complex_operators(x64, norm):
    """jax's gradient is the conjugate of torch's: d value = Re sum(gradient * dT)."""
    Q = Quaternion()
    A = Q.defining()
    B = Q.regular()
    H = Hom(2 * A, B)
    T, D = (x["r"] + 1j * x["i"] for x in (draw({"r": H.shape, "i": H.shape}, seed=s) for s in (0, 1)))
    pen = EquivariancePenalty({"kernel": LayerSpec(2 * A, B, layout="out_in")}, norm, equivariant=0.2)
    value, gradient = jax.jit(jax.value_and_grad(pen))({"kernel": T})
    X = np.asarray(T)
    expected = penalty(X, H, norm) + 0.2 * penalty(X, H, norm, part="equivariant")
    assert float(value) == pytest.approx(expected.item(), rel=1e-12)
    h = 1e-6
    slope = (float(pen({"kernel": T + h * D})) - float(pen({"kernel": T - h * D}))) / (2 * h)
    assert float(jnp.sum(gradient["kernel"] * D).real) == pytest.approx(slope, rel=1e-7)
    R, P = H.residual(X), H.project(X)
    near(gradient["kernel"], np.conj(H.residual(norm.subgradient(R)) + 0.2 * H.project(norm.subgradient(P))), 1e-10)


def test_transpose_of_the_projection_is_its_conjugate(x64):
    Q = Quaternion()
    A = Q.defining()
    H = Hom(A, Q.regular())
    P = H.to(jnp, dtype=jnp.complex128).projection
    T, S = (x["r"] + 1j * x["i"] for x in (draw({"r": H.shape, "i": H.shape}, seed=s) for s in (0, 1)))
    (back,) = jax.vjp(partial(project, projection=P), T)[1](S)
    assert complex(jnp.sum(back * T)) == pytest.approx(complex(jnp.sum(S * P.project(T))), rel=1e-13)


def test_projections_that_are_not_orthogonal(x64):
    """In a skewed basis P is self-adjoint in another inner product; its derivative still is its transpose."""
    S = np.array([[1.0, 0.5], [0.0, 1.0]])
    base = Cyclic(4).defining()
    skewed = base.change_basis(S)
    pen = EquivariancePenalty({"kernel": LayerSpec(skewed, skewed, layout="out_in")})
    T, D = (draw({"kernel": (2, 2)}, seed=s) for s in (0, 1))
    h = 1e-6
    slope = float(pen({"kernel": T["kernel"] + h * D["kernel"]})) - float(
        pen({"kernel": T["kernel"] - h * D["kernel"]})
    )
    assert float(dot(jax.grad(pen)(T), D)) == pytest.approx(slope / (2 * h), rel=1e-7)


# --- transformations


def test_vmap_over_an_ensemble():
    pen = EquivariancePenalty(ONE, equivariant=0.1)
    members = [net(np.float32, seed) for seed in range(3)]
    ensemble = jax.tree_util.tree_map(lambda *x: jnp.stack(x), *members)
    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(pen)))(ensemble)
    alone = jax.jit(jax.value_and_grad(pen))
    for k, member in enumerate(members):
        value, gradient = alone(member)
        assert float(values[k]) == pytest.approx(float(value), rel=16 * EPS)
        near(jax.tree_util.tree_map(lambda x, k=k: x[k], gradients), gradient, 16 * EPS)


def test_pmap_on_one_device():
    pen, params = EquivariancePenalty(ONE), net(np.float32)
    values = jax.pmap(pen)(jax.tree_util.tree_map(lambda x: x[None], params))
    assert float(values[0]) == pytest.approx(float(pen(params)), rel=16 * EPS)


def test_scan_over_training_steps():
    """The penalty inside a scan that trains with it alone: the residual goes to zero, P(T) stays."""
    pen = EquivariancePenalty(ONE, SQUARED)
    params = net(np.float32)

    def one(p, _):
        value, gradient = jax.value_and_grad(pen)(p)
        return jax.tree_util.tree_map(lambda x, g: x - 0.25 * g, p, gradient), value

    trained, values = jax.jit(lambda p: jax.lax.scan(one, p, None, 20))(params)
    assert float(values[-1]) < 1e-8 * float(values[0])
    near(trained, pen.project(params), 1e-5)


def test_first_call_inside_a_trace_leaves_no_tracers():
    pen, params = EquivariancePenalty(ONE), net(np.float32)
    first = jax.jit(jax.grad(pen))(params)
    with jax.checking_leaks():
        near(jax.jit(jax.grad(pen))(params), first, 0)


def test_shapes_are_enough():
    pen, params = EquivariancePenalty(ONE, Spectral()), net(np.float32)
    abstract = jax.eval_shape(lambda: net(np.float32))
    assert jax.eval_shape(pen, abstract).shape == ()
    assert jax.tree_util.tree_structure(pen.init(abstract)) == jax.tree_util.tree_structure(pen.init(params))


def test_one_penalty_in_both_precisions():
    pen = EquivariancePenalty(ONE)
    single = float(pen(net(np.float32)))
    with jax.enable_x64(True):
        double = pen(net(np.float64))
        assert double.dtype == jnp.float64
    assert float(pen(net(np.float32))) == single
    assert single == pytest.approx(float(double), rel=1e-5)
    assert float(pen(jax.tree_util.tree_map(np.asarray, net(np.float32)))) == single


def test_as_a_static_argument():
    f = jax.jit(lambda pen, p: pen(p), static_argnums=0)
    params = net(np.float32)
    assert float(f(EquivariancePenalty(ONE), params)) == float(f(EquivariancePenalty(ONE), params))


# --- followed norms


@pytest.mark.parametrize("norm", [Spectral(), KyFan(2), Nuclear(), Frobenius()], ids=repr)
def test_step(norm):
    A = 8 * G.regular()
    pen = EquivariancePenalty({"kernel": (A, A)}, norm, equivariant=0.5)
    params = draw({"kernel": (64, 64)}, np.float32)
    state = pen.init(params)
    step = jax.jit(jax.value_and_grad(pen.step, has_aux=True))
    exact, gradient = jax.jit(jax.value_and_grad(pen))(params)
    for _ in range(30):
        (value, state), slope = step(params, state)
    assert int(state["kernel"][0].steps) == 30
    assert float(value) == pytest.approx(float(exact), rel=1e-3)
    near(slope, gradient, 0.05)
    assert all(isinstance(x, jax.Array) for x in jax.tree_util.tree_leaves(state))


def test_step_is_exact_for_small_operators(x64):
    pen, params = EquivariancePenalty(ONE, Spectral()), net()
    value, _ = pen.step(params, pen.init(params, width=16))
    assert float(value) == pytest.approx(float(pen(params)), rel=1e-12)


def test_step_needs_its_state():
    pen, params = EquivariancePenalty(SPEC, Spectral()), net(np.float32)
    with pytest.raises(GroupRepError, match='nothing of "first/kernel"'):
        pen.step(params, {})


# --- projections, decay


def test_project():
    pen, params = EquivariancePenalty(SPEC), net(np.float32)
    for fixed in (pen.project(params), jax.jit(pen.project)(params)):
        T = np.asarray(fixed["first"]["kernel"]).T
        np.testing.assert_allclose(T, Hom(V, W).project(np.asarray(params["first"]["kernel"]).T), atol=8 * EPS)
        for g in G.elements:
            np.testing.assert_allclose(W(g) @ T, T @ V(g), atol=16 * EPS)
        assert fixed["third"]["kernel"] is params["third"]["kernel"] or np.array_equal(
            fixed["third"]["kernel"], params["third"]["kernel"]
        )
        assert jax.tree_util.tree_structure(fixed) == jax.tree_util.tree_structure(params)
        assert float(pen(fixed)) <= 64 * EPS


def test_decay_updates(x64):
    params = net()
    pen = EquivariancePenalty(SPEC, residual={"first/*": 2.0}, equivariant={"*/kernel": 0.5})
    updates = jax.jit(pen.decay_updates)(params, 0.1)
    for name, (A, B), away in (("first", SPEC["first"], 2.0), ("second", SPEC["second"], 1.0)):
        T = np.asarray(params[name]["kernel"]).T
        H = Hom(A, B)
        near(updates[name]["kernel"].T, -0.1 * (away * H.residual(T) + 0.5 * H.project(T)), 1e-13)
        b = np.asarray(params[name]["bias"])[:, None]
        near(updates[name]["bias"], -0.1 * away * Hom(G.trivial(), B).residual(b)[:, 0], 1e-13)
    assert not np.any(updates["third"]["kernel"])
    half = EquivariancePenalty(
        SPEC, SQUARED, residual={"first/*": 1.0, "second/*": 0.5}, equivariant={"*/kernel": 0.25}
    )
    near(updates, jax.tree_util.tree_map(lambda g: -0.1 * g, jax.grad(half)(params)), 1e-12)


def test_decay_as_a_transformation():
    pen, params = EquivariancePenalty(SPEC), net(np.float32)
    decay = pen.decay(lambda count: 0.1 / (1 + count))
    state = decay.init(params)
    zero = jax.tree_util.tree_map(jnp.zeros_like, params)
    first, state = jax.jit(decay.update)(zero, state, params)
    second, state = decay.update(zero, state, params)
    near(first, pen.decay_updates(params, 0.1), 4 * EPS)
    near(second, pen.decay_updates(params, 0.05), 4 * EPS)
    assert int(state) == 2
    with pytest.raises(GroupRepError, match="params"):
        decay.update(zero, state)


def test_decay_in_a_chain_of_optax():
    optax = pytest.importorskip("optax")
    pen, params = EquivariancePenalty(SPEC), net(np.float32)
    optimizer = optax.chain(optax.sgd(0.5), pen.decay(0.1))
    state = optimizer.init(params)
    gradient = jax.tree_util.tree_map(jnp.ones_like, params)
    updates, _ = optimizer.update(gradient, state, params)
    expected = jax.tree_util.tree_map(lambda g, d: -0.5 * g + d, gradient, pen.decay_updates(params, 0.1))
    near(updates, expected, 4 * EPS)


# --- reports


def test_report():
    params = net(np.float32)
    pen = EquivariancePenalty(SPEC)
    report = pen.report(params)
    term = report["first/kernel"]
    T = np.asarray(params["first"]["kernel"], np.float64).T
    H = Hom(V, W)
    assert term.residual == pytest.approx(penalty(T, H).item(), rel=1e-14)
    assert term.size == pytest.approx(np.linalg.norm(T))
    assert term.share == pytest.approx(term.residual / term.size)
    assert (term.shape, term.dimension) == (H.shape, H.dim)
    assert term.per_block == pytest.approx({k: v.item() for k, v in per_block(T, H).items()})
    assert sum(v**2 for v in term.per_block.values()) == pytest.approx(term.residual**2)
    assert report.total == pytest.approx(float(pen(params)), rel=16 * EPS)
    assert "first/kernel" in str(report)
    assert "total" in str(report)
    with pytest.raises(KeyError, match="the terms are first/kernel"):
        report["nothing"]
    assert EquivariancePenalty(SPEC).report(jax.tree_util.tree_map(jnp.zeros_like, params))["first/bias"].share == 0


# --- layouts


@pytest.mark.parametrize("layout", [None, "HWIO", "out_in"])
def test_projected_convolution_commutes_with_rotations(layout):
    order = layout if layout in ("HWIO", "OIHW") else {"out_in": "OIHW"}.get(layout, "HWIO")
    into, out = G.trivial() + G.defining(), G.regular()
    sizes = {"H": 3, "W": 3, "I": into.dim, "O": out.dim}
    params = draw({"conv": {"kernel": tuple(sizes[c] for c in order), "bias": (out.dim,)}}, np.float32)
    pen = EquivariancePenalty({"conv": LayerSpec(into, out, layout=layout)})

    def apply(params, x):
        y = jax.lax.conv_general_dilated(
            x, params["conv"]["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", order, "NHWC")
        )
        return y + params["conv"]["bias"].reshape(-1)

    x = draw((2, 6, 6, into.dim), np.float32)
    before = equivariance_error(partial(apply, params), into, out, x)
    after = equivariance_error(partial(apply, pen.project(params)), into, out, x)
    assert after.elements == 8
    assert after.exhaustive
    assert before.maximum > 0.1
    assert after.maximum < 9 * into.dim * EPS  # sums of 9 dim V products
    H = Hom(into * G.grid((3, 3)), out)
    T = np.transpose(np.asarray(params["conv"]["kernel"]), [order.index(c) for c in "OIHW"]).reshape(H.shape)
    assert float(pen.values(params)["conv/kernel"].residual) == pytest.approx(penalty(T, H).item(), rel=16 * EPS)


def test_convolution_on_channels_first():
    C = Cyclic(4)
    params = draw({"weight": (4, 3, 3, 3), "bias": (4, 1, 1)}, np.float32)
    pen = EquivariancePenalty({"": (3 * C.trivial(), C.regular())})
    fixed = pen.project(params)

    def apply(x):
        y = jax.lax.conv_general_dilated(x, fixed["weight"], (1, 1), "SAME", dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return y + fixed["bias"]

    x = draw((2, 3, 5, 5), np.float32)
    found = equivariance_error(apply, 3 * C.trivial(), C.regular(), x, channels="first")
    assert found.maximum < 27 * EPS
    g = list(C.elements)[1]
    turned = act(3 * C.trivial(), g, x, channels="first")
    last = act(3 * C.trivial(), g, jnp.moveaxis(x, 1, -1))
    assert np.array_equal(turned, jnp.moveaxis(last, -1, 1))
    assert np.array_equal(turned, jnp.rot90(x, 1, (2, 3))) or np.array_equal(turned, jnp.rot90(x, -1, (2, 3)))


def test_pixels_of_a_grid_of_ones_own():
    S = G.trivial()
    params = draw({"kernel": (5, 2, 8)}, np.float32)
    spec = {"kernel": LayerSpec(2 * S, G.regular(), grid=5 * S)}
    H = Hom(10 * S, G.regular())
    T = np.asarray(params["kernel"]).transpose(2, 1, 0).reshape(8, 10)
    assert float(EquivariancePenalty(spec)(params)) == pytest.approx(penalty(T, H).item(), rel=16 * EPS)


def test_axes_that_split_into_heads(x64):
    """Attention kernels of flax: (in, heads, features) and (heads, features, out)."""
    A = G.regular()
    params = draw({"query": {"kernel": (8, 2, 8), "bias": (2, 8)}, "out": {"kernel": (2, 8, 8), "bias": (8,)}})
    pen = EquivariancePenalty({"query": (A, 2 * A), "out": (2 * A, A)})
    values = pen.values(params)
    T = np.asarray(params["query"]["kernel"]).reshape(8, 16).T
    assert float(values["query/kernel"].residual) == pytest.approx(penalty(T, Hom(A, 2 * A)).item(), rel=1e-12)
    T = np.asarray(params["out"]["kernel"]).reshape(16, 8).T
    assert float(values["out/kernel"].residual) == pytest.approx(penalty(T, Hom(2 * A, A)).item(), rel=1e-12)
    b = np.asarray(params["query"]["bias"]).reshape(16, 1)
    assert float(values["query/bias"].residual) == pytest.approx(penalty(b, Hom(G.trivial(), 2 * A)).item(), rel=1e-12)
    fixed = pen.project(params)
    assert fixed["query"]["kernel"].shape == (8, 2, 8)
    assert float(pen(fixed)) < 1e-13


def test_stacked_layers(x64):
    """Layers on a leading axis, as scan has them, count one by one."""
    params = draw({"layers": {"kernel": (3, V.dim, W.dim), "bias": (3, W.dim)}})
    for norm in (Frobenius(), Spectral()):
        pen = EquivariancePenalty({"layers": LayerSpec(V, W, stacked=1)}, norm)
        one = EquivariancePenalty({"layers": (V, W)}, norm)
        value = jax.jit(one)
        total = sum(float(value(jax.tree_util.tree_map(lambda x, k=k: x[k], params))) for k in range(3))
        assert float(jax.jit(pen)(params)) == pytest.approx(total, rel=1e-12)
        assert pen.report(params).total == pytest.approx(total, rel=1e-12)
    assert pen.init(params)["layers/kernel"][0].V.shape[:2] == (3, W.dim)  # of the transposes


# --- names


Layer = namedtuple("Layer", ["weight", "bias", "activation"])


class Module:
    """A module in the way of equinox: a pytree with named attributes, some of which are functions."""

    def __init__(self, layers):
        self.layers = layers


jax.tree_util.register_pytree_with_keys(
    Module, lambda m: (((jax.tree_util.GetAttrKey("layers"), m.layers),), None), lambda _, children: Module(*children)
)


def test_modules_with_attributes_and_functions(x64):
    rng = np.random.default_rng(0)
    made = [
        Layer(jnp.asarray(rng.standard_normal((b.dim, a.dim))), jnp.asarray(rng.standard_normal(b.dim)), jax.nn.relu)
        for a, b in SPEC.values()
    ]
    model = Module(made)
    pen = EquivariancePenalty({"layers/0": (V, W), "layers/1": (W, V)})
    as_dict = {n: {"kernel": x.weight.T, "bias": x.bias} for n, x in zip(SPEC, made, strict=True)}
    assert float(pen(model)) == pytest.approx(slow(as_dict, Frobenius(), spec=SPEC), rel=1e-12)
    fixed = pen.project(model)
    assert isinstance(fixed, Module)
    assert fixed.layers[0].activation is jax.nn.relu
    assert float(pen(fixed)) < 1e-13
    updates = pen.decay_updates(model, 1.0)
    assert updates.layers[0].activation is None
    near(made[0].weight + updates.layers[0].weight, fixed.layers[0].weight, 1e-14)


@dataclass
class Variable:
    """A variable in the way of flax.nnx: a pytree that boxes one array."""

    value: object


jax.tree_util.register_pytree_with_keys(
    Variable, lambda v: (((jax.tree_util.GetAttrKey("value"), v.value),), None), lambda _, children: Variable(*children)
)


def test_boxed_variables(x64):
    plain = net()
    boxed = {name: {k: Variable(x) for k, x in layer.items()} for name, layer in plain.items()}
    spec = {name: SPEC[name] for name in list(SPEC)[:1]}
    pen = EquivariancePenalty(spec)
    assert float(pen(boxed)) == float(pen(plain))
    assert [t.name for t in pen.terms(boxed)] == [t.name for t in pen.terms(plain)]


def test_patterns(x64):
    params = net()
    square = {k: {"kernel": draw((V.dim, V.dim), seed=s), "bias": draw((V.dim,), seed=s)} for s, k in enumerate("ab")}
    params = {"encoder": square, "head": params["third"]}
    by_name = EquivariancePenalty({"encoder/a": (V, V), "encoder/b": (V, V)})
    assert float(EquivariancePenalty({"encoder/*": (V, V)})(params)) == float(by_name(params))
    kernels = EquivariancePenalty({"encoder/*": LayerSpec(V, V, bias=False)})
    assert [t.name for t in kernels.terms(params)] == ["encoder/a/kernel", "encoder/b/kernel"]
    assert float(kernels(params)) == float(EquivariancePenalty({"encoder/*/kernel": (V, V)})(params))
    biases = EquivariancePenalty({"*/bias": (G.trivial(), V)})
    assert [t.name for t in biases.terms(params)] == ["encoder/a/bias", "encoder/b/bias"]


def test_one_array_under_two_names_counts_once():
    w = draw((V.dim, V.dim), np.float32)
    pen = EquivariancePenalty({"*": (V, V)})
    alone = float(EquivariancePenalty({"a": (V, V)})({"a": {"kernel": w}}))

    def tied(w):
        return pen({"a": {"kernel": w}, "b": {"kernel": w}})

    for f in (tied, jax.jit(tied)):
        assert float(f(w)) == pytest.approx(alone, rel=8 * EPS)
    report = pen.report({"a": {"kernel": w}, "b": {"kernel": w}})
    assert len(report.terms) == 1
    assert report["b/kernel"].also == ("b/kernel",)
    state = pen.init({"a": {"kernel": w}, "b": {"kernel": w}})
    assert float(pen.step({"a": {"kernel": w}, "b": {"kernel": w}}, state)[0]) == pytest.approx(alone, rel=8 * EPS)
    with pytest.raises(GroupRepError, match="are one array"):
        EquivariancePenalty({"a": (V, V), "b": (V, 16 * G.trivial())})({"a": {"kernel": w}, "b": {"kernel": w}})


# --- what is refused


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ({"frist": (V, W)}, GroupRepError, 'named "frist"; did you mean "first"'),
        ({"first/kernl": (V, W)}, GroupRepError, 'did you mean "first/kernel"'),
        ({"zzz": (V, W)}, GroupRepError, "the parameters are first/bias, first/kernel"),
        ({"first": (V, W), "first/kernel": (V, W)}, GroupRepError, 'matched by both "first" and "first/kernel"'),
        ({"first": (V, W), "f*": (V, W)}, GroupRepError, 'matched by both "first" and "f\\*"'),
        ({"first/kernel": (W, V)}, DimensionMismatch, r'"first/kernel" has shape \(16, 12\).*looks transposed'),
        ({"first/kernel": (V, V)}, DimensionMismatch, r'"first/kernel" has shape \(16, 12\).*16 and 16'),
        ({"first/bias": (V, W)}, DimensionMismatch, r'"first/bias" has shape \(12,\)'),
        ({"first/kernel": LayerSpec(V, W, "HWIO")}, DimensionMismatch, "HWIO"),
        ({"first/kernel": LayerSpec(V, W, stacked=1)}, DimensionMismatch, "after 1 stacked"),
        (
            {"first/kernel": LayerSpec(V, W, grid=3 * G.trivial())},
            DimensionMismatch,
            "has dimension 3, the kernel has 1 pixels",
        ),
    ],
)
def test_specifications_that_do_not_fit(spec, error, words):
    pen = EquivariancePenalty(spec)
    with pytest.raises(error, match=words):
        pen(net(np.float32))
    with pytest.raises(error, match=words):
        jax.jit(pen)(net(np.float32))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (({},), {}, "spec is empty"),
        ((None,), {}, "must be a mapping"),
        (({"a": V},), {}, r'spec\["a"\]: a pair'),
        (({"a": (V, 3)},), {}, "pair"),
        (({"a": (V, W)}, "frobenius"), {}, "not a norm"),
        (({"a": (V, W)},), {"residual": "1"}, "residual = '1'"),
        (({"a": (V, W)},), {"residual": float("nan")}, "finite"),
        (({"a": (V, W)},), {"equivariant": {"a": None}}, "equivariant"),
    ],
)
def test_arguments_that_are_refused(arguments, options, words):
    with pytest.raises(GroupRepError, match=words):
        EquivariancePenalty(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((V, 3), {}, "W must be a Representation"),
        ((V, Cyclic(4).regular()), {}, "W is a representation of"),
        ((V, W), {"layout": "oi"}, "layout = 'oi'"),
        ((V, W), {"layout": "HIO "}, "layout"),
        ((V, W), {"stacked": -1}, "stacked = -1"),
        ((V, W), {"grid": 3}, "grid must be"),
    ],
)
def test_layer_specs_that_are_refused(arguments, options, words):
    with pytest.raises(GroupRepError, match=words):
        LayerSpec(*arguments, **options)


def test_groups_without_an_average():
    L = Lorentz().defining()
    with pytest.raises(NotUnitary, match=r'"kernel".*no invariant positive-definite form'):
        EquivariancePenalty({"kernel": (L, L)})(draw({"kernel": (4, 4)}, np.float32))


def test_pixels_that_the_group_does_not_act_on():
    A = SU(2).defining()
    params = {"kernel": jnp.ones((3, 3, 2, 2), jnp.complex64)}
    with pytest.raises(GroupRepError, match=r'"kernel".*grid=\.\.\..*9 \* G\.trivial'):
        EquivariancePenalty({"kernel": (A, A)})(params)


def test_entries_that_are_refused():
    params = net(np.float32)
    params["first"]["bias"] = params["first"]["bias"].at[0].set(jnp.nan)
    pen = EquivariancePenalty(SPEC)
    for f in (pen, pen.values, pen.report):
        with pytest.raises(GroupRepError, match='"first/bias" has NaN or infinite entries'):
            f(params)
    assert np.isnan(jax.jit(pen)(params))  # inside a trace they pass
    params["first"]["bias"] = jnp.ones(W.dim, jnp.int32)
    with pytest.raises(GroupRepError, match="dtype int32"):
        pen(params)
    A = Quaternion().defining()
    with pytest.raises(GroupRepError, match="real weights cannot be equivariant"):
        EquivariancePenalty({"w": (A, A)})({"w": jnp.ones((2, 2))})
    with pytest.raises(GroupRepError, match='both named "a/b"'):
        EquivariancePenalty({"a": (V, V)})({"a": {"b": jnp.ones(3)}, "a/b": jnp.ones(3)})


# --- equivariance of functions


def test_equivariance_error_of_lie_groups():
    A = SO(3).defining()
    x = draw((5, 3), np.float32)
    norm = partial(jnp.linalg.norm, axis=-1, keepdims=True)
    assert equivariance_error(lambda x: x * norm(x), A, A, x, jax.random.key(0), samples=8).maximum < 32 * EPS
    found = equivariance_error(jax.nn.relu, A, A, x, jax.random.PRNGKey(0), samples=8)
    assert found == equivariance_error(jax.nn.relu, A, A, x, jax.random.key(0), samples=8)
    assert (found.elements, found.exhaustive) == (8, False)
    assert found.maximum > 0.1
    g = next(iter(SO(3).sample(1, np.random.default_rng(0))))
    np.testing.assert_allclose(act(A, g, x), np.asarray(x) @ np.asarray(A(g)).T, atol=8 * EPS)


@pytest.mark.parametrize(
    ("x", "words"),
    [(jnp.ones((2, 5)), "that many entries"), (jnp.ones(4, int), "x must be"), (jnp.ones((0, 4)), "x must be")],
)
def test_inputs_that_do_not_fit(x, words):
    A = Cyclic(4).regular()
    with pytest.raises(GroupRepError, match=words):
        equivariance_error(jax.nn.relu, A, A, x)


# --- copies


def test_pickles_and_copies():
    params = net(np.float32)
    pen = EquivariancePenalty(SPEC, Spectral(), residual={"first/*": 0.5}, equivariant=0.1)
    value = float(pen(params))
    for other in (pickle.loads(pickle.dumps(pen)), copy.deepcopy(pen), copy.copy(pen)):
        assert other == pen
        assert hash(other) == hash(pen)
        assert float(other(params)) == value
    assert pen != EquivariancePenalty(SPEC)
    assert repr(pen) == "EquivariancePenalty(first, second; Spectral())"
    report = pen.report(params)
    assert pickle.loads(pickle.dumps(report)) == report


@pytest.mark.parametrize("shape", [(2, 10), (3, 3, 2, 10), (4, 3, 3, 2, 10)])
def test_parameters_are_computed_as_they_lie_in_memory(x64, shape):
    """Transposed operators serve norms that do not see it; the others, and skewed bases, get the operators themselves."""
    A, B = G.defining(), G.regular() + G.defining()
    spec, params = {"kernel": LayerSpec(A, B, stacked=len(shape) % 2)}, draw({"kernel": shape})
    pen, other = EquivariancePenalty(spec, SQUARED), EquivariancePenalty(spec, Entrywise(1))
    (term,), (turned,) = pen.terms(params), other.terms(params)
    assert term.stored.order == tuple(range(len(shape)))
    assert turned.stored == turned.layout == term.layout
    assert float(pen(params)) == pytest.approx(pen.report(params).total, rel=1e-12)
    away = jax.tree_util.tree_map(lambda x, p: 2 * (x - p), params, other.project(params))
    near(jax.grad(pen)(params), away, 1e-13)
    near(pen.project(params), other.project(params), 1e-13)
    skewed = A.change_basis([[1, 1], [0, 1]])
    (term,) = EquivariancePenalty({"kernel": LayerSpec(skewed, B, stacked=len(shape) % 2)}).terms(params)
    assert term.stored == term.layout


def test_equivariance_error_over_a_product_with_a_continuous_group():
    K = Dihedral(4) * SO(2)
    U = K.pullback(0, G.defining())
    x = jax.numpy.asarray(np.random.default_rng(0).standard_normal((3, 2)))
    assert equivariance_error(lambda z: 2 * z, U, U, x, samples=9) == (
        pytest.approx(0, abs=EPS),
        pytest.approx(0, abs=EPS),
        9,
        False,
    )


def test_names_that_meet_nothing_raise():
    tree = {"first": jax.numpy.ones((W.dim, V.dim))}
    for what in ("residual", "equivariant"):
        pen = EquivariancePenalty({"first": LayerSpec(V, W, layout="out_in")}, **{what: {"frist": 2.0}})
        with pytest.raises(GroupRepError, match=f'{what}: nothing in spec is named "frist"; there are first'):
            pen(tree)
    with pytest.raises(GroupRepError, match="named by text"):
        EquivariancePenalty({0: (V, W)})
