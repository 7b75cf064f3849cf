"""Haar measure on matrix Lie groups: which family the identity component belongs to, sampling, membership."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import UnsupportedGroup
from grouprep.groups.cartan import close_algebra
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, families
from grouprep.linalg import Image, as_exact
from grouprep.linalg.fields import conjugate, is_real_field
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.sparse import equal_exact, identity_exact, inverse_exact, matmul_exact, trace_exact
from grouprep.summary import Summary
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = [
    "CompactAlgebra", "HaarSampler", "classical_type", "contains", "determinant_one", "gaussian", "has_determinant_one",
    "identity_component", "sample_lie_group", "unitary_factor",
]  # fmt: skip


class CompactAlgebra(Summary):
    """What tells families of compact groups apart: facts of the Lie algebra that exact anti-Hermitian matrices generate.

    generators : the matrices, exact, (n, n).
    """

    def __init__(self, generators: list[DomainMatrix]) -> None:
        self.generators = tuple(generators)
        self.n = int(generators[0].shape[0])

    @cached_property
    def dimension(self) -> int:
        """The real dimension of the closure under brackets."""
        return len(close_algebra(list(self.generators))[1])

    @cached_property
    def is_real(self) -> bool:
        """Whether all matrices are real."""
        return all(is_real_field(a.domain) for a in self.generators)

    @cached_property
    def is_traceless(self) -> bool:
        """Whether all matrices have trace 0."""
        return not any(map(trace_exact, self.generators))

    def preserves(self, form: Callable[[DomainMatrix], DomainMatrix]) -> bool:
        """Whether a^T J + J a = 0 for all matrices; the form gives J over the field of a."""
        return all((a.transpose() * form(a) + form(a) * a).is_zero_matrix for a in self.generators)


class HaarSampler(Summary, ABC):
    """Haar probability measure on a family's compact connected groups of matrices; abstract.

    algebra : what the Lie algebras are called, such as "so(n)", for messages.

    A subclass gives covers and sample; contains where membership can be decided.
    """

    algebra: str

    @abstractmethod
    def covers(self, algebra: CompactAlgebra) -> bool:
        """Whether the Lie algebra is all of that of the family's group of n x n matrices."""

    @abstractmethod
    def sample(self, size: int, n: int, rng: np.random.Generator) -> Array:
        """n independent Haar-distributed elements of the family's group of size x size matrices, (n, size, size)."""

    def contains(self, matrix: DomainMatrix) -> bool:
        """Whether an exact unitary matrix lies in the family's group of its size.

        Raises
        ------
        UnsupportedGroup
            If the family does not say.
        """
        raise UnsupportedGroup(f"membership in the groups of {self.algebra} cannot be decided")


@lru_cache(maxsize=256)
def _compact_algebra(G: LieGroup) -> CompactAlgebra | None:
    if not G.is_exact:
        return None
    exact = [as_exact(a) for a in G.algebra]
    anti_hermitian = all((a.transpose() + conjugate(a)).is_zero_matrix for a in exact)
    return CompactAlgebra(exact) if anti_hermitian else None


def identity_component(G: LieGroup) -> tuple[GroupFamily, HaarSampler] | None:
    """The family that the identity component of G belongs to, with its Haar measure; decided exactly, by the span of the generators.

    None for float generators, for groups that are not unitary, and where no family says.
    """
    algebra = _compact_algebra(G)
    if algebra is None:
        return None
    return next(((F, F.haar) for F in families() if F.haar is not None and F.haar.covers(algebra)), None)


def classical_type(G: LieGroup) -> str | None:
    """The name of the family that the identity component belongs to: "SO", "SU", "U", "Sp" or a registered one; None for others.

    SU(2) = Sp(1) counts as "SU"; Sp(n) preserves the form J = [[0, 1], [-1, 0]].

    Examples
    --------
    >>> from grouprep import SU
    >>> classical_type(SU(3))
    'SU'
    """
    found = identity_component(G)
    return None if found is None else found[0].name


def sample_lie_group(G: LieGroup, n: int, rng: np.random.Generator) -> Array:
    """n independent Haar-distributed elements of a compact group, (n, dim, dim).

    An element is a uniform element of the finite group of components times a Haar element of the identity component.

    Raises
    ------
    UnsupportedGroup
        If the group is not compact, or no family has the Haar measure of its identity component.
    """
    if not G.is_compact:
        raise UnsupportedGroup(
            f"{G} is not compact and has no Haar probability measure; random() gives elements without one"
        )
    found = identity_component(G)
    if found is None:
        *most, last = [F.haar.algebra for F in families() if F.haar is not None]
        raise UnsupportedGroup(
            f"no Haar sampler is known for {G}, whose algebra is not all of {', '.join(most)} or {last}"
        )
    g = found[1].sample(G.n, n, rng)
    if G.components:
        parts = G.component_group.defining()(G.component_group.sample(n, rng))
        g = parts @ g
    return g


def unitary_factor(z: Array) -> Array:
    """The unitary factors (..., n, n) of QR decompositions with a positive diagonal of R: Haar measure from Gaussian matrices z.

    References
    ----------
    F. Mezzadri, How to generate random matrices from the classical compact groups, Notices AMS 54 (2007), section 5.
    """
    q, r = np.linalg.qr(z)
    diagonal = np.diagonal(r, axis1=-2, axis2=-1)
    unitary: Array = q * (diagonal / np.abs(diagonal))[..., None, :]
    return unitary


def gaussian(size: int, n: int, rng: np.random.Generator) -> Array:
    """n complex matrices (n, size, size) of independent normal entries."""
    real = rng.standard_normal((n, size, size))
    return real + 1j * rng.standard_normal((n, size, size))


def determinant_one(q: Array) -> Array:
    """Divide the first column by the determinant: Haar on U(n) or O(n) goes to Haar on the subgroup of determinant 1."""
    q, determinant = q.copy(), np.linalg.det(q)
    q[..., 0] *= (determinant.conj() / np.abs(determinant))[:, None]
    return q


def has_determinant_one(matrix: DomainMatrix) -> bool:
    """Whether the determinant of an exact matrix is 1."""
    return bool(matrix.to_field().to_dense().det() == matrix.domain.get_field().one)


def contains(G: LieGroup, matrix: Image) -> bool:
    """Whether an exact matrix lies in the group: classical groups, with or without components.

    Raises
    ------
    UnsupportedGroup
        If membership in the group cannot be decided.
    """
    found = identity_component(G)
    if found is None or not is_exact(matrix):
        raise UnsupportedGroup(
            f"membership in {G} cannot be decided for this matrix; only for exact matrices and groups whose identity component is "
            f"one of {', '.join(F.name for F in families() if F.haar is not None)}"
        )
    m = as_exact(matrix)
    if not equal_exact(matmul_exact(conjugate(m).transpose(), m), identity_exact(m.shape[0], m.domain)):
        return False
    parts = (
        [as_exact(G.component_group.defining().exact_image(f)) for f in G.component_group.elements]
        if G.components
        else []
    )
    candidates = [matmul_exact(inverse_exact(h), m) for h in parts] or [m]
    return any(found[1].contains(q) for q in candidates)
