"""What is left of the symmetry end to end: the equivariance error of a whole torch model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from grouprep.errors import GroupRepError
from grouprep.representations import Representation
from grouprep.typing import Element
from projectors.models import measure

__all__ = ["act", "equivariance_error"]


def act(V: Representation, g: Element, x: torch.Tensor) -> torch.Tensor:
    """rho(g) on every vector of a batch.

    Parameters
    ----------
    V : the representation on a sample's entries, or on its channels: then the pixels follow the group's action on the plane.
    g : a group element.
    x : (batch, ...) with V.dim entries a sample, or (batch, V.dim, pixels...).

    Raises
    ------
    DimensionMismatch
        If x has neither shape.
    """
    return measure.act(V, g, x, channels="first")


@torch.no_grad()
def equivariance_error(
    model: Callable[[torch.Tensor], torch.Tensor],
    V: Representation,
    W: Representation,
    x: torch.Tensor,
    samples: int = 64,
    rng: np.random.Generator | int | Sequence[int] = 0,
) -> measure.EquivarianceError:
    """How far a function of tensors is from f(g x) = g f(x): the relative error over group elements.

    All elements of a finite group of order up to 1,000 are taken, else a Haar sample.

    Parameters
    ----------
    model : the function; put it into evaluation mode first.
    V, W : representations of the input and the output: on a sample's entries, or on its channels (pixels follow the plane).
    x : (batch, ...), a batch of inputs.
    samples : how many elements of a larger group are drawn; rng : a numpy Generator or a seed.

    Raises
    ------
    DimensionMismatch
        If V or W does not fit the shape of inputs or outputs.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.torch import equivariance_error
    >>> V = Cyclic(4).regular()
    >>> equivariance_error(torch.relu, V, V, torch.randn(8, 4)).maximum
    0.0
    """
    if not isinstance(x, torch.Tensor):
        raise GroupRepError(f"x must be a tensor (batch, ...), got {type(x).__name__}")
    return measure.equivariance_error(model, V, W, x, rng, samples, channels="first")
