"""Frobenius reciprocity, Mackey's formula and the first isomorphism theorem, on groups and subgroups of every kind."""

import pytest
from cases import cases

from grouprep import Cyclic, Dihedral, FiniteGroup, Homomorphism, Symmetric, load_group
from grouprep.testing import LawsFailed, check_group_homomorphism, check_subgroups
from grouprep.testing.homomorphism_laws import check_frobenius_reciprocity

D6, S4, F21 = Dihedral(6), Symmetric(4), load_group("C7:C3")
R, S = D6.generators


@cases(
    "f",
    [
        Homomorphism.inclusion(D6.subgroup([R[R], S]), D6),
        Homomorphism(Cyclic(2), D6, [S]),
        Homomorphism(Cyclic(6), Cyclic(3), [Cyclic(3).generators[0]]),
        Homomorphism(Symmetric(3), S4, [[1, 2, 0, 3], [1, 0, 2, 3]]),
        *F21.embeddings,
        F21.projection,
        Homomorphism.inclusion(FiniteGroup.from_permutations(["(1 2)", "(3 4)"]), S4),
    ],
    ids=str,
)
def test_laws_of_homomorphisms(f):
    check_group_homomorphism(f)


def test_mackey():
    four, three = S4.subgroup(["(1 2 3 4)", "(1 3)"]), S4.subgroup(["(1 2 3)", "(1 2)"])
    inclusions = [Homomorphism.inclusion(H, S4) for H in (four, three)]
    for f in inclusions:
        for k in inclusions:
            check_subgroups(f, k)


def test_a_wrong_induction_fails(monkeypatch):
    """The law of reciprocity sees a representation that is not the induced one."""
    f = Homomorphism(Cyclic(2), D6, [S])
    right = type(f.source.trivial()).induce
    monkeypatch.setattr("grouprep.representations.base.Representation.induce", lambda V, f: right(V.group.trivial(), f))
    with pytest.raises((AssertionError, LawsFailed), match="Hom"):
        check_frobenius_reciprocity(f, None)
