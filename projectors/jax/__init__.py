"""The penalty for JAX models: pure functions of any pytree of parameters."""

from projectors.jax.decay import GradientTransformation
from projectors.jax.measure import act, equivariance_error
from projectors.jax.model_penalty import EquivariancePenalty, Parts
from projectors.models import EquivarianceError, LayerSpec, PenaltyReport, TermReport

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
