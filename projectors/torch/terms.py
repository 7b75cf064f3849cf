"""From layers to terms: each term is a parameter, read as operators, and the space of equivariant ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import prod

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from grouprep.errors import DimensionMismatch, GroupRepError
from projectors.hom import Hom
from projectors.models.layouts import Layout
from projectors.models.schedules import Constant, Schedule
from projectors.models.terms import Term as Described
from projectors.models.terms import check_entries, check_term
from projectors.penalties import Norm
from projectors.torch.buffers import ProjectionModule, in_single
from projectors.torch.sharded import as_parts, as_shards, held, hold_, whole

__all__ = [
    "FormTerm",
    "PlainParameters",
    "Term",
    "check_finite",
    "in_single",
    "make_form",
    "make_term",
    "parameter_key",
]


@dataclass(eq=False, repr=False)
class Term(Described):
    """A parameter of a module as operators V -> W, and, in a penalty, what is penalised of it.

    module, attribute : who owns it; it is read live, so that parametrisations work.
    also : other names of the same weights.
    space : the projector on equivariant operators, where the parameter is.
    norm : N; schedules, weights : of N(T - P(T)) and of N(P(T)), and what they are now.
    shards : the parameter where it is spread over processes, also while FSDP has gathered it.
    work : what is reused from step to step.
    """

    module: nn.Module
    attribute: str
    also: tuple[str, ...] = field(default=(), init=False)
    space: ProjectionModule = field(init=False, repr=False)
    norm: Norm = field(init=False)
    schedules: tuple[Schedule, Schedule] = field(init=False)
    weights: tuple[float, float] = field(init=False)
    shards: torch.Tensor | None = field(default=None, init=False, repr=False)
    work: object = field(default=None, init=False, repr=False)

    @property
    def has_both(self) -> bool:
        """Whether N(P(T)) ever has a weight."""
        schedule = self.schedules[1]
        return bool(schedule.start_value) or not isinstance(schedule, Constant)

    def parameter(self) -> torch.Tensor:
        """The tensor as the module computes with it, of all processes."""
        tensor = self.stored()
        return tensor if type(tensor) is nn.Parameter else whole(tensor)

    def stored(self) -> torch.Tensor:
        """The tensor as the module has it, or of one that is spread over processes the part of this one."""
        tensor = held(self.module, self.attribute)
        if type(tensor) is nn.Parameter and self.shards is None:
            return tensor
        if as_shards(tensor) is not None:
            self.shards = tensor
        return tensor if self.shards is None or self.shards.shape != tensor.shape else self.shards

    def read(self) -> torch.Tensor:
        """The operators, (..., dim W, dim V)."""
        return self.layout.read(self.parameter())

    def unread(self) -> tuple[torch.Tensor, Layout | None]:
        """What `read` reads, and the layout that arranges it, None if it already is in operators."""
        return self.layout.rows(self.parameter()), self.layout

    def memory(self) -> tuple[torch.Tensor, bool]:
        """(what may be written to in place of the parameter, whether `assign` has to take it back): the parameter, or a copy of it."""
        value = self.stored()
        if as_shards(value) is not None or self._is_parametrised(value):
            return whole(value).detach().clone(), True
        return value, False

    def _is_parametrised(self, value: torch.Tensor) -> bool:
        return type(value) is not nn.Parameter and nn.utils.parametrize.is_parametrized(self.module, self.attribute)

    def assign(self, value: torch.Tensor) -> None:
        """Replace a parametrised tensor, through its parametrisation, or one that is spread over processes."""
        stored = self.stored()
        if self._is_parametrised(stored):
            hold_(self.module, self.attribute, value)
        else:
            stored.copy_(as_parts(value, stored))

    def write(self, operators: torch.Tensor) -> None:
        """Replace the operators, in place; a parametrised tensor through its parametrisation."""
        value, copied = self.memory()
        part = self.layout.rows(value)
        part.copy_(self.layout.unread(operators, part.shape))
        if copied:
            self.assign(value)

    def source(self) -> torch.Tensor:
        """The parameter that an optimizer holds: the original of a parametrised one, if it has a single one."""
        value = self.stored()
        if self._is_parametrised(value):
            original = getattr(self.module.parametrizations[self.attribute], "original", None)  # type: ignore[index]
            return value if original is None else original
        return value

    @property
    def is_frozen(self) -> bool:
        """Whether nothing trains it, also where it is computed from others while gradients are off."""
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute):
            originals: nn.Module = self.module.parametrizations[self.attribute]  # type: ignore[index, assignment]
            return not any(p.requires_grad for p in originals.parameters(recurse=False))
        return not self.stored().requires_grad

    @property
    def key(self) -> Hashable:
        """Which numbers it reads: terms with one key share their weights."""
        return parameter_key(self.module, self.attribute), self.layout.start, self.layout.stop

    @property
    def is_writable(self) -> bool:
        """Whether operators can be written back."""
        return True


@dataclass(eq=False, repr=False)
class FormTerm(Term):
    """The bilinear forms W_Q^T W_K of an attention layer, (heads, dim query, dim key): operators key -> dual(query).

    query, keys : how W_Q and W_K are read, (heads, dim head, dim); key_module, key_attribute : who owns W_K.
    """

    query: Layout
    keys: Layout
    key_module: nn.Module
    key_attribute: str

    def read(self) -> torch.Tensor:
        q = in_single(self.query.read(self.parameter()))
        k: torch.Tensor = in_single(self.keys.read(whole(held(self.key_module, self.key_attribute))))
        return q.transpose(-1, -2) @ k

    def unread(self) -> tuple[torch.Tensor, Layout | None]:
        return self.read(), None

    def memory(self) -> tuple[torch.Tensor, bool]:
        raise GroupRepError(
            f'"{self.name}" is a product of two weights, which a projection does not determine; use AttentionSpec(form=False)'
        )

    @property
    def key(self) -> Hashable:
        return parameter_key(self.module, self.attribute), "form"

    @property
    def is_writable(self) -> bool:
        return False


class PlainParameters:
    """What modules hold as their parameters, of all terms; asking one term after the other shows in a training step of many.

    After a training step nothing is in a cache: each object that is looked at takes as long as a hundred operations.
    """

    def __init__(self, terms: Sequence[Term]) -> None:
        self._is_spread = any(term.shards is not None for term in terms)
        self._modules = [term.module for term in terms]
        self._attributes = [term.attribute for term in terms]

    def __repr__(self) -> str:
        return f"<PlainParameters of {len(self._modules)} terms>"

    def read(self) -> list[torch.Tensor] | None:
        """The parameters; None where one is computed, or spread over processes."""
        if self._is_spread:
            return None
        found = [module._parameters.get(name) for module, name in zip(self._modules, self._attributes, strict=True)]
        return found if all(type(p) is nn.Parameter for p in found) else None  # type: ignore[return-value]


def parameter_key(module: nn.Module, attribute: str) -> tuple[int, str]:
    """What identifies a parameter: the tensor, or, where a parametrisation makes it anew each time, the owner and the name."""
    if nn.utils.parametrize.is_parametrized(module, attribute):
        return id(module), attribute
    return id(getattr(module, attribute)), ""


def make_form(name: str, q: Term, k: Term, hom: Hom, heads: int) -> FormTerm:
    """The term of W_Q^T W_K, from those of W_Q and W_K, whose rows are those of the heads one after the other."""
    query, keys = (
        Layout((heads, rows // heads, columns), start=t.layout.start, stop=t.layout.stop)
        for t, (rows, columns) in ((t, t.layout.shape) for t in (q, k))
    )
    layout = Layout((heads, *hom.shape), groups=heads)
    return FormTerm(name, q.layer, layout, hom, q.module, q.attribute, query, keys, k.module, k.attribute)


def make_term(
    name: str,
    layer: str,
    layout: Layout,
    hom: Hom,
    module: nn.Module,
    attribute: str,
    computed: torch.Tensor | None = None,
) -> Term:
    """A term whose parameter exists, fits, has no NaN entry, and whose space has a projector.

    computed : the tensor that the module computes with, where the attribute is none.

    Raises
    ------
    GroupRepError
        If one of these fails: DimensionMismatch for sizes, NotUnitary for a representation without an invariant form.
    """
    if computed is None and hasattr(module, attribute):
        computed = held(module, attribute)
    parameter = computed
    if not isinstance(parameter, torch.Tensor):
        raise GroupRepError(f'"{name}": {type(module).__name__} has no parameter "{attribute}"')
    if isinstance(parameter, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')
    values = whole(parameter)
    if layout.rows(values).numel() != prod(layout.operators):
        many = " x ".join(map(str, layout.operators))
        raise DimensionMismatch(
            f'"{name}" has shape {tuple(parameter.shape)}; W = {hom.W} has dimension {hom.W.dim} and V = {hom.V} has dimension '
            f"{hom.V.dim}, so {many} entries are needed"
        )
    is_complex = parameter.is_complex()
    check_term(name, hom, parameter.dtype, is_complex or parameter.is_floating_point(), is_complex)
    check_finite(name, values)
    return Term(name, layer, layout, hom, module, attribute)


def check_finite(name: str, tensor: torch.Tensor) -> None:
    """Raise GroupRepError if a tensor has NaN or infinite entries; one without data, on torch's meta device, has none."""
    check_entries(name, tensor.is_meta or bool(torch.isfinite(tensor.detach()).all()))
