"""Check a user's script against the wheel and against an editable install, with mypy --strict and with pyright.

    python tests/typing/check.py        # `make types`

Each install gets a virtual environment of its own, without anything else: the libraries that it needs come from the environment
that runs this script. The user's script lies in an empty folder, so that nothing but the install shows the packages.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = Path(__file__).with_name("user_script.py")


def run(*command: str | Path, cwd: Path) -> bool:
    """Whether a command succeeds; what it prints goes to the terminal."""
    return subprocess.run([*map(str, command)], cwd=cwd, check=False).returncode == 0


def pip(*arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", *map(str, arguments), "--quiet", "--disable-pip-version-check", "--no-deps"],
        check=True, cwd=ROOT,
    )  # fmt: skip


def only_source(directory: str, names: list[str]) -> set[str]:
    """What is no part of the source: for `shutil.copytree`."""
    needed = {"LICENSE", "README.md", "docs", "grouprep", "projectors", "pyproject.toml", "setup.cfg"}
    return set(names) - needed if Path(directory) == ROOT else {"__pycache__", "_build"}


def install(folder: Path, *what: str | Path) -> Path:
    """A virtual environment with the project alone, on the libraries of this one; its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip("--python", python, "install", *what)
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    (Path(where.stdout.strip()) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def check(python: Path, folder: Path) -> bool:
    """Whether both checkers find nothing in the user's script."""
    folder.mkdir()
    shutil.copy(SCRIPT, folder)
    settings = {
        "pythonVersion": "3.11",
        "reportUnnecessaryTypeIgnoreComment": "error",
        "enableTypeIgnoreComments": True,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--python-executable", python]
    by_mypy = run(*mypy, "--config-file", "", "--cache-dir", folder.parent / "cache", SCRIPT.name, cwd=folder)
    by_pyright = run(sys.executable, "-m", "pyright", "--pythonpath", python, cwd=folder)
    return by_mypy and by_pyright


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="types-") as name:
        folder = Path(name)
        source = shutil.copytree(
            ROOT, folder / "source", ignore=only_source
        )  # what an earlier build left would be packed too
        pip("wheel", "--wheel-dir", folder / "wheels", source)
        (wheel,) = (folder / "wheels").glob("grouprep-*.whl")
        installs = {"wheel": [wheel], "editable": ["--editable", ROOT]}
        failed = []
        for kind, what in installs.items():
            print(f"{kind}:", flush=True)
            python = install(folder / f"venv-{kind}", *what)
            if not check(python, folder / kind):
                failed.append(kind)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
