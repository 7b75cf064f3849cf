"""The two tasks: digits of which a 6 and a 9 stay upright, and rings with a wave."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from projectors.torch import equivariance_error
from studies.digits.study import problem
from studies.harness import Problem, Settings
from studies.rings.data import rings as points_of
from studies.rings.network import inputs, network, outputs, specification

__all__ = ["FREQUENCY", "WAVE", "digits", "rings"]

WAVE, FREQUENCY = 0.6, 3


def digits(seed: int, settings: Settings) -> Problem:
    """D4, every 6 and 9 upright."""
    return problem("D4", 1.0, seed, settings)


def rings(seed: int, settings: Settings) -> Problem:
    """SO(2), rings whose radius has a wave."""
    sizes = settings.sizes
    parts = {"training": sizes["points"], "validation": sizes["held out"]}
    data = {
        part: points_of(count, WAVE, FREQUENCY, np.random.default_rng([seed, k]))
        for k, (part, count) in enumerate(parts.items())
    }
    x, y, _ = data["training"]

    def batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.randint(len(x), (sizes["batch"],), generator=generator)
        return x[drawn], y[drawn]

    @torch.no_grad()
    def evaluate(net: nn.Module, part: str) -> dict[str, float]:
        points, target, _ = data[part]
        return {"score": float(((net(points) > 0) == (target > 0)).float().mean())}

    def defect(net: nn.Module) -> float:
        return float(equivariance_error(net, inputs(), outputs(), data["validation"][0], samples=40).mean)

    V, W = inputs(), outputs()
    return Problem(network, specification(), V, W, batch, binary_cross_entropy_with_logits, evaluate, defect, floor=0.5)
