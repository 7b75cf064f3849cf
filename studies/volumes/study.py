"""The study of volumes: tasks, methods, sizes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from projectors.penalties import Frobenius, Spectral
from studies.harness import (
    Method,
    Prepared,
    Problem,
    Settings,
    Study,
    augmentation,
    exact,
    pathways,
    penalty,
    plain,
    projected,
    split_frame,
)
from studies.volumes.data import SOURCES, Parts, parts, pose, shapes, stand_ins, turns
from studies.volumes.extras import extras
from studies.volumes.network import network, octahedral, specification, vertical
from studies.volumes.report import report

FLOOR = 0.18  # the share of the commonest class, in the test part 0.172


@lru_cache(maxsize=4)
def _parts(upright: float, seed: int, poses: int, voxels: int, made_up: int, device: str) -> Parts:
    some = stand_ins(made_up, voxels) if made_up else shapes(voxels)
    return {name: (x.to(device), y.to(device)) for name, (x, y) in parts(some, upright, seed, poses).items()}


def problem(upright: float, seed: int, settings: Settings) -> Problem:
    """Shapes that stand upright with a known probability, and are else turned at random."""
    sizes = settings.sizes
    data = _parts(upright, seed, sizes["poses"], sizes["voxels"], sizes.get("made_up", 0), settings.device)
    x, y = data["training"]
    G = octahedral()

    def batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.randint(len(y), (sizes["batch"],), generator=generator).to(x.device)
        return x[drawn], y[drawn]

    def accuracy(net: nn.Module, part: str) -> float:
        volumes, kinds = data[part]
        with torch.no_grad():
            right = [net(v).argmax(dim=1) == k for v, k in zip(volumes.split(128), kinds.split(128), strict=True)]
        return float(torch.cat(right).double().mean())

    def evaluate(net: nn.Module, part: str) -> dict[str, float]:
        found = {"score": accuracy(net, part)}
        return {**found, "turned": accuracy(net, "turned")} if part == "test" else found

    def defect(net: nn.Module) -> float:
        volumes = data["validation"][0][:32]
        others = range(1, len(turns()))
        moved = torch.cat([pose(volumes, torch.full((len(volumes),), k)) for k in others])
        with torch.no_grad():
            out, after = net(volumes), net(moved).unflatten(0, (len(others), len(volumes)))
            sizes = torch.linalg.vector_norm(after - out, dim=(1, 2))
            return float(sizes.mean() / torch.linalg.vector_norm(out))

    def move(generator: torch.Generator) -> Any:
        return lambda x, y: (pose(x, torch.randint(24, (len(x),), generator=generator)), y)

    return Problem(
        network=partial(network, channels=sizes["channels"], size=sizes["voxels"]),
        spec=specification(G, sizes["channels"], sizes["voxels"]),
        V=G.trivial(),
        W=None,
        batch=batch,
        loss=cross_entropy,
        evaluate=evaluate,
        defect=defect,
        floor=FLOOR,
        move=move,
    )


def exact_about_the_vertical() -> Method:
    """Exactly equivariant under the four turns that upright shapes keep, and under no others."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        x, _ = problem.batch(torch.Generator().manual_seed(0))
        spec = specification(vertical(), net[0].out_channels, x.shape[-1])  # type: ignore[index]
        return exact().prepare(net, replace(problem, spec=spec), strength, generator, steps)

    return Method("exact, C4 about the vertical", (0.0,), prepare)


METHODS = (
    plain(),
    exact(),
    exact_about_the_vertical(),
    projected(),
    augmentation(0.3, 1.0, 3.0),
    pathways(0.03, 0.3, 3.0),
    penalty(Frobenius(squared=True), 0.03, 0.2, 1.0),
    split_frame(5.0, 20.0, 80.0),
)
TASKS = {f"upright {share:g}": partial(problem, share) for share in (0.0, 0.5, 1.0)}
STUDY = Study(
    name="volumes",
    title="furniture as voxels, upright with a known probability: O",
    version=1,
    tasks=TASKS,
    methods=METHODS,
    reference="exact",
    full=Settings(
        steps=150,
        rates=(3e-3, 6e-3),
        choose_seeds=(100, 101),
        test_seeds=(0, 1, 2, 3, 4),
        price_rounds=4,
        sizes={"voxels": 12, "channels": 48, "batch": 32, "poses": 4},
    ),
    smoke=Settings(
        steps=1,
        rates=(3e-3,),
        choose_seeds=(100,),
        test_seeds=(0,),
        price_rounds=1,
        sizes={"voxels": 8, "channels": 24, "batch": 4, "poses": 1, "made_up": 66, "curve": 1, "norms": 1},
    ),
    gpu=Settings(
        steps=1500,
        rates=(1e-3, 3e-3, 6e-3),
        choose_seeds=(100, 101),
        test_seeds=(0, 1, 2, 3, 4, 5, 6, 7),
        device="cuda",
        sizes={"voxels": 24, "channels": 96, "batch": 64, "poses": 24},
    ),
    report=report,
    extras=extras(problem, METHODS, (Frobenius(squared=True), Frobenius(), Spectral())),
    data=lambda: (
        f"{len(shapes(12))} shapes of {', '.join(s.package for s in {s.package: s for s in SOURCES.values()}.values())}"
    ),
)
