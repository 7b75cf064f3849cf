"""Saved bases: round trips, corrupted files, truncated files."""

import json
import os

import numpy as np
import pytest
from cases import cases

from grouprep import (
    SO,
    SU,
    CertificateError,
    Cyclic,
    Dihedral,
    FiniteGroup,
    GroupRepError,
    LieGroup,
    Lorentz,
    NotAHomomorphism,
    Quaternion,
    Representation,
    TooLarge,
)
from projectors import Hom, commutant
from projectors.files import load_basis, verify, write_text

SPACES = {
    "C4 plane": lambda: commutant(Cyclic(4).defining()),
    "D5 plane squared": lambda: commutant(Dihedral(5).defining() ** 2),
    "Q8": lambda: Hom(Quaternion().regular(), Quaternion().defining()),
    "SU2": lambda: commutant(SU(2).defining() ** 2),
    "Lorentz": lambda: commutant(Lorentz().defining() ** 2, inner="euclidean"),
    "skew": lambda: commutant(
        FiniteGroup.from_matrices({"a": [[0, -1], [1, -1]], "b": [[0, 1], [1, 0]]}).defining() ** 2
    ),
    "copies": lambda: Hom(2 * Dihedral(3).defining() + Dihedral(3).trivial(), Dihedral(3).natural()),
    "zero": lambda: Hom(Dihedral(4).trivial(), Dihedral(4).defining()),
}


@pytest.fixture
def saved(tmp_path):
    def save(name):
        path = tmp_path / "basis.json"
        SPACES[name]().save(path)
        return path

    return save


@pytest.mark.parametrize("name", SPACES)
def test_round_trip(name, saved):
    H = SPACES[name]()
    path = saved(name)
    certificate = verify(path)
    assert certificate.proved
    assert certificate.dim == H.dim
    V, W, space = load_basis(path)
    assert (V.dim, W.dim, space.dim) == (H.V.dim, H.W.dim, H.dim)
    from grouprep.linalg.convert import to_numpy

    if H.dim:
        found = to_numpy(space.rows()).reshape(-1, *H.shape)
        assert np.array_equal(found, H.exact_basis().to_numpy())


def edit(path, change):
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def flip_a_sign(data):
    entry = data["basis"][-1][-1]
    entry[2] = -entry[2] if isinstance(entry[2], int) else f"-({entry[2]})"


def drop_an_element(data):
    data["basis"].pop()
    data["dim"] -= 1


def duplicate_an_element(data):
    data["basis"].append(data["basis"][0])
    data["dim"] += 1


def add_a_foreign_element(data):
    data["basis"].append([[0, 0, 1]])
    data["dim"] += 1


def wrong_entry(data):
    data["basis"][0][0][2] = 17


def drop_an_entry(data):
    data["basis"][0].pop()


def move_an_entry(data):
    taken = {tuple(e[:2]) for e in data["basis"][0]}
    free = next([i, j] for i in range(2) for j in range(2) if (i, j) not in taken)
    data["basis"][0][0][:2] = free


def zero_element(data):
    data["basis"][-1] = []


@pytest.mark.parametrize("name", ["C4 plane", "D5 plane squared", "Q8", "SU2", "Lorentz", "skew"])
@pytest.mark.parametrize(
    "change",
    [
        flip_a_sign,
        drop_an_element,
        duplicate_an_element,
        add_a_foreign_element,
        wrong_entry,
        drop_an_entry,
        zero_element,
    ],
    ids=lambda f: f.__name__,
)
def test_corrupted_bases_are_rejected(name, change, saved):
    path = edit(saved(name), change)
    with pytest.raises(CertificateError) as error:
        verify(path)
    assert str(path) in str(error.value)


def test_a_moved_entry_is_rejected(saved):
    with pytest.raises(CertificateError):
        verify(edit(saved("C4 plane"), move_an_entry))


def test_swapped_generators_are_rejected(saved):
    """The images of two generators exchanged: no representation any more, or another one with another basis."""

    def swap(data):
        images = data["W"]["images"]
        images["r"], images["s"] = images["s"], images["r"]

    with pytest.raises((CertificateError, NotAHomomorphism)):
        verify(edit(saved("D5 plane squared"), swap))


def test_a_conjugated_basis_is_rejected(saved):
    def conjugate(data):
        for element in data["basis"]:
            for entry in element:
                entry[2] = entry[2] if isinstance(entry[2], int) else entry[2].replace("I", "(-I)")

    path = saved("Q8")
    assert "I" in path.read_text(encoding="utf-8")
    with pytest.raises(CertificateError):
        verify(edit(path, conjugate))


def test_a_component_that_is_no_exponential_is_rejected(tmp_path):
    """rho(A) is 0 on the last coordinate, so rho(exp(2 pi A / 3)) is 1 there; a basis of large entries hides nothing."""
    third = [["-1/2", "-sqrt(3)/2"], ["sqrt(3)/2", "-1/2"]]
    G = LieGroup.from_algebra([[[0, -1], [1, 0]]], components=[third])
    plane = G.defining().change_basis([[1, 10**9], [0, 1]])
    path = tmp_path / "basis.json"
    for V in (plane + G.trivial(), G.trivial() + plane + G.trivial()):
        commutant(Representation(G, images=[V.image(a) for a in G.generator_names])).save(path)
        assert verify(path).proved
        data = json.loads(path.read_text())
        for side in ("V", "W"):
            forged = json.loads(path.read_text())
            rows = forged[side]["images"]["h1"]["rows"]
            assert rows[-1][-1] == 1
            rows[-1][-1] = "-1/2 + sqrt(3)*I/2"
            path.write_text(json.dumps(forged))
            with pytest.raises(NotAHomomorphism, match="identity component"):
                verify(path)
            path.write_text(json.dumps(data))


def test_images_that_are_no_representation_are_rejected(saved):
    def break_it(data):
        data["V"]["images"]["i"] = {"rows": [["I", 0], [0, "I"]]}

    path = saved("Q8")

    def shrink(data):
        data["V"] = data["W"]
        break_it(data)

    with pytest.raises(NotAHomomorphism):
        verify(edit(path, shrink))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95, 0.999])
def test_truncated_files_say_so(share, saved):
    path = saved("D5 plane squared")
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: int(share * (len(text) - 2))], encoding="utf-8")
    with pytest.raises(GroupRepError, match="truncated"):
        verify(path)


def test_sparse_images_are_written_by_their_entries_and_too_long_files_not_at_all(tmp_path, monkeypatch):
    V = SO(9).defining()
    path = tmp_path / "basis.json"
    commutant(V**2).save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    image = data["V"]["images"]["A2"]
    assert set(image) == {"size", "entries"}
    assert (image["size"], len(image["entries"])) == (81, 36)
    assert verify(path)
    for change, message in [
        (lambda m: m.update(rows=[[1]]), "size with entries"),
        (lambda m: m.update(size=80), "different sizes"),
        (lambda m: m.update(size=40), "inside 40 x 40"),
        (lambda m: m.update(size=10**9), "limit"),
        (lambda m: m["entries"].append(m["entries"][0]), "twice"),
        (lambda m: m["entries"][0].__setitem__(2, 7), "bracket|relation|path"),
        (lambda m: m.update(entries={}), "lists of entries"),
    ]:
        changed = json.loads(json.dumps(data))
        change(changed["V"]["images"]["A2"])
        changed["W"] = changed["V"]
        path.write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(GroupRepError, match=message):
            verify(path)
    monkeypatch.setattr("projectors.files.FILE_BYTES", 1000)
    with pytest.raises(TooLarge, match="nothing would read"):
        commutant(V**2).save(tmp_path / "long.json")
    assert not (tmp_path / "long.json").exists()


@cases(
    ("change", "message"),
    [
        (lambda d: d.update(surprise=1), 'unknown key "surprise"'),
        (lambda d: d.pop("V"), "V are missing"),
        (lambda d: d.update(format="other"), "not a saved basis"),
        (lambda d: d.update(version=2), "version 2"),
        (lambda d: d.update(shape=[3, 3]), "shape"),
        (lambda d: d.update(dim=5), "basis must be a list of 5"),
        (lambda d: d["basis"][0].append([0, 0]), "is not \\[row, column, value\\]"),
        (lambda d: d["basis"][0].append([9, 0, 1]), "inside 2 x 2"),
        (lambda d: d["basis"][0].append([-1, 0, 1]), "inside 2 x 2"),
        (lambda d: d["basis"][0].append([True, 0, 1]), "inside 2 x 2"),
        (lambda d: d["basis"][0].append([0, 1, 0.5]), "neither an integer nor text"),
        (lambda d: d["basis"][0].append([0, 1, "__import__('os')"]), "__import__"),
        (lambda d: d.update(basis="none"), "basis must be a list"),
        (lambda d: d["V"].pop("images"), "images"),
        (lambda d: d["V"]["group"].update(catalogue="D5"), "different groups|missing|keys|generators"),
    ],
)
def test_damaged_files_name_what_is_wrong(change, message, saved):
    path = edit(saved("C4 plane"), change)
    with pytest.raises(GroupRepError, match=message):
        verify(path)


def test_other_files(tmp_path):
    with pytest.raises(GroupRepError, match="cannot read"):
        verify(tmp_path / "missing.json")
    binary = tmp_path / "binary.json"
    binary.write_bytes(bytes(range(256)))
    with pytest.raises(GroupRepError, match="not a text file"):
        verify(binary)
    listed = tmp_path / "list.json"
    listed.write_text("[]", encoding="utf-8")
    with pytest.raises(GroupRepError, match="holds a list"):
        verify(listed)


def test_nothing_half_written(tmp_path, monkeypatch):
    import os

    target = tmp_path / "basis.json"
    target.write_text("before", encoding="utf-8")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(GroupRepError, match="No space left"):
        write_text(target, "after")
    assert target.read_text(encoding="utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["basis.json"]


def test_a_float_space_is_not_saved(tmp_path):
    V = Cyclic(4).defining()
    with pytest.raises(GroupRepError, match="exact"):
        Hom(V, V, solver="float").save(tmp_path / "basis.json")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder(tmp_path):
    with pytest.raises(GroupRepError, match="cannot write"):
        SPACES["C4 plane"]().save(tmp_path / "no" / "basis.json")


def test_repeated_entries_are_rejected(saved):
    """Two values for one entry contradict each other; neither may silently win."""

    def repeat(data):
        i, j, _ = data["basis"][0][0]
        data["basis"][0].insert(0, [i, j, 5])

    with pytest.raises(GroupRepError):
        verify(edit(saved("C4 plane"), repeat))


def test_scaled_generators_are_saved_and_verified(tmp_path):
    G = LieGroup.from_algebra([[[0, -2, 0], [2, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, -2], [0, 2, 0]]])
    commutant(G.defining()).save(tmp_path / "basis.json")
    assert verify(tmp_path / "basis.json").proved


def test_saving_replaces_files_only(tmp_path):
    with pytest.raises(GroupRepError, match="folder or a device"):
        write_text(tmp_path, "x")
    (tmp_path / "real.json").write_text("old", encoding="utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    write_text(tmp_path / "link.json", "new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_text(encoding="utf-8") == "new"


# --- fields are what they have to be, and nothing that equals it


def sign_image(data, **image):
    data["V"]["images"]["r"] = image


@cases(
    ("change", "message"),
    [
        (lambda d: sign_image(d, perm=[1.7, 0.2]), "perm holds 1.7"),
        (lambda d: sign_image(d, perm=["1", "0"]), "perm holds '1'"),
        (lambda d: sign_image(d, perm=[True, False]), "perm holds True"),
        (lambda d: sign_image(d, perm=[1, False]), "perm holds False"),
        (lambda d: sign_image(d, perm="10"), "perm must be a list"),
        (lambda d: sign_image(d, perm=[2**64, 0]), "permutation"),
        (lambda d: sign_image(d, perm=[1, 0], rows=[[0, -1], [1, 0]]), "rows alone, perm alone"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1]), "with phase and modulus"),
        (lambda d: sign_image(d, perm=[1, 0], modulus=2), "with phase and modulus"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1.0], modulus=2), "phase holds 1.0"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, True], modulus=2), "phase holds True"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1], modulus=2.0), "modulus must be an integer >= 1, got 2.0"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1], modulus=True), "modulus must be an integer >= 1, got True"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1], modulus=0), "modulus must be an integer >= 1, got 0"),
        (lambda d: sign_image(d, perm=[1, 0], phase=[0, 1], modulus=7 * 10**18), "7,000,000,000,000,000,000; the limit"),
        (lambda d: sign_image(d, rows=[[0, -1.0], [1, 0]]), "has the entry -1.0"),
        (lambda d: sign_image(d, rows=[[0, True], [1, 0]]), "has the entry True"),
        (lambda d: sign_image(d, rows="10"), "must be a list of rows"),
        (lambda d: sign_image(d, rows=[]), "square"),
        (lambda d: sign_image(d), "found none"),
        (lambda d: d.update(dim=True), "dim must be an integer"),
        (lambda d: d.update(dim=2.0), "dim must be an integer"),
        (lambda d: d.update(dim=-1), "dim must be an integer"),
        (lambda d: d.update(dim=2**64), "18,446,744,073,709,551,616; the limit"),
        (lambda d: d.update(version=True), "version True"),
        (lambda d: d.update(version=1.0), "version 1.0"),
        (lambda d: d.update(shape=[2.0, 2]), "shape"),
        (lambda d: d.update(format=["grouprep-basis"]), "not a saved basis"),
        (lambda d: d["V"].update(name=5), "name must be text"),
        (lambda d: d["V"].update(surprise=5), "unknown key"),
        (lambda d: d["V"].update(group={"name": 5, "catalogue": "C4"}), "name must be text"),
        (lambda d: d["V"].update(group={"catalogue": 5}), "catalogue must be a name"),
        (lambda d: d["V"].update(group={"catalogue": ["C4"]}), "catalogue must be a name"),
        (lambda d: d["V"].update(group={"permutations": {"r": [1, 2, 3, False]}}), "list of integers"),
        (lambda d: d["V"].update(group={"permutations": {"r": ["1", "0"]}}), "list of integers"),
        (lambda d: d["V"].update(group={"permutations": {"r": [1.0, 0.0]}}), "list of integers"),
        (lambda d: d["V"].update(group={"permutations": {"r": "(1 2)"}, "degree": True}), "degree"),
        (lambda d: d["V"].update(group={"permutations": {"r": "(1 2)"}, "degree": 2.0}), "degree"),
        (lambda d: d["V"].update(group={"table": [[0, True], [1, 0]]}), "table holds True"),
        (lambda d: d["V"].update(group={"table": [[0, 1.0], [1, 0]]}), "table holds 1.0"),
        (lambda d: d["V"].update(group={"matrices": {"r": [[0, -1], [True, 0]]}}), "has the entry True"),
        (lambda d: d["V"].update(group={"algebra": [[[0, None], [1, 0]]]}), "has the entry None"),
        (lambda d: d["V"].update(group={"algebra": [[[0, -1], [1, 0]]], "components": False}), "components"),
        (lambda d: d["V"].update(group={"product": "C2"}), "list of at least two"),
        (lambda d: d["V"].update(group={"presentation": {"generators": "r", "relators": ["r^4"]}}), "list of texts"),
        (lambda d: d["V"].update(group={"presentation": {"generators": ["r"], "relators": "r^4"}}), "list of texts"),
        (lambda d: d["V"].update(group={"presentation": ["r"]}), "presentation"),
    ],
)  # fmt: skip
def test_fields_are_not_coerced(change, message, saved):
    with pytest.raises(GroupRepError, match=message):
        verify(edit(saved("C4 plane"), change))


@cases(
    ("old", "new", "message"),
    [
        ('"dim":2', '"dim":2,"dim":2', "the key 'dim' stands twice"),
        ('"perm":[', '"perm":[0,1],"perm":[', "the key 'perm' stands twice"),
        ('"dim":2', '"dim":NaN', "NaN is no number"),
        ('"dim":2', '"dim":-Infinity', "-Infinity is no number"),
        ('"dim":2', f'"dim":{"1" * 5000}', "integer beyond the limit of 14,000 bits"),
        ('"dim":2', f'"dim":{"1" * 4290}', "integer beyond the limit of 14,000 bits"),
        ('"dim":2', f'"dim":{"[" * 101}{"]" * 101}', "the limit is 100 levels|limit of 100 levels"),
    ],
)
def test_json_means_one_thing(old, new, message, saved):
    path = saved("C4 plane")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(GroupRepError, match=message) as caught:
        verify(path)
    assert str(path) in str(caught.value)


def test_large_phases_do_not_pass_for_small_ones(tmp_path):
    """p + p wraps to 0 in 64 bits; exactly it is no multiple of the modulus."""
    image = {"perm": [0], "phase": [5723372036854775808], "modulus": 7000000000000000000}
    group = {"presentation": {"generators": ["a"], "relators": ["a^2"]}}
    V = {"group": group, "images": {"a": image}}
    data = {"format": "grouprep-basis", "version": 1, "V": V, "W": V, "dim": 1, "shape": [1, 1], "basis": [[[0, 0, 1]]]}
    path = tmp_path / "basis.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(TooLarge, match="the limit is 2,147,483,648"):
        verify(path)
    image |= {"phase": [2**30 + 1], "modulus": 2**31}
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(NotAHomomorphism, match="a\\^2"):
        verify(path)
    image |= {"phase": [5 * 10**7], "modulus": 10**8}
    path.write_text(json.dumps(data), encoding="utf-8")
    assert verify(path).proved


# --- names are the file's own


def forged(group, name):
    V = {"group": group, "name": name, "images": {"a": {"perm": [0]}}}
    return {"format": "grouprep-basis", "version": 1, "V": V, "W": V, "dim": 1, "shape": [1, 1], "basis": [[[0, 0, 1]]]}


def test_names_are_quoted_with_what_was_computed(tmp_path):
    path = tmp_path / "basis.json"
    path.write_text(json.dumps(forged({"name": "D4", "permutations": {"a": [0]}}, "defining")), encoding="utf-8")
    subject = verify(path).subject
    assert f"{path}: " in subject
    assert 'the file\'s group "D4" (order 1, 1 generator)' in subject
    assert 'the file\'s "defining" of dimension 1' in subject
    path.write_text(json.dumps(forged({"algebra": {"a": [[0, -1], [1, 0]]}, "name": "SO(3)"}, "l=1")), encoding="utf-8")
    data = json.loads(path.read_text(encoding="utf-8"))
    for V in (data["V"], data["W"]):
        V["images"] = {"A1": {"rows": [[0]]}}
    path.write_text(json.dumps(data), encoding="utf-8")
    assert 'the file\'s group "SO(3)" (infinite, 1 generator)' in verify(path).subject


def test_catalogue_groups_keep_their_names(saved):
    assert "Hom(V, W) of D5, V = " in verify(saved("D5 plane squared")).subject


HOSTILE = "D4\x1b[2J\x1b]0;x\x07\u202e\u2066\u200b\x9b\n\r\x00\ud800"


def test_nothing_in_a_name_moves_the_cursor(tmp_path):
    path = tmp_path / "basis.json"
    group = {"name": HOSTILE, "permutations": {HOSTILE: [0]}}
    data = forged(group, HOSTILE)
    for V in (data["V"], data["W"]):
        V["images"] = {HOSTILE: {"perm": [0]}}
    path.write_text(json.dumps(data), encoding="utf-8")
    certificate = verify(path)
    assert str(certificate.subject).isprintable()
    assert all(line.isprintable() for line in str(certificate).split("\n"))
    V, W, _ = load_basis(path)
    for text in (str(V), str(V.group), repr(V.group), V.group.name, *map(str, V.group.generator_names)):
        assert text.isprintable()
    assert all(line.isprintable() for line in Hom(V, W).explain().split("\n"))
    data["V"]["images"][HOSTILE] = {"rows": [[2]]}
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(NotAHomomorphism) as caught:
        verify(path)
    assert str(caught.value).isprintable()


# --- what is not a file


def test_pipes_devices_and_folders_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    for name in ("pipe.json", "endless.json", "folder.json"):
        with pytest.raises(GroupRepError, match="no regular file"):
            verify(tmp_path / name)


def test_long_files_are_refused_before_they_are_parsed(tmp_path):
    path = tmp_path / "long.json"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: it takes no room
    with pytest.raises(TooLarge, match="the limit is 67,108,864"):
        verify(path)
