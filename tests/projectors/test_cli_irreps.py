"""The commands irreps and branch."""

from commands import refused, run, run_json


def test_irreps():
    code, out, err = run("irreps", "C7:C3", "--field", "complex")
    assert (code, err) == (0, "")
    assert "5 irreps of C7:C3 over the complex numbers" in out
    record = run_json("irreps", "D4", "--exact")
    assert [r["label"] for r in record["irreps"]][:2] == ["A1", "A2"]
    assert record["irreps"][-1]["matrices"]["r"] in ([[0, -1], [1, 0]], [["0", "-1"], ["1", "0"]])
    assert run_json("irreps", "D4")["irreps"][0]["matrices"] is None


def test_irreps_of_infinite_groups():
    record = run_json("irreps", "SO(3)", "--up-to", "2")
    assert [(r["label"], r["dim"]) for r in record["irreps"]] == [("0", 1), ("1", 3), ("2", 5)]
    assert len(run_json("irreps", "SO(3)")["irreps"]) == 5
    assert "infinitely many" in run("irreps", "SO(3)", "--exact")[1]
    assert "up_to" in refused("irreps", "D4", "--up-to", "2")


def test_branch():
    code, out, err = run("branch", "O(3)", "SO(3)", "--up-to", "1")
    assert (code, err) == (0, "")
    assert "O(3) restricted to SO(3)" in out
    record = run_json("branch", "C13:C4", "C4")
    assert record["index"] == 13
    parts = [{p["label"]: p["multiplicity"] for p in row["parts"]} for row in record["rows"]]
    assert parts[-1] == {"0": 1, "1": 1, "2": 1, "3": 1}
    one = run_json("branch", "D4", "C4", "regular + defining")
    assert [(p["label"], p["multiplicity"]) for p in one["rows"][0]["parts"]] == [("A", 2), ("B", 2), ("E1", 3)]
    assert "2 A + 2 B + 3 E1" in run("branch", "D4", "C4", "regular + defining")[1]


def test_branch_says_which_subgroup():
    error = refused("branch", "D6", "D3")
    assert "2 ways that are not conjugate" in error
    assert "--images" in error
    images = "r = (1 3 5)(2 4 6), s = (2 6)(3 5)"
    record = run_json("branch", "D6", "D3", "--images", images)
    assert record["images"] == {"r": "(1 3 5)(2 4 6)", "s": "(2 6)(3 5)"}
    assert "write an image for each generator" in refused("branch", "D6", "D3", "--images", "r to s")
    assert "break the relation" in refused("branch", "D6", "D3", "--images", "r = (1 2 3 4 5 6), s = (2 6)(3 5)")
    assert "no subgroup" in refused("branch", "D4", "C3")
    assert "infinite" in refused("branch", "D4", "SO(2)")
