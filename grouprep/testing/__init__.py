"""Laws of groups and representations, to run on your own: plain functions, a pytest suite, hypothesis strategies.

`check_group`, `check_representation`, `check_irrep`, `check_irreps`, `check_group_homomorphism` and `check_subgroups` raise
AssertionError naming the laws that fail;
`GroupLaws` and `IrrepLaws` are test classes to subclass; `law` registers a law, `laws` lists those of a subject. With
`pytest_plugins = ["grouprep.testing.summary"]` in a conftest.py, pytest ends with a table of the laws that held and of those
that did not apply. `grouprep.testing.strategies` draws groups and representations (it needs hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from grouprep.groups import Group
from grouprep.groups.homomorphism import Homomorphism
from grouprep.irreps import Irrep
from grouprep.irreps.base import Field
from grouprep.representations import Representation
from grouprep.testing import algebra_laws, homomorphism_laws, irrep_laws, representation_laws  # noqa: F401 - they register their laws
from grouprep.testing.elements import draw
from grouprep.testing.group_laws import GROUP_LAWS, check_group
from grouprep.testing.laws import DoesNotApply, LawsFailed, law, laws, require_laws, run_laws
from grouprep.testing.suites import GroupLaws, IrrepLaws

__all__ = [
    "GROUP_LAWS",
    "IRREP_LAWS",
    "REPRESENTATION_LAWS",
    "DoesNotApply",
    "GroupLaws",
    "IrrepLaws",
    "LawsFailed",
    "check_group",
    "check_group_homomorphism",
    "check_irrep",
    "check_irreps",
    "check_representation",
    "check_subgroups",
    "draw",
    "law",
    "laws",
]

REPRESENTATION_LAWS = laws("representation")
IRREP_LAWS = laws("irrep")

_FIELDS: tuple[Field, ...] = ("real", "complex")


def check_representation(V: Representation, rng: np.random.Generator | int = 0) -> None:
    """All laws of representations on one.

    Parameters
    ----------
    V : the representation.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_representation(Dihedral(5).defining())
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("representation", V, rng=lambda: generator))


def check_irrep(I: Irrep, rng: np.random.Generator | int = 0) -> None:
    """All laws of irreps on one.

    Parameters
    ----------
    I : the irrep.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import SU
    >>> check_irrep(SU(2).irrep("1/2"))
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("irrep", I, rng=lambda: generator))


def check_group_homomorphism(f: Homomorphism, rng: np.random.Generator | int = 0) -> None:
    """All laws of homomorphisms on one: among them Frobenius reciprocity where the irreps of both groups are known.

    Parameters
    ----------
    f : the homomorphism.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral, Homomorphism
    >>> G = Dihedral(4)
    >>> check_group_homomorphism(Homomorphism.inclusion(G.subgroup([G.generators[0]]), G))
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("homomorphism", f, rng=lambda: generator))


def check_subgroups(f: Homomorphism, k: Homomorphism, rng: np.random.Generator | int = 0) -> None:
    """All laws of two subgroups of a finite group, given by their inclusions: Mackey's double coset formula.

    Parameters
    ----------
    f, k : inclusions of two subgroups of one group.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral, Homomorphism
    >>> G = Dihedral(3)
    >>> r, s = (Homomorphism.inclusion(G.subgroup([g]), G) for g in G.generators)
    >>> check_subgroups(r, s)
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("pair of subgroups", f, k, rng=lambda: generator))


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
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_irreps(Dihedral(3))
    """
    generator = np.random.default_rng(rng)
    outcomes = []
    for field in _FIELDS:
        irreps = G.irreps(field, up_to=up_to)
        outcomes += run_laws("group with irreps", G, field, up_to, rng=lambda: generator)
        outcomes += run_laws("list of irreps", irreps, rng=lambda: generator)
        for I in irreps:
            outcomes += run_laws("irrep", I, rng=lambda: generator)
    require_laws(outcomes)
