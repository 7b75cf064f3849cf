"""What tests of the kernels share: where triton is, and what a step launches."""

import os
from importlib.util import find_spec

import pytest

# What imports triton, which has wheels for Linux alone.
KERNELS = tuple(f"projectors/torch/fast/{name}.py" for name in ("gpu", "kernels", "launches"))


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


def launches_of(step):
    """What a step would launch on a device: operations that write memory, and kernels in Triton, which are counted and not run."""
    from torch.utils._python_dispatch import TorchDispatchMode

    from projectors.torch.fast import launches

    counted = []

    class Count(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if not _is_free(func, out):
                counted.append(str(func))
            return out

    def counting(name):
        class Counted:
            def __getitem__(self, grid):
                return lambda *args, **kwargs: counted.append(name)

        return Counted()

    old = {name: getattr(launches, name) for name in ("sweep", "finish", "ritz")}
    for name in old:
        setattr(launches, name, counting(name))
    try:
        with Count():
            step()
    finally:
        for name, kernel in old.items():
            setattr(launches, name, kernel)
    return counted


def _is_free(func, out):
    """Whether an operation only makes a view, or memory."""
    import torch

    name = func._schema.name
    if not isinstance(out, (torch.Tensor, list, tuple)):
        return True
    views = any(a.alias_info is not None and not a.alias_info.is_write for a in func._schema.arguments)
    made = name in (
        "aten::empty",
        "aten::_unsafe_view",
        "aten::new_empty",
        "aten::empty_like",
        "aten::empty_strided",
        "aten::detach",
        "aten::lift_fresh",
    )
    return views or made or "prim::" in name
