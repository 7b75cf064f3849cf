"""Recurrent layers, permuted groups of channels, weights that modules compute, a Hom as a specification, modules that are replaced."""

import copy
import warnings

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn
from torch.nn.utils import prune

from grouprep import SO, Dihedral, DimensionMismatch, GroupRepError, Lorentz, NotUnitary
from grouprep.linalg import as_float
from projectors import Hom
from projectors.models.channels import unsigned
from projectors.penalties import Frobenius, Nuclear, Spectral
from projectors.torch import (
    EquivariancePenalty,
    LayerSpec,
    RecurrentSpec,
    constrain_,
    equivariance_error,
    project_,
)

G = Dihedral(4)
R, N, D = G.regular(), G.natural(), G.defining()
V = R + G.trivial() + D
SMALL = 1e-12  # relative errors of a few dozen roundings on sums of at most a thousand terms


def drawn(layer, seed=0):
    torch.manual_seed(seed)
    layer = layer.double()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn_like(p) / 3)
    return layer


def over_the_group(run, A, B, x):
    y = run(x)
    moved = [run(x @ torch.tensor(A(g)).T) - y @ torch.tensor(B(g)).T for g in G.elements]
    return max(m.abs().max().item() for m in moved)


# Recurrent layers


@cases("kind", [nn.RNN, nn.LSTM, nn.GRU])
@cases("hidden", [R + G.trivial(), 2 * D], ids=["permuted", "signed"])
@cases("directions", [1, 2])
@torch.no_grad()
def test_recurrent_layers(kind, hidden, directions):
    layer = drawn(kind(V.dim, hidden.dim, 2, bidirectional=directions == 2, batch_first=True))
    x, spec = torch.randn(3, 4, V.dim, dtype=torch.float64), {"": RecurrentSpec(V, hidden)}
    out = directions * hidden
    assert over_the_group(lambda x: layer(x)[0], V, out, x) > 1e-2
    before = EquivariancePenalty(layer, spec)().item()
    project_(layer, spec)
    assert over_the_group(lambda x: layer(x)[0], V, out, x) <= SMALL
    assert before > 1
    assert EquivariancePenalty(layer, spec)().item() <= SMALL
    gates = {nn.RNN: 1, nn.LSTM: 4, nn.GRU: 3}[kind]
    assert len(EquivariancePenalty(layer, spec).terms) == gates * 4 * 2 * directions


@torch.no_grad()
def test_projected_states_and_cells():
    layer = drawn(nn.LSTM(V.dim, 8, 2, proj_size=2, bidirectional=True, batch_first=True))
    spec, x = {"": RecurrentSpec(V, R, D)}, torch.randn(3, 4, V.dim, dtype=torch.float64)
    project_(layer, spec)
    assert over_the_group(lambda x: layer(x)[0], V, 2 * D, x) <= SMALL
    names = [t.name for t in EquivariancePenalty(layer, spec).terms]
    assert names[:4] == [f"weight_ih_l0[{gate}]" for gate in "ifgo"]
    assert "weight_hr_l1_reverse" in names
    for kind in (nn.RNNCell, nn.GRUCell, nn.LSTMCell):
        cell = drawn(kind(V.dim, 4))
        project_(cell, {"": RecurrentSpec(V, 2 * D)})
        first = cell.double() if kind is not nn.LSTMCell else (lambda x, cell=cell: cell(x)[0])
        assert over_the_group(first, V, 2 * D, x[:, 0]) <= SMALL


def test_what_gates_refuse():
    S = SO(3).defining()
    for layer, spec, text in (
        (nn.LSTM(3, 3), RecurrentSpec(S, S), "hidden = defining is none: use regular or permutation"),
        (nn.RNN(2, 2, nonlinearity="relu"), RecurrentSpec(D, D), "permutations only"),
        (nn.LSTM(8, 8), (R, R), "takes a RecurrentSpec"),
        (nn.LSTM(8, 9), RecurrentSpec(R, R), "hidden_size is 9"),
        (nn.GRU(8, 8), RecurrentSpec(R, R, D), "for an LSTM with proj_size"),
    ):
        with pytest.raises(GroupRepError, match=text):
            EquivariancePenalty(layer, {"": spec})
    assert unsigned(R) is R
    assert np.array_equal(unsigned(2 * D)(G.generators[0]), np.abs((2 * D)(G.generators[0])).round())


# Groups of channels that the group permutes

U, S = R + N + 3 * G.trivial(), D + R
two, three = 2 * G.trivial(), 3 * G.trivial()
GROUPED = [
    (nn.Conv2d, U, U, U.dim),
    (nn.Conv2d, U, U * two, U.dim),
    (nn.Conv2d, U, U * D, U.dim),
    (nn.ConvTranspose2d, U, U * two, U.dim),
    (nn.Conv2d, S, S, S.dim),
    (nn.Conv2d, S, unsigned(S), S.dim),
    (nn.Conv2d, (R + N) * two, (R + N) * three, 12),
    (nn.ConvTranspose2d, (R + N) * two, (R + N) * three, 12),
]


@cases("kind, A, B, groups", GROUPED, ids=[f"{k.__name__} {A} -> {B}" for k, A, B, _ in GROUPED])
def test_groups_that_are_permuted(kind, A, B, groups):
    layer, spec = drawn(kind(A.dim, B.dim, 3, padding=1, groups=groups)), {"": (A, B)}
    x = torch.randn(2, A.dim, 5, 5, dtype=torch.float64)
    residual = EquivariancePenalty(layer, {"": LayerSpec(A, B, bias=False)})().item()
    w = layer.weight.detach().clone()
    assert equivariance_error(layer, A, B, x).maximum > 1e-2
    project_(layer, spec)
    assert equivariance_error(layer, A, B, x).maximum <= SMALL
    # P keeps what is equivariant, and takes away what is orthogonal to all of it: the projection of the whole kernel, cut to the groups
    whole = kind(A.dim, B.dim, 3, padding=1).double()
    v, o = w.shape[0] // groups, w.shape[1]
    with torch.no_grad():
        whole.weight.zero_()
        for k in range(groups):
            whole.weight[k * v : (k + 1) * v, k * o : (k + 1) * o] = w[k * v : (k + 1) * v]
    project_(whole, {"": LayerSpec(A, B, bias=False)})
    for k in range(groups):
        rows = slice(k * v, (k + 1) * v)
        assert (whole.weight[rows, k * o : (k + 1) * o] - layer.weight[rows]).abs().max() <= SMALL
    assert residual == pytest.approx(torch.linalg.norm(w - layer.weight).item(), rel=1e-12)


def test_groups_that_are_mixed():
    with pytest.raises(DimensionMismatch, match=r"r maps no groups to groups.* V \* \(2 \* trivial\), not 2 \* V"):
        EquivariancePenalty(nn.Conv2d(U.dim, 2 * U.dim, 3, groups=U.dim), {"": (U, 2 * U)})
    A = 2 * SO(3).defining()
    with pytest.raises(DimensionMismatch, match="does not permute channels"):
        EquivariancePenalty(nn.Conv2d(6, 6, 1, groups=6), {"": LayerSpec(A, A, grid=SO(3).trivial())})


# Modules of other people: with the attributes of PyG's Linear, transformers' Conv1D, e3nn's layers, peft's and loralib's adapters


class Plain(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.in_channels, self.out_channels = n, m
        self.weight, self.bias = nn.Parameter(torch.randn(m, n)), nn.Parameter(torch.randn(m))

    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


class Conv1D(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.nf = m
        self.weight, self.bias = nn.Parameter(torch.randn(n, m)), nn.Parameter(torch.randn(m))

    def forward(self, x):
        return torch.addmm(self.bias, x, self.weight)


class Radial(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.h_in, self.h_out, self.weight = n, m, nn.Parameter(torch.randn(n, m))

    def forward(self, x):
        return torch.tanh(x @ self.weight / self.h_in**0.5)


class Quantised(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.in_features, self.scale = n, 0.01
        self.weight = nn.Parameter(torch.randint(-127, 127, (m, n), dtype=torch.int8), requires_grad=False)

    def forward(self, x):
        return x @ (self.weight.to(x.dtype) * self.scale).T


class Adapted(nn.Module):
    def __init__(self, base, fan_in_fan_out=False):
        super().__init__()
        self.base_layer = base.requires_grad_(False)
        self.lora_A = nn.ModuleDict({k: nn.Linear(8, 2, bias=False) for k in ("default", "other")})
        self.lora_B = nn.ModuleDict({k: nn.Linear(2, 16, bias=False) for k in ("default", "other")})
        self.scaling, self.active_adapters, self.merged_adapters = {"default": 0.5, "other": 3.0}, ["default"], []
        self.fan_in_fan_out, self.disable_adapters, self.use_dora = fan_in_fan_out, False, {"default": False}

    @property
    def weight(self):
        return self.base_layer.weight


@cases("kind, n, m", [(Plain, 8, 8), (Plain, 8, 16), (Conv1D, 8, 8), (Conv1D, 16, 8), (Radial, 8, 16)])
def test_two_dimensional_weights(kind, n, m):
    A, B = n // 8 * R, m // 8 * R
    layer, x = drawn(kind(n, m)), torch.randn(4, n, dtype=torch.float64)
    assert equivariance_error(layer, A, B, x).maximum > 1e-2
    project_(layer, {"": (A, B)})
    assert equivariance_error(layer, A, B, x).maximum <= SMALL


def test_square_weights_that_do_not_show_their_layout():
    layer, x = drawn(Radial(8, 8)), torch.randn(4, 8, dtype=torch.float64)
    with pytest.raises(GroupRepError, match=r'square weight does not show.*layout="out_in"'):
        project_(layer, {"": (R, R)})
    project_(layer, {"": LayerSpec(R, R, layout="in_out")})
    assert equivariance_error(layer, R, R, x).maximum <= SMALL
    with pytest.raises(DimensionMismatch, match=r"8 x 8 .output, input. or the transpose"):
        project_(Radial(8, 9), {"": (R, R)})


@cases("base, fan", [(nn.Linear(8, 16), False), (Conv1D(8, 16), True), (Quantised(8, 16), False)])
@cases("norm", [Frobenius(), Spectral(), Nuclear()], ids=repr)
def test_low_rank_adapters(base, fan, norm):
    net, H = nn.Sequential(Adapted(base, fan)), Hom(R, 2 * R)
    pen, layer = EquivariancePenalty(net, {"0": (R, 2 * R)}, norm), net[0]
    assert [t.name for t in pen.terms] == ["0.weight"]
    assert pen.skipped == (("0.base_layer.bias",) if hasattr(base, "bias") else ())
    W = (base(torch.eye(8)) - base(torch.zeros(1, 8))).detach().T
    for adapters in (["default"], ["default", "other"]):
        layer.active_adapters = adapters
        trained = [part[k].weight for part in (layer.lora_A, layer.lora_B) for k in adapters]
        merged = W + sum(layer.scaling[k] * layer.lora_B[k].weight @ layer.lora_A[k].weight for k in adapters)
        expected = norm.value(H.residual(merged))
        torch.testing.assert_close(pen(), expected, rtol=1e-5, atol=0)
        for a, b in zip(torch.autograd.grad(pen(), trained), torch.autograd.grad(expected, trained), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)
    for change in (project_, constrain_):
        with pytest.raises(GroupRepError, match=r"product of its adapters.*merge_and_unload"):
            change(net, {"0": (R, 2 * R)})
    layer.use_dora = {"default": True}
    with pytest.raises(GroupRepError, match="DoRA"):
        EquivariancePenalty(net, {"0": (R, 2 * R)})
    layer.use_dora = {"default": False}


def test_adapters_on_the_layer_itself():
    layer = nn.Linear(8, 16)
    layer.lora_A, layer.lora_B = nn.Parameter(torch.randn(2, 8)), nn.Parameter(torch.randn(16, 2))
    layer.scaling, layer.merged = 0.25, False
    expected = Hom(R, 2 * R).residual((layer.weight + 0.25 * layer.lora_B @ layer.lora_A).detach())
    report = EquivariancePenalty(layer, {"": (R, 2 * R)}).report()
    assert report["weight"].residual == pytest.approx(torch.linalg.norm(expected).item(), rel=1e-5)


# Hooks of torch's older utilities


def _hooked(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch deprecates them; people have them
        return f(nn.Linear(8, 8))


@cases("f", [nn.utils.weight_norm, nn.utils.spectral_norm, lambda m: prune.l1_unstructured(m, "weight", 0.3)])
def test_hooks_that_compute_the_weight(f):
    torch.manual_seed(0)
    layer = _hooked(f)
    pen, optimizer = EquivariancePenalty(layer, {"": (R, R)}), torch.optim.SGD(layer.parameters(), lr=0.05)
    before = pen().item()
    for _ in range(20):
        optimizer.zero_grad()
        pen().backward()
        optimizer.step()
    layer.eval()(torch.randn(2, 8))
    assert pen().item() < 0.8 * before
    weight = torch.linalg.norm(Hom(R, R).residual(layer.weight.detach())).item()
    assert pen.report()["weight"].residual == pytest.approx(weight, rel=1e-5)
    with pytest.raises(GroupRepError, match="computed by a hook of Linear"):
        constrain_(layer, {"": (R, R)})
    if hasattr(layer, "weight_mask"):
        with pytest.raises(GroupRepError, match="does not keep the projection"):
            project_(layer, {"": (R, R)})
    else:
        project_(layer, {"": (R, R)})
        assert equivariance_error(layer, R, R, torch.randn(3, 8)).maximum <= 1e-5


# A Hom as a specification


def test_a_hom_as_a_specification():
    L = Lorentz().defining()
    net, H = nn.Sequential(nn.Linear(8, 4)).double(), Hom(2 * L, L, inner="euclidean")
    with pytest.raises(NotUnitary, match="euclidean"):
        EquivariancePenalty(net, {"0": (2 * L, L)})
    pen = EquivariancePenalty(net, {"0": H})
    q, _ = np.linalg.qr(H.exact_basis().to_numpy().reshape(H.dim, -1).T)
    t = net[0].weight.detach().numpy().ravel()
    r = t - q @ (q.T @ t)
    report = pen.report()
    assert report["0.weight"].residual == pytest.approx(np.linalg.norm(r), rel=1e-12)
    assert report["0.bias"].equivariant == 0  # no vector is invariant
    pen().backward()
    np.testing.assert_allclose(net[0].weight.grad.numpy().ravel(), r / np.linalg.norm(r), atol=1e-12)
    fixed = copy.deepcopy(net)
    constrain_(fixed, {"0": H})
    project_(net, {"0": H})
    assert (fixed[0].weight - net[0].weight).abs().max() <= 1e-14
    T = net[0].weight.detach().numpy()
    for a in L.images:  # matrices of the algebra and of the discrete elements
        small, large = (as_float(V.float_image(a)) for V in (L, 2 * L))
        assert np.abs(small @ T - T @ large).max() <= 1e-12
    with pytest.raises(GroupRepError, match="space must be a Hom"):
        LayerSpec(L, L, space="euclidean")


# Modules that are replaced


def test_modules_that_are_replaced():
    def made():
        net = nn.Sequential(nn.Linear(8, 8), nn.Sequential(nn.Linear(8, 8)))
        return net, EquivariancePenalty(net, {"0": (R, R), "1.0": (R, R)})

    net, pen = made()
    twin = copy.deepcopy(pen)
    net[1] = nn.Sequential(nn.Linear(8, 8))
    moving = EquivariancePenalty(made()[0], {"0": (R, R), "1.0": (R, R)}, decoupled=True)
    moving.model[1] = nn.Sequential(nn.Linear(8, 8))
    for call in (pen, pen.report, lambda: moving.decay_(0.1)):
        with pytest.raises(GroupRepError, match=r'"1.0" .Linear. was replaced by another Linear'):
            call()
    twin()
    del net[1]
    with pytest.raises(GroupRepError, match=r'"1.0" .Linear. is gone'):
        pen()
    net, pen = made()
    before = pen().item()
    net[0] = torch.compile(net[0])  # the same layer in a wrapper
    assert pen().item() == before
    assert pen().item() == before
