"""The penalty of a torch model: norms of T - P(T) and of P(T), summed over its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from math import isfinite
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from grouprep.errors import GroupRepError
from projectors.models.files import load_spec
from projectors.models.naming import refuse_unmatched, value_for
from projectors.models.report import CheckReport, PenaltyReport, term_report
from projectors.models.schedules import Schedule, as_schedule
from projectors.models.specs import SpecLike
from projectors.models.terms import distinct
from projectors.penalties import Frobenius, Norm
from projectors.torch.batches import batched
from projectors.torch.buffers import ProjectionModule
from projectors.torch.compatibility import check_model, flags
from projectors.torch.convolutions import ConvolutionSpectral, norm_rule
from projectors.torch.fast import Traced, implementation_for
from projectors.torch.fast.residual import norm_of
from projectors.torch.layers import layer_terms
from projectors.torch.naming import Places, match_layers, unwrap
from projectors.torch.terms import Term, check_finite, in_single

__all__ = ["EquivariancePenalty"]

Weights: TypeAlias = float | Schedule | Mapping[str, float | Schedule]


class EquivariancePenalty(nn.Module):
    """The total of lambda_perp N(T - P(T)) + lambda_G N(P(T)) over the layers of a model, exactly, over the whole group.

    The model stays as it is: its weights are read live, it is referenced and never registered, so that the penalty has no
    parameters and an empty state_dict of its own.

    Parameters
    ----------
    model : any module; wrappers of torch.compile and of data parallelism are looked through.
    spec : for each layer, by name or fnmatch pattern, the pair (V, W) of its input's and output's representation, or a
        `LayerSpec`, `BilinearSpec`, `AttentionSpec` or `ParameterSpec`.
    norm : N, `Frobenius()` if not given; `ConvolutionSpectral()` for the spectral norm of convolutions on images, `Spectral()` for
        that of the kernel matrix.
    residual, equivariant : lambda_perp and lambda_G: a number, a `Schedule`, or a mapping from layers' names or patterns to them
        (layers that match none: the default).
    every : evaluate in every k-th step only, k times as strong; `step` tells the steps apart.
    decoupled : apply the gradient of 1/2 ||T - P(T)||^2 as AdamW applies its decay, by `decay_` or `attach`, outside autograd;
        calling the penalty then gives 0.

    Raises
    ------
    GroupRepError
        If a name matches nothing, two match one layer, a layer named literally is frozen, sizes do not fit
        (DimensionMismatch), a representation has no invariant positive form (NotUnitary), or weights are not finite.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import EquivariancePenalty
    >>> G = Cyclic(4)
    >>> net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))
    >>> V = 4 * G.regular()
    >>> pen = EquivariancePenalty(net, {"0": (2 * G.regular(), V), "2": (V, 3 * G.trivial())})
    >>> loss = net(torch.ones(5, 8)).square().mean() + 0.1 * pen()
    >>> loss.backward()

    References
    ----------
    Berndt and Stuehmer, Approximate equivariance via projection-based regularisation, arXiv 2601.05028.
    """

    model: nn.Module
    weights: torch.Tensor
    order: torch.Tensor

    def __init__(
        self,
        model: nn.Module,
        spec: Mapping[str, SpecLike],
        norm: Norm | ConvolutionSpectral | None = None,
        *,
        residual: Weights = 1.0,
        equivariant: Weights = 0.0,
        every: int = 1,
        decoupled: bool = False,
    ) -> None:
        super().__init__()
        self.norm: Norm | ConvolutionSpectral = Frobenius() if norm is None else norm
        self._rule = norm_rule(self.norm)
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise GroupRepError(f"every = {every!r:.40}: a positive integer is needed")
        if decoupled and not self._rule.is_euclidean:
            raise GroupRepError(
                f"decoupled=True applies the gradient of the squared Frobenius norm; it has no {self.norm}"
            )
        if not isinstance(model, nn.Module):
            raise GroupRepError(f"model must be a torch.nn.Module, got {type(model).__name__}")
        self.every, self.decoupled = every, decoupled
        inner = unwrap(model)
        self.__dict__["model"] = inner  # referenced, not registered
        layers, skipped = match_layers(inner, spec)
        for what, given in (("residual", residual), ("equivariant", equivariant)):
            refuse_unmatched(given, [name for name, *_ in layers] + skipped, what)
        self.layers = tuple((name, specs) for name, _, specs in layers)
        self.places = Places(inner, [(name, module) for name, module, _ in layers])
        self.skipped = tuple(skipped)
        found = [t for name, module, specs in layers for t in layer_terms(name, module, specs)]
        trained = [t for t in found if not t.is_frozen or torch.is_inference(t.parameter())]
        self.skipped += tuple(t.name for t in found if t not in trained)
        kept = distinct(trained, lambda term: term.key)
        if not kept:
            raise GroupRepError("spec: the layers it matches have no parameters to penalise")
        self.terms = tuple(term for term, _ in kept)
        for term, names in kept:
            term.also = names
            term.norm = self._rule.of(term)
            away, along = term.schedules = (
                as_schedule(value_for(term.layer, residual, 1.0, "residual"), "residual"),
                as_schedule(value_for(term.layer, equivariant, 0.0, "equivariant"), "equivariant"),
            )
            term.weights = away.start_value, along.start_value
        device = self.terms[0].parameter().device
        dtype = torch.float64 if any(_wide(t.parameter()) for t in self.terms) else torch.float32
        spaces = {t.hom: ProjectionModule(t.hom, device, dtype) for t in self.terms}
        self.spaces = nn.ModuleList(spaces.values())
        for term in self.terms:
            term.space = spaces[term.hom]
        self.steps = 0
        self.batches = batched(self.terms)
        self._rows = 1 + any(term.has_both for term in self.terms)
        self._place(device, dtype)

    @property
    def schedules(self) -> tuple[tuple[Schedule, Schedule], ...]:
        """What moves the weights of each term."""
        return tuple(term.schedules for term in self.terms)

    @property
    def shared(self) -> tuple[tuple[str, ...], ...]:
        """The other names of each term's weights."""
        return tuple(term.also for term in self.terms)

    def _place(self, device: torch.device, dtype: torch.dtype) -> None:
        """The terms' weights and their order on a device, with what it does best, and nothing to reuse."""
        self.register_buffer("weights", self._weights(dtype, device), persistent=False)
        places = {term: k for k, term in enumerate(self.terms)}
        order = torch.tensor([places[term] for batch in self.batches for term in batch.terms], device=device)
        self.register_buffer("order", order, persistent=False)
        self._fast = implementation_for(device)
        for term in self.terms:
            term.block, term.turns, term.work = None, 0, self._fast.workspace()

    def _weights(self, dtype: torch.dtype, device: torch.device | None = None) -> torch.Tensor:
        return torch.tensor([term.weights for term in self.terms], dtype=dtype, device=device)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        """Moves the buffers, which are then made anew: the spaces' from double precision, the weights from what the terms have."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._place(self.weights.device, torch.promote_types(self.weights.dtype, torch.float32))
        return self

    def _follow(self) -> None:
        """The weights to the device of the model, where that has moved on; so go the spaces. Modules that are gone are noticed."""
        self.places.check()
        device = self.terms[0].source().device
        if device != self.weights.device:
            self._place(device, self.weights.dtype)

    # Values

    if TYPE_CHECKING:  # torch says nothing of what calling a module gives

        def __call__(self) -> torch.Tensor: ...

    def forward(self) -> torch.Tensor:
        """The total, a 0-dimensional tensor: add it to the loss."""
        if self.decoupled or self.steps % self.every:
            return self.weights.new_zeros(())
        if not torch.compiler.is_compiling():
            self._follow()
        device, fast = self.weights.device, Traced() if torch.compiler.is_compiling() else self._fast
        mixed = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
        with torch.autocast(device_type=device.type, enabled=False) if mixed else nullcontext():
            values = torch.cat([batch.values(fast, self._rows) for batch in self.batches], dim=1)
            weights = self.weights.T[: len(values), self.order].to(values.dtype)
            total: torch.Tensor = (values * weights).sum() * self.every
        if device.type == "cpu" and not torch.compiler.is_compiling() and not isfinite(total.item()):
            for term in self.terms:
                check_finite(term.name, term.parameter())
        return total

    # Steps

    @torch.no_grad()
    def step(self) -> None:
        """The end of a training step: moves the schedules, and counts for `every`."""
        self.steps += 1
        self._follow()
        old = [term.weights for term in self.terms]
        for term in self.terms:
            share = _share(term) if any(s.needs_share for s in term.schedules) else None
            (first, v), (second, w) = zip(term.schedules, term.weights, strict=True)
            term.weights = first.next_value(self.steps, v, share), second.next_value(self.steps, w, share)
        if [term.weights for term in self.terms] != old:
            self.weights.copy_(self._weights(self.weights.dtype))

    @torch.no_grad()
    def decay_(self, lr: float | torch.Tensor | torch.optim.Optimizer) -> None:
        """Move the weights by -lr (lambda_perp (T - P(T)) + lambda_G P(T)), as AdamW applies its decay.

        Parameters
        ----------
        lr : the learning rate, or the optimizer whose groups' learning rates apply.
        """
        if self.steps % self.every:
            return
        self._follow()
        steps = {
            term: (rate * self.every * term.weights[0], rate * self.every * term.weights[1])
            for term, rate in zip(self.terms, self._rates(lr), strict=True)
        }
        for batch in self.batches:
            batch.move_([steps[term] for term in batch.terms], self._fast)

    def _rates(self, lr: float | torch.Tensor | torch.optim.Optimizer) -> list[float]:
        if isinstance(lr, int | float | torch.Tensor):
            return [float(lr)] * len(self.terms)
        known = {id(p): float(group["lr"]) for group in lr.param_groups for p in group["params"]}
        for term in self.terms:
            if id(term.source()) not in known:
                raise GroupRepError(f'"{term.name}" is none of the parameters of the optimizer that decay_ was given')
        return [known[id(term.source())] for term in self.terms]

    def attach(self, optimizer: torch.optim.Optimizer) -> RemovableHandle:
        """Let the optimizer's step end with `decay_` (where decoupled) and `step`; returns the hook's handle."""

        def after(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
            if self.decoupled:
                self.decay_(optimizer)
            self.step()

        return optimizer.register_step_post_hook(after)

    # Records

    @torch.no_grad()
    def report(self) -> PenaltyReport:
        """The detached record: norms, shares, weights, which irreps break the symmetry, what was skipped and flagged.

        Raises
        ------
        GroupRepError
            If weights are not finite.
        """
        self._follow()
        records = []
        for term in self.terms:
            T = in_single(term.read())
            check_finite(term.name, T)
            P, blocks = term.space.project(T), self._rule.of_blocks
            records.append(term_report(term, T, P, term.norm, term.weights, term.also, blocks))
        total, flagged = sum(r.total for r in records), flags(self.model, self.layers)
        return PenaltyReport(total, tuple(records), self.skipped, flagged, self.steps)

    def check(self, *inputs: object, strict: bool = False) -> CheckReport:
        """Whether each layer's output is the next one's input, and whether what is done between respects it.

        Parameters
        ----------
        inputs : arguments to run the model with: the data is followed, through residual connections and functions such as
            `torch.relu` too, and strides are judged at the sizes it has. Without them the order is that of the modules.
        strict : raise where there is an error.

        Raises
        ------
        GroupRepError
            If strict and something cannot be equivariant.
        """
        return check_model(self.model, self.layers, inputs, strict)

    @classmethod
    def from_toml(cls, model: nn.Module, path: str | PathLike[str], **options: Any) -> Self:
        """The penalty that a TOML file of annotations describes (see `projectors.models.files`); options as for the class."""
        return cls(model, load_spec(path), **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self) -> str:
        """What printing it shows."""
        return f"{len(self.terms)} parameters, {self.norm}" + (", decoupled" if self.decoupled else "")


def _share(term: Term) -> float:
    """||T - P(T)|| / ||T||."""
    T = in_single(term.read()).reshape(-1, *term.hom.shape)
    whole, part = (float(norm_of(x.flatten(0, 1))) for x in (T, term.space.residual(T)))
    return part / whole if whole else 0.0


def _wide(parameter: torch.Tensor) -> bool:
    return parameter.dtype in (torch.float64, torch.complex128)
