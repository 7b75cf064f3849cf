"""Proving that matrices for the generators of a Lie group define a representation of the group, not just of its algebra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grouprep.errors import AmbiguousRank, NotAHomomorphism, UnsupportedGroup
from grouprep.groups.base import Generator
from grouprep.groups.cartan import (
    Algebra,
    Span,
    bracket,
    closed_algebra,
    combination,
    coordinates,
    derive_cartan,
    joint_spectrum,
)
from grouprep.groups.logarithm import principal, torus_coordinates
from grouprep.linalg import Image, as_exact
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain, convert_matrix
from grouprep.linalg.forms import invariant_form, is_positive, is_unitary
from grouprep.linalg.nullspace import nullspace
from grouprep.linalg.sparse import equal_exact, identity_exact, matmul_exact, stack_exact, trace_exact
from grouprep.typing import Integers, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

    from grouprep.groups.lie import LieGroup

__all__ = ["prove_lie"]


def prove_lie(G: LieGroup, images: Mapping[Generator, Image]) -> None:
    """See `Group.prove_homomorphism`: brackets, closed one-parameter subgroups, discrete components.

    Raises
    ------
    NotAHomomorphism
        Naming the bracket, the closed path or the relation that fails.
    UnsupportedGroup
        If G or the images are float, or G's closed paths are not known.

    References
    ----------
    Brocker and tom Dieck, Representations of Compact Lie Groups (1985), IV.2 and V.7 (the integral lattice).
    """
    generators = [a for a in G.generator_names if a.kind == "algebra"]
    if not G.is_exact or not all(mat.is_exact(images[a]) for a in images):
        raise UnsupportedGroup(
            f"a representation of {G} from its differential is proved for exact matrices only; write entries as integers, "
            "fractions, or text such as 'sqrt(2)/2'"
        )
    given = [as_exact(images[a]) for a in generators]
    domain = common_domain(*(m.domain for m in given))
    algebra = closed_algebra([as_exact(a) for a in G.algebra])
    values = _extend(G, algebra, [convert_matrix(m, domain) for m in given])
    _check_brackets(G, algebra, values)
    paths = _closed_paths(algebra.span)
    _check_closed_paths(G, paths, values)
    if G.components:
        _check_components(G, images, algebra.span, values, paths)


def _extend(G: LieGroup, algebra: Algebra, given: list[DomainMatrix]) -> list[DomainMatrix]:
    """The images of a basis of the algebra that brackets force; checks generators that depend on others."""
    values: list[DomainMatrix] = []
    remaining = iter(range(len(given)))
    for source, element in zip(algebra.origin, algebra.span.basis, strict=True):
        if source is not None:
            i, j = source
            values.append(bracket(values[i], values[j]))
            continue
        k = next(k for k in remaining if equal_exact(as_exact(G.algebra[k]), element))
        values.append(given[k])
    for k, a in enumerate(G.algebra):
        _check_linear(algebra.span, values, as_exact(a), given[k], f"A{k + 1}")
    return values


def _check_linear(
    span: Span, values: list[DomainMatrix], element: DomainMatrix, image: DomainMatrix, what: str
) -> None:
    found = span.coordinates(element)
    if found is None:
        raise NotAHomomorphism(f"{what} does not lie in the span of the algebra")
    if not equal_exact(combination(values, found, span.field), image):
        raise NotAHomomorphism(f"the images break the relation {what} = its expansion in the other generators")


def _check_brackets(G: LieGroup, algebra: Algebra, values: list[DomainMatrix]) -> None:
    """rho([s, x]) = [rho(s), rho(x)] for seeds s and all x: by the Jacobi identity the s for which it holds are an algebra."""
    basis = algebra.span.basis
    for s in algebra.seeds:
        for x in range(len(basis)):
            i, j = sorted((s, x))
            if i == j or (x in algebra.seeds and x < s):
                continue
            name = f"[A{i + 1}, A{j + 1}]" if j < len(G.algebra) else f"[X{i + 1}, X{j + 1}]"
            what = f"{name} (a bracket of the Lie algebra of {G})"
            _check_linear(algebra.span, values, bracket(basis[i], basis[j]), bracket(values[i], values[j]), what)


def _check_closed_paths(G: LieGroup, paths: list[Path], values: list[DomainMatrix]) -> None:
    """exp(2 pi H) = 1 in G must have exp(2 pi rho(H)) = 1: integral weights on a lattice that covers the fundamental group."""
    from sympy import QQ

    for indices, vector in paths:
        H = combination([values[i] for i in indices], _rationals(vector), QQ)
        name = _element(indices, vector)
        try:
            weights = [w for _, (w,) in joint_spectrum(None, [H])]
        except AmbiguousRank as error:
            message = f"the image of {name}, which generates a circle in {G}, has no real frequencies: {error}"
            raise NotAHomomorphism(message) from None
        for w in weights:
            if w.denominator != 1:
                raise NotAHomomorphism(
                    f"the images break the relation exp(2 pi {name}) = 1 of {G}: the image of {name} has the weight {w}, which "
                    "is not an integer (a representation of the algebra or of a covering group only)"
                )


Path = tuple[list[int], tuple[Fraction, ...]]  # numbers of basis elements and their coefficients


def _element(indices: list[int], vector: tuple[Fraction, ...]) -> str:
    terms = [f"{'' if c == 1 else f'{c} '}A{i + 1}" for i, c in zip(indices, vector, strict=True) if c]
    return terms[0] if len(terms) == 1 else "(" + " + ".join(terms) + ")"


def _closed_paths(span: Span) -> list[Path]:
    """The kernel of exp(2 pi .) on a maximal torus of a maximal compact subgroup, as combinations of basis elements.

    If every basis element is Hermitian or anti-Hermitian, the group is its compact part (the anti-Hermitian ones) times a
    contractible space (polar decomposition), so the torus of the compact part carries the fundamental group. Otherwise the
    whole group must be compact. See Knapp, Lie Groups Beyond an Introduction, theorem 6.31.
    """
    basis = span.basis
    compact = [i for i, x in enumerate(basis) if _is_anti_hermitian(x)]
    if not all(i in compact or _is_anti_hermitian(x, sign=-1) for i, x in enumerate(basis)):
        compact = list(range(len(basis)))
    if not compact:
        return []
    algebra = [basis[i] for i in compact]
    known = span if len(algebra) == len(basis) else None
    cartan = derive_cartan(algebra, known) if _is_compact(algebra) else None
    if cartan is None:
        raise UnsupportedGroup(
            "the closed paths of this Lie group are not known (its generators contain no maximal commuting set with rational "
            "frequencies), so that representations of a covering group cannot be told from its own; build representations "
            "from G.defining() with +, *, dual and powers"
        )
    return [(compact, tuple(Fraction(c) for c in vector)) for vector in cartan[0].torus]


def _is_compact(algebra: Sequence[DomainMatrix]) -> bool:
    if is_unitary((), algebra):
        return True
    form = invariant_form((), algebra)
    return form is not None and is_positive(form)


def _is_anti_hermitian(x: DomainMatrix, sign: int = 1) -> bool:
    star = as_exact(mat.transpose(mat.conjugate(x)))
    return bool((x + star if sign > 0 else x - star).is_zero_matrix)


def _check_components(
    G: LieGroup,
    images: Mapping[Generator, Image],
    span: Span,
    values: list[DomainMatrix],
    paths: list[Path],
) -> None:
    """rho(h) rho(X) rho(h)^-1 = rho(h X h^-1), and the discrete generators' own relations."""
    parts = [a for a in G.generator_names if a.kind == "element"]
    basis = span.basis
    field = common_domain(span.field, *(as_exact(h).domain for h in G.components)).get_field()
    span = Span(field, basis)
    for a in parts:
        h, image = as_exact(G.components[a.index]), as_exact(images[a])
        h_inverse, image_inverse = as_exact(mat.inverse(h)), as_exact(mat.inverse(image))
        for i, (x, v) in enumerate(zip(basis, values, strict=True)):
            moved = as_exact(mat.matmul(mat.matmul(h, x), h_inverse))
            moved_image = as_exact(mat.matmul(mat.matmul(image, v), image_inverse))
            _check_linear(span, values, moved, moved_image, f"{a} A{i + 1} {a}^-1")
    F = G.component_group
    moved_by = {b: images[a] for a, b in zip(parts, F.generator_names, strict=True)}
    F.prove_homomorphism(moved_by)
    finite = F.extend(moved_by)
    for g in F.elements[1:]:
        element = as_exact(F.defining().exact_image(g))
        if not _outside_identity_component(basis, element):
            _check_connected(G, values, _logarithm(basis, paths, element, _order(g)), finite.exact(g))


def _order(g: Integers) -> int:
    """The order of a permutation."""
    power, order = g, 1
    while not np.array_equal(power, np.arange(len(g))):
        power, order = g[power], order + 1
    return order


def _outside_identity_component(basis: list[DomainMatrix], element: DomainMatrix) -> bool:
    """Whether an element of finite order is shown not to lie in the identity component.

    By its determinant where the algebra is traceless, or because it moves a vector that the compact part of the algebra
    kills: an element of finite order lies in a conjugate of the compact part, for unitary ones in that part itself.
    """
    field = element.domain.get_field()
    if not any(trace_exact(x) for x in basis) and element.to_field().to_dense().det() != field.one:
        return True
    one = identity_exact(element.shape[0], element.domain)
    star = as_exact(mat.transpose(mat.conjugate(element)))
    compact = [x for x in basis if _is_anti_hermitian(x)]
    if not compact or not equal_exact(matmul_exact(star, element), one):
        return False
    if not all(_is_anti_hermitian(x) or _is_anti_hermitian(x, sign=-1) for x in basis):
        return False
    fixed = nullspace(stack_exact(compact))
    return bool(fixed.shape[0]) and not equal_exact(matmul_exact(element, fixed.transpose()), fixed.transpose())


def _check_connected(G: LieGroup, values: list[DomainMatrix], found: Logarithm, image: Image) -> None:
    """An element h = exp(2 pi H) of the identity component must have the image exp(2 pi rho(H)), or it is shown to lie outside.

    Both are diagonalisable and commute, so they agree if exp(2 pi i w) is the eigenvalue of rho(h) wherever i w is that of
    rho(H). As H runs through a closed path of the group, these w are rational.
    """
    if found is None:
        raise UnsupportedGroup(
            f"a product of the discrete generators of {G} may lie in the identity component, and its logarithm is not known; "
            "choose generators whose products lie outside, or build representations from G.defining()"
        )
    if not found:
        return
    for s, (w,) in joint_spectrum(image, [combination(values, *found)]):
        if (s - w).denominator != 1:
            raise NotAHomomorphism(
                "a product of discrete generators lies in the identity component, its image does not agree: it has the "
                f"eigenvalue exp(2 pi i {s}), where the exponential of the Lie algebra has exp(2 pi i {w % 1})"
            )


Logarithm: TypeAlias = "tuple[list[Scalar], Domain] | tuple[()] | None"


def _logarithm(basis: list[DomainMatrix], paths: list[Path], element: DomainMatrix, order: int) -> Logarithm:
    """(coefficients, their field) of H in the basis with element = exp(2 pi H); () if there is none, None if none is found.

    Looked for on the torus of a maximal compact subgroup, then as the principal logarithm. What commutes with that torus in
    the compact subgroup lies on it; a unitary element of the identity component lies in the compact subgroup.
    """
    from sympy import QQ

    torus = [combination([basis[i] for i in indices], _rationals(vector), QQ) for indices, vector in paths]
    t = torus_coordinates(torus, element) if torus else False
    if isinstance(t, list):
        whole = [Fraction(0)] * len(basis)
        for c, (indices, vector) in zip(t, paths, strict=True):
            for i, x in zip(indices, vector, strict=True):
                whole[i] += c * x
        return _rationals(whole), QQ
    if t is False and (is_unitary([element]) or any(len(indices) == len(basis) for indices, _ in paths)):
        return ()
    H = principal(element, order)
    return None if H is None else coordinates(basis, H)


def _rationals(vector: Sequence[Fraction]) -> list[Scalar]:
    from sympy import QQ

    return [QQ(c.numerator, c.denominator) for c in vector]
