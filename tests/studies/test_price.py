"""The study of prices: every way to a gradient estimates the same one, and the numbers that decide are counted right."""

import numpy as np
import pytest
import torch

from studies.price import contenders as made
from studies.price.cells import GROUPS, Cell
from studies.price.measure import in_turn, peak_bytes
from studies.price.report import slope
from tests.support.cases import cases


@cases("layer, group", [*(("linear", group) for group in GROUPS), ("conv", "D4"), ("conv", "SO2")])
def test_all_ways_have_the_exact_gradient_as_their_mean(layer, group):
    cell = Cell(layer, group, 16)
    made.averaged(cell, None)()  # over all elements: a slow sum that knows nothing of P
    assert cell.error(cell.weight.grad) < 1e-6
    made.exact(cell, made.NORMS["Frobenius squared"])()
    assert cell.error(cell.weight.grad) < 1e-6
    for step, bound in (
        (made.operators(cell, 1, None), 1.0),
        (made.by_hand(cell, 1), 1.0),
        (made.outputs(cell, 1, None, 16, fresh=True), 1.0 + cell.weight[0].numel() / 16 / cell.positions),
    ):
        (error,) = made.running_errors(
            cell, step, [64]
        )  # sqrt(c / 64), c up to bound, and twice that for the spread of a few dimensions
        assert error < 2 * (bound / 32) ** 0.5, (layer, group, error)


def test_k_samples_are_the_mean_of_k_and_memory_and_slopes_are_counted():
    cell = Cell("linear", "C4", 32)
    one, four = made.operators(cell, 1, None), made.operators(cell, 4, None)
    total = torch.zeros_like(cell.weight)
    errors = []
    for _ in range(30):
        four()
        errors.append(cell.error(cell.weight.grad))
    for _ in range(4):
        one()
        total += cell.weight.grad / 4
    c = np.mean(np.square(errors)) * 4  # 2/3: E<g^2 R, R> is a third of ||R||^2 for the regular representation of C4
    assert c == pytest.approx(2 / 3, rel=0.3)
    assert cell.error(total) < 1.01  # one of C4's elements at the worst four times

    def make():
        kept = torch.ones(1000)

        def step():
            _ = (kept + 1) + 1  # two sums of 4,000 bytes at once, beside what is kept

        return step

    assert 12_000 <= peak_bytes(make) <= 12_200
    assert slope([1, 2, 4], [3, 12, 48]) == pytest.approx((2, 3))
    assert {n: len(t) for n, t in in_turn({"a": lambda: 0, "b": lambda: 0}, 3).items()} == {"a": 3, "b": 3}
