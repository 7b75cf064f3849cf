"""Predict memory before allocating it."""

from __future__ import annotations

import os

from grouprep.errors import TooLarge

__all__ = ["memory_limit", "require_memory"]


def memory_limit() -> int:
    """Half of the machine's memory, in bytes: the most that one result may take."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 4 << 30


def require_memory(count: int, what: str, itemsize: int = 8, remedy: str = "") -> None:
    """Raise TooLarge if count items of itemsize bytes exceed `memory_limit`.

    Examples
    --------
    >>> from grouprep.linalg.memory import require_memory
    >>> require_memory(10**6, "a basis")
    >>> require_memory(10**15, "a basis")
    Traceback (most recent call last):
    ...
    grouprep.errors.TooLarge: a basis would take 10^6 GB; ...
    """
    need, limit = int(count) * itemsize, memory_limit()
    if need > limit:
        hint = f"; {remedy}" if remedy else ""
        size = f"{need / 1e9:,.0f}" if need < 10**15 else f"10^{int(need.bit_length() * 0.30103) - 9}"
        raise TooLarge(f"{what} would take {size} GB; the limit here is {limit / 1e9:,.1f} GB{hint}")
