"""The terms of each kind of layer: those that torch ships, and any other module with a two-dimensional weight."""

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
from projectors.models.channels import check_gates, check_normalisation, grouped, unsigned
from projectors.models.layouts import Layout, matrix_layout, pixels, split
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec, RecurrentSpec, Spec
from projectors.torch.computed import ComputedTerm, recipe_for
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
    if isinstance(module, nn.RNNBase | nn.RNNCellBase):
        return _recurrent(name, module, _of_kind(spec, RecurrentSpec, name, module))
    plain = _of_kind(spec, LayerSpec, name, module)
    known = isinstance(module, (*_KNOWN, *NORMALISATIONS))
    for field, empty, wrong in (("layout", None, known or plain.layout not in _LAYOUTS), ("stacked", 0, True)):
        if getattr(plain, field) != empty and wrong:
            raise GroupRepError(
                f'spec["{name}"]: {field} = {getattr(plain, field)!r} is for JAX; a torch module says itself how its weight is stored, '
                "and ParameterSpec(path, V, W, layout=...) how another one is"
            )
    if isinstance(module, _ConvNd):
        return _convolution(name, module, plain)
    if isinstance(module, nn.Linear):
        swapped = bool(getattr(module, "fan_in_fan_out", False))
        return [_matrix(name, module, plain, swapped), *_bias(name, module, plain)]
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return [_matrix(name, module, plain, True)]
    if isinstance(module, NORMALISATIONS):
        return _normalisation(name, module, plain)
    base = getattr(module, "base_layer", None)
    if isinstance(base, nn.Module):
        return _adapted(name, module, base, plain)
    return _other(name, module, plain)


_KNOWN = (_ConvNd, nn.Linear, nn.Embedding, nn.EmbeddingBag)
_LAYOUTS = {None: None, "out_in": False, "in_out": True}


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
    hom: Hom,
    *,
    path: str = "",
    groups: int = 0,
    swapped: bool = False,
    rows: tuple[int, int] | None = None,
    layout: Layout | None = None,
) -> Term:
    """The term of a parameter of the layer `name`, whose own name is `path`, or else its attribute below the layer."""
    layout = layout or matrix_layout(hom.shape, groups, swapped, rows)
    recipe = recipe_for(name, module, attribute)
    computed = None if recipe is None else recipe.tensor()
    term = make_term(path or _path(name, attribute), name, layout, hom, module, attribute, computed)
    return term if recipe is None else ComputedTerm(term.name, name, layout, hom, module, attribute, recipe)


def _check_initialised(name: str, weight: object) -> None:
    if isinstance(weight, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')


def _bias(name: str, module: nn.Module, spec: LayerSpec | BilinearSpec) -> list[Term]:
    if not spec.bias or getattr(module, "bias", None) is None:
        return []
    return [_term(name, module, "bias", _invariant(spec, spec.W))]


def _invariant(spec: Spec, W: Representation) -> Hom:
    """Hom(trivial, W), solved as the specification says."""
    trivial = W.group.trivial()
    return spec.hom(trivial, W) if isinstance(spec, LayerSpec) else Hom(trivial, W)


def _matrix(name: str, module: nn.Module, spec: LayerSpec, swapped: bool) -> Term:
    weight = module.weight
    _check_initialised(name, weight)
    assert isinstance(weight, torch.Tensor)
    into, out = ("num_embeddings", "embedding_dim") if swapped else ("in_features", "out_features")
    rows, columns = weight.shape[::-1] if swapped else weight.shape
    _sizes(name, module, [(into, columns, "V", spec.V), (out, rows, "W", spec.W)])
    return _term(name, module, "weight", spec.hom(spec.V, spec.W), swapped=swapped)


def _other(name: str, module: nn.Module, spec: LayerSpec, swapped: bool | None = None) -> list[Term]:
    """A module of somebody else with a two-dimensional weight, and a bias if it has one."""
    weight = getattr(module, "weight", None)
    if not isinstance(weight, torch.Tensor) or isinstance(weight, UninitializedParameter) or weight.ndim != 2:
        _check_initialised(name, weight)
        raise GroupRepError(
            f'spec["{name}"]: {type(module).__name__} is no layer with a weight of a known layout; name its parameters with '
            'ParameterSpec("path", V, W)'
        )
    if swapped is None:
        swapped = _is_swapped(name, module, weight, spec)
    terms = [_term(name, module, "weight", spec.hom(spec.V, spec.W), swapped=swapped)]
    bias = getattr(module, "bias", None)
    return terms + (_bias(name, module, spec) if isinstance(bias, torch.Tensor) else [])


def _is_swapped(name: str, module: nn.Module, weight: torch.Tensor, spec: LayerSpec) -> bool:
    """Whether a weight is stored (input, output): as is said, by its shape, or, where it is square, by what the module computes."""
    said, shape = _LAYOUTS[spec.layout], tuple(weight.shape)
    fits = [k for k, wanted in ((False, (spec.W.dim, spec.V.dim)), (True, (spec.V.dim, spec.W.dim))) if shape == wanted]
    if not fits or (said is not None and said not in fits):
        raise DimensionMismatch(
            f'"{name}", {type(module).__name__} (weight {shape}): V = {spec.V} has dimension {spec.V.dim} and W = {spec.W} has '
            f"dimension {spec.W.dim}; {spec.W.dim} x {spec.V.dim} (output, input) or the transpose is needed"
        )
    if said is not None or len(fits) == 1:
        return fits[0] if said is None else said
    computed = _computes(module, weight)
    if computed is None:
        raise GroupRepError(
            f'"{name}", {type(module).__name__}: its square weight does not show which way it is stored; say '
            'LayerSpec(V, W, layout="out_in") or layout="in_out"'
        )
    return computed


@torch.no_grad()
def _computes(module: nn.Module, weight: torch.Tensor) -> bool | None:
    """Whether a module with a square weight W computes x W (True) or x W^T (False); None if neither.

    It is run on one random vector with another, random weight. Sums of n products err by at most n eps |x||W| (Higham 2002, 3.1).
    """
    draw = torch.Generator().manual_seed(0)
    n = len(weight)
    x, w = (torch.randn(rows, n, generator=draw).to(weight) for rows in (1, n))
    given = {"weight": w}
    if isinstance(bias := getattr(module, "bias", None), torch.Tensor):
        given["bias"] = torch.zeros_like(bias)
    try:
        y = torch.func.functional_call(module, given, (x,))
    except Exception:  # it takes other arguments than one tensor, whatever it then raises
        return None
    if weight.is_meta or not isinstance(y, torch.Tensor) or y.shape != x.shape:
        return None
    bound = n * torch.finfo(weight.dtype).eps * (x.abs() @ torch.maximum(w.abs(), w.abs().T))
    found = [k for k, z in ((True, x @ w), (False, x @ w.T)) if bool(((y - z).abs() <= bound).all())]
    return found[0] if len(found) == 1 else None


def _adapted(name: str, module: nn.Module, base: nn.Module, spec: LayerSpec) -> list[Term]:
    """Low-rank adapters around a base layer: the merged weight as one operator, and the base's bias."""
    recipe = recipe_for(name, module, "weight")
    if recipe is None:
        raise GroupRepError(
            f'spec["{name}"]: {type(module).__name__} wraps a {type(base).__name__}, but has no lora_A and lora_B; name the layer inside, '
            f'"{_path(name, "base_layer")}", or its parameters with ParameterSpec'
        )
    if isinstance(base, _ConvNd):
        terms = _convolution(name, base, spec)
        weights = [t for t in terms if t.attribute == "weight"]
        rest = [t for t in terms if t.attribute != "weight"]
        parts = [ComputedTerm(t.name, name, t.layout, t.hom, module, "weight", recipe) for t in weights]
        return [*parts, *rest]
    weight = recipe.tensor()
    is_embedding = isinstance(base, nn.Embedding)
    swapped = is_embedding or bool(getattr(module, "fan_in_fan_out", False))
    if not isinstance(base, nn.Linear) and not is_embedding and weight.ndim == 2 and not swapped:
        said = _LAYOUTS[spec.layout]
        swapped = _is_swapped(name, base, weight, spec) if isinstance(base.weight, nn.Parameter) else bool(said)
    rows, columns = weight.shape[::-1] if swapped else weight.shape
    _sizes(name, base, [("the input", columns, "V", spec.V), ("the output", rows, "W", spec.W)])
    terms = [_term(name, module, "weight", spec.hom(spec.V, spec.W), swapped=swapped)]
    if spec.bias and isinstance(getattr(base, "bias", None), torch.Tensor):
        terms.append(_term(name, base, "bias", _invariant(spec, spec.W), path=_path(name, "base_layer.bias")))
    return terms


_GATES = {"RNN": ("h",), "LSTM": ("i", "f", "g", "o"), "GRU": ("r", "z", "n")}
_CANDIDATES = "hgn"  # go through tanh, and carry the signs of the hidden state; the others are gates


def _recurrent(name: str, module: nn.RNNBase | nn.RNNCellBase, spec: RecurrentSpec) -> list[Term]:
    """The weights of each gate by itself: of the input, of the state, of the projection; and both biases."""
    kind = type(module).__name__
    of = next((k for k in ("LSTM", "GRU") if isinstance(module, (getattr(nn, k), getattr(nn, k + "Cell")))), "RNN")
    nonlinearity = str(getattr(module, "nonlinearity", "tanh")).lower()
    hidden, state, size = spec.hidden, spec.state, module.hidden_size
    projected = getattr(module, "proj_size", 0)
    if spec.out is not None and not projected and spec.out != hidden:
        raise GroupRepError(
            f'"{name}": out = {spec.out} is for an LSTM with proj_size; {kind} hands on its hidden state'
        )
    ends = [("input_size", module.input_size, "V", spec.V), ("hidden_size", size, "hidden", hidden)]
    _sizes(name, module, [*ends, ("proj_size", projected, "out", state)] if projected else ends)
    check_gates(name, kind, hidden, nonlinearity == "tanh")
    plain = unsigned(hidden)
    cell = isinstance(module, nn.RNNCellBase)
    directions = 2 if getattr(module, "bidirectional", False) else 1
    terms: list[Term] = []
    for layer in range(module.num_layers if isinstance(module, nn.RNNBase) else 1):
        V = spec.V if layer == 0 else directions * state if directions > 1 else state
        for direction in range(directions):
            end = "" if cell else f"_l{layer}" + ("_reverse" if direction else "")
            for what, domain in (("weight_ih", V), ("weight_hh", state), ("bias_ih", None), ("bias_hh", None)):
                if domain is None and not (spec.bias and module.bias):
                    continue
                for k, gate in enumerate(_GATES[of]):
                    W = hidden if gate in _CANDIDATES else plain
                    hom = _invariant(spec, W) if domain is None else Hom(domain, W)
                    path = f"{_path(name, what + end)}[{gate}]"
                    terms.append(_term(name, module, what + end, hom, path=path, rows=(k * size, (k + 1) * size)))
            if projected:
                terms.append(_term(name, module, "weight_hr" + end, Hom(hidden, state)))
    return terms


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
    return [_term(name, module, "weight", Hom(spec.V1 * spec.V2, spec.W)), *_bias(name, module, spec)]


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
        hom = spec.hom(spec.V * grid, spec.W)
        return [_term(name, module, "weight", hom, swapped=swapped), *_bias(name, module, spec)]
    try:
        pairs = list(zip(split(spec.V, groups, f'"{name}": V'), split(spec.W, groups, f'"{name}": W'), strict=True))
    except (
        DimensionMismatch
    ) as cut:  # the groups of channels have no representations of their own: they may be permuted
        try:
            domain, codomain = grouped(name, spec.V, spec.W, grid, groups, swapped)
        except DimensionMismatch as mixed:
            raise DimensionMismatch(f"{cut}; {mixed}") from None
        hom = spec.hom(domain, codomain)
        return [_term(name, module, "weight", hom, layout=Layout(hom.shape)), *_bias(name, module, spec)]
    if len(set(pairs)) == 1:
        (V, W), *_ = pairs
        hom = spec.hom(V * grid, W)
        weights = [_term(name, module, "weight", hom, groups=groups, swapped=swapped)]
    else:
        step, path = module.weight.shape[0] // groups, _path(name, "weight")
        parts = [(f"{path}[group {k}]", (k * step, (k + 1) * step)) for k in range(groups)]
        weights = [
            _term(name, module, "weight", spec.hom(V * grid, W), path=part, swapped=swapped, rows=rows)
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
        weights[letter] = _term(name, module, attribute, Hom(V, inner), path=path, rows=rows if packed else None)
        if spec.bias and module.in_proj_bias is not None and not (spec.form and letter in "qk"):
            path = f"{_path(name, 'in_proj_bias')}[{letter}]"
            biases[letter] = _term(name, module, "in_proj_bias", _invariant(spec, inner), path=path, rows=rows)
    terms: list[Term] = []
    if spec.form:
        terms = [make_form(_path(name, "form"), weights.pop("q"), weights.pop("k"), Hom(key, query.dual), heads)]
    terms += [t for letter in "qkv" for t in (weights.get(letter), biases.get(letter)) if t is not None]
    terms.append(_term(name, module.out_proj, "weight", Hom(inner, out), path=_path(name, "out_proj.weight")))
    if spec.bias and module.out_proj.bias is not None:
        path = _path(name, "out_proj.bias")
        terms.append(_term(name, module.out_proj, "bias", _invariant(spec, out), path=path))
    return terms


def _normalisation(name: str, module: nn.Module, spec: LayerSpec) -> list[Term]:
    """Scale and shift, constant on the orbits of the channels; only permutations of channels commute with such a layer."""
    check_normalisation(name, type(module).__name__, spec)
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
            terms.append(_term(name, module, attribute, _invariant(spec, spec.V)))
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
    hom = Hom(spec.V, spec.W)
    return _term(name, owner, attribute, hom, path=_path(name, spec.path), swapped=swapped, rows=spec.rows)
