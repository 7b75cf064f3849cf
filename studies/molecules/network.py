"""Linear layers with gates and products between them that keep O(3): what the symmetry is left to, is the linear layers' weights."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import torch
from torch import nn

from grouprep import O
from grouprep.irreps.clebsch_gordan import clebsch_gordan
from grouprep.representations import Representation
from projectors import Hom
from studies.molecules.data import CHANNELS, LARGEST

__all__ = [
    "FIELD",
    "GROUP",
    "SCALARS",
    "SLICES",
    "VECTOR",
    "Gate",
    "SphericalLinear",
    "coefficients",
    "network",
    "specification",
    "spherical_",
]

GROUP = O(3)
SLICES = [slice(l * l, (l + 1) ** 2) for l in range(LARGEST + 1)]
SIZE = SLICES[-1].stop
FIELD = sum((GROUP.irrep(f"{l}{'eo'[l % 2]}") for l in range(1, LARGEST + 1)), GROUP.irrep("0e"))  # one channel
VECTOR, SCALARS = GROUP.irrep("1o"), 2 * GROUP.irrep("0e")


def products() -> torch.Tensor:
    """(SIZE^2, SIZE): x (x) x -> x of one channel, all couplings (a, b) -> c of even a + b + c; of unit variance for normal x."""
    out = torch.zeros(SIZE, SIZE, SIZE, dtype=torch.float64)
    degrees = range(LARGEST + 1)
    for c in degrees:
        paths = [(a, b) for a in degrees for b in degrees[a:] if b - a <= c <= a + b and (a + b + c) % 2 == 0]
        for a, b in paths:
            scale = ((2 * a + 1) * (2 * b + 1) / (2 * c + 1) / len(paths)) ** 0.5
            out[SLICES[a], SLICES[b], SLICES[c]] = scale * torch.tensor(clebsch_gordan(a, b, c, field="real"))
    return out.flatten(0, 1)


class Gate(nn.Module):
    """x_l sigmoid(x_0) + (x (x) x)_l / sqrt(1 + mean x^2) in each channel: it keeps O(3) and mixes the degrees l."""

    products: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("products", products(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (batch, channels x SIZE), likewise out."""
        x = x.unflatten(-1, (-1, SIZE))
        pairs = (x.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)
        size = (1 + x.square().mean(dim=-1, keepdim=True)).rsqrt()
        return (x * x[..., :1].sigmoid() + size * (pairs @ self.products.to(x.dtype))).flatten(-2)


def network(seed: int, channels: int, outputs: int) -> nn.Sequential:
    """Plain linear layers, a gate between: two are better than three here, for every method."""
    torch.manual_seed(seed)
    widths = CHANNELS * SIZE, channels * SIZE, outputs
    first, last = (nn.Linear(a, b, bias=False) for a, b in pairwise(widths))  # products give the constants
    return nn.Sequential(first, Gate(), last)


@cache
def specification(channels: int, W: Representation) -> dict[str, Hom]:
    """How O(3) acts on the inputs and outputs of the linear layers; solved once."""
    return {"0": Hom(CHANNELS * FIELD, channels * FIELD), "2": Hom(channels * FIELD, W)}


class SphericalLinear(nn.Module):
    """The equivariant layers by their coefficients, channels mixed degree by degree: by Schur's lemma there are no others.

    Parameters
    ----------
    layer : the plain layer, whose equivariant part it starts as.
    degree : l of its outputs; None: fields, as at its input.
    """

    index: torch.Tensor

    def __init__(self, layer: nn.Linear, degree: int | None = None) -> None:
        super().__init__()
        self.degree = degree
        self.coefficients = nn.Parameter(coefficients(layer.weight.detach(), degree))  # (degrees, out, in)
        sizes = torch.tensor([s.stop - s.start for s in SLICES])
        self.register_buffer("index", torch.arange(len(SLICES)).repeat_interleave(sizes), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X (batch, channels x SIZE) -> (batch, out)."""
        x = x.unflatten(-1, (-1, SIZE)).permute(2, 0, 1)
        if self.degree is None:
            weights = self.coefficients[self.index]  # (SIZE, out, in)
        else:
            x = x[SLICES[self.degree]]
            weights = self.coefficients.expand(len(x), -1, -1)
        return (x @ weights.mT).permute(1, 2, 0).flatten(-2)


def coefficients(weight: torch.Tensor, degree: int | None) -> torch.Tensor:
    """What an equivariant layer nearest to a weight mixes the channels with: (degrees, out, in)."""
    width = SIZE if degree is None else 2 * degree + 1
    T = weight.unflatten(0, (-1, width)).unflatten(-1, (-1, SIZE))  # (out, width, in, SIZE)
    blocks = [T[:, s, :, s] for s in SLICES] if degree is None else [T[..., SLICES[degree]]]
    return torch.stack([b.diagonal(dim1=1, dim2=3).mean(dim=-1) for b in blocks])


def spherical_(net: nn.Sequential, degree: int, last: bool = True) -> None:
    """Replace the linear layers by their equivariant parts, in place: the last one too, whose outputs have this degree, or not."""
    for k in range(0, len(net) - 1, 2):
        net[k] = SphericalLinear(net[k])
    if last:
        net[-1] = SphericalLinear(net[-1], degree)
