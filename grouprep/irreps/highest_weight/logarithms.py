"""Logarithms of elements of compact groups of matrices that lie in the Lie algebra.

An element is written exp(X) (1 + E) exp(S): S is 0, or one of a few fixed shifts where the principal logarithm leaves the algebra
or is unstable, and E is what rounding leaves, to first order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.typing import Array

__all__ = ["BRANCHES", "PRINCIPAL", "ROTATION", "UNITARY", "Branch", "factors"]

Branch: TypeAlias = Callable[[Array], Iterator[Array]]
"""Candidates for logarithms of a unitary matrix (n, n); the first that lies in the algebra is taken."""

_TRIES = 24  # shifts; for G2 about every second element has a logarithm among the candidates, for Sp(n) almost all

# Elements that were once stored in single precision are still elements: 16 of its roundings.
_TOLERANCE = 16 * float(np.finfo(np.float32).eps)

_NEAR = 0.05  # an eigenvalue so near to -1 leaves its logarithm undecided between pi i and -pi i, off by its inverse times rounding


def UNITARY(g: Array) -> Iterator[Array]:
    """By the Schur form of a unitary matrix, which is diagonal: any logarithm is one of U(n)."""
    from scipy.linalg import schur

    T, Z = schur(g.astype(complex), output="complex")
    yield (Z * (1j * np.angle(np.diag(T)))) @ Z.conj().T


def _planes(g: Array) -> tuple[Array, list[tuple[int, int, float]]]:
    """The real Schur form of a rotation: an orthogonal basis, and its planes (i, j) with the angles; -1 twice is a half turn."""
    from scipy.linalg import schur

    T, Z = schur(g.real, output="real")
    n, planes, flipped, k = len(g), [], [], 0
    while k < n:
        if k + 1 < n and T[k + 1, k] != 0:
            angle = float(np.arctan2((T[k + 1, k] - T[k, k + 1]) / 2, (T[k, k] + T[k + 1, k + 1]) / 2))
            planes.append((k, k + 1, angle))
            k += 2
        else:
            if T[k, k] < 0:
                flipped.append(k)
            k += 1
    planes += [(i, j, float(np.pi)) for i, j in zip(flipped[::2], flipped[1::2], strict=False)]
    return Z, planes


def _generator(Z: Array, i: int, j: int) -> Array:
    """The rotation from basis vector i to j."""
    out: Array = np.outer(Z[:, j], Z[:, i]) - np.outer(Z[:, i], Z[:, j])
    return out


def ROTATION(g: Array) -> Iterator[Array]:
    """By the real Schur form of a rotation, plane by plane."""
    Z, planes = _planes(g)
    yield sum((angle * _generator(Z, i, j) for i, j, angle in planes), np.zeros(g.shape))


def BRANCHES(g: Array) -> Iterator[Array]:
    """As ROTATION, then with a full turn more in one plane."""
    Z, planes = _planes(g)
    X = sum((angle * _generator(Z, i, j) for i, j, angle in planes), np.zeros(g.shape))
    yield X
    for i, j, angle in planes:
        yield X - np.copysign(2 * np.pi, angle) * _generator(Z, i, j)


def PRINCIPAL(g: Array) -> Iterator[Array]:
    """The principal logarithm, where no eigenvalue is near to -1."""
    from scipy.linalg import schur

    T, Z = schur(g.astype(complex), output="complex")
    values = np.diag(T)
    if np.abs(values + 1).min() > _NEAR:
        yield (Z * (1j * np.angle(values))) @ Z.conj().T


def factors(g: Array, branch: Branch, algebra: Array, name: str) -> tuple[Array, Array, Array | None]:
    """(X, E, S), coefficients in a basis of the algebra: g = exp(X) (1 + E) exp(S); S is None where it is 0.

    Parameters
    ----------
    g : (n, n) float matrix.
    branch : candidates for logarithms.
    algebra : (k, n, n), a basis of the Lie algebra.

    Raises
    ------
    GroupRepError
        If g is not an element of the group.
    """
    from scipy.linalg import expm

    n = len(g)
    basis = algebra.reshape(len(algebra), -1).T
    stacked = np.concatenate([basis.real, basis.imag])
    inverse = np.linalg.pinv(stacked)

    def project(X: Array) -> tuple[Array, Array]:
        flat = X.ravel()
        found = inverse @ np.concatenate([flat.real, flat.imag])
        return found, np.tensordot(found, algebra, 1)

    error = float(np.abs(g.conj().T @ g - np.eye(n)).max())
    best: tuple[float, Array, Array, Array | None] | None = None
    if error <= _TOLERANCE:
        for attempt in range(_TRIES):
            shift, moved = None, g
            if attempt:
                shift = 0.8 * np.random.default_rng(attempt).standard_normal(len(algebra))
                moved = g @ expm(-np.tensordot(shift, algebra, 1))
            for X in branch(moved):
                coefficients, inside = project(X)
                rest = expm(-inside) @ moved - np.eye(n)
                size = float(np.linalg.norm(rest))
                if best is None or size < best[0]:
                    best = size, coefficients, project(rest)[0], shift
            if best is not None and best[0] <= 1e3 * n * np.finfo(float).eps:
                break
        if best is not None and best[0] <= n * _TOLERANCE:
            return best[1:]
    raise GroupRepError(f"g is not an element of {name}: it is not unitary, or not an exponential of the Lie algebra")
