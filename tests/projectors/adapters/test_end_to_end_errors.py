"""`equivariance_error` of several inputs and outputs on any axis, and running statistics as equivariant state."""

import copy
import pickle

import numpy as np
import pytest
import torch
from cases import cases
from torch import nn

from grouprep import Cyclic, Dihedral, DimensionMismatch, GroupRepError
from projectors.models import Features, act, equivariance_error
from projectors.torch import constrain_, constrain_statistics_, project_, project_statistics_
from projectors.torch import equivariance_error as torch_error

G, C = Dihedral(4), Cyclic(4)
R, ONE, r = G.regular(), G.trivial(), C.regular()


def slow(V, g, x, axis, grid=None):
    """rho(g) on an axis, and a matrix on the other axes of a sample together."""
    moved = np.moveaxis(x, axis, -1) @ V(g).T
    if grid is not None:
        flat = moved.reshape(len(x), -1, V.dim)
        moved = np.einsum("ij,bjc->bic", grid(g), flat).reshape(moved.shape)
    return np.moveaxis(moved, -1, axis)


@cases("axis", (1, 2, 3, -1, -2, -3))
def test_channels_on_any_axis(axis):
    rng = np.random.default_rng(0)
    shape = [3, 4, 4, 4]
    shape[axis] = 8
    x = rng.normal(size=shape)
    for g in G.elements[1:4]:
        assert np.allclose(act(R, g, x, channels=axis), slow(R, g, x, axis, G.grid((4, 4))), atol=1e-12)
        turned = act(Features(R, channels=axis, grid=2 * R), g, x)
        assert np.allclose(turned, slow(R, g, x, axis, 2 * R), atol=1e-12)
        assert torch.allclose(
            act(Features(R, channels=axis, grid=2 * R), g, torch.from_numpy(x)), torch.from_numpy(turned)
        )


def test_dense_representations_on_an_inner_axis():
    V, x = Dihedral(5).defining(), np.random.default_rng(0).normal(size=(3, 2, 7))
    still = Features(V, channels=1, grid=7 * V.group.trivial())
    for g in V.group.elements[1:5]:
        assert np.allclose(act(still, g, x), slow(V, g, x, 1), atol=1e-12)


def test_several_inputs_and_outputs():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(3, 4)), rng.normal(size=(3, 5, 4))
    tokens = Features(r, channels=-1, grid=5 * C.trivial())

    def f(x, y):
        return {"sum": x[:, None] + y, "norm": ((x**2).sum(1)[:, None], y.cumsum(2))}

    exact = equivariance_error(f, (r, tokens), {"sum": tokens}, (x, y))
    assert exact.maximum <= 1e-12
    assert exact.exhaustive
    assert equivariance_error(f, (r, tokens), (tokens, C.trivial(), None), [x, y]).maximum <= 1e-12
    broken = equivariance_error(f, (r, tokens), (tokens, C.trivial(), tokens), (x, y))
    z = y.cumsum(2)
    errors = [np.linalg.norm(act(tokens, g, y).cumsum(2) - act(tokens, g, z)) / np.linalg.norm(z) for g in C.elements]
    assert broken.maximum == pytest.approx(max(errors))
    assert broken.mean == pytest.approx(np.mean(errors))
    one = equivariance_error(lambda x, y: x + y[:, 0], (r, None), r, (x, y))  # y stands still: the sum does not follow
    assert one.maximum > 0.1
    pair = tuple(torch.from_numpy(a) for a in (x, y))
    assert torch_error(lambda x, y: (x[:, None] * y, x), (r, tokens), (tokens, r), pair).maximum <= 1e-12


BAD = {
    "V has 2 representations, x has 1 arrays": lambda x: equivariance_error(np.tanh, (r, r), r, x),
    "W has 1 representations, the function gives 2": lambda x: equivariance_error(lambda x: (x, x), r, r, x),
    "W names outputs b; the function gives a": lambda x: equivariance_error(lambda x: {"a": x}, r, {"b": r}, x),
    "V must be a Representation": lambda x: equivariance_error(np.tanh, "regular", r, x),
    "at least one input": lambda x: equivariance_error(np.tanh, None, r, x),
    "at least one output": lambda x: equivariance_error(np.tanh, r, (None,), x),
    "which holds no array": lambda x: equivariance_error(lambda x: "text", r, r, x),
    "needs one group": lambda x: equivariance_error(np.tanh, r, Cyclic(2).natural(), x),
    r"x\[1\] has samples of shape": lambda x: equivariance_error(np.add, (r, 2 * r), r, (x, x)),
    "output 1 has samples of shape": lambda x: equivariance_error(lambda x: (x, x), r, (r, 3 * r), x),
    "is unknown; choose": lambda x: Features(r, channels="middle"),
    "grid = regular has dimension 4": lambda x: act(Features(r, 1, r), C.elements[1], x[:, :, None].repeat(3, 2)),
    "grid must be a Representation": lambda x: Features(r, grid="still"),
    "grid of D4": lambda x: Features(r, grid=ONE),
    "must be a tensor": lambda x: torch_error(torch.tanh, r, r, [x]),
}


@cases("match", BAD)
def test_bad_input(match):
    with pytest.raises(GroupRepError, match=match) as caught:
        BAD[match](np.ones((2, 4)))
    assert "has samples" not in match or caught.type is DimensionMismatch


# Running statistics


def network():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 8, 3))
    return net, {"0": (ONE, 2 * R), "1": (2 * R, 2 * R), "3": (2 * R, R)}


def train(net, steps):
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        first, second = (torch.randn(8, 1, 6, 6, generator=generator) for _ in range(2))
        (net(first).square().mean() + (net(second) - 1).square().mean()).backward()  # two runs before one gradient
        optimizer.step()
    return net.eval()


def test_constrained_statistics_stay_invariant_in_training():
    net, spec = network()
    constrain_(net, spec)
    train(net, 30)
    x = torch.randn(4, 1, 6, 6)
    assert torch_error(net, ONE, R, x).maximum < 2e-6
    assert torch_error(copy.deepcopy(net), ONE, R, x).maximum < 2e-6
    mean = net[1].running_mean.view(2, 8)
    assert (mean - mean[:, :1]).abs().max() <= 1e-6
    assert mean[0, 0] != mean[1, 0]  # one value for each copy of the regular representation
    assert net[1].num_batches_tracked == 60


def test_statistics_are_projected_on_request_or_with_the_weights():
    net, spec = network()
    train(net, 3)
    before = net[1].running_var.clone()
    x = torch.randn(4, 1, 6, 6)
    only = copy.deepcopy(net)
    project_statistics_(only, spec)
    assert torch.allclose(only[1].running_var, before.view(2, 8).mean(1, keepdim=True).expand(2, 8).reshape(-1))
    assert torch.equal(only[0].weight, net[0].weight)
    weights = {name: pair for name, pair in spec.items() if name != "1"}
    left = copy.deepcopy(net)
    project_(left, weights)
    assert torch_error(left, ONE, R, x).maximum > 1e-3
    project_(net, spec)
    assert torch_error(net, ONE, R, x).maximum < 2e-6
    handle = constrain_statistics_(net, {"1": spec["1"]})
    again = pickle.loads(pickle.dumps(net))
    for one in (net, again):
        one.train()(torch.randn(8, 1, 6, 6))
        assert torch_error(one.eval(), ONE, R, x).maximum < 2e-6
    handle.remove()
    assert not net[1]._forward_hooks
    net.train()(torch.randn(8, 1, 6, 6))
    assert torch_error(net.eval(), ONE, R, x).maximum > 1e-4


def test_other_layers_with_statistics():
    layers = {
        "instance": nn.InstanceNorm2d(8, track_running_stats=True),
        "plain": nn.BatchNorm1d(8, affine=False),
        "still": nn.BatchNorm1d(8, track_running_stats=False),
    }
    net = nn.ModuleDict(layers)
    for layer in layers.values():
        if layer.running_mean is not None:
            layer.running_mean.copy_(torch.arange(8.0))
    project_statistics_(net, dict.fromkeys(layers, (R, R)))
    assert net["instance"].running_mean.tolist() == net["plain"].running_mean.tolist() == [3.5] * 8
