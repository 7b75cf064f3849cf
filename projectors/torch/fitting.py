"""Whether two layers fit together: the representation between them, and the nonlinearity that acts there."""

from __future__ import annotations

from typing import Any

from torch import nn

from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.representations.composite import Tensor
from grouprep.representations.grid import GridRepresentation
from projectors.torch.layers import NORMALISATIONS, is_permutation
from projectors.torch.report import Finding
from projectors.torch.specs import AttentionSpec, BilinearSpec, LayerSpec

__all__ = ["POOLS", "between", "entrywise", "is_signed_permutation", "joint", "odd", "spec_ends"]

_ANY = (nn.Identity, nn.Flatten, nn.Unflatten)  # these commute with every representation of the channels
_DROPOUT = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.FeatureAlphaDropout)
_ODD = (nn.Tanh, nn.Hardtanh, nn.Softsign, nn.Tanhshrink, nn.Hardshrink, nn.Softshrink)  # f(-x) = -f(x)
_POINTWISE = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Sigmoid, nn.LogSigmoid),
    *(nn.Hardsigmoid, nn.Hardswish, nn.Softplus, nn.Threshold, nn.RReLU),
)
_PERMUTING = (nn.Softmax, nn.Softmin, nn.LogSoftmax, nn.Softmax2d)
POOLS = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
    *(nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d),
)
_MAX = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d)


def is_signed_permutation(V: Representation) -> bool:
    """Whether all elements act as permutations with signs."""
    return all(a.kind == "element" and isinstance(m, Monomial) and m.modulus <= 2 for a, m in V.images.items())


def spec_ends(specs: tuple[Any, ...]) -> tuple[Representation | None, Representation | None]:
    """Input and output representation of a layer; None for inputs where there are several, and where it is named by parameters."""
    (spec, *others) = specs
    if others:
        return None, None
    if isinstance(spec, LayerSpec):
        return spec.V, spec.W
    if isinstance(spec, AttentionSpec):
        query, _, _, out, _ = spec.filled()
        return query, out
    return None, spec.W if isinstance(spec, BilinearSpec) else None


def joint(before: str, W: Representation, after: str, V: Representation) -> list[Finding]:
    """What is wrong where the output W of a layer is the input V of another."""
    if V == W:
        return []
    if isinstance(V, Tensor) and isinstance(V.parts[-1], GridRepresentation):  # a flattened image
        channels = V.parts[:-1]
        if W in (channels[0] if len(channels) == 1 else None, Tensor(channels)):
            return []
    return [
        Finding("error", after, f'its input is {V} (dimension {V.dim}), but "{before}" gives {W} (dimension {W.dim})')
    ]


def odd(name: str, kind: str, before: str, W: Representation) -> list[Finding]:
    """What is wrong where an odd function acts on each entry."""
    if is_signed_permutation(W):
        return []
    return [Finding("error", name, f'{kind} acts entry by entry, but {W} after "{before}" does not permute entries')]


def entrywise(name: str, kind: str, before: str, W: Representation) -> list[Finding]:
    """What is wrong where any function acts on each entry."""
    if is_permutation(W):
        return []
    text = (
        f'{kind} acts entry by entry, which commutes with permutations only; {W} after "{before}" is none: use regular or '
        "permutation features, or a norm nonlinearity"
    )
    return [Finding("error", name, text)]


def between(name: str, module: nn.Module, before: str, W: Representation) -> list[Finding]:
    """What is wrong where a module without a specification acts on the output W of a layer."""
    kind = type(module).__name__
    if isinstance(module, _ANY):
        return []
    if isinstance(module, _DROPOUT):
        return [] if is_permutation(W) else [Finding("warning", name, f"{kind} on {W}: equivariant in the mean only")]
    if isinstance(module, _ODD):
        return odd(name, kind, before, W)
    if isinstance(module, (*_POINTWISE, *_PERMUTING, *NORMALISATIONS)):
        return entrywise(name, kind, before, W)
    if isinstance(module, nn.PReLU):
        if is_permutation(W) and module.num_parameters == 1:
            return []
        severity = "warning" if is_permutation(W) else "error"
        return [
            Finding(
                severity, name, f"PReLU with {module.num_parameters} slopes on {W}: slopes must be equal along orbits"
            )
        ]
    if isinstance(module, POOLS):
        if isinstance(module, _MAX) and not is_permutation(W):
            return [
                Finding("error", name, f"{kind} compares entries, which commutes with permutations only; {W} is none")
            ]
        return []
    if any(True for _ in module.parameters(recurse=False)):
        return [Finding("warning", name, f"{kind} has parameters, but stands in no specification")]
    return [Finding("warning", name, f"{kind} is not known: whether it commutes with {W} is not checked")]
