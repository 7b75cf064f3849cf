"""Which tests `make test-fast` leaves out. A plugin: what a conftest.py ignores is ignored in its own folder alone."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

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
