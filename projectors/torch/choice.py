"""Which norm, and how strong, layer by layer: the cheapest one that keeps the gradient's noise out of the residual.

Derivation: docs/guide/choosing-norms.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import torch

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from projectors.penalties import Frobenius, Norm, Nuclear, Spectral
from projectors.torch.gradients import residual_gradients, residual_of, samples_of
from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["NormChoice", "choose_norms"]


@dataclass(frozen=True)
class NormChoice(Summary):
    """What `choose_norms` found; `str()` is a table.

    Attributes
    ----------
    norms : {layer: the norm}; weights : {layer: lambda}, both as `pen.reweight_` takes them.
    prices : {layer: {norm: N(R) N*(W)}}, of all norms that were compared; the smallest was chosen.
    """

    norms: Mapping[str, Norm]
    weights: Mapping[str, float]
    prices: Mapping[str, Mapping[Norm, float]]

    def __str__(self) -> str:
        lines = []
        for layer, norm in self.norms.items():
            least = self.prices[layer][norm]
            others = [f"{n} {p / least:.2f}" for n, p in self.prices[layer].items() if n != norm and least > 0]
            beside = f"; beside it {', '.join(others)}" if others else ""
            lines.append(f'"{layer}": {norm}, lambda {self.weights[layer]:.3g}{beside}')
        return "\n".join(lines)


def choose_norms(
    pen: EquivariancePenalty,
    loss: Callable[..., torch.Tensor],
    batches: Iterable[Sequence[torch.Tensor]],
    *,
    margin: float = 1.0,
    samples: int | None = None,
    among: Sequence[Norm] = (Frobenius(), Spectral(), Nuclear()),
) -> NormChoice:
    """For each layer the norm N that minimises N(R) N*(W), and lambda = margin N*(W), for loss + lambda N(T - P(T)).

    R is the residual as it stands, W the noise of the task's gradient in the residual space, N* the dual norm. lambda = N*(W) is the
    smallest strength with which noise alone cannot pay for a residual, since |<W, X>| <= N*(W) N(X) for all X, and the
    penalised minimiser then errs by at most |error|_F^2 <= 4 N*(W) N(R) / mu, mu being the curvature of the loss (the guide derives it). With
    the singular values r of R and w of W this is |r|_p |w|_q, 1/p + 1/q = 1: the nuclear norm is chosen where the
    residual has few directions and the noise many, the spectral norm where it is flatter than the noise, and the Frobenius norm where they are alike
    (Hoelder's inequality). W is estimated as half the difference of the mean gradients of every other batch, which has the covariance of the
    mean gradient's error. A layer whose residual is 0 is given that of a first gradient step, R ~ g - P(g).

    Call it after a first stretch of training, before the training data are fitted perfectly: there their noise is no longer seen. The model is
    left as it is.

    Parameters
    ----------
    pen : the penalty; the weights are as training left them.
    loss : (*batch) -> the mean loss of a batch, in evaluation mode; without the penalty.
    batches : of tensors whose first axis is the samples', such as a DataLoader; at least two, best many of one size.
    margin : what lambda is in units of N*(W).
    samples : how many samples the data have, if the batches are only some of them.
    among : the norms that are compared: norms of singular values with an exponent, such as `Schatten(1.5)`, none squared; of equals the
        first is chosen.

    Returns
    -------
    The norms and lambdas, for `pen.reweight_(found.weights, norm=found.norms)` or the arguments `residual=` and `norm=` of a penalty.

    Raises
    ------
    GroupRepError
        If there are fewer than two batches, the loss is no number, a term has no gradient of its own, or a norm no dual here.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import EquivariancePenalty, choose_norms
    >>> layer, V = torch.nn.Linear(4, 4, bias=False), Cyclic(4).regular()
    >>> pen = EquivariancePenalty(layer, {"": (V, V)})
    >>> x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    >>> y = x @ torch.ones(4, 1) @ torch.tensor([[1.0, 0.0, 0.0, 0.0]])  # rank 1, on one output
    >>> found = choose_norms(pen, lambda x, y: (layer(x) - y).square().sum(-1).mean(), zip(x.split(8), y.split(8)))
    >>> pen.reweight_(found.weights, norm=found.norms)

    References
    ----------
    Negahban, Ravikumar, Wainwright and Yu, A unified framework for high-dimensional analysis of M-estimators with decomposable regularizers,
    Statist. Sci. 27 (2012), section 2 (lambda from the dual norm of the gradient's noise); Bickel, Ritov and Tsybakov, Ann. Statist. 37 (2009).
    """
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not isfinite(margin) or margin <= 0:
        raise GroupRepError(f"margin = {margin!r:.40}: a finite number > 0 is needed")
    exponents = _exponents(among)
    halves = [[torch.zeros_like(residual_of(t, t.parameter())) for t in pen.terms] for _ in range(2)]
    sizes = [0, 0]
    for k, (size, gradients) in enumerate(residual_gradients(pen, loss, batches)):
        sizes[k % 2] += size
        torch._foreach_add_(halves[k % 2], gradients, alpha=size)
    if not sizes[1]:
        raise GroupRepError(f"batches has {int(sizes[0] > 0)} of them; the noise of gradients needs at least two")
    total = sum(sizes)
    scale = (sizes[0] * sizes[1] / (total * samples_of(samples, total))) ** 0.5
    residuals: dict[str, list[torch.Tensor]] = {}
    noises: dict[str, list[torch.Tensor]] = {}
    steps: dict[str, list[torch.Tensor]] = {}
    for term, a, b in zip(pen.terms, *halves, strict=True):
        residuals.setdefault(term.layer, []).append(residual_of(term, term.parameter()))
        noises.setdefault(term.layer, []).append((a / sizes[0] - b / sizes[1]) * scale)
        steps.setdefault(term.layer, []).append((a + b) / total)
    norms, weights, prices = {}, {}, {}
    for layer, found in residuals.items():
        R = _singular_values(found if any(map(torch.any, found)) else steps[layer])
        W = _singular_values(noises[layer])
        duals = {N: max(float(_norm(w, _dual(p)).amax()) for w in W) for N, p in exponents.items()}
        price = {N: sum(float(_norm(r, p).sum()) for r in R) * duals[N] for N, p in exponents.items()}
        norms[layer] = min(price, key=price.__getitem__)
        weights[layer], prices[layer] = margin * duals[norms[layer]], price
    return NormChoice(norms, weights, prices)


def _exponents(among: Sequence[Norm]) -> dict[Norm, float]:
    """The Schatten exponents of norms."""
    found = {N: getattr(N, "schatten", None) for N in among}
    if not found:
        raise GroupRepError("among is empty; give at least one norm, such as Frobenius()")
    for N, p in found.items():
        if p is None:
            raise GroupRepError(
                f"among: {N!r:.40} is no norm of singular values with an exponent; Frobenius(), Spectral(), Nuclear() and Schatten(p) are"
            )
    return {N: float(p) for N, p in found.items() if p is not None}


def _dual(p: float) -> float:
    return inf if p == 1 else 1.0 if p == inf else p / (p - 1)


def _singular_values(operators: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.linalg.svdvals(x) for x in operators]


def _norm(s: torch.Tensor, p: float) -> torch.Tensor:
    return torch.linalg.vector_norm(s, p, dim=-1)
