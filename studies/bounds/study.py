"""Residuals against defects: of operators in three norms, and of networks against what their layers allow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Representation, Symmetric
from projectors import Hom
from projectors.torch import EquivariancePenalty, equivariant_start_
from studies.harness import Extra, Report, Results, Settings, Study, markdown
from studies.harness.tables import estimate

Array = np.ndarray[Any, Any]

SPACES = {
    "C4, regular": lambda: 4 * Cyclic(4).regular(),
    "D4, regular": lambda: 2 * Dihedral(4).regular(),
    "S5, points": lambda: 3 * Symmetric(5).natural(),
    "SO(2), frequencies 0 to 3": lambda: 2 * SO(2).trivial() + SO(2).irrep(1) + SO(2).irrep(2) + SO(2).irrep(3),
    "SO(3), l = 0 to 2": lambda: 2 * SO(3).irrep(0) + 2 * SO(3).irrep(1) + SO(3).irrep(2),
}
NORMS = {"Frobenius": "fro", "Spectral": 2, "Nuclear": "nuc"}
SCALES = (1e-3, 1e-2, 1e-1, 1.0)
DEPTHS = (1, 2, 3, 4)


def elements(V: Representation, count: int, rng: np.random.Generator) -> Array:
    """rho_V of all elements of a small group, of `count` random ones of the others."""
    if V.group.order is not None and V.group.order <= 200:
        return np.asarray(V(V.group.elements), dtype=float)
    return np.asarray(V(V.group.random(count, rng=rng)), dtype=float)


def operators(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """max_g N(rho(g)^-1 T rho(g) - T) / N(T - P(T)) of one random T, for every norm."""
    rng = np.random.default_rng(key["seed"])
    V = SPACES[key["space"]]()
    T = rng.normal(size=(V.dim, V.dim))
    R = T - np.asarray(Hom(V, V).project(T))
    rho = elements(V, settings.sizes["elements"], rng)
    moved = np.swapaxes(rho, 1, 2) @ T @ rho - T
    return {
        name: float(max(np.linalg.norm(M, kind) for M in moved) / np.linalg.norm(R, kind))
        for name, kind in NORMS.items()
    }


def networks(key: dict[str, Any], settings: Settings, results: Results) -> dict[str, Any]:
    """The defect of a network of regular features and ReLU, found by ascent from many inputs, and what its layers allow."""
    V = 4 * Cyclic(4).regular()
    generator = torch.Generator().manual_seed(key["seed"])
    torch.manual_seed(key["seed"])  # torch draws the layers that equivariant_start_ takes its variances from
    layers = [nn.Linear(V.dim, V.dim, bias=False, dtype=torch.float64) for _ in range(key["depth"])]
    net = nn.Sequential(*(m for layer in layers for m in (layer, nn.ReLU())))
    spec = {str(2 * k): (V, V) for k in range(key["depth"])}
    equivariant_start_(net, EquivariancePenalty(net, spec), generator=generator)
    rho = torch.tensor(np.asarray(V(V.group.elements), dtype=float))
    with torch.no_grad():
        for layer in layers:
            noise = torch.randn(V.dim, V.dim, generator=generator, dtype=torch.float64)
            layer.weight += (
                key["scale"] * (noise - torch.tensor(np.asarray(Hom(V, V).project(noise.numpy())))) / math.sqrt(V.dim)
            )
        sizes = [float(torch.linalg.matrix_norm(layer.weight, 2)) for layer in layers]
        defects = [
            float(torch.linalg.matrix_norm(rho.mT @ layer.weight @ rho - layer.weight, 2).max()) for layer in layers
        ]
    allowed = sum(d * math.prod(sizes[:k] + sizes[k + 1 :]) for k, d in enumerate(defects))
    return {"defect": _worst(net, rho, settings, generator), "allowed": allowed}


def _worst(net: nn.Module, rho: torch.Tensor, settings: Settings, generator: torch.Generator) -> float:
    """max over g and x of |f(g x) - g f(x)| / |x|, a lower bound found by gradient ascent on x."""
    x = torch.randn(settings.sizes["inputs"], rho.shape[1], generator=generator, dtype=torch.float64).requires_grad_()
    ascent = torch.optim.Adam([x], lr=0.05)
    best = 0.0
    for _ in range(settings.steps):
        moved = net((x @ rho.mT).flatten(0, 1)).reshape(len(rho), *x.shape) - net(x) @ rho.mT
        ratio = torch.linalg.vector_norm(moved, dim=-1).amax(0) / torch.linalg.vector_norm(x, dim=-1)
        best = max(best, float(ratio.max().detach()))
        ascent.zero_grad()
        (-ratio.sum()).backward()
        ascent.step()
    return best


def report(results: Results) -> Report:
    """Two tables, one picture, two verdicts."""
    found = results.where(phase="operators")
    rows, low, high = [], math.inf, 0.0
    for space in SPACES:
        cells = [[r[n] for r in found if r["space"] == space] for n in NORMS]
        rows.append([space, *(f"{min(c):.2f} to {max(c):.2f}" for c in cells)])
        low, high = min(low, *map(min, cells)), max(high, *map(max, cells))
    text = "max over g of N(ρ(g)⁻¹Tρ(g) − T) / N(T − P(T)), smallest and largest of random T:\n\n" + markdown(
        ["space", *NORMS], rows
    )
    nets = results.where(phase="networks")
    exceeded = sum(r["defect"] > r["allowed"] * (1 + 1e-9) for r in nets)
    rows, slopes = [], []
    for depth in DEPTHS:
        at = {s: [r for r in nets if r["depth"] == depth and r["scale"] == s] for s in SCALES}
        rows.append([depth, *(estimate([r["defect"] / r["allowed"] for r in at[s]]).text() for s in SCALES)])
        logs = [np.mean([math.log(r["defect"]) for r in at[s]]) for s in SCALES[:3]]
        slopes.append(float(np.polyfit(np.log(SCALES[:3]), logs, 1)[0]))
    text += "\n\nDefect of a network / what its layers allow, mean over seeds; columns: size of the residual, rows: depth:\n\n"
    text += markdown(["layers", *(f"{s:g}" for s in SCALES)], rows)
    text += (
        f"\n\nThe bound was exceeded by {exceeded} of {len(nets)} networks. log defect grows with log residual with slopes "
        f"{min(slopes):.2f} to {max(slopes):.2f} over the three smaller sizes."
    )
    within = 1 <= low and high <= 2
    findings = {
        "bound": (
            "reproduced" if within else "refuted",
            f"largest defect / distance between {low:.2f} and {high:.2f} in {len(found)} operators, three norms",
        ),
        "composition": (
            "reproduced" if not exceeded else "refuted",
            f"{exceeded} of {len(nets)} networks exceed the sum over layers; the bound is loose: 4 layers reach {rows[-1][1]} of it",
        ),
    }
    return Report(text, {"study_bounds.png": _picture(nets)}, findings)


def _picture(nets: list[dict[str, Any]]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axis = figure.subplots()
    for depth in DEPTHS:
        points = [r for r in nets if r["depth"] == depth]
        axis.plot([r["allowed"] for r in points], [r["defect"] for r in points], "o", ms=4, label=f"{depth} layers")
    ends = [min(r["allowed"] for r in nets), max(r["allowed"] for r in nets)]
    axis.plot(ends, ends, "k-", lw=0.8, label="equal")
    axis.set(xscale="log", yscale="log", xlabel="what the layers allow", ylabel="largest defect found of the network")
    axis.legend()
    return figure


def _operator_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"space": space, "seed": seed} for space in SPACES for seed in settings.test_seeds]


def _network_keys(settings: Settings) -> list[dict[str, Any]]:
    return [{"depth": d, "scale": s, "seed": k} for d in DEPTHS for s in SCALES for k in settings.test_seeds]


STUDY = Study(
    "bounds",
    "does distance bound the defect? do defects of layers compose?",
    version=1,
    full=Settings(200, (0.05,), (), tuple(range(10)), sizes={"elements": 500, "inputs": 32}),
    smoke=Settings(3, (0.05,), (), (0, 1), sizes={"elements": 20, "inputs": 2}),
    gpu=None,
    extras=(Extra("operators", _operator_keys, operators), Extra("networks", _network_keys, networks)),
    report=report,
)
