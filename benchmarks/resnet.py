"""ResNet-18 for 32 x 32 images, plain torch, and the specification that says how D4 acts on it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from grouprep import Dihedral

GROUP = Dihedral(4)


class Block(nn.Module):
    """Two 3 x 3 convolutions and a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet18(nn.Module):
    """He et al. 2015, with the stem of the CIFAR variants."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        widths = (64, 128, 256, 512)
        layers: list[nn.Module] = []
        inside = 64
        for number, width in enumerate(widths):
            for block in range(2):
                layers.append(Block(inside, width, 2 if number and not block else 1))
                inside = width
        self.blocks = nn.Sequential(*layers)
        self.fc = nn.Linear(512, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.blocks(functional.relu(self.bn1(self.conv1(x))))
        return self.fc(y.mean(dim=(2, 3)))


def specification(model: nn.Module) -> dict[str, Any]:
    """Every convolution between regular features of D4, images and classes invariant; for EquivariancePenalty."""
    out: dict[str, Any] = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            V = 3 * GROUP.trivial() if module.in_channels == 3 else module.in_channels // 8 * GROUP.regular()
            out[name] = (V, module.out_channels // 8 * GROUP.regular())
        if isinstance(module, nn.BatchNorm2d):
            V = module.num_features // 8 * GROUP.regular()
            out[name] = (V, V)
        if isinstance(module, nn.Linear):
            out[name] = (module.in_features // 8 * GROUP.regular(), module.out_features * GROUP.trivial())
    return out
