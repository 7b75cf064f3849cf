"""Bounds on the number of intertwiners, by stabilisers and by peakwords, against the spaces that linear algebra finds."""

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    SU,
    Alternating,
    Cyclic,
    Dihedral,
    FiniteGroup,
    Lorentz,
    O,
    Quaternion,
    Representation,
    Symmetric,
)
from grouprep.errors import TooLarge
from grouprep.linalg import Monomial, as_image
from grouprep.linalg.matrices import size
from grouprep.linalg.nullspace import sparse_nullspace
from grouprep.linalg.orbits import trivial_space
from grouprep.linalg.peakwords import peakword_bound
from grouprep.linalg.sparse import stack_exact
from grouprep.linalg.stabilisers import monomial_bound
from grouprep.linalg.sylvester import exact_constraint


def dimension(pairs):
    """By sparse elimination of the whole constraint."""
    everything = trivial_space((size(pairs[0][1]), size(pairs[0][0])))
    return sparse_nullspace(stack_exact([exact_constraint(everything, a, b) for a, b in pairs])).shape[0]


def images(V, W):
    return [(V.images[a], W.images[a]) for a in V.group.generator_names]


def random_monomials(seed):
    """Two random permutation groups with random phases, of one set of generators: nothing is a representation of anything else."""
    rng = np.random.default_rng(seed)
    n, m, modulus = rng.integers(1, 7), rng.integers(1, 6), int(rng.integers(1, 5))

    def matrix(k):
        return Monomial(rng.permutation(k), rng.integers(0, modulus, k), modulus)

    return [(matrix(n), matrix(m)) for _ in range(rng.integers(1, 4))]


@cases("seed", range(60))
def test_random_monomial_matrices(seed):
    pairs = random_monomials(seed)
    found = dimension(pairs)
    assert monomial_bound(pairs, found) == found
    assert monomial_bound(pairs, 0) == found
    assert peakword_bound(pairs, found) >= found


def character(k):
    return Representation(Cyclic(60), images=[Monomial([0], [k], 60)])


PAIRS = {
    "signed": lambda: (Symmetric(4).natural().exterior_power(2), Symmetric(4).natural() ** 2),
    "phases": lambda: (Quaternion().defining() ** 2, Quaternion().regular()),
    "many orbits of columns": lambda: (3 * Dihedral(3).regular() + 2 * Dihedral(3).trivial(), Dihedral(3).natural()),
    "nothing in common": lambda: (character(7), character(11)),
    "characters of a large modulus": lambda: (
        2 * character(7) + character(11),
        character(11) + character(7) + character(13),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_stabilisers_count_in_both_directions(name):
    pairs = images(*PAIRS[name]())
    for given in (pairs, [(b, a) for a, b in pairs]):
        assert monomial_bound(given, 0) == dimension(given)


EXACT = {
    "S4 regular": lambda: (Symmetric(4).regular(), Symmetric(4).regular()),
    "A5 by words of degree five": lambda: (Alternating(5).regular(), Alternating(5).natural()),
    "C31, irreps only over an extension": lambda: (Cyclic(31).natural(), Cyclic(31).natural()),
    "C37, from a sum": lambda: (2 * Cyclic(37).natural(), Cyclic(37).natural()),
    "SU(2)": lambda: (SU(2).defining() ** 3, SU(2).defining() ** 3),
    "SO(4)": lambda: (SO(4).defining() ** 2, SO(4).defining() ** 2),
    "O(3)": lambda: (O(3).defining() ** 3, O(3).defining()),
    "SO(2), many weights": lambda: (SO(2).defining() ** 3, SO(2).defining() ** 3),
    "Lorentz, not compact": lambda: (Lorentz().defining() ** 2, Lorentz().defining() ** 2),
    "D5 over a real field": lambda: (Dihedral(5).defining() ** 2, Dihedral(5).regular()),
    "nothing in common": lambda: (O(3).defining() ** 3, O(3).defining() ** 2),
}


@pytest.mark.parametrize("name", EXACT)
def test_peakwords_count_semisimple_intertwiners(name):
    pairs = images(*EXACT[name]())
    found = dimension(pairs)
    assert peakword_bound(pairs, found) == found


def test_peakwords_bound_what_is_not_semisimple():
    """The shift commutes with its three powers; kernels of words generate it only one after the other, each with its own choice."""
    shift = as_image([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    assert dimension([(shift, shift)]) == 3
    assert 3 <= peakword_bound([(shift, shift)], 3) <= 9


def test_too_large_for_dense_matrices():
    huge = Monomial(np.arange(100_000))
    with pytest.raises(TooLarge, match="GB"):
        peakword_bound([(huge, huge)], 1)


def test_groups_that_cannot_be_listed():
    """Lambda^2 of M22, S12 and M12, and the points of S300: dimensions by hand, in far less than a listing would take."""
    M12 = FiniteGroup.from_permutations(
        ["(1 2 3 4 5 6 7 8 9 10 11)", "(3 7 11 8)(4 10 5 6)", "(1 12)(2 11)(3 6)(4 8)(5 9)(7 10)"], degree=12
    )
    for V, found in [
        (Symmetric(12).natural().exterior_power(2), 2),
        (M12.natural().exterior_power(2), 2),
        (Symmetric(300).natural(), 2),
        (Cyclic(600).natural(), 600),
    ]:
        assert monomial_bound(images(V, V), found) == found
        assert monomial_bound(images(V, V), found - 1) == found
