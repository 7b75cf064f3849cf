"""The finite-dimensional irreps of SL(2, C) and of the Lorentz group O(1, 3), by two spins; not unitary but for the trivial ones.

(j1, j2) is D^j1(g) x conj(D^j2(g)), polynomials in the entries of g and of their conjugates. O(1, 3) has those with j1 + j2 an
integer: parity takes (j1, j2) to (j2, j1), so two different spins come as a sum of both.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from grouprep.characters import ClassPoint, ClassValue
from grouprep.errors import AmbiguousRank, GroupRepError, NotUnitary, UnsupportedGroup
from grouprep.groups.cartan import joint_spectrum
from grouprep.groups.lie import LieGroup
from grouprep.irreps._spin_numbers import spin_label, twice_spin
from grouprep.irreps.base import Field, Irrep, Position
from grouprep.irreps.family import Family, Images, Splitting, check_up_to
from grouprep.irreps.highest_weight.family import Matrices
from grouprep.irreps.highest_weight.irreps import HighestWeightIrrep
from grouprep.irreps.highest_weight.matrices import Gaussian
from grouprep.irreps.highest_weight.modules import Columns
from grouprep.irreps.highest_weight.products import constituents
from grouprep.irreps.highest_weight.root_systems import RootDatum, Vector
from grouprep.linalg import as_exact, as_float
from grouprep.linalg.budget import require
from grouprep.linalg.fields import common_domain, convert_matrix, convert_number, cyclotomic_field, zeta
from grouprep.linalg.matrices import is_exact, matmul
from grouprep.representations.base import Representation
from grouprep.typing import Array

__all__ = ["LorentzFamily", "SpinorFamily", "SpinorIrrep", "spinor_matrix"]

_LARGEST = 2_000  # dimension of an irrep whose matrices are made

PAULI = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])

_TWO_SPINS = RootDatum(2, ((2, 0), (0, 2)), ((1, 0), (0, 1)))  # weights are (2 m1, 2 m2)

_TOLERANCE = 16 * float(
    np.finfo(np.float32).eps
)  # elements that were once stored in single precision are still elements


class SpinorIrrep(HighestWeightIrrep):
    """The irrep (j1, j2) of SL(2, C), or of O(1, 3), on |j1 m1> x conj |j2 m2>, m from -j to j; SU(2) acts unitarily.

    For O(1, 3) and j1 != j2 it is the sum of (j1, j2) and (j2, j1).

    Examples
    --------
    >>> from grouprep import SL2C
    >>> V = SL2C().irrep((1, "1/2"), field="complex")
    >>> V.dim, V.type, V.is_unitary
    (6, 'C', False)

    References
    ----------
    I. M. Gelfand, R. A. Minlos, Z. Ya. Shapiro, Representations of the Rotation and Lorentz Groups (1963), part II, sections 1 to 4;
    W.-K. Tung, Group Theory in Physics (1985), chapter 10.
    """

    family: SpinorFamily  # type: ignore[assignment]

    def __init__(self, family: SpinorFamily, weight: Vector, over: Field) -> None:
        self.family, self.weight, self.over = family, weight, over
        self.type = family.type_of(weight)  # type: ignore[assignment]
        self.label = family.write(weight)

    @property
    def spins(self) -> tuple[Fraction, Fraction]:
        """(j1, j2)."""
        return Fraction(self.weight[0], 2), Fraction(self.weight[1], 2)

    @property
    def dim(self) -> int:
        size = (self.weight[0] + 1) * (self.weight[1] + 1)
        return size * (2 if self.form == "realified" or self.family.is_pair(self.weight) else 1)

    @property
    def field(self) -> str:
        """Either "real" or "complex", the kind of the values; irreps of dimension 1 are real."""
        return "complex" if self.over == "complex" and self.dim > 1 else "real"

    @property
    def position(self) -> Position:
        a, b, *signs = self.weight
        return max(a, b), a + b, b, tuple(-x for x in signs)

    @property
    def conjugated(self) -> HighestWeightIrrep:
        return (
            self if self.over == "real" else self.family.irrep_of(self.family.conjugate_weight(self.weight), self.over)
        )

    invariant_form = Representation.invariant_form

    def _form(self) -> Any:
        return Representation._form(self)

    def character_at(self, point: ClassPoint, k: int) -> ClassValue:
        raise UnsupportedGroup(
            f"{self.group} is not compact, its characters are not integrated; multiplicities() counts weights"
        )


class SpinorFamily(Family):
    """The irreps of SL(2, C), with the generators of `SL2C`: i sigma / 2 for z, y, x, then sigma / 2 for z, y, x."""

    matrices_of = tuple([1j * PAULI[k] / 2 for k in (3, 2, 1)] + [PAULI[k] / 2 for k in (3, 2, 1)])
    cartan = (0, 3, 1)  # the generators that act as i (m1 - m2) and m1 + m2, and the sign of the first

    def __init__(self, group: LieGroup) -> None:
        self.group: LieGroup = group

    # Labels

    def is_pair(self, weight: Vector) -> bool:
        """Whether an irrep is the sum of (j1, j2) and (j2, j1)."""
        return False

    def type_of(self, weight: Vector) -> str:
        """The type of an irrep."""
        return "R" if weight[0] == weight[1] else "C"

    def conjugate_weight(self, weight: Vector) -> Vector:
        """(j2, j1) for (j1, j2)."""
        return (weight[1], weight[0])

    def write(self, weight: Vector) -> str:
        """The label."""
        return f"({spin_label(weight[0])}, {spin_label(weight[1])})"

    def read(self, label: object) -> Vector:
        """(2 j1, 2 j2) of a label.

        Raises
        ------
        GroupRepError
            If it is no pair of spins.
        """
        parts = _parts(label)
        if len(parts) != 2:
            raise GroupRepError(f"there are {len(parts)} numbers, two spins (j1, j2) are needed")
        return twice_spin(parts[0], "j1"), twice_spin(parts[1], "j2")

    def irreps(self, field: Field, up_to: object) -> list[Irrep]:
        bound = check_up_to(self.group, up_to, "spin", infinite=True)
        assert bound is not None
        found = sorted((self.irrep_of(w, "complex") for w in self.listed(2 * bound)), key=lambda I: I.position)
        return list(found) if field == "complex" else list(dict.fromkeys(I.real_form for I in found))

    def listed(self, top: int) -> list[Vector]:
        """The weights of irreps with 2 j1, 2 j2 <= top."""
        return [(a, b) for a in range(top + 1) for b in range(top + 1)]

    def irrep(self, label: object, field: Field) -> Irrep:
        try:
            found = self.irrep_of(self.read(label), "complex")
        except GroupRepError as error:
            raise GroupRepError(
                f"label = {label!r:.60}: {error}; the irreps of {self.group} over the {field} numbers are {self.labels(field)}"
            ) from None
        return found if field == "complex" else found.real_form

    def find(self, label: object, field: Field) -> Irrep | None:
        try:
            found = self.irrep(label, field)
        except GroupRepError:
            return None
        return found if found.group == self.group else None

    def labels(self, field: Field) -> str:
        second = "" if field == "real" else "(0, 1/2), "
        return f"(0, 0), (1/2, 0), {second}(1/2, 1/2), ...: pairs of spins (j1, j2)"

    def irrep_of(self, weight: Vector, over: Field) -> SpinorIrrep:
        """The irrep with 2 j1, 2 j2 (and signs)."""
        return _irrep(self, weight, over)

    # Matrices

    def modules(self, weight: Vector) -> Matrices:
        """See `matrices`."""
        return self.matrices(weight)

    def matrices(self, weight: Vector) -> Matrices:
        """The exact matrices of an irrep, remembered."""
        return _matrices(self, weight)

    def made_matrices(self, weight: Vector) -> Matrices:
        """The exact matrices of an irrep.

        Raises
        ------
        TooLarge
            If the dimension is beyond 2,000.
        """
        a, b = weight[:2]
        require((a + 1) * (b + 1), _LARGEST, f"irrep({self.write(weight)}) of {self.group} has dimension")
        algebra = [x for x in self.group.generator_names if x.kind == "algebra"]
        images = {x: _on_pair(m, a, b) for x, m in zip(algebra, self.matrices_of, strict=True)}
        swap = [j * (b + 1) + i for i in range(a + 1) for j in range(b + 1)]
        conjugation = (tuple(swap), (1,) * len(swap)) if a == b else None
        return Matrices(images, _lengths(a, b), conjugation)

    def own_point(self, point: ClassPoint) -> bool:
        """No class points belong to a group that is not compact."""
        return False

    # Values

    def evaluate(self, V: HighestWeightIrrep, g: Array) -> Array:
        """V(g) for elements (..., 2, 2)."""
        flat = g.reshape(-1, *g.shape[-2:]).astype(complex)
        error = np.abs(np.linalg.det(flat) - 1).max(initial=0.0) / max(1.0, float(np.abs(flat).max(initial=0.0)) ** 2)
        if error > _TOLERANCE:
            raise GroupRepError(f"g is not an element of {self.group}: its determinant differs from 1 by {error:.2g}")
        values = in_form(V, _values(flat, *V.weight[:2]))
        return values.reshape(*g.shape[:-2], V.dim, V.dim)

    # Counting

    def weights(self, V: Representation, phase: Any = None) -> dict[Fraction, Counter[Vector]]:
        """The weights (2 m1, 2 m2) of a representation with exact images, by the phase of a matrix that commutes with the torus."""
        R = V.rational()[0]
        algebra = [x for x in self.group.generator_names if x.kind == "algebra"]
        turn, boost, sign = self.cartan
        images = [R.image(algebra[k]) for k in (turn, boost)]
        if not all(map(is_exact, images)):
            raise UnsupportedGroup(f"{V} has float images; the irreps in it are counted by exact weights")
        boosts = as_exact(images[1])
        K = common_domain(boosts.domain, cyclotomic_field(4)).get_field()
        tilted = convert_matrix(boosts, K) * convert_number(zeta(4), cyclotomic_field(4), K)
        out: dict[Fraction, Counter[Vector]] = {}
        for (s, (x, y)), m in joint_spectrum(phase, [images[0], tilted]).items():
            out.setdefault(s, Counter())[int(y + sign * x), int(y - sign * x)] += m
        return out

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        found = constituents(_TWO_SPINS, self.weights(V)[Fraction(0)])
        return [(self.irrep_of(w, "complex"), m) for w, m in found.items()]

    def split(self, images: Images) -> Splitting:
        raise NotUnitary(f"{self.group} is not compact; its representations are not split by unitary matrices")


class LorentzFamily(SpinorFamily):
    """The irreps of O(1, 3), with the generators of `Lorentz`.

    (j1, j2) with j1 + j2 an integer, j1 >= j2, is what occurs in tensors; (j1, j2, p, t) multiplies parity by p and time reversal
    by t, each 1 or -1. For j1 != j2, where (p, t) and (-p, -t) are the same, p is 1.

    cover : the irreps of SL(2, C), which half-integer j1 + j2 belong to.
    """

    matrices_of = (-1j * PAULI[3] / 2, 1j * PAULI[2] / 2, -1j * PAULI[1] / 2, PAULI[1] / 2, PAULI[2] / 2, PAULI[3] / 2)
    cartan = (0, 5, -1)

    def __init__(self, group: LieGroup, cover: SpinorFamily) -> None:
        super().__init__(group)
        self.cover = cover

    def is_pair(self, weight: Vector) -> bool:
        return weight[0] != weight[1]

    def type_of(self, weight: Vector) -> str:
        return "R"

    def conjugate_weight(self, weight: Vector) -> Vector:
        return weight

    def write(self, weight: Vector) -> str:
        signs = "" if weight[2:] == (1, 1) else "".join(f", {'+' if x > 0 else '-'}" for x in weight[2:])
        return f"({spin_label(weight[0])}, {spin_label(weight[1])}{signs})"

    def read(self, label: object) -> Vector:
        parts = _parts(label)
        if len(parts) not in (2, 4):
            raise GroupRepError(
                f"there are {len(parts)} entries, two spins (j1, j2) or also two signs (j1, j2, p, t) are needed"
            )
        a, b = twice_spin(parts[0], "j1"), twice_spin(parts[1], "j2")
        if (a + b) % 2:
            raise GroupRepError("j1 + j2 is no integer, so it is a representation of SL2C() only, without parity")
        signs = {1: 1, -1: -1, "+": 1, "-": -1, "1": 1, "-1": -1, "+1": 1}
        p, t = (signs.get(x, 0) if isinstance(x, int | str) else 0 for x in parts[2:] or (1, 1))
        if not p or not t:
            raise GroupRepError("the signs of parity and time reversal must be 1 or -1")
        if a != b and p < 0:
            p, t = -p, -t
        return (max(a, b), min(a, b), p, t)

    def listed(self, top: int) -> list[Vector]:
        pairs = [(a, b) for a in range(top + 1) for b in range(a + 1) if (a + b) % 2 == 0]
        return [(a, b, p, t) for a, b in pairs for p in ((1, -1) if a == b else (1,)) for t in (1, -1)]

    def irrep(self, label: object, field: Field) -> Irrep:
        """As elsewhere; two spins with a half-integer sum name the irrep of SL(2, C), the double cover of the identity component."""
        try:
            parts = _parts(label)
            spinor = len(parts) == 2 and (twice_spin(parts[0]) + twice_spin(parts[1])) % 2
        except GroupRepError:
            spinor = False
        return self.cover.irrep(label, field) if spinor else super().irrep(label, field)

    def labels(self, field: Field) -> str:
        return (
            "(0, 0), (0, 0, +, -), (0, 0, -, +), (0, 0, -, -), (1/2, 1/2), (1, 0), ...: pairs of spins (j1, j2) with an integer sum, "
            "also with signs of parity and time reversal"
        )

    def made_matrices(self, weight: Vector) -> Matrices:
        found = super().made_matrices(weight)
        a, b, p, t = weight
        images = dict(found.images)
        d = (a + 1) * (b + 1)
        pair = a != b
        parity = [0] * d
        signs = [1] * d
        for i in range(a + 1):
            for j in range(b + 1):  # v x w to (e w) x (e v), e |m> = (-1)^(j + m) |-m>
                parity[i * (b + 1) + j] = (b - j) * (a + 1) + (a - i)
                signs[i * (b + 1) + j] = (-1) ** (i + j)
        columns = _permutation(parity, signs, d if pair else 0)
        conjugation = found.conjugation
        lengths = found.lengths
        if pair:
            other = [0] * d
            back = [1] * d
            for i in range(b + 1):
                for j in range(a + 1):
                    other[i * (a + 1) + j] = (a - j) * (b + 1) + (b - i)
                    back[i * (a + 1) + j] = (-1) ** (i + j)
            columns += _permutation(other, back, 0)
            for x, m in zip((x for x in images if x.kind == "algebra"), self.matrices_of, strict=True):
                images[x] = _sum(images[x], _on_pair(m, b, a))
            lengths = lengths + _lengths(b, a)
            swap = [d + j * (a + 1) + i for i in range(a + 1) for j in range(b + 1)]
            swap += [j * (b + 1) + i for i in range(b + 1) for j in range(a + 1)]
            conjugation = (tuple(swap), (1,) * len(swap))
        h = [x for x in self.group.generator_names if x.kind == "element"]
        for x, sign in zip(h, (p, t * (-1) ** a), strict=True):
            images[x] = Gaussian([{r: sign * v for r, v in c.items()} for c in columns], [{} for _ in columns])
        return Matrices(images, lengths, conjugation)

    def evaluate(self, V: HighestWeightIrrep, g: Array) -> Array:
        flat = g.reshape(-1, 4, 4)
        metric = np.diag([1.0, -1.0, -1.0, -1.0])
        size = max(1.0, float(np.abs(flat).max(initial=0.0)) ** 2)
        error = np.abs(np.swapaxes(flat, -1, -2) @ metric @ flat - metric).max(initial=0.0)
        if np.iscomplexobj(flat) or not error <= _TOLERANCE * size:
            raise GroupRepError(f"g is not an element of {self.group}: it does not keep t^2 - x^2 - y^2 - z^2")
        names = [x for x in self.group.generator_names if x.kind == "element"]
        P, T = (np.asarray(as_float(V.image(x))) for x in names)
        out = []
        for x in flat:
            backward, improper = x[0, 0] < 0, np.linalg.det(x) < 0
            h = np.eye(V.dim)
            if backward:
                h, x = T, np.diag([-1.0, 1.0, 1.0, 1.0]) @ x
            if improper != backward:
                h, x = h @ P, metric @ x
            a, b = V.weight[:2]
            s = spinor_matrix(x)[None]
            value = _values(s, a, b)[0]
            if self.is_pair(V.weight):
                zero = np.zeros((len(value), len(value)))
                value = np.block([[value, zero], [zero, _values(s, b, a)[0]]])
            out.append(h @ in_form(V, value))
        return np.array(out).reshape(*g.shape[:-2], V.dim, V.dim)

    def count(self, V: Representation) -> list[tuple[Irrep, int]] | None:
        """By the weights with each sign of the central element -1, and the traces of parity and time reversal times turns about z."""
        R = V.rational()[0]
        P, T = (R.image(x) for x in self.group.generator_names if x.kind == "element")
        found = {
            (1 if s == 0 else -1): constituents(_TWO_SPINS, weights)
            for s, weights in self.weights(V, matmul(P, T)).items()
        }
        algebra = [x for x in self.group.generator_names if x.kind == "algebra"]
        turn = R.image(algebra[self.cartan[0]])
        traces = [_signed(P, turn), _signed(T, turn)]
        out: list[tuple[Irrep, int]] = []
        for a, b in sorted({w for c in found.values() for w in c}, reverse=True):
            kept = (-1) ** a  # what -1 is in tensors
            times = [found.get(sign, {}).get((a, b), 0) for sign in (kept, -kept)]
            if a > b:
                out += [(self.irrep_of((a, b, 1, t), "complex"), m) for t, m in zip((1, -1), times, strict=True) if m]
            if a != b:
                continue
            sums = [
                trace[a] for trace in traces
            ]  # of p and of t over the constituents (j, j), which have spins l = 0, ..., 2 j
            for trace, total in zip(traces, sums, strict=True):
                for l in range(a + 1):
                    trace[l] -= (-1) ** (l + a) * total
            p_sum, t_sum = (-1) ** a * sums[0], sums[1]
            equal, opposite = times
            for (p, t), twice in (
                ((1, 1), equal + (p_sum + t_sum) // 2), ((-1, -1), equal - (p_sum + t_sum) // 2),
                ((1, -1), opposite + (p_sum - t_sum) // 2), ((-1, 1), opposite - (p_sum - t_sum) // 2),
            ):  # fmt: skip
                if twice % 2 or twice < 0:
                    raise AmbiguousRank(f"the characters of {V} are not those of a representation of {self.group}")
                if twice:
                    out.append((self.irrep_of((a, a, p, t), "complex"), twice // 2))
        return out


def _signed(element: Any, turn: Any) -> Counter[int]:
    """Of an element of order 2 that commutes with rotations: the difference of multiplicities 1 and -1 of each spin l."""
    weights: Counter[int] = Counter()
    for (s, (x,)), m in joint_spectrum(element, [turn]).items():
        weights[int(x)] += m if s == 0 else -m
    top = max(weights, default=0)
    return Counter({l: weights[l] - weights[l + 1] for l in range(top + 1)})


def spinor_matrix(x: Array) -> Array:
    """An element s of SL(2, C) with s X s* = (x t) for X = t + x . sigma: one of two, which differ by the sign.

    Parameters
    ----------
    x : (4, 4) real, in the identity component of O(1, 3).

    Returns
    -------
    (2, 2) complex.

    Examples
    --------
    >>> spinor_matrix(np.eye(4)).real
    array([[1., 0.],
           [0., 1.]])

    References
    ----------
    sum_n (s sigma_n s*) tau sigma_n = 2 tr(s* tau) s for every matrix tau, as sum_n sigma_n y sigma_n = 2 tr y; tau runs over the Pauli
    matrices, and the one with the largest trace is taken. R. Penrose and W. Rindler, Spinors and Space-Time 1 (1984), 1.2.
    """
    moved = np.einsum("mn,mab->nab", x, PAULI)
    candidates = [np.einsum("nab,bc,ncd->ad", moved, tau, PAULI) for tau in PAULI]
    found = max(candidates, key=lambda N: abs(np.linalg.det(N)))
    out: Array = found / np.sqrt(complex(np.linalg.det(found)))
    return out


def _values(g: Array, a: int, b: int) -> Array:
    """D^(a/2)(g) x conj(D^(b/2)(g)) for g (k, 2, 2)."""
    first, second = _powers(g, a), _powers(g, b).conj()
    d = (a + 1) * (b + 1)
    return np.asarray(np.einsum("kij,kpq->kipjq", first, second).reshape(len(g), d, d))


def _powers(g: Array, n: int) -> Array:
    """The action on polynomials of degree n in the orthonormal basis sqrt(binomial) x^k y^(n-k): x -> g_00 x + g_10 y."""
    out = np.zeros((len(g), n + 1, n + 1), dtype=complex)
    tails = [np.ones((len(g), 1), dtype=complex)]
    for _ in range(n):
        tails.append(_times(tails[-1], g[:, 1, 1], g[:, 0, 1]))
    for k in range(n + 1):
        column = tails[n - k]
        for _ in range(k):
            column = _times(column, g[:, 1, 0], g[:, 0, 0])
        out[:, :, k] = column
    lengths = np.sqrt([1 / comb(n, k) for k in range(n + 1)])
    return np.asarray(out * lengths[:, None] / lengths)


def _times(p: Array, lower: Array, upper: Array) -> Array:
    """p times (lower y + upper x), by coefficients of x^k."""
    out = np.zeros((len(p), p.shape[1] + 1), dtype=complex)
    out[:, :-1] += p * lower[:, None]
    out[:, 1:] += p * upper[:, None]
    return out


def in_form(V: HighestWeightIrrep, values: Array) -> Array:
    """Complex values in the basis of V."""
    if V.over == "complex":
        return values if V.field == "complex" else values.real
    K = V.constituent[1]
    if V.type == "R":
        return np.asarray((K @ values @ K.conj().T).real)
    top = np.concatenate([values.real, -values.imag], axis=-1)
    return np.concatenate([top, np.concatenate([values.imag, values.real], axis=-1)], axis=-2)


# --- exact matrices


def _lengths(a: int, b: int) -> tuple[Any, ...]:
    from flint import fmpq

    return tuple(fmpq(1, comb(a, i) * comb(b, j)) for i in range(a + 1) for j in range(b + 1))


def _on_pair(m: Array, a: int, b: int) -> Gaussian:
    """The differential of D^(a/2) x conj(D^(b/2)) at a traceless matrix of halves, on x^k y^(n-k) times conjugates."""
    from flint import fmpq

    re: Columns = [{} for _ in range((a + 1) * (b + 1))]
    im: Columns = [{} for _ in range((a + 1) * (b + 1))]

    def add(row: int, column: int, z: complex, k: int) -> None:
        for part, x in ((re, z.real), (im, z.imag)):
            if x and k:
                value = part[column].get(row, fmpq(0)) + fmpq(int(2 * x) * k, 2)
                part[column][row] = value

    for n, conj in ((a, False), (b, True)):
        c = m.conj() if conj else m
        for i in range(a + 1):
            for j in range(b + 1):
                column, k = i * (b + 1) + j, j if conj else i
                step = 1 if conj else b + 1
                add(column, column, complex(c[0, 0]), k)
                add(column, column, complex(c[1, 1]), n - k)
                if k < n:
                    add(column + step, column, complex(c[0, 1]), n - k)
                if k:
                    add(column - step, column, complex(c[1, 0]), k)
    return Gaussian([{r: x for r, x in c.items() if x} for c in re], [{r: x for r, x in c.items() if x} for c in im])


def _permutation(images: list[int], signs: list[int], shift: int) -> Columns:
    from flint import fmpq

    return [{shift + r: fmpq(s)} for r, s in zip(images, signs, strict=True)]


def _sum(A: Gaussian, B: Gaussian) -> Gaussian:
    d = A.dim
    parts = [x + [{d + r: v for r, v in c.items()} for c in y] for x, y in ((A.re, B.re), (A.im, B.im))]
    return Gaussian(parts[0], parts[1])


@lru_cache(maxsize=4096)
def _irrep(family: SpinorFamily, weight: Vector, over: Field) -> SpinorIrrep:
    return SpinorIrrep(family, weight, over)


@lru_cache(maxsize=128)
def _matrices(family: SpinorFamily, weight: Vector) -> Matrices:
    return family.made_matrices(weight)


def _parts(label: object) -> tuple[Any, ...]:
    """The entries of a label: of a tuple or list, or of text in parentheses."""
    if isinstance(label, str):
        found = re.fullmatch(r"\s*\(([^()]*)\)\s*", label)
        if found is None:
            raise GroupRepError("this is no pair of spins in parentheses")
        return tuple(part.strip() for part in found[1].split(","))
    if isinstance(label, tuple | list):
        return tuple(label)
    raise GroupRepError("this is no pair of spins")
