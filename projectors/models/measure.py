"""What is left of the symmetry end to end: elements acting on arrays of any library, and the equivariance error of a function of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple, TypeAlias

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.typing import AnyArray, Array, ArrayT, Element
from projectors.arrays import as_matrices, beside, cast, namespace, one_by_one
from projectors.penalties.entrywise import vector_norm

__all__ = [
    "Axes",
    "EquivarianceError",
    "Features",
    "act",
    "along",
    "arrays_of",
    "equivariance_error",
    "on_entries",
    "placed",
]

Axes: TypeAlias = "tuple[tuple[tuple[int, ...], Representation], ...]"
"""How a group acts on an array: a representation for some of its axes, joined in this order; the others stand still."""

_LISTED = 1_000  # finite groups up to this order are gone through, larger ones sampled


class EquivarianceError(NamedTuple):
    """||f(g x) - g f(x)|| / ||f(x)|| over the batch as a whole.

    Attributes
    ----------
    maximum, mean : over the group elements taken.
    elements : how many these were; exhaustive : whether they are the whole group.
    """

    maximum: float
    mean: float
    elements: int
    exhaustive: bool


def on_entries(V: Representation, shape: Sequence[int], channels: str = "first") -> Representation:
    """The representation on all entries of a sample, of V on its entries or on its channels: then pixels follow the plane.

    Parameters
    ----------
    V : the representation.
    shape : of a sample.
    channels : "first" or "last", where the channels are; the representation is that of the channels before the pixels.

    Raises
    ------
    DimensionMismatch
        If a sample has neither V.dim entries nor V.dim channels.
    """
    if prod(shape) == V.dim:
        return V
    first, pixels = (shape[0], shape[1:]) if channels == "first" else (shape[-1], shape[:-1])
    if len(shape) > 1 and first == V.dim:
        return V * V.group.grid(tuple(pixels))
    raise DimensionMismatch(
        f"samples have shape {tuple(shape)}; {V} of dimension {V.dim} needs that many entries, or that many channels ({channels})"
    )


@dataclass(frozen=True)
class Features:
    """What an array of a batch holds: a representation, and the axis on which it acts.

    Parameters
    ----------
    V : the representation on a sample's entries, or on its channels.
    channels : "first" or "last" of a sample's axes, or an axis of the batch, such as 2 or -1; None: as the function that takes it says.
    grid : the representation on all other axes of a sample together, such as `16 * G.trivial()` for tokens that stand still; None: they
        are pixels, and follow the group's action on the plane.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> G = Cyclic(4)
    >>> Features(G.regular(), channels=-1, grid=16 * G.trivial()).grid.dim
    16
    """

    V: Representation
    channels: str | int | None = None
    grid: Representation | None = None

    def __post_init__(self) -> None:
        for name, U in (("V", self.V), ("grid", self.grid)):
            if not isinstance(U, Representation) and not (name == "grid" and U is None):
                raise GroupRepError(f"Features: {name} must be a Representation such as G.regular(), got {U!r:.60}")
        if self.grid is not None and self.grid.group != self.V.group:
            raise GroupRepError(f"Features: V is a representation of {self.V.group}, grid of {self.grid.group}")
        if self.channels is not None:
            _check_channels(self.channels)


def _check_channels(channels: object) -> None:
    if isinstance(channels, bool) or not (isinstance(channels, int) or channels in ("first", "last")):
        raise GroupRepError(
            f'channels = {channels!r:.40} is unknown; choose "last", "first", or an axis such as 2 or -1'
        )


def placed(features: Representation | Features, shape: Sequence[int], channels: str | int, what: str = "x") -> Axes:
    """How a group acts on a batch of a shape.

    Parameters
    ----------
    features : a representation, or `Features`; channels : where the channels are, if these do not say it.
    shape : of the batch; what : what an error calls it.

    Raises
    ------
    DimensionMismatch
        If a sample has neither V.dim entries nor V.dim channels there, or the other axes have not the size of the grid.
    GroupRepError
        If the group has no action on the pixels.
    """
    spec = features if isinstance(features, Features) else Features(features)
    where, V, axes = channels if spec.channels is None else spec.channels, spec.V, tuple(range(1, len(shape)))
    _check_channels(where)
    if prod(shape[1:]) == V.dim:
        return ((axes, V),)
    axis = where if isinstance(where, int) else 1 if where == "first" else len(shape) - 1
    axis = axis + len(shape) if axis < 0 else axis
    if len(shape) < 3 or not 0 < axis < len(shape) or shape[axis] != V.dim:
        place = where if isinstance(where, str) else f"axis {where}"
        raise DimensionMismatch(
            f"{what} has samples of shape {tuple(shape[1:])}; {V} of dimension {V.dim} needs that many entries, or that many channels "
            f"({place}){_hint(V, shape)}"
        )
    others = tuple(a for a in axes if a != axis)
    sizes = tuple(shape[a] for a in others)
    if spec.grid is None:
        try:
            return ((axis,), V), (others, V.group.grid(sizes))
        except GroupRepError as error:
            raise type(error)(f"{what}: {error}{_hint(V, shape)}") from None
    if spec.grid.dim != prod(sizes):
        raise DimensionMismatch(
            f"{what}: grid = {spec.grid} has dimension {spec.grid.dim}, the axes beside the channels have sizes {sizes}"
        )
    return ((axis,), V), (others, spec.grid)


def _hint(V: Representation, shape: Sequence[int]) -> str:
    """Where the channels may be, and what may stand still."""
    fitting = [a for a in range(1, len(shape)) if shape[a] == V.dim]
    if len(shape) < 3 or not fitting:
        return ""
    others = prod(shape[1:]) // V.dim
    return (
        f"; if axis {fitting[-1]} holds the channels and the {others} others (tokens, nodes) stand still, write "
        f"Features(V, channels={fitting[-1]}, grid={others} * G.trivial())"
    )


def act(
    V: Representation | Features,
    g: Element,
    x: ArrayT,
    channels: str | int = "last",
    grid: Representation | None = None,
) -> ArrayT:
    """rho(g) on every vector of a batch.

    Parameters
    ----------
    V : the representation on a sample's entries, or on its channels: then the pixels follow the group's action on the plane.
    g : a group element.
    x : (batch, ...) with V.dim entries a sample, or (batch, pixels..., V.dim), or with channels="first" (batch, V.dim, pixels...).
    channels : "last" or "first" of a sample's axes, or an axis of x, where the channels are.
    grid : another representation on all other axes of a sample, such as tokens; see `Features`.

    Raises
    ------
    DimensionMismatch
        If x has neither shape.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors.models import act
    >>> G = Cyclic(4)
    >>> image = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> sorted(tuple(act(G.trivial(), g, image).ravel().tolist()) for g in G.elements)[0]
    (0.0, 1.0, 2.0, 3.0)
    """
    features = V if isinstance(V, Features) else Features(V, grid=grid)
    array: AnyArray = x
    return along(placed(features, array.shape, channels), g, x)


def along(axes: Axes, g: Element, x: ArrayT) -> ArrayT:
    """rho(g) on the axes of an array on which representations act.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> N = Cyclic(2).natural()
    >>> along((((1,), N),), N.group.elements[1], np.arange(6.0).reshape(3, 2)).tolist()
    [[1.0, 0.0], [3.0, 2.0], [5.0, 4.0]]
    """
    out: AnyArray = x
    for places, V in axes:
        out = _apply(V, g, out, places)
    return out  # type: ignore[no-any-return]


def _apply(V: Representation, g: Element, x: AnyArray, places: tuple[int, ...]) -> AnyArray:
    xp = namespace(x)

    def constant(values: Array) -> AnyArray:
        if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
            raise GroupRepError(f"x has dtype {x.dtype}; {V} acts on floating-point arrays")
        return cast(beside(xp.asarray(values), x), x.dtype, xp)

    order = [a for a in range(x.ndim) if a not in places] + list(places)
    moved = xp.permute_dims(x, tuple(order))
    flat, image = xp.reshape(moved, (-1, V.dim)), V.image_at(g)
    if not isinstance(image, Monomial):
        matrix = constant(np.array(V(g)).T)
        flat = flat if matrix.dtype == x.dtype else xp.astype(flat, matrix.dtype)
        out = flat @ matrix
    else:
        inverse, values = np.argsort(image.perm), image.values()
        out = xp.take(flat, beside(xp.asarray(inverse), x), axis=1)
        if not np.all(values == 1):
            out = out * constant(values[inverse])
    return xp.permute_dims(xp.reshape(out, moved.shape), tuple(order.index(a) for a in range(x.ndim)))


def equivariance_error(
    f: Callable[..., AnyArray],
    V: Representation | Features | Sequence[Representation | Features | None],
    W: Representation | Features | Sequence[Representation | Features | None] | Mapping[str, Representation | Features],
    x: AnyArray | Sequence[AnyArray],
    rng: np.random.Generator | int | Sequence[int] = 0,
    samples: int = 64,
    channels: str | int = "last",
) -> EquivarianceError:
    """How far a function of arrays is from f(g x) = g f(x): the relative error over group elements.

    All elements of a finite group of order up to 1,000 are taken, else a Haar sample. Of several outputs the largest error counts.

    Parameters
    ----------
    f : the function of a batch, or of several.
    V, W : representations of the input and the output: on a sample's entries, or on its channels (pixels follow the plane); `Features`
        for other axes. One for each of several inputs and outputs, None for those that stand still or are not judged; outputs
        in a dict by name.
    x : (batch, ...), inputs, an array of any library; a tuple or list of them: f is called with all.
    rng : a numpy Generator or a seed; samples : how many elements of a larger group are drawn.
    channels : "last" or "first" of a sample's axes, or an axis, where inputs and outputs have their channels.

    Raises
    ------
    DimensionMismatch
        If V or W does not fit the number or the shape of inputs or outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors.models import Features, equivariance_error
    >>> V = Cyclic(4).regular()
    >>> x = np.random.default_rng(0).standard_normal((8, 4))
    >>> equivariance_error(np.tanh, V, V, x).maximum
    0.0
    >>> tokens = Features(V, channels=1, grid=3 * V.group.trivial())
    >>> equivariance_error(
    ...     lambda x, y: (x + y, x.mean(1)), (tokens, tokens), (tokens, None), (np.ones((2, 4, 3)),) * 2
    ... ).maximum
    0.0
    """
    inputs: list[AnyArray] = list(x) if isinstance(x, tuple | list) else [x]
    Vs = _each(V, len(inputs), "V", "x has {} arrays")
    groups = [
        U.group for U in map(_bare, [*Vs, *(W.values() if isinstance(W, Mapping) else _listed(W))]) if U is not None
    ]
    if not groups or all(U is None for U in Vs):
        raise GroupRepError("V: at least one input needs a representation")
    if any(group != groups[0] for group in groups):
        other = next(group for group in groups if group != groups[0])
        raise DimensionMismatch(f"V is a representation of {groups[0]}, W of {other}; equivariance needs one group")
    for one in inputs:
        shape: tuple[int, ...] = getattr(one, "shape", ())
        if len(shape) < 2 or not shape[0]:
            if len(inputs) == 1:
                raise GroupRepError("x must be an array (batch, ...) with at least one sample")
    names = ["x"] if len(inputs) == 1 else [f"x[{k}]" for k in range(len(inputs))]
    ways = [None if U is None else placed(U, a.shape, channels, n) for U, a, n in zip(Vs, inputs, names, strict=True)]
    G = groups[0]
    exhaustive = G.order <= _LISTED
    elements = list(G.elements) if exhaustive else one_by_one(G.sample(samples, np.random.default_rng(rng)))
    kept = [(n, y, U, placed(U, y.shape, channels, n)) for n, y, U in _outputs(f(*inputs), W)]
    sizes = [_size(y) or 1.0 for _, y, _, _ in kept]
    errors = []
    for g in elements:
        moved = [a if way is None else along(way, g, a) for a, way in zip(inputs, ways, strict=True)]
        turned = _outputs(f(*moved), W)
        parts = zip(turned, kept, sizes, strict=True)
        errors.append(max(_size(z - along(way, g, y)) / size for (_, z, _), (_, y, _, way), size in parts))
    return EquivarianceError(max(errors), sum(errors) / len(errors), len(errors), exhaustive)


def _bare(features: Representation | Features | None) -> Representation | None:
    return features.V if isinstance(features, Features) else features


def _listed(value: object) -> list[Representation | Features | None]:
    return list(value) if isinstance(value, tuple | list) else [value]  # type: ignore[list-item]


def _each(value: object, number: int, what: str, there: str) -> list[Representation | Features | None]:
    """One representation, or None, for each array."""
    out = _listed(value)
    for one in out:
        if one is not None and not isinstance(one, Representation | Features):
            raise GroupRepError(
                f"{what} must be a Representation such as G.regular(), Features, or a tuple of these, got {one!r:.60}"
            )
    if len(out) != number:
        raise DimensionMismatch(
            f"{what} has {len(out)} representations, {there.format(number)}; give one for each, or None"
        )
    return out


def arrays_of(value: object) -> list[AnyArray]:
    """The arrays in nested tuples, lists and dicts, in their order."""
    if isinstance(value, Mapping):
        return [a for part in value.values() for a in arrays_of(part)]
    if isinstance(value, tuple | list):
        return [a for part in value for a in arrays_of(part)]
    return [value] if hasattr(value, "shape") else []


def _outputs(y: object, W: object) -> list[tuple[str, AnyArray, Representation | Features]]:
    """The outputs that are judged, with their names and representations."""
    if isinstance(W, Mapping):
        if not isinstance(y, Mapping) or any(name not in y for name in W):
            known = ", ".join(map(str, y)) if isinstance(y, Mapping) else f"a {type(y).__name__}"
            raise DimensionMismatch(f"W names outputs {', '.join(map(str, W))}; the function gives {known}")
        found = [(str(name), y[name], U) for name, U in W.items()]
    else:
        arrays = arrays_of(y)
        if not arrays:
            raise GroupRepError(f"the function gives a {type(y).__name__}, which holds no array")
        Ws = _each(W, len(arrays), "W", "the function gives {} arrays")
        names = ["the output"] if len(arrays) == 1 else [f"output {k}" for k in range(len(arrays))]
        found = list(zip(names, arrays, Ws, strict=True))
    kept = [(name, array, U) for name, array, U in found if U is not None]
    if not kept:
        raise GroupRepError("W: at least one output needs a representation")
    return kept


def _size(y: AnyArray) -> float:
    xp, row = as_matrices(namespace(y).reshape(y, (1, -1)))
    return float(vector_norm(xp, row, 2, (-2, -1)))
