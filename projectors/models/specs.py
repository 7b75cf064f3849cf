"""What a user says of a layer: the representations of its input and output, and how they meet its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from grouprep.errors import GroupRepError
from grouprep.linalg.pickling import Picklable
from grouprep.representations import Representation
from projectors.hom import Hom

__all__ = [
    "AttentionSpec",
    "BilinearSpec",
    "LayerSpec",
    "LayerSpecs",
    "ParameterSpec",
    "RecurrentSpec",
    "Spec",
    "SpecLike",
    "as_specs",
]


_OPTIONAL = ("grid", "key", "value", "out", "head")


def _check(spec: object, names: tuple[str, ...]) -> None:
    group = None
    for name in names:
        V = getattr(spec, name)
        if V is None and name in _OPTIONAL:
            continue
        if not isinstance(V, Representation):
            kernel = f"; did you mean layout={V!r}?" if name == "grid" and isinstance(V, str) else ""
            raise GroupRepError(
                f"{type(spec).__name__}: {name} must be a Representation such as G.regular(), got {V!r:.60}{kernel}"
            )
        if group is not None and V.group != group:
            raise GroupRepError(
                f"{type(spec).__name__}: {name} is a representation of {V.group}, the one before it of {group}; "
                "a layer has one group"
            )
        group = V.group


@dataclass(frozen=True)
class LayerSpec(Picklable):
    """A layer from V to W, or one of its parameters. The pair (V, W) is short for it, and so is a `Hom`, which says how it is solved too.

    In torch: Linear, convolutions, Embedding, normalisation layers (V = W), whose modules say how their weights are stored, and any
    other module with a two-dimensional weight. In JAX: what holds a "kernel", "weight", "w" or "embedding", or any parameter of a
    pytree, and the "scale" and "bias" or "offset" of normalisation layers (V = W).

    Parameters
    ----------
    V, W : representations of the input's and the output's channels.
    grid : for convolutions, the representation on the kernel's pixels, (product of the kernel size)-dimensional; None: pixels
        follow the group's action on the plane, `G.grid(kernel_size)`. `9 * G.trivial()` lets a 3 x 3 kernel's pixels stand still.
    bias : whether a layer's bias is meant too, as an element of Hom(trivial, W).
    layout : for JAX, and for torch modules of other people with a square weight: "in_out" for dense kernels (in, out) and
        convolutions (pixels..., in, out); "out_in" for (out, in, pixels...); or, in JAX, a kernel specification of
        `jax.lax.conv_dimension_numbers`, such as "HWIO". None: "out_in" for parameters named "weight", else "in_out".
    stacked : JAX alone: leading axes over layers of one kind, such as those that `jax.lax.scan` runs over.
    space : a Hom whose solver, inner product and irreps the layer's spaces take; None: those of `Hom(V, W)`. For groups without an
        invariant form, `Hom(V, W, inner="euclidean")`: P is then the Frobenius-orthogonal projector.

    Raises
    ------
    GroupRepError
        If V, W or grid is no representation, they belong to different groups, or layout, stacked or space is unknown.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from projectors.models import LayerSpec
    >>> G = Dihedral(4)
    >>> LayerSpec(3 * G.trivial(), 16 * G.regular(), bias=False).W.dim
    128
    >>> LayerSpec(3 * G.trivial(), 8 * G.regular(), layout="HWIO").layout
    'HWIO'
    """

    V: Representation
    W: Representation
    grid: Representation | None = None
    bias: bool = True
    layout: str | None = None
    stacked: int = 0
    space: Hom | None = None

    def __post_init__(self) -> None:
        _check(self, ("V", "W", "grid"))
        if self.space is not None and not isinstance(self.space, Hom):
            raise GroupRepError(
                f'LayerSpec: space must be a Hom such as Hom(V, W, inner="euclidean"), got {self.space!r:.60}'
            )
        if self.layout not in (None, "in_out", "out_in") and not _is_kernel_spec(self.layout):
            raise GroupRepError(
                f'LayerSpec: layout = {self.layout!r:.40} is unknown; "in_out", "out_in", or letters I, O and D, H, W such as "HWIO"'
            )
        if isinstance(self.stacked, bool) or not isinstance(self.stacked, int) or self.stacked < 0:
            raise GroupRepError(f"LayerSpec: stacked = {self.stacked!r:.40} must be a number of axes, 0 or more")

    def hom(self, V: Representation, W: Representation) -> Hom:
        """Hom(V, W) for a parameter of the layer, solved as `space` is.

        Examples
        --------
        >>> from grouprep import Lorentz
        >>> from projectors import Hom
        >>> V = Lorentz().defining()
        >>> LayerSpec(V, V, space=Hom(V, V, inner="euclidean")).hom(2 * V, V).inner
        'euclidean'
        """
        like = self.space
        if like is None:
            return Hom(V, W)
        return like if (V, W) == (like.V, like.W) else Hom(V, W, like.solver, like.inner, like.irreps)


def _is_kernel_spec(layout: object) -> bool:
    if not isinstance(layout, str) or len(set(layout)) != len(layout):
        return False
    return {"I", "O"} <= set(layout) <= set("IODHW")


@dataclass(frozen=True)
class BilinearSpec(Picklable):
    """A bilinear layer V1 x V2 -> W: its weight is an operator V1 * V2 -> W.

    Parameters
    ----------
    V1, V2, W : representations of the two inputs and of the output.
    bias : as in `LayerSpec`.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(3).regular()
    >>> BilinearSpec(V, V, 2 * V).W.dim
    6
    """

    V1: Representation
    V2: Representation
    W: Representation
    bias: bool = True

    def __post_init__(self) -> None:
        _check(self, ("V1", "V2", "W"))


@dataclass(frozen=True)
class AttentionSpec(Picklable):
    """Multi-head attention: Q, K, V map to heads, O from them to the output.

    Parameters
    ----------
    query, key, value : representations of the inputs; key and value default to query.
    out : representation of the output; defaults to query.
    head : representation of one head's space, head_dim-dimensional; all heads carry it.
    form : whether queries and keys are penalised through the form W_Q^T W_K of each head, an element of Hom(key, dual(query)), on
        which alone the attention weights depend, in place of W_Q and W_K. Their biases are then left alone.
    bias : as in `LayerSpec`.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(3).regular()
    >>> AttentionSpec(2 * V, head=V).filled()[3] == 2 * V
    True
    """

    query: Representation
    key: Representation | None = None
    value: Representation | None = None
    out: Representation | None = None
    head: Representation | None = None
    form: bool = False
    bias: bool = True

    def __post_init__(self) -> None:
        _check(self, ("query", "key", "value", "out", "head"))
        if self.head is None:
            raise GroupRepError("AttentionSpec: head, the representation of one head's space, is missing")

    def filled(self) -> tuple[Representation, Representation, Representation, Representation, Representation]:
        """Query, key, value, out, head, defaults filled in."""
        assert self.head is not None
        key = self.key or self.query
        return self.query, key, self.value or key, self.out or self.query, self.head


@dataclass(frozen=True)
class RecurrentSpec(Picklable):
    """A recurrent layer of torch: RNN, LSTM, GRU, of any number of layers and directions, and their cells.

    Gates multiply the hidden state entry by entry, so the group has to permute its entries. Signs are allowed where the nonlinearity is
    odd (tanh): the candidates then carry them, the gates, which come out of a sigmoid, are permuted without.

    Parameters
    ----------
    V : representation of the input.
    hidden : representation of the hidden state, hidden_size-dimensional, and of an LSTM's cell.
    out : of an LSTM with proj_size, the representation of the projected state, which may be any; None: hidden.
    bias : as in `LayerSpec`.

    Raises
    ------
    GroupRepError
        If one of them is no representation, or they belong to different groups.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> G = Cyclic(3)
    >>> RecurrentSpec(2 * G.trivial(), 4 * G.regular()).state.dim
    12
    """

    V: Representation
    hidden: Representation
    out: Representation | None = None
    bias: bool = True

    def __post_init__(self) -> None:
        _check(self, ("V", "hidden", "out"))

    @property
    def state(self) -> Representation:
        """The representation of the state that a layer hands on, in one direction."""
        return self.out or self.hidden


@dataclass(frozen=True)
class ParameterSpec(Picklable):
    """One parameter by its path below the layer, for fused, transposed or home-made weights.

    Parameters
    ----------
    path : the parameter's path below the module that the specification names, for example "weight" or "mixer.kernel".
    V, W : its domain and codomain.
    layout : "oi" if it is stored (output, input), "io" for (input, output); further axes after these two belong to the input.
    rows : (start, stop) of the part of its first axis that is meant; None: all.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(3).regular()
    >>> ParameterSpec("kernel", V, 2 * V, layout="io").rows is None
    True
    """

    path: str
    V: Representation
    W: Representation
    layout: str = "oi"
    rows: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _check(self, ("V", "W"))
        if not isinstance(self.path, str) or not self.path:
            raise GroupRepError(f'ParameterSpec: path must be text such as "weight", got {self.path!r:.60}')
        if self.layout not in ("oi", "io"):
            raise GroupRepError(
                f'ParameterSpec: layout = {self.layout!r:.20} is unknown; "oi" is (output, input), "io" (input, output)'
            )


Spec: TypeAlias = LayerSpec | BilinearSpec | AttentionSpec | RecurrentSpec | ParameterSpec
"""What is said of a layer."""

SpecLike: TypeAlias = Spec | Hom | tuple[Representation, Representation] | Sequence[ParameterSpec]
"""What a user may write for it: a pair (V, W) and a Hom are a `LayerSpec`; parameters may be several."""

LayerSpecs: TypeAlias = tuple[str, tuple[Spec, ...]]
"""A layer's name, and what is said of it."""


def as_specs(value: object, name: str) -> tuple[Spec, ...]:
    """What stands beside a name, as specifications: one, several of parameters, or a pair (V, W).

    Raises
    ------
    GroupRepError
        If it is none of these.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(3).regular()
    >>> as_specs((V, V), "fc") == (LayerSpec(V, V),)
    True
    """
    if isinstance(value, LayerSpec | BilinearSpec | AttentionSpec | RecurrentSpec | ParameterSpec):
        return (value,)
    if isinstance(value, Hom):
        return (LayerSpec(value.V, value.W, space=value),)
    if isinstance(value, list | tuple) and value and all(isinstance(v, ParameterSpec) for v in value):
        return tuple(value)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, Representation) for v in value):
        return (LayerSpec(*value),)
    raise GroupRepError(
        f'spec["{name}"]: a pair (V, W) of representations, a Hom, LayerSpec, BilinearSpec, AttentionSpec, RecurrentSpec or '
        f"ParameterSpec is needed, got {value!r:.80}"
    )
