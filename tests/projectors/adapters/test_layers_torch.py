"""Every kind of layer, against group elements: what `project_` makes equivariant commutes with the action on real inputs."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from grouprep import Cyclic, Dihedral, DimensionMismatch, FiniteGroup, GroupRepError, UnsupportedGroup
from projectors import Hom
from projectors.models import act
from projectors.torch import (
    AttentionSpec,
    BilinearSpec,
    EquivariancePenalty,
    LayerSpec,
    ParameterSpec,
    RelaxedConv1d,
    RelaxedConv2d,
    RelaxedConv3d,
    RelaxedLinear,
    equivariance_error,
    project_,
)

G = Dihedral(4)
SMALL = 1e-12  # relative errors of a few dozen roundings on sums of at most a thousand terms


def prepared(layer, spec, seed=0):
    """The layer with random parameters, biases too, before and after `project_`."""
    torch.manual_seed(seed)
    layer = layer.double().eval()
    with torch.no_grad():
        for p in layer.parameters():
            p.copy_(torch.randn_like(p) / max(1, p[0].numel()) ** 0.5)
    free = copy.deepcopy(layer)
    project_(layer, spec)
    return free, layer


def assert_made_equivariant(layer, spec, V, W, x):
    free, projected = prepared(layer, spec)
    assert equivariance_error(free, V, W, x).maximum > 1e-2
    assert equivariance_error(projected, V, W, x).maximum <= SMALL
    assert equivariance_error(projected, V, W, x).exhaustive
    assert EquivariancePenalty(projected, spec)().item() <= 1e-12
    return projected


# Actions


def test_pixels_turn_as_torch_turns_them():
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    r = G.generators[0]
    turned = act(3 * G.trivial(), r, x, "first")
    assert torch.equal(turned, torch.rot90(x, 1, (2, 3))) or torch.equal(turned, torch.rot90(x, -1, (2, 3)))
    V = G.defining()
    y = torch.randn(4, 2, dtype=torch.float64)
    assert (act(V, r, y) - y @ torch.tensor(V(r)).T).abs().max() <= 1e-15
    S = G.natural()
    z = torch.randn(4, S.dim, dtype=torch.float64)
    assert torch.equal(act(S, r, z), z @ torch.tensor(S(r)).T)


def test_equivariance_error_is_the_slow_one():
    V, W = G.regular(), G.defining()
    layer = nn.Linear(8, 2).double()
    x = torch.randn(5, 8, dtype=torch.float64)
    y = layer(x).detach()
    errors = []
    for g in G.elements:
        moved = layer(x @ torch.tensor(V(g)).T).detach()
        errors.append(float(torch.linalg.norm(moved - y @ torch.tensor(W(g)).T) / torch.linalg.norm(y)))
    got = equivariance_error(layer, V, W, x)
    assert got.maximum == pytest.approx(max(errors), rel=1e-12)
    assert got.mean == pytest.approx(np.mean(errors), rel=1e-12)
    assert got.elements == 8
    with pytest.raises(DimensionMismatch, match="needs that many entries"):
        equivariance_error(layer, W, W, x)
    with pytest.raises(DimensionMismatch, match="one group"):
        equivariance_error(layer, V, Cyclic(2).trivial(), x)
    with pytest.raises(GroupRepError, match="tensor"):
        equivariance_error(layer, V, W, x.numpy())


# Linear, bilinear, embedding


def test_linear():
    V, W = 2 * G.regular(), G.defining() + G.natural() + G.trivial()
    assert_made_equivariant(nn.Linear(V.dim, W.dim), {"": (V, W)}, V, W, torch.randn(7, V.dim, dtype=torch.float64))


def test_linear_without_its_bias():
    V, W = G.regular(), G.defining()
    layer = nn.Linear(8, 2)
    names = [t.name for t in EquivariancePenalty(layer, {"": LayerSpec(V, W, bias=False)}).terms]
    assert names == ["weight"]
    assert [t.name for t in EquivariancePenalty(layer, {"": (V, W)}).terms] == ["weight", "bias"]
    assert len(EquivariancePenalty(nn.Linear(8, 2, bias=False), {"": (V, W)}).terms) == 1


def test_bilinear():
    V1, V2, W = G.defining(), G.regular(), G.natural()
    _, layer = prepared(nn.Bilinear(2, 8, W.dim), {"": BilinearSpec(V1, V2, W)})
    x, y = torch.randn(5, 2, dtype=torch.float64), torch.randn(5, 8, dtype=torch.float64)
    for g in G.elements:
        assert (layer(act(V1, g, x), act(V2, g, y)) - act(W, g, layer(x, y))).abs().max() <= SMALL
    with pytest.raises(DimensionMismatch, match="in2_features is 8, V2"):
        EquivariancePenalty(layer, {"": BilinearSpec(V1, V1, W)})
    with pytest.raises(GroupRepError, match="takes a BilinearSpec"):
        EquivariancePenalty(layer, {"": (V1, W)})


def test_embedding_of_permuted_tokens():
    tokens, W = G.regular() + 3 * G.trivial(), G.defining() + G.natural()
    _, layer = prepared(nn.Embedding(tokens.dim, W.dim), {"": (tokens, W)})
    for g in G.elements:
        where = np.argmax(tokens(g), axis=0)  # token j goes to where[j]
        moved = layer(torch.tensor(where))
        assert (moved - layer.weight @ torch.tensor(W(g)).T).abs().max() <= SMALL


# Convolutions


KERNELS = [
    (nn.Conv2d, {"kernel_size": 3}, 7),
    (nn.Conv2d, {"kernel_size": 3, "padding": 1}, 6),
    (nn.Conv2d, {"kernel_size": 2}, 6),
    (nn.Conv2d, {"kernel_size": 3, "padding": 2, "dilation": 2, "padding_mode": "circular"}, 7),
    (nn.Conv2d, {"kernel_size": 3, "stride": 2, "padding": 1}, 7),
    (nn.Conv2d, {"kernel_size": 2, "stride": 2}, 6),
    (nn.ConvTranspose2d, {"kernel_size": 3}, 5),
    (nn.ConvTranspose2d, {"kernel_size": 3, "stride": 2, "padding": 1}, 5),
]


@pytest.mark.parametrize(("kind", "options", "size"), KERNELS)
def test_convolutions_in_the_plane(kind, options, size):
    V, W = G.trivial() + G.regular() + G.defining(), G.regular() + 2 * G.trivial()
    layer = kind(V.dim, W.dim, **options)
    x = torch.randn(2, V.dim, size, size, dtype=torch.float64)
    assert_made_equivariant(layer, {"": (V, W)}, V, W, x)


def test_convolutions_on_the_line_and_in_space():
    flip = FiniteGroup.from_matrices({"s": [[-1]]})
    V = flip.regular() + flip.defining()
    x = torch.randn(2, 3, 7, dtype=torch.float64)
    assert_made_equivariant(nn.Conv1d(3, 3, 3, padding=1), {"": (V, V)}, V, V, x)
    assert_made_equivariant(nn.ConvTranspose1d(3, 3, 3), {"": (V, V)}, V, V, x)
    octahedral = FiniteGroup.from_matrices(
        {"a": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "b": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]}
    )
    V, W = octahedral.defining() + octahedral.trivial(), octahedral.defining()
    y = torch.randn(2, 4, 4, 4, 4, dtype=torch.float64)
    assert_made_equivariant(nn.Conv3d(4, 3, 3, padding=1), {"": (V, W)}, V, W, y)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
def test_grouped_convolutions(kind):
    A, B = G.regular(), G.defining() + 6 * G.trivial()
    x = torch.randn(2, 16, 5, 5, dtype=torch.float64)
    equal = kind(16, 16, 3, groups=2, padding=1)
    assert_made_equivariant(equal, {"": (2 * A, 2 * A)}, 2 * A, 2 * A, x)
    assert len(EquivariancePenalty(equal, {"": (2 * A, 2 * A)}).terms) == 2
    unlike = kind(16, 16, 3, groups=2, padding=1)
    assert_made_equivariant(unlike, {"": (A + B, B + A)}, A + B, B + A, x)
    assert [t.name for t in EquivariancePenalty(unlike, {"": (A + B, B + A)}).terms] == [
        "weight[group 0]",
        "weight[group 1]",
        "bias",
    ]
    with pytest.raises(DimensionMismatch, match="cut through the summand regular"):
        EquivariancePenalty(nn.Conv2d(16, 16, 3, groups=4), {"": (2 * A, 2 * A)})


def test_a_batched_term_has_the_sum_of_its_norms():
    A = G.regular()
    layer = nn.Conv2d(16, 16, 3, groups=2, bias=False).double()
    H = Hom(A * G.grid((3, 3)), A)
    parts = layer.weight.detach().reshape(2, 8, 72).numpy()
    expected = sum(np.linalg.norm(H.residual(T)) for T in parts)
    assert EquivariancePenalty(layer, {"": (2 * A, 2 * A)})().item() == pytest.approx(expected, rel=1e-12)


def test_other_grids():
    V = Cyclic(3).regular()  # has no action on square pixels
    layer = nn.Conv2d(3, 3, 3)
    with pytest.raises(UnsupportedGroup, match=r'"".*LayerSpec\(V, W, grid='):
        EquivariancePenalty(layer, {"": (V, V)})
    still = {"": LayerSpec(V, V, grid=9 * V.group.trivial())}
    _, layer = prepared(layer, still)
    x = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    for g in V.group.elements:
        matrix = torch.tensor(V(g))
        moved = layer(torch.einsum("ij,bjhw->bihw", matrix, x))
        assert (moved - torch.einsum("ij,bjhw->bihw", matrix, layer(x))).abs().max() <= SMALL
    with pytest.raises(DimensionMismatch, match="the kernel has 9 pixels"):
        EquivariancePenalty(layer, {"": LayerSpec(V, V, grid=V.group.trivial())})
    with pytest.raises(UnsupportedGroup, match="same size"):
        EquivariancePenalty(nn.Conv2d(8, 8, (3, 5)), {"": (G.regular(), G.regular())})


# Attention


@pytest.mark.parametrize("packed", [True, False])
def test_attention(packed):
    query = 2 * G.regular()
    other = 2 * G.regular() if packed else G.regular() + 2 * G.defining()
    heads, head = 2, G.regular()
    sizes = {} if packed else {"kdim": other.dim, "vdim": other.dim}
    layer = nn.MultiheadAttention(16, heads, batch_first=True, **sizes)
    spec = {"": AttentionSpec(query, other, other, query, head)}
    free, layer = prepared(layer, spec)
    x = torch.randn(3, 4, 16, dtype=torch.float64)
    y = torch.randn(3, 5, other.dim, dtype=torch.float64)

    def error(module):
        worst = 0.0
        for g in G.elements:
            rho, sigma = torch.tensor(query(g)).T, torch.tensor(other(g)).T
            moved = module(x @ rho, y @ sigma, y @ sigma, need_weights=False)[0]
            worst = max(worst, float((moved - module(x, y, y, need_weights=False)[0] @ rho).detach().abs().max()))
        return worst

    assert error(free) > 1e-2
    assert error(layer) <= SMALL
    names = [t.name for t in EquivariancePenalty(layer, spec).terms]
    start = ["in_proj_weight"] * 3 if packed else ["q_proj_weight", "k_proj_weight", "v_proj_weight"]
    assert [n for n in names if "bias" not in n] == [
        *(f"{s}[{k}]" for s, k in zip(start, "qkv", strict=True)),
        "out_proj.weight",
    ]


def test_the_form_of_queries_and_keys():
    query, head = G.regular(), 4 * G.trivial()
    spec = {"": AttentionSpec(query, head=head, form=True, bias=False)}
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(8, 2).double()
    pen = EquivariancePenalty(layer, spec)
    Q, K = (layer.in_proj_weight.detach()[8 * k : 8 * k + 8].reshape(2, 4, 8) for k in (0, 1))
    H = Hom(query, query.dual)
    expected = [np.linalg.norm(H.residual((q.T @ k).numpy())) for q, k in zip(Q, K, strict=True)]
    assert pen.report()["form"].residual == pytest.approx(sum(expected), rel=1e-12)
    pen().backward()
    assert layer.in_proj_weight.grad[:16].abs().max() > 0
    with pytest.raises(GroupRepError, match="product of two weights"):
        project_(layer, spec)
    A = Q[0].clone()  # any invertible mixing within a head leaves the form alone
    mix = torch.randn(4, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.in_proj_weight[0:4] = mix @ A
        layer.in_proj_weight[8:12] = torch.linalg.inv(mix).T @ layer.in_proj_weight[8:12]
    assert pen.report()["form"].residual == pytest.approx(sum(expected), rel=1e-9)


def test_attention_sizes():
    with pytest.raises(DimensionMismatch, match="head_dim is 8, head"):
        EquivariancePenalty(nn.MultiheadAttention(16, 2), {"": AttentionSpec(2 * G.regular(), head=G.defining())})
    with pytest.raises(GroupRepError, match="head"):
        AttentionSpec(G.regular())


# Normalisation


@pytest.mark.parametrize(
    "layer",
    [nn.BatchNorm2d(16), nn.GroupNorm(2, 16), nn.InstanceNorm2d(16, affine=True)],
    ids=lambda m: type(m).__name__,
)
def test_normalisation_of_permuted_channels(layer):
    V = 2 * G.regular()
    x = torch.randn(2, 16, 4, 4, dtype=torch.float64)
    projected = assert_made_equivariant(layer, {"": (V, V)}, V, V, x)
    assert torch.equal(projected.weight.reshape(2, 8).std(dim=1), torch.zeros(2, dtype=torch.float64))


def test_layer_norm():
    V = 2 * G.regular()
    assert_made_equivariant(nn.LayerNorm(16), {"": (V, V)}, V, V, torch.randn(3, 16, dtype=torch.float64))


def test_normalisation_that_cannot_be_equivariant():
    V = 8 * G.defining()
    with pytest.raises(GroupRepError, match="commutes with permutations of channels only"):
        EquivariancePenalty(nn.BatchNorm2d(16), {"": (V, V)})
    with pytest.raises(GroupRepError, match="V = W"):
        EquivariancePenalty(nn.BatchNorm2d(16), {"": (V, 2 * G.regular())})
    with pytest.raises(GroupRepError, match="does not map the 4 groups"):
        EquivariancePenalty(nn.GroupNorm(4, 16), {"": (2 * G.regular(), 2 * G.regular())})
    for first, second in (
        ([1, 0, 2, 3], [0, 2, 1, 3]),
        ([0, 2, 1, 3], [1, 0, 2, 3]),
    ):  # one of them keeps the pairs 01 and 23
        V = FiniteGroup.from_permutations([first, second]).natural()
        with pytest.raises(GroupRepError, match="does not map the 2 groups"):
            EquivariancePenalty(nn.GroupNorm(2, 4), {"": (V, V)})
    V = FiniteGroup.from_permutations([[1, 0, 2, 3], [2, 3, 0, 1]]).natural()
    assert len(EquivariancePenalty(nn.GroupNorm(2, 4), {"": (V, V)}).terms) == 2


# Parameters by path


def test_parameters_by_path():
    class Mixer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Module()
            self.inner.kernel = nn.Parameter(torch.randn(8, 24, dtype=torch.float64))  # (input, three outputs)

        def forward(self, x):
            return x @ self.inner.kernel[:, :8]

    V = G.regular()
    model = nn.Sequential(Mixer())
    whole = {"0": ParameterSpec("inner.kernel", V, 3 * V, layout="io")}
    project_(model, whole)
    x = torch.randn(5, 8, dtype=torch.float64)
    assert equivariance_error(model, V, V, x).maximum <= SMALL
    fused = nn.ModuleDict({"qk": nn.Linear(8, 16, bias=False)})
    spec = {
        "qk": [ParameterSpec("weight", V, V, rows=(0, 8)), ParameterSpec("weight", V, 8 * G.trivial(), rows=(8, 16))]
    }
    pen = EquivariancePenalty(fused, spec)
    assert len(pen.terms) == 2
    weight = fused["qk"].weight.detach().double().numpy()
    expected = np.linalg.norm(Hom(V, V).residual(weight[:8])) + np.linalg.norm(
        Hom(V, 8 * G.trivial()).residual(weight[8:])
    )
    assert pen().item() == pytest.approx(expected, rel=1e-6)
    with pytest.raises(GroupRepError, match=r'no parameter "inner.kernle" there; its parameters are inner\.kernel'):
        EquivariancePenalty(model, {"0": ParameterSpec("inner.kernle", V, V)})
    with pytest.raises(DimensionMismatch, match=r"shape \(8, 24\)"):
        EquivariancePenalty(model, {"0": ParameterSpec("inner.kernel", V, V)})
    with pytest.raises(GroupRepError, match="ParameterSpec"):
        EquivariancePenalty(model, {"0": (V, V)})
    with pytest.raises(GroupRepError, match="layout"):
        ParameterSpec("weight", V, V, layout="transposed")


def test_layers_that_are_not_initialised():
    with pytest.raises(GroupRepError, match="not initialised"):
        EquivariancePenalty(nn.LazyLinear(8), {"": (G.regular(), G.regular())})


# Relaxed layers


@pytest.mark.parametrize("free", [0.0, 0.5])
def test_relaxed_layers(free):
    V, W = G.regular() + G.trivial(), G.defining() + G.natural()
    flip = FiniteGroup.from_matrices({"s": [[-1]]})
    cube = FiniteGroup.from_matrices({"a": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "b": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]})
    torch.manual_seed(0)
    cases = [
        (RelaxedLinear(V, W, free=free), V, W, torch.randn(5, V.dim, dtype=torch.float64)),
        (
            RelaxedConv1d(flip.regular(), flip.regular(), 3, padding=1, free=free),
            flip.regular(),
            flip.regular(),
            torch.randn(2, 2, 6, dtype=torch.float64),
        ),
        (RelaxedConv2d(V, W, 3, padding=1, free=free), V, W, torch.randn(2, V.dim, 5, 5, dtype=torch.float64)),
        (
            RelaxedConv3d(cube.defining(), cube.defining(), 3, free=free),
            cube.defining(),
            cube.defining(),
            torch.randn(2, 3, 4, 4, 4, dtype=torch.float64),
        ),
    ]
    for layer, A, B, x in cases:
        layer.double()
        error = equivariance_error(layer, A, B, x)
        assert error.maximum > 1e-2 if free else error.maximum <= SMALL
        layer(x).square().mean().backward()
        assert all(p.grad is not None for n, p in layer.named_parameters() if n != "equivariant_bias")
        prior = layer.prior(equivariant=0.5, free=2.0).item()
        expected = sum(
            (0.25 if name.startswith("equivariant") else 1.0) * float(p.detach().square().sum())
            for name, p in layer.named_parameters()
        )
        assert prior == pytest.approx(expected, rel=1e-12)
