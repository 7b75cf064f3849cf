"""A point group inside another one: in which axes, and how irreps split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.irreps.base import Field
from grouprep.markup import Html, text, word_table
from grouprep.point_groups.motions import float_matrices
from grouprep.point_groups.reduction import Reduction, reduce_values
from grouprep.typing import Array, Integers

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["Correlation", "correlate", "frame_of"]

_READ = 1e-6
"""How exactly axes have to be given; two elements of a group differ by more than 1e-3, as axes have orders up to 500."""


class Correlation(Mapping[str, Reduction]):
    """How the irreps of a group split over a subgroup: a mapping from labels to sums of irreps; prints as a table.

    group, subgroup : the two point groups.
    axes : (3, 3); its columns are the x, y and z axes of the subgroup in the axes of the group.

    Examples
    --------
    >>> from grouprep import PointGroup
    >>> print(PointGroup("Td").correlation("C3v"))
    Td | C3v
    A1 | A1
    A2 | A2
    E  | E
    T1 | A2 + E
    T2 | A1 + E
    """

    def __init__(self, group: PointGroup, subgroup: PointGroup, axes: Array, rows: Mapping[str, Reduction]) -> None:
        self.group, self.subgroup, self.axes, self._rows = group, subgroup, axes, dict(rows)

    def __getitem__(self, label: str) -> Reduction:
        if label not in self._rows:
            self.group.irrep(label, field="complex" if self.group.symbol.double else "real")
        return self._rows[label]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __str__(self) -> str:
        rows = [(self.group.schoenflies, self.subgroup.schoenflies), *((k, str(v)) for k, v in self._rows.items())]
        width = max(len(a) for a, _ in rows)
        return "\n".join(f"{a.ljust(width)} | {b}" for a, b in rows)

    def __repr__(self) -> str:
        return f"<correlation of {self.group.schoenflies} with {self.subgroup.schoenflies}>"

    def _repr_html_(self) -> str:
        rows = [(label, Html(text(sum_))) for label, sum_ in self._rows.items()]
        return word_table([self.group.schoenflies, self.subgroup.schoenflies], rows)


def correlate(G: PointGroup, H: PointGroup, z: object, x: object) -> Correlation:
    """See `PointGroup.correlation`."""
    if G.symbol.double != H.symbol.double:
        raise GroupRepError(f"{H} cannot be a subgroup of {G}: one is a double group, the other is not")
    if G.order % H.order:
        raise GroupRepError(
            f"{H} of order {H.order} is no subgroup of {G} of order {G.order}: {H.order} does not divide it"
        )
    given = z is not None or x is not None
    frames = [frame_of(z, x)] if z is not None and x is not None else _frames(G, z, x)
    for Q in frames:
        numbers = _embed(G, H, Q)
        if numbers is not None:
            break
    else:
        where = (
            " in these axes; leave z and x out to look for others"
            if given
            else " in any axes along those of its elements"
        )
        raise GroupRepError(f"{H} is no subgroup of {G}{where}")
    of = np.zeros(G.order, dtype=np.int64)
    for k, members in enumerate(G.conjugacy_classes):
        of[members] = k
    places = of[numbers]
    field: Field = "complex" if G.symbol.double else "real"
    rows = {
        I.label: reduce_values(H, Reduction(G, {I.label: 1}, field).character[places], field) for I in G.irreps(field)
    }
    return Correlation(G, H, float_matrices(Q, np.array(0)), rows)


def _embed(G: PointGroup, H: PointGroup, Q: Array) -> Integers | None:
    """The number in G of a representative of each class of H turned by Q, or None if one of H's elements is not in G."""
    back = Q * np.array([1.0, -1, -1, -1])
    moved = multiply(multiply(Q, H.quaternions), back)
    numbers = find_elements(G, moved, H.parities)
    if numbers is None:
        return None
    return np.array([numbers[members[0]] for members in H.conjugacy_classes])


def find_elements(G: PointGroup, quaternions: Array, parities: Integers) -> Integers | None:
    """The numbers of elements given by quaternions (n, 4), up to their sign for groups that are not double; None if one is none."""
    dots = quaternions @ G.quaternions.T
    if not G.symbol.double:
        dots = np.abs(dots)
    dots = np.where(parities[:, None] == G.parities[None, :], dots, -2.0)
    numbers: Integers = np.argmax(dots, axis=1)
    best = dots[np.arange(len(dots)), numbers]
    return numbers if bool((best >= 1 - _READ).all()) else None


def multiply(q: Array, r: Array) -> Array:
    """The products of quaternions (..., 4).

    Examples
    --------
    >>> multiply(np.array([0.0, 1, 0, 0]), np.array([0.0, 0, 1, 0])).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    a, b, c, d = np.moveaxis(q, -1, 0)
    e, f, g, h = np.moveaxis(r, -1, 0)
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )


def frame_of(z: object, x: object) -> Array:
    """The quaternion that turns the standard axes so that z and x point in given directions.

    Parameters
    ----------
    z, x : vectors (3,), of any length; one of them may be None. They have to be orthogonal to 1e-6.

    Raises
    ------
    GroupRepError
        If they are no vectors, 0, or not orthogonal.
    """
    directions: list[Array | None] = []
    for name, v in (("z", z), ("x", x)):
        if v is None:
            directions.append(None)
            continue
        try:
            array = np.asarray(v, dtype=float)
        except (TypeError, ValueError):
            array = np.zeros(0)
        if array.shape != (3,) or not np.isfinite(array).all() or not array.any():
            raise GroupRepError(f"{name} must be a direction, three numbers that are not all 0, got {shown(v)}")
        array = array / np.abs(array).max()
        directions.append(array / np.linalg.norm(array))
    w, u = directions
    if w is None:
        w = _across(u, np.array([0.0, 0.0, 1.0]))
    if u is None:
        u = _across(w, np.array([1.0, 0.0, 0.0]))
    if abs(u @ w) > _READ:
        raise GroupRepError(f"z = {shown(z)} and x = {shown(x)} must be orthogonal")
    u = u - (u @ w) * w
    u /= np.linalg.norm(u)
    return to_quaternion(np.stack([u, np.cross(w, u), w], axis=1))


def _across(w: Array | None, wish: Array) -> Array:
    """A unit vector orthogonal to w, as near as can be to a wish."""
    if w is None:
        return wish
    if abs(wish @ w) > 0.9:
        wish = np.roll(wish, 1)
    u: Array = wish - (wish @ w) * w
    u = u / np.linalg.norm(u)
    return u


def to_quaternion(R: Array) -> Array:
    """A unit quaternion of a rotation matrix, its first large entry positive.

    Examples
    --------
    >>> to_quaternion(np.diag([1.0, -1.0, -1.0])).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    K = np.array(
        [
            [R[0, 0] + R[1, 1] + R[2, 2], R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]],
            [R[2, 1] - R[1, 2], R[0, 0] - R[1, 1] - R[2, 2], R[0, 1] + R[1, 0], R[0, 2] + R[2, 0]],
            [R[0, 2] - R[2, 0], R[0, 1] + R[1, 0], R[1, 1] - R[0, 0] - R[2, 2], R[1, 2] + R[2, 1]],
            [R[1, 0] - R[0, 1], R[0, 2] + R[2, 0], R[1, 2] + R[2, 1], R[2, 2] - R[0, 0] - R[1, 1]],
        ]
    )  # 4 q q^T - 1
    column = K + np.eye(4)
    k = int(np.argmax(np.diagonal(column)))
    q: Array = column[k] / np.linalg.norm(column[k]) + 0.0
    return q


def axes_directions(G: PointGroup) -> Array:
    """The axes of the proper parts of the elements, (n, 3), each once with a sign, those of the first elements first."""
    found: list[Array] = []
    for q in G.quaternions:
        v, length = q[1:], np.linalg.norm(q[1:])
        if length > 1e-3:
            v = v / length
            if all(abs(v @ w) < 1 - _READ for w in found):
                v = v * np.sign(v[np.flatnonzero(np.abs(v) > 1e-3)[-1]])
                found.append(v)
    return np.array(found).reshape(-1, 3)


def _frames(G: PointGroup, z: object, x: object) -> Iterator[Array]:
    """The standard axes, then all that put z on an axis of the group and x or y on another one; or with a given z, or x, alone."""
    axes = axes_directions(G)
    lines = np.concatenate([axes, np.eye(3)])
    if z is not None or x is not None:
        first = frame_of(z, x)
        yield first
        given = float_matrices(first, np.array(0))[:, 2 if z is not None else 0]
        for u in lines:
            if abs(u @ given) < _READ:
                for v in (u, np.cross(given, u)):
                    yield frame_of(given, v) if z is not None else frame_of(v, given)
        return
    yield np.array([1.0, 0, 0, 0])
    for w in axes:
        for u in lines:
            if abs(u @ w) < _READ:
                yield frame_of(w, u)
                yield frame_of(w, np.cross(w, u))
        yield frame_of(w, None)


def as_directions(vectors: Sequence[Array]) -> Array:
    """Unit vectors of vectors that are not 0."""
    array: Array = np.asarray(vectors, dtype=float)
    array = array / np.linalg.norm(array, axis=-1, keepdims=True)
    return array
