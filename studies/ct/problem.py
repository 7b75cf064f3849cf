"""One task: artefacts of a scan of which some degrees are missing, a network under C4 or D4."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from projectors.torch import equivariance_error
from studies.ct import data
from studies.ct.network import GROUPS, UNet, specification
from studies.ct.quality import psnr, ssim
from studies.harness import Problem, Settings

__all__ = ["cleaned", "images", "problem"]

Pair = tuple[torch.Tensor, torch.Tensor]


@lru_cache(maxsize=16)
def _images(sizes: tuple[tuple[str, Any], ...], part: str, missing: int) -> Pair:
    found = data.pairs(dict(sizes))
    x, y = (torch.from_numpy(found[f"{part}/{name}"]).float().unsqueeze(1) for name in (str(missing), "target"))
    return x, y


def images(settings: Settings, part: str, missing: int) -> Pair:
    """What the scanner shows and what is there, of a part of the data: (n, 1, size, size) each."""
    return _images(tuple(settings.sizes.items()), part, missing)


@torch.no_grad()
def cleaned(net: nn.Module, x: torch.Tensor, device: str) -> torch.Tensor:
    """What a network makes of images, a few at a time."""
    return torch.cat([net(part.to(device)).cpu() for part in x.split(8)])


def loss(out: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean square off the metal."""
    known = target >= 0
    return torch.where(known, out - target, 0.0).square().sum() / known.sum()


def _gain(net: nn.Module, settings: Settings, part: str, missing: int) -> tuple[torch.Tensor, torch.Tensor, Pair]:
    """PSNR after and before, and what it was computed from."""
    x, y = images(settings, part, missing)
    out = cleaned(net, x, settings.device)
    return psnr(out, y), psnr(x, y), (out, y)


def problem(group: str, missing: int) -> Callable[[int, Settings], Problem]:
    """What makes the problem of a seed: it draws the pairs that are trained on, the first weights and the crops."""

    def make(seed: int, settings: Settings) -> Problem:
        sizes, G = settings.sizes, GROUPS[group]
        x, y = images(settings, "training", missing)
        drawn = torch.from_numpy(np.random.default_rng(seed).permutation(len(x))[: sizes["pairs"]])
        x, y = x[drawn], y[drawn]

        def network(seed: int) -> nn.Module:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                return UNet(sizes["channels"])

        def batch(generator: torch.Generator) -> Pair:
            crop, n = sizes["crop"], sizes["batch"]
            which = torch.randint(len(x), (n,), generator=generator).tolist()
            corners = torch.randint(x.shape[-1] - crop + 1, (n, 2), generator=generator).tolist()
            cuts = [(k, slice(None), slice(r, r + crop), slice(c, c + crop)) for k, (r, c) in zip(which, corners)]
            seen, there = (torch.stack([t[cut] for cut in cuts]).to(settings.device) for t in (x, y))
            return seen, there

        def evaluate(net: nn.Module, part: str) -> dict[str, float]:
            after, before, pair = _gain(net, settings, part, missing)
            found = {"score": after - before, "psnr": after}
            if part == "test":
                found["ssim"] = ssim(*pair)
                after, before, _ = _gain(net, settings, "turned", missing)
                found["turned"] = after - before
            return {name: float(values.mean()) for name, values in found.items()}

        def defect(net: nn.Module) -> float:
            seen = images(settings, "validation", missing)[0][::6].to(settings.device)
            return float(equivariance_error(net, G.trivial(), G.trivial(), seen).mean)

        return Problem(
            network=network,
            spec=specification(group, sizes["channels"]),
            V=G.trivial(),
            W=G.trivial(),
            batch=batch,
            loss=loss,
            evaluate=evaluate,
            defect=defect,
            floor=0.0,  # what is gained by leaving the image as it is
        )

    return make
