"""Whether the layers of a model fit together: representations that follow each other, nonlinearities that respect them, strides.

With inputs the model is run on them and on what the group makes of them (`projectors.torch.flow`). Without, layers are followed in
the order in which the model's modules were made, which is the order of computation for Sequential models; what a forward method does
beyond calling modules is then not seen, and the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from projectors.models.fitting import joint, spec_ends
from projectors.models.report import CheckReport, Finding
from projectors.models.specs import LayerSpec, LayerSpecs, Spec
from projectors.torch.fitting import POOLS, between, is_known
from projectors.torch.flow import Explain, followed
from projectors.torch.layers import NORMALISATIONS
from projectors.torch.naming import named_modules
from projectors.torch.sharded import as_shards

__all__ = ["check_model", "explain_by", "flags"]


def flags(model: nn.Module, layers: Sequence[LayerSpecs]) -> tuple[str, ...]:
    """What a penalty of a model's layers does not decide: normalisation layers and their statistics, strides, other parameters.

    Parameters
    ----------
    model : the model; layers : the specified layers' names, and what is said of them.
    """
    out, named = [], dict(layers)
    for name, module in named_modules(model):
        if isinstance(module, NORMALISATIONS):
            if name not in named and any(True for _ in module.parameters(recurse=False)):
                out.append(f"{name}: {type(module).__name__} has scales and shifts that the specification leaves alone")
            if name in named and getattr(module, "running_mean", None) is not None:
                out.append(
                    f"{name}: running statistics are no parameters; project_ and constrain_ make them equal along orbits"
                )
        if name not in named:
            continue
        if isinstance(module, _ConvNd):
            out += [f"{name}: {text}" for spec in named[name] for text in _uneven(module, spec)]
            if any(s != 1 for s in module.stride):
                out.append(
                    f"{name}: stride {module.stride} keeps the pixels' symmetry only for some input sizes; see check(x)"
                )
            if module.padding == "same" and any(k % 2 == 0 for k in module.kernel_size):
                out.append(f'{name}: padding="same" of an even kernel is not symmetric')
        if isinstance(module, nn.MultiheadAttention) and module.bias_k is not None:
            out.append(f"{name}: bias_k and bias_v are left alone")
    return tuple(out)


def _uneven(module: _ConvNd, spec: Spec) -> list[str]:
    """How a convolution that moves pixels treats sides or axes differently that the group exchanges."""
    if not isinstance(spec, LayerSpec) or spec.grid is not None:
        return []
    out = []
    if any(module.output_padding):
        out.append(f"output_padding {module.output_padding} adds pixels on one side only")
    for what in ("stride", "padding", "dilation"):
        values = getattr(module, what)
        if isinstance(values, str):
            continue
        try:
            spec.V.group.grid(tuple(v + 1 for v in values))
        except GroupRepError:
            out.append(f"{what} {values} differs along axes that {spec.V.group} exchanges")
    return out


def explain_by(model: nn.Module, layers: Sequence[LayerSpecs]) -> Explain:
    """What is known to be wrong of a module, by its name and the shape of its input.

    Parameters
    ----------
    model : the model; layers : the specified layers' names, and what is said of them.
    """
    specs, modules = dict(layers), dict(named_modules(model, remove_duplicate=False))

    def explain(name: str, shape: torch.Size | None) -> list[str]:
        module = modules.get(name)
        out: list[str] = []
        if isinstance(module, _ConvNd) and name in specs:
            out += _uneven(module, specs[name][0])
        if isinstance(module, _ConvNd) and name in specs and shape is not None:
            out += _pixels(specs[name][0], tuple(shape[-len(module.kernel_size) :]))
        if shape is not None and not isinstance(module, _ConvTransposeNd) and isinstance(module, (_ConvNd, *POOLS[:6])):
            out += _stride(module, tuple(shape[2:]))
        return out

    return explain


def _pixels(spec: Spec, sizes: tuple[int, ...]) -> list[str]:
    """Why a group has no action on images."""
    if not isinstance(spec, LayerSpec) or spec.grid is not None:
        return []
    try:
        spec.V.group.grid(sizes)
    except GroupRepError as error:
        return [f"{spec.V.group} does not act on images of {' x '.join(map(str, sizes))} pixels: {error}"]
    return []


def check_model(
    model: nn.Module, layers: Sequence[LayerSpecs], inputs: tuple[object, ...] = (), strict: bool = False
) -> CheckReport:
    """See `EquivariancePenalty.check`.

    Parameters
    ----------
    model : the model; layers : the specified layers' names, and what is said of them.
    inputs, strict : as there.
    """
    specs, explain = dict(layers), explain_by(model, layers)
    missing: list[str] = []
    found: list[Finding] = []
    if inputs and any(as_shards(p) is not None for p in model.parameters()):
        missing = [
            "the way of the data: a model that is spread over processes cannot be copied and run in step; check it before"
        ]
    elif inputs:
        found, missing = followed(model, layers, inputs, explain)
    else:
        found = [Finding("warning", name, text) for name in specs for text in explain(name, None)]
        found += _in_order(model, specs)
        missing = [
            f'what {type(module).__name__} "{name}" does to the representation before it'
            for name, module in _unknown(model, specs)
        ]
        missing += [
            f"the forward method of {kind} without inputs; check(x) follows it" for kind in _own_forward(model, specs)
        ]
    report = CheckReport(tuple(dict.fromkeys(found)), len(specs), tuple(missing))
    if strict and not report.ok:
        raise GroupRepError("the model cannot be equivariant as specified:\n" + str(report))
    return report


def _unknown(model: nn.Module, specs: Mapping[str, tuple[Spec, ...]]) -> list[tuple[str, nn.Module]]:
    """Modules after a specified layer that are neither specified nor known."""
    met, out = False, []
    for name, module in named_modules(model):
        if name in specs:
            met = True
        elif met and not list(module.children()) and not is_known(module) and not _belongs(name, specs):
            out.append((name, module))
    return out


def _belongs(name: str, specs: Mapping[str, tuple[Spec, ...]]) -> bool:
    return any(name.startswith(f"{one}.") for one in specs if one) or ".parametrizations." in f".{name}."


def _own_forward(model: nn.Module, specs: Mapping[str, tuple[Spec, ...]]) -> list[str]:
    """Classes of modules that call others in a way of their own."""
    found = [
        type(module).__name__
        for name, module in named_modules(model)
        if name not in specs
        and any(True for _ in module.children())
        and not isinstance(module, nn.ModuleList | nn.ModuleDict)
        and type(module).forward is not nn.Sequential.forward
        and not isinstance(module, nn.utils.parametrize.ParametrizationList)
        and not nn.utils.parametrize.is_parametrized(module)
        and not any(name.startswith(f"{one}.") for one in specs if one)
    ]
    return list(dict.fromkeys(found))


def _in_order(model: nn.Module, specs: Mapping[str, tuple[Spec, ...]]) -> list[Finding]:
    """What is wrong if each module's output is the input of the next one made."""
    found: list[Finding] = []
    current: tuple[str, Representation] | None = None
    for name, module in named_modules(model):
        if name in specs and not isinstance(module, NORMALISATIONS):
            V, W = spec_ends(specs[name])
            if current is not None and V is not None:
                found += joint(*current, name, V)
            current = None if W is None else (name, W)
        elif current is not None and not list(module.children()):
            found += between(name, module, *current)
    return found


def _tuple(value: int | tuple[int, ...], n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


def _stride(module: nn.Module, sizes: tuple[int, ...]) -> list[str]:
    """How a stride does not start and end at the border alike."""
    if isinstance(module.padding, str):
        return []
    kernel, stride, padding, dilation = (
        _tuple(value, len(sizes))  # type: ignore[arg-type]
        for value in (
            *(module.kernel_size, module.stride or module.kernel_size),
            *(module.padding, getattr(module, "dilation", 1)),
        )
    )
    wrong = [
        f"({N} + 2 * {p} - {d * (k - 1) + 1}) % {s} = {(N + 2 * p - d * (k - 1) - 1) % s}"
        for N, p, k, s, d in zip(sizes, padding, kernel, stride, dilation, strict=True)
        if s > 1 and (N + 2 * p - d * (k - 1) - 1) % s
    ]
    if not wrong:
        return []
    text = (
        f"{type(module).__name__} with stride {stride} on {' x '.join(map(str, sizes))} pixels leaves a border on one side only, which "
        f"reflections and rotations do not keep: (N + 2p - k) % s must be 0, but {wrong[0]}"
    )
    return [text]
