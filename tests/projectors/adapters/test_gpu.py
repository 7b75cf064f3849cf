"""The kernels for GPUs against plain operations in double precision; in Triton's interpreter, or on a GPU (`make test-gpu`)."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import cases
from kernels import counted, device, launches_of, require_triton
from torch import nn

from grouprep import SO, Cyclic, Dihedral, Quaternion, Symmetric
from projectors import Hom
from projectors.models.layouts import Layout, matrix_layout
from projectors.penalties import Frobenius, Nuclear, Spectral
from projectors.torch import EquivariancePenalty, LayerSpec
from projectors.torch import fast as fast_module
from projectors.torch.buffers import ProjectionModule
from projectors.torch.fast import Device, Operand, Plain, implementation_for

C3, C4, D4, Q8, SO3 = Cyclic(3), Cyclic(4), Dihedral(4), Quaternion(), SO(3)
SPACES = {
    "orbits": (9 * C4.regular(), 8 * C4.regular()),
    "orbits of two sizes": (3 * D4.natural() + D4.regular(), D4.regular() + 5 * D4.natural()),
    "signs, zeros": (5 * D4.natural() + 3 * D4.defining(), 3 * D4.defining() + 2 * D4.trivial()),
    "many in an orbit": (3 * Symmetric(4).regular(), Symmetric(4).regular() + Symmetric(4).natural()),
    "real irreps": (3 * SO3.irrep(0) + 5 * SO3.irrep(1) + 2 * SO3.irrep(2), 4 * SO3.irrep(1) + 7 * SO3.irrep(0)),
    "irreps whose copies lie apart": (3 * (SO3.irrep(0) + SO3.irrep(1)), 2 * (SO3.irrep(1) + SO3.irrep(2)) + SO3.irrep(0)),
    "irreps of complex type": (5 * C3.irrep(1) + C3.irrep(0), 4 * C3.irrep(1)),
    "irreps of quaternionic type": (3 * Q8.irrep("E1"), 2 * Q8.irrep("E1")),
    "means of a dense basis": (4 * Dihedral(5).defining(), 3 * Dihedral(5).defining()),
    "vectors": (D4.trivial(), 3 * D4.regular()),
    "forms": (3 * D4.regular(), D4.trivial()),
}  # fmt: skip
LEFT = {
    "irreps in another basis": (SO3.irrep(1) ** 2, SO3.irrep(1) ** 2),
}


@pytest.fixture(autouse=True, scope="module")
def triton():
    require_triton()


def gpu():
    from projectors.torch.fast.gpu import Gpu

    return Gpu()


def operators(shape, dtype=torch.float64, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=shape)).to(dtype).to(device())


def operand(hom, layout=None):
    return Operand(ProjectionModule(hom, torch.device(device()), torch.float64), layout)


def results(fast, parts, operands, squared, both):
    """Sizes and gradients."""
    parts = [p.detach().requires_grad_() for p in parts]
    first, second = fast.sizes(parts, operands, squared, both)
    values = first if second is None else torch.stack([first, second])
    above = torch.linspace(1, 2, values.numel(), dtype=values.dtype, device=values.device).view(values.shape)
    gradients = torch.autograd.grad((values * above).sum(), parts)
    return [values.detach(), *gradients]


def close(found, expected, rounding):
    """Relative to the largest entry; for a dtype of few digits also its own."""
    size = expected.abs().max().item()
    assert found.shape == expected.shape
    own = torch.finfo(found.dtype).eps if found.dtype in (torch.float16, torch.bfloat16) else 0.0
    assert (found.double() - expected.double()).abs().max().item() <= (rounding + own) * size


def bound(dtype, longest=32):
    """(2 s + 8) u for differences, means over s and one scaling: see docs/guide/gpu.md."""
    work = torch.promote_types(dtype, torch.float32)
    return (2 * longest + 8) * torch.finfo(work).eps / 2


def agrees(parts, operands, fast=None):
    """Sizes, gradients, residuals and moves of the kernels, and those of plain operations in double precision."""
    fast, dtype = fast or gpu(), parts[0].dtype
    assert all(fast.served(parts, operands)), "the kernels do not serve"
    wide = [p.double() for p in parts]
    for squared, both in ((False, True), (True, False)):
        found, expected = results(fast, parts, operands, squared, both), results(Plain(), wide, operands, squared, both)
        for x, y in zip(found, expected, strict=True):
            close(x, y, 4 * bound(dtype))
        assert all(g.dtype == p.dtype for g, p in zip(found[1:], parts, strict=True))
    lead = found[0].shape[1:]
    for both in (False, True):
        steps = [torch.rand((*lead, 2), dtype=torch.float64, device=device()) for _ in parts]
        moved, exact = [p.clone(memory_format=torch.preserve_format) for p in parts], [p.clone() for p in wide]
        fast.move_(moved, operands, steps, both)
        Plain().move_(exact, operands, steps, both)
        for x, y in zip(moved, exact, strict=True):
            close(x, y, 4 * bound(dtype))


@pytest.mark.parametrize("name", SPACES)
def test_kernels_agree_with_plain_operations_in_double_precision(name):
    hom = Hom(*SPACES[name])
    parts = [operators(hom.shape, torch.float32, seed) for seed in range(2)]
    agrees(parts, [operand(hom)] * 2)


@cases("dtype", [torch.float64, torch.float16, torch.bfloat16], ids=str)
def test_precisions(dtype):
    hom = Hom(*SPACES["irreps of complex type"])
    agrees([operators(hom.shape, dtype)], [operand(hom)])


def test_places_in_memory():
    """Transposed, in groups, with pixels apart, in a stack, with gaps, and several spaces in one list."""
    hom = Hom(3 * C4.regular(), 2 * C4.regular())
    m, n = hom.shape
    image = Hom(2 * D4.regular() * D4.grid((3, 3)), D4.regular())
    kernel = operators((8, 16, 3, 3), torch.float32)
    grouped = matrix_layout(hom.shape, groups=3)
    fast = gpu()
    agrees([operators((n, m), torch.float32)], [operand(hom, matrix_layout(hom.shape, swapped=True))], fast)
    agrees([operators((3 * m, n), torch.float32)], [operand(hom, grouped)], fast)
    agrees([operators((3, 2, m, n), torch.float32)] * 2, [operand(hom)] * 2, fast)
    agrees([kernel], [operand(image, Layout(image.shape))], fast)
    agrees([kernel.contiguous(memory_format=torch.channels_last)], [operand(image, Layout(image.shape))], fast)
    swapped = operators((16, 8, 3, 3), torch.float32)
    agrees([swapped], [operand(image, Layout(image.shape, order=(1, 0)))], fast)
    mixed = [Hom(*SPACES[name]) for name in ("orbits", "signs, zeros", "real irreps", "many in an orbit")]
    agrees([operators(h.shape, torch.float32) for h in mixed], [operand(h) for h in mixed], fast)
    part = operators((m, 2 * n), torch.float32)[:, ::2]
    for x, y in zip(
        results(fast, [part], [operand(hom)], False, True),
        results(Plain(), [part.double()], [operand(hom)], False, True),
        strict=True,
    ):
        close(x, y, 4 * bound(part.dtype))


@cases("name", ["orbits", "orbits of two sizes", "real irreps", "signs, zeros"])
def test_near_equivariance_single_precision_keeps_the_digits_of_the_residual(name):
    hom = Hom(*SPACES[name])
    T = operators(hom.shape).cpu().numpy()
    T = torch.from_numpy(hom.project(T) + 1e-5 * T).float().to(device())
    o = operand(hom)
    exact = o.space.residual(T.double())
    close(gpu().residual(T, o.space), exact, bound(T.dtype))
    for x, y in zip(
        results(gpu(), [T], [o], False, False), results(Plain(), [T.double()], [o], False, False), strict=True
    ):
        close(x, y, 4 * bound(T.dtype))


def test_the_same_twice_bit_for_bit_and_scales_and_zeros():
    hom = Hom(*SPACES["orbits"])
    T, o = operators(hom.shape, torch.float32), operand(hom)
    first, again = (results(gpu(), [T], [o], False, True) for _ in range(2))
    assert all(torch.equal(x, y) for x, y in zip(first, again, strict=True))
    for scale in (1e-25, 1e25):  # whose squares are out of the range of single precision
        found, expected = (
            results(f, [x], [o], False, False) for f, x in ((gpu(), scale * T), (Plain(), (scale * T).double()))
        )
        close(found[0], expected[0], 4 * bound(T.dtype))
        close(found[1], expected[1], 4 * bound(T.dtype))
    zero = results(gpu(), [torch.zeros_like(T)], [o], False, True)
    assert not any(x.any() for x in zero)
    T[0, 0] = float("nan")
    assert results(gpu(), [T], [o], False, False)[0].isnan().all()


def test_second_derivatives_are_plain_ones():
    hom = Hom(C4.regular(), C4.regular())
    T, o = operators(hom.shape).requires_grad_(), operand(hom)
    hessians = []
    for fast in (gpu(), Plain()):
        (slope,) = torch.autograd.grad(fast.sizes([T], [o])[0].sum(), T, create_graph=True)
        hessians.append(torch.autograd.grad((slope * slope.detach().roll(1)).sum(), T)[0])
    close(*hessians, 1e-12)


def penalty(layers, norm, size=8, **options):
    V = size * C4.regular()
    torch.manual_seed(0)
    model = nn.Sequential(*(nn.Linear(V.dim, V.dim) for _ in range(layers))).to(device())
    pen = EquivariancePenalty(model, {"*": (V, V)}, norm, **options)
    return model, served(pen)


def served(pen):
    """The penalty as a GPU would have it."""
    from projectors.torch import model_penalty

    old = model_penalty.implementation_for
    model_penalty.implementation_for = lambda device: gpu()
    try:
        pen.to(pen.weights.device)
    finally:
        model_penalty.implementation_for = old
    return pen


@cases("norm", [Frobenius(), Frobenius(squared=True), Spectral(), Nuclear()], ids=str)
def test_penalties(norm):
    model, pen = penalty(2, norm, size=10, equivariant=0.0 if norm == Spectral() else 0.5)
    reference = EquivariancePenalty(
        model.double(),
        dict.fromkeys(["0", "1"], (10 * C4.regular(),) * 2),
        norm,
        equivariant=0.0 if norm == Spectral() else 0.5,
    )
    exact = reference()
    slopes = torch.autograd.grad(exact, list(model.parameters()))
    model.float()
    served(pen)
    value = pen()
    gradients = torch.autograd.grad(value, list(model.parameters()))
    loose = norm in (Spectral(), Nuclear())
    assert value.item() == pytest.approx(exact.item(), rel=1e-2 if loose else 4 * bound(torch.float32))
    for found, expected in zip(gradients, slopes, strict=True):
        close(found, expected, 0.1 if loose else 4 * bound(torch.float32))


def step(model, pen):
    for p in model.parameters():
        p.grad = None
    pen().backward()


@cases("norm, most", [(Frobenius(), 12), (Spectral(), 40)], ids=str)
def test_launches_do_not_grow_with_the_number_of_layers(norm, most):
    counts = {}
    for layers in (2, 50):
        model, pen = penalty(layers, norm, size=1 if norm == Frobenius() else 10)
        for _ in range(2):  # tables are made once
            counts[layers] = launches_of(lambda model=model, pen=pen: step(model, pen))
    assert counts[2] == counts[50], counts
    assert counts[2].total() <= most, counts[2]


def test_a_compiled_step_runs_the_kernels():
    model, pen = penalty(3, None, size=2, equivariant=0.5)
    x = torch.ones(4, 8, device=device())

    def loss():
        return model(x).square().mean() + pen()

    expected = torch.autograd.grad(loss(), list(model.parameters()))
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    for found, gradient in zip(torch.autograd.grad(compiled(), list(model.parameters())), expected, strict=True):
        close(found, gradient, 4 * bound(torch.float32))
    with counted() as kernels:
        compiled().backward()
    assert kernels == ["sweep", "finish", "sweep"]


def test_leading_singular_values_of_gram_matrices():
    from projectors.torch.fast.launches import Launches

    A = operators((2, 12, 40))
    A[0] *= torch.logspace(0, -6, 12, dtype=A.dtype, device=A.device)[:, None]
    A[1, 5] = A[1, 4]
    gram, launches, eps = A @ A.mT, Launches(), torch.finfo(A.dtype).eps
    rotations, scaled, values = launches.ritz(gram, 4, 2)
    exact = torch.linalg.svdvals(A)
    close(values, exact[:, :2].sum(1), 100 * eps)
    close(rotations @ gram @ rotations.mT, torch.diag_embed(exact**2), 1000 * eps)
    close(scaled @ A, torch.nn.functional.normalize(rotations[:, :4] @ A, dim=-1), 1e4 * eps)
    rows = launches.whitening(gram) @ A
    close(rows @ rows.mT, torch.diag_embed(torch.tensor([[1.0] * 12, [1.0] * 11 + [0.0]], device=A.device)), 1e-7)


def test_decoupled_decay_is_one_launch():
    layers = 3
    model, pen = penalty(layers, None, size=2, decoupled=True)
    before = [p.detach().clone() for p in model.parameters()]
    counted = launches_of(lambda: pen.decay_(0.1))
    assert counted["sweep"] == 1, counted
    pen.decay_(0.1)
    for term in pen.terms:
        old = next(b for b, p in zip(before, model.parameters(), strict=True) if p is term.parameter())
        R = term.space.residual(term.layout.read(old).double())
        close(term.read(), term.layout.read(old).double() - 0.1 * R, 4 * bound(torch.float32))


def test_what_the_kernels_leave_is_done_by_torch():
    for name, pair in LEFT.items():
        hom, other = Hom(*pair), Hom(*SPACES["orbits"])
        fast, operands = gpu(), [operand(hom), operand(other)]
        parts = [operators(h.shape, torch.float32) for h in (hom, other)]
        assert fast.served(parts, operands) == [False, True], name
        found, expected = (
            results(f, p, operands, False, True) for f, p in ((fast, parts), (Plain(), [p.double() for p in parts]))
        )
        for x, y in zip(found, expected, strict=True):
            close(x, y, 8 * bound(torch.float32, 81))
    hom = Hom(*SPACES["orbits"])
    T = operators(hom.shape, torch.complex64)
    assert gpu().served([T], [operand(hom)]) == [False]


def test_a_kernel_that_fails_is_named_once_and_torch_goes_on(monkeypatch):
    from projectors.torch.fast import launches

    class Broken:
        def __getitem__(self, grid):
            raise RuntimeError("no such instruction")

    monkeypatch.setattr(launches, "sweep", Broken())
    hom = Hom(*SPACES["orbits"])
    T, o, fast = operators(hom.shape), operand(hom), gpu()
    with pytest.warns(
        RuntimeWarning, match=r"kernel for sizes of residuals failed \(RuntimeError: no such instruction\)"
    ):
        value, _ = fast.sizes([T], [o])
    again, _ = fast.sizes([T], [o])  # a second warning would be an error
    close(value, Plain().sizes([T], [o])[0], 1e-12)
    assert torch.equal(value, again)


def test_a_penalty_on_images_is_one_sweep():
    from torch.nn import Conv2d

    V = D4.regular()
    model = nn.Sequential(Conv2d(3, 8, 3, bias=False), Conv2d(8, 16, 3)).to(device())
    pen = served(EquivariancePenalty(model, {"0": (3 * D4.trivial(), V), "1": LayerSpec(V, 2 * V)}))
    pen()
    assert launches_of(pen)["sweep"] == 1


def test_kernels_compile_without_a_gpu(tmp_path):
    """To the assembly of an H100, by triton's own ptxas: what the interpreter does not see, such as types."""
    if device() == "cuda":
        pytest.skip("they have been compiled by the other tests")
    environment = {
        **os.environ,
        "TRITON_INTERPRET": "0",
        "TRITON_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    script = Path(__file__).parents[2] / "support" / "compile_kernels.py"
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "spills: 0" in done.stdout


def test_implementation_of_cuda(monkeypatch):
    assert type(implementation_for(torch.device("cuda"))).__name__ == "Gpu"
    monkeypatch.setattr(fast_module, "find_spec", lambda name: None)
    assert type(implementation_for(torch.device("cuda"))) is Device
