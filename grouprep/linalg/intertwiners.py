"""Spaces of intertwiners {X : X A_i = B_i X} of plain matrix tuples, exact or float, dispatched by what the matrices are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.floats import float_nullspace
from grouprep.linalg.matrices import Image, as_image, is_exact, size
from grouprep.linalg.monomial import Monomial
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.orbits import solve_orbits
from grouprep.linalg.peakwords import peakword_intertwiners, prefers_peakwords
from grouprep.linalg.spaces import ExactSpace, FloatSpace, OrbitSpace, Space
from grouprep.linalg.sparse import matmul_exact, stack_exact
from grouprep.linalg.spinning import prefers_spinning, spun_intertwiners
from grouprep.linalg.sylvester import exact_constraint, float_constraint
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["float_space", "intertwiner_space", "intertwiners"]


def intertwiner_space(shape: tuple[int, int], pairs: Sequence[tuple[Image, Image]]) -> Space:
    """The space {X of shape (m, n): X A = B X for all pairs (A, B)}, in the form that its generators allow.

    Monomial pairs are solved by orbits first; the other pairs then act on the orbits alone. The result is an OrbitSpace
    if all are monomial, an ExactSpace if all are exact, and a FloatSpace if one of them is float.

    Raises
    ------
    DimensionMismatch
        If a matrix has another size than shape says.
    AmbiguousRank
        If float generators leave the rank open.
    TooLarge
        If the system does not fit into memory.
    """
    for a, b in pairs:
        if (size(b), size(a)) != shape:
            raise DimensionMismatch(
                f"X has shape {shape}, but B is {size(b)} x {size(b)} and A is {size(a)} x {size(a)}"
            )
    space = solve_orbits(shape, [(a, b) for a, b in pairs if isinstance(a, Monomial) and isinstance(b, Monomial)])
    rest = [(a, b) for a, b in pairs if not (isinstance(a, Monomial) and isinstance(b, Monomial))]
    if not rest:
        return space
    if prefers_spinning(pairs):
        return ExactSpace(shape, spun_intertwiners(pairs))
    if prefers_peakwords(space, rest):
        rows = peakword_intertwiners(pairs)
        if rows is not None:
            return ExactSpace(shape, rows)
    if all(is_exact(m) for pair in rest for m in pair):
        return _exact_space(space, rest)
    return float_space(space, rest)


def _exact_space(space: OrbitSpace, pairs: Sequence[tuple[Image, Image]]) -> ExactSpace:

    stacked = stack_exact([exact_constraint(space, a, b) for a, b in pairs])
    return ExactSpace(space.shape, matmul_exact(nullspace(stacked), space.rows()))


def float_space(space: OrbitSpace, pairs: Sequence[tuple[Image, Image]]) -> FloatSpace:
    """The solutions within an orbit space of X A = B X for float pairs, by a singular value decomposition."""
    system = np.concatenate([float_constraint(space, a, b) for a, b in pairs])
    found = float_nullspace(system, scale=2.0)
    inside = space.labels >= 0
    labels = space.labels[inside]
    array = np.zeros((found.basis.shape[1], len(space.labels)), dtype=np.result_type(found.basis, space.values()))
    array[:, inside] = found.basis.T[:, labels] * (space.values()[inside] / np.sqrt(space.sizes()[labels]))
    return FloatSpace(space.shape, array, found.gap)


def intertwiners(As: Sequence[object], Bs: Sequence[object]) -> list[Matrix] | list[Array]:
    """A basis of the space {X : X A_i = B_i X for all i}.

    Parameters
    ----------
    As : (n, n) matrices: sympy, DomainMatrix, nested lists, integer arrays (exact), or float arrays.
    Bs : as many (m, m) matrices.

    Returns
    -------
    A list of (m, n) matrices: sympy Matrices if all inputs are exact; orthonormal float arrays otherwise.

    Raises
    ------
    DimensionMismatch
        If As and Bs differ in number, are empty, or sizes do not fit.
    AmbiguousRank
        If float generators leave the rank open.

    Examples
    --------
    >>> from grouprep.linalg import intertwiners
    >>> intertwiners([[[0, 1], [1, 0]]], [[[0, 1], [1, 0]]])
    [Matrix([
    [1, 0],
    [0, 1]]), Matrix([
    [0, 1],
    [1, 0]])]

    References
    ----------
    J.-P. Serre, Linear Representations of Finite Groups, Springer 1977, section 2.2 (Schur) for As = Bs.
    """
    if len(As) != len(Bs) or not As:
        raise DimensionMismatch(
            f"As has {len(As)} matrices and Bs has {len(Bs)}; give the same positive number of each"
        )
    pairs = [(as_image(a, f"As[{i}]"), as_image(b, f"Bs[{i}]")) for i, (a, b) in enumerate(zip(As, Bs, strict=True))]
    shape = (size(pairs[0][1]), size(pairs[0][0]))
    space = intertwiner_space(shape, pairs)
    if not space.is_exact:
        return list(space.floats().reshape(-1, *shape))
    whole = to_sympy(space.rows())
    return [whole[k, :].reshape(*shape) for k in range(space.dim)]
