"""How a parameter is read as operators V -> W, and written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.representations import Representation
from projectors.hom import Hom
from projectors.jax.specs import LayerSpec

__all__ = ["Layout", "bias_layout", "weight_layout"]


@dataclass(frozen=True)
class Layout:
    """A parameter as operators (..., dim W, dim V).

    shape : of the parameter; order : its axes in the order stacked, output, input, pixels; operators : (..., dim W, dim V).
    """

    shape: tuple[int, ...]
    order: tuple[int, ...]
    operators: tuple[int, ...]

    def read(self, parameter: Any) -> Any:
        """The operators, of a numpy or a JAX array."""
        return parameter.transpose(self.order).reshape(self.operators)

    def write(self, operators: Any) -> Any:
        """The parameter that `read` takes the operators from."""
        turned = operators.reshape([self.shape[axis] for axis in self.order])
        inverse = sorted(range(len(self.order)), key=self.order.__getitem__)
        return turned.transpose(inverse)


def weight_layout(name: str, shape: tuple[int, ...], spec: LayerSpec, flip: bool = False) -> tuple[Layout, Hom]:
    """The layout of a parameter, and the space of equivariant operators.

    Parameters stored (pixels, input, output) are transposed operators. Between real orthogonal V and W, T is equivariant if and
    only if its transpose is, and P(T)^T = P(T^T); with `flip` they are read as they lie in memory, as operators W -> grid * V.

    Parameters
    ----------
    name : of the parameter, whose last part is "weight" for (output, input) unless the layout says otherwise.
    shape : of the parameter.
    flip : whether transposed operators will do, where these are what is stored.

    Raises
    ------
    DimensionMismatch
        If the shape does not fit V and W.
    GroupRepError
        If the group has no action on a convolution's pixels and no grid is given.
    """
    V, W, stack = spec.V, spec.W, spec.stacked
    layout = spec.layout or ("out_in" if name.rpartition("/")[2] == "weight" else "in_out")
    axes = tuple(range(stack, len(shape)))
    parts = _matrix(shape, axes, V.dim, W.dim, layout) if spec.grid is None else None
    if parts is None:
        parts = _kernel(shape, axes, V.dim, W.dim, layout)
    if parts is None:
        raise DimensionMismatch(_misfit(name, shape, spec, layout))
    outputs, inputs, pixels = parts
    grid = None
    if spec.grid is not None or prod(shape[a] for a in pixels) > 1:
        grid = _grid(name, tuple(shape[a] for a in pixels), spec)
    domain = V if grid is None else V * grid
    lead, order = tuple(range(stack)), (*range(stack), *outputs, *inputs, *pixels)
    stored = (*lead, *pixels, *inputs, *outputs)
    if flip and list(order) != sorted(order) and list(stored) == sorted(stored) and _are_orthogonal(domain, W):
        return Layout(shape, stored, (*shape[:stack], domain.dim, W.dim)), Hom(W, V if grid is None else grid * V)
    return Layout(shape, order, (*shape[:stack], W.dim, domain.dim)), Hom(domain, W)


def _are_orthogonal(*representations: Representation) -> bool:
    return all(V.field == "real" and V.is_unitary for V in representations)


def bias_layout(name: str, shape: tuple[int, ...], spec: LayerSpec, flip: bool = False) -> tuple[Layout, Hom]:
    """The layout of a bias, a vector of W, and Hom(trivial, W); parameters as for `weight_layout`."""
    return weight_layout(name, shape, LayerSpec(spec.W.group.trivial(), spec.W, "in_out", stacked=spec.stacked), flip)


_Parts = tuple[Sequence[int], Sequence[int], Sequence[int]]  # the axes of the output, of the input, of the pixels


def _matrix(shape: tuple[int, ...], axes: tuple[int, ...], n: int, m: int, layout: str) -> _Parts | None:
    """Axes that split into those of V and those of W, such as (in, heads, features)."""
    if layout not in ("in_out", "out_in"):
        return None
    first, second = (n, m) if layout == "in_out" else (m, n)
    for k in range(len(axes) + 1):
        if prod(shape[a] for a in axes[:k]) == first and prod(shape[a] for a in axes[k:]) == second:
            return (axes[k:], axes[:k], ()) if layout == "in_out" else (axes[:k], axes[k:], ())
    return None


def _kernel(shape: tuple[int, ...], axes: tuple[int, ...], n: int, m: int, layout: str) -> _Parts | None:
    """One axis of V, one of W, the others pixels."""
    if len(axes) < 2:
        return None
    if layout == "in_out":
        i, o, pixels = axes[-2], axes[-1], axes[:-2]
    elif layout == "out_in":
        o, i, pixels = axes[0], axes[1], axes[2:]
    elif len(axes) == len(layout):
        at = dict(zip(layout, axes))
        i, o = at.pop("I"), at.pop("O")
        pixels = tuple(at[letter] for letter in sorted(at))  # depth, height, width
    else:
        return None
    return ((o,), (i,), pixels) if (shape[i], shape[o]) == (n, m) else None


def _grid(name: str, pixels: tuple[int, ...], spec: LayerSpec) -> Representation:
    if spec.grid is not None:
        if spec.grid.dim != prod(pixels):
            raise DimensionMismatch(
                f'"{name}": grid = {spec.grid} has dimension {spec.grid.dim}, the kernel has {prod(pixels)} pixels'
            )
        return spec.grid
    try:
        return spec.V.group.grid(pixels)
    except GroupRepError as error:
        raise type(error)(
            f'"{name}": {error}; LayerSpec(V, W, grid=...) takes another representation on the {prod(pixels)} pixels, such as '
            f"{prod(pixels)} * G.trivial()"
        ) from None


def _misfit(name: str, shape: tuple[int, ...], spec: LayerSpec, layout: str) -> str:
    V, W = spec.V, spec.W
    wanted = {"in_out": "(pixels..., dim V, dim W)", "out_in": "(dim W, dim V, pixels...)"}.get(layout, layout)
    swapped = {"in_out": "out_in", "out_in": "in_out"}.get(layout)
    axes = tuple(range(spec.stacked, len(shape)))
    other = swapped and (_matrix(shape, axes, V.dim, W.dim, swapped) or _kernel(shape, axes, V.dim, W.dim, swapped))
    hint = f'; it looks transposed, layout="{swapped}"' if other else ""
    stack = f" after {spec.stacked} stacked axes" if spec.stacked else ""
    return (
        f'"{name}" has shape {shape}; V = {V} has dimension {V.dim} and W = {W} has dimension {W.dim}, so layout "{layout}" needs '
        f"{wanted}{stack}, here with {V.dim} and {W.dim}{hint}"
    )
