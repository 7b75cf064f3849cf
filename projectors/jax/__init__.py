"""The penalty for JAX models: pure functions of any pytree of parameters."""

try:
    import jax as _jax  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "jax":
        raise
    raise ModuleNotFoundError("projectors.jax needs jax: pip install 'grouprep[jax]'", name="jax") from None

from projectors.jax.decay import GradientTransformation
from projectors.jax.measure import act, equivariance_error
from projectors.jax.model_penalty import EquivariancePenalty, Parts
from projectors.models import EquivarianceError, Features, LayerSpec, PenaltyReport, TermReport

__all__ = [
    "EquivarianceError",
    "EquivariancePenalty",
    "Features",
    "GradientTransformation",
    "LayerSpec",
    "Parts",
    "PenaltyReport",
    "TermReport",
    "act",
    "equivariance_error",
]
