"""Whether the layers of a model fit together: representations that follow each other, nonlinearities that respect them, strides.

With inputs the model is run and its data followed (`projectors.torch.flow`). Without, layers are followed in the order in which the
model's modules were made, which is the order of computation for Sequential models; what a forward method does beyond calling
modules is then not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from projectors.torch.fitting import POOLS, between, joint, spec_ends
from projectors.torch.flow import followed
from projectors.torch.layers import NORMALISATIONS
from projectors.torch.naming import strip_name, unwrap
from projectors.torch.report import CheckReport, Finding
from projectors.torch.specs import LayerSpec

if TYPE_CHECKING:
    from projectors.torch.model_penalty import EquivariancePenalty

__all__ = ["check_model", "flags"]


def flags(pen: EquivariancePenalty) -> tuple[str, ...]:
    """What the penalty does not decide: normalisation layers and their statistics, strides, other parameters."""
    out, named = [], {name for name, _ in pen.layers}
    for raw, module in pen.model.named_modules():
        name, module = strip_name(raw), unwrap(module)
        if isinstance(module, NORMALISATIONS):
            if name not in named and any(True for _ in module.parameters(recurse=False)):
                out.append(f"{name}: {type(module).__name__} has scales and shifts that the specification leaves alone")
            if name in named and getattr(module, "running_mean", None) is not None:
                out.append(
                    f"{name}: running statistics are no parameters; on symmetric data they are equal along orbits"
                )
        if name not in named:
            continue
        if isinstance(module, _ConvNd):
            out += [f"{name}: {text}" for spec in dict(pen.layers)[name] for text in _uneven(module, spec)]
            if any(s != 1 for s in module.stride):
                out.append(
                    f"{name}: stride {module.stride} keeps the pixels' symmetry only for some input sizes; see check(x)"
                )
            if module.padding == "same" and any(k % 2 == 0 for k in module.kernel_size):
                out.append(f'{name}: padding="same" of an even kernel is not symmetric')
        if isinstance(module, nn.MultiheadAttention) and module.bias_k is not None:
            out.append(f"{name}: bias_k and bias_v are left alone")
    return tuple(out)


def _uneven(module: _ConvNd, spec: Any) -> list[str]:
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


def check_model(pen: EquivariancePenalty, inputs: tuple[Any, ...], strict: bool) -> CheckReport:
    """See `EquivariancePenalty.check`."""
    specs = dict(pen.layers)
    found = [
        Finding("warning", name, text)
        for name, module in _modules(pen)
        if name in specs and isinstance(module, _ConvNd)
        for text in _uneven(module, specs[name][0])
    ]
    found += followed(pen, inputs) + _strides(pen, inputs) if inputs else _in_order(pen)
    report = CheckReport(tuple(dict.fromkeys(found)), len(pen.layers))
    if strict and not report.ok:
        raise GroupRepError("the model cannot be equivariant as specified:\n" + str(report))
    return report


def _modules(pen: EquivariancePenalty) -> list[tuple[str, nn.Module]]:
    return [(strip_name(raw), unwrap(module)) for raw, module in pen.model.named_modules()]


def _in_order(pen: EquivariancePenalty) -> list[Finding]:
    """What is wrong if each module's output is the input of the next one made."""
    found: list[Finding] = []
    specs = dict(pen.layers)
    current: tuple[str, Representation] | None = None
    for name, module in _modules(pen):
        if name in specs and not isinstance(module, NORMALISATIONS):
            V, W = spec_ends(specs[name])
            if current is not None and V is not None:
                found += joint(*current, name, V)
            current = None if W is None else (name, W)
        elif current is not None and not list(module.children()):
            found += between(name, module, *current)
    return found


def _strides(pen: EquivariancePenalty, inputs: tuple[Any, ...]) -> list[Finding]:
    """Convolutions and pools whose stride does not start and end at the border alike, at the sizes that a run shows."""
    found: list[Finding] = []
    handles = []

    def watch(name: str, module: Any) -> Any:
        def hook(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            found.extend(_stride(name, module, tuple(arguments[0].shape[2:])))

        return hook

    for raw, module in pen.model.named_modules():
        inner = unwrap(module)
        if (isinstance(inner, _ConvNd) and not isinstance(inner, _ConvTransposeNd)) or isinstance(inner, POOLS[:6]):
            handles.append(inner.register_forward_pre_hook(watch(strip_name(raw), inner)))
    training = pen.model.training
    try:
        pen.model.eval()
        with torch.no_grad():
            pen.model(*inputs)
    finally:
        pen.model.train(training)
        for handle in handles:
            handle.remove()
    return found


def _tuple(value: Any, n: int) -> tuple[int, ...]:
    return (value,) * n if isinstance(value, int) else tuple(value)


def _stride(name: str, module: Any, sizes: tuple[int, ...]) -> list[Finding]:
    n = len(sizes)
    if isinstance(module.padding, str):
        return []
    kernel, stride = _tuple(module.kernel_size, n), _tuple(module.stride or module.kernel_size, n)
    padding, dilation = _tuple(module.padding, n), _tuple(getattr(module, "dilation", 1), n)
    wrong = [
        f"({N} + 2 * {p} - {d * (k - 1) + 1}) % {s} = {(N + 2 * p - d * (k - 1) - 1) % s}"
        for N, p, k, s, d in zip(sizes, padding, kernel, stride, dilation, strict=True)
        if s > 1 and (N + 2 * p - d * (k - 1) - 1) % s
    ]
    if not wrong:
        return []
    size = " x ".join(map(str, sizes))
    return [
        Finding(
            "warning",
            name,
            f"{type(module).__name__} with stride {stride} on {size} pixels leaves a border on one side only, which reflections and "
            f"rotations do not keep: (N + 2p - k) % s must be 0, but {wrong[0]}",
        )
    ]
