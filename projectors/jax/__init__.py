"""The penalty for JAX models: pure functions of any pytree of parameters."""

from projectors.jax.decay import GradientTransformation
from projectors.jax.measure import act, equivariance_error
from projectors.jax.model_penalty import EquivariancePenalty, Parts
from projectors.jax.report import PenaltyReport
from projectors.jax.specs import LayerSpec
from projectors.penalties.records import EquivarianceError, TermReport

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
