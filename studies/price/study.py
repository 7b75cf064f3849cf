"""The study: what its jobs measure, and their sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import Any

import torch
from torch import nn

from grouprep import Cyclic
from projectors.baselines import SampledOperatorPenalty, SampledOutputPenalty, WeightDecay
from projectors.penalties import Frobenius, Spectral
from projectors.torch import EquivariancePenalty
from studies.harness import Extra, Results, Settings, Study
from studies.price import contenders as made
from studies.price.cells import GROUPS, Cell, unit
from studies.price.measure import in_turn, middle, peak_bytes
from studies.price.report import needed, report

__all__ = ["STUDY"]

Key = dict[str, Any]
Found = dict[str, Any]


def _cell(key: Key, settings: Settings) -> Cell:
    return Cell(key["layer"], key["group"], key["width"], settings.device)


def _keys(name: str) -> Callable[[Settings], Sequence[Key]]:
    """The cells of a job: the widths of each layer that the settings name for it."""

    def keys(settings: Settings) -> Sequence[Key]:
        return [
            {"layer": layer, "group": group, "width": width}
            for layer, widths in settings.sizes[name].items()
            for width in widths
            for group in settings.sizes["groups"]
        ]

    return keys


# Errors


def _errors(key: Key, settings: Settings, results: Results) -> Found:
    """Of gradients, against the number of elements drawn: each number's list runs over the seeds."""
    cell, sizes = _cell(key, settings), settings.sizes
    batch = sizes["batch"][cell.layer]
    step = made.exact(cell, made.NORMS["Frobenius squared"])
    step()
    assert cell.weight.grad is not None
    out: Found = {
        "exact": cell.error(cell.weight.grad),
        "whole group": made.whole_group(cell),
        "counts": {},
        "errors": {},
    }
    for name, make, most in (
        ("operators", lambda seed: made.operators(cell, 1, None, seed), sizes["most"]),
        ("by hand", lambda seed: made.by_hand(cell, 1, seed), sizes["most"]),
        ("outputs", lambda seed: made.outputs(cell, 1, None, batch, seed, fresh=True), sizes["most outputs"]),
    ):
        counts = [1 << k for k in range(most.bit_length())]
        out["counts"][name] = counts
        out["errors"][name] = [made.running_errors(cell, make(seed), counts) for seed in settings.test_seeds]
    averaged = []
    for seed in settings.test_seeds:
        made.averaged(cell, made.POOL, seed)()
        averaged.append(cell.error(cell.weight.grad))
    made.outputs(cell, sizes["most outputs"], None, batch, fresh=True)()
    return {**out, "averaged": averaged, "one batch": cell.error(cell.weight.grad)}


# Prices of cells


def _prices(key: Key, settings: Settings, results: Results) -> Found:
    """Seconds and bytes of one layer's penalties."""
    cell, sizes = _cell(key, settings), settings.sizes
    batch, limit = sizes["batch"][cell.layer], sizes["limit"]
    K = needed(results, cell.layer, cell.group, "operators")
    families: dict[str, tuple[Callable[[int], made.Step], tuple[int, ...]]] = {
        "operators": (lambda k: made.operators(cell, k, made.POOL), (*sizes["samples"], round(K))),
        "operators anew": (lambda k: made.operators(cell, k, None), sizes["samples"][:2]),
        "by hand": (lambda k: made.by_hand(cell, k), sizes["samples"][:2]),
        "outputs": (lambda k: made.outputs(cell, k, made.POOL, batch), sizes["samples"][:3]),
        "outputs anew": (lambda k: made.outputs(cell, k, None, batch), sizes["samples"][:1]),
    }
    steps = {
        "layer": made.layer(cell, batch),
        "weight decay": made.decay(cell),
        "exact": made.exact(cell, made.NORMS["Frobenius squared"]),
        "Frobenius": made.exact(cell, made.NORMS["Frobenius"]),
        "spectral": made.exact(cell, made.NORMS["spectral"]),
        "averaged": made.averaged(cell),
    }
    for name, (make, counts) in families.items():
        once = _seconds(make(counts[0]))
        for k in counts:
            fits = k * once <= limit and 6 * k * cell.weight.nbytes <= sizes["bytes"]
            is_first = k == counts[0] and "anew" not in name
            if is_first or fits or (name == "operators" and k == counts[1] and k * once < 3 * limit):
                steps[f"{name} {k}"] = make(k)
    times = in_turn(steps, settings.price_rounds, cell.device)
    base = times["layer"]
    for name in times:
        if name.startswith("outputs"):  # beside the layer's own pass, which is not counted
            times[name] = [t - b for t, b in zip(times[name], base, strict=False)]
    del steps
    start = time.process_time()
    EquivariancePenalty(cell.module, cell.spec)
    return {
        "times": {name: middle(ts) for name, ts in times.items()},
        "quartiles": {name: _spread(ts) for name, ts in times.items()},
        "build": time.process_time() - start,
        "needed": K,
    }


def _seconds(step: made.Step) -> float:
    """Of a first call."""
    start = time.process_time()
    step()
    return time.process_time() - start


def _spread(times: list[float]) -> float:
    """The interquartile range over the median."""
    low, _, high = quantiles(times, n=4)
    return (high - low) / max(middle(times), 1e-12)


# Memory


def _memory(key: Key, settings: Settings, results: Results) -> Found:
    """The most that is held at once, in copies of the weight."""
    cell, batch = _cell(key, settings), settings.sizes["batch"][key["layer"]]
    makers: dict[str, Callable[[], made.Step]] = {
        "weight decay": lambda: made.decay(cell),
        **{name: lambda norm=norm: made.exact(cell, norm) for name, norm in made.NORMS.items()},
        "averaged": lambda: made.averaged(cell),
        **{f"operators {k}": lambda k=k: made.operators(cell, k, made.POOL) for k in settings.sizes["samples"][:3]},
        "by hand 1": lambda: made.by_hand(cell, 1),
        **{f"outputs {k}": lambda k=k: made.outputs(cell, k, made.POOL, batch) for k in settings.sizes["samples"][:2]},
    }
    out = {}
    for name, make in makers.items():
        cell.weight.grad = None  # what was held before is not counted when it is let go
        out[name] = peak_bytes(make, cell.device) / cell.weight.nbytes
    return {"copies": out, "needed": needed(results, cell.layer, cell.group, "operators")}


# Norms


def _norms(key: Key, settings: Settings, results: Results) -> Found:
    """Seconds of the exact penalty in every norm."""
    cell = _cell(key, settings)
    times = in_turn({n: made.exact(cell, norm) for n, norm in made.NORMS.items()}, settings.price_rounds, cell.device)
    return {"times": {name: middle(ts) for name, ts in times.items()}}


# Growth with the group's order


def _order_keys(settings: Settings) -> Sequence[Key]:
    return [{"group": group} for group in settings.sizes["orders"]]


def _orders(key: Key, settings: Settings, results: Results) -> Found:
    """Seconds on copies of the regular representation of one group, at nearly the same width for all."""
    dim = unit(key["group"]).dim
    cell = Cell("linear", key["group"], settings.sizes["order width"] // dim * dim, settings.device)
    start = time.process_time()
    EquivariancePenalty(cell.module, cell.spec)
    build = time.process_time() - start
    steps = {
        "weight decay": made.decay(cell),
        "exact": made.exact(cell, made.NORMS["Frobenius squared"]),
        "spectral": made.exact(cell, made.NORMS["spectral"]),
        "operators 1": made.operators(cell, 1, made.POOL),
        "operators 4": made.operators(cell, 4, made.POOL),
        "by hand 1": made.by_hand(cell, 1),
        "by hand 4": made.by_hand(cell, 4),
    }
    if dim**4 <= 1 << 24:
        steps["averaged"] = made.averaged(cell)
    times = in_turn(steps, settings.price_rounds, cell.device)
    small = Cell("linear", key["group"], dim)
    counts = [1 << k for k in range(settings.sizes["most"].bit_length())]
    errors = [made.running_errors(small, made.operators(small, 1, None, s), counts) for s in settings.test_seeds[:3]]
    return {
        "order": int(unit(key["group"]).group.order),
        "width": cell.width,
        "build": build,
        "times": {name: middle(ts) for name, ts in times.items()},
        "counts": counts,
        "errors": errors,
    }


# Whole training steps


def _mlp(width: int) -> tuple[nn.Module, Any, Any, tuple[int, ...]]:
    V = width // 4 * Cyclic(4).regular()
    net = nn.Sequential(*(m for _ in range(3) for m in (nn.Linear(width, width), nn.ReLU())))
    return net, {"0": (V, V), "2": (V, V), "4": (V, V)}, V, (width,)


def _spins(width: int) -> tuple[nn.Module, Any, Any, tuple[int, ...]]:
    V = width // 16 * unit("SO3")
    net = nn.Sequential(*(nn.Linear(width, width, bias=False) for _ in range(3)))
    return net, {"0": (V, V), "1": (V, V), "2": (V, V)}, V, (width,)


def _cnn(width: int) -> tuple[nn.Module, Any, Any, tuple[int, ...]]:
    V = width // 4 * Cyclic(4).regular()
    net = nn.Sequential(*(m for _ in range(3) for m in (nn.Conv2d(width, width, 3, padding=1), nn.ReLU())))
    return net, {"0": (V, V), "2": (V, V), "4": (V, V)}, V, (width, 16, 16)


NETS = {"MLP, C4": _mlp, "linear layers, SO(3)": _spins, "CNN, C4": _cnn}


def _step_keys(settings: Settings) -> Sequence[Key]:
    return [{"net": net, "width": w, "batch": b} for net, sizes in settings.sizes["steps"].items() for w, b in sizes]


def _steps(key: Key, settings: Settings, results: Results) -> Found:
    """Seconds of a step of gradient descent with each penalty in the loss, three layers."""
    torch.manual_seed(0)
    net, spec, V, shape = NETS[key["net"]](key["width"])
    net = net.to(settings.device)
    x = torch.randn(key["batch"], *shape).to(settings.device)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)

    def step(term: Callable[..., torch.Tensor] | None) -> made.Step:
        def run() -> None:
            optimizer.zero_grad()
            y = net(x)
            loss = y.square().mean()
            if term is not None:
                loss = loss + 1e-3 * term(x, y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()

        return run

    def alone(pen: nn.Module) -> Callable[..., torch.Tensor]:
        return lambda x, y: pen()

    def draw() -> torch.Generator:
        return torch.Generator().manual_seed(0)

    terms: dict[str, Callable[..., torch.Tensor] | None] = {
        "plain": None,
        "weight decay": alone(WeightDecay(net)),
        "Frobenius squared": alone(EquivariancePenalty(net, spec, Frobenius(squared=True))),
        "Frobenius": alone(EquivariancePenalty(net, spec)),
        "spectral": alone(EquivariancePenalty(net, spec, Spectral())),
        **{
            f"operators {k}": alone(SampledOperatorPenalty(net, spec, generator=draw(), samples=k, pool=made.POOL))
            for k in (1, 4)
        },
        **{
            f"outputs {k}": SampledOutputPenalty(net, V, V, generator=draw(), samples=k, pool=made.POOL) for k in (1, 4)
        },
    }
    times = in_turn({name: step(term) for name, term in terms.items()}, 2 * settings.price_rounds, settings.device)
    plain = times["plain"]
    return {
        "times": {name: middle(ts) for name, ts in times.items()},
        "ratios": {n: middle([t / p for t, p in zip(ts, plain, strict=False)]) for n, ts in times.items()},
        "quartiles": {n: _spread([t / p for t, p in zip(ts, plain, strict=False)]) for n, ts in times.items()},
    }


WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)

FULL = Settings(
    steps=0,
    rates=(),
    choose_seeds=(),
    test_seeds=(0, 1, 2, 3, 4),
    price_rounds=5,
    sizes={
        "groups": GROUPS,
        "errors": {"linear": (64, 256), "conv": (64,)},
        "most": 256,
        "most outputs": 32,
        "prices": {"linear": WIDTHS, "conv": (64, 128, 256, 512)},
        "memory": {"linear": (256, 512), "conv": (128,)},
        "norms": {"linear": (64, 256, 512), "conv": (64, 128)},
        "batch": {"linear": 64, "conv": 16},
        "samples": (1, 4, 16, 64),
        "limit": 0.3,
        "bytes": 2 << 30,
        "orders": ("C4", "S3reg", "C8", "C16", "S4reg", "C32", "C64", "S5reg", "C128", "C256"),
        "order width": 1024,
        "steps": {"MLP, C4": ((512, 64), (1024, 128)), "linear layers, SO(3)": ((512, 64),), "CNN, C4": ((64, 16),)},
    },
)
SMOKE = Settings(
    steps=0,
    rates=(),
    choose_seeds=(),
    test_seeds=(0,),
    price_rounds=2,
    sizes={
        **FULL.sizes,
        "groups": ("C4",),
        "errors": {"linear": (16,), "conv": (16,)},
        "most": 8,
        "most outputs": 4,
        "prices": {"linear": (16, 32), "conv": (16,)},
        "memory": {},
        "norms": {"linear": (16,)},
        "batch": {"linear": 4, "conv": 1},
        "samples": (1, 4),
        "limit": 0.002,
        "orders": ("C4",),
        "order width": 16,
        "steps": {"MLP, C4": ((16, 4),)},
    },
)
GPU = Settings(
    steps=0,
    rates=(),
    choose_seeds=(),
    test_seeds=(0, 1, 2, 3, 4),
    price_rounds=9,
    device="cuda",
    sizes={
        **FULL.sizes,
        "prices": {"linear": WIDTHS, "conv": (64, 256, 1024, 2048)},
        "norms": {"linear": (64, 1024), "conv": (64, 256)},
        "limit": 0.2,
        "bytes": 16 << 30,
        "steps": {
            "MLP, C4": ((1024, 1024), (4096, 1024)),
            "linear layers, SO(3)": ((1024, 1024),),
            "CNN, C4": ((64, 128), (256, 128)),
        },
    },
)

STUDY = Study(
    name="price",
    title="time and memory of a penalty's gradient, exact and sampled",
    version=1,
    full=FULL,
    smoke=SMOKE,
    gpu=GPU,
    report=report,
    extras=(
        Extra("errors", _keys("errors"), _errors),
        Extra("prices", _keys("prices"), _prices),
        Extra("memory", _keys("memory"), _memory),
        Extra("norms", _keys("norms"), _norms),
        Extra("orders", _order_keys, _orders),
        Extra("steps", _step_keys, _steps),
    ),
)
