"""What a user says of a parameter or a layer: the representations of its input and output, and how its axes are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grouprep.errors import GroupRepError
from grouprep.linalg.pickling import Picklable
from grouprep.representations import Representation

__all__ = ["LayerSpec", "as_spec"]

_SPATIAL = set("DHW")


@dataclass(frozen=True)
class LayerSpec(Picklable):
    """The pair (V, W) of a layer or of one of its parameters.

    Parameters
    ----------
    V, W : representations of the input's and the output's channels.
    layout : "in_out" for dense kernels (in, out) and convolutions (pixels..., in, out); "out_in" for (out, in, pixels...); or a
        kernel specification of `jax.lax.conv_dimension_numbers`, such as "HWIO". None: "out_in" for parameters named "weight",
        else "in_out".
    grid : the representation on a convolution's pixels; None: the group's action on the plane, `G.grid(pixels)`.
    bias : whether a layer's bias is meant too, as Hom(trivial, W).
    stacked : leading axes over layers of one kind, such as those that `jax.lax.scan` runs over.

    Raises
    ------
    GroupRepError
        If V, W or grid is no representation, they belong to different groups, or the layout is unknown.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> from projectors.jax import LayerSpec
    >>> G = Cyclic(4)
    >>> LayerSpec(3 * G.trivial(), 8 * G.regular(), layout="HWIO").layout
    'HWIO'
    """

    V: Representation
    W: Representation
    layout: str | None = None
    grid: Representation | None = None
    bias: bool = True
    stacked: int = 0

    def __post_init__(self) -> None:
        for name, X in (("V", self.V), ("W", self.W), ("grid", self.grid)):
            if not isinstance(X, Representation) and not (name == "grid" and X is None):
                raise GroupRepError(f"LayerSpec: {name} must be a Representation such as G.regular(), got {X!r:.60}")
            if X is not None and X.group != self.V.group:
                raise GroupRepError(f"LayerSpec: {name} is a representation of {X.group}, V of {self.V.group}")
        if self.layout not in (None, "in_out", "out_in") and not _is_kernel_spec(self.layout):
            raise GroupRepError(
                f'LayerSpec: layout = {self.layout!r:.40} is unknown; "in_out", "out_in", or generators I, O and D, H, W such as "HWIO"'
            )
        if isinstance(self.stacked, bool) or not isinstance(self.stacked, int) or self.stacked < 0:
            raise GroupRepError(f"LayerSpec: stacked = {self.stacked!r:.40} must be a number of axes, 0 or more")


def _is_kernel_spec(layout: Any) -> bool:
    if not isinstance(layout, str) or len(set(layout)) != len(layout):
        return False
    return {"I", "O"} <= set(layout) <= _SPATIAL | {"I", "O"}


def as_spec(value: Any, name: str) -> LayerSpec:
    """What stands beside a name: a LayerSpec, or a pair (V, W).

    Raises
    ------
    GroupRepError
        If it is neither.
    """
    if isinstance(value, LayerSpec):
        return value
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, Representation) for v in value):
        return LayerSpec(*value)
    raise GroupRepError(f'spec["{name}"]: a pair (V, W) of representations or a LayerSpec is needed, got {value!r:.80}')
