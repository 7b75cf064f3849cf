"""What a layer that treats channels one by one asks of their representation: that the group permutes them, and what it may not mix."""

from __future__ import annotations

from functools import reduce
from operator import add

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.groups.base import Generator
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.representations.images import ImageRepresentation
from grouprep.typing import Integers
from projectors.models.fitting import is_permutation, is_signed_permutation
from projectors.models.specs import LayerSpec
from projectors.structure import summands

__all__ = ["check_gates", "check_normalisation", "grouped", "unsigned"]


def unsigned(V: Representation) -> Representation:
    """The permutation representation that a signed one leaves when signs are forgotten, summand by summand.

    Parameters
    ----------
    V : a representation by permutations with signs.

    Examples
    --------
    >>> from grouprep import Cyclic
    >>> V = Cyclic(4).defining()
    >>> unsigned(3 * V).dim, bool((unsigned(V)(Cyclic(4).generators[0]) >= 0).all())
    (6, True)
    """
    if is_permutation(V):
        return V
    return reduce(add, (s.count * _unsigned(s.representation) for s in summands(V)))


def _unsigned(V: Representation) -> Representation:
    if is_permutation(V):
        return V
    images: dict[Generator, object] = {a: Monomial(m.perm) for a, m in V.images.items() if isinstance(m, Monomial)}
    return ImageRepresentation(V.group, images, name=f"|{V}|")


def check_gates(name: str, kind: str, hidden: Representation, is_odd: bool) -> None:
    """Check that the group permutes the entries of a recurrent layer's hidden state.

    Parameters
    ----------
    name : of the layer; kind : its class, for the message.
    hidden : the representation; is_odd : whether its nonlinearity is odd, so that signs will do.

    Raises
    ------
    GroupRepError
        If it does not.
    """
    if is_permutation(hidden) or (is_odd and is_signed_permutation(hidden)):
        return
    signs = ", or with signs," if is_odd else ""
    raise GroupRepError(
        f'"{name}": {kind} acts on its hidden state entry by entry, which commutes with permutations{signs} only; hidden = {hidden} is '
        "none: use regular or permutation features (the projected state of an LSTM with proj_size may be any representation)"
    )


def check_normalisation(name: str, kind: str, spec: LayerSpec) -> None:
    """Check what is said of a layer that normalises channels one by one: V = W, a permutation of channels.

    Parameters
    ----------
    name : of the layer; kind : its class, for the message; spec : what is said of it.

    Raises
    ------
    GroupRepError
        If V is not W, or no permutation of channels.
    """
    if spec.V != spec.W:
        raise GroupRepError(f'"{name}": {kind} has one representation, V = W; got {spec.V} and {spec.W}')
    if not is_permutation(spec.V):
        raise GroupRepError(
            f'"{name}": {kind} normalises channels one by one, which commutes with permutations of channels only; '
            f"{spec.V} is none: leave it out of the specification, where it stays as it is, or use permutation features"
        )


def grouped(
    name: str, V: Representation, W: Representation, grid: Representation, groups: int, transposed: bool = False
) -> tuple[Representation, Representation]:
    """(domain, codomain) of the weight of a convolution whose groups of channels the group permutes, read in the order of its memory.

    One input channel a group (depthwise): operators from the pixels to the output channels, grid -> W, where a channel that the group
    takes with a sign gives it to its outputs. More: the weight is one invariant vector. In both a matrix is equivariant if and only if the
    convolution is, and P is the orthogonal projection in the Frobenius norm.

    Parameters
    ----------
    name : of the layer.
    V, W : representations of its input and output channels; grid : on its pixels.
    groups : of channels; transposed : whether the weight is stored (input, output / groups, pixels).

    Raises
    ------
    DimensionMismatch
        If an element does not map groups of channels to groups, input and output alike.
    """
    v, w = V.dim // groups, W.dim // groups
    images: dict[Generator, object] = {}
    for a, into in V.images.items():
        out, pixel = W.images[a], grid.images[a]
        if a.kind != "element" or not all(isinstance(m, Monomial) for m in (into, out, pixel)):
            raise DimensionMismatch(_mixed(name, V, W, groups, v, "it does not permute channels"))
        assert isinstance(into, Monomial)
        assert isinstance(out, Monomial)
        assert isinstance(pixel, Monomial)
        there, back = (m.perm.reshape(groups, -1) // size for m, size in ((into, v), (out, w)))
        if (there != there[:, :1]).any() or (back != there[:, :1]).any():
            raise DimensionMismatch(_mixed(name, V, W, groups, v, f"{a} maps no groups to groups"))
        images[a] = _on_entries(into, out, None if v == 1 else pixel, (groups, v, w), transposed)
    if v == 1:
        return grid, W if is_permutation(V) else ImageRepresentation(V.group, images, name=f"{W} with the signs of {V}")
    return V.group.trivial(), ImageRepresentation(V.group, images, name=f"weights of {groups} groups {V} -> {W}")


def _mixed(name: str, V: Representation, W: Representation, groups: int, v: int, why: str) -> str:
    times = W.dim // V.dim
    hint = (
        f"; torch orders output channels by their groups: with {times} for each of the input's that is V * ({times} * trivial), "
        f"not {times} * V"
        if v == 1 and W.dim == times * V.dim and times > 1
        else ""
    )
    return f'"{name}": {groups} groups of {v} channels of V = {V} and W = {W} are not permuted either: {why}{hint}'


def _on_entries(
    into: Monomial, out: Monomial, pixel: Monomial | None, sizes: tuple[int, int, int], transposed: bool
) -> Monomial:
    """How an element maps the entries w[r, c, p] of a grouped weight, r of the outputs, c of the inputs in the group of r."""
    groups, v, w = sizes
    modulus = int(np.lcm.reduce([into.modulus, out.modulus, 1 if pixel is None else pixel.modulus]))
    cells = np.arange(1) if pixel is None else pixel.perm
    axes = np.arange(groups)[:, None, None], np.arange(w)[None, :, None], np.arange(v)[None, None, :]
    row, column = axes[0] * w + axes[1], axes[0] * v + axes[2]  # (groups, w or 1, v or 1)
    place = _entry(out.perm[row], into.perm[column], v, w, transposed)
    source = _entry(row, column, v, w, transposed)
    phase = out.phase[row] * (modulus // out.modulus) - into.phase[column] * (modulus // into.modulus)
    target = place[..., None] * len(cells) + cells
    start = source[..., None] * len(cells) + np.arange(len(cells))
    turn = phase[..., None] - (0 if pixel is None else pixel.phase * (modulus // pixel.modulus))
    perm, phases = np.empty(target.size, dtype=np.int64), np.empty(target.size, dtype=np.int64)
    perm[start.ravel()] = target.ravel()
    phases[start.ravel()] = np.broadcast_to(turn, target.shape).ravel()
    return Monomial(perm, phases, modulus)


def _entry(row: Integers, column: Integers, v: int, w: int, transposed: bool) -> Integers:
    """Where w[row, column] stands among the channels' entries of the weight."""
    return np.asarray(column * w + row % w if transposed else row * v + column % v)
