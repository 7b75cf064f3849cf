"""Rehearse a release on a local index, or publish it.

    python tests/packaging/release.py              # `make release`: build, install by name from a local index, say what is left to do
    python tests/packaging/release.py --publish    # the same, then upload with twine, which asks for the credentials

Refused: a tree with changes that are not committed, a version without an entry in CHANGELOG.md, one that has a tag elsewhere.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from check import build, look_into
from environments import ROOT, install, run


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def reasons_against(version: str) -> list[str]:
    """Why this tree is no release."""
    found = []
    if changed := git("status", "--porcelain"):
        found.append(f"changes that are not committed:\n{changed}")
    if f"\n## [{version}]" not in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        found.append(f"CHANGELOG.md has no section [{version}]; rename [Unreleased]")
    if f"\nversion: {version}\n" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8"):
        found.append(f"CITATION.cff has another version than {version}")
    if (tag := f"v{version}") in git("tag", "--list", tag).split() and git("rev-list", "-1", tag) != git(
        "rev-parse", "HEAD"
    ):
        found.append(f"the tag {tag} is on another commit; raise __version__ in grouprep/__init__.py")
    return found


def local_index(folder: Path, *files: Path) -> Path:
    """A folder that pip and uv read as an index."""
    project = folder / "grouprep"
    project.mkdir(parents=True)
    for file in files:
        shutil.copy(file, project)
    links = "".join(f'<a href="{file.name}">{file.name}</a>\n' for file in files)
    (project / "index.html").write_text(f"<!DOCTYPE html>\n<html><body>\n{links}</body></html>\n", encoding="utf-8")
    return folder


def main() -> int:
    publish = sys.argv[1:] == ["--publish"]
    if sys.argv[1:] and not publish:
        sys.exit(__doc__)
    version = run(sys.executable, "-c", "import grouprep; print(grouprep.__version__)").strip()
    if found := reasons_against(version):
        sys.exit(f"error: {version} is not released: " + "; ".join(found))
    with TemporaryDirectory(prefix="release-") as name:
        folder = Path(name)
        files = build(folder / "dist")
        look_into(*files)
        index = local_index(folder / "index", *files)
        python = install(folder / "venv", f"grouprep[cli]=={version}", index=index)
        print(run(python, "-m", "grouprep", "--version", cwd=folder).strip(), "from a local index")
        kept = ROOT / "dist"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder / "dist", kept)
    upload = [sys.executable, "-m", "twine", "upload", *map(str, sorted(kept.iterdir()))]
    if publish:
        return subprocess.run(upload, cwd=ROOT, check=False).returncode
    print(f"dist/ is ready; next: git tag v{version}, git push --tags, and python tests/packaging/release.py --publish")
    return 0


if __name__ == "__main__":
    sys.exit(main())
