"""What this study compares beside the harness's own methods: layers of O(3) by their coefficients, alone and beside free ones."""

from __future__ import annotations

import torch
from torch import nn

from projectors.penalties import Frobenius
from projectors.torch import EquivariancePenalty, Linear, SplitAdamW, equivariant_start_
from studies.harness import (
    Method,
    Prepared,
    Problem,
    augmentation,
    pathways,
    penalty,
    plain,
    projected,
    sampled_operators,
    sampled_outputs,
    split_frame,
    weight_decay,
)
from studies.molecules.network import SCALARS, SphericalLinear, coefficients, spherical_

__all__ = ["BY_HAND", "FREE", "METHODS", "PENALTY", "degree_of", "samplers"]

PENALTY = "penalty, squared Frobenius"


def degree_of(problem: Problem) -> int:
    """L of the outputs."""
    return 0 if problem.W == SCALARS else 1


def exact() -> Method:
    """The equivariant network by its coefficients, as libraries for O(3) have it: P is nowhere computed."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        spherical_(net, degree_of(problem))
        return Prepared(net)

    return Method("exact", (0.0,), prepare)


def last_layer(name: str, strengths: tuple[float, ...], split: bool) -> Method:
    """Exact as above but in the last layer, which is plain: penalised, or in the split frame; strength 0: free."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        spherical_(net, degree_of(problem), last=False)
        if not strength:
            return Prepared(net)
        spec = {key: problem.spec[key] for key in list(problem.spec)[-1:]}
        if split:
            pen = EquivariancePenalty(net, spec, residual=Linear(strength, 0.0, steps=steps), decoupled=True)
            return Prepared(net, optimizer=lambda params, lr: SplitAdamW(params, pen, lr=lr))
        pen = EquivariancePenalty(net, spec, Frobenius(squared=True), residual=strength)
        return Prepared(net, lambda x, out, y: pen())

    return Method(name, strengths, prepare)


def samplers(count: int) -> tuple[Method, Method]:
    """Both sampled penalties with so many samples in each step; expectations and thus strengths do not depend on it."""
    return sampled_operators(count, 0.5, 5.0, 50.0), sampled_outputs(count, 0.1, 1.0, 10.0)


METHODS = (
    plain(),
    projected(),
    weight_decay(0.01, 0.1, 1.0),
    exact(),
    augmentation(0.3, 1.0, 3.0),
    pathways(1.0, 10.0, 100.0),
    *samplers(1),
    penalty(Frobenius(squared=True), 1.0, 10.0, 100.0, name=PENALTY),
    split_frame(20.0, 80.0, 320.0),
    last_layer("penalty, last layer alone", (0.1, 1.0, 10.0), split=False),
    last_layer("split frame, last layer alone", (20.0, 80.0, 320.0), split=True),
)


FREE = last_layer("free last layer", (0.0,), split=False)  # a control: is it the penalty, or where it stands?


# The same by hand: what code for this group alone would cost


class _Pathway(nn.Module):
    """A free layer beside an equivariant one by its coefficients."""

    def __init__(self, layer: nn.Linear, degree: int | None) -> None:
        super().__init__()
        self.equivariant, self.free = SphericalLinear(layer, degree), layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.equivariant(x) + self.free(x)


def _pathways_by_hand() -> Method:
    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        assert isinstance(net, nn.Sequential)
        places = range(0, len(net), 2)
        for k in places:
            net[k] = _Pathway(net[k], degree_of(problem) if k == len(net) - 1 else None)
        free = [net[k].free.weight for k in places]
        return Prepared(net, lambda x, out, y: strength / 2 * torch.stack([w.square().sum() for w in free]).sum())

    return Method("residual pathways, by hand", (1.0,), prepare)


def _penalty_by_hand() -> Method:
    """|T - P(T)|^2 = |T|^2 - |P(T)|^2, the latter from the coefficients."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        assert isinstance(net, nn.Sequential)

        def term(x: torch.Tensor, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            total = x.new_zeros(())
            for k in range(0, len(net), 2):
                degree = degree_of(problem) if k == len(net) - 1 else None
                A = coefficients(net[k].weight, degree)
                first = 0 if degree is None else degree
                sizes = 2 * torch.arange(first, first + len(A), device=A.device) + 1
                total = total + net[k].weight.square().sum() - (A.square().sum(dim=(1, 2)) * sizes).sum()
            return strength * total

        return Prepared(net, term)

    return Method("penalty, by hand", (1.0,), prepare)


BY_HAND = (_penalty_by_hand(), _pathways_by_hand())
