"""Bridges to other libraries, one module each; nothing of grouprep or projectors imports them.

- `grouprep.interop.crystals`: crystals and molecules of ase, pymatgen and spglib.
- `grouprep.interop.e3nn`: irreps of O(3) as e3nn writes them, in its bases, both ways.
- `grouprep.interop.emlp`: groups and representations of emlp, both ways.
- `grouprep.interop.escnn`: groups, representations and field types of escnn in the plane.
- `grouprep.interop.gap`: groups, permutations and character tables as text of GAP.
- `grouprep.interop.graphs`: automorphism groups of graphs of networkx and pynauty.
- `grouprep.interop.qutip`: spin operators and product states in the order of qutip and quimb.
- `grouprep.interop.sympy`: groups of sympy, both ways.
"""
