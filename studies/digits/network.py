"""A plain CNN for images of 8 x 8 pixels, and how a group acts on its layers."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from grouprep.groups.finite import FiniteGroup

__all__ = ["CLASSES", "network", "specification"]

CLASSES = 10


def network(seed: int, channels: int = 32, size: float = 1.0) -> nn.Sequential:
    """Two convolutions, a pool, a linear layer; first weights have He's variance, 2 / fan_in, times size^2, biases are 0."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(1, channels, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * channels, CLASSES),
    )
    for layer in net:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            with torch.no_grad():
                layer.weight *= size
            nn.init.zeros_(layer.bias)
    return net


@cache
def specification(G: FiniteGroup, channels: int = 32) -> dict[str, Any]:
    """Features are copies of the regular representation, which ReLU leaves as they are; classes do not move."""
    features = channels // G.order * G.regular()
    return {
        "0": (G.trivial(), features),
        "2": (features, features),
        "6": (features * G.grid((4, 4)), CLASSES * G.trivial()),
    }
