"""Induction: from a representation of a subgroup one of the group, in blocks that its elements permute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup, shown
from grouprep.groups.base import Generator, Group
from grouprep.groups.cosets import Cosets
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.memory import require_memory
from grouprep.linalg.monomial import common_modulus
from grouprep.linalg.sparse import from_domain_matrix_rows, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element, Integers, Scalar

if TYPE_CHECKING:
    from sympy import Domain

    from grouprep.characters import ClassPoint, ClassValue

__all__ = ["InducedRepresentation", "block_monomial", "induced"]


def induced(V: Representation, f: Homomorphism | Group) -> Representation:
    """See `Representation.induce`."""
    if isinstance(f, Group):
        f = Homomorphism.inclusion(V.group, f)
    if not isinstance(f, Homomorphism):
        raise GroupRepError(f"f must be a Homomorphism from {V.group}, or a group that contains it, got {shown(f)}")
    if f.source != V.group:
        raise DimensionMismatch(f"f maps from {f.source}, the representation is one of {V.group}")
    for G in (f.source, f.target):
        if not isinstance(G, FiniteGroup):
            raise UnsupportedGroup(f"{G} is infinite: representations are induced between finite groups")
    if not f.is_injective:
        raise GroupRepError(
            f"f: {f} is not injective, its image has order {f.image().order}; induce along the inclusion of a subgroup"
        )
    return InducedRepresentation(f, V)


class InducedRepresentation(Representation):
    """The representation of the target of f that V, one of its source, induces; see `Representation.induce`."""

    def __init__(self, f: Homomorphism, V: Representation) -> None:
        self.f, self.V = f, V
        self.cosets = Cosets(f.target, f.image())  # type: ignore[arg-type]

    @property
    def group(self) -> FiniteGroup:
        return self.cosets.group

    @property
    def dim(self) -> int:
        return self.group.order // self.cosets.subgroup.order * self.V.dim

    @cached_property
    def _sources(self) -> dict[bytes, Perm] | None:
        """The element of the source that f takes to each element of its image; None if f changes nothing."""
        source = self.f.source
        if len(source.identity()) == self.group.degree and all(
            np.array_equal(self.f.generator_image(a), source.generator_element(a)) for a in source.generator_names
        ):
            return None
        return {np.asarray(self.f.exact(h), dtype=np.int64).tobytes(): h for h in source.elements}

    def _moved(self, g: Perm) -> tuple[Integers, Perm]:
        """Where each block goes, and the element of the source that acts in it."""
        places, inside = self.cosets.moved(g)
        if self._sources is None:
            return places, inside
        return places, np.array([self._sources[np.ascontiguousarray(h).tobytes()] for h in inside])

    def image(self, generator: Generator) -> Image:
        return (
            self.exact_image(self.group.generator_element(generator))
            if self.V.domain is not None
            else self.evaluate(self.group.generator_element(generator))
        )

    def exact_image(self, g: Element) -> Image:
        places, inside = self._moved(self.group.check_element(g))
        known: dict[bytes, Image] = {}
        blocks = []
        for h in inside:
            key = h.tobytes()
            if key not in known:
                known[key] = self.V.exact_image(h)
            blocks.append(known[key])
        return block_monomial(places, blocks)

    def evaluate(self, g: Element) -> Array:
        flat = g.reshape(-1, g.shape[-1])
        m, d = self.dim // self.V.dim, self.V.dim
        require_memory(2 * len(flat) * (m * d) ** 2, f"the matrices of {self}")
        moved = [self._moved(row) for row in flat]
        places = np.array([i for i, _ in moved]).reshape(len(flat), m)
        values = self.V.evaluate(np.array([h for _, h in moved]).reshape(len(flat), m, -1))
        out = np.zeros((len(flat), m, d, m, d), dtype=values.dtype)
        out[np.arange(len(flat))[:, None], places, :, np.arange(m), :] = values
        return out.reshape(*g.shape[:-1], m * d, m * d)

    @cached_property
    def domain(self) -> Domain | None:
        """That of V."""
        return self.V.domain

    @cached_property
    def field(self) -> str:
        """Either "real", as for real V, else what the generators' matrices say."""
        return "real" if self.V.field == "real" else super().field

    @cached_property
    def invariant_form(self) -> Image | None:
        """A copy of V's form in each block."""
        form = self.V.gram if self.V.gram is not None else self.V.invariant_form
        return None if form is None else mat.kron(Monomial.identity(self.dim // self.V.dim), form)

    def _form(self) -> Image | None:
        return self.invariant_form

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.V.rational()
        if R is self.V:
            return self, np.eye(self.dim)
        return InducedRepresentation(self.f, R), np.kron(np.eye(self.dim // self.V.dim), S)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return point.leaf(self, k)

    def _key(self) -> tuple[object, ...]:
        return self.f, self.V

    def __str__(self) -> str:
        return f"ind({self.V})"


def block_monomial(places: Integers, blocks: Sequence[Image]) -> Image:
    """The matrix with the square block `blocks[j]` in block row places[j] and block column j, and zeros elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> block_monomial(np.array([1, 0]), [Monomial([0]), Monomial([0], [1], 2)]).to_numpy()
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    d = mat.size(blocks[0])
    monomial = [b for b in blocks if isinstance(b, Monomial)]
    if len(monomial) == len(blocks):
        modulus = common_modulus(*monomial)
        perm = np.concatenate([b.perm + i * d for i, b in zip(places.tolist(), monomial, strict=True)])
        return Monomial(perm, np.concatenate([b.exponents(modulus) for b in monomial]), modulus)
    n = d * len(blocks)
    if not all(map(mat.is_exact, blocks)):
        values = np.array([as_float(b) for b in blocks])
        out = np.zeros((len(blocks), d, len(blocks), d), dtype=values.dtype)
        out[places, :, np.arange(len(blocks)), :] = values
        return out.reshape(n, n)
    exact = [as_exact(b) for b in blocks]
    K = common_domain(*(b.domain for b in exact))
    rows: dict[int, dict[int, Scalar]] = {}
    for j, (i, b) in enumerate(zip(places.tolist(), exact, strict=True)):
        for r, row in from_domain_matrix_rows(convert_matrix(b, K)).items():
            rows[i * d + r] = {j * d + c: x for c, x in row.items()}
    return sparse_matrix(rows, (n, n), K)
