"""The leading singular values of operators that move slowly from step to step, in two narrow products a step.

The block carries the leading right vectors v, the gradients A* A v, and the last directions of search: the three-term
iteration of LOBPCG on A* A. Derivation: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

__all__ = ["Followed", "follow"]

_GROWTH, _MOST = 5e-4, 8  # an iteration that adds less to the value ends the step; so does the last one


class Followed(NamedTuple):
    """Leading singular triples of operators A, (..., m, n), as far as they are known.

    value : (...), sum of the k leading ||A v_i||, a lower bound on the sum of the k largest singular values.
    u : (..., m, k), A v_i / ||A v_i||, 0 where that is 0; v : (..., n, k), orthonormal.
    block : (..., n, width), the orthonormal block of the next step.
    """

    value: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    block: torch.Tensor


def _shares(A: torch.Tensor) -> int:
    """Into how many sets of rows a product is cut: one for each thread, because MKL runs products with narrow factors in one."""
    threads = torch.get_num_threads() if A.device.type == "cpu" and A.ndim == 2 and A.is_contiguous() else 1
    return threads if A.shape[-2] % threads == 0 else 1


def _images(A: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    """A S, with the narrow factor in front: MKL is then 4 to 18 times as fast."""
    narrow, p = block.mT.contiguous(), _shares(A)
    if p == 1:
        return (narrow @ A.mT).mT
    parts = torch.bmm(narrow.expand(p, -1, -1), A.view(p, -1, A.shape[-1]).mT)
    return parts.mT.reshape(A.shape[0], -1)


def _adjoint_images(A: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    """A* S."""
    p = _shares(A)
    if p == 1:
        return (block.mH.contiguous() @ A).mH
    parts = block.reshape(p, -1, block.shape[-1]).mH.contiguous()
    return torch.bmm(parts, A.view(p, -1, A.shape[-1])).sum(0).mH


@torch.no_grad()
def follow(A: torch.Tensor, block: torch.Tensor, k: int = 1, most: int | None = None) -> Followed:
    """One step: iterations until one adds less than 1 / 2000 to the value, usually a single one.

    On the CPU the number of iterations depends on the operators; elsewhere, where looking would wait, it is one.

    Parameters
    ----------
    A : operators (..., m, n), finite, with m and n at least the block's width.
    block : (..., n, width), orthonormal, from the step before, or random; a third of its columns, at least k, are followed.
    k : how many singular values are added.
    most : iterations at most.

    References
    ----------
    Knyazev, SIAM J. Sci. Comput. 23 (2001): LOBPCG.
    """
    width = block.shape[-1] // 3
    most = (_MOST if A.device.type == "cpu" else 1) if most is None else most
    S = block.to(A.dtype)
    for count in range(1, most + 1):
        images = _images(A, S)
        top = images.abs().amax(dim=(-2, -1), keepdim=True)
        images = images / torch.where(top > 0, top, 1)  # squares neither over- nor underflow
        before = torch.linalg.vector_norm(images[..., :k], dim=-2).sum(-1)  # the first columns are the old vectors
        _, Y = torch.linalg.eigh(torch.nan_to_num(images.mH @ images))
        Y = Y.flip(-1)[..., :width]
        V, AV = S @ Y, images @ Y
        sizes = torch.linalg.vector_norm(AV, dim=-2, keepdim=True)
        U = AV / torch.where(sizes > 0, sizes, 1)
        gradients = torch.nan_to_num(_adjoint_images(A, U) / torch.where(top > 0, top, 1))
        S = torch.linalg.qr(torch.cat([V, gradients, S[..., width:] @ Y[..., width:, :]], dim=-1))[0]
        value = sizes[..., 0, :k].sum(-1)
        if count < most and bool((value <= before * (1 + _GROWTH)).all()):
            break
    return Followed(value * top[..., 0, 0], U[..., :k], V[..., :k], S)
