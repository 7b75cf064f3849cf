"""Which norm, and how strong, layer by layer: the one in which the gradient stands out of its noise most clearly.

Derivation: docs/guide/choosing-norms.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf, isfinite

import torch

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from projectors.penalties import Frobenius, Norm, Nuclear, Spectral
from projectors.torch.decay import project_
from projectors.torch.gradients import residual_gradients, residual_of, samples_of
from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["NormChoice", "choose_norms"]


@dataclass(frozen=True)
class NormChoice(Summary):
    """What `choose_norms` found; `str()` is a table.

    Attributes
    ----------
    norms : {layer: the norm}; weights : {layer: lambda}, both as `pen.reweight_` takes them.
    scores : {layer: {norm: N*(G) / N*(W)}}, of all norms that were compared: 1 is what noise alone makes.
    """

    norms: Mapping[str, Norm]
    weights: Mapping[str, float]
    scores: Mapping[str, Mapping[Norm, float]]

    def __str__(self) -> str:
        return "\n".join(
            f'"{layer}": {norm}, lambda {self.weights[layer]:.3g}; scores '
            + ", ".join(f"{n} {score:.2f}" for n, score in self.scores[layer].items())
            for layer, norm in self.norms.items()
        )


def choose_norms(
    pen: EquivariancePenalty,
    loss: Callable[..., torch.Tensor],
    batches: Iterable[Sequence[torch.Tensor]],
    *,
    margin: float = 1.0,
    samples: int | None = None,
    among: Sequence[Norm] = (Frobenius(), Spectral(), Nuclear()),
    lead: float = 0.1,
) -> NormChoice:
    """For each layer the norm N in which its breaking is seen best, and lambda = margin N*(W), for loss + lambda N(T - P(T)).

    A score test. G is the task's gradient in the residual space, at the weights without their residuals: all that the data say against
    the symmetry. W is the noise in it, N* the dual norm. Under lambda N a layer stays equivariant while N*(G) <= lambda, and
    noise alone never moves it if lambda >= N*(W). So lambda is N*(W), and of all norms the one with the largest score N*(G) / N*(W) is
    taken. In singular values g of G and w of W this is |g|_q / |w|_q, 1/p + 1/q = 1 for the norm |.|_p: nuclear, where few
    directions stand out of the noise, spectral, where all do a little, Frobenius, where G has the noise's own spectrum.
    W is half the difference of the mean gradients of every other batch, which has the covariance of the mean's error.

    Call it after a first stretch of equivariant training (`constrain_`, or a large lambda), before the data are fitted perfectly: there
    their noise is no longer seen. The model is left as it is.

    Parameters
    ----------
    pen : the penalty of the model.
    loss : (*batch) -> the mean loss of a batch, in evaluation mode; without the penalty.
    batches : of tensors whose first axis is the samples', such as a DataLoader; at least two, best many of one size.
    margin : what lambda is in units of N*(W).
    samples : how many samples the data have, if the batches are only some of them.
    among : the norms that are compared: norms of singular values with an exponent, such as `Schatten(1.5)`, none squared.
    lead : how far above the score of the first norm another one's must be, relatively, to be taken. Scores of noise scatter by 1 / sqrt(n)
        for n independent entries (the ratio of two chi variables of n degrees of freedom); 0.1 is that of 100.

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
    >>> x, noise = torch.randn(2, 64, 4, generator=torch.Generator().manual_seed(0))
    >>> y = x @ torch.ones(4, 1) @ torch.tensor([[1.0, -1.0, 1.0, -1.0]]) + noise  # one direction
    >>> loss = lambda x, y: (layer(x) - y).square().sum(-1).mean()
    >>> found = choose_norms(pen, loss, zip(x.split(8), y.split(8)))
    >>> found.norms
    {'': Nuclear()}
    >>> pen.reweight_(found.weights, norm=found.norms)

    References
    ----------
    Rao, Large sample tests of statistical hypotheses, Proc. Camb. Phil. Soc. 44 (1948) (score tests); Negahban, Ravikumar, Wainwright
    and Yu, A unified framework for high-dimensional analysis of M-estimators with decomposable regularizers, Statist. Sci. 27 (2012),
    section 2 (lambda from the dual norm of the gradient's noise).
    """
    for name, value in (("margin", margin), ("lead", lead)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
            raise GroupRepError(f"{name} = {value!r:.40}: a finite number >= 0 is needed")
    exponents = _exponents(among)
    halves = [[torch.zeros_like(residual_of(t, t.parameter())) for t in pen.terms] for _ in range(2)]
    sizes = [0, 0]
    with _without_residuals(pen):
        for k, (size, gradients) in enumerate(residual_gradients(pen, loss, batches)):
            sizes[k % 2] += size
            for total, g in zip(halves[k % 2], gradients, strict=True):
                total.add_(g, alpha=size)
    if not sizes[1]:
        raise GroupRepError(f"batches has {int(sizes[0] > 0)} of them; the noise of gradients needs at least two")
    seen = sum(sizes)
    scale = (sizes[0] * sizes[1] / (seen * samples_of(samples, seen))) ** 0.5
    layers: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    for term, a, b in zip(pen.terms, *halves, strict=True):
        G, W = (a + b) / seen, (a / sizes[0] - b / sizes[1]) * scale
        layers.setdefault(term.layer, []).append((torch.linalg.svdvals(G), torch.linalg.svdvals(W)))
    norms, weights, scores = {}, {}, {}
    for layer, found in layers.items():
        duals = {
            N: [max(_norm(x, _dual(p)) for x in s) for s in zip(*found, strict=True)] for N, p in exponents.items()
        }
        score = {N: g / w if w else 0.0 for N, (g, w) in duals.items()}
        first, best = next(iter(score)), max(score, key=score.__getitem__)
        norms[layer] = best if score[best] > (1 + lead) * score[first] else first
        weights[layer], scores[layer] = margin * duals[norms[layer]][1], score
    return NormChoice(norms, weights, scores)


@contextmanager
def _without_residuals(pen: EquivariancePenalty) -> Iterator[None]:
    """The weights are equivariant inside, and afterwards what they were."""
    sources = list({id(term.source()): term.source() for term in pen.terms}.values())
    kept = [p.detach().clone() for p in sources]
    try:
        project_(pen.model, pen)
        yield
    finally:
        with torch.no_grad():
            for p, value in zip(sources, kept, strict=True):
                p.copy_(value)


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


def _norm(s: torch.Tensor, p: float) -> float:
    """Of singular values, the largest of all operators: the dual of a sum of norms."""
    return float(torch.linalg.vector_norm(s, p, dim=-1).amax())
