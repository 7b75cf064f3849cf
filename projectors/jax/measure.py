"""What is left of the symmetry end to end: the equivariance error of a whole model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.arrays import one_by_one
from projectors.penalties.records import EquivarianceError

__all__ = ["EquivarianceError", "act", "equivariance_error"]

_LISTED = 1_000  # finite groups up to this order are gone through, larger ones sampled


def act(V: Representation, g: Any, x: Any, channels: str = "last") -> Any:
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
    >>> import jax.numpy as jnp
    >>> from grouprep import Cyclic
    >>> from projectors.jax import act
    >>> G = Cyclic(4)
    >>> image = jnp.arange(4.0).reshape(1, 2, 2, 1)
    >>> sorted(tuple(act(G.trivial(), g, image).ravel().tolist()) for g in G.elements)[0]
    (0.0, 1.0, 2.0, 3.0)
    """
    if channels not in ("last", "first"):
        raise GroupRepError(f'channels = {channels!r:.40} is unknown; choose "last" or "first"')
    entries = int(np.prod(x.shape[1:]))
    if entries == V.dim:
        return _apply(V, g, x)
    axis = x.ndim - 1 if channels == "last" else 1
    if x.ndim < 3 or x.shape[axis] != V.dim:
        raise DimensionMismatch(
            f"samples have shape {tuple(x.shape[1:])}; {V} of dimension {V.dim} needs that many entries, or that many channels "
            f"({channels})"
        )
    moved = jnp.moveaxis(x, axis, 1)
    return jnp.moveaxis(_apply(V * V.group.grid(tuple(moved.shape[2:])), g, moved), 1, axis)


def _apply(V: Representation, g: Any, x: Any) -> Any:
    flat = x.reshape(len(x), -1)
    image = V.image_at(g)
    if isinstance(image, Monomial):
        inverse, values = np.argsort(image.perm), image.values()
        out = flat[:, inverse]
        if not np.all(values == 1):
            out = out * _like(values[inverse], flat)
    else:
        out = flat @ _like(np.asarray(V(g)).T, flat)
    return out.reshape(x.shape)


def _like(constant: Any, x: Any) -> Any:
    """A constant in the precision of x."""
    if not np.iscomplexobj(constant):
        return jnp.asarray(constant, dtype=x.real.dtype)
    return jnp.asarray(constant, dtype=jnp.promote_types(x.dtype, jnp.complex64))


def equivariance_error(
    f: Callable[[Any], Any],
    V: Representation,
    W: Representation,
    x: Any,
    rng: Any = 0,
    samples: int = 64,
    channels: str = "last",
) -> EquivarianceError:
    """How far a function of arrays is from f(g x) = g f(x): the relative error over group elements.

    All elements of a finite group of order up to 1,000 are taken, else a Haar sample.

    Parameters
    ----------
    f : the function of a batch, such as `functools.partial(apply, params)`.
    V, W : representations of the input and the output: on a sample's entries, or on its channels (pixels follow the plane).
    x : (batch, ...), floating-point inputs.
    rng : a numpy Generator, a seed, or a key of `jax.random`; samples : how many elements of a larger group are drawn.
    channels : "last" or "first", where inputs and outputs with pixels have their channels.

    Raises
    ------
    DimensionMismatch
        If V or W does not fit the shape of inputs or outputs.

    Examples
    --------
    >>> import jax
    >>> from grouprep import Cyclic
    >>> from projectors.jax import equivariance_error
    >>> V = Cyclic(4).regular()
    >>> equivariance_error(jax.nn.relu, V, V, jax.random.normal(jax.random.key(0), (8, 4))).maximum
    0.0
    """
    if V.group != W.group:
        raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; equivariance needs one group")
    if getattr(x, "ndim", 0) < 2 or not len(x) or not jnp.issubdtype(x.dtype, jnp.inexact):
        raise GroupRepError("x must be a floating-point array (batch, ...) with at least one sample")
    G, x = V.group, jnp.asarray(x)
    exhaustive = G.order <= _LISTED
    elements = list(G.elements) if exhaustive else one_by_one(G.sample(samples, _generator(rng)))
    y = f(x)
    size = _size(y)
    errors = [_size(f(act(V, g, x, channels)) - act(W, g, y, channels)) for g in elements]
    scale = size if size else 1.0
    return EquivarianceError(max(errors) / scale, sum(errors) / len(errors) / scale, len(errors), exhaustive)


def _size(y: Any) -> float:
    return float(jnp.linalg.norm(jnp.ravel(y)))


def _generator(rng: Any) -> np.random.Generator:
    if isinstance(rng, jax.Array):
        key = jax.random.key_data(rng) if jnp.issubdtype(rng.dtype, jax.dtypes.prng_key) else rng
        rng = np.asarray(key).ravel().tolist()
    return np.random.default_rng(rng)
