"""`EquivariancePenalty.check(x)` follows the data of a run: residual connections, functions, the order of calls."""

import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from grouprep import SO, Cyclic, Dihedral, GroupRepError
from projectors.torch import EquivariancePenalty

G = Cyclic(4)
V, W = 2 * G.regular(), 2 * G.regular() + G.trivial()
X = torch.randn(3, 8)


class Net(nn.Module):
    """Two layers, and what a function makes of them."""

    def __init__(self, forward, outside=8, inside=8):
        super().__init__()
        self.second = nn.Linear(inside, outside)  # made before the first one
        self.first = nn.Linear(8, inside)
        self.call = forward

    def forward(self, x):
        return self.call(self, x)


def findings(forward, first=(V, V), second=(V, V), x=X):
    torch.manual_seed(0)  # the weights, of which the sizes in the findings depend
    net = Net(forward, second[1].dim, first[1].dim)
    return [str(f) for f in EquivariancePenalty(net, {"first": first, "second": second}).check(x).findings]


def test_order_of_calls_counts_not_that_of_making():
    assert not findings(lambda net, x: net.second(torch.relu(net.first(x))), (V, W), (W, V))
    assert not findings(
        lambda net, x: net.second(net.first(x)), (V, W), (V + G.trivial(), V)
    )  # W, written in another way
    (text,) = findings(lambda net, x: net.second(net.first(x)), (V, 8 * G.trivial()), (V, V))
    assert text.startswith('error: second: its input is 2 * regular (dimension 8), but "first" gives 8 * trivial')


def test_functions_between():
    S = SO(3)
    v = 2 * S.irrep(1) + 2 * S.irrep(0)
    ends = (v, v), (v, v)
    for name, f in {"relu": functional.relu, "tanh": torch.tanh, "mul": lambda y: y * y}.items():
        (text,) = findings(lambda net, x, f=f: net.second(f(net.first(x))), *ends)
        assert text.startswith(f'error: {name} after "first": {name} acts entry by entry')
    for f in (
        lambda y: 2 * y,
        lambda y: -y,
        lambda y: y + y,
        lambda y: y.clone().view(3, -1),
        lambda y: functional.dropout(y, 0.0),
    ):
        assert not findings(lambda net, x, f=f: net.second(f(net.first(x))), *ends)
    (text,) = findings(lambda net, x: net.second(torch.cumsum(net.first(x), 1)), *ends)
    assert text.startswith(f'error: cumsum after "first": cumsum does not keep {v} after "first"')


def test_residual_connections():
    assert not findings(lambda net, x: net.second(y := net.first(x)) + y)
    (text,) = findings(lambda net, x: net.second(y := net.first(x)) + y, (V, V), (V, 8 * G.trivial()))
    assert text.startswith('error: add after "second"')
    assert 'meets 2 * regular after "first"' in text


def test_the_input_is_followed_too():
    assert not findings(lambda net, x: net.second(net.first(x) + x))
    (text,) = findings(lambda net, x: net.second(net.first(x) + x), (V, 8 * G.trivial()), (V, V))
    assert 'meets 2 * regular after "the input of first"' in text


def test_what_a_specified_layer_does_inside_is_seen():
    class Activated(nn.Linear):
        def __init__(self, size):
            super().__init__(size, size)
            self.act = nn.ReLU()

        def forward(self, x):
            return super().forward(self.act(x))

    S = SO(3)
    v = 2 * S.irrep(1) + 2 * S.irrep(0)
    net = nn.Sequential(nn.Linear(8, 8), Activated(8))
    (finding,) = EquivariancePenalty(net, {"0": (v, v), "1": (v, v)}).check(X).findings
    assert finding.where == "1"
    assert finding.what.startswith("it is not equivariant even with equivariant weights")


def test_tensors_of_unknown_representation():
    scale = torch.rand(8, generator=torch.Generator().manual_seed(0))
    for f in (lambda y: y * scale, lambda y: y + scale, lambda y: torch.maximum(y, scale)):
        (text,) = findings(lambda net, x, f=f: net.second(f(net.first(x))))
        assert text.startswith("error: ")
        assert "2 * regular meets a tensor whose representation is not known (off by " in text
    assert not findings(lambda net, x: net.second(net.first(x) * torch.tensor(2.0)))


def test_concatenation_is_the_direct_sum():
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 8), nn.Linear(8, 4), nn.Linear(12, 8)

        def forward(self, x):
            return self.c(torch.cat([self.a(x), self.b(x)], dim=1))

    R = G.regular()
    good = {"a": (V, 2 * R), "b": (V, R), "c": (2 * R + R, V)}
    assert not EquivariancePenalty(Wide(), good).check(X).findings
    bad = {**good, "c": (R + 8 * G.trivial(), V)}
    (finding,) = EquivariancePenalty(Wide(), bad).check(X).findings
    assert finding.where == "c"
    assert '"a and b" gives' in finding.what


def test_reduced_channels_are_no_features():
    invariant = Cyclic(4).trivial()

    class Mean(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(8, 8), nn.Linear(1, 3)

        def forward(self, x):
            return self.b(self.a(x).mean(dim=1, keepdim=True))

    assert not EquivariancePenalty(Mean(), {"a": (V, V), "b": (invariant, 3 * invariant)}).check(X).findings


def test_strict_and_a_model_that_fails():
    net = Net(lambda net, x: net.second(net.first(x)))
    pen = EquivariancePenalty(net, {"first": (V, 8 * G.trivial()), "second": (V, V)})
    with pytest.raises(GroupRepError, match="cannot be equivariant as specified"):
        pen.check(X, strict=True)
    with pytest.raises(RuntimeError):
        pen.check(torch.randn(3, 7))
    assert not net.first._forward_hooks
    assert not net.first._forward_pre_hooks
    assert net.training


def test_a_residual_network_with_functions():
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    try:
        from resnet import ResNet18, specification
    finally:
        sys.path.pop(0)
    net = ResNet18()
    spec = specification(net)
    broken = {**spec, "blocks.0.conv2": (8 * Dihedral(4).regular(), 64 * Dihedral(4).trivial())}
    report = EquivariancePenalty(net, broken).check(torch.randn(1, 3, 33, 33))
    errors = [f.where for f in report.findings if f.severity == "error"]
    assert errors == ["blocks.0.bn2"], report
