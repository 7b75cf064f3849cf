"""Norms of P(T) from its blocks in the spectral frame: matrices of multiplicities, each singular value as often as the irrep is large."""

from __future__ import annotations

from math import inf

from grouprep.typing import AnyArray
from projectors.arrays import is_complex, namespace
from projectors.hom import Hom
from projectors.penalties.base import Norm
from projectors.penalties.entrywise import vector_norm

__all__ = ["equivariant_norm"]


def equivariant_norm(M: AnyArray, H: Hom, norm: Norm) -> AnyArray:
    """The Schatten norm of the spectral matrix of P(T), from blocks of the size of the multiplicities.

    The block of an irrep of dimension d is sum_k c_k (x) J_k. One J: the singular values of c_0, each d times. Two (real irreps of
    complex type, real c_k): those of c_0 + i c_1, each d times. Otherwise the block itself.

    Parameters
    ----------
    M : spectral matrices (..., dim W, dim V).
    H : the space.
    norm : a Schatten norm.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import SO
    >>> from projectors import commutant
    >>> from projectors.penalties import Nuclear
    >>> H = commutant(3 * SO(3).defining())
    >>> M = H.to_spectral(np.kron(np.diag([1.0, 2.0, 3.0]), np.eye(3)))
    >>> round(float(equivariant_norm(M, H, Nuclear())), 12)
    18.0

    References
    ----------
    Schur's lemma; for the types see Broecker and tom Dieck, Representations of Compact Lie Groups, II.6.
    """
    xp, p, values = namespace(M), norm.schatten, []
    assert p is not None
    for b in H.spectral.diagonal:
        c = b.coordinates(M, xp)
        d = b.irrep_V.dim
        if len(c) == 2 and not is_complex(xp, c[0]):
            c = [c[0] + 1j * c[1]]
        if len(c) == 1:
            values.append(norm.value(c[0]) * (1 if p == inf else d ** (1 / p)))
        else:
            values.append(norm.value(b.combine(c, xp)))
    if not values:
        return norm.value(M[..., :0, :0])
    return vector_norm(xp, xp.stack(values, axis=-1), p, (-1,))
