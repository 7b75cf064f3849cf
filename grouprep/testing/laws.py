"""The registry of laws, each entered once, and running all that are known of one subject.

A law is a function check_...(subject, rng, ...) that raises AssertionError where it fails. One that cannot be asked of a
subject (a group too large to list, images that are floats) returns `DoesNotApply` with the reason. What it compares goes
through `grouprep.testing.bounds`, which counts: a law that compared nothing and gives no reason has not held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from grouprep.errors import GroupRepError
from grouprep.testing.bounds import comparisons

__all__ = ["INFINITE", "DoesNotApply", "Law", "LawsFailed", "Outcome", "law", "laws", "require_laws", "run_laws"]


@dataclass(frozen=True)
class DoesNotApply:
    """What a law returns that cannot be asked of its subject.

    reason : in a few words, without the names of the subject, so that equal reasons can be counted.
    """

    reason: str


INFINITE = "the group is infinite"

Law = Callable[..., DoesNotApply | None]
LawT = TypeVar("LawT", bound=Law)

_LAWS: dict[str, dict[str, Law]] = {}


def law(*subjects: str) -> Callable[[LawT], LawT]:
    """Register a function check_NAME as the law NAME of each of these subjects.

    Raises
    ------
    GroupRepError
        If a law of that name is registered for the subject.

    Examples
    --------
    >>> from grouprep.testing import law, laws
    >>> @law("knot")
    ... def check_crossings(K, rng): ...
    >>> laws("knot") == (check_crossings,)
    True
    """

    def register(check: LawT) -> LawT:
        name = check.__name__.removeprefix("check_")
        for subject in subjects:
            known = _LAWS.setdefault(subject, {})
            if name in known:
                raise GroupRepError(f'the law "{name}" of a {subject} is registered twice')
            known[name] = check
        return check

    return register


def laws(subject: str) -> tuple[Law, ...]:
    """The laws of a subject, such as "representation", in the order in which they were registered."""
    return tuple(_LAWS[subject].values())


@dataclass(frozen=True)
class Outcome:
    """What came of one law: it held, it did not apply (with the reason), or it failed (with the error)."""

    subject: str
    law: str
    reason: str | None = None
    error: Exception | None = None

    @property
    def held(self) -> bool:
        """Whether the law was asked and holds."""
        return self.reason is None and self.error is None


class LawsFailed(ExceptionGroup[Exception], AssertionError):
    """The laws that failed, each named, with the error of each."""

    def derive(self, excs: Sequence[Exception], /) -> LawsFailed:  # type: ignore[override] # it holds no others
        """A part of them, for `except*`."""
        return LawsFailed(self.message, excs)


def run_laws(subject: str, *arguments: object, rng: Callable[[], np.random.Generator]) -> list[Outcome]:
    """All laws of a subject, one after the other; those that fail stop none of the others.

    Parameters
    ----------
    subject : what the laws are registered for.
    arguments : what they take: the object itself, then what stands after the random generator.
    rng : called once for each law, makes its random generator.
    """
    return [_outcome(subject, name, check, arguments, rng()) for name, check in _LAWS[subject].items()]


def _outcome(subject: str, name: str, check: Law, arguments: tuple[object, ...], rng: np.random.Generator) -> Outcome:
    before = comparisons()
    try:
        answer = check(arguments[0], rng, *arguments[1:])
        if answer is None and comparisons() == before:
            raise AssertionError("it compares nothing, and gives no reason why it does not apply")
    except Exception as error:  # whatever a law meets is reported under its name, and the others still run
        return Outcome(subject, name, error=error)
    return Outcome(subject, name, reason=None if answer is None else answer.reason)


def require_laws(outcomes: Iterable[Outcome]) -> None:
    """Raise `LawsFailed`, which is an AssertionError, if a law failed, and AssertionError if no law applied."""
    outcomes = list(outcomes)
    failed = [(o, o.error) for o in outcomes if o.error is not None]
    if failed:
        lines = [f'the law "{o.law}" of a {o.subject} fails: {_described(error)}' for o, error in failed]
        raise LawsFailed("\n".join(lines), [error for _, error in failed])
    if not any(o.held for o in outcomes):
        reasons = "; ".join(f"{o.law}: {o.reason}" for o in outcomes)
        raise AssertionError(f"no law applies ({reasons or 'there is none'})")


def _described(error: Exception) -> str:
    return str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
