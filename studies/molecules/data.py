"""QM9 molecules as densities of their bonds: pairs of atoms in radial shells times spherical harmonics up to l = 3.

Dipoles are sum q r of the Mulliken charges; the polarizability tensor of the package is not in the frame of its coordinates, so only its
invariants are used. Parts differ in stoichiometry: no formula is in two of them.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice

import numpy as np

from grouprep.irreps.spherical_harmonics import spherical_harmonics
from grouprep.typing import Array
from studies.harness import Source, fetch
from studies.harness.data import cache_folder

__all__ = [
    "CHANNELS",
    "LARGEST",
    "PARTS",
    "Atoms",
    "Molecules",
    "densities",
    "formula_part",
    "invariants",
    "qm9",
    "synthetic",
]

ELEMENTS = "HCNO"  # molecules with fluorine, 1.6 % of all, are left out
PAIRS = tuple(combinations(range(len(ELEMENTS)), 2))  # bonds of like atoms have no direction
SHELLS, WIDTH = np.array([1.0, 1.5, 2.2, 3.2]), 0.35  # centres and width of Gaussian shells of distance, in Angstrom
LARGEST = 3  # l
CHANNELS = len(PAIRS) * len(SHELLS)
PARTS = {"training": 0.6, "validation": 0.15, "test": 0.25}  # shares of the formulas
EVERY = 10  # molecules that the study takes: one of so many

_ORIGIN = "Ramakrishnan, Dral, Rupp, von Lilienfeld, Scientific Data 1 (2014) 140022 (QM9), as qm9pack 1.0.3 ships it"
_FILES = {
    "qm9_part1.csv": "19f0a5d595462d52cd82eef3370f3e9eb55a1f52cb14985657200349568deff3",
    "qm9_part2.csv": "2bca113fdc0b28a13563c80ed9b240e934f3da6c64c64fe74ddb4f0f36036e61",
    "qm9_part3.csv": "9c5efb5733d2af149db8d95d36ff198b4ffed12d9f7b344220a1e5877d5c6a43",
    "qm9_polarizability.csv": "1729ebca7da76850ca1091c050933901c84b90edb30d06f34df1ebd47789d23a",
}
SOURCES = tuple(
    Source("wheel", "qm9pack", "1.0.3", f"qm9pack/data/{file}", sha256, "MIT", _ORIGIN)
    for file, sha256 in _FILES.items()
)


@dataclass(frozen=True)
class Atoms:
    """One molecule as the package has it.

    elements : (n,) places in "HCNO". places : (n, 3) in Angstrom, x, y, z. charges : (n,) in e. tensor : (3, 3) polarizability, cubic Bohr.
    """

    elements: Array
    places: Array
    charges: Array
    tensor: Array

    @property
    def formula(self) -> str:
        """Its stoichiometry, such as "C1H4"."""
        return "".join(f"{e}{n}" for k, e in enumerate(ELEMENTS) if (n := int((self.elements == k).sum())))


@dataclass(frozen=True)
class Molecules:
    """Some molecules as a network sees them.

    densities : (n, channels, 16), float32; the second axis is (l, m), l = 0..3.
    dipole : (n, 3) sum q r in e Angstrom, in the order y, z, x of the harmonics with l = 1.
    invariants : (n, 2), mean and anisotropy of the polarizability in cubic Bohr.
    formulas : of each.
    """

    densities: Array
    dipole: Array
    invariants: Array
    formulas: Array

    def __len__(self) -> int:
        return len(self.dipole)

    def part(self, name: str) -> Molecules:
        """The molecules of "training", "validation" or "test"."""
        belongs = {str(f): formula_part(str(f)) for f in np.unique(self.formulas)}
        return self.at(np.flatnonzero([belongs[str(f)] == name for f in self.formulas]))

    def at(self, chosen: Array) -> Molecules:
        """Those at some places."""
        return Molecules(*(a[chosen] for a in (self.densities, self.dipole, self.invariants, self.formulas)))


def formula_part(formula: str) -> str:
    """The part a formula belongs to: by its hash, so that it is the same always."""
    share = int.from_bytes(hashlib.sha256(formula.encode()).digest()[:4], "big") / 2**32
    for name, size in PARTS.items():
        if share < size:
            return name
        share -= size
    return name


def densities(molecules: Sequence[Atoms]) -> Array:
    """sum over pairs of atoms i, j of two elements (a < b) of R_n(|r|) Y_lm(r), r = r_j - r_i: (molecules, pairs x shells, 16)."""
    bonds, channels, owners = [], [], []
    number = {pair: k for k, pair in enumerate(PAIRS)}
    for k, m in enumerate(molecules):
        i, j = np.triu_indices(len(m.elements), 1)
        swap = m.elements[i] > m.elements[j]
        i, j = np.where(swap, j, i), np.where(swap, i, j)
        unlike = m.elements[i] != m.elements[j]
        i, j = i[unlike], j[unlike]
        bonds.append(m.places[j] - m.places[i])
        channels += [number[a, b] for a, b in zip(m.elements[i].tolist(), m.elements[j].tolist(), strict=True)]
        owners += [k] * len(i)
    r = np.concatenate(bonds)
    radial = np.exp(-((np.linalg.norm(r, axis=1)[:, None] - SHELLS) ** 2) / (2 * WIDTH**2))
    angular = np.concatenate([spherical_harmonics(l, r) for l in range(LARGEST + 1)], axis=1)
    out = np.zeros((len(molecules) * len(PAIRS), len(SHELLS), angular.shape[1]))
    place = np.array(owners) * len(PAIRS) + np.array(channels)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    for begin, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[begin:end]
        out[place[rows[0]]] = radial[rows].T @ angular[rows]
    return out.reshape(len(molecules), CHANNELS, -1).astype(np.float32)


def invariants(tensor: Array) -> Array:
    """(mean, anisotropy) of symmetric tensors (..., 3, 3): tr / 3, and sqrt(3 / 2) times the size of the traceless part."""
    mean = np.trace(tensor, axis1=-2, axis2=-1) / 3
    rest = tensor - mean[..., None, None] * np.eye(3)
    return np.stack([mean, np.sqrt(1.5 * (rest**2).sum(axis=(-2, -1)))], axis=-1)


def as_molecules(atoms: Sequence[Atoms]) -> Molecules:
    """What a network sees of them."""
    dipole = np.stack([m.charges @ (m.places - m.places.mean(axis=0)) for m in atoms])
    return Molecules(
        densities(atoms),
        dipole[:, [1, 2, 0]],
        invariants(np.stack([m.tensor for m in atoms])),
        np.array([m.formula for m in atoms]),
    )


def _numbers(text: str) -> Array:
    return np.array(text.replace("[", "").replace("]", "").split(","), dtype=float)


def read(every: int) -> Iterator[Atoms]:
    """The molecules of the package without fluorine, one of every so many."""
    *parts, tensors = [fetch(source) for source in SOURCES]
    with tensors.open(newline="", encoding="utf-8") as file:
        polarizability = {row[0]: row[1:] for row in islice(csv.reader(file), 1, None)}
    count = 0
    for path in parts:
        with path.open(newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            at = {name: k for k, name in enumerate(next(rows))}
            for row in rows:
                count += 1
                symbols = [c for c in row[at["Elements"]] if c.isalpha()]
                if count % every or "F" in symbols:
                    continue
                xx, xy, yy, xz, yz, zz = map(float, polarizability[row[at["XYZ_file"]]])
                yield Atoms(
                    np.array([ELEMENTS.index(c) for c in symbols]),
                    _numbers(row[at["XYZ_Ang"]]).reshape(-1, 3),
                    _numbers(row[at["Mulliken_pop"]]),
                    np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]),
                )


@lru_cache(maxsize=1)
def qm9() -> Molecules:
    """One of ten molecules of QM9; made once, and kept beside the package's files."""
    names = "densities", "dipole", "invariants", "formulas"
    made = hashlib.sha256(repr((_FILES, EVERY, PAIRS, SHELLS.tolist(), WIDTH, LARGEST)).encode()).hexdigest()[:12]
    path = cache_folder() / f"molecules-{made}.npz"
    if not path.exists():
        molecules = as_molecules(list(read(EVERY)))
        partial = path.with_name(f"{path.stem}-partial.npz")
        np.savez(partial, **{n: getattr(molecules, n) for n in names})
        partial.replace(path)  # whole or not at all
    with np.load(path) as file:
        return Molecules(*(file[n] for n in names))


@lru_cache(maxsize=1)
def synthetic(count: int = 400) -> Molecules:
    """Random clouds of atoms of the same shape, charged by what stands near: what the smoke run takes in place of QM9."""
    rng = np.random.default_rng(0)
    atoms = []
    for _ in range(count):
        n = int(rng.integers(6, 12))
        elements, places = rng.integers(0, len(ELEMENTS), n), 1.2 * rng.normal(size=(n, 3))
        near = np.exp(-np.linalg.norm(places[:, None] - places, axis=-1)) @ (0.2 * elements)
        spread = places - places.mean(axis=0)
        atoms.append(Atoms(elements, places, near - near.mean(), 5 * n * np.eye(3) + spread.T @ spread))
    return as_molecules(atoms)
