"""What a penalty costs: training steps with it, as ratios to the same step without, in one process, taken in turns.

    python benchmarks/training.py [--model mlp spins resnet] [--repeat N] [--threads 1] [--json FILE]

Each step is measured `repeat` times, one after the other in turn, in an order of its own in each round, after one of the same
kind that does not count, as in training. The ratio is the median of those in each round: a machine that slows down for a while
slows both. With one thread the clock is that of the process, which other processes disturb less; with more it is the wall's.

For SO(3) features it also tells the memory at 32, 64 and 128 channels, in copies of the weights: where that stays, memory is
linear in them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

REACH = {
    "mlp-128": {"frobenius": 1.5, "decoupled": 1.2},
    "mlp-512": {"frobenius": 1.15, "decoupled": 1.06, "spectral": 1.15},
    "spins-512": {"frobenius": 1.05},
    "resnet-64": {"frobenius": 1.02, "spectral": 1.04},
}


def times_in_turn(
    steps: dict[str, Callable[[], Any]], repeat: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """The times of each step, seconds, all measured in turn after one warm-up each, in another order in each round."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    shuffle = Random(0)
    for step in steps.values():
        step()
    for _ in range(repeat):
        for name in shuffle.sample(list(steps), len(steps)):
            steps[name]()  # so that memory and caches are as this step leaves them
            start = clock()
            steps[name]()
            times[name].append(clock() - start)
    return times


def ratios_to_plain(times: dict[str, list[float]]) -> dict[str, float]:
    """The median over the rounds of each step's time to that of the plain step of the same round."""
    return {name: median(t / p for t, p in zip(ts, times["plain"], strict=True)) for name, ts in times.items()}


def training_step(model: Any, pen: Any, optimizer: Any, loss: Callable[[], Any]) -> Callable[[], None]:
    def step() -> None:
        optimizer.zero_grad()
        value = loss()
        if pen is not None and not pen.decoupled:
            value = value + 1e-3 * pen()
        value.backward()
        optimizer.step()
        if pen is not None and pen.decoupled:
            pen.decay_(1e-3)

    return step


def penalties(model: Any, spec: Any) -> dict[str, Any]:
    from projectors.penalties import Spectral
    from projectors.torch import EquivariancePenalty

    return {
        "frobenius": EquivariancePenalty(model, spec),
        "decoupled": EquivariancePenalty(model, spec, decoupled=True),
        "spectral": EquivariancePenalty(model, spec, Spectral()),
    }


def weight_decay(model: Any) -> Any:
    """The yardstick: the squared norm of all weights, added to the loss."""

    class Decay:
        decoupled = False

        def __call__(self) -> Any:
            return sum(p.square().sum() for p in model.parameters())

    return Decay()


def mlp(batch: int) -> dict[str, Callable[[], Any]]:
    import torch
    from torch import nn

    from grouprep import Cyclic

    V = 256 * Cyclic(4).regular()
    layers = [nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024)]
    model = nn.Sequential(*layers)
    x, y = torch.randn(batch, 1024), torch.randn(batch, 1024)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return _steps(model, {"0": (V, V), "2": (V, V), "4": (V, V)}, optimizer, lambda: (model(x) - y).square().mean())


def spin_features(channels: int) -> Any:
    """As many channels of every spin l <= 4, in the basis of the irreps."""
    import functools
    import operator

    from grouprep import SO

    G = SO(3)
    return functools.reduce(operator.add, [channels * G.irrep(l) for l in range(5)])


def spins(batch: int) -> dict[str, Callable[[], Any]]:
    """Three layers between 64 channels of spins."""
    import torch
    from torch import nn

    V = spin_features(64)
    model = nn.Sequential(*(nn.Linear(V.dim, V.dim) for _ in range(3)))
    x, y = torch.randn(batch, V.dim), torch.randn(batch, V.dim)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return _steps(model, dict.fromkeys("012", (V, V)), optimizer, lambda: (model(x) - y).square().mean())


def memory(channels: int) -> dict[str, float]:
    """What a layer between channels of spins needs for `pen()` and its gradient, in copies of its weights.

    Keys: the most memory held at once for each norm, the gradient included, and the projector's constants.
    """
    from torch import nn

    V = spin_features(channels)
    layer = nn.Linear(V.dim, V.dim)
    weights = sum(p.numel() * p.element_size() for p in layer.parameters())
    known = penalties(layer, {"": (V, V)})
    out = {}
    for name in ("frobenius", "spectral"):
        known[name]().backward()
        layer.zero_grad()
        held = _peak(lambda pen=known[name]: pen().backward()) + sum(w.nbytes for w in known[name]._work)
        out[name] = held / weights
        layer.zero_grad()
    constants = sum(b.numel() * b.element_size() for b in known["frobenius"].buffers())
    return {**out, "constants": constants / weights}


def _peak(step: Callable[[], Any]) -> int:
    """The most bytes of tensors that a step allocates and holds at once."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    events = [e for e in record.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = most = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        most = max(most, held)
    return most


def resnet(batch: int) -> dict[str, Callable[[], Any]]:
    import torch
    from resnet import ResNet18, specification
    from torch.nn import functional

    model = ResNet18()
    x, y = torch.randn(batch, 3, 32, 32), torch.randint(0, 10, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return _steps(model, specification(model), optimizer, lambda: functional.cross_entropy(model(x), y))


def _steps(model: Any, spec: Any, optimizer: Any, loss: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    known = {"plain": None, "weight decay": weight_decay(model), **penalties(model, spec)}
    return {name: training_step(model, pen, optimizer, loss) for name, pen in known.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", choices=("mlp", "spins", "resnet"), default=["mlp", "spins", "resnet"])
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    cases: dict[str, tuple[dict[str, Callable[[], Any]], int]] = {}
    if "mlp" in options.model:
        cases |= {f"mlp-{batch}": (mlp(batch), options.repeat) for batch in (128, 512)}
    if "spins" in options.model:
        cases["spins-512"] = (spins(512), max(3, options.repeat // 3))
    if "resnet" in options.model:
        cases["resnet-64"] = (resnet(64), max(3, options.repeat // 3))
    clock = time.process_time if options.threads == 1 else time.perf_counter
    results: dict[str, Any] = {}
    for name, (steps, repeat) in cases.items():
        rounds = times_in_turn(steps, repeat, clock)
        times, ratios = {k: median(t) for k, t in rounds.items()}, ratios_to_plain(rounds)
        results[name] = {"seconds": times, "ratios": ratios, "reach": REACH[name], "repeat": repeat}
        shown = "  ".join(f"{k} {r:.3f}" for k, r in ratios.items() if k != "plain")
        if name.startswith("spins"):
            results[name]["memory"] = {str(n): memory(n) for n in (32, 64, 128)}
            for n, copies in results[name]["memory"].items():
                held = "  ".join(f"{k} {x:.3f}" for k, x in copies.items())
                print(f"memory of {n} channels, in copies of the weights:   {held}", file=sys.stderr)
        print(f"{name:10}  step {times['plain'] * 1e3:7.1f} ms   {shown}", file=sys.stderr)
    document = {"threads": options.threads, "torch": torch.__version__, "cases": results}
    text = json.dumps(document, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
