"""Groups and representations made at random, against a list of all products and sums over it."""

from typing import Any

import numpy as np
from engine import HELD, REFUSED, SKIPPED, Subject
from hypothesis import strategies as st
from plain import closure, compose, count_classes, unimodular

__all__ = ["SUBJECTS", "build_group", "build_representation", "group_cases", "listing", "tree_cases"]

Data = Any

# Cases


def _permutations(degree: int) -> st.SearchStrategy[Data]:
    return st.permutations(range(degree)).map(list)


def _steps(largest: int = 3) -> st.SearchStrategy[Data]:
    entry = st.integers(-largest, largest)
    return st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), entry).map(list), max_size=3)


@st.composite
def _monomial(draw: st.DrawFn) -> Data:
    n, m = draw(st.integers(1, 3)), draw(st.sampled_from([1, 2, 3, 4, 5, 6, 8, 12]))
    one = st.tuples(_permutations(n), st.lists(st.integers(0, m - 1), min_size=n, max_size=n)).map(list)
    return ["monomial", m, draw(st.lists(one, min_size=1, max_size=2)), draw(_steps())]


_NAMED = [*(f"C{n}" for n in range(1, 9)), *(f"D{n}" for n in range(1, 8)), "S3", "S4", "A4", "Q8", "S1", "A3", "A5"]
_PERMUTED = st.integers(1, 5).flatmap(lambda n: st.lists(_permutations(n), min_size=1, max_size=3))
_SINGLE = st.one_of(
    st.sampled_from(_NAMED).map(lambda name: ["named", name]),
    _PERMUTED.map(lambda generators: ["permutations", generators]),
    _monomial(),
    st.tuples(st.integers(1, 12), _steps()).map(lambda t: ["polygon", *t]),
    st.tuples(st.integers(2, 11), st.integers(1, 10)).map(lambda t: ["affine", *t]),
    st.tuples(st.sampled_from(["cyclic", "dihedral", "dicyclic", "metacyclic", "triangle", "abelian"]), st.integers(1, 6),
              st.integers(1, 5), st.integers(0, 3)).map(lambda t: ["presented", *t]),
)  # fmt: skip
_SMALL = st.one_of(
    st.sampled_from(["C1", "C2", "C3", "D2", "D3", "S3"]).map(lambda name: ["named", name]),
    st.integers(1, 3)
    .flatmap(lambda n: st.lists(_permutations(n), min_size=1, max_size=2))
    .map(lambda g: ["permutations", g]),
)
group_cases = st.one_of(_SINGLE, _SINGLE, st.tuples(_SMALL, _SMALL).map(lambda t: ["product", *t]))


# What the data mean, told to grouprep and told plainly


def build_group(case: Data) -> Any:
    """The group, made by grouprep."""
    import sympy

    from grouprep import FiniteGroup, load_group

    kind, *rest = case
    if kind == "named":
        return load_group(rest[0])
    if kind == "permutations":
        return FiniteGroup.from_permutations(rest[0])
    if kind == "monomial":
        modulus, generators, steps = rest
        root = {1: sympy.Integer(1), 2: sympy.Integer(-1), 4: sympy.I}.get(
            modulus, sympy.exp(2 * sympy.pi * sympy.I / modulus)
        )
        matrices = []
        for perm, phases in generators:
            M = sympy.zeros(len(perm), len(perm))
            for j, i in enumerate(perm):
                M[i, j] = root ** phases[j]
            matrices.append(_moved(M, steps))
        return FiniteGroup.from_matrices(matrices)
    if kind == "polygon":
        n, steps = rest
        c, s = sympy.cos(2 * sympy.pi / n), sympy.sin(2 * sympy.pi / n)
        turn, flip = sympy.Matrix([[c, -s], [s, c]]), sympy.Matrix([[1, 0], [0, -1]])
        return FiniteGroup.from_matrices([_moved(turn, steps), _moved(flip, steps)])
    if kind == "affine":
        n, r = rest
        return FiniteGroup.from_permutations([[(x + 1) % n for x in range(n)], [x * _unit(r, n) % n for x in range(n)]])
    if kind == "presented":
        return FiniteGroup.from_presentation(*_presentation(*rest)[:2])
    if kind == "product":
        return build_group(rest[0]) * build_group(rest[1])
    raise AssertionError(f"no group: {case}")


def _moved(M: Any, steps: Data) -> Any:
    import sympy

    S, R = unimodular(steps, M.rows)
    return sympy.Matrix(S) * M * sympy.Matrix(R)


def _unit(r: int, n: int) -> int:
    return next(u for u in range(r, r + n + 1) if np.gcd(u, n) == 1)


def _presentation(kind: str, n: int, m: int, turn: int) -> tuple[list[str], list[str], int]:
    """Generators, relators (each turned round by some letters, which changes nothing), and the order."""
    if kind == "cyclic":
        names, words, order = ["a"], [["a"] * n], n
    elif kind == "dihedral":
        names, words, order = ["r", "s"], [["r"] * n, ["s", "s"], ["r", "s"] * 2], 2 * n
    elif kind == "dicyclic":
        names, words, order = ["x", "y"], [["x"] * n + ["y^-1"] * 2, ["y^-1", "x", "y", "x"]], 4 * n
    elif kind == "metacyclic":
        r = _unit(m, n)
        names, words, order = (
            ["a", "b"],
            [["a"] * n, ["b"] * _order(r, n), ["b", "a", "b^-1"] + ["a^-1"] * (r % n)],
            n * _order(r, n),
        )
    elif kind == "triangle":
        k, order = {1: (2, 6), 2: (2, 6), 3: (3, 12), 4: (4, 24), 5: (5, 60), 6: (3, 12)}[n]
        names, words = ["a", "b"], [["a"] * 2, ["b"] * 3, ["a", "b"] * k]
    else:
        names = ["a", "b", "c"]
        words = [["a"] * n, ["b"] * m, ["c"] * 2, *([x, y, f"{x}^-1", f"{y}^-1"] for x, y in ("ab", "ac", "bc"))]
        order = 2 * n * m
    turned = [word[turn % max(len(word), 1) :] + word[: turn % max(len(word), 1)] for word in words]
    return names, [" ".join(word) for word in turned], order


def _order(r: int, n: int) -> int:
    return next(k for k in range(1, n + 1) if pow(r, k, n) == 1 % n)


def order_of(case: Data) -> int:
    """The order of the group, from the data alone."""
    kind, *rest = case
    if kind == "named":
        letter, n = rest[0][0], int(rest[0][1:])
        factorial = int(np.prod(range(1, n + 1)))
        return {"C": n, "D": 2 * n, "S": factorial, "A": max(factorial // 2, 1), "Q": 8}[letter]
    if kind == "permutations":
        one = tuple(range(len(rest[0][0])))
        return len(closure([tuple(g) for g in rest[0]], one, compose, tuple))
    if kind == "monomial":
        modulus, generators, _ = rest
        one = (tuple(range(len(generators[0][0]))), (0,) * len(generators[0][0]))

        def multiply(x: Data, y: Data) -> Data:
            perm = compose(x[0], y[0])
            return perm, tuple((y[1][j] + x[1][y[0][j]]) % modulus for j in range(len(perm)))

        return len(closure([(tuple(p), tuple(f)) for p, f in generators], one, multiply, lambda x: x, 20_000))
    if kind == "polygon":
        return 2 * rest[0]
    if kind == "affine":
        n, r = rest
        return n * _order(_unit(r, n), n)
    if kind == "presented":
        return _presentation(*rest)[2]
    return order_of(rest[0]) * order_of(rest[1])


def check_group(case: Data) -> str:
    G = build_group(case)
    order = order_of(case)
    assert G.order == order, f"order {G.order}, not {order}"
    if order > 200:
        return HELD
    generators = [tuple(map(int, g)) for g in G.generators]
    found = closure(generators, tuple(range(G.degree)), compose, tuple)
    assert set(map(tuple, G.elements.tolist())) == set(found), "the elements are not the products of the generators"
    assert len(G.elements) == order
    classes = count_classes(list(found), generators)
    assert len(G.conjugacy_classes) == classes, f"{len(G.conjugacy_classes)} classes, not {classes}"
    assert sum(len(c) if np.ndim(c) else 1 for c in G.conjugacy_classes) == order
    g = np.array(list(found)[-1])
    product = G.identity()
    for letter, exponent in G.word(g):
        x = np.array(generators[letter])
        for _ in range(abs(exponent)):
            product = G.multiply(product, x if exponent > 0 else G.inverse(x))
    assert np.array_equal(product, g), "the word of an element is another element"
    return HELD


# Representations

_LEAVES = ["trivial", "defining", "natural", "regular"]


@st.composite
def _tree(draw: st.DrawFn, depth: int) -> Data:
    kinds = (
        ["leaf"] if depth == 0 else ["leaf", "sum", "tensor", "copies", "dual", "conj", "sym", "ext", "basis", "basis"]
    )
    kind = draw(st.sampled_from(kinds))
    if kind == "leaf":
        return draw(st.sampled_from(_LEAVES))
    first = draw(_tree(depth - 1))
    if kind in ("sum", "tensor"):
        return [kind, first, draw(_tree(depth - 1))]
    if kind in ("copies", "sym", "ext"):
        return [kind, draw(st.integers(1, 3) if kind == "copies" else st.integers(0, 2)), first]
    if kind == "basis":
        return [kind, draw(st.one_of(_steps(), _steps(10**6))), draw(st.sampled_from([0, 0, 0, 3, 16, -30])), first]
    return [kind, first]


def tree_cases(depth: int = 2) -> st.SearchStrategy[Data]:
    """Representations as trees of "leaf", ["sum", a, b], ["tensor", a, b], ["copies", n, a], ["dual", a], ["conj", a], ["sym", k, a],
    ["ext", k, a], and ["basis", steps, e, a]: the unimodular matrix of the steps times diag(1, ..., 1, 10^e)."""
    return _tree(depth)


def dim_of(tree: Data, leaves: dict[str, int]) -> int:
    """The dimension, from the leaves' dimensions."""
    if isinstance(tree, str):
        return leaves[tree]
    kind, *rest = tree
    d = dim_of(rest[-1], leaves)
    if kind == "sum":
        return dim_of(rest[0], leaves) + d
    if kind == "tensor":
        return dim_of(rest[0], leaves) * d
    if kind == "copies":
        return rest[0] * d
    if kind == "sym":
        return {0: 1, 1: d, 2: d * (d + 1) // 2}[rest[0]]
    if kind == "ext":
        return {0: 1, 1: d, 2: d * (d - 1) // 2}[rest[0]] or d
    return d


def build_representation(G: Any, tree: Data) -> Any:
    """The representation, made by grouprep's algebra."""
    import sympy

    if isinstance(tree, str):
        return getattr(G, tree)()
    kind, *rest = tree
    V = build_representation(G, rest[-1])
    if kind == "sum":
        return build_representation(G, rest[0]) + V
    if kind == "tensor":
        return build_representation(G, rest[0]) * V
    if kind == "copies":
        return rest[0] * V
    if kind == "dual":
        return V.dual
    if kind == "conj":
        return V.conjugate
    if kind == "sym":
        return V.symmetric_power(rest[0])
    if kind == "ext":
        return V.exterior_power(rest[0]) if rest[0] <= V.dim else V
    steps, e = rest[:2]
    S = sympy.Matrix(unimodular(steps, V.dim)[0])
    S[:, -1] *= sympy.Integer(10) ** e
    return V.change_basis(S)


def character(tree: Data, at: dict[str, np.ndarray]) -> complex:
    """The character, from the leaves' matrices at an element."""
    if isinstance(tree, str):
        return complex(np.trace(at[tree]))
    kind, *rest = tree
    x = character(rest[-1], at)
    if kind == "sum":
        return character(rest[0], at) + x
    if kind == "tensor":
        return character(rest[0], at) * x
    if kind == "copies":
        return rest[0] * x
    if kind in ("dual", "conj"):
        return x.conjugate()  # the group is finite
    if kind in ("sym", "ext"):
        if rest[0] < 2:
            return x if rest[0] else 1.0
        square = character(rest[1], {name: M @ M for name, M in at.items()})
        one = character(rest[1], {name: np.eye(len(M)) for name, M in at.items()}).real
        return x if kind == "ext" and one < 2 else (x * x + (square if kind == "sym" else -square)) / 2
    return x


def listing(G: Any) -> list[dict[str, np.ndarray]]:
    """The leaves' matrices at every element: products of their matrices at the generators, whatever grouprep says of others."""
    leaves = {name: getattr(G, name)() for name in _LEAVES}
    generators = [
        (tuple(map(int, g)), {n: np.asarray(V(g), dtype=complex) for n, V in leaves.items()}) for g in G.generators
    ]
    one = (tuple(range(G.degree)), {n: np.eye(V.dim, dtype=complex) for n, V in leaves.items()})

    def multiply(x: Data, y: Data) -> Data:
        return compose(x[0], y[0]), {n: x[1][n] @ y[1][n] for n in leaves}

    return [matrices for _, matrices in closure(generators, one, multiply, lambda x: x[0]).values()]


@st.composite
def _pair_cases(draw: st.DrawFn) -> Data:
    words = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=2)
    return {"group": draw(group_cases), "V": draw(tree_cases()), "W": draw(tree_cases()),
            "subgroup": draw(st.one_of(st.none(), words)), "seed": draw(st.integers(0, 3))}  # fmt: skip


def built(case: Data, most: int = 12, order: int = 60) -> tuple[Any, Any, Any, list[dict[str, np.ndarray]]] | None:
    """(group, V, W, listing); None if that is larger than a case should be. With "subgroup", V and W are restricted to it."""
    if order_of(case["group"]) > order:
        return None
    G = build_group(case["group"])
    leaves = {"trivial": 1, "defining": G.defining().dim, "natural": G.degree, "regular": int(G.order)}
    if max(dim_of(case["V"], leaves), dim_of(case["W"], leaves)) > most:
        return None
    V, W = build_representation(G, case["V"]), build_representation(G, case["W"])
    everywhere = listing(G)
    if case.get("subgroup") is None:
        return G, V, W, everywhere
    chosen = []
    for word in case["subgroup"]:
        g = G.identity()
        for k in word:
            g = G.multiply(g, G.generators[k % len(G.generators)])
        chosen.append(g)
    K = G.subgroup(chosen)
    inside = closure([tuple(map(int, g)) for g in chosen], tuple(range(G.degree)), compose, tuple)
    points = {tuple(map(int, np.argmax(np.abs(at["natural"]), axis=0))): at for at in everywhere}
    return K, V.restrict(K), W.restrict(K), [points[g] for g in inside]


def count(case: Data, everywhere: list[dict[str, np.ndarray]]) -> int:
    """dim Hom(V, W): the mean of conj(chi_V) chi_W."""
    mean = sum(character(case["V"], at).conjugate() * character(case["W"], at) for at in everywhere) / len(everywhere)
    assert abs(mean - round(mean.real)) < 1e-6, f"the judge's count is no integer: {mean}"
    return round(mean.real)


_CONDITION = 1e6  # from this condition number on a float answer may be refused


def check_pair(case: Data) -> str:
    import sympy

    from grouprep import GroupRepError
    from projectors import Hom

    made = built(case)
    if made is None:
        return SKIPPED
    G, V, W, everywhere = made
    expected = count(case, everywhere)
    H = Hom(V, W)
    assert H.dim == expected, f"dimension {H.dim}, not {expected}"
    certificate = H.certify()
    assert certificate.proved, str(certificate)
    assert certificate.dim == expected
    for X in (V, W):
        for g in (*G.generators, G.identity()):
            exact = np.array([[complex(sympy.N(x, 25)) for x in row] for row in X.exact(g).tolist()])
            size = np.maximum(np.abs(exact.real), np.abs(exact.imag))
            off = np.maximum(np.abs((X(g) - exact).real), np.abs((X(g) - exact).imag))
            assert (off <= np.finfo(float).eps * size).all(), (
                f"{X}(g) is not the exact matrix rounded, but {off.max():.2g} off"
            )
    with np.errstate(over="ignore", invalid="ignore"):
        before, after = [V(g) for g in G.elements], [W(g) for g in G.elements]
        finite = all(np.isfinite(M).all() for M in (*before, *after))
        condition = max((np.linalg.norm(M) for M in (*before, *after)), default=1.0) ** 2 if finite else np.inf
    T = np.random.default_rng(case["seed"]).standard_normal(H.shape)
    try:
        P = H.project(T)
        X = H.basis().matrices
    except GroupRepError:
        if condition < _CONDITION:
            raise
        return REFUSED
    assert len(X) == expected, f"{len(X)} basis elements, not {expected}"
    assert np.isfinite(P).all(), "P(T) is not finite"
    if not np.isfinite(condition) or condition > 1e12:
        return HELD  # the plain average below has no digits left
    mean = np.mean([B @ T @ np.linalg.inv(A) for A, B in zip(before, after, strict=True)], axis=0)
    size = max(np.abs(mean).max(initial=0), np.abs(T).max(initial=0))
    error = np.abs(P - mean).max(initial=0) / size
    bound = min(1e3 * max(H.shape) * np.finfo(float).eps * condition**2, 1e-2 * condition)
    assert error <= bound, f"P(T) differs from the average over the group by {error:.2g}, condition {condition:.2g}"
    for A, B in zip(before, after, strict=True):
        for x in X:
            error = np.abs(B @ x - x @ A).max() / (np.linalg.norm(x) * np.sqrt(condition))
            assert error <= 1e3 * max(H.shape) * np.finfo(float).eps * condition, (
                f"a basis element is off by {error:.2g}"
            )
    return HELD


# Lie groups

_LIE = [
    "SO(2)",
    "SO(3)",
    "O(2)",
    "O(3)",
    "SU(2)",
    "U(1)",
    "U(2)",
    "O(1,3)",
    "Sp(1)",
    "SU(3)",
    "SO(4)",
    "C2xSO(2)",
    "U(1)xC3",
    "SU(2)xU(1)",
]
_LIE_CASES = st.fixed_dictionaries({
    "group": st.sampled_from(_LIE), "V": tree_cases(), "W": tree_cases(),
    "solver": st.sampled_from(["auto", "auto", "constraint", "float"]),
})  # fmt: skip


def _plain_matrix(tree: Data, leaf: dict[str, np.ndarray], derived: bool) -> np.ndarray:
    """The matrix of an element, or of the algebra, in a representation isomorphic to the tree's."""
    if isinstance(tree, str):
        return leaf[tree]
    kind, *rest = tree
    A = _plain_matrix(rest[-1], leaf, derived)
    one = np.eye(len(A))
    if kind == "sum":
        B = _plain_matrix(rest[0], leaf, derived)
        return np.block([[B, np.zeros((len(B), len(A)))], [np.zeros((len(A), len(B))), A]])
    if kind == "tensor":
        B = _plain_matrix(rest[0], leaf, derived)
        return np.kron(B, one) + np.kron(np.eye(len(B)), A) if derived else np.kron(B, A)
    if kind == "copies":
        return np.kron(np.eye(rest[0]), A)
    if kind == "dual":
        return -A.T if derived else np.linalg.inv(A).T
    if kind == "conj":
        return A.conj()
    if kind in ("sym", "ext"):
        if rest[0] == 0:
            return leaf["trivial"]
        n = len(A)
        if rest[0] == 1 or (kind == "ext" and n < 2):
            return A
        square = np.kron(A, one) + np.kron(one, A) if derived else np.kron(A, A)
        swap = np.eye(n * n).reshape(n, n, n * n).transpose(1, 0, 2).reshape(n * n, n * n)
        values, vectors = np.linalg.eigh(swap)
        Q = vectors[:, values > 0] if kind == "sym" else vectors[:, values < 0]
        return Q.T @ square @ Q
    return A


def check_lie(case: Data) -> str:
    """The dimension against the null space of the constraint, by singular values, in well-conditioned bases."""
    from grouprep import AmbiguousRank, CertificateError, TooLarge, load_group
    from grouprep.linalg import as_float
    from projectors import Hom

    G = load_group(case["group"])
    trees = [_compact(case[side]) for side in "VW"]
    leaves = {"trivial": 1, "defining": G.defining().dim}
    if max(dim_of(tree, leaves) for tree in trees) > 12:
        return SKIPPED
    V, W = (build_representation(G, tree) for tree in trees)
    defining = {a: np.asarray(as_float(m), dtype=complex) for a, m in G.defining().images.items()}
    system = []
    for a, M in defining.items():
        derived = a.kind != "element"
        leaf = {"defining": M, "trivial": np.array([[0.0 if derived else 1.0]])}
        A, B = (_plain_matrix(tree, leaf, derived) for tree in trees)
        system.append(np.kron(B, np.eye(len(A))) - np.kron(np.eye(len(B)), A.T))
    sizes = np.linalg.svd(np.vstack(system), compute_uv=False)
    unclear = (sizes > 1e-10) & (sizes < 1e-3)
    assert not unclear.any(), "the judge's rank is not clear"
    expected = V.dim * W.dim - int((sizes > 1e-3).sum())
    try:
        H = Hom(V, W, solver=case["solver"])
        certificate = H.certify()
    except (AmbiguousRank, TooLarge):
        return REFUSED
    except CertificateError:  # floats found another number than the characters count, and this is said
        if case["solver"] != "float":
            raise
        return REFUSED
    assert H.dim == expected, f"dimension {H.dim}, not {expected}"
    assert certificate.dim == expected
    assert certificate.proved or case["solver"] == "float", str(certificate)
    return HELD


def _compact(tree: Data) -> Data:
    """The tree with leaves that every group has, and without changes of basis by powers of ten."""
    if isinstance(tree, str):
        return tree if tree == "trivial" else "defining"
    parts = [
        _compact(x) if isinstance(x, str) or (isinstance(x, list) and x and isinstance(x[0], str)) else x
        for x in tree[1:]
    ]
    return [tree[0], *([parts[0], 0, parts[2]] if tree[0] == "basis" else parts)]


SUBJECTS = [
    Subject("groups", "groups: order, elements, classes, words", group_cases, check_group),
    Subject("lie", "representations of Lie groups: dimension, proof", _LIE_CASES, check_lie, seconds=40),
    Subject("representations", "representations: dimension, proof, projection", _pair_cases(), check_pair, seconds=30),
]
