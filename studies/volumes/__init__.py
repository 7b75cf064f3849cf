"""Furniture as voxels: an octahedral symmetry that upright things break by a known share."""
