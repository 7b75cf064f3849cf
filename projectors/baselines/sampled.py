"""Penalties that sample group elements: on a model's outputs, and on the operators of its layers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary
from grouprep.representations import Representation
from projectors.baselines.actions import Action, Pool
from projectors.baselines.base import Baseline
from projectors.models.measure import on_entries
from projectors.models.schedules import Schedule
from projectors.models.specs import SpecLike
from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["SampledOperatorPenalty", "SampledOutputPenalty"]


def _check_samples(samples: object) -> int:
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise GroupRepError(f"samples = {samples!r:.40}: a positive integer is needed")
    return samples


class SampledOutputPenalty(Baseline):
    """The mean over a batch and over k random group elements of ||f(g x) - g f(x)||^2, from inputs, not from weights.

    It costs k further passes through the model, forward and backward; it sees the nonlinearities, and the batch's inputs alone.
    Batch normalisation sees the moved batches too.

    Parameters
    ----------
    model : f.
    V, W : representations of its input and output: on a sample's entries, or on its channels (pixels follow the plane).
    samples : k, how many elements of Haar measure are drawn in each call; each acts on the whole batch.
    generator : where they come from.
    pool : draw so many elements once, and choose among them in each call (see `Pool`); None: anew in each call.
    strength : as in `Baseline`.

    Raises
    ------
    DimensionMismatch
        If V and W belong to different groups, or inputs or outputs do not fit them.
    UnsupportedGroup
        If the group has no sampler.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import SampledOutputPenalty
    >>> V = Cyclic(3).regular()
    >>> pen = SampledOutputPenalty(torch.nn.ReLU(), V, V, generator=torch.Generator().manual_seed(0))
    >>> pen(torch.randn(5, 3)).item()
    0.0

    References
    ----------
    Elhag, Rusch, Di Giovanni and Bronstein, Relaxed equivariance via multitask learning, arXiv 2410.17878 (the loss beta L_equi,
    there with one element a sample and step).
    """

    def __init__(
        self,
        model: nn.Module,
        V: Representation,
        W: Representation,
        *,
        generator: torch.Generator,
        samples: int = 1,
        pool: int | None = None,
        strength: float | Schedule = 1.0,
    ) -> None:
        super().__init__(model, strength)
        if V.group != W.group:
            raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; equivariance needs one group")
        self.V, self.W, self.samples = V, W, _check_samples(samples)
        self.pool, self.generator = Pool(V.group, generator, pool), generator
        self._actions: dict[tuple[str, torch.Size], Action] = {}

    def _action(self, which: str, x: torch.Tensor) -> Action:
        key = which, x.shape[1:]
        if key not in self._actions:
            self._actions[key] = Action(on_entries(self.V if which == "V" else self.W, x.shape[1:]))
        return self._actions[key]

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """From a batch x (batch, ...), and f(x) where it is known already: `pen(x, y)` saves a pass."""
        if len(batch) not in (1, 2):
            raise GroupRepError(
                "a SampledOutputPenalty needs the batch: pen(x), or pen(x, y) where y = model(x) is known"
            )
        x = batch[0]
        y = batch[1] if len(batch) == 2 else self.model(x)
        into, out = self._action("V", x), self._action("W", y)
        total = y.new_zeros((), dtype=y.real.dtype)
        for g in self.pool.take(self.samples, x.device):
            difference = self.model(into.vectors(g, x)) - out.vectors(g, y)
            total = total + difference.abs().square().sum() / len(x)
        return {"outputs": total / self.samples}


class SampledOperatorPenalty(Baseline):
    """The mean over k random group elements of ||rho_W(g) T - T rho_V(g)||_F^2, summed over the weights of the layers.

    For unitary V and W its expectation is 2 ||T - P(T)||_F^2 exactly, which `EquivariancePenalty(model, spec, Frobenius(squared=True))`
    has without its variance: strength s here is strength 2 s there.

    Parameters
    ----------
    model : any module; spec : as for `EquivariancePenalty`.
    samples : k, how many elements of Haar measure are drawn in each call, the same for all layers of one group.
    generator : where they come from.
    pool : draw so many elements once, and choose among them in each call (see `Pool`); None: anew in each call.
    strength : as in `Baseline`.

    Raises
    ------
    NotUnitary
        If a representation is not unitary.
    GroupRepError
        As `EquivariancePenalty`; UnsupportedGroup if the group has no sampler.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import SampledOperatorPenalty
    >>> V = Cyclic(4).regular()
    >>> pen = SampledOperatorPenalty(torch.nn.Linear(4, 4), {"": (V, V)}, generator=torch.Generator().manual_seed(0))
    >>> [name for name, _ in pen.report().values]
    ['weight', 'bias']

    References
    ----------
    The sampled form of the mean in Berndt and Stuehmer, Approximate equivariance via projection-based regularisation,
    arXiv 2601.05028, section 3.
    """

    def __init__(
        self,
        model: nn.Module,
        spec: Mapping[str, SpecLike],
        *,
        generator: torch.Generator,
        samples: int = 1,
        pool: int | None = None,
        strength: float | Schedule = 1.0,
    ) -> None:
        super().__init__(model, strength)
        self.samples, self.generator = _check_samples(samples), generator
        self.terms = EquivariancePenalty(model, spec).terms
        representations = {U for t in self.terms for U in (t.hom.V, t.hom.W)}
        for U in representations:
            if not U.is_unitary:
                raise NotUnitary(f"{U} is not unitary: sampled differences then estimate no distance to equivariance")
        self._actions = {U: Action(U) for U in representations}
        groups = dict.fromkeys(t.hom.V.group for t in self.terms)
        self.pools = {G: Pool(G, generator, pool) for G in groups}

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """One value a parameter; a batch is not needed, and ignored."""
        device = self.terms[0].parameter().device
        drawn = {G: pool.take(self.samples, device) for G, pool in self.pools.items()}
        out = {}
        for term in self.terms:
            T, V, W = term.read(), self._actions[term.hom.V], self._actions[term.hom.W]
            T = T.float() if T.dtype.itemsize < 4 else T
            parts = [(W.rows(g, T) - V.columns(g, T)).abs().square().sum() for g in drawn[term.hom.V.group]]
            out[term.name] = torch.stack(parts).mean()
        return out
