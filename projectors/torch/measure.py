"""What is left of the symmetry end to end: the equivariance error of a whole torch model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from projectors.models import measure
from projectors.models.measure import Features

__all__ = ["equivariance_error"]


@torch.no_grad()
def equivariance_error(
    model: Callable[..., object],
    V: Representation | Features | Sequence[Representation | Features | None],
    W: Representation | Features | Sequence[Representation | Features | None] | Mapping[str, Representation | Features],
    x: torch.Tensor | Sequence[torch.Tensor],
    samples: int = 64,
    rng: np.random.Generator | int | Sequence[int] = 0,
    channels: str | int = "first",
) -> measure.EquivarianceError:
    """How far a function of tensors is from f(g x) = g f(x): the relative error over group elements.

    Parameters
    ----------
    model : the function; put it into evaluation mode first.
    V, W, x, samples, rng : as in `projectors.models.equivariance_error`.
    channels : as there; "first" is (batch, channels, pixels...).

    Raises
    ------
    GroupRepError
        If x is no tensor, or V or W does not fit the shape of inputs or outputs (DimensionMismatch).

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import equivariance_error
    >>> V = Cyclic(4).regular()
    >>> equivariance_error(torch.relu, V, V, torch.randn(8, 4)).maximum
    0.0
    """
    wrong = [a for a in (x if isinstance(x, tuple | list) else [x]) if not isinstance(a, torch.Tensor)]
    if wrong:
        raise GroupRepError(f"x must be a tensor (batch, ...), or a tuple of them, got {type(wrong[0]).__name__}")
    return measure.equivariance_error(model, V, W, x, rng, samples, channels)
