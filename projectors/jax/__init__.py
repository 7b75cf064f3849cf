"""The penalty for JAX models: pure functions of any pytree of parameters."""

from projectors.jax.decay import GradientTransformation
from projectors.jax.measure import EquivarianceError, act, equivariance_error
from projectors.jax.penalty import EquivariancePenalty, Parts
from projectors.jax.report import PenaltyReport, TermReport
from projectors.jax.specs import LayerSpec

__all__ = [
    "EquivarianceError",
    "EquivariancePenalty",
    "GradientTransformation",
    "LayerSpec",
    "Parts",
    "PenaltyReport",
    "TermReport",
    "act",
    "equivariance_error",
]
