"""A canonical choice among intertwiners: the same space gives the same isometries, whatever basis it was found in."""

from __future__ import annotations

import numpy as np

from grouprep.errors import AmbiguousRank
from grouprep.linalg.floats import first_pivot
from grouprep.typing import Array

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
    seeds = Y[:, :, 0].T
    dual = seeds.conj().T if gram is None else seeds.conj().T @ gram
    rest = seeds.copy()
    squares = np.ones(len(seeds)) if gram is None else np.abs(np.diagonal(gram))
    chosen: list[Array] = []
    for _ in range(r // k):
        i = first_pivot((np.abs(rest) ** 2).sum(axis=1) * squares)
        u = rest[i].conj() / np.linalg.norm(rest[i])
        X = np.tensordot(u, Y, 1)
        X = X.real if real else X
        chosen.append(X)
        for J in units:
            w = dual @ (X @ J[:, 0])
            rest = rest - np.outer(rest @ w, w.conj())
    return np.array(chosen).reshape(r // k, *Y.shape[1:])
