"""The study of rings: tasks, methods, sizes, and the jobs of its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from projectors.penalties import Frobenius, Nuclear, Spectral
from projectors.torch import equivariance_error
from studies.harness import (
    Extra,
    Method,
    Problem,
    Results,
    Settings,
    Study,
    augmentation,
    exact,
    pathways,
    penalty,
    plain,
    sampled_operators,
    sampled_outputs,
    split_frame,
    train,
    weight_decay,
)
from studies.harness.adaptive import NORMS, adaptive
from studies.harness.runner import chosen
from studies.rings.data import rings
from studies.rings.network import FREQUENCIES, inputs, network, outputs, specification
from studies.rings.report import report
from studies.rings.teacher import KINDS, WAYS, taught

__all__ = ["STUDY"]

PARTS = ("training", "validation", "test")
TURNS = 40  # random turns, of which the worst counts
WAVES = (0.0, 0.2, 0.5, 1.0)
MIDDLE = 0.5  # the wave of the grid and of the samples


def problem(wave: float, seed: int, settings: Settings) -> Problem:
    """Rings with a wave: training, validation and test points from streams of their own."""
    sizes = settings.sizes
    counts = {"training": sizes["points"], "validation": sizes["validation"], "test": sizes["test"]}
    data = {
        part: rings(counts[part], wave, sizes["frequency"], np.random.default_rng([seed, k]))
        for k, part in enumerate(PARTS)
    }
    x, y, _ = data["training"]
    harmonics, turns = sizes.get("harmonics", FREQUENCIES), sizes.get("turns", TURNS)

    def batch(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.randint(len(x), (sizes["batch"],), generator=generator)
        return x[drawn], y[drawn]

    def evaluate(net: nn.Module, part: str) -> dict[str, float]:
        points, target, _ = data[part]
        with torch.no_grad():
            out = net(points)
        right = (out > 0) == (target > 0)
        return {
            "score": float(right.double().mean()),
            "loss": float(binary_cross_entropy_with_logits(out, target)),
        }

    def defect(net: nn.Module) -> float:
        return equivariance_error(net, inputs(), outputs(), data["validation"][0], samples=turns).maximum

    return Problem(
        partial(network, frequencies=harmonics),
        specification(harmonics),
        inputs(),
        None,
        batch,
        binary_cross_entropy_with_logits,
        evaluate,
        defect,
        floor=0.5,
    )


METHODS = (
    plain(),
    plain(start=True),
    weight_decay(1e-4, 1e-3, 1e-2),
    exact(),
    augmentation(0.1, 0.3, 1.0),
    sampled_outputs(1, 0.01, 0.1, 1.0),
    sampled_operators(1, 0.01, 0.1, 1.0),
    pathways(0.01, 0.1, 1.0),
    penalty(Frobenius(squared=True), 0.01, 0.1, 1.0, name="penalty, Frobenius squared"),
    penalty(Frobenius(), 0.03, 0.1, 0.3, name="penalty, Frobenius"),
    split_frame(5.0, 20.0, 80.0),
    adaptive(0.5, 1.0, 2.0, samples=100),
)


# Jobs of its own


def outcome(done: Any, task: Problem, part: str) -> dict[str, Any]:
    """Score and defect of a trained network."""
    return {**task.evaluate(done.net, part), "defect": task.defect(done.net), "seconds": done.seconds}


def grid_keys(settings: Settings) -> list[dict[str, Any]]:
    """lambda_G x lambda_perp x seeds."""
    sizes = settings.sizes
    return [
        {"lambda_g": g, "lambda_perp": p, "seed": 200 + s}
        for g in sizes["lambda_g"]
        for p in sizes["lambda_perp"]
        for s in range(sizes["grid_seeds"])
    ]


def grid(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """One cell, on validation data: a picture of the landscape, from which nothing is chosen."""
    task = problem(MIDDLE, key["seed"], settings)
    method = penalty(Frobenius(squared=True), key["lambda_perp"], equivariant=key["lambda_g"])
    done = train(task, method, settings.rates[0], key["lambda_perp"], key["seed"], settings.steps)
    return outcome(done, task, "validation")


SAMPLED = {"sampled outputs": sampled_outputs, "sampled operators": sampled_operators}


def samples_keys(settings: Settings) -> list[dict[str, Any]]:
    """More elements a step: kinds x K x the test's seeds."""
    return [
        {"kind": kind, "samples": k, "seed": seed}
        for kind in SAMPLED
        for k in settings.sizes["samples"]
        for seed in settings.test_seeds
    ]


def samples(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """K elements a step, with the rate and the strength that were chosen for one: the loss has the same mean."""
    rate, strength = chosen(results, label(MIDDLE), f"{key['kind']}, K = 1")
    task = problem(MIDDLE, key["seed"], settings)
    method: Method = SAMPLED[key["kind"]](key["samples"], strength)
    done = train(task, method, rate, strength, key["seed"], settings.steps)
    return outcome(done, task, "test")


AMONG = {"Frobenius": (Frobenius(),), "spectral": (Spectral(),), "nuclear": (Nuclear(),), "chosen": NORMS}


def norms_keys(settings: Settings) -> list[dict[str, Any]]:
    """Waves x norms x the test's seeds."""
    return [
        {"wave": wave, "norm": norm, "seed": seed}
        for wave in settings.sizes["norm_waves"]
        for norm in AMONG
        for seed in settings.test_seeds
    ]


def norms(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """One norm everywhere, or those that the rule chooses, all with lambda = N*(W), at the rate that was chosen for the rule."""
    rate, _ = chosen(results, label(key["wave"]), "penalty, norms chosen")
    task = problem(key["wave"], key["seed"], settings)
    method = adaptive(1.0, samples=settings.sizes["points"], among=AMONG[key["norm"]])
    done = train(task, method, rate, 1.0, key["seed"], settings.steps)
    return outcome(done, task, "test")


def teacher_keys(settings: Settings) -> list[dict[str, Any]]:
    """Residuals of known kinds x norms x seeds."""
    return [
        {"kind": kind, "norm": norm, "seed": seed}
        for kind in KINDS
        for norm in WAYS
        for seed in range(settings.sizes["teacher_seeds"])
    ]


def teacher(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """One linear layer that learns a known residual with one norm, or the chosen one."""
    return taught(key["kind"], key["norm"], key["seed"], settings.sizes["teacher_steps"])


def label(wave: float) -> str:
    """What a task is called."""
    return f"wave {wave:g}"


SIZES = {
    "points": 100,
    "validation": 350,
    "test": 4000,
    "batch": 64,
    "frequency": 3,
    "lambda_g": (0.0, 0.001, 0.01, 0.1),
    "lambda_perp": (0.0, 0.01, 0.1, 0.3, 1.0, 10.0),
    "grid_seeds": 2,
    "samples": (4, 16),
    "norm_waves": (0.2, 0.5),
    "teacher_seeds": 5,
    "teacher_steps": 200,
}

STUDY = Study(
    name="rings",
    title="two rings with an angular wave: SO(2) broken by a known amount",
    version=1,
    tasks={label(wave): partial(problem, wave) for wave in WAVES},
    methods=METHODS,
    full=Settings(100, (1e-2, 3e-2), (100, 101), (10, 11, 12, 13, 14), price_rounds=5, sizes=SIZES),
    smoke=Settings(
        1,
        (1e-2,),
        (100,),
        (10,),
        price_rounds=1,
        sizes={
            **SIZES,
            "harmonics": 1,
            "turns": 2,
            "validation": 50,
            "test": 50,
            "lambda_g": (0.0, 0.01),
            "lambda_perp": (0.01, 0.1),
            "grid_seeds": 1,
            "samples": (4,),
            "norm_waves": (0.2,),
            "teacher_seeds": 1,
            "teacher_steps": 4,
        },
    ),
    gpu=Settings(
        1000,
        (3e-3, 1e-2, 3e-2),
        (100, 101, 102),
        tuple(range(10, 15)),
        device="cuda",
        sizes=SIZES,
    ),
    report=report,
    reference="exact",
    extras=(
        Extra("grid", grid_keys, grid),
        Extra("samples", samples_keys, samples),
        Extra("norms", norms_keys, norms),
        Extra("teacher", teacher_keys, teacher),
    ),
)
