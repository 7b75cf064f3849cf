"""Results as JSON lines that survive a kill: a header, then one line a job; a run goes on where its file stops."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from studies.harness.errors import StudyError

__all__ = ["Results", "machine"]

FORMAT = 1
Record = dict[str, Any]


def machine() -> dict[str, Any]:
    """What the numbers were measured on, for the header."""
    import torch

    return {
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), platform.machine())


def _finite(value: Any) -> Any:
    """Numbers that JSON has none for become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value


class Results:
    """The jobs done so far, in a file.

    A job is told by its key, a flat dict; its record is the key and what it found. Each record is one line, written whole and brought to
    the disk before the next. A last line that a kill cut off is dropped, and its job done again.

    Parameters
    ----------
    path : the file; made with its header if it is not there.
    header : study, version, mode and settings: what must be the same for the records to belong together.

    Raises
    ------
    StudyError
        If the file belongs to another study, version or setting, or a line in its middle is damaged, or another process writes it.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self.header: Record = {"format": FORMAT, **json.loads(json.dumps(header))}
        self._records: dict[str, Record] = {}
        if path.exists() and path.stat().st_size:
            found, records, end = _read(path)
            _compare(path, found, self.header)
            self.header = found
            self._whole = end
            for record, key in records:
                self._records[_name(key)] = record
        else:
            self._whole = 0

    @classmethod
    def open(cls, path: Path) -> Results:
        """The results in a file, whatever its settings, for a report."""
        if not path.exists():
            raise StudyError(f"{path}: no results yet; `python -m studies run {path.parent.name}` makes them")
        found, _, _ = _read(path)
        return cls(path, {k: v for k, v in found.items() if k in ("study", "version", "mode", "settings")})

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: Record) -> bool:
        return _name(key) in self._records

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def where(self, **fields: Any) -> list[Record]:
        """The records with these values, in the order in which they were found."""
        return [r for r in self._records.values() if all(r.get(k) == v for k, v in fields.items())]

    def add(self, key: Record, found: Mapping[str, Any]) -> None:
        """Writes one job's record."""
        record = {**key, **_finite(dict(found))}
        line = json.dumps({"key": key, "found": _finite(dict(found))}, allow_nan=False)
        self._append(line)
        self._records[_name(key)] = record

    def _append(self, line: str) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _locked(self.path)
            self._file.truncate(self._whole)
            self._file.seek(0, os.SEEK_END)
            if not self._whole:
                self._put(json.dumps({**self.header, "machine": machine()}))
        self._put(line)

    def _put(self, line: str) -> None:
        assert self._file is not None
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Results:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file back."""
        if self._file is not None:
            self._whole = self._file.tell()
            self._file.close()
            self._file = None


def _name(key: Record) -> str:
    return json.dumps(key, sort_keys=True)


def _locked(path: Path) -> IO[bytes]:
    file = path.open("r+b" if path.exists() else "w+b")
    try:
        import fcntl
    except ModuleNotFoundError:  # no such locks on this system
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StudyError(f"{path}: another run writes it; wait for it, or give --out another file") from None
    return file


def _read(path: Path) -> tuple[Record, list[tuple[Record, Record]], int]:
    """The header, the records with their keys, and where the last whole line ends."""
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    lines = whole.decode("utf-8", errors="replace").splitlines()
    try:
        header = json.loads(lines[0])
        if not isinstance(header, dict) or "format" not in header:
            raise ValueError
    except (IndexError, ValueError):
        raise StudyError(f"{path}: its first line is no header of a study's results; move the file away") from None
    records = []
    for number, line in enumerate(lines[1:], 2):
        try:
            entry = json.loads(line)
            records.append(({**entry["key"], **entry["found"]}, entry["key"]))
        except (ValueError, KeyError, TypeError):
            raise StudyError(
                f"{path}: line {number} is damaged; delete that line and run the study again: it does that job anew"
            ) from None
    return header, records, len(whole)


def _compare(path: Path, found: Record, wanted: Record) -> None:
    if found["format"] != FORMAT:
        raise StudyError(
            f"{path} has format {found['format']}, this is format {FORMAT}; move it away, or give --out another file"
        )
    for name in ("study", "version", "mode", "settings"):
        if found.get(name) != wanted.get(name):
            raise StudyError(
                f"{path} has results with {name} = {found.get(name)}, this run has {wanted.get(name)}; they do not belong together: "
                "move the file away, or give --out another file"
            )
