"""Weights that change during training: constant, linear, cosine, to zero, or steered to a target share of the residual."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, exp, isfinite, pi

from grouprep.errors import GroupRepError
from grouprep.summary import Summary
from grouprep.typing import AnyArray
from projectors.arrays import device, namespace

__all__ = ["Anneal", "Constant", "Cosine", "Linear", "Schedule", "TargetShare", "as_schedule"]


def _checked(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise GroupRepError(f"{name} = {value!r:.40}: a finite number >= 0 is needed")
    return value


def _check_steps(steps: object) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise GroupRepError(f"steps = {steps!r:.40}: a positive integer is needed")


class Schedule(Summary, ABC):
    """A weight as a function of the step; immutable.

    `EquivariancePenalty.step` moves it on. A subclass gives `start_value` and `next_value`.
    """

    @property
    @abstractmethod
    def start_value(self) -> float:
        """The weight at step 0."""

    @abstractmethod
    def next_value(self, step: int, value: float, share: float | None) -> float:
        """The weight at a step >= 1.

        Parameters
        ----------
        step : its number.
        value : the weight at the step before.
        share : ||T - P(T)|| / ||T|| as last seen, where `needs_share` asks for it; else None.
        """

    def next_values(self, step: int, values: AnyArray, shares: AnyArray) -> AnyArray:
        """`next_value` of several weights, (n,), in an array library: by their numbers, which waits for an accelerator, unless overridden.

        Parameters
        ----------
        step : its number; values : the weights at the step before; shares : as last seen.
        """
        each = zip(values.tolist(), shares.tolist(), strict=True)
        return namespace(values).asarray(
            [self.next_value(step, value, share) for value, share in each],
            dtype=values.dtype,
            device=device(values),
        )

    @property
    def needs_share(self) -> bool:
        """Whether the schedule reads the share of the residual."""
        return False


@dataclass(frozen=True)
class Constant(Schedule):
    """One weight throughout.

    Examples
    --------
    >>> Constant(0.1).next_value(7, 0.1, None)
    0.1
    """

    value: float

    def __post_init__(self) -> None:
        _checked("value", self.value)

    @property
    def start_value(self) -> float:
        return self.value

    def next_value(self, step: int, value: float, share: float | None) -> float:
        return self.value


@dataclass(frozen=True)
class Linear(Schedule):
    """From start to stop in equal steps, then stop.

    Examples
    --------
    >>> Linear(1.0, 0.0, 4).next_value(1, 1.0, None)
    0.75
    """

    start: float
    stop: float
    steps: int

    def __post_init__(self) -> None:
        _checked("start", self.start)
        _checked("stop", self.stop)
        _check_steps(self.steps)

    @property
    def start_value(self) -> float:
        return self.start

    def next_value(self, step: int, value: float, share: float | None) -> float:
        part = min(step / self.steps, 1.0)
        return self.start + part * (self.stop - self.start)


@dataclass(frozen=True)
class Cosine(Linear):
    """From start to stop along half a cosine wave, then stop.

    Examples
    --------
    >>> round(Cosine(1.0, 0.0, 4).next_value(2, 1.0, None), 12)
    0.5
    """

    def next_value(self, step: int, value: float, share: float | None) -> float:
        part = (1 - cos(pi * min(step / self.steps, 1.0))) / 2
        return self.start + part * (self.stop - self.start)


def Anneal(start: float, steps: int) -> Cosine:
    """From start to zero along half a cosine wave: a network that is free in the end.

    Examples
    --------
    >>> Anneal(1.0, 10).next_value(10, 0.1, None)
    0.0
    """
    return Cosine(start, 0.0, steps)


@dataclass(frozen=True)
class TargetShare(Schedule):
    """Steered so that ||T - P(T)|| / ||T|| comes to a target: multiplied by exp(rate * (share / target - 1)) each step.

    Parameters
    ----------
    target : the share wanted, above 0 and below 1.
    start : the first weight, above 0.
    rate : how fast; the exponent of a step is at most `rate` in size.

    Examples
    --------
    >>> TargetShare(0.1).next_value(1, 1.0, 0.1)
    1.0
    """

    target: float
    start: float = 1.0
    rate: float = 0.01

    def __post_init__(self) -> None:
        for name, value in (("target", self.target), ("start", self.start), ("rate", self.rate)):
            if _checked(name, value) == 0:
                raise GroupRepError(f"{name} must be above 0")
        if self.target >= 1:
            raise GroupRepError(
                f"target = {self.target} must be below 1, the share of an operator without equivariant part"
            )

    @property
    def start_value(self) -> float:
        return self.start

    @property
    def needs_share(self) -> bool:
        return True

    def next_value(self, step: int, value: float, share: float | None) -> float:
        if share is None:
            return value
        return value * exp(self.rate * max(-1.0, min(1.0, share / self.target - 1)))

    def next_values(self, step: int, values: AnyArray, shares: AnyArray) -> AnyArray:
        xp = namespace(values)
        return values * xp.exp(self.rate * xp.clip(shares / self.target - 1, -1.0, 1.0))


def as_schedule(value: object, name: str) -> Schedule:
    """A schedule, or a number >= 0 as a constant one.

    Raises
    ------
    GroupRepError
        If it is neither.
    """
    if isinstance(value, Schedule):
        return value
    return Constant(float(_checked(name, value)))
