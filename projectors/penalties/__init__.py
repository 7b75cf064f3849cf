"""Norms of the equivariant part P(T) and of the residual T - P(T) of an operator, and what they say of the defect."""

from projectors.penalties.bounds import DefectBound, defect_bound
from projectors.penalties.brackets import Bracket, bracket
from projectors.penalties.convolution import kernel_matrix, symbol_bound, torus_norm
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
from projectors.penalties.penalty import penalty, per_block

__all__ = [
    "Bracket",
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
    "bracket",
    "defect_bound",
    "kernel_matrix",
    "penalty",
    "per_block",
    "symbol_bound",
    "torus_norm",
]
