"""The methods that studies compare, each told the same: the group, and how it acts on the layers, inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

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
from projectors.penalties import Frobenius, Norm
from projectors.torch import (
    EquivariancePenalty,
    Linear,
    SplitAdamW,
    constrain_,
    equivariant_start_,
    project_,
)
from studies.harness.problem import Method, Prepared, Problem

__all__ = [
    "augmentation",
    "exact",
    "last_layer",
    "pathways",
    "penalty",
    "plain",
    "projected",
    "sampled_operators",
    "sampled_outputs",
    "sharing",
    "split_frame",
    "then_projected",
    "weight_decay",
]

POOL = 256  # elements that sampled baselines draw once, so that they are as fast as they can be


def _method(name: str, strengths: tuple[float, ...]) -> Callable[[Callable[..., Prepared]], Method]:
    def made(prepare: Callable[..., Prepared]) -> Method:
        return Method(name, strengths, prepare)

    return made


def plain(start: bool = False) -> Method:
    """The network as it is; `start`: from equivariant first weights."""

    @_method("plain, equivariant start" if start else "plain", (0.0,))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        if start:
            equivariant_start_(net, problem.spec, generator=generator)
        return Prepared(net)

    return method


def weight_decay(*strengths: float) -> Method:
    """Half the sum of squares of all weights in the loss."""

    @_method("weight decay", strengths or (1e-4, 1e-3, 1e-2))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        pen = WeightDecay(net, strength)
        return Prepared(net, lambda x, out, y: pen())

    return method


def exact() -> Method:
    """Equivariant layers: P(A) in the place of every weight, A free."""

    @_method("exact", (0.0,))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        constrain_(net, problem.spec)
        return Prepared(net)

    return method


def augmentation(*strengths: float) -> Method:
    """The loss on a batch moved by random elements, beside that on the batch; the strength weighs it."""

    @_method("augmentation", strengths or (0.3, 1.0, 3.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        if problem.move is not None:
            move = problem.move(generator)

            def term(x: torch.Tensor, out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
                moved, target = move(x, y)
                return strength * problem.loss(net(moved), target)

            return Prepared(net, term)
        move_pool = Augmentation(problem.V, problem.W, generator=generator, pool=_pool(problem))
        pen = AugmentedLoss(net, problem.loss, move_pool, strength)
        return Prepared(net, lambda x, out, y: pen(x, y))

    return method


def _pool(problem: Problem) -> int | None:
    """Groups with few elements need no pool."""
    return POOL if problem.V.group.order is None else None


def _output_representation(problem: Problem, out: torch.Tensor) -> Any:
    return out.shape[1] * problem.V.group.trivial() if problem.W is None else problem.W


def sampled_outputs(samples: int, *strengths: float) -> Method:
    """||f(g x) - g f(x)||^2 over `samples` random elements in each step."""

    @_method(f"sampled outputs, K = {samples}", strengths or (0.01, 0.1, 1.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        with torch.no_grad():
            x, _ = problem.batch(torch.Generator().manual_seed(0))
            W = _output_representation(problem, net(x[:2]))
        pen = SampledOutputPenalty(
            net, problem.V, W, generator=generator, samples=samples, pool=_pool(problem), strength=strength
        )
        return Prepared(net, lambda x, out, y: pen(x, out))

    return method


def sampled_operators(samples: int, *strengths: float) -> Method:
    """||rho(g) T - T rho(g)||_F^2 over `samples` random elements, for every layer. Strength s here is 2 s of the exact penalty."""

    @_method(f"sampled operators, K = {samples}", strengths or (0.01, 0.1, 1.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        pen = SampledOperatorPenalty(
            net, problem.spec, generator=generator, samples=samples, pool=_pool(problem), strength=strength
        )
        return Prepared(net, lambda x, out, y: pen())

    return method


def pathways(*strengths: float, free: float = 0.1) -> Method:
    """Residual pathways: weight = P(A) + B, with a Gaussian prior of precision `strength` on B (Finzi and others, 2021)."""

    @_method("residual pathways", strengths or (0.01, 0.1, 1.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        residual_pathways_(net, problem.spec, free=free)
        pen = PathwayPrior(net, equivariant=0.0, free=strength)
        return Prepared(net, lambda x, out, y: pen())

    return method


def sharing(*strengths: float, banks: int = 2) -> Method:
    """Relaxed weight sharing: sum_l P(A_l) D_l, D_l penalised for varying over the group (Wang and others, 2022)."""

    @_method("relaxed sharing", strengths or (1e-5, 1e-4, 1e-3))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        relaxed_sharing_(net, problem.spec, banks=banks, generator=generator)
        pen = SharingPenalty(net, strength)
        return Prepared(net, lambda x, out, y: pen())

    return method


def penalty(
    norm: Norm | None = None, *strengths: float, name: str | None = None, equivariant: float = 0.0, start: bool = True
) -> Method:
    """lambda_perp N(T - P(T)) in the loss, from equivariant first weights unless `start` is False; `equivariant`: lambda_G."""
    norm = Frobenius(squared=True) if norm is None else norm

    @_method(name or f"penalty, {norm}", strengths or (0.01, 0.1, 1.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        if start:
            equivariant_start_(net, problem.spec, generator=generator)
        pen = EquivariancePenalty(net, problem.spec, norm, residual=strength, equivariant=equivariant)
        return Prepared(net, lambda x, out, y: pen())

    return method


def split_frame(*strengths: float, residual_lr: float = 0.1) -> Method:
    """SplitAdamW: own moments for P(g) and g - P(g), the residual shrunk by lambda(t), which falls from `strength` to 0."""

    @_method("split frame", strengths or (5.0, 20.0, 80.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        falling = Linear(strength, 0.0, steps=steps) if strength else 0.0
        pen = EquivariancePenalty(net, problem.spec, residual=falling, decoupled=True)
        return Prepared(net, optimizer=lambda params, lr: SplitAdamW(params, pen, lr=lr, residual_lr=residual_lr))

    return method


def last_layer(pattern: str, *strengths: float) -> Method:
    """Exact everywhere but in the layers that match, whose residual is penalised in the squared Frobenius norm."""

    @_method("penalty, last layer alone", strengths or (0.01, 0.1, 1.0))
    def method(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        equivariant_start_(net, problem.spec, generator=generator)
        soft = {k: v for k, v in problem.spec.items() if fnmatchcase(k, pattern)}
        constrain_(net, {k: v for k, v in problem.spec.items() if k not in soft})
        pen = EquivariancePenalty(net, soft, Frobenius(squared=True), residual=strength)
        return Prepared(net, lambda x, out, y: pen())

    return method


def then_projected(method: Method) -> Method:
    """A method, and every layer projected once at the end."""

    @_method(f"{method.name}, then projected", method.strengths)
    def projecting(
        net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int
    ) -> Prepared:
        prepared = method.prepare(net, problem, strength, generator, steps)
        before = prepared.finish

        def finish(trained: nn.Module) -> None:
            if before is not None:
                before(trained)
            project_(trained, problem.spec)

        prepared.finish = finish
        return prepared

    return projecting


def projected() -> Method:
    """Train the plain network, then project it."""
    return then_projected(plain())
