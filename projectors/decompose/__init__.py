"""Representations split into irreps: decompositions, canonical and reproducible, in floats and exactly."""

from projectors.decompose.decomposition import Decomposition, decompose, ground_field, spectral_frame

__all__ = ["Decomposition", "decompose", "ground_field", "spectral_frame"]
