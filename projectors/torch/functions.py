"""Differentiable norms of T - P(T) and P(T) for torch: one projection serves forward and backward.

The gradient of ||R||, R = T - P(T), is R / ||R|| for the Frobenius norm, because P is orthogonal: nothing is projected backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from projectors.penalties import Frobenius, Norm
from projectors.projection import Projection

__all__ = ["frobenius_parts", "residual"]

_PLAIN = (Frobenius(), Frobenius(squared=True))


def _sizes(x: torch.Tensor, squared: bool) -> torch.Tensor:
    norm = torch.linalg.vector_norm(x, dim=(-2, -1))
    return norm * norm if squared else norm


def _slope(size: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
    """The factor of x in the gradient of its norm: 1 / ||x|| (0 at 0), or 2 for the square."""
    slope = 2 * gradient if squared else torch.where(size > 0, gradient / torch.where(size > 0, size, 1), 0)
    return slope[..., None, None]


class _FrobeniusParts(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) over the last two axes."""

    @staticmethod
    def forward(
        ctx: Any, T: torch.Tensor, projection: Projection, squared: bool, both: bool, *constants: torch.Tensor
    ) -> Any:
        P = projection.project(T, constants)
        R = T - P
        sizes = _sizes(R, squared), _sizes(P, squared) if both else R.new_zeros(R.shape[:-2], dtype=R.real.dtype)
        ctx.save_for_backward(T, R, *sizes, *((P,) if both else ()), *constants)
        ctx.projection, ctx.squared, ctx.both = projection, squared, both
        return sizes

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        T, R, r_size, p_size, *rest = ctx.saved_tensors
        constants = rest[1:] if ctx.both else rest
        nothing = (None,) * (3 + len(constants))
        if torch.is_grad_enabled():  # a second derivative is wanted: say it in operations that have one
            with torch.enable_grad():
                values = _native_parts(T, ctx.projection, ctx.squared, ctx.both, constants)
                (out,) = torch.autograd.grad(values, T, gradients, create_graph=True)
            return (out, *nothing)
        out = R * _slope(r_size, gradients[0], ctx.squared)
        if ctx.both:
            out = out.addcmul(rest[0], _slope(p_size, gradients[1], ctx.squared))
        return (out, *nothing)


class _Residual(torch.autograd.Function):
    """T - P(T) for an orthogonal P, which is its own transpose."""

    @staticmethod
    def forward(ctx: Any, T: torch.Tensor, projection: Projection, *constants: torch.Tensor) -> torch.Tensor:
        ctx.projection, ctx.constants = projection, constants
        out: torch.Tensor = projection.residual(T, constants)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        out = residual(gradients[0], ctx.projection, ctx.constants)
        return (out, None, *(None for _ in ctx.constants))


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
    T: torch.Tensor,
    projection: Projection,
    constants: Sequence[torch.Tensor],
    squared: bool = False,
    both: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """(||T - P(T)||, ||P(T)||), each (...); the second is 0 unless both are wanted.

    Parameters
    ----------
    T : operators (..., dim W, dim V).
    projection : P; constants : its constants where T is.
    squared : whether the squares are meant.
    """
    if torch.compiler.is_compiling():
        return _traced_parts(T, projection, squared, both, constants)
    if not _is_orthogonal(T, projection):
        return _native_parts(T, projection, squared, both, constants)
    out: tuple[torch.Tensor, torch.Tensor] = _FrobeniusParts.apply(T, projection, squared, both, *constants)
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
    result: torch.Tensor = _Residual.apply(T, projection, *constants)
    return result


def is_frobenius(norm: Norm) -> bool:
    """Whether the norm is the Frobenius norm or its square."""
    return norm in _PLAIN
