"""Laws of groups and representations, to run on your own: plain functions, a pytest suite, hypothesis strategies.

`check_group` and `check_representation` raise AssertionError naming the law that fails; `GroupLaws` is a test class to
subclass; `grouprep.testing.strategies` draws groups and representations (it needs hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from grouprep.representations import Representation
from grouprep.testing.algebra_laws import check_powers, check_products, check_restriction, check_square, check_sums
from grouprep.testing.elements import draw
from grouprep.testing.group_laws import GROUP_LAWS, check_group
from grouprep.testing.representation_laws import (
    check_character,
    check_differential,
    check_dual,
    check_exact,
    check_form,
    check_homomorphism,
    check_images,
    check_representation_copies,
    check_representation_data,
    check_unitary,
)
from grouprep.testing.suites import GroupLaws

__all__ = ["GROUP_LAWS", "REPRESENTATION_LAWS", "GroupLaws", "check_group", "check_representation", "draw"]

REPRESENTATION_LAWS = (
    check_homomorphism,
    check_images,
    check_exact,
    check_dual,
    check_form,
    check_unitary,
    check_differential,
    check_character,
    check_sums,
    check_products,
    check_powers,
    check_square,
    check_restriction,
    check_representation_data,
    check_representation_copies,
)


def check_representation(V: Representation, rng: np.random.Generator | int = 0) -> None:
    """All laws of representations on one.

    Parameters
    ----------
    V : the representation.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_representation(Dihedral(5).defining())
    """
    generator = np.random.default_rng(rng)
    for law in REPRESENTATION_LAWS:
        law(V, generator)
