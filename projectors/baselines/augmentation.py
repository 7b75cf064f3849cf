"""Data augmentation by random group elements."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from grouprep.errors import DimensionMismatch, GroupRepError
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import Element
from projectors.baselines.actions import Action, Pool
from projectors.baselines.base import Baseline
from projectors.models.measure import on_entries
from projectors.models.schedules import Schedule

__all__ = ["Augmentation", "AugmentedLoss"]


class Augmentation(Summary):
    """Moves every sample of a batch by its own random group element, and its target with it where that is equivariant.

    Parameters
    ----------
    V : representation of a sample: on its entries, or on its channels (pixels follow the plane).
    W : representation of a target, likewise; None: targets are invariant (class labels) and stay.
    generator : where the elements of Haar measure come from.
    pool : draw so many elements once, and choose among them for each batch (see `Pool`); None: anew for each batch.

    Raises
    ------
    DimensionMismatch
        If V and W belong to different groups, or do not fit the batch.
    UnsupportedGroup
        If the group has no sampler.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import Augmentation
    >>> move = Augmentation(Cyclic(4).trivial(), generator=torch.Generator().manual_seed(0))
    >>> x, target = move(torch.arange(32.0).reshape(2, 1, 4, 4), torch.tensor([3, 5]))
    >>> x.shape, float(x.sum()), target
    (torch.Size([2, 1, 4, 4]), 496.0, tensor([3, 5]))

    References
    ----------
    Chen, Dobriban and Lee, A group-theoretic framework for data augmentation, JMLR 21 (2020).
    """

    def __init__(
        self, V: Representation, W: Representation | None = None, *, generator: torch.Generator, pool: int | None = None
    ) -> None:
        if W is not None and V.group != W.group:
            raise DimensionMismatch(f"V is a representation of {V.group}, W of {W.group}; one element moves both")
        self.V, self.W, self.generator = V, W, generator
        self.pool = Pool(V.group, generator, pool)
        self._actions: dict[tuple[Representation, torch.Size], Action] = {}

    def _moved(self, V: Representation, elements: list[Element], x: torch.Tensor) -> torch.Tensor:
        key = V, x.shape[1:]
        if key not in self._actions:
            self._actions[key] = Action(on_entries(V, x.shape[1:]))
        return self._actions[key].each(elements, x)

    def __call__(self, x: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(g x, g target), one g a sample; x (batch, ...), target (batch, ...)."""
        if not len(x):
            return x, target
        elements = self.pool.take(len(x), x.device)
        return self._moved(self.V, elements, x), target if self.W is None else self._moved(self.W, elements, target)


class AugmentedLoss(Baseline):
    """The loss on a batch moved by random group elements: `pen(x, target)`.

    Parameters
    ----------
    model : the model.
    loss : (outputs, targets) -> a 0-dimensional tensor.
    augmentation : what moves the batch.
    strength : as in `Baseline`.

    Examples
    --------
    >>> import torch
    >>> from grouprep import Cyclic
    >>> from projectors.baselines import AugmentedLoss, Augmentation
    >>> move = Augmentation(Cyclic(3).natural(), generator=torch.Generator().manual_seed(0))
    >>> pen = AugmentedLoss(torch.nn.Linear(3, 2), torch.nn.functional.cross_entropy, move)
    >>> pen(torch.randn(5, 3), torch.zeros(5, dtype=torch.int64)).ndim
    0

    References
    ----------
    Chen, Dobriban and Lee, A group-theoretic framework for data augmentation, JMLR 21 (2020).
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        augmentation: Augmentation,
        strength: float | Schedule = 1.0,
    ) -> None:
        super().__init__(model, strength)
        self.__dict__["loss"], self.augmentation = loss, augmentation

    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """From a batch (x, target)."""
        if len(batch) != 2:
            raise GroupRepError("an AugmentedLoss needs the batch: pen(x, target)")
        x, target = self.augmentation(*batch)
        return {"augmented": self.__dict__["loss"](self.model(x), target)}
