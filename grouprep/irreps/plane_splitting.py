"""Unitary matrices of a plane group split into irreps: eigenvectors of the rotation, paired by the reflection."""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.irreps.family import Images
from grouprep.irreps.plane_elements import FinitePlaneElements, PlaneElements
from grouprep.linalg import Image, Monomial, as_float
from grouprep.linalg.budget import ROOT_ORDER, require
from grouprep.typing import Array

__all__ = ["split_plane"]


_FAR = 0.25  # how far from an integer a frequency may be: half of what separates two of them, with room for rounding


def split_plane(plane: PlaneElements, images: Images) -> list[tuple[int, int | None, Array]]:
    """Frequencies, signs of the reflection where the irrep has dimension 1 and there is one, and intertwiners as in `Splitting`.

    References
    ----------
    Serre, Linear Representations of Finite Groups, 5.3: w of frequency k and its mirror image span an E_k.
    """
    n = plane.order
    vectors, frequencies = _eigenvectors(plane, images)
    spaces = _grouped(frequencies)
    if not plane.reflects:
        return [(k, None, vectors.T[columns][:, :, None]) for k, columns in spaces.items()]
    mirror = _mirror(plane, images)
    out: list[tuple[int, int | None, Array]] = []
    for k, columns in spaces.items():
        w = vectors[:, columns]
        if k in (0, n / 2):
            values, basis = np.linalg.eigh(_hermitian(w.conj().T @ mirror(w)))
            for sign in (1, -1):
                chosen = (w @ basis[:, np.sign(values) == sign]).T[:, :, None]
                if len(chosen):
                    out.append((k, sign, chosen))
        elif 0 < k and (not n or 2 * k < n):
            moved = mirror(w)
            X = np.stack([w + moved, 1j * (w - moved)], axis=-1) / np.sqrt(2)
            out.append((k, None, np.moveaxis(X, 1, 0)))
    return out


def _hermitian(a: Array) -> Array:
    return (a + a.conj().T) / 2


def _grouped(frequencies: Array) -> dict[int, Array]:
    """Column numbers by frequency, ascending."""
    order = np.argsort(frequencies, kind="stable")
    values, starts = np.unique(frequencies[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True))


def _mirror(plane: PlaneElements, images: Images) -> Callable[[Array], Array]:
    """w -> V(s) w for the reflection s: (x, y) -> (x, -y); a generator that also rotates is turned back."""
    generator = next(a for a in plane.group.generator_names if a.kind == "element" and plane.generator(a)[2])
    image = images[generator]
    j, m, _ = plane.generator(generator)
    if j == 0:
        return lambda w: _apply(image, w)
    algebra = next(a for a in plane.group.generator_names if a.kind == "algebra")
    from scipy.linalg import expm

    back = expm(-2 * np.pi * j / m * as_float(images[algebra]))
    return lambda w: back @ _apply(image, w)


def _apply(image: Image, w: Array) -> Array:
    if isinstance(image, Monomial):
        out = np.empty_like(w, shape=w.shape, dtype=complex)
        out[image.perm] = np.exp(2j * np.pi * image.phase / image.modulus)[:, None] * w
        return out
    return np.asarray(image @ w)


def _eigenvectors(plane: PlaneElements, images: Images) -> tuple[Array, Array]:
    """Orthonormal eigenvectors (n, n) of the rotation, and their frequencies: mod the order, or signed for the circle."""
    if not isinstance(plane, FinitePlaneElements):
        (generator,) = (a for a in plane.group.generator_names if a.kind == "algebra")
        values, vectors = np.linalg.eigh(_hermitian(-1j * as_float(images[generator])))
        return vectors, _rounded(values, plane)
    order, image = plane.order, images[plane.group.generator_names[plane.rotation]]
    if isinstance(image, Monomial):
        return cycle_eigenvectors(image, order)
    from scipy.linalg import schur

    T, vectors = schur(np.asarray(as_float(image), dtype=complex), output="complex")
    return vectors, _rounded(np.angle(np.diagonal(T)) * (order / (2 * np.pi)), plane) % order


def _rounded(values: Array, plane: PlaneElements) -> Array:
    nearest = np.round(values)
    error = float(np.abs(values - nearest).max(initial=0.0))
    if error > _FAR:
        raise AmbiguousRank(
            f"the rotation of {plane.group} has an eigenvalue of frequency {values[np.argmax(np.abs(values - nearest))]:.6g}, "
            "not an integer: the matrices are no representation, or not unitary"
        )
    return nearest.astype(np.int64)


def cycle_eigenvectors(image: Monomial, order: int) -> tuple[Array, Array]:
    """Eigenvectors of a monomial matrix of the given order: the discrete Fourier transform along every cycle.

    Examples
    --------
    >>> from grouprep.linalg import Monomial
    >>> vectors, frequencies = cycle_eigenvectors(Monomial([1, 2, 0]), 3)
    >>> frequencies.tolist()
    [0, 1, 2]
    """
    n = len(image)
    rows = np.zeros((n, n), dtype=complex)  # one eigenvector after the other
    frequencies = np.zeros(n, dtype=np.int64)
    unit = lcm(order, image.modulus)  # phases are counted in units of 1 / unit of a full turn
    require(unit, ROOT_ORDER, "the roots of unity have order")
    step = image.phase * (unit // image.modulus)
    share = unit // order
    done = np.zeros(n, dtype=bool)
    column = 0
    for first in range(n):
        if done[first]:
            continue
        cycle, phases, total = [], [], 0
        point = first
        while not done[point]:
            done[point] = True
            cycle.append(point)
            phases.append(total)
            total += int(step[point])
            point = int(image.perm[point])
        length = len(cycle)
        # r maps e_{c_j} to zeta^{step_j} e_{c_{j+1}}; frequency k needs k * share * length = total (mod unit).
        if order % length or total % (share * length):
            raise AmbiguousRank(f"a monomial matrix with a cycle of length {length} is not of order {order}")
        k = np.sort((total // (share * length) + (order // length) * np.arange(length)) % order)
        exponents = (np.array(phases)[:, None] - np.arange(length)[:, None] * (share * k[None, :])) % unit
        rows[column : column + length, cycle] = np.exp(2j * np.pi * exponents.T / unit) / np.sqrt(length)
        frequencies[column : column + length] = k
        column += length
    return rows.T, frequencies
