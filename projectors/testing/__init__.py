"""Laws of Hom(V, W), its projector, certificates and penalties, of decompositions and the spectral frame, for your own groups.

`check_hom`, `check_decompose`, `check_spectral` and `check_norm` raise AssertionError naming the laws that fail; `HomLaws` and
`DecompositionLaws` are test classes to subclass; `projectors.testing.strategies` draws operators and spaces (it needs
hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from grouprep.representations import Representation
from grouprep.testing.laws import laws, require_laws, run_laws
from projectors.decompose import decompose
from projectors.hom import Hom
from projectors.testing import decomposition_laws, hom_laws, penalty_laws  # noqa: F401 - they register their laws
from projectors.testing.hom_laws import random_operators
from projectors.testing.norm_laws import NORMS, check_norm, check_subgradient
from projectors.testing.suites import DecompositionLaws, HomLaws

__all__ = [
    "DECOMPOSITION_LAWS",
    "HOM_LAWS",
    "NORMS",
    "SPECTRAL_LAWS",
    "DecompositionLaws",
    "HomLaws",
    "check_decompose",
    "check_hom",
    "check_norm",
    "check_spectral",
    "check_subgradient",
    "random_operators",
]

HOM_LAWS = laws("space of equivariant maps")
DECOMPOSITION_LAWS = laws("decomposition")
SPECTRAL_LAWS = laws("spectral frame")


def check_hom(H: Hom, rng: np.random.Generator | int = 0) -> None:
    """All laws of a space of equivariant maps, its projector and its penalties.

    Parameters
    ----------
    H : the space.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> G = Dihedral(4)
    >>> check_hom(Hom(G.regular(), G.defining()))
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("space of equivariant maps", H, rng=lambda: generator))


def check_decompose(V: Representation, field: str | None = None, rng: np.random.Generator | int = 0) -> None:
    """All laws of the decomposition of a representation into the known irreps of its group.

    Parameters
    ----------
    V : the representation.
    field : "real" or "complex"; by default that of V.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_decompose(Dihedral(5).natural())
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("decomposition", decompose(V, field), rng=lambda: generator))


def check_spectral(H: Hom, rng: np.random.Generator | int = 0) -> None:
    """All laws of the spectral frame of a space, and of the solver "schur".

    Parameters
    ----------
    H : the space; with irreps=[...] where those of the group are not known.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the laws that fail.

    Examples
    --------
    >>> from grouprep import SO
    >>> V = SO(3).defining()
    >>> check_spectral(Hom(V, V**2))
    """
    generator = np.random.default_rng(rng)
    require_laws(run_laws("spectral frame", H, rng=lambda: generator))
