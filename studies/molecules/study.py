"""The study "molecules": dipoles of QM9 in a field of known strength, and invariants of the polarizability."""

from __future__ import annotations

import math
import time
from functools import cache
from typing import Any

import torch
from torch import nn

from projectors.baselines import SampledOperatorPenalty
from projectors.penalties import Frobenius, Norm, Spectral
from projectors.torch import EquivariancePenalty
from studies.harness import Extra, Method, Problem, Results, Settings, Study, fetch, penalty, step_seconds, train
from studies.harness.methods import POOL
from studies.harness.runner import chosen
from studies.molecules.data import CHANNELS, SOURCES
from studies.molecules.methods import BY_HAND, FREE, METHODS, PENALTY, samplers
from studies.molecules.network import GROUP, VECTOR
from studies.molecules.report import LONGER, TASK, report
from studies.molecules.tasks import TASKS

__all__ = ["STUDY"]

NORMS: dict[str, Norm] = {"Frobenius": Frobenius(), "spectral": Spectral()}
NORM_STRENGTHS = 1.0, 3.0, 10.0

COUNTS = 4, 16  # of samples, beside 1, which is among the methods


@cache
def _methods() -> dict[str, Method]:
    return {m.name: m for m in (*METHODS, *(m for k in COUNTS for m in samplers(k)), *BY_HAND)}


def _tested(
    problem: Problem, method: Method, rate: float, strength: float, seed: int, steps: int, settings: Settings, part: str
) -> dict[str, Any]:
    done = train(problem, method, rate, strength, seed, steps, settings.device)
    score = problem.evaluate(done.net, part)["score"] if done.is_finite else math.nan
    collapsed = not score > problem.floor  # nan too
    found = {"score": problem.floor if math.isnan(score) else score, "collapsed": collapsed, "seconds": done.seconds}
    return found if part == "validation" else {**found, "steps": steps, "rate": rate, "strength": strength}


# What a step costs, with samples, and by hand


def _price_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"what": what} for what in ("samples", "by hand", "channel by channel", "degree by degree")]


def _price(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """Seconds of a step; of the layouts of the features, seconds of the penalty's value and gradient alone."""
    if key["what"] in ("samples", "by hand"):
        names = ["plain", "exact", PENALTY, "residual pathways"]
        names += (
            [m.name for k in (1, *COUNTS) for m in samplers(k)]
            if key["what"] == "samples"
            else [m.name for m in BY_HAND]
        )
        problem = TASKS[TASK](settings.choose_seeds[0], settings)
        methods = [_methods()[name] for name in names]
        return {
            "seconds": step_seconds(problem, methods, settings.rates[0], settings.price_rounds, device=settings.device)
        }
    channels, irreps = settings.sizes["channels"], [GROUP.irrep(f"{l}{'eo'[l % 2]}") for l in range(4)]

    def fields(count: int) -> Any:
        if key["what"] == "channel by channel":
            return count * sum(irreps[1:], irreps[0])
        return sum((count * R for R in irreps[1:]), count * irreps[0])

    V, H = fields(CHANNELS), fields(channels)
    net = nn.Sequential(nn.Linear(V.dim, H.dim, bias=False), nn.Linear(H.dim, 3, bias=False)).to(settings.device)
    spec = {"0": (V, H), "1": (H, VECTOR)}
    terms: dict[str, nn.Module] = {"exact": EquivariancePenalty(net, spec, Frobenius(squared=True))}
    for k in (1, *COUNTS):
        draw = torch.Generator().manual_seed(0)
        terms[f"K = {k}"] = SampledOperatorPenalty(net, spec, generator=draw, samples=k, pool=POOL)
    return {"seconds": {name: _seconds(term, 4 * settings.price_rounds) for name, term in terms.items()}}


def _seconds(term: nn.Module, rounds: int) -> float:
    """CPU seconds of value and gradient, the median."""
    times = []
    for _ in range(rounds + 1):
        start = time.process_time()
        term().backward()
        times.append(time.process_time() - start)
    return sorted(times[1:])[rounds // 2]


# How many samples it takes


def _gradient_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"samples": k, "pool": pool} for k in (1, 4, 16, 64) for pool in (0, POOL)]


def _gradient(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """Relative error of the sampled gradient of all weights, its root mean square over draws; pool 0: elements drawn anew."""
    problem = TASKS[TASK](settings.choose_seeds[0], settings)
    net = problem.network(0)

    def gradient(pen: nn.Module) -> torch.Tensor:
        net.zero_grad()
        pen().backward()
        return torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])

    right = gradient(EquivariancePenalty(net, problem.spec, Frobenius(squared=True), residual=2.0))
    draw = torch.Generator().manual_seed(key["samples"])
    pen = SampledOperatorPenalty(net, problem.spec, generator=draw, samples=key["samples"], pool=key["pool"] or None)
    wrong = [
        float((gradient(pen) - right).norm() / right.norm())
        for _ in range(max(2, 4 * settings.sizes["elements"] // key["samples"]))
    ]
    return {"error": math.sqrt(sum(w * w for w in wrong) / len(wrong))}


def _sample_keys(settings: Settings) -> list[dict[str, Any]]:
    return [
        {"method": m.name, "budget": budget, "seed": seed}
        for k in COUNTS
        for m in samplers(k)
        for budget in ("steps", "time")
        for seed in settings.test_seeds
    ]


def _sample(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """More samples a step, at the rate and strength that were chosen with one."""
    one = key["method"].rsplit(" ", 1)[0] + " 1"
    rate, strength = chosen(results, TASK, one)
    seconds = results.where(phase="prices", what="samples")[0]["seconds"]
    steps = settings.steps
    if key["budget"] == "time":
        steps = max(1, round(steps * seconds[PENALTY] / seconds[key["method"]]))
    problem = TASKS[TASK](key["seed"], settings)
    return _tested(problem, _methods()[key["method"]], rate, strength, key["seed"], steps, settings, "test")


# Four times the steps


def _longer_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"method": m, "seed": seed} for m in LONGER for seed in settings.test_seeds]


def _longer(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """Whether what is behind catches up: at the rate and strength that were chosen for fewer steps."""
    rate, strength = chosen(results, TASK, key["method"])
    problem, method = TASKS[TASK](key["seed"], settings), _methods()[key["method"]]
    return _tested(problem, method, rate, strength, key["seed"], 4 * settings.steps, settings, "test")


# The last layer without a penalty


def _free_keys(settings: Settings) -> list[dict[str, Any]]:
    tasks = TASKS if settings.sizes["source"] == "qm9" else (TASK,)
    return [
        {"task": t, "rate": rate, "seed": seed}
        for t in tasks
        for rate in settings.rates
        for seed in settings.choose_seeds
    ]


def _free(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    problem = TASKS[key["task"]](key["seed"], settings)
    return _tested(problem, FREE, key["rate"], 0.0, key["seed"], settings.steps, settings, "validation")


def _free_test_keys(settings: Settings) -> list[dict[str, Any]]:
    tasks = TASKS if settings.sizes["source"] == "qm9" else (TASK,)
    return [{"task": t, "seed": seed} for t in tasks for seed in settings.test_seeds]


def _free_test(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    rate, _ = _best(results.where(phase="free", task=key["task"]))
    return _tested(
        TASKS[key["task"]](key["seed"], settings), FREE, rate, 0.0, key["seed"], settings.steps, settings, "test"
    )


def _best(found: list[dict[str, Any]]) -> tuple[float, float]:
    """Rate and strength with the best mean score on validation data, as in the harness."""
    scores: dict[tuple[float, float], float] = {}
    for r in found:
        at = r["rate"], r.get("strength", 0.0)
        scores[at] = scores.get(at, 0.0) + r["score"]
    return max(scores, key=lambda at: (scores[at], at[1], -at[0]))


# Norms


def _norm_keys(settings: Settings) -> list[dict[str, Any]]:
    return [
        {"norm": norm, "rate": rate, "strength": strength, "seed": seed}
        for norm in NORMS
        for rate in settings.rates[-2:]
        for strength in NORM_STRENGTHS
        for seed in settings.choose_seeds
    ]


def _norm(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    problem, method = TASKS[TASK](key["seed"], settings), penalty(NORMS[key["norm"]])
    return _tested(problem, method, key["rate"], key["strength"], key["seed"], settings.steps, settings, "validation")


def _norm_test_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"norm": norm, "seed": seed} for norm in NORMS for seed in settings.test_seeds]


def _norm_test(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """At the rate and strength with the best mean on validation data."""
    rate, strength = _best(results.where(phase="norms", norm=key["norm"]))
    problem, method = TASKS[TASK](key["seed"], settings), penalty(NORMS[key["norm"]])
    return _tested(problem, method, rate, strength, key["seed"], settings.steps, settings, "test")


def _sizes(source: str, training: int, checked: int, channels: int, batch: int, elements: int) -> dict[str, Any]:
    """Where molecules come from, how many are learned from and how many checked, hidden channels, elements of the group for defects."""
    return {
        "source": source,
        "training": training,
        "checked": checked,
        "channels": channels,
        "batch": batch,
        "elements": elements,
    }


STUDY = Study(
    name="molecules",
    title="dipoles of molecules in a field that breaks O(3); polarizability",
    version=1,
    full=Settings(120, (5e-3, 2e-2), (100, 101), (0, 1, 2, 3, 4), sizes=_sizes("qm9", 4000, 1000, 8, 64, 8)),
    smoke=Settings(2, (3e-3,), (100,), (0,), price_rounds=1, sizes=_sizes("synthetic", 64, 32, 1, 8, 2)),
    gpu=Settings(
        500,
        (3e-3, 1e-2, 3e-2),
        (100, 101),
        (0, 1, 2, 3, 4),
        device="cuda",
        sizes=_sizes("qm9", 8000, 1400, 32, 256, 16),
    ),
    report=report,
    tasks=TASKS,
    methods=METHODS,
    reference=PENALTY,
    extras=(
        Extra("prices", _price_keys, _price),
        Extra("gradients", _gradient_keys, _gradient),
        Extra("samples", _sample_keys, _sample),
        Extra("norms", _norm_keys, _norm),
        Extra("norms tested", _norm_test_keys, _norm_test),
        Extra("longer", _longer_keys, _longer),
        Extra("free", _free_keys, _free),
        Extra("free tested", _free_test_keys, _free_test),
    ),
    smoke_tasks=(TASK,),
    data=lambda: [fetch(source) for source in SOURCES],
)
