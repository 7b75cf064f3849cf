"""A pytest plugin: after a run, a table of the laws that were asked, how often each held, and why it did not apply.

In a conftest.py at the root of the tests::

    pytest_plugins = ["grouprep.testing.summary"]

It reads what the test classes record about each item, so it works with pytest-xdist as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from grouprep.testing.suites import PROPERTY

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_terminal_summary", "table"]


def table(entries: Iterable[tuple[str, str, str]]) -> list[str]:
    """A line for each law, in the order in which they were met.

    entries : (subject, law, reason why it does not apply; empty where it held).

    Examples
    --------
    >>> for line in table(
    ...     [("group", "words", ""), ("group", "words", "the group is infinite"), ("irrep", "exact", "")]
    ... ):
    ...     print(line)
    group
      words                   1 held, 1 did not apply: the group is infinite (1)
    irrep
      exact                   1 held
    """
    counts: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for subject, law, reason in entries:
        counts[subject][law][reason] += 1
    lines = []
    for subject, found in counts.items():
        lines.append(subject)
        for law, reasons in found.items():
            held = reasons.pop("", 0)
            line = f"  {law:<22} {held:>2,} held" if held else f"  {law:<22} never held"
            if reasons:
                why = "; ".join(f"{reason} ({n:,})" for reason, n in reasons.most_common())
                line += f", {sum(reasons.values()):,} did not apply: {why}"
            lines.append(line)
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, if an item has run laws."""
    entries = [
        (subject, law, reason)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, found in report.user_properties
        if name == PROPERTY
        for subject, law, reason in found
    ]
    if entries:
        terminalreporter.write_sep("=", "laws")
        for line in table(entries):
            terminalreporter.write_line(line)
