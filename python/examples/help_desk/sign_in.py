"""Who is this person? A STAND-IN: it lets anybody be anybody. Put your own log-in here.

What the rest needs of it is a `Session` for a request. In your own, `issuer` and `subject` are what never changes of a
person (`iss` and `sub` of OpenID Connect): by them the library tells the one who asks from the one who approves.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

import fdescrow

# In a browser only over TLS or on this machine, never to scripts, never from another site's page.
COOKIE = "__Host-session"

router = APIRouter()


@dataclass(frozen=True)
class Somebody:
    """A person, as the log-in knows them."""

    name: str
    subject: str
    may_approve: bool = False

    @property
    def person(self) -> fdescrow.Person:
        return fdescrow.Person(issuer="https://log-in.example", subject=self.subject)


@dataclass
class Session:
    """A person at a browser, with the word that the forms of this session carry, and what was searched for last."""

    somebody: Somebody
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    search: str | None = None
    problem: str | None = None


PEOPLE = (
    Somebody("ana", "u-1001"),
    Somebody("ben", "u-1002", may_approve=True),
    Somebody("cleo", "u-1003", may_approve=True),
)


class NotSignedIn(Exception):
    """Nobody is signed in at this browser."""


def signed_in(request: Request) -> Session:
    """Whose request this is."""
    session = request.app.state.sessions.get(request.cookies.get(COOKIE))
    if session is None:
        raise NotSignedIn
    return session


def sent_by(session: Annotated[Session, Depends(signed_in)], token: Annotated[str, Form()] = "") -> Session:
    """Whose form this is: it must have come from a page of the same session."""
    if not secrets.compare_digest(token.encode(), session.token.encode()):
        raise HTTPException(403, "This form is not from your session. Go back, reload the page and send it again.")
    return session


@router.get("/sign-in")
def choose(request: Request) -> Response:
    return request.app.state.templates.TemplateResponse(request, "sign_in.html", {"people": PEOPLE})


@router.post("/sign-in")
def sign_in(request: Request, subject: Annotated[str, Form()]) -> Response:
    somebody = next((one for one in PEOPLE if one.subject == subject), None)
    if somebody is None:
        raise HTTPException(403, "Nobody of that name.")
    number = secrets.token_urlsafe(32)
    request.app.state.sessions[number] = Session(somebody)
    response = RedirectResponse("/", 303)
    response.set_cookie(COOKIE, number, secure=True, httponly=True, samesite="strict", path="/")
    return response


@router.post("/sign-out", dependencies=[Depends(sent_by)])
def sign_out(request: Request) -> Response:
    request.app.state.sessions.pop(request.cookies[COOKIE], None)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")
    return response
