"""The penalty in JAX: layouts of kernels, names in pytrees, what is refused, the error of whole functions, copies."""

import copy
import pickle
from collections import namedtuple
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from grouprep import (
    SO,
    SU,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    GroupRepError,
    Lorentz,
    NotUnitary,
    Quaternion,
    Representation,
)
from projectors import Hom
from projectors.penalties import Entrywise, Frobenius, Spectral, penalty

jax = pytest.importorskip("jax")
jnp = jax.numpy

from jax_networks import EPS, SPEC, SQUARED, G, V, W, draw, near, net, slow  # noqa: E402

from projectors.jax import EquivariancePenalty, LayerSpec, act, equivariance_error  # noqa: E402

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


def test_kernels_of_complex_layers_are_not_read_transposed(x64):
    """Of unitary complex V and W the transposes are equivariant for the conjugates: V is not symmetric, and its conjugate not V."""
    turns = np.array([1, 2, 4]) / 9  # one phase for all rows would leave the commutant of A that of its conjugate
    A = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]) * np.exp(2j * np.pi * turns)  # of order 27
    V = Representation(Cyclic(27), images=[A], name="V")
    H = Hom(2 * V, V)
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(6, 3)) + 1j * rng.normal(size=(6, 3))  # (in, out)
    pen = EquivariancePenalty({"dense/kernel": (2 * V, V)}, SQUARED, residual=0.5, equivariant=0.25)
    params = {"dense": {"kernel": jnp.asarray(kernel)}}
    R = H.residual(kernel.T)
    expected = 0.5 * np.linalg.norm(R) ** 2 + 0.25 * np.linalg.norm(kernel.T - R) ** 2
    assert float(pen(params)) == pytest.approx(expected, rel=64 * EPS)
    assert np.abs(np.asarray(pen.project(params)["dense"]["kernel"]) - H.project(kernel.T).T).max() <= 64 * EPS


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
    with pytest.raises(GroupRepError, match="share one weight"):
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
        ({"first/kernel": LayerSpec(V, W, layout="HWIO")}, DimensionMismatch, "HWIO"),
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
