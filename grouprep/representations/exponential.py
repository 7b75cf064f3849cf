"""Values of a Lie group representation that is given by its differential: rho(h exp X) = rho(h) exp(d rho(X))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grouprep.errors import GroupRepError
from grouprep.groups.lie import LieGroup
from grouprep.linalg import as_float

if TYPE_CHECKING:
    from grouprep.representations.base import Representation

__all__ = ["evaluate_by_exponential", "principal_logarithm"]


def principal_logarithm(G: LieGroup, element: NDArray[Any]) -> NDArray[Any] | None:
    """Coefficients of the principal logarithm of a float matrix in the algebra's generators, or None if it is not in it."""
    from scipy.linalg import logm

    from grouprep.groups.cartan import close_algebra
    from grouprep.linalg import as_exact

    if np.linalg.norm(element - np.eye(len(element))) == 0:
        return np.zeros(len(G.algebra))
    X = np.asarray(logm(np.asarray(element, dtype=complex)))
    algebra = [as_float(a) for a in G.algebra]
    if G.is_exact:
        origin, closed = close_algebra([as_exact(a) for a in G.algebra])
        if any(o is not None for o in origin):
            raise GroupRepError(
                f"values need generators of {G} that are a basis of its Lie algebra, give all {len(closed)}"
            )
    basis = np.array([a.ravel() for a in algebra]).T
    real = np.concatenate([basis.real, basis.imag])
    target = np.concatenate([X.real.ravel(), X.imag.ravel()])
    found, *_ = np.linalg.lstsq(real, target, rcond=None)
    # logm loses up to half the digits near the cut locus (eigenvalue -1); beyond that the element is not exp of the algebra.
    if np.linalg.norm(real @ found - target) > np.sqrt(np.finfo(float).eps) * max(1.0, float(np.linalg.norm(target))):
        return None
    coefficients: NDArray[Any] = found
    return coefficients


_TRIES = 6  # elements k with which g k^-1 is tried; a generic one has its logarithm in the algebra


def _exponential(G: LieGroup, stack: NDArray[Any], g: NDArray[Any]) -> NDArray[Any] | None:
    """rho(g) = rho(g k^-1) rho(k) with a k for which the principal logarithm of g k^-1 lies in the algebra; None if none is found."""
    from scipy.linalg import expm

    algebra = np.array([as_float(a) for a in G.algebra])
    rng = np.random.default_rng(0)
    for attempt in range(_TRIES):
        shift = 0.7 * rng.standard_normal(len(algebra)) * (attempt > 0)
        X = principal_logarithm(G, g @ expm(-np.tensordot(shift, algebra, 1)))
        if X is not None:
            value: NDArray[Any] = expm(np.tensordot(X, stack, 1)) @ expm(np.tensordot(shift, stack, 1))
            return value
    return None


def evaluate_by_exponential(G: LieGroup, V: Representation, g: NDArray[Any]) -> NDArray[Any]:
    """rho(g) for g (..., n, n), by the logarithm in the component of each g.

    Raises
    ------
    GroupRepError
        If an element is not a discrete element times exp of the algebra.
    """
    generators = [a for a in G.generator_names if a.kind == "algebra"]
    stack = np.array([as_float(V.image(a)) for a in generators])
    parts: list[tuple[NDArray[Any], NDArray[Any]]] = [(np.eye(G.n), np.eye(V.dim))]
    if G.components:
        from grouprep.representations.images import ImageRepresentation

        F = G.component_group
        W = ImageRepresentation(F, [V.image(a) for a in G.generator_names if a.kind == "element"])
        parts = [(F.defining()(x), W(x)) for x in F.elements]
    flat = g.reshape(-1, G.n, G.n)
    out = []
    for element in flat:
        for h, image in parts:
            value = _exponential(G, stack, np.linalg.solve(h, element))
            if value is not None:
                out.append(image @ value)
                break
        else:
            raise GroupRepError(
                f"g is not an element of {G}, or not a product of a discrete element and an exponential"
            )
    values = np.array(out).reshape(*g.shape[:-2], V.dim, V.dim)
    return values if V.field == "complex" else values.real
