"""Representations of groups and their algebra."""

from grouprep.representations.base import Representation

__all__ = ["Representation"]
