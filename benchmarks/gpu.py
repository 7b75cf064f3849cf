"""What a penalty costs on a GPU: training steps with it, as ratios to the same step without, in one process, taken in turns.

    python benchmarks/gpu.py [--case mlp-4096 ...] [--seconds 12] [--out FILE] [--dry-run]

Each case measures its steps in turn, in another order in each round, for some seconds; the ratio is the median over the rounds. Clocks are
the device's own (CUDA events). Kernels alone are measured in copies: times of one `copy_` of the same matrix. `REACH` says what each row
must reach; what it does not is named at the end, and the command then returns 1. A case that fails is recorded with its error, and the
others go on. Results go to benchmarks/results/gpu-DATE.json.

With --dry-run everything is as small as can be and runs on the CPU: it shows that the script works, and its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import operator
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import torch
from resnet import ResNet18, specification
from torch import nn
from torch.nn import functional
from training import penalties, ratios_to_plain, training_step, weight_decay

from grouprep import SO, Cyclic, Dihedral
from projectors import Hom
from projectors.torch import EquivariancePenalty
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast import Operand, implementation_for

Steps = dict[str, Callable[[], Any]]

# Ratios to the plain step. Of a case with "weight decay" two more rows follow from it (see `misses`).
REACH: dict[str, dict[str, float]] = {
    "mlp-4096": {"frobenius": 1.05, "decoupled": 1.025, "spectral": 1.08},
    "mlp-4096-tf32": {"frobenius": 1.18, "decoupled": 1.10, "spectral": 1.30},
    "mlp-1024-graph": {"decoupled": 1.08},
    "mlp-1024": {},
    "resnet-18": {"frobenius": 1.06, "spectral": 1.12},
    "resnet-18-tf32": {"frobenius": 1.2, "spectral": 1.4},
    "spins": {"frobenius": 1.15},
    "matrix-c4": {"residual and norm": 1.5, "in place": 1.5, "project": 2.5},
    "matrix-c8": {"residual and norm": 3.0, "in place": 2.3, "project": 2.5},
    "matrix-d4": {"residual and norm": 3.0, "in place": 2.3, "project": 2.5},
    "matrix-spins": {"residual and norm": 2.5},
    "launches": {"2 layers": 12, "50 layers": 12, "growth": 0, "synchronisations": 0},
    "jax": {"frobenius": 1.4, "spectral": 2.0},
}
OVER_DECAY = {
    "mlp-4096": 0.02,
    "mlp-4096-tf32": 0.02,
    "mlp-1024-graph": 0.03,
}  # that Frobenius may add to weight decay in the loss
EXTRA = {"mlp-1024": 1.5}  # times the extra time of weight decay


class Setting:
    """Where it runs, and how large."""

    def __init__(self, dry: bool, seconds: float) -> None:
        self.dry, self.device, self.seconds = dry, torch.device("cpu" if dry else "cuda"), 0.0 if dry else seconds

    def size(self, full: int, small: int) -> int:
        return small if self.dry else full

    def milliseconds(self, step: Callable[[], Any], times: int) -> float:
        if self.dry:
            start = time.perf_counter()
            for _ in range(times):
                step()
            return (time.perf_counter() - start) / times * 1e3
        first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        first.record()
        for _ in range(times):
            step()
        last.record()
        torch.cuda.synchronize()
        return first.elapsed_time(last) / times

    def rounds(self, steps: Steps) -> dict[str, list[float]]:
        """Milliseconds of each step, taken in turn until the seconds are over."""
        for step in steps.values():
            for _ in range(1 if self.dry else 5):
                step()
        each = 1 if self.dry else max(2, int(20 / max(0.05, self.milliseconds(next(iter(steps.values())), 5))))
        found: dict[str, list[float]] = {name: [] for name in steps}
        shuffle, end = Random(0), time.monotonic() + self.seconds
        while len(found["plain"]) < (1 if self.dry else 5) or time.monotonic() < end:
            for name in shuffle.sample(list(steps), len(steps)):
                steps[name]()
                found[name].append(self.milliseconds(steps[name], each))
        return found

    def ratios(self, steps: Steps) -> dict[str, Any]:
        rounds = self.rounds(steps)
        return {"milliseconds": {k: median(v) for k, v in rounds.items()}, "ratios": ratios_to_plain(rounds)}


@contextlib.contextmanager
def tf32(on: bool) -> Iterator[None]:
    old = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if on else "highest")
    torch.backends.cudnn.allow_tf32 = on
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(old[0])
        torch.backends.cudnn.allow_tf32 = old[1]


# Training steps


def trained(model: nn.Module, spec: Any, loss: Callable[[], Any]) -> tuple[dict[str, Any], Any, Callable[[], Any]]:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    return {"plain": None, "weight decay": weight_decay(model), **penalties(model, spec)}, optimizer, loss


def eager(known: dict[str, Any], optimizer: Any, loss: Callable[[], Any]) -> Steps:
    return {name: training_step(None, pen, optimizer, loss) for name, pen in known.items()}


def mlp(setting: Setting, width: int, batch: int) -> tuple[dict[str, Any], Any, Callable[[], Any]]:
    """Three layers of regular features of C4."""
    V = width // 4 * Cyclic(4).regular()
    layers = [nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)]
    model = nn.Sequential(*layers).to(setting.device)
    x, y = (torch.randn(batch, width, device=setting.device) for _ in range(2))
    return trained(model, dict.fromkeys(("0", "2", "4"), (V, V)), lambda: (model(x) - y).square().mean())


def mlp_4096(setting: Setting, fast: bool) -> dict[str, Any]:
    with tf32(fast):
        return setting.ratios(eager(*mlp(setting, setting.size(4096, 16), setting.size(4096, 8))))


def mlp_1024(setting: Setting, graph: bool) -> dict[str, Any]:
    known, optimizer, loss = mlp(setting, setting.size(1024, 16), setting.size(512, 8))
    steps = eager(known, optimizer, loss)
    return setting.ratios(
        {name: captured(step) for name, step in steps.items()} if graph and not setting.dry else steps
    )


def captured(step: Callable[[], Any]) -> Callable[[], Any]:
    """The step as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(4):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def resnet(setting: Setting, fast: bool) -> dict[str, Any]:
    model = ResNet18().to(setting.device)
    batch, pixels = setting.size(256, 2), setting.size(32, 8)
    x = torch.randn(batch, 3, pixels, pixels, device=setting.device)
    y = torch.randint(0, 10, (batch,), device=setting.device)
    with tf32(fast):
        return setting.ratios(
            eager(*trained(model, specification(model), lambda: functional.cross_entropy(model(x), y)))
        )


def spin_features(channels: int) -> Any:
    return reduce(operator.add, [channels * SO(3).irrep(l) for l in range(5)])


def spins(setting: Setting) -> dict[str, Any]:
    V, batch = spin_features(setting.size(64, 1)), setting.size(2048, 4)
    model = nn.Sequential(*(nn.Linear(V.dim, V.dim) for _ in range(3))).to(setting.device)
    x, y = (torch.randn(batch, V.dim, device=setting.device) for _ in range(2))
    return setting.ratios(eager(*trained(model, dict.fromkeys("012", (V, V)), lambda: (model(x) - y).square().mean())))


# Kernels alone, in copies


def matrix(setting: Setting, V: Any) -> dict[str, Any]:
    fast, space = implementation_for(setting.device), ProjectionModule(Hom(V, V), setting.device)
    T = torch.randn(V.dim, V.dim, device=setting.device)
    out, operand, leaf = torch.empty_like(T), Operand(space, None, fast.workspace()), T.clone().requires_grad_()
    steps = {rate: torch.tensor([rate, 0.0], device=setting.device) for rate in (1e-3, 1.0)}

    def differentiated() -> None:
        leaf.grad = None
        fast.sizes([leaf], [operand])[0].sum().backward()

    def project() -> None:
        out.copy_(T)
        fast.move_([out], [operand], [steps[1.0]], False)

    return setting.ratios(
        {
            "plain": lambda: out.copy_(T),
            "residual and norm": lambda: fast.measured(T, operand, True),
            "norm and gradient": differentiated,
            "in place": lambda: fast.move_([out], [operand], [steps[1e-3]], False),
            "project": project,
        }
    )


# Counted


def launches(setting: Setting) -> dict[str, Any]:
    """Kernels that the device ran for `pen()` and its gradient, and whether anything waited for it."""
    found: dict[str, Any] = {}
    V = 4 * Cyclic(4).regular()
    for count in (2, 50):
        model = nn.Sequential(*(nn.Linear(V.dim, V.dim, bias=False) for _ in range(count))).to(setting.device)
        pen = EquivariancePenalty(model, {"*": (V, V)})

        def step(model: nn.Module = model, pen: EquivariancePenalty = pen) -> None:
            model.zero_grad()
            pen().backward()

        for _ in range(3):
            step()
        found[f"{count} layers"] = kernels_of(setting, step)
        found["synchronisations"] = int(waits(setting, step))
    return {"ratios": {**found, "growth": found["50 layers"] - found["2 layers"]}}


def kernels_of(setting: Setting, step: Callable[[], Any]) -> int:
    from torch.profiler import ProfilerActivity, profile

    if setting.dry:
        step()
        return 0
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as record:
        step()
        torch.cuda.synchronize()
    device = torch.autograd.DeviceType.CUDA
    names = [e.name for e in record.events() if e.device_type == device]
    return sum(not name.startswith(("Memset", "Memcpy HtoD")) for name in names)


def waits(setting: Setting, step: Callable[[], Any]) -> bool:
    """Whether torch sees a synchronisation."""
    if setting.dry:
        return False
    torch.cuda.set_sync_debug_mode("error")
    try:
        step()
    except RuntimeError:
        return True
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return False


# JAX


def with_jax(setting: Setting) -> dict[str, Any]:
    """The MLP of width 1024 in JAX, if it is there with the device."""
    try:
        import jax
        import jax.numpy as jnp
    except ImportError:
        return {"skipped": "JAX is not installed"}
    if not setting.dry and jax.default_backend() != "gpu":
        return {"skipped": f"JAX has no GPU: its backend is {jax.default_backend()}"}
    from projectors.jax import EquivariancePenalty as Penalty
    from projectors.penalties import Spectral

    width, batch = setting.size(1024, 16), setting.size(512, 8)
    V = width // 4 * Cyclic(4).regular()
    keys = jax.random.split(jax.random.key(0), 5)
    params = {
        n: {"kernel": jax.random.normal(k, (width, width)) / width**0.5} for n, k in zip("abc", keys, strict=False)
    }
    x, y = (jax.random.normal(k, (batch, width)) for k in keys[3:])
    spec = dict.fromkeys("abc", (V, V))

    def loss(p: Any) -> Any:
        h = jax.nn.relu(jax.nn.relu(x @ p["a"]["kernel"]) @ p["b"]["kernel"]) @ p["c"]["kernel"]
        return jnp.square(h - y).mean()

    frobenius, spectral = Penalty(spec), Penalty(spec, Spectral())

    def moved(p: Any, g: Any) -> Any:
        return jax.tree.map(lambda a, b: a - 1e-3 * b, p, g)

    @jax.jit
    def plain(p: Any, s: Any) -> Any:
        return moved(p, jax.grad(loss)(p)), s

    @jax.jit
    def with_frobenius(p: Any, s: Any) -> Any:
        return moved(p, jax.grad(lambda q: loss(q) + 1e-3 * frobenius(q))(p)), s

    @jax.jit
    def with_spectral(p: Any, s: Any) -> Any:
        def total(q: Any) -> Any:
            value, new = spectral.step(q, s)
            return loss(q) + 1e-3 * value, new

        g, new = jax.grad(total, has_aux=True)(p)
        return moved(p, g), new

    state = spectral.init(params)
    steps = {
        name: lambda f=f: jax.block_until_ready(f(params, state))
        for name, f in (("plain", plain), ("frobenius", with_frobenius), ("spectral", with_spectral))
    }
    clock = Setting(True, 0)  # JAX has no events
    for step in steps.values():
        step()
    rounds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(1 if setting.dry else 20):
        for name, step in steps.items():
            rounds[name].append(clock.milliseconds(step, 1 if setting.dry else 10))
    return {"milliseconds": {k: median(v) for k, v in rounds.items()}, "ratios": ratios_to_plain(rounds)}


CASES: dict[str, Callable[[Setting], dict[str, Any]]] = {
    "launches": launches,
    "matrix-c4": lambda s: matrix(s, s.size(2048, 2) * Cyclic(4).regular()),
    "matrix-c8": lambda s: matrix(s, s.size(1024, 2) * Cyclic(8).regular()),
    "matrix-d4": lambda s: matrix(s, s.size(1024, 2) * Dihedral(4).regular()),
    "matrix-spins": lambda s: matrix(s, spin_features(s.size(256, 1))),
    "mlp-4096": lambda s: mlp_4096(s, False),
    "mlp-4096-tf32": lambda s: mlp_4096(s, True),
    "mlp-1024-graph": lambda s: mlp_1024(s, True),
    "mlp-1024": lambda s: mlp_1024(s, False),
    "resnet-18": lambda s: resnet(s, False),
    "resnet-18-tf32": lambda s: resnet(s, True),
    "spins": spins,
    "jax": with_jax,
}


def misses(results: dict[str, dict[str, Any]]) -> list[str]:
    """What is not reached, a line for each."""
    out = []
    for name, case in results.items():
        if "skipped" in case:
            continue
        if "error" in case:
            out.append(f"{name}: {case['error']}")
            continue
        ratios, reach = case["ratios"], dict(REACH[name])
        decay = ratios.get("weight decay")
        if decay is not None and name in OVER_DECAY:
            reach["frobenius"] = min(reach.get("frobenius", decay + OVER_DECAY[name]), decay + OVER_DECAY[name])
        if decay is not None and name in EXTRA:
            reach |= dict.fromkeys(("frobenius", "decoupled"), 1 + EXTRA[name] * max(0.0, decay - 1))
        for row, most in reach.items():
            if not ratios.get(row, float("inf")) <= most:
                out.append(f"{name}: {row} is {ratios.get(row, float('nan')):.3f}, wanted at most {most:.3f}")
    return out


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=tuple(CASES), default=list(CASES))
    parser.add_argument("--seconds", type=float, default=12, help="of rounds for each case")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/gpu-DATE.json, none for --dry-run")
    parser.add_argument("--dry-run", action="store_true", help="as small as can be, on the CPU")
    options = parser.parse_args(arguments)
    if not options.dry_run and not torch.cuda.is_available():
        print("no GPU: torch.cuda.is_available() is False; --dry-run shows that the script works", file=sys.stderr)
        return 2
    setting, results, start = Setting(options.dry_run, options.seconds), {}, time.monotonic()
    for name in options.case:
        torch.manual_seed(0)
        try:
            results[name] = CASES[name](setting)
        except Exception as error:
            traceback.print_exc()
            results[name] = {"error": f"{type(error).__name__}: {error!s:.300}"}
        case = results[name]
        shown = {k: round(r, 3) for k, r in case["ratios"].items() if k != "plain"} if "ratios" in case else case
        print(f"{time.monotonic() - start:5.0f} s  {name:15}  {shown}", flush=True)
    missed = [] if options.dry_run else misses(results)
    document = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "device": "dry run" if options.dry_run else torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "reach": REACH,
        "cases": results,
        "missed": missed,
    }
    out = options.out or Path(__file__).parent / "results" / f"gpu-{datetime.date.today()}.json"
    if options.out or not options.dry_run:
        out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        print(f"written to {out}")
    for line in missed:
        print(f"missed: {line}")
    failed = any("error" in case for case in results.values())
    return int(bool(missed) or failed)


if __name__ == "__main__":
    sys.exit(main())
