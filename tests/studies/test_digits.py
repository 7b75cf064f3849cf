"""The study of digits: data against slow computations, the specification, and the banks of relaxed sharing."""

import numpy as np
import torch

from projectors.torch import equivariance_error, project_
from studies.digits.data import FORMS, GROUPS, Digits, Pool, motions
from studies.digits.methods import relaxed
from studies.digits.network import CLASSES, network, specification
from studies.digits.study import STUDY, problem
from studies.harness import train


def generated(size: int = 140) -> Pool:
    generator = torch.Generator().manual_seed(0)
    return Pool(torch.rand(size, 64, generator=generator), torch.arange(size) % 10, torch.arange(size) % 14)


def test_images_are_moved_and_measured_as_said():
    image = torch.rand(64, generator=torch.Generator().manual_seed(1))
    for name, turns in (("C4", 4), ("D4", 8)):
        moved = {tuple(np.round(x.numpy(), 6)) for x in motions(GROUPS[name]) @ image}
        flips = [image.reshape(8, 8).numpy()] + ([image.reshape(8, 8).numpy().T] if turns == 8 else [])
        assert moved == {tuple(np.round(np.rot90(x, k).ravel(), 6)) for x in flips for k in range(4)}
        assert torch.equal(motions(GROUPS[name])[0], torch.eye(64))
    pool, net = generated(), network(0, 8)
    for broken, seed in ((0.0, 0), (0.25, 1), (1.0, 2)):
        digits = Digits("D4", broken, seed, 30, pool)
        images, labels = digits.parts["validation"]
        right = count = 0.0
        for x, label in zip(images, labels, strict=True):  # one image and one motion at a time
            for k, m in enumerate(motions(GROUPS["D4"])):
                upright = int(label) in (6, 9)
                chance = (1 - broken) / 8 + (broken if k == 0 else 0) if upright else 1 / 8
                right += chance * float(net((m @ x).reshape(1, 1, 8, 8)).argmax() == label)
                count += chance
        assert abs(count - len(labels)) < 1e-9
        assert abs(digits.accuracy(net, "validation")["score"] - right / count) < 1e-5
        seen = {tuple((m @ x).tolist()) for x in pool.images for m in motions(GROUPS["D4"])}
        assert all(tuple(x.tolist()) in seen for x in digits.images.reshape(-1, 64))
        if broken == 1:
            first = {tuple(x.tolist()) for x in pool.images}
            stays = torch.isin(digits.labels, torch.tensor((6, 9)))
            assert stays.any()
            assert all(tuple(x.tolist()) in first for x in digits.images.reshape(-1, 64)[stays])


def test_writers_are_kept_apart():
    pool = Pool.load()
    labels, runs = pool.labels.tolist(), [*range(10)]
    starts = [
        k for k in range(len(labels) - 9) if labels[k : k + 10] == runs
    ]  # in each form from its beginning, up to three times
    assert set(FORMS[:-1]) <= set(starts)
    assert all(any(0 <= k - b <= 20 for b in FORMS) for k in starts)
    for seed in (0, 100):
        digits = Digits("C4", 1.0, seed)
        forms = {part: {tuple(x.tolist()) for x in images} for part, (images, _) in digits.parts.items()}
        assert not forms["validation"] & forms["test"]
        turned = {
            tuple(x.tolist()) for m in motions(GROUPS["C4"]) for part in digits.parts.values() for x in part[0] @ m.T
        }
        assert not turned & {tuple(x.tolist()) for x in digits.images.reshape(-1, 64)}


def test_specification_and_banks():
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for name, channels in (("C4", 8), ("D4", 16)):
        net, G = network(0, channels), GROUPS[name]
        project_(net, specification(G, channels))
        assert equivariance_error(net, G.trivial(), CLASSES * G.trivial(), x).maximum < 1e-5
    task = problem("D4", 1.0, 0, STUDY.smoke)
    method = relaxed(mixing="frozen")
    first = [m.banks.detach().clone() for m in _layers(train(task, method, 0.0, 0.0, 0, 1).net)]
    last = [m.banks.detach() for m in _layers(train(task, method, 1e-2, 0.0, 0, 4).net)]
    for before, after in zip(first, last, strict=True):  # one weight at twice the rate
        steps = after - before
        assert steps.abs().max() > 1e-3
        assert torch.allclose(steps[0], steps[1], atol=1e-6)


def _layers(net: torch.nn.Module) -> list[torch.nn.Module]:
    return [m for m in net.modules() if hasattr(m, "banks")]
