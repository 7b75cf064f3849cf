"""What a release refuses; `make packages` builds and installs."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def release(tmp_path, monkeypatch):
    """The release script in a project of its own, with one commit."""
    monkeypatch.syspath_prepend(ROOT / "tests/packaging")
    spec = importlib.util.spec_from_file_location("release", ROOT / "tests/packaging/release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [1.2.0] - 2026-01-01\n")
    (tmp_path / "CITATION.cff").write_text("title: x\nversion: 1.2.0\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path, "first")
    yield module
    for name in ("check", "environments"):
        sys.modules.pop(name, None)


def commit(folder, text):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "--allow-empty", "--message", text], cwd=folder, check=True)


def test_a_release_refuses_what_is_none(release, tmp_path):
    assert release.reasons_against("1.2.0") == []
    undocumented, uncited = release.reasons_against("1.3.0")
    assert "CHANGELOG.md has no section [1.3.0]" in undocumented
    assert "CITATION.cff has another version" in uncited
    (tmp_path / "new.py").touch()
    (dirty,) = release.reasons_against("1.2.0")
    assert "not committed" in dirty
    assert "new.py" in dirty
    (tmp_path / "new.py").unlink()
    release.git("tag", "v1.2.0")
    assert release.reasons_against("1.2.0") == []
    commit(tmp_path, "second")
    (tagged,) = release.reasons_against("1.2.0")
    assert "v1.2.0 is on another commit" in tagged


def test_a_local_index_is_what_installers_read(release, tmp_path):
    wheel = tmp_path / "grouprep-1.2.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    index = release.local_index(tmp_path / "index", wheel)
    assert (index / "grouprep" / wheel.name).read_bytes() == b"wheel"
    assert f'<a href="{wheel.name}">{wheel.name}</a>' in (index / "grouprep/index.html").read_text()
