"""What a solved space is held as: one class for each structure of a pair, blocks of them, and the views that users know."""

from projectors.structure.base import Structure
from projectors.structure.basis import Basis, ExactBasis
from projectors.structure.blocks import Band, Block, Blocks
from projectors.structure.cells import Cells, Run, cells_of
from projectors.structure.projection import Projection
from projectors.structure.solved import structure_of
from projectors.structure.summands import Summand, summands

__all__ = [
    "Band",
    "Basis",
    "Block",
    "Blocks",
    "Cells",
    "ExactBasis",
    "Projection",
    "Run",
    "Structure",
    "Summand",
    "cells_of",
    "structure_of",
    "summands",
]
