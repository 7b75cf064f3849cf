"""What is left of the symmetry end to end: the equivariance error of a whole model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from projectors.arrays import one_by_one
from projectors.penalties.records import EquivarianceError

__all__ = ["EquivarianceError", "act", "equivariance_error", "one_by_one"]

_LISTED = 1_000  # finite groups up to this order are gone through, larger ones sampled


def act(V: Representation, g: Any, x: torch.Tensor) -> torch.Tensor:
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
    full = _on_entries(V, x)
    image = full.image_at(g)
    flat = x.reshape(len(x), -1)
    if isinstance(image, Monomial):
        inverse = torch.as_tensor(np.argsort(image.perm), device=x.device)
        values = image.values()
        out = flat[:, inverse]
        if not np.all(values == 1):
            scale = torch.as_tensor(values[np.argsort(image.perm)], device=x.device)
            out = out * (scale if scale.is_complex() else scale.to(flat.real.dtype))
    else:
        matrix = torch.as_tensor(np.asarray(full(g)), device=x.device)
        if not matrix.is_complex():
            matrix = matrix.to(flat.dtype)
        out = flat.to(torch.promote_types(flat.dtype, matrix.dtype)) @ matrix.T
    return out.reshape(x.shape)


def _on_entries(V: Representation, x: torch.Tensor) -> Representation:
    entries = x[0].numel() if len(x) else 0
    if entries == V.dim:
        return V
    if x.ndim > 2 and x.shape[1] == V.dim:
        return V * V.group.grid(tuple(x.shape[2:]))
    raise DimensionMismatch(
        f"samples have shape {tuple(x.shape[1:])}; {V} of dimension {V.dim} needs that many entries, or that many channels"
    )


@torch.no_grad()
def equivariance_error(
    model: Callable[[torch.Tensor], torch.Tensor],
    V: Representation,
    W: Representation,
    x: torch.Tensor,
    samples: int = 64,
    rng: Any = 0,
) -> EquivarianceError:
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
    if V.group != W.group:
        raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; equivariance needs one group")
    if not isinstance(x, torch.Tensor) or x.ndim < 2 or not len(x):
        raise GroupRepError("x must be a tensor (batch, ...) with at least one sample")
    G = V.group
    exhaustive = G.order <= _LISTED
    elements = list(G.elements) if exhaustive else one_by_one(G.sample(samples, np.random.default_rng(rng)))
    y = model(x)
    size = float(torch.linalg.vector_norm(y))
    errors = [float(torch.linalg.vector_norm(model(act(V, g, x)) - act(W, g, y))) for g in elements]
    scale = size if size else 1.0
    return EquivarianceError(max(errors) / scale, sum(errors) / len(errors) / scale, len(errors), exhaustive)
