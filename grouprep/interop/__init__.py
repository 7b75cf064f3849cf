"""Bridges to other libraries, one module each; nothing of grouprep or projectors imports them.

- `grouprep.interop.e3nn`: irreps of O(3) as e3nn writes them, in its bases, both ways.
- `grouprep.interop.emlp`: groups and representations of emlp, both ways.
- `grouprep.interop.escnn`: groups, representations and field types of escnn in the plane.
"""
