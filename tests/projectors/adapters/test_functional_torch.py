"""Penalties under torch.func, forward-mode derivatives and torch.compile: the values and derivatives of plain calls."""

import pytest
import torch
from cases import cases
from torch import nn
from torch._dynamo.utils import counters
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jvp, vmap
from torch_networks import G

from grouprep import SO
from projectors.penalties import Entrywise, Frobenius, Induced, KyFan, Mixed, Nuclear, Schatten, Spectral
from projectors.torch import EquivariancePenalty, Linear, TargetShare

V, W = 4 * G.regular(), 3 * G.regular() + 2 * G.defining()
S = 9 * SO(3).irrep(1)
NORMS = (
    Frobenius(),
    Frobenius(squared=True),
    Spectral(),
    KyFan(2),
    Nuclear(),
    Schatten(3),
    Mixed(2, 1),
    Entrywise(1),
    Induced(1),
)


class Step(nn.Module):
    """A loss: two followed layers, one in the spectral frame, and their penalty."""

    def __init__(self, norm, **options):
        super().__init__()
        torch.manual_seed(0)
        layers = nn.Linear(V.dim, W.dim), nn.Tanh(), nn.Linear(W.dim, S.dim), nn.Linear(S.dim, S.dim, bias=False)
        self.net = nn.Sequential(*layers).double()
        spec = {"0": (V, W), "3": (S, S)}
        self.pen = EquivariancePenalty(self.net, spec, norm, **{"equivariant": 0.25, **options})
        self.x = torch.randn(5, V.dim, dtype=torch.float64)

    def forward(self):
        return self.net(self.x).square().mean() + self.pen()


def exact(step):
    """The loss with exact norms, and its gradient: what is followed is known to 1e-2 of the one and 0.2 of the other alone."""
    total = step.net(step.x).square().mean()
    for term in step.pen.terms:
        T = term.read()
        P = term.space.project(T)
        away, along = (term.norm.value(x).sum() for x in (T - P, P))
        total = total + term.weights[0] * away + term.weights[1] * along
    return total, dict(zip(step.state_dict(), torch.autograd.grad(total, list(step.net.parameters())), strict=False))


@pytest.mark.filterwarnings(
    "ignore:.torch.jit.script. is deprecated"
)  # torch's own forward-mode rules are such scripts
@cases("norm", NORMS, ids=repr)
def test_functions_are_transformed(norm):
    step = Step(norm)
    params = {name: p.detach() for name, p in step.named_parameters()}
    value, slopes = exact(step)
    before = step.pen.state_dict()

    def loss(params):
        return functional_call(step, params, ())

    found = grad(loss)(params)
    for name, slope in slopes.items():
        assert (found[name] - slope).abs().max() <= 1e-12, name
    tangents = {name: torch.randn_like(p) for name, p in params.items()}
    expected = sum((slopes[name] * tangents[name]).sum() for name in params)
    same, along = jvp(loss, (params,), (tangents,))
    assert same.item() == pytest.approx(value.item(), rel=1e-13)
    assert along.item() == pytest.approx(expected.item(), rel=1e-11)
    both = {name: torch.stack([p, 2 * p]) for name, p in params.items()}
    assert vmap(loss)(both)[0].item() == pytest.approx(value.item(), rel=1e-13)
    for name, slope in vmap(grad(loss))(both).items():
        assert (slope[0] - slopes[name]).abs().max() <= 1e-12, name
        assert (slope[1] - slope[0]).abs().max() > 1e-8, name
    with forward_ad.dual_level():
        duals = {name: forward_ad.make_dual(p, tangents[name]) for name, p in params.items()}
        assert forward_ad.unpack_dual(loss(duals)).tangent.item() == pytest.approx(expected.item(), rel=1e-11)
    after = step.pen.state_dict()
    assert before.keys() == after.keys()  # nothing is carried along


def test_second_derivatives():
    """Of the squared Frobenius norm, 2 (1 - P); twice backward and by torch.func."""
    R = G.regular()
    layer = nn.Linear(8, 8, bias=False).double()
    pen = EquivariancePenalty(layer, {"": (R, R)}, Frobenius(squared=True))
    H = hessian(lambda w: functional_call(Wrapped(layer, pen), {"layer.weight": w}, ()))(layer.weight.detach())
    twice = 2 * (torch.eye(64, dtype=torch.float64) - projector(pen.terms[0].space))
    assert (H.reshape(64, 64) - twice).abs().max() <= 1e-13
    (slope,) = torch.autograd.grad(pen(), layer.weight, create_graph=True)
    (bend,) = torch.autograd.grad(slope[0, 1], layer.weight)
    assert (bend.ravel() - twice[1]).abs().max() <= 1e-13


def projector(space):
    units = torch.eye(64, dtype=torch.float64).view(64, 8, 8)
    return space.project(units).reshape(64, 64)


class Wrapped(nn.Module):
    def __init__(self, layer, pen):
        super().__init__()
        self.layer, self.pen = layer, pen

    def forward(self):
        return self.pen()


@cases(
    "norm, options, graphs",
    [
        (Frobenius(), {"residual": {"0": Linear(1.0, 0.0, 9), "3": TargetShare(0.2)}}, 1),
        (Spectral(), {"residual": Linear(0.5, 2.0, 9), "equivariant": 0.0}, 2),
        (Nuclear(), {"residual": Linear(1.0, 0.0, 9), "every": 2, "equivariant": 0.0}, 2),
    ],
    ids=["frobenius", "spectral", "nuclear"],
)
def test_a_training_step_is_compiled_once(norm, options, graphs):
    """One graph, whatever the schedule; a second for the first step of what is followed, or for the steps that are left out."""
    torch.compiler.reset()
    counters.clear()
    step = Step(norm, **options)
    compiled = torch.compile(step, fullgraph=True, backend="eager")
    optimizer = torch.optim.SGD(step.parameters(), lr=0.02)
    for _ in range(10):
        optimizer.zero_grad()
        total = compiled()
        total.backward()
        if not step.pen.steps % step.pen.every:
            value, slopes = exact(step)
            value = value + (step.pen.every - 1) * (value - step.net(step.x).square().mean())
            assert total.item() == pytest.approx(value.item(), rel=1e-2 if norm.follows else 1e-12)
            if not norm.follows and step.pen.every == 1:
                for name, p in step.named_parameters():
                    assert (p.grad - slopes[name]).abs().max() <= 1e-12
        optimizer.step()
        step.pen.step()
    assert counters["stats"]["unique_graphs"] == graphs
    assert step().item() == pytest.approx(compiled().item(), rel=1e-2)  # plain calls go on from the same blocks


@cases("norm", (KyFan(2), Mixed(2, 1), Induced(1)), ids=repr)
def test_other_norms_compile_in_one_graph(norm):
    torch.compiler.reset()
    torch.manual_seed(0)
    layer = nn.Linear(32, 40, bias=False).double()
    pen = EquivariancePenalty(layer, {"": (V, 5 * G.regular())}, norm)
    value = torch.compile(pen, fullgraph=True, backend="eager")()
    assert value.item() == pytest.approx(pen().item(), rel=1e-2 if norm.follows else 1e-12)
    torch.autograd.grad(value, layer.weight)


def test_compiled_transformations():
    torch.compiler.reset()
    step = Step(Spectral())
    params = {name: p.detach() for name, p in step.named_parameters()}
    found = torch.compile(grad(lambda p: functional_call(step, p, ())), fullgraph=True, backend="eager")(params)
    for name, slope in exact(step)[1].items():
        assert (found[name] - slope).abs().max() <= 1e-12
