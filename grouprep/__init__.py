"""Groups and their representations, exact and float: the representation layer."""

from grouprep.errors import (
    AmbiguousRank,
    CertificateError,
    DimensionMismatch,
    GroupRepError,
    IllConditioned,
    NotAHomomorphism,
    NotUnitary,
    TooLarge,
    UnsupportedGroup,
)
from grouprep.families import (
    G2,
    SL2C,
    SO,
    SU,
    Alternating,
    Cyclic,
    Dicyclic,
    Dihedral,
    Heisenberg,
    Lorentz,
    O,
    PointGroup,
    Quaternion,
    Sp,
    SpReal,
    Symmetric,
    Torus,
    U,
    specht_module,
)
from grouprep.groups.base import Group
from grouprep.groups.files import load_group
from grouprep.groups.finite import FiniteGroup
from grouprep.groups.homomorphism import Homomorphism
from grouprep.groups.isomorphism import find_isomorphism
from grouprep.groups.lie import LieGroup
from grouprep.groups.registry import GroupFamily, register_family, unregister_family
from grouprep.groups.semidirect import SemidirectProduct, WreathProduct
from grouprep.invariants import molien_coefficients, molien_series
from grouprep.irreps.branching import branching_table
from grouprep.point_groups.molecules import Molecule
from grouprep.representations.base import Representation

__all__ = [
    "G2",
    "SL2C",
    "SO",
    "SU",
    "Alternating",
    "AmbiguousRank",
    "CertificateError",
    "Cyclic",
    "Dicyclic",
    "Dihedral",
    "DimensionMismatch",
    "FiniteGroup",
    "Group",
    "GroupFamily",
    "GroupRepError",
    "Heisenberg",
    "Homomorphism",
    "IllConditioned",
    "LieGroup",
    "Lorentz",
    "Molecule",
    "NotAHomomorphism",
    "NotUnitary",
    "O",
    "PointGroup",
    "Quaternion",
    "Representation",
    "SemidirectProduct",
    "Sp",
    "SpReal",
    "Symmetric",
    "TooLarge",
    "Torus",
    "U",
    "UnsupportedGroup",
    "WreathProduct",
    "branching_table",
    "find_isomorphism",
    "load_group",
    "molien_coefficients",
    "molien_series",
    "register_family",
    "specht_module",
    "unregister_family",
]

__version__ = "0.1.0"
