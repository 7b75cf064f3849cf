"""What is left of the symmetry end to end: elements acting on arrays of any library, and the equivariance error of a function of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.typing import AnyArray, Array, ArrayT, Element
from projectors.arrays import as_matrices, beside, cast, namespace, one_by_one
from projectors.penalties.entrywise import vector_norm

__all__ = ["EquivarianceError", "act", "equivariance_error", "on_entries"]

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


def act(V: Representation, g: Element, x: ArrayT, channels: str = "last") -> ArrayT:
    """rho(g) on every vector of a batch.

    Parameters
    ----------
    V : the representation on a sample's entries, or on its channels: then the pixels follow the group's action on the plane.
    g : a group element.
    x : (batch, ...) with V.dim entries a sample, or (batch, pixels..., V.dim), or with channels="first" (batch, V.dim, pixels...).
    channels : "last" or "first", where the channels are.

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
    if channels not in ("last", "first"):
        raise GroupRepError(f'channels = {channels!r:.40} is unknown; choose "last" or "first"')
    array: AnyArray = x
    full = on_entries(V, array.shape[1:], channels)
    if full is V or channels == "first":
        return _apply(full, g, array)  # type: ignore[no-any-return]
    xp = namespace(array)
    return xp.moveaxis(_apply(full, g, xp.moveaxis(array, -1, 1)), 1, -1)  # type: ignore[no-any-return]


def _apply(V: Representation, g: Element, x: AnyArray) -> AnyArray:
    xp = namespace(x)

    def constant(values: Array) -> AnyArray:
        if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
            raise GroupRepError(f"x has dtype {x.dtype}; {V} acts on floating-point arrays")
        return cast(beside(xp.asarray(values), x), x.dtype, xp)

    flat = xp.reshape(x, (x.shape[0], -1))
    image = V.image_at(g)
    if not isinstance(image, Monomial):
        matrix = constant(np.array(V(g)).T)
        flat = flat if matrix.dtype == x.dtype else xp.astype(flat, matrix.dtype)
        return xp.reshape(flat @ matrix, x.shape)
    inverse, values = np.argsort(image.perm), image.values()
    out = xp.take(flat, beside(xp.asarray(inverse), x), axis=1)
    if not np.all(values == 1):
        out = out * constant(values[inverse])
    return xp.reshape(out, x.shape)


def equivariance_error(
    f: Callable[[AnyArray], AnyArray],
    V: Representation,
    W: Representation,
    x: AnyArray,
    rng: np.random.Generator | int | Sequence[int] = 0,
    samples: int = 64,
    channels: str = "last",
) -> EquivarianceError:
    """How far a function of arrays is from f(g x) = g f(x): the relative error over group elements.

    All elements of a finite group of order up to 1,000 are taken, else a Haar sample.

    Parameters
    ----------
    f : the function of a batch.
    V, W : representations of the input and the output: on a sample's entries, or on its channels (pixels follow the plane).
    x : (batch, ...), inputs, an array of any library.
    rng : a numpy Generator or a seed; samples : how many elements of a larger group are drawn.
    channels : "last" or "first", where inputs and outputs with pixels have their channels.

    Raises
    ------
    DimensionMismatch
        If V or W does not fit the shape of inputs or outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors.models import equivariance_error
    >>> V = Cyclic(4).regular()
    >>> equivariance_error(np.tanh, V, V, np.random.default_rng(0).standard_normal((8, 4))).maximum
    0.0
    """
    if V.group != W.group:
        raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; equivariance needs one group")
    shape: tuple[int, ...] = getattr(x, "shape", ())
    if len(shape) < 2 or not shape[0]:
        raise GroupRepError("x must be an array (batch, ...) with at least one sample")
    G = V.group
    exhaustive = G.order <= _LISTED
    elements = list(G.elements) if exhaustive else one_by_one(G.sample(samples, np.random.default_rng(rng)))
    y = f(x)
    size = _size(y)
    errors = [_size(f(act(V, g, x, channels)) - act(W, g, y, channels)) for g in elements]
    scale = size if size else 1.0
    return EquivarianceError(max(errors) / scale, sum(errors) / len(errors) / scale, len(errors), exhaustive)


def _size(y: AnyArray) -> float:
    xp, row = as_matrices(namespace(y).reshape(y, (1, -1)))
    return float(vector_norm(xp, row, 2, (-2, -1)))
