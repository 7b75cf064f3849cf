"""Smoke driven by a force whose strength depends on its direction: a known amount of broken symmetry."""
