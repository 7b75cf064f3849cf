"""Parameters of a pytree as operators, each with its space and the projector in JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from grouprep.typing import Array
from projectors.arrays import is_half
from projectors.hom import Hom
from projectors.jax.naming import SCALES, Named
from projectors.jax.residuals import Residual, residual_of
from projectors.models.channels import check_normalisation
from projectors.models.layouts import Layout, bias_layout, weight_layout
from projectors.models.terms import Term as Described
from projectors.models.terms import check_entries, check_term
from projectors.structure import Projection

__all__ = ["PyTree", "Scalar", "Term", "check_finite", "is_array", "make_term"]

PyTree: TypeAlias = Any  # containers that JAX takes apart into leaves: parameters, gradients, updates, states
Scalar: TypeAlias = float | jax.Array


@dataclass(eq=False)
class Term(Described):
    """A parameter as operators V -> W.

    leaf : its place in the flattened pytree.
    stored, projection, away : how it is read to compute, as these operators or as their transposes, P and T - P(T) of such.
    dtype : the precision of the computation.
    """

    leaf: int
    stored: Layout
    projection: Projection
    away: Residual
    dtype: jnp.dtype

    def read(self, leaves: Sequence[ArrayLike]) -> jax.Array:
        """The operators to compute with, half precision as float32."""
        return self.stored.read(jnp.asarray(leaves[self.leaf]).astype(self.dtype))

    def host(self, leaves: Sequence[ArrayLike]) -> Array:
        """The operators (..., dim W, dim V) as numpy arrays in double precision.

        Raises
        ------
        GroupRepError
            If entries are not finite.
        """
        parameter = np.asarray(leaves[self.leaf])
        check_finite(self.name, parameter)
        T = self.layout.read(parameter)
        return T.astype(np.complex128 if np.iscomplexobj(T) else np.float64)

    def write(self, operators: jax.Array, parameter: jax.Array) -> jax.Array:
        """The operators as the parameter that they were read from, in its dtype."""
        return self.stored.unread(operators, parameter.shape).astype(jax.dtypes.canonicalize_dtype(parameter.dtype))


def is_array(leaf: object) -> bool:
    """Whether a leaf has a shape and a dtype: an array, a tracer, or a `jax.ShapeDtypeStruct`."""
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def make_term(named: Named, kind: tuple[tuple[int, ...], jnp.dtype], homs: dict[Hom, Hom], flip: bool) -> Term:
    """The term of a leaf; its constants are arrays, also where it is made while JAX traces.

    Parameters
    ----------
    named : the leaf and its specification.
    kind : (shape, dtype) of the leaf.
    homs : the spaces that have been solved already; new ones are added.
    flip : whether transposed operators will do to compute with.

    Raises
    ------
    GroupRepError
        If the parameter does not fit (DimensionMismatch), is not of floating point, is real between complex representations, or a
        representation has no invariant positive form (NotUnitary).
    """
    (leaf, name, spec, is_bias), (shape, dtype) = named, kind
    last, own = name.rpartition("/")[2], shape[spec.stacked :]
    if (is_bias and last in SCALES) or (last == "weight" and len(own) == 1 and spec.V.dim > 1):
        check_normalisation(name, "a normalisation layer", spec)
        is_bias = True  # a vector of W too
    make = bias_layout if is_bias else weight_layout
    (layout, hom), (stored, other) = make(name, shape, spec), make(name, shape, spec, flip)
    hom, other = homs.setdefault(hom, hom), homs.setdefault(other, other)
    is_complex = jnp.issubdtype(dtype, jnp.complexfloating)
    check_term(name, other, dtype, jnp.issubdtype(dtype, jnp.inexact), is_complex)
    work = jnp.dtype(jnp.float32) if is_half(jnp, dtype) else jnp.dtype(dtype)
    with jax.ensure_compile_time_eval():
        moved = other.to(jnp, dtype=work).projection
        away = residual_of(moved)
    return Term(name, name, layout, hom, leaf, stored, moved, away, work)


def check_finite(name: str, parameter: ArrayLike) -> None:
    """Raise GroupRepError if an array has NaN or infinite entries."""
    with jax.ensure_compile_time_eval():  # an array that a traced function holds is looked at too
        check_entries(name, bool(jnp.isfinite(jnp.asarray(parameter)).all()))
