"""What others do in place of a projection, behind the same interface: for honest comparisons."""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError("projectors.baselines needs torch: pip install 'grouprep[torch]'", name="torch") from None

from projectors.baselines.augmentation import Augmentation, AugmentedLoss
from projectors.baselines.base import Baseline, BaselineReport
from projectors.baselines.priors import PathwayPrior, WeightDecay, residual_pathways_
from projectors.baselines.sampled import SampledOperatorPenalty, SampledOutputPenalty
from projectors.baselines.sharing import (
    RelaxedGroupConv1d,
    RelaxedGroupConv2d,
    RelaxedGroupConv3d,
    RelaxedGroupLinear,
    SharingPenalty,
    relaxed_sharing_,
)

__all__ = [
    "Augmentation",
    "AugmentedLoss",
    "Baseline",
    "BaselineReport",
    "PathwayPrior",
    "RelaxedGroupConv1d",
    "RelaxedGroupConv2d",
    "RelaxedGroupConv3d",
    "RelaxedGroupLinear",
    "SampledOperatorPenalty",
    "SampledOutputPenalty",
    "SharingPenalty",
    "WeightDecay",
    "relaxed_sharing_",
    "residual_pathways_",
]
