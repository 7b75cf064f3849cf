"""Products of operators with narrow blocks as torch computes them fastest, for the iteration `projectors.penalties.lobpcg`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import torch

from projectors.penalties import lobpcg
from projectors.penalties.lobpcg import MOST, Followed

__all__ = ["follow"]

_Product: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

_SETS = (
    8  # of rows or columns of a product: 2 to 16 take the same time for 1024 x 1024, more is slower for small operators
)


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
) -> Followed[torch.Tensor]:
    """One step of `projectors.penalties.lobpcg.follow` for several operators, whose small matrices are treated together.

    A training step in between makes the first call of any function slow: together they are called once.

    Parameters
    ----------
    operators : r operators (..., m, n) of one shape, finite, with m and n at least the blocks' width.
    blocks : (r, ..., n, width), orthonormal, from the step before, or random; a third of the columns, at least k, are followed.
    k, least : as there; u, v, the values and the next blocks are stacked in rows (r, ...).
    most : iterations at most. On the CPU the number depends on the operators; elsewhere, where looking would wait, it is one.
    """
    looks = operators[0].device.type == "cpu"
    most = (MOST if looks else 1) if most is None else most

    def some(those: torch.Tensor) -> tuple[_Product, _Product]:
        if operators[0].ndim == 2:
            return _products([A for A, one in zip(operators, those.tolist(), strict=True) if one])
        picked = torch.cat([A[one] for A, one in zip(operators, those, strict=True)])
        return partial(_images, picked), partial(_adjoint_images, picked)

    narrow = some if looks and blocks.shape[:-2].numel() > 1 else None
    return lobpcg.follow(*_products(operators), blocks.to(operators[0].dtype), k, most, least, narrow)


def _products(operators: Sequence[torch.Tensor]) -> tuple[_Product, _Product]:
    def images(S: torch.Tensor) -> torch.Tensor:
        return torch.stack([_images(A, s) for A, s in zip(operators, S.contiguous(), strict=True)])

    def gradients(U: torch.Tensor) -> torch.Tensor:
        return torch.stack([_adjoint_images(A, u) for A, u in zip(operators, U, strict=True)])

    return images, gradients
