"""How strongly each layer's residual is to be shrunk, from data: by the evidence, the marginal likelihood of a Gaussian prior on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite

import torch

from grouprep.errors import GroupRepError
from projectors.torch.gradients import residual_gradients, residual_of, samples_of
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.terms import Term, in_single

__all__ = ["evidence_weights"]


def evidence_weights(
    pen: EquivariancePenalty,
    loss: Callable[..., torch.Tensor],
    batches: Iterable[Sequence[torch.Tensor]],
    *,
    samples: int | None = None,
    most: float = 1e4,
) -> dict[str, float]:
    """lambda of each layer for a decoupled penalty, loss + lambda / 2 |T - P(T)|^2, that maximises the evidence around the weights.

    Take the loss for minus the mean log likelihood of N samples, and the penalty for a Gaussian prior of precision alpha = N lambda on the
    residual R, which has n - r dimensions. Laplace's approximation of the evidence is stationary in alpha where
    alpha |R|^2 = gamma(alpha), gamma = sum_i N h_i / (N h_i + alpha): the number of residual dimensions that the data determine. h is the
    diagonal of the Fisher information in the residual space, from the scatter of the gradients of batches, F = mean of B (g_b - mean g)^2.
    A layer whose residual is no larger than noise makes it gets `most`. The model is left as it is. Train, call this, `pen.reweight_`,
    and train on; some rounds do.

    Parameters
    ----------
    pen : the penalty; the weights are as training left them.
    loss : (*batch) -> minus the mean log likelihood of a batch, such as the cross entropy, or |y - f(x)|^2 / (2 sigma^2) summed over
        outputs, in evaluation mode; without the penalty.
    batches : of tensors whose first axis is the samples', such as a DataLoader; at least two. Single samples say most.
    samples : N, if the batches are only some of the data.
    most : the largest lambda.

    Returns
    -------
    {layer: lambda}, for `pen.reweight_` or the argument `residual=`.

    Raises
    ------
    GroupRepError
        If there are fewer than two batches, the loss is no number, or a term cannot be written.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import EquivariancePenalty, evidence_weights
    >>> layer, V = torch.nn.Linear(3, 3), Cyclic(3).regular()
    >>> pen = EquivariancePenalty(layer, {"": (V, V)}, decoupled=True)
    >>> x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    >>> loss = lambda x: (layer(x) - x).square().sum(-1).mean() / 2
    >>> list(evidence_weights(pen, loss, ((v,) for v in x.split(1))))
    ['']

    References
    ----------
    MacKay, Bayesian interpolation, Neural Computation 4 (1992), section 4 (the fixed point); Immer et al., Scalable marginal
    likelihood estimation for model selection in deep learning, ICML 2021 (during training, with diagonal curvature);
    van der Ouderaa, Immer and van der Wilk, Learning layer-wise equivariances automatically using gradients, NeurIPS 2023
    (a prior for each layer's deviation).
    """
    if isinstance(most, bool) or not isinstance(most, int | float) or not isfinite(most) or most <= 0:
        raise GroupRepError(f"most = {most!r:.40}: a finite number > 0 is needed")
    sums = [torch.zeros_like(_wide(term), dtype=torch.float64) for term in pen.terms]
    squares = [torch.zeros_like(x) for x in sums]
    count, seen = 0, 0
    for size, gradients in residual_gradients(pen, loss, batches):
        for g, total, square in zip(map(_as_real, gradients), sums, squares, strict=True):
            total.add_(g, alpha=size)
            square.addcmul_(g, g, value=size)
        count, seen = count + 1, seen + size
    if count < 2:
        raise GroupRepError(f"batches has {count} of them; the scatter of gradients needs at least two")
    N = samples_of(samples, seen)
    layers: dict[str, list[tuple[torch.Tensor, float, float]]] = {}
    for term, total, square in zip(pen.terms, sums, squares, strict=True):
        fisher = ((square - total * total / seen) / (count - 1)).clamp(min=0)
        n, r = term.hom.shape[0] * term.hom.shape[1], term.hom.dim
        if r < n:
            R = residual_of(term, term.parameter())
            layers.setdefault(term.layer, []).append(
                (fisher * (n / (n - r)), (n - r) / n, float(R.abs().square().sum()))
            )
    return {
        layer: min(_precision(parts, N) / N, most) if _is_seen(parts, N, most) else most
        for layer, parts in layers.items()
    }


def _wide(term: Term) -> torch.Tensor:
    return _as_real(in_single(term.read()).detach())


def _as_real(x: torch.Tensor) -> torch.Tensor:
    """Complex entries as two real ones."""
    return torch.view_as_real(x) if x.is_complex() else x


def _determined(parts: Sequence[tuple[torch.Tensor, float, float]], N: int, alpha: float) -> float:
    """gamma(alpha)."""
    return sum(share * float((N * h / (N * h + alpha)).sum()) for h, share, _ in parts)


def _is_seen(parts: Sequence[tuple[torch.Tensor, float, float]], N: int, most: float) -> bool:
    """Whether alpha |R|^2 exceeds gamma before lambda is `most`."""
    return N * most * sum(size for *_, size in parts) > _determined(parts, N, N * most)


def _precision(parts: Sequence[tuple[torch.Tensor, float, float]], N: int) -> float:
    """The alpha with alpha |R|^2 = gamma(alpha): the left side rises, the right one falls. By halving the interval of its logarithm."""
    size = sum(s for *_, s in parts)
    high = sum(share * h.numel() for h, share, _ in parts) / size  # gamma is at most the number of dimensions
    low = high * 2.0**-200
    for _ in range(200):
        middle = (low * high) ** 0.5
        if middle * size < _determined(parts, N, middle):
            low = middle
        else:
            high = middle
    return high
