"""The terms of each kind of layer that torch ships."""

from __future__ import annotations

from functools import reduce
from math import prod
from operator import add
from typing import TypeVar

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.instancenorm import _InstanceNorm
from torch.nn.parameter import UninitializedParameter

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.structure import summands
from projectors.torch.layouts import Layout
from projectors.torch.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec, Spec
from projectors.torch.terms import FormTerm, Term, make_term

__all__ = ["NORMALISATIONS", "is_permutation", "layer_terms", "pixels", "split"]

_S = TypeVar("_S")
NORMALISATIONS = (_BatchNorm, _InstanceNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def is_permutation(V: Representation) -> bool:
    """Whether all elements act as permutation matrices."""
    return all(a.kind == "element" and isinstance(m, Monomial) and m.modulus == 1 for a, m in V.images.items())


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


def _term(name: str, module: nn.Module, attribute: str, V: Representation, W: Representation, **layout: object) -> Term:
    path = attribute if not name else f"{name}.{attribute}"
    hom = Hom(V, W)
    return make_term(path, name, module, attribute, Layout(hom.shape, **layout), hom)  # type: ignore[arg-type]


def _bias(name: str, module: nn.Module, spec: LayerSpec | BilinearSpec) -> list[Term]:
    if not spec.bias or getattr(module, "bias", None) is None:
        return []
    return [_term(name, module, "bias", spec.W.group.trivial(), spec.W)]


def _matrix(name: str, module: nn.Module, spec: LayerSpec, swapped: bool) -> Term:
    weight = module.weight
    assert weight is not None
    if isinstance(weight, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')
    into, out = ("num_embeddings", "embedding_dim") if swapped else ("in_features", "out_features")
    sizes: list[int] = [int(n) for n in weight.shape]  # type: ignore[union-attr]
    rows, columns = sizes[::-1] if swapped else sizes
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


def pixels(module: _ConvNd, spec: LayerSpec, name: str) -> Representation:
    """The representation on the kernel's pixels."""
    size = prod(module.kernel_size)
    if spec.grid is not None:
        if spec.grid.dim != size:
            raise DimensionMismatch(
                f'"{name}": grid = {spec.grid} has dimension {spec.grid.dim}, the kernel has {size} pixels'
            )
        return spec.grid
    try:
        return spec.V.group.grid(tuple(module.kernel_size))
    except GroupRepError as error:
        raise type(error)(
            f'"{name}": {error}; LayerSpec(V, W, grid=...) takes another representation on the {size} pixels, such as '
            f"{size} * G.trivial()"
        ) from None


def split(V: Representation, groups: int, what: str) -> list[Representation]:
    """V as a direct sum of `groups` representations of equal dimension, one for each group of channels, in their order.

    Raises
    ------
    DimensionMismatch
        If a group ends within a summand.
    """
    size, out = V.dim // groups, []
    parts = [s.representation for s in summands(V) for _ in range(s.count)]
    current: list[Representation] = []
    for part in parts:
        current.append(part)
        filled = sum(p.dim for p in current)
        if filled > size:
            raise DimensionMismatch(
                f"{what} = {V}: {groups} groups of {size} channels cut through the summand {part} of dimension {part.dim}; each group "
                "of channels needs a representation of its own"
            )
        if filled == size:
            out.append(reduce(add, current))
            current = []
    return out


def _convolution(name: str, module: _ConvNd, spec: LayerSpec) -> list[Term]:
    if isinstance(module.weight, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')
    _sizes(
        name,
        module,
        [("in_channels", module.in_channels, "V", spec.V), ("out_channels", module.out_channels, "W", spec.W)],
    )
    grid, groups = pixels(module, spec, name), module.groups
    swapped = isinstance(module, _ConvTransposeNd)
    if groups == 1:
        return [_term(name, module, "weight", spec.V * grid, spec.W, swapped=swapped), *_bias(name, module, spec)]
    pairs = list(zip(split(spec.V, groups, f'"{name}": V'), split(spec.W, groups, f'"{name}": W'), strict=True))
    if len(set(pairs)) == 1:
        (V, W), *_ = pairs
        weights = [_term(name, module, "weight", V * grid, W, groups=groups, swapped=swapped)]
    else:
        step = module.weight.shape[0] // groups
        weights = [
            _term(name, module, "weight", V * grid, W, start=k * step, stop=(k + 1) * step, swapped=swapped)
            for k, (V, W) in enumerate(pairs)
        ]
        for k, term in enumerate(weights):
            term.name += f"[group {k}]"
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
    terms: dict[str, Term] = {}
    for k, (letter, V) in enumerate((("q", query), ("k", key), ("v", value))):
        rows = {"start": k * size, "stop": (k + 1) * size}
        attribute = "in_proj_weight" if packed else f"{letter}_proj_weight"
        terms[letter] = _term(name, module, attribute, V, inner, **(rows if packed else {}))
        if spec.bias and module.in_proj_bias is not None and not (spec.form and letter in "qk"):
            terms[letter + " bias"] = _term(name, module, "in_proj_bias", head.group.trivial(), inner, **rows)
    for label, term in terms.items():
        term.name += f"[{label[0]}]"
    if spec.form:
        queries, keys = terms.pop("q"), terms.pop("k")
        hom = Hom(key, query.dual)
        layouts = [
            Layout((module.head_dim, t.hom.V.dim), t.layout.start, t.layout.stop, groups=heads) for t in (queries, keys)
        ]
        form = make_form(f"{name}.form" if name else "form", name, queries, keys, hom, *layouts)
        terms = {"form": form, **terms}
    outer = module.out_proj
    terms["out"] = _term(f"{name}.out_proj" if name else "out_proj", outer, "weight", inner, out)
    if spec.bias and outer.bias is not None:
        terms["out bias"] = _term(terms["out"].layer, outer, "bias", out.group.trivial(), out)
    for term in terms.values():
        term.layer = name
    return list(terms.values())


def make_form(name: str, layer: str, q: Term, k: Term, hom: Hom, query: Layout, keys: Layout) -> FormTerm:
    """The term of W_Q^T W_K, from those of W_Q and W_K."""
    _ = hom.projection
    layout = Layout(hom.shape, groups=query.groups)
    return FormTerm(name, layer, q.module, q.attribute, layout, hom, query, keys, k.module, k.attribute)


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
    owner = module
    for step in path:
        child = dict(owner.named_children()).get(step)
        if child is None:
            known = ", ".join(n for n, _ in module.named_parameters())
            raise GroupRepError(f'spec["{name}"]: no parameter "{spec.path}" there; its parameters are {known}')
        owner = child
    if getattr(owner, attribute, None) is None:
        known = ", ".join(n for n, _ in module.named_parameters())
        raise GroupRepError(f'spec["{name}"]: no parameter "{spec.path}" there; its parameters are {known}')
    rows = {} if spec.rows is None else {"start": spec.rows[0], "stop": spec.rows[1]}
    term = _term(name, owner, attribute, spec.V, spec.W, swapped=spec.layout == "io", **rows)
    term.name = f"{name}.{spec.path}" if name else spec.path
    return term
