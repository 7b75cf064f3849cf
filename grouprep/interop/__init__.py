"""Bridges to other libraries, one module each; nothing of grouprep or projectors imports them.

- `grouprep.interop.emlp`: groups and representations of emlp, both ways.
"""
