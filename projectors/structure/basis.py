"""Bases of Hom_G(V, W) as users know them: orthonormal float bases, and exact ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError, shown
from grouprep.linalg.convert import to_numpy, to_sympy
from grouprep.linalg.fields import conjugate, convert_matrix
from grouprep.linalg.memory import require_memory
from grouprep.linalg.pickling import Picklable, Value
from grouprep.linalg.roots import exact_root
from grouprep.linalg.sparse import equal_exact, from_domain_matrix_rows, sparse_matrix
from grouprep.markup import Html, card, gallery, note
from grouprep.typing import Array
from projectors.arrays import operator_array
from projectors.structure.blocks import Block, Blocks, Squares

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["Basis", "ExactBasis"]

_DRAWN = 64  # rows or columns of elements that are drawn
_ENTRIES = 100_000  # of all of them


class Basis(Value):
    """An orthonormal float basis of Hom_G(V, W), held as blocks that share what repeats.

    Orthonormal in <A, B> = tr(H_V^-1 A* H_W B) with the invariant forms H_V, H_W: the Frobenius inner product for unitary
    representations. Elements run over blocks (summands of W, then of V), copies, and each pair's own basis.
    """

    def __init__(self, structure: Blocks) -> None:
        self.structure = structure

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V)."""
        return self.structure.shape

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of pairs of summands that have intertwiners."""
        return tuple(b for b in self.structure.blocks if b.count)

    def __len__(self) -> int:
        return len(self.structure)

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """float64, or complex128 if some element is complex."""
        return self.structure.dtype

    def __getitem__(self, k: int) -> Array:
        """The k-th element, (dim W, dim V)."""
        k = _place(k, len(self))
        c = np.zeros(len(self))
        c[k] = 1.0
        return self.combine(c)

    def __iter__(self) -> Iterator[Array]:
        return (self[k] for k in range(len(self)))

    @cached_property
    def matrices(self) -> Array:
        """All elements, (r, dim W, dim V); TooLarge if they do not fit into memory: then use `combine` or `basis[k]`."""
        r, (m, n) = len(self), self.shape
        require_memory(
            r * m * n, f"{r} dense basis elements of shape {m} x {n}", self.dtype.itemsize, "use basis[k] or combine"
        )
        out = self.combine(np.eye(r))
        out.setflags(write=False)
        return out

    def coordinates(self, T: ArrayLike) -> Array:
        """Inner products of operators (..., dim W, dim V) with the elements: (..., r)."""
        return self.structure.coordinates(_operators(T, self.shape))

    def combine(self, c: ArrayLike) -> Array:
        """The combinations sum_k c_k X_k: (..., r) -> (..., dim W, dim V)."""
        c = np.asarray(c)
        if c.ndim < 1 or c.shape[-1] != len(self):
            raise DimensionMismatch(
                f"c has shape {c.shape}; the basis has {len(self)} elements, give (..., {len(self)})"
            )
        return self.structure.combine(c if c.dtype.kind in "fc" else c.astype(float))

    def project(self, T: ArrayLike) -> Array:
        """The orthogonal projection of operators (..., dim W, dim V) on the span, by its definition: combine(coordinates(T))."""
        return self.structure.combine_coordinates(_operators(T, self.shape))

    def key(self) -> tuple[Hashable, ...]:
        """Where the blocks stand, and their bases, bit for bit."""
        places = tuple((b.row, b.rows_n, b.column, b.columns_n) for b in self.blocks)
        return self.shape, places, tuple(b.structure.key() for b in self.blocks)

    def __repr__(self) -> str:
        return f"<orthonormal basis of {len(self)} operators of shape {self.shape}>"

    def _repr_html_(self) -> str:
        return _card(repr(self)[1:-1], self.shape, len(self), lambda: self.matrices, False)


def _operators(T: ArrayLike, shape: tuple[int, int]) -> Array:
    """T as a numpy array of floats or complex numbers (..., *shape)."""
    return np.asarray(operator_array(np.asarray(T) if hasattr(T, "shape") else T, shape)[0])


class ExactBasis(Picklable):
    """An exact basis of Hom_G(V, W), in the order of the float basis; a sequence of sympy matrices (dim W, dim V).

    shape : (dim W, dim V); rows : (r, dim W * dim V), the entries, over `domain`.
    squares : positive rational numbers by row and column of `rows`: the entries there stand for themselves times the square
        roots. None where `rows` is the basis itself; there are roots where V and W, such as large spins, are exact as S R S^-1
        with a diagonal S of roots only (see `Representation.rational`).
    """

    def __init__(self, shape: tuple[int, int], rows: DomainMatrix, squares: Squares | None = None) -> None:
        self.shape, self.rows, self.squares = shape, rows, squares

    @property
    def domain(self) -> Domain:
        """The sympy domain of the entries, before the roots if there are any: ZZ, QQ or a number field."""
        return self.rows.domain

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, k: int) -> Matrix:
        """The k-th element as a sympy Matrix."""
        place = _place(k, len(self))
        row = to_sympy(self.rows.extract([place], list(range(self.rows.shape[1]))))
        for i, q in (self.squares or {}).get(place, {}).items():
            row[0, i] *= exact_root(1, q.numerator, q.denominator)
        return row.reshape(*self.shape)

    def __iter__(self) -> Iterator[Matrix]:
        return (self[k] for k in range(len(self)))

    @cached_property
    def gram(self) -> Matrix:
        """The matrix of Frobenius inner products tr(X_i* X_j), (r, r)."""
        other = self.rows if self.squares is None else _times(self.rows, self.squares)
        return to_sympy(conjugate(self.rows) * other.transpose())

    def to_numpy(self) -> Array:
        """All elements in floats, each entry correctly rounded, (r, dim W, dim V); not orthonormal in general."""
        require_memory(len(self) * self.shape[0] * self.shape[1], f"{len(self)} dense basis elements")
        return to_numpy(self.rows, self.squares).reshape(len(self), *self.shape)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExactBasis):
            return NotImplemented
        same = self.shape == other.shape and self.squares == other.squares
        return same and equal_exact(self.rows, other.rows)

    def __hash__(self) -> int:
        return hash((self.shape, len(self)))

    def __repr__(self) -> str:
        over = str(self.domain) if self.squares is None else f"{self.domain} and square roots"
        return f"<exact basis of {len(self)} operators of shape {self.shape} over {over}>"

    def _repr_html_(self) -> str:
        return _card(repr(self)[1:-1], self.shape, len(self), self.to_numpy, True)


def _card(title: str, shape: tuple[int, int], count: int, matrices: Callable[[], Array], exact: bool) -> Html:
    """What a notebook shows of a basis: its elements by colour, if they are small."""
    if not count or max(shape) > _DRAWN or count * shape[0] * shape[1] > _ENTRIES:
        return card(title, note("empty: no equivariant map but 0" if not count else "too large to draw"))
    return card(title, gallery(matrices(), title, exact))


def _times(rows: DomainMatrix, squares: Squares) -> DomainMatrix:
    """The entries times q. Elements with entries in one place are of one pair of summands, with the same q there."""
    from sympy import QQ

    K = rows.domain.get_field()
    out = {
        k: {i: x * K.convert_from(QQ(squares[k][i].numerator, squares[k][i].denominator), QQ) for i, x in row.items()}
        for k, row in from_domain_matrix_rows(convert_matrix(rows, K)).items()
    }
    return sparse_matrix(out, rows.shape, K)


def _place(k: object, count: int) -> int:
    """The place of the k-th of so many elements, the negative ones from the end."""
    if isinstance(k, bool) or not isinstance(k, Integral):
        raise GroupRepError(
            f"basis[k] takes an integer, got {shown(k)}; all elements are basis.matrices, or to_numpy() if exact"
        )
    if not -count <= int(k) < count:
        raise IndexError(f"the basis has {count} elements, there is no element {k}")
    return int(k) % count
