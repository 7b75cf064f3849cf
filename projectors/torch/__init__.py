"""The penalty for torch models: three lines on plain, unmodified modules."""

from projectors.penalties.records import EquivarianceError, TermReport
from projectors.torch.convolutions import ConvolutionSpectral
from projectors.torch.decay import project_
from projectors.torch.files import load_spec
from projectors.torch.measure import equivariance_error
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.parametrization import EquivariantParametrization, constrain_
from projectors.torch.relaxed import RelaxedConv1d, RelaxedConv2d, RelaxedConv3d, RelaxedLinear
from projectors.torch.report import CheckReport, Finding, PenaltyReport
from projectors.torch.schedules import Anneal, Constant, Cosine, Linear, Schedule, TargetShare
from projectors.torch.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec

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
