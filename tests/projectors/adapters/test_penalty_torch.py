"""EquivariancePenalty on plain modules: values, gradients, and everything that training does to a model."""

import copy
import io
import pickle
import shutil

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from grouprep import (
    SO,
    Cyclic,
    Dihedral,
    DimensionMismatch,
    FiniteGroup,
    GroupRepError,
    Lorentz,
    NotUnitary,
    Quaternion,
    Symmetric,
)
from projectors import Hom, commutant
from projectors.penalties import Entrywise, Frobenius, Mixed, Nuclear, Spectral, penalty
from projectors.projection import spectral_frame
from projectors.torch import (
    Anneal,
    Constant,
    Cosine,
    EquivariancePenalty,
    EquivariantParametrization,
    LayerSpec,
    Linear,
    TargetShare,
    constrain_,
    project_,
)
from projectors.torch.buffers import torch_projection
from projectors.torch.following import follow
from projectors.torch.pieces import product_residual, residual_of
from projectors.torch.recycled import Workspace

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


def test_blocks_of_grouped_convolutions_and_of_unknown_irreps():
    torch.manual_seed(0)
    layer = nn.Conv2d(16, 16, 3, groups=2, bias=False).double()
    A = 2 * G.regular()
    (term,) = EquivariancePenalty(layer, {"": (A, A)}).report().terms
    H = Hom(G.regular() * G.grid((3, 3)), G.regular())
    squares = (H.residual(layer.weight.detach().reshape(2, 8, 72).numpy()) ** 2).sum()
    assert sum(v**2 for v in term.per_block.values()) == pytest.approx(squares, rel=1e-12)
    (term,) = EquivariancePenalty(layer, {"": (A, A)}, Frobenius(squared=True)).report().terms
    assert sum(term.per_block.values()) == pytest.approx(squares, rel=1e-12)
    K = FiniteGroup.from_permutations([[1, 2, 0, 3], [1, 0, 3, 2]])  # A4, whose irreps are in no catalogue
    layer = nn.Linear(4, 4)
    report = EquivariancePenalty(layer, {"": (K.natural(), K.natural())}).report()
    assert report["weight"].per_block is None
    assert report["weight"].worst is None
    assert "weight" in str(report)


def test_model_is_untouched():
    model = net()
    before = list(model.state_dict())
    pen = EquivariancePenalty(model, SPEC)
    pen()
    assert list(model.state_dict()) == before
    assert list(pen.parameters()) == []
    assert pen.state_dict() == {}
    model.penalty = pen  # even as a part of the model it adds nothing
    assert list(model.state_dict()) == before
    assert len(list(model.parameters())) == 4


def test_constants_own_their_memory():
    model = net()
    pen = EquivariancePenalty(model, SPEC)
    H = pen.terms[0].hom
    for buffer, constant in zip(pen._constants(0), H.projection.home, strict=True):
        assert buffer.data_ptr() != constant.ctypes.data
    first = pen().item()
    for buffer in pen._constants(0):
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


def test_compiles_in_one_graph():
    model = net()
    pen = EquivariancePenalty(model, SPEC, equivariant=0.5)
    expected = torch.autograd.grad(pen(), list(model.parameters()))
    compiled = torch.compile(lambda: pen(), fullgraph=True, backend="aot_eager")
    total = compiled()
    assert total.item() == pytest.approx(pen().item(), rel=1e-12)
    for a, b in zip(torch.autograd.grad(total, list(model.parameters())), expected, strict=True):
        assert (a - b).abs().max() <= 1e-13


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
@pytest.mark.parametrize("norm", [Frobenius(), Spectral()], ids=repr)
def test_compiles_with_inductor(norm):
    model = net(torch.float32)
    pen = EquivariancePenalty(model, SPEC, norm)
    eager = pen()
    expected = torch.autograd.grad(eager, list(model.parameters()))
    total = torch.compile(lambda: pen(), fullgraph=True)()
    assert total.item() == pytest.approx(eager.item(), rel=32 * EPS)
    for a, b in zip(torch.autograd.grad(total, list(model.parameters())), expected, strict=True):
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


# Parametrisations and constraints


def test_parametrised_weights_are_read_live():
    model = net()
    nn.utils.parametrizations.weight_norm(model[0])
    pen = EquivariancePenalty(model, SPEC)
    assert pen().item() == pytest.approx(slow(model, Frobenius()), rel=1e-12)
    pen().backward()
    assert model[0].parametrizations.weight.original0.grad is not None


def test_constraint():
    model = net()
    x = torch.randn(3, V.dim, dtype=torch.float64)
    constrain_(model, SPEC)
    pen = EquivariancePenalty(model, SPEC)
    assert pen().item() <= 1e-14
    model(x).square().mean().backward()
    for layer, (A, B) in zip((model[0], model[2]), SPEC.values(), strict=True):
        gradient = layer.parametrizations.weight.original.grad.numpy()
        assert np.abs(Hom(A, B).residual(gradient)).max() <= 1e-14  # gradients are projected too
    assert sorted(k.rsplit(".", 1)[-1] for k in model.state_dict()) == ["original"] * 4


def test_parametrisation_module():
    layer = nn.Linear(V.dim, W.dim)
    before = layer.weight.detach().clone()
    parametrize.register_parametrization(layer, "weight", EquivariantParametrization(V, W))
    assert (layer.weight - Hom(V, W).project(before)).abs().max() <= 8 * EPS
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight.shape == before.shape


def test_project_in_place():
    model = net()
    expected = [Hom(A, B).project(m.weight.detach().numpy()) for m, (A, B) in zip((model[0], model[2]), SPEC.values())]
    address = model[0].weight.data_ptr()
    project_(model, SPEC)
    assert model[0].weight.data_ptr() == address
    for layer, P in zip((model[0], model[2]), expected, strict=True):
        assert np.abs(layer.weight.detach().numpy() - P).max() <= 1e-14
    assert EquivariancePenalty(model, SPEC)().item() <= 1e-14


# Schedules and steps


def test_schedules():
    model = net(torch.float32)
    pen = EquivariancePenalty(
        model, SPEC, residual={"0": Linear(1.0, 0.0, 4), "2": Anneal(2.0, 4)}, equivariant=Constant(0.5)
    )
    rows = []
    for _ in range(6):
        rows.append([round(x, 6) for x in pen.weights[[0, 2], 0].tolist()])
        pen.step()
    assert rows[:5] == [[1, 2], [0.75, round(1 + 2**-0.5, 6)], [0.5, 1], [0.25, round(1 - 2**-0.5, 6)], [0, 0]]
    assert rows[5] == [0, 0]
    assert pen.weights[:, 1].tolist() == [0.5] * 4
    assert Cosine(0.0, 1.0, 10).next_value(20, 1.0, None) == 1.0


def test_target_share_is_reached():
    torch.manual_seed(0)
    A = 2 * Cyclic(4).regular()
    layer = nn.Linear(A.dim, A.dim, bias=False)
    goal = torch.randn(A.dim, A.dim)
    pen = EquivariancePenalty(
        layer, {"": (A, A)}, Frobenius(squared=True), residual=TargetShare(0.2, start=0.1, rate=0.1)
    )
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
    for _ in range(800):
        optimizer.zero_grad()
        ((layer.weight - goal).square().sum() + pen()).backward()
        optimizer.step()
        pen.step()
    assert pen.report()["weight"].share == pytest.approx(0.2, rel=0.05)


def test_every_kth_step_k_times_as_strong():
    model = net()
    plain = EquivariancePenalty(model, SPEC)().item()
    pen = EquivariancePenalty(model, SPEC, every=3)
    values = []
    for _ in range(6):
        values.append(pen().item())
        pen.step()
    assert values == pytest.approx([3 * plain, 0, 0, 3 * plain, 0, 0], rel=1e-12)
    assert pen().requires_grad


@pytest.mark.parametrize("form", ["rate", "optimizer", "attached"])
def test_decoupled_decay(form):
    model = net()
    before = [m.weight.detach().clone() for m in (model[0], model[2])]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    pen = EquivariancePenalty(model, SPEC, residual=0.5, equivariant=0.25, decoupled=True)
    assert pen().item() == 0
    if form == "attached":
        pen.attach(optimizer)
        optimizer.step()  # no gradients: only the hook acts
        assert pen.steps == 1
    else:
        pen.decay_(0.1 if form == "rate" else optimizer)
    for old, layer, (A, B) in zip(before, (model[0], model[2]), SPEC.values(), strict=True):
        T = old.numpy()
        P = Hom(A, B).project(T)
        assert np.abs(layer.weight.detach().numpy() - (T - 0.1 * (0.5 * (T - P) + 0.25 * P))).max() <= 1e-14


def test_decay_writes_parameters_that_are_no_plain_memory():
    A = G.regular()
    conv = nn.ConvTranspose2d(8, 8, 3).double()
    other = copy.deepcopy(conv)
    other.weight.data = other.weight.data.to(memory_format=torch.channels_last)
    for layer in (conv, other):
        T = layer.weight.detach().transpose(0, 1).reshape(8, 72).numpy().copy()
        EquivariancePenalty(layer, {"": (A, A)}, decoupled=True).decay_(0.5)
        new = layer.weight.detach().transpose(0, 1).reshape(8, 72).numpy()
        assert np.abs(new - (T - 0.5 * Hom(A * G.grid((3, 3)), A).residual(T))).max() <= 1e-14


# Bad input


def bad(match, spec, model=None, error=GroupRepError, **options):
    with pytest.raises(error, match=match):
        EquivariancePenalty(net() if model is None else model, spec, **options)


def test_names():
    model = nn.ModuleDict({"encoder": nn.Linear(16, 16), "decoder": nn.Linear(16, 16)})
    bad(r'no layer is named "encodr"; did you mean "encoder"', {"encodr": (V, V)}, model)
    bad('no layer is named "x"; the layers are encoder, decoder', {"x": (V, V)}, model)
    bad('"encoder" is matched by both "enc\\*" and "encoder"', {"enc*": (V, V), "encoder": (V, V)}, model)
    bad("spec is empty", {}, model)
    bad("mapping", [("encoder", (V, V))], model)
    bad("a pair", {"encoder": V}, model)
    bad("a pair", {"encoder": (V, 3)}, model)
    with pytest.raises(GroupRepError, match="W must be a Representation"):
        LayerSpec(V, 3)
    assert len(EquivariancePenalty(model, {"*coder": (V, V)}).terms) == 4


def test_frozen_layers():
    model = net()
    model[0].requires_grad_(False)
    bad('layer "0" is frozen', SPEC, model)
    pen = EquivariancePenalty(model, {"0*": (V, W), "2": (W, V)})
    assert pen.skipped == ("0",)
    assert "skipped (frozen): 0" in str(pen.report())
    model[2].requires_grad_(False)
    bad("every layer that it matches is frozen", {"[02]": (V, W)}, model)


def test_sizes():
    bad(
        r"\"0\", Linear \(weight \(12, 16\)\): in_features is 16, V = .* has dimension 8",
        {"0": (G.regular(), W)},
        error=DimensionMismatch,
    )
    bad(r"out_features is 12", {"0": (V, V)}, error=DimensionMismatch)


def test_representations_without_an_invariant_form():
    L = Lorentz().defining()
    bad("no invariant positive-definite form", {"": (L, L)}, nn.Linear(4, 4), NotUnitary)
    Q = Quaternion()
    bad("real weights cannot", {"": (Q.defining(), Q.defining())}, nn.Linear(2, 2))
    assert (
        EquivariancePenalty(nn.Linear(2, 2, dtype=torch.complex128), {"": (Q.defining(), Q.defining())})().dtype
        == torch.float64
    )


def test_weights_that_are_not_finite():
    model = net()
    pen = EquivariancePenalty(model, SPEC)
    with torch.no_grad():
        model[2].weight[0, 0] = torch.nan
    bad('"2.weight" has NaN', SPEC, model)
    with pytest.raises(GroupRepError, match=r'"2\.weight" has NaN'):
        pen()
    with pytest.raises(GroupRepError, match=r'"2\.weight" has NaN'):
        pen.report()


def test_options():
    bad("norm", SPEC, norm="frobenius")
    bad("every", SPEC, every=0)
    bad("residual", SPEC, residual=-1.0)
    bad("equivariant", SPEC, equivariant=float("nan"))
    bad("decoupled", SPEC, norm=Spectral(), decoupled=True)
    bad("matched by both", SPEC, residual={"0*": 1.0, "*0": 2.0})
    with pytest.raises(GroupRepError, match="target"):
        TargetShare(1.0)
    with pytest.raises(GroupRepError, match="steps"):
        Linear(1.0, 0.0, 0)
    other = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=1.0)
    pen = EquivariancePenalty(net(), SPEC, decoupled=True)
    with pytest.raises(GroupRepError, match="none of the parameters of the optimizer"):
        pen.decay_(other)
    with pytest.raises(GroupRepError, match=r"torch\.nn\.Module"):
        EquivariancePenalty("model", SPEC)


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
        projection = torch_projection(H)
        expected = H.residual(u @ v.T)
        assert (product_residual(u, v, projection, projection.constants) - expected).abs().max() <= 1e-14
        whole = residual_of(u @ v.T, projection, projection.constants, Workspace())
        assert (whole - expected).abs().max() <= 1e-14


def test_pieces_of_large_and_batched_operators():
    A = 64 * Cyclic(4).regular()
    H = Hom(A, 512 * Cyclic(4).regular())
    projection = torch_projection(H)
    for lead in ((), (2,)):
        T = torch.randn(*lead, *H.shape, dtype=torch.float64)
        assert (residual_of(T, projection, projection.constants) - H.residual(T)).abs().max() <= 1e-14


def test_spins_in_the_basis_of_the_irreps():
    S = SO(3)
    A, B = 3 * S.irrep(0) + 2 * S.irrep(1) + 2 * S.irrep(2), 2 * S.irrep(1) + S.irrep(3) + S.irrep(0)
    torch.manual_seed(0)
    layer = nn.Linear(A.dim, B.dim).double()
    T = layer.weight.detach().clone()
    pen = EquivariancePenalty(layer, {"": LayerSpec(A, B, bias=False)}, equivariant=0.5)
    H = Hom(A, B)
    assert spectral_frame(pen._projections[0]) is not None
    slow = H.basis().project(T.numpy())
    assert np.abs(residual_of(T, pen._projections[0], pen._constants(0)).numpy() - (T.numpy() - slow)).max() <= 1e-14
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
    assert spectral_frame(pen._projections[0]) is not None
    expected = np.linalg.norm(layer.weight.detach().numpy() - Hom(V, V).basis().project(layer.weight.detach().numpy()))
    assert pen().item() == pytest.approx(expected, rel=1e-14)
    project_(layer, {"": (V, V)})
    assert pen().item() <= 1e-14


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
