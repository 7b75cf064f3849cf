"""The interface of a norm: value, subgradient, invariance, and the constants with which it bounds the defect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from inspect import signature
from math import sqrt
from typing import ClassVar

from grouprep.errors import GroupRepError, NotUnitary
from grouprep.linalg import Monomial
from grouprep.representations import Representation
from grouprep.summary import Summary
from grouprep.typing import AnyArray, ArrayT, Namespace
from projectors.arrays import as_matrices, like_input, refuse_nan
from projectors.penalties.subspace import Random, State, start

__all__ = ["Norm"]


class Norm(Summary, ABC):
    """A matrix norm, or a power of one, on arrays of numpy, torch, jax or any array-API library; immutable.

    `value` and `subgradient` act on the last two axes. Half precision is computed in single precision; the device follows the
    input. The derivative that torch and jax take of `value` is `subgradient` (jax: its conjugate), with d value = Re tr(G* dA); it
    is 0 at 0, never NaN. Where norms have corners the choice is fixed: at zero entries, columns or singular values 0, at tied maxima
    the mean over the tied ones. Second derivatives are right wherever the norm has them.

    NaN and infinite entries raise `GroupRepError`, except where looking would break a trace (torch.compile, vmap, jax.jit) or wait
    for an accelerator; there the value is NaN or infinite.

    A subclass gives `_value`, `_subgradient`, and, where not unitarily invariant, `_distortion`. What it is in the eyes of others it
    says by properties: nobody asks for its class.
    """

    word: ClassVar[str]  # given by `registry.register`

    @abstractmethod
    def _value(self, xp: Namespace, A: AnyArray) -> AnyArray:
        """The norm of floating-point matrices (..., m, n) -> (...)."""

    @abstractmethod
    def _subgradient(self, xp: Namespace, A: AnyArray) -> AnyArray:
        """The subgradient, (..., m, n)."""

    def _distortion(self, m: int, n: int) -> float:
        """c with N(U A V) <= c N(A) for unitary U, V and (m, n) matrices A."""
        return 1.0

    def value(self, A: ArrayT) -> ArrayT:
        """The norm of matrices (..., m, n) -> (...), in the real precision of A.

        Raises
        ------
        GroupRepError
            If A has NaN or infinite entries.
        """
        xp, matrices = as_matrices(A)
        value: ArrayT = refuse_nan(xp, self._value(xp, matrices), matrices)
        return value

    def subgradient(self, A: ArrayT) -> ArrayT:
        """G, (..., m, n) in the precision of A, with N(B) >= N(A) + Re tr(G* (B - A)) for all B; 0 at 0.

        Raises
        ------
        GroupRepError
            If A has NaN or infinite entries.
        """
        xp, matrices = as_matrices(A)
        G: ArrayT = like_input(self._subgradient(xp, refuse_nan(xp, matrices, matrices)), A)
        return G

    # What it is

    @property
    def name(self) -> str:
        """What `registry.norm_named` calls it: "frobenius-squared", "mixed(2,1)".

        Raises
        ------
        GroupRepError
            If its class is not registered.
        """
        word: str | None = vars(type(self)).get("word")
        if word is None:
            raise GroupRepError(
                f"{type(self).__name__} is a norm without a name; give it one with projectors.penalties.registry.register"
            )
        values = {parameter: getattr(self, parameter) for parameter in signature(type(self)).parameters}
        flags = "".join(f"-{parameter}" for parameter, value in values.items() if value is True)
        numbers = ",".join(str(float(v)).removesuffix(".0") for v in values.values() if not isinstance(v, bool))
        return word + flags + (f"({numbers})" if numbers else "")

    @property
    def power(self) -> int:
        """1, or 2 for the square of a norm."""
        return 1

    def as_norm(self) -> Norm:
        """The norm itself, where this is a power of one."""
        return self

    @property
    def schatten(self) -> float | None:
        """The p of the Schatten(p) norm that it is: 1 nuclear, 2 Frobenius, infinity spectral; None if it is none of them."""
        return None

    @property
    def is_euclidean(self) -> bool:
        """Whether it is the Frobenius norm or its square."""
        return self.as_norm().schatten == 2

    @property
    def follows(self) -> int:
        """How many leading singular values `step` follows from call to call; 0 where it is exact."""
        return 0

    @property
    def unitarily_invariant(self) -> bool:
        """Whether N(U A V) = N(A) for all unitary U and V."""
        return True

    @property
    def acts_on_each(self) -> bool:
        """Whether matrices (..., m, n) have a norm each; else all of them have one together."""
        return True

    def invariant_under(self, V: Representation, W: Representation) -> bool:
        """Whether N(rho_W(g) A rho_V(h)) = N(A) for all g and h, decided on the generators.

        Unitarily invariant norms: V and W are unitary. The others: all images are monomial (permutations with phases).
        """
        if self.unitarily_invariant:
            return V.is_unitary and W.is_unitary
        return _is_monomial(V) and _is_monomial(W)

    def defect_constants(self, V: Representation, W: Representation) -> tuple[float, float]:
        """(lower, upper) with lower N(R) <= sup_g N(rho_W(g) T - T rho_V(g)) <= upper N(R), R = T - P(T).

        (sqrt(2), 2) for the Frobenius norm, (1, 2) for others that the action leaves invariant, (1/c, 2c) with N(U A V) <= c N(A) for
        the rest.

        Parameters
        ----------
        V, W : the domain's and the codomain's representation.

        Raises
        ------
        NotUnitary
            If V or W is not unitary.

        References
        ----------
        R is the mean over g of rho_W(g)^-1 (rho_W(g) T - T rho_V(g)), and rho_W(g) T - T rho_V(g) = rho_W(g) R - R rho_V(g). The
        constant sqrt(2): the mean of ||rho T - T rho||^2 over the group is 2 ||R||^2 (Berndt and Stuehmer, arXiv 2601.05028, section 3).
        """
        for name, X in (("V", V), ("W", W)):
            if not X.is_unitary:
                raise NotUnitary(
                    f"{name} = {X} is not unitary; defect bounds need unitary representations: take {name}.unitary()"
                )
        c = 1.0 if self.invariant_under(V, W) else self.as_norm()._distortion(W.dim, V.dim)
        return self._constants(c)

    def _constants(self, c: float) -> tuple[float, float]:
        return (sqrt(2), 2.0) if self.is_euclidean else (1 / c, 2 * c)

    @property
    def lower_constant(self) -> float:
        """c with c N(T - P(T)) <= sup_g N(rho_W(g) T - T rho_V(g)) for the unitary representations that leave N invariant."""
        return self.as_norm()._constants(1.0)[0]

    # Steps of a training run

    def init(
        self,
        shape: tuple[int, ...],
        xp: Namespace = None,
        dtype: object = None,
        device: object = None,
        rng: Random = 0,
        width: int = 4,
    ) -> State:
        """The state before the first `step`.

        Parameters
        ----------
        shape : (..., m, n), of the operators.
        xp : the array library; numpy if not given.
        dtype, device : of the operators; the library's defaults if not given.
        rng : a numpy Generator, or a seed.
        width : columns of the block, where the norm needs one.
        """
        return start((*shape[:-2], 0, 0), xp, dtype, device, rng)

    def step(
        self, T: AnyArray, state: State, rmatvec: Callable[[AnyArray], AnyArray] | None = None, iterations: int = 2
    ) -> tuple[AnyArray, State]:
        """(value, next state) of operators that move slowly from call to call; a pure function.

        Exact for most norms; `Spectral` and `KyFan` follow a few leading singular values.

        Parameters
        ----------
        T : operators (..., m, n); for norms of a few leading singular values also the map x -> T x on blocks (..., n, b).
        state : from `init`, or from the call before.
        rmatvec : the map y -> T* y on blocks (..., m, b), where T is a map.
        iterations : block iterations of a step.
        """
        return self.value(T), State(state.V, state.steps + 1)


def _is_monomial(V: Representation) -> bool:
    return all(a.kind == "element" and isinstance(image, Monomial) for a, image in V.images.items())
