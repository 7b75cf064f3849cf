"""The study of volumes: turns, voxels, how the data are divided, and how the group acts on its network."""

import numpy as np
import torch

from projectors.torch import project_
from studies.volumes.data import distinct, parts, pose, stand_ins, standing, turned_voxels, turns, upright_turns
from studies.volumes.network import network, octahedral, specification, vertical
from studies.volumes.shapes import Shape, class_of, read_triangles, surface, upright, voxels

CUBE = """v 0 0 0
v 4 0 0
v 4 2 0
v 0 2 0
f 1 2 3 4
v 0 0 1
v 4 0 1
f 1/1 -2/1 -1/1
"""


def test_turns():
    """Each turned volume is what moving its voxels one by one gives; the 24 are those of the library's group."""
    x = torch.arange(27.0).reshape(1, 1, 3, 3, 3) ** 2
    for number, matrix in enumerate(turns()):
        slow = torch.empty(3, 3, 3)
        for i, j, k in np.ndindex(3, 3, 3):
            slow[tuple(matrix @ [i - 1, j - 1, k - 1] + 1)] = x[0, 0, i, j, k]
        assert torch.equal(pose(x, torch.tensor([number]))[0, 0], slow)
    grid = octahedral().grid((3, 3, 3))
    theirs = {tuple(np.argmax(np.asarray(grid(g)), axis=1).tolist()) for g in octahedral().elements}
    assert theirs == {tuple(row) for row in turned_voxels(3).tolist()}
    assert [turns()[k][2, 2] for k in upright_turns()] == [1] * 4
    assert len(theirs) == 24
    numbers = standing(24_000, 0.75, np.random.default_rng(0))
    share = np.isin(numbers, upright_turns()).mean()  # 3/4 + 1/4 of 4/24
    assert abs(share - 19 / 24) < 4 * np.sqrt(19 * 5) / 24 / np.sqrt(24_000)


def test_shapes_and_parts():
    """Triangles, the sides of the thing, voxels by hand; families stay together, and the test part is the same for all seeds."""
    triangles = read_triangles(CUBE)
    assert triangles.tolist()[0] == [[0, 0, 0], [4, 0, 0], [4, 2, 0]]
    assert triangles[2].tolist() == [
        [0, 0, 0],
        [0, 0, 1],
        [4, 0, 1],
    ]
    ready = upright(triangles, np.array([10.0, 20.0, 5.0]))  # 10 wide, 20 high, 5 deep: axes right, back, up
    assert np.ptp(ready, axis=(0, 1)).tolist() == [0.5, 0.25, 1.0]
    points = surface(ready, 5000, seed=0)
    flat = np.abs(points[:, 1] - 0.125) < 1e-12  # the rectangle of area 1/2 beside a triangle of 1/16
    assert abs(flat.mean() - 8 / 9) < 4 * np.sqrt(8) / 9 / np.sqrt(5000)
    found = voxels(np.array([[-0.5, -0.5, -0.5], [-0.3, -0.5, -0.5], [0.5, 0.5, 0.49]]), 2)
    assert found[0, 0, 0] == 1 / 8
    assert found[1, 1, 1] == 1 / 8
    assert found.sum() == 2 / 8
    assert [class_of(n) for n in ("Round table", "Table fan", "Window blind", "Double door", "Bedside table")] == [
        "table",
        None,
        None,
        "door",
        "cabinet",
    ]
    some = stand_ins(110, 4)
    other = Shape("turned", "Turned", "generated", "bed", some[0].volume.transpose(2, 0, 1))
    assert [s.key for s in distinct([some[0], some[1], other])] == ["0", "1"]
    first, second = (parts(some, 0.5, seed, 2) for seed in (0, 1))
    assert {k: len(y) for k, (_, y) in first.items()} == {"training": 55, "validation": 44, "test": 66, "turned": 66}
    assert torch.equal(first["test"][1], second["test"][1])
    assert not torch.equal(first["training"][0], second["training"][0])


def test_network():
    """With projected weights the network's scores are the same in all poses of the group, and in no others."""
    x = torch.rand(3, 1, 8, 8, 8, generator=torch.Generator().manual_seed(0))
    for G, kept in ((octahedral(), range(24)), (vertical(), upright_turns())):
        net = network(0, 24, 8)
        project_(net, specification(G, 24, 8))
        with torch.no_grad():
            out = net(x)
            moved = [float((net(pose(x, torch.full((3,), k))) - out).norm() / out.norm()) for k in range(24)]
        assert [k for k, d in enumerate(moved) if d < 1e-5] == list(kept)
