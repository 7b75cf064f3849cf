"""Groups, representations and field types of escnn in the plane as ours; escnn itself is not needed, its objects are asked.

An element g of C_N, D_N, SO(2) or O(2) in escnn is here the one whose matrix of the plane is escnn's irrep of frequency 1 at g:
rotations turn from the first axis to the second, and the reflection (1, 0) is diag(1, -1). How a space of escnn moves points is another
matter: its reflection has an axis of its own (`basespace_action`), which `grid_from_escnn` takes into account.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup, shown
from grouprep.families.cyclic import Cyclic
from grouprep.families.dihedral import Dihedral
from grouprep.families.orthogonal import O
from grouprep.families.special_orthogonal import SO
from grouprep.groups import Group
from grouprep.groups.base import Generator
from grouprep.interop._recognise import recognise
from grouprep.linalg import Image, Monomial
from grouprep.linalg.matrices import equal
from grouprep.representations import Representation
from grouprep.representations.composite import direct_sum_of
from grouprep.representations.images import ImageRepresentation
from grouprep.typing import Array

__all__ = ["grid_from_escnn", "group_from_escnn", "representation_from_escnn"]

Escnn: TypeAlias = Any  # an object of escnn

_EPS = float(np.finfo(float).eps)


def group_from_escnn(group: Escnn) -> Group:
    """The group of an escnn group, or of a space on which it acts: Cyclic(N), Dihedral(N), SO(2) or O(2).

    Parameters
    ----------
    group : an `escnn.group.Group` such as `cyclic_group(4)`, or a space such as `gspaces.flipRot2dOnR2(4)`.

    Raises
    ------
    UnsupportedGroup
        If it is another group of escnn.
    GroupRepError
        If it is no such object.

    References
    ----------
    M. Weiler, G. Cesa, General E(2)-equivariant steerable CNNs, NeurIPS 2019, arXiv 1911.08251.
    """
    found: Any = getattr(group, "fibergroup", group)
    kind = type(found).__name__
    if not callable(getattr(found, "order", None)):
        raise GroupRepError(
            f"group must be a group or a space of escnn, such as gspaces.rot2dOnR2(4), got {shown(group)}"
        )
    if kind in ("CyclicGroup", "DihedralGroup"):
        order = int(found.order())
        return Cyclic(order) if kind == "CyclicGroup" else Dihedral(order // 2)
    if kind in ("SO2", "O2"):
        return SO(2) if kind == "SO2" else O(2)
    raise UnsupportedGroup(f"{found} ({kind}) is none of escnn's groups of the plane, C_N, D_N, SO(2) and O(2)")


def representation_from_escnn(representation: Escnn) -> Representation:
    """The representation of an escnn representation or field type, in its own basis: V(g) is escnn's matrix at g.

    Parameters
    ----------
    representation : an `escnn.group.Representation` (trivial, irreps, regular, quotients, their sums and products, in any basis), or an
        `escnn.nn.FieldType`, whose fields are added in its order.

    Returns
    -------
    Exact. Trivial and regular representations and irreps are ours where the matrices are equal.

    Raises
    ------
    UnsupportedGroup
        If its group is none of the plane.
    GroupRepError
        If it is no such object, or a matrix has entries that are not recognised as exact numbers.
    """
    fields = getattr(representation, "representations", None)
    if isinstance(fields, Sequence):
        known: dict[int, Representation] = {}
        for field in fields:
            if id(field) not in known:
                known[id(field)] = representation_from_escnn(field)
        return direct_sum_of([(1, known[id(field)]) for field in fields])
    if not hasattr(representation, "change_of_basis") or not callable(representation):
        raise GroupRepError(
            f"representation must be one of escnn's, or a FieldType, got {shown(representation)}; spaces are read by group_from_escnn"
        )
    G = group_from_escnn(representation.group)
    return _finite(G, representation) if G.is_finite else _continuous(G, representation)


def _element(group: Escnn, generator: Generator) -> Escnn:
    """escnn's element for a generator of ours."""
    kind, order = type(group).__name__, int(group.order())
    if kind == "CyclicGroup":
        return group.element(1 % order)
    if kind == "DihedralGroup":
        return group.element((0, 1 % (order // 2)) if generator.label == "r" else (1, 0))
    return group.element((1, math.pi))  # the reflection of the first axis, diag(-1, 1)


def _finite(G: Group, representation: Escnn) -> Representation:
    images = {
        a: _exact(representation(_element(representation.group, a)), f"{representation} at {a}")
        for a in G.generator_names
    }
    for V in (G.trivial(), *G.irreps("real"), G.regular()):
        if V.dim == int(representation.size) and all(equal(V.image(a), m) for a, m in images.items()):
            return V
    return ImageRepresentation(G, images)


def _exact(matrix: Array, name: str) -> Image:
    """escnn computes B diag(irreps) B^-1, whose entries err by some n eps: integers are taken first."""
    array = np.asarray(matrix, dtype=float)
    near = np.rint(array)
    return recognise(np.where(np.abs(array - near) <= 8 * len(array) * _EPS, near, array), name)


def _continuous(G: Group, representation: Escnn) -> Representation:
    """The sum of its irreps, in escnn's basis."""
    parts = []
    for key in representation.irreps:
        sign, k = key if len(key) == 2 else (0, *key)
        if len(key) == 1:
            parts.append(G.irrep(str(abs(k)), field="real"))
        else:
            parts.append(G.irrep(f"E{k}" if k else "A2" if sign else "A1"))
    V = direct_sum_of([(1, part) for part in parts])
    S = _exact(representation.change_of_basis, f"the change of basis of {representation}")
    return V if equal(S, Monomial.identity(V.dim)) else V.change_basis(S)


def grid_from_escnn(space: Escnn, size: Sequence[int]) -> Representation:
    """The permutations of the pixels of a kernel by a space of escnn, row by row from the top, as its convolutions store them.

    Filters of an `R2Conv` from V to W, reshaped to (dim W, dim V * pixels), lie in Hom(V * grid, W).

    Parameters
    ----------
    space : such as `gspaces.flipRot2dOnR2(4)`; quarter turns at most, which take pixels to pixels.
    size : (height, width).

    Raises
    ------
    UnsupportedGroup
        If the space moves pixels between pixels.
    DimensionMismatch
        If size is not two numbers, or the group turns a rectangle on its side.
    """
    G = group_from_escnn(space)
    if len(size) != 2 or min(size) < 1:
        raise DimensionMismatch(f"size must be (height, width), got {shown(size)}")
    height, width = (int(n) for n in size)
    rows, columns = np.indices((height, width)).reshape(2, -1)
    points = np.stack([2 * columns - (width - 1), (height - 1) - 2 * rows])  # twice x and y, y upwards
    if not G.is_finite:
        raise UnsupportedGroup(f"{G} moves pixels between pixels; quarter turns and their reflections do not")
    images = {}
    for a in G.generator_names:
        matrix = np.asarray(space.basespace_action(_element(space.fibergroup, a)), dtype=float)
        near = np.rint(matrix)
        if np.abs(matrix - near).max() > 16 * _EPS:
            raise UnsupportedGroup(
                f"{a} of {space} moves pixels between pixels; quarter turns and their reflections do not"
            )
        x, y = near.astype(int) @ points
        i, j = (height - 1 - y) // 2, (x + width - 1) // 2
        if ((i < 0) | (i >= height) | (j < 0) | (j >= width) | ((x + width) % 2 == 0)).any():
            raise DimensionMismatch(f"{a} of {space} takes {height} x {width} pixels to {width} x {height}")
        images[a] = Monomial(i * width + j)
    return ImageRepresentation(G, images)
