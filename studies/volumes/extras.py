"""Jobs beside the comparison: rates and shares beside those of the tasks, a wider exact network, other norms, memory of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._pytree import tree_leaves

from projectors.penalties import Norm
from studies.harness import Extra, Method, Problem, Results, Settings, exact, penalty, train

__all__ = ["BETWEEN", "CURVE", "extras", "peak_bytes"]

BETWEEN = (
    0.25,
    0.75,
)  # shares of upright poses at which the settings chosen at one half are tried; an exact network sees no pose
CURVE = ("plain", "residual pathways", "penalty, Frobenius(squared=True)", "split frame")
HALF = "upright 0.5"
STRENGTHS = (0.03, 0.2, 1.0)

Make = Callable[[float, int, Settings], Problem]
Record = dict[str, Any]


def extras(problem: Make, methods: Sequence[Method], norms: Sequence[Norm]) -> tuple[Extra, ...]:
    """The study's own jobs."""
    by_name = {m.name: m for m in methods}

    def memory(key: Record, settings: Settings, results: Results) -> Record:
        some = problem(0.5, settings.choose_seeds[0], settings)
        return peak_bytes(some, by_name[key["method"]])

    def curve(key: Record, settings: Settings, results: Results) -> Record:
        rate, strength = _chosen(results, key["method"])
        some = problem(key["upright"], key["seed"], settings)
        done = train(some, by_name[key["method"]], rate, strength, key["seed"], settings.steps, settings.device)
        return _told(some, done.net, done.seconds)

    def edges(key: Record, settings: Settings, results: Results) -> Record:
        some, method = problem(0.0, key["seed"], settings), by_name[key["method"]]
        done = train(some, method, key["rate"], key["strength"], key["seed"], settings.steps, settings.device)
        score = some.evaluate(done.net, "validation")["score"] if done.is_finite else 0.0
        return {"score": max(score, some.floor), "collapsed": score <= some.floor, "seconds": done.seconds}

    def wide(key: Record, settings: Settings, results: Results) -> Record:
        sizes = {**settings.sizes, "channels": settings.sizes["channels"] * 3 // 2 // 24 * 24}
        some = problem(0.0, key["seed"], replace(settings, sizes=sizes))
        rate = results.where(phase="test", method="exact")[0]["rate"]
        done = train(some, exact(), rate, 0.0, key["seed"], settings.steps, settings.device)
        return _told(some, done.net, done.seconds)

    def norm(key: Record, settings: Settings, results: Results) -> Record:
        some = problem(0.5, key["seed"], settings)
        method = penalty(next(n for n in norms if str(n) == key["norm"]))
        rate, _ = _chosen(results, "penalty, Frobenius(squared=True)")
        done = train(some, method, rate, key["strength"], key["seed"], settings.steps, settings.device)
        return _told(some, done.net, done.seconds)

    return (
        Extra("memory", lambda settings: [{"method": m.name} for m in methods], memory),
        Extra(
            "edges",
            lambda settings: [
                {"method": m.name, "rate": rate, "strength": strength, "seed": seed}
                for m in methods[: settings.sizes.get("curve")]
                for rate in (settings.rates[0] / 2, settings.rates[-1] * 2)
                for strength in m.strengths
                for seed in settings.choose_seeds
            ],
            edges,
        ),
        Extra(
            "curve",
            lambda settings: [
                {"method": m, "upright": u, "seed": s}
                for u in BETWEEN
                for m in CURVE[: settings.sizes.get("curve")]
                for s in settings.test_seeds
            ],
            curve,
        ),
        Extra(
            "wide",
            lambda settings: [{"seed": s} for s in settings.test_seeds],
            wide,
        ),
        Extra(
            "norms",
            lambda settings: [
                {"norm": str(n), "strength": s, "seed": seed}
                for n in norms[: settings.sizes.get("norms")]
                for s in STRENGTHS
                for seed in settings.choose_seeds
            ],
            norm,
        ),
    )


def _chosen(results: Results, method: str) -> tuple[float, float]:
    """Rate and strength that were chosen where half of the shapes are upright."""
    tested = results.where(phase="test", task=HALF, method=method)[0]
    return tested["rate"], tested["strength"]


def _told(problem: Problem, net: nn.Module, seconds: float) -> Record:
    return {
        **problem.evaluate(net, "test"),
        "validation": problem.evaluate(net, "validation")["score"],
        "defect": problem.defect(net),
        "seconds": seconds,
    }


def peak_bytes(problem: Problem, method: Method) -> Record:
    """Bytes of a training step: what stands before it (weights, constants, moments) and the peak of what it allocates beside."""
    prepared = method.prepare(problem.network(0), problem, method.strengths[-1], torch.Generator().manual_seed(0), 100)
    parameters = [p for p in prepared.net.parameters() if p.requires_grad]
    make = prepared.optimizer or (lambda params, lr: torch.optim.Adam(params, lr=lr))
    optimizer = make(parameters, 1e-3)
    batches = torch.Generator().manual_seed(0)

    def step() -> None:
        x, y = problem.batch(batches)
        out = prepared.net(x)
        loss = problem.loss(out, y)
        if prepared.term is not None:
            loss = loss + prepared.term(x, out, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step()  # what is made once
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    moments = [v for v in tree_leaves(optimizer.state_dict()["state"]) if isinstance(v, torch.Tensor)]
    tensors = [*prepared.net.parameters(), *prepared.net.buffers(), *moments]
    return {"standing": sum(t.numel() * t.element_size() for t in tensors), "peak": peak}
