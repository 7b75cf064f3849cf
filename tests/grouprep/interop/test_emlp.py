"""emlp really called: the same groups, the same matrices, the same spans of bases, there and back."""

import functools

import jax
import numpy as np
import pytest
from cases import cases

pytest.importorskip("emlp")

from emlp import groups as eg
from emlp.reps import Scalar, T, V
from emlp.reps.linear_operators import densify
from emlp.reps.product_sum_reps import SumRep

import grouprep
from grouprep import (
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    LieGroup,
    Lorentz,
    Quaternion,
    Representation,
    SpReal,
    Symmetric,
)
from grouprep.interop.emlp import group_from_emlp, group_to_emlp, representation_from_emlp, representation_to_emlp
from grouprep.linalg import as_float
from projectors import Hom

SINGLE = float(np.finfo(np.float32).eps)


def emlp_projector(source, target):
    """emlp's projector on the equivariant maps, and a bound on its error.

    A singular subspace computed in single precision is off by max(m, n) eps ||C|| over the smallest non-zero singular value of
    the constraint matrix C (Golub and Van Loan, section 8.6.1).
    """
    rep = source >> target
    Q = np.asarray(densify(rep.equivariant_basis())).astype(complex)
    sizes = [1.0]
    parts = rep.reps if isinstance(rep, SumRep) else [rep]
    for part in parts:
        if hasattr(part, "G"):
            C = np.asarray(densify(part.constraint_matrix())).astype(complex)
            values = np.linalg.svd(C, compute_uv=False)
            nonzero = values[values > 1e-3 * max(values.max(initial=0), 1)]
            sizes.append(max(C.shape) * (nonzero.max() / nonzero.min() if len(nonzero) else 1))
    return Q @ Q.conj().T, Q.shape[1], 4 * SINGLE * max(sizes)


def our_projector(H):
    X = H.basis().matrices.reshape(len(H.basis()), H.shape[0] * H.shape[1])
    return X.T @ X.conj()


def check_same_span(source, target, dim, group=None):
    ours = [representation_from_emlp(rep, group) for rep in (source, target)]
    H = Hom(*ours, inner="invariant" if all(U.is_unitary for U in ours) else "euclidean")
    theirs, found, bound = emlp_projector(source, target)
    assert H.shape == (target.size(), source.size())
    assert H.dim == found == dim
    assert bound < 0.05
    assert np.abs(our_projector(H) - theirs).max() <= bound
    return H


@functools.cache
def emlp_group(text):
    """One of emlp's groups, made when a test asks for it: emlp takes seconds for some."""
    return eval(text, vars(eg))


CASES = [
    ("SO(3)", V, V, 1),
    ("SO(3)", T(2), V, 1),
    ("SO(3)", T(2), T(2), 3),
    ("SO(3)", V + 2 * Scalar + T(2), T(2) + V, 8),
    ("O(3)", V, T(2), 0),
    ("O(3)", T(2), Scalar + V, 1),
    ("SO(5)", V, V, 1),
    ("SO(5)", Scalar, T(2), 1),
    ("S(4)", V, T(2), 5),
    ("S(4)", T(2) + Scalar, V, 5 + 1),
    ("S(6)", V, V, 2),
    ("S(6)", Scalar, T(2), 2),
    ("D(8)", T(2), T(2), 3),
    ("D(3)", V, T(2), 1),
    ("Z(16)", V, V, 16),
    ("O13()", V, V, 1),
    ("O13()", T(1, 1), Scalar, 1),
    ("SO13p()", V, V.T, 1),
    ("SO13p()", T(2), Scalar, 1),
    ("Cube()", V, V, 3),
    ("Cube()", T(2), Scalar, 3),
    ("Sp(2)", V, V.T, 1),
    ("Sp(2)", V * V.T, V.T * V, 3),
    ("SU(2)", V, V, 1),
    ("SU(2)", V, V.T, 1),
    ("SU(2)", T(2), T(2), 2),
    ("SU(2)", T(1, 1), Scalar + V, 1),
    ("SO(3) * S(4)", V, V, 2),
    ("D(4) * Z(3)", V, V, 3),
]


@pytest.mark.parametrize(("name", "source", "target", "dim"), CASES, ids=[f"{c[0]}: {c[1]} to {c[2]}" for c in CASES])
def test_spans(name, source, target, dim):
    G = emlp_group(name)
    source, target = (Scalar if rep is Scalar else rep(G) for rep in (source, target))
    check_same_span(source, target, dim, G)


def test_products_of_reps_of_two_groups():
    """emlp's tensor product of reps of two groups solves each alone and knows no sum of them; ours is one product group."""
    one, two = eg.SO(3), eg.S(3)
    rep = V(one) * V(two)
    ours = representation_from_emlp(rep)
    assert str(ours) in ("factor(0, defining) * factor(1, natural)",)
    assert ours.group == grouprep.SO(3) * Symmetric(3)
    check_same_span(rep, rep, 2)
    swapped = V(two) * V(one)
    assert representation_from_emlp(swapped).group == Symmetric(3) * grouprep.SO(3)
    check_same_span(swapped, rep, 2, [one, two])
    alone = representation_from_emlp(V(two), [one, two])
    assert alone.group == ours.group
    assert Hom(alone, ours).dim == 0


@cases(
    "build",
    [
        lambda G: (V + Scalar + T(2))(G),
        lambda G: (T(2) + Scalar + V + Scalar)(G),
        lambda G: (V * V.T + V.T)(G),
        lambda G: (V.T * V)(G),
        lambda G: ((V + 2 * Scalar) * (V.T + V))(G),
        lambda G: (V + Scalar)(G) * (V + Scalar)(G),
        lambda G: ((V + Scalar)(G) * V(G)).T,
        lambda G: (V >> T(2))(G),
        lambda G: (V << T(2))(G),
        lambda G: 3 * V(G) + T(1, 1)(G),
        lambda G: V(G) ** 3,
    ],
)
@pytest.mark.parametrize("name", ["SO(3)", "Sp(1)", "SO13p()", "SU(2)", "O(2)"])
def test_matrices_of_lie_group_reps(name, build):
    """rho and drho of the rep are ours at the same element, in emlp's order of the basis."""
    G = emlp_group(name)
    rep = build(G)
    ours = representation_from_emlp(rep)
    rng = np.random.default_rng(0)
    g = group_from_emlp(G).random(1, rng, scale=0.3)[0]
    values = ours(g)
    there = np.asarray(densify(rep.rho(jax.device_put(g))))
    assert ours.dim == rep.size()
    assert np.abs(values - there).max() <= 16 * SINGLE * ours.dim * max(np.abs(values).max(), 1) ** 2
    for A in G.lie_algebra:
        differential = ours.differential(np.asarray(A))
        assert np.abs(differential - np.asarray(densify(rep.drho(A)))).max() <= 16 * SINGLE * max(
            np.abs(differential).max(), 1
        )


def test_orders_that_emlp_interleaves():
    """(V + 1) * (V + 1) in emlp runs through the four blocks entry by entry; the matrices are those of our own product."""
    G = eg.SO(3)
    ours = representation_from_emlp((V + Scalar)(G) * (V + Scalar)(G))
    U = grouprep.SO(3).defining() + grouprep.SO(3).trivial()
    g = grouprep.SO(3).sample(3, np.random.default_rng(1))
    assert np.abs(ours(g) - (U * U)(g)).max() == 0
    assert Hom(ours, U * U).dim == Hom(U * U, U * U).dim
    assert str(representation_from_emlp((T(2) + Scalar + V)(G))) == "defining^2 + trivial + defining"
    assert str(representation_from_emlp((V.T * V)(eg.Sp(1)))) == "dual(defining) * defining"


GROUPS = [
    ("SO(3)", grouprep.SO(3)),
    ("O(3)", grouprep.O(3)),
    ("SO(5)", grouprep.SO(5)),
    ("S(4)", Symmetric(4)),
    ("D(8)", Dihedral(8)),
    ("C(12)", Cyclic(12)),
    ("Z(16)", Cyclic(16)),
    ("O13()", Lorentz()),
    ("Lorentz()", Lorentz()),
    ("Sp(2)", SpReal(4)),
    ("SU(2)", grouprep.SU(2)),
    ("SU(3)", grouprep.SU(3)),
    ("U(2)", grouprep.U(2)),
    ("SO(3) * S(4)", grouprep.SO(3) * Symmetric(4)),
    ("(SO(2) * S(3)) * Z(2)", grouprep.SO(2) * Symmetric(3) * Cyclic(2)),
    ("S(2) * (SO(2) * Z(3))", Symmetric(2) * grouprep.SO(2) * Cyclic(3)),
]


@pytest.mark.parametrize(("name", "here"), GROUPS, ids=str)
def test_groups_of_the_catalogue(name, here):
    there = emlp_group(name)
    assert group_from_emlp(there) == here
    assert representation_from_emlp(V(there)).dim == there.d


def test_other_groups():
    """D(3) of emlp has other mirrors than ours; SO13p is the identity component; emlp's RubiksCube is not the cube's group."""
    odd = group_from_emlp(eg.D(3))
    assert (odd.order, odd.defining().dim) == (6, 2)
    assert odd != Dihedral(3)
    restricted = group_from_emlp(eg.SO13p())
    assert isinstance(restricted, LieGroup)
    assert restricted.components == ()
    assert restricted != Lorentz()
    assert len(group_from_emlp(eg.SO13()).components) == 1
    cube = group_from_emlp(eg.Cube())
    assert (cube.order, cube.degree) == (24, 6)
    assert group_from_emlp(eg.RubiksCube()).order > 10**47
    assert group_from_emlp(eg.Trivial(3)).order == 1
    assert representation_from_emlp(V(eg.Trivial(3))).dim == 3
    assert group_from_emlp(eg.ZksZnxZn(4, 3)).order == 36
    assert group_from_emlp(eg.DkeR3(5)).defining().dim == 3
    for there in (eg.Cube(), eg.Z(5), eg.S(4)):
        group, natural = group_from_emlp(there), representation_from_emlp(V(there))
        assert isinstance(group, FiniteGroup)
        for h in there.discrete_generators:
            matrix = np.asarray(h.to_dense())
            assert np.array_equal(natural(np.argmax(matrix, axis=0)), matrix)


class TwoEmbeddings(eg.Group):
    """Groups that print alike and are not: emlp takes them for equal."""

    def __init__(self, plane):
        A = np.zeros((1, 3, 3))
        A[0, plane[1], plane[0]], A[0, plane[0], plane[1]] = 1, -1
        self.lie_algebra = A
        super().__init__()

    def __repr__(self):
        return "SO(2)"


def test_groups_are_never_told_apart_by_how_they_print():
    a, b = TwoEmbeddings((0, 1)), TwoEmbeddings((1, 2))
    assert a == b  # says emlp
    assert group_from_emlp(a) != group_from_emlp(b)
    assert group_from_emlp(a) != grouprep.SO(2)  # the name says SO(2), the matrices are 3 x 3
    product = representation_from_emlp(V(a), [a, b]).group
    assert [G.n for G in product.factors] == [3, 3]
    one, two = group_to_emlp(group_from_emlp(a)), group_to_emlp(group_from_emlp(b))
    assert one != two
    assert repr(one) != repr(two)


OURS = {
    "D4": lambda: Dihedral(4).defining(),
    "D5 squared": lambda: Dihedral(5).defining() ** 2,
    "S4": lambda: Symmetric(4).natural() ** 2 + Symmetric(4).trivial(),
    "Q8": lambda: Quaternion().defining(),
    "regular": lambda: Dihedral(3).regular(),
    "SO3": lambda: 2 * grouprep.SO(3).defining() + grouprep.SO(3).defining() ** 2,
    "sym2": lambda: grouprep.O(3).defining().symmetric_power(2),
    "dual sym2": lambda: grouprep.SO(3).defining().symmetric_power(2).dual,
    "ext2": lambda: grouprep.SO(4).defining().exterior_power(2),
    "SU2": lambda: grouprep.SU(2).defining() * grouprep.SU(2).defining().conjugate,
    "Lorentz": lambda: Lorentz().defining().dual,
    "Sp": lambda: grouprep.Sp(2).defining(),
    "images": lambda: Representation(grouprep.SO(2), images=[[[0, -2], [2, 0]]]),
}


@pytest.mark.parametrize("name", OURS)
def test_there_and_back(name):
    """The matrices agree, emlp finds our span, and the way back gives the same representation."""
    ours = OURS[name]()
    G = ours.group
    there = representation_to_emlp(ours)
    assert there.size() == ours.dim
    back = representation_from_emlp(there, group_to_emlp(G))
    assert back.group == G
    if ours.is_unitary or name in ("Lorentz", "dual sym2"):
        assert back == ours
    emlp_group = group_to_emlp(G)
    for a, M in zip(G.generator_names, [*emlp_group.lie_algebra, *emlp_group.discrete_generators], strict=True):
        found = there.drho(M) if a.kind == "algebra" else there.rho(M)
        assert np.abs(np.asarray(densify(found)) - as_float(ours.images[a])).max() <= 8 * SINGLE * ours.dim
    if ours.dim <= 9:
        V0 = ours.group.defining()
        base = representation_to_emlp(V0)
        H = Hom(V0, ours, inner="euclidean")
        theirs, found, bound = emlp_projector(base, there)
        assert found == H.dim
        assert np.abs(our_projector(H) - theirs).max() <= bound


@pytest.mark.parametrize("G", [Dihedral(4) * Cyclic(3), grouprep.SO(3) * Symmetric(3)], ids=str)
def test_products_there_and_back(G):
    there = group_to_emlp(G)
    assert there.d == G.factors[0].defining().dim * G.factors[1].defining().dim
    assert group_from_emlp(there) == G
    ours = G.pullback(0, G.factors[0].defining()) * G.pullback(1, G.factors[1].defining())
    assert representation_from_emlp(V(there)) == ours
    rep = representation_to_emlp(ours)
    assert representation_from_emlp(rep, there) == ours
    theirs, found, bound = emlp_projector(rep, rep)
    H = Hom(ours, ours)
    assert found == H.dim
    assert np.abs(our_projector(H) - theirs).max() <= bound


def test_values_of_converted_reps_at_elements():
    ours = Dihedral(4).regular()
    rep = representation_to_emlp(ours)
    for g in Dihedral(4).elements:
        assert np.array_equal(rep.rho(Dihedral(4).defining()(g)), ours(g))
    with pytest.raises(GroupRepError, match="nearest element"):
        rep.rho(2 * np.eye(2))
    power = grouprep.SO(3).defining().symmetric_power(2)
    g = grouprep.SO(3).sample(1, np.random.default_rng(2))[0]
    assert np.abs(representation_to_emlp(power).rho(g) - power(g)).max() == 0
    A = np.tensordot([1.0, 2.0, 3.0], [as_float(a) for a in grouprep.SO(3).algebra], 1)
    assert np.abs(representation_to_emlp(power).drho(A) - power.differential(A)).max() <= 1e-14


class Odd(eg.Group):
    """A generator with an entry that is no recognisable number."""

    def __init__(self):
        self.lie_algebra = np.array([[[0.0, -0.123456789], [1.0, 0.0]]])
        super().__init__()


class OddRep(type(V)):
    """A rep of emlp that is not one of its own."""


def test_refusals():
    with pytest.raises(GroupRepError, match="no emlp group"):
        group_from_emlp(grouprep.SO(3))
    with pytest.raises(GroupRepError, match="no emlp rep"):
        representation_from_emlp(grouprep.SO(3).defining())
    with pytest.raises(GroupRepError, match=r"names no group; give rep\(G\)"):
        representation_from_emlp(T(2))
    with pytest.raises(GroupRepError, match=r"-0\.123456.*from_algebra"):
        group_from_emlp(Odd())
    with pytest.raises(GroupRepError, match="not among the groups given"):
        representation_from_emlp(V(eg.SO(3)), eg.SO(2))
    with pytest.raises(GroupRepError, match="no group of grouprep"):
        group_to_emlp(eg.SO(3))
    with pytest.raises(GroupRepError, match="no representation of grouprep"):
        representation_to_emlp(V(eg.SO(3)))
    G = Dihedral(3) * Cyclic(2)
    with pytest.raises(grouprep.UnsupportedGroup, match="product"):
        representation_to_emlp(G.regular())
