"""The penalty of a torch model: norms of T - P(T) and of P(T), summed over its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from math import isfinite
from os import PathLike
from typing import Any

import torch
from torch import nn

from grouprep.errors import GroupRepError
from projectors.models.files import load_spec
from projectors.models.naming import refuse_unmatched, value_for
from projectors.models.report import CheckReport, PenaltyReport, term_report
from projectors.models.schedules import Constant, Schedule, as_schedule
from projectors.models.specs import SpecLike
from projectors.models.terms import distinct
from projectors.penalties import Frobenius, KyFan, Norm, Spectral, State
from projectors.torch.buffers import Constants, torch_projection
from projectors.torch.compatibility import check_model, flags
from projectors.torch.convolutions import ConvolutionSpectral, norm_of
from projectors.torch.functions import is_frobenius
from projectors.torch.layers import layer_terms
from projectors.torch.naming import match_layers, unwrap
from projectors.torch.recycled import Scratch, Workspace
from projectors.torch.terms import Term, check_finite, in_single
from projectors.torch.values import batch_values

__all__ = ["EquivariancePenalty"]


_SMALL = 1 << 13  # entries of a parameter that is treated together with others
_EXACT = 24  # singular values of operators with at most that many are computed, not followed


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
        residual: Any = 1.0,
        equivariant: Any = 0.0,
        every: int = 1,
        decoupled: bool = False,
    ) -> None:
        super().__init__()
        self.norm: Norm | ConvolutionSpectral = Frobenius() if norm is None else norm
        if not isinstance(self.norm, Norm | ConvolutionSpectral):
            raise GroupRepError(f"norm = {norm!r:.60} is not a norm; use Frobenius(), Spectral(), ...")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise GroupRepError(f"every = {every!r:.40}: a positive integer is needed")
        if decoupled and self.norm not in (Frobenius(), Frobenius(squared=True)):
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
        self.skipped = tuple(skipped)
        found = [t for name, module, specs in layers for t in layer_terms(name, module, specs)]
        self.terms, self.shared, frozen = _distinct(found)
        self.skipped += tuple(frozen)
        if not self.terms:
            raise GroupRepError("spec: the layers it matches have no parameters to penalise")
        self._norms = tuple(norm_of(t, self.norm) for t in self.terms)
        self._homs = tuple(dict.fromkeys(t.hom for t in self.terms))
        self._number = tuple(self._homs.index(t.hom) for t in self.terms)
        self._projections = tuple(torch_projection(h) for h in self._homs)
        self._tables = tuple(Constants(p, f"constant_{i}") for i, p in enumerate(self._projections))
        self.schedules: tuple[tuple[Schedule, Schedule], ...] = tuple(
            (
                as_schedule(value_for(t.layer, residual, 1.0, "residual"), "residual"),
                as_schedule(value_for(t.layer, equivariant, 0.0, "equivariant"), "equivariant"),
            )
            for t in self.terms
        )
        self._both = tuple(bool(e.start_value) or not _is_constant(e) for _, e in self.schedules)
        self.steps = 0
        self._small = tuple(self._is_small(k) for k in range(len(self.terms)))
        self._batches = self._batched()
        self._fresh_work()
        self._states: list[State | None] = [None] * len(self.terms)
        first = self.terms[0].parameter()
        weights = [[s.start_value for s in pair] for pair in self.schedules]
        dtype = torch.float64 if any(_wide(t.parameter()) for t in self.terms) else torch.float32
        self.register_buffer("weights", torch.tensor(weights, dtype=dtype, device=first.device), persistent=False)
        order = torch.tensor([k for batch in self._batches for k in batch], device=first.device)
        self.register_buffer("order", order, persistent=False)
        self._place(first.device, dtype)

    def _batched(self) -> tuple[tuple[int, ...], ...]:
        """The terms' numbers, in batches that are computed together: much of the cost of small operations is that of calling functions.

        Small terms of one space are stacked; of others the sizes are, and where they are followed what follows them.
        """
        batches: dict[Any, list[int]] = {}
        for k, term in enumerate(self.terms):
            space = self._number[k] if self._small[k] or self._is_followed(k) else None
            alone = term.layout.groups or not (self._is_euclidean(k) or (self._is_followed(k) and not self._both[k]))
            kind = self._small[k], self._both[k], term.parameter().dtype, self._norms[k]
            batches.setdefault(k if alone else (space, *kind), []).append(k)
        return tuple(tuple(b) for b in batches.values())

    def _is_small(self, k: int) -> bool:
        """Whether a term is stacked with others of its space."""
        term = self.terms[k]
        entries = term.layout.rows(term.parameter()).numel()
        return entries <= _SMALL and self._is_euclidean(k) and term.is_writable and not term.layout.groups

    # Constants

    def _place(self, device: torch.device, dtype: torch.dtype) -> None:
        """The projectors' constants as buffers on a device, from their double-precision originals, in memory of their own."""
        self._placed = device, dtype
        for constants in self._tables:
            constants.place(self, device, dtype)
        self._placed_constants = [constants.of(self) for constants in self._tables]

    def _constants(self, i: int) -> list[torch.Tensor]:
        return self._placed_constants[i]

    def _fresh_work(self) -> None:
        """Nothing to reuse yet."""
        scratch = Scratch()
        self._work = tuple(Workspace(scratch=scratch) for _ in self.terms)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Any:
        """Moves the buffers; precisions are made anew from double precision."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        moved = fn(torch.zeros((), dtype=torch.float32, device=self._placed[0]))
        dtype = torch.float64 if moved.dtype == torch.float64 else self._placed[1]
        self.weights = self.weights.to(dtype)
        self._place(moved.device, dtype)
        self._fresh_work()
        self._states = [None] * len(self.terms)
        return self

    # Values

    def forward(self) -> torch.Tensor:
        """The total, a 0-dimensional tensor: add it to the loss."""
        if self.decoupled or self.steps % self.every:
            return self.weights.new_zeros(())
        device = self.weights.device
        mixed = torch.is_autocast_enabled(device.type)
        with torch.autocast(device_type=device.type, enabled=False) if mixed else nullcontext():
            values = torch.cat([batch_values(self, batch) for batch in self._batches], dim=1)
            weights = self.weights.T[: len(values), self.order].to(values.dtype)
            total: torch.Tensor = (values * weights).sum() * self.every
        if device.type == "cpu" and not torch.compiler.is_compiling() and not isfinite(total.item()):
            self._explain_nan()
        return total

    def _operators(self, k: int) -> torch.Tensor:
        return in_single(self.terms[k].read())

    def _is_euclidean(self, k: int) -> bool:
        """Whether the norm of a term is the Frobenius norm; of vectors all unitarily invariant norms are."""
        return is_frobenius(self._norms[k]) or (1 in self.terms[k].hom.shape and self._norms[k].unitarily_invariant)

    def _is_followed(self, k: int) -> bool:
        """Whether leading singular values of a term are followed from step to step."""
        return isinstance(self._norms[k], KyFan) and not self._is_euclidean(k) and min(self.terms[k].hom.shape) > _EXACT

    def _explain_nan(self) -> None:
        for term in self.terms:
            check_finite(term.name, term.parameter())

    # Steps

    @torch.no_grad()
    def step(self) -> None:
        """The end of a training step: moves the schedules, and counts for `every`."""
        self.steps += 1
        shares = [self._share(k) if any(s.needs_share for s in pair) else None for k, pair in enumerate(self.schedules)]
        old = self.weights.tolist()
        new = [
            [s.next_value(self.steps, old[k][c], shares[k]) for c, s in enumerate(pair)]
            for k, pair in enumerate(self.schedules)
        ]
        if new != old:
            self.weights.copy_(torch.tensor(new, dtype=self.weights.dtype))

    def _share(self, k: int) -> float:
        T, i = self._operators(k), self._number[k]
        size = torch.linalg.vector_norm(T)
        R = self._projections[i].residual(T, self._constants(i))
        return float(torch.linalg.vector_norm(R) / size) if size > 0 else 0.0

    @torch.no_grad()
    def decay_(self, lr: float | torch.optim.Optimizer) -> None:
        """Move the weights by -lr (lambda_perp (T - P(T)) + lambda_G P(T)), as AdamW applies its decay.

        Parameters
        ----------
        lr : the learning rate, or the optimizer whose groups' learning rates apply.
        """
        from projectors.torch.decay import decay_terms

        if self.steps % self.every == 0:
            decay_terms(self, lr, float(self.every))

    def attach(self, optimizer: torch.optim.Optimizer) -> Any:
        """Let the optimizer's step end with `decay_` (where decoupled) and `step`; returns the hook's handle."""

        def after(optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
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
        records, weights = [], self.weights.tolist()
        for k, term in enumerate(self.terms):
            T, i = self._operators(k), self._number[k]
            check_finite(term.name, T)
            P = self._projections[i].project(T, self._constants(i))
            pair, blocks = (
                (weights[k][0], weights[k][1]),
                Spectral() if isinstance(self.norm, ConvolutionSpectral) else None,
            )
            records.append(term_report(term, T, P, self._norms[k], pair, self.shared[k], blocks))
        return PenaltyReport(
            sum(t.total for t in records), tuple(records), self.skipped, flags(self.model, self.layers), self.steps
        )

    def check(self, *inputs: Any, strict: bool = False) -> CheckReport:
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
    def from_toml(cls, model: nn.Module, path: str | PathLike[str], **options: Any) -> EquivariancePenalty:
        """The penalty that a TOML file of annotations describes (see `projectors.models.files`); options as for the class."""
        return cls(model, load_spec(path), **options)

    def extra_repr(self) -> str:
        """What printing it shows."""
        return f"{len(self.terms)} parameters, {self.norm}" + (", decoupled" if self.decoupled else "")


def _distinct(terms: list[Term]) -> tuple[tuple[Term, ...], tuple[tuple[str, ...], ...], list[str]]:
    """Terms without repetitions of shared weights, the other names of each, and the names of frozen ones."""
    is_frozen = [term.is_frozen and not torch.is_inference(term.parameter()) for term in terms]
    found = distinct([t for t, frozen in zip(terms, is_frozen, strict=True) if not frozen], lambda term: term.key)
    frozen = [t.name for t, frozen in zip(terms, is_frozen, strict=True) if frozen]
    return tuple(t for t, _ in found), tuple(names for _, names in found), frozen


def _is_constant(schedule: Schedule) -> bool:
    return isinstance(schedule, Constant)


def _wide(parameter: torch.Tensor) -> bool:
    return parameter.dtype in (torch.float64, torch.complex128)
