"""Bridges from spaces of equivariant maps to other libraries, one module each; nothing of projectors imports them.

- `projectors.interop.cvxpy`: symmetric semidefinite programs, with variables in the commutant and small blocks.
- `projectors.interop.e3nn`: e3nn's linear layers as operators and spaces.
- `projectors.interop.qutip`: symmetry sectors of Hamiltonians of qutip and quimb.
- `projectors.interop.scipy`: projectors as linear operators, bases and projections as sparse arrays.
- `projectors.interop.sklearn`: ridge regression with separate penalties on the equivariant part and on the rest.
- `projectors.interop.xarray`: projections that keep dimensions, coordinates and attributes.
"""
