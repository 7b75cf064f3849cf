"""Rational forms of the irreps of point groups: over the field of the character, or of twice its degree for half-integer spins.

Where the matrices of `PointIrrep` need roots that the character does not, another basis does without: quadratic functions that are
not normalised (E), the corners of simplices that the icosahedral group permutes (G, H), representations that a number of a subgroup
induces (G3/2, I5/2).

References
----------
Serre, Linear Representations of Finite Groups, 12.2 (Schur index), 7.1 (induction).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg.convert import to_sympy
from grouprep.linalg.intertwiners import intertwiner_space
from grouprep.point_groups.cubic import (
    five_fold_axes,
    half_turn_across,
    moved_axis,
    orthogonal_triples,
    simplex_corners,
    tensor_coordinates,
)
from grouprep.point_groups.motions import Cubic, Motion
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = ["rational_form"]

Form = tuple[list[Image], Array]
"""Matrices R of the proper generators, and S with V = S R S^-1."""


def rational_form(motions: Cubic, label: str, images: Sequence[Image]) -> Form | None:
    """The rational form of the irrep with a label, without g and u; None where its matrices are rational already.

    images : its matrices at the generators, without the inversion.
    """
    kind = motions.symbol.kind
    proper = [(x[0], 0) for name, x in motions.generators.items() if name != "i"]
    if label == "E" and kind in ("O", "Td", "Oh"):
        return _unnormalised(images)
    if label in ("G", "H"):
        return _permuted(motions, proper, label)
    if label == "G3/2":
        found = _from_t(motions, proper) if motions.square == 2 else _part(motions, proper, 3, 4)
        return found, _between(found, images)
    if label == "I5/2":
        found = _induced(motions, proper, 5)
        return found, _between(found, images)
    if label in ("1G3/2", "2G3/2"):
        w = "1G3/2" == label
        found = [as_image(_over_cube_roots(motions, x, w)) for x in proper]
        return found, _between(found, images)
    return None


def _unnormalised(images: Sequence[Image]) -> Form:
    from sympy import diag, sqrt

    D = diag(1, sqrt(3))
    found = [as_image((D.inv() * to_sympy(as_exact(m)) * D).expand()) for m in images]
    return found, np.diag([1.0, np.sqrt(3.0)])


def _permuted(motions: Cubic, proper: Sequence[Motion], label: str) -> Form:
    """On the corners of a simplex but the last, which is minus the sum of the others."""
    if label == "G":
        triples = orthogonal_triples(motions)
        targets = [[triples.index(frozenset(moved_axis(motions, x, a) for a in t)) for t in triples] for x in proper]
        corners = np.array([[float(e) for e in corner] for corner in simplex_corners()])
        S = corners[:-1].T
    else:
        axes = five_fold_axes(motions)
        targets = [[axes.index(moved_axis(motions, x, a)) for a in axes] for x in proper]
        S = np.array([tensor_coordinates(np.array(motions.quaternion(a)[1:])) for a in axes[:-1]]).T
    n = len(targets[0]) - 1
    found = []
    for target in targets:
        R = np.zeros((n, n), dtype=int)
        for k in range(n):
            R[:, k] = -1 if target[k] == n else 0
            if target[k] < n:
                R[target[k], k] = 1
        found.append(as_image(R))
    return found, S


def _between(found: Sequence[Image], images: Sequence[Image]) -> Array:
    """S with V S = S R, its largest entry positive."""
    d = len(as_float(images[0]))
    pairs = [(np.asarray(as_float(R)), np.asarray(as_float(V))) for R, V in zip(found, images, strict=True)]
    S = intertwiner_space((d, d), pairs).floats()[0].reshape(d, d)
    large = S.flat[int(np.argmax(np.abs(S).round(9)))]
    out: Array = S * (abs(large) / large) * np.sqrt(d)
    return out


def _over_cube_roots(motions: Cubic, x: Motion, first: bool) -> Matrix:
    """1G3/2 or 2G3/2 of T over Q(w), w = exp(2 pi i / 3): quaternions as matrices with w^2 + (w^2)^2 = -1, times a power of w."""
    from sympy import I, Matrix, Rational, eye, sqrt

    w = Rational(-1, 2) + sqrt(3) * I / 2
    a, b = w, (w**2).expand()
    i, j = Matrix([[a, b], [b, -a]]), Matrix([[0, -1], [1, 0]])
    q = [Rational(c.numerator, c.denominator) for c, _ in x[0]]  # type: ignore[attr-defined]
    value = q[0] * eye(2) + q[1] * i + q[2] * j + q[3] * (i * j)
    power = tetrahedral_power(motions, x) * (1 if first else 2)
    return (value * w ** (power % 3)).expand().applyfunc(lambda e: e.expand())


def tetrahedral_power(motions: Cubic, x: Motion) -> int:
    """0, 1 or 2: the class of a rotation of T modulo the half turns; C3 about (1, 1, 1) has 1."""
    third, back = (motions.marks["C3"], 0), x
    for power in range(3):
        if all(c.denominator == 1 for c, _ in back[0]):  # type: ignore[attr-defined]
            return power
        back = motions.multiply(_inverse(third), back)
    raise AssertionError


def _inverse(x: Motion) -> Motion:
    return tuple((-a, -b) if k else (a, b) for k, (a, b) in enumerate(x[0])), 0  # type: ignore[arg-type, var-annotated]


def _from_t(motions: Cubic, proper: Sequence[Motion]) -> list[Image]:
    """G3/2 of O, induced from 1G3/2 of T, with the cosets of 1 and of the first generator s, a turn by a quarter."""
    from sympy import Matrix, zeros

    s = proper[0]
    representatives = [motions.one, s]
    found = []
    for g in proper:
        R = zeros(4, 4)
        for k, r in enumerate(representatives):
            product = motions.multiply(g, r)
            for j, t in enumerate(representatives):
                inner = motions.multiply(_inverse(t), product)
                if not any(b for _, b in inner[0]):  # type: ignore[attr-defined]
                    R[2 * j : 2 * j + 2, 2 * k : 2 * k + 2] = _over_cube_roots(motions, inner, True)
        found.append(as_image(Matrix(R)))
    return found


def _listed(motions: Cubic, generators: Sequence[Motion]) -> list[Motion]:
    found, seen = [motions.one], {motions.one}
    for x in found:
        for g in generators:
            new = motions.multiply(g, x)
            if new not in seen:
                seen.add(new)
                found.append(new)
    return found


def _inducing(motions: Cubic, proper: Sequence[Motion], n: int) -> Callable[[Motion], Monomial]:
    """The representation that the number c -> -1, t -> i of the double group <c, t> of D_n induces, n = 3 or 5."""
    c = (motions.marks["C3" if n == 3 else "C5"], 0)
    t = half_turn_across(motions, c)
    values: dict[Motion, int] = {}
    x = motions.one
    for a in range(2 * n):
        for s, y in ((0, x), (1, motions.multiply(x, t))):
            values[y] = (2 * a + s) % 4
        x = motions.multiply(x, c)
    place: dict[Motion, tuple[int, int]] = {}
    representatives: list[Motion] = []
    for x in _listed(motions, proper):
        if x not in place:
            for k, v in values.items():
                place[motions.multiply(x, k)] = len(representatives), v
            representatives.append(x)

    def matrix(g: Motion) -> Monomial:
        targets = [place[motions.multiply(g, r)] for r in representatives]
        return Monomial([j for j, _ in targets], [v for _, v in targets], 4)

    return matrix


def _induced(motions: Cubic, proper: Sequence[Motion], n: int) -> list[Image]:
    matrix = _inducing(motions, proper, n)
    return [matrix(g) for g in proper]


def _part(motions: Cubic, proper: Sequence[Motion], n: int, d: int) -> list[Image]:
    """The part of G3/2 in what D_n induces: the image of its projector, whose entries are Gaussian rationals."""
    from sympy import I, Matrix, zeros

    matrix = _inducing(motions, proper, n)
    elements = _listed(motions, proper)
    size = len(matrix(motions.one))
    P = zeros(size, size)
    units = (1, I, -1, -I)
    for g in elements:
        value = _three_halves(motions, g)
        if value:
            m = matrix(_inverse(g))
            for j, (row, phase) in enumerate(zip(m.perm.tolist(), m.exponents(4).tolist(), strict=True)):
                P[row, j] += value * units[phase]
    columns = P.rref()[1]
    assert len(columns) == d
    B = P[:, list(columns)]
    pinned = B.T.rref()[1]
    inverse = B[list(pinned), :].inv()
    out = []
    for g in proper:
        M = to_sympy(as_exact(matrix(g)))
        R = inverse * (M * B)[list(pinned), :]
        out.append(as_image(Matrix(R).applyfunc(lambda e: e.expand(complex=False).ratsimp())))
    return out


def _three_halves(motions: Cubic, x: Motion) -> int:
    """The character of spin 3/2: (2 w)^3 - 2 (2 w) with w the real part of the quaternion; an integer in the icosahedral group."""
    w = motions.quaternion(x)[0]
    return round((2 * w) ** 3 - 2 * (2 * w))
