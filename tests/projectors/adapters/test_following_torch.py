"""Singular values that are followed while a model trains."""

import pytest
import torch
from torch import nn
from torch_networks import G

from grouprep import Cyclic
from projectors.penalties import Spectral
from projectors.torch import EquivariancePenalty, lobpcg
from projectors.torch.lobpcg import follow


def trained(model, spec, x, optimizer, strength, steps):
    """The largest relative error of a followed spectral norm in a training run, against the exact norms of the residuals."""
    pen = EquivariancePenalty(model, spec, Spectral())
    target, worst = torch.randn_like(model(x)), 0.0
    for _ in range(steps):
        optimizer.zero_grad()
        value = pen()
        exact = sum(float(torch.linalg.matrix_norm(t.hom.residual(t.read().detach()), 2)) for t in pen.terms)
        worst = max(worst, abs(value.item() / exact - 1))
        ((model(x) - target).square().mean() + strength * value).backward()
        optimizer.step()
    return worst


@pytest.mark.parametrize("strength", [0.0, 0.03])
@pytest.mark.parametrize(("name", "lr"), [("SGD", 0.1), ("AdamW", 1e-3)])
def test_followed_values_stay_within_a_percent_of_the_norm_while_a_model_trains(name, lr, strength):
    torch.manual_seed(0)
    A = 32 * Cyclic(4).regular()
    model = nn.Sequential(nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 128))
    optimizer = getattr(torch.optim, name)(model.parameters(), lr)
    assert trained(model, {"0": (A, A), "2": (A, A)}, torch.randn(256, 128), optimizer, strength, 60) < 0.01


def test_followed_values_of_a_convolution_stay_within_a_percent():
    torch.manual_seed(0)
    A = 8 * G.regular()
    layers = [nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.Conv2d(64, 64, 3, bias=False)]
    model = nn.Sequential(*layers)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    assert trained(model, {"0": (A, A), "3": (A, A)}, torch.randn(8, 64, 6, 6), optimizer, 0.01, 40) < 0.01


def test_follow_finds_leading_values_of_batches_at_any_scale():
    torch.manual_seed(0)
    A = torch.randn(2, 60, 50, dtype=torch.float64)
    A[1] *= 1e-200
    block = torch.linalg.qr(torch.randn(2, 50, 12, dtype=torch.float64))[0]
    for _ in range(6):
        found = follow(A, block, 2)
        block = found.block
    exact = torch.linalg.svdvals(A)[:, :2].sum(1)
    assert ((found.value / exact - 1).abs() <= 1e-5).all()
    assert (found.value <= exact * (1 + 1e-13)).all()
    assert (found.block.mT @ found.block - torch.eye(12, dtype=torch.float64)).abs().max() <= 1e-13
    assert ((found.u.mT @ A @ found.v).diagonal(0, -2, -1).sum(-1) / found.value - 1).abs().max() <= 1e-12
    zero = follow([torch.zeros(60, 50, dtype=torch.float64)], block[:1], 1)
    assert zero.value == 0
    assert bool((zero.u == 0).all())
    assert bool(torch.isfinite(zero.block).all())


def test_blocks_are_renewed_in_every_second_step(monkeypatch):
    V = 32 * Cyclic(4).regular()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 128))
    pen = EquivariancePenalty(model, {"0": (V, V), "1": (V, V)}, Spectral())
    pen()
    renewed, original = [], lobpcg._adjoint_images
    monkeypatch.setattr(lobpcg, "_adjoint_images", lambda *args: renewed.append(1) or original(*args))
    counts = []
    for _ in range(6):
        renewed.clear()
        pen()
        counts.append(len(renewed))
    assert counts == [0, 2, 0, 2, 0, 2]
    with torch.no_grad():
        model[0].weight.copy_(torch.randn(128, 128))  # what the blocks followed is gone
    exact = sum(torch.linalg.matrix_norm(t.hom.residual(t.read().detach()), 2).item() for t in pen.terms)
    assert pen().item() == pytest.approx(exact, rel=0.02)
    assert len(renewed) > 2


def test_autocast_does_not_touch_followed_norms():
    V = 32 * Cyclic(4).regular()
    torch.manual_seed(0)
    layer = nn.Linear(128, 128)
    plain, mixed = (EquivariancePenalty(layer, {"": (V, V)}, Spectral()) for _ in range(2))
    values = [plain().item()]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = mixed()
        assert value.dtype == torch.float32
        values.append(value.item())
    assert values[0] == values[1]
    assert torch.equal(plain.following[0].blocks, mixed.following[0].blocks)


def test_both_parts_of_terms_of_one_space():
    V = 32 * Cyclic(4).regular()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(128, 128, bias=False), nn.Linear(128, 128, bias=False)).double()
    pen = EquivariancePenalty(model, {"*": (V, V)}, Spectral(), residual={"0": 1.0, "1": 0.5}, equivariant={"1": 0.25})
    exact = []
    for layer in model:
        T = layer.weight.detach()
        P = pen.terms[0].hom.project(T)
        exact.append([torch.linalg.matrix_norm(x, 2).item() for x in (T - P, P)])
    assert pen().item() == pytest.approx(exact[0][0] + 0.5 * exact[1][0] + 0.25 * exact[1][1], rel=0.01)
    pen = EquivariancePenalty(model, {"*": (V, V)}, Spectral(), residual=0.0, equivariant={"0": 1.0, "1": 2.0})
    assert pen().item() == pytest.approx(exact[0][1] + 2 * exact[1][1], rel=1e-9)


@pytest.mark.parametrize("stacked", [True, False])
def test_operators_that_have_settled_wait_for_no_others(stacked):
    """A few that are far from settled go on alone: each value and block stands at its own operator's place."""
    rng = torch.Generator().manual_seed(0)
    T = torch.randn(6, 40, 36, generator=rng, dtype=torch.float64)
    T[:, :, 0] *= torch.tensor([9.0, 8, 7, 6, 5, 4], dtype=torch.float64)[:, None]
    exact = torch.linalg.svdvals(T)[:, 0]
    blocks = torch.linalg.svd(T)[2].mT[:, :, :12].contiguous()  # settled ones
    blocks[3] = torch.linalg.qr(torch.randn(36, 12, generator=rng, dtype=torch.float64))[0]
    before = blocks.clone()
    operators, given = ([T], blocks[None]) if stacked else (list(T), blocks)
    found = follow(operators, given, 1, most=30, least=0)
    assert torch.equal(blocks, before)
    value, u, v, block = (x[0] if stacked else x for x in found)
    assert (value / exact - 1).abs().max() <= 1e-3
    assert ((u * (T @ v)).sum((1, 2)) / value - 1).abs().max() <= 1e-12
    assert (block.mT @ block - torch.eye(12)).abs().max() <= 1e-12
    assert torch.equal(block[0], before[0])
    assert not torch.equal(block[3], before[3])
