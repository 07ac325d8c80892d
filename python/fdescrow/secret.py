"""Memory that is wiped."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from typing_extensions import Self

    from .documents import Handout

__all__ = ["RevealedSheet", "Secret"]


class Secret:
    """A secret: a password, a private key, a page with a recovery key.

    Its memory is wiped at the end of a ``with`` block, by :meth:`wipe`, and when nobody has it any more. :meth:`expose`
    gives ``bytes``, which Python cannot wipe. :meth:`buffer` shows the memory itself, without a copy, and
    ``memoryview(secret)`` the same from Python 3.12 on. What this cannot do: the memory may be swapped out or dumped by
    the operating system.

    It is never printed, pickled or copied.
    """

    # The memory has one byte more than the secret: to take that away is refused while somebody looks at it.
    __slots__ = ("__weakref__", "_bytes")

    _bytes: bytearray

    def __init__(self, data: bytes | bytearray | memoryview | str) -> None:
        """A copy of ``data``, which stays yours to wipe."""
        if isinstance(data, str):
            data = data.encode()
        with memoryview(data) as view:
            memory = bytearray(view.nbytes + 1)
            memory[: view.nbytes] = view.cast("B") if view.contiguous else view.tobytes()
        self._bytes = memory

    @classmethod
    def _own(cls, memory: bytearray) -> Secret:
        secret = cls.__new__(cls)
        secret._bytes = memory
        return secret

    def _memory(self) -> bytearray:
        if not self._bytes:
            from .errors import MisuseError

            raise MisuseError("the secret was wiped")
        return self._bytes

    def expose(self) -> bytes:
        """Shows the secret: the only word that does. Python cannot wipe what it gives."""
        return bytes(self.buffer())

    def buffer(self) -> memoryview:
        """The memory of the secret, to be read and not to be kept: while it is held, the secret cannot be wiped."""
        return memoryview(self._memory()).toreadonly()[:-1]

    def __buffer__(self, flags: int, /) -> memoryview:
        return self.buffer()

    def wipe(self) -> None:
        """Wipes the memory.

        Raises BufferError while somebody holds it.
        """
        memory = self._bytes
        if memory:
            # Refused while the memory is held; nothing was changed then.
            memory.pop()
            memory[:] = bytes(len(memory))
            memory.clear()

    def __len__(self) -> int:
        return len(self._memory()) - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.wipe()

    def __del__(self) -> None:
        # What holds the memory keeps it alive; it is wiped by nobody then.
        try:  # noqa: SIM105 - contextlib may be gone when the interpreter ends
            self.wipe()
        except (AttributeError, BufferError):
            pass

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [redacted]>"

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same, in time that depends on the lengths alone."""
        if not isinstance(other, Secret):
            return NotImplemented
        from _operator import _compare_digest  # what hmac.compare_digest is

        return bool(_compare_digest(self.buffer(), other.buffer()))

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, protocol: object, /) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


class RevealedSheet(Secret):
    """A key that was handed out as a page."""

    __slots__ = ("_about",)

    _about: Handout

    @classmethod
    def _of(cls, memory: bytearray, about: Handout) -> RevealedSheet:
        sheet = cls.__new__(cls)
        sheet._bytes = memory
        sheet._about = about
        return sheet

    @property
    def about(self) -> Handout:
        """What is known about the key."""
        return self._about
