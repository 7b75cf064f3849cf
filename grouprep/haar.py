"""Haar measure on matrix Lie groups: which classical group it is, sampling, membership."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import UnsupportedGroup
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, as_exact, as_float
from grouprep.linalg.matrices import is_exact

__all__ = ["classical_type", "contains", "sample_lie_group"]

Classical = Literal["SO", "SU", "U", "Sp"]


def classical_type(G: LieGroup) -> Classical | None:
    """Whether the identity component is all of SO(n), SU(n), U(n) or Sp(n), decided exactly by the span of the generators.

    SU(2) = Sp(1) counts as "SU"; Sp(n) preserves the form J = [[0, 1], [-1, 0]].

    Examples
    --------
    >>> from grouprep import SU
    >>> classical_type(SU(3))
    'SU'
    """
    from grouprep.groups.cartan import close_algebra

    if not G.is_exact:
        return None
    exact = [as_exact(a) for a in G.algebra]
    if not all(_is_anti_hermitian(a) for a in exact):
        return None
    _, basis = close_algebra(exact)
    n, size = G.n, _real_rank(basis)
    real = all(as_float(a).dtype.kind == "f" for a in exact)
    if real and size == n * (n - 1) // 2:
        return "SO"
    if size == n * n:
        return "U"
    if size == n * n - 1 and all(abs(np.trace(as_float(a))) == 0 for a in exact):
        return "SU"
    if n % 2 == 0 and size == n * (n + 1) // 2 and all(_preserves_symplectic_form(a) for a in exact):
        return "Sp"
    return None


def _symplectic_form(n: int, domain: Any) -> Any:
    """J = [[0, 1], [-1, 0]] of size n, even."""
    from grouprep.linalg.sparse import sparse_matrix

    half = n // 2
    rows = {i: {(i + half) % n: domain.one if i < half else -domain.one} for i in range(n)}
    return sparse_matrix(rows, (n, n), domain)


def _preserves_symplectic_form(a: Any) -> bool:
    """Whether a^T J + J a = 0."""
    J = _symplectic_form(a.shape[0], a.domain)
    return bool((a.transpose() * J + J * a).is_zero_matrix)


def _is_anti_hermitian(a: Any) -> bool:
    from grouprep.linalg.fields import conjugate

    return bool((a.transpose() + conjugate(a)).is_zero_matrix)


def _real_rank(basis: list[Any]) -> int:
    """The dimension over the reals; the closed basis is independent over the field, which contains i where that matters."""
    stack = np.array([as_float(b).ravel() for b in basis])
    return int(np.linalg.matrix_rank(np.concatenate([stack.real, stack.imag], axis=1)))


def sample_lie_group(G: LieGroup, n: int, rng: np.random.Generator) -> NDArray[Any]:
    """n independent Haar-distributed elements of a compact classical group, (n, dim, dim).

    An element is a uniform element of the finite group of components times a Haar element of the identity component.

    Raises
    ------
    UnsupportedGroup
        If the group is not compact, or its identity component is none of SO(n), SU(n), U(n), Sp(n).

    References
    ----------
    F. Mezzadri, How to generate random matrices from the classical compact groups, Notices AMS 54 (2007), section 5.
    """
    if not G.is_compact:
        raise UnsupportedGroup(
            f"{G} is not compact and has no Haar probability measure; random() gives elements without one"
        )
    kind = classical_type(G)
    if kind is None:
        raise UnsupportedGroup(
            f"no Haar sampler is known for {G}, whose algebra is not all of so(n), su(n), u(n) or sp(n)"
        )
    g = _classical(kind, G.n, n, rng)
    if G.components:
        parts = G.component_group.defining()(G.component_group.sample(n, rng))
        g = parts @ g
    return g


def _classical(kind: Classical, size: int, n: int, rng: np.random.Generator) -> NDArray[Any]:
    z = rng.standard_normal((n, size, size))
    if kind != "SO":
        z = z + 1j * rng.standard_normal((n, size, size))
    if kind == "Sp":
        z = _quaternions(z)
    q, r = np.linalg.qr(z)
    diagonal = np.diagonal(r, axis1=-2, axis2=-1)
    unitary: NDArray[Any] = q * (diagonal / np.abs(diagonal))[:, None, :]
    if kind == "U":
        return unitary
    if kind == "Sp":
        order = np.argsort(_pairs(size))
        return unitary[:, order[:, None], order]
    return _fix_column(unitary, np.linalg.det(unitary))


def _pairs(size: int) -> NDArray[np.int64]:
    """0, n, 1, n + 1, ... for size = 2n: the order in which quaternions are 2 x 2 blocks."""
    return np.arange(size).reshape(2, -1).T.ravel()


def _quaternions(z: NDArray[Any]) -> NDArray[Any]:
    """Gaussian matrices (..., size, size) over the quaternions, as blocks [[a, b], [-conj(b), conj(a)]].

    Their QR factor with a positive diagonal is quaternionic again: the second column of a block is orthogonal to the first.
    """
    half = z.shape[-1] // 2
    a, b = z[..., :half, :half], z[..., :half, half:]
    out = np.empty_like(z)
    out[..., 0::2, 0::2], out[..., 0::2, 1::2] = a, b
    out[..., 1::2, 0::2], out[..., 1::2, 1::2] = -b.conj(), a.conj()
    return out


def _fix_column(q: NDArray[Any], determinant: NDArray[Any]) -> NDArray[Any]:
    """Divide the first column by the determinant: Haar on U(n) or O(n) goes to Haar on the subgroup of determinant 1."""
    q = q.copy()
    q[:, :, 0] *= (determinant.conj() / np.abs(determinant))[:, None]
    return q


def contains(G: LieGroup, matrix: Image) -> bool:
    """Whether an exact matrix lies in the group: classical groups, with or without components.

    Raises
    ------
    UnsupportedGroup
        If membership in the group cannot be decided.
    """
    from grouprep.linalg.fields import conjugate
    from grouprep.linalg.sparse import equal_exact, identity_exact, inverse_exact, matmul_exact

    kind = classical_type(G)
    if kind is None or not is_exact(matrix):
        raise UnsupportedGroup(
            f"membership in {G} cannot be decided for this matrix; only for SO, O, SU, U, Sp and exact matrices"
        )
    m = as_exact(matrix)
    if not equal_exact(matmul_exact(conjugate(m).transpose(), m), identity_exact(m.shape[0], m.domain)):
        return False
    parts = (
        [as_exact(G.component_group.defining().exact_image(f)) for f in G.component_group.elements]
        if G.components
        else []
    )
    candidates = [matmul_exact(inverse_exact(h), m) for h in parts] or [m]
    return any(_in_identity_component(kind, q) for q in candidates)


def _in_identity_component(kind: Classical, q: Any) -> bool:
    """Whether a unitary matrix lies in SO(n), SU(n), U(n) or Sp(n)."""
    from grouprep.linalg.fields import conjugate
    from grouprep.linalg.sparse import equal_exact, matmul_exact

    if kind == "Sp":
        J = _symplectic_form(q.shape[0], q.domain)
        return equal_exact(matmul_exact(q.transpose(), matmul_exact(J, q)), J)

    if kind == "SO" and not equal_exact(q, conjugate(q)):
        return False
    return kind == "U" or bool(q.to_field().to_dense().det() == q.domain.get_field().one)
