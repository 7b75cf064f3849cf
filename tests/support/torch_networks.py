"""A network and its specification, shared by the tests of the penalty."""

import torch
from torch import nn

from grouprep import Dihedral
from projectors import Hom
from projectors.penalties import penalty

EPS = torch.finfo(torch.float32).eps
G = Dihedral(4)
V, W = 2 * G.regular(), G.regular() + G.defining() + 2 * G.trivial()


def net(dtype=torch.float64, seed=0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(V.dim, W.dim), nn.Tanh(), nn.Linear(W.dim, V.dim)).to(dtype)


SPEC = {"0": (V, W), "2": (W, V)}


def slow(model, norm, residual=1.0, equivariant=0.0):
    """The penalty by numpy, layer by layer."""
    total = 0.0
    for layer, (A, B) in zip((model[0], model[2]), SPEC.values(), strict=True):
        for tensor, H in ((layer.weight, Hom(A, B)), (layer.bias[:, None], Hom(G.trivial(), B))):
            T = tensor.detach().double().numpy()
            total += residual * penalty(T, H, norm) + equivariant * penalty(T, H, norm, part="equivariant")
    return total.item()
