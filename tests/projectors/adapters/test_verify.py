"""`check` and `verify` against the error that a network really has after `project_`, on networks that keep and that lose the symmetry."""

import copy

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn
from torch.nn import functional as F

from grouprep import SO, Cyclic, Dihedral, DimensionMismatch, GroupRepError
from projectors.torch import (
    AttentionSpec,
    EquivariancePenalty,
    Features,
    LayerSpec,
    ParameterSpec,
    equivariance_error,
    project_,
    verify,
)

G, C, S = Dihedral(4), Cyclic(4), SO(3)
R, D, ONE, r = G.regular(), G.defining(), G.trivial(), C.regular()
MIXED, SCALARS = 2 * S.irrep(0) + 2 * S.irrep(1), 5 * S.irrep(0)


class Net(nn.Module):
    """Two layers, others beside them, and what a function makes of them."""

    def __init__(self, forward, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.call = forward

    def forward(self, *inputs):
        return self.call(self, *inputs)


def linear(forward, V, W, V2, W2, **parts):
    net = Net(forward, a=nn.Linear(V.dim, W.dim), b=nn.Linear(V2.dim, W2.dim), **parts)
    return net, {"a": (V, W), "b": (V2, W2)}, V, W2, torch.randn(4, V.dim)


def images(forward, pixels=8, padding=1, **parts):
    net = Net(forward, a=nn.Conv2d(1, 16, 3, padding=padding), b=nn.Conv2d(16, 8, 3, padding=1), **parts)
    return net, {"a": (ONE, 2 * R), "b": (2 * R, R)}, ONE, R, torch.randn(2, 1, pixels, pixels)


def gated(net, x):
    u, v = net.a(x).chunk(2, 1)
    return net.b(u * torch.sigmoid(v))


def activated(sizes, which):
    def forward(net, x):
        parts = list(net.a(x).split(sizes, 1))
        parts[which] = torch.relu(parts[which])
        return net.b(torch.cat(parts, 1))

    return forward


def flattened(net, x):
    return net.c(torch.relu(net.a(x)).permute(0, 2, 3, 1).flatten(1))


class Heads(nn.Module):
    def __init__(self, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(16, 48), nn.Linear(16, 16)

    def forward(self, x):
        B, N, n = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, n // self.heads).permute(2, 0, 3, 1, 4)
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, N, n))


def heads(number):
    V = Features(2 * R, channels=-1, grid=5 * ONE)
    return Heads(number), {"qkv": (2 * R, 6 * R), "out": (2 * R, 2 * R)}, V, V, torch.randn(2, 5, 16)


def recurrent(V):
    n = V.dim
    net = Net(
        lambda net, x: net.b(net.l(net.a(x))[0]),
        a=nn.Linear(n, n),
        l=nn.LSTM(n, n, batch_first=True),
        b=nn.Linear(n, n),
    )
    weights = [ParameterSpec(f"weight_{p}_l0", V, 4 * V) for p in ("ih", "hh")]
    biases = [ParameterSpec(f"bias_{p}_l0", ONE, 4 * V) for p in ("ih", "hh")]
    ends = Features(V, channels=-1, grid=3 * ONE)
    return net, {"a": (V, V), "b": (V, V), "l": [*weights, *biases]}, ends, ends, torch.randn(3, 3, n)


def positions(size):
    net, *rest = linear(lambda net, x: net.b(net.a(x) + net.position), r, 2 * r, 2 * r, r)
    net.position = nn.Parameter(size * torch.randn(8))
    return net, *rest


def wrong_order():
    net, _, V, _, x = images(flattened, c=nn.Linear(16 * 64, 3))
    return net, {"a": (ONE, 2 * R), "c": (2 * R * G.grid((8, 8)), 3 * ONE)}, V, 3 * ONE, x


def strided(pixels):
    net = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 1))
    return net, {"0": (ONE, R), "2": (R, R)}, ONE, R, torch.randn(2, 1, pixels, pixels)


def windows(shift):
    """Attention in four windows of an image."""

    def forward(net, x):
        x = torch.roll(net.a(x), (shift, shift), (2, 3))
        w = x.reshape(2, 16, 2, 4, 2, 4).permute(0, 2, 4, 3, 5, 1).reshape(8, 16, 16)
        w = w + net.t(w, w, w)[0]
        return w.reshape(2, 2, 2, 4, 4, 16).permute(0, 5, 1, 3, 2, 4).reshape(2, 16, 8, 8)

    net = Net(forward, a=nn.Conv2d(1, 16, 1), t=nn.MultiheadAttention(16, 2, batch_first=True))
    return net, {"a": (ONE, 2 * R), "t": AttentionSpec(2 * R, head=R)}, ONE, 2 * R, torch.randn(2, 1, 8, 8)


def transposed(net, x):
    return net.b(net.a(x).view(-1, 3, 4).transpose(1, 2).reshape(-1, 12))


TRIPLE = r * (3 * C.trivial())
LOST = {
    "chunk, gate": lambda: linear(gated, r, r, 2 * C.trivial(), r),
    "split, relu": lambda: linear(
        activated(4, 0), MIXED, 2 * (S.irrep(1) + S.irrep(0)), 2 * (S.irrep(1) + S.irrep(0)), MIXED
    ),
    "max": lambda: linear(lambda n, x: n.b(n.a(x).view(-1, 4, 2).max(2).values), r, 2 * r, r, r),
    "sort": lambda: linear(lambda n, x: n.b(n.a(x).sort(1).values), r, r, r, r),
    "topk": lambda: linear(lambda n, x: n.b(n.a(x).topk(4, 1).values), r, 2 * r, r, r),
    "numpy": lambda: linear(lambda n, x: n.b(torch.from_numpy(np.sort(n.a(x).numpy()))), r, r, r, r),
    "constant": lambda: linear(lambda n, x: n.b(n.a(x) + 1), D, 2 * D, 2 * D, D),
    "mean": lambda: linear(lambda n, x: n.b(n.a(x).mean(1, keepdim=True)), D, 2 * D, ONE, ONE),
    "sum": lambda: linear(lambda n, x: n.b(n.a(x).sum(1, keepdim=True)), D, 2 * D, ONE, ONE),
    "shuffle": lambda: images(lambda n, x: n.b(F.channel_shuffle(n.a(x), 2))),
    "order": wrong_order,
    "pad": lambda: images(lambda n, x: n.b(F.pad(n.a(x), (0, 1, 0, 1))), padding=0),
    "odd pool": lambda: images(lambda n, x: n.b(F.max_pool2d(n.a(x), 2)), 9),
    "ceil": lambda: images(lambda n, x: n.b(n.p(n.a(x))), 9, p=nn.MaxPool2d(2, ceil_mode=True)),
    "interpolate": lambda: images(lambda n, x: n.b(F.interpolate(n.a(x), size=(11, 11)))),
    "GroupNorm": lambda: images(lambda n, x: n.b(n.g(n.a(x))), g=nn.GroupNorm(4, 16, affine=False)),
    "stride": lambda: strided(8),
    "gates": lambda: recurrent(2 * D),
    "heads": lambda: heads(4),
    "copies": lambda: linear(transposed, r, 3 * r, 3 * r, r),
    "position": lambda: positions(0.1),
    "windows": lambda: windows(1),
}
KEPT = {
    "chunk, gate": lambda: linear(gated, r, 2 * r, r, r),
    "split, relu": lambda: linear(activated([2, 6], 0), MIXED, MIXED, MIXED, MIXED),
    "max": lambda: linear(lambda n, x: n.b(n.a(x).view(-1, 2, 4).max(1).values), r, 2 * r, r, r),
    "sort": lambda: linear(lambda n, x: n.b(n.a(x).sort(1).values), r, r, 4 * C.trivial(), r),
    "even pool": lambda: images(lambda n, x: n.b(F.max_pool2d(n.a(x), 2, ceil_mode=True))),
    "interpolate": lambda: images(lambda n, x: n.b(F.interpolate(n.a(x), size=(11, 11), mode="bilinear"))),
    "GroupNorm": lambda: images(lambda n, x: n.b(n.g(n.a(x))), g=nn.GroupNorm(2, 16, affine=False)),
    "stride": lambda: strided(9),
    "gates": lambda: recurrent(R),
    "heads": lambda: heads(2),
    "copies": lambda: linear(transposed, r, 3 * r, TRIPLE, r),
    "RMSNorm": lambda: linear(
        lambda n, x: n.b(n.m(n.a(x))), MIXED, MIXED, MIXED, MIXED, m=nn.RMSNorm(8, elementwise_affine=False)
    ),
    "scalars": lambda: linear(lambda n, x: n.b(torch.relu(n.a(x))), MIXED, SCALARS, SCALARS, MIXED),
    "windows": lambda: windows(4),
}


def true_error(net, spec, V, W, x):
    exact = copy.deepcopy(net).double()
    project_(exact, spec)
    return equivariance_error(exact, V, W, x.double(), samples=8).maximum


@cases("kept, name", [(kept, name) for kept, table in ((False, LOST), (True, KEPT)) for name in table])
def test_what_is_said_is_so(kept, name):
    torch.manual_seed(0)
    net, spec, V, W, x = (KEPT if kept else LOST)[name]()
    net.eval()
    error = true_error(net, spec, V, W, x)
    found = EquivariancePenalty(net, spec).check(x)
    assert found.ok == kept == (error <= 1e-12), (found, error)
    assert bool(found.findings) != kept, found
    measured = verify(net, V, W, x, spec, samples=4)
    assert measured.ok == kept, measured
    assert bool(measured.lost) != kept, measured
    assert measured.tolerance < 1e-10
    if V in (r, ONE, D):  # all elements of a finite group: the same maximum
        assert measured.error == pytest.approx(error, rel=1e-6, abs=1e-12)
        assert measured.exhaustive


def test_it_says_where_and_how_much_and_what_is_not_covered():
    torch.manual_seed(0)
    net, spec, V, W, x = positions(0.1)
    net.register_buffer("table", torch.ones(8))
    net.register_buffer("steps", torch.ones(8, dtype=torch.long))
    found = verify(net, V, W, x, {**spec, "a": LayerSpec(*spec["a"], bias=False)})
    assert found.uncovered == ("position", "a.bias", "table")
    assert found.lost == ("a", "b")
    layer = {one.name: one for one in found.layers}
    assert layer["a"].before == layer["output"].inside or layer["a"].before <= layer["a"].tolerance < layer["a"].inside
    assert layer["b"].functions == ("add",)
    assert layer["b"].inside <= layer["b"].tolerance < layer["b"].before
    assert layer["output"].total == found.error > found.tolerance
    assert any("position" in str(f) and f.where == 'add after "a"' for f in found.findings)
    shown = str(found)
    assert "lost here" in shown
    assert "no specification covers: position, a.bias, table" in shown
    assert repr(found) == shown
    record = found.to_dict()
    assert record["ok"] is False
    assert record["layers"][1]["name"] == "b"
    assert record["error"] == found.error


def test_what_trained_values_could_break_is_a_warning():
    torch.manual_seed(0)
    net, spec, V, W, x = positions(0.0)
    (finding,) = EquivariancePenalty(net, spec).check(x).findings
    assert (finding.severity, finding.where) == ("warning", "position")
    assert verify(net, V, W, x, spec).uncovered == ("position",)
    head = Net(lambda n, x: n.c(n.b(n.a(x))), a=nn.Linear(4, 8), b=nn.Linear(8, 3), c=nn.Linear(3, 2))
    spec = {"a": (r, 2 * r), "b": (2 * r, 3 * C.trivial())}
    assert EquivariancePenalty(head, spec).check(x).findings == ()  # of invariants everything is allowed
    assert verify(head, V, 2 * C.trivial(), x, spec).ok


def test_what_is_not_followed_is_never_ok():
    net = Net(lambda n, x: n.b(n.a(x)), a=nn.Linear(4, 4), b=nn.Linear(4, 4), c=nn.Linear(4, 4))
    pen = EquivariancePenalty(net, dict.fromkeys("abc", (r, r)))
    found = pen.check(torch.randn(2, 4))
    assert not found.ok
    assert found.not_followed == ('"c" was not called in this run',)
    assert 'not followed: "c" was not called' in str(found)
    assert not pen.check().ok  # the forward method is not seen
    assert "check(x) follows it" in str(pen.check())
    with pytest.raises(GroupRepError, match="not called"):
        pen.check(torch.randn(2, 4), strict=True)


def test_the_model_stays_as_it_is():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 4))
    spec = {"0": (r, 2 * r), "1": (2 * r, 2 * r), "3": (2 * r, r)}
    x = torch.randn(6, 4, requires_grad=True)
    net(x).sum().backward()
    state = {name: value.clone() for name, value in net.state_dict().items()}
    gradients = [p.grad.clone() for p in net.parameters()]
    noise, drawn = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    for one in (spec, EquivariancePenalty(net, spec)):
        assert verify(net, r, r, x, one).ok
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(net.parameters(), gradients, strict=True))
    assert net.training
    assert net[1].training
    assert torch.equal(torch.get_rng_state(), noise)
    assert (np.random.get_state()[1] == drawn).all()  # noqa: NPY002
    assert not any(module._forward_hooks for module in net.modules())
    assert verify(net, r, r, x, spec) == verify(net, r, r, x, spec)


def test_several_inputs_and_outputs_and_no_specification():
    torch.manual_seed(0)
    net = Net(lambda n, x, y, z: (n.a(x) + y, {"size": (x.square().sum(1, keepdim=True) * z)}), a=nn.Linear(4, 8))
    x = torch.randn(5, 4), torch.randn(5, 8), torch.randn(5, 1)
    found = verify(net, (r, 2 * r, None), (2 * r, C.trivial()), x, {"a": (r, 2 * r)})
    assert found.ok, found
    assert found.layers[-1].name == "output"
    plain = verify(net, (r, 2 * r, None), (2 * r, None), x)
    assert not plain.ok
    assert plain.layers == ()
    assert plain.error == plain.before == found.before
    assert plain.uncovered == ("a.weight", "a.bias")
    assert plain.error == pytest.approx(
        equivariance_error(net.double(), (r, 2 * r, None), (2 * r, None), tuple(a.double() for a in x)).maximum,
        rel=1e-9,
    )


BAD = {
    "V does not fit: x has samples of shape": (lambda: linear(gated, r, 2 * r, r, r), {"V": 2 * r}),
    "W does not fit: the output has samples": (lambda: linear(gated, r, 2 * r, r, r), {"W": 3 * r}),
    "equivariance needs one group": (lambda: linear(gated, r, 2 * r, r, r), {"W": Cyclic(2).natural()}),
    "V is a representation of D4, the specification of C4": (
        lambda: linear(gated, r, 2 * r, r, r),
        {"V": 2 * D, "W": 2 * D},
    ),
    "V has 2 representations, x has 1 inputs": (lambda: linear(gated, r, 2 * r, r, r), {"V": (r, r)}),
    "W has 2 representations, the model gives 1": (lambda: linear(gated, r, 2 * r, r, r), {"W": (r, r)}),
    "V must be a Representation": (lambda: linear(gated, r, 2 * r, r, r), {"V": "regular"}),
    "x has dtype torch.int64": (lambda: linear(gated, r, 2 * r, r, r), {"x": torch.ones(2, 4, dtype=torch.long)}),
    "x must be a tensor .batch, ...., or|at least one sample": (
        lambda: linear(gated, r, 2 * r, r, r),
        {"x": torch.ones(0, 4)},
    ),
    "model must be a torch.nn.Module": (lambda: linear(gated, r, 2 * r, r, r), {"model": torch.relu}),
    "penalty of another model": (
        lambda: linear(gated, r, 2 * r, r, r),
        {"spec": EquivariancePenalty(nn.Linear(4, 4), {"": (r, r)})},
    ),
    "model cannot be run on x": (lambda: linear(gated, r, 2 * r, r, r), {"V": 2 * r, "x": torch.ones(2, 8)}),
}


@cases("match", BAD)
def test_bad_input(match):
    make, change = BAD[match]
    given = dict(zip(("model", "spec", "V", "W", "x"), make(), strict=True)) | change
    with pytest.raises(GroupRepError, match=match) as caught:
        verify(given["model"], given["V"], given["W"], given["x"], given["spec"])
    assert ("fit" not in match and "needs one" not in match) or caught.type is DimensionMismatch


def test_images_that_the_group_does_not_map_to_themselves_and_outputs_without_tensors():
    net = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU())
    found = EquivariancePenalty(net, {"0": (ONE, R)}).check(torch.randn(2, 1, 8, 6))
    assert "D4 does not act on images of 8 x 6 pixels" in str(found)
    assert not found.ok
    net = Net(lambda n, x: str(n.a(x)), a=nn.Linear(4, 4))
    assert EquivariancePenalty(net, {"a": (r, r)}).check(torch.randn(2, 4)).not_followed == (
        "the model gives no floating-point tensors",
    )


def test_dropout_is_equivariant_in_the_mean_only():
    net, spec, *_, x = linear(lambda n, x: n.b(n.d(n.a(x))), D, 2 * D, 2 * D, D, d=nn.Dropout())
    (finding,) = EquivariancePenalty(net, spec).check(x).findings
    assert (finding.severity, finding.where) == ("warning", "d")


def test_logarithms_of_negative_numbers_are_alike_in_both_runs():
    net, spec, *_, x = linear(lambda n, x: n.b(n.a(x).log().nan_to_num(0.5)), r, 2 * r, 2 * r, r)
    assert EquivariancePenalty(net, spec).check(x).ok


def between(module, W):
    net = nn.Sequential(nn.Linear(8, 8), module, nn.Linear(8, 8))
    return EquivariancePenalty(net, {"0": (W, W), "2": (W, W)}).check()


def test_modules_between_without_inputs():
    for W in (8 * S.trivial(), 8 * S.irrep(0), 2 * (C * S).pullback(0, r)):
        assert between(nn.ReLU(), W).findings == ()  # scalars of a Lie group
    assert not between(nn.ReLU(), MIXED).ok
    assert between(nn.RMSNorm(8, elementwise_affine=False), MIXED).findings == ()
    assert not between(nn.RMSNorm(8), MIXED).ok
    assert between(nn.GroupNorm(1, 8, affine=False), R).findings == ()
    assert "does not map the 4 groups" in str(between(nn.GroupNorm(4, 8, affine=False), R))
    assert "which no specification keeps equal" in str(between(nn.LayerNorm(8), R))
    for module in (nn.ChannelShuffle(2), nn.Linear(8, 8)):
        found = between(module, R)
        assert not found.ok
        assert found.not_followed[0].startswith(f'what {type(module).__name__} "1" does')
