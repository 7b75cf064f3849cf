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
    Features,
    Finding,
    LayerDefect,
    LayerSpec,
    Linear,
    ParameterSpec,
    PenaltyReport,
    RecurrentSpec,
    Schedule,
    TargetShare,
    TermReport,
    Verification,
    load_spec,
)
from projectors.torch.choice import NormChoice, choose_norms
from projectors.torch.convolutions import ConvolutionSpectral
from projectors.torch.decay import project_
from projectors.torch.evidence import evidence_weights
from projectors.torch.measure import equivariance_error
from projectors.torch.model_penalty import EquivariancePenalty
from projectors.torch.parametrization import EquivariantParametrization, constrain_
from projectors.torch.prox import prox_
from projectors.torch.relaxed import RelaxedConv1d, RelaxedConv2d, RelaxedConv3d, RelaxedLinear
from projectors.torch.split import SplitAdamW
from projectors.torch.starting import equivariant_start_
from projectors.torch.statistics import constrain_statistics_, project_statistics_
from projectors.torch.verification import verify

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
    "Features",
    "Finding",
    "LayerDefect",
    "LayerSpec",
    "Linear",
    "NormChoice",
    "ParameterSpec",
    "PenaltyReport",
    "RecurrentSpec",
    "RelaxedConv1d",
    "RelaxedConv2d",
    "RelaxedConv3d",
    "RelaxedLinear",
    "Schedule",
    "SplitAdamW",
    "TargetShare",
    "TermReport",
    "Verification",
    "choose_norms",
    "constrain_",
    "constrain_statistics_",
    "equivariance_error",
    "equivariant_start_",
    "evidence_weights",
    "load_spec",
    "project_",
    "project_statistics_",
    "prox_",
    "verify",
]
