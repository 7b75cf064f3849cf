"""Hom_G(V, W): the space of equivariant linear maps, its bases, its orthogonal projector and its certificate."""

from __future__ import annotations

import sys
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grouprep.errors import CertificateError, DimensionMismatch, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.irreps.base import Irrep
from grouprep.irreps.user_irreps import listed_irreps
from grouprep.linalg.intertwiners import FloatSpace, Space
from grouprep.linalg.orbits import OrbitSpace
from grouprep.linalg.pickling import Picklable
from grouprep.representations import Representation
from projectors.arrays import check_shape, is_traced_by_torch, namespace_of, operator_array
from projectors.basis import Basis, Block, ExactBasis, OrbitBasis, PairBasis
from projectors.blocks import Summand, summands
from projectors.projection import Projection
from projectors.solvers import SOLVERS, solve
from projectors.solvers.schur import solve_schur, spectral_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projectors.certificate import Certificate
    from projectors.spectral import SpectralFrame

__all__ = ["Hom", "commutant"]

Pair = tuple[Representation, Representation]


class Hom(Picklable):
    """Hom_G(V, W), the space of linear maps X: V -> W with rho_W(g) X = X rho_V(g) for all g.

    Immutable and lazy: nothing is solved until asked for. Direct sums and multiplicities are split first, and each distinct
    pair of summands is solved once.

    Parameters
    ----------
    V, W : domain and codomain, representations of one group.
    solver : "auto", or one of "orbits", "schur" (decompositions into irreps), "constraint" (dispatching to "sparse",
        "modular" or "float"), "averaging".
    inner : "invariant" (default): `project` is orthogonal in tr(H_V^-1 A* H_W B) with invariant positive forms H, which is
        the Reynolds average; "euclidean": orthogonal in the Frobenius inner product whatever the forms are (Lorentz).
    irreps : for the spectral frame and solver "schur", where the group's irreps are not known: see `decompose`.

    Raises
    ------
    DimensionMismatch
        If V and W belong to different groups.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> from projectors import Hom
    >>> H = Hom(Dihedral(4).regular(), Dihedral(4).defining())
    >>> H.dim, H.basis().matrices.shape
    (2, (2, 2, 8))
    """

    def __init__(
        self,
        V: Representation,
        W: Representation,
        solver: str = "auto",
        inner: str = "invariant",
        irreps: Sequence[Representation] | None = None,
    ) -> None:
        for name, value in (("V", V), ("W", W)):
            if not isinstance(value, Representation):
                raise GroupRepError(f"{name} must be a Representation such as G.defining(), got {value!r:.60}")
        if V.group != W.group:
            raise DimensionMismatch(
                f"V is a representation of {V.group}, W of {W.group}; equivariance needs one group (see Group.pullback)"
            )
        if solver not in SOLVERS:
            raise GroupRepError(f'solver = "{solver}" is unknown; choose one of {", ".join(SOLVERS)}')
        if inner not in ("invariant", "euclidean"):
            raise GroupRepError(f'inner = "{inner}" is unknown; choose "invariant" or "euclidean"')
        self.V, self.W, self.solver, self.inner = V, W, solver, inner
        self.irreps = listed_irreps(irreps)
        self._spaces: dict[Pair, Space] = {}
        self._bases: dict[Pair, PairBasis] = {}

    @property
    def domain(self) -> Representation:
        """V."""
        return self.V

    @property
    def codomain(self) -> Representation:
        """W."""
        return self.W

    @property
    def shape(self) -> tuple[int, int]:
        """(dim W, dim V), the shape of an operator."""
        return self.W.dim, self.V.dim

    @cached_property
    def is_complex(self) -> bool:
        """Whether operators of the space are complex: V or W is."""
        return "complex" in (self.V.field, self.W.field)

    # Blocks

    @cached_property
    def _summands(self) -> tuple[list[Summand], list[Summand]]:
        return summands(self.W), summands(self.V)

    def space(self, V: Representation, W: Representation) -> Space:
        """The solved space of one distinct pair of summands."""
        if (V, W) not in self._spaces:
            given = self.solver == "schur" and self.irreps is not None
            self._spaces[V, W] = solve_schur(V, W, self.irreps) if given else solve(V, W, self.solver)
        return self._spaces[V, W]

    @cached_property
    def pairs(self) -> dict[Pair, int]:
        """The distinct pairs (V_i, W_j) of summands, and how often each occurs."""
        rows, columns = self._summands
        out: dict[Pair, int] = {}
        for w in rows:
            for v in columns:
                key = (v.representation, w.representation)
                out[key] = out.get(key, 0) + w.count * v.count
        return out

    # Dimension

    @cached_property
    def dim(self) -> int:
        """The dimension, an exact integer: counted by characters where they are known, else the size of a basis."""
        counted = self.character_count
        return counted if counted is not None else self._solved_dim

    @cached_property
    def character_count(self) -> int | None:
        """The dimension as the inner product of characters, or None where the group's characters are not known."""
        from grouprep.characters import count_intertwiners

        total = 0
        for (V, W), n in self.pairs.items():
            counted = count_intertwiners(V, W)
            if counted is None:
                return None
            total += n * counted
        return total

    @cached_property
    def _solved_dim(self) -> int:
        by_schur = self.solver == "schur"
        solved = self.spectral.dim if by_schur else sum(n * self.space(*pair).dim for pair, n in self.pairs.items())
        if "character_count" in self.__dict__ and self.character_count not in (None, solved):
            raise CertificateError(
                f"the basis of Hom({self.V}, {self.W}) has {solved} elements, the characters count {self.character_count}"
            )
        return solved

    # Bases

    @property
    def is_exact(self) -> bool:
        """Whether the solver gives exact bases: all generators are exact, the solver not "float", "schur" or a quadrature."""
        rounded = self.solver in ("float", "schur") or (self.solver == "averaging" and not self.V.group.is_finite)
        return self.V.domain is not None and self.W.domain is not None and not rounded

    def exact_basis(self) -> ExactBasis:
        """An exact basis, sympy matrices over the smallest field known, in V's and W's own bases.

        Raises
        ------
        GroupRepError
            If the generators, or the solver, are float.
        """
        return self._exact_basis

    @cached_property
    def _exact_basis(self) -> ExactBasis:
        from projectors.blocks import assemble_exact

        if not self.is_exact:
            why = f"{self} has float generators or a float solver"
            raise GroupRepError(f"{why}; an exact basis needs exact generators (large spins: V.rational()[0] has them)")
        _ = self._checked_dim
        return ExactBasis(self.shape, assemble_exact(*self._summands, self._rows))

    def _rows(self, V: Representation, W: Representation) -> Any:
        space = self.space(V, W)
        assert not isinstance(space, FloatSpace)
        return space.rows()

    def basis(self) -> Basis:
        """An orthonormal float basis, held block by block: `.matrices` (r, dim W, dim V), `.coordinates(T)`, `.combine(c)`.

        Raises
        ------
        CertificateError
            If a float solver finds another dimension than the characters count.
        AmbiguousRank
            If float generators leave the dimension open.
        """
        return self._basis

    @cached_property
    def _basis(self) -> Basis:
        if self.solver == "schur" and self._by_schur:
            _ = self._checked_dim
            return self._schur_basis
        rows, columns = self._summands
        blocks = []
        for w in rows:
            for v in columns:
                pair = self._pair_basis(v.representation, w.representation)
                if pair.dim:
                    blocks.append(Block(pair, w.start, w.count, v.start, v.count))
        _ = self._checked_dim
        return Basis(self.shape, blocks)

    @cached_property
    def _checked_dim(self) -> int:
        """The solved dimension; what floats found must be what the characters count."""
        if self.solver == "schur" or any(isinstance(self.space(V, W), FloatSpace) for V, W in self.pairs):
            _ = self.character_count
        return self._solved_dim

    def _pair_basis(self, V: Representation, W: Representation) -> PairBasis:
        if (V, W) not in self._bases:
            self._bases[V, W] = self._orthonormal(V, W)
        return self._bases[V, W]

    def _orthonormal(self, V: Representation, W: Representation) -> PairBasis:
        from projectors.orthonormal import orthonormal_basis

        space = self.space(V, W)
        unitary = V.is_unitary and W.is_unitary
        if self.inner == "euclidean" or not self._has_grams or unitary or V.gram is None or W.gram is None:
            return OrbitBasis(space) if isinstance(space, OrbitSpace) else orthonormal_basis(space, None, None)
        return orthonormal_basis(space, V.gram, W.gram)

    @cached_property
    def _has_grams(self) -> bool:
        return all(V.representation.gram is not None for side in self._summands for V in side)

    # Projection

    @cached_property
    def projection(self) -> Projection:
        """The projector P as array operations, in numpy or where `to` has moved it.

        Raises
        ------
        NotUnitary
            If V or W has no invariant positive-definite form and inner="euclidean" was not asked for.
        """
        if self.inner == "invariant" and not self._has_grams:
            raise NotUnitary(
                f"{self.V} or {self.W} has no invariant positive-definite form, so the group has no average on operators; "
                'Hom(V, W, inner="euclidean") projects orthogonally in the Frobenius inner product instead'
            )
        return Projection.of(self._schur_basis if self._by_schur else self.basis())

    @cached_property
    def _by_schur(self) -> bool:
        """Whether P is a mask and traces in the spectral frame: asked for, or V and W are sums of irreps already."""
        if self.inner == "euclidean":  # the frame is orthonormal in the forms, which have to be the standard ones
            return self.solver == "schur" and self.V.is_unitary and self.W.is_unitary
        if self.solver != "auto":
            return self.solver == "schur"
        field = "complex" if self.is_complex else "real"
        parts = [s.representation for side in self._summands for s in side]
        return all(isinstance(R, Irrep) and R.over == field for R in parts)

    @cached_property
    def _schur_basis(self) -> Basis:
        from projectors.schur import SchurBasis

        return Basis(self.shape, [Block(SchurBasis(self.spectral), 0, 1, 0, 1)])

    # The spectral frame

    @cached_property
    def spectral(self) -> SpectralFrame:
        """The spectral frame: bases of V and W adapted to the irreps, the blocks there, and P as mask and traces.

        Raises
        ------
        UnsupportedGroup
            If the group's irreps are not known and none were given.
        """
        try:
            return spectral_frame(self.V, self.W, self.irreps)
        except UnsupportedGroup as error:
            raise UnsupportedGroup(f"no spectral frame: {error}, or Hom(V, W, irreps=[...])") from None

    def to_spectral(self, T: Any) -> Any:
        """U_W^-1 T U_V, the operators (..., dim W, dim V) in the spectral frame, with U from `decompose(V)` and `decompose(W)`.

        Parameters
        ----------
        T : numpy, torch, jax or other array-API array; the result is of the same kind, complex where a basis is.

        Raises
        ------
        UnsupportedGroup
            If the group's irreps are not known and none were given.
        """
        return self.spectral.to_spectral(T)

    def to_spatial(self, M: Any) -> Any:
        """U_W M U_V^-1, the inverse of `to_spectral`."""
        return self.spectral.to_spatial(M)

    def to(self, xp: Any, device: Any = None, dtype: Any = None) -> Hom:
        """The same space with the projector's constants in another array library, on a device, in a precision.

        Nothing needs it: `project` converts the constants as it meets an array. It saves that conversion at each call.

        Parameters
        ----------
        xp : an array library as a module: numpy, torch, jax.numpy, array_api_strict, ...
        device : one of its devices; None for its default.
        dtype : one of its dtypes, that of the operators to project; None for double precision.

        Examples
        --------
        >>> import array_api_strict as xp
        >>> from grouprep import Cyclic
        >>> from projectors import commutant
        >>> H = commutant(Cyclic(2).natural()).to(xp)
        >>> H.project(xp.asarray([[1.0, 2.0], [4.0, 3.0]]))
        Array([[2., 3.],
               [3., 2.]], dtype=array_api_strict.float64)
        """
        moved = copy(self)
        moved.__dict__.pop("_traced", None)
        moved.__dict__["projection"] = self.projection.to(namespace_of(xp), device, dtype)
        return moved

    def project(self, T: Any) -> Any:
        """P(T), the orthogonal projection on the space: the Reynolds average of T for a compact group.

        Linear in T, and differentiable wherever T's library is; half precision is computed in float32.

        Parameters
        ----------
        T : numpy, torch, jax or other array-API array (..., dim W, dim V), real or complex; leading axes are batch.

        Returns
        -------
        An array of the library, device, shape and dtype of T, complex where T or the space is.

        Raises
        ------
        NotUnitary
            If V or W has no invariant positive-definite form and inner="euclidean" was not asked for.
        DimensionMismatch
            If T has another shape.
        GroupRepError
            If T is a numpy array with entries that are not finite; in other libraries these pass through.
        """
        T, projection = self._prepared(T)
        return projection.project(T)

    def residual(self, T: Any) -> Any:
        """T - P(T), the part of T that is not equivariant; as `project`."""
        T, projection = self._prepared(T)
        return projection.residual(T)

    def _prepared(self, T: Any) -> tuple[Any, Projection]:
        traced = is_traced_by_torch() and self._prepare_for_torch()
        projection: Projection = self._traced if traced else self.projection
        if isinstance(T, projection.array_type) and projection.array_type is not np.ndarray:
            check_shape(T, self.shape)
            return T, projection.for_array(T, projection.xp)
        T, xp = operator_array(T, self.shape)
        return T, projection.for_array(T, xp)

    def _prepare_for_torch(self) -> bool:
        """Keep the projector for torch tensors where torch.compile finds it: called while it traces, but not traced."""
        if "_traced" not in self.__dict__:
            xp = namespace_of(sys.modules["torch"])
            self._traced = self.projection if self.projection.xp is xp else self.projection.to(xp)
        return True

    _prepare_for_torch._dynamo_marked_constant = True  # type: ignore[attr-defined]  # torch.compiler.assume_constant_result

    # Proof and prose

    def certify(self) -> Certificate:
        """Prove the exact basis (or bound the float one): residual zero, independence, completeness.

        Raises
        ------
        CertificateError
            If a check fails: the basis is wrong.
        """
        from projectors.certificate import certify

        return certify(self)

    def explain(self) -> str:
        """Why the space has the dimension it has; where it is zero, what V and W do not share."""
        from projectors.explain import explain

        return explain(self)

    def save(self, path: str | Path) -> None:
        """Write the exact basis, V, W and the group to a JSON file that `projectors.files.verify` proves from alone."""
        from projectors.files import save_basis

        save_basis(self, path)

    def _key(self) -> tuple[Any, ...]:
        return self.V, self.W, self.solver, self.inner, self.irreps

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Hom) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Hom({self.V}, {self.W}) of {self.V.group}, operators {self.shape[0]} x {self.shape[1]}"

    def _repr_latex_(self) -> str:
        V, W = self.V._repr_latex_().strip("$"), self.W._repr_latex_().strip("$")
        return rf"$\mathrm{{Hom}}_{{{self.V.group}}}({V}, {W})$"


def commutant(V: Representation, solver: str = "auto", inner: str = "invariant") -> Hom:
    """Hom_G(V, V), the operators that commute with V.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> from projectors import commutant
    >>> commutant(Symmetric(4).regular()).dim
    24
    """
    return Hom(V, V, solver=solver, inner=inner)
