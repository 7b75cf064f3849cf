"""What people look at: texts of one line, and what notebooks show."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from grouprep import SO, Cyclic, Dihedral, FiniteGroup, Homomorphism, PointGroup, Symmetric
from grouprep.irreps.branching import branching_table
from grouprep.markup import PALETTE, bar, blocks_picture, elements_picture, matrix_picture, text, word_table
from grouprep.point_groups.molecules import Molecule
from grouprep.progress import progress, steps
from projectors import Hom, decompose
from projectors.files import write_bytes
from projectors.models.measure import EquivarianceError
from projectors.models.report import (
    CheckReport,
    Finding,
    LayerDefect,
    PenaltyReport,
    TermReport,
    Verification,
    report_from_dict,
    verification_from_dict,
)

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def tree(html):
    """The markup, which must be well formed; every picture says in words what it shows."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    for picture in root.iter(f"{SVG}svg"):
        assert picture.get("role") == "img"
        assert picture.get("aria-label") == picture.find(f"{SVG}title").text
    return root


def words(html):
    return " ".join(" ".join(tree(html).itertext()).split())


def solved(H):
    H.exact_basis()
    return H


def term(name="a.weight"):
    return TermReport(name, 3.0, 4.0, 5.0, 0.6, 1.0, 0.0, (2, 4), 1, ("b",), {("A1", "E1"): 3.0, ("A1", "A1"): 0.0})


def objects():
    G, S = Dihedral(4), Symmetric(4)
    H = Hom(2 * G.regular() + G.trivial(), G.regular())
    lost = LayerDefect("out", None, 0.5, 0.5, 1e-6)
    finding = Finding("error", "layer <1>", "a & b")
    return {
        "group": (G, "D4 order 8 acts on 4 points generator r (1 2 3 4) s (2 4)"),
        "large group": (FiniteGroup.from_permutations([np.roll(np.arange(2000), 1)]), "not computed yet"),
        "Lie group": (SO(3), "order infinite compact yes"),
        "product": (G * Cyclic(2), "factors D4, C2"),
        "table": (S.character_table(), "[2,1,1]"),
        "representation": (2 * G.regular() + G.defining(), "regular 2 8 defining 1 2"),
        "irrep": (G.irrep("E1"), "dimension 2"),
        "homomorphism": (Homomorphism.identity(G), "r (1 2 3 4)"),
        "subgroup": (S.subgroups()[-1], "1: it is normal"),
        "branching": (branching_table(Homomorphism.identity(G)), "How the irreps of D4 split"),
        "correlation": (PointGroup("Td").correlation("C3v"), "T2 A1 + E"),
        "molecule": (Molecule(["O", "H", "H"], [[0, 0, 0.1], [0, 0.8, -0.5], [0, -0.8, -0.5]]), "OH2: 3 atoms, C2v"),
        "space": (H, "dimension 17 of 136"),
        "solved space": (solved(Hom(G.regular(), G.regular())), "dimension 8 of 64"),
        "zero space": (solved(Hom(G.trivial(), G.defining())), "no equivariant map but 0"),
        "basis": (H.basis(), "the first 8 of 17"),
        "exact basis": (H.exact_basis(), "(exact)"),
        "certificate": (H.certify(), "dimension 17, ✓ proved"),
        "decomposition": (decompose(G.regular()), "E1 2 R 2 4"),
        "frame": (H.spectral, "5 diagonal"),
        "term": (term(), "0.6"),
        "penalty": (PenaltyReport(3.0, (term(),), ("frozen",), ("flag",)), "A1 → E1"),
        "check": (CheckReport((finding,), 3, ("f",)), "layer <1> a & b not followed: f"),
        "verification": (Verification(0.5, 1e-6, (lost,), ("w",), (finding,), ("f",), 8, True, 0.7), "lost here"),
        "error": (EquivarianceError(0.5, 0.25, 8, True), "0.25 over all 8 elements"),
    }


def test_what_notebooks_show():
    for name, (value, expected) in objects().items():
        html = value._repr_html_()
        assert expected in words(html), name
        assert html == value._repr_html_(), name
        assert len(html) < 20_000, name
        line = repr(value)
        assert " at 0x" not in line, name
        assert len(line) < (1_000 if name == "verification" else 250), name


def test_looking_solves_nothing():
    G = Symmetric(5)
    H = Hom(G.regular(), G.regular())
    assert "not counted yet" in words(H._repr_html_())
    assert "120 x 120" in words(H._repr_html_())
    assert not {"dim", "_basis", "_exact_basis"} & set(H.__dict__)
    many = Hom(sum((Cyclic(n).trivial() for n in [3] * 2), Cyclic(3).regular()), Cyclic(3).regular())
    assert "dimension 5 of 15" in words(many._repr_html_())


def test_no_public_class_prints_as_an_address():
    sys.path.insert(0, str(ROOT / "docs" / "site"))
    try:
        import public
    finally:
        sys.path.pop(0)
    addresses = {
        f"{one.module}.{one.name}"
        for found in public.public_objects().values()
        for one in found
        if one.kind == "class"
        and one.value.__repr__ is object.__repr__
        and not getattr(one.value, "_is_protocol", False)
    }
    assert addresses == {"grouprep.characters.ClassValue"}  # the alias Any


def test_texts_of_one_line():
    from grouprep.characters import Laurent
    from projectors.penalties import Schatten
    from projectors.structure.dense import Dense
    from projectors.testing import HomLaws

    H = Hom(Cyclic(3).regular(), Cyclic(3).regular())
    assert repr(H.basis().structure).startswith("<Blocks shape=(3, 3), blocks=")
    assert repr(H.basis().blocks[0].structure).startswith("<Orbits ")
    assert repr(Laurent({(0, (1,)): 2})) == "<Laurent terms=1 items, rank=1>"
    assert repr(Schatten(3)) == "Schatten(p=3)"
    assert "array" in repr(H.space(*next(iter(H.pairs))))
    assert all(isinstance(kind, type) for kind in (Dense, HomLaws))


# --- pictures


def path_cells(picture, k):
    """The area of the k-th path: h runs of height 1."""
    import re

    d = list(tree(picture).iter(f"{SVG}path"))[k].get("d")
    return sum(int(n) for n in re.findall(r"h(\d+)v1", d))


def test_pictures_of_matrices():
    picture = matrix_picture([[1, 0, -0.5], [1, 1, 0]], "X <1>")
    shades = [(p.get("fill-opacity"), p.get("fill")) for p in tree(picture).iter(f"{SVG}path")]
    assert [s for s, _ in shades] == ["0.5", "1"]
    assert len({c for _, c in shades}) == 2
    assert [path_cells(picture, k) for k in (0, 1)] == [1, 3]
    assert "X <1>: matrix 2 x 3, largest entry 1" in tree(picture)[0].get("aria-label")
    assert "absolute values" in matrix_picture([[1j]], "Y")
    assert "largest entry 0" in matrix_picture(np.zeros((2, 2)), "Z")
    both = elements_picture([[[1, 0], [0, 1]], [[0, 1], [0, 1]]], "b")
    assert [path_cells(both, k) for k in range(3)] == [1, 1, 1]
    assert [p.get("fill") for p in tree(both).iter(f"{SVG}path")] == [*PALETTE[:2], "#888"]
    blocks = blocks_picture([("a", 1), ("b", 4)], [("v", 9)], {(1, 0): "7"}, "alt")
    assert len(list(tree(blocks).iter(f"{SVG}rect"))) == 1
    assert "7" in words(blocks)


def test_what_users_name_is_escaped():
    evil = "<script>\x1b[2J"
    for html in (text(evil), word_table([evil], [[evil]], evil), bar(0.5, evil), matrix_picture([[1]], evil)):
        assert "<script>" not in html
        assert "\x1b" not in html
    assert "width:100%" in bar(7.0, "")
    assert "width:0%" in bar(float("nan"), "")


# --- reports as plain data


def test_reports_go_to_json_and_back():
    import json

    from grouprep import GroupRepError

    report = PenaltyReport(3.0, (term(), term("c")), ("frozen",), ("flag",), 4)
    data = json.loads(json.dumps(report.to_dict()))
    assert report_from_dict(data) == report
    lost = LayerDefect("out", None, 0.5, 0.5, 1e-6)
    measured = Verification(0.5, 1e-6, (lost,), ("w",), (Finding("error", "l", "w"),), ("f",), 8, True, 0.7)
    assert verification_from_dict(json.loads(json.dumps(measured.to_dict()))) == measured
    with pytest.raises(GroupRepError, match="not a whole verification: KeyError"):
        verification_from_dict({"layers": [{}]})
    for broken in ({}, {**data, "terms": [{}]}, {**data, "terms": 3}, {**data, "total": "x"}, {**data, "version": 2}):
        with pytest.raises(GroupRepError, match="report of a penalty"):
            report_from_dict(broken)


# --- long work


def test_progress_and_interruption(tmp_path):
    G = Dihedral(4)
    H = Hom(G.regular() + G.defining(), G.regular())
    told = []

    def interrupt(text, done, of):
        told.append((text, done, of))
        if text == "proving" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), progress(interrupt):
        H.certify()
    assert told == [("solving", 0, 2), ("solving", 1, 2), ("solving", 2, 2), ("proving", 0, 2), ("proving", 1, 2)]
    assert list(steps("ab", "quiet")) == ["a", "b"]
    assert len(told) == 5, "nobody listens outside"
    assert H.certify().proved
    assert H.exact_basis() == Hom(H.V, H.W).exact_basis()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            write_bytes(tmp_path / "f", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_bar_of_ones_own(capsys):
    with progress():
        Hom(Dihedral(4).regular() + Dihedral(4).defining(), Dihedral(4).regular()).basis()
    assert "solving" in capsys.readouterr().err
