"""The decoupled decay: the gradient of half the squared Frobenius norms, applied to parameters apart from the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from grouprep.errors import GroupRepError
from projectors.jax.functions import residual
from projectors.jax.terms import PyTree, Scalar, Term, is_array

__all__ = ["GradientTransformation", "decay_updates", "transformation"]


class GradientTransformation(NamedTuple):
    """A pair of pure functions, as optax has them.

    Attributes
    ----------
    init : params -> state.
    update : (updates, state, params) -> (updates, state).
    """

    init: Callable[[PyTree], PyTree]
    update: Callable[..., tuple[PyTree, PyTree]]


def decay_updates(terms: Sequence[tuple[Term, float, float]], params: PyTree, learning_rate: Scalar) -> PyTree:
    """-learning_rate (away (T - P(T)) + along P(T)) for every (term, away, along), 0 for the other parameters.

    Parameters
    ----------
    terms : parameters and their two weights.
    params : the pytree.
    learning_rate : a number or a 0-dimensional array.
    """
    leaves, tree = jax.tree_util.tree_flatten(params)
    out = [jnp.zeros_like(leaf) if is_array(leaf) else None for leaf in leaves]
    for term, away, along in terms:
        T = term.read(leaves)
        R = residual(T, term.projection, term.away)
        step = away * R + along * (T - R) if along else away * R
        out[term.leaf] = term.write(-learning_rate * step, leaves[term.leaf])
    return jax.tree_util.tree_unflatten(tree, out)


def transformation(
    updates_of: Callable[[PyTree, Scalar], PyTree], learning_rate: Scalar | Callable[[Scalar], Scalar]
) -> GradientTransformation:
    """The transformation that adds updates_of(params, learning_rate), with a count as its state.

    Parameters
    ----------
    updates_of : (params, learning rate) -> updates.
    learning_rate : a number, or a function of the count.
    """

    def init(params: PyTree) -> jax.Array:
        return jnp.zeros((), jnp.int32)

    def update(updates: PyTree, state: jax.Array, params: PyTree = None) -> tuple[PyTree, jax.Array]:
        if params is None:
            raise GroupRepError("params: the decay depends on the parameters; call update(updates, state, params)")
        rate = learning_rate(state) if callable(learning_rate) else learning_rate
        total = jax.tree_util.tree_map(
            lambda u, d: u if u is None or d is None else u + d,
            updates,
            updates_of(params, rate),
            is_leaf=lambda leaf: leaf is None,
        )
        return total, state + 1

    return GradientTransformation(init, update)
