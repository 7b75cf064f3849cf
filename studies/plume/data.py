"""Trajectories of smoke from random blobs, simulated once and kept by the checksum of what they are made from."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from studies.plume.simulate import Fluid

__all__ = ["Domain", "Plumes", "load"]

Floats = NDArray[np.float64]
FORMAT = 1  # of the files and of the solver: another number makes them anew


@dataclass(frozen=True)
class Domain:
    """A kind of trajectory: how many blobs of smoke there are at first, and in which sector of directions (degrees) the force is."""

    blobs: int = 3
    sector: tuple[float, float] = (135.0, 405.0)


@dataclass(frozen=True)
class Plumes:
    """What is simulated: pools of trajectories, each of one domain and one seed of its own.

    pools : (name, domain, number of trajectories, seed); frames : snapshots of each; every : steps of the solver between two.
    shrink : pixels of the solver along an axis that are averaged to one.
    """

    pools: tuple[tuple[str, Domain, int, int], ...]
    fluid: Fluid
    frames: int = 13
    every: int = 10
    shrink: int = 3

    def simulate(self, delta: float) -> dict[str, tuple[Floats, Floats]]:
        """For each pool the frames (trajectories, frames, 3, rows, columns) of (s, u, v), and the force's directions (radians)."""
        out = {}
        for name, domain, number, seed in self.pools:
            rng = np.random.default_rng(seed)
            angles = np.deg2rad(rng.uniform(*domain.sector, number))
            smoke = blobs(rng, number, domain.blobs, self.fluid.size)
            fine = self.fluid.run(smoke, angles, delta, self.frames, self.every)
            n = self.fluid.size // self.shrink
            out[name] = fine.reshape(*fine.shape[:3], n, self.shrink, n, self.shrink).mean(axis=(4, 6)), angles
        return out


def blobs(rng: np.random.Generator, number: int, each: int, size: int) -> Floats:
    """Smoke (number, size, size): sums of bumps that are periodic, with random places, widths 0.4 to 0.7 and heights 0.5 to 1."""
    x = (np.arange(size) + 0.5) * 2 * np.pi / size
    places = rng.uniform(0, 2 * np.pi, (number, each, 2, 1))
    widths, heights = rng.uniform(0.4, 0.7, (number, each, 1, 1)), rng.uniform(0.5, 1.0, (number, each))
    bumps = np.exp((np.cos(x - places) - 1) / widths**2)
    return np.einsum("ne,ner,nec->nrc", heights, bumps[:, :, 1], bumps[:, :, 0])


@lru_cache(maxsize=16)
def load(plumes: Plumes, delta: float, folder: Path) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """For each pool inputs' frames (trajectories, frames, 3, rows, columns) in single precision and directions n (trajectories, 2).

    They are read from the folder if they stand there, else simulated and written.
    """
    settings = json.dumps({"format": FORMAT, "delta": delta, **asdict(plumes)}, sort_keys=True)
    path = folder / f"plume-{hashlib.sha256(settings.encode()).hexdigest()[:16]}.npz"
    if not path.exists():
        arrays = {}
        for name, (frames, angles) in plumes.simulate(delta).items():
            arrays[f"{name} frames"] = frames.astype(np.float32)
            arrays[f"{name} directions"] = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.npz")
        np.savez(part, **arrays)
        part.replace(path)
    with np.load(path) as found:
        return {
            name: (torch.from_numpy(found[f"{name} frames"]), torch.from_numpy(found[f"{name} directions"]))
            for name, *_ in plumes.pools
        }
