"""Laws of Hom(V, W), its projector, certificates and penalties, of decompositions and the spectral frame, for your own groups.

`check_hom`, `check_decompose`, `check_spectral` and `check_norm` raise AssertionError naming the law that fails; `HomLaws` and
`DecompositionLaws` are test classes to subclass; `projectors.testing.strategies` draws operators and spaces (it needs
hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from grouprep.representations import Representation
from projectors.decompose import decompose
from projectors.hom import Hom
from projectors.testing.decomposition_laws import (
    check_decomposition,
    check_decomposition_copies,
    check_exact_decomposition,
    check_frame,
    check_gauge,
    check_mean_spectral_defect,
    check_multiplicities,
    check_reproducible,
    check_schur_solver,
    check_spectral_norms,
)
from projectors.testing.hom_laws import (
    check_adjoint,
    check_basis,
    check_certificate,
    check_change_of_basis,
    check_dimension,
    check_equivariance,
    check_exact_basis,
    check_hom_copies,
    check_projector,
    check_reynolds,
    check_solvers,
    random_operators,
)
from projectors.testing.norm_laws import NORMS, check_norm, check_subgradient
from projectors.testing.penalty_laws import (
    check_defect_bounds,
    check_mean_defect,
    check_penalty,
    check_spectral_penalty,
)
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

HOM_LAWS = (
    check_equivariance,
    check_basis,
    check_exact_basis,
    check_dimension,
    check_projector,
    check_change_of_basis,
    check_reynolds,
    check_adjoint,
    check_solvers,
    check_certificate,
    check_hom_copies,
    check_penalty,
    check_spectral_penalty,
    check_mean_defect,
    check_defect_bounds,
)


def check_hom(H: Hom, rng: np.random.Generator | int = 0) -> None:
    """All laws of a space of equivariant maps, its projector and its penalties.

    Parameters
    ----------
    H : the space.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> G = Dihedral(4)
    >>> check_hom(Hom(G.regular(), G.defining()))
    """
    generator = np.random.default_rng(rng)
    for law in HOM_LAWS:
        law(H, generator)


DECOMPOSITION_LAWS = (
    check_decomposition,
    check_multiplicities,
    check_reproducible,
    check_decomposition_copies,
    check_gauge,
    check_exact_decomposition,
)

SPECTRAL_LAWS = (check_frame, check_spectral_norms, check_mean_spectral_defect, check_schur_solver)


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
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import Dihedral
    >>> check_decompose(Dihedral(5).natural())
    """
    generator = np.random.default_rng(rng)
    D = decompose(V, field)
    for law in DECOMPOSITION_LAWS:
        law(D, generator)


def check_spectral(H: Hom, rng: np.random.Generator | int = 0) -> None:
    """All laws of the spectral frame of a space, and of the solver "schur".

    Parameters
    ----------
    H : the space; with irreps=[...] where those of the group are not known.
    rng : a numpy Generator, or a seed.

    Raises
    ------
    AssertionError
        Naming the law that fails.

    Examples
    --------
    >>> from grouprep import SO
    >>> V = SO(3).defining()
    >>> check_spectral(Hom(V, V**2))
    """
    generator = np.random.default_rng(rng)
    for law in SPECTRAL_LAWS:
        law(H, generator)
