"""Faults planted on purpose: the harness has to notice each, make its case small, and live on. Not among what is tried by default."""

import os
import signal
import time
from typing import Any
from unittest.mock import patch

import bases
from engine import HELD, Subject
from hypothesis import strategies as st

__all__ = ["SUBJECTS"]


def _wrong(case: Any) -> str:
    assert sum(case) <= 100, f"the sum is {sum(case)}"
    return HELD


def _hostile(case: Any) -> str:
    if case == 7:
        os.kill(os.getpid(), signal.SIGSEGV)
    if case == 8:
        while True:
            pass
    if case == 9:
        bytearray(1 << 30)
    if case == 6:
        time.sleep(3600)
    return HELD


def _trusting(case: Any) -> str:
    """The certificate, without its check that a basis element is equivariant."""
    with patch("projectors.certify.evidence.check_residual"):
        return bases.check_live(case)


SUBJECTS = [
    Subject("planted-wrong", "a wrong answer", st.lists(st.integers(0, 1000), max_size=20), _wrong, imports=()),
    Subject(
        "planted-hostile",
        "crash, loop, memory, sleep",
        st.integers(0, 9),
        _hostile,
        seconds=0.1,
        megabytes=256,
        imports=(),
    ),
    Subject("planted-trusting", "a certificate that trusts", bases.SUBJECTS[0].cases, _trusting),
]
