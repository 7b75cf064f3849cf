"""The spectral frame of Hom_G(V, W): operators in bases of irreps, where equivariant ones are block-diagonal by Schur's lemma.

In bases adapted to the irreps, U_W^-1 T U_V has one block for each pair of irreps. Equivariant operators vanish between
different irreps; between m' and m copies of one irrep they are sum_k c_k (x) J_k with c_k of size m' x m and J_k the
commutant of the irrep. So P is a mask and traces inside blocks. Derivation: docs/formulation/schur.md.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grouprep.irreps.base import Irrep
from grouprep.linalg.pickling import Picklable, Value
from grouprep.markup import blocks_picture, card, note
from grouprep.typing import AnyArray, Array, Namespace
from projectors.arrays import complexified, device, fitted, in_single, moved, operator_array
from projectors.structure.adapted import AdaptedBasis

__all__ = ["SpectralBlock", "SpectralFrame"]

_SHOWN = 16  # irreps that a notebook shows


@dataclass(frozen=True, eq=False, repr=False)
class SpectralBlock(Picklable):
    """The part of a spectral matrix between the copies of one irrep of W (rows) and of one irrep of V (columns).

    row, column : where it stands; irrep_W, irrep_V : the irreps; rows_n, columns_n : their multiplicities.
    """

    row: slice
    column: slice
    irrep_W: Irrep
    irrep_V: Irrep
    rows_n: int
    columns_n: int

    @property
    def equal(self) -> bool:
        """Whether the irreps are the same, so that equivariant operators need not vanish here."""
        return self.irrep_W == self.irrep_V

    @property
    def J(self) -> Array | None:
        """The commutant (k, d, d) of the irrep, or None between different ones."""
        return self.irrep_V.commutant if self.equal else None

    @property
    def labels(self) -> tuple[str, str]:
        """The labels of the irreps of W and of V."""
        return self.irrep_W.label, self.irrep_V.label

    def read(self, M: AnyArray) -> AnyArray:
        """The block of spectral matrices (..., dim W, dim V), as (..., rows_n * d_W, columns_n * d_V)."""
        return M[..., self.row, self.column]

    @cached_property
    def entries(self) -> list[list[tuple[int, int, AnyArray]]]:
        """For every J_k its non-zero entries (i, j, J_k[i, j])."""
        J = self.irrep_V.commutant
        tiny = (
            self.irrep_V.dim * np.finfo(float).eps
        )  # entries of an orthogonal matrix that rounding alone made non-zero
        return [[(int(i), int(j), Jk[i, j].item()) for i, j in np.argwhere(np.abs(Jk) > tiny)] for Jk in J]

    def coordinates(self, M: AnyArray, xp: Namespace) -> list[AnyArray]:
        """The matrices c_k (..., rows_n, columns_n) of the projection sum_k c_k (x) J_k: traces tr(J_k* M_ab) / d."""
        d = self.irrep_V.dim
        B = xp.reshape(self.read(M), (*M.shape[:-2], self.rows_n, d, self.columns_n, d))
        out = []
        for entries in self.entries:
            terms = [B[..., i, :, j] * (x.conjugate() / d) for i, j, x in entries]
            total = terms[0]
            for term in terms[1:]:
                total = total + term
            out.append(total)
        return out

    def combine(self, c: list[AnyArray], xp: Namespace) -> AnyArray:
        """sum_k c_k (x) J_k, (..., rows_n * d, columns_n * d), from c_k (..., rows_n, columns_n)."""
        d = self.irrep_V.dim
        cells: dict[tuple[int, int], AnyArray] = {}
        for ck, entries in zip(c, self.entries, strict=True):
            for i, j, x in entries:
                term = ck if x == 1 else ck * x
                cells[i, j] = cells[i, j] + term if (i, j) in cells else term
        zero = xp.zeros_like(c[0])
        rows = [xp.stack([cells.get((i, j), zero) for j in range(d)], axis=-1) for i in range(d)]
        whole = xp.stack(rows, axis=-3)  # (..., rows_n, d, columns_n, d)
        return xp.reshape(whole, (*c[0].shape[:-2], self.rows_n * d, self.columns_n * d))


class SpectralFrame(Value):
    """The change to spectral bases of V and W, and P there; `Hom.spectral` makes it.

    Parameters
    ----------
    domain, codomain : decompositions of V and of W over one field.

    Examples
    --------
    >>> import numpy as np
    >>> from grouprep import Cyclic
    >>> from projectors import commutant
    >>> frame = commutant(Cyclic(2).natural()).spectral
    >>> np.round(frame.to_spectral(np.array([[1.0, 2.0], [2.0, 1.0]])), 12)
    array([[ 3.,  0.],
           [ 0., -1.]])
    """

    def __init__(self, domain: AdaptedBasis, codomain: AdaptedBasis) -> None:
        self.domain, self.codomain = domain, codomain

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V)."""
        return self.codomain.V.dim, self.domain.V.dim

    @cached_property
    def blocks(self) -> tuple[SpectralBlock, ...]:
        """One block for each pair (irrep of W, irrep of V), row by row."""
        D, E = self.domain, self.codomain
        columns = list(zip(D.slices, D.irreps, D.multiplicities, strict=True))
        return tuple(
            SpectralBlock(row, column, J, I, m, n)
            for row, J, m in zip(E.slices, E.irreps, E.multiplicities, strict=True)
            for column, I, n in columns
        )

    @cached_property
    def diagonal(self) -> tuple[SpectralBlock, ...]:
        """The blocks between copies of one irrep; equivariant operators live there."""
        return tuple(b for b in self.blocks if b.equal)

    @property
    def dim(self) -> int:
        """The dimension of the space of equivariant operators."""
        return sum(b.rows_n * b.columns_n * len(b.irrep_V.commutant) for b in self.diagonal)

    def prepare(self) -> None:
        """Compute everything that is cached, so that code traced by a compiler meets values and not their computation."""
        _ = self.is_complex, self.domain.slices, self.codomain.slices
        for basis in (self.codomain, self.domain):
            _ = basis.moves
        for block in self.diagonal:
            _ = block.equal, block.entries

    @property
    def constants(self) -> tuple[Array, ...]:
        """The numpy arrays that the changes of basis use: those of W, then those of V."""
        return self.codomain.constants + self.domain.constants

    @cached_property
    def is_complex(self) -> bool:
        """Whether spectral matrices of real operators are complex."""
        return any(c.dtype.kind == "c" for c in self.constants)

    # Change of basis

    def to_spectral(self, T: AnyArray, constants: Sequence[AnyArray] | None = None) -> AnyArray:
        """U_W^-1 T U_V for operators (..., dim W, dim V), numpy or any array-API library; complex if a basis is.

        Parameters
        ----------
        T : the operators, leading axes are batch.
        constants : `self.constants` in T's library, on its device and in its precision; converted at each call if not given.
        """
        T, xp, (first, second) = self._prepared(T, constants)
        W, V = self.codomain, self.domain
        return V.spectral(W.spectral(T, xp, first, -2), xp, second, -1)

    def to_spatial(self, M: AnyArray, constants: Sequence[AnyArray] | None = None) -> AnyArray:
        """U_W M U_V^-1, the inverse of `to_spectral`."""
        M, xp, (first, second) = self._prepared(M, constants)
        W, V = self.codomain, self.domain
        return V.spatial(W.spatial(M, xp, first, -2), xp, second, -1)

    def _prepared(
        self, T: AnyArray, constants: Sequence[AnyArray] | None
    ) -> tuple[AnyArray, Namespace, tuple[Sequence[AnyArray], Sequence[AnyArray]]]:
        T, xp = operator_array(T, self.shape)
        T = in_single(xp, T)
        if self.is_complex:
            T = complexified(xp, T)
        if constants is None:
            own = self.constants
            constants = own if isinstance(T, np.ndarray) else [moved(xp, c, device(T)) for c in own]
        typed, count = fitted(xp, constants, T), len(self.codomain.constants)
        return T, xp, (typed[:count], typed[count:])

    # P on spectral matrices

    def project(self, M: AnyArray) -> AnyArray:
        """P in the spectral frame: zero between different irreps, sum_k tr(J_k* M_ab) / d J_k between copies of one.

        Half precision is computed in float32.
        """
        M, xp, work = self._single(M)
        out = self._bands(work, xp, lambda part: xp.zeros_like(part), lambda b: b.combine(b.coordinates(work, xp), xp))
        return out if work is M else xp.astype(out, M.dtype)

    def residual(self, M: AnyArray) -> AnyArray:
        """M - P(M): blocks between different irreps as they are, and what traces leave of those between copies of one."""
        M, xp, work = self._single(M)
        out = self._bands(work, xp, lambda part: part, lambda b: b.read(work) - b.combine(b.coordinates(work, xp), xp))
        return out if work is M else xp.astype(out, M.dtype)

    def project_spatial(self, T: AnyArray, xp: Namespace, constants: Sequence[AnyArray]) -> AnyArray:
        """P(T) of spatial operators: to the frame, the mask and the traces there, and back.

        Parameters
        ----------
        T : operators (..., dim W, dim V) of the library xp, in single or double precision, complex if the frame is.
        constants : `self.constants` in that library and precision.
        """
        W, V = self.codomain, self.domain
        first, second = constants[: len(W.constants)], constants[len(W.constants) :]
        M = V.spectral(W.spectral(T, xp, first, -2), xp, second, -1)
        P = self._bands(M, xp, lambda part: xp.zeros_like(part), lambda b: b.combine(b.coordinates(M, xp), xp))
        return V.spatial(W.spatial(P, xp, first, -2), xp, second, -1)

    def _single(self, M: AnyArray) -> tuple[AnyArray, AnyArray, AnyArray]:
        """M, its library, and M in at least single precision."""
        M, xp = operator_array(M, self.shape, "M")
        return M, xp, in_single(xp, M)

    def _bands(
        self,
        M: AnyArray,
        xp: Namespace,
        outside: Callable[[AnyArray], AnyArray],
        inside: Callable[[SpectralBlock], AnyArray],
    ) -> AnyArray:
        """The matrix that is inside(b) on the diagonal blocks and outside(M) elsewhere, put together band by band."""
        at = {b.row.start: b for b in self.diagonal}
        bands = []
        for row in self.codomain.slices:
            b = at.get(row.start)
            if b is None:
                bands.append(outside(M[..., row, :]))
                continue
            left, right = M[..., row, : b.column.start], M[..., row, b.column.stop :]
            pieces = [outside(left), inside(b), outside(right)]
            pieces = [p for p in pieces if p.shape[-1]]
            bands.append(pieces[0] if len(pieces) == 1 else xp.concat(pieces, axis=-1))
        return bands[0] if len(bands) == 1 else xp.concat(bands, axis=-2)

    def key(self) -> tuple[Hashable, ...]:
        """Both decompositions."""
        return self.domain, self.codomain

    def __repr__(self) -> str:
        what = f"{len(self.blocks)} blocks, {len(self.diagonal)} diagonal"
        return f"<spectral frame of operators {self.domain.V} -> {self.codomain.V}: {what}>"

    def _repr_html_(self) -> str:
        rows, columns = (
            [
                (f"{m} {I.label}" if m > 1 else I.label, m * I.dim)
                for I, m in zip(D.irreps, D.multiplicities, strict=True)
            ]
            for D in (self.codomain, self.domain)
        )
        if max(len(rows), len(columns)) > _SHOWN:
            return card(repr(self)[1:-1])
        cells = {divmod(k, len(columns)): f"{b.rows_n} x {b.columns_n}" for k, b in enumerate(self.blocks) if b.equal}
        alt = f"{len(self.blocks)} blocks between irreps; equivariant operators live in {len(self.diagonal)} between equal ones"
        legend = note(
            "Rows: irreps of W, columns: irreps of V, with copies. Equivariant operators live in the coloured blocks (Schur)."
        )
        return card(repr(self)[1:-1], blocks_picture(rows, columns, cells, alt), legend)
