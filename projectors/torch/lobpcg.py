"""The leading singular values of operators that move slowly from step to step, in two narrow products a step.

The block carries the leading right vectors v, the gradients A* A v, and the last directions of search: the three-term
iteration of LOBPCG on A* A. Derivation: docs/formulation/cheap-singular-values.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

__all__ = ["Followed", "follow"]

_SETS = (
    8  # of rows or columns of a product: 2 to 16 take the same time for 1024 x 1024, more is slower for small operators
)
_GROWTH, _MOST = 5e-4, 8  # an iteration that adds less to the value ends the step; so does the last one


class Followed(NamedTuple):
    """Leading singular triples of r operators A, (..., m, n), as far as they are known.

    value : (r, ...), sum of the k leading ||A v_i||, a lower bound on the sum of the k largest singular values.
    u : (r, ..., m, k), A v_i / ||A v_i||, 0 where that is 0; v : (r, ..., n, k), orthonormal.
    block : (r, ..., n, width), the orthonormal blocks of the next step.
    """

    value: torch.Tensor
    u: torch.Tensor
    v: torch.Tensor
    block: torch.Tensor


def _shares(A: torch.Tensor, size: int) -> int:
    """Into how many equal sets a product with a narrow factor is cut: MKL runs it on one thread, but such sets on all of them."""
    if A.device.type != "cpu" or A.ndim != 2 or not A.is_contiguous() or torch.get_num_threads() == 1:
        return 1
    return next((p for p in (_SETS, 4, 2) if size % p == 0), 1)


def _images(A: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """(A S)^T from S^T: with the narrow factor in front MKL is 4 to 18 times as fast."""
    (m, n), p = A.shape[-2:], _shares(A, A.shape[-2])
    if p == 1:
        return rows @ A.mT
    return torch.bmm(rows.expand(p, -1, -1), A.view(p, m // p, n).mT).transpose(0, 1).reshape(-1, m)


def _adjoint_images(A: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """(A* U)^T from U^T."""
    (m, n), p = A.shape[-2:], _shares(A, A.shape[-1])
    rows = rows.conj().resolve_conj()
    if p == 1:
        return (rows @ A).conj()
    return torch.bmm(rows.expand(p, -1, -1), A.view(m, p, n // p).transpose(0, 1)).transpose(0, 1).reshape(-1, n).conj()


@torch.no_grad()
def follow(
    operators: Sequence[torch.Tensor], blocks: torch.Tensor, k: int = 1, most: int | None = None, least: int = 1
) -> Followed:
    """One step: iterations until one adds less than 1 / 2000 to each value, usually a single one.

    An iteration finds the best vectors in the block, and renews the block by gradients, which costs as much again. On the CPU the
    number of iterations depends on the operators; elsewhere, where looking would wait, it is one. Small matrices of all
    operators are treated together, because a training step in between makes the first call of any function slow.

    Parameters
    ----------
    operators : r operators (..., m, n) of one shape, finite, with m and n at least the blocks' width.
    blocks : (r, ..., n, width), orthonormal, from the step before, or random; a third of the columns, at least k, are followed.
    k : how many singular values are added.
    most : iterations at most.
    least : how often the block is renewed at least; with 0 it is kept where its best vectors have hardly changed.

    References
    ----------
    Knyazev, SIAM J. Sci. Comput. 23 (2001): LOBPCG.
    """
    width = blocks.shape[-1] // 3
    looks = operators[0].device.type == "cpu"
    most = (_MOST if looks else 1) if most is None else most
    S = blocks.mT.to(operators[0].dtype)  # blocks are kept by columns, their transposes by rows
    for count in range(1, most + 1):
        images = torch.stack([_images(A, s) for A, s in zip(operators, S.contiguous(), strict=True)])
        top = images.abs().amax(dim=(-2, -1), keepdim=True)
        scale = torch.where(top > 0, top, 1)
        images = images / scale  # squares neither over- nor underflow
        before = torch.linalg.vector_norm(images[..., :k, :], dim=-1).sum(-1)  # the first rows are the old vectors
        _, Y = torch.linalg.eigh(torch.nan_to_num(images.conj() @ images.mT))
        Y = Y.flip(-1)[..., :width].mT
        V, U = Y @ S, Y @ images
        sizes = torch.linalg.vector_norm(U, dim=-1, keepdim=True)
        U = U / torch.where(sizes > 0, sizes, 1)
        value = sizes[..., :k, 0].sum(-1)
        settled = count == most or (looks and bool((value <= before * (1 + _GROWTH)).all()))
        if settled and count > least:
            break
        gradients = torch.stack([_adjoint_images(A, u) for A, u in zip(operators, U, strict=True)])
        gradients = torch.nan_to_num(gradients / scale)
        rows = torch.cat([V, gradients, Y[..., width:] @ S[..., width:, :]], dim=-2)
        S = torch.linalg.qr(rows.mT)[0].mT
        if settled:
            break
    return Followed(value * top[..., 0, 0], U[..., :k, :].mT, V[..., :k, :].mT, S.mT)
