"""Methods of this study's own: the split frame with a residual in the last layer alone, and relaxed sharing taken apart."""

from __future__ import annotations

import torch
from torch import nn

from projectors.baselines import RelaxedGroupLinear, SharingPenalty, relaxed_sharing_
from projectors.torch import EquivariancePenalty, Linear, SplitAdamW, equivariant_start_
from studies.harness import Method, Prepared, Problem

__all__ = ["LAST", "relaxed", "split_last"]

LAST = "6"  # the layer in which the symmetry may break
WHOLE = 1e9  # a lambda that leaves nothing of a residual, at any learning rate


def split_last(*strengths: float, residual_lr: float = 0.1, name: str = "split frame, last layer") -> Method:
    """SplitAdamW with a residual in the last layer alone: the others' is 0 at every step."""

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        falling = {k: Linear(strength, 0.0, steps=steps) if k == LAST else WHOLE for k in problem.spec}
        pen = EquivariancePenalty(net, problem.spec, residual=falling, decoupled=True)
        equivariant_start_(net, pen, generator=generator)
        return Prepared(net, optimizer=lambda params, lr: SplitAdamW(params, pen, lr=lr, residual_lr=residual_lr))

    return Method(name, strengths, prepare)


def relaxed(*strengths: float, mixing: str = "free", banks: int = 2, name: str = "relaxed sharing") -> Method:
    """Relaxed sharing, its first weights as large as the plain network's; coefficients "free", "constant" over the group or "frozen" at 1.

    Frozen, every bank gets the same gradient, thus under Adam the same steps: their sum is one equivariant weight at `banks` times the
    learning rate. What constant coefficients add is another parametrisation of an equivariant network; free ones break the symmetry.
    """

    def prepare(net: nn.Module, problem: Problem, strength: float, generator: torch.Generator, steps: int) -> Prepared:
        sizes = {name: net.get_submodule(name).weight.norm() for name in problem.spec}
        relaxed_sharing_(net, problem.spec, banks=banks, generator=generator)
        for name, size in sizes.items():
            layer = net.get_submodule(name)
            if isinstance(layer, RelaxedGroupLinear):
                with torch.no_grad():
                    layer.banks *= size / layer.weight.norm()
                layer.mixing.requires_grad_(mixing != "frozen")
                if mixing == "constant":
                    same = (layer.orbits[:, None] == layer.orbits).float()
                    mean = same / same.sum(dim=1, keepdim=True)
                    layer.mixing.register_hook(lambda g, mean=mean: g @ mean)
        if not strength:
            return Prepared(net)
        pen = SharingPenalty(net, strength)
        return Prepared(net, lambda x, out, y: pen())

    return Method(name, strengths or (0.0,), prepare)
