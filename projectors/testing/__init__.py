"""Laws of Hom(V, W), its projector, its certificates and penalties, to run on your own groups.

`check_hom` and `check_norm` raise AssertionError naming the law that fails; `HomLaws` is a test class to subclass;
`projectors.testing.strategies` draws operators and spaces (it needs hypothesis, the rest does not).
"""

from __future__ import annotations

import numpy as np

from projectors.hom import Hom
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
from projectors.testing.suites import HomLaws

__all__ = ["HOM_LAWS", "NORMS", "HomLaws", "check_hom", "check_norm", "check_subgradient", "random_operators"]

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
