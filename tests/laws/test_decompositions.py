"""The public laws of decompositions and spectral frames: every group whose irreps are known, and groups with given irreps."""

import functools

import numpy as np
import pytest
from scipy.stats import ortho_group, unitary_group

from grouprep import SO, SU, Alternating, Cyclic, Dihedral, FiniteGroup, O, Quaternion, Representation, Symmetric, U
from projectors import Hom, decompose
from projectors.testing import DecompositionLaws, check_decompose, check_spectral

SUMS = ("trivial", "defining", "defining^2", "2*defining + trivial", "sym(2, defining)")
REGULAR = (*SUMS, "regular", "natural + 2*regular")
LARGE = ("trivial", "defining", "2*defining + trivial")
PAIRS = (
    ("defining", "defining^2"),
    ("sym(2, defining)", "2*defining + trivial"),
    ("2*defining", "3*defining"),
    ("trivial", "defining^2"),
)
SMALL = (("defining", "2*defining + trivial"), ("2*defining", "defining"))
USER = FiniteGroup.from_permutations({"s": [0, 2, 1, 4, 3, 5], "r": [2, 0, 4, 1, 5, 3]}, name="corners")

GROUPS = {
    **{f"C{n}": (Cyclic(n), REGULAR, PAIRS) for n in (1, 2, 3, 5)},
    "C8": (Cyclic(8), SUMS, PAIRS),
    "C12": (Cyclic(12), ("defining", "regular"), (("regular", "regular"), ("regular", "defining"))),
    **{f"D{n}": (Dihedral(n), REGULAR if n < 5 else SUMS, PAIRS) for n in range(1, 9)},
    "SO2": (SO(2), SUMS, PAIRS),
    "O2": (O(2), SUMS, PAIRS),
    "U1": (U(1), (*SUMS, "defining^2 * conj(defining)"), PAIRS),
    "SO3": (SO(3), SUMS, PAIRS),
    "O3": (O(3), SUMS, PAIRS),
    "SU2": (SU(2), (*SUMS, "conj(defining)"), (*PAIRS, ("conj(defining)", "defining"))),
    "D4xC3": (Dihedral(4) * Cyclic(3), LARGE, SMALL),
    "C3xC4": (Cyclic(3) * Cyclic(4), (*LARGE, "factor(0, natural) * factor(1, natural)"),
              (*SMALL, ("factor(0, natural) * factor(1, natural)", "defining"))),
    "SO3xC3": (SO(3) * Cyclic(3), (*LARGE, "factor(0, defining) * factor(1, defining)"),
               (*SMALL, ("factor(0, defining) * factor(1, natural)", "factor(0, defining) * factor(1, defining)"))),
    "SU2xSU2": (SU(2) * SU(2), (*LARGE, "factor(0, defining) * factor(1, defining)"), SMALL),
    "D3xSO2": (Dihedral(3) * SO(2), (*LARGE, "factor(0, natural) * factor(1, defining)"), SMALL),
    "O3xC2": (O(3) * Cyclic(2), LARGE, SMALL),
    "SO2xSO2": (SO(2) * SO(2), (*LARGE, "factor(0, defining) * factor(1, defining)"),
                (("factor(0, defining) * factor(1, defining)", "factor(0, defining) * factor(1, defining)"),)),
    "Users": (USER, ("natural", "regular"), (("natural", "natural"), ("natural", "regular"))),
}  # fmt: skip

for _name, (_group, _representations, _pairs) in GROUPS.items():
    globals()[f"Test{_name}"] = type(
        f"Test{_name}", (DecompositionLaws,), {"group": _group, "representations": _representations, "pairs": _pairs}
    )


# Irreps that a user gives


@functools.cache
def quaternion_irreps(field):
    """The four characters of Q8 and its faithful irrep: C^2 over the complex numbers, the quaternions themselves over the reals."""
    G = Quaternion()
    characters = [Representation(G, images=[[[a]], [[b]]], name=f"chi{a:+d}{b:+d}") for a in (1, -1) for b in (1, -1)]
    if field == "complex":
        return (*characters, G.defining())
    i = [[0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, 1, 0]]  # left multiplication by i and j on 1, i, j, k
    j = [[0, 0, -1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, -1, 0, 0]]
    return (*characters, Representation(G, images=[i, j], name="quaternions"))


class TestQuaternionComplex(DecompositionLaws):
    group = Quaternion()
    fields = ("complex",)
    irreps = quaternion_irreps("complex")
    representations = ("defining", "defining^2", "2*defining + trivial", "conj(defining)")
    pairs = (("defining", "defining^3"), ("conj(defining)", "2*defining"), ("regular", "defining"))


class TestQuaternionReal(DecompositionLaws):
    group = Quaternion()
    fields = ("real",)
    irreps = quaternion_irreps("real")
    representations = ("regular", "2*regular + trivial", irreps[4], irreps[4] ** 2)
    pairs = (("regular", "regular"), (irreps[4], "2*regular"), (3 * irreps[4], 2 * irreps[4]))


def test_types_of_the_quaternion_irreps():
    G = Quaternion()
    D = decompose(G.regular(), irreps=quaternion_irreps("real"))
    assert [(I.type, I.dim, m) for I, m in zip(D.irreps, D.multiplicities, strict=True)] == [("R", 1, 1)] * 4 + [
        ("H", 4, 1)
    ]
    assert D.irreps[4].commutant.shape == (4, 4, 4)
    D = decompose(G.regular(), "complex", irreps=quaternion_irreps("complex"))
    assert [(I.type, I.dim, m) for I, m in zip(D.irreps, D.multiplicities, strict=True)] == [("R", 1, 1)] * 4 + [
        ("H", 2, 2)
    ]


@functools.cache
def symmetric_irreps():
    """The irreps of S4 from its representations: trivial, sign, the tetrahedron, its twist, and S3 through the three pairings."""
    G = Symmetric(4)
    trivial = G.trivial()
    sign = Representation(
        G, images=[[[np.linalg.det(G.natural()(g)).round().astype(int)]] for g in G.generators], name="sign"
    )
    tetrahedron = standard(G, 4)
    pairings = [frozenset([frozenset([0, k]), frozenset({1, 2, 3} - {k})]) for k in (1, 2, 3)]

    def on_pairings(g):
        return [pairings.index(frozenset(frozenset(int(g[x]) for x in pair) for pair in p)) for p in pairings]

    three = G.permutation(on_pairings)
    two = Representation(G, images=[HEXAGON @ three(g) @ HEXAGON.T for g in G.generators], name="E")
    return (trivial, sign, two, tetrahedron, Representation(
        G, images=[tetrahedron.exact(g) * int(sign(g)[0, 0]) for g in G.generators], name="twist"))  # fmt: skip


HEXAGON = np.array([[np.sqrt(2 / 3), -np.sqrt(1 / 6), -np.sqrt(1 / 6)], [0, np.sqrt(1 / 2), -np.sqrt(1 / 2)]])
CUBE = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])  # the corners of a tetrahedron


def standard(G, n):
    """The permutations of a tetrahedron's corners as orthogonal integer matrices."""
    images = [np.rint(CUBE.T @ G.natural()(g) @ CUBE / n).astype(int) for g in G.generators]
    return Representation(G, images=[m.tolist() for m in images], name="T")


class TestSymmetric(DecompositionLaws):
    group = Symmetric(4)
    irreps = symmetric_irreps()
    representations = ("natural", "regular", "natural^2", "sym(2, natural)", "2*natural + trivial")
    pairs = (("natural", "natural^2"), ("regular", "natural"), ("2*natural", "3*natural"))


@functools.cache
def alternating_irreps(field):
    G = Alternating(4)
    normal = {g.tobytes() for g in G.elements if np.array_equal(g[g], G.identity())}
    three = next(g for g in G.elements if g.tobytes() not in normal)
    cosets = [
        0 if g.tobytes() in normal else 1 if G.multiply(G.inverse(three), g).tobytes() in normal else 2
        for g in G.generators
    ]
    if field == "complex":
        roots = [Representation(G, images=[[[f"zeta(3)^{k * c}"]] for c in cosets], name=f"w{k}") for k in (1, 2)]
        return (G.trivial(), *roots, standard(G, 4))
    turns = [
        [[1, 0], [0, 1]],
        [["-1/2", "-sqrt(3)/2"], ["sqrt(3)/2", "-1/2"]],
        [["-1/2", "sqrt(3)/2"], ["-sqrt(3)/2", "-1/2"]],
    ]
    return (G.trivial(), Representation(G, images=[turns[c] for c in cosets], name="E"), standard(G, 4))


class TestAlternatingReal(DecompositionLaws):
    group = Alternating(4)
    fields = ("real",)
    irreps = alternating_irreps("real")
    representations = ("natural", "regular", "natural^2", "sym(2, natural)")
    pairs = (("natural^2", "natural^2"), ("regular", "natural"), ("2*regular", "regular"))


def test_alternating_over_the_complex_numbers():
    G = Alternating(4)
    irreps = alternating_irreps("complex")
    D = decompose(G.regular(), "complex", irreps)
    assert [(I.label, I.type, m) for I, m in zip(D.irreps, D.multiplicities, strict=True)] == [
        ("trivial", "R", 1), ("w1", "C", 1), ("w2", "C", 1), ("T", "R", 3)
    ]  # fmt: skip
    D.exact().verify()
    check_spectral(Hom(irreps[1] + G.natural(), irreps[2] + 2 * irreps[1] + G.natural(), irreps=irreps))


# Representations in random bases


@pytest.mark.parametrize(
    "V",
    [
        Dihedral(4).regular(),
        Cyclic(5).regular(),
        SO(3).defining() ** 2,
        O(2).defining() ** 2,
        SU(2).irrep("1/2") + SU(2).irrep(1),
    ],
    ids=str,
)
def test_random_orthonormal_bases(V):
    Q = ortho_group.rvs(V.dim, random_state=1)
    moved = V.change_basis(Q)
    check_decompose(moved)
    check_decompose(moved, "complex")
    check_decompose(V.change_basis(unitary_group.rvs(V.dim, random_state=2)))
    check_spectral(Hom(moved, V))


@pytest.mark.parametrize("V", [Dihedral(4).natural(), SO(3).defining(), Cyclic(3).regular(), SU(2).defining()], ids=str)
def test_bases_that_are_not_orthonormal(V):
    moved = V.change_basis(np.eye(V.dim) + 0.5 * np.random.default_rng(3).standard_normal((V.dim, V.dim)))
    assert not moved.is_unitary
    check_decompose(moved)
    check_spectral(Hom(moved, V + V.group.trivial()))
    check_spectral(Hom(V, 2 * moved))
