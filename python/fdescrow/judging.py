"""Verdicts over rows of a table that is not the library's."""

from __future__ import annotations

from itertools import islice

from ._native import judge_rows
from .documents import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ._native import Keyring
    from .documents import Verdict
    from .words import Suite

__all__ = ["judge"]

# Rows that are judged before their verdicts are told; between them Ctrl-C is seen.
_AT_ONCE = 64


def judge(
    rows: Iterable[Row | tuple[Any, str]], keyring: Keyring, *, suite: Suite | str | None = None
) -> Iterator[Verdict]:
    """Tells of each row, in their order, whether it opens with this keyring and holds a key of its kind.

    ``rows``: each a :class:`Row`, or an envelope, in any spelling, and its kind. They are read as far as the verdicts
    are: a cursor of a database will do. A bad row stops no other; None is judged as a message that is empty.
    ``suite``: which algorithms may open them; without it, what the senders of each kind write.
    """
    remaining = iter(rows)
    while some := [_row(row) for row in islice(remaining, _AT_ONCE)]:
        yield from judge_rows(some, keyring, suite)


def _row(row: Row | tuple[Any, str]) -> Row:
    if isinstance(row, Row):
        envelope, kind, owner = row.envelope, row.kind, row.owner
    else:
        (envelope, kind), owner = row, None
    return Row(b"" if envelope is None else envelope, kind, owner)
