"""A canonical choice among intertwiners: the same space gives the same isometries, whatever basis it was found in."""

from __future__ import annotations

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.linalg.floats import first_pivot
from grouprep.linalg.graphs import components
from grouprep.typing import Array, Floats, Integers

__all__ = ["canonical_isometries"]


def canonical_isometries(Y: Array, units: Array, real: bool, gram: Array | None = None) -> Array:
    """Isometries X (m, n, d), X[a]* X[b] = delta_ab, that span a space of intertwiners from an irrep over its commutant.

    The seed space {X e_1} of a space of intertwiners does not depend on a basis of it. With P the projector on that space,
    the first X has P e_i / |P e_i| as its first column, i the first index at which the diagonal of P exceeds a share of its
    largest entry; then the seeds X J e_1, J in the commutant, are taken out of P, and so on.
    With another inner product H, the diagonal of P H^-1 times that of H takes its place, so that the lengths of basis vectors
    do not count.

    Parameters
    ----------
    Y : (r, n, d) intertwiners whose first columns are orthonormal, each an isometry.
    units : (k, d, d) the commutant of the irrep, its first element the identity; r = m k.
    real : whether the results are real, though Y may be complex.
    gram : (n, n) the inner product <x, y> = x* H y that adjoints, norms and P refer to; the standard one by default. Then
        P H^-1 e_i takes the place of P e_i.

    Raises
    ------
    AmbiguousRank
        If r is no multiple of k, or Y spans no space over the commutant.

    Examples
    --------
    >>> Y = np.array([[[0.6], [0.8]], [[-0.8], [0.6]]])
    >>> np.round(canonical_isometries(Y, np.eye(1)[None], True)[:, :, 0], 12) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    r, k = len(Y), len(units)
    if r % k:
        raise AmbiguousRank(f"a space of {r} intertwiners is no space over a commutant of dimension {k}")
    parts, weights = [], np.zeros(Y.shape[1])
    place = np.zeros(Y.shape[1], dtype=np.int64)
    for number, (chosen, rows) in enumerate(_parts(Y) if gram is None else [(np.arange(r), np.arange(Y.shape[1]))]):
        part = _Part(rows, Y[np.ix_(chosen, rows)], units, gram)
        parts.append(part)
        weights[rows], place[rows] = part.weights, number
    out = np.zeros((r // k, *Y.shape[1:]), dtype=float if real else Y.dtype)
    for X in out:
        i = first_pivot(weights)
        part = parts[place[i]]
        X[part.rows] = part.take(int(np.searchsorted(part.rows, i)), real)
        weights[part.rows] = part.weights
    return out


class _Part:
    """Intertwiners Y (r, n, d) whose rows no other ones touch, and what is left of their seeds."""

    def __init__(self, rows: Integers, Y: Array, units: Array, gram: Array | None) -> None:
        self.rows, self.Y, self.units = rows, Y, units
        seeds = Y[:, :, 0].T
        self.dual = seeds.conj().T if gram is None else seeds.conj().T @ gram
        self.rest = seeds.copy()
        self.squares = np.ones(len(seeds)) if gram is None else np.abs(np.diagonal(gram))

    @property
    def weights(self) -> Floats:
        return np.asarray((np.abs(self.rest) ** 2).sum(axis=1) * self.squares)

    def take(self, i: int, real: bool) -> Array:
        """The isometry of the pivot i, which is taken out of the seeds."""
        u = self.rest[i].conj() / np.linalg.norm(self.rest[i])
        X = np.tensordot(u, self.Y, 1)
        X = X.real if real else X
        for J in self.units:
            w = self.dual @ (X @ J[:, 0])
            self.rest = self.rest - np.outer(self.rest @ w, w.conj())
        return np.asarray(X)


def _parts(Y: Array) -> list[tuple[Integers, Integers]]:
    """Intertwiners (numbers) and rows that are linked by entries that are not 0, ascending; rows of zeros belong to none."""
    r, n = Y.shape[:2]
    which, rows = np.nonzero(Y.any(axis=2))
    number, labels = components(r + n, which, rows + r)
    if number == 1:
        return [(np.arange(r), np.arange(n))]
    order = np.argsort(labels, kind="stable")
    pieces = np.split(order, np.cumsum(np.bincount(labels, minlength=number))[:-1])
    return [(p[p < r], p[p >= r] - r) for p in pieces if p[0] < r]
