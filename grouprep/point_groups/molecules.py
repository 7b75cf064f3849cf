"""Molecules: their point group, displacements adapted to it, normal modes by irrep, and which of them infrared and Raman see.

References
----------
E. B. Wilson, J. C. Decius, P. C. Cross, Molecular Vibrations (1955), chapters 5-7; Cotton, Chemical Applications of Group Theory,
chapter 10. Axes of planar molecules: R. S. Mulliken, J. Chem. Phys. 23 (1955) 1997.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from numbers import Real

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup, printable, shown
from grouprep.markup import Html, card, note, word_table
from grouprep.point_groups.correlation import as_directions, frame_of
from grouprep.point_groups.group import PointGroup
from grouprep.point_groups.motions import float_matrices
from grouprep.point_groups.reduction import Reduction, reduce_values
from grouprep.representations.base import Representation
from grouprep.typing import Array, Integers

__all__ = ["Molecule"]


class Molecule:
    """Atoms in space with a point group: representations on their displacements, and normal modes.

    species : a name for each atom, such as ["O", "H", "H"].
    positions : (atoms, 3), in any unit and any axes.
    group : the point group, or its symbol; by default the largest that maps the molecule to itself.
    axes : (3, 3), its columns are the group's x, y, z axes in the axes of the positions. By default, for a group that is given the
        axes of the positions if it maps the molecule to itself in them, else axes that are looked for.
    tolerance : how far from an atom the image of another may lie, in the unit of the positions; by default a thousandth of the
        distance of the farthest atom from the centre.

    The centre is the mean of the positions. Axes that are looked for: z is the main axis; C2' axes and sigma_v planes through most
    atoms are chosen where there is a choice; of planar molecules of C2v x is across the plane, as Mulliken recommends.

    Raises
    ------
    GroupRepError
        If the group does not map the molecule to itself; the message says which atom goes where no atom is.
    UnsupportedGroup
        If the group is not given and is infinite, as that of an atom or of a linear molecule.

    Examples
    --------
    >>> from grouprep import Molecule
    >>> water = Molecule(["O", "H", "H"], [[0, 0, 0.12], [0, 0.76, -0.47], [0, -0.76, -0.47]])
    >>> print(water.group, "|", water.vibrations, "|", water.infrared)
    PointGroup(C2v) | 2 A1 + B2 | 2 A1 + B2
    """

    def __init__(
        self,
        species: Sequence[str],
        positions: object,
        group: PointGroup | str | None = None,
        axes: object = None,
        tolerance: float | None = None,
    ) -> None:
        self.positions = _positions(positions)
        self.species = _species(species, len(self.positions))
        self.centre = self.positions.mean(axis=0)
        self._centred = self.positions - self.centre
        radius = float(np.linalg.norm(self._centred, axis=1).max())
        self.tolerance = _tolerance(tolerance, 1e-3 * radius)
        self._kinds = np.unique(np.array(self.species), return_inverse=True)[1]
        self._check_distances()
        if group is None and axes is not None:
            raise GroupRepError("axes are those of a group; give the group too")
        wanted = None if group is None else group if isinstance(group, PointGroup) else PointGroup(group)
        if wanted is not None and wanted.symbol.double:
            raise GroupRepError(
                f"group = {wanted} is a double group; displacements are vectors, take {wanted.schoenflies[:-1]}"
            )
        if wanted is None:
            self.group, self.axes = self._find()
        else:
            self.group, self.axes = wanted, self._axes_for(wanted, axes)
        found = self._images(self.group, self.axes)
        assert not isinstance(found, str)
        self._generators = found

    def _check_distances(self) -> None:
        for k, kind in enumerate(self._kinds):
            others = np.flatnonzero(self._kinds == kind)
            distances = np.linalg.norm(self._centred[others] - self._centred[k], axis=1)
            near = others[(distances <= 2 * self.tolerance) & (others != k)]
            if len(near):
                raise GroupRepError(
                    f"atoms {k} and {int(near[0])} are nearer than twice the tolerance {self.tolerance:.3g}; give a smaller tolerance"
                )

    # --- how a group maps the molecule

    def _image(self, R: Array) -> Integers | int:
        """The atom that each atom is moved to by a matrix, or the number of one that goes where none is."""
        moved = self._centred @ R.T
        out = np.full(len(moved), -1, dtype=np.int64)
        for k, x in enumerate(moved):
            distances = np.linalg.norm(self._centred - x, axis=1)
            distances[self._kinds != self._kinds[k]] = np.inf
            nearest = int(np.argmin(distances))
            if distances[nearest] > self.tolerance:
                return k
            out[k] = nearest
        return (
            out
            if len(set(out.tolist())) == len(out)
            else int(np.flatnonzero(np.bincount(out, minlength=len(out)) != 1)[0])
        )

    def _images(self, G: PointGroup, axes: Array) -> list[Integers] | str:
        """The permutations of the atoms by G's generators, or what goes wrong."""
        out: list[Integers] = []
        for name, x in G.motions.generators.items():
            R = float_matrices(np.array(G.motions.quaternion(x)), np.array(G.motions.parity(x)))
            perm = self._image(axes @ R @ axes.T)
            if isinstance(perm, int):
                return f"{name} moves atom {perm} ({self.species[perm]}) by more than {self.tolerance:.3g} from any such atom"
            out.append(perm)
        return out

    def _axes_for(self, G: PointGroup, axes: object) -> Array:
        if axes is not None:
            frame = _frame(axes)
            found = self._images(G, frame)
            if isinstance(found, str):
                raise GroupRepError(
                    f"{G} is no symmetry of the molecule in these axes: {found}; leave axes out to look for others"
                )
            return frame
        frame = np.eye(3)
        first = self._images(G, frame)
        if not isinstance(first, str):
            return frame
        for frame in self._candidates(self._operations() if self._rank > 1 else None):
            if not isinstance(self._images(G, frame), str):
                return frame
        raise GroupRepError(f"{G} is no symmetry of the molecule in any axes; in those of the positions {first}")

    # --- finding the group

    @cached_property
    def _rank(self) -> int:
        """Of the positions about the centre: 0 for an atom, 1 for a linear molecule."""
        values = np.linalg.svd(self._centred, compute_uv=False)
        return int((values > self.tolerance).sum())

    def _operations(self) -> Array:
        """All orthogonal matrices that map the molecule to itself, (n, 3, 3)."""
        r = np.linalg.norm(self._centred, axis=1)
        shells: dict[tuple[int, int], list[int]] = {}
        for k in np.argsort(r, kind="stable").tolist():
            if r[k] <= 10 * self.tolerance:
                continue
            known = next(
                (s for s in shells if s[0] == self._kinds[k] and abs(r[shells[s][0]] - r[k]) <= 2 * self.tolerance),
                None,
            )
            shells.setdefault(known or (int(self._kinds[k]), k), []).append(k)
        ordered = sorted(shells.values(), key=len)
        first = ordered[0][0]
        a = self._centred[first]
        best = max(
            (k for shell in ordered for k in shell),
            key=lambda k: (
                float(np.linalg.norm(np.cross(a, self._centred[k]))) > 0.1 * r[first] * r[k],
                -self._size(ordered, k),
                -k,
            ),
        )
        b = self._centred[best]
        frame = _orthonormal(a, b)
        found = []
        for i in self._shell(ordered, first):
            for j in self._shell(ordered, best):
                p, q = self._centred[i], self._centred[j]
                if abs(p @ q - a @ b) > 4 * self.tolerance * (r[first] + r[best]):
                    continue
                other = _orthonormal(p, q)
                for sign in (1.0, -1.0):
                    R = other @ np.diag([1.0, 1.0, sign]) @ frame.T
                    perm = self._image(R)
                    if not isinstance(perm, int):
                        found.append(_fit(self._centred, perm, np.linalg.det(R) > 0))
        return np.array(found)

    @staticmethod
    def _shell(shells: list[list[int]], k: int) -> list[int]:
        return next(s for s in shells if k in s)

    def _size(self, shells: list[list[int]], k: int) -> int:
        return len(self._shell(shells, k))

    def _find(self) -> tuple[PointGroup, Array]:
        if self._rank <= 1:
            what = "an atom" if self._rank == 0 else "a linear molecule"
            raise UnsupportedGroup(
                f'the symmetry group of {what} is infinite; give a finite group, such as group="D2h", or "C2v" for linear molecules'
            )
        operations = self._operations()
        symbol = _symbol_of(operations)
        G = PointGroup(symbol)
        if G.order == len(operations):
            for frame in self._candidates(operations):
                if not isinstance(self._images(G, frame), str):
                    return G, frame
        raise GroupRepError(
            f"{len(operations)} rotations and reflections map the molecule to itself within {self.tolerance:.3g}, which are no group: "
            "give another tolerance, or the group"
        )

    def _candidates(self, operations: Array | None) -> Iterator[Array]:
        """Axes to try, those that are preferred first: z and x along axes of symmetry and normals of mirrors."""
        if operations is None:
            direction = as_directions(
                [self._centred[np.argmax(np.linalg.norm(self._centred, axis=1))] if self._rank else np.eye(3)[2]]
            )[0]
            for z, x in ((direction, None), (None, direction)):
                yield float_matrices(frame_of(z, x), np.array(0))
            return
        least = _resolution(operations)
        lines: list[Array] = []
        orders: list[int] = []
        for R in operations:
            proper = R * np.sign(np.linalg.det(R))
            if _angles(proper) < least:
                continue
            v = _axis(proper)
            if all(abs(v @ w) < np.cos(least) for w in lines):
                lines.append(v)
                orders.append(self._order_about(operations, v))
        weight = [self._atoms_on(v) for v in lines]
        ranked = sorted(range(len(lines)), key=lambda k: (-orders[k], -weight[k], k))
        normal = self._normal()
        yield np.eye(3)
        for k in ranked:
            across = [j for j in range(len(lines)) if abs(lines[j] @ lines[k]) < np.sin(least)]
            if normal is not None and abs(normal @ lines[k]) < np.sin(least):
                yield float_matrices(frame_of(lines[k], normal), np.array(0))
            for u in self._ranked_across(lines[k], [lines[j] for j in across]):
                yield float_matrices(frame_of(lines[k], u), np.array(0))
            yield float_matrices(frame_of(lines[k], None), np.array(0))

    def _ranked_across(self, z: Array, across: list[Array]) -> Iterator[Array]:
        """Directions of x for an axis z: along or across lines through most atoms."""
        directions = [*across, *(np.cross(z, u) for u in across)]
        planes = [(-self._atoms_on(u), -self._atoms_in(np.cross(z, u)), k) for k, u in enumerate(directions)]
        for *_, k in sorted(planes):
            u = directions[k]
            yield u - (u @ z) * z

    def _atoms_on(self, v: Array) -> int:
        return int((np.linalg.norm(np.cross(self._centred, v), axis=1) <= 3 * self.tolerance).sum())

    def _atoms_in(self, n: Array) -> int:
        return int((np.abs(self._centred @ n) <= 3 * self.tolerance).sum())

    def _normal(self) -> Array | None:
        if self._rank != 2:
            return None
        normal: Array = np.linalg.svd(self._centred)[2][2]
        return normal

    def _order_about(self, operations: Array, v: Array) -> int:
        """The order of the main axis along v: of the elements that keep v or reverse it, without half turns across."""
        least, turn = _resolution(operations), np.linalg.det(operations) > 0
        keep = np.linalg.norm(operations @ v - v, axis=1) < least
        back = np.linalg.norm(operations @ v + v, axis=1) < least
        improper = back & ~turn
        return int((keep & turn).sum()) * 2 + int(improper.sum() > (keep & turn).sum())

    # --- representations

    @cached_property
    def permutations(self) -> Integers:
        """(order, atoms): the atom that each element of the group moves each atom to."""
        out = [np.arange(len(self.positions))]
        for k, j in self.group.steps[1:]:
            out.append(self._generators[k][out[j]])
        return np.array(out)

    @cached_property
    def matrices(self) -> Array:
        """(order, 3, 3): the elements of the group in the axes of the positions."""
        return self.axes @ self.group.rotations @ self.axes.T

    @property
    def representation(self) -> Representation:
        """The exact representation on displacements, atom by atom, each (x, y, z) in the group's axes; dimension 3 n."""
        return self.group.permutation(list(self._generators)) * self.group.defining()

    @cached_property
    def displacements(self) -> Reduction:
        """The irreps in all 3 n displacements: at each class the number of atoms that stay, times the trace of the matrix."""
        classes = [int(members[0]) for members in self.group.conjugacy_classes]
        stay = (self.permutations[classes] == np.arange(len(self.positions))).sum(axis=1)
        vector = self.group.branch(1).character
        return reduce_values(self.group, stay * vector)

    @property
    def translations(self) -> Reduction:
        """The irreps of the three translations."""
        return self.group.branch(1)

    @cached_property
    def rotations(self) -> Reduction:
        """The irreps of the rotations of the whole, three, or two of linear molecules, none of an atom."""
        axial = self.group.branch(1, parity=1)
        if self._rank > 1:
            return axial
        if self._rank == 0:
            return Reduction(self.group, {})
        v = self.axes.T @ as_directions([self._centred[np.argmax(np.linalg.norm(self._centred, axis=1))]])[0]
        classes = [int(members[0]) for members in self.group.conjugacy_classes]
        signs = np.where(self.group.parities[classes], -1.0, 1.0)
        about = signs * np.einsum("i,kij,j->k", v, self.group.rotations[classes], v)
        return axial - reduce_values(self.group, np.rint(about))

    @cached_property
    def vibrations(self) -> Reduction:
        """The irreps of the normal modes: displacements without translations and rotations."""
        return self.displacements - self.translations - self.rotations

    @property
    def infrared(self) -> Reduction:
        """The modes that change the dipole moment: those of the irreps of x, y, z."""
        return self._active(self.group.branch(1))

    @property
    def raman(self) -> Reduction:
        """The modes that change the polarisability: those of the irreps of quadratic functions."""
        return self._active(self.group.branch(0) + self.group.branch(2))

    def _active(self, through: Reduction) -> Reduction:
        return Reduction(self.group, {k: n for k, n in self.vibrations.items() if k in through})

    def modes(self, label: object) -> Array:
        """Displacements of the modes of one irrep, orthonormal, free of translations and rotations.

        Parameters
        ----------
        label : of a real irrep.

        Returns
        -------
        (copies, dim, atoms, 3) in the axes of the positions: for each copy partners that transform by the irrep's matrices. Masses
        are not used: the normal modes of an irrep are combinations of its copies.

        Examples
        --------
        >>> import numpy as np
        >>> from grouprep import Molecule
        >>> h2 = Molecule(["H", "H"], [[0, 0, 0.37], [0, 0, -0.37]], group="D2h")
        >>> np.abs(h2.modes("Ag")[0, 0, :, 2]).round(3).tolist()
        [0.707, 0.707]
        """
        I = self.group.irrep(label, field="real")
        rho = I.constituent[0]
        n, order = len(self.positions), self.group.order
        D = rho(self.group.elements)
        P = np.zeros((rho.dim, 3 * n, 3 * n), dtype=D.dtype)
        for g in range(order):
            whole = np.zeros((n, 3, n, 3))
            whole[self.permutations[g], :, np.arange(n)] = self.matrices[g]
            P += D[g, :, 0].conj()[:, None, None] * whole.reshape(3 * n, 3 * n)
        P *= rho.dim / order
        inner = self._inner()
        values, vectors = np.linalg.eigh(inner @ P[0] @ inner)
        count = self.vibrations[I.label]
        if not count:
            return np.zeros((0, I.dim, n, 3))
        first = vectors[:, -count:][:, ::-1]
        assert values[-count] > 0.5
        partners = np.stack([p @ first for p in P])  # (dim, 3 n, copies)
        if I.type == "C":
            partners = np.concatenate([partners.real, -partners.imag]) * np.sqrt(2)
        return np.ascontiguousarray(partners.transpose(2, 0, 1)).reshape(count, I.dim, n, 3).real

    def _inner(self) -> Array:
        """The orthogonal projector on displacements without translations and rotations of the whole."""
        n = len(self.positions)
        rigid = [np.tile(e, (n, 1)) for e in np.eye(3)] + [np.cross(e, self._centred) for e in np.eye(3)]
        U, _, _ = np.linalg.svd(np.array(rigid).reshape(6, -1).T, full_matrices=False)
        U = U[:, : 3 + self.rotations.dim]
        projector: Array = np.eye(3 * n) - U @ U.T
        return projector

    def __str__(self) -> str:
        rows = [("irrep", "modes", "infrared", "Raman")]
        for label, n in self.vibrations.items():
            rows.append((label, str(n), "active" * (label in self.infrared), "active" * (label in self.raman)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (" | ".join(x.ljust(w) for x, w in zip(r, widths, strict=True)).rstrip() for r in rows)
        return "\n".join([f"{len(self.species)} atoms, {self.group.schoenflies}: {self.vibrations}", *lines])

    def __repr__(self) -> str:
        return f"<Molecule of {len(self.species)} atoms, {self.group}>"

    def _repr_html_(self) -> str:
        rows = [
            (label, n, Html("active" * (label in self.infrared)), Html("active" * (label in self.raman)))
            for label, n in self.vibrations.items()
        ]
        kinds = {name: self.species.count(name) for name in dict.fromkeys(self.species)}
        formula = "".join(name if n == 1 else f"{name}{n}" for name, n in kinds.items())
        title = f"{formula:.60}: {len(self.species)} atoms, {self.group.schoenflies}"
        return card(
            title, note(f"vibrations: {self.vibrations}"), word_table(["irrep", "modes", "infrared", "Raman"], rows)
        )


def _positions(positions: object) -> Array:
    try:
        array = np.asarray(positions, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or array.shape[1] != 3 or not len(array) or not np.isfinite(array).all():
        raise GroupRepError(f"positions must be finite numbers (atoms, 3), got {shown(positions)}")
    return array


def _species(species: object, count: int) -> tuple[str, ...]:
    if isinstance(species, str) or not isinstance(species, Iterable):
        raise GroupRepError(
            f'species must be a list of names, one for each atom, such as ["O", "H", "H"], got {shown(species)}'
        )
    names = tuple(printable(str(s)) for s in species)
    if len(names) != count:
        raise GroupRepError(f"species has {len(names)} names, positions has {count} atoms")
    return names


def _tolerance(tolerance: object, default: float) -> float:
    if tolerance is None:
        return default or 1e-3
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real) or not 0 < float(tolerance) < np.inf:
        raise GroupRepError(f"tolerance must be a positive length in the unit of the positions, got {shown(tolerance)}")
    return float(tolerance)


def _frame(axes: object) -> Array:
    try:
        array = np.asarray(axes, dtype=float)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.shape != (3, 3) or not np.isfinite(array).all() or np.abs(array.T @ array - np.eye(3)).max() > 1e-6:
        raise GroupRepError(
            f"axes must be an orthogonal matrix (3, 3) whose columns are x, y, z of the group, got {shown(axes)}"
        )
    U, _, V = np.linalg.svd(array)
    frame: Array = U @ V
    return frame


def _orthonormal(a: Array, b: Array) -> Array:
    """Columns along a, towards b, and across both."""
    u = a / np.linalg.norm(a)
    v = b - (b @ u) * u
    v /= np.linalg.norm(v)
    return np.stack([u, v, np.cross(u, v)], axis=1)


def _fit(points: Array, perm: Integers, proper: bool) -> Array:
    """The orthogonal matrix that moves points nearest to where the permutation has them (Kabsch)."""
    U, _, V = np.linalg.svd(points[perm].T @ points)
    sign = 1.0 if proper else -1.0
    if np.linalg.det(U @ V) * sign < 0:
        U[:, 2] = -U[:, 2]
    R: Array = U @ V
    return R


def _axis(R: Array) -> Array:
    """The axis of a rotation that is not the identity, its last large entry positive."""
    v: Array = np.linalg.eigh(R + R.T)[1][:, -1]
    v = v * np.sign(v[np.flatnonzero(np.abs(v) > 1e-3)[-1]])
    return v


def _angles(R: Array) -> Array:
    """The angles of rotations (..., 3, 3)."""
    angles: Array = np.arccos(np.clip((np.trace(R, axis1=-2, axis2=-1) - 1) / 2, -1, 1))
    return angles


def _resolution(operations: Array) -> float:
    """Half the least angle in a group of n orthogonal matrices of which something is to be told from 0.

    Turns have angles of 2 pi/n at least, and axes and their perpendiculars in the dihedral groups are pi/n apart; those of the cubic
    groups and of the icosahedron, which have 12 elements or more, pi/9 or more.
    """
    return float(np.pi / (2 * len(operations)))


def _symbol_of(operations: Array) -> str:
    """The Schoenflies symbol of a group of orthogonal matrices (n, 3, 3), by its rotations' axes and orders."""
    signs = np.sign(np.linalg.det(operations))
    proper = operations[signs > 0]
    count = len(proper)
    least = _resolution(operations)
    inversion = bool((_angles(-operations[signs < 0]) < least).any())
    improper = len(operations) > count
    axes = [(_axis(R), t) for R, t in zip(proper, _angles(proper), strict=True) if t > least]
    lines: list[Array] = []
    for v, _ in axes:
        if all(abs(v @ w) < np.cos(least) for w in lines):
            lines.append(v)
    orders = [1 + sum(bool(abs(v @ w) > np.cos(least)) for v, _ in axes) for w in lines]
    if orders.count(3) > 1:
        kind = {12: "T", 24: "O", 60: "I"}.get(count, "")
        if not improper:
            return kind
        return kind + ("h" if inversion else "d")
    n = max(orders, default=1)
    if not improper:
        return f"D{n}" if count == 2 * n and n > 1 else f"C{n}"
    mirrors = [R for R, s in zip(operations, signs, strict=True) if s < 0 and np.pi - _angles(-R) < least]
    if count == 1:
        return "Cs" if mirrors else "Ci"
    main = lines[orders.index(n)] if lines else np.eye(3)[2]
    flat = any(abs(_axis(-R) @ main) > np.cos(least) for R in mirrors)
    if count == 2 * n:
        if n == 2:  # D2: any of the three axes may be the main one
            return "D2h" if inversion else "D2d"
        return f"D{n}h" if flat else f"D{n}d"
    if flat:
        return f"C{n}h"
    return f"C{n}v" if mirrors else f"S{2 * n}"
