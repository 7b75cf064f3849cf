"""Training on two processes with DistributedDataParallel: the same weights as on one with the whole batch."""

import torch
import torch.distributed as distributed
import torch.multiprocessing as processes
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from grouprep import Cyclic
from projectors.torch import EquivariancePenalty

STEPS, BATCH, WORLD = 3, 8, 2


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16)).double()


def data():
    torch.manual_seed(1)
    return torch.randn(STEPS, WORLD, BATCH, 16, dtype=torch.float64)


def train(net, batches):
    V = 4 * Cyclic(4).regular()
    pen = EquivariancePenalty(net, {"0": (V, V), "2": (V, V)})
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x in batches:
        optimizer.zero_grad()
        (net(x).square().mean() + pen()).backward()
        optimizer.step()


def work(rank, folder):
    distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=WORLD)
    net = model()
    train(DistributedDataParallel(net), data()[:, rank])
    torch.save(net.state_dict(), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_train_like_one(tmp_path):
    processes.spawn(work, args=(str(tmp_path),), nprocs=WORLD)
    net = model()
    train(net, data().flatten(1, 2))
    for rank in range(WORLD):
        found = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        for name, weight in net.state_dict().items():
            torch.testing.assert_close(found[name], weight, rtol=1e-12, atol=1e-14)
