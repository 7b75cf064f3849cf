"""Norms of the equivariant part P(T) and of the residual T - P(T) of an operator, and what they say of the defect."""

from projectors.penalties.bounds import DefectBound, defect_bound
from projectors.penalties.norms import (
    Entrywise,
    Frobenius,
    Induced,
    KyFan,
    Mixed,
    Norm,
    Nuclear,
    Schatten,
    Spectral,
    State,
)
from projectors.penalties.penalty import penalty

__all__ = [
    "DefectBound",
    "Entrywise",
    "Frobenius",
    "Induced",
    "KyFan",
    "Mixed",
    "Norm",
    "Nuclear",
    "Schatten",
    "Spectral",
    "State",
    "defect_bound",
    "penalty",
]
