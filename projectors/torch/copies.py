"""A copy of a model, made equivariant or filled with random weights: what a model is judged by, without touching it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from projectors.hom import Hom
from projectors.models.specs import AttentionSpec, LayerSpecs, Spec
from projectors.torch.buffers import ProjectionModule
from projectors.torch.layers import layer_terms
from projectors.torch.naming import named_modules, strip_name, unwrap
from projectors.torch.statistics import project_statistics_of, statistics_of
from projectors.torch.terms import Term

__all__ = ["Copy", "double", "private_copy"]


def private_copy(model: nn.Module) -> nn.Module:
    """A copy in evaluation mode, compiled parts replaced by what they were made of.

    Raises
    ------
    GroupRepError
        If it cannot be copied, or has no data (torch's meta device).
    """
    inner = unwrap(model)
    if any(p.is_meta for p in (*inner.parameters(), *inner.buffers())):
        raise GroupRepError("model is on torch's meta device, where nothing can be run; move it to a device")
    memo: dict[int, object] = {}
    for module in inner.modules():
        for value in vars(module).values():  # what hooks compute from parameters
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    try:
        made: nn.Module = _deepcopy(inner, memo)
    except Exception as error:
        raise GroupRepError(f"model: {type(inner).__name__} cannot be copied ({error})") from error
    for module in list(made.modules()):
        for name, child in list(module.named_children()):
            if unwrap(child) is not child:
                setattr(module, name, unwrap(child))
    for parameter in made.parameters():
        parameter.grad = None
    return made.eval()


def _deepcopy(inner: nn.Module, memo: dict[int, object]) -> nn.Module:
    """A deep copy; what a module holds besides modules and tensors and cannot be copied (scripted functions, locks, files) is shared."""
    try:
        return copy.deepcopy(inner, dict(memo))
    except Exception:
        for module in inner.modules():
            for name, value in vars(module).items():
                if name in ("_parameters", "_buffers", "_modules") or isinstance(value, torch.Tensor):
                    continue
                try:
                    copy.deepcopy(value, {})
                except Exception:
                    memo[id(value)] = value
        return copy.deepcopy(inner, memo)


def double(x: Any) -> Any:
    """Floating-point tensors in nested inputs in double precision, others as they are."""
    if isinstance(x, torch.Tensor):
        return x.detach().double() if x.is_floating_point() else x
    if isinstance(x, dict):
        return {key: double(value) for key, value in x.items()}
    if isinstance(x, list | tuple):
        parts = [double(value) for value in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return x


@dataclass(repr=False)
class Copy(Summary):
    """A copy of a model whose specified weights can be made equivariant.

    model : the copy; layers : the specified layers' names, and what is said of them.
    """

    model: nn.Module
    layers: Sequence[LayerSpecs]
    terms: list[Term] = field(init=False)

    def __post_init__(self) -> None:
        modules = dict(named_modules(self.model, remove_duplicate=False))
        self.terms = [
            t
            for name, specs in self.layers
            for t in layer_terms(name, modules[name], _writable(specs))
            if not t.is_frozen
        ]

    @torch.no_grad()
    def project_(self, generator: torch.Generator | None = None) -> None:
        """Replace specified weights by their projections, with a generator those of weights with as much noise."""
        spaces: dict[Hom, ProjectionModule] = {}
        for term in self.terms:
            T = term.read().detach().clone()
            T = T.float() if T.dtype in (torch.float16, torch.bfloat16) else T
            if generator is not None:
                T = T + _noise(T, generator)
            if term.hom not in spaces:
                spaces[term.hom] = ProjectionModule(
                    term.hom, T.device, torch.float64 if T.dtype == torch.float64 else torch.float32
                )
            term.write(spaces[term.hom].project(T))
        project_statistics_of(self.model, self.layers)

    def _rows(self) -> dict[int, list[tuple[int, int] | None]]:
        """The rows of each parameter that the specification covers, None for all."""
        found: dict[int, list[tuple[int, int] | None]] = {}
        for term in self.terms:
            start, stop = term.layout.start, term.layout.stop
            rows = (
                None
                if start is None and stop is None
                else (start or 0, term.parameter().shape[0] if stop is None else stop)
            )
            if nn.utils.parametrize.is_parametrized(term.module, term.attribute):
                owner: nn.Module = term.module.parametrizations[term.attribute]  # type: ignore[index, assignment]
                for p in owner.parameters():
                    found.setdefault(id(p), []).append(rows if p.shape[:1] == term.parameter().shape[:1] else None)
            else:
                found.setdefault(id(term.parameter()), []).append(rows)
        return found

    def uncovered(self) -> Iterator[tuple[str, torch.Tensor, list[int]]]:
        """Names of parameters that no specification covers, or not all rows of, with the tensor and those rows."""
        covered = self._rows()
        for name, p in self.model.named_parameters():
            said = covered.get(id(p), [])
            if None in said:
                continue
            rows = sorted(set(range(p.shape[0] if p.ndim else 1)) - {k for part in said if part for k in range(*part)})
            if rows:
                yield strip_name(name) + (f"[rows {rows[0]} to {rows[-1]}]" if said else ""), p, rows

    def uncovered_buffers(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Names of floating-point buffers that no specification covers."""
        known = {
            id(b) for _, module, _ in statistics_of(self.model, self.layers) for b in module.buffers(recurse=False)
        }
        for name, b in self.model.named_buffers():
            if b.is_floating_point() and id(b) not in known and ".parametrizations." not in f".{name}":
                yield strip_name(name), b

    @torch.no_grad()
    def scatter_(self, generator: torch.Generator) -> dict[int, str]:
        """Fill what no specification covers with noise: parameters, running statistics; their names by id."""
        names: dict[int, str] = {}
        for name, p, rows in list(self.uncovered()):
            if p.is_floating_point():
                names[id(p)] = name
                part = torch.tensor(rows, device=p.device)
                p.data.index_add_(0, part, _noise(p.data[part], generator)) if p.ndim else p.data.add_(
                    _noise(p.data, generator)
                )
        for name, b in list(self.uncovered_buffers()):
            if name.endswith("running_mean"):
                names[id(b)] = name
                b.add_(_noise(b, generator))
            elif name.endswith("running_var"):
                names[id(b)] = name
                b.mul_(1 + torch.rand(b.shape, generator=generator, dtype=torch.float64).to(b))
        return names


def _writable(specs: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """Attention whose forms are penalised is made equivariant by its weights, one way to do it."""
    return tuple(replace(s, form=False) if isinstance(s, AttentionSpec) and s.form else s for s in specs)


def _noise(T: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """As much noise as there is, or unit noise where there is nothing."""
    size = float(T.abs().square().mean().sqrt()) if T.numel() else 0.0
    return (size or 1.0) * torch.randn(T.shape, generator=generator, dtype=torch.float64).to(T)
