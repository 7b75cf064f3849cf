"""`cases`: as pytest.mark.parametrize, but within one item, for cases that cost less than an item does."""

import functools
import inspect
import itertools


def cases(names, values, ids=None):
    """Run a test for each of the values, as subtests of one item: each failure is reported under the name of its case.

    Parameters
    ----------
    names : of the arguments, "a" or "a, b" or a sequence; the values are tuples then.
    values : of the arguments, one entry for each case.
    ids : names of the cases, or a function that makes them; str if not given.

    Several of them on one test are a product. Fixtures are made once, and shared by the cases.
    """
    keys = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    values = list(values)
    name_of = ids if callable(ids) else _name
    labels = list(ids) if ids is not None and not callable(ids) else [name_of(value) for value in values]
    rows = [
        (label, dict(zip(keys, value if len(keys) > 1 else (value,), strict=True)))
        for label, value in zip(labels, values, strict=True)
    ]

    def decorate(test):
        inner, inner_rows = getattr(test, "cases", (test, [("", {})]))
        both = [("-".join(filter(None, (a, b))), {**x, **y}) for (a, x), (b, y) in itertools.product(inner_rows, rows)]
        taken = set(both[0][1])
        signature = inspect.signature(inner)
        fixtures = [p for name, p in signature.parameters.items() if name not in taken]

        @functools.wraps(inner)
        def run(subtests, **rest):
            for label, row in both:
                with subtests.test(label):
                    inner(**row, **rest)

        here = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        run.__signature__ = signature.replace(
            parameters=[*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in fixtures), here]
        )
        run.cases = inner, both
        run.pytestmark = list(getattr(test, "pytestmark", []))
        return run

    return decorate


def _name(value):
    if isinstance(value, tuple):
        return "-".join(_name(x) for x in value)
    return getattr(value, "__name__", None) or str(value)
