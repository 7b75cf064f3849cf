"""What the workers of both sides share: one core, a clock, and one line of JSON as the answer."""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # With OpenBLAS's AVX-512 kernels and one thread, the float32 SVD that emlp calls for S6 on rank-2 tensors gives
    # NaN; with these it works, and faster. Both sides get the same kernels.
    **({"OPENBLAS_CORETYPE": "Haswell"} if platform.machine().lower() in ("x86_64", "amd64") else {}),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "TQDM_DISABLE": "1",
    "JAX_PLATFORMS": "cpu",
}


def pin_to_one_core() -> None:
    """Keep this process and those it starts on one core: XLA takes more threads than its flags allow."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Clock:
    """CPU and wall seconds since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        """The seconds so far."""
        return {"cpu": time.process_time() - self._cpu, "wall": time.perf_counter() - self._wall}


def peak_megabytes() -> float:
    """The largest resident memory of this process so far, libraries included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def answer(result: Mapping[str, Any]) -> None:
    """Hand the result to run.py, as the last line of standard output; what is not finite becomes null."""
    finite = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in result.items()}
    print(json.dumps(finite), flush=True)
