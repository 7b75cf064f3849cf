"""Settings of the whole test run: one BLAS thread, no display, reproducible hypothesis profiles."""

import os

# Before numpy is imported: with several workers, more BLAS threads than cores only slow each other down.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TRITON_INTERPRET", "1")  # before triton is imported; `make test-gpu` says 0

from hypothesis import HealthCheck, settings  # noqa: E402

pytest_plugins = ["grouprep.testing.summary", "selection"]
collect_ignore = [
    "support",
    "typing",
    "mutants",
    "fuzz",
    "packaging",
    "oracles/make_escnn.py",
]  # imported, read by type checkers, run by make; no doctests

settings.register_profile("default", deadline=None, derandomize=True, database=None)
settings.register_profile(
    "ci", settings.get_profile("default"), print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", deadline=None, derandomize=False, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
