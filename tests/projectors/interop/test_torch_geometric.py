"""Layers of torch_geometric in a penalty: their two-dimensional weights, specified by the names of the modules that hold them."""

import warnings
from importlib.util import find_spec

import pytest
import torch
from torch import nn

from grouprep import Dihedral
from projectors import Hom
from projectors.models import ParameterSpec
from projectors.torch import EquivariancePenalty


class Linear(nn.Module):
    """What torch_geometric's own Linear is: no torch.nn.Linear, but a weight (out, in) and a bias or None."""

    def __init__(self, into, out, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out, into))
        self.bias = nn.Parameter(torch.randn(out)) if bias else None

    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


class Convolution(nn.Module):
    """A stand-in for GCNConv: a Linear without bias, and a bias of its own."""

    def __init__(self, into, out):
        super().__init__()
        self.lin, self.bias = Linear(into, out, bias=False), nn.Parameter(torch.randn(out))

    def forward(self, x, edges):
        out = torch.zeros(len(x), len(self.bias)).index_add(0, edges[1], self.lin(x)[edges[0]])
        return out + self.bias


G = Dihedral(4)
V, W = 2 * G.regular(), G.regular() + 4 * G.irrep("E1")


def check(net, specification, shapes):
    """Each term is the residual of its own operator, and the penalty their sum; gradients point along the residuals."""
    pen = EquivariancePenalty(net, specification)
    rows = {row.name: row for row in pen.report().terms}
    parameters = dict(net.named_parameters())
    assert set(rows) == set(shapes)
    pen().backward()
    total = 0.0
    for name, H in shapes.items():
        T = parameters[name].detach().reshape(H.shape)
        R = H.residual(T)
        total += R.norm().item()
        assert rows[name].residual == pytest.approx(R.norm().item(), rel=1e-5)
        assert torch.allclose(parameters[name].grad.reshape(H.shape), R / R.norm(), atol=1e-5)
    assert pen().item() == pytest.approx(total, rel=1e-5)


def test_stand_in():
    torch.manual_seed(0)
    net = nn.ModuleDict({"a": Convolution(16, 16), "b": Convolution(16, 3)})
    one, U = G.trivial(), G.irrep("E1") + G.irrep("B1")
    spec = {"a.lin": (V, W), "a": [ParameterSpec("bias", one, W)], "b.lin": (W, U)}
    check(net, spec, {"a.lin.weight": Hom(V, W), "a.bias": Hom(one, W), "b.lin.weight": Hom(W, U)})


@pytest.mark.skipif(
    find_spec("torch_geometric") is None, reason="torch_geometric is not installed; its stand-in is tested"
)
def test_torch_geometric_itself():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it compiles with what torch deprecates, when it is imported
        from torch_geometric.nn import GATConv, GCNConv, SAGEConv
    torch.manual_seed(0)
    one = G.trivial()
    net = nn.ModuleDict({"gcn": GCNConv(16, 16), "sage": SAGEConv(16, 16), "gat": GATConv(16, 16, heads=2)})
    with torch.no_grad():
        net["gcn"].bias.normal_()
    spec = {
        "gcn.lin": (V, W), "gcn": [ParameterSpec("bias", one, W)], "sage.lin_?": (V, W), "gat.lin": (V, 2 * W),
    }  # fmt: skip
    H = Hom(V, W)
    check(
        net,
        spec,
        {
            "gcn.lin.weight": H,
            "gcn.bias": Hom(one, W),
            "sage.lin_l.weight": H,
            "sage.lin_l.bias": Hom(one, W),
            "sage.lin_r.weight": H,
            "gat.lin.weight": Hom(V, 2 * W),
        },
    )
