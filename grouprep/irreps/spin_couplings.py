"""Intertwiners between tensor products of spins in their rational forms, by Clebsch-Gordan coefficients: exact, nothing is solved."""

from __future__ import annotations

from functools import lru_cache
from math import comb, prod
from typing import TYPE_CHECKING

from grouprep.irreps.clebsch_gordan import coupling_integers
from grouprep.irreps.rational_spin import RationalSpin
from grouprep.linalg.sparse import from_domain_matrix_rows, identity_exact, kron_exact, matmul_exact, sparse_matrix
from grouprep.representations.base import Representation
from grouprep.representations.composite import Tensor
from grouprep.typing import Scalar

if TYPE_CHECKING:
    from sympy.polys.matrices import DomainMatrix

__all__ = ["coupled_rows"]


def coupled_rows(V: Representation, W: Representation) -> DomainMatrix | None:
    """A basis of Hom_G(V, W) for tensor products V and W of rational spins, as rational rows (dim, dim W * dim V).

    The factors are coupled one after the other. V -> J -> W by each way to J in V and each in W is one basis element.

    Parameters
    ----------
    V, W : representations of SU(2), SO(3) or O(3).

    Returns
    -------
    None if V or W is something else, or of real forms of half-integer spins.

    Examples
    --------
    >>> from grouprep import SO
    >>> R = SO(3).irrep(1).rational()[0]
    >>> coupled_rows(R * R, R).shape
    (1, 27)

    References
    ----------
    Varshalovich, Moskalev, Khersonskii (1988), section 8.1; docs/formulation/coupling.md.
    """
    left, right = _spins(V), _spins(W)
    if left is None or right is None:
        return None
    forms = {R.V.form for R in left + right if R.V.two_j}
    if len(forms) > 1 or "realified" in forms:
        return None
    from sympy import QQ

    size, rows = V.dim * W.dim, []
    if prod(R.V.parity for R in left) == prod(R.V.parity for R in right):
        field = "real" if "real" in forms else "complex"
        down, up = ([R.V.two_j for R in side] for side in (left, right))
        wanted = _spins_of(down) & _spins_of(up)
        onto, into = _chains(down, field, True, wanted), _chains(up, field, False, wanted)
        rows = [P if len(up) == 1 else matmul_exact(E, P) for J, P in onto for other, E in into if J == other]
    flat: dict[int, dict[int, Scalar]] = {
        k: {i * V.dim + j: x for i, row in from_domain_matrix_rows(X).items() for j, x in row.items()}
        for k, X in enumerate(rows)
    }
    return sparse_matrix(flat, (len(rows), size), QQ)


def _spins(V: Representation) -> list[RationalSpin] | None:
    """The factors of a tensor product, if all are rational spins."""
    parts = V.parts if isinstance(V, Tensor) else (V,)
    spins = [R for R in parts if isinstance(R, RationalSpin)]
    return spins if len(spins) == len(parts) else None


def _spins_of(spins: list[int]) -> set[int]:
    """Twice the spins in the tensor product."""
    found = {spins[0]}
    for s in spins[1:]:
        found = {K for J in found for K in range(abs(J - s), J + s + 1, 2)}
    return found


def _chains(spins: list[int], field: str, onto: bool, wanted: set[int]) -> list[tuple[int, DomainMatrix]]:
    """(2 J, X) for every way to couple all the spins to a J in `wanted`, from the left.

    X maps the tensor product onto J, or J into it.
    """
    from sympy import QQ

    if len(spins) == 1:
        return [(spins[0], identity_exact(spins[0] + 1, QQ))] if spins[0] in wanted else []
    before, s = spins[:-1], spins[-1]
    needed = {J for K in wanted for J in range(abs(K - s), K + s + 1, 2)}
    out: list[tuple[int, DomainMatrix]] = []
    for J, X in _chains(before, field, onto, needed):
        whole = None if len(before) == 1 else kron_exact(X, identity_exact(s + 1, QQ))
        for K in sorted(wanted & set(range(abs(J - s), J + s + 1, 2))):
            step = _step(J, s, K, field, onto)
            if whole is not None:
                step = matmul_exact(step, whole) if onto else matmul_exact(whole, step)
            out.append((K, step))
    return out


@lru_cache(maxsize=256)
def _step(a: int, b: int, c: int, field: str, onto: bool) -> DomainMatrix:
    """The map of the product of the spins a / 2 and b / 2 onto c / 2, or of c / 2 into it, in the rational forms.

    With V = S R S^-1 it is S^-1 C S for the isometry C of Clebsch-Gordan coefficients, without the one root that all its entries
    have in common: n / (binom(a, i1) binom(b, i2)), or n / binom(c, i) into the product. Real harmonics, which are longer by
    sqrt 2 where m is not 0, leave factors 2 and 1/2.
    """
    from sympy import QQ

    (i1, i2, i), values = coupling_integers(a, b, c, field)
    rows: dict[int, dict[int, Scalar]] = {}
    for x, y, z, n in zip(i1.tolist(), i2.tolist(), i.tolist(), values.tolist(), strict=True):
        first, second, third = 2 * x != a, 2 * y != b, 2 * z != c
        if onto:
            doubled = field == "real" and first and not third
            rows.setdefault(z, {})[x * (b + 1) + y] = QQ((1 + doubled) * n, comb(a, x) * comb(b, y))
        else:
            halved = field == "real" and first and second
            rows.setdefault(x * (b + 1) + y, {})[z] = QQ(n, (1 + halved) * comb(c, z))
    size = (a + 1) * (b + 1)
    return sparse_matrix(rows, (c + 1, size) if onto else (size, c + 1), QQ)
