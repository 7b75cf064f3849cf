"""One table of specifications through torch and JAX: the same values, gradients, reports and errors.

A JAX model whose parameters bear torch's names, "/" in place of ".", is read by the same specification.
"""

import numpy as np
import pytest
from cases import cases

from grouprep import SU, Cyclic, Dihedral, DimensionMismatch, GroupRepError, Lorentz, NotUnitary, Quaternion, Symmetric
from projectors import commutant
from projectors.models import (
    AttentionSpec,
    BilinearSpec,
    LayerSpec,
    ParameterSpec,
    act,
    equivariance_error,
    load_spec,
)
from projectors.penalties import Entrywise, Frobenius, Mixed, Nuclear, Spectral

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
jnp, nn = jax.numpy, torch.nn

import projectors.jax  # noqa: E402
import projectors.torch  # noqa: E402

G = Dihedral(4)
V, W = 2 * G.regular(), G.regular() + 2 * G.defining()
IMAGE = G.trivial() + G.defining()
Q = Quaternion()
SQUARED = Frobenius(squared=True)


def dense(dtype=torch.float64, bias=True, sizes=(16, 12, 16)):
    a, b, c = sizes
    options = {"bias": bias, "dtype": dtype}
    return drawn(nn.ModuleDict({"first": nn.Linear(a, b, **options), "second": nn.Linear(b, c, **options)}))


def drawn(model):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, dtype=p.dtype, generator=generator))
    return model


def convolution(kernel=3):
    return drawn(nn.ModuleDict({"conv": nn.Conv2d(3, 8, kernel)}).double())


def tied():
    model = nn.ModuleDict({"a": nn.Linear(16, 16, bias=False), "b": nn.Linear(16, 16, bias=False)}).double()
    model["b"].weight = model["a"].weight
    return drawn(model)


def tree(model):
    """The parameters of a torch model as a pytree; what is one tensor is one array."""
    arrays, out = {}, {}
    for name, p in model.named_parameters(remove_duplicate=False):
        *path, last = name.split(".")
        node = out
        for key in path:
            node = node.setdefault(key, {})
        node[last] = arrays.setdefault(id(p), jnp.asarray(p.detach().numpy()))
    return out


def in_torch(model, spec, *args, **options):
    return projectors.torch.EquivariancePenalty(model, spec, *args, **options)


def in_jax(spec, *args, **options):
    if isinstance(spec, dict):
        spec = {name.replace(".", "/") if isinstance(name, str) else name: value for name, value in spec.items()}
    return projectors.jax.EquivariancePenalty(spec, *args, **options)


# name: (model, specification, norm, options)
CASES = {
    "dense": (lambda: dense(bias=False), {"first": (V, W), "second": (W, V)}, None, {}),
    "bias": (dense, {"first": (V, W)}, None, {}),
    "without its bias": (dense, {"first": LayerSpec(V, W, bias=False)}, None, {}),
    "copies": (
        lambda: dense(sizes=(24, 16, 8)),
        {"first": (3 * G.regular(), 2 * G.regular()), "second": (2 * G.regular(), 8 * G.trivial())},
        SQUARED,
        {"equivariant": 0.25},
    ),
    "pattern": (lambda: dense(sizes=(16, 16, 16)), {"*": (V, V)}, Nuclear(), {}),
    "weights by name": (
        dense,
        {"first": (V, W), "second": (W, V)},
        Spectral(),
        {"residual": {"first*": 0.5}, "equivariant": {"s*": 2.0}},
    ),
    "entrywise": (dense, {"first": (V, W)}, Entrywise(1), {"residual": 3.0}),
    "convolution": (convolution, {"conv": (IMAGE, G.regular())}, None, {"equivariant": 0.1}),
    "grid": (convolution, {"conv": LayerSpec(IMAGE, G.regular(), grid=9 * G.trivial())}, SQUARED, {}),
    "complex": (
        lambda: dense(torch.complex128, sizes=(4, 8, 4)),
        {"first": (2 * Q.defining(), Q.regular())},
        None,
        {"equivariant": 0.5},
    ),
    "tied": (tied, {"*": (V, V)}, None, {}),
}


@pytest.mark.parametrize("ratio", [2.0**-3, 2.0**-5, 1.05 * 2.0**-12, 0.95 * 2.0**-12, 1e-6])
@cases("V, longest", [(Symmetric(4).natural(), 12), (3 * Dihedral(5).natural(), 5)])
@cases("norm, c", [(Frobenius(), 0), (Spectral(), 0), (Nuclear(), 0.5), (Mixed(2, 1), 0.5), (Entrywise(1), 1)])
def test_single_precision_at_every_distance_from_equivariance(V, longest, ratio, norm, c):
    """The value of an operator in single precision is that in double precision, but for the rounding of R = T - P(T) and of its norm.

    With u = 2^-24 and orbits of s entries a mean errs by s u, so that R errs by (s + 1) u ||T||, and by (s + 3) u ||R|| below the
    ratio 2^-4, where that is taken out again. N(E) <= n^c ||E||. Sums of n^2 entries err by n^2 u, and each of n singular
    values by n u times the largest (LAPACK Users' Guide, 4.9.1).
    """
    H, rng, n, u = commutant(V), np.random.default_rng(0), V.dim, 2.0**-24
    X, E = H.project(rng.standard_normal(H.shape)), H.residual(rng.standard_normal(H.shape))
    T = (X + ratio * np.linalg.norm(X) / np.linalg.norm(E) * E).astype(np.float32)
    R = H.residual(T.astype(float))
    expected, size = float(norm.value(R)), np.linalg.norm(R)
    of_R = (longest + 3) * u * size if size < 2.0**-4 * np.linalg.norm(T) else (longest + 1) * u * np.linalg.norm(T)
    model = drawn(nn.ModuleDict({"a": nn.Linear(n, n, bias=False)}))
    with torch.no_grad():
        model["a"].weight.copy_(torch.from_numpy(T))
    for value in (in_torch(model, {"a": (V, V)}, norm)().detach(), in_jax({"a": (V, V)}, norm)(tree(model))):
        assert abs(float(value) - expected) <= n**c * of_R + n * n * u * expected


@pytest.mark.parametrize("case", CASES)
def test_values_gradients_and_reports_are_the_same(x64, case):
    make, spec, norm, options = CASES[case]
    model = make()
    params = tree(model)
    one, other = in_torch(model, spec, norm, **options), in_jax(spec, norm, **options)
    total = one()
    total.backward()
    if case == "tied":  # jit and grad take leaves that are one array apart
        assert float(other(params)) == pytest.approx(total.item(), rel=1e-12)
    else:
        value, grads = jax.jit(jax.value_and_grad(other))(params)
        assert float(value) == pytest.approx(total.item(), rel=1e-12)
        for name, p in model.named_parameters():
            g = grads
            for key in name.split("."):
                g = g[key]
            expected = np.zeros(p.shape) if p.grad is None else p.grad.numpy()
            np.testing.assert_allclose(np.conj(g), expected, rtol=1e-8, atol=1e-10)
    ours, theirs = one.report(), other.report(params)
    assert type(ours) is type(theirs)
    assert theirs.total == pytest.approx(ours.total, rel=1e-12)
    assert [t.name.replace("/", ".") for t in theirs.terms] == [t.name for t in ours.terms]
    for a, b in zip(ours.terms, theirs.terms, strict=True):
        assert [n.replace("/", ".") for n in b.also] == list(a.also)
        assert (b.shape, b.dimension) == (a.shape, a.dimension)
        assert (b.residual_weight, b.equivariant_weight) == pytest.approx((a.residual_weight, a.equivariant_weight))
        for field in ("residual", "equivariant", "size", "share"):
            assert getattr(b, field) == pytest.approx(getattr(a, field), rel=1e-12, abs=1e-14), field
        assert (b.per_block is None) == (a.per_block is None)
        assert (b.per_block or {}) == pytest.approx(a.per_block or {}, rel=1e-10, abs=1e-12)
    head, *rows = (text.splitlines() for text in (str(ours), str(theirs)))
    assert head[0] == rows[0][0]
    assert len(head) - len(ours.flagged) == len(rows[0])


# name: (model, specification, options, error, words)
ERRORS = {
    "misspelt": (dense, {"frist": (V, W)}, {}, GroupRepError, 'is named "frist"; did you mean "first"'),
    "unlike any": (dense, {"zzz": (V, W)}, {}, GroupRepError, r'is named "zzz"; the \w+ are first'),
    "overlap": (dense, {"first": (V, W), "f*": (V, W)}, {}, GroupRepError, 'is matched by both "first" and "f\\*"'),
    "size": (dense, {"first": (V, V)}, {}, DimensionMismatch, r'"first.*\(12, 16\).*has dimension 16'),
    "turned round": (dense, {"first": (W, V)}, {}, DimensionMismatch, r'"first.*\(12, 16\).*has dimension 12'),
    "pixels": (
        convolution,
        {"conv": LayerSpec(IMAGE, G.regular(), grid=3 * G.trivial())},
        {},
        DimensionMismatch,
        '"conv.*": grid = .* has dimension 3, the kernel has 9 pixels',
    ),
    "no action": (
        lambda: drawn(nn.ModuleDict({"conv": nn.Conv2d(2, 2, 3, bias=False, dtype=torch.complex128)})),
        {"conv": (SU(2).defining(), SU(2).defining())},
        {},
        GroupRepError,
        r'"conv.*grid=\.\.\..*9 \* G\.trivial',
    ),
    "empty": (dense, {}, {}, GroupRepError, "spec is empty; give at least one"),
    "no mapping": (dense, [("first", (V, W))], {}, GroupRepError, "spec must be a mapping"),
    "no text": (dense, {0: (V, W)}, {}, GroupRepError, "named by text"),
    "no pair": (dense, {"first": V}, {}, GroupRepError, r'spec\["first"\]: a pair \(V, W\)'),
    "no norm": (dense, {"first": (V, W)}, {"norm": "frobenius"}, GroupRepError, "is not a norm"),
    "no weight": (dense, {"first": (V, W)}, {"residual": "1"}, GroupRepError, "residual = '1'"),
    "infinite weight": (dense, {"first": (V, W)}, {"equivariant": float("inf")}, GroupRepError, "finite"),
    "weight of nothing": (
        dense,
        {"first": (V, W)},
        {"residual": {"frist*": 2.0}},
        GroupRepError,
        r'residual: nothing in spec is named "frist\*"; there are first',
    ),
    "two weights": (
        dense,
        {"first": (V, W)},
        {"residual": {"f*": 2.0, "*t*": 1.0}},
        GroupRepError,
        r'residual: "first.*" is matched by both "f\*" and "\*t\*"',
    ),
    "real between complex": (
        lambda: dense(sizes=(2, 2, 2)),
        {"first": (Q.defining(), Q.defining())},
        {},
        GroupRepError,
        'first.weight" is real, but V = .* real weights cannot be equivariant',
    ),
    "no average": (
        lambda: dense(sizes=(4, 4, 4)),
        {"first": (Lorentz().defining(), Lorentz().defining())},
        {},
        NotUnitary,
        'first.weight": .*no invariant positive-definite form',
    ),
    "one weight, two spaces": (
        tied,
        {"a": (V, V), "b": (V, 16 * G.trivial())},
        {},
        GroupRepError,
        '"a.weight" and "b.weight" share one weight, but are given Hom',
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_the_same(x64, case):
    make, spec, options, error, words = ERRORS[case]
    model = make()
    with pytest.raises(error, match=words):
        in_torch(model, spec, **options)
    with pytest.raises(error, match=words):
        in_jax(spec, **options)(tree(model))


def test_entries_that_are_not_finite(x64):
    model = dense()
    model["first"].bias.data[0] = torch.nan
    words = '"first.bias" has NaN or infinite entries'
    with pytest.raises(GroupRepError, match=words):
        in_torch(model, {"first": (V, W)})
    for call in ("__call__", "report"):
        with pytest.raises(GroupRepError, match=words):
            getattr(in_jax({"first": (V, W)}), call)(tree(model))


@pytest.mark.parametrize("options", [{"layout": "in_out"}, {"stacked": 1}], ids=str)
def test_fields_that_torch_has_no_use_for_are_refused(options):
    spec = {"first": LayerSpec(V, W, **options)}
    with pytest.raises(GroupRepError, match=f"{next(iter(options))} = .* is for JAX; a torch module says itself"):
        in_torch(dense(), spec)


@pytest.mark.parametrize(
    "spec",
    [AttentionSpec(V, head=G.regular()), BilinearSpec(V, V, W), ParameterSpec("weight", V, W)],
    ids=lambda s: type(s).__name__,
)
def test_specifications_of_modules_are_refused_in_jax(spec):
    for value in (spec, [spec, spec]) if isinstance(spec, ParameterSpec) else (spec,):
        with pytest.raises(GroupRepError, match=r'spec\["first"\]: .*Spec.* for modules of torch.*a LayerSpec'):
            in_jax({"first": value})


def test_one_set_of_names():
    for name in ("LayerSpec", "PenaltyReport", "TermReport", "EquivarianceError"):
        assert getattr(projectors.torch, name) is getattr(projectors.jax, name)


def test_one_file_for_both(tmp_path, x64):
    path = tmp_path / "model.toml"
    path.write_text(
        'group = "D4"\n[layers.first]\ninput = "2*regular"\noutput = "regular + 2*defining"\nbias = false\n'
        '[layers.kernel]\ninput = "trivial"\noutput = "regular"\nlayout = "HWIO"\nstacked = 1'
    )
    spec = load_spec(path)
    assert spec["kernel"] == LayerSpec(G.trivial(), G.regular(), layout="HWIO", stacked=1)
    model = dense()
    assert float(in_jax({"first": spec["first"]})(tree(model))) == pytest.approx(
        in_torch(model, {"first": spec["first"]})().item(), rel=1e-12
    )


# Elements that act, and the error of whole functions


def rotated(x):
    return x @ np.array([[0.6, -0.8], [0.8, 0.6]]).astype(x.dtype)


@pytest.mark.parametrize("channels", ["first", "last"])
@pytest.mark.parametrize("U", [IMAGE, 2 * Cyclic(4).trivial(), Q.defining()], ids=["D4", "C4", "Q8"])
def test_elements_act_alike_on_arrays_of_every_library(x64, U, channels):
    rng = np.random.default_rng(0)
    complexes = 1j if U.field == "complex" else 0
    shape = (3, U.dim, 4, 4) if channels == "first" else (3, 4, 4, U.dim)
    for size in ((5, U.dim), shape) if U.group != Q else ((5, U.dim),):
        x = rng.standard_normal(size) + complexes * rng.standard_normal(size)
        for g in list(U.group.elements)[:5]:
            moved = act(U, g, x, channels)
            assert moved.dtype == x.dtype
            for array in (torch.from_numpy(x), jnp.asarray(x)):
                out = act(U, g, array, channels)
                assert type(out) is type(array)
                np.testing.assert_allclose(np.asarray(out), moved, rtol=1e-14, atol=1e-15)
            single = act(U, g, torch.from_numpy(x.astype(np.complex64 if complexes else np.float32)), channels)
            assert single.dtype == (torch.complex64 if complexes else torch.float32)
            real = x.real.astype(np.float32)
            kind = act(U, g, real, channels).dtype
            assert kind in (np.complex64, np.float32)
            assert act(U, g, torch.from_numpy(real), channels).numpy().dtype == kind
            assert act(U, g, jnp.asarray(real), channels).dtype == kind
            if len(size) == 2:
                np.testing.assert_allclose(moved, x @ np.asarray(U(g)).T, rtol=1e-13, atol=1e-14)


def test_integers_are_permuted_and_nothing_else():
    P = G.natural()
    x = np.arange(2 * P.dim).reshape(2, P.dim)
    g = G.generators[0]
    for array in (x, torch.from_numpy(x), jnp.asarray(x)):
        np.testing.assert_array_equal(np.asarray(act(P, g, array)), x @ np.asarray(P(g)).T.astype(int))
    with pytest.raises(GroupRepError, match=r"x has dtype int64; .* acts on floating-point arrays"):
        act(G.defining(), g, x[:, :2])


def test_errors_of_functions_are_the_same(x64):
    D = G.defining()
    x = np.random.default_rng(1).standard_normal((6, 2))
    expected = equivariance_error(rotated, D, D, x)
    assert expected.maximum > 0.1
    turn = torch.tensor(rotated(np.eye(2)))
    found = projectors.torch.equivariance_error(lambda y: y @ turn, D, D, torch.from_numpy(x))
    assert found == pytest.approx(expected, rel=1e-12)
    found = projectors.jax.equivariance_error(lambda y: y @ jnp.asarray(turn.numpy()), D, D, jnp.asarray(x))
    assert found == pytest.approx(expected, rel=1e-12)
    for library, array in ((projectors.torch, torch.ones(4, 5)), (projectors.jax, jnp.ones((4, 5)))):
        with pytest.raises(DimensionMismatch, match="of dimension 2 needs that many entries, or that many channels"):
            library.equivariance_error(lambda y: y, D, D, array)
        with pytest.raises(GroupRepError, match="at least one sample"):
            library.equivariance_error(lambda y: y, D, D, array[:0, :2])
        with pytest.raises(DimensionMismatch, match="one group"):
            library.equivariance_error(lambda y: y, D, Cyclic(4).defining(), array[:, :2])
