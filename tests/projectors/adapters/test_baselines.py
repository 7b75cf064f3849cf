"""Pathways, relaxed sharing, weight decay, augmentation, and what all baselines have in common."""

import math

import pytest
import torch
from baseline_models import EPS, cnn, generator, normal
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Lorentz, Symmetric
from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary, UnsupportedGroup
from projectors import Hom
from projectors.baselines import (
    Augmentation,
    AugmentedLoss,
    PathwayPrior,
    RelaxedGroupConv2d,
    RelaxedGroupLinear,
    SampledOperatorPenalty,
    SampledOutputPenalty,
    SharingPenalty,
    WeightDecay,
    relaxed_sharing_,
    residual_pathways_,
)
from projectors.baselines.actions import draw
from projectors.torch import Anneal, RelaxedLinear, TargetShare, equivariance_error, project_

# Residual pathways and weight decay


def test_pathways_start_equivariant_at_the_size_of_the_weights():
    G = Dihedral(4)
    net, spec = cnn(G)
    sizes = [float(net[i].weight.detach().norm()) for i in (0, 2)]
    state = torch.random.get_rng_state()
    residual_pathways_(net, spec)
    assert torch.equal(torch.random.get_rng_state(), state)
    x = normal(5, 1, 4, 4)
    assert equivariance_error(net, G.trivial(), 3 * G.grid((2, 2)), x).maximum < 1e3 * EPS
    for i, size in zip((0, 2), sizes):
        assert math.isclose(float(net[i].weight.detach().norm()), size, rel_tol=1e3 * EPS)
    assert net[0].padding == (1, 1)
    assert PathwayPrior(net, free=3.0)().item() == 0


def test_pathways_can_start_with_a_free_part():
    V = Cyclic(4).regular()
    net = nn.Sequential(nn.Linear(4, 4)).double()
    T, b = net[0].weight.detach().clone(), net[0].bias.detach().clone()
    residual_pathways_(net, {"0": (V, V)}, free=1.0)
    assert torch.allclose(net[0].free_weight, Hom(V, V).residual(T), atol=8 * EPS)
    assert torch.allclose(net[0].bias, b, atol=8 * EPS)


def test_prior_is_half_the_weighted_squares():
    V = Cyclic(4).regular()
    layer = RelaxedLinear(V, V, free=0.7).double()
    A, B = (float(p.detach().square().sum()) for p in (layer.equivariant_weight, layer.free_weight))
    assert math.isclose(
        PathwayPrior(layer, equivariant=0.5, free=4.0, strength=2.0)().item(), 0.5 * A + 4.0 * B, rel_tol=1e3 * EPS
    )
    PathwayPrior(layer, free=4.0)().backward()
    assert torch.allclose(layer.free_weight.grad, 4.0 * layer.free_weight.detach(), atol=8 * EPS)
    assert layer.equivariant_weight.grad is None


def test_weight_decay_is_half_the_squares_of_the_named_layers():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
    everything = sum(float(p.detach().square().sum()) for p in net.parameters())
    assert math.isclose(WeightDecay(net, 0.3)().item(), 0.15 * everything, rel_tol=1e3 * EPS)
    pen = WeightDecay(net, layers=["2"])
    pen().backward()
    assert torch.equal(net[2].weight.grad, net[2].weight.detach())
    assert net[0].weight.grad is None
    assert [name for name, _ in pen.report().values] == ["2.weight", "2.bias"]


def test_weight_decay_counts_shared_weights_once():
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)).double()
    net[1].weight = net[0].weight
    assert math.isclose(WeightDecay(net)().item(), float(net[0].weight.detach().square().sum()) / 2, rel_tol=1e3 * EPS)


# Relaxed sharing


def test_relaxed_group_linear_is_the_sum_of_the_definition():
    """y(g) = sum_h sum_l w_l(h) psi_l(g^-1 h) x(h) on the regular representation, from the definition."""
    G = Symmetric(3)
    layer = RelaxedGroupLinear(G.regular(), G.regular(), banks=2, generator=generator()).double()
    with torch.no_grad():
        layer.mixing.copy_(normal(2, 6))
    P = layer.equivariant(layer.banks).detach()
    elements = list(G.elements)
    expected = torch.zeros(6, 6, dtype=torch.float64)
    for a, g in enumerate(elements):
        for b, h in enumerate(elements):
            relative = int(G.index(G.multiply(G.inverse(g), h)))
            psi = P[:, int(G.index(G.identity())), relative]  # an equivariant matrix is a function of g^-1 h
            expected[a, b] = (layer.mixing[:, b].detach() * psi).sum()
    assert torch.allclose(layer.weight.detach(), expected, atol=32 * EPS)


def test_relaxed_layers_are_equivariant_exactly_where_their_coefficients_are_constant():
    G = Dihedral(4)
    net, spec = cnn(G)
    relaxed_sharing_(net, spec, banks=3, generator=generator(2))
    assert [net[i].on for i in (0, 2)] == ["output", "input"]
    x, W = normal(5, 1, 4, 4), 3 * G.grid((2, 2))
    assert equivariance_error(net, G.trivial(), W, x).maximum < 1e3 * EPS
    assert SharingPenalty(net)().item() == 0
    with torch.no_grad():
        net[2].mixing[0, 1] += 1.0
    assert equivariance_error(net, G.trivial(), W, x).maximum > 1e-3
    report = SharingPenalty(net, 0.1).report()
    assert report["0"] == 0
    assert math.isclose(
        report["2"], 2 * 7, rel_tol=1e3 * EPS
    )  # |w(g) - w(h)| over ordered pairs: one of 8 differs by 1
    assert math.isclose(report.total, 1.4, rel_tol=1e3 * EPS)


def test_coefficients_may_differ_between_orbits():
    V = Dihedral(4).grid((3, 3))  # a middle, four corners, four edges
    layer = RelaxedGroupLinear(V, Dihedral(4).regular(), banks=1).double()
    with torch.no_grad():
        layer.mixing[0, 4] = 5.0  # the middle pixel
        assert layer.variation().item() == 0
        assert Hom(V, Dihedral(4).regular()).residual(layer.weight).norm() < 100 * EPS
        layer.mixing[0, 0] = 5.0  # a corner
        assert layer.variation().item() == 2 * 3 * 4.0


def test_relaxed_convolutions_keep_the_bias_equivariant():
    G = Cyclic(4)
    layer = RelaxedGroupConv2d(2 * G.regular(), 3 * G.regular(), 3, bias=True, generator=generator()).double()
    with torch.no_grad():
        layer.shared_bias.copy_(normal(12))
        layer.mixing.copy_(normal(2, 4))
    means = layer.bias.reshape(3, 4)
    assert torch.allclose(means, means.mean(dim=1, keepdim=True), atol=8 * EPS)
    layer(normal(2, 8, 5, 5)).square().sum().backward()
    assert all(float(p.grad.abs().max()) > 0 for p in layer.parameters())


# Augmentation


def test_augmentation_moves_inputs_and_targets_by_one_element():
    G = Dihedral(4)
    x = normal(6, 2, 4, 4)
    gx, gy = Augmentation(2 * G.trivial(), 2 * G.trivial(), generator=generator(9))(x, 3 * x)
    assert torch.equal(gy, 3 * gx)
    pixels = 2 * G.grid((4, 4))
    for g, before, after in zip(draw(G, 6, generator(9)), x, gx):
        assert torch.equal(torch.as_tensor(pixels(g)) @ before.reshape(-1), after.reshape(-1))
    assert not torch.equal(gx, x)


def test_augmentation_by_rotations_of_vectors():
    V = 4 * SO(3).defining()
    x = normal(5, 12)
    move = Augmentation(V, generator=generator())
    moved, labels = move(x, torch.arange(5))
    assert torch.equal(labels, torch.arange(5))
    assert torch.allclose(moved.norm(dim=1), x.norm(dim=1), rtol=100 * EPS)
    empty, _ = move(x[:0], torch.arange(0))
    assert empty.shape == (0, 12)


def test_augmentation_by_a_product_with_a_continuous_group():
    G = SO(3) * Cyclic(2)
    V = G.pullback(0, SO(3).defining()) * G.pullback(1, Cyclic(2).regular())
    x = normal(5, 6)
    moved, _ = Augmentation(V, generator=generator(3))(x, x)
    for g, before, after in zip(draw(G, 5, generator(3)), x, moved):
        assert torch.allclose(torch.as_tensor(V(g)) @ before, after, atol=100 * EPS)


def test_augmented_loss_of_an_invariant_model_is_the_loss():
    G = Dihedral(4)
    net, spec = cnn(G)
    project_(net, spec)
    pooled = nn.Sequential(net, nn.Unflatten(1, (3, 4)), nn.AdaptiveAvgPool1d(1), nn.Flatten())
    pen = AugmentedLoss(pooled, nn.functional.cross_entropy, Augmentation(G.trivial(), generator=generator()))
    x, y = normal(6, 1, 4, 4), torch.tensor([0, 1, 2, 0, 1, 2])
    assert math.isclose(pen(x, y).item(), nn.functional.cross_entropy(pooled(x), y).item(), rel_tol=1e3 * EPS)


# The common interface


def test_models_are_not_registered_and_schedules_move():
    net, _ = cnn(Cyclic(4))
    pen = WeightDecay(net, Anneal(1.0, 2))
    assert not list(pen.parameters())
    assert not pen.state_dict()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    handle = pen.attach(optimizer)
    strengths = []
    for _ in range(3):
        optimizer.zero_grad()
        pen().backward()
        optimizer.step()
        strengths.append(pen.strength)
    handle.remove()
    assert strengths == pytest.approx([0.5, 0.0, 0.0], abs=4 * EPS)
    assert pen.report().step == 3
    assert "total" in str(pen.report())


def test_half_precision_weights_are_measured_in_single():
    layer = nn.Linear(4, 4).to(torch.bfloat16)
    V = Cyclic(4).regular()
    assert SampledOperatorPenalty(layer, {"": (V, V)}, generator=generator())().dtype == torch.float32
    assert WeightDecay(layer)().dtype == torch.float32


def test_bad_input():
    G = Cyclic(4)
    V = G.regular()
    layer = nn.Linear(4, 4)
    with pytest.raises(GroupRepError, match="generator"):
        SampledOperatorPenalty(layer, {"": (V, V)}, generator=0)
    with pytest.raises(GroupRepError, match="samples = 0"):
        SampledOutputPenalty(layer, V, V, generator=generator(), samples=0)
    with pytest.raises(DimensionMismatch, match="one group"):
        SampledOutputPenalty(layer, V, Cyclic(2).regular(), generator=generator())
    with pytest.raises(GroupRepError, match=r"pen\(x\)"):
        SampledOutputPenalty(layer, V, V, generator=generator())()
    with pytest.raises(DimensionMismatch, match="samples have shape"):
        SampledOutputPenalty(layer, 2 * V, V, generator=generator())(torch.ones(2, 4))
    with pytest.raises(UnsupportedGroup):
        SampledOutputPenalty(layer, Lorentz().defining(), Lorentz().defining(), generator=generator())
    skew = V.change_basis([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    with pytest.raises(NotUnitary, match="not unitary"):
        SampledOperatorPenalty(layer, {"": (skew, skew)}, generator=generator())
    with pytest.raises(GroupRepError, match="no layer is named"):
        SampledOperatorPenalty(nn.Sequential(nn.Linear(4, 4)), {"00": (V, V)}, generator=generator())
    with pytest.raises(GroupRepError, match="share"):
        WeightDecay(layer, TargetShare(0.1))
    with pytest.raises(GroupRepError, match="matches no module"):
        WeightDecay(layer, layers=["fc"])
    with pytest.raises(GroupRepError, match="residual_pathways_"):
        PathwayPrior(layer)
    with pytest.raises(GroupRepError, match="relaxed_sharing_"):
        SharingPenalty(layer)
    with pytest.raises(GroupRepError, match="model itself"):
        residual_pathways_(layer, {"": (V, V)})
    with pytest.raises(GroupRepError, match="does not permute"):
        RelaxedGroupLinear(SO(3).defining(), SO(3).defining())
    with pytest.raises(GroupRepError, match="banks = 0"):
        RelaxedGroupLinear(V, V, banks=0)
    with pytest.raises(GroupRepError, match='on = "left"'):
        RelaxedGroupLinear(V, V, on="left")
    with pytest.raises(GroupRepError, match="grouped"):
        residual_pathways_(nn.Sequential(nn.Conv2d(8, 8, 3, groups=2)), {"0": (2 * V, 2 * V)})
    with pytest.raises(GroupRepError, match=r"pen\(x, target\)"):
        AugmentedLoss(layer, nn.functional.mse_loss, Augmentation(V, generator=generator()))(torch.ones(2, 4))
