"""Methods that this study needs beside those of the harness."""

from __future__ import annotations

import torch
from torch import nn

from projectors.baselines import SharingPenalty, relaxed_sharing_
from projectors.torch import constrain_, equivariant_start_
from studies.harness import Method, Prepared, Problem
from studies.plume.network import network, specification

__all__ = ["exact_told", "sharing"]


def sharing(*strengths: float, banks: int = 2) -> Method:
    """As the harness's; the first layer's coefficients belong to its output, as vectors at its input are not permuted."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        first, *others = problem.spec
        relaxed_sharing_(net, {first: problem.spec[first]}, banks, "output", generator)
        relaxed_sharing_(net, {name: problem.spec[name] for name in others}, banks, "input", generator)
        pen = SharingPenalty(net, strength)
        return Prepared(net, lambda x, out, y: pen())

    return Method("relaxed sharing", strengths, prepare)


def exact_told() -> Method:
    """Equivariant layers with one more input, the constant vector +x: equivariant where that vector turns too, which it never does."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        weight = next(net.parameters())
        fields = len(weight) // 4
        wider, spec = (
            network(generator.initial_seed(), fields, told=True).to(weight.device),
            specification(fields, told=True),
        )
        equivariant_start_(wider, spec, generator=generator)
        constrain_(wider, spec)
        return Prepared(wider)

    return Method("exact, told the axis", (0.0,), prepare)
