"""Young's seminormal and orthogonal forms of the irreps of S_n and A_n, and Specht modules over the integers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np

from grouprep.character_tables.partitions import Partition, cycle_type, hook_degree, standard_element, symmetric_value
from grouprep.characters import ClassPoint, ClassValue
from grouprep.groups.base import Generator, Group
from grouprep.groups.permutations import Perm
from grouprep.linalg import Image, Monomial, as_image
from grouprep.linalg.budget import POINTS, require
from grouprep.linalg.fields import element, quadratic_field
from grouprep.linalg.memory import require_memory
from grouprep.linalg.sparse import sparse_matrix
from grouprep.representations.base import Representation
from grouprep.summary import Summary
from grouprep.typing import Array, Element, Integers, Scalar

if TYPE_CHECKING:
    from sympy import Domain, Matrix
    from sympy.polys.matrices import DomainMatrix

__all__ = ["OrthogonalForm", "SeminormalForm", "Tableaux", "specht_images", "tableaux"]

_EXACT_DISTANCE = 3  # axial distances up to 3 need sqrt 2 and sqrt 3 alone, a field of degree 4 at the most


class Tableaux(Summary):
    """The standard tableaux of a shape, numbered, with what the transposition of i and i + 1 does to each.

    distances : (n - 1, d) integers: content of i + 1 minus content of i.
    partners : (n - 1, d) integers: the tableau with i and i + 1 swapped; the tableau itself where that is not standard.
    norms : the squared lengths of the seminormal basis, rational; the first is 1.
    """

    def __init__(self, shape: Partition) -> None:
        self.shape, self.n = shape, sum(shape)
        self.rows = standard_tableaux(shape)
        numbers = {t: k for k, t in enumerate(self.rows)}
        contents = np.array([_contents(t) for t in self.rows]).reshape(len(self.rows), self.n)
        self.distances: Integers = (contents[:, 1:] - contents[:, :-1]).T
        swapped = [[numbers.get(_swapped(t, i), k) for k, t in enumerate(self.rows)] for i in range(self.n - 1)]
        self.partners: Integers = np.array(swapped, dtype=np.int64).reshape(self.n - 1, len(self.rows))

    @property
    def dim(self) -> int:
        """The number of tableaux."""
        return len(self.rows)

    @cached_property
    def norms(self) -> tuple[Fraction, ...]:
        return tuple(self._spread(Fraction(1)))

    def _spread(self, sign: Fraction) -> list[Fraction]:
        """Numbers with x_u = sign (1 - 1 / r^2) x_t wherever i, i + 1 lie r > 1 apart in t and are swapped in u; x_0 = 1."""
        values: list[Fraction | None] = [Fraction(1), *[None] * (self.dim - 1)]
        queue = [0]
        for t in queue:
            for i in range(self.n - 1):
                r, u, x = int(self.distances[i, t]), int(self.partners[i, t]), values[t]
                if u != t and values[u] is None and x is not None:
                    factor = sign * (1 - Fraction(1, r * r))
                    values[u] = x * factor if r > 0 else x / factor
                    queue.append(u)
        return [x for x in values if x is not None]

    @cached_property
    def associator(self) -> tuple[Integers, tuple[Fraction, ...], Fraction]:
        """For a shape that is its own conjugate, T with T R(g) = sgn(g) R(g) T: T v_t = x_t v_t', t' the transposed tableau.

        Its sign is such that the half where T is sqrt(c) has the character (e + sqrt(e h)) / 2 at the standard permutation with
        cycles of the lengths of the diagonal hooks, h their product and e the sign of c; all roots are principal ones.

        Returns
        -------
        The numbers of the t', the x_t, and c with T^2 = c.
        """
        numbers = {t: k for k, t in enumerate(self.rows)}
        turned = np.array([numbers[_transposed(t)] for t in self.rows])
        x = self._spread(Fraction(-1))
        c = x[0] * x[turned[0]]
        hooks = tuple(2 * (row - i) - 1 for i, row in enumerate(self.shape) if row > i)
        M = self.seminormal(standard_element(hooks))
        trace = sum(x[t] * Fraction(str(M[t, turned[t]])) for t in range(self.dim) if self.rows[t][1:2] == (0,))
        return turned, tuple(x if trace * c > 0 else [-y for y in x]), c

    @cached_property
    def _steps(self) -> list[tuple[Array, Array]]:
        """For each i the diagonal 1 / r and the coefficients of the partner's row, (d, 1) arrays of rational numbers."""
        from sympy import QQ

        steps = []
        for i in range(self.n - 1):
            diagonal, other = np.empty((self.dim, 1), dtype=object), np.empty((self.dim, 1), dtype=object)
            for t, (r, u) in enumerate(zip(self.distances[i].tolist(), self.partners[i].tolist(), strict=True)):
                diagonal[t, 0] = QQ(1, r)
                other[t, 0] = QQ(0) if u == t else QQ(1) if r < 0 else QQ(r * r - 1, r * r)
            steps.append((diagonal, other))
        return steps

    def seminormal(self, g: Integers) -> Array:
        """R(g), (d, d) rational numbers, for a permutation of n points."""
        from sympy import QQ

        require_memory(100 * self.dim**2, f"the exact matrix of size {self.dim:,} of the shape {list(self.shape)}")
        M = np.full((self.dim, self.dim), QQ(0), dtype=object)
        M[np.arange(self.dim), np.arange(self.dim)] = QQ(1)
        for i in descents(g):
            diagonal, other = self._steps[i]
            M = diagonal * M + other * M[self.partners[i]]
        return M

    def orthogonal(self, g: Integers) -> Array:
        """The orthogonal form at permutations (..., n) in floats, (..., d, d): products of at most n (n - 1) / 2 sparse matrices."""
        points = np.array(g).reshape(-1, self.n)
        require_memory(32 * len(points) * self.dim**2, f"{len(points):,} matrices of size {self.dim:,}")
        M = np.broadcast_to(np.eye(self.dim), (len(points), self.dim, self.dim)).copy()
        for i in (i for last in range(self.n - 1, 0, -1) for i in range(last)):
            turned = points[:, i] > points[:, i + 1]
            if turned.any():
                points[turned, i : i + 2] = points[turned, i : i + 2][:, ::-1]
                r = self.distances[i][:, None].astype(float)
                part = M[turned]
                M[turned] = part / r + np.sqrt((r - 1) * (r + 1)) / np.abs(r) * part[:, self.partners[i]]
        return M.reshape(*np.shape(g)[:-1], self.dim, self.dim)


def standard_tableaux(shape: Partition) -> list[Partition]:
    """The standard tableaux of a shape, each as the rows that 1, 2, ..., n stand in; lexicographic, the one filled by rows first.

    Examples
    --------
    >>> standard_tableaux((2, 1))
    [(0, 0, 1), (0, 1, 0)]
    """
    n, found = sum(shape), list[Partition]()
    stack: list[tuple[Partition, Partition]] = [((), (0,) * len(shape))]
    while stack:
        rows, filled = stack.pop()
        if len(rows) == n:
            found.append(rows)
            continue
        for i in reversed(range(len(shape))):
            if filled[i] < shape[i] and (i == 0 or filled[i] < filled[i - 1]):
                stack.append(((*rows, i), (*filled[:i], filled[i] + 1, *filled[i + 1 :])))
    return found


@lru_cache(maxsize=512)
def tableaux(shape: Partition) -> Tableaux:
    """The standard tableaux of a shape, made once.

    Raises
    ------
    TooLarge
        If there are too many of them.
    """
    require(
        hook_degree(shape) * sum(shape),
        POINTS,
        f"the standard tableaux of the shape {list(shape)}, times their letters, are",
    )
    return Tableaux(shape)


def _contents(rows: Partition) -> list[int]:
    filled: dict[int, int] = {}
    out = []
    for i in rows:
        out.append(filled.get(i, 0) - i)
        filled[i] = filled.get(i, 0) + 1
    return out


def _swapped(rows: Partition, i: int) -> Partition:
    return (*rows[:i], rows[i + 1], rows[i], *rows[i + 2 :]) if rows[i] != rows[i + 1] else ()


def _transposed(rows: Partition) -> Partition:
    filled: dict[int, int] = {}
    out = []
    for i in rows:
        out.append(filled.get(i, 0))
        filled[i] = filled.get(i, 0) + 1
    return tuple(out)


def descents(g: Integers) -> list[int]:
    """i_1, ..., i_k with g = s_k ... s_1, s_j the transposition of the points i_j and i_j + 1: the swaps that sort g.

    Examples
    --------
    >>> descents(np.array([2, 0, 1]))
    [0, 1]
    """
    images, out = np.asarray(g).tolist(), list[int]()
    for last in range(len(images) - 1, 0, -1):
        for i in range(last):
            if images[i] > images[i + 1]:
                images[i], images[i + 1] = images[i + 1], images[i]
                out.append(i)
    return out


class _Form(Representation):
    """What the two forms share: a group of permutations of n points, a shape, and for A_n a half of it."""

    def __init__(self, group: Group, shape: Partition, half: int = 0) -> None:
        self._group, self.shape, self.half = group, shape, half

    @property
    def group(self) -> Group:
        return self._group

    @property
    def tableaux(self) -> Tableaux:
        """The tableaux of the shape."""
        return tableaux(self.shape)

    @cached_property
    def chosen(self) -> Integers:
        """The numbers of the tableaux that the basis has: all, or for a half those with 2 in the first row."""
        T = self.tableaux
        return np.array([k for k in range(T.dim) if not self.half or T.rows[k][1] == 0])

    @property
    def dim(self) -> int:
        return hook_degree(self.shape) // (2 if self.half else 1)

    @property
    def square(self) -> Fraction:
        """For a half, the number c with entries in Q(sqrt c); 1 else."""
        return self.tableaux.associator[2] if self.half else Fraction(1)

    @property
    def field(self) -> str:
        """Either "real" or "complex": of a half complex where n minus the length of the diagonal is no multiple of 4."""
        diagonal = sum(row > i for i, row in enumerate(self.shape))
        return "complex" if self.half and (sum(self.shape) - diagonal) % 4 else "real"

    def lengths(self) -> list[Fraction]:
        """The squared lengths of the seminormal basis, up to a common factor."""
        norms = self.tableaux.norms
        return [norms[k] for k in self.chosen.tolist()]

    def parts(self, g: Element) -> tuple[Array, Array | None]:
        """(A, B) rational (d, d) with R(g) = A + B / sqrt(c), up to the sign of the half; B is None for a whole."""
        from sympy import QQ

        M = self.tableaux.seminormal(g)
        if not self.half:
            return M, None
        turned, x, _ = self.tableaux.associator
        scale = np.array([QQ(x[k].numerator, x[k].denominator) for k in self.chosen.tolist()], dtype=object)
        return M[np.ix_(self.chosen, self.chosen)], M[np.ix_(self.chosen, turned[self.chosen])] * scale

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        if self.half:
            return point.leaf(self, k)
        return symmetric_value(self.shape, cycle_type(point.power(k)))  # type: ignore[attr-defined]

    def _key(self) -> tuple[object, ...]:
        return self.shape, self.half

    def _name(self) -> str:
        return f"[{','.join(map(str, self.shape))}]{['', '+', '-'][self.half]}"


class SeminormalForm(_Form):
    """Young's seminormal form over Q, or for halves of shapes that are their own conjugates over Q(sqrt c).

    The transposition of i and i + 1 takes v_t to v_t / r + v_u where i + 1 lies r > 0 to the right of i in t (along the
    diagonals) and u is t with the two swapped, v_u to -v_u / r + (1 - 1 / r^2) v_t. A half has the basis
    v_t + x_t v_t' / (+-sqrt c), eigenvectors of the associator T.

    Parameters
    ----------
    group : a group of permutations of n points, which lies in A_n for a half; shape : a partition of n.
    half : 0 for all of the shape, 1 or -1 for the half where T is sqrt(c) or -sqrt(c).

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> R = SeminormalForm(Symmetric(3), (2, 1))
    >>> R.exact([0, 2, 1])
    Matrix([
    [-1/2,   1],
    [ 3/4, 1/2]])

    References
    ----------
    James and Kerber, The Representation Theory of the Symmetric Group (1981), 3.2 and 2.5; P. Headley, On Young's orthogonal form
    and the characters of the alternating group, J. Algebraic Combin. 5 (1996) 127.
    """

    @cached_property
    def _field(self) -> tuple[Domain, Scalar]:
        """The field and 1 / (half sqrt(c)) in it."""
        from sympy import QQ, Rational, sqrt

        c = self.square
        d = c.numerator * c.denominator
        if not self.half:
            return QQ, QQ(1)
        root = sqrt(Rational(c.numerator, c.denominator))
        K = QQ if root.is_Rational else quadratic_field(d)
        return K, K.one / (element(root, K) * self.half)

    def image(self, generator: Generator) -> Image:
        return self.exact_image(self._group.generator_element(generator))

    def exact_image(self, g: Element) -> Image:
        from sympy import QQ

        A, B = self.parts(g)
        K, root = self._field
        rows: dict[int, dict[int, Scalar]] = {}
        for i in range(self.dim):
            row = {}
            for j in range(self.dim):
                x = A[i, j] if K is QQ else K([A[i, j]])
                if B is not None and B[i, j]:
                    x = x + root * (B[i, j] if K is QQ else K([B[i, j]]))
                if x:
                    row[j] = x
            rows[i] = row
        matrix = sparse_matrix(rows, (self.dim, self.dim), K)
        return Monomial.from_domain_matrix(matrix) or matrix

    def evaluate(self, g: Element) -> Array:
        lengths = np.sqrt(np.array([float(q) for q in self.lengths()]))
        values: Array = OrthogonalForm(self._group, self.shape, self.half).evaluate(g) / lengths[:, None] * lengths
        return values

    def _form(self) -> Image | None:
        from sympy import QQ

        rows = {k: {k: QQ(q.numerator, q.denominator)} for k, q in enumerate(self.lengths())}
        return sparse_matrix(rows, (self.dim, self.dim), QQ)

    def __str__(self) -> str:
        return f"seminormal({self._name()})"


class OrthogonalForm(_Form):
    """Young's orthogonal form: the seminormal one with basis vectors of length 1; unitary for the halves of A_n.

    Its entries are rational numbers times square roots of rational numbers. Matrices of generators are exact where these roots lie
    in a field of degree 4; beyond they are floats, `exact(g)` is exact everywhere, and `rational()` is over a small field.

    Parameters
    ----------
    group, shape, half : as for `SeminormalForm`.

    Examples
    --------
    >>> from grouprep import Symmetric
    >>> V = OrthogonalForm(Symmetric(3), (2, 1))
    >>> V.exact(Symmetric(3).generators[1])
    Matrix([
    [1,  0],
    [0, -1]])

    References
    ----------
    James and Kerber (1981), 3.4; Headley (1996).
    """

    @property
    def _small(self) -> bool:
        return bool(np.abs(self.tableaux.distances).max(initial=1) <= _EXACT_DISTANCE)

    def image(self, generator: Generator) -> Image:
        return self.exact_image(self._group.generator_element(generator))

    def exact_image(self, g: Element) -> Image:
        """The exact matrix where its field is small, else floats."""
        return as_image(self.exact(g)) if self._small else self.evaluate(g)

    def exact(self, g: Element) -> Matrix:
        from sympy import Rational, sqrt, zeros

        A, B = self.parts(self._group.read_element(g))
        norms, c, roots = self.lengths(), self.square, dict[Fraction, Scalar]()
        unit = self.half / sqrt(Rational(c.numerator, c.denominator)) if self.half else 0
        matrix = zeros(self.dim, self.dim)
        for i, j in product(range(self.dim), repeat=2):
            if not A[i, j] and (B is None or not B[i, j]):
                continue
            q = norms[i] / norms[j]
            root = roots.get(q)
            if root is None:
                root = roots[q] = sqrt(Rational(q.numerator, q.denominator))
            x = Rational(int(A[i, j].numerator), int(A[i, j].denominator)) * root
            if B is not None:
                x += (Rational(int(B[i, j].numerator), int(B[i, j].denominator)) * unit * root).expand()
            matrix[i, j] = x
        return matrix

    def evaluate(self, g: Element) -> Array:
        values = self.tableaux.orthogonal(np.asarray(g))
        if not self.half:
            return values
        turned, x, c = self.tableaux.associator
        signs = np.array([1.0 if x[k] > 0 else -1.0 for k in self.chosen.tolist()]) * self.half
        upper = values[..., self.chosen, :]
        unit = 1.0 if c > 0 else -1j
        out: Array = upper[..., self.chosen] + upper[..., turned[self.chosen]] * (signs * unit)
        return out

    def _form(self) -> Image | None:
        return Monomial.identity(self.dim)

    def rational(self) -> tuple[Representation, Array]:
        """(R, S): the seminormal form and the diagonal S of the lengths of its basis, V(g) = S R(g) S^-1."""
        R = SeminormalForm(self._group, self.shape, self.half)
        return (self, np.eye(1)) if self.dim == 1 else (R, np.diag(np.sqrt([float(q) for q in self.lengths()])))

    def __str__(self) -> str:
        return self._name()


def specht_images(shape: Partition, perms: Sequence[Perm]) -> list[DomainMatrix]:
    """The matrices of permutations of n points on the Specht module, over the integers, in the basis of standard polytabloids.

    Parameters
    ----------
    shape : a partition of n; perms : permutations (n,).

    Returns
    -------
    One integer matrix (d, d) for each, columns the images of the polytabloids in the order of `standard_tableaux`.

    References
    ----------
    G. D. James, The Representation Theory of the Symmetric Groups, Lecture Notes in Mathematics 682 (1978), sections 4 and 8.
    """
    from sympy import QQ, ZZ
    from sympy.polys.matrices import DomainMatrix

    standard = standard_tableaux(shape)
    numbers = {t: k for k, t in enumerate(standard)}
    columns = [_columns(t) for t in standard]

    def read(images: Sequence[int]) -> DomainMatrix:
        """The coefficients (d, d) at standard tabloids, which fix a vector of the module, of moved polytabloids."""
        rows: dict[int, dict[int, Scalar]] = {}
        for j, t in enumerate(standard):
            for sign, moved in _column_moves(columns[j], t):
                place = [0] * len(t)
                for letter, row in enumerate(moved):
                    place[images[letter]] = row
                k = numbers.get(tuple(place))
                if k is not None:
                    row_k = rows.setdefault(k, {})
                    row_k[j] = row_k.get(j, QQ(0)) + sign
        rows = {i: {j: x for j, x in row.items() if x} for i, row in rows.items()}
        return sparse_matrix(rows, (len(standard), len(standard)), QQ)

    basis = read(range(sum(shape))).to_dense().inv()
    found = [basis * read(np.asarray(p).tolist()).to_dense() for p in perms]
    return [DomainMatrix.convert_to(m, ZZ).to_sparse() for m in found]


def _columns(rows: Partition) -> list[list[int]]:
    """The letters in each column of a tableau."""
    columns: dict[int, list[int]] = {}
    for letter, j in enumerate(_transposed(rows)):
        columns.setdefault(j, []).append(letter)
    return list(columns.values())


def _column_moves(columns: list[list[int]], rows: Partition) -> list[tuple[int, list[int]]]:
    """The tabloids of a polytabloid, as rows of the letters, with their signs."""
    out = [(1, list(rows))]
    for column in columns:
        places = [rows[letter] for letter in column]
        moves = [(_sign(p), [places[k] for k in p]) for p in permutations(range(len(column)))]
        new = []
        for sign, assigned in out:
            for s, moved in moves:
                copy = assigned.copy()
                for letter, row in zip(column, moved, strict=True):
                    copy[letter] = row
                new.append((sign * s, copy))
        out = new
    return out


def _sign(p: Sequence[int]) -> int:
    return -1 if sum(p[i] > p[j] for i in range(len(p)) for j in range(i + 1, len(p))) % 2 else 1
