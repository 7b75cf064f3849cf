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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import gcd
from typing import TYPE_CHECKING, Literal

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite_images import FiniteExtension, rounded
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.plane import rotation
from grouprep.irreps.plane_elements import nearest_cosine
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg import matrices as mat
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.point_groups.motions import Axial, Cubic, Motion
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Matrix

    from grouprep.point_groups.group import PointGroup

__all__ = ["PointFamily", "PointIrrep"]


@dataclass(frozen=True)
class Entry:
    """What is known of one complex irrep.

    label : Mulliken's, after Herzberg for half-integer spin; pair : that of the real irrep where it is one of a conjugate pair.
    dim, type : as of every irrep.
    conjugate : the label of the complex conjugate.
    spinor : whether the rotation by 2 pi is -1.
    structure : as of every irrep; None for type C.
    at : the exact matrix of an element, where it has a closed form; images : those of the generators otherwise.
    """

    label: str
    dim: int
    type: Literal["R", "C", "H"]
    spinor: bool
    structure: Array | None
    pair: str = ""
    conjugate: str = ""
    closed: ClosedForm | None = None
    images: tuple[Image, ...] = ()
    koster: str = ""


@dataclass(frozen=True)
class ClosedForm:
    """An irrep of an axial group at c^k t^s i^e.

    f : c turns by f / (2 m) of a full turn. m : the order of c in the point group.
    quarter : what t is, as a power of i; None for irreps of dimension 2.
    odd : whether i is -1.
    """

    f: int
    m: int
    quarter: int | None = 0
    odd: bool = False

    def at(self, x: Motion) -> Image:
        """The exact matrix of an element."""
        k, s, e = (int(n) for n in x)  # type: ignore[call-overload]
        f, m = self.f, self.m
        minus = self.odd and e
        if self.quarter is not None:
            return _phase(2 * f * k + m * self.quarter * s + 2 * m * minus, 4 * m)
        if f % 2:
            turn = Monomial([0, 1], [(f * k + m * minus) % (2 * m), (m * minus - f * k) % (2 * m)], 2 * m)
            return turn @ Monomial([1, 0], [0, 1], 2) if s else turn
        image = _rotation(f // 2 * k, m, bool(s))
        return mat.matmul(Monomial([0, 1], [1, 1], 2), image) if minus else image

    def value(self, x: Motion) -> complex:
        """The character of an element, rounded once."""
        k, s, e = (int(n) for n in x)  # type: ignore[call-overload]
        sign = -1 if self.odd and e else 1
        if self.quarter is None:
            return 0 if s else sign * 2 * nearest_cosine(self.f * k, 2 * self.m)
        return sign * _root(2 * self.f * k + self.m * self.quarter * s, 4 * self.m)


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

    label : Mulliken's. bethe : Gamma_i, numbered in the order of the table. koster : Gamma_i of Koster and others, for the
    crystallographic groups, else the same as bethe.
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
        """The label of Koster, Dimmock, Wheeler and Statz; Bethe's for groups that are not crystallographic, or for spinors."""
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
        return self.family.irrep(self.entry.conjugate, "complex")

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
    base = _axial_entries(motions) if isinstance(motions, Axial) else _cubic_entries(motions)  # type: ignore[arg-type]
    inversion = motions.axes.inversion if isinstance(motions, Axial) else motions.has_inversion  # type: ignore[attr-defined]
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


# --- axial groups


def _axial_entries(motions: Axial) -> list[Entry]:
    """The irreps of <c> or <c, t>, by frequency."""
    symbol, m = motions.symbol, motions.axes.m
    found: list[tuple[tuple[object, ...], Entry]] = []
    for f in range(0, 2 * m, 1 if symbol.double else 2):
        if motions.axes.flip is None:
            found.append(_cyclic_entry(motions, f))
        elif f in (0, m) and (f % 2 == 0 or m % 2):
            found += [_sign_entry(motions, f, s) for s in (1, -1)]
        elif f < m:
            found.append(_plane_entry(motions, f))
    return [e for _, e in sorted(found, key=lambda pair: pair[0])]


def _name(motions: Axial, f: int) -> tuple[str, str, int, bool]:
    """(letter, prime, number, whole) of the irreps in which c turns by the frequency f: "E", "'", 1 is E1'.

    whole : whether c is a number, 1 or -1, up to sign.
    """
    symbol, m = motions.symbol, motions.axes.m
    kind, n = symbol.kind, symbol.n
    if f % 2:
        g = min(f, 2 * m - f)
        return ("A" if g == m else "E"), "", g, g == m
    k = f // 2
    if kind in ("Ch", "Dh") and n % 2:
        j = k % n
        return ("A" if j == 0 else "E"), "'" if k % 2 == 0 else "''", min(j, n - j), j == 0
    if kind == "Dd" and n % 2 == 0:
        k = (n + 1) * k % (2 * n)
    elif kind == "S" and n % 4 == 0:
        k = (n // 2 + 1) * k % n
    j = min(k, m - k)
    return ("A" if j == 0 else "B" if 2 * j == m else "E"), "", j, 2 * j in (0, m)


def _text(motions: Axial, f: int) -> tuple[str, str]:
    """The letter with its number, and the prime; E alone where there is but one."""
    symbol, m = motions.symbol, motions.axes.m
    letter, prime, number, _ = _name(motions, f)
    if f % 2:
        return f"{letter}{number}/2", ""
    if letter != "E":
        return letter, prime
    period = symbol.n if prime else m
    return ("E" if (period - 1) // 2 == 1 else f"E{number}"), prime


def _order(motions: Axial, f: int, rest: object) -> tuple[object, ...]:
    """The published order: one-dimensional ones before pairs, A before B, '' after '; spinors behind all, by spin."""
    letter, prime, number, whole = _name(motions, f)
    if f % 2:
        return 1, number, rest
    return 0, len(prime) if prime else 0, not whole, letter, number, rest


def _cyclic_entry(motions: Axial, f: int) -> tuple[tuple[object, ...], Entry]:
    m = motions.axes.m
    text, prime = _text(motions, f)
    whole = f % m == 0
    pair, label, conjugate = "", text + prime, ""
    first = _is_first(motions, f)
    if not whole:
        pair = label
        label, conjugate = (f"{1 if x else 2}{pair}" for x in (first, not first))

    closed = ClosedForm(f, m)
    entry = Entry(label, 1, "R" if whole else "C", f % 2 == 1, np.eye(1) if whole else None, pair, conjugate, closed)
    return _order(motions, f, not first), entry


def _is_first(motions: Axial, f: int) -> bool:
    """Whether a cyclic group's irrep is the first of its pair: the main rotation is exp(+2 pi i k / n), 0 < k < n / 2."""
    symbol, m = motions.symbol, motions.axes.m
    if f % 2:
        return f < m
    k = f // 2
    if symbol.kind == "Ch" and symbol.n % 2:
        j = k % symbol.n
        return 2 * j < symbol.n
    if symbol.kind == "S" and symbol.n % 4 == 0:
        k = (symbol.n // 2 + 1) * k % symbol.n
    return 2 * k < m


def _sign_entry(motions: Axial, f: int, s: int) -> tuple[tuple[object, ...], Entry]:
    """c is 1 or -1, t is s, or s times i where its square is -1."""
    m = motions.axes.m
    spinor = f % 2 == 1
    quarter = (2 if s < 0 else 0) if not spinor else (1 if s > 0 else 3)  # t as a power of i
    text, prime = _text(motions, f)
    pair = conjugate = ""
    if spinor:
        pair = f"E{m}/2"
        label, conjugate = (f"1{pair}", f"2{pair}") if s > 0 else (f"2{pair}", f"1{pair}")
    elif (motions.symbol.kind == "D" and motions.symbol.n == 2) or (
        motions.symbol.kind == "Dh" and motions.symbol.n == 2
    ):
        label = {(0, 1): "A", (0, -1): "B1", (2, -1): "B2", (2, 1): "B3"}[f, s]
    else:
        label = text + ("1" if s > 0 else "2") + prime
    structure = None if spinor else np.eye(1)
    closed = ClosedForm(f, m, quarter)
    entry = Entry(label, 1, "C" if spinor else "R", spinor, structure, pair, conjugate, closed)
    rest: object = label if label in ("B1", "B2", "B3") and f == 2 and m == 2 else str(-s)
    if m == 2 and motions.symbol.n == 2 and motions.symbol.kind in ("D", "Dh"):
        return (0, 0, False, label, 0, ""), entry
    return _order(motions, f, rest if not spinor else -s), entry


def _plane_entry(motions: Axial, f: int) -> tuple[tuple[object, ...], Entry]:
    """Of dimension 2: rotations and the reflection diag(1, -1), or for odd f diag(z, conj z) and [[0, -1], [1, 0]]."""
    m = motions.axes.m
    spinor = f % 2 == 1
    text, prime = _text(motions, f)
    structure = np.array([[0.0, -1.0], [1.0, 0.0]]) if spinor else np.eye(2)
    entry = Entry(text + prime, 2, "H" if spinor else "R", spinor, structure, closed=ClosedForm(f, m, None))
    return _order(motions, f, 0 if spinor else ""), entry


def _phase(j: int, n: int) -> Monomial:
    """The number exp(2 pi i j / n) as a 1 x 1 matrix."""
    d = gcd(j, n)
    return Monomial([0], [j // d % (n // d)], n // d) if n // d > 1 else Monomial.identity(1)


def _root(j: int, n: int) -> complex:
    """exp(2 pi i j / n), rounded."""
    return complex(nearest_cosine(j, n), nearest_cosine(4 * j - n, 4 * n))


def _rotation(j: int, m: int, reflected: bool) -> Image:
    flip = Monomial([0, 1], [0, 1], 2) if reflected else Monomial.identity(2)
    j %= m
    if 4 * j % m == 0:
        quarter = 4 * j // m
        return Monomial([0, 1] if quarter % 2 == 0 else [1, 0], [quarter // 2, (quarter + 1) // 2], 2) @ flip
    d = gcd(j, m)
    return mat.matmul(rotation(j // d, m // d), flip)


# --- cubic and icosahedral groups


def _cubic_entries(motions: Cubic) -> list[Entry]:
    """The irreps of the rotations T, O or I, of Td by its isomorphism with O, and those of their double groups."""
    kind, names = motions.symbol.kind, list(motions.generators)
    proper = [name for name in names if name != "i"]
    elements = [(motions.generators[name][0], 0) for name in proper]
    R = [_as_sympy(motions, x) for x in elements]  # rotations, without the inversion
    one = _numbers(1, len(R))
    if kind in ("T", "Th"):
        w = [[_root_text(k)] for k in (0, 1)]  # C2 is 1, C3 exp(2 pi i / 3)
        complex_pair = [
            Entry("1E", 1, "C", False, None, "E", "2E", images=tuple(as_image([v]) for v in w)),
            Entry(
                "2E",
                1,
                "C",
                False,
                None,
                "E",
                "1E",
                images=tuple(as_image([[v[0] if v[0] == "1" else _root_text(2)]]) for v in w),
            ),
        ]
        single = [_real_entry("A", one), *complex_pair, _real_entry("T", R)]
        if not motions.symbol.double:
            return single
        half = _spinors(motions, elements, False)
        pair = [[s * _scalar(e.images[k]) for k, s in enumerate(half)] for e in complex_pair]
        return [
            *single,
            _spinor_entry("E1/2", half),
            Entry("1G3/2", 2, "C", True, None, "G3/2", "2G3/2", images=tuple(map(as_image, pair[0]))),
            Entry("2G3/2", 2, "C", True, None, "G3/2", "1G3/2", images=tuple(map(as_image, pair[1]))),
        ]
    if kind in ("O", "Td", "Oh"):
        sign = [-1 if name in ("C4", "S4") else 1 for name in proper]
        two = [_on_tensors(r, _E_TENSORS) for r in R]
        other = [s * r for s, r in zip(sign, R, strict=True)]
        single = [
            _real_entry("A1", one), _real_entry("A2", [s * a for s, a in zip(sign, one, strict=True)]), _real_entry("E", two),
            _real_entry("T1", R), _real_entry("T2", other),
        ]  # fmt: skip
        if not motions.symbol.double:
            return single
        half = _spinors(motions, elements, False)
        return [
            *single,
            _spinor_entry("E1/2", half),
            _spinor_entry("E5/2", [s * h for s, h in zip(sign, half, strict=True)]),
            _spinor_entry("G3/2", [_kron(e, h) for e, h in zip(two, half, strict=True)]),
        ]
    conjugates = [_galois(r) for r in R]
    four = [_on_simplex(motions, x, r) for x, r in zip(elements, R, strict=True)]
    five = [_on_tensors(r, (*_E_TENSORS, *_T_TENSORS)) for r in R]
    single = [
        _real_entry("A", one), _real_entry("T1", R), _real_entry("T2", conjugates), _real_entry("G", four), _real_entry("H", five)
    ]  # fmt: skip
    if not motions.symbol.double:
        return single
    half, other = _spinors(motions, elements, False), _spinors(motions, elements, True)
    return [
        *single,
        _spinor_entry("E1/2", half),
        _spinor_entry("E7/2", other),
        _spinor_entry("G3/2", [_cube(h) for h in half], structure=_CUBE_STRUCTURE),
        _spinor_entry("I5/2", [_kron(r, h) for r, h in zip(R, other, strict=True)]),
    ]


def _as_sympy(motions: Cubic, x: Motion) -> Matrix:
    return to_sympy(motions.exact(x))


def _numbers(value: int, count: int) -> list[Matrix]:
    from sympy import Matrix

    return [Matrix([[value]]) for _ in range(count)]


def _root_text(k: int) -> str:
    return ("1", "-1/2 + sqrt(3)*I/2", "-1/2 - sqrt(3)*I/2")[k]


def _scalar(image: Image) -> object:
    return to_sympy(as_exact(image))[0, 0]


def _real_entry(label: str, images: list[Matrix]) -> Entry:
    return Entry(label, images[0].shape[0], "R", False, np.eye(images[0].shape[0]), images=tuple(map(as_image, images)))


_J = np.array([[0.0, -1.0], [1.0, 0.0]])
_CUBE_STRUCTURE = np.array([[0.0, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0]])


def _spinor_entry(label: str, images: list[Matrix], structure: Array | None = None) -> Entry:
    d = images[0].shape[0]
    J = np.kron(np.eye(d // 2), _J) if structure is None else structure
    return Entry(label, d, "H", True, J, images=tuple(as_image(m.expand()) for m in images))


def _kron(a: Matrix, b: Matrix) -> Matrix:
    from sympy.matrices.expressions.kronecker import matrix_kronecker_product

    return matrix_kronecker_product(a, b)


def _spinors(motions: Cubic, elements: Sequence[Motion], conjugated: bool) -> list[Matrix]:
    """The matrices of SU(2), w + x i + y j + z k as w - i (x, y, z) . sigma; or those of the Galois conjugate quaternions."""
    from sympy import I, Matrix, Rational, sqrt

    root = sqrt(motions.square) * (-1 if conjugated else 1)
    out = []
    for q, _ in elements:
        w, x, y, z = (Rational(a.numerator, a.denominator) + Rational(b.numerator, b.denominator) * root for a, b in q)  # type: ignore[attr-defined]
        out.append(Matrix([[w - I * z, -y - I * x], [y - I * x, w + I * z]]))
    return out


def _galois(matrix: Matrix) -> Matrix:
    """sqrt 5 to -sqrt 5."""
    from sympy import sqrt

    return matrix.applyfunc(lambda e: e.expand().subs(sqrt(5), -sqrt(5)))


def _cube(m: Matrix) -> Matrix:
    """The symmetric cube of a matrix of SU(2), unitary: on x^3, sqrt 3 x^2 y, sqrt 3 x y^2, y^3."""
    from sympy import Matrix, Poly, sqrt, symbols

    x, y = symbols("x y")
    weights = [1, sqrt(3), sqrt(3), 1]
    new = (m[0, 0] * x + m[1, 0] * y, m[0, 1] * x + m[1, 1] * y)
    columns = []
    for k in range(4):
        p = Poly((weights[k] * new[0] ** (3 - k) * new[1] ** k).expand(), x, y)
        columns.append([p.coeff_monomial(x ** (3 - j) * y**j) / weights[j] for j in range(4)])
    return Matrix(columns).T


_E_TENSORS = ("2*z^2 - x^2 - y^2", "sqrt(3)*(x^2 - y^2)")
_T_TENSORS = ("y*z", "z*x", "x*y")


def _tensor(name: str) -> Matrix:
    """The symmetric 3 x 3 tensors of these quadratic functions, of one norm."""
    from sympy import Matrix, Rational, diag, sqrt

    third = Rational(1, 3)
    known = {
        "2*z^2 - x^2 - y^2": diag(-1, -1, 2) * sqrt(3) * third,
        "sqrt(3)*(x^2 - y^2)": diag(1, -1, 0),
        "y*z": Matrix([[0, 0, 0], [0, 0, 1], [0, 1, 0]]),
        "z*x": Matrix([[0, 0, 1], [0, 0, 0], [1, 0, 0]]),
        "x*y": Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]]),
    }
    return known[name]


def _on_tensors(R: Matrix, names: tuple[str, ...]) -> Matrix:
    """The matrix of B -> R B R^T on symmetric tensors of one norm that are orthogonal to each other."""
    from sympy import Matrix

    basis = [_tensor(name) for name in names]
    moved = [(R * B * R.T).applyfunc(lambda e: e.expand()) for B in basis]
    return Matrix([[sum(x * y for x, y in zip(A, B, strict=True)).expand() / 2 for B in moved] for A in basis])


def _on_simplex(motions: Cubic, x: Motion, R: Matrix) -> Matrix:
    """The matrix in R^4 of how a rotation of I permutes the five orthogonal triples of its two-fold axes.

    The triples are corners of a simplex: the coordinate axes at (0, 0, 0, 4), the others at (s sqrt 5, -1), with s a corner
    (1, 1, 1), (1, -1, -1), ... of the tetrahedron, which T moves as the triples.
    """
    from sympy import Matrix, Rational, sqrt

    corners = [(0, 0, 0), (1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
    places = [Matrix([sqrt(5) * a for a in s] + [-1]) if any(s) else Matrix([0, 0, 0, 4]) for s in corners]
    triples = _triples(motions)
    moved = [frozenset(_axis(motions, x, axis) for axis in triple) for triple in triples]
    target = [triples.index(t) for t in moved]
    total = sum((places[t] * places[k].T for k, t in enumerate(target)), Matrix.zeros(4, 4))
    return total * Rational(1, 20)


def _axis(motions: Cubic, x: Motion, axis: Motion) -> Motion:
    """The half turn that the conjugation by x makes of a half turn; up to the sign of its quaternion."""
    q = x[0]
    back = tuple((-a, -b) if k else (a, b) for k, (a, b) in enumerate(q))  # type: ignore[arg-type, var-annotated]
    moved = motions.multiply(motions.multiply((q, 0), axis), (back, 0))
    return _unsigned(motions, moved)


def _unsigned(motions: Cubic, x: Motion) -> Motion:
    opposite = tuple((-a, -b) for a, b in x[0]), 0  # type: ignore[attr-defined]
    return max((x[0], 0), opposite)


def _triples(motions: Cubic) -> list[frozenset[Motion]]:
    """The coordinate axes, and the triples that C3 about s moves into themselves, s a corner of the tetrahedron as listed above."""
    half = motions.marks["C2"]
    fifth, third = (motions.marks["C5"], 0), (motions.marks["C3"], 0)
    axes = {_unsigned(motions, (half, 0))}
    queue = list(axes)
    while queue:
        axis = queue.pop()
        for x in (fifth, third):
            new = _axis(motions, x, axis)
            if new not in axes:
                axes.add(new)
                queue.append(new)

    def dot(u: Motion, v: Motion) -> tuple[object, object]:
        d = motions.square
        a = sum(p[0] * q[0] + d * p[1] * q[1] for p, q in zip(u[0], v[0], strict=True))  # type: ignore[call-overload]
        b = sum(p[0] * q[1] + p[1] * q[0] for p, q in zip(u[0], v[0], strict=True))  # type: ignore[call-overload]
        return a, b

    triples = {frozenset([u, *(v for v in axes if v != u and dot(u, v) == (0, 0))]) for u in axes}
    coordinate = frozenset(_unsigned(motions, (tuple((1 if k == j else 0, 0) for k in range(4)), 0)) for j in (1, 2, 3))
    third_of = {}
    for signs in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        h = motions.marks["C3"][0]
        rotation_ = ((h, *((h[0] * s, h[1] * s) for s in signs)), 0)
        (kept,) = (t for t in triples - {coordinate} if frozenset(_axis(motions, rotation_, axis) for axis in t) == t)
        third_of[signs] = kept
    normal = {frozenset(coordinate): None}
    return [next(iter(normal)), *third_of.values()]


# --- Koster's numbers


_KOSTER: dict[str, dict[str, int]] = {}
