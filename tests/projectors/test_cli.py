"""The command: every subcommand, its output and its JSON."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from commands import LAYER, PAIR, refused, run, run_json, valid

from projectors.cli.inputs import packaged_examples, read_group

# --- info


def test_info():
    code, out, err = run("info", "D4")
    assert (code, err) == (0, "")
    for text in ("order", "8", "conjugacy classes", "regular", "grid(8, 8)"):
        assert text in out


def test_info_json():
    record = run_json("info", "D4xC2")
    assert record["order"] == 16
    assert record["is_finite"]
    assert record["is_compact"]
    assert record["conjugacy_classes"] == 10
    assert record["factors"] == ["D4", "C2"]
    assert {"name": "regular", "dim": 16, "field": "real", "unitary": True} in record["representations"]


def test_info_of_infinite_groups():
    rotations = run_json("info", "SO(3)")
    assert rotations["order"] is None
    assert rotations["is_compact"]
    assert rotations["generators"]["A1"] == [[0, -1, 0], [1, 0, 0], [0, 0, 0]]
    assert not run_json("info", "O(1,3)")["is_compact"]
    mixed = run_json("info", "D4xSO(3)")
    assert mixed["generators"]["r@0"] == "(1 2 3 4)"
    assert run("info", "D4xSO(3)")[0] == 0


def test_info_of_packaged_example():
    record = run_json("info", "rubik")
    assert record["order"] == 43_252_003_274_489_856_000
    assert record["file"] == str(packaged_examples()["rubik"])


def test_info_of_file(folder):
    record = run_json("info", "square.toml")
    assert record["group"] == "square"
    assert record["representations"][0] == {"name": "sign", "dim": 1, "field": "real", "unitary": True}


def test_info_of_huge_order():
    record = run_json("info", "S1500")
    assert record["order"] is None
    assert record["order_text"].startswith("about 10^4,11")


# --- basis and verify


def test_basis():
    code, out, _ = run("basis", "D4", "--in", "regular", "--out", "regular")
    assert code == 0
    assert "dimension 8" in out
    assert "X1 = 0.3536 *" in out


def test_basis_json_is_orthonormal_and_equivariant():
    record = run_json("basis", "D4", "--in", "regular", "--out", "defining")
    X = np.array(record["matrices"])
    assert X.shape == (record["dim"], 2, 8) == (2, 2, 8)
    assert np.allclose(np.einsum("kij,lij->kl", X, X), np.eye(2), atol=1e-14)
    G = read_group("D4").group
    for g in G.generators:
        assert np.allclose(G.defining()(g) @ X, X @ G.regular()(g), atol=1e-14)
    assert record["certificate"] is None


def test_complex_basis_is_pairs_of_numbers():
    record = run_json("basis", "Q8", "--in", "defining", "--out", "defining")
    assert np.array(record["matrices"]).shape == (1, 2, 2, 2)
    assert run("basis", "Q8", "--in", "defining", "--out", "defining")[0] == 0


def test_exact_basis_json():
    record = run_json("basis", "SO(3)", "--in", "defining^2", "--out", "defining", "--exact")
    assert record["dim"] == 1
    assert record["exact"]
    assert record["certificate"]["proved"]
    assert {x for row in record["matrices"][0] for x in row} == {-1, 0, 1}


def test_lorentz_and_rubik_dimensions():
    tensors = ("basis", "O(1,3)", "--in", "defining^2", "--out", "defining^2", "--inner", "euclidean", "--exact")
    assert run_json(*tensors)["dim"] == 3
    assert run_json("basis", "rubik", *PAIR, "--exact")["dim"] == 9


def test_splitting_is_shown():
    record = run_json("basis", "D4", "--in", "regular", "--out", "2*regular + defining")
    assert [(p["dim"], p["places"]) for p in record["pairs"]] == [(8, 2), (2, 1)]
    assert "places" in run("basis", "D4", "--in", "regular", "--out", "2*regular + defining")[1]


def test_zero_dimension_explains_itself():
    code, out, _ = run("basis", "D4", "--in", "trivial", "--out", "defining")
    assert code == 0
    assert "dimension 0" in out
    assert "none in common" in out
    assert run_json("basis", "D4", "--in", "trivial", "--out", "defining", "--exact")["matrices"] == []


def test_large_basis_is_not_printed():
    record = run_json("basis", "D4", "--in", "100*regular", "--out", "100*regular", "--exact")
    assert record["dim"] == 80_000
    assert record["matrices"] is None
    assert record["certificate"]["proved"]
    assert "too large to print" in run("basis", "D4", "--in", "100*regular", "--out", "100*regular")[1]


@pytest.mark.parametrize("solver", ["auto", "constraint", "averaging", "orbits", "schur", "modular", "sparse"])
def test_solvers_agree(solver):
    assert run_json("basis", "D4", *PAIR, "--solver", solver)["dim"] == 3


def test_save_and_verify(folder):
    record = run_json("basis", "square.toml", "--in", "natural + sign", "--out", "natural", "--save", "f.json")
    assert record["saved"] == "f.json"
    assert record["exact"]
    proof = run_json("verify", "f.json")
    assert proof["proved"]
    assert proof["certificate"]["dim"] == record["dim"] == 4
    code, out, _ = run("verify", "f.json")
    assert code == 0
    assert "proved" in out


def test_false_basis_is_exit_code_1(folder):
    run("basis", "square.toml", *PAIR, "--save", "f.json")
    data = json.loads(Path("f.json").read_text())
    data["basis"][0][0][2] = 5
    Path("f.json").write_text(json.dumps(data))
    assert "f.json" in refused("verify", "f.json", code=1)
    code, out, err = run("verify", "f.json", "--json")
    assert code == 1
    assert not valid("verify", json.loads(out))["proved"]
    assert err.startswith("error: ")


def test_float_solver_has_no_exact_basis():
    assert "float" in refused("basis", "D4", *PAIR, "--solver", "float", "--exact")


# --- decompose


def test_decompose(folder):
    record = run_json("decompose", "D4", "natural", "--save", "u.npy")
    assert [(r["label"], r["multiplicity"], r["dim"], r["type"]) for r in record["irreps"]] == [
        ("A1", 1, 1, "R"),
        ("B1", 1, 1, "R"),
        ("E1", 1, 2, "R"),
    ]
    U = np.load("u.npy", allow_pickle=False)
    assert np.array_equal(U, record["change_of_basis"])
    assert np.abs(U.T @ U - np.eye(4)).max() <= 4 * np.finfo(float).eps
    assert record["unitarity_error"] <= 4 * np.finfo(float).eps


def test_decompose_exactly_and_over_the_complex_numbers():
    record = run_json("decompose", "C3", "natural", "--field", "complex", "--exact")
    assert [r["label"] for r in record["irreps"]] == ["0", "1", "2"]
    assert record["proved"]
    assert record["change_of_basis"][0] == ["sqrt(3)/3"] * 3
    code, out, _ = run("decompose", "C3", "natural", "--field", "complex", "--exact")
    assert code == 0
    assert "sqrt(3)/3" in out


def test_decompose_shows_multiplicities():
    code, out, _ = run("decompose", "SO(3)", "defining^3")
    assert code == 0
    assert re.search(r"^ 1 +3 +R +3 +9 $", out, re.MULTILINE)


def test_decompose_refuses():
    assert "infinite" in refused("decompose", "SO(2)", "defining", "--exact")
    assert "complex" in refused("decompose", "Q8", "defining", "--field", "real")


def test_info_lists_irreps():
    assert [r["label"] for r in run_json("info", "D4")["irreps"]] == ["A1", "A2", "B1", "B2", "E1"]
    assert run_json("info", "rubik")["irreps"] == []
    assert "1/2 (4)" in run("info", "SU(2)")[1]


def test_penalty_between_irreps(folder):
    record = run_json("penalty", "w.npy", *LAYER, "--per-irrep")
    total = sum(r["value"] ** 2 for r in record["per_irrep"]) ** 0.5
    assert total == pytest.approx(record["penalty"], rel=1e-6)
    assert len(record["per_irrep"]) == 25
    assert "from irrep" in run("penalty", "w.npy", *LAYER, "--per-irrep", "--norm", "nuclear")[1]


# --- penalty


def test_penalty_json(folder):
    record = run_json("penalty", "w.npy", *LAYER)
    assert record["shape"] == [16, 64]
    assert record["array"] == {"key": None, "shape": [16, 64], "note": None}
    assert record["relative"] == pytest.approx(record["penalty"] / record["norm_of_weights"])
    # P is orthogonal: the shares of P(T) and of T - P(T) add up to one.
    assert record["equivariant_share"] + record["relative"] ** 2 == pytest.approx(1, abs=1e-12)
    assert record["defect"]["lower"] == pytest.approx(2**0.5 * record["penalty"])
    assert record["defect"]["upper"] == pytest.approx(2 * record["penalty"])


def test_penalty_norms_and_parts(folder):
    plain = run_json("penalty", "w.npy", *LAYER)
    squared = run_json("penalty", "w.npy", *LAYER, "--norm", "frobenius-squared")
    assert squared["penalty"] == pytest.approx(plain["penalty"] ** 2)
    spectral = run_json("penalty", "w.npy", *LAYER, "--norm", "spectral")
    assert spectral["penalty"] <= plain["penalty"]
    kept = run_json("penalty", "w.npy", *LAYER, "--part", "equivariant")
    assert kept["relative"] ** 2 == pytest.approx(kept["equivariant_share"])
    for norm in ("frobenius", "frobenius-squared", "spectral"):
        assert run("penalty", "w.npy", *LAYER, "--norm", norm)[0] == 0


def test_penalty_by_key_and_of_a_bias(folder):
    assert run_json("penalty", "two.npz", "--key", "a", *LAYER)["array"]["key"] == "a"
    bias = run_json("penalty", "two.npz", "--key", "b", "--group", "D4", "--in", "trivial", "--out", "2*regular")
    assert bias["equivariant_share"] == pytest.approx(1)
    assert "16 x 1" in bias["array"]["note"]


def test_penalty_flattens_convolutions(folder):
    np.save("conv.npy", np.ones((16, 1, 8, 8), dtype=np.float16))
    record = run_json("penalty", "conv.npy", *LAYER)
    assert record["array"]["note"] == "16 x 1 x 8 x 8 is flattened to 16 x 64"
    assert "is flattened" in run("penalty", "conv.npy", *LAYER)[1]


def test_penalty_of_zero_weights(folder):
    np.save("zero.npy", np.zeros((16, 64)))
    record = run_json("penalty", "zero.npy", *LAYER)
    assert (record["penalty"], record["relative"], record["equivariant_share"]) == (0, None, None)
    assert "undefined" in run("penalty", "zero.npy", *LAYER)[1]


def test_penalty_without_an_average(folder):
    np.save("t.npy", np.arange(16.0).reshape(4, 4))
    layer = ("--group", "O(1,3)", "--in", "defining", "--out", "defining")
    assert "euclidean" in refused("penalty", "t.npy", *layer)
    record = run_json("penalty", "t.npy", *layer, "--inner", "euclidean")
    assert 0 < record["equivariant_share"] < 1
    assert record["defect"]["lower"] is None
    assert "no bound" in run("penalty", "t.npy", *layer, "--inner", "euclidean")[1]


def test_safetensors(folder):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    save_file({"fc.weight": np.load("w.npy")}, "w.safetensors")
    assert run_json("penalty", "w.safetensors", *LAYER)["penalty"] == run_json("penalty", "w.npy", *LAYER)["penalty"]
    Path("cut.safetensors").write_bytes(Path("w.safetensors").read_bytes()[:100])
    assert "truncated" in refused("penalty", "cut.safetensors", *LAYER)


def test_shipped_networks_are_weights():
    from projectors.demo.digits import digits_file

    layer = ("--group", "D4", "--in", "grid(8,8)", "--out", "16*regular")
    assert run_json("penalty", digits_file(), "--key", "plain.hidden.weight", *layer)["equivariant_share"] < 0.2
    assert run_json("penalty", digits_file(), "--key", "penalised.hidden.weight", *layer)["equivariant_share"] > 0.99


# --- demo


def test_demo(tmp_path):
    code, out, err = run("demo", "--output", tmp_path / "demo")
    assert (code, err) == (0, "")
    for text in (
        "43,252,003,274,489,856,000",
        "dimension 9",
        "dimension 3",
        "metric trace",
        "CC BY 4.0",
        "Where to go next",
    ):
        assert text in out
    assert (tmp_path / "demo" / "filters.png").read_bytes().startswith(b"\x89PNG")


def test_demo_json(tmp_path):
    record = run_json("demo", "--output", tmp_path)
    assert (record["rubik"]["dim"], record["lorentz"]["dim"]) == (9, 3)


def test_demo_into_a_file(folder):
    assert "--output" in refused("demo", "--output", "w.npy")


# --- characters


def test_characters():
    record = run_json("characters", "A5")
    assert [c["size"] for c in record["classes"]] == [1, 12, 12, 15, 20]
    assert {(c["degree"], c["type"]) for c in record["characters"]} == {(1, "R"), (3, "R"), (4, "R"), (5, "R")}
    assert "1/2 + sqrt(5)/2" in [x for c in record["characters"] for x in c["values"]]
    code, out, err = run("characters", "Q8")
    assert (code, err) == (0, "")
    assert "characters of Q8" in out
    assert "H" in out
    for group in ("SO(3)", "S20", "rubik"):
        refused("characters", group)
