"""From layers to terms: each term is a parameter, read as operators, and the space of equivariant ones."""

from __future__ import annotations

from collections.abc import Hashable
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
from projectors.torch.buffers import ProjectionModule

__all__ = ["FormTerm", "Term", "check_finite", "in_single", "make_form", "make_term", "parameter_key"]


@dataclass(eq=False)
class Term(Described):
    """A parameter of a module as operators V -> W, and, in a penalty, what is penalised of it.

    module, attribute : who owns it; it is read live, so that parametrisations work.
    also : other names of the same weights.
    space : the projector on equivariant operators, where the parameter is.
    norm : N; schedules, weights : of N(T - P(T)) and of N(P(T)), and what they are now.
    block : what follows leading singular values, (..., dim V, width); turns : how often it has moved on.
    work : what is reused from step to step.
    """

    module: nn.Module
    attribute: str
    also: tuple[str, ...] = field(default=(), init=False)
    space: ProjectionModule = field(init=False, repr=False)
    norm: Norm = field(init=False)
    schedules: tuple[Schedule, Schedule] = field(init=False)
    weights: tuple[float, float] = field(init=False)
    block: torch.Tensor | None = field(default=None, init=False, repr=False)
    turns: int = field(default=0, init=False, repr=False)
    work: object = field(default=None, init=False, repr=False)

    @property
    def has_both(self) -> bool:
        """Whether N(P(T)) ever has a weight."""
        schedule = self.schedules[1]
        return bool(schedule.start_value) or not isinstance(schedule, Constant)

    def parameter(self) -> torch.Tensor:
        """The tensor as the module computes with it."""
        tensor: torch.Tensor = getattr(self.module, self.attribute)
        return tensor

    def read(self) -> torch.Tensor:
        """The operators, (..., dim W, dim V)."""
        return self.layout.read(self.parameter())

    def unread(self) -> tuple[torch.Tensor, Layout | None]:
        """What `read` reads, and the layout that arranges it, None if it already is in operators."""
        return self.layout.rows(self.parameter()), self.layout

    def write(self, operators: torch.Tensor) -> None:
        """Replace the operators, in place; a parametrised tensor through its parametrisation."""
        parametrised = nn.utils.parametrize.is_parametrized(self.module, self.attribute)
        value = self.parameter().detach().clone() if parametrised else self.parameter()
        part = self.layout.rows(value)
        part.copy_(self.layout.unread(operators, part.shape))
        if parametrised:
            setattr(self.module, self.attribute, value)

    def source(self) -> torch.Tensor:
        """The parameter that an optimizer holds: the original of a parametrised one, if it has a single one."""
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute):
            original = getattr(self.module.parametrizations[self.attribute], "original", None)  # type: ignore[index]
            return self.parameter() if original is None else original
        return self.parameter()

    @property
    def is_frozen(self) -> bool:
        """Whether nothing trains it, also where it is computed from others while gradients are off."""
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute):
            originals: nn.Module = self.module.parametrizations[self.attribute]  # type: ignore[index, assignment]
            return not any(p.requires_grad for p in originals.parameters(recurse=False))
        return not self.parameter().requires_grad

    def is_view(self, operators: torch.Tensor) -> bool:
        """Whether what `read` gave is memory of the parameter itself, so that writing into it writes the parameter."""
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute) or not self.is_writable:
            return False
        return operators.untyped_storage().data_ptr() == self.parameter().untyped_storage().data_ptr()

    @property
    def key(self) -> Hashable:
        """Which numbers it reads: terms with one key share their weights."""
        return parameter_key(self.module, self.attribute), self.layout.start, self.layout.stop

    @property
    def is_writable(self) -> bool:
        """Whether operators can be written back."""
        return True


@dataclass(eq=False)
class FormTerm(Term):
    """The bilinear forms W_Q^T W_K of an attention layer, (heads, dim query, dim key): operators key -> dual(query).

    query, keys : how W_Q and W_K are read, (heads, dim head, dim); key_module, key_attribute : who owns W_K.
    """

    query: Layout
    keys: Layout
    key_module: nn.Module
    key_attribute: str

    def read(self) -> torch.Tensor:
        q = self.query.read(self.parameter())
        k: torch.Tensor = self.keys.read(getattr(self.key_module, self.key_attribute))
        return q.transpose(-1, -2) @ k

    def unread(self) -> tuple[torch.Tensor, Layout | None]:
        return self.read(), None

    def write(self, operators: torch.Tensor) -> None:
        raise GroupRepError(
            f'"{self.name}" is a product of two weights, which a projection does not determine; use AttentionSpec(form=False)'
        )

    @property
    def key(self) -> Hashable:
        return parameter_key(self.module, self.attribute), "form"

    @property
    def is_writable(self) -> bool:
        return False


def parameter_key(module: nn.Module, attribute: str) -> tuple[int, str]:
    """What identifies a parameter: the tensor, or, where a parametrisation makes it anew each time, the owner and the name."""
    if nn.utils.parametrize.is_parametrized(module, attribute):
        return id(module), attribute
    return id(getattr(module, attribute)), ""


def make_form(name: str, q: Term, k: Term, hom: Hom, heads: int) -> FormTerm:
    """The term of W_Q^T W_K, from those of W_Q and W_K, whose rows are those of the heads one after the other."""
    _ = hom.projection
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
    parameter = getattr(module, attribute, None) if computed is None else computed
    if not isinstance(parameter, torch.Tensor):
        raise GroupRepError(f'"{name}": {type(module).__name__} has no parameter "{attribute}"')
    if isinstance(parameter, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')
    if layout.rows(parameter).numel() != prod(layout.operators):
        many = " x ".join(map(str, layout.operators))
        raise DimensionMismatch(
            f'"{name}" has shape {tuple(parameter.shape)}; W = {hom.W} has dimension {hom.W.dim} and V = {hom.V} has dimension '
            f"{hom.V.dim}, so {many} entries are needed"
        )
    is_complex = parameter.is_complex()
    check_term(name, hom, parameter.dtype, is_complex or parameter.is_floating_point(), is_complex)
    check_finite(name, parameter)
    return Term(name, layer, layout, hom, module, attribute)


def in_single(T: torch.Tensor) -> torch.Tensor:
    """Half precision in single precision; others as they are."""
    return T.float() if T.dtype in (torch.float16, torch.bfloat16) else T


def check_finite(name: str, tensor: torch.Tensor) -> None:
    """Raise GroupRepError if a tensor has NaN or infinite entries; one without data, on torch's meta device, has none."""
    check_entries(name, tensor.is_meta or bool(torch.isfinite(tensor.detach()).all()))
