"""One law: every implementation of what is fast agrees with the plain one, which says what it is."""

import numpy as np
import pytest
import torch

from grouprep import SO, Cyclic, Dihedral, Quaternion, Symmetric
from projectors import Hom
from projectors.models.layouts import matrix_layout
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast import Cpu, Device, Operand, Plain, Traced, implementation_for
from projectors.torch.lobpcg import follow

C4, D4, S3 = Cyclic(4), Dihedral(4), SO(3)
IMPLEMENTATIONS = (Plain, Traced, Cpu, Device)
SPACES = {
    "orbits": (9 * C4.regular(), 8 * C4.regular()),
    "orbits of two sizes, zeros": (5 * D4.natural() + D4.defining(), 9 * D4.natural()),
    "dense": (15 * Dihedral(5).defining(), 14 * Dihedral(5).defining()),
    "irreps": (9 * S3.irrep(1) + S3.irrep(2), 10 * S3.irrep(1)),
    "irreps of complex type": (15 * Cyclic(3).irrep(1), 14 * Cyclic(3).irrep(1)),
    "irreps in another basis": (4 * Symmetric(3).natural() ** 2, 3 * Symmetric(3).natural() ** 2),
    "complex": (14 * Quaternion().defining(), 13 * Quaternion().defining()),
}
DTYPES = (torch.float32, torch.float64, torch.complex64, torch.complex128)


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def hom(request):
    return Hom(*request.param)


@pytest.fixture(params=IMPLEMENTATIONS, ids=lambda f: f.__name__)
def fast(request):
    return request.param()


def kinds(hom):
    """(precision, leading axes) of single and stacked operators; P of real ones has to be real."""
    return [(dtype, lead) for dtype in DTYPES if dtype.is_complex or not hom.is_complex for lead in ((), (3,))]


def operators(hom, dtype, lead=(), near=None, seed=0):
    """Operators on the scale of 1; nearly equivariant ones with a residual of the size that is told."""
    torch.manual_seed(seed)
    wide = torch.complex128 if dtype.is_complex else torch.float64
    T = torch.randn(*lead, *hom.shape, dtype=wide)
    return (T if near is None else hom.project(T) + near * T).to(dtype)


def operand(hom, dtype, fast):
    wide = dtype in (torch.float64, torch.complex128)
    space = ProjectionModule(hom, dtype=torch.float64 if wide else torch.float32)
    return Operand(space, None, fast.workspace())


def close(found, expected, factor=64):
    """To rounding in the coarser precision of the two, relative to the largest entry."""
    eps = max(torch.finfo(x.dtype).eps for x in (found, expected))
    bound = factor * eps * max(1e-300, expected.abs().max().item())
    assert (found - expected).abs().max().item() <= bound


def value_and_gradients(values, parts):
    coefficients = torch.linspace(1, 2, values.numel(), dtype=values.dtype).view(values.shape)
    return values.detach(), torch.autograd.grad((values * coefficients).sum(), parts)


def test_sizes(hom, fast):
    for dtype, lead in kinds(hom):
        for squared, both in ((False, False), (False, True), (True, False), (True, True)):
            check_sizes(hom, fast, dtype, lead, squared, both)


def check_sizes(hom, fast, dtype, lead, squared, both):
    results = []
    for one in (fast, Plain()):
        parts = [operators(hom, dtype, lead, seed=seed).requires_grad_() for seed in range(2)]
        first, second = one.sizes(parts, [operand(hom, dtype, one) for _ in parts], squared, both)
        assert (second is not None) == both
        total = first + 2 * second if both else first
        results.append([*value_and_gradients(total, parts), second.detach() if both else None])
    (value, gradients, second), (expected, slopes, other) = results
    close(value, expected)
    if both:
        close(second, other)
    for gradient, slope in zip(gradients, slopes, strict=True):
        close(gradient, slope)


def test_residual(hom, fast):
    for dtype, lead in kinds(hom):
        results = []
        for one in (fast, Plain()):
            T = operators(hom, dtype, lead).requires_grad_()
            R = one.residual(T, operand(hom, dtype, one).space)
            (gradient,) = torch.autograd.grad(R, T, operators(hom, dtype, lead, seed=1))
            results.append((R.detach(), gradient))
        for found, expected in zip(*results, strict=True):
            close(found, expected)


def test_moves(hom, fast):
    for dtype, lead in kinds(hom):
        for away, along in ((0.25, 0.0), (0.0, 0.5), (0.25, 0.5)):
            check_moves(hom, fast, dtype, lead, away, along)


def check_moves(hom, fast, dtype, lead, away, along):
    results = []
    for one in (fast, Plain()):
        T = operators(hom, dtype, lead)
        steps = torch.tensor([away, along], dtype=torch.float64)
        one.move_([T], [operand(hom, dtype, one)], [steps.expand(*lead, 2)], along > 0)
        results.append(T)
    close(*results)
    R = hom.residual(operators(hom, dtype, lead).to(torch.complex128 if dtype.is_complex else torch.float64))
    expected = operators(hom, dtype, lead) - away * R - along * (operators(hom, dtype, lead) - R)
    close(results[0], expected.to(dtype))


def test_followed_values(hom, fast):
    """Once they stand, values of the same operators agree to their accuracy, and gradients to its root."""
    for dtype, k in {(dtype, k) for dtype, _ in kinds(hom) for k in (1, 3)}:
        check_followed_values(hom, fast, dtype, k)


def check_followed_values(hom, fast, dtype, k):
    results = []
    for one in (fast, Plain()):
        parts = [operators(hom, dtype, seed=seed).requires_grad_() for seed in range(2)]
        operands = [operand(hom, dtype, one) for _ in parts]
        torch.manual_seed(5)
        start = torch.linalg.qr(torch.randn(2, hom.shape[1], 3 * (k + 2), dtype=dtype))[0]
        with torch.no_grad():
            blocks = follow([o.space.residual(p) for o, p in zip(operands, parts, strict=True)], start, k, 60).block
        for turn in range(60):
            values, blocks = one.leading(parts, operands, k, blocks, turn % 2 == 0)
        results.append(value_and_gradients(values, parts))
        with torch.no_grad():
            exact = [
                torch.linalg.svdvals(one.residual(p, o.space))[:k].sum() for o, p in zip(operands, parts, strict=True)
            ]
        assert ((values / torch.stack(exact)) - 1).abs().max() <= 1e-3
    (value, gradients), (expected, slopes) = results
    assert ((value / expected) - 1).abs().max() <= 1e-3
    for gradient, slope in zip(gradients, slopes, strict=True):
        assert torch.linalg.vector_norm(gradient - slope) <= 0.1 * torch.linalg.vector_norm(slope)


def test_cpu_near_equivariance_is_the_plain_one_in_double_precision(hom):
    """At a relative residual of 1e-6 rounding in single precision would be a twentieth of it."""
    for dtype, lead in kinds(hom):
        if dtype in (torch.float64, torch.complex128):
            continue
        results = []
        for one, kind in ((Cpu(), dtype), (Plain(), torch.complex128 if dtype.is_complex else torch.float64)):
            T = operators(hom, dtype, lead, near=1e-6).to(kind).requires_grad_()
            o = operand(hom, kind, one)
            size, _ = one.sizes([T], [o])
            results.append((size.detach(), torch.autograd.grad(size.sum(), T)[0], one.residual(T, o.space).detach()))
        for found, expected in zip(*results, strict=True):
            close(found, expected)


@pytest.mark.parametrize("both", [False, True])
def test_operands_are_read_and_gradients_unread_by_their_layout(fast, both):
    hom = Hom(8 * C4.regular(), 7 * C4.regular())
    torch.manual_seed(0)
    stored = torch.randn(32, 28, dtype=torch.float64, requires_grad=True)
    transposed = Operand(ProjectionModule(hom), matrix_layout(hom.shape, swapped=True), fast.workspace())
    values = fast.sizes([stored], [transposed], False, both)
    (gradient,) = torch.autograd.grad(sum(v.sum() for v in values if v is not None), stored)
    T = stored.detach().mT.numpy()
    R = hom.residual(T)
    expected = R / np.linalg.norm(R) + (both and (T - R) / np.linalg.norm(T - R))
    close(gradient, torch.from_numpy(expected).mT)


def test_zero_has_no_gradient(fast):
    hom = Hom(8 * C4.regular(), 7 * C4.regular())
    T = torch.zeros(hom.shape, requires_grad=True)
    first, second = fast.sizes([T], [operand(hom, T.dtype, fast)], False, True)
    assert not torch.autograd.grad(first.sum() + second.sum(), T)[0].any()


def test_implementations_belong_to_devices():
    assert isinstance(implementation_for(torch.device("cpu")), Cpu)
    for device, kind in (("meta", Device), ("mps", Plain)):  # cuda: test_gpu.py
        assert type(implementation_for(torch.device(device))) is kind
    assert implementation_for(torch.device("cpu")) is not implementation_for(torch.device("cpu"))


def test_a_space_in_single_precision_projects_doubles_as_doubles():
    """The constants are made anew from double precision where an operator is the first that needs it."""
    H = Hom(Dihedral(5).natural(), 2 * Dihedral(5).defining())
    space = ProjectionModule(H, torch.device("cpu"), torch.float32)
    T = torch.randn(H.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert space.project(T.float()).dtype == torch.float32
    assert (space.project(T) - torch.from_numpy(H.project(T.numpy()))).abs().max() <= 64 * torch.finfo(
        torch.float64
    ).eps
