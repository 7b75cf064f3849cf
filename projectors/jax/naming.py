"""The parameters that a specification names: paths in a pytree, patterns, overlaps, misspellings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import jax

from grouprep.errors import GroupRepError
from projectors.jax.specs import LayerSpec

__all__ = ["Named", "leaf_names", "match_leaves"]

WEIGHTS = ("kernel", "weight", "w", "embedding")
BIASES = ("bias", "b")

Named = tuple[int, str, LayerSpec, bool]  # a leaf, its name, its specification, whether it is a layer's bias


def leaf_names(params: Any) -> list[str]:
    """The names of all leaves in the order of the flattened pytree: keys, indices and attributes, joined by "/".

    Variables that box an array, such as those of flax.nnx, are named by themselves: "linear/kernel", not "linear/kernel/value".
    """
    return [_name([_text(key) for key in path]) for path, _ in jax.tree_util.tree_flatten_with_path(params)[0]]


def _name(parts: list[str]) -> str:
    boxed = len(parts) > 1 and parts[-1] == "value" and parts[-2] in WEIGHTS + BIASES
    return "/".join(parts[:-1] if boxed else parts)


def _text(key: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


def match_leaves(spec: Iterable[tuple[str, LayerSpec]], names: list[str], arrays: list[bool]) -> list[Named]:
    """The leaves that a specification means, in its order.

    Parameters
    ----------
    spec : pairs of a name or fnmatch pattern, of parameters or of layers, and a specification.
    names : of all leaves; arrays : whether they are arrays, the others are passed over.

    Raises
    ------
    GroupRepError
        If a name matches nothing (the closest names are offered), or two match one parameter.
    """
    leaves: dict[str, int] = {}
    layers: dict[str, list[int]] = {}
    for k in (k for k, is_array in enumerate(arrays) if is_array):
        if names[k] in leaves:
            raise GroupRepError(
                f'params: two parameters are both named "{names[k]}"; no name with "/" may be ambiguous'
            )
        leaves[names[k]] = k
        owner, _, last = names[k].rpartition("/")
        if last in WEIGHTS:
            layers.setdefault(owner, []).append(k)
    chosen: dict[int, str] = {}
    out: list[Named] = []
    for pattern, one in spec:
        found = _select(pattern, one, leaves, layers)
        if not found:
            raise GroupRepError(f'spec: no parameter or layer is named "{pattern}"; {_offer(pattern, leaves, layers)}')
        for k, is_bias in found:
            if k in chosen:
                raise GroupRepError(f'spec: "{names[k]}" is matched by both "{chosen[k]}" and "{pattern}"')
            chosen[k] = pattern
            out.append((k, names[k], one, is_bias))
    return out


def _select(
    pattern: str, spec: LayerSpec, leaves: dict[str, int], layers: dict[str, list[int]]
) -> list[tuple[int, bool]]:
    """Leaves, and whether they are biases: one named, a layer named, the layers or else the leaves of a pattern."""
    if pattern in leaves:
        return [(leaves[pattern], False)]
    owners = [pattern] if pattern in layers else [name for name in layers if name and fnmatchcase(name, pattern)]
    if not owners:
        return [(k, False) for name, k in leaves.items() if fnmatchcase(name, pattern)]
    found = []
    for owner in owners:
        found += [(k, False) for k in layers[owner]]
        if spec.bias:
            beside = (f"{owner}/{bias}" if owner else bias for bias in BIASES)
            found += [(leaves[name], True) for name in beside if name in leaves]
    return found


def _offer(pattern: str, leaves: Iterable[str], layers: Iterable[str]) -> str:
    known = list(dict.fromkeys([*leaves, *filter(None, layers)]))
    close = difflib.get_close_matches(pattern, known, 3, 0.5)
    if close:
        return "did you mean " + " or ".join(f'"{name}"' for name in close) + "?"
    if not known:
        return "params has no arrays"
    return f"the parameters are {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}"
