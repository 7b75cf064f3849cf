"""The network that steps a plume on, and its rollouts."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from grouprep import Cyclic

__all__ = ["GROUP", "INPUT", "OUTPUT", "Scales", "Told", "equivariance_defect", "network", "rollout", "specification"]

GROUP = Cyclic(4)
INPUT = GROUP.trivial() + 2 * GROUP.defining()  # smoke, velocity, direction of the force
OUTPUT = GROUP.trivial() + GROUP.defining()  # by how much smoke and velocity change


class Scales:
    """Units of smoke, velocity and their changes, from training frames: of vectors one for both components.

    frames : (trajectories, frames, 3, rows, columns).
    """

    def __init__(self, frames: torch.Tensor) -> None:
        self.mean = torch.stack([frames[:, :, 0].mean(), *frames.new_zeros(2)])[:, None, None]
        self.state = _sizes(frames - self.mean)
        self.change = _sizes(frames[:, 1:] - frames[:, :-1])

    def input(self, state: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
        """(n, 5, rows, columns) from states (n, 3, rows, columns) and directions (n, 2)."""
        there = direction[:, :, None, None].expand(-1, -1, *state.shape[-2:])
        return torch.cat([(state - self.mean) / self.state, there], dim=1)

    def target(self, state: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """The change (n, 3, rows, columns) in its units."""
        return (after - state) / self.change


def _sizes(x: torch.Tensor) -> torch.Tensor:
    """(3, 1, 1): the root mean square of smoke, and of velocity."""
    s, v = x[:, :, 0].square().mean().sqrt(), x[:, :, 1:].square().mean().sqrt()
    return torch.stack([s, v, v])[:, None, None]


class Told(nn.Sequential):
    """A network that is told where +x is: a constant vector field beside its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 5, rows, columns) -> (n, 3, rows, columns)."""
        axis = torch.zeros_like(x[:, :2])
        axis[:, 0] = 1.0
        out: torch.Tensor = super().forward(torch.cat([x, axis], dim=1))
        return out


def network(seed: int, fields: int, told: bool = False) -> nn.Sequential:
    """Three convolutions on the torus; 4 `fields` channels between them. `told`: with a vector more at its input, see `Told`."""
    torch.manual_seed(seed)
    c = 4 * fields
    return (Told if told else nn.Sequential)(
        nn.CircularPad2d(2),
        nn.Conv2d(INPUT.dim + 2 * told, c, 5),
        nn.GELU(),
        nn.CircularPad2d(1),
        nn.Conv2d(c, c, 3),
        nn.GELU(),
        nn.CircularPad2d(2),
        nn.Conv2d(c, OUTPUT.dim, 5),
    )


def specification(fields: int, told: bool = False) -> dict[str, Any]:
    """How quarter turns act on the network's layers: features are regular fields."""
    features = fields * GROUP.regular()
    into = INPUT + GROUP.defining() if told else INPUT
    return {"1": (into, features), "4": (features, features), "7": (features, OUTPUT)}


@torch.no_grad()
def rollout(net: nn.Module, scales: Scales, state: torch.Tensor, direction: torch.Tensor, steps: int) -> torch.Tensor:
    """The states (n, steps, 3, rows, columns) after a state (n, 3, rows, columns)."""
    out = []
    for _ in range(steps):
        state = state + scales.change * net(scales.input(state, direction))
        out.append(state)
    return torch.stack(out, dim=1)


def turned(x: torch.Tensor, scalars: int, quarters: int) -> torch.Tensor:
    """Quarter turns, anticlockwise, of fields (n, channels, rows, columns): some scalars, then vectors (x, y), y against rows."""
    x = torch.rot90(x, quarters, (-2, -1))
    for _ in range(quarters):
        parts = [x[:, :scalars]]
        for k in range(scalars, x.shape[1], 2):
            parts += [-x[:, k + 1 : k + 2], x[:, k : k + 1]]
        x = torch.cat(parts, dim=1)
    return x


@torch.no_grad()
def equivariance_defect(net: nn.Module, x: torch.Tensor) -> float:
    """The mean over quarter turns g of |f(g x) - g f(x)| / |f(x)|: `equivariance_error(net, INPUT, OUTPUT, x).mean`, by other means."""
    y = net(x)
    errors = [torch.linalg.vector_norm(net(turned(x, 1, k)) - turned(y, 1, k)) for k in range(1, 4)]
    return float(sum(errors) / (4 * torch.linalg.vector_norm(y)))  # the turn by nothing has no error
