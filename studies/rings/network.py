"""A harmonic network on points of the plane: angular harmonics of radial bumps, linear layers between them, gates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from grouprep import SO
from grouprep.representations import Representation
from projectors import Hom

__all__ = ["CHANNELS", "FREQUENCIES", "HIDDEN", "Gate", "Harmonics", "inputs", "network", "outputs", "specification"]

FREQUENCIES = 4  # M: harmonics 0 to M
CHANNELS = 4  # C: radial bumps
HIDDEN = 8  # fields of each harmonic in a hidden layer


def _fields(copies: int, frequencies: int) -> Representation:
    """So many copies of each harmonic, one harmonic after the other: copies (1 + 2 M) dimensions."""
    G = SO(2)
    return sum((copies * G.irrep(m) for m in range(1, frequencies + 1)), copies * G.trivial())


class Harmonics(nn.Module):
    """(batch, 2) -> (batch, C (1 + 2 M)): b_c(r) for each radial bump b_c, then b_c(r) (cos m t, sin m t) for each m and each bump.

    Parameters
    ----------
    frequencies : M.

    Attributes
    ----------
    centres : of the bumps exp(-2 (r - centre)^2).
    """

    centres: torch.Tensor

    def __init__(self, frequencies: int) -> None:
        super().__init__()
        self.frequencies = frequencies
        self.register_buffer("centres", torch.linspace(0.5, 2.0, CHANNELS))

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """The harmonics of points."""
        radius = torch.linalg.vector_norm(points, dim=1, keepdim=True)
        angle = torch.atan2(points[:, 1:], points[:, :1])
        bumps = torch.exp(-2 * (radius - self.centres).square())
        turns = angle * torch.arange(1, self.frequencies + 1, device=angle.device)
        waves = torch.stack([turns.cos(), turns.sin()], dim=-1)  # (batch, m, 2)
        return torch.cat([bumps, (waves[:, :, None] * bumps[:, None, :, None]).flatten(1)], dim=1)


class Gate(nn.Module):
    """SiLU on the scalars; pairs (of a harmonic m >= 1) keep their angle, and |v| becomes |v|^2 / (1 + |v|): equivariant under SO(2)."""

    def __init__(self, scalars: int) -> None:
        super().__init__()
        self.scalars = scalars

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, scalars (1 + 2 M)) -> the same shape."""
        scalars = self.scalars
        pairs = x[:, scalars:].unflatten(1, (-1, 2))
        size = (pairs.square().sum(-1, keepdim=True) + 1e-12).sqrt()
        return torch.cat([nn.functional.silu(x[:, :scalars]), (pairs * (size / (1 + size))).flatten(1)], dim=1)


def network(seed: int, frequencies: int = FREQUENCIES) -> nn.Sequential:
    """The plain network, with torch's own first weights: its layers know nothing of the group.

    Parameters
    ----------
    seed : of the weights; frequencies : M.
    """
    n = 1 + 2 * frequencies
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(
            Harmonics(frequencies),
            nn.Linear(CHANNELS * n, HIDDEN * n, bias=False),
            Gate(HIDDEN),
            nn.Linear(HIDDEN * n, HIDDEN * n, bias=False),
            Gate(HIDDEN),
            nn.Linear(HIDDEN * n, 1, bias=False),
        )


@lru_cache
def specification(frequencies: int = FREQUENCIES) -> Mapping[str, Any]:
    """How SO(2) acts on the layers; the spaces are solved once."""
    V, hidden = _fields(CHANNELS, frequencies), _fields(HIDDEN, frequencies)
    return {"1": Hom(V, hidden), "3": Hom(hidden, hidden), "5": Hom(hidden, SO(2).trivial())}


def inputs() -> Representation:
    """How SO(2) acts on points."""
    return SO(2).defining()


def outputs() -> Representation:
    """How SO(2) acts on the score: not at all."""
    return SO(2).trivial()
