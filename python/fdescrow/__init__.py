"""fdescrow manages full-disk-encryption recovery keys for a fleet: FileVault, BitLocker, LUKS.

The same library as in Rust, C and Go, with the same names. Keys are parsed, sealed and opened without a store
(:class:`RecoveryKey`, :func:`seal`, :func:`judge`); an :class:`Escrow` over a :class:`Store` remembers them, checks that they
open, and hands them out with a trace. docs/python.md tells how it is used.
"""

from __future__ import annotations

from . import documents, errors, words
from ._native import (
    Certificate,
    Envelope,
    Escrow,
    Keyring,
    OpenedKey,
    Policy,
    RecoveryKey,
    RevealedEnvelope,
    RevealedKey,
    Store,
    inspect,
    lint_profile,
    open,
    parse_profile,
    read_report,
    seal,
)
from .documents import *  # noqa: F403
from .errors import *  # noqa: F403
from .judging import judge
from .listing import Listing, Page
from .secret import RevealedSheet, Secret
from .words import *  # noqa: F403

__all__ = [
    *documents.__all__,
    *errors.__all__,
    *words.__all__,
    "Certificate",
    "Envelope",
    "Escrow",
    "Keyring",
    "Listing",
    "OpenedKey",
    "Page",
    "Policy",
    "RecoveryKey",
    "RevealedEnvelope",
    "RevealedKey",
    "RevealedSheet",
    "Secret",
    "Store",
    "inspect",
    "judge",
    "lint_profile",
    "open",
    "parse_profile",
    "read_report",
    "seal",
]
