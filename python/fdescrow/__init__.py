"""fdescrow manages full-disk-encryption recovery keys for a fleet: FileVault, BitLocker, LUKS.

The same library as in Rust, C and Go, with the same names. Keys are parsed, sealed and opened without a store
(:class:`RecoveryKey`, :func:`seal`, :func:`judge`); an :class:`Escrow` over a :class:`Store` remembers them, checks
that they open, and hands them out with a trace. docs/python.md tells how it is used.
"""

from __future__ import annotations

from . import documents as documents, errors as errors, words as words
from ._native import (
    Certificate as Certificate,
    Envelope as Envelope,
    Escrow as Escrow,
    Keyring as Keyring,
    OpenedKey as OpenedKey,
    Policy as Policy,
    RecoveryKey as RecoveryKey,
    RevealedEnvelope as RevealedEnvelope,
    RevealedKey as RevealedKey,
    Store as Store,
    __version__ as __version__,
    inspect as inspect,
    lint_profile as lint_profile,
    open as open,  # noqa: A004
    parse_profile as parse_profile,
    read_report as read_report,
    seal as seal,
)
from .documents import *  # noqa: F403
from .errors import *  # noqa: F403
from .judging import judge as judge
from .listing import Listing as Listing, Page as Page
from .secret import RevealedSheet as RevealedSheet, Secret as Secret
from .words import *  # noqa: F403
