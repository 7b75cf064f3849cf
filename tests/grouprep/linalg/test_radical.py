"""Invariant subspaces without a complement, of algebras whose radical is known."""

import pytest
import sympy
from cases import cases

from grouprep import SO, LieGroup, Lorentz, NotUnitary
from grouprep.linalg import as_exact
from grouprep.linalg.convert import to_domain_matrix, to_sympy
from grouprep.linalg.radical import subspace_without_complement
from projectors import decompose

ADDITIVE = [[[0, 1], [0, 0]]]
BOREL = [[[1, 1], [0, 0]], [[0, 1], [0, 0]]]
HEISENBERG = [[[0, 1, 0], [0, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 1], [0, 0, 0]]]
PLANE_MOTIONS = [[[0, -1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [0, 0, 0]]]


@cases(
    "generators, power, expected",
    [
        (ADDITIVE, 1, [[1, 0]]),
        (BOREL, 1, [[1, 0]]),
        (BOREL, 2, [[1, 0, 0, 0], [0, 1, 1, 0]]),  # what is antisymmetric has a complement
        (HEISENBERG, 1, [[1, 0, 0], [0, 1, 0]]),
        (PLANE_MOTIONS, 1, [[1, 0, 0], [0, 1, 0]]),
        ([[[1, 1], [0, 2]]], 1, None),
    ],
)
def test_subspaces(generators, power, expected):
    V = LieGroup.from_algebra(generators).defining() ** power
    matrices = [V.image(a) for a in V.group.generator_names]
    found = subspace_without_complement(matrices)
    assert (None if found is None else to_sympy(found).tolist()) == expected
    if expected is None:
        return
    W = sympy.Matrix(expected)
    S = sympy.eye(V.dim)
    S[0, V.dim - 1], S[V.dim - 1, 0] = 3, 2
    moved = subspace_without_complement([to_domain_matrix(S * to_sympy(as_exact(m)) * S.inv()) for m in matrices])
    assert to_sympy(moved) == (W * S.T).rref()[0]
    rows = ", ".join(f"({', '.join(map(str, row))})" for row in expected)
    with pytest.raises(NotUnitary) as refusal:
        decompose(V)
    assert f"no sum of irreps: the invariant subspace spanned by {rows} has no invariant complement" in str(
        refusal.value
    )


def test_semisimple_but_not_unitary():
    with pytest.raises(NotUnitary, match="sum of irreps that are not unitary, of a group that is not compact"):
        decompose(Lorentz().defining())
    assert subspace_without_complement(list((SO(3).defining() ** 2).images.values())) is None
