"""Finite groups of exact matrices as permutations of vectors: general ones, and the rotations and reflections of a polygon."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING

import numpy as np

from grouprep.errors import DimensionMismatch, GroupRepError, UnsupportedGroup
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, Monomial, as_exact, as_float, as_image
from grouprep.linalg.convert import to_numpy
from grouprep.linalg.fields import (
    coefficients,
    common_domain,
    convert_matrix,
    convert_number,
    cosine,
    cyclotomic_field,
    real_cyclotomic_field,
    zeta,
)
from grouprep.linalg.graphs import components
from grouprep.linalg.matrices import equal, is_exact, is_invertible, matrix_key
from grouprep.linalg.monomial import common_modulus
from grouprep.linalg.pickling import Value
from grouprep.linalg.residues import has_finite_order_modulo
from grouprep.linalg.sparse import (
    equal_exact,
    from_domain_matrix_rows,
    identity_exact,
    inverse_exact,
    matmul_exact,
    sparse_matrix,
)
from grouprep.typing import Array, Scalar

if TYPE_CHECKING:
    from sympy import Domain
    from sympy.polys.matrices import DomainMatrix

__all__ = ["MatrixAction", "PolygonAction", "act_on_vectors", "agrees"]


class MatrixAction(Value):
    """The exact matrices of a finite group's generators, with the vectors that its permutations permute.

    images : one (n, n) exact matrix per generator.
    vectors : exact (n, points) matrix, a basis first, with rho(g) vectors[:, k] = vectors[:, g[k]].
    """

    def __init__(self, images: Sequence[Image], vectors: DomainMatrix) -> None:
        self._images, self._vectors = tuple(images), vectors
        basis = vectors.extract(list(range(vectors.shape[0])), list(range(vectors.shape[0])))
        standard = equal_exact(basis, identity_exact(vectors.shape[0], vectors.domain))
        self._inverse = None if standard else inverse_exact(basis)

    @property
    def dim(self) -> int:
        """The size n of the matrices."""
        return int(self._vectors.shape[0])

    @property
    def images(self) -> tuple[Image, ...]:
        """The matrices of the generators."""
        return self._images

    def key(self) -> tuple[object, ...]:
        return tuple(map(matrix_key, self._images))

    def exact(self, perm: Perm) -> DomainMatrix:
        """The exact matrix of an element given as a permutation of the vectors."""
        n = self.dim
        moved = self._vectors.extract(list(range(n)), [int(k) for k in perm[:n]])
        return moved if self._inverse is None else matmul_exact(moved, self._inverse)

    def permutation(self, matrix: Image) -> Perm | None:
        """The permutation of the vectors by a matrix, exact or rounded; None if it does not permute them."""
        floats = as_float(matrix) @ self._floats[:, : self.dim]
        first = np.array([np.argmin(np.abs(self._floats - x[:, None]).max(axis=0)) for x in floats.T])
        exact = self.exact(first)
        if not agrees(exact, matrix):
            return None
        moved = [self._numbers.get(v) for v in _vectors(matmul_exact(exact, self._vectors))]
        return None if None in moved else np.array(moved, dtype=np.int64)

    @cached_property
    def _floats(self) -> Array:
        return to_numpy(self._vectors)

    @cached_property
    def _numbers(self) -> dict[tuple[Scalar, ...], int]:
        """The number of each vector."""
        return {v: k for k, v in enumerate(_vectors(self._vectors))}


class PolygonAction(Value):
    """Rotation by 2 pi / n, and the reflection (x, y) -> (x, -y), on the corners of a regular n-gon; built when first used."""

    def __init__(self, n: int, reflection: bool) -> None:
        self.corners, self.reflection = n, reflection

    @property
    def dim(self) -> int:
        """The size of the matrices, 2."""
        return 2

    def key(self) -> tuple[object, ...]:
        return self.corners, self.reflection

    @cached_property
    def _field(self) -> Domain:
        """The real cyclotomic field of lcm(4, n)."""
        return real_cyclotomic_field(lcm(4, self.corners))

    def _entry(self, k: int) -> tuple[Scalar, Scalar]:
        """(cos, sin) of 2 pi k / n in the field; one at a time, each has as many coefficients as the field's degree."""
        from sympy import QQ

        order, K = lcm(4, self.corners), self._field
        half = K.convert_from(QQ(1, 2), QQ)
        step, quarter = order // self.corners, order // 4
        return cosine(order, k * step) * half, cosine(order, k * step - quarter) * half

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """The matrices of the generators."""
        from sympy import ZZ

        K = self._field
        cos, sin = self._entry(1 % self.corners)
        rows = {0: {0: cos, 1: -sin}, 1: {0: sin, 1: cos}}
        rotation = sparse_matrix({i: {j: x for j, x in row.items() if x} for i, row in rows.items()}, (2, 2), K)
        rotation = rotation.convert_to(ZZ) if self.corners in (1, 2, 4) else rotation
        first: Image = Monomial.from_domain_matrix(rotation) or rotation
        return (first, Monomial([0, 1], [0, 1], 2)) if self.reflection else (first,)

    def exact(self, perm: Perm) -> DomainMatrix:
        """The exact matrix of an element given as a permutation of the corners."""
        n = self.corners
        if n <= 2:
            return self._small(perm)
        K = self._field
        start, turn = int(perm[0]), (int(perm[1]) - int(perm[0])) % n
        cos, sin = self._entry(start)
        sign = K.one if turn == 1 % n else -K.one
        rows = {0: {0: cos, 1: -sin * sign}, 1: {0: sin, 1: cos * sign}}
        return sparse_matrix({i: {j: x for j, x in row.items() if x} for i, row in rows.items()}, (2, 2), K)

    def permutation(self, matrix: Image) -> Perm | None:
        """The permutation of the corners by a matrix, exact or rounded; None if it is no symmetry of the polygon."""
        return next((p for p in self._candidates(as_float(matrix)) if agrees(self.exact(p), matrix)), None)

    def _candidates(self, matrix: Array) -> list[Perm]:
        """The rotation and the reflection that move the first corner as a matrix does; all elements for n <= 2."""
        n = self.corners
        if n <= 2:
            points = np.arange(2 * n if self.reflection else n)
            turned = [points, np.concatenate([points[:2][::-1], points[2:]])][:n]
            return turned + [np.concatenate([p[:-2], p[-2:][::-1]]) for p in turned if self.reflection]
        x, y = matrix[:, 0].real
        start, steps = round(float(np.arctan2(y, x)) * n / (2 * np.pi)), np.arange(n)
        return [(start + steps) % n, (start - steps) % n][: 1 + self.reflection]

    def _small(self, perm: Perm) -> DomainMatrix:
        """For n <= 2: the first two points swap under the rotation by pi, the last two under the reflection."""
        from sympy import ZZ

        turned = self.corners == 2 and int(perm[0]) == 1
        flipped = self.reflection and int(perm[-1]) < int(perm[-2])
        x, y = (-1 if turned else 1), (-1 if turned != flipped else 1)
        return sparse_matrix({0: {0: ZZ(x)}, 1: {1: ZZ(y)}}, (2, 2), ZZ)


_SMALL = (
    2_000  # points of a union of orbits that is kept as it is; of larger ones the smallest orbit that spans is taken
)
_FACTORS = 1_000  # a float matrix is read as an element if it may be the rounded product of so many


def agrees(exact: DomainMatrix, matrix: Image) -> bool:
    """Whether a matrix is the exact one, or for floats one that rounding makes of it.

    A product of k factors, each correctly rounded, is off by k (n + 1) eps in the norm for unitary ones (Higham, Accuracy and
    Stability, 3.7).
    """
    if is_exact(matrix):
        return equal(exact, matrix)
    value = to_numpy(exact)
    bound = _FACTORS * (len(value) + 1) * np.finfo(float).eps * np.linalg.norm(value)
    return bool(np.linalg.norm(matrix - value) <= bound)


def _vectors(matrix: DomainMatrix) -> list[tuple[Scalar, ...]]:
    """The columns."""
    rows, zero = from_domain_matrix_rows(matrix), matrix.domain.zero
    m, n = matrix.shape
    return [tuple(rows.get(i, {}).get(k, zero) for i in range(m)) for k in range(n)]


def act_on_vectors(
    generators: Sequence[object], labels: Sequence[str] | None, max_points: int
) -> tuple[list[Perm], MatrixAction]:
    """The matrices' action on the union of the orbits of e_1, ..., e_n, which is faithful; if it is large, on one that spans.

    Raises
    ------
    UnsupportedGroup
        If a generator has infinite order, or the orbit exceeds max_points.
    """
    if not generators:
        raise GroupRepError("generators is empty; give at least one matrix (the identity for the trivial group)")
    names = [f"generators[{labels[i] if labels else i!r}]" for i in range(len(generators))]
    images = [as_image(m, name) for m, name in zip(generators, names, strict=True)]
    for name, image in zip(names, images, strict=True):
        if not is_exact(image):
            raise GroupRepError(
                f"{name} has float entries; a finite group needs exact ones: integers, fractions, sqrt(2)/2"
            )
        if image.shape != images[0].shape:
            raise DimensionMismatch(
                f"{name} is {image.shape[0]} x {image.shape[0]}, the first is {images[0].shape[0]} wide"
            )
    domain, matrices = _common(images)
    for name, image, matrix in zip(names, images, matrices, strict=True):
        if not isinstance(image, Monomial):
            _check_finite_order(name, matrix)
    monomial = [m for m in images if isinstance(m, Monomial)]
    if len(monomial) == len(images):
        perms, vectors = _monomial_orbit(monomial, domain, max_points)
    else:
        perms, vectors = _orbit([_columns(m) for m in matrices], matrices[0].shape[0], domain, max_points)
    if vectors.shape[1] > min(max_points, _SMALL):
        perms, vectors = _spanning(perms, vectors)
    return perms, MatrixAction(images, vectors)


def _common(images: list[Image]) -> tuple[Domain, list[DomainMatrix]]:
    exact = [as_exact(m) for m in images]
    domain = common_domain(*(m.domain for m in exact))
    return domain, [convert_matrix(m, domain) for m in exact]


def _check_finite_order(name: str, matrix: DomainMatrix) -> None:
    """Refuse a matrix that is proved to be singular or of infinite order; the orbit of the basis decides the rest."""
    if not is_invertible(matrix):
        raise GroupRepError(f"{name} is singular; the matrices of a group are invertible")
    if not has_finite_order_modulo(matrix):
        raise UnsupportedGroup(
            f"{name} has infinite order, so the group is infinite; for Lie groups use LieGroup.from_algebra"
        )


def _columns(matrix: DomainMatrix) -> list[list[tuple[int, Scalar]]]:
    """Column j as pairs (row, entry)."""
    out: list[list[tuple[int, Scalar]]] = [[] for _ in range(matrix.shape[1])]
    for i, row in from_domain_matrix_rows(matrix).items():
        for j, x in row.items():
            out[j].append((i, x))
    return out


def _spanning(perms: list[Perm], vectors: DomainMatrix) -> tuple[list[Perm], DomainMatrix]:
    """The smallest orbit that spans the space, a basis first; everything if none does."""
    n, count = vectors.shape
    number, labels = components(count, np.tile(np.arange(count), len(perms)), np.concatenate(perms))
    orbits = [np.flatnonzero(labels == c) for c in range(number)]
    for orbit in sorted(orbits, key=lambda o: (len(o), int(o[0]))):
        inside = vectors.extract(list(range(n)), orbit.tolist())
        _, pivots = convert_matrix(inside, inside.domain.get_field()).rref()
        if len(pivots) < n:
            continue
        points = np.concatenate([orbit[list(pivots)], np.delete(orbit, list(pivots))])
        places = np.full(count, -1)
        places[points] = np.arange(len(points))
        moved = [places[p[points]] for p in perms]
        for p in moved:
            p.setflags(write=False)
        return moved, vectors.extract(list(range(n)), points.tolist())
    return perms, vectors


def _orbit(
    generators: list[list[list[tuple[int, Scalar]]]], n: int, domain: Domain, max_points: int
) -> tuple[list[Perm], DomainMatrix]:
    zero = domain.zero
    vectors = [tuple(domain.one if i == j else zero for i in range(n)) for j in range(n)]
    origins, counts = list(range(n)), [1] * n  # which basis vector a vector was reached from, and how many were
    numbers = {v: k for k, v in enumerate(vectors)}
    images: list[list[int]] = [[] for _ in generators]
    position = 0
    while position < len(vectors):
        vector = vectors[position]
        for k, columns in enumerate(generators):
            new = [zero] * n
            for j, x in enumerate(vector):
                if x:
                    for i, y in columns[j]:
                        new[i] = new[i] + x * y
            key = tuple(new)
            if key not in numbers:
                origin = origins[position]
                _require_room(counts, origin, max_points)
                numbers[key] = len(vectors)
                vectors.append(key)
                origins.append(origin)
                counts[origin] += 1
            images[k].append(numbers[key])
        position += 1
    order = _sorted(vectors, n, domain)
    rows = {i: {k: vectors[v][i] for k, v in enumerate(order) if vectors[v][i]} for i in range(n)}
    return _renumbered(images, order), sparse_matrix(rows, (n, len(vectors)), domain)


def _monomial_orbit(generators: list[Monomial], domain: Domain, max_points: int) -> tuple[list[Perm], DomainMatrix]:
    """The same for monomial matrices, in the same order, with vectors as pairs of a number and the exponent of a root of unity."""
    n, modulus = len(generators[0]), common_modulus(*generators)
    moves = [(g.perm.tolist(), g.exponents(modulus).tolist()) for g in generators]
    vectors = [(j, 0) for j in range(n)]
    numbers = {v: k for k, v in enumerate(vectors)}
    images: list[list[int]] = [[] for _ in generators]
    origins, counts = list(range(n)), [1] * n
    for position, (j, phase) in enumerate(vectors):
        for k, (perm, phases) in enumerate(moves):
            key = perm[j], (phase + phases[j]) % modulus
            if key not in numbers:
                origin = origins[position]
                _require_room(counts, origin, max_points)
                numbers[key] = len(vectors)
                vectors.append(key)
                origins.append(origin)
                counts[origin] += 1
            images[k].append(numbers[key])
    K = cyclotomic_field(modulus)
    roots = {k: zeta(modulus, k) for k in sorted({k for _, k in vectors})}
    values = roots if domain == K else {k: convert_number(x, K, domain) for k, x in roots.items()}
    entries = {k: coefficients(x, domain) for k, x in values.items()}
    zero = coefficients(domain.zero, domain)
    keys = [[entries[k] if j == i else zero for j in range(n)] for i, k in vectors]
    order = [*range(n), *sorted(range(n, len(vectors)), key=keys.__getitem__, reverse=True)]
    rows: dict[int, dict[int, Scalar]] = {i: {} for i in range(n)}
    for number, v in enumerate(order):
        rows[vectors[v][0]][number] = values[vectors[v][1]]
    return _renumbered(images, order), sparse_matrix(rows, (n, len(vectors)), domain)


def _renumbered(images: list[list[int]], order: list[int]) -> list[Perm]:
    """The permutations, with the points in another order."""
    places = np.argsort(order)
    perms = [places[np.array(p, dtype=np.int64)[order]] for p in images]
    for p in perms:
        p.setflags(write=False)
    return perms


def _require_room(counts: list[int], origin: int, max_points: int) -> None:
    """Raise UnsupportedGroup if the orbit of a basis vector has as many vectors as are tried."""
    if counts[origin] >= max_points:
        raise UnsupportedGroup(
            f"the matrices move basis vector {origin + 1} to more than {max_points:,} vectors: the group is infinite "
            "(then use LieGroup.from_algebra) or large (then raise max_points)"
        )


def _sorted(vectors: list[tuple[Scalar, ...]], n: int, domain: Domain) -> list[int]:
    """The numbers of the vectors: the standard basis, then the others by their coordinates, which no generators enter."""
    entries = {x: coefficients(x, domain) for x in {x for v in vectors for x in v}}
    return [*range(n), *sorted(range(n, len(vectors)), key=lambda k: [entries[x] for x in vectors[k]], reverse=True)]
