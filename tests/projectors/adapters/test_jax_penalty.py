"""EquivariancePenalty on pytrees: values, derivatives of both orders, transformations of JAX, decay, reports."""

from functools import partial

import numpy as np
import pytest

from grouprep import Cyclic, GroupRepError, Quaternion
from projectors import Hom
from projectors.penalties import Entrywise, Frobenius, KyFan, Nuclear, Schatten, Spectral, penalty, per_block

jax = pytest.importorskip("jax")
jnp = jax.numpy

from jax_networks import EPS, NORMS, ONE, SPEC, SQUARED, G, V, W, dot, draw, near, net, slow  # noqa: E402

from projectors.jax import EquivariancePenalty, LayerSpec  # noqa: E402
from projectors.jax.functions import project  # noqa: E402

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
