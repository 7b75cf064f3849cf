"""The layout, the promises of setup.cfg, Makefile and constraints.txt, and the documents' examples."""

import configparser
import contextlib
import doctest
import importlib.metadata
import importlib.util
import io
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent

LAYOUT = [
    ".ci/run",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "benchmarks/check.py",
    "benchmarks/run.py",
    "constraints-minimum.txt",
    "constraints.txt",
    "docs/decisions/0001-record-decisions.md",
    "docs/decisions/template.md",
    "docs/index.md",
    "grouprep/py.typed",
    "notebooks",
    "projectors/py.typed",
    "pyproject.toml",
    "ruff.toml",
    "setup.cfg",
    "studies",
    "tests/grouprep",
    "tests/laws",
    "tests/oracles/closed_forms.json",
    "tests/projectors",
]

EXTRAS = {
    "jax",
    "torch",
    "cli",
    "plot",
    "safetensors",
    "emlp",
    "parallel",
    "docs",
    "test",
    "studies",
    "e3nn",
    "networkx",
    "spglib",
    "xarray",
    "qutip",
    "cvxpy",
    "all",
}
CORE = {"numpy", "scipy", "sympy", "python-flint", "array-api-compat"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def requirements(lines: str) -> list[Requirement]:
    return [Requirement(line) for line in lines.strip().splitlines() if line.strip()]


# --- layout


@pytest.mark.parametrize("name", LAYOUT)
def test_layout(name):
    assert (ROOT / name).exists()


def test_ci_script_is_executable_and_runs_what_contributors_run():
    assert os.access(ROOT / ".ci/run", os.X_OK)
    script = text(".ci/run")
    assert "set -euo pipefail" in script
    for target in ("lint", "types", "test", "test-blas", "test-minimum", "test-pythons"):
        assert re.search(rf"^job [^#\n]*(?<=\s){target}\b(?!-)", script, flags=re.MULTILINE), target


def test_readme_commands_are_targets():
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), flags=re.MULTILINE))
    assert {"demo", "test", "lint", "types", "bench", "bench-check", "clean", "help"} <= targets
    for command in ("make demo", "make test"):
        assert command in text("README.md")


def test_what_is_installed_is_not_cut_at_commas():
    """make parts the arguments of $(call ...) at commas."""
    for goal, extras in (("demo", "cli,plot,safetensors"), ("bench", "cli,emlp,torch"), ("test", "test")):
        command = ["make", "--dry-run", "VENV=/nowhere/a", "VENV_BENCH=/nowhere/b", goal]
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
        assert f'--constraint constraints.txt --editable ".[{extras}]"' in shown, goal


# --- metadata


def test_pyproject_holds_only_the_build_backend():
    import tomllib

    project = tomllib.loads(text("pyproject.toml"))
    assert set(project) == {"build-system"}
    assert set(project["build-system"]) == {"requires", "build-backend"}


def test_metadata(config):
    assert config["metadata"]["name"] == "grouprep"
    assert config["metadata"]["license_expression"] == "MIT"
    assert text("LICENSE").startswith("MIT License")
    assert config["options.packages.find"]["include"].split() == ["grouprep*", "projectors*"]
    assert config["options.entry_points"]["console_scripts"].split("\n")[1:] == ["grouprep = projectors.cli:main"]


def test_versions_agree(config):
    import grouprep

    assert config["metadata"]["version"] == "attr: grouprep.__version__"
    assert f"\nversion: {grouprep.__version__}\n" in text("CITATION.cff")


def test_dependencies(config):
    assert {canonicalize_name(one.name) for one in requirements(config["options"]["install_requires"])} == CORE
    extras = config["options.extras_require"]
    assert set(extras) == EXTRAS
    for lines in extras.values():
        assert not [one for one in requirements(lines) if "==" in str(one.specifier)], "exact pins: constraints.txt"


# --- constraints


def pins(name: str = "constraints.txt") -> dict[str, str]:
    lines = [line for line in text(name).splitlines() if line and not line.startswith("#")]
    matches = [re.fullmatch(r"([a-z0-9][a-z0-9-]*)==([0-9][0-9A-Za-z.]*)", line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
    names = [match[1] for match in matches if match]
    assert len(names) == len(set(names))
    return {match[1]: match[2] for match in matches if match}


def test_constraints_are_exact_and_within_the_declared_ranges(config):
    exact = pins()
    declared = config["options"]["install_requires"] + "".join(config["options.extras_require"].values())
    for one in requirements(declared):
        name = canonicalize_name(one.name)
        if name != "grouprep":
            assert name in exact, f"constraints.txt does not pin {name}"
            assert one.specifier.contains(exact[name]), f"{name}=={exact[name]} is outside {one.specifier}"


def test_the_lowest_versions_that_are_declared_are_those_that_are_tested(config):
    """torch and JAX are not among them (docs/testing.md)."""
    lowest, extras = pins("constraints-minimum.txt"), config["options.extras_require"]
    parts = [
        config["options"]["install_requires"],
        *(extras[name] for name in ("cli", "plot", "safetensors", "parallel")),
    ]
    for one in requirements("\n".join(parts)):
        floors = [Version(s.version) for s in one.specifier if s.operator == ">="]
        assert floors == [Version(lowest[canonicalize_name(one.name)])], one


def test_constraints_cover_what_the_test_extra_needs(config):
    extras = config["options.extras_require"]
    named = [one for lines in (config["options"]["install_requires"], extras["test"]) for one in requirements(lines)]
    for one in list(named):
        if one.name == "grouprep":
            named += [inner for extra in one.extras for inner in requirements(extras[extra])]
    queue = [canonicalize_name(one.name) for one in named if one.name != "grouprep"]
    seen: set[str] = set()
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                queue.append(canonicalize_name(needed.name))
    missing = sorted(seen - set(pins()))
    assert not missing, f"constraints.txt does not pin {missing}"


def test_graphs_are_made_where_their_indices_have_32_bits():
    """csgraph of scipy 1.11 prints a notice for indices of 64 bits, and leaves its result unset."""
    users = {
        path.name for path in (ROOT / "grouprep").rglob("*.py") if "import connected_components" in path.read_text()
    }
    assert users == {"graphs.py", "orbits.py"}


# --- documents


def documents() -> list[str]:
    paths = [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
    ]
    return [path.relative_to(ROOT).as_posix() for path in paths]


NEIGHBOURS = ("e3nn", "spglib")
RUNNABLE = (
    "README",
    "docs/architecture",
    "docs/coming-from/",
    "docs/conventions",
    "docs/families/",
    "docs/formulation/",
    "docs/guide/",
    "docs/questions",
)


def runnable_documents() -> list[str]:
    return [name for name in documents() if name.startswith(RUNNABLE)]


@dataclass(frozen=True)
class Block:
    """A fenced block of a document; ``lineno`` is the line before its first one."""

    language: str
    source: str
    lineno: int


def blocks(document: str) -> list[Block]:
    found, fence = [], re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", flags=re.MULTILINE | re.DOTALL)
    for match in fence.finditer(document):
        found.append(Block(match[1], match[2], document.count("\n", 0, match.start(2))))
    return found


def run_python(block: Block, name: str, namespace: dict[str, object]) -> None:
    if ">>> " in block.source:
        example = doctest.DocTestParser().get_doctest(block.source, namespace, name, name, block.lineno)
        flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
        runner = doctest.DebugRunner(optionflags=flags, verbose=False)
        example.globs = namespace
        runner.run(example, clear_globs=False)
    else:
        exec(compile("\n" * block.lineno + block.source, str(ROOT / name), "exec"), namespace)


def run_console(block: Block, name: str) -> None:
    """In this process: tests/projectors/test_cli.py starts the command as one of its own."""
    from projectors.cli import main

    for line in block.source.replace("\\\n", " ").splitlines():
        if line.startswith("$ grouprep"):
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(shlex.split(line)[2:])
            assert code == 0, f"{name}: {line}\n{out.getvalue()}\n{err.getvalue()}"


@pytest.mark.parametrize("name", runnable_documents())
def test_examples_run(name, tmp_path, monkeypatch):
    """Blocks run in the order of the document, in an empty folder and one namespace; those that need a neighbour, where it is."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    absent: set[str] = set()
    for block in blocks(text(name)):
        if block.language in {"python", "pycon"}:
            needed = {n for n in NEIGHBOURS if re.search(rf"^(import|from) {n}\b", block.source, flags=re.MULTILINE)}
            if missing := {n for n in needed if not importlib.util.find_spec(n)}:
                absent |= missing
                continue
            run_python(block, name, namespace)
        elif block.language == "console":
            run_console(block, name)
        elif file := re.match(r"# (\S+\.(?:toml|json))\n", block.source):
            (tmp_path / Path(file[1]).name).write_text(block.source, encoding="utf-8")
    if absent:
        pytest.skip(f"all but the blocks that need {', '.join(sorted(absent))}, not installed")


def test_readme_has_an_example_of_each_kind():
    languages = {block.language for block in blocks(text("README.md"))}
    assert {"python", "console"} <= languages


@pytest.mark.parametrize("name", documents())
def test_links_lead_somewhere(name):
    prose = re.sub(r"^```.*?^```", "", text(name), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if own := re.match(
            r"https://(?:github|raw\.githubusercontent)\.com/grouprep/grouprep/(?:blob/)?main/([^#]*)", target
        ):
            assert (ROOT / own[1]).exists(), f"{name} links to {target}"
        if not re.match(r"[a-z]+:|#", target):
            assert (ROOT / name).parent.joinpath(target.split("#")[0]).exists(), f"{name} links to {target}"


def test_the_readme_leads_somewhere_from_the_package_index_too():
    """Where only the README is, relative links lead nowhere."""
    prose = re.sub(r"^```.*?^```", "", text("README.md"), flags=re.MULTILINE | re.DOTALL)
    assert not [target for target in re.findall(r"\]\(([^)\s]+)\)", prose) if not target.startswith("https://")]


def test_decisions_are_numbered_and_listed():
    records = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for record in records:
        assert "- Status: " in text(f"docs/decisions/{record}")
        assert f"decisions/{record}" in text("docs/index.md"), f"docs/index.md does not list {record}"
