"""What every irreducible representation tells of itself: label, ground field, Frobenius-Schur type, commutant."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["Field", "Irrep", "Position", "quaternion_units", "read_field", "realification_isometry", "realify"]

Field: TypeAlias = Literal["real", "complex"]
"""The ground field of irreps."""

Position: TypeAlias = tuple[Any, ...]
"""Numbers, or tuples of these, that compare."""

Type: TypeAlias = Literal["R", "C", "H"]

INDICATORS = {"R": 1, "C": 0, "H": -1}


def read_field(field: object, name: str = "field") -> Field:
    """A ground field as it is.

    Parameters
    ----------
    field : "real" or "complex".
    name : what the caller's argument is called.

    Raises
    ------
    GroupRepError
        Unless it is "real" or "complex".

    Examples
    --------
    >>> read_field("real")
    'real'
    """
    if field == "real":
        return "real"
    if field == "complex":
        return "complex"
    raise GroupRepError(f'{name} = {field!r:.40} is unknown: {name} must be "real" or "complex"')


class Irrep(Representation):
    """An irreducible representation, unitary, in the basis that its family fixes.

    The complex irreps of a family are given; the real ones follow. Type R: the complex irrep in a basis where it is real.
    Types C and H: its realification A -> [[Re A, -Im A], [Im A, Re A]], of twice the dimension.

    A subclass gives label, over, type, position, structure, and what `Representation` asks for.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 13.2; Brocker and tom Dieck (1985), II.6.
    """

    label: str
    over: Field
    type: Type

    @property
    @abstractmethod
    def position(self) -> Position:
        """Where it stands in the family's canonical order: irreps of one group and ground field sort by it."""

    @property
    @abstractmethod
    def structure(self) -> Array | None:
        """For a complex irrep of type R or H: unitary C (d, d) with C conj(rho(g)) = rho(g) C and C conj(C) = indicator.

        None for irreps over the real numbers, and for type C.
        """

    @property
    @abstractmethod
    def conjugated(self) -> Irrep:
        """The irrep of the family that the complex conjugate is isomorphic to; itself over the real numbers."""

    @property
    @abstractmethod
    def real_form(self) -> Irrep:
        """The real irrep that a complex irrep is a constituent of; itself over the real numbers."""

    @property
    @abstractmethod
    def constituent(self) -> tuple[Irrep, Array]:
        """(rho, K): a complex constituent rho of this irrep V and an isometry K (dim V, dim rho) with V(g) K = K rho(g).

        Itself and the identity over the complex numbers.
        """

    @property
    def indicator(self) -> int:
        """The Frobenius-Schur indicator of the complex constituent: 1, 0, -1 for types R, C, H."""
        return INDICATORS[self.type]

    @cached_property
    def commutant(self) -> Array:
        """The orthogonal matrices J_0 = 1, J_1, ... (k, d, d) that span End_G over the ground field, trace-orthogonal.

        Over C k = 1; over R k = 1, 2, 4 for the types R, C, H, and J_a^2 = -1 for a > 0.
        """
        one = np.eye(self.dim)[None]
        if self.over == "complex" or self.type == "R":
            return one
        return self._real_commutant()

    def _real_commutant(self) -> Array:
        """For real irreps of types C and H; families that have some define it, the others never come here."""
        raise NotImplementedError(f"{type(self).__name__} has an irrep of type {self.type} and says no commutant")

    def _key(self) -> tuple[object, ...]:
        return self.label, self.over

    def __str__(self) -> str:
        return f"irrep({self.label})"


def realify(A: Array) -> Array:
    """[[Re A, -Im A], [Im A, Re A]]: complex matrices (..., m, n) as real ones (..., 2 m, 2 n) on (Re v, Im v).

    Examples
    --------
    >>> realify(np.array([[1j]]))
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    A = np.asarray(A)
    top = np.concatenate([A.real, -A.imag], axis=-1)
    bottom = np.concatenate([A.imag, A.real], axis=-1)
    return np.concatenate([top, bottom], axis=-2)


def quaternion_units(d: int, structure: Array | None) -> Array:
    """The commutant of a realification of complex dimension d: 1 and i; with a structure C also v -> C conj(v) and i C conj(v).

    Returns
    -------
    (2, 2 d, 2 d) without, (4, 2 d, 2 d) with a structure of C conj(C) = -1.
    """
    units = [np.eye(2 * d), realify(1j * np.eye(d))]
    if structure is not None:
        conjugation = np.diag(np.repeat([1.0, -1.0], d))
        units += [realify(structure) @ conjugation, realify(1j * structure) @ conjugation]
    return np.array(units)


def realification_isometry(d: int) -> Array:
    """K (2 d, d) with realify(A) K = K A: v -> (v, -i v) / sqrt(2).

    Examples
    --------
    >>> A, K = np.array([[1j]]), realification_isometry(1)
    >>> np.allclose(realify(A) @ K, K @ A)
    True
    """
    K: Array = np.concatenate([np.eye(d), -1j * np.eye(d)]) / np.sqrt(2)
    return K
