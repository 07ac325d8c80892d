"""What the help desk answers, without a browser that would be nice about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from surroundings import Desk, Known

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
    assert ana.send("/", text="PC").status_code == 200
    assert ana.client.post("/", data={"text": "PC"}).status_code == 403
    assert ana.client.post("/", data={"text": "PC", "token": ben.token}).status_code == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert ana.client.post("/", data={"text": "PC", "token": ana.token}, headers=headers).status_code == 403, (
            headers
        )
    del ana.client.headers["origin"]
    assert ana.client.post("/", data={"text": "PC", "token": ana.token}).status_code == 403


def test_no_address_gives_a_key(ana: Caller, ben: Caller, known: Known) -> None:
    found = ana.send("/", text=known.screen).text
    key = re.search(r"key=([0-9a-f]{32})", found)[1]
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
