"""Elements of finite order in the identity component that are monomial matrices, found exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grouprep.linalg import Image, Monomial, as_exact
from grouprep.linalg.matrices import is_exact
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact, sparse_matrix
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["conjugation_representatives", "torsion_elements"]


def torsion_elements(algebra: Sequence[Image]) -> tuple[Monomial, ...]:
    """Monomial ones among 1 + A/c + (A/c)^2 = exp(pi A / (2 c)), for the generators A with A^3 = -c^2 A, c rational.

    Where A is conjugate to earlier generators by the elements found before, so is its element: it follows from them, and is left out.

    Examples
    --------
    >>> from grouprep import SO
    >>> SO(3).torsion[0].to_numpy()
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    >>> len(SO(5).algebra), len(SO(5).torsion)
    (10, 4)
    """
    reached = _Conjugates(algebra)
    found = []
    for k, a in enumerate(algebra):
        h = _quarter_turn(a) if is_exact(a) and k not in reached.numbers else None
        reached.add(k)
        if h is not None:
            found.append(h)
            reached.conjugate_by(h)
    return tuple(found)


def conjugation_representatives(algebra: Sequence[Image], elements: Sequence[Monomial]) -> tuple[int, ...]:
    """Numbers of generators such that every other one is, up to sign, conjugate to one of them by products of the elements.

    What commutes with the elements and with these commutes with all: rho(h) d rho(A) rho(h)^-1 = d rho(h A h^-1).

    Examples
    --------
    >>> from grouprep import SO
    >>> conjugation_representatives(SO(5).algebra, SO(5).torsion)
    (0,)
    """
    reached = _Conjugates(algebra)
    for h in elements:
        reached.conjugate_by(h)
    kept = []
    for k in range(len(algebra)):
        if k not in reached.numbers:
            kept.append(k)
            reached.add(k)
    return tuple(kept)


class _Conjugates:
    """Numbers of generators that are, up to sign, conjugate to some of them by products of some elements."""

    def __init__(self, algebra: Sequence[Image]) -> None:
        self.exact = {k: as_exact(a) for k, a in enumerate(algebra) if is_exact(a)}
        self.known: dict[object, int] = {}
        for k, a in self.exact.items():
            self.known.setdefault(_up_to_sign(a), k)
        self.numbers: set[int] = set()
        self.elements: list[Monomial] = []

    def add(self, k: int) -> None:
        """Generator k, with its conjugates."""
        self._follow([k])

    def conjugate_by(self, h: Monomial) -> None:
        """One more element, and all that it leads to."""
        self.elements.append(h)
        self._follow([self._moved(k, h) for k in self.numbers])

    def _follow(self, queue: list[int]) -> None:
        while queue:
            k = queue.pop()
            if k not in self.numbers:
                self.numbers.add(k)
                queue += [self._moved(k, h) for h in self.elements]

    def _moved(self, k: int, h: Monomial) -> int:
        """The number of h A_k h^-1 up to sign, or k where that is no generator."""
        return self.known.get(_up_to_sign(_conjugated(h, self.exact[k])), k) if k in self.exact else k


def _conjugated(h: Monomial, a: DomainMatrix) -> DomainMatrix:
    """h a h^-1."""
    if not h.is_real:
        return as_exact(h) * a * as_exact(h.inverse()) if a.domain == h.domain else a
    perm, sign = h.perm.tolist(), (1 - 2 * (h.phase != 0)).tolist()
    rows = {
        perm[i]: {perm[j]: x if sign[i] == sign[j] else -x for j, x in row.items()}
        for i, row in from_domain_matrix_rows(a).items()
    }
    return sparse_matrix(rows, a.shape, a.domain)


def _up_to_sign(a: DomainMatrix) -> object:
    """A hashable value, the same for a and -a."""
    rows = from_domain_matrix_rows(a)
    entries = [(i, j, rows[i][j]) for i in sorted(rows) for j in sorted(rows[i])]
    negated = [(i, j, -x) for i, j, x in entries]
    return frozenset((tuple(entries), tuple(negated)))


def _quarter_turn(a: Image) -> Monomial | None:
    from sympy import QQ, sqrt

    A = as_exact(a).to_field()
    square = A * A
    cube = square * A
    ratio = _ratio(cube, A)
    if ratio is None:
        return None
    value = A.domain.to_sympy(-ratio)
    c = sqrt(value) if value.is_Rational and value > 0 else None
    if c is None or not c.is_Rational:
        return None
    scale = A.domain.convert_from(QQ(1) / QQ.from_sympy(c), QQ)
    one = identity_exact(A.shape[0], A.domain)
    return Monomial.from_domain_matrix(one + A.to_sparse() * scale + square.to_sparse() * (scale * scale))


def _ratio(x: DomainMatrix, y: DomainMatrix) -> Scalar:
    """q with x = q y, or None."""
    rows = from_domain_matrix_rows(y)
    for i, row in rows.items():
        for j, value in row.items():
            q = from_domain_matrix_rows(x).get(i, {}).get(j, y.domain.zero) / value
            return q if (x - y * q).is_zero_matrix else None
    return None
