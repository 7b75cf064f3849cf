"""The operations in which a penalty spends its time, as each device does them best."""

from importlib.util import find_spec

import torch

from projectors.torch.fast.base import Fast, Operand, in_rows
from projectors.torch.fast.cpu import Cpu
from projectors.torch.fast.device import Device
from projectors.torch.fast.functional import Functional, is_transformed
from projectors.torch.fast.plain import Plain
from projectors.torch.fast.traced import Traced, first_block

__all__ = [
    "Cpu",
    "Device",
    "Fast",
    "Functional",
    "Operand",
    "Plain",
    "Traced",
    "first_block",
    "implementation_for",
    "in_rows",
    "serving",
]


def implementation_for(device: torch.device) -> Fast:
    """The implementation for a device, with nothing to reuse yet."""
    if device.type == "cpu":
        return Cpu()
    if device.type == "cuda" and find_spec("triton") is not None:
        from projectors.torch.fast.gpu import Gpu

        return Gpu()
    return Plain() if device.type == "mps" else Device()  # mps has no double precision


def serving(fast: Fast) -> Fast:
    """The implementation that serves in this call: a device's, or that of what looks on: torch.compile, torch.func."""
    if is_transformed():
        return Functional()
    return fast.compiled or Traced() if torch.compiler.is_compiling() else fast
