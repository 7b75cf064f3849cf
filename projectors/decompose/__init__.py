"""Representations split into irreps: decompositions, canonical and reproducible, in floats and exactly."""

from projectors.decompose.decomposition import Decomposition, decompose, decompose_exactly, ground_field, spectral_frame
from projectors.decompose.subduction import Subduction, subduce

__all__ = ["Decomposition", "Subduction", "decompose", "decompose_exactly", "ground_field", "spectral_frame", "subduce"]
