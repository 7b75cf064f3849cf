"""Exact Haar averages by finite sums: SO(2), O(2), SO(3), O(3), SU(2), U(1), finite groups and products of these.

The degree of a representation is the largest weight of its restriction to the maximal torus of the identity component: the
largest |k| of exp(i k theta) for SO(2), O(2) and U(1), the largest l for SO(3) and O(3), the largest 2j for SU(2); 1 for each
defining representation. A rule of degree N is exact for all matrix coefficients of representations of degree at most N.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from grouprep.errors import AmbiguousRank, DimensionMismatch, GroupRepError, UnsupportedGroup
from grouprep.groups.base import Group
from grouprep.groups.cartan import combination, joint_spectrum
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import families
from grouprep.haar import identity_component
from grouprep.linalg import Image, as_exact, as_float
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.memory import require_memory
from grouprep.representations import Representation
from grouprep.representations.basic import TrivialRepresentation
from grouprep.representations.composite import Composite, DirectSum, Dual, Tensor
from grouprep.representations.powers import ExteriorPower, SymmetricPower
from grouprep.representations.pullback import Pullback
from grouprep.representations.unitary import ChangedBasis
from grouprep.summary import Summary
from grouprep.typing import Array, Element, Floats

__all__ = [
    "CircleRule", "EulerRule", "HaarRule", "Quadrature", "degree_of", "haar_quadrature", "has_quadrature", "quadrature_size",
    "required_degree",
]  # fmt: skip

Degree = int | tuple[int, ...]

_CLEAR = 1e-6  # relative to the generator: how far float32 data may be from a weight; as in grouprep.linalg.floats


@dataclass(frozen=True, eq=False, repr=False)
class Quadrature(Summary):
    """Nodes and weights whose weighted sum is the Haar average, up to a degree.

    nodes : group elements with one leading axis (count, ...), in the form that V(g) takes; tuples of these for products.
    weights : (count,) positive, with sum 1.
    degrees : for each factor of the group the largest degree that is exact, at least the one asked for; inf for finite ones.
    """

    nodes: Element
    weights: Floats
    degrees: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.weights)

    def chunks(self, size: int) -> Iterator[tuple[Element, Floats]]:
        """The nodes and weights in pieces of at most size nodes."""
        for start in range(0, len(self), max(size, 1)):
            piece = slice(start, start + max(size, 1))
            nodes = tuple(x[piece] for x in self.nodes) if isinstance(self.nodes, tuple) else self.nodes[piece]
            yield nodes, self.weights[piece]


def haar_quadrature(G: Group, degree: Degree) -> Quadrature:
    """The product rule that averages matrix coefficients of degree at most `degree` over Haar measure exactly.

    Parameters
    ----------
    G : SO(2), O(2), SO(3), O(3), SU(2), U(1), a finite group that can be listed, or a direct product of these.
    degree : an integer >= 0, for all factors of a product, or a tuple of one for each factor; finite ones ignore it.

    Returns
    -------
    Quadrature with N + 1 nodes on a circle, (N + 1)^2 (N // 2 + 1) on SO(3), 2 (M + 1)^2 (M // 2 + 1), M = N // 2, on SU(2)
    for the degree N; as many again for each further component; the product of these for products.

    Raises
    ------
    UnsupportedGroup
        If no rule is known for the group or one of its factors.
    TooLarge
        If a finite factor cannot be listed, or the nodes do not fit into memory.

    Examples
    --------
    >>> from grouprep import SO
    >>> rule = haar_quadrature(SO(3), 2)
    >>> len(rule), rule.nodes.shape
    (18, (18, 3, 3))
    >>> float(rule.weights @ rule.nodes[:, 0, 1] ** 2)  # doctest: +NUMBER
    0.3333333

    References
    ----------
    J. R. Driscoll and D. M. Healy, Adv. Appl. Math. 15 (1994), section 3; P. J. Kostelec and D. N. Rockmore, J. Fourier Anal.
    Appl. 14 (2008), section 3; M. Graf and D. Potts, Numer. Funct. Anal. Optim. 30 (2009), section 3.
    """
    degrees = _spread(G, degree)
    count = quadrature_size(G, degrees)
    entries = sum(H.identity().size * (1 if H.is_finite else 2) for H in G.parts)
    require_memory(count * (entries + 1), f"a Haar quadrature of {G} with {count:,} nodes")
    rules = [_rule(H) for H in G.parts]
    exact = tuple(rule.exact(n) for rule, n in zip(rules, degrees, strict=True))
    made = [rule.nodes(n) for rule, n in zip(rules, degrees, strict=True)]
    if len(made) == 1:
        return Quadrature(*made[0], exact)
    index = np.unravel_index(np.arange(count), [len(w) for _, w in made])
    weights = np.prod([w[i] for (_, w), i in zip(made, index, strict=True)], axis=0)
    return Quadrature(tuple(x[i] for (x, _), i in zip(made, index, strict=True)), weights, exact)


def has_quadrature(G: Group) -> bool:
    """Whether `haar_quadrature` knows rules for the group; that a finite group can be listed is not checked.

    Examples
    --------
    >>> from grouprep import SO, Cyclic
    >>> has_quadrature(SO(3) * Cyclic(4)), has_quadrature(SO(4))
    (True, False)
    """
    try:
        for H in G.parts:
            _rule(H)
    except UnsupportedGroup:
        return False
    return True


def quadrature_size(G: Group, degree: Degree) -> int:
    """The number of nodes of `haar_quadrature(G, degree)`, without making them.

    Examples
    --------
    >>> from grouprep import SO, Cyclic
    >>> quadrature_size(SO(3) * Cyclic(4), 2)
    72
    """
    return math.prod(_rule(H).size(n) for H, n in zip(G.parts, _spread(G, degree), strict=True))


# --- groups


def _spread(G: Group, degree: Degree) -> tuple[int, ...]:
    """One degree for each part."""
    count = len(G.parts)
    values = degree if isinstance(degree, tuple) else (degree,) * count
    if len(values) != count:
        raise DimensionMismatch(f"degree = {degree!r} has {len(values)} entries; {G} has {count} factors")
    for n in values:
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise GroupRepError(f"degree must be an integer >= 0 (or a tuple of them), got {n!r}")
    return tuple(map(int, values))


@dataclass(frozen=True)
class _FiniteRule:
    """Every element of a finite group once, exact for all degrees."""

    group: Group

    def size(self, degree: int) -> int:
        return int(self.group.order)

    def nodes(self, degree: int) -> tuple[Array, Floats]:
        elements = self.group.elements
        return elements, np.full(len(elements), 1 / len(elements))

    def exact(self, degree: int) -> float:
        return math.inf


@dataclass(frozen=True)
class _LieRule:
    """The rule of the identity component, times a representative of each component."""

    group: LieGroup
    component: HaarRule

    def size(self, degree: int) -> int:
        return self.component.size(degree) * (self.group.component_group.order if self.group.components else 1)

    def nodes(self, degree: int) -> tuple[Array, Floats]:
        nodes, weights = self.component.nodes(degree)
        if not self.group.components:
            return nodes, weights
        components = self.group.component_group
        parts = as_float(components.defining()(components.elements))
        nodes = (parts[:, None] @ nodes).reshape(-1, self.group.n, self.group.n)
        return nodes, np.tile(weights, len(parts)) / len(parts)

    def exact(self, degree: int) -> float:
        return self.component.exact(degree)


def _rule(G: Group) -> _FiniteRule | _LieRule:
    """The rule of one factor."""
    if G.is_finite:
        return _FiniteRule(G)
    found = identity_component(G) if isinstance(G, LieGroup) else None
    if isinstance(G, LieGroup) and found is not None and G.n in found[0].quadrature:
        return _LieRule(G, found[0].quadrature[G.n])
    known = ", ".join(rule.group for F in families() for rule in F.quadrature.values())
    raise UnsupportedGroup(
        f"no Haar quadrature is known for {G}; known are {known}, groups with one of these as identity component such as O(3), "
        "finite groups and products"
    )


# --- rules


class HaarRule(Summary, ABC):
    """Rules that average over one connected compact group of matrices, one for each degree; abstract.

    group : the name of the group, for messages.
    """

    group: str

    @abstractmethod
    def size(self, degree: int) -> int:
        """The number of nodes."""

    @abstractmethod
    def nodes(self, degree: int) -> tuple[Array, Floats]:
        """The nodes (size, n, n), and their positive weights (size,) of sum 1."""

    def exact(self, degree: int) -> int:
        """The largest degree that the rule for a degree is exact for, at least that one."""
        return degree


class CircleRule(HaarRule):
    """Equidistant angles on a circle.

    turn : the matrices (count, n, n) at angles (count,).
    """

    def __init__(self, group: str, turn: Callable[[Floats], Array]) -> None:
        self.group, self.turn = group, turn

    def size(self, degree: int) -> int:
        return degree + 1

    def nodes(self, degree: int) -> tuple[Array, Floats]:
        return self.turn(_angles(degree)), np.full(degree + 1, 1 / (degree + 1))


class EulerRule(HaarRule):
    """turn(alpha) tilt(beta) turn(gamma): uniform in alpha and gamma, Gauss-Legendre in cos(beta).

    turn : the matrices (count, n, n) at angles (count,).
    tilt : the matrices (count, n, n) at the cosines (count,) of beta in [0, pi].
    """

    def __init__(self, group: str, turn: Callable[[Floats], Array], tilt: Callable[[Floats], Array]) -> None:
        self.group, self.turn, self.tilt = group, turn, tilt

    def size(self, degree: int) -> int:
        return (degree + 1) ** 2 * (degree // 2 + 1)

    def nodes(self, degree: int) -> tuple[Array, Floats]:
        x, w = np.polynomial.legendre.leggauss(degree // 2 + 1)
        outer, middle = self.turn(_angles(degree)), self.tilt(x)
        nodes = outer[:, None, None] @ middle[:, None] @ outer
        weights = np.broadcast_to(w[:, None] / (2 * (degree + 1) ** 2), nodes.shape[:3])
        return nodes.reshape(-1, *nodes.shape[3:]), weights.ravel()


def _angles(degree: int) -> Floats:
    return 2 * np.pi * np.arange(degree + 1) / (degree + 1)


# --- degrees


def degree_of(V: Representation) -> Degree:
    """A degree up to which the matrix coefficients of V go, from its weights and its structure.

    Sums take the largest, tensor products add, a dual keeps, a k-th power multiplies by k; where V has no such structure the
    degree is its largest weight.

    Returns
    -------
    An integer; for a product with an infinite factor a tuple of one for each factor.

    Raises
    ------
    UnsupportedGroup
        If no quadrature is known for the group.
    AmbiguousRank
        If float generators leave a weight open.

    Examples
    --------
    >>> from grouprep import SO, SU
    >>> degree_of(SO(3).defining() ** 2 + SO(3).trivial()), degree_of(SU(2).defining().symmetric_power(3))
    (2, 3)
    """
    for H in V.group.parts:
        _rule(H)
    degrees = _degrees(V)
    return degrees[0] if len(degrees) == 1 else degrees


def required_degree(V: Representation, W: Representation) -> Degree:
    """The degree at which the average of rho_W(g) T rho_V(g)^-1 is exact: degree_of(V) + degree_of(W).

    Examples
    --------
    >>> from grouprep import SO
    >>> required_degree(SO(3).defining(), SO(3).defining() ** 2)
    3
    """
    if V.group != W.group:
        raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; averaging needs one group")
    a, b = degree_of(V), degree_of(W)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return tuple(x + y for x, y in zip(a, b, strict=True))
    assert isinstance(a, int)
    assert isinstance(b, int)
    return a + b


def _degrees(V: Representation) -> tuple[int, ...]:
    parts = V.group.parts
    if isinstance(V, TrivialRepresentation) or V.group.is_finite:
        return (0,) * len(parts)
    if isinstance(V, ChangedBasis):
        return _degrees(V.V)
    if isinstance(V, Composite):
        inner = [_degrees(W) for W in V.parts]
        if isinstance(V, DirectSum):
            return tuple(map(max, zip(*inner, strict=True)))
        if isinstance(V, Tensor | Dual):
            return tuple(map(sum, zip(*inner, strict=True)))
        if isinstance(V, SymmetricPower | ExteriorPower):
            return tuple(V.k * n for n in inner[0])
        return inner[0]
    if isinstance(V, Pullback) and V.f.factor is not None:
        factor = V.f.factor
        return tuple(_degrees(V.V)[0] if k == factor else 0 for k in range(len(parts)))
    return tuple(0 if H.is_finite else _largest_weight(V, k) for k, H in enumerate(parts))


def _largest_weight(V: Representation, factor: int) -> int:
    """The largest |weight| of V on the circle in the identity component of a factor."""
    G = V.group.parts[factor]
    if G.cartan is None:
        raise UnsupportedGroup(
            f"the maximal torus of {G} is not known, so the degree of {V} is not; pull V back from SO(3)"
        )
    if G == V.group:
        try:
            values = V.character.weights()
        except GroupRepError:  # float images: the eigenvalues below decide
            pass
        else:
            return max(
                abs(w[0]) for x, c in zip(values, G.cartan, strict=True) if c.component is None for _, w in x.terms
            )
    return _weight_of_matrix(_circle_generator(V, G, factor))


def _circle_generator(V: Representation, G: Group, factor: int) -> Image:
    """The differential of V at the generator of the circle, eigenvalues i times the weights."""
    from sympy import QQ

    assert G.cartan is not None
    vector = next(c.torus[0] for c in G.cartan if c.component is None)
    generators = [a for a in G.generator_names if a.kind == "algebra"]
    own = generators if V.group == G else [a.inside(factor) for a in generators]
    used = [(V.image(a), c) for a, c in zip(own, vector, strict=True) if c]
    if all(is_exact(m) for m, _ in used):
        return combination([as_exact(m) for m, _ in used], [QQ(c.numerator, c.denominator) for _, c in used], QQ)
    return sum((float(c) * as_float(m) for m, c in used), np.zeros((V.dim, V.dim)))


def _weight_of_matrix(generator: Image) -> int:
    if is_exact(generator):
        return max(int(abs(w)) for _, (w,) in joint_spectrum(None, [generator]))
    matrix = as_float(generator)
    values, vectors = np.linalg.eig(matrix)
    scale = max(float(np.linalg.norm(matrix, 2)), 1.0)
    # Bauer-Fike: an eigenvalue moves by at most the condition of the eigenvectors times the backward error.
    error = max(len(matrix) * np.finfo(float).eps * float(np.linalg.cond(vectors)), _CLEAR) * scale
    nearest = np.rint(values.imag)
    distance = np.abs(values - 1j * nearest).max(initial=0.0)
    if distance > error or error > 0.25:
        raise AmbiguousRank(
            f"an eigenvalue of the circle's generator is {distance:.2e} from i times an integer, rounding explains "
            f"{error:.2e}: the degree of the representation is open; give exact generators"
        )
    return int(np.abs(nearest).max(initial=0))
