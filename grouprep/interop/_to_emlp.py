"""emlp groups and reps made from ours."""

from __future__ import annotations

import hashlib
from functools import reduce

import numpy as np
from emlp import groups as emlp_groups
from emlp.reps import representation as reps
from emlp.reps.linear_operators import LazyPerm, densify

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups import Group
from grouprep.linalg import as_float
from grouprep.representations import Representation
from grouprep.representations.basic import NaturalRepresentation, TrivialRepresentation
from grouprep.representations.composite import Conjugate, DirectSum, Dual, Tensor
from grouprep.representations.pullback import Pullback
from grouprep.typing import Array, Element

__all__ = ["EmlpGroup", "EmlpRepresentation", "make_group", "make_representation"]


class EmlpGroup(emlp_groups.Group):  # type: ignore[misc]
    """An emlp group with the generators of one of ours."""

    def __init__(self, G: Group) -> None:
        self._grouprep_group = G
        V = G.defining()
        self.d = V.dim
        floats = {a: as_float(V.images[a]) for a in G.generator_names}
        algebra = [m for a, m in floats.items() if a.kind == "algebra"]
        elements = [m for a, m in floats.items() if a.kind == "element"]
        if algebra:
            self.lie_algebra = np.array(algebra)
        if isinstance(V, NaturalRepresentation):
            self.discrete_generators: Array | list[LazyPerm] = [LazyPerm(np.argsort(g)) for g in V.group.generators]
        elif elements:
            self.discrete_generators = np.array(elements)
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(m).astype(complex).tobytes() for m in floats.values()))
        self._printed = f"{G.name}#{digest.hexdigest()[:16]}"
        super().__init__()

    def __repr__(self) -> str:
        return self._printed


def make_group(G: Group) -> emlp_groups.Group:
    """See `grouprep.interop.emlp.group_to_emlp`."""
    if not G.is_product:
        return EmlpGroup(G)
    product = reduce(lambda A, B: A * B, [make_group(H) for H in G.factors])
    product._grouprep_group = G
    return product


class EmlpRepresentation(reps.Rep):  # type: ignore[misc]
    """An emlp rep that evaluates one of our representations on the matrices of its group."""

    def __init__(self, V: Representation) -> None:
        self.source = V
        self.G = make_group(V.group)
        self.is_permutation = False

    def rho(self, M: Element) -> Array:
        """V at the element with the matrix M, (dim, dim)."""
        if isinstance(M, dict):
            M = M[self.G]
        matrix = np.asarray(densify(M))
        V, G = self.source, self.source.group
        generators = [a for a in G.generator_names if a.kind == "element"]
        for a in generators:
            if _close(as_float(G.defining().images[a]), matrix):
                return as_float(V.images[a])
        if G.is_finite:
            return V(_element(G, matrix))
        return V(matrix)

    def drho(self, A: Element) -> Array:
        """The differential of V at the matrix A of the Lie algebra, (dim, dim)."""
        if isinstance(A, dict):
            A = A[self.G]
        matrix = np.asarray(densify(A))
        V, G = self.source, self.source.group
        for a in G.generator_names:
            if a.kind == "algebra" and _close(as_float(G.defining().images[a]), matrix):
                return as_float(V.images[a])
        return V.differential(matrix)

    def size(self) -> int:
        """The dimension."""
        return self.source.dim

    def __call__(self, G: emlp_groups.Group) -> EmlpRepresentation:
        """The rep itself: its group is fixed."""
        return self

    @property
    def T(self) -> reps.Rep:
        """The dual."""
        dual = self.source.dual
        return self if dual == self.source else EmlpRepresentation(dual)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EmlpRepresentation) and self.source == other.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __str__(self) -> str:
        return f"({self.source})"


def _close(a: Array, b: Array) -> bool:
    """Whether b is a in single precision; emlp keeps its matrices so."""
    return a.shape == b.shape and bool(
        np.abs(a - b).max(initial=0) <= np.finfo(np.float32).eps * max(1.0, np.abs(a).max())
    )


def _element(G: Group, matrix: Array) -> Array:
    """The element of a finite group with a float matrix in its defining representation."""
    if isinstance(G.defining(), NaturalRepresentation):
        return np.asarray(np.argmax(matrix, axis=0))
    values = G.defining()(G.elements)
    distance = np.abs(values - matrix).max(axis=(-2, -1))
    best = int(distance.argmin())
    # Products of a few single-precision matrices; distinct elements differ by far more.
    if distance[best] > np.sqrt(np.finfo(np.float32).eps):
        raise GroupRepError(f"the matrix is {distance[best]:.1e} from the nearest element of {G}")
    return np.asarray(G.elements[best])


def make_representation(V: Representation) -> reps.Rep:
    """See `grouprep.interop.emlp.representation_to_emlp`."""
    if isinstance(V, TrivialRepresentation):
        return reps.ScalarRep(make_group(V.group))
    if isinstance(V, DirectSum):
        parts = [make_representation(W) for W in V.parts]
        return reduce(lambda a, b: a + b, [n * part for n, part in zip(V.counts, parts, strict=True)])
    if isinstance(V, Tensor):
        return reduce(lambda a, b: a * b, [make_representation(W) for W in V.parts])
    if isinstance(V, Dual) or (isinstance(V, Conjugate) and V.is_unitary):
        return make_representation(V.parts[0]).T
    if isinstance(V, Pullback) and V.f.factor is not None:
        return make_representation(V.V)
    if V.group.is_product:
        raise UnsupportedGroup(
            f"{V} is a representation of the product {V.group} that is not made from its factors'; emlp wants sums and products "
            "of G.pullback(k, ...)"
        )
    return reps.Base(make_group(V.group)) if V == V.group.defining() else EmlpRepresentation(V)
