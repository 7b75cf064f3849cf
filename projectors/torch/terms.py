"""From layers to terms: each term is a parameter, read as operators, and the space of equivariant ones."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.parameter import UninitializedParameter

from grouprep.errors import DimensionMismatch, GroupRepError, NotUnitary
from projectors.hom import Hom
from projectors.penalties import Norm
from projectors.torch.buffers import ProjectionModule
from projectors.torch.layouts import Layout
from projectors.torch.schedules import Constant, Schedule

__all__ = ["FormTerm", "Term", "check_finite", "in_single", "make_term", "parameter_key"]


@dataclass(eq=False)
class Term:
    """A parameter of a module as operators V -> W, and, in a penalty, what is penalised of it.

    name : the layer's name and the parameter's, as reports show it; layer : the layer's name alone.
    module, attribute : who owns it; it is read live, so that parametrisations work.
    layout : how it is read.
    hom : Hom(V, W).
    also : other names of the same weights.
    space : the projector on equivariant operators, where the parameter is.
    norm : N; schedules : the weights of N(T - P(T)) and of N(P(T)).
    block : what follows leading singular values, (..., dim V, width); turns : how often it has moved on.
    work : what is reused from step to step.
    """

    name: str
    layer: str
    module: nn.Module
    attribute: str
    layout: Layout
    hom: Hom
    also: tuple[str, ...] = field(default=(), init=False)
    space: ProjectionModule = field(init=False, repr=False)
    norm: Norm = field(init=False)
    schedules: tuple[Schedule, Schedule] = field(init=False)
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
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute):
            value = self.parameter().detach().clone()
            self.layout.write(value, operators)
            setattr(self.module, self.attribute, value)
        else:
            self.layout.write(self.parameter(), operators)

    def source(self) -> torch.Tensor:
        """The parameter that an optimizer holds: the original of a parametrised one, if it has a single one."""
        if nn.utils.parametrize.is_parametrized(self.module, self.attribute):
            original = getattr(self.module.parametrizations[self.attribute], "original", None)  # type: ignore[index]
            return self.parameter() if original is None else original
        return self.parameter()

    def agrees_with(self, other: Term) -> bool:
        """Whether a term that shares its weights is given the same space, or, reading them transposed, that of the transposes."""
        if self.layout == other.layout:
            return self.hom == other.hom
        if self.layout.swapped == other.layout.swapped or self.layout.shape != other.layout.shape[::-1]:
            return True
        V, W = self.hom.V, self.hom.W
        return other.hom.V in (W, W.dual) and other.hom.W in (V, V.dual)

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
    """The bilinear forms W_Q^T W_K of an attention layer, (heads, dim query, dim key): operators key -> dual(query)."""

    query: Layout
    keys: Layout
    key_module: nn.Module
    key_attribute: str

    def read(self) -> torch.Tensor:
        q = self.query.read(self.parameter())
        k = self.keys.read(getattr(self.key_module, self.key_attribute))
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


def make_term(name: str, layer: str, module: nn.Module, attribute: str, layout: Layout, hom: Hom) -> Term:
    """A term whose parameter exists, fits, has no NaN entry, and whose space has a projector.

    Raises
    ------
    GroupRepError
        If one of these fails: DimensionMismatch for sizes, NotUnitary for a representation without an invariant form.
    """
    parameter = getattr(module, attribute, None)
    if not isinstance(parameter, torch.Tensor):
        raise GroupRepError(f'"{name}": {type(module).__name__} has no parameter "{attribute}"')
    if isinstance(parameter, UninitializedParameter):
        raise GroupRepError(f'"{name}" is not initialised yet; run the model once before')
    if not layout.fits(parameter):
        raise DimensionMismatch(
            f'"{name}" has shape {tuple(parameter.shape)}; W = {hom.W} has dimension {hom.W.dim} and V = {hom.V} has dimension '
            f"{hom.V.dim}, so {layout.groups or ''}{' x ' if layout.groups else ''}{hom.W.dim} x {hom.V.dim} entries are needed"
        )
    if not parameter.is_floating_point() and not parameter.is_complex():
        raise GroupRepError(f'"{name}" has dtype {parameter.dtype}; a floating-point parameter is needed')
    if hom.is_complex and not parameter.is_complex():
        raise GroupRepError(
            f'"{name}" is real, but V = {hom.V} or W = {hom.W} is complex: real weights cannot be equivariant under complex matrices; '
            "use a real form of the representation"
        )
    check_finite(name, parameter)
    try:
        _ = hom.projection
    except NotUnitary as error:
        raise NotUnitary(f'"{name}": {error}') from None
    return Term(name, layer, module, attribute, layout, hom)


def in_single(T: torch.Tensor) -> torch.Tensor:
    """Half precision in single precision; others as they are."""
    return T.float() if T.dtype in (torch.float16, torch.bfloat16) else T


def check_finite(name: str, tensor: torch.Tensor) -> None:
    """Raise GroupRepError if a tensor has NaN or infinite entries."""
    if not bool(torch.isfinite(tensor.detach()).all()):
        raise GroupRepError(f'"{name}" has NaN or infinite entries; the penalty of such weights means nothing')
