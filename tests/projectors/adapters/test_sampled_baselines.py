"""Sampled penalties: elements and how they act, unbiased means, zero on equivariant models, gradients."""

import math

import numpy as np
import pytest
import torch
from baseline_models import EPS, cnn, generator, normal, signed
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Symmetric
from projectors.baselines import (
    SampledOperatorPenalty,
    SampledOutputPenalty,
)
from projectors.baselines.actions import Action, draw
from projectors.penalties import Frobenius
from projectors.torch import EquivariancePenalty, equivariance_error, project_

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
