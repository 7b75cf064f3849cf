"""The penalty: a norm of the residual T - P(T), or of the equivariant part P(T), whole or block by block of irreps."""

from __future__ import annotations

from typing import cast

import numpy as np

from grouprep.errors import GroupRepError, shown
from grouprep.typing import AnyArray, ArrayT
from projectors.arrays import in_range, in_single, operator_array
from projectors.hom import Hom
from projectors.penalties.base import Norm
from projectors.penalties.blockwise import equivariant_norm
from projectors.penalties.entrywise import Frobenius

__all__ = ["checked", "penalty", "per_block"]


def penalty(T: ArrayT, H: Hom, norm: Norm | None = None, part: str = "residual", frame: str = "spatial") -> ArrayT:
    """The norm of the part of T that is not equivariant, or of the part that is.

    The residual is formed, never taken as a difference of norms, so that it keeps its digits near equivariance.

    Parameters
    ----------
    T : operators (..., dim W, dim V), real or complex, leading axes are batch; an array of numpy, torch or jax.
    H : the space of equivariant operators, Hom(V, W).
    norm : `Frobenius()` (default), or any other `Norm`.
    part : "residual" for T - P(T), "equivariant" for P(T).
    frame : "spatial", or "spectral" for the norm of the matrix in the spectral (irrep) basis, U_W^-1 (T - P(T)) U_V. Unitary V and W
        and a unitarily invariant norm give the same value; Mixed, Entrywise and Induced do not. Schatten norms (Spectral, Nuclear) of P(T)
        are taken from its blocks, at a cost that depends on the multiplicities alone.

    Returns
    -------
    The values, (...), in the precision of T; 0-dimensional for a single operator.

    Raises
    ------
    GroupRepError
        If part, frame or norm is unknown, or T has NaN entries.
    NotUnitary
        If the group has no average on operators (see `Hom.project`).
    UnsupportedGroup
        If the frame is spectral and the group's irreps are not known.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> from projectors.penalties import penalty
    >>> H = commutant(Cyclic(2).natural())
    >>> float(penalty(np.array([[1.0, 2.0], [2.0, 1.0]]), H)), float(penalty(np.diag([1.0, -1.0]), H))
    (0.0, 1.4142135623730951)

    References
    ----------
    Berndt and Stuehmer, Approximate equivariance via projection-based regularisation, arXiv 2601.05028, section 3.
    """
    norm = _checked(H, norm, part)
    B, s = _in_range(T, H, norm)
    if frame == "spatial":
        return _on_scale(norm, H.residual(B) if part == "residual" else H.project(B), s)
    if frame != "spectral":
        raise GroupRepError(f'frame = "{frame}" is unknown; choose "spatial" or "spectral"')
    if part == "equivariant" and norm.schatten is not None:
        return cast(ArrayT, equivariant_norm(H.to_spectral(B), H, norm) * s[..., 0, 0])
    return _on_scale(norm, _spectral_part(B, H, part), s)


def per_block(T: ArrayT, H: Hom, norm: Norm | None = None, part: str = "residual") -> dict[tuple[str, str], ArrayT]:
    """The penalty of every pair of irreps: the norms of the blocks of the spectral matrix, to see which irreps break the symmetry.

    Parameters
    ----------
    T, H, norm, part : as in `penalty`.

    Returns
    -------
    {(label of the irrep of V, label of the irrep of W): values (...)}. In the Frobenius norm the squares add up to the square of
    `penalty(..., frame="spectral")`, which is the spatial one for unitary V and W.

    Raises
    ------
    GroupRepError
        As `penalty`.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> H = commutant(Cyclic(2).natural())
    >>> {pair: round(float(value), 6) for pair, value in per_block(np.array([[1.0, 2.0], [4.0, 7.0]]), H).items()}
    {('A', 'A'): 0.0, ('B', 'A'): 2.0, ('A', 'B'): 4.0, ('B', 'B'): 0.0}

    References
    ----------
    Schur's lemma: blocks of distinct irreps are residual as a whole, the others but for their in-block trace (Serre, Linear
    Representations of Finite Groups, 2.2).
    """
    norm = _checked(H, norm, part)
    B, s = _in_range(T, H, norm)
    X = _spectral_part(B, H, part)
    return {(b.irrep_V.label, b.irrep_W.label): _on_scale(norm, b.read(X), s) for b in H.spectral.blocks}


def checked(H: Hom, norm: Norm | None) -> Norm:
    """The norm, `Frobenius()` if none is given, after a look at H.

    Raises
    ------
    GroupRepError
        If it is no norm, or H no space of operators.
    """
    if not isinstance(H, Hom):
        raise GroupRepError(f"H must be Hom(V, W), and comes after the operator: penalty(T, H); got {shown(H)}")
    norm = Frobenius() if norm is None else norm
    if not isinstance(norm, Norm):
        raise GroupRepError(
            f"norm = {shown(norm)} is not a norm; use Frobenius(), Spectral() or another one of projectors.penalties"
        )
    return norm


def _checked(H: Hom, norm: Norm | None, part: str) -> Norm:
    norm = checked(H, norm)
    if part not in ("residual", "equivariant"):
        raise GroupRepError(f'part = "{part}" is unknown; choose "residual" or "equivariant"')
    return norm


def _in_range(T: AnyArray, H: Hom, norm: Norm) -> tuple[AnyArray, AnyArray]:
    """(B, s) with T = s B on a scale where projections neither overflow nor lose digits; for squares, of small slopes, small T stay."""
    T, xp = operator_array(T, H.shape)
    T = in_single(xp, T)
    B, s = in_range(xp, T, (-2, -1))
    if norm.power == 1:
        return B, s
    s = xp.where(s < 1, xp.ones_like(s), s)
    return T * (1 / s), s


def _on_scale(norm: Norm, X: AnyArray, s: AnyArray) -> ArrayT:  # type: ignore[type-var]
    """N(s X): infinite, without a warning, where it is beyond the largest float."""
    s, value = s[..., 0, 0], norm.value(X)
    with np.errstate(over="ignore"):
        return cast(ArrayT, value * s if norm.power == 1 else value * s * s)  # its square has no place among floats


def _spectral_part(T: AnyArray, H: Hom, part: str) -> AnyArray:
    if part == "residual":
        return H.to_spectral(H.residual(T))  # in this order the change of basis errs relative to the residual
    return H.spectral.project(H.to_spectral(T))
