"""Whole models: layers that follow each other, annotations in files, what the report flags."""

from math import exp

import pytest
import torch
from torch import nn

from grouprep import Cyclic, Dihedral, GroupRepError, Representation
from projectors import Hom
from projectors.torch import (
    AttentionSpec,
    BilinearSpec,
    EquivariancePenalty,
    LayerSpec,
    ParameterSpec,
    RelaxedLinear,
    TargetShare,
    constrain_,
    equivariance_error,
    load_spec,
    project_,
)

G = Dihedral(4)
R, D, ONE = G.regular(), G.defining(), G.trivial()


def report(model, spec, *inputs):
    return EquivariancePenalty(model, spec).check(*inputs)


def cnn(activation=None):
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        activation or nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 16, 10),
    )


CNN = {
    "0": (ONE, 2 * R),
    "2": (2 * R, 2 * R),
    "3": (2 * R, 2 * R),
    "7": ((2 * R) * G.grid((4, 4)), 10 * ONE),
}


def test_a_sound_model():
    torch.manual_seed(0)
    model = cnn().double().eval()
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    found = report(model, CNN, x)
    assert found.ok
    assert found.findings == ()
    assert found.layers == 4
    assert "4 layers" in str(found)
    assert equivariance_error(model, ONE, 10 * ONE, x).maximum > 1e-2
    project_(model, CNN)
    assert equivariance_error(model, ONE, 10 * ONE, x).maximum <= 1e-12
    assert model.training is False


def test_layers_that_do_not_follow_each_other():
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    spec = {"0": (R, R), "2": (4 * D, R)}
    found = report(model, spec)
    assert not found.ok
    assert [f.where for f in found.findings] == ["2"]
    assert 'its input is 4 * defining (dimension 8), but "0" gives regular' in str(found)
    with pytest.raises(GroupRepError, match="cannot be equivariant as specified"):
        EquivariancePenalty(model, spec).check(strict=True)


SIGNED = [(nn.Tanh(), True), (nn.Hardtanh(), True), (nn.ReLU(), False), (nn.GELU(), False), (nn.Softmax(-1), False)]


@pytest.mark.parametrize(("activation", "odd"), SIGNED, ids=lambda v: type(v).__name__)
def test_nonlinearities(activation, odd):
    model = nn.Sequential(nn.Linear(8, 8), activation, nn.Linear(8, 8))
    assert report(model, {"0": (R, R), "2": (R, R)}).ok
    assert report(model, {"0": (R, 4 * D), "2": (4 * D, R)}).ok == odd  # defining is signed permutations
    E = G.defining() * 1
    x = torch.randn(4, 8)
    error = equivariance_error(activation, 4 * E, 4 * E, x).maximum
    assert error <= 1e-6 if odd else error > 1e-2  # what the verdict says is so


def test_other_modules_between():
    def between(module, W=4 * D):
        return report(nn.Sequential(nn.Linear(8, 8), module, nn.Linear(8, 8)), {"0": (R, W), "2": (W, R)})

    assert between(nn.Identity()).findings == ()
    assert between(nn.Dropout()).findings[0].severity == "warning"
    assert between(nn.Dropout(), R).findings == ()
    assert not between(nn.LayerNorm(8)).ok
    assert between(nn.LayerNorm(8), R).ok
    assert not between(nn.PReLU(8)).ok
    assert between(nn.PReLU(), R).findings == ()
    assert between(nn.PReLU(8), R).findings[0].severity == "warning"
    assert not between(nn.MaxPool1d(2)).ok
    assert between(nn.AvgPool1d(2)).ok
    assert "stands in no specification" in str(between(nn.Linear(8, 8), R))
    assert "is not known" in str(between(nn.PixelShuffle(2), R))


def test_strides_by_the_size_of_the_input():
    model = nn.Sequential(nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.ReLU(), nn.AvgPool2d(2))
    spec = {"0": (R, R)}
    even, odd = torch.randn(1, 8, 8, 8), torch.randn(1, 8, 7, 7)
    found = report(model, spec, even)
    assert [f.where for f in found.findings] == ["0"]
    assert "(8 + 2 * 1 - 3) % 2 = 1" in str(found)
    assert report(model, spec, odd).findings == ()
    model = model.double().eval()
    project_(model, spec)
    for x, sound in ((even, False), (odd, True)):
        error = equivariance_error(model, R, R, x.double()).maximum
        assert error <= 1e-12 if sound else error > 1e-2
    flagged = EquivariancePenalty(model, spec).report().flagged
    assert any("stride (2, 2)" in f for f in flagged)


@pytest.mark.parametrize(("size", "sound"), [(8, True), (9, False), (10, False), (11, True)])
def test_strides_of_dilated_kernels(size, sound):
    """A kernel of 3 pixels that dilation spreads over 5, moved by 3."""
    model = nn.Sequential(nn.Conv2d(8, 8, 3, stride=3, dilation=2)).double().eval()
    x = torch.randn(1, 8, size, size, dtype=torch.float64)
    found = report(model, {"0": (R, R)}, x)
    assert (found.findings == ()) == sound
    assert sound or f"({size} + 2 * 0 - 5) % 3 = {(size - 5) % 3}" in str(found)
    project_(model, {"0": (R, R)})
    error = equivariance_error(model, R, R, x).maximum
    assert error <= 1e-12 if sound else error > 1e-2


def test_flags():
    flagged = EquivariancePenalty(cnn(), {"0": (ONE, 2 * R)}).report().flagged
    assert any("3: BatchNorm2d has scales and shifts" in f for f in flagged)
    flagged = EquivariancePenalty(cnn(), CNN).report().flagged
    assert any("running statistics" in f for f in flagged)
    same = nn.Conv2d(8, 8, 2, padding="same")
    assert "even kernel" in EquivariancePenalty(same, {"": (R, R)}).report().flagged[0]


# Files

TOML = """
group = "D4"

[representations.features]
expression = "2*regular"

[layers."0"]
input = "trivial"
output = "features"

[layers."[23]"]
input = "features"
output = "features"

[layers."7"]
input = "features * grid(4, 4)"
output = "10*trivial"
bias = false
"""


def written(tmp_path, text):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    return path


def test_from_toml(tmp_path):
    torch.manual_seed(0)
    model = cnn()
    pen = EquivariancePenalty.from_toml(model, written(tmp_path, TOML), residual=2.0)
    assert [t.name for t in pen.terms] == ["0.weight", "0.bias", "2.weight", "2.bias", "3.weight", "3.bias", "7.weight"]
    spec = {**CNN, "7": LayerSpec(*CNN["7"], bias=False)}
    assert pen().item() == pytest.approx(EquivariancePenalty(model, spec, residual=2.0)().item(), rel=1e-6)


def test_every_kind_of_table(tmp_path):
    text = """
group = { permutations = { r = "(1 2 3 4)", s = "(2 4)" } }
[layers.attention]
query = "2*natural"
head = "natural"
form = true
[layers.pair]
inputs = ["natural", "trivial"]
output = "natural"
[layers.mixer]
parameter = "kernel"
input = "natural"
output = "2*natural"
layout = "io"
rows = [0, 4]
[layers.conv]
input = "natural"
output = "natural"
grid = "9*trivial"
"""
    spec = load_spec(written(tmp_path, text))
    N = spec["pair"].W
    assert spec["attention"] == AttentionSpec(2 * N, head=N, form=True)
    assert spec["pair"] == BilinearSpec(N, N.group.trivial(), N)
    assert spec["mixer"] == ParameterSpec("kernel", N, 2 * N, "io", (0, 4))
    assert spec["conv"].grid.dim == 9


BAD = {
    "group is missing": "[layers.a]\ninput = 'trivial'\noutput = 'trivial'",
    "no layers": "group = 'D4'",
    'layers."a": output is missing': "group = 'D4'\n[layers.a]\ninput = 'trivial'",
    'layers."a": input: .*did you mean "regular"': "group = 'D4'\n[layers.a]\ninput = 'reglar'\noutput = 'trivial'",
    "grdi": "group = 'D4'\n[layers.a]\ninput = 'trivial'\noutput = 'trivial'\ngrdi = 'trivial'",
    "true or false": "group = 'D4'\n[layers.a]\ninput = 'trivial'\noutput = 'trivial'\nbias = 1",
    "two representations": "group = 'D4'\n[layers.a]\ninputs = ['trivial']\noutput = 'trivial'",
    "two integers": "group = 'D4'\n[layers.a]\nparameter = 'w'\ninput = 'trivial'\noutput = 'trivial'\nrows = [1]",
    "a table is needed": "group = 'D4'\nlayers = { a = 1 }",
}


@pytest.mark.parametrize("match", BAD)
def test_files_that_say_nothing_sensible(tmp_path, match):
    with pytest.raises(GroupRepError, match=match):
        load_spec(written(tmp_path, BAD[match]))


def test_missing_file(tmp_path):
    with pytest.raises(GroupRepError, match=r"missing\.toml"):
        load_spec(tmp_path / "missing.toml")


def test_training_towards_equivariance():
    """Three lines on a plain network, and the error falls by orders of magnitude."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
    pen = EquivariancePenalty(model, {"0": (R, 4 * R), "2": (4 * R, D)})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.randn(64, 8)
    before = equivariance_error(model, R, D, x).mean
    for k in range(300):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * 0.98**k
        optimizer.zero_grad()
        (model(x).square().mean() * 0 + pen()).backward()
        optimizer.step()
    assert equivariance_error(model, R, D, x).mean < before / 100


@pytest.mark.parametrize("wrap", [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm])
def test_parametrised_weights_are_projected(wrap):
    """A weight computed while gradients are off needs none, but its originals do: it is not frozen."""
    layer = wrap(nn.Linear(8, 8)).eval()
    project_(layer, {"": (R, R)})
    with torch.no_grad():
        report = EquivariancePenalty(layer, {"": (R, R)}).report()
    assert report["weight"].share < 1e-6
    assert not report.skipped


def test_names_that_meet_no_layer_of_the_specification_raise():
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
    for what in ("residual", "equivariant"):
        with pytest.raises(GroupRepError, match=f'{what}: nothing in spec is named "1"; there are 0'):
            EquivariancePenalty(net, {"0": (R, R)}, **{what: {"1": 2.0}})
    with pytest.raises(GroupRepError, match="named by text"):
        EquivariancePenalty(net, {0: (R, R)})


def test_tied_weights_read_transposed_must_be_given_one_space():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.head = nn.Embedding(8, 16), nn.Linear(16, 8, bias=False)
            self.head.weight = self.embed.weight

    pen = EquivariancePenalty(Tied(), {"embed": (R, 2 * R), "head": (2 * R, R)})
    assert len(pen.terms) == 1
    assert pen.report()["head.weight"].also == ("head.weight",)
    with pytest.raises(GroupRepError, match="share one weight"):
        EquivariancePenalty(Tied(), {"embed": (R, 2 * R), "head": (2 * R, 8 * ONE)})


def test_convolutions_that_treat_sides_or_axes_differently_are_flagged():
    cases = {
        "output_padding": nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1),
        "padding": nn.Conv2d(8, 8, 3, padding=(1, 0)),
        "stride": nn.Conv2d(8, 8, 3, stride=(2, 1)),
        "dilation": nn.Conv2d(8, 8, 3, dilation=(1, 2)),
    }
    for what, layer in cases.items():
        pen = EquivariancePenalty(nn.Sequential(layer), {"0": (R, R)})
        assert any(what in text for text in pen.report().flagged)
        (finding,) = pen.check().findings
        assert finding.severity == "warning"
        assert what in finding.what
    pen = EquivariancePenalty(nn.Sequential(nn.Conv2d(8, 8, 3, padding=1)), {"0": (R, R)})
    assert not pen.check().findings
    assert not pen.report().flagged


def test_target_share_lowers_a_weight_by_at_most_its_rate():
    schedule = TargetShare(0.1, rate=0.5)
    assert schedule.next_value(1, 1.0, 0.0) == pytest.approx(exp(-0.5))
    assert schedule.next_value(1, 1.0, 0.05) == pytest.approx(exp(-0.25))
    assert schedule.next_value(1, 1.0, 1.0) == pytest.approx(exp(0.5))


def test_packed_attention_weights_are_constrained_in_place():
    """Each third of the packed weight becomes its own projection and stays where it was."""
    layer = nn.MultiheadAttention(16, 2, bias=False)
    before = layer.in_proj_weight.detach().clone()
    constrain_(layer, {"": AttentionSpec(2 * R, head=R)})
    want = torch.cat([Hom(2 * R, 2 * R).project(part) for part in before.split(16)])
    assert (layer.in_proj_weight - want).abs().max() < 1e-6


def test_relaxed_bias_is_equivariant_without_its_free_part():
    layer = RelaxedLinear(R, 2 * R)
    nn.init.normal_(layer.equivariant_bias)
    want = layer.equivariant_bias.view(2, 8).mean(1, keepdim=True).expand(2, 8).reshape(-1)
    assert (layer.bias - want).abs().max() < 1e-6


def test_attention_forms_map_keys_to_the_dual_of_queries():
    """With a non-orthogonal representation W_Q^T W_K is invariant as a form, not as an operator."""
    V = Representation(Cyclic(2), images=[[[1, 1], [0, -1]]])
    layer = nn.MultiheadAttention(2, 1, bias=False).double()
    q, k, _ = layer.in_proj_weight.detach().split(2)
    B, g = q.T @ k, torch.tensor([[1.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    residual = (B - g.T @ B @ g) / 2  # B minus the mean over the two elements
    pen = EquivariancePenalty(layer, {"": AttentionSpec(V, head=2 * V.group.trivial(), form=True, value=V, out=V)})
    assert pen.report()["form"].residual == pytest.approx(residual.norm().item(), rel=1e-6)
