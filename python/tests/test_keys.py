"""Recovery keys: what a person types, what a system prints, what is made."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

import fdescrow
from fdescrow import Kind, RecoveryKey, Secret

TYPED = {
    "filevault": ("abcd efgh-ijkl mnop qrst uvwx", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"),
    "bitlocker": (
        "000000 000011 000022 000033 000044 000055 000066 000077",
        "000000-000011-000022-000033-000044-000055-000066-000077",
    ),
    "snapd": ("12345 12345 12345 12345 12345 12345 12345 12345", "12345-12345-12345-12345-12345-12345-12345-12345"),
}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_key_of_every_kind_is_made_and_read_again(kind: Kind) -> None:
    key = RecoveryKey.generate(kind)
    assert key.kind is kind
    assert RecoveryKey.parse_exact(str(kind), key.expose()).expose() == key.expose()
    assert RecoveryKey.parse_typed(kind, key.secret()).expose() == key.expose()
    assert repr(key) == f"<RecoveryKey {kind} [redacted]>"


@pytest.mark.parametrize("kind", TYPED)
def test_what_a_person_types_is_understood(kind: str) -> None:
    typed, printed = TYPED[kind]
    for text in (typed, typed.encode(), Secret(typed), bytearray(typed.encode())):
        assert RecoveryKey.parse_typed(kind, text).expose() == printed
    with pytest.raises(fdescrow.KeyFormatError):
        RecoveryKey.parse_exact(kind, typed)


def test_a_wrong_key_is_told_and_never_repeated() -> None:
    with pytest.raises(ValueError, match="group") as wrong:
        RecoveryKey.parse_typed("bitlocker", "000000-000012-000022-000033-000044-000055-000066-000077")
    assert "000012" not in str(wrong.value)
    assert (wrong.value.code, wrong.value.fault) == (100, "input")  # type: ignore[attr-defined]


def test_a_wiped_key_is_gone() -> None:
    with RecoveryKey.generate("filevault") as key, key.secret() as secret:
        assert secret.expose().decode() == key.expose()
    for use in (key.expose, key.secret, key.sheet):
        with pytest.raises(fdescrow.MisuseError):
            use()
    assert key.kind is Kind.FILEVAULT


def test_a_page_spells_the_key() -> None:
    key = RecoveryKey.parse_typed("filevault", TYPED["filevault"][0])
    now = datetime(2026, 11, 24, tzinfo=timezone.utc)
    page = key.sheet(volume="Macintosh HD", now=now).expose().decode()
    assert "ABCD" in page
    assert "Macintosh HD" in page
    assert "Alfa" in page or "Alpha" in page
    assert b"<svg" in key.sheet(format="html", now=now).expose()
    fragment = key.sheet(format=fdescrow.SheetFormat.HTML_FRAGMENT, now=now).expose()
    assert fragment.startswith(b"<table")
    assert b"<style" not in fragment
    assert b"ABCD" in fragment


@pytest.mark.parametrize("kind", ["", "FileVault", "x" * 100_000, "filevault\0"])
def test_a_kind_that_is_none_is_told_in_bounds(kind: str) -> None:
    with pytest.raises(fdescrow.MisuseError) as wrong:
        RecoveryKey.generate(kind)
    assert len(str(wrong.value)) <= 1024


@pytest.mark.parametrize("wrong", [None, 7, object(), ["filevault"]])
def test_what_is_no_text_is_a_type_error(wrong: object) -> None:
    with pytest.raises(TypeError):
        RecoveryKey.generate(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        RecoveryKey.parse_typed("filevault", wrong)  # type: ignore[arg-type]


def test_huge_input_is_refused_quickly() -> None:
    with pytest.raises(fdescrow.KeyFormatError):
        RecoveryKey.parse_typed("filevault", "A" * 50_000_000)
    with pytest.raises(fdescrow.NotUtf8Error):
        RecoveryKey.parse_typed("filevault", b"\xff\xfe")
