"""All subjects, by name."""

from importlib import import_module

from engine import Subject, Tally, search

__all__ = ["search_named", "subjects"]

_MODULES = ("groups", "forgeries", "bases", "files", "command_line", "penalties", "following", "planted")


def subjects() -> dict[str, Subject]:
    """All subjects, by name; the packages are imported when a case is judged."""
    return {s.name: s for module in _MODULES for s in import_module(module).SUBJECTS}


def search_named(name: str, seed: int, cases: int | None, seconds: float | None) -> Tally:
    """`engine.search`, in a process that knows names alone."""
    return search(subjects()[name], seed, cases, seconds)
