"""Approximate equivariance on real digits: projection penalties beside what others do in their place.

    python studies/approximate_equivariance/run.py [--seeds N] [--steps N] [--out FILE]

A plain CNN learns scikit-learn's 8 x 8 digits from 300 images, under C4 (quarter turns) or D4 (and reflections):

    symmetric   every image is moved by its own random element of the group, in training and in testing
    broken      so are all digits except 6 and 9, which stay upright: an invariant network cannot tell them apart by that

Every method is told the same: the group, and how it acts on pixels, features and classes. Strengths are chosen by the accuracy on
300 validation images, averaged over the seeds; the accuracy that is reported is that on the remaining 1,197 images.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

from grouprep import Cyclic, Dihedral
from projectors.baselines import (
    Augmentation,
    AugmentedLoss,
    PathwayPrior,
    SampledOperatorPenalty,
    SampledOutputPenalty,
    SharingPenalty,
    WeightDecay,
    relaxed_sharing_,
    residual_pathways_,
)
from projectors.penalties import Frobenius, Spectral
from projectors.torch import EquivariancePenalty, equivariance_error, project_

HERE = Path(__file__).resolve().parent
FIGURE = HERE.parents[1] / "docs" / "images" / "approximate_equivariance.png"
GROUPS = {"C4": Cyclic(4), "D4": Dihedral(4)}
TASKS = [("C4", "symmetric"), ("C4", "broken"), ("D4", "broken")]
CHANNELS, CLASSES, BATCH, RATE = 32, 10, 64, 3e-3
TRAINING, VALIDATION = 300, 300
UPRIGHT = (6, 9)

Batch = tuple[torch.Tensor, torch.Tensor]
Loss = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor
]  # of inputs, outputs, labels: what is added to the task's


# Data and network


def data(group: str, task: str, seed: int) -> dict[str, Batch]:
    """Training, validation and test images, each moved once, (n, 1, 8, 8) in [0, 1], and their labels."""
    digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(digits.target))
    x = torch.tensor(digits.data[order] / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    y = torch.tensor(digits.target[order])
    move = Augmentation(GROUPS[group].trivial(), generator=torch.Generator().manual_seed(seed))
    moved, _ = move(x, y)
    if task == "broken":
        stays = sum(y == k for k in UPRIGHT).bool()
        moved[stays] = x[stays]
    ends = TRAINING, TRAINING + VALIDATION
    parts = {"training": slice(0, ends[0]), "validation": slice(*ends), "test": slice(ends[1], None)}
    return {name: (moved[part], y[part]) for name, part in parts.items()}


def network(seed: int) -> nn.Sequential:
    """A plain CNN: two convolutions, a pool, a linear layer on the flattened features."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * CHANNELS, CLASSES),
    )


def specification(group: str) -> dict[str, Any]:
    """How the group acts on the network's layers."""
    G = GROUPS[group]
    features = CHANNELS // G.order * G.regular()
    return {
        "0": (G.trivial(), features),
        "2": (features, features),
        "6": (features * G.grid((4, 4)), CLASSES * G.trivial()),
    }


# Methods


@dataclass(frozen=True)
class Method:
    """A name, the strengths that are tried, and what a strength makes of a network: a term for the loss."""

    name: str
    strengths: tuple[float, ...]
    prepare: Callable[[nn.Sequential, str, float, torch.Generator], Loss | None]


def equivariant_start(net: nn.Sequential, group: str) -> None:
    """Project the first weights, and give each the size it was drawn with."""
    sizes = [float(torch.linalg.vector_norm(p.detach())) for p in net.parameters()]
    project_(net, specification(group))
    with torch.no_grad():
        for parameter, size in zip(net.parameters(), sizes, strict=True):
            parameter *= size / torch.linalg.vector_norm(parameter)


def _penalty(norm: Any, start: str = "equivariant") -> Callable[..., Loss]:
    def prepare(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
        if start == "equivariant":
            equivariant_start(net, group)
        pen = EquivariancePenalty(net, specification(group), norm, residual=strength)
        return lambda x, out, y: pen()

    return prepare


def _augmented(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    pen = AugmentedLoss(net, cross_entropy, Augmentation(GROUPS[group].trivial(), generator=generator), strength)
    return lambda x, out, y: pen(x, y)


def _outputs(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    equivariant_start(net, group)
    G = GROUPS[group]
    pen = SampledOutputPenalty(net, G.trivial(), CLASSES * G.trivial(), generator=generator, strength=strength)
    return lambda x, out, y: pen(x, out)


def _operators(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    equivariant_start(net, group)
    pen = SampledOperatorPenalty(net, specification(group), generator=generator, strength=strength)
    return lambda x, out, y: pen()


def _pathways(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    residual_pathways_(net, specification(group), free=0.1)
    pen = PathwayPrior(net, equivariant=0.0, free=strength)
    return lambda x, out, y: pen()


def _sharing(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    relaxed_sharing_(net, specification(group), banks=2, generator=generator)
    pen = SharingPenalty(net, strength)
    return lambda x, out, y: pen()


def _decay(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> Loss:
    pen = WeightDecay(net, strength)
    return lambda x, out, y: pen()


def _exact(net: nn.Sequential, group: str, strength: float, generator: torch.Generator) -> None:
    residual_pathways_(net, specification(group))
    for name, parameter in net.named_parameters():
        parameter.requires_grad_("free" not in name)


METHODS = (
    Method("plain", (0.0,), lambda net, group, strength, generator: None),
    Method("plain, equivariant start", (0.0,), lambda net, group, strength, generator: equivariant_start(net, group)),
    Method("weight decay", (1e-3, 1e-2), _decay),
    Method("exactly equivariant", (0.0,), _exact),
    Method("augmentation", (0.3, 1.0, 3.0, 10.0), _augmented),
    Method("sampled outputs", (0.01, 0.1, 1.0), _outputs),
    Method("sampled operators", (0.01, 0.1, 1.0), _operators),
    Method("residual pathways", (0.01, 0.1, 1.0, 10.0), _pathways),
    Method("relaxed sharing", (1e-5, 1e-4, 1e-3), _sharing),
    Method("projection, Frobenius squared", (0.01, 0.1, 1.0, 3.0), _penalty(Frobenius(squared=True))),
    Method("projection, Frobenius", (0.01, 0.1, 0.3, 1.0), _penalty(Frobenius())),
    Method("projection, spectral", (0.03, 0.1, 0.3, 1.0), _penalty(Spectral())),
    Method("projection, plain start", (0.03, 0.3), _penalty(Frobenius(squared=True), "plain")),
)


# Training


def train(method: Method, group: str, strength: float, batch: Batch, seed: int, steps: int) -> nn.Sequential:
    """The trained network."""
    net = network(seed)
    generator = torch.Generator().manual_seed(seed)
    extra = method.prepare(net, group, strength, generator)
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=RATE)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    x, y = batch
    order = torch.Generator().manual_seed(seed + 1)
    for _ in range(steps):
        chosen = torch.randint(len(y), (BATCH,), generator=order)
        training_step(net, optimizer, extra, (x[chosen], y[chosen]))
        rates.step()
    return net


def training_step(net: nn.Module, optimizer: torch.optim.Optimizer, extra: Loss | None, batch: Batch) -> None:
    """One step on a batch."""
    x, y = batch
    optimizer.zero_grad()
    out = net(x)
    loss = cross_entropy(out, y)
    if extra is not None:
        loss = loss + extra(x, out, y)
    loss.backward()
    optimizer.step()


def step_times(group: str, rounds: int = 15, steps: int = 20) -> dict[str, float]:
    """The time of a step of each method in seconds: the shortest of some rounds, in which the methods take turns."""
    x, y = (part[:BATCH] for part in data(group, "symmetric", 0)["training"])
    ready = {}
    for method in METHODS:
        net = network(0)
        extra = method.prepare(net, group, method.strengths[-1], torch.Generator().manual_seed(0))
        ready[method.name] = net, torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=RATE), extra
    best = dict.fromkeys(ready, float("inf"))
    for _ in range(rounds):
        for name, (net, optimizer, extra) in ready.items():
            start = time.perf_counter()
            for _ in range(steps):
                training_step(net, optimizer, extra, (x, y))
            best[name] = min(best[name], (time.perf_counter() - start) / steps)
    return best


@torch.no_grad()
def accuracy(net: nn.Module, batch: Batch) -> float:
    """The share of images whose largest score is that of their label."""
    return float((net(batch[0]).argmax(dim=1) == batch[1]).float().mean())


def run(method: Method, group: str, task: str, strength: float, seed: int, steps: int) -> dict[str, Any]:
    """One network: what it reaches, and what is left of the symmetry."""
    sets = data(group, task, seed)
    net = train(method, group, strength, sets["training"], seed, steps)
    G = GROUPS[group]
    error = equivariance_error(net, G.trivial(), CLASSES * G.trivial(), sets["test"][0])
    x, y = sets["test"]
    upright = sum(y == k for k in UPRIGHT).bool()
    record = {
        "validation": accuracy(net, sets["validation"]),
        "test": accuracy(net, sets["test"]),
        "test, 6 and 9": accuracy(net, (x[upright], y[upright])),
        "equivariance error": error.mean,
    }
    if method.name.startswith("projection"):
        project_(net, specification(group))
        record["test, projected"] = accuracy(net, sets["test"])
    return record


def mean(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, and the standard deviation of the accuracy."""
    out = {key: float(np.mean([r[key] for r in records])) for key in records[0]}
    return {**out, "test, deviation": float(np.std([r["test"] for r in records]))}


def chosen(results: list[dict[str, Any]], method: str) -> dict[str, Any]:
    """The result of the strength with the best validation accuracy; of equals the strongest."""
    return max((r for r in results if r["method"] == method), key=lambda r: (r["validation"], r["strength"]))


def study(group: str, task: str, seeds: int, steps: int) -> list[dict[str, Any]]:
    """All methods and strengths on one task, means over the seeds; prints what is chosen."""
    print(f"{group}, {task}", flush=True)
    results: list[dict[str, Any]] = []
    for method in METHODS:
        for strength in method.strengths:
            runs = [run(method, group, task, strength, seed, steps) for seed in range(seeds)]
            results.append({"group": group, "task": task, "method": method.name, "strength": strength, **mean(runs)})
        r = chosen(results, method.name)
        print(
            f"  {method.name:30} {r['strength']:8.3g}  {100 * r['test']:5.1f} +- {100 * r['test, deviation']:.1f} %  "
            f"6, 9: {100 * r['test, 6 and 9']:5.1f} %  error {r['equivariance error']:8.2g}",
            flush=True,
        )
    return results


def figure(results: list[dict[str, Any]], times: dict[str, dict[str, float]], path: Path) -> None:
    """Accuracy against the equivariance error, one panel a task, and the time of a step."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    tasks = list(dict.fromkeys((r["group"], r["task"]) for r in results))
    fig, grid = plt.subplots(2, 2, figsize=(11, 8.5), layout="constrained")
    axes = grid.ravel()
    colors = {method.name: plt.get_cmap("tab20")(k) for k, method in enumerate(METHODS)}
    for axis, (group, task) in zip(axes, tasks, strict=False):
        for method in METHODS:
            points = [r for r in results if (r["group"], r["task"], r["method"]) == (group, task, method.name)]
            errors = [max(r["equivariance error"], 1e-3) for r in points]
            scores = [100 * r["test"] for r in points]
            ours = method.name.startswith("projection")
            style = {"color": colors[method.name], "marker": "o" if ours else "s", "markersize": 6 if ours else 4}
            axis.plot(errors, scores, "-" if ours else ":", label=method.name, **style)
            best = chosen(points, method.name)
            axis.plot(
                max(best["equivariance error"], 1e-3), 100 * best["test"], "o", ms=11, mfc="none", color=style["color"]
            )
        axis.set(
            xscale="log",
            xlabel="equivariance error (left edge: below 0.001)",
            ylabel="test accuracy, %",
            title=f"{group}, {task}",
        )
        low = sorted(100 * r["test"] for r in results if (r["group"], r["task"]) == (group, task))
        axis.set_ylim(max(low[0], low[-1] - 25) - 1, low[-1] + 1)
    base = times["C4"]["plain"]
    names = list(times["C4"])[::-1]
    axes[-1].barh(names, [times["C4"][n] / base for n in names], color=[colors[n] for n in names])
    axes[-1].axvline(1, color="black", linewidth=0.7)
    axes[-1].set(xlabel="time of a training step / plain", title="C4, batch 64, one thread")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=5, fontsize=8)
    fig.savefig(path, dpi=100)


def main() -> None:
    """Run everything, print what is chosen, write the results and the figure."""
    parser = argparse.ArgumentParser(description="Compare penalties on turned digits.")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = [r for task in TASKS for r in study(*task, arguments.seeds, arguments.steps)]
    write(results, arguments.seeds, arguments.steps, arguments.out, arguments.figure)


def write(results: list[dict[str, Any]], seeds: int, steps: int, out: Path, picture: Path) -> None:
    """Time the steps, and write the results as JSON and as a figure."""
    times = {group: step_times(group) for group in GROUPS}
    for group, found in times.items():
        print(group, {name: round(t / found["plain"], 2) for name, t in found.items()})
    settings = {"seeds": seeds, "steps": steps, "batch": BATCH, "training images": TRAINING}
    text = json.dumps({"settings": settings, "seconds a step": times, "results": results}, indent=1)
    out.write_text(text + "\n", encoding="utf-8")
    figure(results, times, picture)


if __name__ == "__main__":
    main()
