"""Writes fdescrow/errors.py and words.py from what core tells: `python tools/generate.py LIBRARY`, the native part.

tests/test_generated.py compares them with what is there.
"""

import re
import sys
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent / "fdescrow"

# The natural builtin of each error; what is not listed is a ValueError.
BUILTINS = {
    "AuditBroken": "RuntimeError",
    "CertificateInUse": "RuntimeError",
    "DeviceUnknown": "LookupError",
    "EnvelopeNoRecipient": "LookupError",
    "EventRejected": "RuntimeError",
    "IdentityPassword": "PermissionError",
    "IdentityUnavailable": "ConnectionError",
    "KeyUnknown": "LookupError",
    "Panic": "RuntimeError",
    "ProfileSigning": "RuntimeError",
    "RandomnessUnavailable": "OSError",
    "RecoveryAmbiguous": "LookupError",
    "RecoveryNoKey": "LookupError",
    "RecoveryNotOpened": "LookupError",
    "RecoveryQuota": "PermissionError",
    "RecoveryRefused": "PermissionError",
    "RecoveryRejected": "PermissionError",
    "RecoveryUnknown": "LookupError",
    "RemovalUnknown": "LookupError",
    "RotationUnknown": "LookupError",
    "SpoolFull": "RuntimeError",
    "StoreConflict": "RuntimeError",
    "StoreCorrupt": "RuntimeError",
    "StoreDurability": "RuntimeError",
    "StoreLimit": "PermissionError",
    "StoreSchema": "RuntimeError",
    "StoreUnavailable": "ConnectionError",
    "StoreUnknown": "ConnectionError",
}

# What several errors have in common, for who catches them together: the first words of their names.
FAMILIES = {
    "Certificate": "A certificate cannot be read or used.",
    "Envelope": "A sealed message cannot be read, opened or made.",
    "Identity": "A private key cannot be read, reached or used.",
    "Observation": "A report of a device cannot be read.",
    "Policy": "A policy cannot be read, or is not allowed.",
    "Profile": "A configuration profile cannot be read, or not be made.",
    "Recovery": "A key is not handed out.",
    "Store": "The store did not do what it was asked.",
}

HEAD = '''"""What can go wrong: one class for each code of docs/errors.md.

Every one is an :class:`Error` with its ``code``, and also the builtin that Python's people expect: ``except
LookupError`` catches a device that is not known. No message holds a secret.
"""

# Written by tools/generate.py from the error table of core; a test compares them.

from __future__ import annotations


class Error(Exception):
    """An error of fdescrow."""

    code: int = 0
    """The stable number of the error, the same in every language."""
    name: str = ""
    """The name of the error in docs/errors.md."""
    fault: str = ""
    """Who can do something about it: caller, input, library or world."""
    remedy: str = ""
    """What to do about it, in one sentence."""
'''


WORDS = {
    "CertificateState": "What a certificate is used for.",
    "Delivery": "How far a configuration is on its way to a device.",
    "Format": "How a message is sealed.",
    "Kind": "What a recovery key opens.",
    "Level": "How far a key was shown to work. Each includes those before it.",
    "Operation": "What a management system does with a configuration.",
    "Outcome": "Whether a key that was handed out did its work.",
    "Padding": "A padding that a device takes off by itself.",
    "Phase": "How far a rotation is.",
    "Reason": "Why a device or key has its status: docs/verification.md has what to do.",
    "ReceiptStatus": "What became of an upload.",
    "RecoveryState": "How far a recovery is.",
    "RotationEvent": "What a device answers to an attempt of a rotation.",
    "SheetFormat": "How a key is shown as a page.",
    "Source": "Where a report comes from (docs/observations.md).",
    "Status": "How a device stands.",
    "Suite": "Which algorithms a message may use to be opened.",
    "Trust": "Who says a name of a device.",
}

WORDS_HEAD = '''"""Words: each is a member of an enum and a ``str``, so that either may be given where one is needed."""

# Written by tools/generate.py from the types of core; a test compares them.

from __future__ import annotations

from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class Word(str, Enum):
    """What all of them can do."""

    @classmethod
    def of(cls, text: str) -> Self | str:
        """The member of this text; a word that this version does not know stays as it is."""
        return cls._value2member_map_.get(text, text)  # type: ignore[return-value]

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)
'''


def errors(native: Any) -> str:
    """errors.py as it should be."""
    text = [HEAD]
    for family, summary in FAMILIES.items():
        text.append(f'\n\nclass {family}Error(Error):\n    """{summary}"""\n')
    table = native.error_table()
    for number, name, fault, summary, remedy in table:
        family = next((family for family in FAMILIES if name.startswith(family)), "")
        builtin = BUILTINS.get(name, "ValueError")
        text.append(
            f'\n\nclass {name}Error({family}Error, {builtin}):\n    """{summary}"""\n\n'
            f'    code = {number}\n    name = "{name}"\n    fault = "{fault}"\n    remedy = "{remedy}"\n'
        )
    text.append("\n\nBY_CODE: dict[int, type[Error]] = {\n")
    text += [f"    {number}: {name}Error,\n" for number, name, *_ in table]
    text.append("}\n")
    return _with_all("".join(text))


def words(native: Any) -> str:
    """words.py as it should be."""
    told = native.enumerations()
    if told.keys() != WORDS.keys():
        raise SystemExit(f"enumerations without a sentence: {told.keys() ^ WORDS.keys()}")
    text = [WORDS_HEAD]
    for name, summary in WORDS.items():
        text.append(f'\n\nclass {name}(Word):\n    """{summary}"""\n\n')
        text += [f'    {word.replace("-", "_").upper()} = "{word}"\n' for word in told[name]]
    return _with_all("".join(text))


def _with_all(text: str) -> str:
    """The text with the list of its public names before its first class."""
    names = sorted(re.findall(r"^class (\w+)", text, re.MULTILINE))
    listed = "".join(f'    "{name}",\n' for name in names)
    return text.replace("\n\nclass ", f"\n__all__ = [\n{listed}]\n\n\nclass ", 1)


if __name__ == "__main__":
    loader = ExtensionFileLoader("_native", sys.argv[1])
    spec = spec_from_file_location("_native", sys.argv[1], loader=loader)
    assert spec is not None
    library = module_from_spec(spec)
    loader.exec_module(library)
    (PACKAGE / "errors.py").write_text(errors(library), "utf-8")
    (PACKAGE / "words.py").write_text(words(library), "utf-8")
