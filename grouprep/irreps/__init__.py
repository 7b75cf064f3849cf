"""Irreducible representations."""
