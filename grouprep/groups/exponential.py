"""Values of a map from a Lie group that is given by its differential: rho(h exp X) = rho(h) exp(d rho(X))."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import GroupRepError, UnsupportedGroup
from grouprep.groups.cartan import close_algebra
from grouprep.groups.extension import Extension
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg import matrices as mat
from grouprep.typing import Array, Element, Floats

if TYPE_CHECKING:
    from grouprep.groups.lie import LieGroup

__all__ = ["LieExtension", "least_squares", "principal_logarithm"]


def least_squares(algebra: Sequence[Image], X: Array) -> tuple[Floats, float]:
    """The real coefficients of the combination of matrices that is nearest to X, and its distance."""
    basis = np.array([as_float(a).ravel() for a in algebra]).T
    real = np.concatenate([basis.real, basis.imag])
    target = np.concatenate([X.real.ravel(), X.imag.ravel()])
    found: Floats = np.linalg.lstsq(real, target, rcond=None)[0]
    return found, float(np.linalg.norm(real @ found - target))


def principal_logarithm(G: LieGroup, element: Array) -> Array | None:
    """Coefficients of the principal logarithm of a float matrix in the algebra's generators, or None if it is not in it."""
    from scipy.linalg import logm

    if np.linalg.norm(element - np.eye(len(element))) == 0:
        return np.zeros(len(G.algebra))
    X = np.asarray(logm(np.asarray(element, dtype=complex)))
    if G.is_exact:
        origin, closed = close_algebra([as_exact(a) for a in G.algebra])
        if any(o is not None for o in origin):
            raise GroupRepError(
                f"values need generators of {G} that are a basis of its Lie algebra, give all {len(closed)}"
            )
    found, error = least_squares(G.algebra, X)
    # logm loses up to half the digits near the cut locus (eigenvalue -1); beyond that the element is not exp of the algebra.
    return found if error <= np.sqrt(np.finfo(float).eps) * max(1.0, float(np.linalg.norm(X))) else None


_TRIES = 6  # elements k with which g k^-1 is tried; a generic one has its logarithm in the algebra


def _exponential(G: LieGroup, stack: Array, g: Array) -> Array | None:
    """rho(g) = rho(g k^-1) rho(k) with a k for which the principal logarithm of g k^-1 lies in the algebra; None if none is found."""
    from scipy.linalg import expm

    algebra = np.array([as_float(a) for a in G.algebra])
    rng = np.random.default_rng(0)
    for attempt in range(_TRIES):
        shift = 0.7 * rng.standard_normal(len(algebra)) * (attempt > 0)
        X = principal_logarithm(G, g @ expm(-np.tensordot(shift, algebra, 1)))
        if X is not None:
            value: Array = expm(np.tensordot(X, stack, 1)) @ expm(np.tensordot(shift, stack, 1))
            return value
    return None


class LieExtension(Extension):
    """Exact at the discrete generators; in floats by the logarithm in the component of each element."""

    group: LieGroup

    def exact(self, g: Element) -> Image:
        """The value at an exact element that is a discrete generator or the identity."""
        G, g = self.group, as_image(g, "g")
        for a, image in self.images.items():
            if a.kind == "element" and mat.is_exact(g) and mat.equal(G.components[a.index], g):
                return image
        if mat.is_exact(g) and mat.equal(g, Monomial.identity(G.n)):
            return Monomial.identity(self.dim)
        raise UnsupportedGroup(
            "exact values at this element are not known for a representation given by its differential"
        )

    def floats(self, g: Element) -> Array:
        """The values at g (..., n, n); GroupRepError for an element that is not a discrete one times exp of the algebra."""
        G = self.group
        stack = np.array([as_float(m) for a, m in self.images.items() if a.kind == "algebra"])
        parts: list[tuple[Array, Array]] = [(np.eye(G.n), np.eye(self.dim))]
        if G.components:
            F = G.component_group
            named = zip(F.generator_names, (m for a, m in self.images.items() if a.kind == "element"), strict=True)
            parts = list(zip(F.defining()(F.elements), F.extend(dict(named)).floats(F.elements), strict=True))
        out = []
        for element in g.reshape(-1, G.n, G.n):
            for h, image in parts:
                value = _exponential(G, stack, np.linalg.solve(h, element))
                if value is not None:
                    out.append(image @ value)
                    break
            else:
                raise GroupRepError(
                    f"g is not an element of {G}, or not a product of a discrete element and an exponential"
                )
        values = np.array(out).reshape(*g.shape[:-2], self.dim, self.dim)
        return values.real if self.is_real else values
