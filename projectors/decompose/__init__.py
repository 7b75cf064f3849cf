"""Representations split into irreps: decompositions, canonical and reproducible, in floats and exactly."""

from projectors.decompose.decomposition import Decomposition, decompose, decompose_exactly, ground_field, spectral_frame

__all__ = ["Decomposition", "decompose", "decompose_exactly", "ground_field", "spectral_frame"]
