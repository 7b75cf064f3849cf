"""Under torch.func and forward-mode derivatives: plain operations, which any of them transforms, and nothing is carried along."""

from __future__ import annotations

import torch
from torch.autograd import forward_ad

from projectors.torch.fast.plain import Plain

__all__ = ["Functional", "is_transformed"]


class Functional(Plain):
    """Pure functions: leading singular values are computed, not followed."""

    carries = False


def is_transformed() -> bool:
    """Whether torch.func (grad, vmap, jvp, ...) or forward-mode differentiation is looking."""
    return bool(torch._C._are_functorch_transforms_active()) or forward_ad._current_level >= 0
