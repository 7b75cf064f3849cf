"""The irreps of the cubic and icosahedral point groups and of their double groups, as exact matrices at the generators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from grouprep.linalg import Image, as_exact, as_image
from grouprep.linalg.convert import to_sympy
from grouprep.point_groups.entries import Entry
from grouprep.point_groups.motions import Cubic, Motion
from grouprep.typing import Array

if TYPE_CHECKING:
    from sympy import Matrix

__all__ = [
    "cubic_entries", "five_fold_axes", "half_turn_across", "moved_axis", "orthogonal_triples", "simplex_corners", "tensor_coordinates",
]  # fmt: skip


def cubic_entries(motions: Cubic) -> list[Entry]:
    """The irreps of the rotations T, O or I, of Td by its isomorphism with O, and those of their double groups."""
    kind, names = motions.symbol.kind, list(motions.generators)
    proper = [name for name in names if name != "i"]
    elements = [(motions.generators[name][0], 0) for name in proper]
    R = [_as_sympy(motions, x) for x in elements]  # rotations, without the inversion
    one = _numbers(1, len(R))
    if kind in ("T", "Th"):
        w = [[_root_text(k)] for k in (0, 1)]  # C2 is 1, C3 exp(2 pi i / 3)
        complex_pair = [
            Entry("1E", 1, "C", False, None, "E", "2E", images=tuple(as_image([v]) for v in w)),
            Entry(
                "2E",
                1,
                "C",
                False,
                None,
                "E",
                "1E",
                images=tuple(as_image([[v[0] if v[0] == "1" else _root_text(2)]]) for v in w),
            ),
        ]
        single = [_real_entry("A", one), *complex_pair, _real_entry("T", R)]
        if not motions.symbol.double:
            return single
        half = _spinors(motions, elements, False)
        pair = [[s * _scalar(e.images[k]) for k, s in enumerate(half)] for e in complex_pair]
        return [
            *single,
            _spinor_entry("E1/2", half),
            Entry("1G3/2", 2, "C", True, None, "G3/2", "2G3/2", images=tuple(map(as_image, pair[0]))),
            Entry("2G3/2", 2, "C", True, None, "G3/2", "1G3/2", images=tuple(map(as_image, pair[1]))),
        ]
    if kind in ("O", "Td", "Oh"):
        sign = [-1 if name in ("C4", "S4") else 1 for name in proper]
        two = [_on_tensors(r, _E_TENSORS) for r in R]
        other = [s * r for s, r in zip(sign, R, strict=True)]
        single = [
            _real_entry("A1", one), _real_entry("A2", [s * a for s, a in zip(sign, one, strict=True)]), _real_entry("E", two),
            _real_entry("T1", R), _real_entry("T2", other),
        ]  # fmt: skip
        if not motions.symbol.double:
            return single
        half = _spinors(motions, elements, False)
        return [
            *single,
            _spinor_entry("E1/2", half),
            _spinor_entry("E5/2", [s * h for s, h in zip(sign, half, strict=True)]),
            _spinor_entry("G3/2", [_kron(e, h) for e, h in zip(two, half, strict=True)]),
        ]
    conjugates = [_galois(r) for r in R]
    four = [_on_simplex(motions, x, r) for x, r in zip(elements, R, strict=True)]
    five = [_on_tensors(r, (*_E_TENSORS, *_T_TENSORS)) for r in R]
    single = [
        _real_entry("A", one), _real_entry("T1", R), _real_entry("T2", conjugates), _real_entry("G", four), _real_entry("H", five)
    ]  # fmt: skip
    if not motions.symbol.double:
        return single
    half, other = _spinors(motions, elements, False), _spinors(motions, elements, True)
    return [
        *single,
        _spinor_entry("E1/2", half),
        _spinor_entry("E7/2", other),
        _spinor_entry("G3/2", [_cube(h) for h in half], structure=_CUBE_STRUCTURE),
        _spinor_entry("I5/2", [_kron(r, h) for r, h in zip(R, other, strict=True)]),
    ]


def _as_sympy(motions: Cubic, x: Motion) -> Matrix:
    return to_sympy(motions.exact(x))


def _numbers(value: int, count: int) -> list[Matrix]:
    from sympy import Matrix

    return [Matrix([[value]]) for _ in range(count)]


def _root_text(k: int) -> str:
    return ("1", "-1/2 + sqrt(3)*I/2", "-1/2 - sqrt(3)*I/2")[k]


def _scalar(image: Image) -> object:
    return to_sympy(as_exact(image))[0, 0]


def _real_entry(label: str, images: list[Matrix]) -> Entry:
    return Entry(label, images[0].shape[0], "R", False, np.eye(images[0].shape[0]), images=tuple(map(as_image, images)))


_J = np.array([[0.0, -1.0], [1.0, 0.0]])
_CUBE_STRUCTURE = np.array([[0.0, 0, 0, -1], [0, 0, 1, 0], [0, -1, 0, 0], [1, 0, 0, 0]])


def _spinor_entry(label: str, images: list[Matrix], structure: Array | None = None) -> Entry:
    d = images[0].shape[0]
    J = np.kron(np.eye(d // 2), _J) if structure is None else structure
    return Entry(label, d, "H", True, J, images=tuple(as_image(m.expand()) for m in images))


def _kron(a: Matrix, b: Matrix) -> Matrix:
    from sympy.matrices.expressions.kronecker import matrix_kronecker_product

    return matrix_kronecker_product(a, b)


def _spinors(motions: Cubic, elements: Sequence[Motion], conjugated: bool) -> list[Matrix]:
    """The matrices of SU(2), w + x i + y j + z k as w - i (x, y, z) . sigma; or those of the Galois conjugate quaternions."""
    from sympy import I, Matrix, Rational, sqrt

    root = sqrt(motions.square) * (-1 if conjugated else 1)
    out = []
    for q, _ in elements:
        w, x, y, z = (Rational(a.numerator, a.denominator) + Rational(b.numerator, b.denominator) * root for a, b in q)  # type: ignore[attr-defined]
        out.append(Matrix([[w - I * z, -y - I * x], [y - I * x, w + I * z]]))
    return out


def _galois(matrix: Matrix) -> Matrix:
    """sqrt 5 to -sqrt 5."""
    from sympy import sqrt

    return matrix.applyfunc(lambda e: e.expand().subs(sqrt(5), -sqrt(5)))


def _cube(m: Matrix) -> Matrix:
    """The symmetric cube of a matrix of SU(2), unitary: on x^3, sqrt 3 x^2 y, sqrt 3 x y^2, y^3."""
    from sympy import Matrix, Poly, sqrt, symbols

    x, y = symbols("x y")
    weights = [1, sqrt(3), sqrt(3), 1]
    new = (m[0, 0] * x + m[1, 0] * y, m[0, 1] * x + m[1, 1] * y)
    columns = []
    for k in range(4):
        p = Poly((weights[k] * new[0] ** (3 - k) * new[1] ** k).expand(), x, y)
        columns.append([p.coeff_monomial(x ** (3 - j) * y**j) / weights[j] for j in range(4)])
    return Matrix(columns).T


_E_TENSORS = ("2*z^2 - x^2 - y^2", "sqrt(3)*(x^2 - y^2)")
_T_TENSORS = ("y*z", "z*x", "x*y")


def _tensor(name: str) -> Matrix:
    """The symmetric 3 x 3 tensors of these quadratic functions, of one norm."""
    from sympy import Matrix, Rational, diag, sqrt

    third = Rational(1, 3)
    known = {
        "2*z^2 - x^2 - y^2": diag(-1, -1, 2) * sqrt(3) * third,
        "sqrt(3)*(x^2 - y^2)": diag(1, -1, 0),
        "y*z": Matrix([[0, 0, 0], [0, 0, 1], [0, 1, 0]]),
        "z*x": Matrix([[0, 0, 1], [0, 0, 0], [1, 0, 0]]),
        "x*y": Matrix([[0, 1, 0], [1, 0, 0], [0, 0, 0]]),
    }
    return known[name]


def _on_tensors(R: Matrix, names: tuple[str, ...]) -> Matrix:
    """The matrix of B -> R B R^T on symmetric tensors of one norm that are orthogonal to each other."""
    from sympy import Matrix

    basis = [_tensor(name) for name in names]
    moved = [(R * B * R.T).applyfunc(lambda e: e.expand()) for B in basis]
    return Matrix([[sum(x * y for x, y in zip(A, B, strict=True)).expand() / 2 for B in moved] for A in basis])


def _on_simplex(motions: Cubic, x: Motion, R: Matrix) -> Matrix:
    """The matrix in R^4 of how a rotation of I permutes the five orthogonal triples of its two-fold axes.

    The triples are corners of a simplex: the coordinate axes at (0, 0, 0, 4), the others at (s sqrt 5, -1), with s a corner
    (1, 1, 1), (1, -1, -1), ... of the tetrahedron, which T moves as the triples.
    """
    from sympy import Matrix, Rational

    places = simplex_corners()
    triples = orthogonal_triples(motions)
    moved = [frozenset(moved_axis(motions, x, axis) for axis in triple) for triple in triples]
    target = [triples.index(t) for t in moved]
    total = sum((places[t] * places[k].T for k, t in enumerate(target)), Matrix.zeros(4, 4))
    return total * Rational(1, 20)


def moved_axis(motions: Cubic, x: Motion, axis: Motion) -> Motion:
    """The half turn that the conjugation by x makes of a half turn; up to the sign of its quaternion."""
    q = x[0]
    back = tuple((-a, -b) if k else (a, b) for k, (a, b) in enumerate(q))  # type: ignore[arg-type, var-annotated]
    moved = motions.multiply(motions.multiply((q, 0), axis), (back, 0))
    return _unsigned(motions, moved)


def _unsigned(motions: Cubic, x: Motion) -> Motion:
    opposite = tuple((-a, -b) for a, b in x[0]), 0  # type: ignore[attr-defined]
    return max((x[0], 0), opposite)


def orthogonal_triples(motions: Cubic) -> list[frozenset[Motion]]:
    """The coordinate axes, and the triples that C3 about s moves into themselves, s a corner of the tetrahedron as listed above."""
    axes = _orbit(motions, (motions.marks["C2"], 0))

    def dot(u: Motion, v: Motion) -> tuple[object, object]:
        d = motions.square
        a = sum(p[0] * q[0] + d * p[1] * q[1] for p, q in zip(u[0], v[0], strict=True))  # type: ignore[call-overload]
        b = sum(p[0] * q[1] + p[1] * q[0] for p, q in zip(u[0], v[0], strict=True))  # type: ignore[call-overload]
        return a, b

    triples = {frozenset([u, *(v for v in axes if v != u and dot(u, v) == (0, 0))]) for u in axes}
    coordinate = frozenset(_unsigned(motions, (tuple((1 if k == j else 0, 0) for k in range(4)), 0)) for j in (1, 2, 3))
    out = [coordinate]
    h = motions.marks["C3"][0]
    for signs in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        turn = ((h, *((h[0] * s, h[1] * s) for s in signs)), 0)
        out += [t for t in triples - {coordinate} if frozenset(moved_axis(motions, turn, axis) for axis in t) == t]
    return out


def simplex_corners() -> list[Matrix]:
    """The five corners of a simplex in R^4: (0, 0, 0, 4), and (s sqrt 5, -1) with s a corner of the tetrahedron."""
    from sympy import Matrix, sqrt

    tetrahedron = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    return [Matrix([0, 0, 0, 4]), *(Matrix([sqrt(5) * a for a in s] + [-1]) for s in tetrahedron)]


def _orbit(motions: Cubic, first: Motion) -> list[Motion]:
    """The axes that the rotations of the group make of one."""
    found = [_unsigned(motions, first)]
    for axis in found:
        for mark in ("C5", "C3"):
            new = moved_axis(motions, (motions.marks[mark], 0), axis)
            if new not in found:
                found.append(new)
    return found


def five_fold_axes(motions: Cubic) -> list[Motion]:
    """The six axes of order 5, as quaternions without a real part."""
    q = motions.marks["C5"]
    return _orbit(motions, (((q[0][0] * 0, q[0][1] * 0), *q[1:]), 0))


def half_turn_across(motions: Cubic, c: Motion) -> Motion:
    """A half turn t of the icosahedral group with t c t^-1 = c^-1."""
    for axis in _orbit(motions, (motions.marks["C2"], 0)):
        product = motions.multiply(axis, c)
        if not any(product[0][0]):  # type: ignore[index]
            return axis
    raise AssertionError


def tensor_coordinates(v: Array) -> Array:
    """The traceless part of v v^T in the basis of the irrep H, (5,)."""
    x, y, z = v
    whole = [(2 * z * z - x * x - y * y) / np.sqrt(3), x * x - y * y, 2 * y * z, 2 * z * x, 2 * x * y]
    return np.array(whole) / 2
