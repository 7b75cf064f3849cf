"""What torch's modules do between two layers: whether it respects the representation there."""

from __future__ import annotations

from torch import nn

from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.models.fitting import entrywise, is_permutation, odd
from projectors.models.report import Finding
from projectors.torch.layers import NORMALISATIONS

__all__ = ["POOLS", "between", "is_known"]

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


_KNOWN = (*_ANY, *_DROPOUT, *_ODD, *_POINTWISE, *_PERMUTING, *POOLS, *NORMALISATIONS, nn.PReLU)


def is_known(module: nn.Module) -> bool:
    """Whether it is known what a module without specification does to a representation."""
    return isinstance(module, _KNOWN)


def _groups(name: str, module: nn.GroupNorm, W: Representation) -> list[Finding]:
    """What is wrong where channels are normalised in groups, which have to be mapped to groups."""
    number = module.num_groups
    for image in W.images.values():
        if isinstance(image, Monomial) and W.dim % number == 0:
            target = image.perm.reshape(number, -1) // (W.dim // number)
            if (target != target[:, :1]).any():
                return [Finding("error", name, f"{W} does not map the {number} groups of channels to groups")]
    return []


def between(name: str, module: nn.Module, before: str, W: Representation) -> list[Finding]:
    """What is wrong where a module without a specification acts on the output W of a layer."""
    kind = type(module).__name__
    if isinstance(module, _ANY):
        return []
    if isinstance(module, _DROPOUT):
        return [] if is_permutation(W) else [Finding("warning", name, f"{kind} on {W}: equivariant in the mean only")]
    if isinstance(module, _ODD):
        return odd(name, kind, before, W)
    plain = not any(True for _ in module.parameters(recurse=False))
    if isinstance(module, nn.RMSNorm) and plain and module.normalized_shape == (W.dim,) and W.is_unitary:
        return []  # vectors are divided by their length
    if isinstance(module, nn.GroupNorm) and is_permutation(W):
        return _groups(name, module, W)
    if isinstance(module, NORMALISATIONS) and is_permutation(W):
        text = f"{kind} has scales and shifts, which no specification keeps equal along orbits"
        return [] if plain else [Finding("warning", name, text)]
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
    if not plain:
        return [Finding("warning", name, f"{kind} has parameters, but stands in no specification")]
    return [Finding("warning", name, f"{kind} is not known: whether it commutes with {W} is not checked")]
