"""Secrets are shown by one word, wiped when they are not needed, and never printed, pickled or copied."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from typing import TYPE_CHECKING

import pytest

import fdescrow
from fdescrow import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "correct horse battery staple"


@pytest.mark.parametrize("given", [HIDDEN, HIDDEN.encode(), bytearray(HIDDEN.encode()), memoryview(HIDDEN.encode())])
def test_a_secret_holds_a_copy(given: str | bytes | bytearray | memoryview) -> None:
    with Secret(given) as secret:
        assert secret.expose() == HIDDEN.encode()
        assert len(secret) == len(HIDDEN)
        assert secret.buffer() == HIDDEN.encode()
        assert secret.buffer().readonly


def test_a_view_of_every_second_byte_is_taken_as_it_is_seen() -> None:
    assert Secret(memoryview(b"a-b-c-")[::2]).expose() == b"abc"


def test_it_is_not_wiped_while_somebody_looks_at_it() -> None:
    secret = Secret(HIDDEN)
    view = secret.buffer()
    with pytest.raises(BufferError):
        secret.wipe()
    with pytest.raises(BufferError), secret:
        pass
    assert secret.expose() == HIDDEN.encode(), "nothing was changed"
    view.release()
    secret.wipe()
    secret.wipe()
    with pytest.raises(fdescrow.MisuseError):
        secret.expose()
    with pytest.raises(fdescrow.MisuseError):
        len(secret)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688 is of Python 3.12")
def test_it_has_the_buffer_protocol() -> None:
    secret = Secret(HIDDEN)
    with memoryview(secret) as view:  # type: ignore[arg-type, unused-ignore]
        assert view == HIDDEN.encode()
        assert view.readonly


def test_wiping_writes_over_the_memory_itself() -> None:
    secret = Secret(HIDDEN)
    memory = secret._bytes
    with pytest.raises(BufferError), memoryview(memory):
        secret.wipe()
    assert HIDDEN.encode() in memory
    seen: list[bytes] = []

    class Watched(bytearray):
        def clear(self) -> None:
            seen.append(bytes(self))
            super().clear()

    watched = Secret._own(Watched(memory))
    watched.wipe()
    assert seen == [bytes(len(HIDDEN))]


@pytest.mark.parametrize(
    "leak",
    [
        repr,
        str,
        "{}".format,
        "%s".__mod__,
        ascii,
        lambda secret: repr([secret]),
        lambda secret: repr(vars(secret) if hasattr(secret, "__dict__") else None),
    ],
)
def test_it_is_never_printed(leak: Callable[[object], str]) -> None:
    key = fdescrow.RecoveryKey.generate("filevault")
    for secret, text in ((Secret(HIDDEN), HIDDEN), (key, key.expose()), (key.secret(), key.expose())):
        assert text not in leak(secret)


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash])
def test_it_is_neither_pickled_nor_copied(take: Callable[[object], object]) -> None:
    key = fdescrow.RecoveryKey.generate("luks")
    with pytest.raises(TypeError):
        take(Secret(HIDDEN))
    if take is not hash:
        with pytest.raises(TypeError):
            take(key)
        with pytest.raises(TypeError):
            take(fdescrow.Keyring())


def test_two_are_compared_without_telling_how_alike_they_are() -> None:
    assert Secret(HIDDEN) == Secret(HIDDEN)
    assert Secret(HIDDEN) != Secret(HIDDEN + "!")
    assert Secret(HIDDEN) != HIDDEN


def test_what_is_no_bytes_is_refused() -> None:
    for wrong in (None, 7, 1.5, ["a"], object()):
        with pytest.raises(TypeError):
            Secret(wrong)  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        Secret("\ud800")
