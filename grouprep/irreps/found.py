"""Irreps that are found inside a representation, where nothing is known of the group but the matrices of its generators."""

from __future__ import annotations

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.irreps.base import Field, Irrep, Position, Type
from grouprep.linalg import Image, Monomial, as_float
from grouprep.linalg.blocks import Block, isomorphism, matrix_sizes, unknown_blocks
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

__all__ = ["FoundIrrep", "found_irreps"]


class FoundIrrep(Irrep):
    """An irreducible constituent of a unitary representation V: X* V(g) X for an isometry X onto an invariant subspace.

    V : the unitary representation.
    over : "real" or "complex", what it is irreducible over.
    number : its place among the constituents of V, from 0; the label is V1, V2, ...
    block : its matrices, and where it stands in V.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> I = found_irreps(Dihedral(4).natural(), "real")[2]
    >>> I.label, I.dim, I.type
    ('V3', 2, 'R')
    """

    def __init__(self, V: Representation, over: Field, number: int, block: Block) -> None:
        self.V, self.over, self.number = V, over, number
        self.label = f"V{number + 1}"
        self._images = dict(zip(V.group.generator_names, block.images, strict=True))
        self._isometry, self._units = block.isometries[0], block.units
        self._structure = self._conjugation() if over == "complex" else None
        self.type: Type = self._found_type()

    def _conjugation(self) -> Array | None:
        matrices = list(self._images.values())
        sizes = matrix_sizes([self.V.float_image(a) for a in self._images])
        return isomorphism([m.conj() for m in matrices], matrices, sizes)

    def _found_type(self) -> Type:
        if self.over == "real":
            kinds: dict[int, Type] = {1: "R", 2: "C", 4: "H"}
            return kinds[len(self._units)]
        C = self._structure
        if C is None:
            return "C"
        return "R" if np.trace(C @ C.conj()).real > 0 else "H"

    @property
    def group(self) -> Group:
        return self.V.group

    @property
    def dim(self) -> int:
        return int(self._isometry.shape[1])

    @property
    def position(self) -> Position:
        return (self.number,)

    @property
    def structure(self) -> Array | None:
        return self._structure

    @property
    def conjugated(self) -> Irrep:
        if self.over == "real" or self.type != "C":
            return self
        raise UnsupportedGroup(f"the conjugate of {self} need not occur in {self.V}")

    @property
    def real_form(self) -> Irrep:
        if self.over == "real":
            return self
        raise UnsupportedGroup(f'{self} was found over the complex numbers; decompose {self.V} with field="real"')

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        if self.over == "complex":
            return self, np.eye(self.dim)
        raise UnsupportedGroup(f'{self} was found over the real numbers; decompose {self.V} with field="complex"')

    def _real_commutant(self) -> Array:
        return self._units

    def image(self, generator: Generator) -> Image:
        return self._images[generator]

    def evaluate(self, g: Element) -> Array:
        return np.asarray(self._isometry.conj().T @ self.V.evaluate(g) @ self._isometry)

    def exact_image(self, g: Element) -> Image:
        raise GroupRepError(f"{self} was found in floats and has no exact matrices")

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return self.V, self.over, self.number


def found_irreps(V: Representation, field: Field) -> list[FoundIrrep]:
    """The irreps that occur in a representation, found from the matrices of its generators in floats.

    They are pairwise not isomorphic, and stand in order of their dimension, then of the traces of short words in the generators,
    larger ones first. Labels and matrices mean something within V only.

    Parameters
    ----------
    V : of any group, with an invariant positive-definite form.
    field : "real" or "complex"; V is real for "real".

    Raises
    ------
    NotUnitary
        If V has no invariant positive-definite form.
    AmbiguousRank
        If rounding leaves open how V splits.

    References
    ----------
    J. Dixon, Computing irreducible representations of groups, Math. Comp. 24 (1970) 707-712 (eigenspaces of the commuting
    algebra); here the eigenspaces are those of the algebra itself. docs/formulation/decompose.md.
    """
    unitary, _ = V.unitary()
    matrices = [unitary.float_image(a) for a in V.group.generator_names]
    blocks = unknown_blocks([m if isinstance(m, Monomial) else as_float(m) for m in matrices], field == "real")
    return [FoundIrrep(unitary, field, k, b) for k, b in enumerate(blocks)]
