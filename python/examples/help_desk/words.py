"""How is what the library says put into words for a page?"""

from __future__ import annotations

from datetime import datetime

from jinja2 import Environment

KINDS = {
    "bitlocker": "BitLocker recovery password",
    "filevault": "FileVault recovery key",
    "luks": "LUKS passphrase",
    "snapd": "Ubuntu recovery key",
    "systemd": "systemd recovery key",
}

HAPPENED = {
    "recovery_requested": "asked for the key",
    "recovery_approved": "approved",
    "recovery_ended": "declined or took it back",
    "recovery_refused": "was refused",
    "recovery_reported": "said whether the key worked",
    "release_authorized": "may be shown the key",
    "release_failed": "was to be shown the key, which did not open",
    "released": "was shown the key",
    "released_to_device": "had the key given to a command of the device",
}


def words(word: str) -> str:
    return word.replace("_", " ")


def moment(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"


def day(at: datetime) -> str:
    return f"{at:%d %b %Y}"


def screen(protector: str) -> str:
    """A recovery key ID as the blue screen begins it."""
    return protector.strip("{}")[:8].upper()


def teach(environment: Environment) -> None:
    """Has the templates know these."""
    environment.filters.update(
        day=day,
        happened=lambda action: HAPPENED.get(action, words(action)),
        kind=lambda kind: KINDS.get(kind, kind),
        moment=moment,
        screen=screen,
        words=words,
    )
