"""Leading singular values of a slowly moving operator: warm-started block Golub-Kahan-Lanczos, a few block products a step.

The number of operations is fixed, so that a step can be traced, and operators may be maps. Where values may be looked at,
`lobpcg` takes fewer passes. Derivation and references: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from grouprep.errors import GroupRepError
from grouprep.typing import AnyArray, Namespace
from projectors.arrays import adjoint, in_range, inner, namespace, refuse_nan, stop_gradient
from projectors.penalties.entrywise import dual_vector, vector_norm
from projectors.penalties.subspace import State, ritz_rotation

__all__ = ["Ritz", "leading", "ritz"]

Map = Callable[[AnyArray], AnyArray]


class Ritz(NamedTuple):
    """Ritz triples of an operator A on a Krylov space, in descending order; constant to derivatives.

    Attributes
    ----------
    values : (..., r), theta_i = ||A v_i|| in descending order: lower bounds on the singular values in that order.
    V : (..., n, r), orthonormal v_i.
    AV : (..., m, r), A v_i: orthogonal columns of norm theta_i.
    """

    values: AnyArray
    V: AnyArray
    AV: AnyArray


def _orthonormalise(xp: Namespace, block: AnyArray, basis: AnyArray) -> AnyArray:
    """Orthonormal columns outside the basis, which with it span the block too.

    Householder's Q is orthonormal to rounding whatever it factorises, also where the block adds nothing to the basis (Higham 2002, 19.3):
    any further directions will then do.
    """
    Q = xp.linalg.qr(xp.concat([basis, block], axis=-1))[0]
    return Q[..., basis.shape[-1] :]


def ritz(matvec: Map, rmatvec: Map, V: AnyArray, iterations: int) -> Ritz:
    """Ritz triples on the block Krylov space spanned by V, A*A V, ..., (A*A)^(iterations - 1) V.

    It takes `iterations` products with A and one fewer with A*, on blocks of V's width; the basis is fully reorthogonalised.

    Parameters
    ----------
    matvec : x -> A x on blocks (..., n, b).
    rmatvec : y -> A* y on blocks (..., m, b).
    V : (..., n, b), of full rank; it is orthonormalised, because what it has lost in one step the next would enlarge.
    iterations : >= 1, with iterations * b <= n.

    References
    ----------
    Golub and Kahan (1965); Golub, Luk and Overton, ACM TOMS 7 (1981), the block form; Baglama and Reichel, SIAM J. Sci. Comput. 27 (2005).
    """
    xp = namespace(V)
    block = xp.linalg.qr(stop_gradient(V))[0]
    image = stop_gradient(matvec(block))
    image = refuse_nan(xp, image, image)
    basis, images = block, image
    for _ in range(iterations - 1):
        near, _ = in_range(xp, image, (-2, -1))  # keeps A* A v from under- and overflow
        block = _orthonormalise(xp, stop_gradient(rmatvec(near)), basis)
        image = stop_gradient(matvec(block))
        basis, images = xp.concat([basis, block], axis=-1), xp.concat([images, image], axis=-1)
    scaled, _ = in_range(xp, images, (-2, -1))
    Y = ritz_rotation(xp, adjoint(xp, scaled) @ scaled)
    vectors = xp.matrix_transpose(Y @ xp.matrix_transpose(basis))  # columns contiguous, for BLAS
    images = images @ xp.matrix_transpose(Y)
    return Ritz(vector_norm(xp, images, 2, (-2,)), vectors, images)


def _maps(T: AnyArray, rmatvec: Map | None) -> tuple[Map, Map, Map]:
    """x -> T x with its derivative, the same without, and y -> T* y."""
    if rmatvec is not None:
        return T, T, rmatvec
    xp = namespace(T)
    constant = stop_gradient(T)
    # (y* T)* rather than T* y: BLAS then walks along the rows of T, several times faster for narrow blocks
    return (lambda x: T @ x), (lambda x: constant @ x), (lambda y: adjoint(xp, adjoint(xp, y) @ constant))


def leading(
    T: AnyArray, state: State, k: int = 1, rmatvec: Map | None = None, iterations: int = 2
) -> tuple[AnyArray, State]:
    """(value, next state): the sum of the k largest Ritz values of a slowly moving operator, warm-started.

    The value is Re sum_i u_i* A v_i with orthonormal u_i and v_i, so it is a lower bound on the sum of the k largest singular values,
    and its derivative is Re sum_i u_i* dA v_i. Under torch, jax and their transformations; no derivative of second order.

    Parameters
    ----------
    T : (..., m, n), or the map x -> A x on blocks (..., n, b), through which derivatives go.
    state : from `start` or from the step before; its block is as wide as the space that is followed, and at least k.
    k : how many singular values are added.
    rmatvec : the map y -> A* y on blocks (..., m, b); None if T is an array.
    iterations : block iterations, of which each takes a product with A and, from the second, one with A*. More of them in the first
        call, 8 say, take the place of warming up.

    Raises
    ------
    GroupRepError
        If the block is narrower than k, or iterations < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from projectors.penalties.subspace import start
    >>> T, state = np.diag(np.arange(100.0)), start((100, 100))
    >>> for _ in range(30):
    ...     value, state = leading(T, state)
    >>> round(float(value), 6)
    99.0
    """
    width, n = state.V.shape[-1], state.V.shape[-2]
    if width < min(k, n) or iterations < 1:
        raise GroupRepError(
            f"a block of {width} columns and {iterations} iterations cannot follow {k} singular values; init with width >= {k}"
        )
    xp = namespace(state.V)
    matvec, frozen, star = _maps(T, rmatvec)
    if rmatvec is None and state.V.dtype != T.dtype:
        state = State(xp.astype(state.V, T.dtype), state.steps)
    found = ritz(frozen, star, state.V, max(1, min(iterations, n // max(width, 1))))
    k = min(k, n)
    v = found.V[..., :, :k]
    u = dual_vector(xp, found.AV[..., :, :k], 2, (-2,))
    value = inner(xp, u, matvec(v))
    return value, State(found.V[..., :, :width], state.steps + 1)
