"""Names for types that the signatures of the adapter share."""

from __future__ import annotations

from typing import Any, TypeAlias

import jax

__all__ = ["PyTree", "Scalar"]

PyTree: TypeAlias = Any
"""Containers that JAX takes apart into leaves: parameters, gradients, updates, states."""

Scalar: TypeAlias = float | jax.Array
"""A number, or a 0-dimensional array."""
