"""Bridges from spaces of equivariant maps to other libraries, one module each; nothing of projectors imports them.

- `projectors.interop.cvxpy`: symmetric semidefinite programs, with variables in the commutant and small blocks.
- `projectors.interop.qutip`: symmetry sectors of Hamiltonians of qutip and quimb.
"""
