"""Training on two processes, data parallel, sharded and tensor parallel: values, gradients and steps are those of one process."""

import traceback
from pathlib import Path

import pytest
import torch
import torch.distributed as distributed
import torch.multiprocessing as processes
from cases import cases
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from grouprep import Cyclic, Dihedral, GroupRepError
from projectors import Hom
from projectors.penalties import Frobenius, KyFan, Nuclear, Spectral
from projectors.torch import (
    AttentionSpec,
    BilinearSpec,
    EquivariancePenalty,
    LayerSpec,
    TargetShare,
    constrain_,
    project_,
)

WORLD = 2
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide" / "sharded.md"
C4, D4 = Cyclic(4), Dihedral(4)
SCALE = 1e-12  # double precision: a few hundred eps of sums over some thousand entries


def mlp():
    """Rows of the first layer are cut between copies, those of the second within one, of the third one process has none of."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(16, 24), nn.Tanh(), nn.Linear(24, 12), nn.Tanh(), nn.Linear(12, 1, bias=False)
    ).double()


SPEC = {
    "0": (4 * C4.regular(), 4 * C4.regular() + 8 * C4.trivial()),
    "2": (4 * C4.regular() + 8 * C4.trivial(), 3 * C4.regular()),
    "4": (3 * C4.regular(), C4.trivial()),
}


def conv():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(16, 32, 3), nn.Tanh(), nn.ConvTranspose2d(32, 16, 3)).double()


CONV = {"0": (2 * D4.regular(), 4 * D4.regular()), "2": LayerSpec(4 * D4.regular(), 2 * D4.regular())}


def close(a, b):
    torch.testing.assert_close(a, b, rtol=SCALE, atol=SCALE)


def full(tensor):
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def shard(model):
    from torch.distributed.fsdp import fully_shard

    for layer in model:
        if any(True for _ in layer.parameters()):
            fully_shard(layer)
    return fully_shard(model)


def compare(make, spec, spread, x, **options):
    """Values, gradients, decay, projection and report of a spread model, beside those of a whole one; returns both penalties."""
    whole, spread_model = make(), spread(make())
    pens = EquivariancePenalty(whole, spec, **options), EquivariancePenalty(spread_model, spec, **options)
    for order in ("before", "after", "alone"):
        for model, pen in zip((whole, spread_model), pens, strict=True):
            first = pen() if order != "after" else 0
            data = model(x).square().mean() if order != "alone" else 0
            total = first + data + (pen() if order == "after" else 0)
            total.backward()
        close(pens[1]().detach(), pens[0]().detach())
        same(spread_model, whole, "grad")
        whole.zero_grad()
        spread_model.zero_grad()
    for pen in pens:
        pen.step()
        if options.get("norm", Frobenius()).is_euclidean:
            pen.decay_(0.25)
    same(spread_model, whole)
    close(pens[1].weights, pens[0].weights)
    mine, theirs = pens[1].report(), pens[0].report()
    assert [r.name for r in mine.terms] == [r.name for r in theirs.terms]
    close(torch.tensor([r.residual for r in mine.terms]), torch.tensor([r.residual for r in theirs.terms]))
    assert [f for f in pens[1].check(x).findings if f.severity == "error"] == []
    assert "spread over processes" in pens[1].check(x).not_followed[0]
    for model in (whole, spread_model):
        project_(model, spec)
    same(spread_model, whole)
    assert max(term.share for term in pens[1].report().terms) <= SCALE
    return pens


def same(a, b, what="data"):
    for (name, p), q in zip(a.named_parameters(), b.parameters(), strict=True):
        p, q = (t.grad if what == "grad" else t.detach() for t in (p, q))
        assert (p is None) == (q is None), name
        if p is not None:
            close(full(p), q)


def fsdp(rank):
    x = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    _, pen = compare(mlp, SPEC, shard, x, residual={"0": 0.5, "2": 2.0, "4": 1.0}, equivariant={"2": 0.25})
    assert {type(b).__name__: [t.name for t in b.terms] for b in pen.batches}["_Sharded"] == [
        "0.weight",
        "0.bias",
        "4.weight",
    ]
    texts = [text for text in pen.report().flagged if "gathered" in text]
    assert any("2.weight" in text and "parts of 6 along axis 0 cut copies of W" in text for text in texts)
    assert not any(text.startswith("0.") for text in texts)
    assert "shard axis 1" in next(text for text in texts if text.startswith("2.weight"))
    assert any("2.weight" in str(f) for f in pen.check().findings)


def fsdp_norms(rank):
    x = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for norm in (Frobenius(squared=True), Nuclear(), KyFan(2)):
        compare(mlp, SPEC, shard, x, norm=norm, equivariant=0.25)
    compare(mlp, SPEC, shard, x, residual=TargetShare(0.2, rate=0.5))


def fsdp_followed(rank):
    A = 16 * C4.regular()

    def make():
        torch.manual_seed(3)
        return nn.Sequential(nn.Linear(64, 64)).double()

    whole, model = make(), shard(make())
    pens = EquivariancePenalty(whole, {"0": (A, A)}, Spectral()), EquivariancePenalty(model, {"0": (A, A)}, Spectral())
    for _ in range(3):
        values = [pen() for pen in pens]
        for value in values:
            value.backward()
        close(values[1].detach(), values[0].detach())
        same(model, whole, "grad")
    twin = EquivariancePenalty(model, {"0": (A, A)}, Spectral())
    twin.load_state_dict(pens[1].state_dict())
    assert twin().item() == pens[1]().item()


def fsdp_of_convolutions(rank):
    x = torch.randn(2, 16, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    _, pen = compare(conv, CONV, shard, x, equivariant=0.5)
    assert [len(b.terms) for b in pen.batches if type(b).__name__ == "_Sharded"] == [4]


def fsdp_after_the_penalty(rank):
    """A penalty that was made before the model was sharded, and an optimizer that it is attached to."""
    ends, x = [], torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    for spread in (lambda model: model, shard):
        model = mlp()
        pen = EquivariancePenalty(model, SPEC, decoupled=True)
        spread(model)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        pen.attach(optimizer)
        for _ in range(3):
            optimizer.zero_grad()
            (model(x).square().mean() + pen()).backward()
            optimizer.step()
        ends.append(model)
    same(ends[1], ends[0])


def tensor_parallel(rank):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    mesh = init_device_mesh("cpu", (WORLD,))
    plan = {"0": ColwiseParallel(), "2": RowwiseParallel()}
    x = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    _, pen = compare(mlp, SPEC, lambda model: parallelize_module(model, mesh, plan), x, equivariant=0.5)
    names = [sorted(t.name for t in b.terms) for b in pen.batches if type(b).__name__ == "_Sharded"]
    assert names == [["0.bias", "0.weight"], ["2.weight"]]


def embedded(rank):
    """An embedding, whose first axis belongs to V."""
    from torch.distributed.tensor import Shard, distribute_module, distribute_tensor, init_device_mesh

    mesh = init_device_mesh("cpu", (WORLD,))
    for axis in (0, 1):

        def spread(layer, axis=axis):
            def place(_, module, mesh):
                module.weight = nn.Parameter(distribute_tensor(module.weight, mesh, [Shard(axis)]))

            return distribute_module(layer, mesh, place)

        torch.manual_seed(0)
        whole = nn.Embedding(8, 16).double()
        layer = nn.Embedding(8, 16).double()
        layer.load_state_dict(whole.state_dict())
        spec = {"": (2 * C4.regular(), 4 * C4.regular())}
        pens = EquivariancePenalty(whole, spec), EquivariancePenalty(spread(layer), spec)
        for pen in pens:
            pen().backward()
            pen.decay_(0.5)
        close(pens[1]().detach(), pens[0]().detach())
        close(full(layer.weight.grad), whole.weight.grad)
        close(full(layer.weight.detach()), whole.weight.detach())
        T = whole.weight.detach().T.numpy()
        assert abs(pens[1]().item() - float(torch.from_numpy(Hom(*spec[""]).residual(T)).norm())) <= 1e-12
        assert type(pens[1].batches[0]).__name__ == "_Sharded"


class Mixed(nn.Module):
    """Packed weights, groups of channels, tied weights, a norm layer, three axes."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.attention, self.norm = nn.MultiheadAttention(16, 2, batch_first=True), nn.BatchNorm1d(16)
        self.conv, self.bilinear = nn.Conv1d(16, 32, 1, groups=2), nn.Bilinear(16, 8, 12)
        self.first, self.second = nn.Linear(16, 16), nn.Linear(16, 16)
        self.second.weight = self.first.weight
        self.double()

    def forward(self, x):
        y = self.norm(self.attention(x[:, None], x[:, None], x[:, None])[0][:, 0])
        y = self.second(self.first(self.conv(y[:, :, None])[:, :16, 0]))
        return self.bilinear(y, y[:, :8])


MIXED = {
    "attention": AttentionSpec(4 * C4.regular(), head=2 * C4.regular()),
    "norm": (4 * C4.regular(), 4 * C4.regular()),
    "conv": LayerSpec(4 * C4.regular(), 8 * C4.regular(), grid=C4.trivial()),
    "bilinear": BilinearSpec(4 * C4.regular(), 2 * C4.regular(), 3 * C4.regular()),
    "[fs]*": (4 * C4.regular(), 4 * C4.regular()),
}


def fsdp_of_other_layers(rank):
    from torch.distributed.fsdp import fully_shard

    x = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    compare(Mixed, MIXED, fully_shard, x, equivariant=0.5)


def fsdp_of_parametrisations(rank):
    """Made before sharding; a forward pass leaves gathered weights behind, which are not what is projected."""
    from torch.distributed.fsdp import fully_shard

    x = torch.randn(8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    whole, model = mlp(), mlp()
    for net in (whole, model):
        nn.utils.parametrizations.weight_norm(net[0])
        constrain_(net, {"2": SPEC["2"]})
    fully_shard(model)
    for net in (whole, model):
        net(x).square().mean()
        pen = EquivariancePenalty(net, SPEC)
        pen().backward()
        pen.decay_(0.5)
    same(model, whole, "grad")
    same(model, whole)
    for net in (whole, model):
        net(x)
        project_(net, SPEC)
    same(model, whole)
    assert EquivariancePenalty(model, SPEC)().item() <= SCALE
    with pytest.raises(GroupRepError, match="call constrain_ before the model is sharded"):
        constrain_(shard(mlp()), SPEC)


def data_parallel(rank):
    """Each process with its own half of the batch."""
    batches = torch.randn(3, WORLD, 8, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    whole, model = mlp(), mlp()
    for net, parts in ((whole, batches.flatten(1, 2)), (DistributedDataParallel(model), batches[:, rank])):
        pen, optimizer = EquivariancePenalty(net, SPEC), torch.optim.SGD(net.parameters(), lr=0.1)
        for x in parts:
            optimizer.zero_grad()
            (net(x).square().mean() + pen()).backward()
            optimizer.step()
    same(model, whole)


def guide(rank):
    """The script of the guide, up to where its process group ends."""
    script = GUIDE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    exec(compile(script, str(GUIDE), "exec"), {})


WORK = (
    data_parallel,
    fsdp,
    fsdp_norms,
    fsdp_followed,
    fsdp_of_convolutions,
    fsdp_after_the_penalty,
    tensor_parallel,
    embedded,
    fsdp_of_other_layers,
    fsdp_of_parametrisations,
    guide,
)


def work(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=WORLD)
    found = {}
    for part in WORK:
        try:
            part(rank)
            found[part.__name__] = ""
        except Exception:
            found[part.__name__] = traceback.format_exc()
            break  # the other process may be waiting
    torch.save(found, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("processes")
    processes.spawn(work, args=(str(folder),), nprocs=WORLD)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(WORLD)]


@cases("part", WORK)
def test_two_processes_do_what_one_does(found, part):
    for rank in range(WORLD):
        error = found[rank].get(part.__name__, "not reached")
        assert not error, f"process {rank}: {error}"
