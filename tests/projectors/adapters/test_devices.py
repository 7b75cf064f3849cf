"""Where a model goes its penalty follows: on torch's meta device, which has no numbers, whatever stays behind or is looked at fails."""

import copy
import math

import pytest
import torch
from cases import cases
from launches import Launches
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from grouprep import SO, Cyclic, Dihedral, GroupRepError, Quaternion, Symmetric
from projectors.baselines import (
    Augmentation,
    AugmentedLoss,
    PathwayPrior,
    RelaxedGroupConv2d,
    RelaxedGroupLinear,
    SampledOperatorPenalty,
    SampledOutputPenalty,
    SharingPenalty,
    WeightDecay,
    relaxed_sharing_,
    residual_pathways_,
)
from projectors.penalties import Entrywise, Frobenius, Induced, KyFan, Mixed, Norm, Nuclear, Schatten, Spectral
from projectors.torch import (
    AttentionSpec,
    BilinearSpec,
    ConvolutionSpectral,
    EquivariancePenalty,
    EquivariantParametrization,
    LayerSpec,
    Linear,
    ParameterSpec,
    RelaxedConv1d,
    RelaxedConv2d,
    RelaxedConv3d,
    RelaxedLinear,
    TargetShare,
    constrain_,
    project_,
)

D4, C2, C4, S3, Q8 = Dihedral(4), Cyclic(2), Cyclic(4), SO(3), Quaternion()
R = C4.regular()
FIXED = 27 * D4.trivial()  # pixels that stay


def layers():
    """By kind: a module, and what is said of it."""
    D = D4.regular()
    return {
        "linear": (nn.Linear(16, 12), (4 * R, 3 * R)),
        "linear without bias": (nn.Linear(16, 12, bias=False), (4 * R, 3 * R)),
        "linear, some bias is left alone": (nn.Linear(16, 12), LayerSpec(4 * R, 3 * R, bias=False)),
        "linear, large": (nn.Linear(128, 96), (32 * R, 24 * R)),
        "linear, orbits of two sizes and zeros": (
            nn.Linear(22, 36),
            (5 * D4.natural() + D4.defining(), 9 * D4.natural()),
        ),
        "linear, signed": (nn.Linear(32, 32), (16 * D4.defining(), 16 * D4.defining())),
        "linear, dense": (nn.Linear(30, 28), (15 * Dihedral(5).defining(), 14 * Dihedral(5).defining())),
        "linear, irreps": (nn.Linear(32, 30), (9 * S3.irrep(1) + S3.irrep(2), 10 * S3.irrep(1))),
        "linear, two irreps of complex type": (nn.Linear(30, 28), (15 * Cyclic(3).irrep(1), 14 * Cyclic(3).irrep(1))),
        "linear, irreps in another basis": (
            nn.Linear(36, 27),
            (4 * Symmetric(3).natural() ** 2, 3 * Symmetric(3).natural() ** 2),
        ),
        "linear, not unitary": (
            nn.Linear(8, 12),
            (2 * D4.natural().change_basis([[1, 2, 0, 1], [0, 1, 3, 0], [0, 0, 1, 1], [0, 0, 0, 1]]), 3 * D4.natural()),
        ),
        "linear, complex": (nn.Linear(28, 26, dtype=torch.complex64), (14 * Q8.defining(), 13 * Q8.defining())),
        "embedding": (nn.Embedding(8, 12), (2 * R, 3 * R)),
        "bilinear": (nn.Bilinear(4, 8, 12), BilinearSpec(R, 2 * R, 3 * R)),
        "conv1d": (nn.Conv1d(4, 8, 3), LayerSpec(R, 2 * R, grid=3 * C4.trivial())),
        "conv2d": (nn.Conv2d(8, 16, 3, stride=2, dilation=2), (D, 2 * D)),
        "conv3d": (nn.Conv3d(8, 16, 3), LayerSpec(D, 2 * D, grid=FIXED)),
        "conv2d, groups": (nn.Conv2d(16, 32, 3, groups=2), (2 * D, 4 * D)),
        "conv2d, unlike groups": (nn.Conv2d(16, 32, 3, groups=2), (D + 8 * D4.trivial(), 4 * D)),
        "conv transposed 1d": (nn.ConvTranspose1d(4, 8, 3), LayerSpec(R, 2 * R, grid=3 * C4.trivial())),
        "conv transposed 2d": (nn.ConvTranspose2d(8, 16, 3), (D, 2 * D)),
        "conv transposed 3d, groups": (nn.ConvTranspose3d(16, 32, 3, groups=2), LayerSpec(2 * D, 4 * D, grid=FIXED)),
        "batch norm 1d": (nn.BatchNorm1d(12), (3 * R, 3 * R)),
        "batch norm 2d": (nn.BatchNorm2d(12), (3 * R, 3 * R)),
        "batch norm 3d": (nn.BatchNorm3d(12), (3 * R, 3 * R)),
        "instance norm": (nn.InstanceNorm2d(12, affine=True), (3 * R, 3 * R)),
        "layer norm": (nn.LayerNorm(12), (3 * R, 3 * R)),
        "rms norm": (nn.RMSNorm(12), (3 * R, 3 * R)),
        "group norm": (nn.GroupNorm(3, 12), (3 * R, 3 * R)),
        "attention": (nn.MultiheadAttention(16, 2), AttentionSpec(4 * R, head=2 * R)),
        "attention, unlike inputs": (
            nn.MultiheadAttention(16, 2, kdim=8, vdim=12),
            AttentionSpec(4 * R, 2 * R, 3 * R, head=2 * R),
        ),
        "attention, forms": (nn.MultiheadAttention(16, 2), AttentionSpec(4 * R, head=2 * R, form=True)),
        "one parameter": (nn.Linear(16, 12), ParameterSpec("weight", 3 * R, 4 * R, layout="io")),
        "rows of a parameter": (
            nn.Linear(16, 12),
            (ParameterSpec("weight", 4 * R, 2 * R, rows=(0, 8)), ParameterSpec("weight", 4 * R, R, rows=(8, 12))),
        ),
        "weight norm": (parametrizations.weight_norm(nn.Linear(16, 12)), (4 * R, 3 * R)),
        "spectral norm": (parametrizations.spectral_norm(nn.Linear(16, 12)), (4 * R, 3 * R)),
        "small ones together": (
            nn.Sequential(*(nn.Linear(16, 16) for _ in range(3)), nn.BatchNorm1d(16), nn.Linear(16, 16).double()),
            (4 * R, 4 * R),
        ),
    }


KINDS = list(layers())
NORMS = [
    Frobenius(), Frobenius(squared=True), Spectral(), KyFan(2), Nuclear(), Schatten(3), Mixed(), Mixed(3, 1), Entrywise(1),
    Entrywise(3), Entrywise(float("inf")), Induced(1), Induced(float("inf")), ConvolutionSpectral(),
]  # fmt: skip


def case(kind):
    torch.manual_seed(0)
    module, spec = layers()[kind]
    model = nn.Sequential(module) if not isinstance(module, nn.Sequential) else module
    return model, {"*": spec} if len(model) > 1 else {"0": spec}


def optimizer_of(model):
    return torch.optim.SGD(model.parameters(), lr=0.1)


@cases("moved", ["before", "after", "after, alone"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_without_numbers(kind, moved):
    """The model is moved before the penalty is made, or after it with the penalty, or after it alone."""
    model, spec = case(kind)
    if moved == "before":
        model.to("meta")
    pen = EquivariancePenalty(model, spec, equivariant=0.5, residual=Linear(1.0, 0.5, 10))
    if moved != "before":
        model.to("meta")
    if moved == "after":
        pen.to("meta")
    writable = all(term.is_writable for term in pen.terms)
    pen()  # follows the model
    with Launches():
        total = pen()
        total.backward()
    assert total.device.type == "meta"
    assert {b.device.type for b in pen.buffers()} == {"meta"}
    assert all(p.grad.shape == p.shape for p in (t.source() for t in pen.terms) if p.is_leaf)
    with Launches():
        pen.step()
        if writable:
            pen.decay_(0.1)
    assert pen.terms[0].weights == (0.95, 0.5)
    if writable:
        project_(model, pen)
        project_(model, spec)
    optimizer = optimizer_of(model)
    pen.attach(optimizer)
    optimizer.step()
    assert pen.steps == 2
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        pen.report()


@pytest.mark.parametrize("norm", NORMS, ids=str)
def test_every_norm_without_numbers(norm):
    """Alone, in groups, in stacks, followed, in forms, and complex. Singular values that are not followed are waited for."""
    strict = norm.is_euclidean or (isinstance(norm, Norm) and not norm.unitarily_invariant)
    for kind in ("linear, large", "linear, complex", "conv2d, groups", "attention, forms", "small ones together"):
        model, spec = case(kind)
        pen = EquivariancePenalty(model, spec, norm, equivariant={"0": 0.5})
        model.to("meta")
        pen()
        for _ in range(2):
            with Launches(strict=strict):
                total = pen()
                total.backward()
        assert total.device.type == "meta", kind
        pen.step()


def layers_of(V, number, bias=True):
    model = nn.Sequential(*(nn.Linear(V.dim, V.dim, bias=bias) for _ in range(number))).to("meta")
    return model, {"*": (V, V)}


SPACES = {
    "orbits": (32 * R, {"loss": 16, "followed": 104, "decay": 10, "step": 31}),
    "small": (4 * R, {"loss": 16, "followed": None, "decay": 10, "step": 31}),
    "signed": (16 * D4.defining(), {"loss": 18, "followed": 108, "decay": 12, "step": 33}),
    "dense": (15 * Dihedral(5).defining(), {"loss": 17, "followed": 106, "decay": 11, "step": 32}),
    "irreps": (9 * S3.irrep(1) + S3.irrep(2), {"loss": 46, "followed": 164, "decay": 40, "step": 61}),
}


@pytest.mark.parametrize("kind", SPACES)
def test_launches_do_not_grow_with_the_number_of_layers(kind):
    """Of a penalty with its gradient, decoupled decay, and schedules; nothing waits, nothing comes from elsewhere."""
    V, most = SPACES[kind]
    counts = []
    for number in (2, 20):
        model, spec = layers_of(V, number, bias=False)
        pen = EquivariancePenalty(model, spec)
        with Launches() as loss:
            pen().backward()
        pen = EquivariancePenalty(model, spec, residual=0.5, decoupled=True)
        with Launches() as decay:
            pen.decay_(torch.optim.SGD(model.parameters(), lr=0.1))
        pen = EquivariancePenalty(model, spec, residual=TargetShare(0.1), equivariant=Linear(1.0, 0.0, 3))
        with Launches() as step:
            pen.step()
        found = {"loss": loss.total, "decay": decay.total, "step": step.total, "followed": None}
        if most["followed"]:
            pen, model = EquivariancePenalty(model, spec, Spectral()), model.zero_grad()
            pen()
            with Launches() as followed:
                pen().backward()
            found["followed"] = followed.total
        counts.append(found)
    assert counts[0] == counts[1]
    assert all(n is None or n <= most[what] for what, n in counts[0].items()), counts[0]


@cases("norm", [norm for norm in NORMS if not isinstance(norm, ConvolutionSpectral)])
def test_all_norms_in_a_number_of_launches_that_does_not_grow(norm):
    totals = []
    for number in (2, 5):
        model, spec = layers_of(4 * R, number)
        pen = EquivariancePenalty(model, spec, norm, equivariant=0.5)
        pen()
        with Launches(strict=False) as counted:
            pen().backward()
        totals.append(counted.total)
    assert totals[0] == totals[1]


def test_schedules_change_weights_in_place():
    """A captured graph reads the memory that it has seen."""
    model, spec = layers_of(4 * R, 3)
    for device in ("cpu", "meta"):
        model = model.to_empty(device=device)
        for p in model.parameters():
            nn.init.ones_(p)
        pen = EquivariancePenalty(model, spec, residual=TargetShare(0.1, start=0.5), equivariant=Linear(1.0, 0.0, 2))
        held = pen.weights, pen.factors
        before = [x.clone() for x in held]
        pen.step()
        assert pen.weights is held[0]
        assert pen.factors is held[1]
        if device == "cpu":
            assert pen.weights.tolist() == [list(t.weights) for t in pen.terms]
            assert pen.terms[0].weights == pytest.approx((0.5 * math.exp(-0.01), 0.5), rel=2.0**-22)
            assert not torch.equal(before[1], pen.factors)
            assert torch.equal(pen.factors, pen.weights.double().T)


def test_a_model_on_two_devices():
    model = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
    spec = {"*": (4 * R, 4 * R)}
    pen = EquivariancePenalty(model, spec)
    model[1].to("meta")
    message = r'two devices, "0\.weight" on cpu and "1\.weight" on meta; .*move the model there'
    with pytest.raises(GroupRepError, match=message):
        EquivariancePenalty(model, spec)
    for use in (pen, lambda: pen.decay_(0.1), pen.report):
        with pytest.raises(GroupRepError, match=message):
            use()


@cases("dtype", [torch.float16, torch.bfloat16])
def test_weights_of_half_precision(dtype):
    """What is made of them is what is made of the same numbers in single precision."""
    for kind in (
        "linear",
        "linear, large",
        "conv2d, groups",
        "batch norm 1d",
        "attention, forms",
        "small ones together",
    ):
        for norm in (Frobenius(), Spectral(), Nuclear()):
            model, spec = case(kind)
            model = model.to(dtype)
            wide = copy.deepcopy(model).float()
            totals, gradients = [], []
            for each in (model, wide):
                pen = EquivariancePenalty(each, spec, norm, equivariant=0.5)
                totals.append(pen())
                gradients.append(torch.autograd.grad(totals[-1], [t.source() for t in pen.terms]))
            assert totals[0].dtype == torch.float32
            assert totals[0].item() == pytest.approx(totals[1].item(), rel=1e-3 if norm.follows else 2.0**-20)
            for g, h in [] if norm.follows else zip(*gradients, strict=True):
                assert g.dtype == dtype
                most = torch.finfo(dtype).eps * h.abs().max() + torch.finfo(dtype).tiny
                assert (g.float() - h).abs().max() <= most
        if "forms" in kind:
            continue
        for each in (model, wide):
            EquivariancePenalty(each, spec, norm, equivariant=0.5).decay_(0.25)
            project_(each, spec)
        for p, q in zip(model.parameters(), wide.parameters(), strict=True):
            assert p.dtype == dtype
            assert (p.float() - q).abs().max() <= 3 * torch.finfo(dtype).eps * q.abs().max()
        share = max(t.share for t in EquivariancePenalty(model, spec).report().terms)
        assert share <= torch.finfo(dtype).eps * 8


@cases("kind", KINDS)
def test_decoupled_decay_without_numbers(kind):
    model, spec = case(kind)
    model.to("meta")
    pen = EquivariancePenalty(model, spec, residual=0.5, equivariant=0.25, decoupled=True)
    optimizer = optimizer_of(model)
    pen.attach(optimizer)
    if not all(term.is_writable for term in pen.terms):
        with pytest.raises(GroupRepError, match="product of two weights"):
            optimizer.step()
        return
    if kind == "weight norm":  # the optimizer holds a length and a direction
        with pytest.raises(GroupRepError, match="none of the parameters of the optimizer"):
            optimizer.step()
        pen.decay_(0.1)
        pen.step()
    else:
        optimizer.step()
    assert pen.steps == 1


@pytest.mark.parametrize("kind", [k for k in KINDS if "norm" not in k.split() and "forms" not in k])
@cases("first", [True, False], ids=["moved before", "moved after"])
def test_hard_constraints_without_numbers(kind, first):
    model, spec = case(kind)
    if first:
        model.to("meta")
    constrain_(model, spec)
    model.to("meta")
    pen = EquivariancePenalty(model, spec)
    pen().backward()
    project_(model, pen)
    assert {t.parameter().device.type for t in pen.terms} == {"meta"}


@cases("kind", KINDS)
def test_there_and_back(kind):
    """What comes back to the host starts afresh, from constants in double precision and the weights that it had."""
    model, spec = case(kind)
    model.eval()
    pen = EquivariancePenalty(model, spec, residual=0.5, equivariant=0.25)
    before, state = pen().item(), copy.deepcopy(model.state_dict())
    model.to("meta")
    pen()
    model.to_empty(device="cpu").load_state_dict(state)
    assert pen().item() == before


@cases("kind", [k for k in KINDS if "complex" not in k.split(", ")])
def test_precisions_that_change_after_construction(kind):
    """A penalty of a model that became double later is the one that is made of it: its constants are not those of float32."""
    model, spec = case(kind)
    model.eval()  # spectral norms stand still
    pen = EquivariancePenalty(model, spec, residual=0.5, equivariant=0.25)
    pen()
    model.double()
    fresh = EquivariancePenalty(model, spec, residual=0.5, equivariant=0.25)
    found, expected = pen(), fresh()
    assert found.dtype == expected.dtype == torch.float64
    eps = torch.finfo(torch.float64).eps
    assert abs(found.item() - expected.item()) <= 64 * eps * expected.item()
    for name, other in ((t.name, fresh.report()[t.name]) for t in pen.terms):
        assert pen.report()[name].residual == pytest.approx(other.residual, rel=64 * eps, abs=1e-13)
    model.to(torch.bfloat16)
    assert pen().dtype == torch.float32
    assert abs(pen().item() - expected.item()) <= 2**-6 * expected.item()  # bfloat16 has eight bits


@pytest.mark.parametrize("norm", [Spectral(), KyFan(2), Nuclear()], ids=str)
def test_followed_norms_in_a_precision_that_changes(norm):
    model, spec = case("linear, large")
    pen = EquivariancePenalty(model, spec, norm)
    first = pen().item()
    model.double()
    for _ in range(3):
        total = pen()
    total.backward()
    assert model[0].weight.grad.dtype == torch.float64
    assert total.item() == pytest.approx(first, rel=1e-3)


RELAXED = {
    "linear": (lambda: RelaxedLinear(2 * R, R, free=0.5), (3, 8)),
    "conv1d": (lambda: RelaxedConv1d(R, 2 * R, 3, grid=3 * C4.trivial(), free=0.5), (3, 4, 9)),
    "conv2d": (lambda: RelaxedConv2d(D4.trivial(), 2 * D4.regular(), 3, stride=2, dilation=2, free=0.5), (3, 1, 9, 9)),
    "conv3d": (lambda: RelaxedConv3d(D4.regular(), D4.regular(), 3, grid=FIXED, bias=False, free=0.5), (3, 8, 5, 5, 5)),
    "group linear": (lambda: RelaxedGroupLinear(2 * R, R, banks=3), (3, 8)),
    "group conv2d": (lambda: RelaxedGroupConv2d(D4.trivial(), 2 * D4.regular(), 3), (3, 1, 9, 9)),
    "parametrised": (
        lambda: parametrize.register_parametrization(nn.Linear(8, 4), "weight", EquivariantParametrization(2 * R, R)),
        (3, 8),
    ),
}


@cases("made", ["there", "moved", "moved by hand"])
@pytest.mark.parametrize("kind", RELAXED)
def test_layers_of_our_own_without_numbers(kind, made):
    make, shape = RELAXED[kind]
    with torch.device("meta" if made == "there" else "cpu"):
        layer = make()
    layer.to("meta")
    out = layer(torch.empty(shape, device="meta"))
    out.sum().backward()
    assert out.device.type == "meta"
    assert all(p.grad.shape == p.shape for p in layer.parameters())


def baselines(model):
    generator = torch.Generator().manual_seed(0)
    move = Augmentation(4 * R, 3 * R, generator=generator)
    spec = {"0": (4 * R, 3 * R)}
    return {
        "outputs": (SampledOutputPenalty(model, 4 * R, 3 * R, generator=generator, samples=2), 1),
        "operators": (SampledOperatorPenalty(model, spec, generator=generator, samples=2), 0),
        "augmented": (AugmentedLoss(model, nn.functional.mse_loss, move), 2),
        "decay": (WeightDecay(model), 0),
    }


@cases("kind", ["outputs", "operators", "augmented", "decay"])
@pytest.mark.parametrize("first", [True, False], ids=["moved before", "moved after"])
def test_baselines_without_numbers(kind, first):
    model = nn.Sequential(nn.Linear(16, 12))
    if first:
        model.to("meta")
    pen, inputs = baselines(model)[kind]
    model.to("meta")
    batch = [torch.empty(5, 16, device="meta"), torch.empty(5, 12, device="meta")][:inputs]
    total = pen(*batch)
    total.backward()
    assert total.device.type == "meta"
    pen.step()
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        pen.report()


@pytest.mark.parametrize("replace", [residual_pathways_, relaxed_sharing_], ids=lambda f: f.__name__)
def test_replaced_layers_without_numbers(replace):
    prior = PathwayPrior if replace is residual_pathways_ else SharingPenalty
    model = nn.Sequential(nn.Linear(16, 12), nn.Conv2d(8, 8, 3)).to("meta")
    replace(model, {"0": (4 * R, 3 * R), "1": (D4.regular(), D4.regular())})
    total = prior(model)()
    total.backward()
    assert total.device.type == "meta"
    assert {p.device.type for p in model.parameters()} == {"meta"}
