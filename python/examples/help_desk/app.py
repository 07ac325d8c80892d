"""The pages: find, ask, approve, show, look back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from markupsafe import Markup

import fdescrow
from fdescrow import RecoveryState

from . import sign_in
from .protection import Protection
from .sign_in import NotSignedIn, Session, sent_by, signed_in
from .words import teach

HERE = Path(__file__).parent

OPEN = (RecoveryState.REQUESTED, RecoveryState.APPROVED, RecoveryState.RELEASE_AUTHORIZED)


@dataclass
class Desk:
    """What every page needs."""

    escrow: fdescrow.Escrow
    keyring: fdescrow.Keyring
    seconds: int = 120
    """How long a key is shown."""
    log: deque[fdescrow.Entry] = field(default_factory=lambda: deque(maxlen=200))
    """The last entries of the audit about people and keys."""
    read: str | None = None
    lock: Lock = field(default_factory=Lock)

    def recent(self) -> list[fdescrow.Entry]:
        """Reads on in the audit from where it was left, and gives the last entries, the newest first."""
        with self.lock:
            while (events := self.escrow.events(self.read)).entries:
                self.log.extend(entry for entry in events.entries if entry.action.startswith(("recovery_", "release")))
                self.read = events.next
            return list(reversed(self.log))

    def about(self, device: str, key: str | None) -> fdescrow.KeySummary | None:
        """What is known of a key that somebody asks for: no key is opened by it."""
        return next((one for one in self.escrow.history(device) if one.id == key), None)


def desk(request: Request) -> Desk:
    return request.app.state.desk


Here = Annotated[Desk, Depends(desk)]
Reader = Annotated[Session, Depends(signed_in)]
Sender = Annotated[Session, Depends(sent_by)]
Typed = Annotated[str, Form(max_length=1024)]


def create_app(escrow: fdescrow.Escrow, keyring: fdescrow.Keyring, *, seconds: int = 120) -> FastAPI:
    """The help desk over an escrow."""
    # No pages that describe the others.
    app = FastAPI(openapi_url=None)
    app.state.desk = Desk(escrow, keyring, seconds)
    app.state.sessions = {}
    app.state.templates = Jinja2Templates(HERE / "templates")
    teach(app.state.templates.env)
    app.add_middleware(Protection)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.include_router(sign_in.router)
    pages(app)
    failures(app)
    return app


def show(request: Request, name: str, session: Session, **more: object) -> Response:
    return request.app.state.templates.TemplateResponse(request, name, {"session": session, **more})


def pages(app: FastAPI) -> None:
    """Each is an ordinary function: the library blocks, and FastAPI runs such functions on threads."""

    @app.get("/")
    def search(request: Request, session: Reader, here: Here) -> Response:
        problem, session.problem = session.problem, None
        candidates = None if session.search is None else here.escrow.find(session.search)
        return show(request, "search.html", session, problem=problem, candidates=candidates)

    # A recovery key that is typed here by mistake is then in no address and no log; nor is it on disk, where a browser
    # keeps the body of a form to restore its windows, unless the form is answered with another address.
    @app.post("/")
    def searched(session: Sender, here: Here, text: Typed) -> Response:
        session.search = session.problem = None
        try:
            here.escrow.find(text)
        except ValueError as error:
            session.problem = str(error)
        else:
            session.search = text
        return RedirectResponse("/", 303)

    @app.get("/ask")
    def ask(request: Request, session: Reader, here: Here, device: str, key: str) -> Response:
        if (about := here.about(device, key)) is None:
            raise HTTPException(404, "The device has no such key.")
        return show(request, "ask.html", session, device=device, key=about)

    @app.post("/ask")
    def asked(session: Sender, here: Here, device: Typed, key: Typed, reason: Typed, ticket: Typed = "") -> Response:
        recovery = here.escrow.request_recovery(
            device,
            key=key,
            by=session.somebody.name,
            person=session.somebody.person,
            reason=reason,
            ticket=ticket or None,
        )
        return RedirectResponse(f"/requests/{recovery.recovery}", 303)

    @app.get("/requests")
    def waiting(request: Request, session: Reader, here: Here) -> Response:
        every = (recovery for state in OPEN for recovery in here.escrow.recoveries(state=state))
        newest_first = sorted((one for one in every if one.now in OPEN), key=lambda one: one.request.at, reverse=True)
        return show(request, "waiting.html", session, recoveries=newest_first)

    @app.get("/requests/{recovery}")
    def one(request: Request, session: Reader, here: Here, recovery: str) -> Response:
        found = here.escrow.recovery(recovery)
        return show(
            request,
            "request.html",
            session,
            recovery=found,
            key=here.about(found.device, found.key),
            State=RecoveryState,
        )

    @app.post("/requests/{recovery}/approve")
    def approve(session: Sender, here: Here, recovery: str, note: Typed = "") -> Response:
        somebody = session.somebody
        if not somebody.may_approve:
            raise HTTPException(403, "Your log-in does not say that you may approve.")
        # That it is another person than who asked, the library sees to.
        here.escrow.approve_recovery(recovery, by=somebody.name, person=somebody.person, note=note or None)
        return RedirectResponse(f"/requests/{recovery}", 303)

    @app.post("/requests/{recovery}/decline")
    def decline(session: Sender, here: Here, recovery: str, reason: Typed) -> Response:
        somebody = session.somebody
        if not somebody.may_approve and here.escrow.recovery(recovery).request.person != somebody.person:
            raise HTTPException(403, "Only who asked, and who may approve, can end a request.")
        here.escrow.deny_recovery(recovery, by=somebody.name, reason=reason)
        return RedirectResponse(f"/requests/{recovery}", 303)

    # The one answer that holds a key. It is made for the form alone: no address shows it, and it is shown once.
    @app.post("/requests/{recovery}/key")
    def key(request: Request, session: Sender, here: Here, recovery: str) -> Response:
        asked = here.escrow.recovery(recovery)
        with here.escrow.reveal_sheet(
            asked.device,
            here.keyring,
            format="html_fragment",
            recovery=recovery,
            by=session.somebody.name,
            person=session.somebody.person,
            reason=asked.request.reason,
        ) as sheet:
            # From here on it is a str of Python and bytes on their way out, which nobody can wipe.
            return show(
                request,
                "key.html",
                session,
                sheet=Markup(bytes(sheet.expose()).decode()),
                recovery=asked,
                seconds=here.seconds,
                others=[one for one in sheet.about.candidates if one.key != sheet.about.key],
            )

    @app.post("/requests/{recovery}/outcome")
    def outcome(session: Sender, here: Here, recovery: str, outcome: Typed) -> Response:
        here.escrow.report_recovery(recovery, outcome=outcome, by=session.somebody.name)
        return RedirectResponse(f"/requests/{recovery}", 303)

    @app.get("/audit")
    def audit(request: Request, session: Reader, here: Here) -> Response:
        return show(request, "audit.html", session, entries=here.recent())


def failures(app: FastAPI) -> None:
    """What the library says is meant to be shown; it holds no key."""

    def told(request: Request, status: int, message: str) -> Response:
        context = {"session": request.app.state.sessions.get(request.cookies.get(sign_in.COOKIE)), "message": message}
        return request.app.state.templates.TemplateResponse(request, "problem.html", context, status)

    @app.exception_handler(NotSignedIn)
    def sign_in_first(_request: Request, _error: NotSignedIn) -> Response:
        return RedirectResponse("/sign-in", 303)

    @app.exception_handler(fdescrow.Error)
    def refused(request: Request, error: fdescrow.Error) -> Response:
        by_builtin = {LookupError: 404, PermissionError: 403, ValueError: 400, ConnectionError: 503}
        status = next((status for builtin, status in by_builtin.items() if isinstance(error, builtin)), 500)
        return told(request, status, f"{error}. {error.remedy}")

    @app.exception_handler(HTTPException)
    def not_allowed(request: Request, error: HTTPException) -> Response:
        return told(request, error.status_code, error.detail)

    @app.exception_handler(RequestValidationError)
    def incomplete(request: Request, _error: RequestValidationError) -> Response:
        # FastAPI's own answer would repeat what was typed.
        return told(request, 422, "The form was not complete.")
