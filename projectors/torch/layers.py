"""The terms of each kind of layer that torch ships."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.parameter import UninitializedParameter

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.models.fitting import is_permutation
from projectors.models.layouts import matrix_layout, pixels, split
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec, Spec
from projectors.torch.terms import Term, make_form, make_term

__all__ = ["NORMALISATIONS", "layer_terms"]

_S = TypeVar("_S")
NORMALISATIONS = (_BatchNorm, _InstanceNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def layer_terms(name: str, module: nn.Module, specs: tuple[Spec, ...]) -> list[Term]:
    """The terms of a layer.

    Raises
    ------
    GroupRepError
        If the specification is not of the layer's kind, or does not fit its parameters.
    """
    if all(isinstance(s, ParameterSpec) for s in specs):
        return [_parameter(name, module, s) for s in specs if isinstance(s, ParameterSpec)]
    (spec,) = specs
    if isinstance(module, nn.MultiheadAttention):
        return _attention(name, module, _of_kind(spec, AttentionSpec, name, module))
    if isinstance(module, nn.Bilinear):
        return _bilinear(name, module, _of_kind(spec, BilinearSpec, name, module))
    plain = _of_kind(spec, LayerSpec, name, module)
    for field, empty in (("layout", None), ("stacked", 0)):
        if getattr(plain, field) != empty:
            raise GroupRepError(
                f'spec["{name}"]: {field} = {getattr(plain, field)!r} is for JAX; a torch module says itself how its weight is stored, '
                "and ParameterSpec(path, V, W, layout=...) how another one is"
            )
    if isinstance(module, _ConvNd):
        return _convolution(name, module, plain)
    if isinstance(module, nn.Linear):
        return [_matrix(name, module, plain, False), *_bias(name, module, plain)]
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return [_matrix(name, module, plain, True)]
    if isinstance(module, NORMALISATIONS):
        return _normalisation(name, module, plain)
    raise GroupRepError(
        f'spec["{name}"]: {type(module).__name__} is no layer with a weight of a known layout; name its parameters with '
        'ParameterSpec("path", V, W)'
    )


def _of_kind(spec: Spec, kind: type[_S], name: str, module: nn.Module) -> _S:
    if isinstance(spec, kind):
        return spec
    raise GroupRepError(
        f'spec["{name}"]: {type(module).__name__} takes a {kind.__name__}, or ParameterSpec for its parameters one by one; got '
        f"a {type(spec).__name__}"
    )


def _sizes(name: str, module: nn.Module, sizes: list[tuple[str, int, str, Representation]]) -> None:
    """Raise DimensionMismatch where a size of the layer is not the dimension of its representation."""
    wrong = [
        f"{what} is {size}, {letter} = {V} has dimension {V.dim}" for what, size, letter, V in sizes if size != V.dim
    ]
    if wrong:
        weight = getattr(module, "weight", None)
        shape = "" if weight is None else f" (weight {tuple(weight.shape)})"
        raise DimensionMismatch(f'"{name}", {type(module).__name__}{shape}: ' + "; ".join(wrong))


def _path(name: str, attribute: str) -> str:
    return f"{name}.{attribute}" if name else attribute


def _term(
    name: str,
    module: nn.Module,
    attribute: str,
    V: Representation,
    W: Representation,
    *,
    path: str = "",
    groups: int = 0,
    swapped: bool = False,
    rows: tuple[int, int] | None = None,
) -> Term:
    """The term of a parameter of the layer `name`, whose own name is `path`, or else its attribute below the layer."""
    hom = Hom(V, W)
    layout = matrix_layout(hom.shape, groups, swapped, rows)
    return make_term(path or _path(name, attribute), name, layout, hom, module, attribute)


def _check_initialised(name: str, weight: object) -> None:
    if isinstance(weight, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')


def _bias(name: str, module: nn.Module, spec: LayerSpec | BilinearSpec) -> list[Term]:
    if not spec.bias or getattr(module, "bias", None) is None:
        return []
    return [_term(name, module, "bias", spec.W.group.trivial(), spec.W)]


def _matrix(name: str, module: nn.Module, spec: LayerSpec, swapped: bool) -> Term:
    weight = module.weight
    _check_initialised(name, weight)
    assert isinstance(weight, torch.Tensor)
    into, out = ("num_embeddings", "embedding_dim") if swapped else ("in_features", "out_features")
    rows, columns = weight.shape[::-1] if swapped else weight.shape
    _sizes(name, module, [(into, columns, "V", spec.V), (out, rows, "W", spec.W)])
    return _term(name, module, "weight", spec.V, spec.W, swapped=swapped)


def _bilinear(name: str, module: nn.Bilinear, spec: BilinearSpec) -> list[Term]:
    _sizes(
        name,
        module,
        [
            ("in1_features", module.in1_features, "V1", spec.V1),
            ("in2_features", module.in2_features, "V2", spec.V2),
            ("out_features", module.out_features, "W", spec.W),
        ],
    )
    return [_term(name, module, "weight", spec.V1 * spec.V2, spec.W), *_bias(name, module, spec)]


def _convolution(name: str, module: _ConvNd, spec: LayerSpec) -> list[Term]:
    _check_initialised(name, module.weight)
    _sizes(
        name,
        module,
        [("in_channels", module.in_channels, "V", spec.V), ("out_channels", module.out_channels, "W", spec.W)],
    )
    grid, groups = pixels(name, module.kernel_size, spec), module.groups
    swapped = isinstance(module, _ConvTransposeNd)
    if groups == 1:
        return [_term(name, module, "weight", spec.V * grid, spec.W, swapped=swapped), *_bias(name, module, spec)]
    pairs = list(zip(split(spec.V, groups, f'"{name}": V'), split(spec.W, groups, f'"{name}": W'), strict=True))
    if len(set(pairs)) == 1:
        (V, W), *_ = pairs
        weights = [_term(name, module, "weight", V * grid, W, groups=groups, swapped=swapped)]
    else:
        step, path = module.weight.shape[0] // groups, _path(name, "weight")
        parts = [(f"{path}[group {k}]", (k * step, (k + 1) * step)) for k in range(groups)]
        weights = [
            _term(name, module, "weight", V * grid, W, path=part, swapped=swapped, rows=rows)
            for (V, W), (part, rows) in zip(pairs, parts, strict=True)
        ]
    return [*weights, *_bias(name, module, spec)]


def _attention(name: str, module: nn.MultiheadAttention, spec: AttentionSpec) -> list[Term]:
    query, key, value, out, head = spec.filled()
    heads, size = module.num_heads, module.embed_dim
    _sizes(
        name,
        module,
        [
            ("embed_dim", size, "query", query),
            ("kdim", module.kdim, "key", key),
            ("vdim", module.vdim, "value", value),
            ("embed_dim", size, "out", out),
            ("head_dim", module.head_dim, "head", head),
        ],
    )
    inner = heads * head if heads > 1 else head
    packed = module._qkv_same_embed_dim
    weights: dict[str, Term] = {}
    biases: dict[str, Term] = {}
    for k, (letter, V) in enumerate((("q", query), ("k", key), ("v", value))):
        rows = k * size, (k + 1) * size
        attribute = "in_proj_weight" if packed else f"{letter}_proj_weight"
        path = f"{_path(name, attribute)}[{letter}]"
        weights[letter] = _term(name, module, attribute, V, inner, path=path, rows=rows if packed else None)
        if spec.bias and module.in_proj_bias is not None and not (spec.form and letter in "qk"):
            path = f"{_path(name, 'in_proj_bias')}[{letter}]"
            biases[letter] = _term(name, module, "in_proj_bias", head.group.trivial(), inner, path=path, rows=rows)
    terms: list[Term] = []
    if spec.form:
        terms = [make_form(_path(name, "form"), weights.pop("q"), weights.pop("k"), Hom(key, query.dual), heads)]
    terms += [t for letter in "qkv" for t in (weights.get(letter), biases.get(letter)) if t is not None]
    terms.append(_term(name, module.out_proj, "weight", inner, out, path=_path(name, "out_proj.weight")))
    if spec.bias and module.out_proj.bias is not None:
        path = _path(name, "out_proj.bias")
        terms.append(_term(name, module.out_proj, "bias", out.group.trivial(), out, path=path))
    return terms


def _normalisation(name: str, module: nn.Module, spec: LayerSpec) -> list[Term]:
    """Scale and shift, constant on the orbits of the channels; only permutations of channels commute with such a layer."""
    if spec.V != spec.W:
        raise GroupRepError(
            f'"{name}": {type(module).__name__} has one representation, V = W; got {spec.V} and {spec.W}'
        )
    if not is_permutation(spec.V):
        raise GroupRepError(
            f'"{name}": {type(module).__name__} normalises channels one by one, which commutes with permutations of channels only; '
            f"{spec.V} is none: leave it out of the specification, where it stays as it is, or use permutation features"
        )
    if isinstance(module, nn.GroupNorm):
        size = module.num_channels // module.num_groups
        for image in spec.V.images.values():
            assert isinstance(image, Monomial)
            target = image.perm.reshape(module.num_groups, size) // size
            if (target != target[:, :1]).any():
                raise GroupRepError(
                    f'"{name}": {spec.V} does not map the {module.num_groups} groups of channels to groups'
                )
    terms = []
    for attribute in ("weight", "bias"):
        parameter = getattr(module, attribute, None)
        if parameter is not None and (attribute == "weight" or spec.bias):
            if parameter.numel() != spec.V.dim:
                raise DimensionMismatch(
                    f'"{name}": {attribute} has shape {tuple(parameter.shape)}, V = {spec.V} has dimension {spec.V.dim}'
                )
            terms.append(_term(name, module, attribute, spec.V.group.trivial(), spec.V))
    return terms


def _parameter(name: str, module: nn.Module, spec: ParameterSpec) -> Term:
    *path, attribute = spec.path.split(".")
    owner: nn.Module | None = module
    for step in path:
        owner = None if owner is None else dict(owner.named_children()).get(step)
    if owner is None or getattr(owner, attribute, None) is None:
        known = ", ".join(n for n, _ in module.named_parameters())
        raise GroupRepError(f'spec["{name}"]: no parameter "{spec.path}" there; its parameters are {known}')
    swapped = spec.layout == "io"
    return _term(name, owner, attribute, spec.V, spec.W, path=_path(name, spec.path), swapped=swapped, rows=spec.rows)
