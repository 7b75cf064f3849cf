"""The irreps of a finite group from a list of all its complex ones, for families of groups that know no closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.groups.base import Group
from grouprep.irreps.base import Field, Irrep
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.real_form import RealForm
from grouprep.irreps.user_irreps import UserIrrep, check_distinct
from grouprep.linalg import as_float
from grouprep.linalg.blocks import known_blocks
from grouprep.linalg.floats import first_pivot
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["ListedFamily", "split_among"]


class ListedFamily(Family):
    """All irreps of a finite group, from representatives of the complex ones, in the order given.

    group : the finite group.
    representations : by label, unitary representations, irreducible over the complex numbers, pairwise not isomorphic. A real
        form exists for those of type C and H, and for those of type R that are real, or that a matrix with one entry 1 or -1 in
        each column takes to their conjugates.

    Raises
    ------
    GroupRepError
        If the squares of the dimensions do not add up to the group's order; on first use, if one is reducible or given twice.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> G = Dihedral(3)
    >>> family = ListedFamily(G, {"one": G.trivial(), "sign": G.irrep("A2"), "plane": G.defining()})
    >>> [(I.label, I.type) for I in family.irreps("real", None)]
    [('one', 'R'), ('sign', 'R'), ('plane', 'R')]
    """

    def __init__(self, group: Group, representations: Mapping[str, Representation]) -> None:
        self.group, self.representations = group, dict(representations)
        for label, V in self.representations.items():
            if not isinstance(V, Representation) or V.group != group:
                raise GroupRepError(f"representations[{label!r}] must be a representation of {group}, got {V!r:.60}")
        total = sum(V.dim**2 for V in self.representations.values())
        if total != group.order:
            raise GroupRepError(
                f"the squares of the dimensions of the irreps of {group} add up to its order {group.order}; those of "
                f"{', '.join(self.representations)} give {total}"
            )

    @cached_property
    def _complex(self) -> list[ListedIrrep]:
        found = [ListedIrrep(self, V, label, k) for k, (label, V) in enumerate(self.representations.items())]
        check_distinct(found)
        return found

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        check_up_to(self.group, up_to, "label", infinite=False)
        if field == "complex":
            return list(self._complex)
        return list(dict.fromkeys(I.real_form for I in self._complex))

    def find(self, label: object, field: Field) -> Irrep | None:
        found = next((I for I in self._complex if I.label == str(label).strip()), None)
        return found if found is None or field == "complex" else found.real_form

    def labels(self, field: Field) -> str:
        return ", ".join(I.label for I in self.irreps(field, None))

    def split(self, images: Images) -> Splitting:
        return split_among(self._complex, images)


def split_among(irreps: Sequence[Irrep], images: Images) -> Splitting:
    """By eigenspaces of one element of the group algebra, which tells all irreps apart: n^3 operations, whatever the order.

    Parameters
    ----------
    irreps : complex irreps of a finite group; images : unitary matrices for its generators.
    """
    names = list(images)
    found = known_blocks([images[a] for a in names], [[I.images[a] for a in names] for I in irreps])
    return [(I, X) for I, X in zip(irreps, found, strict=True) if len(X)]


class ListedIrrep(UserIrrep):
    """A complex irrep of a `ListedFamily`."""

    def __init__(self, family: ListedFamily, V: Representation, label: str, number: int) -> None:
        super().__init__(V, "complex", number)
        self.family, self.label = family, label

    @cached_property
    def structure(self) -> Array | None:
        """With its first large entry positive, and exact where its entries are 0, 1 and -1."""
        C = super().structure
        if C is None:
            return None
        large = C.flat[first_pivot(np.abs(C).ravel())]
        C = np.asarray(C * (np.abs(large) / large))
        whole = np.asarray(np.rint(C.real))
        return whole if np.abs(C - whole).max() <= np.sqrt(np.finfo(float).eps) else C

    @property
    def conjugated(self) -> Irrep:
        if self.type != "C":
            return self
        pairs = [(a, np.conj(as_float(m))) for a, m in self.images.items()]
        for I in self.family.irreps("complex", None):
            if (
                I.dim == self.dim
                and intertwiner_space((I.dim, I.dim), [(m, as_float(I.images[a])) for a, m in pairs]).dim
            ):
                return I
        raise GroupRepError(f"the conjugate of {self} is not among the irreps given for {self.group}")

    @property
    def real_form(self) -> Irrep:
        partner = self.conjugated
        return RealForm(self if self.position <= partner.position else partner)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return self, np.eye(self.dim)

    def rational(self) -> tuple[Representation, Array]:
        """That of the representation in the list."""
        R, S = self.V.rational()
        return (self, S) if R is self.V else (R, S)

    def _key(self) -> tuple[object, ...]:
        return self.label, self.over

    def __str__(self) -> str:
        return f"irrep({self.label})"
