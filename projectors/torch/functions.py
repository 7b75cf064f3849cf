"""Differentiable norms of T - P(T) and P(T) for torch: one projection serves forward and backward.

The gradient of ||R||, R = T - P(T), is R / ||R|| for the Frobenius norm, because P is orthogonal: nothing is projected backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from projectors.arrays import namespace_of
from projectors.penalties import Frobenius, KyFan, Norm, State
from projectors.structure import Projection
from projectors.torch.layouts import Layout
from projectors.torch.lobpcg import follow
from projectors.torch.recycled import Workspace
from projectors.torch.residual import measured_residual, product_residual

__all__ = ["Operand", "frobenius_parts", "is_frobenius", "leading_values", "residual"]

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


def _slope(size: torch.Tensor, gradient: torch.Tensor, squared: bool) -> torch.Tensor:
    """The factor of x in the gradient of its norm: 1 / ||x||, or 2 for the square; 0 at 0, and where 1 / ||x|| overflows."""
    if squared:
        return (2 * gradient)[..., None, None]
    slope = torch.where(size > 0, gradient / torch.where(size > 0, size, 1), 0)
    return torch.where(slope.isinf() & gradient.isfinite(), 0, slope)[..., None, None]


def _slopes(sizes: torch.Tensor, gradients: torch.Tensor, squared: bool) -> Sequence[Any]:
    """The slopes for each row of sizes: numbers for single operators on the CPU, which are cheaper than tensors."""
    if sizes.ndim > 1 or sizes.device.type != "cpu":
        return _slope(sizes, gradients, squared).unbind()
    most, out = torch.finfo(sizes.dtype).max, []
    for size, gradient in zip(sizes.tolist(), gradients.tolist(), strict=True):
        slope = 2 * gradient if squared else gradient / size if size else 0.0
        out.append(0.0 if abs(slope) > most and isfinite(gradient) else slope)
    return out


class Operand(NamedTuple):
    """How a part of a parameter is read as operators T, (..., dim W, dim V), and projected.

    projection : P; constants : its constants where T is.
    layout : what arranges the part as T; None if it is T already.
    work : where the residual, which becomes the gradient, may be made.
    """

    projection: Projection
    constants: Sequence[torch.Tensor]
    layout: Layout | None = None
    work: Workspace | None = None

    def read(self, part: torch.Tensor) -> torch.Tensor:
        """T."""
        return part if self.layout is None else self.layout.arrange(part)

    def residual(self, part: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(R, ||R||), R = T - P(T)."""
        return _careful_residual(self.read(part), self.projection, self.constants, self.work)

    def unread(self, gradient: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
        """A gradient in the shape of the part.

        Autograd adds gradients in place if nothing else holds their memory. A view holds its base, hence `data`.
        """
        return gradient if self.layout is None else self.layout.unread(gradient, part.shape).data

    def is_orthogonal(self, part: torch.Tensor) -> bool:
        """Whether P is its own transpose, and keeps the field of T."""
        return self.projection.is_self_adjoint and (part.is_complex() or not self.projection.is_complex)


class _FrobeniusParts(torch.autograd.Function):
    """(||T - P(T)||, ||P(T)||) of several T, in rows. The first backward pass makes the gradients in the residuals' own memory."""

    @staticmethod
    def forward(ctx: Any, operands: Sequence[Operand], squared: bool, both: bool, *parts: torch.Tensor) -> Any:
        known, sizes = [], []
        for operand, part in zip(operands, parts, strict=True):
            R, size = operand.residual(part)
            P = operand.read(part) - R if both else None
            known.append((R, P))
            sizes.append((size * size if squared else size, size if P is None else _sizes(P, squared)))
        first = torch.stack([r for r, _ in sizes])
        second = torch.stack([p for _, p in sizes]) if both else torch.zeros_like(first)
        ctx.save_for_backward(first, second, *parts)
        ctx.operands, ctx.squared, ctx.known = operands, squared, known
        return first, second

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        r_sizes, p_sizes, *parts = ctx.saved_tensors
        if torch.is_grad_enabled():  # a second derivative is wanted: say it in operations that have one
            needed = ctx.needs_input_grad[3:]
            wanted = [part for part, need in zip(parts, needed, strict=True) if need]
            with torch.enable_grad():
                count = 2 if ctx.known[0][1] is not None else 1
                values = _stacked(_native_parts, ctx.operands, parts, ctx.squared, count == 2)[:count]
                found = iter(torch.autograd.grad(values, wanted, gradients[:count], create_graph=True))
            return (None, None, None, *(next(found) if need else None for need in needed))
        out: list[torch.Tensor | None] = []
        r_slopes = _slopes(r_sizes, gradients[0], ctx.squared)
        p_slopes = _slopes(p_sizes, gradients[1], ctx.squared)
        for i, (operand, part) in enumerate(zip(ctx.operands, parts, strict=True)):
            R, P = ctx.known[i]
            ctx.known[i] = None, P
            if not ctx.needs_input_grad[3 + i]:
                out.append(None)
                continue
            if R is None:  # its memory was given away by an earlier pass over a retained graph
                R, _ = operand.residual(part)
            R.mul_(r_slopes[i])
            if P is not None:
                _ = R.add_(P, alpha=p_slopes[i]) if isinstance(p_slopes[i], float) else R.addcmul_(P, p_slopes[i])
            out.append(operand.unread(R, part))
        return (None, None, None, *out)


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
        ctx: Any, operands: Sequence[Operand], k: int, blocks: torch.Tensor, least: int, *parts: torch.Tensor
    ) -> Any:
        residuals = [operand.residual(part)[0] for operand, part in zip(operands, parts, strict=True)]
        values, u, v, following = follow(residuals, blocks, k, least=least)
        ctx.save_for_backward(u, v, *parts)
        ctx.operands, ctx.memories = operands, residuals
        ctx.mark_non_differentiable(following)
        return values, following

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Any) -> Any:
        u, v, *parts = ctx.saved_tensors
        scaled = u * gradients[0][..., None, None]
        memories, ctx.memories = ctx.memories, [None] * len(parts)
        out: list[torch.Tensor | None] = []
        for i, (operand, part) in enumerate(zip(ctx.operands, parts, strict=True)):
            if not ctx.needs_input_grad[4 + i]:
                out.append(None)
                continue
            scratch = operand.work.scratch if operand.work else None
            gradient = product_residual(scaled[i], v[i], operand.projection, operand.constants, memories[i], scratch)
            out.append(operand.unread(gradient, part))
        return (None, None, None, None, *out)


def _native_parts(part: torch.Tensor, operand: Operand, squared: bool, both: bool) -> tuple[torch.Tensor, torch.Tensor]:
    T = operand.read(part)
    P = operand.projection.project(T, operand.constants)
    norm = Frobenius(squared=squared)
    R = T - P
    return norm.value(R), norm.value(P) if both else R.real.new_zeros(R.shape[:-2])


def _traced_parts(part: torch.Tensor, operand: Operand, squared: bool, both: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The same in plain operations: d = T - stop(T) is 0, and carries the gradient past the projection."""
    if not operand.is_orthogonal(part):
        return _native_parts(part, operand, squared, both)
    T = operand.read(part)
    fixed = T.detach()
    d = T - fixed
    P = operand.projection.project(fixed, operand.constants)
    out = []
    for x in (fixed - P, P) if both else (fixed - P,):
        size = _sizes(x, squared)
        slope = _slope(size, torch.ones_like(size), squared)
        carried = (slope * x).conj() * d
        out.append(size + (carried.real if carried.is_complex() else carried).sum(dim=(-2, -1)))
    return out[0], out[1] if both else torch.zeros_like(out[0])


def _stacked(
    function: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    operands: Sequence[Operand],
    parts: Sequence[torch.Tensor],
    squared: bool,
    both: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    found = [function(part, operand, squared, both) for operand, part in zip(operands, parts, strict=True)]
    return torch.stack([r for r, _ in found]), torch.stack([p for _, p in found])


def frobenius_parts(
    parts: Sequence[torch.Tensor], operands: Sequence[Operand], squared: bool = False, both: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """(||T - P(T)||, ||P(T)||) of several T, one in each row, (operands, ...); the second is 0 unless both are wanted.

    Parameters
    ----------
    parts : what the operands read; all T have the same leading axes and dtype.
    squared : whether the squares are meant.
    """
    if torch.compiler.is_compiling():
        return _stacked(_traced_parts, operands, parts, squared, both)
    if not all(operand.is_orthogonal(part) for operand, part in zip(operands, parts, strict=True)):
        return _stacked(_native_parts, operands, parts, squared, both)
    out: tuple[torch.Tensor, torch.Tensor] = _FrobeniusParts.apply(operands, squared, both, *parts)  # type: ignore[no-untyped-call]
    return out


def residual(T: torch.Tensor, projection: Projection, constants: Sequence[torch.Tensor]) -> torch.Tensor:
    """T - P(T), whose backward pass is one more projection where P is orthogonal."""
    if torch.compiler.is_compiling() or not Operand(projection, constants).is_orthogonal(T):
        out: torch.Tensor = projection.residual(T, constants)
        return out
    result: torch.Tensor = _Residual.apply(T, projection, *constants)  # type: ignore[no-untyped-call]
    return result


def leading_values(
    parts: Sequence[torch.Tensor], operands: Sequence[Operand], norm: KyFan, states: Sequence[State]
) -> tuple[torch.Tensor, list[State]]:
    """(values, next states) of a `KyFan` or `Spectral` norm of several T - P(T), as `norm.step` gives them, one in each row.

    Parameters
    ----------
    parts : what the operands read; all T have the same shape and dtype, and the states' blocks too.
    """
    pairs = list(zip(operands, parts, strict=True))
    small = min(operands[0].projection.shape) <= states[0].V.shape[-1]
    if small or torch.compiler.is_compiling() or not all(operand.is_orthogonal(part) for operand, part in pairs):
        found = []
        for (operand, part), state in zip(pairs, states, strict=True):
            value, following = norm.step(residual(operand.read(part), operand.projection, operand.constants), state)
            found.append((value, State(following.V.detach(), following.steps)))
        return torch.stack([value for value, _ in found]), [state for _, state in found]
    blocks = torch.stack([state.V for state in states])
    least = int(states[0].steps % 2 == 0)  # in every second step a block that still serves is kept: half the price
    values, V = _LeadingValues.apply(operands, norm.k, blocks, least, *parts)  # type: ignore[no-untyped-call]
    return values, [State(block, state.steps + 1) for block, state in zip(V, states, strict=True)]


def is_frobenius(norm: Norm) -> bool:
    """Whether the norm is the Frobenius norm or its square."""
    return norm in _PLAIN
