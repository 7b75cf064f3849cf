"""Compiles the kernels for an H100, where there need be none, and says whether registers spill; run by a test in a process of its own."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from projectors.torch.fast import kernels

TARGET = GPUTarget("cuda", 90, 32)
INTEGERS = {"parts": "*i64", "places": "*i64", "programs": "*i32", "units": "*i64", "cells": "*i32", "ranges": "*i64"}


def compiled(kernel, constants, **types):
    names = kernel.arg_names
    signature = {n: "constexpr" if n in constants else types.get(n) or INTEGERS.get(n, "*fp64") for n in names}
    source = ASTSource(kernel, signature, {(names.index(n),): value for n, value in constants.items()}, {})
    return triton.compile(source, target=TARGET, options={"enable_fp_fusion": True})


def stack_of(kernel):
    """Bytes of the stack, where spilled registers go, by the tools that triton brings along."""
    tool = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        out = subprocess.run(
            [tool, "--dump-resource-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    return sum(map(int, re.findall(r"STACK:(\d+)", out)))


def main():
    spills = 0
    for task, dtype, work in ((kernels.GRADIENT, "bf16", tl.float32), (kernels.MOVE, "fp64", tl.float64)):
        wide = "*fp64" if work == tl.float64 else "*fp32"
        floats = dict.fromkeys(("norms", "others", "slopes", "slants", "steps"), wide)
        flags = {"IN_OUT": False, "SUMS": True, "SQUARED": False, "FIRST": True, "SECOND": True}
        constants = {"WORK": work, "TASK": task, **flags, "S": 8, "BLOCK": 256}
        spills += stack_of(compiled(kernels.sweep, constants, like=f"*{dtype}", out=f"*{dtype}", first="i32", **floats))
    spills += stack_of(
        compiled(kernels.finish, {"GROUPS": 2, "SQUARED": False, "BOTH": True, "BLOCK": 2048}, values="*fp32")
    )
    counts = dict.fromkeys(("width", "leading", "followed"), "i32")
    spills += stack_of(compiled(kernels.ritz, {"WHITEN": False, "SWEEPS": 8, "B": kernels.WIDTH}, **counts))
    print(f"spills: {spills}")


if __name__ == "__main__":
    sys.exit(main())
