"""Baselines: unbiased where they say so, zero on equivariant models, with the gradients of what they compute."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Lorentz, Symmetric
from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.representations import Representation
from projectors import Hom
from projectors.penalties import Frobenius
from projectors.torch import Anneal, EquivariancePenalty, RelaxedLinear, TargetShare, equivariance_error, project_
from projectors.torch.baselines import (
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
from projectors.torch.baselines.actions import Action, draw

EPS = torch.finfo(torch.float64).eps


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=generator(seed))


def cnn(G, channels=2):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(1, channels * G.order, 3, padding=1), nn.ReLU(), nn.Conv2d(channels * G.order, 3, 3), nn.Flatten()
        ).double()
    spec = {"0": (G.trivial(), channels * G.regular()), "2": (channels * G.regular(), 3 * G.trivial())}
    return net, spec


def signed():
    """A representation with signs: the sign times the natural one of S3."""
    S = Symmetric(3)
    sign = Representation(
        S, images={g: [[round(float(np.linalg.det(S.natural()(e))))]] for g, e in zip(S.letters, S.generators)}
    )
    return sign * S.natural()


# Elements and their action


def test_draws_are_those_of_the_generator_and_go_on():
    G = Symmetric(5)
    g = generator(3)
    first, second = draw(G, 4, g), draw(G, 4, g)
    again = draw(G, 4, generator(3))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)


def test_draws_of_products_are_tuples():
    G = SO(3) * Cyclic(2)
    for g in draw(G, 3, generator()):
        rotation, flip = g
        assert np.asarray(rotation).shape == (3, 3)
        assert np.asarray(flip).shape == (2,)


def test_equivariance_error_over_a_product_of_a_continuous_and_a_finite_group():
    G = SO(3) * Cyclic(2)
    V = G.pullback(0, SO(3).defining()) * G.pullback(1, Cyclic(2).regular())
    x = normal(4, 6)
    scaled = equivariance_error(lambda v: 2 * v, V, V, x, samples=5)
    assert (scaled.elements, scaled.exhaustive) == (5, False)
    assert scaled.maximum < 100 * EPS
    assert equivariance_error(lambda v: v * torch.arange(6), V, V, x, samples=5).maximum > 0.1


@pytest.mark.parametrize(
    "V",
    [
        Dihedral(4).grid((3, 3)),
        Dihedral(4).irreps()[-1],
        2 * SO(3).defining(),
        Cyclic(3).irreps("complex")[1],
        Dihedral(3).regular(),
    ],
    ids=str,
)
def test_actions_are_products_with_the_matrices(V):
    action, n = Action(V), V.dim
    x = normal(2, n, 4)
    y = normal(2, 4, n)
    for g in draw(V.group, 3, generator(1)):
        rho = torch.as_tensor(np.asarray(V(g)))
        wide = rho.dtype
        scale = 4 * n * EPS * n
        assert torch.allclose(action.rows(g, x).to(wide), rho @ x.to(wide), atol=scale, rtol=0)
        assert torch.allclose(action.columns(g, y).to(wide), y.to(wide) @ rho, atol=scale, rtol=0)
    elements = draw(V.group, 5, generator(2))
    wide = torch.complex128 if any(np.iscomplexobj(V(g)) for g in elements) else torch.float64
    rhos = [torch.as_tensor(np.asarray(V(g))).to(wide) for g in elements]
    batch = normal(5, n)
    expected = torch.stack([rho @ v for rho, v in zip(rhos, batch.to(wide))])
    assert torch.allclose(action.each(elements, batch), expected, atol=scale, rtol=0)
    assert torch.allclose(action.vectors(elements[0], batch).to(wide), batch.to(wide) @ rhos[0].T, atol=scale, rtol=0)


def test_signed_permutations_act_with_their_signs():
    V = 2 * signed()
    action, x = Action(V), normal(6, 2)
    elements = list(V.group.elements)
    for g in elements:
        assert torch.equal(action.rows(g, x), torch.as_tensor(V(g)) @ x)
        assert torch.equal(action.columns(g, x.T.contiguous()), x.T @ torch.as_tensor(V(g)))
    batch = normal(6, 6)
    assert torch.equal(
        action.each(elements, batch), torch.stack([torch.as_tensor(V(g)) @ v for g, v in zip(elements, batch)])
    )


# Sampled operators


@pytest.mark.parametrize("G", [Cyclic(4), Dihedral(4)], ids=str)
def test_sampled_operators_have_the_mean_that_is_proved(G):
    """The mean over all elements of a finite group, one after the other, is 2 ||T - P(T)||^2."""
    net, spec = cnn(G)
    pen = SampledOperatorPenalty(net, spec, generator=generator())
    exact = 2 * EquivariancePenalty(net, spec, Frobenius(squared=True))().item()
    total = 0.0
    for term in pen.terms:
        T, W, V = term.read().detach(), term.hom.W, term.hom.V
        for g in G.elements:
            total += float((torch.as_tensor(W(g)) @ T - T @ torch.as_tensor(V(g))).square().sum()) / G.order
    assert math.isclose(total, exact, rel_tol=1e4 * EPS)


@pytest.mark.parametrize("V", [2 * Dihedral(4).regular(), SO(3).defining() * SO(3).defining()], ids=str)
def test_sampled_operators_are_unbiased(V):
    """Four standard errors of the mean of many draws."""
    layer = nn.Linear(V.dim, V.dim).double()
    with torch.no_grad():
        layer.weight.copy_(normal(V.dim, V.dim))
        layer.bias.copy_(normal(V.dim))
    pen = SampledOperatorPenalty(layer, {"": (V, V)}, generator=generator(5))
    drawn = torch.stack([pen().detach() for _ in range(400)])
    exact = 2 * EquivariancePenalty(layer, {"": (V, V)}, Frobenius(squared=True))().item()
    assert abs(drawn.mean().item() - exact) < 4 * drawn.std().item() / math.sqrt(len(drawn))
    many = SampledOperatorPenalty(layer, {"": (V, V)}, samples=400, generator=generator(6))
    assert abs(many().item() - exact) < 4 * drawn.std().item() / math.sqrt(len(drawn))


def test_sampled_operators_are_zero_on_equivariant_weights():
    G = Dihedral(4)
    net, spec = cnn(G)
    project_(net, spec)
    pen = SampledOperatorPenalty(net, spec, samples=8, generator=generator())
    size = sum(float(p.detach().square().sum()) for p in net.parameters())
    assert pen().item() < (100 * EPS) ** 2 * size


def test_gradient_of_sampled_operators():
    V = Dihedral(3).regular()
    layer = nn.Linear(6, 6).double()

    def value(weight, bias):
        return torch.func.functional_call(Wrapped(layer, V), {"layer.weight": weight, "layer.bias": bias}, ())

    assert torch.autograd.gradcheck(value, (normal(6, 6).requires_grad_(), normal(6, seed=1).requires_grad_()))


class Wrapped(nn.Module):
    """The penalty as a function of the parameters, with the same draws in each call."""

    def __init__(self, layer, V):
        super().__init__()
        self.layer, self.pen, self.V = (
            layer,
            SampledOperatorPenalty(layer, {"": (V, V)}, samples=3, generator=generator()),
            V,
        )

    def forward(self):
        self.pen.generator.manual_seed(7)
        return self.pen()


# Sampled outputs


def test_sampled_outputs_are_the_mean_square_defect():
    G = Dihedral(4)
    net, _ = cnn(G)
    x = normal(5, 1, 4, 4)
    W = 3 * G.grid((2, 2))
    pen = SampledOutputPenalty(net, G.trivial(), W, samples=3, generator=generator(4), strength=0.5)
    elements = draw(G, 3, generator(4))
    pixels, expected = G.grid((4, 4)), 0.0
    for g in elements:
        moved = (torch.as_tensor(pixels(g)) @ x.reshape(5, 16).T).T.reshape(x.shape)
        expected += float((net(moved) - net(x) @ torch.as_tensor(W(g)).T).detach().square().sum()) / 5 / 3
    assert math.isclose(pen(x).item(), 0.5 * expected, rel_tol=1e4 * EPS)
    pen.generator.manual_seed(4)
    assert math.isclose(pen(x, net(x)).item(), 0.5 * expected, rel_tol=1e4 * EPS)
    assert math.isclose(pen.report()["outputs"], expected, rel_tol=1e4 * EPS)
    assert math.isclose(pen.report().total, 0.5 * expected, rel_tol=1e4 * EPS)


def test_sampled_outputs_vanish_on_an_equivariant_model_and_have_gradients():
    G = Dihedral(4)
    net, spec = cnn(G)
    x = normal(5, 1, 4, 4)
    pen = SampledOutputPenalty(net, G.trivial(), 3 * G.grid((2, 2)), samples=4, generator=generator(), strength=1.0)
    value = pen(x)
    value.backward()
    assert value.item() > 1e-3
    assert all(float(p.grad.abs().max()) > 0 for p in net.parameters() if p.ndim > 1)
    project_(net, spec)
    assert pen(x).item() < (1e3 * EPS) ** 2
    assert equivariance_error(net, G.trivial(), 3 * G.grid((2, 2)), x).maximum < 1e3 * EPS


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
    P = layer._projected().detach()
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
