"""How fast the equivariant part of a weight moves, and what a step costs: entrywise Adam, SplitAdamW, residual pathways.

`python benchmarks/split_frame.py` prints both, ratios within one run; docs/guide/split-frame.md quotes them.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from grouprep import SO, Dihedral
from projectors.baselines import SampledOperatorPenalty, SampledOutputPenalty, residual_pathways_
from projectors.penalties import Frobenius
from projectors.torch import EquivariancePenalty, SplitAdamW, equivariant_start_

DIGITS = Path(__file__).resolve().parent.parent / "projectors" / "demo" / "data" / "digits.npz"
G = Dihedral(4)
STEPS, RATE, BATCH = 150, 3e-3, 64


def convolutional() -> tuple[nn.Sequential, dict]:
    """The study's network on 8 x 8 images, and its specification."""
    F = 4 * G.regular()
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU()),
        *(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(512, 10)),
    )
    return net, {"0": (G.trivial(), F), "2": (F, F), "6": (F * G.grid((4, 4)), 10 * G.trivial())}


def speeds(kind: str) -> list[float]:
    """The mean length of P(step) of each layer, in units of lr sqrt(n), over a training run on digits."""
    data = np.load(DIGITS)
    x = torch.tensor(data["images"]).float().reshape(-1, 1, 8, 8)
    x, y = x / x.max(), torch.tensor(data["labels"]).long()
    net, spec = convolutional()
    pen = EquivariancePenalty(copy.deepcopy(net), spec)
    own = EquivariancePenalty(net, spec, residual=20.0, decoupled=True)
    if kind != "Adam":
        equivariant_start_(net, own, generator=torch.Generator().manual_seed(0))
    if kind == "pathways":
        residual_pathways_(net, spec)
    optimizer = (
        SplitAdamW(net.parameters(), own, lr=RATE) if kind == "SplitAdamW" else torch.optim.Adam(net.parameters(), RATE)
    )
    generator, sums = torch.Generator().manual_seed(1), dict.fromkeys(spec, 0.0)
    for _ in range(STEPS):
        chosen = torch.randint(len(x), (BATCH,), generator=generator)
        before = {k: net[int(k)].weight.detach().clone() for k in spec}
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x[chosen]), y[chosen]).backward()
        optimizer.step()
        for k in spec:
            step = pen.split(f"{k}.weight", net[int(k)].weight.detach() - before[k])[0]
            sums[k] += float(step.norm()) / (RATE * step.numel() ** 0.5 * STEPS)
    return list(sums.values())


def medians(steps: dict[str, Callable[[], None]], rounds: int = 60) -> dict[str, float]:
    """The median time of each, in turn, as multiples of the first."""
    times: dict[str, list[float]] = {k: [] for k in steps}
    for _ in range(rounds):
        for k, step in steps.items():
            start = time.perf_counter()
            step()
            times[k].append(time.perf_counter() - start)
    found = {k: float(np.median(t[10:])) for k, t in times.items()}
    return {k: t / found[next(iter(found))] for k, t in found.items()}


def costs() -> None:
    """What a step costs, in units of a plain one with Adam."""
    F = 64 * G.regular()
    torch.manual_seed(0)
    mlp = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    networks = {
        "MLP 512, batch 256": (mlp, {"0": (F, F), "2": (F, F), "4": (F, 10 * G.trivial())}, torch.randn(256, 512)),
        "convolutions, batch 64": (*convolutional(), torch.randn(64, 1, 8, 8)),
    }
    for name, (first, spec, x) in networks.items():
        nets = [copy.deepcopy(first) for _ in range(4)]
        residual_pathways_(nets[3], spec)
        pen = EquivariancePenalty(nets[2], spec)
        split = EquivariancePenalty(nets[1], spec, residual=20.0, decoupled=True)
        optimizers = [torch.optim.Adam(n.parameters(), RATE) for n in nets]
        optimizers[1] = SplitAdamW(nets[1].parameters(), split, lr=RATE)  # type: ignore[call-overload]
        y = torch.randint(10, (len(x),))

        def step(k: int, nets=nets, optimizers=optimizers, x=x, y=y, pen=pen) -> None:
            optimizers[k].zero_grad()
            loss = nn.functional.cross_entropy(nets[k](x), y)
            (loss + pen() if k == 2 else loss).backward()
            optimizers[k].step()

        names = ["Adam", "SplitAdamW", "penalty in the loss", "pathways"]
        found = medians({n: (lambda k=k, step=step: step(k)) for k, n in enumerate(names)})
        print(f"{name}: " + ", ".join(f"{k} {v:.2f}" for k, v in found.items()))


def sampling() -> None:
    """What sampled penalties on features of SO(3) cost, in units of a plain step."""
    R = SO(3)
    F = 16 * (R.irrep(0) + R.irrep(1) + R.irrep(2) + R.irrep(3) + R.irrep(4))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(F.dim, F.dim), nn.Linear(F.dim, F.dim))
    x, spec, generator = torch.randn(128, F.dim), {"0": (F, F), "1": (F, F)}, torch.Generator().manual_seed(0)
    exact = EquivariancePenalty(net, spec, Frobenius(squared=True))
    fresh = SampledOperatorPenalty(net, spec, generator=generator)
    pool = SampledOperatorPenalty(net, spec, generator=generator, pool=64)
    outputs = SampledOutputPenalty(net, F, F, generator=generator)

    def step(value: Callable[[], object]) -> None:
        net.zero_grad()
        (net(x).square().mean() + value()).backward()  # type: ignore[operator]

    values = {
        "plain": lambda: 0.0,
        "exact": exact,
        "sampled": fresh,
        "from a pool": pool,
        "outputs": lambda: outputs(x),
    }
    found = medians({k: (lambda v=v: step(v)) for k, v in values.items()}, 40)
    print("SO(3), l <= 4: " + ", ".join(f"{k} {v:.2f}" for k, v in found.items()))


if __name__ == "__main__":
    for kind in ("Adam", "SplitAdamW", "pathways"):
        print(f"{kind}: P(step) / (lr sqrt(n)) of the layers: " + ", ".join(f"{v:.2f}" for v in speeds(kind)))
    costs()
    sampling()
