"""Names of conjugacy classes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["class_names", "letters"]


def class_names(orders: Sequence[int]) -> tuple[str, ...]:
    """The order of the elements and a letter for each class: 1a, 2a, 2b, ....

    Examples
    --------
    >>> from grouprep.character_tables.naming import class_names
    >>> class_names([1, 2, 5, 5])
    ('1a', '2a', '5a', '5b')
    """
    seen: dict[int, int] = {}
    names = []
    for order in orders:
        seen[order] = seen.get(order, -1) + 1
        names.append(f"{order}{letters(seen[order])}")
    return tuple(names)


def letters(k: int) -> str:
    """a, b, ..., z, aa, ab, ... for 0, 1, 2, ....

    Examples
    --------
    >>> from grouprep.character_tables.naming import letters
    >>> letters(0), letters(26)
    ('a', 'aa')
    """
    return (letters(k // 26 - 1) if k >= 26 else "") + chr(ord("a") + k % 26)
