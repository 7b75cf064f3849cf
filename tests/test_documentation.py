"""The site's reference: every public object says what it is. `make docs` builds the site, where warnings are errors."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def public_objects():
    sys.path.insert(0, str(ROOT / "docs/site"))
    try:
        from public import public_objects

        return public_objects()
    finally:
        sys.path.pop(0)
        sys.modules.pop("public", None)


def test_every_public_object_is_documented(public_objects):
    """Their methods are checked by tests/test_layers.py."""
    everything = [p for objects in public_objects.values() for p in objects]
    assert len(everything) > 1000
    assert not [f"{p.module}.{p.name}" for p in everything if not p.is_documented]


def test_an_object_is_documented_once(public_objects):
    seen = [id(p.value) for objects in public_objects.values() for p in objects if p.kind != "data"]
    assert len(seen) == len(set(seen))


def test_what_is_cited_on_arxiv_is_in_the_bibliography():
    number = r"(?:arXiv[: ]\s*|arxiv\.org/abs/)(\d{4}\.\d{4,5})"
    listed = set(re.findall(number, (ROOT / "docs/bibliography.md").read_text(encoding="utf-8")))
    sources = [p for top in ("grouprep", "projectors") for p in (ROOT / top).rglob("*.py")]
    sources += [p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts]
    cited = {n for p in sources for n in re.findall(number, p.read_text(encoding="utf-8"))}
    assert len(cited) >= 5
    assert not cited - listed
