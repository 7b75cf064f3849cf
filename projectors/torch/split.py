"""AdamW in the split frame: the equivariant part of each weight and its residual have moments and steps of their own.

Derivation and measurements: docs/guide/split-frame.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.optim.adamw import adamw

from grouprep.errors import GroupRepError
from projectors.torch.frames import Frame, Spatial, frame_of
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.prox import Over, check_prox, thresholded
from projectors.torch.sharded import as_shards
from projectors.torch.terms import Term, in_single

__all__ = ["SplitAdamW"]

_Tensors: TypeAlias = list[torch.Tensor]
_State: TypeAlias = dict[str, torch.Tensor]
_SMALL = 1 << 13  # entries of operators that are projected together with others


@dataclass(eq=False)
class _Batch:
    """Terms of one space whose operators have one shape: small ones are projected as one array."""

    frame: Frame
    spatial: Spatial
    terms: list[Term]

    def is_direct(self, T: torch.Tensor) -> bool:
        """Whether what is found entry by entry, in the weights' own basis, is a step of P(T) already."""
        return self.frame.is_kept and self.frame.is_spatial and not T.is_complex()

    def stepped(self, direction: torch.Tensor) -> torch.Tensor:
        """The step of P(T) along a direction that was found entry by entry, in the frame."""
        kept = self.frame.is_kept and not direction.is_complex()
        return self.frame.back(self.frame.lengthened(direction if kept else self.frame.project(direction)))


class SplitAdamW(torch.optim.Optimizer):
    """AdamW with moments of their own for the equivariant part P(g) of each gradient and for its residual g - P(g).

    For a weight T of the penalty's layers, A = P(T) and R = T - P(T):
    A <- A - lr adam(P(g)), R <- R - residual_lr lr (d - P(d)) with d = adam(g - P(g)), and then R <- max(0, 1 - lr lambda) R, where
    lambda is what `residual=` of the penalty says at this step, a schedule too; `equivariant=` shrinks A likewise. With a penalty that
    is not decoupled the last step is the proximal one of its norm (see `prox_`), with exact zeros. Leave the penalty out of the loss:
    g is the gradient of the task. `step` moves the penalty's schedules on: neither `attach` it nor call its `step`.

    Entrywise Adam divides P(g) by the size of g, of which P(g) is a part 1 / sqrt(s) for orbits of s entries; here a step of A is as
    long as that of a weight of its own. Moments stand in the frame of irreps where representations are no permutations, so that A stays
    equivariant; where irreps are not known, the step is projected. Other parameters are moved as by torch.optim.AdamW.

    Parameters
    ----------
    params : parameters, or groups of them (with lr, betas, eps, weight_decay, residual_lr of their own), as torch takes them; all
        that the penalty penalises are among them.
    pen : the penalty of the model: its layers and spaces, its lambdas and their schedules.
    lr, betas, eps, weight_decay : as torch.optim.AdamW; the decay is of all parameters, and 0 here if not given.
    residual_lr : the learning rate of R, in units of lr.
    over : of which groups of entries a penalty with `Frobenius()` takes norms, as in `prox_`.

    Raises
    ------
    GroupRepError
        If a parameter of the penalty is missing, is parametrised or a product of two weights, is not covered by its terms, or a number
        is out of range, or the penalty's norm has no proximal step.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import EquivariancePenalty, Linear, SplitAdamW
    >>> V = Cyclic(4).regular()
    >>> net = torch.nn.Linear(4, 4)
    >>> pen = EquivariancePenalty(net, {"": (V, V)}, residual=Linear(20.0, 0.0, steps=100), decoupled=True)
    >>> optimizer = SplitAdamW(net.parameters(), pen, lr=6e-3)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     net(torch.ones(2, 4)).square().mean().backward()
    ...     _ = optimizer.step()
    >>> pen.steps
    3

    References
    ----------
    Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2; the split after Finzi, Benton and Wilson,
    Residual pathway priors for soft equivariance constraints, NeurIPS 2021, whose two weights have moments of their own.
    """

    def __init__(
        self,
        params: Iterable[Any],
        pen: EquivariancePenalty,
        lr: float | torch.Tensor = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        residual_lr: float = 0.1,
        over: Over = "operators",
    ) -> None:
        if not isinstance(pen, EquivariancePenalty):
            raise GroupRepError(f"pen must be an EquivariancePenalty of the model, got {type(pen).__name__}")
        if not pen.decoupled:
            check_prox(pen, over)
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "residual_lr": residual_lr}
        self.pen, self.over = pen, over
        super().__init__(params, defaults)
        self._terms = _terms_by_parameter(pen)
        known = {id(p) for group in self.param_groups for p in group["params"]}
        for key, terms in self._terms.items():
            if key not in known:
                raise GroupRepError(
                    f'"{terms[0].name}" is penalised, but none of the parameters that SplitAdamW was given: give it all of '
                    "model.parameters()"
                )
        self._places = {term: k for k, term in enumerate(pen.terms)}
        spaces = {t.space: None for t in pen.terms}
        self._frames: dict[nn.Module, tuple[Frame, Spatial]] = {s: (frame_of(s), Spatial(s)) for s in spaces}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As torch.optim.Optimizer, with every number checked."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for name in ("eps", "weight_decay", "residual_lr"):
            _check_number(name, group[name])
        if not isinstance(group["lr"], torch.Tensor):
            _check_number("lr", group["lr"])
        betas = group["betas"]
        if len(betas) != 2 or not all(0 <= b < 1 for b in betas):
            raise GroupRepError(f"betas = {betas!r:.40}: two numbers from 0 to below 1 are needed")

    # Steps

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; the loss of the closure, if one is given. Nothing waits for the device, schedules that read a share apart."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            trained = [p for p in group["params"] if p.grad is not None]
            self._move_plain([p for p in trained if id(p) not in self._terms], group)
            self._move_split([p for p in trained if id(p) in self._terms], group)
        self.pen.step()
        return loss

    def _move_plain(self, parameters: _Tensors, group: dict[str, Any]) -> None:
        moments = [_moments(self.state[p], p) for p in parameters]
        gradients = [p.grad for p in parameters if p.grad is not None]
        _adam(parameters, gradients, moments, group, group["lr"], group["weight_decay"])

    def _move_split(self, parameters: _Tensors, group: dict[str, Any]) -> None:
        chosen = {term: (p, str(k)) for p in parameters for k, term in enumerate(self._terms[id(p)])}
        batches = _batches(list(chosen), self._frames)
        states = [self.state[p].setdefault(k, {}) for batch in batches for p, k in (chosen[t] for t in batch.terms)]
        T, P, R = [], [], []
        for batch in batches:
            gradients = [t.layout.read(p.grad) for t in batch.terms if (p := chosen[t][0]).grad is not None]
            g = batch.frame.into(_together(gradients))
            P.append(batch.frame.project(g.clone()))
            R.append(g - P[-1])
            T.append(_together([t.read() for t in batch.terms]))
        first, second = (
            [_moments(state.setdefault(part, {}), x) for state, x in zip(states, _each(P), strict=True)]
            for part in ("equivariant", "residual")
        )
        self._move_equivariant(batches, T, P, first, group)
        self._move_residuals(batches, T, R, P, second, group)
        for batch, stack in zip(batches, T, strict=True):
            for term, value in zip(batch.terms, stack, strict=True):
                if value.untyped_storage().data_ptr() != term.stored().untyped_storage().data_ptr():
                    term.write(value)

    def _move_equivariant(
        self, batches: Sequence[_Batch], T: _Tensors, P: _Tensors, moments: Sequence[_State], group: dict[str, Any]
    ) -> None:
        """T <- T - lr adam(P), in place."""
        if group["weight_decay"]:
            for t in T:
                t.mul_(1 - group["lr"] * group["weight_decay"])
        direct = [batch.is_direct(t) for batch, t in zip(batches, T, strict=True)]
        targets = [t if d else torch.zeros_like(p) for t, p, d in zip(T, P, direct, strict=True)]
        _adam(_each(targets), _each(P), moments, group, group["lr"])
        for batch, t, move, d in zip(batches, T, targets, direct, strict=True):
            if not d:
                t.add_(batch.stepped(move))

    def _move_residuals(
        self,
        batches: Sequence[_Batch],
        T: _Tensors,
        R: _Tensors,
        memory: _Tensors,
        moments: Sequence[_State],
        group: dict[str, Any],
    ) -> None:
        """R <- kept (R - residual_lr lr (d - P(d))), in place, with one projection of (1 - kept) T + kept residual_lr lr d."""
        due, decoupled = not self.pen.steps % self.pen.every, self.pen.decoupled
        rate, step = group["lr"] * self.pen.every, group["lr"] * group["residual_lr"]
        weights = [[self._weights_of(t) if due else (0.0, 0.0) for t in batch.terms] for batch in batches]
        lost = [[_at_most_one(rate * w) if decoupled else 0.0 for w, _ in pairs] for pairs in weights]
        for batch, t, m, x in zip(batches, T, memory, lost, strict=True):
            _ = _times(m.copy_(t), x) if batch.frame.is_spatial else m.zero_()
        flat, moves, g = [w for pairs in weights for w, _ in pairs], _each(memory), _each(R)
        keys = [id(w) if isinstance(w, torch.Tensor) else w for w in flat]
        for key in dict.fromkeys(keys):
            mine = [i for i, k in enumerate(keys) if k == key]
            kept = 1 - _at_most_one(rate * flat[mine[0]]) if decoupled else 1.0
            _adam([moves[i] for i in mine], [g[i] for i in mine], [moments[i] for i in mine], group, -step * kept)
        for batch, t, m, x, pairs in zip(batches, T, memory, lost, weights, strict=True):
            move = m if batch.frame.is_spatial else batch.frame.back(m) + _times(t.clone(), x)
            t.sub_(move).add_(batch.spatial.project(move))
            if due and not decoupled:
                left = t - (P := batch.spatial.project(t.clone()))
                t.copy_(P)
                for each, r, term, (w, _) in zip(t, left, batch.terms, pairs, strict=True):
                    each.add_(thresholded(r, term, rate * w, self.over))
            if any(isinstance(w, torch.Tensor) or w for _, w in pairs):
                t.sub_(_times(batch.spatial.project(t.clone()), [_at_most_one(rate * w) for _, w in pairs]))

    def _weights_of(self, term: Term) -> tuple[float | torch.Tensor, float | torch.Tensor]:
        """Lambda_perp and lambda_G now: numbers, or tensors where the device itself steers them."""
        place = self._places[term]
        if term.stored().device.type == "cpu" or not any(s.needs_share for s in term.schedules):
            return self.pen.terms[place].weights
        first, second = self.pen.weights[place]
        return first, second

    # Resuming

    def state_dict(self) -> dict[str, Any]:
        """As torch's, with where the penalty's schedules stand."""
        out = super().state_dict()
        out["penalty"] = self.pen.state_dict()
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume from what `state_dict` gave: the steps that follow are the same bit for bit.

        Raises
        ------
        GroupRepError
            If it is not of a SplitAdamW, or of a penalty with other terms.
        """
        if "penalty" not in state_dict:
            raise GroupRepError("state_dict is not that of a SplitAdamW: it says nothing of a penalty")
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "penalty"})
        saved = [k for group in state_dict["param_groups"] for k in group["params"]]
        parameters = [p for group in self.param_groups for p in group["params"]]
        for k, p in zip(saved, parameters, strict=True):  # in the precision that they had: torch takes the parameter's
            if k in state_dict["state"]:
                self.state[p] = _placed(state_dict["state"][k], p.device)
        self.pen.load_state_dict(state_dict["penalty"])


def _placed(state: Any, device: torch.device) -> Any:
    """A copy of moments on a device."""
    if isinstance(state, torch.Tensor):
        return state.to(device, copy=True)
    return {k: _placed(v, device) for k, v in state.items()}


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise GroupRepError(f"{name} = {value!r:.40}: a finite number >= 0 is needed")


def _terms_by_parameter(pen: EquivariancePenalty) -> dict[int, list[Term]]:
    """The terms of each parameter, by its identity."""
    out: dict[int, list[Term]] = {}
    for term in pen.terms:
        if not term.is_writable:
            raise GroupRepError(
                f'"{term.name}" is a product of two weights, which has no step of its own; use AttentionSpec(form=False)'
            )
        if as_shards(term.stored()) is not None:
            raise GroupRepError(
                f'"{term.name}" is spread over processes; SplitAdamW needs whole parameters: a decoupled penalty and AdamW do without'
            )
        if nn.utils.parametrize.is_parametrized(term.module, term.attribute):
            raise GroupRepError(
                f'"{term.name}" is parametrised: its gradient is that of other tensors; SplitAdamW moves plain parameters, so remove '
                "the parametrisation or leave the layer out of the specification"
            )
        out.setdefault(id(term.source()), []).append(term)
    for terms in out.values():
        whole = terms[0].source()
        if sum(t.layout.rows(whole).numel() for t in terms) != whole.numel():
            raise GroupRepError(
                f'"{terms[0].name}": the specification covers some rows of its parameter alone; cover all of them, so that each has a step'
            )
    return out


def _batches(terms: Sequence[Term], frames: dict[nn.Module, tuple[Frame, Spatial]]) -> list[_Batch]:
    together: dict[object, _Batch] = {}
    for term in terms:
        small = not term.layout.groups and term.hom.shape[0] * term.hom.shape[1] <= _SMALL
        key = (term.space, term.source().dtype, term.source().device) if small else term
        if key not in together:
            together[key] = _Batch(*frames[term.space], [])
        together[key].terms.append(term)
    return list(together.values())


def _together(arrays: Sequence[torch.Tensor]) -> torch.Tensor:
    """Along a first axis, contiguous and at least in single precision; of a single one a view where that is possible."""
    if len(arrays) == 1:
        return in_single(arrays[0]).contiguous()[None]
    return in_single(torch.stack(list(arrays)))


def _each(stacks: _Tensors) -> _Tensors:
    return [x for stack in stacks for x in stack.unbind()]


# Adam


def _moments(state: _State, like: torch.Tensor) -> _State:
    """The step, and the means of gradients and of their squares; steps stand beside the parameter, so that nothing waits for them."""
    if not state:
        state["step"] = torch.zeros((), dtype=torch.float32, device=like.device)
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(like), torch.zeros_like(like)
    return state


def _adam(
    targets: _Tensors,
    gradients: _Tensors,
    moments: Sequence[_State],
    group: dict[str, Any],
    lr: float | torch.Tensor,
    weight_decay: float = 0.0,
) -> None:
    """One step of AdamW with a learning rate, in place, by torch's own kernels: one of them for all on the CPU and on CUDA."""
    if targets:
        (b1, b2), fused = (
            group["betas"],
            targets[0].device.type in ("cpu", "cuda", "meta") and not targets[0].is_complex(),
        )
        adamw(
            targets,
            gradients,
            [m["exp_avg"] for m in moments],
            [m["exp_avg_sq"] for m in moments],
            [],
            [m["step"] for m in moments],
            foreach=not fused,
            fused=fused,
            capturable=not fused and targets[0].device.type not in ("cpu", "meta"),
            has_complex=targets[0].is_complex(),
            amsgrad=False,
            beta1=b1,
            beta2=b2,
            lr=lr,
            weight_decay=weight_decay,
            eps=group["eps"],
            maximize=False,
        )


def _times(x: torch.Tensor, factors: Sequence[float | torch.Tensor]) -> torch.Tensor:
    """X (k, ...) times a factor each, in place."""
    if all(isinstance(f, float) and f == factors[0] for f in factors):
        return x.mul_(factors[0])
    for part, factor in zip(x, factors, strict=True):
        part.mul_(factor)
    return x


def _at_most_one(x: float | torch.Tensor) -> float | torch.Tensor:
    return x.clamp(max=1.0) if isinstance(x, torch.Tensor) else min(1.0, x)
