"""What torch's modules do between two layers: whether it respects the representation there."""

from __future__ import annotations

from torch import nn

from grouprep.representations import Representation
from projectors.models.fitting import entrywise, is_permutation, odd
from projectors.models.report import Finding
from projectors.torch.layers import NORMALISATIONS

__all__ = ["POOLS", "between"]

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
        text = f"PReLU with {module.num_parameters} slopes on {W}: slopes must be equal along orbits"
        return [Finding("warning" if is_permutation(W) else "error", name, text)]
    if isinstance(module, POOLS):
        if not isinstance(module, _MAX) or is_permutation(W):
            return []
        text = f"{kind} compares entries, which commutes with permutations only; {W} is none"
        return [Finding("error", name, text)]
    if any(True for _ in module.parameters(recurse=False)):
        return [Finding("warning", name, f"{kind} has parameters, but stands in no specification")]
    return [Finding("warning", name, f"{kind} is not known: whether it commutes with {W} is not checked")]
