"""Laws that every representation obeys: it is a homomorphism, exactly and in floats, and what derives from it agrees."""

from __future__ import annotations

import copy
import pickle

import numpy as np
from scipy.linalg import expm

from grouprep.errors import NotUnitary, UnsupportedGroup
from grouprep.groups import FiniteGroup, Group, LieGroup
from grouprep.linalg import Monomial, as_float
from grouprep.linalg import matrices as mat
from grouprep.representations import Representation
from grouprep.representations.files import representation_from_dict
from grouprep.testing.bounds import evaluation_error, gamma, norm, require, require_close, require_equal, require_raises
from grouprep.testing.elements import draw, exponential, take
from grouprep.testing.laws import DoesNotApply, law
from grouprep.typing import Element, Floats

__all__ = [
    "check_character",
    "check_differential",
    "check_dual",
    "check_exact",
    "check_form",
    "check_homomorphism",
    "check_images",
    "check_representation_copies",
    "check_representation_data",
    "check_unitary",
]

FLOATS = "the images are floats"


@law("representation")
def check_homomorphism(V: Representation, rng: np.random.Generator) -> None:
    """V(1) = 1, V(g h) = V(g) V(h), V(g^-1) V(g) = 1; a stack of elements gives the stack of values; the dtype is V.field's."""
    G = V.group
    g, h = draw(G, 4, rng), draw(G, 4, rng)
    x, y = V(g), V(h)
    require_equal(x.shape, (4, V.dim, V.dim), f"{V} of {G}: shape of V(g)")
    require_equal(x.dtype, np.dtype(complex if V.field == "complex" else float), f"{V} of {G}: dtype of V(g)")
    one = np.eye(V.dim)
    inverse = V(G.inverse(g))
    # A value may come from a float inverse (dual), whose relative error is that of g times the condition number.
    z, reverse = V(G.multiply(g, h)), V(G.inverse(G.multiply(g, h)))
    condition = max(1.0, norm(x) * norm(inverse) / V.dim, norm(z) * norm(reverse) / V.dim)
    error = evaluation_error(V, norm(x), norm(y)) * condition
    require_close(V(G.identity()), one, evaluation_error(V, norm(one)), f"{V} of {G}: V(1) = 1")
    require_close(z, x @ y, error, f"{V} of {G}: V(g h) = V(g) V(h)")
    law = f"{V} of {G}: V(g^-1) V(g) = 1"
    require_close(
        inverse @ x, np.broadcast_to(one, x.shape), evaluation_error(V, norm(inverse), norm(x)) * condition, law
    )
    for i in range(2):
        require_close(V(take(g, i)), x[i], evaluation_error(V, norm(x)), f"{V} of {G}: value at one element of a stack")
    grid = _reshape(g, (2, 2))
    require_close(V(grid), x.reshape(2, 2, V.dim, V.dim), evaluation_error(V, norm(x)), f"{V} of {G}: two batch axes")


def _reshape(g: Element, batch: tuple[int, ...]) -> Element:
    return tuple(_reshape(x, batch) for x in g) if isinstance(g, tuple) else g.reshape(*batch, *g.shape[1:])


def _generator(G: Group, position: int) -> Element:
    """The element of the generator at a position, in floats (finite groups: as a permutation)."""
    generator = G.generator_names[position]
    if isinstance(G, FiniteGroup):
        return G.generators[position]
    if isinstance(G, LieGroup):
        return as_float(G.components[generator.index])
    k = generator.path[0]
    H = G.factors[k]
    parts = [F.identity() for F in G.factors]
    parts[k] = _generator(H, H.generator_names.index(generator.outside()))
    return tuple(parts)


@law("representation", "irrep")
def check_images(V: Representation, rng: np.random.Generator) -> None:
    """The images are those of the generators, in floats too, exact where a domain is named, real where the field is."""
    G = V.group
    require_equal(tuple(V.images), G.generator_names, f"{V} of {G}: generators of the images")
    for position, (generator, image) in enumerate(V.images.items()):
        require_equal(mat.size(image), V.dim, f"{V} of {G}: size of the image of {generator}")
        if V.domain is not None:
            require(mat.is_exact(image), f"{V} of {G}: the image of {generator} is float, but domain is {V.domain}")
        value = as_float(image)
        near = as_float(V.float_image(generator))
        require_close(near, value, gamma(V.dim) * norm(value), f"{V} of {G}: the image of {generator} in floats")
        if V.field == "real":
            require_equal(value.dtype.kind, "f", f"{V} of {G}: kind of the image of {generator}")
        if generator.kind == "element":
            found = V(_generator(G, position))
            require_close(found, value, evaluation_error(V, norm(value)), f"{V} of {G}: V({generator}) is its image")
    if V.field == "complex":
        kinds = {as_float(m).dtype.kind for m in V.images.values()}
        require("c" in kinds, f"{V} of {G}: field is complex, but every image is real")


@law("representation", "irrep")
def check_exact(V: Representation, rng: np.random.Generator) -> DoesNotApply | None:
    """Exact values multiply exactly, and floats are what they round to."""
    G = V.group
    if V.domain is None:
        return DoesNotApply(FLOATS)
    if not isinstance(G, FiniteGroup | LieGroup):
        return DoesNotApply("a product with a Lie group has no exact elements")
    if isinstance(G, FiniteGroup):
        g, h = draw(G, 3, rng), draw(G, 3, rng)
        elements = [(take(g, i), take(h, i)) for i in range(3)]
        for a, b in elements:
            left, right = V.exact_image(G.multiply(a, b)), mat.matmul(V.exact_image(a), V.exact_image(b))
            require(mat.equal(left, right), f"{V} of {G}: exactly, V(g h) differs from V(g) V(h)")
        samples: list[Element] = [a for a, _ in elements]
    else:
        samples = [Monomial.identity(G.n), *G.components]
        try:
            V.exact_image(samples[0])
        except UnsupportedGroup:
            return DoesNotApply("exact values at elements are not known")
    for a in samples:
        exact = as_float(V.exact_image(a))
        element = a if isinstance(G, FiniteGroup) else as_float(a)
        value = V(element)
        require_close(value, exact, evaluation_error(V, norm(exact)), f"{V} of {G}: floats against exact values")
        require(V.exact(a).shape == (V.dim, V.dim), f"{V} of {G}: shape of the exact matrix")
    symbolic = np.array(V.exact(samples[0]).evalf(20).tolist(), dtype=complex)
    exact = as_float(V.exact_image(samples[0]))
    bound = gamma(1) * norm(exact)
    require_close(symbolic, exact.astype(complex), bound, f"{V} of {G}: sympy's value of V.exact(g)")
    return None


@law("representation")
def check_dual(V: Representation, rng: np.random.Generator) -> None:
    """dual(g) = V(g^-1)^T, conjugate(g) = conj V(g), both involutions; V.dual = V.conjugate for unitary V."""
    G = V.group
    g = draw(G, 3, rng)
    x, inverse = V(g), V(G.inverse(g))
    error = evaluation_error(V, norm(x), norm(inverse), norm(inverse))
    require_close(V.dual(g), np.swapaxes(inverse, -1, -2), error, f"{V} of {G}: dual(g) = V(g^-1)^T")
    require_close(V.conjugate(g), x.conj(), evaluation_error(V, norm(x)), f"{V} of {G}: conjugate(g) = conj V(g)")
    require_close(V.dual.dual(g), x, error, f"{V} of {G}: the dual of the dual")
    require_close(
        V.conjugate.conjugate(g), x, evaluation_error(V, norm(x)), f"{V} of {G}: the conjugate of the conjugate"
    )
    require_equal((V.dual.dim, V.conjugate.dim), (V.dim, V.dim), f"{V} of {G}: dimensions of dual and conjugate")
    if V.field == "real":
        require(V.conjugate == V, f"{V} of {G}: real, but not its own conjugate")
    for generator, image in V.images.items():
        value, other = as_float(image), as_float(V.dual.images[generator])
        expected = -value.T if generator.kind == "algebra" else np.linalg.inv(value).T
        require_close(
            other,
            expected,
            evaluation_error(V, norm(value), norm(expected), norm(expected)),
            f"{V}: dual image of {generator}",
        )


@law("representation")
def check_form(V: Representation, rng: np.random.Generator) -> None:
    """The invariant form is Hermitian and invariant, the gram positive definite, and is_unitary what V(g)* V(g) says."""
    G = V.group
    form = V.invariant_form
    x = V(draw(G, 6, rng))
    star = np.swapaxes(x.conj(), -1, -2)
    if form is not None:
        H = as_float(form)
        require_close(H, H.conj().T, gamma(V.dim) * norm(H), f"{V} of {G}: the invariant form is Hermitian")
        error = evaluation_error(V, norm(x), norm(x)) * max(norm(H), 1.0)
        require_close(star @ H @ x, np.broadcast_to(H, x.shape), error, f"{V} of {G}: rho* H rho = H")
        require(np.linalg.matrix_rank(H) == V.dim or V.gram is None, f"{V} of {G}: the form is singular")
    if V.gram is not None:
        values = np.linalg.eigvalsh(as_float(V.gram))
        require(values.min() > 0, f"{V} of {G}: the gram has the eigenvalue {values.min():.3g}")
    if G.is_compact:
        require(V.gram is not None, f"{V} of {G}: compact group, but no positive-definite invariant form was found")
    if V.is_unitary:
        error = evaluation_error(V, norm(x), norm(x))
        require_close(
            star @ x, np.broadcast_to(np.eye(V.dim), x.shape), error, f"{V} of {G}: unitary, but V(g)* V(g) is not 1"
        )
    elif V.domain is not None:
        require(not _generators_unitary(V), f"{V} of {G}: all generators are unitary, but is_unitary is False")


def _generators_unitary(V: Representation) -> bool:
    """Whether every generator is unitary (skew for algebra generators), exactly."""
    for generator, image in V.images.items():
        star = mat.transpose(mat.conjugate(image))
        if generator.kind == "algebra":
            good = bool(mat.equal(star, -image))  # type: ignore[operator]
        else:
            good = mat.equal(mat.matmul(star, image), Monomial.identity(V.dim))
        if not good:
            return False
    return True


@law("representation")
def check_unitary(V: Representation, rng: np.random.Generator) -> None:
    """unitary() is unitary and U(g) = S V(g) S^-1; without a positive form it raises NotUnitary."""
    G = V.group
    if V.gram is None:
        require_raises(NotUnitary, V.unitary, f"{V} of {G}: no positive-definite form, but unitary() returns")
        return
    U, S = V.unitary()
    g = draw(G, 3, rng)
    x, u = V(g), U(g)
    scale = norm(S) * norm(np.linalg.inv(S))
    error = evaluation_error(V, norm(x), norm(u)) * max(scale, 1.0)
    require_close(u @ S, S @ x, error * norm(S), f"{V} of {G}: U(g) S = S V(g)")
    star = np.swapaxes(u.conj(), -1, -2)
    require_close(
        star @ u, np.broadcast_to(np.eye(V.dim), u.shape), error * scale, f"{V} of {G}: unitary() is not unitary"
    )
    require(U.is_unitary, f"{V} of {G}: unitary() does not say that it is unitary")
    require_equal(U.dim, V.dim, f"{V} of {G}: dimension of unitary()")
    if V.is_unitary:
        require(U == V, f"{V} of {G}: unitary already, but unitary() changes it")
        require(np.array_equal(S, np.eye(V.dim)), f"{V} of {G}: unitary already, but S is not 1")


@law("representation", "irrep")
def check_differential(V: Representation, rng: np.random.Generator) -> None:
    """exp(dV(X)) = V(exp X), dV is linear and takes brackets of the group's matrices to brackets."""
    G = V.group
    generators = [a for a in G.generator_names if a.kind == "algebra"]
    if not generators:
        law = f"{V} of {G}: a finite group has no differential, but no error was raised"
        require_raises(UnsupportedGroup, lambda: V.differential(np.zeros(1)), law)
        return
    c, d = rng.standard_normal(len(generators)) / 4, rng.standard_normal(len(generators)) / 4
    X, Y = V.differential(c), V.differential(d)
    value = V(exponential(G, c))
    expected = expm(X)
    # Scaling and squaring: a relative error of about eps dim times the growth exp(|X|) on the way (Higham, Functions, 10.3).
    growth = float(np.exp(norm(X)))
    require_close(value, expected, evaluation_error(V, norm(value)) * growth, f"{V} of {G}: V(exp X) = exp(dV(X))")
    bound = gamma(4 * len(generators)) * (norm(X) + norm(Y))
    require_close(V.differential(c + 2 * d), X + 2 * Y, bound, f"{V} of {G}: the differential is linear")
    for i, generator in enumerate(generators):
        unit = np.eye(len(generators))[i]
        require_close(
            V.differential(unit), as_float(V.images[generator]), 0.0, f"{V} of {G}: differential at {generator}"
        )
    if isinstance(G, LieGroup):
        _check_brackets(V, G, c, d)


def _check_brackets(V: Representation, G: LieGroup, c: Floats, d: Floats) -> None:
    stack = np.array([as_float(a) for a in G.algebra])
    x, y = np.tensordot(c, stack, 1), np.tensordot(d, stack, 1)
    X, Y = V.differential(c), V.differential(d)
    bound = evaluation_error(V, norm(X), norm(Y))
    require_close(V.differential(x), X, bound, f"{V} of {G}: differential at a matrix against coefficients")
    origin, basis = G.structure_constants()
    if all(o is None for o in origin) and len(basis) == len(G.algebra):
        bracket = x @ y - y @ x
        if norm(bracket) <= gamma(2 * len(x)) * norm(x) * norm(y):
            bracket = 0 * bracket  # what rounding leaves of 0 lies in no span
        require_close(V.differential(bracket), X @ Y - Y @ X, 2 * bound, f"{V} of {G}: dV([X, Y]) = [dV(X), dV(Y)]")


@law("representation")
def check_character(V: Representation, rng: np.random.Generator) -> None:
    """The character is the trace, a class function, exact on classes, and <chi, chi> is a positive integer."""
    G = V.group
    g, h = draw(G, 4, rng), draw(G, 4, rng)
    x = V(g)
    error = evaluation_error(V, norm(x)) * np.sqrt(V.dim)
    chi = V.character
    require_close(chi(g), np.trace(x, axis1=-2, axis2=-1), error, f"{V} of {G}: the character is the trace")
    moved = G.multiply(G.multiply(h, g), G.inverse(h))
    y = V(h)
    size = evaluation_error(V, norm(x), norm(y), norm(V(G.inverse(h)))) * np.sqrt(V.dim)
    require_close(chi(moved), chi(g), size, f"{V} of {G}: the character is constant on classes")
    if isinstance(G, FiniteGroup) and G.order <= 2_000:
        for numbers, value in zip(G.conjugacy_classes, chi.values, strict=True):
            trace = np.trace(V(G.elements[numbers[-1]]))
            require_close(np.array(value), trace, error, f"{V} of {G}: character on a class")
        sizes = np.array([len(c) for c in G.conjugacy_classes])
        mean = float((sizes * np.abs(chi.values) ** 2).sum() / G.order)
        bound = gamma(len(sizes) + V.dim) * V.dim**2
        if V.is_unitary:
            require_close(
                np.array(float(chi.inner(chi))), np.array(mean), bound, f"{V} of {G}: <chi, chi> as a mean over classes"
            )


@law("representation")
def check_representation_data(V: Representation, rng: np.random.Generator) -> DoesNotApply | None:
    """The representation that the plain data describes has the same images, exactly."""
    if V.domain is None:
        return DoesNotApply(FLOATS)
    found = representation_from_dict(V.to_dict())
    require(found.group == V.group, f"{V} of {V.group}: to_dict describes another group")
    for (generator, image), other in zip(V.images.items(), found.images.values(), strict=True):
        require(
            mat.equal(image, other),
            f"{V} of {V.group}: the image of {generator} changes in a round trip through to_dict",
        )
    return None


@law("representation")
def check_representation_copies(V: Representation, rng: np.random.Generator) -> None:
    """Pickled and deep copies are equal, hash alike and give the same values bit for bit."""
    g = draw(V.group, 2, rng)
    value = V(g)
    for other in (pickle.loads(pickle.dumps(V)), copy.deepcopy(V)):
        require(other == V, f"{V} of {V.group}: a copy is not equal to it")
        require_equal(hash(other), hash(V), f"{V} of {V.group}: hash of a copy")
        require(np.array_equal(other(g), value), f"{V} of {V.group}: a copy has other values")
    require(V != V + V.group.trivial(), f"{V} of {V.group} is equal to a representation of another dimension")
