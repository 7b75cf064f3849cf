"""Data out of packages: downloaded into a cache, checked, and never committed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from studies.harness.errors import StudyError

__all__ = ["Source", "cache_folder", "fetch"]


@dataclass(frozen=True)
class Source:
    """One file inside a package.

    kind : "wheel" (PyPI) or "deb" (Debian). package, version : which. member : the file's path in it.
    sha256 : of the file. licence : its name. origin : where the data come from, for the reader.
    """

    kind: str
    package: str
    version: str
    member: str
    sha256: str
    licence: str
    origin: str


def cache_folder() -> Path:
    """Where downloaded data lie: GROUPREP_STUDIES_CACHE, or grouprep-studies in the user's cache."""
    if own := os.environ.get("GROUPREP_STUDIES_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grouprep-studies"


def fetch(source: Source) -> Path:
    """The file, from the cache or downloaded into it; its checksum is what it should be.

    Raises
    ------
    StudyError
        If the package cannot be downloaded, has no such file, or the file is another one.
    """
    path = cache_folder() / f"{source.package}-{source.version}" / Path(source.member).name
    if path.exists():
        if _sha256(path) == source.sha256:
            return path
        raise StudyError(
            f"{path}: sha256 {_sha256(path)[:12]}..., expected {source.sha256[:12]}...: the file was changed or cut off; delete it and "
            "it is downloaded again"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        found = {"wheel": _from_wheel, "deb": _from_deb}[source.kind](source, Path(folder))
        if (got := _sha256(found)) != source.sha256:
            for archive in [*path.parent.glob("*.whl"), *path.parent.glob("*.deb")]:
                archive.unlink()
            raise StudyError(
                f"{source.package} {source.version}, {source.member}: sha256 {got[:12]}..., expected {source.sha256[:12]}...: the "
                "package has changed since the study was written; nothing was kept"
            )
        found.replace(path)  # whole or not at all
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(command: list[str], folder: Path, what: str) -> None:
    if shutil.which(command[0]) is None:
        raise StudyError(f"{what} needs the command {command[0]}, which is not on this machine")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise StudyError(f"{what} failed: {last[0]}; try by hand: {' '.join(command)}")


def _archive(command: list[str], pattern: str, folder: Path, what: str) -> Path:
    """The package, kept in the cache: several files may be wanted of one."""
    if not (kept := list(folder.parent.glob(pattern))):
        _run(command, folder, what)
        found = next(folder.glob(pattern))
        kept = [found.replace(folder.parent / found.name)]
    return kept[0]


def _from_wheel(source: Source, folder: Path) -> Path:
    what = f"downloading {source.package} {source.version} from the package index"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--dest",
        ".",
    ]
    wheel = _archive([*pip, "--only-binary", ":all:", f"{source.package}=={source.version}"], "*.whl", folder, what)
    with zipfile.ZipFile(wheel) as archive:
        if source.member not in archive.namelist():
            raise StudyError(f"{wheel.name} has no file {source.member}")
        with archive.open(source.member) as read, (folder / "found").open("wb") as write:
            shutil.copyfileobj(read, write)
    return folder / "found"


def _from_deb(source: Source, folder: Path) -> Path:
    name = f"{source.package}={source.version}"
    deb = _archive(["apt-get", "download", name], "*.deb", folder, f"downloading {name} from Debian")
    _run(["dpkg-deb", "--extract", str(deb), "tree"], folder, f"unpacking {deb.name}")
    if not (found := folder / "tree" / source.member).is_file():
        raise StudyError(f"{deb.name} has no file {source.member}")
    return found
