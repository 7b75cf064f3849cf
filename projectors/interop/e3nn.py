"""e3nn's linear layers as operators and spaces of ours, and dense layers that start from them.

An `e3nn.o3.Linear` has no weights but those of equivariant maps, so there is nothing in it to penalise. A dense `torch.nn.Linear` between
the same irreps starts from it and may leave the equivariant maps, as far as a penalty lets it.
"""

from __future__ import annotations

import torch
from torch import nn

try:
    from e3nn.o3 import Linear
except ModuleNotFoundError as error:
    if error.name is None or not error.name.startswith(("e3nn", "opt_einsum")):
        raise
    raise ModuleNotFoundError("projectors.interop.e3nn needs e3nn: pip install 'grouprep[e3nn]'", name="e3nn") from None

from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.interop.e3nn import representation_from_e3nn
from projectors.hom import Hom

__all__ = ["dense_linear", "hom_of_linear", "load_operator_", "operator_of_linear"]


def hom_of_linear(linear: Linear) -> Hom:
    """Hom(V, W) between the irreps of an `e3nn.o3.Linear`, in e3nn's bases: all equivariant maps.

    The layer's operators are these if it has every path, as it has by default.

    Parameters
    ----------
    linear : the layer.

    Raises
    ------
    GroupRepError
        If it is no `e3nn.o3.Linear`, or an end of it has no irreps.

    Examples
    --------
    >>> from e3nn.o3 import Linear
    >>> layer = Linear("4x0e+2x1o", "3x0e+5x1o")
    >>> hom_of_linear(layer).dim, layer.weight_numel
    (22, 22)
    """
    _check(linear)
    return Hom(representation_from_e3nn(linear.irreps_in), representation_from_e3nn(linear.irreps_out))


def _check(linear: object) -> None:
    if not isinstance(linear, Linear):
        raise GroupRepError(f"linear must be an e3nn.o3.Linear, got {shown(linear)}")
    if not linear.internal_weights or linear.weight.ndim != 1:
        raise GroupRepError("linear has no weights of its own, or several sets of them; one operator is needed")


def operator_of_linear(linear: Linear) -> torch.Tensor:
    """The operator V -> W that an `e3nn.o3.Linear` applies, from its weights; gradients reach them.

    A path from n copies of an irrep of dimension d to m of them has weights w (n, m) and a factor f: its block is f kron(w^T, I_d).

    Parameters
    ----------
    linear : a layer with weights of its own.

    Returns
    -------
    (dim W, dim V), of the weights' dtype and device: `linear(x)` is x @ T^T, and its bias.

    Raises
    ------
    GroupRepError
        If it is no such layer.

    Examples
    --------
    >>> import torch
    >>> from e3nn.o3 import Linear
    >>> layer, x = Linear("2x0e+1o", "0e+2x1o"), torch.eye(5)
    >>> bool(torch.allclose(layer(x), x @ operator_of_linear(layer).T))
    True
    """
    _check(linear)
    T: torch.Tensor = linear.weight.new_zeros(linear.irreps_out.dim, linear.irreps_in.dim)
    for rows, columns, factor, w in _blocks(linear):
        one = torch.eye((rows.stop - rows.start) // w.shape[1], dtype=w.dtype, device=w.device)
        block = torch.zeros_like(T)
        block[rows, columns] = factor * torch.einsum("nm,ij->minj", w, one).flatten(2).flatten(0, 1)
        T = T + block
    return T


def _blocks(linear: Linear) -> list[tuple[slice, slice, float, torch.Tensor]]:
    """Rows, columns, factor and weights (n, m) of every path from irreps to irreps; the instructions end with the biases."""
    columns, rows = linear.irreps_in.slices(), linear.irreps_out.slices()
    return [
        (rows[path.i_out], columns[path.i_in], path.path_weight, linear.weight_view_for_instruction(k))
        for k, path in enumerate(linear.instructions)
        if path.i_in != -1 and 0 not in path.path_shape
    ]


def _bias(linear: Linear) -> torch.Tensor | None:
    """The bias on all of the output; None if there is none."""
    places = [linear.irreps_out.slices()[path.i_out] for path in linear.instructions if path.i_in == -1]
    if not places:
        return None
    bias: torch.Tensor = linear.weight.new_zeros(linear.irreps_out.dim)
    at = 0
    for place in places:
        size = place.stop - place.start
        bias[place] = linear.bias[at : at + size]
        at += size
    return bias


def dense_linear(linear: Linear) -> nn.Linear:
    """A `torch.nn.Linear` that starts as an `e3nn.o3.Linear`, and may be trained to be more, within a penalty.

    Its specification in an `EquivariancePenalty` is `hom_of_linear(linear)`.

    Parameters
    ----------
    linear : a layer with weights of its own.

    Raises
    ------
    GroupRepError
        If it is no such layer.

    Examples
    --------
    >>> from e3nn.o3 import Linear
    >>> from projectors.torch import EquivariancePenalty
    >>> layer = Linear("4x0e+2x1o", "3x0e+5x1o")
    >>> net = dense_linear(layer)
    >>> EquivariancePenalty(net, {"": hom_of_linear(layer)})().item() < 1e-5
    True
    """
    with torch.no_grad():
        T, bias = operator_of_linear(linear), _bias(linear)
        layer = nn.Linear(T.shape[1], T.shape[0], bias=bias is not None, device=T.device, dtype=T.dtype)
        layer.weight.copy_(T)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def load_operator_(linear: Linear, T: torch.Tensor) -> None:
    """Give an `e3nn.o3.Linear` the weights of P(T), the equivariant map nearest to T: what was trained densely becomes exact.

    Parameters
    ----------
    linear : a layer with weights of its own, with one path for each pair of equal irreps at most; its bias is left alone. Pairs
        without a path stay zero.
    T : (dim W, dim V), such as the weight of a `dense_linear`.

    Raises
    ------
    GroupRepError
        If it is no such layer.
    DimensionMismatch
        If T has another shape.

    Examples
    --------
    >>> import torch
    >>> from e3nn.o3 import Linear
    >>> layer, T = Linear("1x0e+1x1o", "1x0e"), torch.tensor([[2.0, 3, 4, 5]])
    >>> load_operator_(layer, T)
    >>> operator_of_linear(layer)
    tensor([[2., 0., 0., 0.]], grad_fn=<AddBackward0>)
    """
    _check(linear)
    shape = (linear.irreps_out.dim, linear.irreps_in.dim)
    if not isinstance(T, torch.Tensor) or tuple(T.shape) != shape:
        raise DimensionMismatch(f"T must be a torch tensor {shape}, (output, input), got {shown(T)}")
    blocks = _blocks(linear)
    if len({(rows.start, columns.start) for rows, columns, _, _ in blocks}) < len(blocks):
        raise GroupRepError("linear has several paths between the same irreps; an operator does not tell their weights")
    with torch.no_grad():
        for rows, columns, factor, w in blocks:
            n, m = w.shape
            block = T[rows, columns].reshape(m, (rows.stop - rows.start) // m, n, -1)
            w.copy_(block.diagonal(dim1=1, dim2=3).mean(-1).T / factor)
