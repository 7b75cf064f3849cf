"""Settings of the whole test run: one BLAS thread, no display, reproducible hypothesis profiles."""

import os
import re
from pathlib import Path

# Before numpy is imported: with several workers, more BLAS threads than cores only slow each other down.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("MPLBACKEND", "Agg")

from hypothesis import HealthCheck, settings  # noqa: E402

pytest_plugins = ["grouprep.testing.summary"]
collect_ignore = [
    "support",
    "typing",
    "mutants",
    "fuzz",
]  # imported by tests, read by type checkers, run by make; no doctests

settings.register_profile("default", deadline=None, derandomize=True, database=None)
settings.register_profile(
    "ci", settings.get_profile("default"), print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", deadline=None, derandomize=False, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

ROOT = Path(__file__).resolve().parent.parent

# What `make test-fast` leaves out: whatever loads torch, jax or emlp, whatever runs documents, notebooks and the command, and
# the laws over all groups but a few of each kind. Tests elsewhere that take more than a second carry the mark themselves.
SLOW = (
    "grouprep/interop",
    "projectors/baselines",
    "projectors/demo",
    "projectors/jax",
    "projectors/torch",
    "tests/grouprep/families/test_new_family.py",
    "tests/grouprep/interop",
    "tests/projectors/adapters",
    "tests/projectors/penalties",
    "tests/projectors/test_cli.py",
    "tests/projectors/test_cli_help.py",
    "tests/projectors/test_cli_refusals.py",
    "tests/projectors/test_projection.py",
    "tests/projectors/test_report.py",
    "tests/projectors/test_spectral.py",
    "tests/test_benchmarks.py",
    "tests/test_fuzz.py",
    "tests/test_house.py",
    "tests/test_notebooks.py",
)
FAST_LAWS = {"C2", "C5", "D3", "D4", "S3", "Q8", "SO2", "SO3", "O2", "D3xC2", "Skew", "Torus", "Lorentz"}


def _is_slow(path):
    return path.is_relative_to(ROOT) and path.relative_to(ROOT).as_posix().startswith(SLOW)


def pytest_ignore_collect(collection_path, config):
    """Without the slow tests, what they alone import is not imported either."""
    return True if config.option.markexpr == "not slow" and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items):
    """Mark what is slow as a whole."""
    for item in items:
        law = item.path.parent.name == "laws" and item.cls is not None
        if _is_slow(item.path) or (law and re.sub("^Test(Hom)?", "", item.cls.__name__) not in FAST_LAWS):
            item.add_marker("slow")
