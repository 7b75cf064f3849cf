"""The method of `choose_norms`: each layer's norm and strength from its residual and the noise of its gradient."""

from __future__ import annotations

import torch
from torch import nn

from projectors.penalties import Frobenius, Norm, Nuclear, Spectral
from projectors.torch import EquivariancePenalty, choose_norms, equivariant_start_, project_
from studies.harness.problem import Method, Prepared, Problem

__all__ = ["NORMS", "adaptive"]


NORMS = Frobenius(), Spectral(), Nuclear()


def adaptive(
    *margins: float, samples: int | None = None, among: tuple[Norm, ...] = NORMS, batches: int = 16, warm: float = 0.25
) -> Method:
    """Equivariant training first, then norms and strengths by `choose_norms`; what is tried is its margin.

    samples : the number of training samples; None: as many as a choice draws. among : the norms to choose from.
    batches : that a choice draws. warm : the share of the steps that are equivariant.
    """

    def prepare(net: nn.Module, problem: Problem, margin: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        pen = EquivariancePenalty(net, problem.spec)
        first = round(warm * steps)

        def choose() -> None:
            net.eval()
            drawn = [problem.batch(generator) for _ in range(batches)]
            found = choose_norms(
                pen, lambda x, y: problem.loss(net(x), y), drawn, margin=margin, samples=samples, among=among
            )
            net.train()
            pen.reweight_(found.weights, norm=found.norms)

        def after_step() -> None:
            pen.step()
            if pen.steps <= first:
                project_(net, pen)
            if pen.steps == first:
                choose()

        return Prepared(net, lambda x, out, y: pen(), after_step=after_step)

    return Method("penalty, norms chosen", margins or (0.5, 1.0, 2.0), prepare)
