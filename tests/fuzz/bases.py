"""Bases spoilt in every way: what is no basis any more is refused, what still is one is proved. Residuals and ranks to 90 digits judge."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from engine import HELD, REFUSED, SKIPPED, Subject
from groups import built, count, group_cases, tree_cases
from hypothesis import strategies as st
from plain import digits, intertwines, rank

__all__ = ["SUBJECTS"]

Data = Any

VALUES = ["1", "-1", "2", "0", "1/3", "10^20", "10^-20", "I", "sqrt(2)", "(1+sqrt(5))/2", "zeta(3)", "sqrt(3)/2", "1/2"]
_PLACE = st.integers(0, 63)
_OPERATION = st.one_of(
    st.tuples(st.just("set"), _PLACE, _PLACE, st.sampled_from(VALUES)),
    st.tuples(st.just("add"), _PLACE, _PLACE, st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(["scale", "new"]), _PLACE, st.sampled_from(VALUES)),
    st.tuples(st.just("combine"), _PLACE, _PLACE, st.sampled_from(VALUES)),
    st.tuples(st.just("swap entries"), _PLACE, _PLACE, _PLACE),
    st.tuples(st.just("swap elements"), _PLACE, _PLACE),
    st.tuples(st.sampled_from(["negate", "drop", "repeat", "zero", "conjugate", "transpose", "decimals"]), _PLACE),
).map(list)


@st.composite
def _cases(draw: st.DrawFn) -> Data:
    """Small pairs; over a subgroup of one or two generators, or the whole group."""
    return {
        "group": draw(group_cases),
        "V": draw(tree_cases(1)),
        "W": draw(tree_cases(1)),
        "changes": [draw(_OPERATION) for _ in range(draw(st.integers(1, 2)))],
        "counted": draw(st.booleans()),
    }


def _spoilt(elements: list[Any], changes: Data) -> list[Any]:
    """The sympy matrices after the changes; places are taken modulo the size."""
    import sympy

    from grouprep.linalg.parsing import parse_expression

    elements = [sympy.Matrix(x) for x in elements]
    m, n = elements[0].shape

    def at(x: Any, place: int) -> tuple[int, int]:
        return divmod(place % (m * n), n)

    for kind, k, *rest in changes:
        if not elements:
            break
        k %= len(elements)
        x = elements[k]
        value = parse_expression(rest[-1]) if rest and isinstance(rest[-1], str) else None
        if kind == "set":
            x[at(x, rest[0])] = value
        elif kind == "add":
            x[at(x, rest[0])] += value
        elif kind == "scale":
            elements[k] = x * value
        elif kind == "new":
            fresh = sympy.zeros(m, n)
            fresh[at(x, k)] = value
            elements.append(fresh)
        elif kind == "combine":
            elements[k] = x + value * elements[rest[0] % len(elements)]
        elif kind == "swap entries":
            a, b = at(x, rest[0]), at(x, rest[1])
            x[a], x[b] = x[b], x[a]
        elif kind == "swap elements":
            other = rest[0] % len(elements)
            elements[k], elements[other] = elements[other], elements[k]
        elif kind == "negate":
            i = next((i for i in range(m * n) if x[i]), 0)
            x[i] = -x[i]
        elif kind == "drop":
            del elements[k]
        elif kind == "repeat":
            elements.append(x)
        elif kind == "zero":
            elements[k] = sympy.zeros(m, n)
        elif kind == "conjugate":
            elements[k] = x.conjugate()
        elif kind == "transpose" and m == n:
            elements[k] = x.T
        elif kind == "decimals":
            elements[k] = x.applyfunc(_decimal)
    return elements


def _decimal(x: Any) -> Any:
    """What a float keeps of a number, exactly."""
    import sympy

    z = complex(x)
    return sympy.Rational(*z.real.as_integer_ratio()) + sympy.I * sympy.Rational(*z.imag.as_integer_ratio())


def is_basis(V: Any, W: Any, elements: list[Any], expected: int) -> bool:
    """Whether the matrices intertwine the generators, are independent, and are as many as the characters count."""
    if len(elements) != expected:
        return False
    X = [digits(x) for x in elements]
    for g in V.group.generators:
        A, B = digits(V.exact(g)), digits(W.exact(g))
        if not all(intertwines(B, x, A) for x in X):
            return False
    return rank([[x[i, j] for i in range(x.nrows()) for j in range(x.ncols())] for x in X]) == expected


def _exact_space(elements: list[Any], shape: tuple[int, int]) -> Any:
    from grouprep.linalg.convert import to_domain_matrix
    from grouprep.linalg.spaces import ExactSpace

    rows = [[x[i] for i in range(shape[0] * shape[1])] for x in elements]
    return ExactSpace(shape, to_domain_matrix(rows))


def _solved(case: Data) -> Any:
    from projectors import Hom

    made = built(case, most=6, order=48)
    if made is None:
        return None
    _, V, W, everywhere = made
    expected = count(case, everywhere)
    H = Hom(V, W)
    return None if expected == 0 else (V, W, H, expected)


def _judged(right: bool, ask: Any) -> str:
    """What the certificate says has to be what is right."""
    from grouprep import CertificateError

    try:
        certificate = ask()
    except CertificateError:
        assert not right, "a true basis is refused"
        return REFUSED
    assert right or not certificate.proved, f"what is no basis is proved:\n{certificate}"
    assert not right or certificate.proved, f"a true basis is not proved:\n{certificate}"
    return HELD


def check_live(case: Data) -> str:
    from projectors.certify import certify_spaces

    solved = _solved(case)
    if solved is None:
        return SKIPPED
    V, W, H, expected = solved
    elements = _spoilt(list(H.exact_basis()), case["changes"])
    if not elements:
        return SKIPPED
    space = _exact_space(elements, H.shape)
    known = expected if case["counted"] else None
    return _judged(
        is_basis(V, W, elements, expected),
        lambda: certify_spaces("fuzz", {(V, W): 1}, {(V, W): space}, known),
    )


def check_orbits(case: Data) -> str:
    """The labels and phases of orbits, which have a proof of their own."""
    from grouprep.linalg.orbits import OrbitSpace
    from projectors.certify import certify_spaces

    solved = _solved(case)
    if solved is None:
        return SKIPPED
    V, W, H, expected = solved
    space = H.space(V, W)
    if not isinstance(space, OrbitSpace):
        return SKIPPED
    labels, phase, dim = space.labels.copy(), space.phase.copy(), space.dim
    for kind, k, *rest in case["labels"]:
        k %= len(labels)
        if kind == "label":
            labels[k] = rest[0] % (dim + 1) - 1
        elif kind == "phase":
            phase[k] += rest[0]
        elif kind == "merge":
            labels[labels == labels[k]] = rest[0] % (dim + 1) - 1
        elif kind == "dim":
            dim += rest[0] % 3 - 1
    if dim < 0 or labels.max(initial=-1) >= dim:
        return SKIPPED
    spoilt = OrbitSpace(space.shape, dim, labels, phase, space.modulus)
    elements = _matrices(spoilt)
    known = expected if case["counted"] else None
    return _judged(
        is_basis(V, W, elements, expected),
        lambda: certify_spaces("fuzz", {(V, W): 1}, {(V, W): spoilt}, known),
    )


def _matrices(space: Any) -> list[Any]:
    import sympy

    m, n = space.shape
    turn = sympy.exp(2 * sympy.pi * sympy.I / space.modulus)
    return [
        sympy.Matrix(
            m, n, [turn ** int(p) if label == k else 0 for label, p in zip(space.labels, space.phase, strict=True)]
        )
        for k in range(space.dim)
    ]


def _float_defects(V: Any, W: Any, X: np.ndarray) -> tuple[float, float, bool]:
    """The relative residual, the distance of the Gram matrix from 1, both less what rounding explains; whether the X are dependent."""
    if not len(X):
        return 0.0, 0.0, False
    rows = X.reshape(len(X), -1)
    sizes = np.linalg.svd(rows, compute_uv=False)
    dependent = len(rows) > rows.shape[1] or bool((sizes <= 1e-10 * sizes.max(initial=0)).any())
    gram = np.linalg.norm(rows @ rows.conj().T - np.eye(len(rows)))
    rounding = 100 * rows.shape[1] * np.finfo(float).eps
    residual = 0.0
    for g in V.group.generators:
        A, B = (np.array([[complex(x) for x in row] for row in R.exact(g).tolist()]) for R in (V, W))
        for x in X:
            size = np.linalg.norm(x)
            if size:
                off = np.linalg.norm(B @ x - x @ A) / size - rounding * max(np.linalg.norm(A), np.linalg.norm(B))
                residual = max(residual, off) if np.isfinite(off) else residual
    return residual, max(gram - rounding * (1 + gram), 0.0) if np.isfinite(gram) else np.inf, dependent


def check_floats(case: Data) -> str:
    """A float basis is never called proved; the bounds that the certificate gives hold, and gross errors are refused."""
    from grouprep import CertificateError, GroupRepError
    from grouprep.linalg.spaces import FloatSpace
    from projectors import Hom
    from projectors.certify import certify_spaces
    from projectors.certify.evidence import float_residual_bound, orthonormality_bound

    solved = _solved(case)
    if solved is None:
        return SKIPPED
    V, W, _, expected = solved
    H = Hom(V, W, solver="float")
    try:
        space = H.space(V, W)
    except GroupRepError:  # the floats leave the rank open
        return SKIPPED
    rows = space.floats().copy()
    for kind, k, place, size in case["floats"]:
        if not len(rows):
            break
        k, place = k % len(rows), place % rows.shape[1]
        if kind == "add":
            rows[k, place] += size
        elif kind == "scale":
            rows[k] *= size
        elif kind == "drop":
            rows = np.delete(rows, k, axis=0)
        elif kind == "repeat":
            rows = np.vstack([rows, rows[k]])
        elif kind == "copy":
            rows[k] = rows[0]
        elif kind == "zero":
            rows[k] = 0
        elif kind == "rotate":
            other = (k + 1) % len(rows)
            if other != k:
                c, s = np.cos(size), np.sin(size)
                rows[[k, other]] = [c * rows[k] + s * rows[other], c * rows[other] - s * rows[k]]
        elif kind == "conj":
            rows = rows.conj()
        elif kind == "nan":
            rows[k, place] = [np.nan, np.inf, -np.inf][int(abs(size) * 7) % 3]
    spoilt = FloatSpace(space.shape, rows, space.gap)
    X = rows.reshape(-1, *H.shape)
    finite = bool(np.isfinite(rows).all())
    with np.errstate(all="ignore"):
        residual, gram, dependent = _float_defects(V, W, X) if finite else (np.inf, np.inf, False)
    known = expected if case["counted"] else None
    wrong = not finite or dependent or residual > 1e-3 or gram > 1e-3 or (case["counted"] and len(rows) != expected)
    try:
        certificate = certify_spaces("fuzz", {(V, W): 1}, {(V, W): spoilt}, known)
    except CertificateError:
        assert wrong or residual > 0 or gram > 0 or len(rows) != expected, (
            "a float basis that is right to rounding is refused"
        )
        return REFUSED
    assert not certificate.proved, f"a float basis is proved:\n{certificate}"
    assert not wrong, (
        f"a float basis that is wrong (residual {residual:.2g}, Gram {gram:.2g}) is not refused:\n{certificate}"
    )
    assert float_residual_bound(V, W, spoilt) >= residual, "the bound on the residual is too small"
    assert orthonormality_bound(spoilt) >= gram, "the bound on the Gram matrix is too small"
    return HELD


def check_file(case: Data) -> str:
    from grouprep import GroupRepError
    from projectors.files import verify

    solved = _solved(case)
    if solved is None:
        return SKIPPED
    V, W, H, expected = solved
    path = Path("basis.json")
    H.save(path)
    data = json.loads(path.read_text())
    m, n = H.shape
    elements = _spoilt(list(H.exact_basis()), case["changes"])
    right = is_basis(V, W, elements, expected)
    data["basis"] = [[[i, j, _text(x[i, j])] for i in range(m) for j in range(n) if x[i, j] != 0] for x in elements]
    data["dim"] = len(elements)
    for kind, k in case["floats"]:
        found = copy.deepcopy([e for element in data["basis"] for e in element])
        if found and kind != "none":
            entry = [e for element in data["basis"] for e in element][k % len(found)]
            value = complex(digits([[_read(entry[2])]])[0, 0])
            entry[2] = value.real if kind == "float" else repr(value.real)
            path.write_text(json.dumps(data))
            try:
                certificate = verify(path)
            except GroupRepError:
                return REFUSED
            raise AssertionError(f"a float in a file is taken for exact: {entry}: {certificate}")
    path.write_text(json.dumps(data))
    return _judged(right, lambda: verify(path))


def _text(x: Any) -> Data:
    return int(x) if x.is_Integer else str(x)


def _read(text: Data) -> Any:
    import sympy

    return sympy.sympify(str(text), locals={"zeta": lambda n, k=1: sympy.exp(2 * sympy.pi * sympy.I * k / n)})


_SIZE = st.sampled_from([1.0, -1.0, 0.5, 1e-3, 1e-6, 1e-9, 1e-14, 1e-100, 1e100, 2.0])
_FLOATS = st.tuples(
    st.sampled_from(["add", "add", "scale", "drop", "repeat", "copy", "zero", "rotate", "conj", "nan"]),
    _PLACE,
    _PLACE,
    _SIZE,
)
_LABELS = st.tuples(st.sampled_from(["label", "phase", "merge", "dim"]), _PLACE, st.integers(0, 11)).map(list)


def _with(key: str, strategy: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    return st.tuples(_cases(), strategy).map(lambda pair: {**pair[0], key: pair[1]})


SUBJECTS = [
    Subject("exact-bases", "exact bases, corrupted", _cases(), check_live, seconds=30),
    Subject(
        "orbits",
        "bases by orbits, corrupted",
        _with("labels", st.lists(_LABELS, min_size=1, max_size=2)),
        check_orbits,
        seconds=30,
    ),
    Subject(
        "float-bases",
        "float bases, corrupted",
        _with("floats", st.lists(_FLOATS.map(list), min_size=1, max_size=2)),
        check_floats,
        seconds=30,
    ),
    Subject(
        "saved-bases",
        "saved bases, corrupted",
        _with(
            "floats",
            st.lists(
                st.tuples(st.sampled_from(["none", "none", "none", "float", "decimal"]), _PLACE).map(list),
                min_size=1,
                max_size=1,
            ),
        ),
        check_file,
        seconds=30,
    ),
]
