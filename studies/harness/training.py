"""One network trained by one method, and what a step of each method costs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from studies.harness.problem import Method, Prepared, Problem

__all__ = ["Run", "step_seconds", "train"]

CHECK = 50  # steps between two looks at whether the loss is finite


@dataclass
class Run:
    """A trained network, the CPU seconds of its training, and whether loss and weights stayed finite."""

    net: nn.Module
    seconds: float
    is_finite: bool


def _ready(
    problem: Problem, method: Method, rate: float, strength: float, seed: int, steps: int, device: str
) -> tuple[Prepared, torch.optim.Optimizer]:
    """The network of a seed, made ready; every method starts from the same draw."""
    net = problem.network(seed).to(device)
    generator = torch.Generator().manual_seed(seed)
    prepared = method.prepare(net, problem, strength, generator, steps)
    parameters = [p for p in prepared.net.parameters() if p.requires_grad]
    make = prepared.optimizer or (lambda params, lr: torch.optim.Adam(params, lr=lr))
    return prepared, make(parameters, rate)


def _step(
    problem: Problem, prepared: Prepared, optimizer: torch.optim.Optimizer, batches: torch.Generator
) -> torch.Tensor:
    x, y = problem.batch(batches)
    optimizer.zero_grad()
    out = prepared.net(x)
    loss = problem.loss(out, y)
    if prepared.term is not None:
        loss = loss + prepared.term(x, out, y)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    if prepared.after_step is not None:
        prepared.after_step()
    return loss.detach()


def train(
    problem: Problem, method: Method, rate: float, strength: float, seed: int, steps: int, device: str = "cpu"
) -> Run:
    """Adam, or the method's optimizer, along half a cosine from the rate to 0; the same batches for every method."""
    prepared, optimizer = _ready(problem, method, rate, strength, seed, steps, device)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    batches = torch.Generator().manual_seed(seed + 1_000_003)
    start, is_finite = time.process_time(), True
    prepared.net.train()
    for k in range(steps):
        loss = _step(problem, prepared, optimizer, batches)
        rates.step()
        if (k % CHECK == 0 or k == steps - 1) and not math.isfinite(float(loss)):
            is_finite = False
            break
    if is_finite and prepared.finish is not None:
        prepared.finish(prepared.net)
    seconds = time.process_time() - start
    prepared.net.eval()
    is_finite = is_finite and all(bool(torch.isfinite(p).all()) for p in prepared.net.parameters())
    return Run(prepared.net, seconds, is_finite)


def step_seconds(
    problem: Problem, methods: Sequence[Method], rate: float, rounds: int, steps: int = 4, device: str = "cpu"
) -> dict[str, float]:
    """Seconds of a step of each method: the median over rounds in which they take turns, after one that does not count.

    On the CPU the clock is that of the process, which other processes disturb less; on a GPU it is the wall's.
    """
    clock = time.perf_counter if device != "cpu" else time.process_time
    ready = [(m.name, *_ready(problem, m, rate, m.strengths[-1], 0, 10_000, device)) for m in methods]
    times: dict[str, list[float]] = {m.name: [] for m in methods}
    for k in range(rounds + 1):
        for name, prepared, optimizer in ready:
            batches = torch.Generator().manual_seed(k)
            _wait(device)
            start = clock()
            for _ in range(steps):
                _step(problem, prepared, optimizer, batches)
            _wait(device)
            if k:
                times[name].append((clock() - start) / steps)
    return {name: median(ts) for name, ts in times.items()}


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()
