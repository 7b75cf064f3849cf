"""Laws of norms and their subgradients."""

from __future__ import annotations

from math import inf

import numpy as np

from grouprep.testing.bounds import gamma, norm, require, require_close
from grouprep.testing.laws import DoesNotApply, law, require_laws, run_laws
from grouprep.typing import Array
from projectors.penalties import Entrywise, Frobenius, Induced, KyFan, Mixed, Norm, Nuclear, Schatten, Spectral

__all__ = ["NORMS", "check_norm", "check_subgradient"]

NORMS: tuple[Norm, ...] = (
    Frobenius(),
    Spectral(),
    Nuclear(),
    Schatten(1.5),
    Schatten(4),
    KyFan(2),
    Mixed(2, 1),
    Mixed(3, 1.5),
    Mixed(inf, 2),
    Entrywise(1),
    Entrywise(2.5),
    Entrywise(inf),
    Induced(1),
    Induced(inf),
)


def _unitary(n: int, rng: np.random.Generator) -> Array:
    q, _ = np.linalg.qr(rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n)))
    return np.asarray(q)


def _monomial(n: int, rng: np.random.Generator) -> Array:
    """A permutation with phases that are powers of i: products with it are exact."""
    M = np.zeros((n, n), dtype=complex)
    M[rng.permutation(n), np.arange(n)] = np.array([1, 1j, -1, -1j])[rng.integers(0, 4, n)]
    return M


Shape = tuple[int, int]


def check_norm(N: Norm, rng: np.random.Generator | int = 0, shape: Shape = (4, 3)) -> None:
    """The axioms of a norm, the invariance it claims and no more, its subgradient; on stacks, real and complex, without overflow.

    Parameters
    ----------
    N : the norm.
    rng : a numpy Generator, or a seed.
    shape : of the matrices.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from projectors.penalties import Spectral
    >>> check_norm(Spectral())
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("norm", N, shape, rng=lambda: generator))


@law("norm")
def check_power(N: Norm, rng: np.random.Generator, shape: Shape = (4, 3)) -> DoesNotApply | None:
    """A power of a norm has the norm's value to that power, and the chain rule's gradient."""
    base = N.as_norm()
    if base == N:
        return DoesNotApply("a norm, no power of one")
    A = rng.standard_normal((3, *shape)) + 1j * rng.standard_normal((3, *shape))
    value, root = np.asarray(N.value(A)), np.asarray(base.value(A))
    power = np.log(value) / np.log(root)
    bound = gamma(shape[0] * shape[1]) * float(value.max()) * 8
    require_close(value, root ** round(float(power[0])), bound, f"{N}: an integer power of {base}")
    p = round(float(power[0]))
    chain = p * (root ** (p - 1))[:, None, None] * base.subgradient(A)
    require_close(np.asarray(N.subgradient(A)), chain, bound, f"{N}: the chain rule")
    return None


def _operators(rng: np.random.Generator, shape: Shape) -> tuple[Array, Array, float]:
    """A complex and a real stack (2, 3, m, n), and what rounding makes of norms of both."""
    m, n = shape
    A = rng.standard_normal((2, 3, m, n)) + 1j * rng.standard_normal((2, 3, m, n))
    B = rng.standard_normal((2, 3, m, n))
    return A, B, gamma(m * n) * (norm(A) + norm(B)) * float(np.sqrt(m * n))


@law("norm")
def check_axioms(N: Norm, rng: np.random.Generator, shape: Shape = (4, 3)) -> None:
    """|c A| = |c| |A|, |A + B| <= |A| + |B|, |A| > 0 unless A = 0, |conj A| = |A|; a stack has the values of its matrices."""
    N = N.as_norm()
    A, B, bound = _operators(rng, shape)
    value = np.asarray(N.value(A))
    require(value.shape == (2, 3), f"{N}: a stack (2, 3) of matrices has values of shape {value.shape}")
    require_close(value[1, 2], np.asarray(N.value(A[1, 2])), bound, f"{N}: stack against single matrix")
    require_close(np.asarray(N.value(A * (3 - 4j))), 5 * value, 5 * bound, f"{N}: |c A| = |c| |A|")
    require((N.value(A + B) <= value + N.value(B) + bound).all(), f"{N}: the triangle inequality fails")
    require((value > 0).all(), f"{N}: not positive")
    require(N.value(np.zeros(shape)) == 0, f"{N}: |0| is not 0")
    require_close(np.asarray(N.value(A.conj())), value, bound, f"{N}: |conj A| = |A|")


@law("norm")
def check_invariance(N: Norm, rng: np.random.Generator, shape: Shape = (4, 3)) -> None:
    """Permutations with phases leave the norm alone; unitary matrices do exactly where it says so."""
    N = N.as_norm()
    m, n = shape
    A, _, bound = _operators(rng, shape)
    value = np.asarray(N.value(A))
    permuted = _monomial(m, rng) @ A @ _monomial(n, rng)
    require_close(np.asarray(N.value(permuted)), value, bound, f"{N}: not invariant under monomial unitaries")
    moved = np.asarray(N.value(_unitary(m, rng) @ A @ _unitary(n, rng)))
    if N.unitarily_invariant:
        require_close(moved, value, 4 * bound, f"{N}: not unitarily invariant")
        star = np.swapaxes(A.conj(), -1, -2)
        require_close(np.asarray(N.value(star)), value, bound, f"{N}: |A*| = |A|")
    elif min(shape) > 1:
        require((np.abs(moved - value) > 4 * bound).any(), f"{N}: unitarily invariant, but does not say so")


@law("norm")
def check_precision(N: Norm, rng: np.random.Generator, shape: Shape = (4, 3)) -> None:
    """Entries near 1e-200 and 1e200 neither vanish nor overflow; single precision stays single."""
    N = N.as_norm()
    _, B, bound = _operators(rng, shape)
    for scale in (1e-200, 1e200):
        relative = np.asarray(N.value(B * scale)) / scale
        require_close(relative, np.asarray(N.value(B)), 2 * bound, f"{N}: entries near {scale:g}")
    for kind in (np.float32, np.complex64):
        single = np.asarray(N.value(B.astype(kind)))
        require(single.dtype == np.float32, f"{N}: the value of a {kind.__name__} matrix is {single.dtype}")


def _pairing(G: Array, E: Array) -> Array:
    return np.asarray((G.conj() * E).real.sum(axis=(-2, -1)))


@law("norm")
def check_subgradient(N: Norm, rng: np.random.Generator | int = 0, shape: Shape = (4, 3)) -> None:
    """N(B) >= N(A) + Re<G, B - A>, Re<G, A> = N(A), G is 0 at 0, and difference quotients lie between the slopes at their ends.

    Also at corners: matrices with tied entries and singular values, of low rank, with zero rows and columns.

    Parameters
    ----------
    N : the norm.
    rng : a numpy Generator, or a seed.
    shape : of the matrices.

    Raises
    ------
    AssertionError
        Naming what fails.

    Examples
    --------
    >>> from projectors.penalties import Induced
    >>> check_subgradient(Induced(1))
    """
    rng = np.random.default_rng(rng)
    N = N.as_norm()
    m, n = shape
    random = rng.standard_normal((4, m, n)) + 1j * rng.standard_normal((4, m, n))
    corners = np.stack(
        [np.eye(m, n), np.ones((m, n)), np.eye(m, n, k=1) + np.eye(m, n), np.outer(np.arange(m), 1j ** np.arange(n))]
    )
    A = np.concatenate([random, corners])
    others = np.concatenate([random[::-1], -corners, 1e-3 * random + corners, np.zeros((1, m, n))])
    size = norm(A) + norm(others)
    bound = gamma(8 * m * n) * size * np.sqrt(m * n)
    value, G = np.asarray(N.value(A)), np.asarray(N.subgradient(A))
    require(G.shape == A.shape, f"{N}: the subgradient of {A.shape} has shape {G.shape}")
    require_close(_pairing(G, A), value, bound, f"{N}: Re<G, A> = N(A)")
    slopes = _pairing(G[:, None], others[None])
    require((slopes <= np.asarray(N.value(others)) + bound).all(), f"{N}: the dual norm of a subgradient exceeds 1")
    require_close(np.asarray(N.subgradient(5j * A)), 1j * G, bound, f"{N}: G(c A) = c / |c| G(A)")
    zero = np.asarray(N.subgradient(np.zeros(shape)))
    require(np.array_equal(zero, np.zeros(shape)), f"{N}: the subgradient at 0 is not 0")
    require(np.isrealobj(N.subgradient(corners[0].real)), f"{N}: the subgradient of a real matrix is complex")
    h = float(np.finfo(float).eps) ** (1 / 3)
    direction = random[0] / norm(random[0])
    ahead, end = np.asarray(N.value(A + h * direction)), np.asarray(N.subgradient(A + h * direction))
    quotient = (ahead - value) / h
    require((_pairing(G, direction) <= quotient + bound / h).all(), f"{N}: difference quotient below the slope")
    require((quotient <= _pairing(end, direction) + bound / h).all(), f"{N}: difference quotient above the slope")
    if N.unitarily_invariant:
        left, right = _unitary(m, rng), _unitary(n, rng)
        moved = np.asarray(N.subgradient(left @ random @ right))
        gaps = np.abs(np.diff(np.linalg.svd(random, compute_uv=False), axis=-1)).min(initial=1.0)
        least = np.linalg.svd(random, compute_uv=False).min()
        require_close(moved, left @ G[:4] @ right, 8 * bound / min(gaps, least, 1.0), f"{N}: G(U A V) = U G(A) V")
