"""How a parameter of a layer is read as operators V -> W, and written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import add

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.representations import Representation
from grouprep.typing import AnyArray, ArrayT
from projectors.hom import Hom
from projectors.models.specs import LayerSpec
from projectors.structure import summands

__all__ = ["Layout", "bias_layout", "matrix_layout", "pixels", "split", "weight_layout"]


@dataclass(frozen=True)
class Layout:
    """A parameter, or some of its rows, as operators (..., dim W, dim V).

    Parameters
    ----------
    operators : the shape (..., dim W, dim V).
    order : the parameter's first axes in the order leading, output, input, pixels, those that follow staying as they are; () where
        all are in this order.
    groups : the first axis splits into (groups, rest) before; 0 if it does not.
    start, stop : the rows of the parameter that are read (None: all), for packed weights.

    Examples
    --------
    >>> import numpy as np
    >>> transposed = Layout((3, 2), order=(1, 0))
    >>> T = transposed.read(np.arange(6).reshape(2, 3))
    >>> T.tolist(), transposed.unread(T, (2, 3)).tolist()
    ([[0, 3], [1, 4], [2, 5]], [[0, 1, 2], [3, 4, 5]])
    """

    operators: tuple[int, ...]
    order: tuple[int, ...] = ()
    groups: int = 0
    start: int | None = None
    stop: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V)."""
        return self.operators[-2], self.operators[-1]

    @property
    def swapped(self) -> bool:
        """Whether the parameter has its axes in another order than the operators."""
        return self.order != tuple(range(len(self.order)))

    def rows(self, parameter: ArrayT) -> ArrayT:
        """The part of the parameter that is read, a view."""
        whole: AnyArray = parameter
        if self.start is not None or self.stop is not None:
            whole = whole[self.start : self.stop]
        return whole  # type: ignore[no-any-return]

    def read(self, parameter: ArrayT) -> ArrayT:
        """The operators, (..., dim W, dim V), of an array of any library: a view wherever the memory allows it."""
        return self.arrange(self.rows(parameter))

    def arrange(self, part: ArrayT) -> ArrayT:
        """The operators in the part of the parameter that is read; `unread` is the inverse."""
        x: AnyArray = part
        if self.swapped:
            axes = self._axes(x.shape)
            x = _permuted(x.reshape(axes), self._order(len(axes)))
        return x.reshape(self.operators)  # type: ignore[no-any-return]

    def unread(self, operators: ArrayT, shape: Sequence[int]) -> ArrayT:
        """The operators in the shape of the part of the parameter that `read` took them from."""
        x: AnyArray = operators
        if self.swapped:
            axes = self._axes(shape)
            order = self._order(len(axes))
            turned = x.reshape(tuple(axes[a] for a in order))
            x = _permuted(turned, tuple(order.index(a) for a in range(len(order))))
        return x.reshape(tuple(shape))  # type: ignore[no-any-return]

    def is_transpose_of(self, other: Layout) -> bool:
        """Whether they read one matrix as each other's transposes."""
        return self.swapped != other.swapped and self.shape == other.shape[::-1]

    def _axes(self, shape: Sequence[int]) -> tuple[int, ...]:
        return (self.groups, shape[0] // self.groups, *shape[1:]) if self.groups else tuple(shape)

    def _order(self, axes: int) -> tuple[int, ...]:
        return (*self.order, *range(len(self.order), axes))


def _permuted(x: AnyArray, order: tuple[int, ...]) -> AnyArray:
    return x.permute(order) if hasattr(x, "permute") else x.transpose(order)


def matrix_layout(
    shape: tuple[int, int], groups: int = 0, swapped: bool = False, rows: tuple[int, int] | None = None
) -> Layout:
    """The layout of operators of a shape (dim W, dim V) whose axes are (output, input, pixels...), or (input, output, pixels...).

    Parameters
    ----------
    shape : (dim W, dim V).
    groups : operators on the first axis, one for each group of a grouped convolution; 0 for a single one.
    swapped : whether the parameter has its input axis before its output axis (transposed convolutions, embeddings).
    rows : (start, stop) of the part of the parameter that is read; None: all.
    """
    lead = (groups,) if groups else ()
    order = (0, 2, 1) if groups else (1, 0)
    start, stop = rows or (None, None)
    return Layout((*lead, *shape), order if swapped else (), groups, start, stop)


def pixels(name: str, sizes: tuple[int, ...], spec: LayerSpec) -> Representation:
    """The representation on a kernel's pixels.

    Raises
    ------
    GroupRepError
        If the grid that is given has another dimension (DimensionMismatch), or none is and the group has no action on these pixels.
    """
    size = prod(sizes)
    if spec.grid is not None:
        if spec.grid.dim != size:
            raise DimensionMismatch(
                f'"{name}": grid = {spec.grid} has dimension {spec.grid.dim}, the kernel has {size} pixels'
            )
        return spec.grid
    try:
        return spec.V.group.grid(sizes)
    except GroupRepError as error:
        raise type(error)(
            f'"{name}": {error}; LayerSpec(V, W, grid=...) takes another representation on the {size} pixels, such as '
            f"{size} * G.trivial()"
        ) from None


def split(V: Representation, groups: int, what: str) -> list[Representation]:
    """V as a direct sum of `groups` representations of equal dimension, one for each group of channels, in their order.

    Raises
    ------
    DimensionMismatch
        If a group ends within a summand.
    """
    size, out = V.dim // groups, []
    current: list[Representation] = []
    for part in (s.representation for s in summands(V) for _ in range(s.count)):
        current.append(part)
        filled = sum(p.dim for p in current)
        if filled > size:
            raise DimensionMismatch(
                f"{what} = {V}: {groups} groups of {size} channels cut through the summand {part} of dimension {part.dim}; each group "
                "of channels needs a representation of its own"
            )
        if filled == size:
            out.append(reduce(add, current))
            current = []
    return out


def weight_layout(name: str, shape: tuple[int, ...], spec: LayerSpec, flip: bool = False) -> tuple[Layout, Hom]:
    """The layout of a parameter known by its name and shape alone, and the space of equivariant operators.

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
    parts = parts or _kernel(shape, axes, V.dim, W.dim, layout)
    if parts is None:
        raise DimensionMismatch(_misfit(name, shape, spec, layout))
    outputs, inputs, places = parts
    sizes, grid = tuple(shape[a] for a in places), None
    if spec.grid is not None or prod(sizes) > 1:
        grid = pixels(name, sizes, spec)
    domain = V if grid is None else V * grid
    lead, order = tuple(range(stack)), (*range(stack), *outputs, *inputs, *places)
    stored = (*lead, *places, *inputs, *outputs)
    if flip and list(order) != sorted(order) and list(stored) == sorted(stored) and _are_orthogonal(domain, W):
        return Layout((*shape[:stack], domain.dim, W.dim), stored), spec.hom(W, V if grid is None else grid * V)
    return Layout((*shape[:stack], W.dim, domain.dim), order), spec.hom(domain, W)


def _are_orthogonal(*representations: Representation) -> bool:
    return all(V.field == "real" and V.is_unitary for V in representations)


def bias_layout(name: str, shape: tuple[int, ...], spec: LayerSpec, flip: bool = False) -> tuple[Layout, Hom]:
    """The layout of a bias, a vector of W, and Hom(trivial, W); parameters as for `weight_layout`."""
    trivial = spec.W.group.trivial()
    return weight_layout(
        name, shape, LayerSpec(trivial, spec.W, layout="in_out", stacked=spec.stacked, space=spec.space), flip
    )


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
        i, o, places = axes[-2], axes[-1], axes[:-2]
    elif layout == "out_in":
        o, i, places = axes[0], axes[1], axes[2:]
    elif len(axes) == len(layout):
        at = dict(zip(layout, axes, strict=True))
        i, o = at.pop("I"), at.pop("O")
        places = tuple(at[letter] for letter in sorted(at))  # depth, height, width
    else:
        return None
    return ((o,), (i,), places) if (shape[i], shape[o]) == (n, m) else None


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
