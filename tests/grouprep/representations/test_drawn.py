"""Laws on groups, representations and expressions drawn at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouprep.representations.expression import parse_representation
from grouprep.testing import check_group, check_representation
from grouprep.testing.strategies import expressions, finite_groups, groups, lie_groups, representations


@settings(max_examples=25)
@given(groups())
def test_groups(G):
    check_group(G)


@pytest.mark.slow
@settings(max_examples=25)
@given(finite_groups(max_order=24).flatmap(lambda G: representations(G, max_dim=8)))
def test_representations_of_finite_groups(V):
    check_representation(V)


@pytest.mark.slow
@settings(max_examples=10)
@given(lie_groups().flatmap(lambda G: representations(G, max_dim=6)))
def test_representations_of_lie_groups(V):
    check_representation(V)


@settings(max_examples=50)
@given(groups(max_order=24).flatmap(lambda G: st.tuples(st.just(G), expressions(G))))
def test_expressions(drawn):
    G, text = drawn
    V = parse_representation(G, text)
    assert V.group == G
    assert 1 <= V.dim <= 16
    assert parse_representation(G, str(V)) == V
    assert parse_representation(G, str(V)).dim == V.dim


@settings(max_examples=25)
@given(finite_groups(max_order=60), st.integers(0, 2**32 - 1))
def test_orders_divide(G, seed):
    H = G.subgroup([G.sample(1, np.random.default_rng(seed))[0]])
    assert G.order % H.order == 0
