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

from grouprep.errors import GroupRepError
from projectors.torch.frames import Frame, frame_of
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.prox import Over, check_prox, thresholded
from projectors.torch.terms import Term, in_single

__all__ = ["SplitAdamW"]

_Tensors: TypeAlias = list[torch.Tensor]
_MOMENTS = ("equivariant_avg", "equivariant_sq", "residual_avg", "residual_sq")
_SMALL = 1 << 13  # entries of operators that are projected together with others
# A residual of a gradient below this share of the gradient is rounding: means over s entries leave s u, u = eps / 2, and s < 2^9 of them
# then move the weight by less than a quarter of a step that is meant.
_ROUNDING = 2.0**10


@dataclass(eq=False)
class _Group:
    """Terms of one space whose operators have one shape: small ones are projected as one array."""

    frame: Frame
    terms: list[Term]


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
        self._frames: dict[nn.Module, Frame] = {space: frame_of(space) for space in {t.space for t in pen.terms}}

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
        if not parameters:
            return
        for p in parameters:
            state = self.state[p]
            if not state:
                state.update(step=_zero(p), exp_avg=torch.zeros_like(p), exp_avg_sq=_zeros_like_size(p))
        states = [self.state[p] for p in parameters]
        corrections = _corrections([s["step"] for s in states], group["betas"])
        averages, squares = ([s[name] for s in states] for name in ("exp_avg", "exp_avg_sq"))
        gradients = [p.grad for p in parameters if p.grad is not None]
        directions = _adam(gradients, averages, squares, corrections, group)
        if group["weight_decay"]:
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_sub_(parameters, _scaled(directions, group["lr"]))

    def _move_split(self, parameters: _Tensors, group: dict[str, Any]) -> None:
        terms = [(p, k, term) for p in parameters for k, term in enumerate(self._terms[id(p)])]
        if not terms:
            return
        batches = _groups([term for _, _, term in terms], self._frames)
        order = {term: i for i, (_, _, term) in enumerate(terms)}
        sources = [terms[order[term]] for batch in batches for term in batch.terms]
        flat = [term for _, _, term in sources]
        g = [in_single(t.layout.read(p.grad)) for p, _, t in sources if p.grad is not None]
        g = _by_batch(batches, g, lambda frame, x: frame.into(x))
        P = _by_batch(batches, g, lambda frame, x: frame.project(x))
        R = list(torch._foreach_sub(g, P))
        del g
        for (p, k, term), x in zip(sources, P, strict=True):
            state = self.state[p]
            state.setdefault("step", _zero(p))
            for name in _MOMENTS:
                kept = state.setdefault(name, [])
                if len(kept) <= k:
                    kept.append(torch.zeros_like(x) if name.endswith("avg") else _zeros_like_size(x))
        steps = {id(p): self.state[p]["step"] for p in parameters}
        each = dict(zip(steps, zip(*_corrections(list(steps.values()), group["betas"]), strict=True), strict=True))
        first, second = zip(*(each[id(p)] for p, _, _ in sources), strict=True)
        corrections = list(first), list(second)
        moments = {name: [self.state[p][name][k] for p, k, _ in sources] for name in _MOMENTS}
        along = _adam(P, moments["equivariant_avg"], moments["equivariant_sq"], corrections, group)
        floors = torch._foreach_sqrt(moments["equivariant_sq"])
        torch._foreach_mul_(floors, _ROUNDING * torch.finfo(floors[0].dtype).eps)
        away = _adam(R, moments["residual_avg"], moments["residual_sq"], corrections, group, list(floors))
        del P, R, floors
        torch._foreach_sub_(away, _by_batch(batches, away, lambda frame, x: frame.project(x)))
        along = _by_batch(batches, along, lambda frame, x: frame.lengthened(x if frame.is_kept else frame.project(x)))
        torch._foreach_add_(along, away, alpha=group["residual_lr"])
        moves = _scaled(_by_batch(batches, along, lambda frame, x: frame.back(x)), group["lr"])
        T = [in_single(term.read()) for term in flat]
        if group["weight_decay"]:
            torch._foreach_mul_(T, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_sub_(T, moves)
        T = self._shrunk(batches, T, group)
        for term, value in zip(flat, T, strict=True):
            if not term.is_view(value):
                term.write(value)

    def _shrunk(self, batches: Sequence[_Group], T: _Tensors, group: dict[str, Any]) -> _Tensors:
        """T after the shrinkage of its parts, in place where it can be."""
        if self.pen.steps % self.pen.every:
            return T
        rate = group["lr"] * self.pen.every
        done, out = 0, T
        for batch in batches:
            part, weights = out[done : done + len(batch.terms)], [t.weights for t in batch.terms]
            if any(map(any, weights)):
                space = batch.terms[0].space
                P = _unstacked(part, space.project)
                R = list(torch._foreach_sub(part, P))
                if self.pen.decoupled:
                    torch._foreach_sub_(part, _times(R, [_least_one(rate * w[0]) for w in weights]))
                else:
                    kept = [
                        thresholded(r, t, rate * t.weights[0], self.over) for r, t in zip(R, batch.terms, strict=True)
                    ]
                    torch._foreach_copy_(part, torch._foreach_add(P, kept))
                if any(w[1] for w in weights):
                    torch._foreach_sub_(part, _times(P, [_least_one(rate * w[1]) for w in weights]))
            done += len(batch.terms)
        return out

    # Resuming

    def state_dict(self) -> dict[str, Any]:
        """As torch's, with where the penalty's schedules stand."""
        out = super().state_dict()
        out["penalty"] = {"steps": self.pen.steps, "weights": [list(term.weights) for term in self.pen.terms]}
        return out

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume from what `state_dict` gave: the steps that follow are the same bit for bit.

        Raises
        ------
        GroupRepError
            If it is not of a SplitAdamW, or of a penalty with other terms.
        """
        about = state_dict.get("penalty")
        if not isinstance(about, dict) or len(about.get("weights", ())) != len(self.pen.terms):
            raise GroupRepError(
                f"state_dict is not that of a SplitAdamW with a penalty of {len(self.pen.terms)} terms: build model, penalty and "
                "optimizer as they were"
            )
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "penalty"})
        for p, state in self.state.items():
            state["step"] = state["step"].to(_zero(p))
        self.pen.resume(about["steps"], [(float(v), float(w)) for v, w in about["weights"]])


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


def _groups(terms: Sequence[Term], frames: dict[nn.Module, Frame]) -> list[_Group]:
    together: dict[object, _Group] = {}
    for term in terms:
        small = not term.layout.groups and term.hom.shape[0] * term.hom.shape[1] <= _SMALL
        key = (term.space, term.source().dtype, term.source().device) if small else term
        together.setdefault(key, _Group(frames[term.space], [])).terms.append(term)
    return list(together.values())


def _unstacked(arrays: _Tensors, function: Callable[[torch.Tensor], torch.Tensor]) -> _Tensors:
    if len(arrays) == 1:
        return [function(arrays[0])]
    return list(function(torch.stack(arrays)).unbind())


def _by_batch(
    batches: Sequence[_Group], arrays: _Tensors, function: Callable[[Frame, torch.Tensor], torch.Tensor]
) -> _Tensors:
    """A function of operators in their frames, of all arrays, batch by batch."""
    out: _Tensors = []
    for batch in batches:
        part = arrays[len(out) : len(out) + len(batch.terms)]
        out += _unstacked(part, lambda x, frame=batch.frame: function(frame, x))  # type: ignore[misc]
    return out


# Adam


def _zero(p: torch.Tensor) -> torch.Tensor:
    """A counter of steps beside a parameter: in double precision, so that 1 - beta^t keeps its digits."""
    return torch.zeros((), dtype=torch.float32 if p.device.type == "mps" else torch.float64, device=p.device)


def _zeros_like_size(x: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(x.real if x.is_complex() else x)


def _corrections(steps: _Tensors, betas: tuple[float, float]) -> tuple[_Tensors, _Tensors]:
    """1 - beta_1^t and sqrt(1 - beta_2^t) after one more step, each a 0-dimensional tensor."""
    torch._foreach_add_(steps, 1.0)
    first, second = ([1 - beta**t for t in steps] for beta in betas)
    return first, list(torch._foreach_sqrt(second))


def _adam(
    gradients: _Tensors,
    averages: _Tensors,
    squares: _Tensors,
    corrections: tuple[_Tensors, _Tensors],
    group: dict[str, Any],
    floors: _Tensors | None = None,
) -> _Tensors:
    """Adam's directions; moments are moved in place. Of complex entries the squares are those of their moduli, which no phase changes."""
    b1, b2 = group["betas"]
    torch._foreach_lerp_(averages, [g.to(m.dtype) for g, m in zip(gradients, averages, strict=True)], 1 - b1)
    torch._foreach_mul_(squares, b2)
    sizes = [(g.abs() if g.is_complex() else g).to(v.dtype) for g, v in zip(gradients, squares, strict=True)]
    torch._foreach_addcmul_(squares, sizes, sizes, 1 - b2)
    below = list(torch._foreach_sqrt(squares))
    if floors is not None:
        torch._foreach_add_(below, floors)
    torch._foreach_div_(below, corrections[1])
    torch._foreach_add_(below, group["eps"])
    torch._foreach_mul_(below, corrections[0])
    return list(torch._foreach_div(averages, below))


def _scaled(x: _Tensors, factor: float | torch.Tensor) -> _Tensors:
    torch._foreach_mul_(x, factor)
    return x


def _times(x: _Tensors, factors: Sequence[float | torch.Tensor]) -> _Tensors:
    if any(isinstance(f, torch.Tensor) for f in factors):
        torch._foreach_mul_(x, [torch.as_tensor(f, device=a.device) for a, f in zip(x, factors, strict=True)])
    else:
        torch._foreach_mul_(x, list(factors))
    return x


def _least_one(x: float | torch.Tensor) -> float | torch.Tensor:
    return x.clamp(max=1.0) if isinstance(x, torch.Tensor) else min(1.0, x)
