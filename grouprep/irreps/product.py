"""Irreps of direct products: tensor products of the factors' irreps, and their real forms."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, reduce
from itertools import product

import numpy as np

from grouprep.characters import ClassValue
from grouprep.errors import GroupRepError
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image, as_float
from grouprep.linalg.fields import degree
from grouprep.representations.base import Representation
from grouprep.representations.composite import tensor_of
from grouprep.typing import Array, Element, Scalar

__all__ = ["ProductFamily", "ProductIrrep"]

_ORDER = 2_000  # of a product whose irreps are found anew where their field may be smaller


class ProductFamily(Family):
    """The irreps of G_1 x G_2 x ... from the factors' families.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 3.2; Brocker and tom Dieck (1985), II.4.15.
    """

    def __init__(self, group: Group, families: list[Family]) -> None:
        self.group, self.families = group, tuple(families)

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        if up_to is not None and self.group.is_finite:
            raise GroupRepError(f"up_to = {up_to!r}: {self.group} has finitely many irreps; leave up_to out")
        lists = [F.irreps("complex", None if F.group.is_finite else up_to) for F in self.families]
        whole: list[Irrep] = [ProductIrrep(self, parts) for parts in product(*lists)]
        if field == "complex":
            return whole
        return list(dict.fromkeys(I.real_form for I in whole))

    def find(self, label: object, field: Field) -> Irrep | None:
        parts = _split_label(label) if isinstance(label, str) else label
        if not isinstance(parts, tuple | list) or len(parts) != len(self.families):
            return None
        for over in ("real", "complex") if field == "real" else ("complex",):
            found = [F.find(p, over) for F, p in zip(self.families, parts, strict=True)]
            if all(I is not None for I in found):
                chosen = [I for I in found if I is not None]
                if field == "complex":
                    return ProductIrrep(self, chosen)
                if over == "complex" or sum(I.type != "R" for I in chosen) <= 1:
                    return ProductIrrep(self, [I.constituent[0] for I in chosen]).real_form
        return None

    def labels(self, field: Field) -> str:
        inner = " and ".join(f"{F.labels(field)} ({F.group})" for F in self.families)
        return f"tuples with one label of each factor: {inner}"

    def split(self, images: Images) -> Splitting:
        return _split(self, images, 0)


def _split_label(text: str) -> tuple[str, ...] | None:
    """Text such as "(A1, [2,1])" as ("A1", "[2,1]"): commas inside parentheses and brackets do not count."""
    text = text.strip()
    if not (text.startswith("(") and text.endswith(")")):
        return None
    parts, depth, start = [], 0, 1
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if (c == "," and depth == 1) or i == len(text) - 1:
            parts.append(text[start:i].strip())
            start = i + 1
    return tuple(parts)


def _factor_images(images: Images, k: int) -> dict[Generator, Image]:
    return {a.outside(): m for a, m in images.items() if a.path[0] == k}


def _split(family: ProductFamily, images: Images, k: int, chosen: tuple[Irrep, ...] = ()) -> Splitting:
    """Split by the factor k; its seeds, the images of first basis vectors, carry a representation of the factors after it."""
    found = family.families[k].split(_factor_images(images, k))
    if k == len(family.families) - 1:
        return [(ProductIrrep(family, [*chosen, I]), X) for I, X in found]
    out: Splitting = []
    rest = [a for a in images if a.path[0] > k]
    for I, X in found:
        seeds = X[:, :, 0].T
        below = {a: seeds.conj().T @ (as_float(images[a]) @ seeds) for a in rest}
        for J, Y in _split(family, below, k + 1, (*chosen, I)):
            joined = np.einsum("ani,baj->bnij", X, Y)
            out.append((J, joined.reshape(*joined.shape[:2], -1)))
    return out


class ProductIrrep(Irrep):
    """The tensor product of irreps of the factors of a direct product, pulled back.

    Over the real numbers at most one of them has type C or H; other real irreps are a `RealForm`.

    Examples
    --------
    >>> from grouprep import Cyclic, Dihedral
    >>> G = Dihedral(4) * Cyclic(3)
    >>> G.irrep(("E1", "E1")).dim, G.irrep(("E1", 1), field="complex").dim
    (4, 2)
    """

    def __init__(self, family: ProductFamily, parts: list[Irrep] | tuple[Irrep, ...]) -> None:
        self.family, self.parts = family, tuple(parts)
        self.over = self.parts[0].over
        types = [I.type for I in self.parts]
        self.type = "C" if "C" in types else "H" if types.count("H") % 2 else "R"
        self.label = f"({', '.join(I.label for I in self.parts)})"

    @cached_property
    def inner(self) -> Representation:
        """The tensor product of the pullbacks."""
        return tensor_of([self.group.pullback(k, I) for k, I in enumerate(self.parts)])

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return int(np.prod([I.dim for I in self.parts]))

    @property
    def position(self) -> Position:
        """That of a complex constituent, so that all real irreps compare, products of real ones and `RealForm`s."""
        parts = self.parts if self.over == "complex" else [I.constituent[0] for I in self.parts]
        return tuple(I.position for I in parts)

    @cached_property
    def structure(self) -> Array | None:
        if self.over == "real" or self.type == "C":
            return None
        parts = [I.structure for I in self.parts]
        return reduce(np.kron, [C for C in parts if C is not None])

    @property
    def conjugated(self) -> ProductIrrep:
        return ProductIrrep(self.family, [I.conjugated for I in self.parts])

    @property
    def real_form(self) -> Irrep:
        if self.over == "real":
            return self
        if sum(I.type != "R" for I in self.parts) <= 1:
            return ProductIrrep(self.family, [I.real_form for I in self.parts])
        partner = self.conjugated
        return _RealForm(self if self.position <= partner.position else partner)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        below = [I.constituent for I in self.parts]
        return ProductIrrep(self.family, [rho for rho, _ in below]), reduce(np.kron, [K for _, K in below])

    def _real_commutant(self) -> Array:
        stacks = [I.commutant for I in self.parts]
        return reduce(_kron_stacks, stacks)

    # As the tensor product

    def image(self, generator: Generator) -> Image:
        return self.inner.image(generator)

    def evaluate(self, g: Element) -> Array:
        return self.inner.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        return self.inner.exact_image(g)

    def _form(self) -> Image | None:
        return self.inner._form()

    def rational(self) -> tuple[Representation, Array]:
        """That of the tensor product, of the general method where its field is smaller, of the real form for an even number of types H."""
        halves = any(I.type == "H" for I in self.parts)
        if self.group.is_finite and self.over == "complex" and self.type == "R" and halves:
            real = self.real_form
            R, S = real.rational()
            return R, real.constituent[1].conj().T @ S
        R, S = self.inner.rational()
        if _may_shrink(self.parts, self.group):
            general, T = _in_general(self)
            if _degree(general) < _degree(R):
                return general, T
        return (self, S) if R is self.inner else (R, S)

    def rational_squares(self) -> tuple[Fraction, ...] | None:
        return self.inner.rational_squares()

    def character_at(self, point: Element, k: int) -> ClassValue:
        if not self.group.is_finite:
            return self.inner.character_at(point, k)
        total: Scalar = 1
        for number, I in enumerate(self.parts):
            total *= I.character_at(point.part(number), k)
        return total


class _RealForm(RealForm):
    """The real form of a product with several factors of type C or H."""

    rho: ProductIrrep

    def rational(self) -> tuple[Representation, Array]:
        """See `RealForm.rational`; the form of the general method where its field is smaller."""
        R, S = super().rational()
        if _may_shrink(self.rho.parts, self.group):
            general, T = _in_general(self)
            if _degree(general) < _degree(R):
                return general, T
        return R, S


def _in_general(I: Irrep) -> tuple[Representation, Array]:
    """The rational form of the general method, and the change of basis."""
    from grouprep.irreps.finite import general_family
    from grouprep.irreps.finite.family import in_general

    return in_general(I, general_family(I.group))


def _may_shrink(parts: Sequence[Irrep], group: Group) -> bool:
    """Whether a product of irreps may be over a smaller field than its factors' forms together.

    It is not where all factors are over their character's field, nor where one is not and the other characters are rational: a Schur
    index stays the same over the rational numbers, and becomes less only over larger fields.
    """
    from grouprep.irreps.finite import GeneralFamily

    if not isinstance(group, FiniteGroup) or group.order > _ORDER or not GeneralFamily.reaches(group):
        return False
    degrees = [(_degree(I.rational()[0]), _character_degree(I)) for I in parts]
    wide = [k for k, (form, own) in enumerate(degrees) if form > own]
    return any(own > 1 for k, (_, own) in enumerate(degrees) if wide and [k] != wide)


def _character_degree(I: Irrep) -> int:
    """The degree of the smallest listed field with the character's values."""
    if _degree(I.rational()[0]) == 1:
        return 1
    from grouprep.irreps.finite import general_family

    X = general_family(I.group).characters
    k = X.find(I.character.values)
    own = X.real_field(k) if I.over == "real" and I.type == "C" else X.field(k)
    return degree(own)


def _degree(R: Representation) -> int:
    """The degree of the field of a rational form."""
    return degree(R.domain.get_field()) if R.domain is not None else sys.maxsize


def _kron_stacks(A: Array, B: Array) -> Array:
    return np.array([np.kron(a, b) for a in A for b in B])
