"""The operations in which a penalty spends its time, as each device does them best."""

import torch

from projectors.torch.fast.base import Fast, Operand
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
    "serving",
]


def implementation_for(device: torch.device) -> Fast:
    """The implementation for a device, with nothing to reuse yet."""
    if device.type == "cpu":
        return Cpu()
    return Plain() if device.type == "mps" else Device()  # mps has no double precision


def serving(fast: Fast) -> Fast:
    """The implementation that serves in this call: a device's, or that of what looks on: torch.func, torch.compile."""
    return Functional() if is_transformed() else Traced() if torch.compiler.is_compiling() else fast
