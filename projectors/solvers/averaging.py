"""Solver "averaging": the image of the Reynolds operator, the mean of rho_W(g) X rho_V(g)^-1 over the group.

The mean is over all elements of a finite group, and over the nodes of a Haar quadrature of the degree that V and W determine
for SO(2), O(2), SO(3), O(3), SU(2), U(1) and products with these; both are exact up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import AmbiguousRank, DimensionMismatch, TooLarge, UnsupportedGroup
from grouprep.groups import Group
from grouprep.linalg import as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.floats import float_nullspace
from grouprep.linalg.memory import require_memory
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.spaces import ExactSpace, FloatSpace, Space
from grouprep.linalg.sparse import add_exact, identity_exact, subtract_exact
from grouprep.quadrature import Degree, haar_quadrature, has_quadrature, quadrature_size, required_degree
from grouprep.representations import Representation
from grouprep.typing import Array, Floats
from projectors.solvers.base import Solver

__all__ = ["Averaging", "averaging_terms", "reynolds_average"]

_LIMIT = 50_000_000  # group elements or nodes times unknowns
_PRODUCTS = 20_000_000_000  # multiplications of the dense average of the whole space and its decomposition: seconds
_CHUNK = 1 << 21  # numbers that one piece of the sum holds at a time: 16 MB


def averaging_terms(V: Representation, W: Representation) -> int:
    """How many group elements the average of operators from V to W takes: the order, or the nodes of the quadrature.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite and has no quadrature.
    """
    return int(V.group.order) if V.group.is_finite else quadrature_size(V.group, _degree(V, W))


def _degree(V: Representation, W: Representation) -> Degree:
    if not has_quadrature(V.group):
        raise UnsupportedGroup(_no_quadrature(V.group))
    return required_degree(V, W)


def _no_quadrature(G: Group) -> str:
    return (
        f'solver "averaging" lists a finite group or the nodes of a Haar quadrature; {G} is infinite and no '
        'quadrature is known for it: use solver="constraint"'
    )


def _check(V: Representation, W: Representation) -> int:
    count = averaging_terms(V, W)
    if count * V.dim * W.dim > _LIMIT:
        raise TooLarge(
            f"averaging takes {count:,} x {V.dim * W.dim:,} terms, at most {_LIMIT:,} are done; use orbits or constraint"
        )
    return count


def reynolds_average(V: Representation, W: Representation, T: ArrayLike) -> Array:
    """The mean of rho_W(g) T rho_V(g)^-1 over the group, element by element: independent of every basis of Hom(V, W).

    Parameters
    ----------
    V, W : representations of a finite group that can be listed, or of a compact one with a Haar quadrature.
    T : (..., dim W, dim V) floats.

    Returns
    -------
    An array of the shape of T, real if T, V and W are.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite and has no quadrature.
    TooLarge
        If there are too many elements for the size of the operators.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import SO
    >>> from projectors.solvers.averaging import reynolds_average
    >>> V = SO(3).defining()
    >>> T = reynolds_average(V, V, np.diag([1.0, 2.0, 6.0]))
    >>> bool(np.allclose(T, 3 * np.eye(3), rtol=0, atol=1e-14))
    True

    References
    ----------
    J.-P. Serre, Linear Representations of Finite Groups, Springer 1977, sections 2.2 and 4.3; the quadrature is derived in
    docs/formulation/averaging.md.
    """
    _check(V, W)
    array = np.asarray(T)
    if array.shape[-2:] != (W.dim, V.dim):
        raise DimensionMismatch(f"T has shape {array.shape}; an operator from V to W is (..., {W.dim}, {V.dim})")
    flat = array.reshape(-1, W.dim, V.dim)
    total = np.zeros((len(flat) * W.dim, V.dim), dtype=complex)
    for a, b, w in _pieces(V, W, len(flat) * W.dim * V.dim):
        moved = (w[:, None, None, None] * b[:, None]) @ flat  # (nodes, operators, dim W, dim V)
        total += np.moveaxis(moved, 0, 2).reshape(len(total), -1) @ a.reshape(-1, V.dim)
    real = not np.iscomplexobj(array) and "complex" not in (V.field, W.field)
    return (total.real if real else total).reshape(array.shape)


def _pieces(V: Representation, W: Representation, size: int) -> Iterator[tuple[Array, Array, Floats]]:
    """rho_V(g)^-1, rho_W(g) and the weights, for as many nodes at a time as leave the intermediate arrays small."""
    G = V.group
    rule = haar_quadrature(G, 0 if G.is_finite else _degree(V, W))
    for nodes, weights in rule.chunks(_CHUNK // max(size, V.dim**2, W.dim**2)):
        a = V(nodes)
        b = a if W == V else W(nodes)
        yield np.swapaxes(a.conj(), -1, -2) if V.is_unitary else np.linalg.inv(a), b, weights


@dataclass(frozen=True)
class Averaging(Solver):
    """The fixed space of the average of kron(rho_W(g), rho_V(g)^-T): exact for finite groups with exact generators."""

    name: ClassVar[str] = "averaging"

    def refusal(self, V: Representation, W: Representation) -> str | None:
        return None if V.group.is_finite or has_quadrature(V.group) else _no_quadrature(V.group)

    def is_exact(self, V: Representation, W: Representation) -> bool:
        return V.group.is_finite and V.domain is not None and W.domain is not None

    def cost(self, V: Representation, W: Representation) -> float:
        n = V.dim * W.dim
        return float(averaging_terms(V, W) * n**2 + 20 * n**3)

    def solve(self, V: Representation, W: Representation) -> Space:
        """See the class.

        Raises
        ------
        UnsupportedGroup
            If the group is infinite and has no quadrature.
        TooLarge
            If there are too many elements, or the averaged operator does not fit into memory.
        AmbiguousRank
            If the trace of the average is not an integer, or not the dimension of its fixed space.
        """
        count = _check(V, W)
        if self.is_exact(V, W):
            return _exact_fixed_space(V, W)
        n = V.dim * W.dim
        require_memory(3 * n * n, f"the average on {W.dim} x {V.dim} operators", 16, 'use solver="constraint"')
        if (products := self.cost(V, W)) > _PRODUCTS:
            raise TooLarge(
                f"the average on {n:,} unknowns takes {products:.1e} products, at most {_PRODUCTS:.1e} are done; "
                'use solver="constraint", or reynolds_average for single operators'
            )
        return _float_fixed_space(V, W, count)


def _exact_fixed_space(V: Representation, W: Representation) -> ExactSpace:
    G = V.group
    moved = (mat.kron(W.exact_image(g), mat.transpose(mat.inverse(V.exact_image(g)))) for g in G.elements)
    total = reduce(add_exact, map(as_exact, moved))
    scaled = identity_exact(W.dim * V.dim, total.domain) * total.domain.convert(int(G.order))
    return ExactSpace((W.dim, V.dim), nullspace(subtract_exact(total, scaled)))


def _float_fixed_space(V: Representation, W: Representation, count: int) -> FloatSpace:
    """The fixed space of the averaged projector P, whose rank is its trace."""
    m, n = W.dim, V.dim
    total: Array = np.zeros((m * m, n * n), dtype=complex)
    size = 1.0
    for a, b, w in _pieces(V, W, 1):
        total += (w[:, None] * b.reshape(-1, m * m)).T @ a.reshape(-1, n * n)
        size = max(size, float(_norms(a).max() * _norms(b).max()))
    # total[(i, i'), (j', j)] = mean of W[i, i'] V^-1[j', j]; P sends the entry (i', j') to (i, j).
    P = total.reshape(m, m, n, n).transpose(0, 3, 1, 2).reshape(m * n, m * n)
    if "complex" not in (V.field, W.field):
        P = P.real
    found = float_nullspace(P - np.eye(m * n), scale=size)
    rank = found.basis.shape[1]
    # Each diagonal entry of P is a mean of products of two entries, each off by about dim roundings.
    error = 8 * np.finfo(float).eps * (m + n + np.log2(count)) * m * n * size
    if error > 0.25 or abs(np.trace(P) - rank) > error:
        raise AmbiguousRank(
            f"the average on operators from {V} to {W} has trace {np.trace(P):.6g} and a fixed space of dimension {rank}; "
            f"rounding explains {error:.1e}: the images are not those of one representation, or not accurate"
        )
    return FloatSpace((m, n), found.basis.T, found.gap)


def _norms(stack: Array) -> Floats:
    """Spectral norms, bounded by sqrt(norm_1 norm_inf)."""
    sizes = np.abs(stack)
    bounds: Floats = np.sqrt(sizes.sum(-1).max(-1) * sizes.sum(-2).max(-1))
    return bounds
