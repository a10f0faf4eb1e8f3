"""The SQL of a roll-up. Names in it are ours, by number: no text of a user ever stands in a query.

    rows      one per row of a table: keys k0, k1, …, measures m0, m1, … (scaled, null without a value)
    groups    one per group: keys, of each measure what its figures need, and the number of rows as n
    lines     one per group: keys, n, and what follows the keys on its line of the output (see line_text.py)

A sum of BIGINT is HUGEINT, which no sum of 18 digits leaves. DuckDB compares texts by their bytes.
"""

from typing import Final

from app.rollup.grouping import Grouping

#: Digits of a mean behind its point.
MEAN_DIGITS: Final = 6


def keys(grouping: Grouping) -> list[str]:
    """The names of the keys."""
    return [f"k{place}" for place in range(len(grouping.by))]


def groups_of_rows(grouping: Grouping) -> str:
    """The groups of ``rows``."""
    parts = {"s": "sum(m{0})", "a": "min(m{0})", "b": "max(m{0})", "c": "count(m{0})"}
    found = [f"{parts[letter].format(place)} AS {letter}{place}" for letter, place in _states(grouping)]
    return _grouped(grouping, [*found, "count(*) AS n"], "rows")


def groups_of_groups(grouping: Grouping) -> str:
    """The groups of ``groups``, which were made of different rows."""
    parts = {"s": "sum(s{0}::HUGEINT)", "a": "min(a{0})", "b": "max(b{0})", "c": "sum(c{0})::BIGINT"}
    found = [f"{parts[letter].format(place)} AS {letter}{place}" for letter, place in _states(grouping)]
    return _grouped(grouping, [*found, "sum(n)::BIGINT AS n"], "groups")


def in_order(grouping: Grouping, groups: str) -> str:
    """The same groups, ordered by their keys."""
    return f"{groups} ORDER BY {', '.join(keys(grouping))}" if grouping.by else groups


def lines(grouping: Grouping, groups: str) -> str:
    """The lines of groups, in order. What is made of them after the order keeps it."""
    fields = [_figure(figure, place, grouping.decimals) for figure, place in grouping.figures]
    fields += ["n::VARCHAR"] if grouping.count else []
    if len(fields) == 1 and not grouping.by:  # a blank line is no row
        fields = [f"CASE {fields[0]} WHEN '' THEN '\"\"' ELSE {fields[0]} END"]
    # One call, however many columns: each || of a chain would be nested in the next one, and DuckDB bounds the depth.
    separated = ", ',', ".join([*(["''"] if grouping.by else []), *fields])
    figures = f"concat({separated}, chr(10)) AS figures"
    return f"SELECT {', '.join([*keys(grouping), 'n', figures])} FROM ({in_order(grouping, groups)})"


def _grouped(grouping: Grouping, found: list[str], table: str) -> str:
    by = f"GROUP BY {', '.join(keys(grouping))}" if grouping.by else "HAVING count(*) > 0"
    return f"SELECT {', '.join([*keys(grouping), *found])} FROM {table} {by}"


def _states(grouping: Grouping) -> list[tuple[str, int]]:
    """What is kept of the measures: s, a sum; a, the least and b, the greatest value; c, the number of values."""
    needed = {"sum": "s", "min": "a", "max": "b", "mean": "sc"}
    return list(dict.fromkeys((letter, place) for figure, place in grouping.figures for letter in needed[figure]))


def _figure(figure: str, place: int, decimals: int) -> str:
    if figure == "mean":
        # Half of the divisor is added before the division, of absolute values: that rounds half away from zero.
        divisor = f"(c{place}::HUGEINT * {10**decimals})"
        rounded = f"(2 * abs(s{place}) * {10**MEAN_DIGITS} + {divisor}) // (2 * {divisor})"
        return _decimal(f"CASE WHEN s{place} < 0 THEN -({rounded}) ELSE {rounded} END", MEAN_DIGITS)
    letter = {"sum": "s", "min": "a", "max": "b"}[figure]
    return _decimal(f"{letter}{place}", decimals)


def _decimal(number: str, digits: int) -> str:
    """A scaled number as text; null is the empty text."""
    if not digits:
        return f"coalesce(({number})::VARCHAR, '')"
    scale = 10**digits
    return (
        f"coalesce((CASE WHEN ({number}) < 0 THEN '-' ELSE '' END) || (abs({number}) // {scale})::VARCHAR || '.' || "
        f"lpad((abs({number}) % {scale})::VARCHAR, {digits}, '0'), '')"
    )
