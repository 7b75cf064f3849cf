"""The parameters of a pytree that a specification names: paths, layers, their biases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import jax

from grouprep.errors import GroupRepError
from projectors.models.naming import closest, find, match
from projectors.models.specs import LayerSpec

__all__ = ["Named", "leaf_names", "match_leaves"]

WEIGHTS = ("kernel", "weight", "w", "embedding")
BIASES = ("bias", "b", "offset")
SCALES = ("scale",)  # of normalisation layers, which hold no weight beside it

Named = tuple[int, str, LayerSpec, bool]  # a leaf, its name, its specification, whether it is a layer's bias or scale


def leaf_names(params: object) -> list[str]:
    """The names of all leaves in the order of the flattened pytree: keys, indices and attributes, joined by "/".

    Variables that box an array, such as those of flax.nnx, are named by themselves: "linear/kernel", not "linear/kernel/value".
    """
    return [_name([_text(key) for key in path]) for path, _ in jax.tree_util.tree_flatten_with_path(params)[0]]


def _name(parts: list[str]) -> str:
    boxed = len(parts) > 1 and parts[-1] == "value" and parts[-2] in WEIGHTS + BIASES + SCALES
    return "/".join(parts[:-1] if boxed else parts)


def _text(key: object) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


def match_leaves(spec: Mapping[str, LayerSpec], names: Sequence[str], arrays: Collection[int]) -> list[Named]:
    """The leaves that a specification means, in its order.

    Parameters
    ----------
    spec : specifications by the name or fnmatch pattern of parameters or of layers.
    names : of all leaves; arrays : the positions of those that are arrays, the others are passed over.

    Raises
    ------
    GroupRepError
        If a name matches nothing (the closest names are offered), or two match one parameter.
    """
    leaves: dict[str, int] = {}
    layers: dict[str, list[str]] = {}
    for k in arrays:
        if names[k] in leaves:
            raise GroupRepError(
                f'params: two parameters are both named "{names[k]}"; no name with "/" may be ambiguous'
            )
        leaves[names[k]] = k
        owner, _, last = names[k].rpartition("/")
        if last in WEIGHTS:
            layers.setdefault(owner, []).append(names[k])
    biases: set[str] = set()
    for name in leaves:
        owner, _, last = name.rpartition("/")
        if last in SCALES and owner not in layers:
            layers[owner] = [name]

    def select(pattern: str, spec: LayerSpec) -> list[str]:
        """One leaf named, or a layer named, or the layers or else the leaves of a pattern."""
        owners = [] if pattern in leaves else find(pattern, layers)
        if not owners:
            return find(pattern, leaves)
        found = []
        for owner in owners:
            beside = [f"{owner}/{bias}" if owner else bias for bias in BIASES if spec.bias]
            found += [*layers[owner], *(name for name in beside if name in leaves)]
            biases.update(beside)
            biases.update(name for name in layers[owner] if name.rpartition("/")[2] in SCALES)
        return found

    def missing(pattern: str) -> str:
        known = list(dict.fromkeys([*leaves, *filter(None, layers)]))
        listed = f"the parameters are {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}"
        offer = closest(pattern, known, listed if known else "params has no arrays")
        return f'no parameter or layer is named "{pattern}"; {offer}'

    return [(leaves[name], name, one, name in biases) for name, _, one in match(spec, select, missing)]
