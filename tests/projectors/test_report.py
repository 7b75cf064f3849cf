"""The demonstration: its numbers, its pictures, and what it does without matplotlib."""

import json

import numpy as np
import pytest

from grouprep import Cyclic, Dihedral, GroupRepError
from projectors.demo import pictures
from projectors.demo.demo import demo_record, print_demo
from projectors.demo.digits import digits_file, element_names, layer_spaces, measure_digits, percent
from projectors.demo.lorentz import name_of, solve_lorentz
from projectors.demo.rubik import solve_rubik
from projectors.files import verify, write_bytes
from projectors.report.matrices import entry_text, matrix_text, named_matrix
from projectors.report.tables import Terminal
from projectors.report.writing import make_folder

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def rubik():
    return solve_rubik()


@pytest.fixture(scope="module")
def digits():
    return measure_digits()


# --- the Rubik's cube


def test_rubik_commutant(rubik):
    record = rubik.record
    assert record["order"] == 43_252_003_274_489_856_000
    assert record["representation_dim"] == 48
    assert record["dim"] == 9
    assert record["certificate"]["proved"]


def test_rubik_orbitals_partition_the_pairs(rubik):
    entries = sorted(o["entries"] for o in rubik.record["orbitals"])
    assert entries == [24, 24, 24, 24, 24, 504, 528, 576, 576]
    assert sum(entries) == 48**2
    counts = {("corner", "corner"): 4, ("edge", "edge"): 3, ("corner", "edge"): 1, ("edge", "corner"): 1}
    pairs = [(o["from"], o["to"]) for o in rubik.record["orbitals"]]
    assert {pair: pairs.count(pair) for pair in counts} == counts


def test_rubik_picture_has_corners_first_and_pieces_together(rubik):
    assert sorted(rubik.order.tolist()) == list(range(48))
    assert np.bincount(rubik.pieces).tolist() == [3] * 8 + [2] * 12
    assert set(rubik.excerpt.ravel().tolist()) == set(range(1, 10))


def test_rubik_basis_is_saved_and_proved(tmp_path):
    record = solve_rubik(tmp_path / "rubik.json").record
    assert record["verified"]["proved"]
    assert verify(tmp_path / "rubik.json").dim == 9


# --- the Lorentz group


def test_lorentz_commutant():
    record = solve_lorentz()
    assert record["dim"] == 3
    assert record["certificate"]["proved"]
    assert {e["name"] for e in record["elements"]} == {"identity", "transpose", "metric trace"}
    assert record["pythagoras"] < 1e-13


def test_unknown_operator_is_not_named():
    assert name_of(np.zeros((16, 16))) == "not recognised"


# --- the digits


def test_shipped_file_is_plain_and_small():
    assert digits_file().stat().st_size < 300_000
    with np.load(digits_file(), allow_pickle=False) as arrays:
        assert arrays["images"].dtype == np.uint8
        assert arrays["images"].shape == (450, 64)
        assert arrays["images"].max() <= 16
        assert set(arrays["labels"].tolist()) == set(range(10))
        assert all(arrays[k].dtype == np.float32 for k in arrays.files if "." in k)


def test_shares_before_and_after_projection(digits):
    for name, low, high in (("plain", 0.1, 0.2), ("penalised", 0.99, 1.0)):
        layers = {x["parameter"]: x for x in digits.record["networks"][name]["layers"]}
        assert low < layers["hidden.weight"]["share_before"] < high
        for layer in layers.values():
            # P is applied twice in floats: a few roundings of sums of at most 64 terms.
            assert layer["share_after"] == pytest.approx(1, abs=1e-13)
            assert layer["residual_after"] <= 1e-13 * layer["norm"]
            assert layer["defect_lower"] <= layer["defect_upper"]
        assert layers["output.bias"]["share_before"] == pytest.approx(1, abs=1e-15)


def test_projected_networks_are_invariant(digits):
    for network in digits.record["networks"].values():
        projected = network["accuracy"]["projected"]
        assert projected["constant"] == 1
        assert projected["turned"] == projected["upright"]


def test_penalty_keeps_what_projection_costs(digits):
    plain, penalised = (digits.record["networks"][n]["accuracy"] for n in ("plain", "penalised"))
    assert plain["as_trained"]["upright"] > 0.95
    assert plain["projected"]["upright"] < 0.5
    assert penalised["projected"]["upright"] > 0.9
    assert penalised["as_trained"]["upright"] - penalised["projected"]["upright"] < 0.02


def test_projected_weights_commute_with_the_group(digits):
    H = layer_spaces()["hidden.weight"]
    T = digits.projected["plain"]["hidden.weight"]
    for g in Dihedral(4).generators:
        assert np.abs(H.W(g) @ T - T @ H.V(g)).max() < 1e-14


def test_element_names():
    assert element_names(Cyclic(4)) == ["1", "r", "r²", "r³"]
    assert len(set(element_names(Dihedral(4)))) == 8


def test_percent():
    assert [percent(x) for x in (0.0, 0.126, 0.9999, 1.0)] == ["0.0%", "12.6%", "99.990%", "100.0%"]


# --- pictures and files


def test_record_and_pictures(tmp_path):
    record = demo_record(tmp_path / "demo")
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["digits"] == record["digits"]
    assert (record["rubik"]["dim"], record["lorentz"]["dim"]) == (9, 3)
    assert len(record["pictures"]) == 2
    for name in ("rubik.png", "filters.png"):
        assert (tmp_path / "demo" / name).read_bytes().startswith(PNG)
    assert sorted(p.name for p in (tmp_path / "demo").iterdir()) == [
        "digits.npz", "filters.png", "rubik.json", "rubik.png", "rubik.toml",
    ]  # fmt: skip


def test_without_matplotlib(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "find_spec", lambda name: None)
    record = demo_record(tmp_path)
    assert record["pictures"] == []
    assert "pip install grouprep[plot]" in record["note"]
    print_demo(Terminal(), tmp_path)
    printed = capsys.readouterr().out
    assert "pip install grouprep[plot]" in " ".join(printed.split())  # however narrow the terminal
    assert "Where to go next" in printed
    assert not list(tmp_path.glob("*.png"))


def test_output_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(GroupRepError, match="--output"):
        make_folder(tmp_path / "file")


def test_write_into_missing_folder(tmp_path):
    with pytest.raises(GroupRepError, match="cannot write"):
        write_bytes(tmp_path / "missing" / "file", b"x")
    assert list(tmp_path.iterdir()) == []


# --- matrices as text


def test_matrix_text():
    assert matrix_text([[1, 0], [-1, "sqrt(2)/2"]]) == "⎡ 1          · ⎤\n⎣-1  sqrt(2)/2 ⎦"
    assert matrix_text([]) == "[]"
    assert matrix_text([[1.0]]) == "[1 ]"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (0, "·"),
        ("0", "·"),
        (0.0, "·"),
        (0.25, "0.25"),
        ([0.0, -1.0], "-1i"),
        ([0.5, 0.5], "0.5+0.5i"),
        ([2.0, 0.0], "2"),
    ],
)
def test_entries(entry, text):
    assert entry_text(entry) == text


def test_common_size_is_taken_out():
    assert named_matrix("X", [[0.5, -0.5]]).startswith("X = 0.5 *")
    assert named_matrix("X", [[0.5, 0.25]]).startswith("X =\n")
