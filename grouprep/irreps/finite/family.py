"""The irreps of any finite group whose elements can be listed, spun from vectors that its characters describe."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.burnside_dixon import irreducible_characters
from grouprep.characters import ClassPoint, ClassValue, inner
from grouprep.errors import CertificateError, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Generator, Group
from grouprep.groups.finite import FiniteGroup
from grouprep.irreps.base import Field, Irrep, Position, realify
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.finite.characters import Characters
from grouprep.irreps.finite.descent import descend
from grouprep.irreps.finite.eigenlines import eigenline
from grouprep.irreps.finite.elements import Elements
from grouprep.irreps.finite.exact_form import ExactForm, Realified
from grouprep.irreps.finite.seeds import find_seeds
from grouprep.irreps.finite.spun import Spun
from grouprep.irreps.real_form import RealForm
from grouprep.linalg import Image, Monomial, as_exact, as_float
from grouprep.linalg.blocks import known_blocks
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.fields import common_domain, conjugate, degree, domain_of, element, expression
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.linalg.sparse import from_domain_matrix_rows, matmul_exact, sparse_matrix
from grouprep.progress import steps
from grouprep.representations.base import Representation
from grouprep.typing import Array, Element

if TYPE_CHECKING:
    from sympy import Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["EXACT_DEGREE", "GeneralFamily", "GeneralIrrep", "GeneralRealForm", "general_family", "in_general"]

EXACT_DEGREE = (
    16  # of the field that holds a unitary form's square roots; beyond, its matrices are floats, as those of spins
)
"""The largest degree of a field over which the unitary form is held exactly."""

GENERAL_ORDER = 100_000  # of a group whose irreps are found in this way: M12 has 95,040

GENERAL_ENTRIES = 50_000_000  # of the list of its elements, as images of points: 7,000 by a presentation

_EXACT_DIM = 12  # beyond, square roots of pivots are no small numbers


class GeneralFamily(Family):
    """All irreps of a finite group, in the order of its character table, labelled X1, X2, ...; X1 is the trivial one.

    Parameters
    ----------
    group : a finite group whose elements can be listed.

    Raises
    ------
    UnsupportedGroup
        If the group is infinite, or no permutation group.
    TooLarge
        If it has too many elements, or too many classes.

    Examples
    --------
    >>> from grouprep import FiniteGroup
    >>> A5 = FiniteGroup.from_permutations(["(1 2 3 4 5)", "(1 2 3)"], name="A5")
    >>> family = GeneralFamily(A5)
    >>> [(I.label, I.dim, I.type) for I in family.irreps("real", None)]
    [('X1', 1, 'R'), ('X2', 3, 'R'), ('X3', 3, 'R'), ('X4', 4, 'R'), ('X5', 5, 'R')]
    """

    def __init__(self, group: Group) -> None:
        if not isinstance(group, FiniteGroup):
            raise UnsupportedGroup(
                f"{group} is no finite permutation group; its irreps are not found by listing elements"
            )
        self.group = group

    def __reduce__(self) -> tuple[object, ...]:
        return general_family, (self.group,)

    @property
    def follows_characters(self) -> bool:
        return True

    @staticmethod
    def reaches(G: Group) -> bool:
        """Whether a group is finite, and small enough to go through its elements."""
        return isinstance(G, FiniteGroup) and G.order <= GENERAL_ORDER and G.order * G.degree <= GENERAL_ENTRIES

    @cached_property
    def characters(self) -> Characters:
        """The irreducible characters."""
        G = self.group
        assert isinstance(G, FiniteGroup)
        X = Characters(Elements(G), irreducible_characters(G))
        if int((X.degrees**2).sum()) != G.order:
            raise CertificateError(f"the squares of the degrees of {G} do not add up to its order {G.order}")
        return X

    @cached_property
    def spun(self) -> list[Spun]:
        """The irreps spun from their vectors, each compared with its character."""
        X = self.characters
        found = []
        for k, seed in enumerate(find_seeds(X, descend, eigenline)):
            if seed is None:
                raise UnsupportedGroup(
                    f"no vector was found to spin the irrep X{k + 1} of {self.group} of dimension {X.degrees[k]} from; give "
                    "irreps of your own: decompose(V, irreps=[...])"
                )
            found.append(Spun(X, k, seed))
        for one in steps(found, "irreps"):
            one.check()
        return found

    @cached_property
    def _complex(self) -> list[GeneralIrrep]:
        return [GeneralIrrep(self, k, "complex") for k in range(len(self.characters))]

    def irreps(self, field: Field, up_to: int | None) -> list[Irrep]:
        check_up_to(self.group, up_to, "label", infinite=False)
        if field == "complex":
            return list(self._complex)
        return list(dict.fromkeys(I.real_form for I in self._complex))

    def find(self, label: object, field: Field) -> Irrep | None:
        found = next((I for I in self._complex if I.label == str(label).strip()), None)
        return found if found is None or field == "complex" else found.real_form

    def labels(self, field: Field) -> str:
        shown = [I.label for I in self.irreps(field, None)]
        return ", ".join(shown if len(shown) <= 20 else [*shown[:17], "...", shown[-1]])

    def split(self, images: Images) -> Splitting:
        """By eigenspaces of one element of the group algebra, which tells all irreps apart."""
        names = list(images)
        parts = [[I.float_image(a) for a in names] for I in self._complex]
        found = known_blocks([images[a] for a in names], parts)
        return [(I, X) for I, X in zip(self._complex, found, strict=True) if len(X)]


@lru_cache(maxsize=64)
def general_family(group: Group) -> GeneralFamily:
    """The irreps of a finite group, found once."""
    return GeneralFamily(group)


def in_general(V: Irrep, family: GeneralFamily) -> tuple[Representation, Array]:
    """(R, S) with R the rational form of the family's irrep that V is isomorphic to, and V(g) S = S R(g)."""
    same = next(J for J in family.irreps(V.over, None) if J.dim == V.dim and inner(J, V))
    R = same.rational()[0]
    pairs = [(as_float(R.float_image(a)), as_float(V.float_image(a))) for a in V.group.generator_names]
    S = intertwiner_space((V.dim, V.dim), pairs).floats()[0].reshape(V.dim, V.dim)
    return R, S * np.sqrt(V.dim)


class GeneralIrrep(Irrep):
    """An irrep of a finite group, unitary; over the real numbers those of type R.

    V(g) = S R(g) S^-1 with R over the smallest field known (`rational`) and S upper triangular, S* S the Gram matrix of R.
    """

    def __init__(self, family: GeneralFamily, number: int, over: Field) -> None:
        self.family, self.number, self.over = family, number, over
        self.type = {1: "R", 0: "C", -1: "H"}[int(family.characters.indicators[number])]  # type: ignore[assignment]
        self.label = f"X{number + 1}"

    def __reduce__(self) -> tuple[object, ...]:
        return GeneralIrrep, (self.family, self.number, self.over)

    @property
    def spun(self) -> Spun:
        """The irrep as it was found."""
        return self.family.spun[self.number]

    @property
    def group(self) -> Group:
        return self.family.group

    @property
    def dim(self) -> int:
        return int(self.family.characters.degrees[self.number])

    @property
    def position(self) -> Position:
        return (self.number,)

    @cached_property
    def structure(self) -> Array | None:
        if self.over == "real" or self.type == "C":
            return None
        return self.spun.structure()

    @property
    def conjugated(self) -> GeneralIrrep:
        if self.over == "real":
            return self
        return GeneralIrrep(self.family, int(self.family.characters.conjugated[self.number]), "complex")

    @property
    def real_form(self) -> Irrep:
        if self.over == "real":
            return self
        if self.type == "R":
            return GeneralIrrep(self.family, self.number, "real")
        partner = self.conjugated
        return GeneralRealForm(self if self.number <= partner.number else partner)

    @property
    def constituent(self) -> tuple[Irrep, Array]:
        rho = self if self.over == "complex" else GeneralIrrep(self.family, self.number, "complex")
        return rho, np.eye(self.dim)

    # Values

    def image(self, generator: Generator) -> Image:
        g = self.group.generator_element(generator)
        return self.exact_image(g) if self.exact_basis is not None else self.evaluate(g)

    def float_image(self, generator: Generator) -> Array:
        return self.evaluate(self.group.generator_element(generator))

    @cached_property
    def field(self) -> str:
        """Either "real" or "complex": the kind of the values."""
        return "real" if self.spun.is_real or self.type == "R" else "complex"

    def evaluate(self, g: Element) -> Array:
        return self.spun.floats(self.spun.E.number(g))

    def _rounded_at(self, g: Element) -> Array:
        return self.evaluate(g)

    def exact_image(self, g: Element) -> Image:
        """V(g) exactly, where a field of small degree holds it.

        Raises
        ------
        GroupRepError
            If that field is too large; `exact` writes square roots, `rational` has matrices without them.
        """
        if self.exact_basis is None:
            raise GroupRepError(
                f"the unitary matrices of {self} of {self.group} have square roots whose field is too large; "
                "V.rational() gives R, S with V(g) = S R(g) S^-1 and R exact"
            )
        S, inverse = self.exact_basis
        value = as_exact(self.exact_form.exact_image(g))
        moved = matmul_exact(matmul_exact(S, value), inverse)
        return Monomial.from_domain_matrix(moved) or moved

    @cached_property
    def exact_form(self) -> ExactForm:
        """The form over the smallest field known."""
        return ExactForm(self.spun)

    @cached_property
    def _orthogonal(self) -> tuple[DomainMatrix, DomainMatrix, list[object]]:
        """(T, T^-1, squares) with T unit upper triangular and T* diag(squares) T the Gram matrix of the exact form, by Gauss."""
        K = self.spun.field
        rows = from_domain_matrix_rows(self.spun.form.to_sparse())
        rest = [dict(rows[i]) for i in range(self.dim)]
        squares: list[object] = []
        upper = {}
        for i in range(self.dim):
            pivot = rest[i][i]
            squares.append(pivot)
            upper[i] = {j: x / pivot for j, x in rest[i].items() if j >= i}
            for k in range(i + 1, self.dim):
                factor = rest[k].get(i)
                if factor:
                    for j, x in upper[i].items():
                        y = rest[k].get(j, K.zero) - factor * x
                        if y:
                            rest[k][j] = y
                        else:
                            rest[k].pop(j, None)
        T = sparse_matrix(upper, (self.dim, self.dim), K)
        return T, T.to_field().to_dense().inv().to_sparse(), squares

    @cached_property
    def exact_basis(self) -> tuple[DomainMatrix, DomainMatrix] | None:
        """S and its inverse with V(g) = S R(g) S^-1 exactly; None where their square roots need a field of large degree."""
        from sympy import sqrt

        K, d = self.spun.field, self.dim
        if not self.spun.is_triangular or d > _EXACT_DIM:
            return None
        T, inverse, squares = self._orthogonal
        if all(x == K.one for x in squares):
            return T, inverse
        try:
            roots = [sqrt(expression(x, K)) for x in squares]
            field = common_domain(K, domain_of(roots))
            if degree(field) > EXACT_DEGREE:
                return None
            values = [element(r, field) for r in roots]
        except GroupRepError:
            return None
        D = sparse_matrix({i: {i: x} for i, x in enumerate(values)}, (d, d), field)
        E = sparse_matrix({i: {i: field.one / x} for i, x in enumerate(values)}, (d, d), field)
        return matmul_exact(D, T), matmul_exact(inverse, E)

    def exact(self, g: Element) -> Matrix:
        """V(g) as a sympy Matrix (dim, dim), with square roots.

        Parameters
        ----------
        g : an element as `__call__` takes it.
        """
        if self.exact_basis is not None:
            return super().exact(g)
        return self.with_roots([self.orthogonal(g)])[0]

    def orthogonal(self, g: Element) -> DomainMatrix:
        """V(g) in V's basis before its vectors are normalised, over the field of the exact form."""
        T, inverse, _ = self._orthogonal
        R = as_exact(self.exact_form.exact_image(self.group.read_element(g)))
        return matmul_exact(matmul_exact(T, R), inverse)

    def with_roots(self, matrices: list[DomainMatrix]) -> list[Matrix]:
        """Matrices in the basis of `orthogonal` written in V's basis, with square roots."""
        from sympy import sqrt

        if not self.spun.is_triangular:
            raise GroupRepError(f"no exact form of the real basis of {self} is known; V.rational() is exact")
        roots = [sqrt(expression(x, self.spun.field)) for x in self._orthogonal[2]]
        values = [to_sympy(A).as_mutable() for A in matrices]
        for value in values:
            for i in range(self.dim):
                for j in range(self.dim):
                    if i != j and value[i, j]:
                        value[i, j] = value[i, j] * roots[i] / roots[j]
        return values

    def rational(self) -> tuple[Representation, Array]:
        """(R, S): the form over the smallest field known, and S upper triangular with V(g) = S R(g) S^-1."""
        return self.exact_form, self.spun.frame[:, self.spun.basis]

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    @property
    def invariant_form(self) -> Image | None:
        """The identity."""
        return Monomial.identity(self.dim)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        return self.exact_form.character_at(point, k)


class GeneralRealForm(RealForm):
    """The real irrep of twice the dimension that a complex one of type C or H is a constituent of."""

    def __reduce__(self) -> tuple[object, ...]:
        return GeneralRealForm, (self.rho,)

    def float_image(self, generator: Generator) -> Array:
        return self.evaluate(self.group.generator_element(generator))

    def _rounded_at(self, g: Element) -> Array:
        return self.evaluate(g)

    def image(self, generator: Generator) -> Image:
        assert isinstance(self.rho, GeneralIrrep)
        return self.float_image(generator) if self.rho.exact_basis is None else super().image(generator)

    def exact(self, g: Element) -> Matrix:
        """V(g) as a sympy Matrix (dim, dim), with square roots."""
        from sympy import I, Matrix

        assert isinstance(self.rho, GeneralIrrep)
        A = self.rho.orthogonal(g)
        bar, half = conjugate(A), A.domain.get_field().one / 2
        re, im = self.rho.with_roots([(A + bar) * half, (A - bar) * half])
        im = (im / I).applyfunc(lambda x: x.expand())
        return Matrix([[re, -im], [im, re]])

    def rational(self) -> tuple[Representation, Array]:
        """(R, S) with V(g) = S R(g) S^-1, R over the real subfield of the field of the complex irrep's rational form."""
        assert isinstance(self.rho, GeneralIrrep)
        _, S = self.rho.rational()
        R = Realified(self.rho.exact_form)
        w = R.split.value
        basis = np.kron([[1.0, w.real], [0.0, w.imag]], np.eye(self.rho.dim))
        return R, realify(S) @ basis
