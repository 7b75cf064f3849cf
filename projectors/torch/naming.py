"""The modules that a specification names: prefixes of wrappers, frozen layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from torch import nn

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from projectors.models.naming import check_spec, closest, find, is_pattern, match
from projectors.models.specs import Spec, SpecLike, as_specs

__all__ = ["Places", "match_layers", "named_modules", "strip_name", "unwrap"]


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


def named_modules(model: nn.Module, remove_duplicate: bool = True) -> Iterator[tuple[str, nn.Module]]:
    """As the model's own `named_modules`, wrappers looked through."""
    for name, module in model.named_modules(remove_duplicate=remove_duplicate):
        yield strip_name(name), unwrap(module)


def _select(pattern: str, names: Mapping[str, nn.Module]) -> list[str]:
    """The layers of a name or pattern; patterns pass over what parametrisations are made of."""
    stripped = strip_name(pattern)
    if is_pattern(pattern):
        owners = [module.parametrizations for module in names.values() if nn.utils.parametrize.is_parametrized(module)]
        inside = {id(part) for owner in owners if isinstance(owner, nn.Module) for part in owner.modules()}
        names = {name: module for name, module in names.items() if id(module) not in inside}
    return next(filter(None, (find(name, names) for name in (pattern, stripped, stripped.removeprefix("module.")))), [])


def match_layers(
    model: nn.Module, spec: Mapping[str, SpecLike]
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
    check_spec(spec, "layer", "fc")
    names = dict(named_modules(model, remove_duplicate=False))
    specs = {pattern: as_specs(value, pattern) for pattern, value in spec.items()}
    layers: list[tuple[str, nn.Module, tuple[Spec, ...]]] = []
    skipped: list[str] = []
    for name, pattern, one in match(specs, lambda pattern, _: _select(pattern, names), lambda p: _missing(p, names)):
        if not _is_frozen(names[name]):
            layers.append((name, names[name], one))
        elif is_pattern(pattern):
            skipped.append(name)
        else:
            raise GroupRepError(
                f'spec: layer "{name}" is frozen (requires_grad is False for all its parameters); leave it out, or name it '
                "with a pattern, which skips it"
            )
    if not layers:
        raise GroupRepError(f"spec: every layer that it matches is frozen: {', '.join(skipped)}")
    return layers, skipped


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters())
    return bool(parameters) and not any(p.requires_grad for p in parameters)


def _missing(pattern: str, names: Mapping[str, nn.Module]) -> str:
    known = [n for n in names if n]
    leaves = [n for n in known if not list(names[n].children())]
    listed = (
        f"the layers are {', '.join(leaves[:12])}{', ...' if len(leaves) > 12 else ''}" if leaves else "it has none"
    )
    return f'no layer is named "{pattern}"; {closest(pattern, known, listed)}'


class Places(Summary):
    """Where the layers of a specification stand in a model, so that one that has been replaced since is noticed.

    Looking is cheap: what the modules on the way to the layers hold, which is compared by identity.
    """

    def __init__(self, model: nn.Module, layers: Iterable[tuple[str, nn.Module]]) -> None:
        self.model, self.layers = model, tuple(layers)
        self._walk()

    def _walk(self) -> None:
        """Find the modules on the ways from the model to its layers, each with all that it holds."""
        wanted = {name for name, _ in self.layers}
        owners: dict[int, nn.Module] = {}
        for name, _ in self.model.named_modules(remove_duplicate=False):
            if strip_name(name) not in wanted:
                continue
            owner = self.model
            for key in filter(None, name.split(".")):
                owners[id(owner)] = owner
                owner = owner.get_submodule(key)
        self.owners = [(owner, list(owner._modules.values())) for owner in owners.values()]

    def check(self) -> None:
        """Raise GroupRepError if a layer is no longer the module that it was."""
        if all(list(owner._modules.values()) == modules for owner, modules in self.owners):
            return
        now = dict(named_modules(self.model, remove_duplicate=False))
        for name, module in self.layers:
            if name not in now:
                raise GroupRepError(
                    f'layer "{name}" ({type(module).__name__}) is gone from the model since the penalty was made; make a new penalty'
                )
            if now[name] is not module:
                raise GroupRepError(
                    f'layer "{name}" ({type(module).__name__}) was replaced by another {type(now[name]).__name__} after the penalty was '
                    "made, which would go on with the old one; make a new penalty of the model as it is now"
                )
        self._walk()
