"""Differentiable norms of T - P(T) and P(T) for torch: one projection serves forward and backward.

The gradient of ||R||, R = T - P(T), is R / ||R|| for the Frobenius norm, because P is orthogonal: nothing is projected backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from projectors.arrays import namespace_of
from projectors.penalties import Frobenius, KyFan, Norm, State
from projectors.projection import Projection
from projectors.torch.following import follow
from projectors.torch.layouts import Layout
from projectors.torch.pieces import measured_residual, product_residual
from projectors.torch.recycled import Workspace

__all__ = ["frobenius_parts", "is_frobenius", "leading_values", "residual"]

_PLAIN = (Frobenius(), Frobenius(squared=True))


def _sizes(x: torch.Tensor, squared: bool) -> torch.Tensor:
    norm: torch.Tensor = torch.linalg.vector_norm(x, dim=(-2, -1))
    return norm * norm if squared else norm


def _near(projection: Projection) -> float:
    """The ratio ||R|| / ||T|| below which rounding of P(T) in single precision shows in R = T - P(T).

    P(T) errs by u ||T||, u = 2^-24. Means over orbits err within the range of P, orthogonally to R, so that ||R|| errs by
    (u ||T|| / ||R||)^2 / 2 of itself, 2^-25 at the ratio 2^-12. Other structures err by u ||T|| / ||R||, 2^-20 at 2^-4.
    """
    return 2.0**-12 if projection.errs_within else 2.0**-4


def _careful_residual(
    T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor], work: Workspace | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """(R, ||R||), R = T - P(T); in single precision and near equivariance to the precision of the residual itself."""
    R, size, share = measured_residual(T, projection, constants, work)
    near = share <= _near(projection)  # false for NaN
    if not near or T.dtype not in (torch.float32, torch.complex64) or not R.numel():
        return R, size
    careful: torch.Tensor = projection.for_array(T, namespace_of(torch)).residual(T)
    return careful, torch.linalg.vector_norm(careful, dim=(-2, -1))


def _slope(size: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor | float:
    """The factor of x in the gradient of its norm: 1 / ||x|| (0 at 0), or 2 for the square."""
    if size.ndim == 0 and size.device.type == "cpu" and not torch.compiler.is_compiling():
        value = gradient.item()
        return 2 * value if squared else value / size.item() if size else 0.0
    slope = 2 * gradient if squared else torch.where(size > 0, gradient / torch.where(size > 0, size, 1), 0)
    return slope[..., None, None]


def _arranged(part: torch.Tensor, layout: Layout | None) -> torch.Tensor:
    return part if layout is None else layout.arrange(part)


def _returned(gradient: torch.Tensor, layout: Layout | None, part: torch.Tensor) -> torch.Tensor:
    """A gradient in the shape of the part of a parameter that was arranged.

    Autograd adds gradients in place if nothing else holds their memory. A view holds its base, hence `data`.
    """
    return gradient if layout is None else layout.unread(gradient, part.shape).data


class _FrobeniusParts(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) over the last two axes. The first backward pass makes the gradient in the residual's own memory."""

    @staticmethod
    def forward(
        ctx: Any,
        part: torch.Tensor,
        layout: Layout | None,
        projection: Projection,
        squared: bool,
        both: bool,
        work: Workspace | None,
        *constants: torch.Tensor,
    ) -> Any:
        T = _arranged(part, layout)
        R, size = _careful_residual(T, projection, constants, work)
        P = T - R if both else None
        first = size * size if squared else size
        sizes = first, torch.zeros_like(size) if P is None else _sizes(P, squared)
        ctx.save_for_backward(part, *sizes, *constants)
        ctx.layout, ctx.projection, ctx.squared, ctx.both, ctx.parts = layout, projection, squared, both, (R, P)
        return sizes

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        part, r_size, p_size, *constants = ctx.saved_tensors
        nothing = (None,) * (5 + len(constants))
        if torch.is_grad_enabled():  # a second derivative is wanted: say it in operations that have one
            with torch.enable_grad():
                T = _arranged(part, ctx.layout)
                values = _native_parts(T, ctx.projection, ctx.squared, ctx.both, constants)
                (out,) = torch.autograd.grad(values, part, gradients, create_graph=True)
            return (out, *nothing)
        R, P = ctx.parts
        ctx.parts = None, P
        if R is None:  # its memory was given away by an earlier pass over a retained graph
            R, _ = _careful_residual(_arranged(part, ctx.layout), ctx.projection, constants)
        out = R.mul_(_slope(r_size, gradients[0], ctx.squared))
        if P is not None:
            slope = _slope(p_size, gradients[1], ctx.squared)
            _ = out.add_(P, alpha=slope) if isinstance(slope, float) else out.addcmul_(P, slope)
        return (_returned(out, ctx.layout, part), *nothing)


class _Residual(torch.autograd.Function):
    """T - P(T) for an orthogonal P, which is its own transpose."""

    @staticmethod
    def forward(ctx: Any, T: torch.Tensor, projection: Projection, *constants: torch.Tensor) -> torch.Tensor:
        ctx.projection, ctx.constants = projection, constants
        return _careful_residual(T, projection, constants)[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        out = residual(gradients[0], ctx.projection, ctx.constants)
        return (out, None, *(None for _ in ctx.constants))


class _LeadingValues(torch.autograd.Function):
    """Sums of the k leading singular values of several T - P(T), followed from step to step: (values, next blocks of right vectors)."""

    @staticmethod
    def forward(
        ctx: Any,
        projection: Projection,
        k: int,
        blocks: torch.Tensor,
        layouts: Sequence[Layout | None],
        works: Sequence[Workspace | None],
        *tensors: torch.Tensor,
    ) -> Any:
        parts, constants = tensors[: len(layouts)], tensors[len(layouts) :]
        operators = [
            _careful_residual(_arranged(part, layout), projection, constants, work)[0]
            for part, layout, work in zip(parts, layouts, works, strict=True)
        ]
        values, u, v, following = follow(operators, blocks, k)
        ctx.save_for_backward(u, v, *parts)
        ctx.layouts, ctx.projection, ctx.constants, ctx.memories = layouts, projection, constants, operators
        ctx.scratch = works[0].scratch if works[0] else None
        ctx.mark_non_differentiable(following)
        return values, following

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> Any:
        u, v, *parts = ctx.saved_tensors
        scaled = u * gradients[0][..., None, None]
        memories, ctx.memories = ctx.memories, [None] * len(parts)
        out = []
        for i, (part, layout) in enumerate(zip(parts, ctx.layouts, strict=True)):
            gradient = product_residual(scaled[i], v[i], ctx.projection, ctx.constants, memories[i], ctx.scratch)
            out.append(_returned(gradient, layout, part))
        return (*(None,) * 5, *out, *(None,) * len(ctx.constants))


def _native_parts(
    T: torch.Tensor, projection: Projection, squared: bool, both: bool, constants: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    P = projection.project(T, constants)
    norm = Frobenius(squared=squared)
    R = T - P
    return norm.value(R), norm.value(P) if both else R.real.new_zeros(R.shape[:-2])


def _is_orthogonal(T: torch.Tensor, projection: Projection) -> bool:
    return projection.is_self_adjoint and (T.is_complex() or not projection.is_complex)


def frobenius_parts(
    part: torch.Tensor,
    projection: Projection,
    constants: Sequence[torch.Tensor],
    squared: bool = False,
    both: bool = False,
    layout: Layout | None = None,
    work: Workspace | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(||T - P(T)||, ||P(T)||), each (...); the second is 0 unless both are wanted.

    Parameters
    ----------
    part : operators T, (..., dim W, dim V), or what `layout` arranges as such.
    projection : P; constants : its constants where T is.
    squared : whether the squares are meant; work : where the residual, which becomes the gradient, may be made.
    """
    if torch.compiler.is_compiling():
        return _traced_parts(_arranged(part, layout), projection, squared, both, constants)
    if not _is_orthogonal(part, projection):
        return _native_parts(_arranged(part, layout), projection, squared, both, constants)
    out: tuple[torch.Tensor, torch.Tensor] = _FrobeniusParts.apply(  # type: ignore[no-untyped-call]
        part, layout, projection, squared, both, work, *constants
    )
    return out


def _traced_parts(
    T: torch.Tensor, projection: Projection, squared: bool, both: bool, constants: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same in plain operations: d = T - stop(T) is 0, and carries the gradient past the projection."""
    if not _is_orthogonal(T, projection):
        return _native_parts(T, projection, squared, both, constants)
    fixed = T.detach()
    d = T - fixed
    P = projection.project(fixed, constants)
    out = []
    for part in (fixed - P, P) if both else (fixed - P,):
        size = _sizes(part, squared)
        slope = _slope(size, torch.ones_like(size), squared)
        carried = (slope * part).conj() * d
        out.append(size + (carried.real if carried.is_complex() else carried).sum(dim=(-2, -1)))
    return out[0], out[1] if both else torch.zeros_like(out[0])


def residual(T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor]) -> torch.Tensor:
    """T - P(T), whose backward pass is one more projection where P is orthogonal."""
    if torch.compiler.is_compiling() or not _is_orthogonal(T, projection):
        out: torch.Tensor = projection.residual(T, constants)
        return out
    result: torch.Tensor = _Residual.apply(T, projection, *constants)  # type: ignore[no-untyped-call]
    return result


def leading_values(
    parts: Sequence[torch.Tensor],
    projection: Projection,
    constants: Sequence[torch.Tensor],
    norm: KyFan,
    states: Sequence[State],
    layouts: Sequence[Layout | None],
    works: Sequence[Workspace | None],
) -> tuple[torch.Tensor, list[State]]:
    """(values, next states) of a `KyFan` or `Spectral` norm of several T - P(T), as `norm.step` gives them, one in each row.

    Parameters
    ----------
    parts, layouts, works : for each T as in `frobenius_parts`; the states' blocks have one shape.
    """
    small = min(projection.shape) <= states[0].V.shape[-1]
    if small or torch.compiler.is_compiling() or not all(_is_orthogonal(part, projection) for part in parts):
        found = []
        for part, layout, state in zip(parts, layouts, states, strict=True):
            value, following = norm.step(residual(_arranged(part, layout), projection, constants), state)
            found.append((value, State(following.V.detach(), following.steps)))
        return torch.stack([value for value, _ in found]), [state for _, state in found]
    blocks = torch.stack([state.V for state in states])
    values, V = _LeadingValues.apply(projection, norm.k, blocks, layouts, works, *parts, *constants)  # type: ignore[no-untyped-call]
    return values, [State(block, state.steps + 1) for block, state in zip(V, states, strict=True)]


def is_frobenius(norm: Norm) -> bool:
    """Whether the norm is the Frobenius norm or its square."""
    return norm in _PLAIN
