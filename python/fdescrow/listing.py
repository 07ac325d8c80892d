"""Lists of the store, read a page at a time."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Generic, TypeVar

    _T = TypeVar("_T")
else:
    _T = None

    class Generic:
        """As typing's, without typing."""

        def __class_getitem__(cls, _: object) -> type:
            return cls


__all__ = ["Listing", "Page"]


class Page(Generic[_T]):
    """A part of a list."""

    __slots__ = ("items", "next", "unreadable")

    items: list[_T]
    """What is on it."""
    unreadable: int
    """Rows of it that could not be read."""
    next: str | None
    """Where the next one begins; None after the last."""

    def __init__(self, items: list[_T], unreadable: int, next: str | None) -> None:
        self.items = items
        self.unreadable = unreadable
        self.next = next

    def __repr__(self) -> str:
        return f"<Page of {len(self.items)}{', more follow' if self.next else ''}>"


class Listing(Generic[_T]):
    """A list of the store: ``for`` reads it as far as the loop goes, however long it is.

    A list of a method that changes something is changed a page at a time, as far as it is read. Rows that cannot be
    read are left out, and told behind the last item by StoreCorruptError.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[str | None, int | None], tuple[list[_T], int, str | None]]) -> None:
        self._read = read

    def page(self, after: str | None = None, *, limit: int | None = None) -> Page[_T]:
        """The part that begins after another one's ``next``; None: the first. ``limit`` is at most 1,000; None: 100.

        Raises MisuseError for a ``next`` that was not handed out.
        """
        return Page(*self._read(after, limit))

    def __iter__(self) -> Iterator[_T]:
        after, unreadable = None, 0
        while True:
            items, lost, after = self._read(after, None)
            yield from items
            unreadable += lost
            if after is None:
                break
        if unreadable:
            from .errors import StoreCorruptError

            raise StoreCorruptError(f"{unreadable} rows of the list cannot be read")

    def __repr__(self) -> str:
        return "<Listing>"
