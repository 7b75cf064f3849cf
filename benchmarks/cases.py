"""The cases that are measured, and an independent check of a basis: plain numpy, nothing of the libraries compared.

A generator acts on the basis of a space either as a permutation, an integer array g of shape (n,) that sends basis
vector j to basis vector g[j], or as a matrix of shape (n, n). Tensors are numbered row-major, as `numpy.kron` does.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    kind : "hom" (an orthonormal float basis of Hom_G(V^i, V^j), with a peer beside it), "certified" (a commutant,
        proved), "exact" (a commutant in a random basis, exactly, proved), "decompose" (a representation into irreps, with
        its change of basis), "proof" (a basis, its certificate and its file
        proved anew), "project" (a projection beside a copy of the operator), "import" (CPU time of a line of
        Python), "command", "wigner" (Wigner D, l = 1..30, of 1,000 rotations), "clebsch-gordan" (all l1, l2 <= n), "coupling"
        (SO(3)'s l = n times itself into l = n), "irreps" (all complex irreps of a finite group as exact matrices), "table"
        (a character table, every value).
    group, n : a family and its size; product groups are powers of a cyclic one.
    space : V, the base representation: "defining", "natural" (permutation of points) or "regular".
    domain, codomain : the tensor powers i and j; power 0 is the trivial representation.
    materialise : whether the measured time includes writing the basis out as an array (r, dim W, dim V).
    """

    name: str
    title: str
    kind: str = "hom"
    group: str = ""
    n: int = 0
    space: str = "defining"
    domain: int = 1
    codomain: int = 1
    materialise: bool = True
    seed: int = 0
    command: tuple[str, ...] = ()


_BASES: tuple[Case, ...] = (
    Case("so3-v-v", "SO(3)  V -> V", group="SO", n=3),
    Case("so3-t2-t2", "SO(3)  T2 -> T2", group="SO", n=3, domain=2, codomain=2),
    Case("so3-t3-t2", "SO(3)  T3 -> T2", group="SO", n=3, domain=3, codomain=2),
    Case("so3-t6", "SO(3)  1 -> T6", group="SO", n=3, domain=0, codomain=6),
    Case("s4-t3-t2", "S4  T3 -> T2", group="S", n=4, space="natural", domain=3, codomain=2),
    Case("s6-t2-t2", "S6  T2 -> T2", group="S", n=6, space="natural", domain=2, codomain=2),
    Case("z64-v-v", "Z64  V -> V", group="Z", n=64, space="natural"),
    Case("s5-regular", "S5  regular -> regular", group="S", n=5, space="regular"),
    Case("o13-t2-t2", "O(1,3)  T2 -> T2", group="O13", n=4, domain=2, codomain=2),
    Case("so5-t2-t2", "SO(5)  T2 -> T2", group="SO", n=5, domain=2, codomain=2),
    Case("z2^6-regular", "(Z2)^6  regular -> regular", group="Z2^", n=6, space="regular"),
    Case("s8-t2-t2", "S8  T2 -> T2", group="S", n=8, space="natural", domain=2, codomain=2),
    Case("s6-t3-t2", "S6  T3 -> T2", group="S", n=6, space="natural", domain=3, codomain=2),
    Case("z128-v-v", "Z128  V -> V", group="Z", n=128, space="natural"),
    Case("z1024-v-v", "Z1024  V -> V", group="Z", n=1024, space="natural", materialise=False),
    Case("s8-t3-t2", "S8  T3 -> T2", group="S", n=8, space="natural", domain=3, codomain=2),
    Case("rubik", "Rubik's cube, facelets, certified", kind="certified", space="natural"),
    *(
        Case(f"exact-s4-seed{seed}", f"S4 regular, random basis {seed}, exact", kind="exact", group="S", n=4, seed=seed)
        for seed in range(5)
    ),
)

_PROOFS: tuple[Case, ...] = (
    *(replace(c, name=f"certify-{c.name}", title=f"proof of {c.title}", kind="proof") for c in _BASES),
    *(
        Case(f"certify-z{n}", f"proof of Z{n}  V -> V", kind="proof", group="Z", n=n, space="natural")
        for n in (256, 512)
    ),
    *(
        Case(
            f"certify-{name}-signed",
            f"proof of {name}  Lambda^2 -> Lambda^2",
            kind="proof",
            group=name,
            space="alternating",
        )
        for name in ("S12", "M12", "M22")
    ),
    *(
        Case(
            f"certify-so3-l{l}", f"proof of SO(3)  l={l} x l={l}", kind="proof", group="spin", n=l, domain=2, codomain=2
        )
        for l in (2, 3, 4, 5)
    ),
    Case("certify-sign-s300", "proof of S300  sign -> sign", kind="proof", group="S", n=300, space="sign"),
    *(
        Case(
            f"certify-{G.lower()}{n}",
            f"proof of {G}({n})  T2 -> T2",
            kind="proof",
            group=G,
            n=n,
            domain=2,
            codomain=2,
            materialise=n <= 10,  # files of larger ones are beyond the limit of bytes
        )
        for G, n in (("SO", 10), ("SO", 20), ("SO", 30), ("SU", 8), ("U", 6), ("Sp", 6))
    ),
)

CASES: tuple[Case, ...] = (
    *_BASES,
    *_PROOFS,
    Case("decompose-c60", "C60 natural into irreps", kind="decompose", group="C60"),
    Case("decompose-su2", "SU(2) (1/2)^4 into irreps", kind="decompose", group="SU(2)"),
    Case("decompose-o3", "O(3) vector^3 into irreps", kind="decompose", group="O(3)"),
    Case("decompose-so3", "SO(3) l=3 x l=3, random orthonormal basis", kind="decompose", group="SO(3)"),
    Case("decompose-a5", "A5 regular into irreps", kind="decompose", group="A5"),
    Case("decompose-s5", "S5 natural^3 into irreps", kind="decompose", group="S5"),
    Case("decompose-psl27", "PSL(2,7) regular into irreps", kind="decompose", group="PSL(2,7)"),
    Case("decompose-sl25", "SL(2,5) on 24 x 24 pairs of vectors into irreps", kind="decompose", group="SL(2,5)"),
    Case("decompose-c12", "C12 on the words of 12 bits into irreps", kind="decompose", group="C12"),
    *(
        Case(f"irreps-{name}", f"irreps of {name}, exact", kind="irreps", group=name)
        for name in ("S5", "S6", "A5", "A6", "SL(2,5)", "GL(2,3)", "Oh", "PSL(2,7)", "M11")
    ),
    *(Case(f"table-{name}", f"character table of {name}", kind="table", group=name) for name in ("M12", "S12")),
    Case("wigner-d", "Wigner D, l = 1..30, 1,000 rotations, float64", kind="wigner", group="SO", n=3),
    Case("clebsch-gordan", "Clebsch-Gordan, all l1, l2 <= 8", kind="clebsch-gordan", n=8),
    Case("coupling-l20", "SO(3)  l=20 x l=20 -> l=20", kind="coupling", n=20),
    Case("project-c4-float64", "P of 1024 x 1024, C4 regular, float64", kind="project", space="float64"),
    Case("project-c4-float32", "P of 1024 x 1024, C4 regular, float32", kind="project", space="float32"),
    Case("import", 'python -c "import projectors"', kind="import", command=("-c", "import projectors")),
    Case(
        "command-d4",
        "grouprep basis D4 --in regular --out regular",
        kind="command",
        command=("basis", "D4", "--in", "regular", "--out", "regular"),
    ),
)


def case(name: str) -> Case:
    """The case of that name."""
    return next(c for c in CASES if c.name == name)


# Generators


@dataclass(frozen=True)
class Generators:
    """What the generators of a group do to one space: its elements, and those of its Lie algebra."""

    elements: tuple[Array, ...] = ()
    algebra: tuple[Array, ...] = ()

    def power(self, k: int) -> Generators:
        """The same generators on the k-th tensor power; the 0-th is the trivial representation."""
        return Generators(
            tuple(functools.reduce(_kron, [g] * k, np.zeros(1, int)) for g in self.elements),
            tuple(_kron_sum(A, k) for A in self.algebra),
        )


def _kron(g: Array, h: Array) -> Array:
    if g.ndim == 1 and h.ndim == 1:
        return (g[:, None] * len(h) + h).ravel()
    return np.kron(_matrix(g), _matrix(h))


def _kron_sum(A: Array, k: int) -> Array:
    n = len(A)
    terms = (np.kron(np.kron(np.eye(n**i), A), np.eye(n ** (k - 1 - i))) for i in range(k))
    return sum(terms, np.zeros((n**k, n**k)))


def _matrix(g: Array) -> Array:
    return np.eye(len(g))[:, np.argsort(g)].T if g.ndim == 1 else g


def generators(group: str, n: int) -> Generators:
    """Generators of a family on its defining space, or on the points that it permutes."""
    points = np.arange(n)
    if group == "SO":
        return Generators(algebra=tuple(_rotation(n, i, j) for i, j in itertools.combinations(range(n), 2)))
    if group == "O13":  # coordinates t, x, y, z
        boosts = [abs(_rotation(4, 0, i)) for i in (1, 2, 3)]
        turns = [_rotation(4, i, j) for i, j in ((1, 2), (1, 3), (2, 3))]
        return Generators((np.diag([1.0, -1, -1, -1]), np.diag([-1.0, 1, 1, 1])), (*boosts, *turns))
    if group == "S":
        return Generators((np.array([1, 0, *points[2:]]), np.roll(points, -1)))
    if group == "Z":
        return Generators((np.roll(points, -1),))
    if group == "Z2^":  # on n pairs of points
        pairs = np.arange(2 * n)
        return Generators(tuple(np.where(pairs // 2 == k, pairs ^ 1, pairs) for k in range(n)))
    raise KeyError(group)


def _rotation(n: int, i: int, j: int) -> Array:
    A = np.zeros((n, n))
    A[i, j], A[j, i] = 1, -1
    return A


def elements(group: str, n: int) -> list[tuple[int, ...]]:
    """All elements of a finite family, as permutations of the points of `generators`, in an order of our own."""
    if group == "S":
        return list(itertools.permutations(range(n)))
    if group == "Z2^":
        swaps = itertools.product((0, 1), repeat=n)
        return [tuple(p ^ s for p, s in zip(range(2 * n), np.repeat(swap, 2).tolist())) for swap in swaps]
    raise KeyError(group)


def regular(elements: Sequence[Sequence[int]] | Array, G: Generators) -> Generators:
    """Left multiplication x -> g x on a list of permutations, as a permutation of that list."""
    number = {tuple(map(int, x)): i for i, x in enumerate(elements)}
    return Generators(tuple(np.array([number[tuple(int(g[p]) for p in x)] for x in elements]) for g in G.elements))


def from_cycles(text: str, degree: int) -> Array:
    """A permutation of 0..degree-1 from disjoint cycles of the points 1..degree."""
    g = np.arange(degree)
    for cycle in text.strip("() ").split(")("):
        points = [int(p) - 1 for p in cycle.split()]
        g[points] = np.roll(points, -1)
    return g


# Checks


def largest_residual(basis: Iterable[Array], V: Generators, W: Generators) -> float:
    """The largest ||rho_W(g) X - X rho_V(g)||_F / ||X||_F over basis elements X and generators g, in float64.

    Infinite where a basis element is zero or not finite.
    """
    worst = 0.0
    pairs = [*zip(V.elements, W.elements, strict=True), *zip(V.algebra, W.algebra, strict=True)]
    inverses = [np.argsort(w) if w.ndim == 1 else None for _, w in pairs]
    for X in basis:
        X = np.asarray(X)
        X = X.astype(np.complex128 if np.iscomplexobj(X) else np.float64)
        size = np.linalg.norm(X)
        if not (np.isfinite(size) and size > 0):
            return math.inf
        for (v, w), back in zip(pairs, inverses, strict=True):
            left = w @ X if back is None else X[back]
            right = X @ v if v.ndim == 2 else X[:, v]
            worst = max(worst, float(np.linalg.norm(left - right) / size))
    return worst


def orthonormality_error(basis: Array) -> float:
    """The largest entry of |<X_i, X_j> - delta_ij| for a basis (r, dim W, dim V): small means independent."""
    rows = np.asarray(basis, dtype=np.float64).reshape(len(basis), -1)
    error = float(np.abs(rows @ rows.T - np.eye(len(rows))).max(initial=0.0))
    return error if math.isfinite(error) else math.inf


# The exact case: left multiplication of S4 in a basis that is not adapted to it


def random_unimodular(n: int, seed: int) -> Array:
    """A product of unit lower and unit upper triangular matrices with entries in {-1, 0, 1}: determinant 1."""
    rng = np.random.default_rng(seed)
    lower = np.tril(rng.integers(-1, 2, (n, n)), -1) + np.eye(n, dtype=int)
    upper = np.triu(rng.integers(-1, 2, (n, n)), 1) + np.eye(n, dtype=int)
    return lower @ upper


def conjugated_regular(n: int, perms: Sequence[Array], seed: int) -> list[list[list[int]]]:
    """Integer matrices S^-1 R(g) S, one for each g: R the regular representation of S_n, S `random_unimodular`."""
    R = regular(elements("S", n), Generators(tuple(perms)))
    S = random_unimodular(len(R.elements[0]), seed).astype(object)
    inverse = _unimodular_inverse(S)
    return [(inverse @ S[np.argsort(g)]).tolist() for g in R.elements]


def _unimodular_inverse(S: Array) -> Array:
    """The integer inverse of a matrix whose leading minors are all 1, by Gauss-Jordan elimination without pivoting."""
    n = len(S)
    M = np.concatenate([S, np.eye(n, dtype=int).astype(object)], axis=1)
    for i in range(n):
        for j in range(n):
            if j != i:
                M[j] = M[j] - M[j, i] * M[i]
    return M[:, n:]


def commutes_exactly(X: Array, images: Iterable[Sequence[Sequence[int]]]) -> bool:
    """Whether an object array of Python integers or fractions commutes with integer matrices."""
    return all(not np.any(X @ A - A @ X) for A in (np.array(image, dtype=object) for image in images))


def rank_mod(rows: Array, p: int = 2_147_483_629) -> int:
    """The rank modulo a prime of an object array of integers: a lower bound of its rank over the rationals."""
    M = (rows % p).astype(np.int64)
    rank = 0
    for column in range(M.shape[1]):
        nonzero = np.flatnonzero(M[rank:, column])
        if not nonzero.size:
            continue
        pivot = rank + int(nonzero[0])
        M[[rank, pivot]] = M[[pivot, rank]]
        M[rank] = M[rank] * pow(int(M[rank, column]), -1, p) % p
        below = M[rank + 1 :, column].copy()
        M[rank + 1 :] = (M[rank + 1 :] - below[:, None] * M[rank] % p) % p
        rank += 1
        if rank == len(M):
            break
    return rank
