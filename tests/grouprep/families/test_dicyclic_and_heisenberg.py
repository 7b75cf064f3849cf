"""Dicyclic, quaternion and Heisenberg groups, and products of them: types, real forms, fields, characters."""

import numpy as np
import pytest
from cases import cases

from grouprep import (
    Alternating,
    Cyclic,
    Dicyclic,
    GroupRepError,
    Heisenberg,
    Quaternion,
    Symmetric,
    TooLarge,
    load_group,
)
from grouprep.groups.matrix_groups import act_on_vectors
from grouprep.linalg import as_exact
from grouprep.testing import check_irrep, check_irreps
from projectors import Hom, decompose


@cases("G", [Quaternion(), Dicyclic(3), Heisenberg(3)], ids=str)
def test_laws(G):
    check_irreps(G)


def test_laws_of_a_product_of_quaternionic_irreps():
    for over in ("real", "complex"):
        check_irrep((Quaternion() * Quaternion()).irrep(("E1", "E1"), over))


def test_the_quaternion_group_is_dicyclic():
    Q = Quaternion()
    assert Dicyclic(2) == Q
    assert load_group("Dic2") == Q
    assert load_group("Q8") == Q
    assert [(I.label, I.type, I.dim) for I in Q.irreps()] == [
        ("A1", "R", 1), ("A2", "R", 1), ("B1", "R", 1), ("B2", "R", 1), ("E1", "H", 4)
    ]  # fmt: skip
    i, j = Q.generators
    assert [int(Q.irrep("A2").exact(g)[0, 0]) for g in (i, j)] == [1, -1]
    assert Q.irrep("E1", "complex").exact(i) == Q.defining().exact(i)
    V = Q.irrep("E1")
    assert len(V.commutant) == Hom(V, V).dim == 4
    assert decompose(Q.regular()).labels == {"A1": 1, "A2": 1, "B1": 1, "B2": 1, "E1": 1}


@cases("n", [1, 2, 5, 6, 9])
def test_dicyclic_groups(n):
    G = Dicyclic(n)
    a, x = G.generators
    assert G.order == 4 * n
    assert np.array_equal(G.multiply(G.multiply(x, a), G.inverse(x)), G.inverse(a))
    L = G.irreps("complex")
    assert sum(I.dim**2 for I in L) == 4 * n
    assert len(L) == len(G.conjugacy_classes) == n + 3
    squares = sum(np.array_equal(g[g], np.arange(G.degree)) for g in G.elements)
    assert sum(I.indicator * I.dim for I in L) == squares
    if n > 1:
        assert [I.type for I in L if I.label[0] == "E"] == ["H" if k % 2 else "R" for k in range(1, n)]
        assert {I.type for I in L if I.label[0] == "B"} == {"C" if n % 2 else "R"}


@cases("p", [3, 5, 7])
def test_heisenberg_groups(p):
    G = Heisenberg(p)
    L = G.irreps("complex")
    assert (G.order, sorted({I.dim for I in L}), len(L)) == (p**3, [1, p], p * p + p - 1)
    assert sum(I.dim**2 for I in L) == p**3
    assert sum(I.indicator * I.dim for I in L) == 1  # of the elements, 1 alone is its own inverse
    x, y = G.generators
    z = G.multiply(G.multiply(y, x), G.inverse(G.multiply(x, y)))
    for k in (1, p - 1):
        V = G.irrep(k, "complex")
        assert np.abs(V(z) - np.exp(2j * np.pi * k / p) * np.eye(p)).max() <= 1e-15
        assert V.conjugated == G.irrep(p - k, "complex")
        assert str(V.domain) == f"QQ<zeta{p}>"
        G.prove_homomorphism(V.images)
    assert G.irrep((1, 2)).dim == 2
    assert G.irrep("1").dim == 2 * p
    assert G.irrep((0, 0)).dim == 1
    assert (G.defining() ** 2).multiplicities() == {"2": p}


@cases(
    "G, label, type_, dim",
    [
        (Quaternion() * Cyclic(3), ("E1", 1), "C", 4),
        (Quaternion() * Quaternion(), ("E1", "E1"), "R", 4),
        (Quaternion() * Dicyclic(3), ("E1", "E1"), "R", 4),
        (Dicyclic(3) * Dicyclic(3), ("B1", "B2"), "C", 2),
        (Heisenberg(3) * Cyclic(3), (1, 1), "C", 6),
        (Alternating(4) * Alternating(4), ("[2,2]+", "[2,2]-"), "C", 2),
        (Symmetric(4) * Quaternion(), ((2, 2), "E1"), "H", 8),
        (Symmetric(3) * Heisenberg(3), ("[2,1]", (0, 1)), "C", 4),
    ],
    ids=lambda case: f"{case[0]}-{case[1]}",
)
def test_products(G, label, type_, dim):
    V = G.irrep(label)
    assert (V.type, V.dim, len(V.commutant)) == (type_, dim, {"R": 1, "C": 2, "H": 4}[type_])
    g, h = G.sample(2, np.random.default_rng(0))
    assert np.abs(V(g) @ V(h) - V(G.multiply(g, h))).max() <= 1e-14
    assert np.abs(V(g) @ V(g).T - np.eye(dim)).max() <= 1e-14
    assert np.abs(V.commutant @ V(g) - V(g) @ V.commutant).max() <= 1e-14
    G.prove_homomorphism(V.images)
    total = V.character.values if G.order <= 600 else None
    if total is not None:
        sizes = np.array([len(c) for c in G.conjugacy_classes])
        assert (abs(total) ** 2 * sizes).sum() / G.order == pytest.approx(len(V.commutant), abs=1e-12)


def test_bad_sizes():
    for make, bad, message in (
        (Dicyclic, 0, "n >= 1"),
        (Dicyclic, 2.5, "n >= 1"),
        (Heisenberg, 2, "n >= 3"),
        (Heisenberg, 9, "odd prime"),
        (Quaternion, 3, "Dicyclic"),
    ):
        with pytest.raises(GroupRepError, match=message):
            make(bad)
    for make in (Dicyclic, Heisenberg):
        with pytest.raises(TooLarge):
            make(10**6)
    with pytest.raises(GroupRepError, match=r"nearest are \(0, 0\), \(0, 1\)"):
        Heisenberg(3).irrep((0, 5))


def test_monomial_matrices_make_the_group_that_dense_ones_make():
    """Each permutation stands for its matrix, and is found from it, over fields where roots of unity are sums."""
    one, other = [["zeta(12)", 0], [0, -1]], [[0, "zeta(3)"], ["I", 0]]
    perms, action = act_on_vectors([one, other], None, 10_000)
    assert len(perms[0]) == 24
    for p, m in zip(perms, action.images, strict=True):
        assert action.exact(p) == as_exact(m)
        assert np.array_equal(action.permutation(m), p)
