"""Weights that a module computes anew for each call: hooks of torch's older utilities, low-rank adapters beside a frozen weight."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.utils.weight_norm import WeightNorm

from grouprep.errors import GroupRepError
from projectors.torch.terms import Term

__all__ = ["ComputedTerm", "Recipe", "recipe_for"]


class Recipe(ABC):
    """How a module makes a weight of others: the tensor, live and differentiable."""

    @abstractmethod
    def tensor(self) -> torch.Tensor:
        """The weight as the module computes with it."""

    @abstractmethod
    def originals(self) -> list[torch.Tensor]:
        """What an optimizer may hold of it."""

    @abstractmethod
    def assign(self, value: torch.Tensor) -> None:
        """Let the originals give a value; GroupRepError where it does not determine them."""

    @property
    def is_assignable(self) -> bool:
        """Whether a value determines the originals."""
        return True


@dataclass(eq=False)
class ComputedTerm(Term):
    """A weight that its module makes of others."""

    recipe: Recipe

    def parameter(self) -> torch.Tensor:
        return self.recipe.tensor()

    def write(self, operators: torch.Tensor) -> None:
        if not self.recipe.is_assignable:
            self.recipe.assign(operators)
        value = self.parameter().detach().clone()
        part = self.layout.rows(value)
        part.copy_(self.layout.unread(operators, part.shape))
        self.recipe.assign(value)

    def source(self) -> torch.Tensor:
        return self.recipe.originals()[0]

    @property
    def is_frozen(self) -> bool:
        return not any(p.requires_grad for p in self.recipe.originals())

    def is_view(self, operators: torch.Tensor) -> bool:
        return False

    @property
    def key(self) -> Hashable:
        return id(self.module), self.attribute, self.layout.start, self.layout.stop

    @property
    def is_writable(self) -> bool:
        return self.recipe.is_assignable


def recipe_for(name: str, module: nn.Module, attribute: str) -> Recipe | None:
    """How a module makes an attribute of others; None where it is a parameter, or parametrised as torch does today.

    Parameters
    ----------
    name : of the layer; module : its module; attribute : such as "weight".

    Raises
    ------
    GroupRepError
        If it is made in a way that is not known.
    """
    for hook in module._forward_pre_hooks.values():
        if getattr(hook, "name", getattr(hook, "_tensor_name", None)) == attribute and (
            hasattr(hook, "compute_weight") or hasattr(hook, "apply_mask")
        ):
            return _Hook(module, attribute, hook)
    if attribute == "weight" and hasattr(module, "lora_A") and hasattr(module, "lora_B"):
        return _Adapters(name, module)
    return None


class _Hook(Recipe):
    """`torch.nn.utils.weight_norm`, `spectral_norm` and `prune`, which leave a stale tensor in the place of the parameter."""

    def __init__(self, module: nn.Module, attribute: str, hook: Any) -> None:
        self.module, self.attribute, self.hook = module, attribute, hook

    def tensor(self) -> torch.Tensor:
        if isinstance(self.hook, WeightNorm):
            return self.hook.compute_weight(self.module)  # type: ignore[no-any-return]
        if hasattr(self.hook, "apply_mask"):
            return self.hook.apply_mask(self.module)  # type: ignore[no-any-return]
        return self.hook.compute_weight(self.module, do_power_iteration=False)  # type: ignore[no-any-return]

    def originals(self) -> list[torch.Tensor]:
        known = dict(self.module.named_parameters(recurse=False))
        return [known[n] for n in (f"{self.attribute}{end}" for end in ("_orig", "_v", "_g")) if n in known]

    @torch.no_grad()
    def assign(self, value: torch.Tensor) -> None:
        first, *others = self.originals()
        first.copy_(value)
        if others:
            others[0].copy_(torch.norm_except_dim(value, 2, self.hook.dim))
        setattr(self.module, self.attribute, self.tensor())


class _Adapters(Recipe):
    """A weight W + scaling B A: low-rank adapters as peft and loralib keep them, beside a base that may be frozen or quantised.

    References
    ----------
    Hu et al., LoRA, ICLR 2022 (arXiv 2106.09685), section 4.1.
    """

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name = name
        self.module: Any = module  # of somebody else: what it has is looked at
        base = getattr(module, "base_layer", None)
        self.base: Any = base if isinstance(base, nn.Module) else module
        self._dequantised: torch.Tensor | None = None
        dora = getattr(module, "use_dora", False)
        if any(dora.values()) if isinstance(dora, dict) else dora:
            raise GroupRepError(
                f'"{name}" is a DoRA adapter, whose weight is normalised column by column; merge it (merge_and_unload) or use plain LoRA'
            )

    def _base(self) -> torch.Tensor:
        """The base weight; a quantised one by what its layer computes, once, since nothing trains it."""
        weight = getattr(self.base, "weight", None)
        if isinstance(weight, torch.Tensor) and weight.is_floating_point() and not weight.is_quantized:
            return weight
        if self._dequantised is None:
            size = getattr(self.base, "in_features", None)
            if not isinstance(size, int):
                raise GroupRepError(
                    f'"{self.name}": the base layer {type(self.base).__name__} has no floating-point weight and no in_features'
                )
            device = next((t.device for t in (*self.base.parameters(), *self.base.buffers())), None)
            with torch.no_grad():
                eye = torch.eye(size, device=device)
                columns = self.base(eye) - self.base(torch.zeros_like(eye[:1]))
            self._dequantised = columns.float().T.contiguous().detach()
        return self._dequantised

    def _names(self) -> list[str]:
        """The adapters that a call adds to the base."""
        if getattr(self.module, "disable_adapters", False):
            return []
        active = getattr(self.module, "active_adapters", getattr(self.module, "active_adapter", None))
        names = [active] if isinstance(active, str) else list(self.module.lora_A) if active is None else list(active)
        merged = getattr(self.module, "merged_adapters", ())
        return [n for n in names if n in self.module.lora_A and n not in merged]

    def _pairs(self) -> Iterable[tuple[str, torch.Tensor, torch.Tensor, float]]:
        A, B, scaling = self.module.lora_A, self.module.lora_B, getattr(self.module, "scaling", 1.0)
        if isinstance(A, torch.Tensor):
            if not getattr(self.module, "merged", False):
                yield "", A, B, scaling
            return
        for n in self._names():
            factor = scaling[n] if isinstance(scaling, dict) else scaling
            yield n, getattr(A[n], "weight", A[n]), getattr(B[n], "weight", B[n]), factor

    def tensor(self) -> torch.Tensor:
        total, ours = self._base(), getattr(self.module, "get_delta_weight", None)
        for n, A, B, scaling in self._pairs():
            if ours is not None:
                delta = ours(n)
            else:
                delta = scaling * (B @ A)
                delta = delta.T if getattr(self.module, "fan_in_fan_out", False) else delta
            total = total + delta.reshape(total.shape).to(torch.promote_types(total.dtype, delta.dtype))
        return total

    def originals(self) -> list[torch.Tensor]:
        weight = getattr(self.base, "weight", None)
        own = [weight] if isinstance(weight, nn.Parameter) and weight.is_floating_point() else []
        found = [part for _, A, B, _ in self._pairs() for part in (A, B)]
        return found + own or [self._base()]

    @property
    def is_assignable(self) -> bool:
        return False

    def assign(self, value: torch.Tensor) -> None:
        raise GroupRepError(
            f'"{self.name}" is a base weight plus the product of its adapters, which a projection does not determine; merge them first '
            "(merge_and_unload)"
        )
