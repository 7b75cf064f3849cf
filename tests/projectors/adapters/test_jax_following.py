"""JAX where networks are trained: residuals in few operations, followed norms, sharded parameters, closures, normalisation, check."""

import subprocess
import sys

import numpy as np
import pytest
from cases import cases

from grouprep import Cyclic, Dihedral, GroupRepError, Lorentz, Quaternion
from projectors import Hom
from projectors.penalties import KyFan, Nuclear, Spectral

jax = pytest.importorskip("jax")
jnp = jax.numpy

from jax_networks import draw  # noqa: E402

from projectors.jax import EquivariancePenalty, LayerSpec  # noqa: E402
from projectors.jax.residuals import residual_of  # noqa: E402

G = Dihedral(4)
R, D = G.regular(), G.defining()
F = 2 * R

SPACES = [
    Hom(2 * R + D, R + 3 * D),  # slices, with signs
    Hom(D + G.trivial(), 2 * G.irrep("B1") + R),  # entries that P makes 0
    Hom(2 * R * G.grid((3, 3)), 3 * R),  # one gather and one back
    Hom(Cyclic(3).irrep("E1"), Cyclic(3).regular()),  # no means over orbits
    Hom(Quaternion().defining(), Quaternion().regular()),  # complex
]


@cases("H", SPACES, ids=str)
@cases("share", [1.0, 1e-6])
def test_residuals(H, share):
    """In single precision, near equivariance too, and exactly P where values are compared in double."""
    parts = draw({"r": (2, *H.shape), "i": (2, *H.shape)}, np.float32)
    T = np.asarray(parts["r"]) + (1j * np.asarray(parts["i"]) if H.is_complex else 0)
    T = (H.project(T.astype(complex if H.is_complex else float)) + share * H.residual(T)).astype(T.dtype)
    away = residual_of(H.to(jnp, dtype=T.dtype).projection)
    exact = H.residual(T.astype(complex if H.is_complex else float))
    err = np.linalg.norm(np.asarray(jax.jit(away)(T)) - exact) / np.linalg.norm(exact)
    means = H.projection.errs_within  # of other spaces P errs outside its range, by eps of T
    assert err <= 8 * np.finfo(np.float32).eps / (1 if means else share)


def test_frobenius_on_every_scale():
    H = Hom(F, F)
    pen = EquivariancePenalty({"kernel": (F, F)})
    both = jax.jit(jax.value_and_grad(pen))
    T = np.asarray(draw({"kernel": (16, 16)}, np.float32)["kernel"])
    for scale in (1e-30, 1e-10, 1.0, 1e10, 1e30):
        value, gradient = both({"kernel": jnp.asarray(T * np.float32(scale))})
        exact = H.residual(T.astype(float).T).T
        assert float(value) == pytest.approx(np.linalg.norm(exact) * scale, rel=1e-5)
        np.testing.assert_allclose(gradient["kernel"], exact / np.linalg.norm(exact), atol=1e-6)
    assert not np.any(both({"kernel": jnp.zeros((16, 16))})[1]["kernel"])


def _operations(f, *args):
    text = jax.jit(f).lower(*args).compile().as_text()
    entry = text[text.index("ENTRY") :]
    return sum(" = " in line for line in entry.splitlines()), text.count("custom-call("), text.count("conditional(")


def test_operations_of_a_step():
    """Frobenius: no branches, a dozen operations a layer. Spectral: two factorisations in all, whatever the number of layers."""
    V = 8 * Cyclic(4).regular()
    for layers in (1, 3):
        shapes = {f"l{k}": {"kernel": (32, 32)} for k in range(layers)}
        params = {k: draw(v, np.float32) for k, v in shapes.items()}
        spec = dict.fromkeys(params, (V, V))
        count, calls, branches = _operations(jax.value_and_grad(EquivariancePenalty(spec)), params)
        assert (calls, branches) == (0, 0)
        assert count <= 2 + 16 * layers
        pen = EquivariancePenalty(spec, Spectral())
        _, calls, branches = _operations(pen.step, params, pen.init(params))
        assert (calls, branches) == (2, 0)


def test_followed_norms_in_a_scan():
    """A training loop inside a scan follows its norm to the exact one, on every scale, and over an ensemble."""
    norm = KyFan(2)
    V = Cyclic(4).regular()
    A, B = 6 * V, 8 * V
    pen = EquivariancePenalty({"a": (A, B), "b": (B, A)}, norm, equivariant={"b": 0.5})
    params = draw({"a": (24, 32), "b": (32, 24)}, np.float32)
    step, exact = jax.jit(pen.step), jax.jit(pen)

    def one(carry, _):
        p, state = carry
        (value, state), slope = jax.value_and_grad(pen.step, has_aux=True)(p, state)
        return (jax.tree_util.tree_map(lambda x, g: x - 0.01 * g, p, slope), state), value

    (trained, state), values = jax.jit(lambda p, s: jax.lax.scan(one, (p, s), None, 40))(params, pen.init(params))
    value, state = step(trained, state)
    assert values.shape == (40,)
    assert float(value) == pytest.approx(float(exact(trained)), rel=1e-3)
    block = np.asarray(state["a"][0].V)
    np.testing.assert_allclose(block.T @ block, np.eye(4), atol=1e-5)
    small = jax.tree_util.tree_map(lambda x: x * 1e-30, trained)
    assert float(step(small, state)[0]) == pytest.approx(float(exact(small)), rel=1e-3)
    twice = jax.tree_util.tree_map(lambda x: jnp.stack([x, 2 * x]), params)
    states = jax.tree_util.tree_map(lambda x: jnp.stack([x, x]), pen.init(params))
    both, _ = jax.jit(jax.vmap(pen.step))(twice, states)
    assert float(both[1]) == pytest.approx(2 * float(both[0]), rel=1e-5)


def test_a_block_that_dies_comes_back():
    V = 8 * Cyclic(4).regular()
    pen = EquivariancePenalty({"kernel": (V, V)}, Spectral())
    params, step = draw({"kernel": (32, 32)}, np.float32), jax.jit(pen.step)
    state = pen.init(params)
    for gone in (jnp.zeros((32, 32)), params["kernel"].at[2:].set(0)):  # of rank 0, and of a low one
        for _ in range(3):
            _, state = step({"kernel": gone}, state)
    for _ in range(30):
        value, state = step(params, state)
    assert float(value) == pytest.approx(float(pen(params)), rel=1e-4)
    with pytest.raises(GroupRepError, match="come from init of this penalty"):
        EquivariancePenalty({"kernel": (V, V)}, Spectral(), equivariant=1.0).step(params, state)
    with pytest.raises(GroupRepError, match="iterations = 0"):
        pen.step(params, state, iterations=0)


def test_closed_over_in_jit():
    C, norm = Cyclic(4), Nuclear()
    V = 4 * C.regular()
    pen = EquivariancePenalty({"body": (V, V), "head": (V, C.defining())}, norm)
    params = {"body": draw({"kernel": (16, 16)}, np.float32), "head": draw({"kernel": (16, 2)}, np.float32)}
    assert float(jax.jit(lambda s: s + pen(params))(1.0)) == pytest.approx(1 + float(pen(params)), rel=1e-5)
    partial = jax.jit(jax.grad(lambda head: pen({**params, "head": head})))(params["head"])
    full = jax.jit(jax.grad(pen))(params)["head"]
    np.testing.assert_allclose(partial["kernel"], full["kernel"], atol=1e-5)
    broken = {**params, "body": {"kernel": params["body"]["kernel"].at[0].set(jnp.nan)}}
    with pytest.raises(GroupRepError, match='"body/kernel" has NaN'):
        jax.jit(lambda s: s + pen(broken))(1.0)


SHARDED = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from grouprep import Cyclic
from projectors.jax import EquivariancePenalty
from projectors.penalties import Frobenius, Spectral
assert len(jax.devices()) == 2
V = 16 * Cyclic(4).regular()
T = jax.random.normal(jax.random.key(0), (64, 64))
mesh = Mesh(np.array(jax.devices()), ("x",))
for axes in (P("x", None), P(None, "x")):
    sharded = {"kernel": jax.device_put(T, NamedSharding(mesh, axes))}
    for norm in (Frobenius(), Frobenius(squared=True)):
        pen = EquivariancePenalty({"kernel": (V, V)}, norm)
        both = jax.jit(jax.value_and_grad(pen))
        compiled = both.lower(sharded).compile()
        value, gradient = compiled(sharded)
        alone, expected = both({"kernel": T})
        assert abs(float(value) / float(alone) - 1) < 1e-6
        assert np.allclose(gradient["kernel"], expected["kernel"], atol=1e-6)
        assert gradient["kernel"].sharding.is_equivalent_to(sharded["kernel"].sharding, 2)
        text = compiled.as_text()
        assert not any(word in text for word in ("all-gather", "all-to-all", "collective-permute")), text
    fixed = jax.jit(pen.project)(sharded)
    assert np.allclose(fixed["kernel"], pen.project({"kernel": T})["kernel"], atol=1e-6)
    pen = EquivariancePenalty({"kernel": (V, V)}, Spectral())
    step, state = jax.jit(jax.value_and_grad(pen.step, has_aux=True)), pen.init(sharded)
    for _ in range(3):
        (value, state), gradient = step(sharded, state)
    reference = pen.init(sharded)
    for _ in range(3):
        (alone, reference), expected = step({"kernel": T}, reference)
    assert abs(float(value) / float(alone) - 1) < 1e-4
second = jax.device_put(T, jax.devices()[1])
assert EquivariancePenalty({"kernel": (V, V)})({"kernel": second}).devices() == {jax.devices()[1]}
print("done")
"""


def test_sharded_parameters():
    """On two devices: equal values, and nothing but sums is sent where whole copies are sharded, along either axis."""
    script = "import os; os.environ['XLA_FLAGS'] = '--xla_force_host_platform_device_count=2'\n" + SHARDED
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "done", done.stderr[-3000:]


# Normalisation layers, a Hom, check


def test_normalisation_layers():
    flax = {"norm": draw({"scale": (16,), "bias": (16,)}, np.float32)}
    haiku = {"norm": draw({"scale": (1, 1, 1, 16), "offset": (1, 1, 1, 16)}, np.float32)}
    equinox = {"norm": draw({"weight": (16,), "bias": (16,)}, np.float32)}
    H = Hom(G.trivial(), F)
    for params in (flax, haiku, equinox):
        pen = EquivariancePenalty({"norm": (F, F)})
        vectors = [np.asarray(x, float).reshape(16, 1) for x in params["norm"].values()]
        assert float(pen(params)) == pytest.approx(sum(np.linalg.norm(H.residual(v)) for v in vectors), rel=1e-5)
        fixed = pen.project(params)["norm"]
        for name, v in zip(params["norm"], vectors, strict=True):
            np.testing.assert_allclose(np.asarray(fixed[name]).reshape(16, 1), H.project(v), atol=1e-6)
            assert fixed[name].shape == params["norm"][name].shape
    with pytest.raises(GroupRepError, match="V = W"):
        EquivariancePenalty({"norm": (F, 8 * D)})(flax)
    with pytest.raises(GroupRepError, match=r"permutations of channels only; 8 . defining is none"):
        EquivariancePenalty({"norm": (8 * D, 8 * D)})(equinox)
    beside = {"dense": draw({"kernel": (16, 16), "scale": (16,)}, np.float32)}  # of a reparametrised weight
    assert [t.name for t in EquivariancePenalty({"dense": (F, F)}).terms(beside)] == ["dense/kernel"]


def test_a_hom_as_a_specification():
    V = Lorentz().defining()
    H = Hom(2 * V, V, inner="euclidean")
    params = draw({"kernel": (8, 4), "bias": (4,)}, np.float32)
    pen = EquivariancePenalty({"kernel": H, "bias": LayerSpec(Lorentz().trivial(), V, space=H)})
    exact = H.residual(np.asarray(params["kernel"], float).T)
    assert float(pen.values(params)["kernel"].residual) == pytest.approx(np.linalg.norm(exact), rel=1e-5)
    assert pen.report(params)["kernel"].dimension == 2
    gradient = jax.grad(lambda p: pen(p))(params)["kernel"]
    np.testing.assert_allclose(gradient.T, exact / np.linalg.norm(exact), atol=1e-6)


def _model(act, order="NHWC"):
    def f(p, x):
        y = jax.lax.conv_general_dilated(
            x, p["conv"]["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", order)
        )
        y = y + p["conv"]["bias"].reshape((1, 16, 1, 1) if order == "NCHW" else (16,))
        if order == "NHWC":
            mean = y.mean(-1, keepdims=True)
            variance = ((y - mean) ** 2).mean(-1, keepdims=True)
            y = (y - mean) * jax.lax.rsqrt(variance + 1e-5) * p["norm"]["scale"] + p["norm"]["bias"]
        y = jax.jit(act)(y)
        return y.reshape(len(x), -1) @ p["head"]["kernel"]

    return f


def test_check():
    shapes = {
        "conv": {"kernel": (3, 3, 2, 16), "bias": (16,)},
        "norm": {"scale": (16,), "bias": (16,)},
        "head": {"kernel": (576, 5)},
    }
    params = {k: draw(v, np.float32) for k, v in shapes.items()}
    x, Q = jnp.ones((2, 6, 6, 2)), G.grid((6, 6))

    def check(features, head, *model, **options):
        spec = {"conv": (2 * G.trivial(), features), "head": (head, 5 * G.trivial())}
        spec |= {"norm": (features, features)} if features == F else {}
        return EquivariancePenalty(spec).check(_model(*model), params, x, **options)

    for act in (jax.nn.relu, jax.nn.gelu, jax.nn.silu, jnp.tanh, lambda y: y + jax.checkpoint(jax.nn.relu)(y)):
        assert not check(F, Q * F, act).findings
    assert not check(F, F * Q, jax.nn.relu, "NCHW").findings
    assert "flattened with its pixels first" in str(check(F, F * Q, jax.nn.relu))
    assert "flattened with its channels first" in str(check(F, Q * F, jax.nn.relu, "NCHW"))
    assert not check(8 * D, 8 * D * Q, jnp.tanh, "NCHW").findings
    assert "max acts entry by entry" in str(check(8 * D, 8 * D * Q, jax.nn.relu, "NCHW"))
    with pytest.raises(GroupRepError, match="cannot be equivariant"):
        check(8 * D, 8 * D * Q, jax.nn.relu, "NCHW", strict=True)


def test_check_says_what_it_did_not_follow():
    pen = EquivariancePenalty({"a": (8 * D, 8 * D), "b": (8 * D, 8 * D)})
    params = {k: draw({"kernel": (16, 16)}, np.float32) for k in "ab"}
    x = jnp.ones((3, 16))

    def told(between, x=x):
        return str(pen.check(lambda p, x: between(x @ p["a"]["kernel"]) @ p["b"]["kernel"], params, x))

    rms = lambda y: y / jnp.sqrt((y * y).mean(-1, keepdims=True) + 1e-6)  # noqa: E731
    assert "follow each other" in told(rms)  # sums of squares are invariant
    assert "error: reduce_sum" in told(lambda y: y - y.mean(-1, keepdims=True))
    assert "over the axes (1,) of (16, 16) is not followed" in told(
        lambda y: y.mean(1, keepdims=True) * y, jnp.ones((16, 16))
    )
    assert "sort is not followed" in told(jnp.sort)
    assert "reshape from (3, 16) to (3, 4, 4) is not followed" in told(
        lambda y: y.reshape(-1, 4, 4).swapaxes(1, 2).reshape(-1, 16)
    )
    assert "scan is not followed" in told(lambda y: jax.lax.scan(lambda c, _: (c, None), y, None, 2)[0])
    assert "added to every channel" in told(lambda y: y + 1)
    assert "meets an array whose representation is not known" in told(lambda y: y * jnp.arange(16.0))
    assert "was not met" in str(pen.check(lambda p, x: x @ p["a"]["kernel"], params, x))
