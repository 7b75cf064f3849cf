"""What the baselines have in common: a strength with a schedule, a value for the loss, a record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from grouprep.errors import GroupRepError
from grouprep.markup import card, word_table
from projectors.models.schedules import Schedule, as_schedule
from projectors.torch.naming import unwrap

__all__ = ["Baseline", "BaselineReport"]


@dataclass(frozen=True)
class BaselineReport:
    """The detached record of a baseline; `str()` is a table.

    Attributes
    ----------
    total : strength times the sum of the values.
    values : (name, value) pairs, unweighted.
    strength : the weight in the loss.
    step : how often `Baseline.step` was called.
    """

    total: float
    values: tuple[tuple[str, float], ...]
    strength: float
    step: int

    def __getitem__(self, name: str) -> float:
        """The value of that name."""
        for known, value in self.values:
            if known == name:
                return value
        raise KeyError(f"{name}; the values are {', '.join(known for known, _ in self.values)}")

    def _repr_html_(self) -> str:
        return card(f"Baseline {self.total:.4g}", word_table(["", "value"], [(a, f"{x:.4g}") for a, x in self.values]))

    def __str__(self) -> str:
        width = max([5, *(len(name) for name, _ in self.values)])
        lines = [f"{name:{width}}  {value:10.4g}" for name, value in self.values]
        return "\n".join([*lines, f"{'total':{width}}  {self.total:10.4g}  (strength {self.strength:.3g})"])


class Baseline(nn.Module, ABC):
    """A term of a loss that is compared with `EquivariancePenalty`: called for its value, with the same `report`, `step`, `attach`.

    A subclass gives `values`. The model is referenced, never registered.

    Parameters
    ----------
    model : any module; wrappers of torch.compile and of data parallelism are looked through.
    strength : the weight: a number >= 0, or a `Schedule` that does not read the residual's share.

    Raises
    ------
    GroupRepError
        If model is no module, or the strength is neither.
    """

    model: nn.Module

    def __init__(self, model: nn.Module, strength: float | Schedule = 1.0) -> None:
        super().__init__()
        if not isinstance(model, nn.Module):
            raise GroupRepError(f"model must be a torch.nn.Module, got {type(model).__name__}")
        self.__dict__["model"] = unwrap(model)
        self.schedule = as_schedule(strength, "strength")
        if self.schedule.needs_share:
            raise GroupRepError(
                f"strength = {strength!r:.60} reads the share of a residual, which a baseline does not know"
            )
        self.strength = self.schedule.start_value
        self.steps = 0
        self._last: dict[str, torch.Tensor] = {}  # detached; nothing waits for the device before `report`

    @abstractmethod
    def values(self, *batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """The unweighted values by name, each 0-dimensional; `batch` is what the penalty was called with."""

    def forward(self, *batch: torch.Tensor) -> torch.Tensor:
        """The strength times the sum of the values, a 0-dimensional tensor: add it to the loss."""
        values = self.values(*batch)
        self._last = {name: value.detach() for name, value in values.items()}
        return torch.stack(
            [value.float() if value.dtype.itemsize < 4 else value for value in values.values()]
        ).sum() * (self.strength)

    @torch.no_grad()
    def report(self, *batch: torch.Tensor) -> BaselineReport:
        """The detached record: of the batch given, else of the last call.

        Raises
        ------
        GroupRepError
            If neither a batch was given nor the penalty called before, where it needs one.
        """
        if batch or not self._last:
            self.forward(*batch)
        values = tuple((name, float(value)) for name, value in self._last.items())
        return BaselineReport(self.strength * sum(value for _, value in values), values, self.strength, self.steps)

    def step(self) -> None:
        """The end of a training step: moves the schedule."""
        self.steps += 1
        self.strength = self.schedule.next_value(self.steps, self.strength, None)

    def attach(self, optimizer: torch.optim.Optimizer) -> RemovableHandle:
        """Let the optimizer's step end with `step`; returns the hook's handle."""

        def after(optimizer: torch.optim.Optimizer, args: object, kwargs: object) -> None:
            self.step()

        return optimizer.register_step_post_hook(after)
