"""The penalty of a torch model: norms of T - P(T) and of P(T), summed over its layers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from math import isfinite, prod
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from grouprep.errors import DimensionMismatch, GroupRepError, nearest
from projectors.hom import Hom
from projectors.models.files import load_spec
from projectors.models.naming import refuse_unmatched, value_for
from projectors.models.report import CheckReport, Finding, PenaltyReport, TermReport, term_reports
from projectors.models.schedules import Constant, Schedule, as_schedule
from projectors.models.specs import SpecLike
from projectors.models.terms import check_space, distinct
from projectors.penalties import Frobenius, Norm
from projectors.torch.batches import Batch, batched, gathered, two_devices
from projectors.torch.buffers import ProjectionModule
from projectors.torch.compatibility import check_model, flags
from projectors.torch.convolutions import ConvolutionSpectral, NormRule, norm_rule
from projectors.torch.fast import implementation_for, serving
from projectors.torch.layers import layer_terms
from projectors.torch.naming import Places, match_layers, unwrap
from projectors.torch.sharded import placements, refuse_flat, reshard
from projectors.torch.state import Description, Progress, describe, follow_on, followed_of, require_same
from projectors.torch.terms import Term, check_finite, in_single

__all__ = ["EquivariancePenalty"]

_SMALL = 1 << 13  # entries of operators that are reported together

Weights: TypeAlias = float | Schedule | Mapping[str, float | Schedule]
Norms: TypeAlias = Norm | ConvolutionSpectral | Mapping[str, Norm | ConvolutionSpectral]


class EquivariancePenalty(nn.Module):
    """The total of lambda_perp N(T - P(T)) + lambda_G N(P(T)) over the layers of a model, exactly, over the whole group.

    The model stays as it is: its weights are read live, it is referenced and never registered, so that the penalty has no
    parameters. Its state_dict, tensors alone, holds what a run has made of it: steps, weights, and what follows singular values; a run
    that is resumed with it goes on bit for bit.

    Parameters
    ----------
    model : any module; wrappers of torch.compile and of data parallelism are looked through.
    spec : for each layer, by name or fnmatch pattern, the pair (V, W) of its input's and output's representation, or a
        `LayerSpec`, `BilinearSpec`, `AttentionSpec` or `ParameterSpec`.
    norm : N, `Frobenius()` if not given; `ConvolutionSpectral()` for the spectral norm of convolutions on images, `Spectral()` for
        that of the kernel matrix. Or a mapping from layers' names or patterns to norms, such as `choose_norms` finds.
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
    factors: torch.Tensor
    order: torch.Tensor

    def __init__(
        self,
        model: nn.Module,
        spec: Mapping[str, SpecLike],
        norm: Norms | None = None,
        *,
        residual: Weights = 1.0,
        equivariant: Weights = 0.0,
        every: int = 1,
        decoupled: bool = False,
    ) -> None:
        super().__init__()
        self.norm: Norms = Frobenius() if norm is None else norm
        self._rule = norm_rule(self.norm)
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise GroupRepError(f"every = {every!r:.40}: a positive integer is needed")
        _check_decoupled(decoupled, self._rule, self.norm)
        if not isinstance(model, nn.Module):
            raise GroupRepError(f"model must be a torch.nn.Module, got {type(model).__name__}")
        self.every, self.decoupled = every, decoupled
        inner = unwrap(model)
        refuse_flat(inner)
        reshard(inner)
        self.__dict__["model"] = inner  # referenced, not registered
        layers, skipped = match_layers(inner, spec)
        for what, given in (("norm", norm), ("residual", residual), ("equivariant", equivariant)):
            refuse_unmatched(given, [name for name, *_ in layers] + skipped, what)
        self.layers = tuple((name, specs) for name, _, specs in layers)
        self.places = Places(inner, [(name, module) for name, module, _ in layers])
        self.skipped = tuple(skipped)
        found = [t for name, module, specs in layers for t in layer_terms(name, module, specs)]
        homs: dict[Hom, Hom] = {}  # equal spaces are solved for once
        for term in found:
            term.hom = homs.setdefault(term.hom, term.hom)
            check_space(term.name, term.hom)
        trained = [t for t in found if not t.is_frozen or torch.is_inference(t.stored())]
        self.skipped += tuple(t.name for t in found if t not in trained)
        kept = distinct(trained, lambda term: term.key)
        if not kept:
            raise GroupRepError("spec: the layers it matches have no parameters to penalise")
        self._terms = tuple(term for term, _ in kept)
        self._is_behind = False  # whether the terms' weights are those of an earlier step
        for term, names in kept:
            term.also = names
            term.norm = self._rule.of(term)
            self._schedule(term, residual, equivariant)
        device = self._terms[0].stored().device
        dtype = torch.float64 if any(_wide(t.stored()) for t in self._terms) else torch.float32
        spaces = {hom: ProjectionModule(hom, device, dtype) for hom in dict.fromkeys(t.hom for t in self._terms)}
        self.spaces = nn.ModuleList(spaces.values())
        for term in self._terms:
            term.space = spaces[term.hom]
        self._check_device()
        self.steps = 0
        self.batches: tuple[Batch, ...] = ()
        self._rows = 1 + any(term.has_both for term in self._terms)
        self._place(device, dtype)

    @staticmethod
    def _schedule(term: Term, residual: Weights, equivariant: Weights) -> None:
        away, along = term.schedules = (
            as_schedule(value_for(term.layer, residual, 1.0, "residual"), "residual"),
            as_schedule(value_for(term.layer, equivariant, 0.0, "equivariant"), "equivariant"),
        )
        term.weights = away.start_value, along.start_value

    @property
    def terms(self) -> tuple[Term, ...]:
        """The penalised parameters, with their weights as they are now, for which an accelerator is waited for if they follow shares."""
        self._recall()
        return self._terms

    @property
    def schedules(self) -> tuple[tuple[Schedule, Schedule], ...]:
        """What moves the weights of each term."""
        return tuple(term.schedules for term in self._terms)

    @property
    def shared(self) -> tuple[tuple[str, ...], ...]:
        """The other names of each term's weights."""
        return tuple(term.also for term in self._terms)

    @property
    def specification(self) -> dict[str, SpecLike]:
        """What is said of each layer, by its name."""
        return {name: specs[0] if len(specs) == 1 else specs for name, specs in self.layers}  # type: ignore[misc]

    def _place(self, device: torch.device, dtype: torch.dtype) -> None:
        """The terms' weights on a device, with what it does best, and nothing to reuse.

        weights : (terms, 2), of N(T - P(T)) and of N(P(T)); factors : (1 or 2, terms), what the values are multiplied by, in the order of
        the batches, which `order` tells. All are changed in place, so that a captured graph sees it.
        """
        followed = self._followed()
        self._fast = implementation_for(device)
        self._spread = placements(term.stored for term in self._terms)
        self.batches = batched(self._terms, self._fast)
        self.following = nn.ModuleList(b.following for b in self.batches if b.following is not None)
        self._follow_on(followed, device)
        places = {term: k for k, term in enumerate(self._terms)}
        order = [places[term] for batch in self.batches for term in batch.terms]
        exact = torch.float32 if device.type == "mps" else torch.float64
        self.register_buffer("weights", self._weights(dtype).to(device), persistent=False)
        self.register_buffer("order", torch.tensor(order).to(device), persistent=False)
        self.register_buffer(
            "factors", torch.empty(self._rows, len(order), dtype=exact, device=device), persistent=False
        )
        self._weigh()
        self._steered = self._steering(places)
        self._moving = [term for term in self._terms if any(map(_moves_alone, term.schedules))]
        for term in self._terms:
            term.work = self._fast.workspace()
        if self._fast.compiled is not None:
            for batch in self.batches:
                self._fast.prepare(*batch.parts())

    def _followed(self) -> dict[str, tuple[torch.Tensor, bool]]:
        """What follows each parameter, by its name, and whether it is renewed next."""
        found = (followed_of(b.terms, b.following) for b in self.batches if b.following is not None)
        return {name: state for each in found for name, state in each if not state[0].is_meta}

    def _follow_on(self, followed: Mapping[str, tuple[torch.Tensor, bool]], device: torch.device) -> None:
        for batch in self.batches:
            if batch.following is not None:
                batch.following.move(device)
                follow_on(batch.terms, batch.following, followed)

    def _weights(self, dtype: torch.dtype) -> torch.Tensor:
        return torch.tensor([term.weights for term in self._terms], dtype=dtype)

    def _weigh(self) -> None:
        """The factors from the weights."""
        self.factors.copy_(self.every * self.weights.T[: self._rows, self.order])

    def _steering(self, places: Mapping[Term, int]) -> tuple[_Steered, ...]:
        """The schedules that read shares, each with the weights that it steers."""
        found: dict[tuple[int, int], tuple[Schedule, int, list[Term], list[int]]] = {}
        seen = 0
        for batch in self.batches:
            if not batch.is_steered:
                continue
            for k, term in enumerate(batch.terms, seen):
                for column, schedule in enumerate(term.schedules):
                    if schedule.needs_share:
                        *_, terms, shares = found.setdefault((id(schedule), column), (schedule, column, [], []))
                        terms.append(term)
                        shares.append(k)
            seen += len(batch.terms)
        device = self.weights.device
        return tuple(
            _Steered(
                schedule, column, terms, torch.tensor([places[t] for t in terms]).to(device), torch.tensor(k).to(device)
            )
            for schedule, column, terms, k in found.values()
        )

    def _recall(self) -> None:
        """What schedules that read shares have made of the weights, which a device does by itself, as the terms' own."""
        if not self._is_behind or self.weights.is_meta:
            return
        self._is_behind = False
        for s in self._steered:
            for term, weight in zip(s.terms, self.weights[s.rows, s.column].tolist(), strict=True):
                first, second = term.weights
                term.weights = (first, weight) if s.column else (weight, second)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Self:
        """Moves the buffers, which are then made anew: the spaces' from double precision, the weights from what the terms have."""
        self._recall()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._place(self.weights.device, torch.promote_types(self.weights.dtype, torch.float32))
        return self

    def _follow(self) -> None:
        """The weights to the device of the model, where that has moved on, and so the spaces; batches anew where it has been spread.

        Modules that are gone are noticed.
        """
        self.places.check()
        device = self._terms[0].source().device
        if device != self.weights.device or self._spread != placements(term.stored for term in self._terms):
            self._recall()
            self._place(device, self.weights.dtype)

    def _check_batches(self) -> None:
        """Each batch looks at its own terms; here that all of them are where the weights are."""
        if any(batch.first.stored().device != self.weights.device for batch in self.batches):
            self._check_device()

    def _check_device(self) -> None:
        device = self._terms[0].stored().device
        for term in self._terms:
            if term.stored().device != device:
                raise two_devices(self._terms[0], term)

    # Values

    if TYPE_CHECKING:  # torch says nothing of what calling a module gives

        def __call__(self) -> torch.Tensor: ...

    def forward(self) -> torch.Tensor:
        """The total, a 0-dimensional tensor: add it to the loss."""
        if self.decoupled or self._rests:
            return self.weights.new_zeros(())
        if not torch.compiler.is_compiling():
            self._follow()
        device, fast = self.weights.device, serving(self._fast)
        mixed = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
        with torch.autocast(device_type=device.type, enabled=False) if mixed else nullcontext():
            self._check_batches()
            found = [batch.values(fast, self._rows) for batch in self.batches]
            wide = any(_wide(batch.first.stored()) for batch in self.batches)
            values = found[0] if len(found) == 1 else torch.cat(found, dim=1)
            total = (values * self.factors).sum().to(torch.float64 if wide else torch.float32)
        if device.type == "cpu" and fast is self._fast and not isfinite(total.item()):
            for term in self._terms:
                check_finite(term.name, term.parameter())
        return total

    # Steps

    @property
    def steps(self) -> int:
        """How many steps have ended."""
        return self._steps

    @steps.setter
    def steps(self, number: int) -> None:
        self._steps = number
        self._rests = number % self.every != 0  # of the two, compiled code asks for this alone

    @torch.no_grad()
    def step(self) -> None:
        """The end of a training step: moves the schedules, and counts for `every`."""
        self.steps += 1
        old = [term.weights for term in self._moving]
        for term in self._moving:
            known = zip(term.schedules, term.weights, strict=True)
            first, second = (w if s.needs_share else s.next_value(self.steps, w, None) for s, w in known)
            term.weights = first, second
        moved = [term.weights for term in self._moving] != old
        if moved:
            steered = [(self.weights[s.rows, s.column], s) for s in self._steered]
            self.weights.copy_(self._weights(self.weights.dtype), non_blocking=True)
            for weights, s in steered:
                self.weights[s.rows, s.column] = weights
        if self._steered:
            self._steer()
        if moved or self._steered:
            self._weigh()

    def _steer(self) -> None:
        """The weights that follow shares move on, on an accelerator by its own arithmetic: nothing waits for it."""
        steered = [batch for batch in self.batches if batch.is_steered]
        if any(batch.seen is None for batch in steered):
            self._follow()
            steered = [batch for batch in self.batches if batch.is_steered]
        shares = torch.cat([batch.shares(self._fast) for batch in steered])
        for schedule, column, _, rows, places in self._steered:
            values = self.weights[:, column]
            weights = schedule.next_values(self.steps, values.index_select(0, rows), shares.index_select(0, places))
            values.index_copy_(0, rows, weights.to(values.dtype))
        self._is_behind = True

    @torch.no_grad()
    def decay_(self, lr: float | torch.Tensor | torch.optim.Optimizer) -> None:
        """Move the weights by -lr (lambda_perp (T - P(T)) + lambda_G P(T)), as AdamW applies its decay.

        Parameters
        ----------
        lr : the learning rate, or the optimizer whose groups' learning rates apply.
        """
        if self._rests:
            return
        reshard(self.model)
        self._follow()
        steps, done = self._steps_of(self.rates(lr)), 0
        self._check_batches()
        for batch in self.batches:
            batch.move_(steps[done : done + len(batch.terms)], self._fast)
            done += len(batch.terms)

    def rates(self, lr: float | torch.Tensor | torch.optim.Optimizer) -> list[float | torch.Tensor]:
        """The learning rate of each term, or the only one: numbers, or tensors of the device."""
        if isinstance(lr, int | float | torch.Tensor):
            return [_rate(lr)]
        known = {id(p): group["lr"] for group in lr.param_groups for p in group["params"]}
        for term in self._terms:
            if id(term.source()) not in known:
                raise GroupRepError(f'"{term.name}" is none of the parameters of the optimizer that decay_ was given')
        return [_rate(known[id(term.source())]) for term in self._terms]

    def _steps_of(self, rates: Sequence[float | torch.Tensor]) -> torch.Tensor:
        """(away, along) of each term, in the order of the batches: one product for each learning rate."""
        key = [id(rate) if isinstance(rate, torch.Tensor) else rate for rate in rates]
        scaled = {k: self.every * rate * self.weights for k, rate in dict(zip(key, rates, strict=True)).items()}
        if len(scaled) == 1:
            return scaled[key[0]].index_select(0, self.order)
        places = {term: k for k, term in enumerate(self._terms)}
        order = [places[term] for batch in self.batches for term in batch.terms]
        return torch.stack([scaled[key[k]][k] for k in order])

    def attach(self, optimizer: torch.optim.Optimizer) -> RemovableHandle:
        """Let the optimizer's step end with `decay_` (where decoupled) and `step`; returns the hook's handle."""

        def after(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
            if self.decoupled:
                self.decay_(optimizer)
            self.step()

        return optimizer.register_step_post_hook(after)

    def reweight_(self, residual: Weights, equivariant: Weights = 0.0, norm: Norms | None = None) -> None:
        """New weights or schedules, as for the class, from this step on: such as those that `evidence_weights` finds.

        Parameters
        ----------
        residual, equivariant : as for the class.
        norm : new norms, as for the class, such as those that `choose_norms` finds; None: those there are. A run is resumed by a
            penalty that is made with the norms, and the weights, that it ended with.

        Raises
        ------
        GroupRepError
            If a name matches no layer, a weight or a norm is none, or a decoupled penalty is given another norm than Frobenius's.
        """
        rule = self._rule if norm is None else norm_rule(norm)
        for what, given in (("norm", norm), ("residual", residual), ("equivariant", equivariant)):
            refuse_unmatched(given, [name for name, _ in self.layers] + list(self.skipped), what)
        self._is_behind = False
        if norm is not None:
            _check_decoupled(self.decoupled, rule, norm)
            self.norm, self._rule = norm, rule
        for term in self._terms:
            term.norm = rule.of(term)
            self._schedule(term, residual, equivariant)
        self._rows = 1 + any(term.has_both for term in self._terms)
        self._place(self.weights.device, self.weights.dtype)

    # Parts

    def split(self, name: str, tensor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(P(T), T - P(T)) of a tensor that is arranged as a parameter is: the weight, its gradient, a step. Differentiable.

        Parameters
        ----------
        name : of the term, as `report` shows it, such as "0.weight".
        tensor : of the shape of the parameter, or of the rows that the term reads of it, in any floating-point precision.

        Returns
        -------
        Two tensors of the shape of what the term reads.

        Raises
        ------
        GroupRepError
            If there is no such term; DimensionMismatch if the tensor has another shape.

        Examples
        --------
        >>> import torch
        >>> from grouprep import Cyclic
        >>> from projectors.torch import EquivariancePenalty
        >>> pen = EquivariancePenalty(torch.nn.Linear(2, 2), {"": (Cyclic(2).natural(), Cyclic(2).natural())})
        >>> pen.split("weight", torch.tensor([[1.0, 2.0], [4.0, 3.0]]))
        (tensor([[2., 3.],
                [3., 2.]]), tensor([[-1., -1.],
                [ 1.,  1.]]))
        """
        term = next((t for t in self._terms if name in (t.name, *t.also)), None)
        if term is None:
            raise GroupRepError(
                f'name = "{name}" is no term of the penalty; {nearest(name, [t.name for t in self._terms])}'
            )
        if not term.is_writable:
            raise GroupRepError(f'"{name}" is a product of two weights, and no tensor is arranged as it is')
        whole = term.parameter()
        part = term.layout.rows(whole)
        if not isinstance(tensor, torch.Tensor) or tensor.shape not in (whole.shape, part.shape):
            shape = tuple(getattr(tensor, "shape", ()))
            raise DimensionMismatch(f'tensor has shape {shape}; "{name}" has shape {tuple(whole.shape)}')
        rows = term.layout.rows(tensor) if tensor.shape == whole.shape else tensor
        T = term.layout.arrange(rows)
        P = term.space.project(in_single(T))
        first, second = (term.layout.unread(x.to(T.dtype), rows.shape) for x in (P, in_single(T) - P))
        return first, second

    # What a checkpoint holds

    def _description(self) -> Description:
        return describe(self._terms, self.norm, self.every, self.decoupled)

    def _save_to_state_dict(self, destination: dict[str, torch.Tensor], prefix: str, keep_vars: bool) -> None:
        weights = {term.name: term.weights for term in self.terms}
        progress = Progress(self._description(), self.steps, weights, self._followed())
        destination.update({prefix + key: value for key, value in progress.tensors().items()})

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, torch.Tensor],
        prefix: str,
        local_metadata: Mapping[str, object],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        found = {key.removeprefix(prefix): value for key, value in state_dict.items() if key.startswith(prefix)}
        if not found:
            missing_keys += [prefix + key for key in Progress(self._description(), 0, {}, {}).tensors()]
            return
        progress = Progress.of(found)
        require_same(progress.description, self._description())
        self.steps, self._is_behind = progress.steps, False
        for batch in self.batches:
            batch.seen = None
        for term in self._terms:
            term.weights = progress.weights[term.name]
        self.weights.copy_(self._weights(self.weights.dtype))
        self._weigh()
        self._follow_on(progress.followed, self.weights.device)

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
        self._check_device()
        self._recall()
        records: dict[Term, TermReport] = {}
        for terms in _alike(self._terms):
            T = in_single(torch.stack([term.read() for term in terms]))
            for term, operators in zip(terms, T, strict=True):
                check_finite(term.name, operators)
            found = term_reports(terms, T, terms[0].space.project(T), terms[0].norm, self._rule.of_blocks(terms[0]))
            records |= dict(zip(terms, found, strict=True))
        reports = tuple(
            replace(records[t], residual_weight=t.weights[0], equivariant_weight=t.weights[1], also=t.also)
            for t in self._terms
        )
        total, flagged = sum(r.total for r in reports), flags(self.model, self.layers)
        flagged += tuple(f"{term.name}: {text}" for term, text in gathered(self._terms))
        return PenaltyReport(total, reports, self.skipped, flagged, self.steps)

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
        found = check_model(self.model, self.layers, inputs, strict)
        spread = tuple(Finding("warning", term.layer, f"{term.name}: {text}") for term, text in gathered(self._terms))
        return replace(found, findings=found.findings + spread)

    @classmethod
    def from_toml(cls, model: nn.Module, path: str | PathLike[str], **options: Any) -> Self:
        """The penalty that a TOML file of annotations describes (see `projectors.models.files`); options as for the class."""
        return cls(model, load_spec(path), **options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.extra_repr()})"

    def extra_repr(self) -> str:
        """What printing it shows."""
        return f"{len(self._terms)} parameters, {self.norm}" + (", decoupled" if self.decoupled else "")


def _alike(terms: Sequence[Term]) -> list[list[Term]]:
    """Terms of one space, norm and precision, together where they are small and the norm takes operators one by one."""
    groups: dict[Hashable, list[Term]] = {}
    for term in terms:
        parameter, layout = term.stored(), term.layout
        small = prod(layout.operators) <= _SMALL and term.norm.acts_on_each
        key = (term.hom, term.norm, layout.operators, parameter.dtype) if small else term
        groups.setdefault(key, []).append(term)
    return list(groups.values())


class _Steered(NamedTuple):
    """A schedule that reads shares.

    terms, column : whose weights it steers; rows : where these stand; places : where their shares stand among all that are read.
    """

    schedule: Schedule
    column: int
    terms: list[Term]
    rows: torch.Tensor
    places: torch.Tensor


def _check_decoupled(decoupled: bool, rule: NormRule, norm: object) -> None:
    if decoupled and not rule.is_euclidean:
        raise GroupRepError(f"decoupled=True applies the gradient of the squared Frobenius norm; it has no {norm}")


def _moves_alone(schedule: Schedule) -> bool:
    return not isinstance(schedule, Constant) and not schedule.needs_share


def _rate(lr: float | torch.Tensor) -> float | torch.Tensor:
    """A learning rate as it is where it is a tensor of an accelerator, which graphs read anew; else its number."""
    return lr if isinstance(lr, torch.Tensor) and lr.device.type != "cpu" else float(lr)


def _wide(parameter: torch.Tensor) -> bool:
    return parameter.dtype in (torch.float64, torch.complex128)
