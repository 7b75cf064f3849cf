"""Smoke driven by a force that depends on its direction by delta: does approximate equivariance pay, and for which delta?"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch

from projectors.penalties import Frobenius, Spectral
from studies.harness import (
    Extra,
    Problem,
    Results,
    Settings,
    Study,
    augmentation,
    exact,
    pathways,
    penalty,
    plain,
    projected,
    sampled_operators,
    sampled_outputs,
    split_frame,
)
from studies.harness.data import cache_folder
from studies.harness.runner import chosen
from studies.harness.training import train
from studies.plume.data import Domain, Plumes, load
from studies.plume.methods import exact_told, sharing
from studies.plume.network import INPUT, OUTPUT, Scales, equivariance_defect, network, rollout, specification
from studies.plume.report import DELTAS, SHOWN, label, report
from studies.plume.simulate import Fluid

UNSEEN = Domain(blobs=5, sector=(45.0, 135.0))
SQUARED = "penalty, Frobenius squared"

Frames = tuple[torch.Tensor, torch.Tensor]


def plumes(settings: Settings) -> Plumes:
    """What is simulated: each seed has training trajectories of its own; those of validation and of the tests are all seeds'."""
    s = settings.sizes
    seeds = 1 + max(*settings.choose_seeds, *settings.test_seeds)
    return Plumes(
        pools=(
            ("training", Domain(), s["training"] * seeds, 1),
            ("validation", Domain(), s["validation"], 2),
            ("test", Domain(), s["test"], 3),
            ("unseen", UNSEEN, s["test"], 4),
        ),
        fluid=Fluid(s["pixels"]),
        frames=2 * s["horizon"] + 1,
        every=s["every"],
        shrink=s["shrink"],
    )


def trajectories(settings: Settings, delta: float) -> dict[str, Frames]:
    """The pools' frames and directions of the force, simulated once."""
    pools = load(plumes(settings), delta, cache_folder())
    return {name: (f.to(settings.device), n.to(settings.device)) for name, (f, n) in pools.items()}


def error(found: torch.Tensor, truth: torch.Tensor, scales: Scales) -> float:
    """The root mean square error over all trajectories, steps, fields and pixels, each field in its unit."""
    return float(((found - truth) / scales.state).square().mean().sqrt())


def relative_error(net: torch.nn.Module, scales: Scales, frames: Frames, start: int, steps: int) -> float:
    """That of a rollout from frame `start`, in units of the error of "nothing changes"; 1 at most, not finite ones too."""
    states, directions = frames
    truth = states[:, start + 1 : start + steps + 1]
    still = error(states[:, start : start + 1], truth, scales)
    moved = error(rollout(net, scales, states[:, start], directions, steps), truth, scales)
    return min(moved / still, 1.0) if moved == moved else 1.0


def problem(delta: float, seed: int, settings: Settings) -> Problem:
    """One step of the flow from few trajectories; judged by rollouts of `horizon` steps."""
    s = settings.sizes
    pools, horizon = trajectories(settings, delta), s["horizon"]
    mine = slice(seed * s["training"], (seed + 1) * s["training"])
    frames, directions = (x[mine] for x in pools["training"])
    frames = frames[:, : horizon + 1]
    scales = Scales(frames)
    before, after = frames[:, :-1].flatten(0, 1), frames[:, 1:].flatten(0, 1)
    inputs = scales.input(before, directions.repeat_interleave(horizon, dim=0))
    targets = scales.target(before, after)
    known, ways = pools["validation"]
    held = scales.input(known[:, :horizon].flatten(0, 1), ways.repeat_interleave(horizon, dim=0))[::3]

    def batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        picked = torch.randint(len(inputs), (s["batch"],), generator=generator).to(inputs.device)
        return inputs[picked], targets[picked]

    def defect(net: torch.nn.Module) -> float:
        return equivariance_defect(net, held)

    def evaluate(net: torch.nn.Module, part: str) -> dict[str, float]:
        if part == "validation":
            e = relative_error(net, scales, pools["validation"], 0, horizon)
            return {"score": 1 - e, "defect": defect(net)}
        found = {
            "train domain": relative_error(net, scales, pools["test"], 0, horizon),
            "future": relative_error(net, scales, pools["test"], horizon, horizon),
            "unseen": relative_error(net, scales, pools["unseen"], 0, horizon),
        }
        return {"score": 1 - found["train domain"], **found}

    return Problem(
        network=partial(network, fields=s["fields"]),
        spec=specification(s["fields"]),
        V=INPUT,
        W=OUTPUT,
        batch=batch,
        loss=torch.nn.functional.mse_loss,
        evaluate=evaluate,
        defect=defect,
        floor=0.0,
    )


def _mean_force(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, float]:
    """The relative error of the true flow under the force's mean over directions: what not knowing the direction costs at least."""
    found, horizon = {}, settings.sizes["horizon"]
    truth, mean = (trajectories(settings, delta) for delta in (key["delta"], 0.0))
    scales = Scales(truth["training"][0][:, : horizon + 1])
    for name, pool in (("train domain", "test"), ("unseen", "unseen")):
        states = truth[pool][0][:, : horizon + 1]
        still = error(states[:, :1], states[:, 1:], scales)
        found[name] = error(mean[pool][0][:, 1 : horizon + 1], states[:, 1:], scales) / still
    return found


def _pictures(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """Smoke in per cent along two test trajectories (the force nearest to +x, and to -x): true, or by a network trained as chosen."""
    delta, horizon, seed = SHOWN, settings.sizes["horizon"], settings.test_seeds[0]
    pools = trajectories(settings, delta)
    states, directions = pools["test"]
    picked = [int(directions[:, 0].argmax()), int(directions[:, 0].argmin())]
    path = states[picked, : horizon + 1]
    if key["method"] != "truth":
        task = problem(delta, seed, settings)
        method = STUDY.method(key["method"])
        rate, strength = chosen(results, label(delta), method.name)
        net = train(task, method, rate, strength, seed, settings.steps, settings.device).net
        scales = Scales(
            pools["training"][0][seed * settings.sizes["training"] :][: settings.sizes["training"], : horizon + 1]
        )
        path = torch.cat([path[:, :1], rollout(net, scales, path[:, 0], directions[picked], horizon)], dim=1)
    smoke = (100 * path[:, [0, horizon // 2, horizon], 0]).round().clamp(-999, 999).nan_to_num(0)
    return {"smoke": smoke.int().tolist(), "directions": [[round(float(v), 3) for v in directions[k]] for k in picked]}


NORMS = {
    "spectral": penalty(Spectral(), 0.1, 0.5),
    "Frobenius": penalty(Frobenius(), 0.03, 0.3),
}


def _norm_keys(settings: Settings) -> list[dict[str, Any]]:
    return [
        {"norm": norm, "rate": rate, "strength": strength, "seed": seed}
        for norm, method in NORMS.items()
        for rate in settings.rates
        for strength in method.strengths
        for seed in settings.choose_seeds
    ]


def _norms(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """Other norms on validation data, as all methods are tried while choosing."""
    task = problem(SHOWN, key["seed"], settings)
    done = train(task, NORMS[key["norm"]], key["rate"], key["strength"], key["seed"], settings.steps, settings.device)
    return {**task.evaluate(done.net, "validation"), "seconds": done.seconds}


METHODS = (
    plain(),
    exact(),
    exact_told(),
    augmentation(0.3, 1.0),
    pathways(1e-3, 1e-2, 1e-1),
    sharing(1e-5, 1e-3),
    sampled_outputs(1, 1e-4, 1e-3),
    sampled_operators(1, 0.05, 0.5),
    projected(),
    penalty(Frobenius(squared=True), 0.1, 1.0, 10.0, name=SQUARED),
    split_frame(10.0, 40.0, 160.0),
)

STUDY = Study(
    name="plume",
    title="rollouts of smoke whose force depends on its direction: C4",
    version=1,
    full=Settings(
        steps=180,
        rates=(5e-3, 1e-2),
        choose_seeds=(0, 1),
        test_seeds=(2, 3, 4, 5, 6),
        sizes={
            "training": 12,
            "validation": 16,
            "test": 24,
            "pixels": 48,
            "shrink": 3,
            "every": 6,
            "horizon": 6,
            "fields": 4,
            "batch": 8,
        },
    ),
    smoke=Settings(
        steps=1,
        rates=(1e-2,),
        choose_seeds=(0,),
        test_seeds=(1,),
        price_rounds=1,
        sizes={
            "training": 1,
            "validation": 1,
            "test": 2,
            "pixels": 8,
            "shrink": 1,
            "every": 2,
            "horizon": 2,
            "fields": 1,
            "batch": 2,
        },
    ),
    gpu=Settings(
        steps=1000,
        rates=(2e-3, 5e-3),
        choose_seeds=(0, 1),
        test_seeds=(2, 3, 4, 5, 6),
        device="cuda",
        sizes={
            "training": 24,
            "validation": 16,
            "test": 32,
            "pixels": 64,
            "shrink": 2,
            "every": 6,
            "horizon": 6,
            "fields": 8,
            "batch": 16,
        },
    ),
    tasks={label(delta): partial(problem, delta) for delta in DELTAS},
    methods=METHODS,
    smoke_tasks=(label(SHOWN),),
    reference="plain",
    report=report,
    extras=(
        Extra("mean force", lambda settings: [{"delta": d} for d in DELTAS], _mean_force),
        Extra("norms", _norm_keys, _norms),
        Extra(
            "pictures",
            lambda settings: [{"method": m} for m in ("truth", "exact", "plain", SQUARED, "split frame")],
            _pictures,
        ),
    ),
)
