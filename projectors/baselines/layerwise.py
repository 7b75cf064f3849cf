"""Replacing named layers of a model by relaxed ones, in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from grouprep.errors import GroupRepError
from projectors.models.specs import LayerSpec, Spec, SpecLike
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.naming import match_layers, unwrap

__all__ = ["conv_options", "replace_layers"]


def conv_options(module: _ConvNd) -> dict[str, Any]:
    """The options of a convolution, for a relaxed one."""
    options = {name: getattr(module, name) for name in ("kernel_size", "stride", "padding", "dilation")}
    return {**options, "bias": module.bias is not None}


def replace_layers(
    model: nn.Module,
    spec: Mapping[str, SpecLike],
    make: Callable[[nn.Linear | _ConvNd, LayerSpec], nn.Module],
) -> None:
    """Put what `make` returns in the place of every named Linear or convolution; a layer that stands in two places stays one.

    Raises
    ------
    GroupRepError
        If a layer is of another kind, grouped, transposed or padded other than by zeros, or is the model itself, or as
        `EquivariancePenalty`.
    """
    inner = unwrap(model)
    EquivariancePenalty(inner, spec)  # sizes, forms, finite weights
    layers, _ = match_layers(inner, spec)
    chosen: list[tuple[str, nn.Linear | _ConvNd, LayerSpec]] = []
    for name, module, specs in layers:
        what = _refused(name, module, specs)
        if what:
            raise GroupRepError(f'spec["{name}"]: {what}')
        assert isinstance(module, nn.Linear | _ConvNd)
        assert isinstance(specs[0], LayerSpec)
        chosen.append((name, module, specs[0]))
    made: dict[int, nn.Module] = {}
    for name, module, layer_spec in chosen:
        if id(module) not in made:
            weight = module.weight
            made[id(module)] = (
                make(module, layer_spec).to(device=weight.device, dtype=weight.dtype).train(module.training)
            )
        parent, _, attribute = name.rpartition(".")
        setattr(inner.get_submodule(parent), attribute, made[id(module)])


def _refused(name: str, module: nn.Module, specs: tuple[Spec, ...]) -> str:
    kind = type(module).__name__
    if not name:
        return "the layer is the model itself and cannot be replaced in it; put it into a Sequential"
    if len(specs) != 1 or not isinstance(specs[0], LayerSpec) or not isinstance(module, nn.Linear | _ConvNd):
        return f"{kind} has no relaxed form; Linear and Conv1d to Conv3d with a pair (V, W) or a LayerSpec have"
    if isinstance(module, _ConvTransposeNd) or (isinstance(module, _ConvNd) and module.groups != 1):
        return f"{kind} is transposed or grouped; relaxed convolutions are neither"
    if isinstance(module, _ConvNd) and module.padding_mode != "zeros":
        return f'padding_mode = "{module.padding_mode}"; relaxed convolutions pad by zeros'
    if not isinstance(module.weight, torch.Tensor) or not module.weight.is_floating_point():
        return f"its weight has dtype {module.weight.dtype}; relaxed layers are real"
    return ""
