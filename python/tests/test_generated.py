"""What is written by a tool is what core tells, and the stubs and documents have what there is."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

import fdescrow
from fdescrow import _native, documents, errors, words

ROOT = Path(__file__).parent.parent.parent


def test_errors_and_words_are_those_of_core() -> None:
    spec = spec_from_file_location("generate", ROOT / "python/tools/generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate: Any = module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert generate.errors(_native) == Path(errors.__file__).read_text("utf-8")
    assert generate.words(_native) == Path(words.__file__).read_text("utf-8")


def test_every_error_has_its_code_and_the_builtin_that_people_expect() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (\w+) \|", (ROOT / "docs/errors.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) == len(errors.BY_CODE) > 50
    for number, name, fault in rows:
        error = errors.BY_CODE[int(number)]
        assert (error.name, error.fault, error.__name__) == (name, fault, f"{name}Error")
        assert issubclass(error, fdescrow.Error)
        assert issubclass(error, (ValueError, LookupError, OSError, RuntimeError))
        assert error.remedy
        assert getattr(fdescrow, error.__name__) is error
        assert error("why").code == int(number)
    assert issubclass(fdescrow.StoreUnavailableError, ConnectionError)
    assert issubclass(fdescrow.RecoveryRefusedError, PermissionError)


def test_every_class_of_documents_can_be_read() -> None:
    for name in documents.__all__:
        kind = getattr(documents, name)
        for base in kind.__mro__[:-1]:
            for hint in vars(base).get("__annotations__", {}).values():
                documents._reader(hint)


def test_documents_are_frozen_and_become_plain_python() -> None:
    owner = fdescrow.Owner("example.com", "A", origin=fdescrow.Origin(digest="00", suite=fdescrow.Suite.MODERN))
    with pytest.raises(AttributeError):
        owner.device = "B"
    with pytest.raises(AttributeError):
        del owner.device
    with pytest.raises(TypeError):
        fdescrow.Origin(digest="00", suit="modern")
    assert owner == fdescrow.Owner("example.com", "A", origin=owner.origin)
    assert owner != fdescrow.Owner("example.com", "B")
    assert owner.to_dict()["origin"] == {"digest": "00", "suite": "modern"}
    assert repr(fdescrow.Owner("example.com", "A")) == "Owner(organization='example.com', device='A')"
    assert len({owner, fdescrow.Owner("example.com", "A", origin=owner.origin)}) == 1
    assert f"{fdescrow.Suite.MODERN}" == str(fdescrow.Suite.MODERN) == "modern"


@pytest.mark.parametrize("kind", [getattr(_native, name) for name in _native.__all__ if name[0].isupper()])
def test_help_tells_what_everything_does(kind: type) -> None:
    assert kind.__doc__
    for name, member in vars(kind).items():
        if not name.startswith("_"):
            assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_help_of_functions_tells_their_options() -> None:
    assert "recovery=None" in str(inspect.signature(fdescrow.Escrow.reveal))
    assert str(inspect.signature(fdescrow.seal)).startswith("(key, to, *, owner=None, bare=False")
    for name in ("seal", "open", "inspect", "judge", "read_report", "parse_profile", "lint_profile"):
        assert getattr(fdescrow, name).__doc__


def test_importing_it_needs_nothing_that_is_slow() -> None:
    code = "import sys, fdescrow; print(*sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(ran.stdout.split())
    slow = {"asyncio", "cryptography", "dataclasses", "inspect", "json", "pytest", "ssl", "typing", "unittest"}
    assert not modules & slow


def blocks(page: str) -> list[str]:
    """The parts of a page that are Python."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_what_a_page_shows_works(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from .conftest import POLICY, mac_of

    parts = blocks(page)
    assert parts, f"{page} shows no Python"
    monkeypatch.chdir(tmp_path)
    now = fdescrow.documents._time("2026-01-01T00:00:00Z")
    later = fdescrow.documents._time("2036-01-01T00:00:00Z")
    certificate, private = fdescrow.Certificate.generate("CN=Escrow", not_before=now, not_after=later)
    Path("escrow.pem").write_text(certificate.to_pem())
    Path("escrow.key").write_bytes(private.expose())
    Path("policy.toml").write_text(POLICY)
    key, envelope = mac_of(certificate)
    Path("FileVaultPRK.dat").write_bytes(envelope)
    # A page is one program, part by part.
    shared: dict[str, Any] = {"envelope": envelope, "key": key, "rows": [(envelope, "filevault")]}
    for part in parts:
        exec(compile(part, page, "exec"), shared)
