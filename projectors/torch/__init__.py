"""The penalty for torch models: three lines on plain, unmodified modules."""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError("projectors.torch needs torch: pip install 'grouprep[torch]'", name="torch") from None

from projectors.models import (
    Anneal,
    AttentionSpec,
    BilinearSpec,
    CheckReport,
    Constant,
    Cosine,
    EquivarianceError,
    Finding,
    LayerSpec,
    Linear,
    ParameterSpec,
    PenaltyReport,
    RecurrentSpec,
    Schedule,
    TargetShare,
    TermReport,
    load_spec,
)
from projectors.torch.convolutions import ConvolutionSpectral
from projectors.torch.decay import project_
from projectors.torch.measure import equivariance_error
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.parametrization import EquivariantParametrization, constrain_
from projectors.torch.relaxed import RelaxedConv1d, RelaxedConv2d, RelaxedConv3d, RelaxedLinear

__all__ = [
    "Anneal",
    "AttentionSpec",
    "BilinearSpec",
    "CheckReport",
    "Constant",
    "ConvolutionSpectral",
    "Cosine",
    "EquivarianceError",
    "EquivariancePenalty",
    "EquivariantParametrization",
    "Finding",
    "LayerSpec",
    "Linear",
    "ParameterSpec",
    "PenaltyReport",
    "RecurrentSpec",
    "RelaxedConv1d",
    "RelaxedConv2d",
    "RelaxedConv3d",
    "RelaxedLinear",
    "Schedule",
    "TargetShare",
    "TermReport",
    "constrain_",
    "equivariance_error",
    "load_spec",
    "project_",
]
