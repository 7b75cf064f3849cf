"""Norms of the equivariant part P(T) and of the residual T - P(T) of an operator, and what they say of the defect."""

from projectors.penalties.base import Norm
from projectors.penalties.bounds import DefectBound, defect_bound
from projectors.penalties.brackets import Bracket, bracket
from projectors.penalties.convolution import kernel_matrix, symbol_bound, torus_norm
from projectors.penalties.entrywise import Entrywise, Frobenius, Induced, Mixed
from projectors.penalties.penalty import penalty, per_block
from projectors.penalties.singular import KyFan, Nuclear, Schatten, Spectral
from projectors.penalties.subspace import State

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
