"""What the help desk answers, without a browser that would be nice about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from surroundings import Desk, Known

import fdescrow
import sample_fleet

ADDRESSES = ("/sign-in", "/", "/requests", "/audit", "/requests/" + "0" * 32, "/nowhere", "/static/style.css")


class Caller:
    """Somebody with a program instead of a browser."""

    def __init__(self, address: str, subject: str = "u-1001") -> None:
        self.client = httpx.Client(base_url=address, headers={"origin": address})
        answer = self.client.post("/sign-in", data={"subject": subject})
        assert answer.status_code == 303
        self.cookie = answer.headers["set-cookie"]
        # It is for TLS or a browser on this machine; this client has neither.
        self.client.headers["cookie"] = self.cookie.partition(";")[0]
        self.token = re.search('name="token" value="([^"]+)"', self.client.get("/").text)[1]

    def send(self, path: str, **fields: str) -> httpx.Response:
        return self.client.post(path, data={"token": self.token, **fields})

    def key(self, known: Known) -> str:
        """The id of the key that the search finds."""
        assert self.send("/", text=known.screen).headers["location"] == "/"
        return re.search(r"key=([0-9a-f]{32})", self.client.get("/").text)[1]


@pytest.fixture
def ana(desk: Desk) -> Iterator[Caller]:
    with closing((caller := Caller(desk.address)).client):
        yield caller


@pytest.fixture
def ben(desk: Desk) -> Iterator[Caller]:
    with closing((caller := Caller(desk.address, "u-1002")).client):
        yield caller


def test_every_answer_tells_the_browser_to_keep_nothing(ana: Caller) -> None:
    for path in ADDRESSES:
        headers = ana.client.get(path).headers
        assert headers["cache-control"] == "no-store", path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, path
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin", path


def test_the_cookie_is_for_this_site_alone(ana: Caller) -> None:
    name, *flags = [part.strip().lower() for part in ana.cookie.split(";")]
    assert name.startswith("__host-session=") and {"httponly", "secure", "samesite=strict", "path=/"} <= set(flags)
    assert not any(flag.startswith("domain") for flag in flags)


def test_who_is_not_signed_in_sees_nothing(desk: Desk) -> None:
    with httpx.Client(base_url=desk.address, headers={"origin": desk.address}) as stranger:
        for path in ("/", "/requests", "/audit", "/ask?device=PC-CALLS&key=" + "0" * 32, "/requests/" + "0" * 32):
            answer = stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
        for path in ("/", "/ask", f"/requests/{'0' * 32}/key", f"/requests/{'0' * 32}/approve"):
            assert stranger.post(path, data={"text": "x"}).status_code == 303, path


def test_a_form_of_another_site_or_session_is_refused(ana: Caller, ben: Caller) -> None:
    assert ana.send("/", text="PC").status_code == 303
    assert ana.client.post("/", data={"text": "PC"}).status_code == 403
    assert ana.client.post("/", data={"text": "PC", "token": ben.token}).status_code == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert ana.client.post("/", data={"text": "PC", "token": ana.token}, headers=headers).status_code == 403, (
            headers
        )
    del ana.client.headers["origin"]
    assert ana.client.post("/", data={"text": "PC", "token": ana.token}).status_code == 403


def test_no_address_gives_a_key(ana: Caller, ben: Caller, known: Known) -> None:
    key = ana.key(known)
    asked = ana.send("/ask", device=known.device, key=key, reason="lost")
    request = asked.headers["location"]
    assert asked.status_code == 303
    assert ana.client.get(f"{request}/key").status_code == 405
    assert ana.send(f"{request}/key").status_code == 403
    assert ben.send(f"{request}/approve").status_code == 303
    assert ben.send(f"{request}/key").status_code == 403, "who approved is not who asked"
    assert known.key in ana.send(f"{request}/key").text
    assert ana.send(f"{request}/key").status_code == 403


def test_what_was_typed_is_not_repeated_by_an_error(ana: Caller, desk: Desk, known: Known) -> None:
    answer = ana.client.post("/ask", data={"token": ana.token, "reason": known.key})
    assert answer.status_code == 422 and not any(group in answer.text for group in known.groups)
    for path in ("/openapi.json", "/docs", "/redoc"):
        assert ana.client.get(path).status_code == 404
    assert not any(group in desk.logged for group in known.groups)


def test_who_signs_out_is_out(ana: Caller) -> None:
    assert ana.send("/sign-out").headers["location"] == "/sign-in"
    assert ana.client.get("/").headers["location"] == "/sign-in"


def test_who_has_nothing_to_do_with_a_request_does_not_end_it(ana: Caller, ben: Caller, known: Known) -> None:
    key = ben.key(known)
    request = ben.send("/ask", device=known.device, key=key, reason="lost").headers["location"]
    assert ana.send(f"{request}/decline", reason="no").status_code == 403
    assert ben.send(f"{request}/decline", reason="found it").status_code == 303
    assert "revoked" in ben.client.get(request).text
    assert ana.client.get(f"/ask?device={known.device}&key={'0' * 32}").status_code == 404
    assert ana.client.get(f"/ask?device=NOBODY&key={key}").status_code == 404


def test_the_audit_is_read_to_its_end_however_long_it_is() -> None:
    from help_desk.app import Desk as Pages

    escrow = fdescrow.Escrow(fdescrow.Store.open("memory:"), "example.com")
    for number in range(700):
        escrow.agent_reported(f"PC-{number}", by="agent", failure="tpm_missing")
    escrow.receive("PC-0", kind="filevault", envelope=sealed(), by="mdm")
    escrow.request_recovery("PC-0", by="ana", reason="lost")
    pages = Pages(escrow, fdescrow.Keyring())
    assert len(escrow.events().entries) == 1000, "there is more than one call gives"
    assert [entry.action for entry in pages.recent()] == ["recovery_requested"]
    assert [entry.action for entry in pages.recent()] == ["recovery_requested"], "nothing is told twice"


def sealed() -> bytes:
    now = datetime.now(timezone.utc)
    certificate, _ = fdescrow.Certificate.generate(
        "CN=Escrow", not_before=now - timedelta(days=1), not_after=now + timedelta(days=1)
    )
    return sample_fleet.as_a_mac_seals(certificate)
