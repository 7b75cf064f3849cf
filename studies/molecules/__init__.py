"""Dipoles and polarizabilities of QM9 molecules, in a field of known strength that breaks O(3)."""
