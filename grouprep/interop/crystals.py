"""Crystals and molecules of ase, pymatgen and spglib: their point groups, permutations of atoms, and modes.

No object is looked at but by its methods, so ase and pymatgen need not be installed; symmetries of crystals are spglib's.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from grouprep import Molecule, PointGroup
from grouprep.errors import GroupRepError, UnsupportedGroup, shown
from grouprep.point_groups.reduction import Reduction, reduce_values
from grouprep.representations import Representation
from grouprep.typing import Array, Integers

__all__ = ["Crystal", "crystal_from", "molecule_from"]


def molecule_from(obj: object, group: PointGroup | str | None = None, tolerance: float | None = None) -> Molecule:
    """A molecule of ase or pymatgen as ours, with its point group.

    Parameters
    ----------
    obj : an `ase.Atoms` without periodic directions, or a pymatgen `Molecule`; lengths in angstrom.
    group : the point group, or its symbol; by default the largest there is within the tolerance.
    tolerance : how far from an atom the image of another may lie, in angstrom; by default a thousandth of the distance of the farthest
        atom from the centre. Which group is found depends on it: relaxed geometries may need 0.05.

    Raises
    ------
    GroupRepError
        If the object is none of these, or is periodic, or the group does not map the molecule to itself.
    UnsupportedGroup
        If the group is not given and is infinite, as that of a linear molecule.

    Examples
    --------
    >>> class Atoms:  # what ase.Atoms has
    ...     pbc = (False, False, False)
    ...
    ...     def get_chemical_symbols(self):
    ...         return ["O", "H", "H"]
    ...
    ...     def get_positions(self):
    ...         return [[0, 0, 0.12], [0, 0.76, -0.47], [0, -0.76, -0.47]]
    >>> print(molecule_from(Atoms()))
    3 atoms, C2v: 2 A1 + B2
    irrep | modes | infrared | Raman
    A1    | 2     | active   | active
    B2    | 1     | active   | active
    """
    source: Any = obj
    if hasattr(obj, "get_chemical_symbols") and hasattr(obj, "get_positions"):
        if np.any(getattr(obj, "pbc", False)):
            raise GroupRepError(
                "obj is periodic; take crystal_from(obj), or set obj.pbc = False for a molecule in a box"
            )
        species, positions = source.get_chemical_symbols(), source.get_positions()
    elif hasattr(obj, "lattice"):
        raise GroupRepError("obj has a lattice; take crystal_from(obj)")
    elif hasattr(obj, "species") and hasattr(obj, "cart_coords"):
        species, positions = [str(x) for x in source.species], source.cart_coords
    else:
        raise GroupRepError(f"obj = {shown(obj)} is no molecule; give an ase.Atoms or a pymatgen Molecule")
    return Molecule(list(map(str, species)), positions, group=group, tolerance=tolerance)


def crystal_from(obj: object, symprec: float = 1e-5) -> Crystal:
    """A crystal of ase, pymatgen or spglib with its symmetries.

    Parameters
    ----------
    obj : an `ase.Atoms` with three lattice vectors, a pymatgen `Structure`, or spglib's cell (lattice (3, 3) with a vector in each row,
        positions (atoms, 3) in fractions of them, a number or a name for each atom).
    symprec : how far an atom may lie from where a symmetry puts it, in the unit of the lattice; what is found depends on it.

    Raises
    ------
    GroupRepError
        If the object is none of these, or spglib finds no symmetry within symprec.
    ModuleNotFoundError
        If spglib is not installed; the message has the line that installs it.

    Examples
    --------
    >>> import numpy as np
    >>> caesium_chloride = crystal_from((4.12 * np.eye(3), [[0, 0, 0], [0.5, 0.5, 0.5]], ["Cs", "Cl"]))
    >>> print(caesium_chloride.group, "|", caesium_chloride.optical)
    PointGroup(Oh) | T1u

    References
    ----------
    A. Togo, K. Shinohara, I. Tanaka, Spglib: a software library for crystal symmetry search, Sci. Technol. Adv. Mater. Methods 4 (2024).
    """
    source: Any = obj
    if hasattr(obj, "get_scaled_positions") and hasattr(obj, "get_cell"):
        lattice, positions = np.array(source.get_cell()), source.get_scaled_positions()
        species = source.get_chemical_symbols()
        if not np.all(getattr(obj, "pbc", True)):
            raise GroupRepError("obj is not periodic in three directions; a molecule is molecule_from(obj)")
    elif hasattr(obj, "lattice") and hasattr(obj, "frac_coords"):
        lattice, positions, species = source.lattice.matrix, source.frac_coords, [str(x) for x in source.species]
    elif isinstance(obj, tuple | list) and len(obj) == 3:
        lattice, positions, species = obj
    else:
        raise GroupRepError(
            f"obj = {shown(obj)} is no crystal; give an ase.Atoms, a pymatgen Structure, or (lattice, positions, species)"
        )
    return Crystal(lattice, positions, species, symprec)


class Crystal:
    """Atoms in a lattice with the point group of the crystal, which permutes the atoms of a primitive cell modulo translations.

    lattice : (3, 3), a lattice vector in each row.
    positions : (atoms, 3), in fractions of the lattice vectors.
    species : a number or a name for each atom.
    symprec : how far an atom may lie from where a symmetry puts it, in the unit of the lattice.

    A symmetry of a crystal is a rotation and a translation; its rotations are the point group. Atoms that differ by a translation of the
    crystal, as in a conventional cell, are one; `atoms` says which. Displacements are those at the centre of the Brillouin zone: all cells
    alike.

    Attributes
    ----------
    group : the point group of the crystal.
    axes : (3, 3), its columns are the group's x, y, z axes in the axes of the lattice vectors: of all that are possible those nearest to
        the axes of the crystal as spglib standardises it (a along x), which fixes the labels where there is a choice, as between B1 and B2.
    symbol : the space group, for example "Fm-3m".
    atoms : the atoms of the cell, those that differ by a translation together.
    permutations : (order, atoms of a primitive cell): where each element of the group, in the order of `group.elements`, moves them.

    Raises
    ------
    GroupRepError
        If arguments do not fit each other, or spglib finds no symmetry within symprec.
    ModuleNotFoundError
        If spglib is not installed.
    """

    def __init__(self, lattice: object, positions: object, species: Sequence[object], symprec: float = 1e-5) -> None:
        self.lattice = _numbers(lattice, "lattice")
        self.positions = _numbers(positions, "positions")
        names = [str(x) for x in species]
        if self.lattice.shape != (3, 3) or abs(np.linalg.det(self.lattice)) <= 1e-12 * np.abs(self.lattice).max() ** 3:
            raise GroupRepError(f"lattice must hold three independent vectors in its rows, got {shown(lattice)}")
        if self.positions.shape != (len(names), 3) or not names:
            raise GroupRepError(
                f"positions have shape {self.positions.shape}, species {len(names)} entries; give (atoms, 3) and a name for each"
            )
        if isinstance(symprec, bool) or not isinstance(symprec, int | float) or not 0 < symprec < np.inf:
            raise GroupRepError(f"symprec must be a positive length in the unit of the lattice, got {shown(symprec)}")
        self.species, self.symprec = tuple(names), float(symprec)
        rotations, translations, reference, self.symbol = self._operations()
        self.atoms, cells = self._modulo_translations(rotations, translations)
        firsts, images = self._images(rotations, translations, cells)
        # A column of `change` is a lattice vector; a symmetry x -> W x of fractions is the orthogonal matrix change W change^-1.
        change = self.lattice.T
        matrices = _nearest_orthogonal(change @ firsts @ np.linalg.inv(change))
        self.group = PointGroup(_schoenflies(firsts))
        self.axes = _axes(self.group, matrices, reference)
        turned = self.axes @ self.group.rotations @ self.axes.T
        order = np.abs(turned[:, None] - matrices[None]).max(axis=(2, 3)).argmin(axis=1)
        self.permutations: Integers = images[order]
        self.matrices: Array = matrices[order]

    def _operations(self) -> tuple[Integers, Array, Array, str]:
        try:
            import spglib
        except ModuleNotFoundError as error:
            if error.name != "spglib":
                raise
            raise ModuleNotFoundError(
                "symmetries of crystals need spglib: pip install 'grouprep[spglib]'", name="spglib"
            ) from None
        numbers = np.unique(np.array(self.species), return_inverse=True)[1] + 1
        cell: Any = (self.lattice, self.positions, numbers)
        failure: type[Exception] = getattr(
            spglib, "SpglibError", GroupRepError
        )  # versions differ: None is returned, or this raised
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                found, why = spglib.get_symmetry_dataset(cell, symprec=self.symprec), ""
            except failure as error:
                found, why = None, f" ({error})"
        if found is None:
            raise GroupRepError(
                f"spglib finds no symmetry of these {len(numbers)} atoms within symprec = {self.symprec:g}{why}; two atoms may lie on one "
                "another, or the tolerance may be too small or too large"
            )
        # Its columns are the axes of the standardised crystal in those of the lattice.
        reference = np.array(found.std_rotation_matrix).T
        return np.array(found.rotations), np.array(found.translations), reference, str(found.international)

    def _moved(self, R: Array, t: Array) -> Integers:
        """The atom of the cell that each atom is moved to."""
        moved = self.positions @ R.T + t
        gaps = moved[:, None] - self.positions[None]
        gaps -= np.rint(gaps)
        lengths = np.linalg.norm(gaps @ self.lattice, axis=2)
        kinds = np.array(self.species)
        lengths[kinds[:, None] != kinds[None]] = np.inf
        perm: Integers = lengths.argmin(axis=1)
        if len(set(perm.tolist())) < len(perm):
            raise GroupRepError(
                f"a symmetry moves two atoms to one within symprec = {self.symprec:g}; give a smaller symprec"
            )
        return perm

    def _modulo_translations(self, rotations: Integers, translations: Array) -> tuple[list[list[int]], Integers]:
        pure = [k for k, R in enumerate(rotations) if np.array_equal(R, np.eye(3, dtype=int))]
        orbits = np.stack([self._moved(rotations[k], translations[k]) for k in pure]).min(axis=0)
        firsts = np.unique(orbits)
        return [np.flatnonzero(orbits == a).tolist() for a in firsts], np.searchsorted(firsts, orbits)

    def _images(self, rotations: Integers, translations: Array, cells: Integers) -> tuple[Integers, Integers]:
        """Each rotation once, and how it permutes the atoms modulo translations."""
        seen: dict[bytes, int] = {}
        for k, R in enumerate(rotations):
            seen.setdefault(R.tobytes(), k)
        heads = np.array([atoms[0] for atoms in self.atoms])
        chosen = sorted(seen.values())
        perms = np.stack([cells[self._moved(rotations[k], translations[k])[heads]] for k in chosen])
        return rotations[chosen], perms

    @property
    def representation(self) -> Representation:
        """The exact representation on displacements, atom by atom of a primitive cell, each (x, y, z) in the group's axes."""
        images = [self.permutations[int(self.group.index(g))].tolist() for g in self.group.generators]
        return self.group.permutation(images) * self.group.defining()

    @cached_property
    def displacements(self) -> Reduction:
        """The irreps in all displacements at the centre of the zone."""
        classes = [int(members[0]) for members in self.group.conjugacy_classes]
        stay = (self.permutations[classes] == np.arange(len(self.atoms))).sum(axis=1)
        return reduce_values(self.group, stay * self.group.branch(1).character)

    @property
    def acoustic(self) -> Reduction:
        """The irreps of the three translations of the whole."""
        return self.group.branch(1)

    @property
    def optical(self) -> Reduction:
        """The irreps of the other displacements."""
        return self.displacements - self.acoustic

    @property
    def infrared(self) -> Reduction:
        """The optical modes that change the dipole moment: those of the irreps of x, y, z."""
        return self._active(self.group.branch(1))

    @property
    def raman(self) -> Reduction:
        """The optical modes that change the polarisability: those of the irreps of quadratic functions."""
        return self._active(self.group.branch(0) + self.group.branch(2))

    def _active(self, through: Reduction) -> Reduction:
        return Reduction(self.group, {k: n for k, n in self.optical.items() if k in through})

    def __str__(self) -> str:
        return f"{self.symbol}, {self.group.schoenflies}, {len(self.atoms)} atoms: {self.acoustic} acoustic, {self.optical} optical"

    def __repr__(self) -> str:
        return f"<Crystal {self.symbol} of {len(self.atoms)} atoms, {self.group}>"


def _numbers(values: object, name: str) -> Array:
    try:
        array: Array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        array = np.full(1, np.nan)
    if not np.isfinite(array).all():
        raise GroupRepError(f"{name} must be finite numbers, got {shown(values)}")
    return array


def _nearest_orthogonal(matrices: Array) -> Array:
    U, _, V = np.linalg.svd(matrices)
    out: Array = U @ V
    return out


# The number of rotations of trace -2, -1, 0, 1 (of determinant -1), -1, 0, 1, 2 (of determinant 1) tells the 32 point groups apart.
_TRACES = ((-1, -2), (-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1), (1, 2))
# fmt: off
_CRYSTALLOGRAPHIC = (
    "C1", "Ci", "C2", "Cs", "C2h", "D2", "C2v", "D2h", "C4", "S4", "C4h", "D4", "C4v", "D2d", "D4h", "C3", "S6", "D3", "C3v", "D3d", "C6",
    "C3h", "C6h", "D6", "C6v", "D3h", "D6h", "T", "Th", "O", "Td", "Oh",
)
# fmt: on


def _profile(traces: Sequence[int], signs: Sequence[int]) -> tuple[int, ...]:
    both = list(zip(signs, traces, strict=True))
    return (len(both), *(both.count(kind) for kind in _TRACES))


def _schoenflies(rotations: Integers) -> str:
    """The point group of integer matrices (n, 3, 3), by how many of each determinant and trace there are."""
    wanted = _profile([int(np.trace(R)) for R in rotations], [round(float(np.linalg.det(R))) for R in rotations])
    for symbol in _CRYSTALLOGRAPHIC:
        G = PointGroup(symbol)
        if len(rotations) == G.order:
            known = np.rint(np.trace(G.rotations, axis1=1, axis2=2)).astype(int).tolist()
            if _profile(known, (1 - 2 * G.parities).tolist()) == wanted:
                return symbol
    raise UnsupportedGroup(f"these {len(rotations)} rotations are no crystallographic point group")


def _axes(G: PointGroup, matrices: Array, reference: Array) -> Array:
    """The rotation A with A G A^T = matrices that is nearest to a reference."""
    best: Array | None = None
    for frame in _frames(_lines(G.rotations), _lines(matrices), reference):
        turned = frame @ G.rotations @ frame.T
        near = np.abs(turned[:, None] - matrices[None]).max(axis=(2, 3)).min(axis=1)
        if near.max() < 1e-3 and (best is None or np.sum(frame * reference) > np.sum(best * reference) + 1e-9):
            best = frame
    if best is None:
        raise GroupRepError(f"the rotations of the lattice are not those of {G} in any axes; give a smaller symprec")
    return best


Line = tuple[Array, tuple[int, ...]]


def _lines(matrices: Array) -> list[Line]:
    """The axes of rotations and reflections (+-1 times a rotation), with what turns about each: (order, determinant), sorted."""
    found: list[tuple[Array, list[int]]] = []
    for R in matrices:
        det = round(float(np.linalg.det(R)))
        proper = det * R
        if np.trace(proper) > 2.5:
            continue
        v = np.linalg.eigh(proper + proper.T)[1][:, -1]
        kind = 10 * round(float(np.trace(proper))) + det
        for w, kinds in found:
            if abs(v @ w) > 1 - 1e-4:
                kinds.append(kind)
                break
        else:
            found.append((v, [kind]))
    return [(v, tuple(sorted(kinds))) for v, kinds in found]


def _frames(ours: list[Line], theirs: list[Line], reference: Array) -> list[Array]:
    """Candidates for A: the reference, and rotations that take one or two of our axes to axes of the same kinds."""
    frames = [reference]
    if len(ours) == 1 and len(theirs) == 1:
        u, v = ours[0][0], theirs[0][0]
        frames += [_least_turn(reference @ u, s * v) @ reference for s in (1, -1)]
    pairs = [(a, b) for a, b in combinations(ours, 2) if abs(a[0] @ b[0]) < 1 - 1e-4]
    if not pairs:
        return frames
    counts = {kinds: sum(k == kinds for _, k in ours) for _, kinds in ours}
    a, b = min(pairs, key=lambda p: counts[p[0][1]] * counts[p[1][1]])
    source = _frame(a[0], b[0])
    for v, kv in theirs:
        for w, kw in theirs:
            if v is w or kv != a[1] or kw != b[1]:
                continue
            for s in (1, -1):
                for t in (1, -1):
                    if abs(s * t * (v @ w) - a[0] @ b[0]) < 1e-3:
                        frames.append(_frame(s * v, t * w) @ source.T)
    return frames


def _frame(u: Array, v: Array) -> Array:
    x = u / np.linalg.norm(u)
    y = v - (v @ x) * x
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _least_turn(u: Array, v: Array) -> Array:
    """The rotation by the smallest angle that takes one unit vector to another."""
    c = float(u @ v)
    if c < -1 + 1e-9:
        w = np.eye(3)[int(np.abs(u).argmin())]
        w = w - (w @ u) * u
        half_turn: Array = 2 * np.outer(w, w) / (w @ w) - np.eye(3)
        return half_turn
    k = np.cross(u, v)
    K = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    out: Array = np.eye(3) + K + K @ K / (1 + c)
    return out
