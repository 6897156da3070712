"""How many different values a column has, as far as a sample tells: the same for a small and a large one. Pure.

The share of distinct values falls with the size of a sample. How often two of its values are equal does not: it
estimates the sum of the squares of the values' shares; one over that is the number of values, were all as frequent.
"""

import math
from collections import Counter
from collections.abc import Sequence

FEWEST_VALUES = 16
"""Fewer are shared by so many rows that they say nothing of one person."""
_SAYING = 20
"""A smaller sample says nothing."""


def effective_values(values: Sequence[str]) -> float:
    n = len(values)
    equal = sum(m * (m - 1) for m in Counter(v.casefold() for v in values).values())
    return n * (n - 1) / equal if equal and n >= _SAYING else math.inf
