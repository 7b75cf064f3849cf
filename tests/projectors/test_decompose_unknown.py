"""Decompositions where no irreps are known, or others than the known ones are given; and without floats."""

import numpy as np
import pytest
import sympy
from cases import cases
from scipy.stats import ortho_group

from grouprep import (
    SU,
    AmbiguousRank,
    Cyclic,
    FiniteGroup,
    GroupRepError,
    IllConditioned,
    Representation,
    Symmetric,
    UnsupportedGroup,
)
from grouprep.irreps.catalogue import find_family
from grouprep.irreps.found import FoundIrrep, found_irreps
from projectors import decompose, decompose_exactly
from projectors.decompose.decomposition import decompose_anew

EPS = float(np.finfo(float).eps)
MATHIEU = FiniteGroup.from_permutations(  # M24: no list of its elements
    [
        "(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23)",
        "(3 17 10 7 9)(4 13 14 19 5)(8 18 11 12 23)(15 20 22 21 16)",
        "(1 24)(2 23)(3 12)(4 16)(5 18)(6 10)(7 20)(8 14)(9 21)(11 17)(13 22)(15 19)",
    ],
    name="M24",
)


def assert_decomposes(D):
    V, U = D.V, D.change_of_basis
    assert np.abs(U.conj().T @ U - np.eye(V.dim)).max() <= 50 * V.dim * EPS
    assert D.error <= 50 * V.dim * EPS
    for a in V.group.generator_names:
        if a.kind == "element":
            g = V.group.generator_element(a)
            assert np.abs(V(g) @ U - U @ D.blocks(g)).max() <= 50 * V.dim * EPS


def test_a_group_of_which_nothing_is_known():
    """M24 is five-fold transitive: two points give 1 + 23, and 1 + 23 + 252 for pairs of them."""
    assert find_family(MATHIEU) is None
    V = MATHIEU.natural()
    D = decompose(V)
    assert D.labels == {"V1": 1, "V2": 1}
    assert [I.dim for I in D.irreps] == [1, 23]
    assert str(D) == "V1 + V2"
    assert_decomposes(D)
    E = decompose(V.exterior_power(2) + 2 * V)
    assert [(I.dim, m, I.type) for I, m in zip(E.irreps, E.multiplicities, strict=True)] == [
        (1, 2, "R"),
        (23, 3, "R"),
        (253, 1, "R"),
    ]
    assert all(isinstance(I, FoundIrrep) for I in E.irreps)
    again = decompose_anew(V, "real")
    assert again.change_of_basis.tobytes() == D.change_of_basis.tobytes()
    with pytest.raises(UnsupportedGroup, match="not known"):
        decompose_exactly(V)
    with pytest.raises(GroupRepError, match="float images"):
        D.exact()


def test_found_irreps_are_representations():
    for G, V in ((MATHIEU, MATHIEU.natural()), (SU(3), SU(3).defining() * SU(3).defining())):
        I = found_irreps(V, "complex")[-1]
        g, h = G.sample(2, np.random.default_rng(0))
        assert np.abs(I(G.multiply(g, h)) - I(g) @ I(h)).max() <= 1e-12
        assert I.is_unitary
        assert I.commutant.shape == (1, I.dim, I.dim)
        assert (I.structure is None) == (I.type == "C")
        assert found_irreps(V, "complex")[-1] == I != found_irreps(V, "complex")[0]


@cases(
    "V, expected",
    [
        (SU(3).defining() ** 3, [(1, 1, "R"), (8, 2, "R"), (10, 1, "C")]),
        (SU(3).defining() * SU(3).defining().dual, [(1, 1, "R"), (8, 1, "R")]),
        (SU(3).defining().symmetric_power(2) * SU(3).defining(), [(8, 1, "R"), (10, 1, "C")]),
    ],
)
def test_lie_groups_by_their_differential(V, expected):
    """Only the differential in another basis is told, and the dimensions are those of the tensor products."""
    G = V.group
    rng = np.random.default_rng(5)
    n = V.dim
    S = sympy.eye(n) + sympy.Matrix(
        n, n, lambda i, j: int(rng.integers(-1, 2)) if i > j and rng.random() < 2 / n else 0
    )
    W = Representation(G, images=list(V.change_basis(S).images.values())) if n <= 9 else V
    for R in (W, V.change_basis(ortho_group.rvs(n, random_state=3))):
        D = decompose_anew(R, "complex", tuple(found_irreps(R, "complex")))
        found = [(I.dim, m, I.type) for I, m in zip(D.irreps, D.multiplicities, strict=True)]
        assert found == expected
        assert D.error <= 1e-10


def test_given_irreps_that_do_not_suffice():
    G = Symmetric(4)
    with pytest.raises(AmbiguousRank, match="the given irreps account for 1 of the 4 dimensions of natural"):
        decompose(G.natural(), irreps=[G.trivial()])


def test_without_floats_where_these_are_lost():
    """Hilbert's matrix is invertible, and floats do not see it."""
    G = Symmetric(3)
    V = (G.regular() + G.natural()).change_basis(sympy.Matrix(9, 9, lambda i, j: sympy.Rational(1, i + j + 1)))
    with pytest.raises(IllConditioned, match=r"decompose_exactly\(V\)"):
        decompose(V)
    E = decompose_exactly(V)
    E.verify()
    assert sorted(iso.irrep.dim for iso in E.isometries) == [1, 1, 1, 2, 2, 2]
    assert decompose_exactly(G.natural()).change_of_basis == decompose(G.natural()).exact().change_of_basis
    signs = [Representation(Cyclic(2), images=[[[x]]], name=str(x)) for x in (1, -1)]
    V = Cyclic(2).natural().change_basis([[1, 10**9], [0, 1]])
    F = decompose_exactly(V, irreps=signs)
    F.verify()
    assert [str(iso.irrep) for iso in F.isometries] == ["1", "-1"]
    with pytest.raises(AmbiguousRank, match="account for 1 of the 2 dimensions"):
        decompose_exactly(V, irreps=signs[:1])
    with pytest.raises(UnsupportedGroup, match="infinite"):
        decompose_exactly(SU(2).defining())
    with pytest.raises(GroupRepError, match="V must be a Representation"):
        decompose_exactly(3)
