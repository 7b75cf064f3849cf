"""The passes over memory behind the penalty of torch models, on one thread and on several, against the dense projector."""

import numpy as np
import pytest
import torch
from torch import nn

from grouprep import SO, Cyclic, Dihedral
from projectors import Hom
from projectors.penalties import Frobenius, Spectral
from projectors.torch import EquivariancePenalty, LayerSpec
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast.residual import measured_residual, move_, product_residual
from projectors.torch.lobpcg import follow

C3, C4, S3 = Cyclic(3), Cyclic(4), SO(3)
SPACES = {
    "orbits of one size": (6 * C4.regular(), 8 * C4.regular()),
    "orbits of two sizes": (4 * Dihedral(4).natural(), 6 * Dihedral(4).natural()),
    "two summands": (3 * C4.regular() + 2 * C4.trivial(), 4 * C4.regular() + C4.trivial()),
    "spins in their own basis": (4 * S3.irrep(1), 6 * S3.irrep(1)),
    "irreps of complex type": (4 * C3.irrep(1), 6 * C3.irrep(1)),
    "spins in another order": (S3.irrep(1) + S3.irrep(0) + S3.irrep(1), 2 * S3.irrep(1) + S3.irrep(2)),
}


@pytest.fixture(params=(1, 2), ids=("one thread", "two threads"))
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    H = Hom(*request.param)
    return H, ProjectionModule(H, dtype=torch.float64)


def matrix(H, seed=0):
    torch.manual_seed(seed)
    return torch.randn(*H.shape, dtype=torch.float64)


def dense(H, T):
    """T - P(T) from the basis, in numpy."""
    return T.numpy() - H.basis().project(T.numpy())


def test_residual_and_its_size(space, threads):
    H, P = space
    T = matrix(H)
    R, size, share = measured_residual(T, P)
    assert np.abs(R.numpy() - dense(H, T)).max() <= 1e-14
    assert size.item() == pytest.approx(np.linalg.norm(dense(H, T)), rel=1e-14)
    assert share == pytest.approx(size.item() / T.norm().item(), rel=1e-14)


@pytest.mark.parametrize("scale", [1e-30, 1e-22, 1e-16, 1.0, 1e18])
def test_sizes_in_single_precision_neither_over_nor_underflow(threads, scale):
    H = Hom(*SPACES["orbits of one size"])
    P = ProjectionModule(H, dtype=torch.float64)
    T = matrix(H)
    _, size, _ = measured_residual((T * scale).float(), P)
    assert size.item() == pytest.approx(scale * np.linalg.norm(dense(H, T)), rel=1e-6, abs=0)


def test_means_keep_their_digits_where_products_may_lose_them(threads, monkeypatch):
    H = Hom(*SPACES["orbits of one size"])
    P = ProjectionModule(H, dtype=torch.float64)
    T = matrix(H)

    def rounded(*args, **kwargs):
        raise AssertionError("a product in lower precision")

    monkeypatch.setattr(torch, "bmm", rounded)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        R, _, _ = measured_residual(T.float(), P)
    finally:
        torch.set_float32_matmul_precision(before)
    # in units of max |T| / 2^24: rounding T, three sums and a product for the mean of four, the difference
    assert np.abs(R.numpy() - dense(H, T)).max() <= 6 * 2.0**-24 * T.abs().max().item()


def test_one_nearly_equivariant_layer_among_others():
    """Small layers are stacked; the residual of the one near equivariance still has its digits in single precision."""
    V = 6 * S3.irrep(1)
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(V.dim, V.dim, bias=False) for _ in range(2)))
    H = Hom(V, V)
    with torch.no_grad():
        equivariant = torch.from_numpy(H.project(torch.randn(V.dim, V.dim).double().numpy()))
        model[0].weight.copy_(equivariant + 1e-6 * torch.randn(V.dim, V.dim).double())
    pen = EquivariancePenalty(model, {"0": (V, V), "1": (V, V)}, residual={"0": 1.0, "1": 0.0})
    assert len(pen.batches) == 1
    exact = np.linalg.norm(dense(H, model[0].weight.detach().double()))
    assert pen().item() == pytest.approx(exact, rel=1e-6, abs=0)


@pytest.mark.parametrize(("away", "along"), [(0.25, 0.0), (0.0, 0.5), (0.25, 0.5)])
def test_steps_in_place(space, threads, away, along):
    H, P = space
    T = matrix(H)
    R = dense(H, T)
    expected = T.numpy() - away * R - along * (T.numpy() - R)
    move_(T, P, away, along)
    assert np.abs(T.numpy() - expected).max() <= 1e-14


@pytest.mark.parametrize("k", [1, 3])
def test_residual_of_a_product(space, threads, k):
    H, P = space
    torch.manual_seed(0)
    u, v = (torch.randn(n, k, dtype=torch.float64) for n in H.shape)
    out = product_residual(u, v, P)
    assert np.abs(out.numpy() - dense(H, u @ v.mT)).max() <= 1e-13


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
@pytest.mark.parametrize("shape", [(64, 96), (63, 80), (2, 64, 70)])
def test_following_on_several_threads(threads, shape, dtype):
    torch.manual_seed(0)
    A = torch.randn(*shape, dtype=dtype)
    block = torch.linalg.qr(torch.randn(*shape[:-2], shape[-1], 12, dtype=dtype))[0]
    found = follow([A], block[None], 1, 200)
    assert torch.allclose(found.value, torch.linalg.matrix_norm(A, 2), rtol=2e-3)
    assert torch.allclose(A @ found.v, found.u * torch.linalg.vector_norm(A @ found.v, dim=-2, keepdim=True))


def test_a_block_that_serves_is_kept_if_it_need_not_be_renewed():
    torch.manual_seed(0)
    A = torch.randn(60, 50, dtype=torch.float64)
    block = follow([A], torch.linalg.qr(torch.randn(1, 50, 12, dtype=torch.float64))[0], 1, 200).block
    kept, renewed = follow([A], block, least=0), follow([A], block, least=1)
    assert torch.equal(kept.block, block)
    assert not torch.equal(renewed.block, block)
    assert torch.equal(kept.value, renewed.value)
    assert kept.value.item() == pytest.approx(torch.linalg.matrix_norm(A, 2).item(), rel=1e-3)
    turned = follow([A], torch.linalg.qr(torch.randn(1, 50, 12, dtype=torch.float64))[0], least=0)
    assert turned.value.item() == pytest.approx(torch.linalg.matrix_norm(A, 2).item(), rel=2e-2)


@pytest.mark.parametrize("norm", [None, Spectral()], ids=("Frobenius", "Spectral"))
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d, nn.Linear])
def test_gradients_are_added_in_place(kind, norm):
    """Autograd adds into the penalty's gradient only if nothing else holds its memory; it otherwise allocates a third one."""
    G = C4
    torch.manual_seed(0)
    if kind is nn.Linear:
        layer, spec, x = nn.Linear(256, 256), LayerSpec(64 * G.regular(), 64 * G.regular()), torch.randn(2, 256)
    else:
        layer = kind(64, 64, 3)
        spec = LayerSpec(16 * G.regular(), 16 * G.regular(), grid=9 * G.trivial())
        x = torch.randn(2, 64, 5, 5)
    pen = EquivariancePenalty(layer, {"": spec}, norm)

    def step():
        layer.zero_grad()
        (layer(x).square().sum() + pen()).backward()

    step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], record_shapes=True) as record:
        step()
    shapes = [list(layer.weight.shape)] * 2
    sums = [e.key for e in record.key_averages(group_by_input_shape=True) if e.input_shapes[:2] == shapes]
    assert "aten::add_" in sums
    assert "aten::add" not in sums
    if norm is None:  # the spectral norm's vectors move on from step to step
        (first,), (second,) = (torch.autograd.grad(f, layer.weight) for f in (layer(x).square().sum(), pen()))
        assert torch.allclose(layer.weight.grad, first + second, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", [None, Frobenius(squared=True), Spectral()], ids=str)
def test_terms_computed_together_are_those_computed_alone(norm):
    """Large terms of three spaces and small ones, with weights of their own; one frozen later, one of weight 0."""
    A, X = 32 * C4.regular(), 64 * C4.regular() + 128 * C4.trivial()
    spec = {"0": (A, A), "1": (A, X), "2": (X, A), "3": (A, A)}

    def network():
        torch.manual_seed(0)
        sizes = [(spec[str(i)][0].dim, spec[str(i)][1].dim) for i in range(4)]
        return nn.Sequential(*(nn.Linear(*s) for s in sizes)).double()

    model = network()
    pen = EquivariancePenalty(model, spec, norm, residual={"0": 2.0, "1": 0.5, "2": 0.0, "3": 1.0})
    model[3].weight.requires_grad_(False)
    assert max(len(batch.terms) for batch in pen.batches) >= 2
    total = pen()
    total.backward()
    alone, each = network(), 0.0
    for name, factor in (("0", 2.0), ("1", 0.5), ("3", 1.0)):
        value = EquivariancePenalty(alone, {name: spec[name]}, norm)()
        (factor * value).backward()
        each += factor * value.item()
    assert total.item() == pytest.approx(each, rel=1e-12 if norm is not Spectral() else 1e-6)
    for layer, other in list(zip(model, alone, strict=True))[:2]:
        for p, q in ((layer.weight, other.weight), (layer.bias, other.bias)):
            assert torch.allclose(p.grad, q.grad, rtol=1e-9, atol=1e-12)
    assert model[3].weight.grad is None
    assert not model[2].weight.grad.any()


@pytest.mark.parametrize("dim", [8, 128])
def test_decoupled_steps_of_several_spaces(dim):
    """Two spaces of operators of one shape, twice each."""
    V, W = dim // 4 * C4.regular(), dim * C4.trivial()
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(dim, dim, bias=False) for _ in range(4))).double()
    spec = {"0": (V, V), "1": (V, W), "2": (V, V), "3": (V, W)}
    before = [layer.weight.detach().clone() for layer in model]
    pen = EquivariancePenalty(
        model, spec, decoupled=True, residual={"0": 1.0, "1": 1.0, "2": 0.5, "3": 1.0}, equivariant=0.25
    )
    pen.decay_(0.125)
    for i, (layer, old) in enumerate(zip(model, before, strict=True)):
        R = torch.from_numpy(dense(Hom(*spec[str(i)]), old))
        factor = 0.5 if i == 2 else 1.0
        assert torch.allclose(layer.weight.detach(), old - 0.125 * (factor * R + 0.25 * (old - R)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("equivariant", [0.0, 0.5])
@pytest.mark.parametrize("norm", [None, Frobenius(squared=True)], ids=str)
def test_second_derivatives_are_those_of_differences(norm, equivariant, frozen):
    A = 32 * C4.regular()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 128)).double()
    pen = EquivariancePenalty(model, {"0": (A, A), "1": (A, A)}, norm, equivariant=equivariant)
    model[1].weight.requires_grad_(not frozen)
    weight, step = model[0].weight, 1e-5
    direction = torch.randn_like(weight)
    (first,) = torch.autograd.grad(pen(), weight, create_graph=True)
    (second,) = torch.autograd.grad((first * direction).sum(), weight)
    ends = []
    for move in (step, -2 * step):
        with torch.no_grad():
            weight.add_(direction, alpha=move)
        ends.append(torch.autograd.grad(pen(), weight)[0])
    # step^2 / 6 times a third derivative of some hundreds at most, and rounding eps / step: both below 1e-7
    assert (second - (ends[0] - ends[1]) / (2 * step)).abs().max() <= 1e-7


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("dim", [8, 128])
@pytest.mark.parametrize("scale", [1e-44, 1e-42, 1e-36, 1e-25, 1.0, 1e20])
def test_gradients_of_sizes_at_the_ends_of_single_precision(scale, dim, layers):
    """One layer by itself, two small ones stacked: the gradient has norm 1, also where 1 / ||R|| overflows."""
    V = dim // 4 * C4.regular()
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(dim, dim, bias=False) for _ in range(layers)))
    with torch.no_grad():
        for layer in model:
            layer.weight.copy_(torch.randn(dim, dim, dtype=torch.float64) * scale)
    pen = EquivariancePenalty(model, {"*": (V, V)})
    pen().backward()
    for layer in model:
        size = layer.weight.grad.double().norm().item()
        assert size == pytest.approx(1, rel=1e-5)
