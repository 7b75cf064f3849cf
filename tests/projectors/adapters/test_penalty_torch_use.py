"""The penalty in a training run: parametrisations, schedules, decay, and bad input."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize
from torch_networks import EPS, SPEC, G, V, W, net, slow

from grouprep import Cyclic, DimensionMismatch, GroupRepError, Lorentz, NotUnitary, Quaternion
from projectors import Hom
from projectors.penalties import Frobenius, Spectral
from projectors.torch import (
    Anneal,
    Constant,
    Cosine,
    EquivariancePenalty,
    EquivariantParametrization,
    LayerSpec,
    Linear,
    TargetShare,
    constrain_,
    project_,
)

# Parametrisations and constraints


def test_parametrised_weights_are_read_live():
    model = net()
    nn.utils.parametrizations.weight_norm(model[0])
    pen = EquivariancePenalty(model, SPEC)
    assert pen().item() == pytest.approx(slow(model, Frobenius()), rel=1e-12)
    pen().backward()
    assert model[0].parametrizations.weight.original0.grad is not None


def test_constraint():
    model = net()
    x = torch.randn(3, V.dim, dtype=torch.float64)
    constrain_(model, SPEC)
    pen = EquivariancePenalty(model, SPEC)
    assert pen().item() <= 1e-14
    model(x).square().mean().backward()
    for layer, (A, B) in zip((model[0], model[2]), SPEC.values(), strict=True):
        gradient = layer.parametrizations.weight.original.grad.numpy()
        assert np.abs(Hom(A, B).residual(gradient)).max() <= 1e-14  # gradients are projected too
    assert sorted(k.rsplit(".", 1)[-1] for k in model.state_dict()) == ["original"] * 4


def test_parametrisation_module():
    layer = nn.Linear(V.dim, W.dim)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", EquivariantParametrization(V, W))
    assert (layer.weight - Hom(V, W).project(before)).abs().max() <= 8 * EPS
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight.shape == before.shape


def test_project_in_place():
    model = net()
    expected = [Hom(A, B).project(m.weight.detach().numpy()) for m, (A, B) in zip((model[0], model[2]), SPEC.values())]
    address = model[0].weight.data_ptr()
    project_(model, SPEC)
    assert model[0].weight.data_ptr() == address
    for layer, P in zip((model[0], model[2]), expected, strict=True):
        assert np.abs(layer.weight.detach().numpy() - P).max() <= 1e-14
    assert EquivariancePenalty(model, SPEC)().item() <= 1e-14


# Schedules and steps


def test_schedules():
    model = net(torch.float32)
    pen = EquivariancePenalty(
        model, SPEC, residual={"0": Linear(1.0, 0.0, 4), "2": Anneal(2.0, 4)}, equivariant=Constant(0.5)
    )
    rows = []
    for _ in range(6):
        rows.append([round(x, 6) for x in pen.weights[[0, 2], 0].tolist()])
        pen.step()
    assert rows[:5] == [[1, 2], [0.75, round(1 + 2**-0.5, 6)], [0.5, 1], [0.25, round(1 - 2**-0.5, 6)], [0, 0]]
    assert rows[5] == [0, 0]
    assert pen.weights[:, 1].tolist() == [0.5] * 4
    assert Cosine(0.0, 1.0, 10).next_value(20, 1.0, None) == 1.0


def test_an_equivariant_part_that_starts_without_weight_counts_later():
    model = net()
    pen = EquivariancePenalty(model, SPEC, equivariant=Linear(0.0, 1.0, 2))
    before = pen().item()
    pen.step()
    assert before == pytest.approx(EquivariancePenalty(model, SPEC)().item(), rel=1e-12)
    assert pen().item() == pytest.approx(EquivariancePenalty(model, SPEC, equivariant=0.5)().item(), rel=1e-12)
    assert pen().item() > before


def test_decay_takes_every_step_that_is_left_out_at_once():
    model, other = net(), net()
    other.load_state_dict(model.state_dict())
    EquivariancePenalty(model, SPEC, every=3, decoupled=True, equivariant=0.5).decay_(0.01)
    EquivariancePenalty(other, SPEC, decoupled=True, equivariant=0.5).decay_(0.03)
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=16 * EPS)


def test_weights_follow_their_terms_into_batches():
    """The first and the last layer are computed together, with two others between them."""
    A, strengths = G.regular(), {"0": 1.0, "1": 10.0, "2": 100.0, "3": 1000.0}
    pairs = {"0": (A, A), "1": (A, 2 * A), "2": (2 * A, A), "3": (A, A)}
    model = nn.Sequential(*(nn.Linear(v.dim, w.dim, bias=False) for v, w in pairs.values())).double()
    pen = EquivariancePenalty(model, pairs, residual=strengths)
    assert [[t.layer for t in batch.terms] for batch in pen.batches] == [["0", "3", "1", "2"]]
    sizes = {k: float(Hom(*pair).residual(model[int(k)].weight.detach()).norm()) for k, pair in pairs.items()}
    assert pen().item() == pytest.approx(sum(strengths[k] * sizes[k] for k in pairs), rel=1e-12)
    for scale in (1.0, 2.0**-1000):  # so small that slopes overflow on the way
        with torch.no_grad():
            for layer in model:
                layer.weight *= scale
        found = torch.autograd.grad(pen(), [layer.weight for layer in model])
        for (k, pair), layer, slope in zip(pairs.items(), model, found, strict=True):
            R = Hom(*pair).residual(layer.weight.detach()) / scale
            assert torch.allclose(slope, strengths[k] * R / R.norm(), rtol=1e-12, atol=strengths[k] * 1e-12), (k, scale)


def test_small_terms_of_one_space_move_by_their_own_steps():
    """Two layers in one batch, with weights of their own: T <- T - lr (away (T - P(T)) + along P(T)) for each."""
    A = G.regular()
    model = nn.Sequential(nn.Linear(A.dim, A.dim, bias=False), nn.Linear(A.dim, A.dim, bias=False)).double()
    before = [layer.weight.detach().clone() for layer in model]
    pen = EquivariancePenalty(
        model, {"*": (A, A)}, decoupled=True, residual={"0": 0.5, "1": 2.0}, equivariant={"0": 0.25, "1": 1.0}
    )
    assert len(pen.batches) == 1
    pen.decay_(0.1)
    H = Hom(A, A)
    for layer, T, away, along in zip(model, before, (0.05, 0.2), (0.025, 0.1), strict=True):
        expected = T - away * H.residual(T) - along * H.project(T)
        assert torch.allclose(layer.weight, expected, rtol=0, atol=16 * EPS)


def test_target_share_is_reached():
    torch.manual_seed(0)
    A = 2 * Cyclic(4).regular()
    layer = nn.Linear(A.dim, A.dim, bias=False)
    goal = torch.randn(A.dim, A.dim)
    pen = EquivariancePenalty(
        layer, {"": (A, A)}, Frobenius(squared=True), residual=TargetShare(0.2, start=0.1, rate=0.1)
    )
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
    for _ in range(800):
        optimizer.zero_grad()
        ((layer.weight - goal).square().sum() + pen()).backward()
        optimizer.step()
        pen.step()
    assert pen.report()["weight"].share == pytest.approx(0.2, rel=0.05)


def test_shares_are_those_that_the_value_has_told():
    """Of the weights as the penalty saw them; of the weights as they are where its value was not asked for."""
    model = net()
    for seen in (True, False):
        pen = EquivariancePenalty(model, SPEC, residual=TargetShare(0.9, rate=0.5))
        expected = {r.name: r.share for r in pen.report().terms}
        if seen:
            pen()
            with torch.no_grad():
                for p in model.parameters():
                    p.mul_(torch.linspace(1, 2, p.numel()).view_as(p))
        pen.step()
        for term in pen.terms:
            weight = TargetShare(0.9, rate=0.5).next_value(1, 1.0, expected[term.name])
            assert term.weights[0] == pytest.approx(weight, rel=2.0**-18)


def test_every_kth_step_k_times_as_strong():
    model = net()
    plain = EquivariancePenalty(model, SPEC)().item()
    pen = EquivariancePenalty(model, SPEC, every=3)
    values = []
    for _ in range(6):
        values.append(pen().item())
        pen.step()
    assert values == pytest.approx([3 * plain, 0, 0, 3 * plain, 0, 0], rel=1e-12)
    assert pen().requires_grad


@pytest.mark.parametrize("form", ["rate", "optimizer", "attached"])
def test_decoupled_decay(form):
    model = net()
    before = [m.weight.detach().clone() for m in (model[0], model[2])]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    pen = EquivariancePenalty(model, SPEC, residual=0.5, equivariant=0.25, decoupled=True)
    assert pen().item() == 0
    if form == "attached":
        pen.attach(optimizer)
        optimizer.step()  # no gradients: only the hook acts
        assert pen.steps == 1
    else:
        pen.decay_(0.1 if form == "rate" else optimizer)
    for old, layer, (A, B) in zip(before, (model[0], model[2]), SPEC.values(), strict=True):
        T = old.numpy()
        P = Hom(A, B).project(T)
        assert np.abs(layer.weight.detach().numpy() - (T - 0.1 * (0.5 * (T - P) + 0.25 * P))).max() <= 1e-14


@pytest.mark.parametrize(
    ("away", "along"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0), ({"0": 0.0, "2": 0.5}, {"0": 1.0, "2": 0.0})]
)
def test_decay_with_one_weight_alone(away, along):
    """Each of the two weights moves the parameters by itself; layers with other weights move by theirs."""
    model = net()
    before = [m.weight.detach().numpy().copy() for m in (model[0], model[2])]
    EquivariancePenalty(model, SPEC, residual=away, equivariant=along).decay_(0.1)
    for old, name, (A, B) in zip(before, ("0", "2"), SPEC.values(), strict=True):
        a, b = (w[name] if isinstance(w, dict) else w for w in (away, along))
        P = Hom(A, B).project(old)
        found = model[int(name)].weight.detach().numpy()
        assert np.abs(found - (old - 0.1 * (a * (old - P) + b * P))).max() <= 1e-14


def test_decay_writes_parameters_that_are_no_plain_memory():
    A = G.regular()
    conv = nn.ConvTranspose2d(8, 8, 3).double()
    other = copy.deepcopy(conv)
    other.weight.data = other.weight.data.to(memory_format=torch.channels_last)
    for layer in (conv, other):
        T = layer.weight.detach().transpose(0, 1).reshape(8, 72).numpy().copy()
        EquivariancePenalty(layer, {"": (A, A)}, decoupled=True).decay_(0.5)
        new = layer.weight.detach().transpose(0, 1).reshape(8, 72).numpy()
        assert np.abs(new - (T - 0.5 * Hom(A * G.grid((3, 3)), A).residual(T))).max() <= 1e-14


# Bad input


def bad(match, spec, model=None, error=GroupRepError, **options):
    with pytest.raises(error, match=match):
        EquivariancePenalty(net() if model is None else model, spec, **options)


def test_names():
    model = nn.ModuleDict({"encoder": nn.Linear(16, 16), "decoder": nn.Linear(16, 16)})
    bad(r'no layer is named "encodr"; did you mean "encoder"', {"encodr": (V, V)}, model)
    bad('no layer is named "x"; the layers are encoder, decoder', {"x": (V, V)}, model)
    bad('"encoder" is matched by both "enc\\*" and "encoder"', {"enc*": (V, V), "encoder": (V, V)}, model)
    bad("spec is empty", {}, model)
    bad("mapping", [("encoder", (V, V))], model)
    bad("a pair", {"encoder": V}, model)
    bad("a pair", {"encoder": (V, 3)}, model)
    with pytest.raises(GroupRepError, match="W must be a Representation"):
        LayerSpec(V, 3)
    assert len(EquivariancePenalty(model, {"*coder": (V, V)}).terms) == 4


def test_frozen_layers():
    model = net()
    model[0].requires_grad_(False)
    bad('layer "0" is frozen', SPEC, model)
    pen = EquivariancePenalty(model, {"0*": (V, W), "2": (W, V)})
    assert pen.skipped == ("0",)
    assert "skipped (frozen): 0" in str(pen.report())
    model[2].requires_grad_(False)
    bad("every layer that it matches is frozen", {"[02]": (V, W)}, model)


def test_sizes():
    bad(
        r"\"0\", Linear \(weight \(12, 16\)\): in_features is 16, V = .* has dimension 8",
        {"0": (G.regular(), W)},
        error=DimensionMismatch,
    )
    bad(r"out_features is 12", {"0": (V, V)}, error=DimensionMismatch)


def test_representations_without_an_invariant_form():
    L = Lorentz().defining()
    bad("no invariant positive-definite form", {"": (L, L)}, nn.Linear(4, 4), NotUnitary)
    Q = Quaternion()
    bad("real weights cannot", {"": (Q.defining(), Q.defining())}, nn.Linear(2, 2))
    assert (
        EquivariancePenalty(nn.Linear(2, 2, dtype=torch.complex128), {"": (Q.defining(), Q.defining())})().dtype
        == torch.float64
    )


def test_weights_that_are_not_finite():
    model = net()
    pen = EquivariancePenalty(model, SPEC)
    with torch.no_grad():
        model[2].weight[0, 0] = torch.nan
    bad('"2.weight" has NaN', SPEC, model)
    with pytest.raises(GroupRepError, match=r'"2\.weight" has NaN'):
        pen()
    with pytest.raises(GroupRepError, match=r'"2\.weight" has NaN'):
        pen.report()


def test_options():
    bad("norm", SPEC, norm="frobenius")
    bad("every", SPEC, every=0)
    bad("residual", SPEC, residual=-1.0)
    bad("equivariant", SPEC, equivariant=float("nan"))
    bad("decoupled", SPEC, norm=Spectral(), decoupled=True)
    bad("matched by both", SPEC, residual={"0*": 1.0, "*0": 2.0})
    with pytest.raises(GroupRepError, match="target"):
        TargetShare(1.0)
    with pytest.raises(GroupRepError, match="steps"):
        Linear(1.0, 0.0, 0)
    other = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0)
    pen = EquivariancePenalty(net(), SPEC, decoupled=True)
    with pytest.raises(GroupRepError, match="none of the parameters of the optimizer"):
        pen.decay_(other)
    with pytest.raises(GroupRepError, match=r"torch\.nn\.Module"):
        EquivariancePenalty("model", SPEC)
