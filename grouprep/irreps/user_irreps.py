"""Irreps that a user gives: checked to be irreducible, with their type and commutant computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import AmbiguousRank, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.linalg import Image, as_float
from grouprep.linalg.floats import CLEAR, float_nullspace
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.matrices import conjugate
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.spaces import Space
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

__all__ = ["UserIrrep", "check_distinct", "listed_irreps", "user_irreps"]

_TYPES = {1: "R", 2: "C", 4: "H"}


class UserIrrep(Irrep):
    """A representation of a user's, irreducible over a field, in its own basis.

    Parameters
    ----------
    V : unitary (orthogonal over the reals).
    over : "real" or "complex".
    number : its place among the irreps that were given.
    label : V's name, if not given.

    Raises
    ------
    GroupRepError
        If V is reducible over that field.
    NotUnitary
        If V is not unitary in its basis.
    """

    def __init__(self, V: Representation, over: Field, number: int = 0, label: str = "") -> None:
        if not V.is_unitary:
            raise NotUnitary(f"irreps[{number}] = {V} is not unitary in its basis; give {V}.unitary()[0]")
        if over == "real" and V.field == "complex":
            raise GroupRepError(
                f'irreps[{number}] = {V} is complex; the ground field is real (field="complex" makes it complex)'
            )
        self.V, self.over, self.number = V, over, number
        self.label = label or str(V)
        space = intertwiner_space((V.dim, V.dim), [(m, m) for m in V.images.values()])
        size = space.dim
        if size not in ((1,) if over == "complex" else (1, 2, 4)) or not _is_division_algebra(space):
            numbers = "complex" if over == "complex" else "real"
            raise GroupRepError(
                f"irreps[{number}] = {V} is reducible over the {numbers} numbers: its commutant has dimension {size}"
                + (", but is not the complex numbers or the quaternions" if over == "real" and size in (2, 4) else "")
            )
        self._units = _commutant(space)
        self.type = self._type(size)  # type: ignore[assignment]

    def _type(self, size: int) -> str:
        if self.over == "real":
            return _TYPES[size]
        C = self.structure
        if C is None:
            return "C"
        return "R" if (C @ C.conj())[0, 0].real > 0 else "H"

    @property
    def structure(self) -> Array | None:
        if self.over == "real":
            return None
        space = intertwiner_space((self.dim, self.dim), [(conjugate(m), m) for m in self.V.images.values()])
        if space.dim == 0:
            return None
        C = _dense(space, self.dim)[0]
        return np.asarray(C * np.sqrt(self.dim) / np.linalg.norm(C))

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return self.V.dim

    @property
    def position(self) -> Position:
        return (self.number,)

    @property
    def conjugated(self) -> Irrep:
        raise UnsupportedGroup(f"the conjugate of {self} among the given irreps is not known")

    @property
    def real_form(self) -> Irrep:
        raise UnsupportedGroup(
            f"the real form of {self} is not known; give real irreps to decompose real representations"
        )

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        raise UnsupportedGroup(f"the complex constituents of {self} are not known")

    def _real_commutant(self) -> Array:
        return self._units

    def image(self, generator: Generator) -> Image:
        return self.V.image(generator)

    def evaluate(self, g: Element) -> Array:
        return self.V.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self.V.exact_image(g)

    def _form(self) -> Image | None:
        return self.V._form()

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.V.character_at(point, k)

    def _key(self) -> tuple[object, ...]:
        return self.V, self.over, self.number

    def __str__(self) -> str:
        return self.label


def _dense(space: Space, n: int) -> Array:
    return space.floats().reshape(-1, n, n)


def _commutant(space: Space) -> Array:
    """Matrices that span the commutant: the identity first, then an orthogonal basis of what is orthogonal to it, of its norm.

    Raises
    ------
    AmbiguousRank
        If rounding leaves another number of them than the dimension.
    """
    n = space.shape[0]
    rows = np.concatenate([np.eye(n)[None], _dense(space, n)]).reshape(-1, n * n)
    basis: list[Array] = []
    for row in rows:
        rest = row.astype(np.result_type(row, float))
        for _ in range(2):  # twice is enough (Giraud, Langou, Rozloznik 2005)
            for b in basis:
                rest = rest - (b.conj() @ rest) * b
        # One row depends on the others. What is left of it is rounding of the two passes; the count shows if that was told apart.
        if np.linalg.norm(rest) > np.sqrt(np.finfo(float).eps) * np.linalg.norm(row):
            basis.append(rest / np.linalg.norm(rest))
    if len(basis) != space.dim:
        raise AmbiguousRank(
            f"{len(basis)} of {space.dim} commuting matrices are told apart in floats; choose a better basis"
        )
    units: Array = np.array(basis).reshape(-1, n, n) * np.sqrt(n)
    return units


def _is_division_algebra(space: Space) -> bool:
    """Whether only multiples of 1 in the commutant are symmetric; any other symmetric one has an eigenspace that V keeps.

    V is unitary, so the commutant holds X* with X, and the X + X* span its symmetric part: that part has dimension 1, decided
    exactly for exact images. Over the complex numbers the dimension of the commutant has told already.
    """
    if space.dim == 1:
        return True
    m, n = space.shape
    if not space.is_exact:
        X = _dense(space, n)
        return float_nullspace((X + X.conj().swapaxes(-1, -2)).reshape(-1, m * n), scale=2.0).rank == 1
    rows = from_domain_matrix_rows(space.rows())
    turned = {k: {(i % n) * n + i // n: x for i, x in row.items()} for k, row in rows.items()}
    symmetric = space.rows() + sparse_matrix(turned, space.rows().shape, space.rows().domain)
    return space.dim - int(nullspace(symmetric.transpose()).shape[0]) == 1


def listed_irreps(irreps: object) -> tuple[Representation, ...] | None:
    """The argument `irreps` as a tuple; None stays None.

    Raises
    ------
    GroupRepError
        If it is no list of representations.
    """
    if irreps is None:
        return None
    listed = tuple(irreps) if isinstance(irreps, Iterable) and not isinstance(irreps, str) else None
    if listed is None or not all(isinstance(V, Representation) for V in listed):
        raise GroupRepError(f"irreps = {irreps!r:.60} must be a list of representations of the group, or None")
    return listed


def user_irreps(G: Group, irreps: Iterable[object], over: Field) -> list[Irrep]:
    """Given representations as irreps of G over a field, pairwise not isomorphic, each with a label of its own.

    The label is the name; of several with one name, such as unnamed ones of one dimension, the later are numbered: V3, V3_2, V3_3.

    Raises
    ------
    GroupRepError
        If one is reducible, of another group, or isomorphic to another one.
    """
    out: list[Irrep] = []
    given, labels = list(irreps), set[str]()
    taken = {_label(V) for V in given}
    for k, V in enumerate(given):
        if not isinstance(V, Representation) or V.group != G:
            raise GroupRepError(f"irreps[{k}] must be a representation of {G}, got {V!r:.60}")
        name = label = _label(V)
        if name in labels:
            label = next(text for n in count(2) if (text := f"{name}_{n}") not in taken)
        labels.add(label)
        taken.add(label)
        known = V if isinstance(V, Irrep) and V.over == over and V.label == label else None
        out.append(known or UserIrrep(V, over, k, label))
    check_distinct(out)
    return out


def _label(V: object) -> str:
    return V.label if isinstance(V, Irrep) else str(V)


def _same_traces(I: Irrep, J: Irrep) -> bool:
    """Whether generators have the same traces to what rounding may leave of them; isomorphic irreps have."""
    pairs = [(as_float(m), as_float(J.images[a])) for a, m in I.images.items()]
    return all(abs(np.trace(x) - np.trace(y)) <= CLEAR * max(1.0, np.abs(x).sum()) for x, y in pairs)


def check_distinct(irreps: Sequence[Irrep]) -> None:
    """Raise GroupRepError if two irreps over one field are isomorphic."""
    for i, I in enumerate(irreps):
        for k, J in enumerate(irreps[:i]):
            same = I.dim == J.dim and I.type == J.type and _same_traces(I, J)
            if same and intertwiner_space((I.dim, J.dim), [(J.images[a], m) for a, m in I.images.items()]).dim:
                raise GroupRepError(f"irreps[{i}] = {I} is isomorphic to irreps[{k}] = {J}; give each once")
