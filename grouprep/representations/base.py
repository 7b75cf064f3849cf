"""The Representation: a small required interface, and the algebra and queries that follow from it."""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from functools import cached_property, reduce
from numbers import Number
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from grouprep.errors import DimensionMismatch, GroupRepError, TooLarge, UnsupportedGroup, nearest, shown
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite_images import rounded
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.lie import LieGroup
from grouprep.groups.rotations import Rotation, spinor_matrices
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.fields import common_domain
from grouprep.linalg.forms import invariant_form, is_positive, is_unitary, require_carried
from grouprep.linalg.matrices import adjoint, equal, is_exact, is_real, matmul
from grouprep.linalg.pickling import Value
from grouprep.linalg.roots import exact_root
from grouprep.linalg.sparse import add_exact, equal_exact, identity_exact
from grouprep.representations.arguments import checked_count
from grouprep.typing import Array, Element, Integers

if TYPE_CHECKING:
    from sympy import Domain, Matrix

    from grouprep.characters import Character, ClassPoint, ClassValue

__all__ = ["Representation"]


_AVERAGE_LIMIT = 2_000  # elements of a finite group; beyond, a linear system for an invariant form is cheaper

_EXPONENT_LIMIT = 10_000  # bits of a dimension; nothing larger can be used in any way


class Images(dict[Generator, Image]):
    """The matrices of generators, which are found by their names too."""

    def __missing__(self, name: object) -> Image:
        for generator, image in self.items():
            if str(generator) == name:
                return image
        raise GroupRepError(f"{shown(name)} is no generator; {nearest(name, self)}")


class Representation(Value):
    """A finite-dimensional representation of a group, in one basis, exact where its generators are.

    `Representation(G, images=...)` makes one from a matrix for each generator and proves that it is one
    (`grouprep.representations.images.ImageRepresentation`); others come from the group (`G.defining()`, `G.regular()`) and
    from the algebra: V + W, V * W (tensor product), n * V, V ** k, V.dual, V.conjugate, V.symmetric_power(k),
    V.exterior_power(k), V.restrict(f).

    A subclass gives: group, dim, image, evaluate, exact_image, character_at, _key, __str__; where it knows a form, _form.

    Examples
    --------
    >>> from grouprep import FiniteGroup, Representation
    >>> G = FiniteGroup.from_permutations([[1, 2, 3, 0], [0, 3, 2, 1]], name="D4")
    >>> V = Representation(G, images=[[[0, -1], [1, 0]], [[1, 0], [0, -1]]])
    >>> (V * V + 2 * V).dim
    8
    """

    def __new__(cls, *args: object, **kwargs: object) -> Representation:
        if cls is Representation:
            from grouprep.representations.images import ImageRepresentation

            return object.__new__(ImageRepresentation)
        return object.__new__(cls)

    @property
    @abstractmethod
    def group(self) -> Group:
        """The group that is represented."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The dimension."""

    @abstractmethod
    def image(self, generator: Generator) -> Image:
        """The matrix of a generator: rho(g) for an element, the differential for a generator of the Lie algebra."""

    def float_image(self, generator: Generator) -> Array | Monomial:
        """The matrix of a generator in floats, to rounding; monomial where `image` is."""
        image = self.image(generator)
        return image if isinstance(image, Monomial) else as_float(image)

    @abstractmethod
    def evaluate(self, g: Element) -> Array:
        """rho(g) in floats for checked elements g, (..., dim, dim)."""

    @abstractmethod
    def exact_image(self, g: Element) -> Image:
        """rho(g) exactly: g a permutation for finite groups, an exact matrix of the group for Lie groups."""

    def _form(self) -> Image | None:
        """An invariant Hermitian form, positive definite if one exists; None if there is none, or none is known."""
        elements, algebra = self.by_kind()
        if is_unitary(elements, algebra):
            return Monomial.identity(self.dim)
        return self._average() if self.group.order <= _AVERAGE_LIMIT else invariant_form(elements, algebra)

    def _average(self) -> Image:
        """The sum over a finite group of rho(g)* rho(g); in floats the mean."""
        images = map(self.exact_image, self.group.elements)
        terms = (matmul(adjoint(a), a) for a in images)
        if self.domain is not None:
            return reduce(add_exact, map(as_exact, terms))
        return reduce(np.add, map(as_float, terms)) / self.group.order

    @abstractmethod
    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        """The character at the k-th power of a class (see `grouprep.characters`)."""

    @abstractmethod
    def _key(self) -> tuple[object, ...]:
        """What makes the representation equal to another one of the same type and group."""

    def key(self) -> tuple[object, ...]:
        return self.group, self._key()

    # Values

    def __call__(self, g: Element = None) -> Array:
        """rho(g) in floats: for finite groups with exact images every entry is the exact one correctly rounded.

        Parameters
        ----------
        g : elements of the group with leading batch axes: integer arrays (..., degree) of permutations for finite groups,
            float arrays (..., n, n) for Lie groups, tuples of these for products. Finite groups that were given by matrices
            take these too (see `FiniteGroup.check_element`). Groups of matrices of space (SO(3), O(3), point groups) take
            scipy's `Rotation`, one or several, and so does SU(2) where the sign of its element does not matter (whole spins).

        Returns
        -------
        (..., dim, dim) float64, or complex128 for complex representations.

        Raises
        ------
        DimensionMismatch
            If g has the wrong shape.
        GroupRepError
            If g is a `Rotation`, and the representation has half-integer spins.
        """
        if g is None:
            raise GroupRepError(
                f"{self}(g) needs an element g; V.dual, V.conjugate and V.character are properties, without parentheses"
            )
        if isinstance(g, Rotation) and isinstance(self.group, LieGroup) and self.group.n == 2:
            return self._at_spinors(g)
        return self._rounded_at(self.group.check_element(g))

    def _at_spinors(self, g: Rotation) -> Array:
        """rho at the rotations' elements of SU(2), if their signs do not matter."""
        assert isinstance(self.group, LieGroup)
        self.group.require_rotations()
        # rho(-1) is an involution with trace dim - 2 k, k the dimension of the half-integer spins.
        if self.dim - np.trace(self.evaluate(-np.eye(2))).real > 1:
            raise GroupRepError(
                f"g: a rotation determines {self} up to signs only, it has half-integer spins; give matrices of {self.group}"
            )
        return self.evaluate(spinor_matrices(g))

    def _rounded_at(self, g: Element) -> Array:
        """rho(g) in floats for checked elements, each entry the exact one correctly rounded where that is known."""
        if self.group.is_finite and self.domain is not None and not self.domain.is_ZZ:
            return self._round_exact(g)
        return self.evaluate(g)

    def _round_exact(self, g: Integers) -> Array:
        """The exact matrices of finite group elements, (..., degree), each distinct one computed and rounded once."""
        values = rounded(self.exact_image, g, self.dim)
        return (
            values.real if self.field == "real" else values
        )  # products of real matrices, written over a complex field

    def image_at(self, g: Element) -> Image:
        """rho(g) at one element as exactly as it is known: exact where elements are (finite groups), else in floats."""
        return self.exact_image(g) if self.group.is_finite else self(g)

    def exact(self, g: Element) -> Matrix:
        """rho(g) as a sympy Matrix, (dim, dim).

        Parameters
        ----------
        g : an element as `__call__` takes it (finite groups), an exact matrix of the group (Lie groups), or a tuple of these.

        Raises
        ------
        GroupRepError
            If the representation has float generators only.
        """
        element = self.group.read_element(g)
        try:
            return to_sympy(as_exact(self.exact_image(element)))
        except GroupRepError:
            R, squares = self.rational()[0], self.rational_squares()
            if R is self or squares is None:
                raise
        value = to_sympy(as_exact(R.exact_image(element)))
        for (i, k), x in value.todok().items():
            q = squares[i] / squares[k]
            value[i, k] = x * exact_root(1, q.numerator, q.denominator)
        return value

    def symbolic(self, *angles: object) -> Matrix:
        """rho in angles as a sympy Matrix, (dim, dim); for the irreps of SO(2), O(2), SO(3), O(3) and SU(2).

        Raises
        ------
        UnsupportedGroup
            If no symbolic form is offered.
        """
        raise UnsupportedGroup(
            f"no symbolic form of {self} of {self.group} is offered; the irreps of SO(2), O(2), SO(3), O(3) and SU(2) have one"
        )

    def differential(self, X: ArrayLike) -> Array:
        """The Lie algebra representation at X, (dim, dim) floats.

        Parameters
        ----------
        X : coefficients (count,) in the algebra's generators, or for Lie groups a matrix (n, n) in their span.

        Raises
        ------
        UnsupportedGroup
            If the group is finite.
        """
        generators = [a for a in self.group.generator_names if a.kind == "algebra"]
        if not generators:
            raise UnsupportedGroup(f"{self.group} is finite and has no Lie algebra")
        array = np.asarray(X)
        if array.dtype.kind == "O" and array.ndim == 2:
            array = as_float(as_image(X, "X"))
        if array.dtype.kind not in "biufc":
            raise DimensionMismatch(f"X must be coefficients ({len(generators)},) or a matrix, got {shown(X)}")
        if array.shape != (len(generators),):
            array = self.group.algebra_coefficients(array)
        return np.tensordot(array, np.array([as_float(self.float_image(a)) for a in generators]), 1)

    @cached_property
    def images(self) -> dict[Generator, Image]:
        """The matrix of every generator, also by its name, `V.images["r"]`."""
        return Images({a: self.image(a) for a in self.group.generator_names})

    def by_kind(self) -> tuple[list[Image], list[Image]]:
        """The images of the generators that are elements, and of those of the Lie algebra."""
        kinds: dict[str, list[Image]] = {"element": [], "algebra": []}
        for a, m in self.images.items():
            kinds[a.kind].append(m)
        return kinds["element"], kinds["algebra"]

    @cached_property
    def domain(self) -> Domain | None:
        """The sympy domain that holds the generators' entries (ZZ, QQ, a number field); None if a generator is float."""
        if not all(map(is_exact, self.images.values())):
            return None
        return common_domain(*(m.domain for m in self.images.values()))  # type: ignore[union-attr]

    @cached_property
    def field(self) -> str:
        """Either "real", if the generators' matrices are real, else "complex"."""
        return "real" if all(map(is_real, self.images.values())) else "complex"

    # Forms

    @cached_property
    def invariant_form(self) -> Image | None:
        """An invariant Hermitian form, rho(g)* H rho(g) = H; it may be indefinite (Lorentz); None if none is known."""
        return Monomial.identity(self.dim) if is_unitary(*self.by_kind()) else self._form()

    @cached_property
    def gram(self) -> Image | None:
        """A positive-definite invariant form, or None where none exists; the identity for unitary representations.

        Raises
        ------
        IllConditioned
            If the form is float, and rounding leaves open whether it is positive, or has lost its invariance.
        """
        form = self.invariant_form
        if form is None or (isinstance(form, Monomial) and form == Monomial.identity(self.dim)):
            return form
        if not is_positive(form):
            return None
        if not is_exact(form):
            require_carried(form, *self.by_kind())
        return form

    @cached_property
    def is_unitary(self) -> bool:
        """Whether rho(g) is unitary in the standard inner product for all g, decided on the generators."""
        form = self.gram
        if isinstance(form, Monomial):
            return True
        if form is None:
            return False
        n = self.dim
        if is_exact(form):
            return equal_exact(as_exact(form), identity_exact(n, as_exact(form).domain))
        return bool(np.abs(form - np.eye(n)).max(initial=0) <= n * np.finfo(float).eps)

    def unitary(self) -> tuple[Representation, Array]:
        """(U, S): a unitary representation U and the change of basis S with U(g) = S V(g) S^-1.

        Raises
        ------
        NotUnitary
            If no positive-definite invariant form exists.

        Examples
        --------
        >>> from grouprep import Symmetric
        >>> U, S = Symmetric(3).defining().symmetric_power(2).unitary()
        >>> U.is_unitary
        True
        """
        from grouprep.representations.unitary import unitary_form

        return unitary_form(self)

    def change_basis(self, S: object) -> Representation:
        """The same representation in other coordinates, U(g) = S V(g) S^-1; exact where V and S are.

        Parameters
        ----------
        S : (dim, dim) invertible matrix, float array or exact (sympy, nested lists of integers, fractions or text).

        Raises
        ------
        GroupRepError
            If S is singular.
        DimensionMismatch
            If S has another size.

        Examples
        --------
        >>> from grouprep import Cyclic
        >>> V = Cyclic(2).natural().change_basis([[1, 1], [1, -1]])
        >>> V.exact(V.group.generators[0])
        Matrix([
        [1,  0],
        [0, -1]])
        """
        from grouprep.representations.unitary import changed_basis

        return changed_basis(self, S)

    def rational(self) -> tuple[Representation, Array]:
        """(R, S): an isomorphic representation over the smallest field known, and S (dim, dim) with V(g) = S R(g) S^-1.

        V itself and the identity, unless V is an irrep written with roots, or is made from such. Exact solvers work on R.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> V = Dihedral(5).irrep("E1")
        >>> V.domain, V.rational()[0].domain
        (QQ<cos20>, QQ<cos5>)
        """
        return self, np.eye(self.dim)

    def rational_squares(self) -> tuple[Fraction, ...] | None:
        """The squares of the diagonal of S in `rational`, exactly; None where S is not diagonal or they are not known.

        Examples
        --------
        >>> from grouprep import SO
        >>> [str(q) for q in SO(3).irrep(1).rational_squares()]
        ['2', '1/2', '2']
        """
        return (Fraction(1),) * self.dim if self.rational()[0] is self else None

    # Characters

    @property
    def character(self) -> Character:
        """The character: callable on elements, exact on conjugacy classes, with the inner product."""
        from grouprep.characters import Character

        return Character(self)

    def multiplicities(self, field: str | None = None) -> dict[str, int]:
        """How often each irrep occurs, by its label in canonical order; counted by characters, nothing is split.

        Parameters
        ----------
        field : "real" or "complex", what the irreps are irreducible over; by default that of the representation.

        Raises
        ------
        UnsupportedGroup
            If the irreps of the group are not known.
        GroupRepError
            If a complex representation is asked for its real irreps.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> Dihedral(4).natural().multiplicities()
        {'A1': 1, 'B1': 1, 'E1': 1}
        """
        from grouprep.irreps.multiplicities import multiplicities

        return {irrep.label: m for irrep, m in multiplicities(self, field)}

    # Algebra

    def __add__(self, other: object) -> Representation:
        """The direct sum."""
        if isinstance(other, Number | np.ndarray | str):
            raise GroupRepError(f"{self} + {shown(other)}: only representations add up; n copies are n * G.trivial()")
        if not isinstance(other, Representation):
            return NotImplemented
        from grouprep.representations.composite import direct_sum_of

        return direct_sum_of([(1, self), (1, other)])

    def __radd__(self, other: object) -> Representation:
        """0 + V is V, so that `sum` adds representations."""
        return self if isinstance(other, int) and other == 0 else self + other

    def __mul__(self, other: object) -> Representation:
        """V * W is the tensor product, kron(V, W); V * n and n * V are n copies, kron(I_n, V)."""
        if isinstance(other, Representation):
            from grouprep.representations.composite import tensor_of

            return tensor_of([self, other])
        if isinstance(other, Number | np.ndarray | str):
            from grouprep.representations.composite import direct_sum_of

            if isinstance(other, int) and other == 0:
                raise GroupRepError(
                    f"0 * {self} has dimension 0 and no matrices; leave it away: n * V needs an integer >= 1"
                )
            n = checked_count(other, "n * V", 1)
            if n.bit_length() > _EXPONENT_LIMIT:
                raise TooLarge("n * V: n has more than 3,000 digits")
            return direct_sum_of([(n, self)])
        return NotImplemented

    __rmul__ = __mul__

    def __xor__(self, other: object) -> Representation:
        """Powers are V ** k in Python, where ^ binds less tightly than + and *."""
        raise GroupRepError(f"{self} ^ {shown(other)}: powers are written V ** k")

    def __pow__(self, k: int) -> Representation:
        """The k-th tensor power; the trivial representation for k = 0."""
        from grouprep.representations.composite import tensor_of

        if checked_count(k, "V ** k", 0) * max(self.dim.bit_length() - 1, 1) > _EXPONENT_LIMIT:
            raise TooLarge(f"V ** {k:,} would have about 10^{int(k * self.dim.bit_length() * 0.30103):,} dimensions")
        return tensor_of([self] * k) if k else self.group.trivial()

    @property
    def dual(self) -> Representation:
        """The dual (contragredient) representation, rho(g^-1)^T."""
        from grouprep.representations.composite import dual_of

        return dual_of(self)

    @property
    def conjugate(self) -> Representation:
        """The complex conjugate representation."""
        from grouprep.representations.composite import conjugate_of

        return conjugate_of(self)

    def symmetric_power(self, k: int) -> Representation:
        """Sym^k(V) in the basis of monomials e_a1 ... e_ak, a1 <= ... <= ak in lexicographic order.

        Entries stay in the field of V; the basis is orthogonal, not orthonormal (see `gram`).
        """
        from grouprep.representations.powers import SymmetricPower

        return SymmetricPower(self, checked_count(k, "symmetric_power", 0)) if k else self.group.trivial()

    def exterior_power(self, k: int) -> Representation:
        """The k-th exterior power in the basis e_a1 ^ ... ^ e_ak, a1 < ... < ak in lexicographic order."""
        from grouprep.representations.powers import ExteriorPower

        if not 0 <= checked_count(k, "exterior_power", 0) <= self.dim:
            raise GroupRepError(f"exterior_power(k) needs 0 <= k <= {self.dim}, got {k}; higher powers are zero")
        return ExteriorPower(self, k) if k else self.group.trivial()

    def restrict(self, f: Homomorphism | Group) -> Representation:
        """The representation g -> V(f(g)) of the source of a homomorphism f; a subgroup of the same points stands for its inclusion.

        Raises
        ------
        DimensionMismatch
            If the target of f is another group.
        """
        from grouprep.representations.pullback import Pullback

        if isinstance(f, Group):
            f = Homomorphism.inclusion(f, self.group)
        if not isinstance(f, Homomorphism):
            raise GroupRepError(f"f must be a Homomorphism into {self.group}, or a subgroup of it, got {shown(f)}")
        if f.target != self.group:
            raise DimensionMismatch(f"f maps into {f.target}, the representation is one of {self.group}")
        return Pullback(f, self)

    pull_back = restrict

    def inflate(self, f: Homomorphism) -> Representation:
        """The representation g -> V(f(g)) for a homomorphism f onto the group of V, such as the projection on a quotient.

        Raises
        ------
        GroupRepError
            If f is not surjective; `restrict` takes any f.
        DimensionMismatch
            If the target of f is another group.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> G = Dihedral(4)
        >>> Q, p = G.quotient(G.subgroup([G.multiply(G.generators[0], G.generators[0])]))
        >>> sorted(Q.regular().inflate(p).multiplicities())
        ['A1', 'A2', 'B1', 'B2']
        """
        inflated = self.restrict(f)
        if not isinstance(f, Homomorphism) or not f.is_surjective:
            raise GroupRepError(
                f"f must map onto {self.group} to inflate along it; restrict(f) takes any homomorphism into it"
            )
        return inflated

    def induce(self, f: Homomorphism | Group) -> Representation:
        """The representation of the target G of an injective homomorphism f: H -> G of finite groups, for V of H.

        Its dimension is [G : H] dim V. G permutes the blocks e_j (x) V, one for each coset r_j f(H): where g r_j = r_i f(h), the
        block (i, j) of its matrix at g is V(h). The r_j are the lexicographically least elements of the cosets, in that order,
        so that no generators enter. Exact where V is, monomial where V is, unitary where V is.

        Parameters
        ----------
        f : the homomorphism, or G itself if its elements permute the same points as those of H, which it contains.

        Raises
        ------
        GroupRepError
            If f is not injective, or no homomorphism from the group of V.
        UnsupportedGroup
            If one of the groups is infinite.
        TooLarge
            If H cannot be listed, or there are more than 200,000 cosets.

        Examples
        --------
        >>> from grouprep import Symmetric
        >>> G = Symmetric(4)
        >>> H = G.subgroup(["(1 2 3 4)", "(1 3)"])
        >>> V = H.trivial().induce(G)
        >>> V.dim, V.character.inner(V.character)
        (3, 2)

        References
        ----------
        Serre, Linear Representations of Finite Groups, 3.3 and 7.1.
        """
        from grouprep.representations.induced import induced

        return induced(self, f)

    def kernel(self) -> Group:
        """The normal subgroup of a finite group whose elements V takes to the identity.

        Raises
        ------
        GroupRepError
            If V has float generators only.
        TooLarge
            If the elements of the group cannot be listed.

        Examples
        --------
        >>> from grouprep import Dihedral
        >>> Dihedral(4).irrep("A2").kernel().order
        4
        """
        from grouprep.groups.quotients import normal_subgroup

        one = Monomial.identity(self.dim)
        return normal_subgroup(self.group, lambda g: equal(as_exact(self.exact_image(g)), one), f"ker({self})")  # type: ignore[arg-type]

    def joint(self, W: Representation) -> Representation:
        """The representation (g, h) -> V(g) W(h) of the direct product, for an action W on the same space that commutes with V.

        Parameters
        ----------
        W : of the same dimension, of any group.

        Raises
        ------
        DimensionMismatch
            If W has another dimension.
        NotAHomomorphism
            If the actions do not commute; the message names two generators.

        Examples
        --------
        >>> from grouprep import SU, Cyclic, Representation
        >>> swap = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
        >>> V = (SU(2).defining() ** 2).joint(Representation(Cyclic(2), images=[swap]))
        >>> str(V.group), V.dim
        ('SU(2) x C2', 4)
        """
        from grouprep.representations.joint import joint_of

        return joint_of(self, W)

    # Identity

    def to_dict(self) -> dict[str, object]:
        """Plain data: the group and the exact images of its generators; `grouprep.representations.files` reads it back."""
        from grouprep.representations.files import representation_to_dict

        return representation_to_dict(self)

    def __repr__(self) -> str:
        return f"<{self} of {self.group}, dim {self.dim}>"

    def _repr_latex_(self) -> str:
        text = str(self).replace(" * ", r" \otimes ").replace(" + ", r" \oplus ").replace("^", r"^{\otimes}")
        return rf"$\mathrm{{{text}}}$"
