"""explain(): the dimension in words, above all why it is zero."""

import pytest

from grouprep import SO, SU, Cyclic, Dihedral, Symmetric
from projectors import Hom, commutant


def test_a_generator_without_common_eigenvalues():
    text = Hom(Dihedral(4).trivial(), Dihedral(4).defining()).explain()
    assert "Hom(trivial, defining) of D4 has dimension 0." in text
    assert "The generator r has the eigenvalues {1} on trivial and {0-1i, 0+1i} on defining, none in common." in text
    assert "so X = 0" in text
    assert "generator s" not in text  # 1 is an eigenvalue of both


def test_no_common_constituent():
    G = Symmetric(3)
    # sign against the natural representation: every generator shares an eigenvalue, no irrep is common.
    sign = G.natural().exterior_power(3)
    H = Hom(sign, G.natural())
    assert H.dim == 0
    text = H.explain()
    assert "inner product of the characters" in text
    assert "no irreducible constituent in common" in text
    assert "Schur" in text


@pytest.mark.parametrize("G", [SO(3), SU(2)], ids=str)
def test_lie_groups(G):
    text = Hom(G.trivial(), G.defining()).explain()
    assert "dimension 0" in text
    assert len(text.splitlines()) >= 2


def test_a_positive_dimension_is_itemised():
    G = Cyclic(4)
    text = Hom(3 * G.natural() + G.trivial(), 2 * G.natural()).explain()
    assert "dimension 26" in text
    assert "natural -> natural: 4, in 6 places" in text
    assert "trivial -> natural: 1, in 2 places" in text
    assert "dimension 2." in commutant(G.defining()).explain()


@pytest.mark.parametrize(
    ("H", "how"),
    [
        (commutant(Dihedral(4).natural()), "Solved by orbits of index pairs, because all generators are permutations"),
        (commutant(SO(3).defining()), "orbits of monomial elements of the group that its algebra generates first; what they leave"),
        (commutant(SO(3).irrep(5)), "exactly in the rational forms, which V and W have beside their float images"),
        (commutant(SO(3).irrep(2), solver="float"), 'Solved by solver "float", as asked for.'),
    ],
    ids=["orbits", "torsion", "rational", "asked"],
)  # fmt: skip
def test_says_which_solver_was_chosen_and_why(H, how):
    assert how in H.explain()


def test_names_the_pairs_where_they_were_solved_differently():
    G = Dihedral(3)
    text = commutant(G.natural() + G.defining()).explain()
    assert "natural -> natural" in text.splitlines()[-2]
    assert "defining" in text.splitlines()[-1]
