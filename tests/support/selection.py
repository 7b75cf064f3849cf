"""Which tests `make test-fast` leaves out, and which `make test-blas` runs.

A plugin: what a conftest.py ignores is ignored in its own folder alone.
"""

import re
from pathlib import Path

from kernels import KERNELS, triton_is_here

ROOT = Path(__file__).resolve().parent.parent.parent

# What `make test-fast` leaves out: whatever loads torch, jax or emlp, whatever runs documents, notebooks and the command, and
# the laws over all groups but a few of each kind. Tests elsewhere that take more than a second carry the mark themselves.
SLOW = (
    "grouprep/interop",
    "projectors/baselines",
    "projectors/demo",
    "projectors/interop",
    "projectors/jax",
    "projectors/torch",
    "tests/grouprep/families/test_new_family.py",
    "tests/grouprep/interop",
    "tests/grouprep/irreps/highest_weight/test_matrices_by_weight.py",
    "tests/grouprep/irreps/test_general.py",
    "tests/grouprep/point_groups",
    "tests/oracles/test_gap_tables.py",
    "tests/projectors/adapters",
    "tests/projectors/interop",
    "tests/projectors/penalties",
    "tests/projectors/test_cards.py",
    "tests/projectors/test_cli.py",
    "tests/projectors/test_cli_help.py",
    "tests/projectors/test_cli_irreps.py",
    "tests/projectors/test_cli_refusals.py",
    "tests/projectors/test_cli_report.py",
    "tests/projectors/test_polynomials.py",
    "tests/projectors/test_projection.py",
    "tests/projectors/test_report.py",
    "tests/projectors/test_spectral.py",
    "tests/test_benchmarks.py",
    "tests/test_documentation.py",
    "tests/test_fuzz.py",
    "tests/test_house.py",
    "tests/studies",
    "tests/test_notebooks.py",
)
FAST_LAWS = {"C2", "C5", "D3", "D4", "S3", "Q8", "SO2", "SO3", "O2", "D3xC2", "Skew", "Torus", "Lorentz"}


# What `make test-blas` runs besides the fast tests: of the slow ones those whose floats come from a BLAS or a compiler.
NUMERIC = (
    "tests/projectors/adapters/test_parity.py",
    "tests/projectors/adapters/test_torch_pieces.py",
    "tests/projectors/adapters/test_torch_products.py",
    "tests/projectors/penalties/test_convolution.py",
    "tests/projectors/penalties/test_lanczos.py",
    "tests/projectors/penalties/test_lobpcg.py",
    "tests/projectors/penalties/test_norms.py",
    "tests/projectors/penalties/test_penalty.py",
    "tests/projectors/penalties/test_scales.py",
    "tests/projectors/test_spectral.py",
)
# What it leaves out of the fast tests: what is computed exactly, and without floats.
EXACT = (
    "tests/grouprep/groups",
    "tests/grouprep/irreps/test_symbolic.py",
    "tests/grouprep/linalg/test_convert.py",
    "tests/grouprep/linalg/test_fields.py",
    "tests/grouprep/linalg/test_modular.py",
    "tests/grouprep/linalg/test_monomial.py",
    "tests/grouprep/linalg/test_nullspace.py",
    "tests/grouprep/linalg/test_orbits.py",
    "tests/grouprep/linalg/test_parsing.py",
    "tests/grouprep/linalg/test_spaces.py",
    "tests/oracles",
    "tests/projectors/test_cli",
    "tests/projectors/test_exact_decomposition.py",
    "tests/projectors/test_files.py",
    "tests/test_layers.py",
)
# Selections of files; -m with one of these words collects no other.
SELECTIONS = {
    "not slow": lambda name: not name.startswith(SLOW),
    "numeric": lambda name: name.startswith(NUMERIC) or not name.startswith(SLOW + EXACT),
}


def _name(path):
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""


def pytest_ignore_collect(collection_path, config):
    """Without the tests of a file, what they alone import is not imported either."""
    selected = SELECTIONS.get(config.option.markexpr)
    if _name(collection_path) in KERNELS and not triton_is_here():
        return True  # its doctests; tests/projectors/adapters/test_gpu.py says so
    return True if selected and collection_path.is_file() and not selected(_name(collection_path)) else None


def pytest_collection_modifyitems(items):
    """Mark what is slow or numeric as a whole."""
    for item in items:
        name, law = _name(item.path), item.path.parent.name == "laws" and item.cls is not None
        if name.startswith(SLOW) or (law and re.sub("^Test(Hom)?", "", item.cls.__name__) not in FAST_LAWS):
            item.add_marker("slow")
        if name.startswith(NUMERIC) or not (name.startswith(EXACT) or item.get_closest_marker("slow")):
            item.add_marker("numeric")


def pytest_report_header():
    """Which kernels of which BLAS compute, on how many threads."""
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    found = [(p["internal_api"], p.get("architecture"), p["num_threads"]) for p in threadpool_info()]
    return ["blas: " + ", ".join(sorted({f"{api} {kernel}, {threads} threads" for api, kernel, threads in found}))]
