"""Layers of a model as operators between representations, free of frameworks: what they are called, how they are stored, what is
recorded of them. The adapters for torch and JAX read weights by it.
"""

from projectors.models.files import load_spec
from projectors.models.layouts import Layout
from projectors.models.measure import EquivarianceError, act, equivariance_error
from projectors.models.report import CheckReport, Finding, PenaltyReport, TermReport
from projectors.models.schedules import Anneal, Constant, Cosine, Linear, Schedule, TargetShare
from projectors.models.specs import AttentionSpec, BilinearSpec, LayerSpec, ParameterSpec, RecurrentSpec
from projectors.models.terms import Term

__all__ = [
    "Anneal",
    "AttentionSpec",
    "BilinearSpec",
    "CheckReport",
    "Constant",
    "Cosine",
    "EquivarianceError",
    "Finding",
    "LayerSpec",
    "Layout",
    "Linear",
    "ParameterSpec",
    "PenaltyReport",
    "RecurrentSpec",
    "Schedule",
    "TargetShare",
    "Term",
    "TermReport",
    "act",
    "equivariance_error",
    "load_spec",
]
