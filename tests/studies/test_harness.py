"""The harness of the studies: choice, tests, resuming, tables, downloads."""

import hashlib
import json
import math
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from grouprep import Cyclic
from studies.harness import (
    Problem,
    Report,
    Results,
    Settings,
    Source,
    Study,
    StudyError,
    data,
    difference,
    exact,
    fetch,
    last_layer,
    pathways,
    penalty,
    plain,
    sampled_operators,
    sampled_outputs,
    split_frame,
    summary,
    summary_table,
    then_projected,
)
from studies.harness.reporting import filled
from studies.harness.runner import chosen, header, run

ROOT = Path(__file__).resolve().parents[2]
V = Cyclic(2).regular()


def linear(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))


def toy(seed: int, settings: Settings) -> Problem:
    """y = swap-equivariant matrix times x, and a small known breaking."""
    T = torch.tensor([[1.0, 0.5], [0.5, 1.2]])
    x = torch.randn(64, 2, generator=torch.Generator().manual_seed(seed))
    y = x @ T.T

    def batch(generator):
        chosen = torch.randint(64, (16,), generator=generator)
        return x[chosen], y[chosen]

    def evaluate(net, part):
        sign = 1 if part == "validation" else -1
        with torch.no_grad():
            return {"score": -float((net(sign * x) - sign * y).square().mean()), "part": float(sign)}

    def defect(net):
        with torch.no_grad():
            return float((net(x.flip(1)) - net(x).flip(1)).norm() / net(x).norm())

    return Problem(
        linear,
        {"0": (V, 2 * V), "2": (2 * V, V)},
        V,
        V,
        batch,
        nn.functional.mse_loss,
        evaluate,
        defect,
        floor=-float(y.square().mean()),
    )


METHODS = (
    plain(),
    exact(),
    pathways(1.0),
    penalty(None, 0.1, 10.0),
    sampled_operators(2, 0.1),
    sampled_outputs(1, 0.1),
    split_frame(20.0),
    last_layer("2", 0.1),
    then_projected(plain()),
)
SETTINGS = Settings(30, (3e-2, 1e9), (10,), (0, 1), price_rounds=1)


@pytest.fixture
def study(monkeypatch):
    made = Study("toy", "a toy", 1, SETTINGS, SETTINGS, lambda results: Report(""), {"swap": toy}, METHODS)
    package, module = types.ModuleType("studies.toy"), types.ModuleType("studies.toy.study")
    module.STUDY = made
    monkeypatch.setitem(sys.modules, "studies.toy", package)
    monkeypatch.setitem(sys.modules, "studies.toy.study", module)
    return made


class Killed(BaseException):
    pass


def without_times(results):
    return [
        {k: v for k, v in r.items() if k not in ("seconds", "cpu") and r["phase"] != "price"}
        for r in results
        if r.get("budget") != "time"
    ]


def test_a_run_chooses_tests_and_goes_on_after_a_kill(study, tmp_path):
    with Results(tmp_path / "whole.jsonl", header(study, "full", SETTINGS)) as whole:
        run(study, "full", whole, progress=False)
    tests = whole.where(phase="test", budget="steps")
    assert len(tests) == 2 * len(METHODS)
    assert {r["part"] for r in tests} == {-1}  # test data
    assert {r["part"] for r in whole.where(phase="choose") if "part" in r} == {1}  # validation data
    assert {r["rate"] for r in tests} == {3e-2}  # the other rate does not learn
    assert not any(r["collapsed"] for r in tests)
    exactly = summary(whole, "swap", metric="defect")
    for name in ("exact", "plain, then projected"):
        assert exactly[name].mean < 8 * torch.finfo(torch.float32).eps
    assert exactly["plain"].mean > 0.01
    assert any(r["collapsed"] for r in whole.where(phase="choose", rate=1e9))
    assert "penalty, " in summary_table(whole, "swap", "plain")

    path = tmp_path / "cut.jsonl"
    cut = Results(path, header(study, "full", SETTINGS))
    add, left = cut.add, [7]

    def killed(key, found):
        add(key, found)
        left[0] -= 1
        if not left[0]:
            raise Killed

    cut.add = killed
    with pytest.raises(Killed):
        run(study, "full", cut, progress=False)
    cut.close()
    with path.open("ab") as file:
        file.write(b'{"key": {"phase": "choo')  # what a kill leaves of a line
    again = Results(path, header(study, "full", SETTINGS))
    assert len(again) == 7
    run(study, "full", again, progress=False)
    again.close()
    assert without_times(again) == without_times(whole) == without_times(Results.open(path))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [lines[0].replace('"version": 1', '"version": 2'), *lines[1:]], "version = 2, this run has 1"),
        (lambda lines: [lines[0].replace('"steps": 30', '"steps": 31'), *lines[1:]], "settings"),
        (lambda lines: [lines[0].replace('"format": 1', '"format": 9'), *lines[1:]], "format 9"),
        (lambda lines: [lines[0], lines[1][:-9], *lines[2:]], "line 2 is damaged"),
        (lambda lines: lines[1:], "no header"),
    ],
    ids=["version", "settings", "format", "line", "header"],
)
def test_results_that_do_not_fit_are_refused(study, tmp_path, damage, message):
    path = tmp_path / "r.jsonl"
    results = Results(path, header(study, "full", SETTINGS))
    for k in range(3):
        results.add({"phase": "x", "k": k}, {"score": math.nan if k else 1.0})
    with pytest.raises(StudyError, match="another run writes it"):
        Results(path, header(study, "full", SETTINGS)).add({"k": 9}, {})
    results.close()
    assert Results.open(path).where(phase="x", k=1)[0]["score"] is None
    lines = damage(path.read_text().splitlines())
    path.write_text("\n".join(lines) + "\n")
    before = path.read_bytes()
    with pytest.raises(StudyError, match=message):
        Results(path, header(study, "full", SETTINGS))
    assert path.read_bytes() == before


def test_choice_and_paired_differences_by_hand(tmp_path):
    results = Results(tmp_path / "r.jsonl", {"study": "toy", "version": 1, "mode": "full", "settings": {}})
    for rate, strength, scores in (
        (0.1, 1.0, (0.5, 0.7)),
        (0.2, 1.0, (0.6, 0.7)),
        (0.2, 2.0, (0.8, 0.5)),
        (0.1, 2.0, (0.5, 0.8)),
    ):
        for seed, score in enumerate(scores):
            results.add(
                {"phase": "choose", "task": "t", "method": "a", "rate": rate, "strength": strength, "seed": seed},
                {"score": score},
            )
    assert chosen(results, "t", "a") == (0.1, 2.0)  # mean .65 three times: the strongest, then the smaller rate
    for method, scores in (("a", (1.0, 2.0, 4.0)), ("b", (0.5, 1.0, 3.5))):
        for seed, score in enumerate(scores):
            key = {
                "phase": "test",
                "task": "t",
                "method": method,
                "budget": "steps",
                "seed": seed,
                "rate": 1.0,
                "strength": 0.0,
            }
            results.add(key, {"score": score, "collapsed": False, "defect": 0.1})
    results.close()
    found = difference(results, "t", "a", "b")
    assert found.mean == pytest.approx(2 / 3)
    assert found.error == pytest.approx(1 / 6)  # of .5, 1, .5: deviation .2887, over sqrt(3)
    assert found.is_above()
    assert not found.is_above(0.5)
    assert not difference(results, "t", "b", "a").is_above()


def test_downloads_are_checked_and_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUPREP_STUDIES_CACHE", str(tmp_path / "cache"))
    content = b"some data"

    def download(command, folder, what):
        with zipfile.ZipFile(folder / "pack-1.0-py3-none-any.whl", "w") as archive:
            archive.writestr("pack/data.bin", content)

    monkeypatch.setattr(data, "_run", download)
    source = Source("wheel", "pack", "1.0", "pack/data.bin", hashlib.sha256(content).hexdigest(), "MIT", "nowhere")
    path = fetch(source)
    assert path.read_bytes() == content
    assert fetch(source) == path
    path.write_bytes(b"cut")
    with pytest.raises(StudyError, match=r"was changed or cut off; delete it"):
        fetch(source)
    path.unlink()
    assert fetch(source).read_bytes() == content  # from the package, which is kept: no second download
    path.unlink()
    next(path.parent.glob("*.whl")).unlink()
    content = b"other"
    with pytest.raises(StudyError, match=r"has changed since the study was written; nothing was kept"):
        fetch(source)
    assert not any(path.parent.iterdir())
    with pytest.raises(StudyError, match="has no file"):
        fetch(Source("wheel", "pack", "1.0", "pack/none", "0", "MIT", "nowhere"))


@pytest.mark.parametrize("missing", ["tqdm", "matplotlib"])
def test_a_missing_package_is_named(missing):
    code = f"""
import runpy, sys
sys.modules[{missing!r}] = None
sys.argv = ["studies", "run", "bounds", "--smoke"]
runpy.run_module("studies", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.strip().endswith('pip install --editable ".[studies,plot,torch]"')
    assert f" {missing}" in done.stderr
    assert "Traceback" not in done.stderr


def test_documents_are_filled_between_their_marks():
    assert (
        filled("a <!-- results --> old <!-- /results --> b", "new", "x")
        == "a <!-- results -->\n\nnew\n\n<!-- /results --> b"
    )
    with pytest.raises(StudyError, match="must have one line"):
        filled("a <!-- /results --> <!-- results -->", "new", "x")
    assert json.dumps(header(Study("s", "t", 3, SETTINGS, SETTINGS, lambda r: Report("")), "full", SETTINGS))
