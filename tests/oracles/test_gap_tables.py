"""The character tables of 99 groups, against those that GAP computed."""

import json
import re
from fractions import Fraction
from pathlib import Path

from cases import cases

from grouprep import FiniteGroup
from grouprep.character_tables.burnside_dixon import classes_of, irreducible_characters
from grouprep.character_tables.cyclotomics import Cyclotomic

TABLES = json.loads(Path(__file__).with_name("gap_tables.json").read_text(encoding="utf-8"))["groups"]


def number(text):
    """A number as GAP writes it: -1/2*E(5)^2+3."""
    total = Cyclotomic(0)
    for sign, coefficient, order, exponent in re.findall(r"([+-]?)(\d+(?:/\d+)?)?\*?(?:E\((\d+)\)(?:\^(\d+))?)?", text):
        if coefficient or order:
            size = Fraction(f"{sign}{coefficient or 1}")
            total += Cyclotomic.sum_of_roots(int(order or 1), {int(exponent or 1): size})
    return total


@cases("name", TABLES)
def test_table(name):
    """Row by row and class by class: GAP's representatives tell which of its classes is which."""
    gap = TABLES[name]
    G = FiniteGroup.from_permutations(gap["generators"] or ["()"], degree=gap["degree"], name=name)
    classes = classes_of(G)
    columns = [int(classes.number_of[G.index(G.check_element(g))]) for g in gap["representatives"]]
    assert sorted(columns) == list(range(len(classes)))
    assert classes.sizes[columns].tolist() == gap["sizes"]
    assert classes.orders[columns].tolist() == gap["orders"]
    found = irreducible_characters(G)
    numbers = {text: number(text) for row in gap["table"] for text in row.split()}
    expected = {
        (tuple(numbers[text] for text in row.split()), indicator)
        for row, indicator in zip(gap["table"], gap["indicators"], strict=True)
    }
    rows = [tuple(row[k] for k in columns) for row in found.values]
    assert set(zip(rows, found.indicators.tolist(), strict=True)) == expected
    assert set(rows[0]) == {1}
    assert found.degrees.tolist() == sorted(found.degrees.tolist())
