"""Irreps of finite groups over fields no larger than needed: Schur indices, eigenlines, products."""

import numpy as np
import pytest
from cases import cases

from grouprep import Cyclic, Dicyclic, Dihedral, FiniteGroup, Quaternion, Symmetric
from grouprep.irreps.finite import general_family
from grouprep.irreps.finite.schur_index import schur_index
from grouprep.linalg import as_exact, as_float
from grouprep.linalg import matrices as mat
from grouprep.linalg.fields import common_domain, cyclotomic_field, degree, quadratic_field
from grouprep.testing import irrep_laws
from grouprep.testing.irrep_laws import check_rational


def presented(name, generators, relators):
    return FiniteGroup.from_presentation(generators.split(), relators, name=name)


FOUR = presented("C5:C8", "r s", ["r^5", "s^8", "s r s^-1 r^-2"])  # number 3 of order 40
NINE = presented("C9:C8", "r s", ["r^9", "s^8", "s r s^-1 r"])
ELEVEN = presented("C11:C8", "r s", ["r^11", "s^8", "s r s^-1 r"])
THREE = presented("C7:C9", "r s", ["r^7", "s^9", "s r s^-1 r^-2"])
BINARY = presented("SL(2,3)", "s t", ["s^3 t^-3", "s^3 (s t)^-2"])
EIGHT = ["a^4", "a^2 b^-2", "b a b^-1 a", "c a c^-1 a^-1", "c b c^-1 b^-1"]
Q, OMEGA = cyclotomic_field(1), cyclotomic_field(3)

# (degree, Schur index, degree of the field of the character) where the index is not 1: known, or worked out by hand.
INDICES = [
    (Quaternion(), {(2, 2, 1)}),
    (BINARY, {(2, 2, 1)}),
    (FOUR, {(4, 2, 1)}),  # (Q(exp(2 pi i/5)), -1), ramified at 5 and infinity
    (THREE, {(3, 3, 4)}),  # at 7: the order of 7 modulo 9 is 3
    (
        presented("C7 x Q8", "a b c", [*EIGHT, "c^7"]),
        {(2, 2, 1), (2, 2, 6)},
    ),  # 2 has odd order modulo 7, and even modulo 5
    (presented("C5 x Q8", "a b c", [*EIGHT, "c^5"]), {(2, 2, 1)}),
    (Symmetric(4), set()),
    (NINE, {(2, 2, 1), (2, 2, 3)}),  # of the dicyclic quotients
]


@cases("group, larger", INDICES, ids=[str(case[0]) for case in INDICES])
def test_schur_indices(group, larger):
    """They divide the degree, and are those known; the exact form is over a field of that degree."""
    X = general_family(group).characters
    seen = set()
    for k in range(len(X)):
        if int(X.galois[:, k].min()) < k:
            continue
        least, most = schur_index(X, k)
        assert least == most
        assert X.degrees[k] % most == 0
        assert general_family(group).spun[k].seed.extension == most
        if most > 1:
            seen.add((int(X.degrees[k]), most, X.degree(k)))
    assert seen == larger


@cases("group, number, field", [(FOUR, 10, OMEGA), (NINE, 13, None), (ELEVEN, 14, None)], ids=str)
def test_eigenlines(group, number, field):
    """The form over the smaller field: exact, with the values of the character, and with its Gram matrix."""
    family = general_family(group)
    J = family.irrep(f"X{number}", "complex")
    X, k = family.characters, number - 1
    R = J.rational()[0]
    assert len(family.spun[k].seed.terms) > 1
    assert R.domain == (field or X.field(k))
    assert family.spun[k].seed.extension == schur_index(X, k)[1]
    group.prove_homomorphism(R.images)
    for c in group.conjugacy_classes[::5]:
        g = group.elements[c[0]]
        exact = complex(X.found.values[k][int(X.class_of[X.E.number(g)])])
        assert abs(np.trace(as_float(R.exact_image(g))) - exact) <= 1e-12 * J.dim
    for a in group.generator_names:
        m, form = as_exact(R.image(a)), as_exact(R.gram)
        assert mat.equal(mat.matmul(mat.matmul(mat.adjoint(m), form), m), form)


def same(K, L):
    """Whether two domains hold the same numbers up to fractions: fields have several names."""
    return degree(K) == degree(L) == degree(common_domain(K, L))


PRODUCTS = [
    (Quaternion() * Cyclic(3), ("E1", 1), OMEGA, Q),
    (Quaternion() * Cyclic(5), ("E1", 2), cyclotomic_field(5), quadratic_field(5)),
    (Quaternion() * Cyclic(7), ("E1", 3), None, None),  # the index stays 2
    (BINARY * Cyclic(4), ("X5", 1), cyclotomic_field(4), Q),
    (Dicyclic(3) * Cyclic(4), ("E1", 1), cyclotomic_field(4), Q),
    (Dihedral(5) * Quaternion(), ("E2", "E1"), None, quadratic_field(5)),
    (Dicyclic(3) * Cyclic(3), ("E1", 1), OMEGA, Q),
]


@cases("group, label, field, real", PRODUCTS, ids=[f"{case[0]}, {case[1]}" for case in PRODUCTS])
def test_products(group, label, field, real):
    """An index of a factor that becomes trivial over the other's field is not paid for; real forms are over the real subfield."""
    rng = np.random.default_rng(1)
    I = group.irrep(label, "complex")
    R = I.rational()[0]
    if field is not None:
        assert same(R.domain, field)
    check_rational(I, rng)
    J = I.real_form
    if real is not None:
        assert same(J.rational()[0].domain, real)
    check_rational(J, rng)


@cases("n", [3, 5, 6, 7, 9])
def test_real_forms_of_dicyclic_groups(n):
    """Those of type H are over the field of the character, as two copies of the complex irrep always are."""
    for I in Dicyclic(n).irreps("real"):
        if I.type == "H":
            R = I.rational()[0]
            traces = [as_float(R.image(a)).trace() for a in R.group.generator_names]
            assert abs(traces[0] - 4 * np.cos(np.pi * int(I.label[1:]) / n)) <= 1e-14
            check_rational(I, np.random.default_rng(0))


def test_the_law_sees_larger_fields():
    """The form over Q(exp(2 pi i/5)) of C5:C8, which was found before, and one over Q(i) of a rational character, are refused."""
    large = general_family(FOUR).irrep("X10", "complex")
    irrep_laws._check_field(large, OMEGA)
    irrep_laws._check_field(large, quadratic_field(-2))
    with pytest.raises(AssertionError, match="the Schur index is 2"):
        irrep_laws._check_field(large, cyclotomic_field(5))
    with pytest.raises(AssertionError, match="the Schur index is 2"):
        irrep_laws._check_field(large, Q)
    standard = Symmetric(4).irrep("[3,1]", "complex")
    irrep_laws._check_field(standard, Q)
    with pytest.raises(AssertionError, match="the Schur index is 1"):
        irrep_laws._check_field(Symmetric(3).irrep("[2,1]", "complex"), OMEGA)


def test_other_generators_give_the_same_eigenlines():
    r, s = FOUR.generators
    H = FiniteGroup.from_permutations(
        [list(map(int, FOUR.multiply(s, r))), list(map(int, FOUR.multiply(r, r)))], name="others"
    )
    g = FOUR.elements[[3, 17]]
    left, right = (general_family(G).irrep("X10", "complex") for G in (FOUR, H))
    assert np.array_equal(left(g), right(g))
    assert all(mat.equal(left.rational()[0].exact_image(x), right.rational()[0].exact_image(x)) for x in g)


def test_real_numbers_of_a_field():
    """Those of Q(chi) have half its degree, also where the real parts of the values generate less: i sqrt(3), i sqrt(13)."""
    X = general_family(presented("(C13 : C12)", "r s", ["r^13", "s^12", "s r s^-1 r^-2"])).characters
    for k in range(len(X)):
        if X.degree(k) == degree(X.field(k)):
            assert degree(X.real_field(k)) == X.degree(k) / (1 if X.conjugated[k] == k else 2)
