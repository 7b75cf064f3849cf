"""What a penalty costs: training steps with it, as ratios to the same step without, in one process, taken in turns.

    python benchmarks/training.py [--model mlp spins resnet layers] [--repeat N] [--processes N] [--threads 1] [--json FILE]

Each step is measured `repeat` times, one after the other in turn, in an order of its own in each round: two in a row, because some
work is done in every second step only, after one of the same kind that does not count, as in training. The ratio is the median of
those in each round: a machine that slows down for a while slows both. The rounds are shared out to several processes, because where
a process happens to have its memory, and so how much of it the allocator gives back to the system in each step, moves all its
ratios by some percent, up or down. With one thread the clock is that of the process, which other processes disturb less; with more
it is the wall's.

For SO(3) features it also tells the memory at 32, 64 and 128 channels, in copies of the weights: where that stays, memory is
linear in them. For 200 small layers, trained with Adam, it also tells what making the penalty and its report take.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

MODELS = {"mlp": ("mlp-128", "mlp-512"), "spins": ("spins-512",), "resnet": ("resnet-64",), "layers": ("layers-32",)}
REACH = {
    "mlp-128": {"frobenius": 1.5, "decoupled": 1.2},
    "mlp-512": {"frobenius": 1.15, "decoupled": 1.06, "spectral": 1.15},
    "spins-512": {"frobenius": 1.05},
    "resnet-64": {"frobenius": 1.02, "spectral": 1.04},
    "layers-32": {
        "frobenius": 1.15,
        "decoupled": 1.1,
        "spectral": 1.6,
        "target share": 1.2,
        "build": 0.5,
        "report": 0.5,
    },
}


def times_in_turn(
    steps: dict[str, Callable[[], Any]], repeat: int, clock: Callable[[], float], seed: int = 0
) -> dict[str, list[float]]:
    """Seconds of each step, the mean of two in a row, all measured in turn after one warm-up each, in another order in each round."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    shuffle = Random(seed)
    for step in steps.values():
        step()
    for _ in range(repeat):
        for name in shuffle.sample(list(steps), len(steps)):
            steps[name]()  # so that memory and caches are as this step leaves them
            start = clock()
            steps[name]()
            steps[name]()
            times[name].append((clock() - start) / 2)
    return times


def ratios_to_plain(times: dict[str, list[float]]) -> dict[str, float]:
    """The median over the rounds of each step's time to that of the plain step of the same round."""
    return {name: median(t / p for t, p in zip(ts, times["plain"], strict=True)) for name, ts in times.items()}


def training_step(
    model: Any, pen: Any, optimizer: Any, loss: Callable[[], Any], moves: bool = False
) -> Callable[[], None]:
    def step() -> None:
        optimizer.zero_grad()
        value = loss()
        if pen is not None and not pen.decoupled:
            value = value + 1e-3 * pen()
        value.backward()
        optimizer.step()
        if pen is not None and pen.decoupled:
            pen.decay_(1e-3)
        if pen is not None and moves:
            pen.step()

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
        held = _peak(lambda pen=known[name]: pen().backward()) + sum(t.work.memory.nbytes for t in known[name].terms)
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


def small_layers(number: int = 200) -> tuple[Any, Any]:
    """Many small layers, and their specification."""
    from torch import nn

    from grouprep import Cyclic

    V = 8 * Cyclic(4).regular()
    return nn.Sequential(*(nn.Linear(V.dim, V.dim) for _ in range(number))), {"*": (V, V)}


def layers(batch: int) -> dict[str, Callable[[], Any]]:
    """200 layers with Adam: what is paid for each of many."""
    import torch

    from projectors.torch import EquivariancePenalty, TargetShare

    model, spec = small_layers()
    x, y = torch.randn(batch, 32), torch.randn(batch, 32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def loss() -> Any:
        return (model(x) - y).square().mean()

    steered = EquivariancePenalty(model, spec, residual=TargetShare(0.1))
    return {
        **_steps(model, spec, optimizer, loss),
        "target share": training_step(model, steered, optimizer, loss, moves=True),
    }


def seconds_once() -> dict[str, float]:
    """What making a penalty of 200 layers takes, and its report, the second time."""
    from projectors.torch import EquivariancePenalty

    model, spec = small_layers()
    out = {}
    for _ in range(2):
        start = time.perf_counter()
        pen = EquivariancePenalty(model, spec)
        built = time.perf_counter()
        pen.report()
        out = {"build": built - start, "report": time.perf_counter() - built}
    return out


def _steps(model: Any, spec: Any, optimizer: Any, loss: Callable[[], Any]) -> dict[str, Callable[[], Any]]:
    known = {"plain": None, "weight decay": weight_decay(model), **penalties(model, spec)}
    return {name: training_step(model, pen, optimizer, loss) for name, pen in known.items()}


def measure_here(name: str, repeat: int, threads: int, seed: int) -> dict[str, Any]:
    """The rounds of one case in this process, {step: seconds}, and for SO(3) features what they hold."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    kind, batch = name.split("-")
    steps = {"mlp": mlp, "spins": spins, "resnet": resnet, "layers": layers}[kind](int(batch))
    clock = time.process_time if threads == 1 else time.perf_counter
    found: dict[str, Any] = {"rounds": times_in_turn(steps, repeat, clock, seed)}
    if kind == "spins" and not seed:
        found["memory"] = {str(n): memory(n) for n in (32, 64, 128)}
    if kind == "layers" and not seed:
        found["once"] = seconds_once()
    return {**found, "torch": torch.__version__}


def measure(name: str, repeat: int, threads: int, processes: int) -> dict[str, Any]:
    """One case: medians over the rounds of all processes."""
    rounds: dict[str, list[float]] = {}
    out: dict[str, Any] = {"reach": REACH[name], "repeat": repeat, "processes": processes}
    for seed in range(processes):
        here = repeat // processes + (seed < repeat % processes)
        command = [sys.executable, __file__, "--case", name, "--repeat", str(here), "--threads", str(threads)]
        done = subprocess.run([*command, "--seed", str(seed)], stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout)
        for step, times in found.pop("rounds").items():
            rounds.setdefault(step, []).extend(times)
        out |= found
    return {**out, "seconds": {k: median(t) for k, t in rounds.items()}, "ratios": ratios_to_plain(rounds)}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", choices=tuple(MODELS), default=list(MODELS))
    parser.add_argument(
        "--repeat", type=int, default=40, help="rounds of the MLP; a third of them of the larger models"
    )
    parser.add_argument("--processes", type=int, default=5, help="how many share the rounds of a case")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--case", choices=tuple(REACH), help="one case in this process, its rounds as JSON")
    parser.add_argument("--seed", type=int, default=0, help="of the order and the weights, with --case")
    options = parser.parse_args(arguments)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    if options.case:
        print(json.dumps(measure_here(options.case, options.repeat, options.threads, options.seed)))
        return
    results: dict[str, Any] = {}
    for name in (case for model in options.model for case in MODELS[model]):
        repeat = options.repeat if name.startswith("mlp") else max(options.processes, options.repeat // 3)
        case = results[name] = measure(name, max(repeat, options.processes), options.threads, options.processes)
        for n, copies in case.get("memory", {}).items():
            held = "  ".join(f"{k} {x:.3f}" for k, x in copies.items())
            print(f"memory of {n} channels, in copies of the weights:   {held}", file=sys.stderr)
        for what, took in case.get("once", {}).items():
            print(f"{what} of 200 layers: {took:.3f} s", file=sys.stderr)
        shown = "  ".join(f"{k} {r:.3f}" for k, r in case["ratios"].items() if k != "plain")
        print(f"{name:10}  step {case['seconds']['plain'] * 1e3:7.1f} ms   {shown}", file=sys.stderr)
    text = json.dumps({"threads": options.threads, "cases": results}, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
