"""The spectral norm of convolutions as operators on images, against their dense matrices."""

import pytest
import torch
from torch import nn

from grouprep import Cyclic, Dihedral, GroupRepError
from projectors import Hom
from projectors.penalties import Spectral
from projectors.torch import ConvolutionSpectral, EquivariancePenalty, LayerSpec, ParameterSpec

EPS = torch.finfo(torch.float64).eps
G = Dihedral(4)
R, ONE = G.regular(), G.trivial()


def residual_layer(layer, spec, name=""):
    """The layer with T - P(T) for its weight, and without a bias."""
    (term,) = EquivariancePenalty(layer, {name: spec}).terms
    with torch.no_grad():
        term.write(term.hom.residual(term.read().detach()))
    return layer


def dense_norm(layer, *sizes):
    """The norm of the matrix whose columns are the layer's answers to images with one pixel."""
    channels = layer.in_channels
    images = torch.eye(channels * torch.Size(sizes).numel(), dtype=torch.float64).view(-1, channels, *sizes)
    with torch.no_grad():
        return torch.linalg.matrix_norm(layer(images).flatten(1), 2).item()


def double(layer, seed=0):
    torch.manual_seed(seed)
    return type(layer)(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        dilation=layer.dilation,
        groups=layer.groups,
        bias=False,
        padding_mode=layer.padding_mode,
        dtype=torch.float64,
    )


TORI = [
    (nn.Conv2d(2, 8, 3, padding=1, padding_mode="circular"), (5, 4)),
    (nn.Conv2d(8, 8, 3, stride=2, padding=1, padding_mode="circular"), (4, 6)),
    (nn.Conv2d(2, 8, 3, padding="same", padding_mode="circular"), (4, 4)),
    (nn.Conv2d(2, 8, 3, padding=2, dilation=2, padding_mode="circular"), (6, 5)),
    (nn.Conv2d(2, 8, 3, padding=2, stride=2, dilation=2, padding_mode="circular"), (6, 6)),
    (nn.Conv2d(16, 16, 3, padding=1, groups=2, padding_mode="circular"), (4, 4)),
]


def features(channels):
    return channels // 8 * R if channels % 8 == 0 else channels * ONE


@pytest.mark.parametrize(("layer", "sizes"), TORI, ids=lambda v: str(v)[:90])
def test_circular_padding_is_exact(layer, sizes):
    layer = double(layer)
    spec = (features(layer.in_channels), features(layer.out_channels))
    pen = EquivariancePenalty(layer, {"": spec}, ConvolutionSpectral(size=sizes))
    value, bound = pen(), EquivariancePenalty(layer, {"": spec}, ConvolutionSpectral())()
    report = pen.report()["weight"]
    exact = dense_norm(residual_layer(layer, spec), *sizes)
    assert value.item() == pytest.approx(exact, rel=1e-12)
    assert report.residual == pytest.approx(exact, rel=1e-12)
    assert exact * (1 - 1e-12) <= bound.item()


ZEROS = [
    (nn.Conv2d(2, 8, 3, padding=1), (6, 7)),
    (nn.Conv2d(2, 8, 3), (6, 7)),
    (nn.Conv2d(2, 8, 3, padding=2, dilation=2), (7, 6)),
    (nn.Conv2d(8, 8, 3, stride=2, padding=1), (7, 7)),
    (nn.Conv2d(8, 8, 3, stride=2, dilation=2), (7, 7)),
    (nn.Conv2d(16, 16, 3, padding=1, groups=2), (5, 5)),
    (nn.ConvTranspose2d(8, 2, 3, stride=2, padding=1), (4, 4)),
    (nn.ConvTranspose2d(2, 8, 3), (4, 5)),
    (nn.ConvTranspose2d(16, 16, 3, stride=2, groups=2), (3, 3)),
]


@pytest.mark.parametrize(("layer", "sizes"), ZEROS, ids=lambda v: str(v)[:90])
def test_zero_padding_is_bounded_from_above(layer, sizes):
    layer = double(layer)
    spec = (features(layer.in_channels), features(layer.out_channels))
    bound = EquivariancePenalty(layer, {"": spec}, ConvolutionSpectral())().item()
    kernel = EquivariancePenalty(layer, {"": spec}, Spectral())().item()
    exact = dense_norm(residual_layer(layer, spec), *sizes)
    assert exact <= bound
    assert bound <= 1.5 * exact  # the norm on these few pixels is not far from the supremum
    if layer.groups == 1 and not layer.transposed:
        assert kernel * (1 - 1e-12) <= bound


def test_zero_padding_is_reached_on_long_signals():
    layer = double(nn.Conv1d(2, 3, 3, padding=1))
    C = Cyclic(2)
    spec = LayerSpec(2 * C.trivial(), 3 * C.trivial(), grid=C.natural() + C.trivial())
    bound = EquivariancePenalty(layer, {"": spec}, ConvolutionSpectral(points=96))().item()
    exact = dense_norm(residual_layer(layer, spec), 200)
    assert exact <= bound <= 1.002 * exact


def test_the_difference_kernel():
    C = Cyclic(2)
    spec = {"": LayerSpec(C.trivial(), C.trivial(), grid=C.natural())}  # [1, -1] has no equivariant part
    circular = nn.Conv1d(1, 1, 2, bias=False, padding_mode="circular", dtype=torch.float64)
    zeros = nn.Conv1d(1, 1, 2, padding=1, bias=False, dtype=torch.float64)
    for layer in (circular, zeros):
        layer.weight.data = torch.tensor([[[1.0, -1.0]]], dtype=torch.float64)
    assert EquivariancePenalty(zeros, spec, Spectral())().item() == pytest.approx(2**0.5, rel=8 * EPS)
    torus = EquivariancePenalty(circular, spec, ConvolutionSpectral(size=3))().item()
    assert torus == pytest.approx(3**0.5, rel=8 * EPS)  # 1.732
    padded = torch.eye(3, dtype=torch.float64) - torch.diag(torch.ones(2, dtype=torch.float64), -1)
    exact = torch.linalg.matrix_norm(padded, 2).item()  # 1.802: more than the torus of the same size
    assert torus < exact <= dense_norm(zeros, 3) <= EquivariancePenalty(zeros, spec, ConvolutionSpectral())().item()
    assert EquivariancePenalty(zeros, spec, ConvolutionSpectral(points=500))().item() == pytest.approx(2, rel=1e-4)


CASES = [nn.Conv2d(2, 8, 3, stride=2, padding=1, padding_mode="circular"), nn.ConvTranspose2d(8, 2, 3, stride=2)]


@pytest.mark.parametrize("layer", CASES, ids=lambda v: str(v)[:40])
def test_gradient_is_that_of_finite_differences(layer):
    layer = double(layer)
    spec = (features(layer.in_channels), features(layer.out_channels))
    pen = EquivariancePenalty(layer, {"": spec}, ConvolutionSpectral(size=4), equivariant=0.3)
    pen().backward()
    torch.manual_seed(1)
    direction, h, values = torch.randn_like(layer.weight), 1e-6, []
    for sign in (1, -1):
        with torch.no_grad():
            layer.weight += sign * h * direction
            values.append(pen().item())
            layer.weight -= sign * h * direction
    slope = (values[0] - values[1]) / (2 * h)
    assert (layer.weight.grad * direction).sum().item() == pytest.approx(slope, rel=1e-6)


def test_other_parameters_are_as_in_the_spectral_norm():
    torch.manual_seed(0)
    A = 8 * Cyclic(4).regular()
    model = nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 32)).double()
    spec = {"0": (A, A), "1": (A, A)}
    first = EquivariancePenalty(model, spec, ConvolutionSpectral())()
    assert torch.equal(first, EquivariancePenalty(model, spec, Spectral())())


def test_zero_residual_has_no_gradient_and_blocks_are_those_of_the_kernel():
    layer = double(nn.Conv2d(8, 8, 3))
    pen = EquivariancePenalty(layer, {"": (R, R)}, ConvolutionSpectral())
    (term,) = pen.report().terms
    H = Hom(R * G.grid((3, 3)), R)
    M = H.to_spectral(H.residual(layer.weight.detach().reshape(8, 72)))
    for b in H.spectral.blocks:
        exact = torch.linalg.matrix_norm(b.read(M), 2).item()
        assert term.per_block[b.labels[::-1]] == pytest.approx(exact, rel=1e-10, abs=1e-13)
    nn.init.zeros_(layer.weight)
    pen().backward()
    assert bool((layer.weight.grad == 0).all())


def test_sizes_by_layer():
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 1, 3, 2, 1, bias=False, padding_mode="circular"), nn.Conv2d(1, 1, 3, 1, 1, bias=False)]
    model = nn.Sequential(*layers).double()
    spec = {"0": (ONE, ONE), "1": (ONE, ONE)}
    sized = EquivariancePenalty(model, spec, ConvolutionSpectral(size={"0": (6, 4)})).report()
    assert sized["0.weight"].residual == pytest.approx(dense_norm(residual_layer(model, spec["0"], "0")[0], 6, 4))


def test_what_is_refused():
    def bad(match, layer, norm, spec=(ONE, ONE)):
        with pytest.raises(GroupRepError, match=match):
            EquivariancePenalty(layer, {"": spec}, norm)

    norm = ConvolutionSpectral(size=5)
    bad('padding_mode = "reflect" has no symbol', nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"), norm)
    bad("stride 2 does not divide size = 5", nn.Conv2d(1, 1, 3, 2, 1, padding_mode="circular"), norm)
    bad("repeats outputs", nn.Conv2d(1, 1, 3, padding=2, padding_mode="circular"), norm)
    bad("has 1 axes, the kernel has 2", nn.Conv2d(1, 1, 3, padding_mode="circular"), ConvolutionSpectral(size=(5,)))
    odd = ParameterSpec("weight", 2 * ONE, 9 * ONE)
    bad("are no kernels of 9 pixels", nn.Conv2d(1, 2, 3), norm, odd)
    with pytest.raises(GroupRepError, match="no number of pixels"):
        ConvolutionSpectral(size=0)
    with pytest.raises(GroupRepError, match="no number of pixels or points"):
        ConvolutionSpectral(points=-1)
    with pytest.raises(GroupRepError, match="points = 2"):
        EquivariancePenalty(nn.Conv2d(1, 1, 3), {"": (ONE, ONE)}, ConvolutionSpectral(points=2))()
    with pytest.raises(GroupRepError, match="decoupled"):
        EquivariancePenalty(nn.Conv2d(1, 1, 3), {"": (ONE, ONE)}, norm, decoupled=True)
