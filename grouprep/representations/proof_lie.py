"""Proving that matrices for the letters of a Lie group define a representation of the group, not just of its algebra."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from grouprep.errors import AmbiguousRank, NotAHomomorphism, UnsupportedGroup
from grouprep.groups.base import Letter
from grouprep.groups.cartan import close_algebra, combination, coordinates, flatten, joint_spectrum
from grouprep.groups.lie import LieGroup
from grouprep.linalg import Image, as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.sparse import equal_exact

__all__ = ["prove_lie"]


def prove_lie(G: LieGroup, images: Mapping[Letter, Image]) -> None:
    """Return if the images are a representation of G: brackets, closed one-parameter subgroups, discrete components.

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
    letters = [a for a in G.letters if a.kind == "algebra"]
    if not G.is_exact or not all(mat.is_exact(images[a]) for a in images):
        raise UnsupportedGroup(
            f"a representation of {G} from its differential is proved for exact matrices only; write entries as integers, "
            "fractions, or text such as 'sqrt(2)/2'"
        )
    exact = {a: as_exact(images[a]) for a in letters}
    basis, values = _extend(G, [exact[a] for a in letters])
    _check_brackets(G, basis, values)
    _check_closed_paths(G, [exact[a] for a in letters])
    if G.components:
        _check_components(G, images, basis, values)


def _extend(G: LieGroup, given: list[Any]) -> tuple[list[Any], list[Any]]:
    """A basis of the algebra, and the images that brackets force on it; checks generators that depend on others."""
    generators = [as_exact(a) for a in G.algebra]
    origin, basis = close_algebra(generators)
    values: list[Any] = []
    remaining = iter(range(len(generators)))
    for source, element in zip(origin, basis, strict=True):
        if source is not None:
            i, j = source
            values.append(values[i] * values[j] - values[j] * values[i])
            continue
        k = next(k for k in remaining if equal_exact(generators[k], element))
        values.append(given[k])
    for k, a in enumerate(generators):
        _check_linear(basis, values, a, given[k], f"A{k + 1}")
    return basis, values


def _check_linear(basis: list[Any], values: list[Any], element: Any, image: Any, what: str) -> None:
    found = coordinates(basis, element)
    if found is None:
        raise NotAHomomorphism(f"{what} does not lie in the span of the algebra")
    if not equal_exact(combination(values, found, flatten([*basis, element]).domain), image):
        raise NotAHomomorphism(f"the images break the relation {what} = its expansion in the other generators")


def _check_brackets(G: LieGroup, basis: list[Any], values: list[Any]) -> None:
    for i in range(len(basis)):
        for j in range(i):
            left = basis[i] * basis[j] - basis[j] * basis[i]
            name = f"[A{j + 1}, A{i + 1}]" if max(i, j) < len(G.algebra) else f"[X{j + 1}, X{i + 1}]"
            image = values[i] * values[j] - values[j] * values[i]
            _check_linear(basis, values, left, image, f"{name} (a bracket of the Lie algebra of {G})")


def _check_closed_paths(G: LieGroup, values: list[Any]) -> None:
    """exp(2 pi H) = 1 in G must have exp(2 pi rho(H)) = 1: integral weights on the coweight lattice of G."""
    for vector in _closed_paths(G):
        field = as_exact(G.algebra[0]).domain
        H = combination(values, [field.convert(c) for c in vector], field)
        try:
            weights = [w for _, (w,) in joint_spectrum(None, [H])]
        except AmbiguousRank as error:
            raise NotAHomomorphism(
                f"the image of {_element(vector)}, which generates a circle in {G}, has no real frequencies: {error}"
            ) from None
        for w in weights:
            if w.denominator != 1:
                raise NotAHomomorphism(
                    f"the images break the relation exp(2 pi {_element(vector)}) = 1 of {G}: the image of {_element(vector)} has "
                    f"the weight {w}, which is not an integer (a representation of the algebra or of a covering group only)"
                )


def _element(vector: tuple[int, ...]) -> str:
    terms = [f"{'' if c == 1 else f'{c} '}A{i + 1}" for i, c in enumerate(vector) if c]
    return terms[0] if len(terms) == 1 else "(" + " + ".join(terms) + ")"


def _closed_paths(G: LieGroup) -> list[tuple[int, ...]]:
    """Coefficient vectors of H with exp(2 pi H) = 1 that generate the fundamental group."""
    if G.cartan is not None:
        return [v for component in G.cartan if component.component is None for v in component.torus]
    paths = []
    for i, a in enumerate(G.algebra):
        try:
            weights = [w for _, (w,) in joint_spectrum(None, [a])]
        except AmbiguousRank:
            continue
        scale = np.lcm.reduce([w.denominator for w in weights])
        step = np.gcd.reduce([int(w * scale) for w in weights])
        period = Fraction(int(scale), int(step)) if step else Fraction(1)
        if period.denominator == 1:
            paths.append(tuple(int(period) * int(i == j) for j in range(len(G.algebra))))
    if not paths:
        raise UnsupportedGroup(
            f"no closed one-parameter subgroup of {G} is known, so that representations of a covering group cannot be told "
            "from its own; build representations from G.defining() with +, *, dual and powers"
        )
    return paths


def _check_components(G: LieGroup, images: Mapping[Letter, Image], basis: list[Any], values: list[Any]) -> None:
    """rho(h) rho(X) rho(h)^-1 = rho(h X h^-1), and the discrete generators' own relations."""
    from grouprep.groups.finite import FiniteGroup
    from grouprep.representations.images import ImageRepresentation

    parts = [a for a in G.letters if a.kind == "element"]
    for a in parts:
        h, image = as_exact(G.components[a.index]), as_exact(images[a])
        h_inverse, image_inverse = as_exact(mat.inverse(h)), as_exact(mat.inverse(image))
        for i, (x, v) in enumerate(zip(basis, values, strict=True)):
            moved = as_exact(mat.matmul(mat.matmul(h, x), h_inverse))
            moved_image = as_exact(mat.matmul(mat.matmul(image, v), image_inverse))
            _check_linear(basis, values, moved, moved_image, f"{a} A{i + 1} {a}^-1")
    F: FiniteGroup = G.component_group
    finite = ImageRepresentation(F, [images[a] for a in parts])
    for g in F.elements[1:]:
        element = as_float(F.defining().exact_image(g))
        X = _logarithm(G, element)
        if X is not None:
            from scipy.linalg import expm

            expected = expm(
                np.tensordot(X, np.array([as_float(images[a]) for a in G.letters if a.kind == "algebra"]), 1)
            )
            got = as_float(finite.exact_image(g))
            # expm is accurate to eps times the condition of the exponential; exp of a unitary algebra has condition 1.
            if np.linalg.norm(expected - got) > np.sqrt(np.finfo(float).eps) * max(1.0, float(np.linalg.norm(got))):
                raise NotAHomomorphism(
                    "a product of discrete generators lies in the identity component, its image does not agree"
                )


def _logarithm(G: LieGroup, element: Any) -> Any:
    """Coefficients X with exp(X) = element, or None if the principal logarithm is not in the algebra."""
    from grouprep.representations.exponential import principal_logarithm

    return principal_logarithm(G, element)
