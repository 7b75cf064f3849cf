"""What judges the benchmarks: each kind of target can be missed, and is then named."""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def module(name):
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


check, training = module("check"), module("training")

GOOD = {"status": "ok", "dimension": 3, "residual": 1e-16, "certified": True, "cpu": 0.5, "wall": 0.6, "copies": 7.0}
PEER = {"status": "ok", "cpu": 5.0}
TARGETS = {"dimension": 3, "residual": 1e-14, "certified": True, "cpu": 1, "seconds": 1, "ratio": 0.2, "copies": 10}


def test_a_case_that_meets_its_targets():
    assert check.misses_of_case("case", {"ours": GOOD, "emlp": PEER}, TARGETS) == []


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("dimension", 4, "dimension is 4, wanted 3"),
        ("residual", 1e-13, "residual"),
        ("residual", float("nan"), "residual"),
        ("residual", None, "residual is missing"),
        ("certified", False, "certified is False"),
        ("cpu", 2.0, "cpu is 2, wanted at most 1"),
        ("wall", 2.0, "seconds is 2"),
        ("copies", 11.0, "copies is 11"),
        ("status", "failed", "failed"),
    ],
)
def test_each_missed_target_is_named(field, value, named):
    missed = check.misses_of_case("case", {"ours": {**GOOD, field: value}, "emlp": PEER}, TARGETS)
    assert any(named in line for line in missed)
    assert all(line.startswith("case: ") for line in missed)


def test_a_ratio_needs_the_peer():
    assert "ratio" in check.misses_of_case("case", {"ours": GOOD}, {"ratio": 0.2})[0]
    slow = {"ours": GOOD, "emlp": {**PEER, "cpu": 1.0}}
    assert "ratio is 0.5" in check.misses_of_case("case", slow, {"ratio": 0.2})[0]
    out_of_time = {"ours": GOOD, "emlp": {"status": "not finished", "limit": 240}}
    assert "in 240 s" in check.misses_of_case("case", out_of_time, {"ratio": 0.2})[0]


def test_cases_that_were_not_measured_are_missed_unless_partial():
    targets = {"cases": {"a": {"dimension": 3}, "b": {"dimension": 3}}}
    results = {"cases": {"a": {"ours": GOOD}}}
    assert check.misses(results, targets) == ["b: not measured"]
    assert check.misses(results, targets, partial=True) == []


def test_training_is_judged_with_one_thread_and_with_two():
    case = {"cases": {"mlp": {"ratios": {"plain": 1.0, "frobenius": 1.04, "spectral": 1.2}}}}
    targets = {"mlp": {"frobenius": 1.05, "spectral": 1.15, "decoupled": 1.06}}
    missed = check.misses_of_training({"1": case, "2": {"status": "failed", "error": "no torch"}}, targets)
    assert missed == [
        "training on 1 thread, mlp: spectral is 1.200, wanted at most 1.15",
        "training on 1 thread, mlp: decoupled was not measured",
        "training on 2 threads: no torch",
    ]


def test_the_command_says_what_is_missed(tmp_path, capsys):
    results, targets = tmp_path / "results.json", tmp_path / "targets.json"
    targets.write_text(json.dumps({"cases": {"a": {"dimension": 3}}, "training": {}}))
    for dimension, code in ((3, 0), (4, 1)):
        document = {"cases": {"a": {"ours": {**GOOD, "dimension": dimension}}}, "training": {}}
        results.write_text(json.dumps(document))
        assert check.main([str(results), "--targets", str(targets), "--partial"]) == code
    assert "missed  a: dimension is 4, wanted 3" in capsys.readouterr().out
    assert check.main([str(tmp_path / "none.json")]) == 2
    assert "run benchmarks/run.py first" in capsys.readouterr().err


def test_every_target_of_training_is_measured():
    targets = json.loads((FOLDER / "targets.json").read_text())["training"]
    assert targets == training.REACH
    assert set(training.REACH) == {case for cases in training.MODELS.values() for case in cases}


def test_ratios_are_medians_over_rounds_not_ratios_of_medians():
    times = {"plain": [1.0, 10.0, 2.0], "penalty": [1.1, 11.0, 3.0]}
    assert training.ratios_to_plain(times) == pytest.approx({"plain": 1.0, "penalty": 1.1})


def test_steps_are_measured_two_in_a_row_after_one_of_their_kind():
    calls, ticks = [], iter(range(1000))
    steps = {name: (lambda name=name: calls.append(name)) for name in ("plain", "penalty")}
    times = training.times_in_turn(steps, 4, lambda: next(ticks))
    assert times == {"plain": [0.5] * 4, "penalty": [0.5] * 4}
    rounds = calls[2:]
    assert all(len(set(rounds[i : i + 3])) == 1 for i in range(0, len(rounds), 3))
    assert rounds.count("plain") == rounds.count("penalty") == 12


def test_the_script_for_gpus_runs_without_one_and_names_what_is_missed(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    gpu = module("gpu")
    out = tmp_path / "gpu.json"
    assert gpu.main(["--dry-run", "--case", "launches", "matrix-c4", "mlp-1024-graph", "--out", str(out)]) == 0
    cases = json.loads(out.read_text())["cases"]
    assert set(cases["mlp-1024-graph"]["ratios"]) == {"plain", "weight decay", "frobenius", "decoupled", "spectral"}
    assert set(cases["matrix-c4"]["ratios"]) >= {"plain", *gpu.REACH["matrix-c4"]}
    assert set(cases["launches"]["ratios"]) == set(gpu.REACH["launches"])
    capsys.readouterr()
    slow = {"mlp-4096": {"ratios": {"weight decay": 1.02, "frobenius": 1.045, "decoupled": 1.02, "spectral": 1.05}}}
    assert gpu.misses(slow) == ["mlp-4096: frobenius is 1.045, wanted at most 1.040"]
    eager = {"mlp-1024": {"ratios": {"weight decay": 1.2, "frobenius": 1.29, "decoupled": 1.31}}}
    assert gpu.misses(eager) == ["mlp-1024: decoupled is 1.310, wanted at most 1.300"]
    assert gpu.misses({"jax": {"skipped": "no GPU"}, "spins": {"error": "out of memory"}}) == ["spins: out of memory"]
