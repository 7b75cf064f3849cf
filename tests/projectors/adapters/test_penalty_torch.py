"""EquivariancePenalty on plain modules: values, gradients, precisions, compilation, shared weights."""

import copy
import io
import pickle
import shutil

import numpy as np
import pytest
import torch
from torch import nn
from torch_networks import EPS, SPEC, G, V, W, net, slow

from grouprep import SO, Cyclic, Dihedral, FiniteGroup, GroupRepError, Quaternion, Symmetric
from projectors import Hom, commutant
from projectors.penalties import Entrywise, Frobenius, Mixed, Nuclear, Spectral, penalty
from projectors.torch import EquivariancePenalty, LayerSpec, project_

NORMS = [Frobenius(), Frobenius(squared=True), Spectral(), Nuclear(), Entrywise(1)]


@pytest.mark.parametrize("norm", NORMS, ids=repr)
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.7, 0.2)])
def test_value(norm, weights):
    model = net()
    pen = EquivariancePenalty(model, SPEC, norm, residual=weights[0], equivariant=weights[1])
    total = pen()
    assert total.shape == ()
    assert total.dtype == torch.float64
    assert total.item() == pytest.approx(slow(model, norm, *weights), rel=1e-12)
    report = pen.report()
    assert report.total == pytest.approx(total.item(), rel=1e-6)  # weights are float32
    assert [t.name for t in report.terms] == ["0.weight", "0.bias", "2.weight", "2.bias"]


@pytest.mark.parametrize("norm", NORMS, ids=repr)
@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.5, 0.25)])
def test_gradient_is_that_of_finite_differences(norm, weights):
    model = net()
    pen = EquivariancePenalty(model, SPEC, norm, residual=weights[0], equivariant=weights[1])
    pen().backward()
    rng = np.random.default_rng(0)
    for parameter in model.parameters():
        direction = torch.tensor(rng.standard_normal(parameter.shape))
        h, values = 1e-6, []
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * h * direction
                values.append(slow(model, norm, *weights))
                parameter -= sign * h * direction
        slope = (values[0] - values[1]) / (2 * h)
        assert float((parameter.grad * direction).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_gradient_of_the_large_spectral_norm():
    A = 8 * Cyclic(4).regular()
    torch.manual_seed(1)
    layer = nn.Linear(A.dim, A.dim, bias=False).double()
    pen = EquivariancePenalty(layer, {"": (A, A)}, Spectral())
    for _ in range(300):  # the Ritz vectors converge like (sigma_k / sigma_1)^(2 steps)
        value = pen()
    value.backward()
    T = layer.weight.detach().clone().requires_grad_()
    exact = torch.linalg.matrix_norm(Hom(A, A).residual(T), 2)
    exact.backward()
    assert value.item() == pytest.approx(exact.item(), rel=1e-12)
    assert (layer.weight.grad - T.grad).abs().max() <= 1e-6


def test_first_spectral_value_stands_already():
    A = 16 * Cyclic(4).regular()
    torch.manual_seed(1)
    layer = nn.Linear(A.dim, A.dim, bias=False)
    value = EquivariancePenalty(layer, {"": (A, A)}, Spectral())()
    exact = torch.linalg.matrix_norm(Hom(A, A).residual(layer.weight.detach()), 2)
    assert 0.99 * exact <= value <= exact * (1 + 8 * EPS)


def test_second_derivatives():
    model = net()
    pen = EquivariancePenalty(model, {"0": LayerSpec(V, W, bias=False)}, equivariant=0.3)
    weight = model[0].weight
    (first,) = torch.autograd.grad(pen(), weight, create_graph=True)
    direction = torch.randn_like(weight)
    (second,) = torch.autograd.grad((first * direction).sum(), weight)
    h, gradients = 1e-6, []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * h * direction
        gradients.append(torch.autograd.grad(pen(), weight)[0])
        with torch.no_grad():
            weight -= sign * h * direction
    assert (second - (gradients[0] - gradients[1]) / (2 * h)).abs().max() <= 1e-7


def test_retained_graph_gives_the_gradient_twice():
    model = net()
    total = EquivariancePenalty(model, SPEC)()
    first = torch.autograd.grad(total, model[0].weight, retain_graph=True)[0].clone()
    second = torch.autograd.grad(total, model[0].weight)[0]
    assert torch.equal(first, second)


def test_zero_residual_and_zero_weights_have_zero_gradient():
    for norm in NORMS:
        model = net(torch.float32)
        for parameter in model.parameters():
            nn.init.zeros_(parameter)
        total = EquivariancePenalty(model, SPEC, norm, equivariant=1.0)()
        total.backward()
        assert total.item() == 0
        assert all(bool((p.grad == 0).all()) for p in model.parameters())
    A = Cyclic(4).regular()
    layer = nn.Linear(4, 4, bias=False)
    nn.init.ones_(layer.weight)
    EquivariancePenalty(layer, {"": (A, A)})().backward()
    assert bool((layer.weight.grad == 0).all())


def test_digits_near_equivariance_in_float32():
    A = 16 * Cyclic(4).regular()
    torch.manual_seed(0)
    layer = nn.Linear(A.dim, A.dim, bias=False)
    project_(layer, {"": (A, A)})
    with torch.no_grad():
        layer.weight += 1e-5 * torch.randn_like(layer.weight) * layer.weight.abs().mean()
    exact = penalty(layer.weight.detach().double().numpy(), Hom(A, A))
    pen = EquivariancePenalty(layer, {"": (A, A)})
    assert pen().item() == pytest.approx(float(exact), rel=5e-3)  # entries carry eps / 1e-5 of relative rounding each
    assert pen.report()["weight"].share < 2e-5


def test_report_and_its_table():
    model = net(torch.float32)
    report = EquivariancePenalty(model, SPEC, residual={"0": 2.0}).report()
    term = report["0.weight"]
    assert term.residual_weight == 2.0
    assert report["2.weight"].residual_weight == 1.0
    assert term.residual**2 + term.equivariant**2 == pytest.approx(term.size**2, rel=1e-5)
    assert term.share == pytest.approx(term.residual / term.size)
    assert term.dimension == Hom(V, W).dim
    assert "2.bias" in str(report)
    with pytest.raises(KeyError, match=r"0\.weight"):
        report["missing"]


def test_report_tells_the_irreps_apart():
    model = net()
    report = EquivariancePenalty(model, SPEC).report()
    for term, tensor in zip(report.terms, model.parameters(), strict=True):
        H = Hom(
            *{"0.weight": (V, W), "0.bias": (G.trivial(), W), "2.weight": (W, V), "2.bias": (G.trivial(), V)}[term.name]
        )
        M = H.to_spectral(H.residual(tensor.detach().numpy().reshape(H.shape)))
        slow = {b.labels[::-1]: np.linalg.norm(b.read(M)) for b in H.spectral.blocks}
        assert set(term.per_block) == set(slow)
        for pair, value in term.per_block.items():
            assert value == pytest.approx(slow[pair], rel=1e-12, abs=1e-14)
        assert sum(v**2 for v in term.per_block.values()) == pytest.approx(term.residual**2, rel=1e-12)
        assert term.per_block[term.worst] == pytest.approx(max(slow.values()), rel=1e-12)
        assert f"{term.worst[0]} -> {term.worst[1]}: " in str(report)
    layer = nn.Linear(2, 2, bias=False)
    with torch.no_grad():  # from the trivial to the alternating irrep: the difference of what both inputs' mean gives
        layer.weight.copy_(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    S = Cyclic(2).natural()
    (term,) = EquivariancePenalty(layer, {"": (S, S)}).report().terms
    assert term.worst == ("A", "B")
    assert term.per_block[term.worst] == pytest.approx(2, rel=8 * EPS)
    project_(layer, {"": (S, S)})
    assert EquivariancePenalty(layer, {"": (S, S)}).report().terms[0].worst is None


def test_blocks_of_grouped_convolutions_and_of_irreps_in_no_catalogue():
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 16, 3, groups=2, bias=False).double()
    A = 2 * G.regular()
    (term,) = EquivariancePenalty(layer, {"": (A, A)}).report().terms
    H = Hom(G.regular() * G.grid((3, 3)), G.regular())
    squares = (H.residual(layer.weight.detach().reshape(2, 8, 72).numpy()) ** 2).sum()
    assert sum(v**2 for v in term.per_block.values()) == pytest.approx(squares, rel=1e-12)
    (term,) = EquivariancePenalty(layer, {"": (A, A)}, Frobenius(squared=True)).report().terms
    assert sum(term.per_block.values()) == pytest.approx(squares, rel=1e-12)
    K = FiniteGroup.from_permutations(["(1 2 3 4 5 6 7 8 9 10 11 12)", "(1 2)"], degree=13)  # too large to be listed
    layer = nn.Linear(13, 13)
    report = EquivariancePenalty(layer, {"": (K.natural(), K.natural())}).report()
    found = report["weight"].per_block
    assert set(found) == {(a, b) for a in ("V1", "V2") for b in ("V1", "V2")}
    assert sum(v**2 for v in found.values()) == pytest.approx(report["weight"].residual ** 2, rel=1e-5)


def test_model_is_untouched():
    model = net()
    before = list(model.state_dict())
    pen = EquivariancePenalty(model, SPEC)
    pen()
    assert list(model.state_dict()) == before
    assert list(pen.parameters()) == []
    state = list(pen.state_dict())
    model.penalty = pen  # as a part of the model it adds its own state, and no parameters
    assert list(model.state_dict()) == before + [f"penalty.{key}" for key in state]
    assert len(list(model.parameters())) == 4


def test_constants_own_their_memory():
    model = net()
    pen = EquivariancePenalty(model, SPEC)
    H = pen.terms[0].hom
    for buffer, constant in zip(pen.terms[0].space.constants, H.projection.home, strict=True):
        assert buffer.data_ptr() != constant.ctypes.data
    first = pen().item()
    for buffer in pen.terms[0].space.constants:
        buffer.zero_()
    assert EquivariancePenalty(model, SPEC)().item() == first


def test_precisions():
    model, pen = net(torch.float32), None
    for dtype, rel in ((torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 1e-5), (torch.float16, 1e-5)):
        model = net(torch.float32).to(dtype)
        pen = EquivariancePenalty(model, SPEC)
        total = pen()
        assert total.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
        assert total.item() == pytest.approx(slow(model, Frobenius()), rel=rel)
        total.backward()
        assert model[0].weight.grad.dtype == dtype
    double = pen.to(torch.float64)
    assert double().item() == pytest.approx(slow(model, Frobenius()), rel=1e-5)


def test_a_model_made_double_later_keeps_its_digits():
    model = net(torch.float32)
    pen = EquivariancePenalty(model, SPEC)
    model.double()
    assert pen().item() == pytest.approx(slow(model, Frobenius()), rel=1e-12)


def test_autocast_computes_in_float32():
    model = net(torch.float32)
    pen = EquivariancePenalty(model, SPEC)
    plain = pen()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = pen()
    assert inside.dtype == torch.float32
    assert torch.equal(plain, inside)


def test_grad_scaler_and_accumulation():
    x = torch.randn(8, V.dim)
    results = []
    for scaled in (False, True):
        model = net(torch.float32)
        pen = EquivariancePenalty(model, SPEC)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu", enabled=scaled, init_scale=1024.0)
        for part in x.chunk(2):
            loss = (model(part).square().mean() + pen()) / 2
            scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        results.append(torch.cat([p.detach().ravel() for p in model.parameters()]))
    assert (results[0] - results[1]).abs().max() <= 8 * EPS


@pytest.mark.parametrize(
    "V",
    [
        8 * SO(3).irrep(1) + 4 * SO(3).irrep(2),
        2 * Cyclic(5).irrep("E1") + Cyclic(5).trivial(),
        3 * Dihedral(5).defining(),
    ],
    ids=str,
)
def test_compiles_in_one_graph_in_the_spectral_frame(V):
    torch.manual_seed(0)
    model = nn.Linear(V.dim, V.dim).double()
    pen = EquivariancePenalty(model, {"": (V, V)})
    compiled = torch.compile(lambda: pen(), fullgraph=True, backend="aot_eager")
    assert compiled().item() == pytest.approx(pen().item(), rel=1e-12)


def test_project_refuses_parametrisations_that_undo_it():
    V = 2 * Cyclic(3).natural()
    model = nn.Linear(6, 6)
    nn.utils.parametrizations.orthogonal(model)
    with pytest.raises(GroupRepError, match='"weight" is parametrised'):
        project_(model, {"": (V, V)})
    kept = nn.Linear(6, 6)
    nn.utils.parametrizations.weight_norm(kept)
    project_(kept, {"": (V, V)})
    assert EquivariancePenalty(kept, {"": (V, V)}).report()["weight"].share <= 1e-6


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
def test_compiles_with_inductor():
    """Two norms in one graph: most of its price is that of starting the compiler."""
    model = net(torch.float32)
    pens = [EquivariancePenalty(model, SPEC, norm) for norm in (Frobenius(), Spectral())]
    eager = [pen() for pen in pens]
    totals = torch.compile(lambda: [pen() for pen in pens], fullgraph=True)()
    for total, value in zip(totals, eager, strict=True):
        assert total.item() == pytest.approx(value.item(), rel=32 * EPS)
        found, expected = (torch.autograd.grad(x, list(model.parameters()), retain_graph=True) for x in (total, value))
        for a, b in zip(found, expected, strict=True):
            assert (a - b).abs().max() <= 1e-5 * b.abs().max()  # singular vectors: rounding over the gap


def test_wrappers_are_looked_through():
    model = net()
    expected = EquivariancePenalty(model, SPEC)()
    assert torch.equal(EquivariancePenalty(torch.compile(model, backend="eager"), SPEC)(), expected)
    assert torch.equal(EquivariancePenalty(nn.DataParallel(model), SPEC)(), expected)
    assert torch.equal(EquivariancePenalty(model, {f"module.{k}": v for k, v in SPEC.items()})(), expected)
    assert torch.equal(EquivariancePenalty(model, {f"_orig_mod.{k}": v for k, v in SPEC.items()})(), expected)
    model[0] = torch.compile(model[0], backend="eager")
    assert torch.equal(EquivariancePenalty(model, SPEC)(), expected)


def test_deepcopy_and_pickle():
    model = net()
    pen = EquivariancePenalty(model, SPEC, Spectral())
    expected = pen()
    twin_model, twin = copy.deepcopy((model, pen))
    assert twin.model is twin_model
    assert twin().item() == pytest.approx(expected.item())
    twin().backward()
    assert twin_model[0].weight.grad is not None
    assert model[0].weight.grad is None
    assert pickle.loads(pickle.dumps(pen))().item() == pytest.approx(expected.item())
    file = io.BytesIO()
    torch.save(model.state_dict(), file)


def test_shared_weights_count_once():
    A = G.regular()
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    model[2].weight = model[0].weight
    pen = EquivariancePenalty(model, {"0": (A, A), "2": (A, A)})
    assert len(pen.terms) == 3
    assert pen.report()["2.weight"].also == ("2.weight",)
    with pytest.raises(GroupRepError, match="share one weight"):
        EquivariancePenalty(model, {"0": (A, A), "2": (8 * G.trivial(), A)})


def test_tied_embedding_and_decoder_count_once():
    tokens, A = 5 * G.trivial() + G.natural(), G.regular()
    model = nn.ModuleDict({"embed": nn.Embedding(9, 8), "decode": nn.Linear(8, 9, bias=False)})
    model["decode"].weight = model["embed"].weight
    pen = EquivariancePenalty(model, {"embed": (tokens, A), "decode": (A, tokens)})
    assert len(pen.terms) == 1
    expected = penalty(model["decode"].weight.detach().double().numpy(), Hom(A, tokens))
    assert pen().item() == pytest.approx(float(expected), rel=1e-6)


def test_complex_weights():
    Q = Quaternion().defining()
    torch.manual_seed(0)
    layer = nn.Linear(4, 4, bias=False, dtype=torch.complex128)
    pen = EquivariancePenalty(layer, {"": (2 * Q, 2 * Q)}, equivariant=0.5)
    pen().backward()
    H = Hom(2 * Q, 2 * Q)
    T = layer.weight.detach().numpy()
    R, P = H.residual(T), H.project(T)
    expected = R / np.linalg.norm(R) + 0.5 * P / np.linalg.norm(P)
    assert np.abs(layer.weight.grad.numpy() - expected).max() <= 1e-14


def test_weights_that_become_nan_are_named_and_can_recover():
    torch.manual_seed(0)
    A = 16 * Cyclic(4).regular()
    layer = nn.Linear(64, 64, bias=False)
    pen = EquivariancePenalty(layer, {"": (A, A)}, Spectral())
    value, entry = pen().item(), layer.weight[0, 0].item()
    with torch.no_grad():
        layer.weight[0, 0] = torch.nan
        with pytest.raises(GroupRepError, match='"weight" has NaN'):
            pen()
        layer.weight[0, 0] = entry
    assert pen().item() == pytest.approx(value, rel=1e-2)


@pytest.mark.parametrize(
    "V",
    [
        8 * Dihedral(4).regular(),
        2 * Symmetric(3).natural() ** 2,
        4 * SO(3).irrep(1) + 2 * SO(3).irrep(2),
        3 * Dihedral(5).defining(),
    ],
    ids=str,
)
@pytest.mark.parametrize("norm", [Frobenius(), Frobenius(squared=True), Nuclear(), Mixed(2, 1)], ids=str)
def test_single_precision_near_equivariance(V, norm):
    """At a relative residual of 1e-6 the value is that of the same weights in double precision, to 1e-6."""
    H = commutant(V)
    T = np.random.default_rng(0).standard_normal(H.shape)
    P, R = H.project(T), H.residual(T)
    nearly = (P + 1e-6 * np.linalg.norm(P) / np.linalg.norm(R) * R).astype(np.float32)
    net = nn.Linear(V.dim, V.dim, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.tensor(nearly))
    expected = float(norm.value(H.residual(nearly.astype(float))))
    assert expected > 0
    found = EquivariancePenalty(net, {"": (V, V)}, norm)()
    assert abs(found.item() / expected - 1) <= 1e-6
    found.backward()
    gradient = H.residual(norm.subgradient(H.residual(nearly.astype(float))))
    assert np.abs(net.weight.grad.numpy() - gradient).max() <= 1e-4 * np.abs(gradient).max()
