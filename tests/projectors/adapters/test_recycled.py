"""Memory that comes back: never while somebody holds it."""

import copy
import gc
import pickle

import pytest
import torch
from torch import nn

from grouprep import Cyclic
from projectors.penalties import Spectral
from projectors.torch import EquivariancePenalty
from projectors.torch.fast.recycled import RecycledMemory

SHAPE, LIKE = (256, 512), torch.zeros(1)


def test_memory_comes_back_when_nothing_holds_it():
    memory = RecycledMemory()
    first = memory.empty(SHAPE, LIKE)
    place = first.data_ptr()
    assert place % 64 == 0
    assert first._base is None
    del first
    gc.collect()
    again = memory.empty(SHAPE, LIKE)
    assert again.data_ptr() == place
    assert memory.nbytes < 2 * again.nbytes


@pytest.mark.parametrize(
    "hold", [lambda t: t, lambda t: t[3], lambda t: t.detach(), lambda t: t.numpy(), lambda t: t.untyped_storage()]
)
def test_memory_that_is_held_stays(hold):
    memory = RecycledMemory()
    first = memory.empty(SHAPE, LIKE).fill_(7)
    place, held = first.data_ptr(), hold(first)
    del first
    gc.collect()
    others = [memory.empty(SHAPE, LIKE).fill_(0) for _ in range(3)]
    assert place not in [t.data_ptr() for t in others]
    entries = torch.tensor(held.tolist()) if isinstance(held, torch.UntypedStorage) else torch.as_tensor(held)
    assert bool((entries != 0).any())


@pytest.mark.parametrize("dtype", [torch.float64, torch.complex64, torch.bfloat16, torch.float16])
def test_dtypes(dtype):
    out = RecycledMemory().empty(SHAPE, torch.zeros(1, dtype=dtype))
    assert (out.shape, out.dtype) == (SHAPE, dtype)


def test_memory_of_another_precision_is_not_handed_out():
    memory = RecycledMemory()
    for dtype in (torch.float32, torch.complex64, torch.float64, torch.float32):
        out = memory.empty(SHAPE, torch.zeros(1, dtype=dtype))
        assert (out.shape, out.dtype) == (SHAPE, dtype)
        del out
        gc.collect()


def test_copies_start_empty():
    memory = RecycledMemory()
    memory.empty(SHAPE, LIKE)
    for other in (copy.deepcopy(memory), pickle.loads(pickle.dumps(memory))):
        assert other.nbytes == 0


@pytest.mark.parametrize("norm", [None, Spectral()], ids=("Frobenius", "Spectral"))
def test_gradients_that_are_kept_do_not_change(norm):
    V = 128 * Cyclic(4).regular()
    torch.manual_seed(0)
    layer = nn.Linear(512, 512, bias=False)
    pen = EquivariancePenalty(layer, {"": (V, V)}, norm)
    kept, copies = [], []
    for _ in range(4):
        (gradient,) = torch.autograd.grad(pen(), layer.weight)
        kept.append(gradient)
        copies.append(gradient.clone())
        with torch.no_grad():
            layer.weight.sub_(0.5 * torch.randn_like(layer.weight))
    assert all(torch.equal(a, b) for a, b in zip(kept, copies, strict=True))
    del kept, gradient
    pen().backward()  # accumulated over two passes
    once = layer.weight.grad.clone()
    pen().backward()
    scale = once.abs().max()
    assert (layer.weight.grad - 2 * once).abs().max() <= (1e-5 if norm is None else 2e-1) * scale
    layer.zero_grad()
    pen().backward()
    place = layer.weight.grad.data_ptr()
    layer.zero_grad()
    gc.collect()
    pen().backward()
    assert layer.weight.grad.data_ptr() == place


def test_values_that_are_not_followed_backward_give_their_memory_back():
    V = 128 * Cyclic(4).regular()
    layer = nn.Linear(512, 512, bias=False)
    pen = EquivariancePenalty(layer, {"": (V, V)})
    for _ in range(5):
        pen()
        gc.collect()
    assert pen.terms[0].work.memory.nbytes <= 2 * (layer.weight.nbytes + 64)


@pytest.mark.parametrize("norm", [None, Spectral()], ids=("Frobenius", "Spectral"))
def test_what_inference_made_serves_training_too(norm):
    V = 32 * Cyclic(4).regular()
    torch.manual_seed(0)
    layer = nn.Linear(128, 128)
    pen, fresh = (EquivariancePenalty(layer, {"": (V, V)}, norm) for _ in range(2))
    with torch.inference_mode():
        pen()
    with torch.no_grad():
        fresh()
    gradients = []
    for each in (pen, fresh):
        each().backward()
        gradients.append(layer.weight.grad.clone())
        layer.zero_grad()
    assert torch.equal(*gradients)


def test_scratch_is_shared_by_the_terms_and_made_anew_for_another_precision():
    V = 32 * Cyclic(4).regular()
    net = nn.Sequential(nn.Linear(128, 128), nn.Linear(128, 128))
    pen = EquivariancePenalty(net, {"0": (V, V), "1": (V, V)})
    scratch = pen.terms[0].work.scratch
    assert all(term.work.scratch is scratch for term in pen.terms)
    pen()
    index = pen.terms[0].space.constants[0]
    assert scratch.wide(index) is scratch.wide(index)
    assert scratch.buffer("means", (2, 3), LIKE).data_ptr() == scratch.buffer("means", (3, 2), LIKE).data_ptr()
    large = scratch.buffer("means", (1 << 12, 1 << 12), LIKE)
    assert scratch.buffer("means", (2, 3), LIKE).data_ptr() == large.data_ptr()
    value = pen().item()
    net.double(), pen.double()
    assert pen.terms[0].work.scratch is not scratch
    assert pen().item() == pytest.approx(value, rel=1e-6)
