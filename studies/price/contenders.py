"""What makes the gradient of one layer's penalty: the exact one in several norms, sampled ones, weight decay.

All strengths are such that the mean of the gradient is 2 (T - P(T)): sampled differences count the residual twice, so they get half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from grouprep.quadrature import haar_quadrature
from projectors.baselines import SampledOperatorPenalty, SampledOutputPenalty, WeightDecay
from projectors.baselines.actions import Action, Pool
from projectors.penalties import Entrywise, Frobenius, Induced, KyFan, Mixed, Norm, Nuclear, Schatten, Spectral
from projectors.torch import EquivariancePenalty
from studies.price.cells import KERNEL, ON_THE_PLANE, Cell, unit

__all__ = [
    "NORMS",
    "POOL",
    "Step",
    "averaged",
    "by_hand",
    "decay",
    "exact",
    "layer",
    "operators",
    "outputs",
    "whole_group",
]

Step = Callable[[], object]
POOL = 512  # elements that are drawn once, where they are kept
NORMS: dict[str, Norm] = {
    "Frobenius squared": Frobenius(squared=True),
    "Frobenius": Frobenius(),
    "spectral": Spectral(),
    "Ky Fan 4": KyFan(4),
    "nuclear": Nuclear(),
    "Schatten 4": Schatten(4),
    "mixed 2, 1": Mixed(2, 1),
    "entrywise 1": Entrywise(1),
    "entrywise infinity": Entrywise(float("inf")),
    "induced 1": Induced(1),
    "induced infinity": Induced(float("inf")),
}


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _gradient(cell: Cell, value: Callable[[], torch.Tensor]) -> Step:
    def step() -> None:
        cell.weight.grad = None
        value().backward()  # type: ignore[no-untyped-call]

    return step


def decay(cell: Cell) -> Step:
    """The squared norm of the weight, the yardstick."""
    return _gradient(cell, WeightDecay(cell.module))


def exact(cell: Cell, norm: Norm) -> Step:
    """The penalty, in a norm; `kept` of the step is memory that torch's allocator does not see, in bytes."""
    pen = EquivariancePenalty(cell.module, cell.spec, norm)
    step = _gradient(cell, pen)
    step.kept = lambda: sum(term.work.memory.nbytes for term in pen.terms)  # type: ignore[attr-defined]
    return step


def operators(cell: Cell, samples: int, pool: int | None, seed: int = 0) -> Step:
    """K sampled elements on the operator: drawn anew, or out of a pool. As shipped; where pixels stand still, on the channels alone."""
    if not cell.is_still:
        make = SampledOperatorPenalty(
            cell.module, cell.spec, generator=_generator(seed), samples=samples, pool=pool, strength=0.5
        )
        return _gradient(cell, make)
    action, source, device = Action(cell.features), Pool(cell.features.group, _generator(seed), pool), _device(cell)

    def value() -> torch.Tensor:
        T = cell.weight.flatten(2)  # (out, in, pixels)
        parts = [
            (action.rows(g, T.flatten(1)).view_as(T) - action.columns(g, T.mT).mT).square().sum()
            for g in source.take(samples, device)
        ]
        return 0.5 * torch.stack(parts).mean()

    return _gradient(cell, value)


def layer(cell: Cell, batch: int) -> Step:
    """The layer itself, forward and backward: what a step pays anyhow."""
    x = cell.batch(batch, _generator())
    return _gradient(cell, lambda: cell.module(x).square().mean())


def outputs(cell: Cell, samples: int, pool: int | None, batch: int, seed: int = 0, fresh: bool = False) -> Step:
    """K sampled elements on a batch's outputs beside the layer's own loss, whose pass is not done twice; fresh: a new batch each time."""
    generator, strength = _generator(seed), 0.5 / cell.positions
    pen = _on_outputs(cell, samples, pool, generator, strength)
    x = cell.batch(batch, generator)

    def beside() -> torch.Tensor:
        y = cell.module(x)
        return y.square().mean() + pen(x, y)

    def alone() -> torch.Tensor:
        x = cell.batch(batch, generator)
        return pen(x, cell.module(x))

    return _gradient(cell, alone if fresh else beside)


def _on_outputs(
    cell: Cell, samples: int, pool: int | None, generator: torch.Generator, strength: float
) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """As shipped; where pixels stand still, on the channels alone."""
    V = cell.features
    if not cell.is_still:
        return SampledOutputPenalty(
            cell.module, V, V, generator=generator, samples=samples, pool=pool, strength=strength
        )
    action, source, device = Action(V), Pool(V.group, generator, pool), _device(cell)

    def moved(g: object, x: torch.Tensor) -> torch.Tensor:
        return action.rows(g, x.flatten(2)).view_as(x)

    def value(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        parts = [(cell.module(moved(g, x)) - moved(g, y)).square().sum() for g in source.take(samples, device)]
        return strength * torch.stack(parts).mean() / len(x)

    return value


def _device(cell: Cell) -> torch.device:
    return torch.device(cell.device)


class _Mean(torch.autograd.Function):
    """<T, T - M(T)>, whose mean is ||T - P(T)||^2 where that of M is P, with the gradient 2 (T - M(T))."""

    @staticmethod
    def forward(ctx: object, T: torch.Tensor, mean: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        R = T - mean(T)
        ctx.R = R  # type: ignore[attr-defined]
        return torch.dot(T.flatten(), R.flatten())

    @staticmethod
    def backward(ctx: object, grad: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        return ctx.R * (2 * grad), None  # type: ignore[attr-defined]


def by_hand(cell: Cell, samples: int, seed: int = 0) -> Step:
    """The mean of g T g^-1 over K elements of a pool, by hand: half the products, one memory, no graph."""
    (term,) = EquivariancePenalty(cell.module, cell.spec).terms
    V = cell.features if cell.is_still else term.hom.V
    into, out, shape = Action(V), Action(cell.features), term.hom.shape
    pool, device = Pool(V.group, _generator(seed), POOL), _device(cell)

    def mean(T: torch.Tensor) -> torch.Tensor:
        operator = T.flatten(2) if cell.is_still else T.view(shape).mT
        total = T.new_zeros(shape)
        for g in pool.take(samples, device):
            moved = into.rows(g, operator)
            total += out.rows(g, moved.reshape(shape) if cell.is_still else moved.mT)
        return total.div_(samples).view(T.shape)

    return _gradient(cell, lambda: _Mean.apply(cell.weight, mean))  # type: ignore[no-untyped-call, no-any-return]


def _images(cell: Cell, count: int | None, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The unit, and its kernel's columns, at random elements, or at all that count (None), with weights."""
    U = unit(cell.group)
    G = U.group
    if count is None:
        rule = haar_quadrature(G, 0 if G.is_finite else 6)  # of spins up to 3 with each other
        nodes, weights = rule.nodes, rule.weights
    else:
        nodes, weights = G.sample(count, np.random.default_rng(seed)), np.full(count, 1 / count)
    rows = np.asarray(U(nodes))
    plane = cell.layer == "conv" and cell.group in ON_THE_PLANE
    return rows, np.asarray((U * G.grid((KERNEL, KERNEL)))(nodes)) if plane else rows, weights


def whole_group(cell: Cell) -> int:
    """How many elements make the mean exact: the order, or the nodes of a quadrature."""
    return len(_images(Cell("linear", cell.group, unit(cell.group).dim), None, 0)[2])


def averaged(cell: Cell, count: int | None = POOL, seed: int = 0) -> Step:
    """A pool averaged once to one matrix on a pair of copies, by hand: the exact method with a worse P; count None: with P."""
    rows, columns, weights = _images(cell, count, seed)
    d, e = rows.shape[1], columns.shape[1]
    mean = np.einsum("k,kij,kab->iajb", weights, rows, columns, optimize=True).reshape(d * e, d * e)
    M = torch.tensor(mean.T, dtype=torch.float32, device=cell.device)
    n, pixels = cell.width // d, KERNEL**2 if cell.layer == "conv" else 1
    still = pixels * d // e  # pixels that are copies

    def apply(T: torch.Tensor) -> torch.Tensor:
        blocks = T.view(n, d, n, e, still).permute(0, 2, 4, 1, 3)
        moved = (blocks.reshape(-1, d * e) @ M).view(n, n, still, d, e)
        return moved.permute(0, 3, 1, 4, 2).reshape(T.shape)

    return _gradient(cell, lambda: _Mean.apply(cell.weight, apply))  # type: ignore[no-untyped-call, no-any-return]


def running_errors(cell: Cell, step: Step, counts: Sequence[int]) -> list[float]:
    """The error of the mean of the first K gradients, for each K: what K elements drawn independently reach."""
    total, out = torch.zeros_like(cell.exact), []
    for k in range(1, max(counts) + 1):
        step()
        assert cell.weight.grad is not None
        total += cell.weight.grad.cpu()
        if k in counts:
            out.append(cell.error(total / k))
    return out
