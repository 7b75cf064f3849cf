"""A small residual U-Net, and how C4 and D4 act on it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu

from grouprep import Cyclic, Dihedral
from studies.ct.quality import RANGE

__all__ = ["GROUPS", "UNet", "specification"]

GROUPS = {"C4": Cyclic(4), "D4": Dihedral(4)}
SLOPE = 0.1  # of leaky ReLUs below 0


class UNet(nn.Module):
    """clip(x) + f(x), f a U-Net of three resolutions: `channels` features at the full one, twice as many below; skips are added."""

    def __init__(self, channels: int) -> None:
        super().__init__()

        def conv(into: int, out: int) -> nn.Conv2d:
            return nn.Conv2d(into, out, 3, padding=1)

        fine, low = channels, 2 * channels
        self.first = conv(1, fine)
        self.down_half = conv(fine, low)
        self.down_quarter = conv(low, low)
        self.bottom = conv(low, low)
        self.up_half = conv(low, low)
        self.up_full = conv(low, fine)
        self.merge = conv(fine, fine)
        self.last = conv(fine, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        full = leaky_relu(self.first(x), SLOPE)
        half = leaky_relu(self.down_half(avg_pool2d(full, 2)), SLOPE)
        quarter = leaky_relu(self.down_quarter(avg_pool2d(half, 2)), SLOPE)
        quarter = leaky_relu(self.bottom(quarter), SLOPE)
        half = leaky_relu(half + interpolate(self.up_half(quarter), scale_factor=2), SLOPE)
        full = leaky_relu(full + interpolate(self.up_full(half), scale_factor=2), SLOPE)
        return x.clamp(0, RANGE) + self.last(leaky_relu(self.merge(full), SLOPE))


@lru_cache(maxsize=4)
def specification(group: str, channels: int) -> dict[str, Any]:
    """Features are copies of the regular representation, images and artefacts are scalar fields."""
    G = GROUPS[group]
    one, F = G.trivial(), channels // G.order * G.regular()
    return {
        "first": (one, F),
        "down_half": (F, 2 * F),
        "down_quarter": (2 * F, 2 * F),
        "bottom": (2 * F, 2 * F),
        "up_half": (2 * F, 2 * F),
        "up_full": (2 * F, F),
        "merge": (F, F),
        "last": (F, one),
    }
