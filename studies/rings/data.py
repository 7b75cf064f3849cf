"""Two rings of points in the plane whose radius goes up and down with the angle: SO(2), broken by a known amount."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import torch

__all__ = ["GAP", "NOISE", "SWING", "best_accuracy", "rings"]

GAP = 0.5  # between the rings
NOISE = 0.15  # standard deviation of the radius
SWING = 0.5  # of the wave at amplitude 1


def rings(
    count: int, wave: float, frequency: int, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Points (count, 2), the rings on which they are, 0 or 1 as floats (count, 1), and their angles (count,).

    The radius is 1 + GAP ring + SWING wave cos(frequency angle) + NOISE normal; angles are uniform, rings equally likely. At wave 0 turned
    points are as likely as the points.

    Parameters
    ----------
    count : of points; wave : from 0 to 1; frequency : of the wave; rng : where the points come from.
    """
    angle = rng.uniform(0, 2 * np.pi, count)
    ring = rng.integers(0, 2, count)
    radius = 1 + GAP * ring + SWING * wave * np.cos(frequency * angle) + NOISE * rng.standard_normal(count)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (
        torch.tensor(points, dtype=torch.float32),
        torch.tensor(ring[:, None], dtype=torch.float32),
        torch.tensor(angle, dtype=torch.float32),
    )


def best_accuracy(wave: float, invariant: bool = False, nodes: int = 4001) -> float:
    """The accuracy of the best classifier that knows the wave, or of the best one that sees the radius alone.

    Given the angle, the density of the radius on a ring is normal. One that sees the radius alone has its mean over angles, which the
    frequency does not change.

    Parameters
    ----------
    wave : from 0 to 1; invariant : whether it sees the radius alone; nodes : of the quadrature.
    """
    if not invariant:
        return (1 + erf(GAP / (2 * sqrt(2) * NOISE))) / 2
    shifts = SWING * wave * np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    radius, step = np.linspace(-1, 4, nodes, retstep=True)
    densities = [
        np.exp(-(((radius[:, None] - 1 - GAP * ring - shifts) / NOISE) ** 2) / 2).mean(axis=1) for ring in (0, 1)
    ]
    return float(np.maximum(*densities).sum() * step / (2 * NOISE * sqrt(2 * np.pi)))
