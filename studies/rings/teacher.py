"""A linear layer that learns a known residual from noisy samples: where the right norm is known, does the rule find it?"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from grouprep import Cyclic
from projectors import Hom
from projectors.penalties import Frobenius, Nuclear, Spectral
from projectors.torch import EquivariancePenalty, choose_norms, equivariant_start_, project_

__all__ = ["KINDS", "WAYS", "residual", "taught"]

COPIES, SAMPLES, NOISE, SIZE = 6, 48, 1.0, 3.0
V = COPIES * Cyclic(4).regular()
HOM = Hom(V, V)
KINDS = ("one direction", "all directions alike", "random")
FIXED = {"Frobenius": Frobenius(), "spectral": Spectral(), "nuclear": Nuclear()}
WAYS = (*FIXED, "chosen")


def residual(kind: str, rng: np.random.Generator) -> np.ndarray:
    """An operator of Frobenius norm SIZE in the residual space, with few singular values, equal ones, or those of a random one."""
    n = V.dim
    if kind == "one direction":  # a product of vectors that lie in different irreps
        u, v = np.kron(rng.standard_normal(COPIES), np.ones(4)), np.kron(rng.standard_normal(COPIES), [1, -1, 1, -1])
        R = np.outer(u, v)
    elif kind == "all directions alike":  # a signed permutation that maps each irrep to another one
        shift = np.kron(np.eye(COPIES), np.diag([1.0, -1.0, 1.0, -1.0]))
        Q, _ = np.linalg.qr(rng.standard_normal((COPIES, COPIES)))
        R = np.kron(Q, np.eye(4)) @ shift
    else:
        R = HOM.residual(rng.standard_normal((n, n)))
    return R * (SIZE / np.linalg.norm(R))


def taught(kind: str, norm: str, seed: int, steps: int) -> dict[str, Any]:
    """|T - truth|_F of a layer that was trained on SAMPLES noisy samples with lambda = N*(W), and which norm it had in the end.

    Parameters
    ----------
    kind : one of KINDS; norm : one of WAYS; seed : of the truth and the samples; steps : of Adam on all samples.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    n = V.dim
    truth = HOM.project(rng.standard_normal((n, n))) / 2 + residual(kind, rng)
    x = torch.tensor(rng.standard_normal((SAMPLES, n)), dtype=torch.float32)
    clean = x @ torch.tensor(truth.T, dtype=torch.float32)
    y = clean + NOISE * torch.tensor(rng.standard_normal((SAMPLES, n)), dtype=torch.float32)
    layer = nn.Linear(n, n, bias=False)
    pen = EquivariancePenalty(layer, {"": (V, V)})
    equivariant_start_(layer, pen, generator=torch.Generator().manual_seed(seed))
    among = tuple(FIXED.values()) if norm == "chosen" else (FIXED[norm],)

    def loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (layer(x) - y).square().sum(1).mean() / 2

    optimizer = torch.optim.Adam(layer.parameters(), lr=3e-2)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for k in range(steps):
        if k < steps // 4:
            project_(layer, pen)
        if k == steps // 4:
            found = choose_norms(pen, loss, list(zip(x.split(4), y.split(4), strict=True)), among=among)
            pen.reweight_(found.weights, norm=found.norms)
        optimizer.zero_grad()
        (loss(x, y) + pen()).backward()
        optimizer.step()
        rates.step()
    error = float(np.linalg.norm(layer.weight.detach().double().numpy() - truth))
    return {
        "error": error,
        "used": str(found.norms[""]),
        "lambda": found.weights[""],
        "scores": [round(s, 2) for s in found.scores[""].values()],
    }
