"""Whether the layers of a model fit together: representations that follow each other, nonlinearities that respect them, strides.

Layers are followed in the order in which the model's modules were made, which is the order of computation for Sequential models
and for most others; what a forward method does beyond calling modules is not seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from grouprep.errors import GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.representations.composite import Tensor
from grouprep.representations.grid import GridRepresentation
from projectors.torch.layers import NORMALISATIONS, is_permutation
from projectors.torch.naming import strip_name, unwrap
from projectors.torch.report import CheckReport, Finding
from projectors.torch.specs import AttentionSpec, BilinearSpec, LayerSpec

if TYPE_CHECKING:
    from projectors.torch.penalty import EquivariancePenalty

__all__ = ["check_model", "flags"]

_ANY = (nn.Identity, nn.Flatten, nn.Unflatten)  # these commute with every representation of the channels
_DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_ODD = (nn.Tanh, nn.Hardtanh, nn.Softsign, nn.Tanhshrink, nn.Hardshrink, nn.Softshrink)  # f(-x) = -f(x)
_POINTWISE = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.LogSigmoid),
    *(nn.Hardsigmoid, nn.Hardswish, nn.Softplus, nn.Threshold, nn.RReLU),
)
_PERMUTING = (nn.Softmax, nn.Softmin, nn.LogSoftmax, nn.Softmax2d)
_POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
_MAX = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)


def is_signed_permutation(V: Representation) -> bool:
    """Whether all elements act as permutations with signs."""
    return all(a.kind == "element" and isinstance(m, Monomial) and m.modulus <= 2 for a, m in V.images.items())


def _ends(specs: tuple[Any, ...]) -> tuple[Representation, Representation] | None:
    """Input and output representation of a layer; None where it has several inputs or is named parameter by parameter."""
    (spec, *others) = specs
    if others:
        return None
    if isinstance(spec, LayerSpec):
        return spec.V, spec.W
    if isinstance(spec, AttentionSpec):
        query, _, _, out, _ = spec.filled()
        return query, out
    return None


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
    found: list[Finding] = []
    specs = dict(pen.layers)
    current: tuple[str, Representation] | None = None
    for raw, module in pen.model.named_modules():
        name, module = strip_name(raw), unwrap(module)
        if name in specs and not isinstance(module, NORMALISATIONS):
            ends = _ends(specs[name])
            if ends is None:
                spec = specs[name][0]
                current = (name, spec.W) if isinstance(spec, BilinearSpec) and len(specs[name]) == 1 else None
                continue
            if isinstance(module, _ConvNd):
                found += [Finding("warning", name, text) for text in _uneven(module, specs[name][0])]
            if current is not None:
                found += _joint(*current, name, ends[0])
            current = name, ends[1]
        elif current is not None and not list(module.children()):
            found += _between(name, module, *current)
    if inputs:
        found += _strides(pen, inputs)
    report = CheckReport(tuple(found), len(pen.layers))
    if strict and not report.ok:
        raise GroupRepError("the model cannot be equivariant as specified:\n" + str(report))
    return report


def _joint(before: str, W: Representation, after: str, V: Representation) -> list[Finding]:
    if V == W:
        return []
    if isinstance(V, Tensor) and isinstance(V.parts[-1], GridRepresentation):  # a flattened image
        channels = V.parts[:-1]
        if W in (channels[0] if len(channels) == 1 else None, Tensor(channels)):
            return []
    return [
        Finding("error", after, f'its input is {V} (dimension {V.dim}), but "{before}" gives {W} (dimension {W.dim})')
    ]


def _between(name: str, module: nn.Module, before: str, W: Representation) -> list[Finding]:
    kind = type(module).__name__
    if isinstance(module, _ANY):
        return []
    if isinstance(module, _DROPOUT):
        return [] if is_permutation(W) else [Finding("warning", name, f"{kind} on {W}: equivariant in the mean only")]
    if isinstance(module, _ODD):
        if is_signed_permutation(W):
            return []
        return [
            Finding("error", name, f'{kind} acts entry by entry, but {W} after "{before}" does not permute entries')
        ]
    if isinstance(module, (*_POINTWISE, *_PERMUTING, *NORMALISATIONS)):
        if is_permutation(W):
            return []
        return [
            Finding(
                "error",
                name,
                f'{kind} acts entry by entry, which commutes with permutations only; {W} after "{before}" is none: use regular or '
                "permutation features, or a norm nonlinearity",
            )
        ]
    if isinstance(module, nn.PReLU):
        if is_permutation(W) and module.num_parameters == 1:
            return []
        severity = "warning" if is_permutation(W) else "error"
        return [
            Finding(
                severity, name, f"PReLU with {module.num_parameters} slopes on {W}: slopes must be equal along orbits"
            )
        ]
    if isinstance(module, _POOLS):
        if isinstance(module, _MAX) and not is_permutation(W):
            return [
                Finding("error", name, f"{kind} compares entries, which commutes with permutations only; {W} is none")
            ]
        return []
    if any(True for _ in module.parameters(recurse=False)):
        return [Finding("warning", name, f"{kind} has parameters, but stands in no specification")]
    return [Finding("warning", name, f"{kind} is not known: whether it commutes with {W} is not checked")]


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
        if (isinstance(inner, _ConvNd) and not isinstance(inner, _ConvTransposeNd)) or isinstance(inner, _POOLS[:6]):
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
