"""The penalty: a norm of the residual T - P(T), or of the equivariant part P(T)."""

from __future__ import annotations

from typing import Any

from grouprep.errors import GroupRepError
from projectors.hom import Hom
from projectors.penalties.norms import Frobenius, Norm

__all__ = ["penalty"]


def penalty(T: Any, H: Hom, norm: Norm | None = None, part: str = "residual", frame: str = "spatial") -> Any:
    """The norm of the part of T that is not equivariant, or of the part that is.

    The residual is formed, never taken as a difference of norms, so that it keeps its digits near equivariance.

    Parameters
    ----------
    T : operators (..., dim W, dim V), real or complex, leading axes are batch.
    H : the space of equivariant operators, Hom(V, W).
    norm : `Frobenius()` (default), `Frobenius(squared=True)` or `Spectral()`.
    part : "residual" for T - P(T), "equivariant" for P(T).
    frame : "spatial"; the spectral frame is not offered yet.

    Returns
    -------
    The values, (...), in the precision of T; 0-dimensional for a single operator.

    Raises
    ------
    GroupRepError
        If part, frame or norm is unknown, or T has NaN entries.
    NotUnitary
        If the group has no average on operators (see `Hom.project`).

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
    norm = Frobenius() if norm is None else norm
    if not isinstance(norm, Norm):
        raise GroupRepError(
            f"norm = {norm!r:.60} is not a norm; use Frobenius(), Frobenius(squared=True) or Spectral()"
        )
    if frame != "spatial":
        raise GroupRepError(
            f'frame = "{frame}": only frame="spatial" is offered; the spectral frame needs irreps, which come later'
        )
    if part == "residual":
        return norm.value(H.residual(T))
    if part == "equivariant":
        return norm.value(H.project(T))
    raise GroupRepError(f'part = "{part}" is unknown; choose "residual" or "equivariant"')
