"""Finding the layers that a specification names: patterns, wrappers' prefixes, overlaps, frozen layers, misspellings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from grouprep.errors import GroupRepError
from projectors.torch.specs import Spec, as_specs

__all__ = ["match_layers", "refuse_unmatched", "strip_name", "unwrap", "value_for"]


def unwrap(model: nn.Module) -> nn.Module:
    """The module inside torch.compile's, DataParallel's and DistributedDataParallel's wrappers."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = model.module
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def strip_name(name: str) -> str:
    """A module's name without the prefixes that torch.compile adds."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def _is_pattern(name: str) -> bool:
    return any(c in name for c in "*?[")


def _names(model: nn.Module) -> dict[str, nn.Module]:
    found: dict[str, nn.Module] = {}
    for name, module in model.named_modules(remove_duplicate=False):
        found[strip_name(name)] = unwrap(module)
    return found


def _select(pattern: str, names: Mapping[str, nn.Module]) -> list[str]:
    stripped = strip_name(pattern)
    for candidate in (pattern, stripped, stripped.removeprefix("module.")):
        if candidate in names:
            return [candidate]
        if _is_pattern(candidate):
            matching = [n for n in names if n and fnmatchcase(n, candidate)]
            if matching:
                return matching
    return []


def match_layers(
    model: nn.Module, spec: Mapping[str, Any]
) -> tuple[list[tuple[str, nn.Module, tuple[Spec, ...]]], list[str]]:
    """The layers that a specification means, in its order, and the names of frozen ones that a pattern met.

    Parameters
    ----------
    model : an unwrapped module.
    spec : specifications by name or fnmatch pattern.

    Raises
    ------
    GroupRepError
        If the specification is empty, a name matches nothing (the closest names are offered), two match one layer, a layer
        named literally is frozen, or all are.
    """
    if not isinstance(spec, Mapping) or not spec:
        raise GroupRepError(
            'spec is empty; give at least one layer, such as {"fc": (V, W)}'
            if isinstance(spec, Mapping)
            else f"spec must be a mapping from layer names to (V, W), got {type(spec).__name__}"
        )
    names = _names(model)
    chosen: dict[str, str] = {}
    layers: list[tuple[str, nn.Module, tuple[Spec, ...]]] = []
    skipped: list[str] = []
    for pattern, value in spec.items():
        if not isinstance(pattern, str):
            raise GroupRepError(f'spec: layers are named by text such as "0" or "encoder.*", got {pattern!r:.40}')
        specs = as_specs(value, pattern)
        matching = _select(pattern, names)
        if not matching:
            raise GroupRepError(f'spec: no layer is named "{pattern}"; {_offer(pattern, names)}')
        for name in matching:
            if name in chosen:
                raise GroupRepError(f'spec: layer "{name}" is matched by both "{chosen[name]}" and "{pattern}"')
            chosen[name] = pattern
            if _is_frozen(names[name]):
                if not _is_pattern(pattern):
                    raise GroupRepError(
                        f'spec: layer "{name}" is frozen (requires_grad is False for all its parameters); leave it out, or name it '
                        "with a pattern, which skips it"
                    )
                skipped.append(name)
                continue
            layers.append((name, names[name], specs))
    if not layers:
        raise GroupRepError(f"spec: every layer that it matches is frozen: {', '.join(skipped)}")
    return layers, skipped


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(p.requires_grad for p in parameters)


def _offer(pattern: str, names: Mapping[str, nn.Module]) -> str:
    known = [n for n in names if n]
    close = difflib.get_close_matches(pattern, known, 3, 0.5)
    if close:
        return "did you mean " + " or ".join(f'"{n}"' for n in close) + "?"
    leaves = [n for n in known if not list(names[n].children())]
    return f"the layers are {', '.join(leaves[:12])}{', ...' if len(leaves) > 12 else ''}" if leaves else "it has none"


def refuse_unmatched(given: Any, names: list[str], what: str) -> None:
    """Raise GroupRepError where a mapping from names or patterns has one that no layer of the specification bears."""
    for pattern in given if isinstance(given, Mapping) else ():
        if not any(pattern == name or fnmatchcase(name, str(pattern)) for name in names):
            close = difflib.get_close_matches(str(pattern), names, 3, 0.5) or names[:12]
            raise GroupRepError(f'{what}: no layer of spec is named "{pattern}"; they are {", ".join(close)}')


def value_for(name: str, given: Any, default: float, what: str) -> Any:
    """The value for a layer of what is given for all, or by pattern.

    Raises
    ------
    GroupRepError
        If two patterns match with neither of them the name itself.
    """
    if not isinstance(given, Mapping):
        return given
    if name in given:
        return given[name]
    matching = [p for p in given if fnmatchcase(name, p)]
    if len(matching) > 1:
        raise GroupRepError(f'{what}: layer "{name}" is matched by both "{matching[0]}" and "{matching[1]}"')
    return given[matching[0]] if matching else default
