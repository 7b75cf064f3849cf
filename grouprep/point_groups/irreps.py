"""The irreps of point groups and of their double groups: exact matrices, and the labels of Mulliken, Bethe and Koster.

The irreps of an axial group <c, t> x <i> are powers of a root of unity: c turns by the frequency f in units of half a turn of c's
period, f even for the point group's own, odd for those of half-integer spin. Those of the cubic and icosahedral groups come from
the rotation R of an element (its proper part), from its action on symmetric tensors, and from its two quaternions.

References
----------
R. S. Mulliken, J. Chem. Phys. 23 (1955) 1997; S. L. Altmann and P. Herzig, Point-Group Theory Tables (1994), sections 12-16; G. F.
Koster, J. O. Dimmock, R. G. Wheeler, H. Statz, Properties of the Thirty-Two Point Groups (1963); G. Herzberg, Electronic Spectra of
Polyatomic Molecules (1966), appendix I (half-integer labels).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite_images import FiniteExtension, rounded
from grouprep.irreps.base import Field, Irrep, Position, realify
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.real_form import RealForm, over_real_subfield
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.fields import common_domain, conductor, is_real_field
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.point_groups.axial import axial_entries
from grouprep.point_groups.cubic import cubic_entries
from grouprep.point_groups.entries import Entry
from grouprep.point_groups.motions import Axial, Cubic
from grouprep.point_groups.rational import rational_form
from grouprep.representations.base import Representation
from grouprep.representations.images import ImageRepresentation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from grouprep.point_groups.group import PointGroup

__all__ = ["PointFamily", "PointIrrep"]


class PointFamily(Family):
    """The irreps of a point group or of its double group, in the order of the published tables."""

    def __init__(self, group: PointGroup) -> None:
        self.group: Group = group
        self.points = group

    @cached_property
    def entries(self) -> list[Entry]:
        """What is known of the complex irreps."""
        return entries_of(self.points)

    @cached_property
    def characters(self) -> dict[str, Array]:
        """The values of the complex irreps on the classes, by label."""
        G = self.points
        motions = [G.motion_number(int(members[0])) for members in G.conjugacy_classes]
        closed = [(I, I.entry.closed) for I in self._complex]
        return {
            I.label: I.character.values if form is None else np.array([form.value(x) for x in motions], dtype=complex)
            for I, form in closed
        }

    @cached_property
    def by_label(self) -> dict[str, PointIrrep]:
        """The complex irreps by label."""
        return {I.label: I for I in self._complex}

    @cached_property
    def _complex(self) -> list[PointIrrep]:
        return [PointIrrep(self, e, k) for k, e in enumerate(self.entries)]

    @cached_property
    def _real(self) -> list[PointRealForm]:
        return list({I.label: I for I in (J.real_form for J in self._complex)}.values())

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        check_up_to(self.group, up_to, "label", infinite=False)
        return list(self._complex if field == "complex" else self._real)

    def find(self, label: object, field: Field) -> Irrep | None:
        text = str(label).strip().replace('"', "''").replace("_", "")
        first: Mapping[str, Irrep] = self.by_label if field == "complex" else {I.label: I for I in self._real}
        if text in first:
            return first[text]
        for I in self.irreps(field, None):
            if text in (I.label, I.bethe, I.koster):  # type: ignore[attr-defined]
                return I
        for I in self._complex:
            if field == "real" and text == I.label:
                return I.real_form
        return None

    def labels(self, field: Field) -> str:
        found = [I.label for I in self.irreps(field, None)]
        return ", ".join(found if len(found) <= 30 else [*found[:12], "...", found[-1]])

    def split(self, images: Images) -> Splitting:
        """By the intertwiners from each irrep; an orthonormal basis of them is, up to sqrt(d), one of isometries (Schur)."""
        matrices = {a: np.asarray(as_float(m)) for a, m in images.items()}
        n = len(next(iter(matrices.values())))
        out: Splitting = []
        for I in self._complex:
            space = intertwiner_space((n, I.dim), [(as_float(I.images[a]), m) for a, m in matrices.items()])
            if space.dim:
                out.append((I, space.floats().reshape(-1, n, I.dim) * np.sqrt(I.dim)))
        return out


class PointIrrep(Irrep):
    """A complex irrep of a point group.

    label : Mulliken's. bethe : Gamma_i, numbered in the order of the table. koster : Gamma_i in the order of Koster and others.
    """

    over = "complex"

    def __init__(self, family: PointFamily, entry: Entry, number: int) -> None:
        self.family, self.entry, self.number = family, entry, number
        self.label, self.type = entry.label, entry.type

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return self.entry.dim

    @property
    def position(self) -> Position:
        return (self.number,)

    @property
    def bethe(self) -> str:
        """Bethe's label, Gamma_1, Gamma_2, ... in the order of the table, with + and - for even and odd under the inversion."""
        return bethe_label(self.family.points, self.number)

    @property
    def koster(self) -> str:
        """The label of Koster, Dimmock, Wheeler and Statz; the same as `bethe` but in C2v, D2, D2h, C6, C6h and D3h.

        The numbers in these six groups follow the order of that book as it is cited elsewhere; they were not compared with the book itself.
        """
        return self.entry.koster or self.bethe

    @property
    def is_spinor(self) -> bool:
        """Whether the rotation by 2 pi is -1, as for half-integer spin."""
        return self.entry.spinor

    @property
    def structure(self) -> Array | None:
        return self.entry.structure

    @property
    def conjugated(self) -> Irrep:
        if not self.entry.conjugate:
            return self
        return self.family.by_label[self.entry.conjugate]

    @cached_property
    def real_form(self) -> PointRealForm:
        partner = self.conjugated
        assert isinstance(partner, PointIrrep)
        return PointRealForm(self if self.number <= partner.number else partner)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return self, np.eye(self.dim)

    # Values

    @cached_property
    def _extension(self) -> FiniteExtension:
        names = self.group.generator_names
        return self.family.points.extend(dict(zip(names, self.entry.images, strict=True)))

    def image(self, generator: Generator) -> Image:
        if self.entry.closed is None:
            return self.entry.images[self.group.generator_names.index(generator)]
        return self.entry.closed.at(self.family.points.generator_motions[self.group.generator_names.index(generator)])

    def exact_image(self, g: Element) -> Image:
        if self.entry.closed is None:
            return self._extension.exact(g)
        return self.entry.closed.at(self.family.points.motion(g))

    def evaluate(self, g: Element) -> Array:
        values = rounded(self.exact_image, np.asarray(g), self.dim)
        return values.real if self.type == "R" else values

    def rational(self) -> tuple[Representation, Array]:
        """Over the field of the character; of half-integer spins over a field of twice its degree.

        Returns
        -------
        (R, S) with V(g) = S R(g) S^-1, S (dim, dim); V itself where its field is such already.
        """
        motions = self.family.points.motions
        name, parity = _split_parity(self.label)
        if self.entry.closed is not None:
            found = self.entry.closed.rational()
        else:
            assert isinstance(motions, Cubic)
            count = len(motions.generators) - bool(parity)
            found = rational_form(motions, name, self.entry.images[:count])
        if found is None:
            return self, np.eye(self.dim)
        images, S = found
        if isinstance(motions, Axial):
            images = images[: 1 + (motions.axes.flip is not None)]
        if parity:
            images = [*images, Monomial([*range(self.dim)], [int(parity == "u")] * self.dim, 2)]
        return ImageRepresentation(self.group, images, name=f"rational({self})"), S

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        if self.entry.closed is None:
            return point.leaf(self, k)
        value = self.entry.closed.value(self.family.points.motion(point.power(k)))  # type: ignore[attr-defined]
        return int(value.real) if value == int(value.real) else complex(value)

    def _key(self) -> tuple[object, ...]:
        return self.label, self.over


class PointRealForm(RealForm):
    """The real irrep that a complex irrep of a point group is a constituent of; a pair 1E, 2E is one E of dimension 2."""

    def __init__(self, rho: PointIrrep) -> None:
        super().__init__(rho)
        self.label = rho.entry.pair or rho.label
        self.complex_irrep = rho

    @property
    def bethe(self) -> str:
        """Bethe's labels of the constituents, joined by a plus sign."""
        rho = self.complex_irrep
        partner = rho.conjugated
        assert isinstance(partner, PointIrrep)
        return rho.bethe if partner == rho else f"{rho.bethe}+{partner.bethe}"

    @property
    def koster(self) -> str:
        """Koster's labels of the constituents, joined by a plus sign."""
        rho = self.complex_irrep
        partner = rho.conjugated
        assert isinstance(partner, PointIrrep)
        return rho.koster if partner == rho else f"{rho.koster}+{partner.koster}"

    @property
    def is_spinor(self) -> bool:
        """Whether the rotation by 2 pi is -1, as for half-integer spin."""
        return self.complex_irrep.is_spinor

    def rational(self) -> tuple[Representation, Array]:
        R, S = self.rho.rational()
        if self.type != "H" or R is self.rho or R.domain is None:
            return (R, S) if self.type == "R" else super().rational()
        matrices = [as_exact(m) for m in R.images.values()]
        n = conductor(R.domain)
        m = conductor(common_domain(*(A.domain for A in matrices if not is_real_field(A.domain))))
        images = [over_real_subfield(A, n, m) for A in matrices]
        w = np.exp(2j * np.pi / m)
        basis = np.kron([[1.0, w.real], [0.0, w.imag]], np.eye(self.rho.dim))
        return ImageRepresentation(self.group, images, name=f"rational({self})"), realify(S) @ basis

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        return (self.rho, np.eye(self.dim)) if self.type == "R" else super().constituent

    def image(self, generator: Generator) -> Image:
        return self.rho.image(generator) if self.type == "R" else super().image(generator)

    def exact_image(self, g: Element) -> Image:
        return self.rho.exact_image(g) if self.type == "R" else super().exact_image(g)

    def evaluate(self, g: Element) -> Array:
        return self.rho.evaluate(g) if self.type == "R" else super().evaluate(g)


def bethe_label(G: PointGroup, number: int) -> str:
    """Gamma_i of the irrep with a number in the table; even and odd ones of a group with inversion share i."""
    entries = G.family.entries
    parts = [_split_parity(e.label) for e in entries]
    if any(parity for _, parity in parts):
        place = sum(parity == parts[number][1] for _, parity in parts[: number + 1])
        return f"Gamma{place}{'+' if parts[number][1] == 'g' else '-'}"
    return f"Gamma{number + 1}"


def _split_parity(label: str) -> tuple[str, str]:
    return (label[:-1], label[-1]) if label[-1] in "gu" else (label, "")


def entries_of(G: PointGroup) -> list[Entry]:
    """The complex irreps of a group in canonical order."""
    motions = G.motions
    base = axial_entries(motions) if isinstance(motions, Axial) else cubic_entries(motions)  # type: ignore[arg-type]
    inversion = "i" in motions.generators
    if inversion:
        single, spinor = [e for e in base if not e.spinor], [e for e in base if e.spinor]
        base = [_with_parity(e, p) for part in (single, spinor) for p in ("g", "u") for e in part]
    koster = _KOSTER.get(G.symbol.schoenflies, {}) if not G.symbol.double else {}
    return [_with_koster(e, koster) for e in base]


def _with_koster(e: Entry, numbers: Mapping[str, int]) -> Entry:
    name, parity = _split_parity(e.label)
    number = numbers.get(name if name in numbers else e.label)
    return e if number is None else replace(e, koster=f"Gamma{number}" + {"g": "+", "u": "-", "": ""}[parity])


def _with_parity(e: Entry, parity: str) -> Entry:
    """The irrep times the sign of the inversion, the last generator."""
    odd = parity == "u"
    return replace(
        e,
        label=e.label + parity,
        pair=e.pair + parity if e.pair else "",
        conjugate=e.conjugate + parity if e.conjugate else "",
        closed=None if e.closed is None else replace(e.closed, odd=odd),
        images=(*e.images, Monomial([*range(e.dim)], [int(odd)] * e.dim, 2)) if e.images else (),
    )


# --- Koster's numbers


def _numbered(labels: str) -> dict[str, int]:
    return {label: k for k, label in enumerate(labels.split(), 1)}


_HEXAGONAL = _numbered("A 1E2 2E2 B 1E1 2E1")
_ORTHORHOMBIC = _numbered("A B2 B1 B3")
_KOSTER: dict[str, dict[str, int]] = {
    "C2v": _numbered("A1 B1 A2 B2"),
    "D2": _ORTHORHOMBIC,
    "D2h": _ORTHORHOMBIC,
    "C6": _HEXAGONAL,
    "C6h": _HEXAGONAL,
    "D3h": _numbered("A1' A2' A1'' A2'' E'' E'"),
}
"""Where the numbers are not those of the order of the table; of a pair the first has the smaller one."""
