"""`grouprep report`: pages that stand by themselves."""

import json
import re

import numpy as np
import pytest
from commands import refused, run

from projectors.models.report import LayerDefect, PenaltyReport, TermReport, Verification


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "w.npy", np.random.default_rng(0).normal(size=(8, 8)))
    term = TermReport("0.weight", 3.0, 4.0, 5.0, 0.6, 1.0, 0.0, (8, 8), 8, (), {("A1", "E1"): 3.0, ("E1", "A1"): 4.0})
    (tmp_path / "audit.json").write_text(json.dumps(PenaltyReport(3.0, (term,)).to_dict()))
    assert run("basis", "D4", "--in", "regular", "--out", "regular", "--save", tmp_path / "b.json")[0] == 0
    return tmp_path


def made(folder, *arguments):
    code, out, err = run("report", *arguments, "--output", folder / "page.html")
    assert code == 0, err
    assert "Written to" in out
    page = (folder / "page.html").read_text(encoding="utf-8")
    for needed in (
        '<html lang="en">',
        'name="viewport"',
        "default-src 'none'",
        "prefers-color-scheme: dark",
        "<title>",
    ):
        assert needed in page
    assert not re.findall(r"(?:src|href)=|@import|url\(|<script", page)
    assert page.count("<svg") == page.count('role="img"') == page.count("aria-label=") - page.count("<section")
    return page


PAIR = ("--in", "regular", "--out", "regular")


def test_pages(files):
    groups = made(files, "D4", "SO(3)")
    assert "Characters of D4" in groups
    assert "the first of infinitely many" in groups
    assert groups.count("<section") == 2
    maps = made(files, "D4", *PAIR)
    assert "8 of 64" in maps
    assert "disjoint supports" in maps
    assert made(files, "D4", *PAIR) == maps, "the same input gives the same page"
    saved = made(files, files / "b.json")
    assert "proved" in saved
    assert "8 matrices 8 x 8" in saved
    weights = made(files, files / "w.npy", "--group", "D4", *PAIR)
    assert weights.count("full colour is") == 3
    assert "<details open>" in weights
    measured = Verification(0.5, 1e-6, (LayerDefect("out", None, 0.5, 0.5, 1e-6),), (), (), (), 8, True, 0.7)
    (files / "measured.json").write_text(json.dumps(measured.to_dict()))
    assert "lost here" in made(files, files / "measured.json")
    audit = made(files, files / "audit.json")
    assert "64.0%" in audit
    assert "0.weight" in audit


def test_refusals(files):
    page = files / "page.html"
    assert "--group, --in and --out" in refused("report", files / "w.npy", "--output", page)
    assert "go together" in refused("report", "D4", "--in", "regular", "--output", page)
    (files / "x.json").write_text('{"format": "other"}')
    assert "x.json: not a report of a penalty" in refused("report", files / "x.json", "--output", page)
    broken = json.loads((files / "b.json").read_text())
    broken["basis"][0][0][2] = 5
    (files / "bad.json").write_text(json.dumps(broken))
    refused("report", files / "bad.json", "--output", page, code=1)
    assert "cannot write" in refused("report", "D4", "--output", files / "no" / "page.html")
    assert not page.exists()


def test_names_are_escaped(files):
    (files / "evil.toml").write_text('name = "<script>alert(1)</script>"\n[permutations]\nr = "(1 2 3)"\n')
    assert "&lt;script&gt;" in made(files, files / "evil.toml")
