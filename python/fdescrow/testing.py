"""The promises of a store, for the tests of one of your own: a plugin of pytest.

.. code-block:: python

    pytest_plugins = ["fdescrow.testing"]


    def test_my_store(promise, tmp_path):
        promise.holds(lambda again: fdescrow.Store.custom(MyStore(tmp_path, again)))

The test runs once for each promise of docs/storage.md, and tries to break it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ._native import conformance_cases, run_conformance_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import Store

__all__ = ["Promise", "promise"]


class Promise:
    """What a store promises."""

    __slots__ = ("name", "text")

    name: str
    text: str

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def holds(self, open: Callable[[bool], Store], wait: Callable[[int], object] | None = None) -> None:
        """Tries to break it; fails the test where that succeeds.

        ``open``: gives a store: for False an empty one, for True the one that was opened last, as another process would
        find it. ``wait``: lets the store's own clock go on by so many seconds; None if it has none.
        """
        __tracebackhide__ = True
        problem = run_conformance_case(self.name, open, wait)
        if problem is not None:
            pytest.fail(f"{self.text}\n{problem}", pytrace=False)

    def __repr__(self) -> str:
        return f"<Promise {self.name}>"


_CASES = conformance_cases()


@pytest.fixture(params=_CASES, ids=[name for name, _ in _CASES])
def promise(request: pytest.FixtureRequest) -> Promise:
    """Each promise of a store in turn."""
    return Promise(*request.param)
