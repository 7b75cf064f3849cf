"""What is left of the symmetry end to end: the equivariance error of a function of JAX arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from grouprep.representations import Representation
from projectors.models import measure
from projectors.models.measure import Features, act

__all__ = ["Features", "act", "equivariance_error"]


def equivariance_error(
    f: Callable[..., jax.Array],
    V: Representation | Features | Sequence[Representation | Features | None],
    W: Representation | Features | Sequence[Representation | Features | None] | Mapping[str, Representation | Features],
    x: jax.Array | Sequence[jax.Array],
    rng: np.random.Generator | int | Sequence[int] | jax.Array = 0,
    samples: int = 64,
    channels: str | int = "last",
) -> measure.EquivarianceError:
    """How far a function of arrays is from f(g x) = g f(x): the relative error over group elements.

    Parameters
    ----------
    f : the function of a batch, such as `functools.partial(apply, params)`.
    rng : a numpy Generator, a seed, or a key of `jax.random`.
    V, W, x, samples, channels : as in `projectors.models.equivariance_error`.

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
    if isinstance(rng, jax.Array):
        key = jax.random.key_data(rng) if jnp.issubdtype(rng.dtype, jax.dtypes.prng_key) else rng
        rng = [int(word) for word in np.asarray(key).ravel()]
    arrays = [jnp.asarray(a) for a in x] if isinstance(x, tuple | list) else jnp.asarray(x)
    return measure.equivariance_error(f, V, W, arrays, rng, samples, channels)
