"""What tests of the kernels share: where triton is, and what a step launches."""

import os
from collections import Counter
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

# What imports triton, which has wheels for Linux alone.
KERNELS = tuple(f"projectors/torch/fast/{name}.py" for name in ("compiled", "gpu", "kernels", "launches"))


def triton_is_here():
    return find_spec("triton") is not None


def require_triton():
    """Skip with a reason where triton is missing; in CI it may not be."""
    if not triton_is_here():
        reason = "triton is not installed; on Linux it belongs to the extra `test`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


def device():
    """Where kernels are tested: a GPU if triton compiles, the CPU if it interprets."""
    return "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"


@contextmanager
def counted():
    """The names of kernels in Triton that are called: they are counted, and not run."""
    from projectors.torch.fast import launches

    found = []

    def counting(name):
        class Counting:
            def __getitem__(self, grid):
                return lambda *args, **kwargs: found.append(name)

        return Counting()

    old = {name: getattr(launches, name) for name in ("sweep", "finish", "ritz")}
    for name in old:
        setattr(launches, name, counting(name))
    try:
        yield found
    finally:
        for name, kernel in old.items():
            setattr(launches, name, kernel)


def launches_of(step):
    """What a step would launch on a device, by name: torch's operations that compute, and kernels in Triton, which are not run."""
    from launches import Launches

    with counted() as found, Launches(strict=False) as operations:
        step()
    return operations.counts + Counter(found)
