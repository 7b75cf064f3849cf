"""Narrow products, large and batched operators, and bases of irreps, against the whole projection."""

import numpy as np
import pytest
import torch
from torch import nn
from torch_networks import G

from grouprep import SO, Cyclic, Quaternion
from projectors import Hom
from projectors.torch import EquivariancePenalty, LayerSpec, project_
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.recycled import Workspace
from projectors.torch.fast.residual import product_residual, residual_of


@pytest.mark.parametrize("k", [1, 3])
def test_projections_of_narrow_products_are_those_of_the_whole(k):
    C = Cyclic(4)
    cases = [
        Hom(32 * C.regular(), 16 * C.regular()),
        Hom(4 * G.regular() * G.grid((3, 3)), 8 * G.regular()),
        Hom(3 * G.natural(), 5 * G.regular()),
        Hom(3 * G.natural() + G.defining(), 5 * G.regular() + G.trivial()),
        Hom(Quaternion().regular(), 2 * Quaternion().regular()),
    ]
    torch.manual_seed(0)
    for H in cases:
        u, v = (torch.randn(n, k, dtype=torch.float64) for n in H.shape)
        space = ProjectionModule(H, dtype=torch.float64)
        expected = H.residual(u @ v.T)
        assert (product_residual(u, v, space) - expected).abs().max() <= 1e-14
        whole = residual_of(u @ v.T, space, Workspace())
        assert (whole - expected).abs().max() <= 1e-14


def test_pieces_of_large_and_batched_operators():
    A = 64 * Cyclic(4).regular()
    H = Hom(A, 512 * Cyclic(4).regular())
    space = ProjectionModule(H, dtype=torch.float64)
    for lead in ((), (2,)):
        T = torch.randn(*lead, *H.shape, dtype=torch.float64)
        assert (residual_of(T, space) - H.residual(T)).abs().max() <= 1e-14


def test_spins_in_the_basis_of_the_irreps():
    S = SO(3)
    A, B = 3 * S.irrep(0) + 2 * S.irrep(1) + 2 * S.irrep(2), 2 * S.irrep(1) + S.irrep(3) + S.irrep(0)
    torch.manual_seed(0)
    layer = nn.Linear(A.dim, B.dim).double()
    T = layer.weight.detach().clone()
    pen = EquivariancePenalty(layer, {"": LayerSpec(A, B, bias=False)}, equivariant=0.5)
    H = Hom(A, B)
    assert pen.terms[0].space.projection.frame is not None
    slow = H.basis().project(T.numpy())
    assert np.abs(residual_of(T, pen.terms[0].space).numpy() - (T.numpy() - slow)).max() <= 1e-14
    pen().backward()
    R = T.numpy() - slow
    expected = R / np.linalg.norm(R) + 0.5 * slow / np.linalg.norm(slow)
    assert np.abs(layer.weight.grad.numpy() - expected).max() <= 1e-14
    EquivariancePenalty(
        layer, {"": LayerSpec(A, B, bias=False)}, residual=0.5, equivariant=0.25, decoupled=True
    ).decay_(0.1)
    assert np.abs(layer.weight.detach().numpy() - (T.numpy() - 0.05 * R - 0.025 * slow)).max() <= 1e-14
    C = Cyclic(4)  # a real irrep of complex type has a commutant of dimension 2
    V = 2 * C.irrep(1) + C.irrep(0)
    layer = nn.Linear(V.dim, V.dim, bias=False).double()
    pen = EquivariancePenalty(layer, {"": (V, V)})
    assert pen.terms[0].space.projection.frame is not None
    expected = np.linalg.norm(layer.weight.detach().numpy() - Hom(V, V).basis().project(layer.weight.detach().numpy()))
    assert pen().item() == pytest.approx(expected, rel=1e-14)
    project_(layer, {"": (V, V)})
    assert pen().item() <= 1e-14
