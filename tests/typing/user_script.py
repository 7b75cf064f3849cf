"""What a user writes, and what a type checker tells them of it: checked by `make types`, with mypy and with pyright.

`assert_type` fails where a type is Any. The lines with `type: ignore` have to be wrong: both checkers complain of an
ignore that hides nothing.
"""

from typing import assert_type

import numpy as np
import torch
from numpy.typing import NDArray

from grouprep import SO, Dihedral, Representation
from projectors import Basis, Certificate, Decomposition, ExactBasis, Hom, commutant, decompose
from projectors.penalties import Frobenius, penalty, per_block
from projectors.torch import EquivariancePenalty, LayerSpec, PenaltyReport

G = Dihedral(4)
V = G.regular()
W = V + 2 * G.trivial()
H = Hom(V, W)
assert_type(H, Hom)
assert_type(commutant(V), Hom)
assert_type(W, Representation)
assert_type(V.dim, int)
assert_type(H.dim, int)
assert_type(H.shape, tuple[int, int])
assert_type(H.exact_basis(), ExactBasis)
assert_type(H.basis(), Basis)
assert_type(H.certify(), Certificate)
assert_type(decompose(SO(3).defining() ** 2), Decomposition)
assert_type(decompose(V).multiplicities, tuple[int, ...])

array: NDArray[np.float64] = np.zeros((10, 8))
tensor = torch.zeros(10, 8)
assert_type(H.project(array), NDArray[np.float64])
assert_type(H.residual(array), NDArray[np.float64])
assert_type(H.project(tensor), torch.Tensor)
assert_type(H.residual(tensor), torch.Tensor)

MYPY = False  # which mypy takes for true: sympy, from which the type comes, has none for it
if not MYPY:
    from sympy import Matrix

    assert_type(H.exact_basis()[0], Matrix)
assert_type(penalty(array, H, norm=Frobenius()), NDArray[np.float64])
assert_type(penalty(tensor, H), torch.Tensor)
assert_type(per_block(tensor, H), dict[tuple[str, str], torch.Tensor])
matrices: NDArray[np.float64] = H.basis().matrices
rho: NDArray[np.float64] = V(G.elements[0])

net = torch.nn.Sequential(torch.nn.Linear(8, 10))
pen = EquivariancePenalty(net, {"0": (V, W)})
also = EquivariancePenalty(net, {"0": LayerSpec(V, W)})
assert_type(pen(), torch.Tensor)
assert_type(pen.report(), PenaltyReport)

Hom(V)  # type: ignore[call-arg]
Hom(V, 3)  # type: ignore[arg-type]
V.dim = 3  # type: ignore[misc]
penalty(array, V)  # type: ignore[arg-type]
claims = H.certify().no_such_name  # type: ignore[attr-defined]
name: str = H.dim  # type: ignore[assignment]
