"""What a penalty penalises: parameters of a pytree as operators, each with its space and the projector in JAX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from grouprep.errors import GroupRepError, NotUnitary
from projectors.arrays import is_half
from projectors.hom import Hom
from projectors.jax.layouts import Layout, bias_layout, weight_layout
from projectors.jax.naming import Named
from projectors.structure import Projection

__all__ = ["Term", "check_finite", "distinct", "is_array", "make_term"]


@dataclass(frozen=True, eq=False)
class Term:
    """A parameter as operators V -> W.

    name, leaf : its name, and its place in the flattened pytree.
    layout, hom : how it is read as operators V -> W, and Hom(V, W).
    stored, projection : how it is read to compute, as these or as their transposes, and P of such operators.
    dtype : the precision of the computation.
    """

    name: str
    leaf: int
    layout: Layout
    hom: Hom
    stored: Layout
    projection: Projection
    dtype: Any

    def read(self, leaves: Sequence[Any]) -> Any:
        """The operators to compute with, half precision as float32."""
        return self.stored.read(jnp.asarray(leaves[self.leaf]).astype(self.dtype))

    def host(self, leaves: Sequence[Any]) -> Any:
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

    def write(self, operators: Any, parameter: Any) -> Any:
        """The operators as the parameter that they were read from, in its dtype."""
        return self.stored.write(operators).astype(jax.dtypes.canonicalize_dtype(parameter.dtype))


def is_array(leaf: Any) -> bool:
    """Whether a leaf has a shape and a dtype: an array, a tracer, or a `jax.ShapeDtypeStruct`."""
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def make_term(named: Named, kind: Any, homs: dict[Hom, Hom], flip: bool) -> Term:
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
    if not jnp.issubdtype(dtype, jnp.inexact):
        raise GroupRepError(f'"{name}" has dtype {dtype}; a floating-point parameter is needed')
    make = bias_layout if is_bias else weight_layout
    (layout, hom), (stored, other) = make(name, shape, spec), make(name, shape, spec, flip)
    hom, other = homs.setdefault(hom, hom), homs.setdefault(other, other)
    if hom.is_complex and not jnp.issubdtype(dtype, jnp.complexfloating):
        raise GroupRepError(
            f'"{name}" is real, but V = {hom.V} or W = {hom.W} is complex: real weights cannot be equivariant under complex matrices; '
            "use a real form of the representation"
        )
    try:
        _ = other.projection
    except NotUnitary as error:
        raise NotUnitary(f'"{name}": {error}') from None
    work = jnp.dtype(jnp.float32) if is_half(jnp, dtype) else jnp.dtype(dtype)
    with jax.ensure_compile_time_eval():
        moved = other.to(jnp, dtype=work).projection
    return Term(name, leaf, layout, hom, stored, moved, work)


def distinct(terms: Sequence[Term], leaves: Sequence[Any]) -> dict[int, tuple[str, ...]]:
    """The positions of terms without those that read an array again, and the names of those for each.

    Raises
    ------
    GroupRepError
        If one array is given two spaces.
    """
    first: dict[int, int] = {}
    also: dict[int, tuple[str, ...]] = {}
    for k, term in enumerate(terms):
        original = first.setdefault(id(leaves[term.leaf]), k)
        if original == k:
            also[k] = ()
            continue
        other = terms[original]
        if other.layout == term.layout and other.hom != term.hom:
            raise GroupRepError(
                f'"{other.name}" and "{term.name}" are one array, but are given {other.hom} and {term.hom}'
            )
        also[original] += (term.name,)
    return also


def check_finite(name: str, parameter: Any) -> None:
    """Raise GroupRepError if an array has NaN or infinite entries."""
    if not bool(jnp.all(jnp.isfinite(parameter))):
        raise GroupRepError(f'"{name}" has NaN or infinite entries; the penalty of such weights means nothing')
