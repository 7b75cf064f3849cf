"""Which files are changed, and which tests watch each of them."""

from __future__ import annotations

ROOMS = {
    "linalg": ("grouprep/linalg/*.py",),
    "groups": ("grouprep/groups/*.py",),
    "representations": ("grouprep/representations/*.py",),
    "irreps": ("grouprep/irreps/*.py", "grouprep/characters.py"),
    "projectors": ("projectors/hom.py", "projectors/files.py", "projectors/structure/*.py", "projectors/solvers/*.py",
                   "projectors/decompose/*.py", "projectors/certify/*.py", "projectors/arrays/*.py"),
    "penalties": ("projectors/penalties/*.py",),
    "adapters": ("projectors/models/*.py", "projectors/torch/**/*.py", "projectors/jax/*.py"),
}  # fmt: skip

LAWS = ("tests/laws/test_user_groups.py", "tests/laws/test_shipped_groups.py")
ADAPTERS = "tests/projectors/adapters"

# The longest prefix of a file's path counts. Each entry is a list of selections, the quickest to notice first; a module's own
# examples are run before all.
TESTS: dict[str, list[tuple[str, ...]]] = {
    "grouprep/linalg": [
        ("tests/grouprep/linalg",),
        ("tests/grouprep/representations", "tests/projectors/test_solvers.py", "tests/projectors/test_hom.py"),
        ("-m", "not slow", *LAWS),
    ],
    "grouprep/groups": [
        ("tests/grouprep/groups", "tests/grouprep/test_errors.py", "tests/test_pickle.py"),
        ("-m", "not slow", *LAWS),
        ("tests/grouprep/representations", "tests/grouprep/test_haar.py", "tests/grouprep/test_characters.py"),
    ],
    "grouprep/representations": [
        ("tests/grouprep/representations",),
        ("-m", "not slow", *LAWS),
        ("tests/grouprep/test_errors.py", "tests/grouprep/test_characters.py", "tests/test_pickle.py"),
    ],
    "grouprep/irreps": [
        ("tests/grouprep/irreps",),
        ("tests/grouprep/test_characters.py", "tests/projectors/test_isotypic.py", "tests/oracles"),
        ("tests/laws/test_irreps.py", "tests/laws/test_decompositions.py"),
    ],
    "grouprep/characters.py": [
        ("tests/grouprep/test_characters.py", "tests/grouprep/irreps/test_multiplicities.py"),
        ("-m", "not slow", *LAWS),
    ],
    "projectors": [
        ("tests/projectors/structure", "tests/projectors/test_hom.py", "tests/projectors/test_projection.py"),
        ("tests/projectors/test_basis.py", "tests/projectors/test_solvers.py", "tests/projectors/test_spectral.py"),
        ("-m", "not slow", *LAWS, "tests/laws/test_decompositions.py"),
        ("tests/projectors/test_certificate.py", "tests/projectors/test_files.py", "tests/test_pickle.py"),
    ],
    "projectors/decompose": [
        ("tests/projectors/test_isotypic.py", "tests/projectors/test_exact_decomposition.py"),
        ("tests/projectors/test_spectral.py", "tests/laws/test_decompositions.py"),
    ],
    "projectors/certify": [("tests/projectors/test_certificate.py", "tests/projectors/test_files.py")],
    "projectors/files.py": [("tests/projectors/test_files.py", "tests/projectors/test_certificate.py")],
    "projectors/penalties": [("tests/projectors/penalties",), (f"{ADAPTERS}/test_parity.py",)],
    "projectors/models": [
        (f"{ADAPTERS}/test_layers_torch.py", f"{ADAPTERS}/test_models_torch.py", f"{ADAPTERS}/test_penalty_torch.py"),
        (f"{ADAPTERS}/test_jax_layouts.py", f"{ADAPTERS}/test_jax_penalty.py", f"{ADAPTERS}/test_parity.py"),
    ],
    "projectors/torch": [
        (f"{ADAPTERS}/test_layers_torch.py", f"{ADAPTERS}/test_torch_pieces.py"),
        (f"{ADAPTERS}/test_torch_flow.py", f"{ADAPTERS}/test_verify.py"),
        (f"{ADAPTERS}/test_penalty_torch.py", f"{ADAPTERS}/test_models_torch.py", f"{ADAPTERS}/test_following_torch.py"),
        (f"{ADAPTERS}/test_fast.py", f"{ADAPTERS}/test_recycled.py", f"{ADAPTERS}/test_convolutions_torch.py"),
        (f"{ADAPTERS}/test_penalty_torch_use.py", f"{ADAPTERS}/test_torch_products.py", f"{ADAPTERS}/test_parity.py"),
    ],
    "projectors/jax": [
        (f"{ADAPTERS}/test_jax_layouts.py", f"{ADAPTERS}/test_jax_penalty.py", f"{ADAPTERS}/test_parity.py")
    ],
}  # fmt: skip


def stages(path: str) -> list[tuple[str, ...]]:
    """The selections of pytest for a file, in turn."""
    prefix = max((p for p in TESTS if path.startswith(p)), key=len)
    first, *rest = TESTS[prefix]
    return [(path, *first), *rest]
