"""Hom_G(V, W): the space of equivariant linear maps, its bases, its orthogonal projector and its certificate."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np

from grouprep.characters import count_intertwiners
from grouprep.errors import CertificateError, DimensionMismatch, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.irreps.base import Irrep
from grouprep.irreps.user_irreps import listed_irreps
from grouprep.linalg.pickling import Value
from grouprep.linalg.spaces import Space
from grouprep.progress import steps
from grouprep.representations import Representation
from grouprep.typing import AnyArray, ArrayT, Namespace
from projectors.arrays import check_shape, is_traced_by_torch, namespace_of, operator_array
from projectors.cards import hom_card
from projectors.certify import Certificate, certify_spaces
from projectors.decompose import spectral_frame
from projectors.explain import explain
from projectors.files import save_basis
from projectors.solvers.base import Pair, Solver
from projectors.solvers.registry import solve, solver_named
from projectors.structure.base import Structure
from projectors.structure.basis import Basis, ExactBasis
from projectors.structure.blocks import Block, Blocks
from projectors.structure.dense import Forms
from projectors.structure.frame import SpectralFrame
from projectors.structure.joined import joined
from projectors.structure.projection import Projection
from projectors.structure.schur import Schur
from projectors.structure.solved import structure_of
from projectors.structure.summands import Summand, summands

__all__ = ["Hom", "commutant"]


class Hom(Value):
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
        solver_named(solver)
        if inner not in ("invariant", "euclidean"):
            raise GroupRepError(f'inner = "{inner}" is unknown; choose "invariant" or "euclidean"')
        self.V, self.W, self.solver, self.inner = V, W, solver, inner
        self.irreps = listed_irreps(irreps)
        self._spaces: dict[Pair, Space] = {}

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

    # Summands, and what was solved

    @cached_property
    def solved_by(self) -> Solver:
        """The solver, an object: what it does with a pair and why, `choice(V, W)`, its `cost(V, W)`, whether it `is_exact(V, W)`."""
        return solver_named(self.solver).with_irreps(self.irreps)

    @cached_property
    def _summands(self) -> tuple[list[Summand], list[Summand]]:
        return summands(self.W), summands(self.V)

    def space(self, V: Representation, W: Representation) -> Space:
        """The solved space of one distinct pair of summands."""
        if (V, W) not in self._spaces:
            self._spaces[V, W] = solve(V, W, self.solved_by)
        return self._spaces[V, W]

    @cached_property
    def pairs(self) -> dict[Pair, int]:
        """The distinct pairs (V_i, W_j) of summands, and how often each occurs."""
        rows, columns = self._summands
        down, across = ({s.representation: 0 for s in side} for side in (rows, columns))
        for side, found in ((rows, down), (columns, across)):
            for s in side:
                found[s.representation] += s.count
        return {(V, W): m * n for W, m in down.items() for V, n in across.items()}

    # Dimension

    @cached_property
    def dim(self) -> int:
        """The dimension, an exact integer: counted by characters where they are known, else the size of a basis."""
        counted = self.character_count
        return counted if counted is not None else self._solved_dim

    @cached_property
    def character_count(self) -> int | None:
        """The dimension as the inner product of characters, or None where the group's characters are not known."""
        total = 0
        for (V, W), n in self.pairs.items():
            counted = count_intertwiners(V, W)
            if counted is None:
                return None
            total += n * counted
        return total

    @cached_property
    def _solved_dim(self) -> int:
        whole = not self.solved_by.needs_summands
        solved = self.spectral.dim if whole else sum(n * self.space(*pair).dim for pair, n in self.pairs.items())
        if "character_count" in self.__dict__ and self.character_count not in (None, solved):
            raise CertificateError(
                f"the basis of Hom({self.V}, {self.W}) has {solved} elements, the characters count {self.character_count}"
            )
        return solved

    @cached_property
    def _checked_dim(self) -> int:
        """The solved dimension; what floats found must be what the characters count."""
        if not self.solved_by.needs_summands or not all(self.space(*pair).is_exact for pair in self.pairs):
            _ = self.character_count
        return self._solved_dim

    # Structure, and the bases that are views of it

    @cached_property
    def _blocks(self) -> Blocks:
        """Every distinct pair of summands solved once, in the structure of its solution, in all its places."""
        pairs = steps(self.pairs, "solving")
        return self._placed({pair: structure_of(self.space(*pair), self._forms(*pair)) for pair in pairs})

    def _placed(self, structures: Mapping[Pair, Structure]) -> Blocks:
        rows, columns = self._summands
        blocks = [
            Block(structures[v.representation, w.representation], w.start, w.count, v.start, v.count)
            for w in rows
            for v in columns
        ]
        return Blocks(self.shape, tuple(blocks))

    def _forms(self, V: Representation, W: Representation) -> Forms | None:
        """The forms that a basis is orthonormal in; None for the standard ones."""
        if self.inner == "euclidean" or not self._has_grams or (V.is_unitary and W.is_unitary):
            return None
        return None if V.gram is None or W.gram is None else (V.gram, W.gram)

    @cached_property
    def _has_grams(self) -> bool:
        return all(V.representation.gram is not None for side in self._summands for V in side)

    @cached_property
    def _frame_blocks(self) -> Blocks:
        """One block of the structure by Schur's lemma."""
        return Blocks(self.shape, (Block(Schur(self.spectral), 0, 1, 0, 1),))

    @property
    def is_exact(self) -> bool:
        """Whether the solver gives exact bases: the solver is not "float", "schur" or a quadrature, and all generators are exact.

        Solver "auto" finds them also where the generators are exact as S R S^-1 with a diagonal S of square roots only.
        """
        return all(self.solved_by.is_exact(*pair) or self.solved_by.carries(*pair) for pair in self.pairs)

    def exact_basis(self) -> ExactBasis:
        """An exact basis, sympy matrices over the smallest field known, in V's and W's own bases.

        Where V or W is a large spin, or made from such, the entries are rational numbers times square roots.

        Raises
        ------
        GroupRepError
            If the generators, or the solver, are float.
        """
        return self._exact_basis

    @cached_property
    def _exact_basis(self) -> ExactBasis:
        if not self.is_exact:
            pair = next(p for p in self.pairs if not (self.solved_by.is_exact(*p) or self.solved_by.carries(*p)))
            why = f"{self} has float generators or a float solver ({self.solved_by.choice(*pair)})"
            raise GroupRepError(f'{why}; an exact basis needs exact generators (for large spins solver="auto")')
        _ = self._checked_dim
        structures = {
            pair: structure_of(self.space(*pair)) for pair in steps(self.pairs, "solving")
        }  # exact rows need no forms
        return ExactBasis(self.shape, *self._placed(structures).exact_rows())

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
        whole = not self.solved_by.needs_summands and self._by_schur
        blocks = self._frame_blocks if whole else self._blocks
        _ = self._checked_dim
        return Basis(blocks)

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
        return Projection.of(self._frame_blocks if self._by_schur else self._joined or self.basis().structure)

    @cached_property
    def _joined(self) -> Blocks | None:
        """Copies of sums as copies of one pair, where the pairs of summands are many and bases orthonormal in the standard forms."""
        rows, columns = self._summands
        if not self.solved_by.needs_summands or any(self._forms(*pair) is not None for pair in self.pairs):
            return None
        _ = self._checked_dim
        return joined(self.shape, rows, columns, {pair: self.space(*pair) for pair in steps(self.pairs, "solving")})

    @cached_property
    def _by_schur(self) -> bool:
        """Whether P is a mask and traces in the spectral frame: asked for, or V and W are sums of irreps already."""
        asked = not self.solved_by.needs_summands
        if self.inner == "euclidean":  # the frame is orthonormal in the forms, which have to be the standard ones
            return asked and self.V.is_unitary and self.W.is_unitary
        if self.solver != "auto":
            return asked
        field = "complex" if self.is_complex else "real"
        parts = [s.representation for side in self._summands for s in side]
        return all(isinstance(R, Irrep) and R.over == field for R in parts)

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

    def to_spectral(self, T: ArrayT) -> ArrayT:
        """U_W^-1 T U_V, the operators (..., dim W, dim V) in the spectral frame, with U from `decompose(V)` and `decompose(W)`.

        Parameters
        ----------
        T : numpy, torch, jax or other array-API array; the result is of the same kind, complex where a basis is.

        Raises
        ------
        UnsupportedGroup
            If the group's irreps are not known and none were given.
        """
        return cast(ArrayT, self.spectral.to_spectral(T))

    def to_spatial(self, M: ArrayT) -> ArrayT:
        """U_W M U_V^-1, the inverse of `to_spectral`."""
        return cast(ArrayT, self.spectral.to_spatial(M))

    def to(self, xp: Namespace, device: object = None, dtype: object = None) -> Hom:
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

    def project(self, T: ArrayT) -> ArrayT:
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
        operators, projection = self._prepared(T)
        return cast(ArrayT, projection.project(operators))

    def residual(self, T: ArrayT) -> ArrayT:
        """T - P(T), the part of T that is not equivariant; as `project`."""
        operators, projection = self._prepared(T)
        return cast(ArrayT, projection.residual(operators))

    def _prepared(self, T: AnyArray) -> tuple[AnyArray, Projection]:
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

        Where irreps have float images but exact rational forms, the basis in these forms is proved: the float one is that basis,
        carried over by the known changes of basis.

        Raises
        ------
        CertificateError
            If a check fails: the basis is wrong.
        """
        pairs: dict[Pair, int] = {}
        spaces: dict[Pair, Space] = {}
        for given in steps(self.pairs, "solving"):
            n = self.pairs[given]
            pair, space = self.solved_by.provable(*given, self.space(*given))
            pairs[pair] = pairs.get(pair, 0) + n
            spaces[pair] = space
        subject = str(self) if set(pairs) == set(self.pairs) else f"{self}, in the rational forms of V and W"
        return certify_spaces(subject, pairs, spaces, self.character_count)

    def explain(self) -> str:
        """Why the space has the dimension it has, or is zero; which solver was chosen for each pair of summands, and why."""
        return explain(self)

    def save(self, path: str | Path) -> None:
        """Write the exact basis, V, W and the group to a JSON file that `projectors.files.verify` proves from alone."""
        save_basis(self, path)

    def key(self) -> tuple[Hashable, ...]:
        """What it was made from."""
        return self.V, self.W, self.solver, self.inner, self.irreps

    def __repr__(self) -> str:
        return f"Hom({self.V}, {self.W}) of {self.V.group}, operators {self.shape[0]} x {self.shape[1]}"

    def _repr_html_(self) -> str:
        done = self.__dict__
        return hom_card(self, done.get("dim"), done.get("_exact_basis", done.get("_basis")))

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
    if isinstance(solver, Representation):
        raise GroupRepError(
            f"commutant takes one representation, got {V} and {solver}; the maps between two are Hom(V, W)"
        )
    return Hom(V, V, solver=solver, inner=inner)
