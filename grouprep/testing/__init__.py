"""Laws of groups and representations, to run on your own: plain functions, a pytest suite, hypothesis strategies.

`check_group`, `check_representation`, `check_irrep` and `check_irreps` raise AssertionError naming the law that fails;
`GroupLaws` and `IrrepLaws` are test classes to subclass; `grouprep.testing.strategies` draws groups and representations (it
needs hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from grouprep.groups import FiniteGroup, Group
from grouprep.irreps import Irrep
from grouprep.representations import Representation
from grouprep.testing.algebra_laws import check_powers, check_products, check_restriction, check_square, check_sums
from grouprep.testing.elements import draw
from grouprep.testing.group_laws import GROUP_LAWS, check_group
from grouprep.testing.irrep_laws import (
    check_coefficients,
    check_commutant,
    check_completeness,
    check_conjugated,
    check_constituent,
    check_indicator,
    check_irreducible,
    check_irrep_copies,
    check_labels,
    check_orthogonality,
    check_rational,
    check_structure,
    check_unitary_homomorphism,
)
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
from grouprep.testing.suites import GroupLaws, IrrepLaws

__all__ = [
    "GROUP_LAWS",
    "IRREP_LAWS",
    "REPRESENTATION_LAWS",
    "GroupLaws",
    "IrrepLaws",
    "check_group",
    "check_irrep",
    "check_irreps",
    "check_representation",
    "draw",
]

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


IRREP_LAWS = (
    check_unitary_homomorphism,
    check_irreducible,
    check_indicator,
    check_commutant,
    check_structure,
    check_constituent,
    check_conjugated,
    check_rational,
    check_irrep_copies,
)


def check_irrep(I: Irrep, rng: np.random.Generator | int = 0) -> None:
    """All laws of irreps on one.

    Parameters
    ----------
    I : the irrep.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import SU
    >>> check_irrep(SU(2).irrep("1/2"))
    """
    generator = np.random.default_rng(rng)
    for law in IRREP_LAWS:
        law(I, generator)


def check_irreps(G: Group, up_to: int | None = None, rng: np.random.Generator | int = 0) -> None:
    """The laws of all irreps of a group over the real and the complex numbers, and of their lists, labels and characters.

    Parameters
    ----------
    G : a group whose irreps are known.
    up_to : for infinite groups, the largest frequency or spin.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_irreps(Dihedral(3))
    """
    generator = np.random.default_rng(rng)
    for field in ("real", "complex"):
        irreps = G.irreps(field, up_to=up_to)
        check_labels(G, field, up_to)
        check_orthogonality(irreps, generator)
        check_coefficients(irreps, generator)
        for I in irreps:
            check_irrep(I, generator)
    if isinstance(G, FiniteGroup):
        check_completeness(G)
