"""A plain network on volumes, and how the turns of the cube act on its layers."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import nn

from grouprep import FiniteGroup, Representation
from projectors import Hom
from projectors.models import LayerSpec
from studies.volumes.shapes import CLASSES

__all__ = ["network", "octahedral", "specification", "vertical"]


@lru_cache(maxsize=1)
def octahedral() -> FiniteGroup:
    """The 24 turns of the cube."""
    return FiniteGroup.from_matrices([[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]], name="O")


@lru_cache(maxsize=1)
def vertical() -> FiniteGroup:
    """The four turns about the vertical."""
    return FiniteGroup.from_matrices([[[0, -1, 0], [1, 0, 0], [0, 0, 1]]], name="C4 about the vertical")


def network(seed: int, channels: int, size: int) -> nn.Sequential:
    """Dense: two convolutions, a pool between them, a linear layer on the flattened features; for volumes of size^3 voxels."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv3d(1, channels, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.AvgPool3d(2),
        nn.Conv3d(channels, channels, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear((size // 4) ** 3 * channels, len(CLASSES)),
    )


@lru_cache(maxsize=8)
def specification(G: FiniteGroup, channels: int, size: int) -> dict[str, LayerSpec]:
    """Channels are copies of the group permuting itself; classes stay. Spaces are kept, and so solved for once."""
    features, classes = channels // G.order * G.regular(), len(CLASSES) * G.trivial()

    def layer(V: Representation, W: Representation, kernel: int | None = None) -> LayerSpec:
        return LayerSpec(V, W, space=Hom(V if kernel is None else V * G.grid((kernel,) * 3), W))

    return {
        "0": layer(G.trivial(), features, 4),
        "3": layer(features, features, 3),
        "6": layer(features * G.grid((size // 4,) * 3), classes),
    }
