"""Unitary matrices of SU(2), SO(3), O(3) split into spins by highest weights."""

from __future__ import annotations

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.groups.base import Group
from grouprep.irreps.family import Images
from grouprep.irreps.spin_generators import standard_images
from grouprep.irreps.spin_labels import SpinKind
from grouprep.typing import Array

__all__ = ["split_spins"]

_FAR = 0.25  # how far from a half-integer an eigenvalue of J_z may be: half of what separates two of them


def split_spins(group: Group, kind: SpinKind, images: Images) -> list[tuple[int, int | None, Array]]:
    """Twice the spin, the parity where there is one, and intertwiners as in `Splitting`, by highest weights.

    For j descending, the kernel of J_+ among vectors of weight j, then lowered by J_-.

    Vectors are held in orthonormal bases of the weight spaces. What rounding leaves of a larger spin grows under lowering
    like a binomial coefficient, so at every step it is taken out again.
    """
    first, second, third, parity = standard_images(group, kind, images)
    J_z, J_x, J_y = _angular_momentum(kind, first, second, third)
    values, vectors = np.linalg.eigh((J_z + J_z.conj().T) / 2)
    weights = _half_integers(values, group, kind)
    spaces = {int(w): vectors[:, weights == w] for w in np.unique(weights)}
    lowering = J_x - 1j * J_y
    steps = {w: spaces[w - 2].conj().T @ (lowering @ V) for w, V in spaces.items() if w - 2 in spaces}
    found: dict[int, Array] = {w: np.zeros((V.shape[1], 0), dtype=complex) for w, V in spaces.items()}
    out: list[tuple[int, int | None, Array]] = []
    for two_j in sorted((w for w in spaces if w >= 0), reverse=True):
        top = _highest(found[two_j])
        for sign, seeds in _by_parity(top, spaces[two_j], parity):
            columns = _lowered(seeds, two_j, steps, found)
            X = np.stack([spaces[w] @ columns[w] for w in range(-two_j, two_j + 1, 2)], axis=-1)
            out.append((two_j, None if parity is None else sign, np.moveaxis(X, 1, 0)))
    return out


def _angular_momentum(kind: SpinKind, first: Array, second: Array, third: Array) -> tuple[Array, Array, Array]:
    """(J_z, J_x, J_y) from the standard basis: exp(t A) rotates about z, -y, x for SO(3); SU(2) has A = i J_z, i J_y, i J_x."""
    if kind == "SU(2)":
        return -1j * first, -1j * third, -1j * second
    return 1j * first, 1j * third, -1j * second


def _half_integers(values: Array, group: Group, kind: SpinKind) -> Array:
    """Twice the eigenvalues of J_z, as integers."""
    doubled = np.round(2 * values)
    if kind != "SU(2)":
        doubled = 2 * np.round(values)
    error = float(np.abs(2 * values - doubled).max(initial=0.0))
    if error > 2 * _FAR:
        raise AmbiguousRank(
            f"J_z has an eigenvalue {values[np.argmax(np.abs(2 * values - doubled))]:.6g}, which is no weight of {group}: the "
            "matrices are no representation, or not unitary"
        )
    return doubled.astype(np.int64)


def _highest(found: Array) -> Array:
    """Highest-weight vectors (n, m) in a weight space: an orthonormal basis of what larger spins (n, k) leave of it."""
    size, count = found.shape
    if count > size:
        raise AmbiguousRank(
            "the weights of J_z are not those of a representation: one weight outnumbers the one below it"
        )
    return np.asarray(np.linalg.qr(found, mode="complete")[0][:, count:])


def _by_parity(top: Array, space: Array, parity: Array | None) -> list[tuple[int, Array]]:
    """The seeds, coordinates in a weight space, split into even and odd ones under the inversion."""
    if not top.shape[1]:
        return []
    if parity is None:
        return [(1, top)]
    vectors = space @ top
    values, basis = np.linalg.eigh(_hermitian(vectors.conj().T @ parity @ vectors))
    pairs = [(sign, top @ basis[:, np.sign(values) == sign]) for sign in (1, -1)]
    return [(sign, seeds) for sign, seeds in pairs if seeds.shape[1]]


def _hermitian(a: Array) -> Array:
    return (a + a.conj().T) / 2


def _lowered(seeds: Array, two_j: int, steps: dict[int, Array], found: dict[int, Array]) -> dict[int, Array]:
    """The vectors |j m> of each weight, (n, m), from highest-weight vectors: J_- |m> = sqrt(...) |m - 1>; `found` grows by them."""
    columns = {two_j: seeds}
    for w in range(two_j, -two_j, -2):
        if w not in steps or steps[w].shape[0] < found[w - 2].shape[1] + seeds.shape[1]:
            raise AmbiguousRank(
                "the weights of J_z are not those of a representation: one weight outnumbers the one below it"
            )
        lowered = steps[w] @ columns[w] * (2 / np.sqrt((two_j + w) * (two_j - w + 2)))
        columns[w - 2] = lowered - found[w - 2] @ (found[w - 2].conj().T @ lowered)
    for w, c in columns.items():
        found[w] = np.concatenate([found[w], c], axis=1)
    return columns
