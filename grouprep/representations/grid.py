"""Pixels of a grid, permuted by a group that acts on the plane (or on space) about the grid's centre."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.finite import FiniteGroup
from grouprep.linalg import Image, Monomial
from grouprep.linalg.memory import require_memory
from grouprep.representations.base import Representation
from grouprep.representations.basic import FiniteBasic, permutation_matrices
from grouprep.typing import Array, Element, Floats, Integers

__all__ = ["GridRepresentation", "grid_representation"]


class GridRepresentation(FiniteBasic):
    """The permutation of the pixels of a grid induced by the defining matrices of a finite group."""

    def __init__(self, group: FiniteGroup, shape: tuple[int, ...]) -> None:
        super().__init__(group)
        self.shape = shape
        for generator in group.generator_names:
            self.image(generator)

    @property
    def dim(self) -> int:
        return prod(self.shape)

    def permuted(self, matrix: Array) -> Integers:
        """Where each pixel goes under a (d, d) matrix."""
        points = _centres(self.shape)
        moved = points @ matrix.T
        numbers = {tuple(p): k for k, p in enumerate(points.tolist())}
        try:
            return np.array([numbers[tuple(p)] for p in moved.tolist()])
        except KeyError:
            raise UnsupportedGroup(
                f"grid{self.shape}: {self._group} does not map this grid to itself (its matrices must be signed permutations, "
                "and axes that they exchange must have the same size)"
            ) from None

    def exact_image(self, g: Element) -> Image:
        return Monomial(self.permuted(self._group.defining()(g)))

    def evaluate(self, g: Element) -> Array:
        matrices = self._group.defining()(g)
        targets = np.array([self.permuted(m) for m in matrices.reshape(-1, *matrices.shape[-2:])])
        return permutation_matrices(targets.reshape(*matrices.shape[:-2], self.dim))

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def _key(self) -> tuple[object, ...]:
        return (self.shape,)

    def __str__(self) -> str:
        return f"grid({', '.join(map(str, self.shape))})"


def _centres(shape: tuple[int, ...]) -> Floats:
    """Twice the centred coordinates of every pixel, row-major: integers, so that comparisons are exact."""
    axes = [2.0 * np.arange(n) - (n - 1) for n in shape]
    points = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=-1)
    if len(shape) == 2:
        points = np.stack([points[:, 1], -points[:, 0]], axis=-1)
    return points + 0.0


def grid_representation(G: Group, shape: int | Sequence[int]) -> Representation:
    """See `Group.grid`."""
    given = list(shape) if isinstance(shape, Sequence | np.ndarray) and not isinstance(shape, str) else [shape]
    if not given or any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in given):
        raise GroupRepError(f"grid(shape) needs positive integers, such as grid((8, 8)), got {shape!r:.60}")
    sizes = tuple(int(n) for n in given)
    require_memory(4 * prod(sizes), f"grid{sizes}")
    if not isinstance(G, FiniteGroup) or G.matrices is None:
        raise UnsupportedGroup(
            f"grid{sizes}: {G} has no action on the plane; use Cyclic, Dihedral or FiniteGroup.from_matrices, or give the "
            "permutation of the pixels with G.permutation(action)"
        )
    if G.matrices.dim != len(sizes):
        raise DimensionMismatch(
            f"grid{sizes}: the matrices of {G} are {G.matrices.dim} x {G.matrices.dim}, not {len(sizes)}"
        )
    return GridRepresentation(G, sizes)
