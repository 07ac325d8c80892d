"""The help desk, in a real browser."""

from __future__ import annotations

import html
import re
import sqlite3
import time
from pathlib import Path

import pytest
from accessibility import faults
from pages import Person
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from surroundings import DESK, PHONE, Desk, Known, Open

from sample_fleet import Fleet

REASON = "Blue screen after a firmware update, called back on the number in the directory"


def approved(
    browser: Open, desk: Desk, known: Known, *, size: tuple[int, int] = DESK, **how: object
) -> tuple[Person, str]:
    """Ana, with a request that Ben has approved."""
    ana = Person(browser(size, **how), desk.address, "ana")
    request = ana.ask(known.screen, REASON, "HD-4711")
    ben = Person(browser(), desk.address, "ben")
    ben.go(request)
    ben.submit("Approve")
    ana.go(request)
    return ana, request


def test_a_caller_is_helped_with_the_consent_of_another_person(
    browser: Open, desk: Desk, known: Known, fleet: Fleet, screenshots: Path | None
) -> None:
    ana = Person(browser(DESK), desk.address, "ana")
    ana.find(known.screen.lower())
    assert known.device in ana.text and f"ID {known.screen}" in ana.text
    ana.picture(screenshots, "help-desk-find")
    request = ana.ask(known.screen, REASON, "HD-4711")
    assert "Waiting for another person" in ana.text
    assert not ana.offers("Approve") and not ana.offers("Show the key")

    ben = Person(browser(DESK), desk.address, "ben")
    ben.go("/requests")
    assert known.device in ben.text and "waits for approval" in ben.text
    ben.submit("Open")
    assert ben.path == request and REASON in ben.text and "HD-4711" in ben.text
    ben.type("Note", "called back myself")
    ben.picture(screenshots, "help-desk-approve")
    ben.submit("Approve")
    assert not ben.offers("Show the key"), "who approves is not shown the key"

    ana.go(request)
    before = ana.sources + ben.sources
    ana.submit("Show the key")
    assert known.key in ana.text
    rows = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in ana.all(".sheet .key tr")]
    assert [group for group, _ in rows] == known.groups
    assert all(len(words.split()) == 6 for _, words in rows)
    digits = dict(
        zip("0123456789", ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"], strict=True)
    )
    assert rows[0][1] == " ".join(digits[digit] for digit in known.groups[0])
    code = ana.one(".sheet svg[role=img]")
    assert code.accessible_name == "QR code" and code.size["width"] > 150
    ana.picture(screenshots, "help-desk-key")
    for source in before:
        assert not any(group in source for group in known.groups), "something of the key was in a page before"

    ana.leaving(ana.button("Hide it now").click)
    assert ana.path == request and "The key was shown" in ana.text
    ana.submit("It worked")
    assert "It worked." in ana.text

    ana.go("/audit")
    seen = [re.sub(r" · .*", "", line.text) for line in ana.all(".audit li p:first-of-type")]
    assert seen == [
        "ana said whether the key worked",
        "ana was shown the key",
        "ana may be shown the key",
        "ben approved",
        "ana asked for the key",
    ]
    ana.picture(screenshots, "help-desk-audit")
    escrow = fleet.escrow()
    entries = escrow.audit_of(known.device)
    assert [entry.action for entry in entries][-5:] == [
        "recovery_requested",
        "recovery_approved",
        "release_authorized",
        "released",
        "recovery_reported",
    ]
    assert escrow.verify_audit().intact


def test_nobody_approves_their_own_request(browser: Open, desk: Desk, known: Known, fleet: Fleet) -> None:
    ben = Person(browser(), desk.address, "ben")
    request = ben.ask(known.screen, REASON)
    assert not ben.offers("Approve")
    # The page does not offer it; a form of one's own making is refused, and leaves a trace.
    token = ben.one("input[name=token]").get_attribute("value")
    ben.leaving(lambda: send(ben, f"{request}/approve", token))
    assert "That was not done" in ben.text
    ben.leaving(lambda: send(ben, f"{request}/key", token))
    assert "That was not done" in ben.text
    escrow = fleet.escrow()
    outcomes = [
        entry.references.outcome for entry in escrow.audit_of(known.device) if entry.action == "recovery_refused"
    ]
    assert outcomes == ["same_person", "not_approved"]
    ana = Person(browser(), desk.address, "ana")
    ana.go(request)
    assert not ana.offers("Approve"), "her log-in does not say that she may approve"
    ana.leaving(lambda: send(ana, f"{request}/approve", ana.one("input[name=token]").get_attribute("value")))
    assert "may approve" in ana.text


def send(person: Person, path: str, token: str, **fields: str) -> None:
    """Sends a form that no page has."""
    person.driver.execute_script(
        """const [path, fields] = arguments; const form = document.createElement("form");
        form.method = "post"; form.action = path;
        for (const [name, value] of Object.entries(fields)) {
          const input = document.createElement("input"); input.name = name; input.value = value; form.append(input);
        }
        document.body.append(form); form.submit();""",
        path,
        {"token": token, **fields},
    )


def test_the_key_is_shown_once_and_not_by_going_back(browser: Open, desk: Desk, known: Known) -> None:
    ana, request = approved(browser, desk, known)
    driver = ana.driver
    ana.submit("Show the key")
    assert known.key in driver.page_source
    ana.leaving(ana.button("Hide it now").click)
    for _ in range(6):
        driver.back()
        time.sleep(0.2)
        assert not any(group in driver.page_source for group in known.groups)
    ana.go(request)
    assert not ana.offers("Show the key")
    ana.leaving(lambda: send(ana, f"{request}/key", ana.one("input[name=token]").get_attribute("value")))
    assert "That was not done" in ana.text and not any(group in driver.page_source for group in known.groups)


def test_going_to_another_page_and_back_does_not_show_it_either(browser: Open, desk: Desk, known: Known) -> None:
    ana, _ = approved(browser, desk, known)
    ana.submit("Show the key")
    ana.go("/audit")
    ana.driver.back()
    time.sleep(1)
    assert not any(group in ana.driver.page_source for group in known.groups)


def test_the_key_is_hidden_when_its_time_is_over(browser: Open, hasty_desk: Desk, known: Known) -> None:
    ana, request = approved(browser, hasty_desk, known)
    ana.submit("Show the key")
    assert known.key in ana.driver.page_source and ana.one("[role=timer]").text in ("3 seconds", "2 seconds")
    ana.leaving(lambda: None)
    assert ana.path == request and "The key was shown" in ana.text
    assert not any(group in ana.driver.page_source for group in known.groups)


def test_who_needs_more_time_has_more_but_not_for_ever(browser: Open, hasty_desk: Desk, known: Known) -> None:
    ana, _ = approved(browser, hasty_desk, known)
    ana.submit("Show the key")
    more = ana.button("More time")
    more.click()
    time.sleep(4)
    assert known.key in ana.driver.page_source and 55 <= int(ana.one("#left").text) <= 60
    while more.is_enabled():
        more.click()
    assert int(ana.one("#left").text) <= 300


def test_without_scripts_the_key_is_hidden_too(browser: Open, hasty_desk: Desk, known: Known) -> None:
    ana, request = approved(browser, hasty_desk, known, scripts=False)
    ana.submit("Show the key")
    assert known.key in ana.text
    time.sleep(5)
    assert ana.path == request and known.key not in ana.driver.page_source


def test_nothing_of_the_key_stays_in_logs_or_in_the_browser(
    browser: Open, desk: Desk, known: Known, tmp_path: Path
) -> None:
    profile = tmp_path / "her profile"
    ana, _ = approved(browser, desk, known, profile=profile)
    ana.submit("Show the key")
    assert known.key in ana.text
    history = ana.driver.execute_cdp_cmd("Page.getNavigationHistory", {})["entries"]
    assert any("/requests/" in entry["url"] for entry in history)
    assert not any(group in str(history) for group in known.groups)
    ana.leaving(ana.button("Hide it now").click)
    ana.go("/audit")
    files = closed(ana, profile)
    assert "POST /requests/" in desk.logged
    assert not any(group in desk.logged for group in known.groups)
    visited = sqlite3.connect(f"file:{profile / 'Default' / 'History'}?mode=ro&immutable=1", uri=True)
    urls = [url for (url,) in visited.execute("SELECT url FROM urls")]
    visited.close()
    assert any(url.endswith("/audit") for url in urls), "this is not the history of what was done"
    assert not holding(known, files)


def closed(person: Person, profile: Path) -> list[Path]:
    """Ends a browser in peace, so that it writes what it keeps; the files that it leaves."""
    person.driver.quit()
    deadline = time.monotonic() + 20
    while (profile / "SingletonLock").is_symlink() and time.monotonic() < deadline:
        time.sleep(0.1)
    return [file for file in profile.rglob("*") if file.is_file()]


def holding(known: Known, files: list[Path]) -> list[Path]:
    """The files with something of the key. Six digits are anywhere by chance; two groups in one file are not."""
    found = []
    for file in files:
        content = file.read_bytes()
        for encoding in ("utf-8", "utf-16-le"):
            if sum(group.encode(encoding) in content for group in known.groups) > 1:
                found.append(file)
    return found


def test_a_key_that_is_searched_for_by_mistake_goes_nowhere(
    browser: Open, desk: Desk, known: Known, tmp_path: Path
) -> None:
    ana = Person(browser(profile=tmp_path / "profile"), desk.address, "ana")
    ana.find(known.key)
    assert "this is a recovery key" in ana.one("[role=alert]").text
    for place in (ana.driver.page_source, ana.driver.current_url, desk.logged):
        assert not any(group in place for group in known.groups)
    assert not holding(known, closed(ana, tmp_path / "profile"))


def test_what_is_looked_for_in_files_is_found(known: Known, tmp_path: Path) -> None:
    for name, encoding in (("one", "utf-8"), ("two", "utf-16-le")):
        (tmp_path / name).write_bytes(b"\x00" + f"before {known.key} behind".encode(encoding))
    (tmp_path / "three").write_text("0-1-2-3 " + known.groups[0])
    files = [tmp_path / name for name in ("one", "two", "three")]
    assert holding(known, files) == files[:2]


def test_what_people_type_is_never_markup(browser: Open, desk: Desk, known: Known) -> None:
    hostile = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>{{ 7 * 7 }}"
    ana = Person(browser(), desk.address, "ana")
    ana.find(hostile)
    assert ana.one("#text").get_attribute("value") == hostile
    request = ana.ask(known.device, hostile, hostile)
    for path in (request, "/requests", "/audit"):
        ana.go(path)
        assert hostile in ana.text and html.escape("<img src=x") in ana.driver.page_source
        assert not ana.all("main img, main script") and ana.driver.title != "taken"


def every_page(ana: Person, ben: Person, known: Known) -> list[str]:
    """Goes through all pages, and gives what each has to be looked at for, with its name."""
    wrong: list[str] = []

    def look(person: Person, name: str) -> None:
        wrong.extend(f"{name}: {fault}" for fault in faults(person.driver))

    ana.go("/sign-in")
    look(ana, "sign in")
    ana.find("nothing of this name")
    look(ana, "nothing found")
    ana.find(known.key)
    look(ana, "refused search")
    ana.find(known.screen)
    look(ana, "found")
    ana.submit("Ask for this key")
    look(ana, "ask")
    ana.type("Why is it needed", REASON)
    ana.submit("Ask")
    look(ana, "waiting for another")
    ana.one("summary").click()
    look(ana, "take it back")
    request = ana.path
    ben.go("/requests")
    look(ben, "open requests")
    ben.go(request)
    look(ben, "approve")
    ben.submit("Approve")
    look(ben, "approved")
    ana.go(request)
    look(ana, "ready")
    ana.submit("Show the key")
    look(ana, "key")
    ana.leaving(ana.button("Hide it now").click)
    look(ana, "shown")
    ana.submit("It did not work")
    look(ana, "did not work")
    ana.go("/audit")
    look(ana, "audit")
    ana.go("/requests/" + "0" * 32)
    look(ana, "problem")
    return wrong


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_everybody_can_use_every_page(
    browser: Open, desk: Desk, known: Known, size: tuple[int, int], dark: bool, screenshots: Path | None
) -> None:
    ana, ben = (Person(browser(size, dark=dark), desk.address, name) for name in ("ana", "ben"))
    assert every_page(ana, ben, known) == []


def test_a_phone_shows_the_key_whole(browser: Open, desk: Desk, known: Known, screenshots: Path | None) -> None:
    ana, _ = approved(browser, desk, known, size=PHONE)
    ana.picture(screenshots, "help-desk-phone-ready")
    ana.submit("Show the key")
    ana.picture(screenshots, "help-desk-phone-key")
    assert ana.driver.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    for cell in ana.all(".sheet .key td:first-child"):
        assert cell.rect["x"] >= 0 and cell.rect["x"] + cell.rect["width"] <= PHONE[0]
    # The time that is left stays in view while the key is read.
    ana.driver.execute_script("document.querySelector('.sheet ol').scrollIntoView()")
    assert (
        0 <= ana.driver.execute_script("return document.querySelector('.countdown').getBoundingClientRect().top") < 50
    )


def test_the_faults_that_are_looked_for_are_found(browser: Open, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<!DOCTYPE html><body style='background:#fff'><h1>a</h1><h3>b</h3><p id=x></p><label for=none>c</label>"
        "<p id=x style='color:#999;width:3000px'>pale</p><a tabindex=3 href=y>d</a><input><img src=x><svg></svg>"
        "<button style='width:9px;height:9px;padding:0'></button></body>"
    )
    driver = browser()
    driver.get(page.as_uri())
    found = " ".join(faults(driver))
    for criterion in ["1.1.1", "1.3.1", "1.4.3", "1.4.10", "2.4.2", "2.4.3", "2.5.8", "3.1.1", "4.1.1", "4.1.2"]:
        assert criterion in found, criterion


def test_the_keyboard_alone_is_enough(browser: Open, desk: Desk, known: Known) -> None:
    driver = browser()
    ana = Person(driver, desk.address, "ana")
    # The field has the focus when the page comes.
    ana.press(known.screen)
    ana.leaving(lambda: ana.press(Keys.ENTER))
    ana.tab_to("Ask for this key")
    ana.leaving(lambda: ana.press(Keys.ENTER))
    ana.tab_to("Why is it needed")
    ana.press("The caller stands before it")
    ana.tab_to("Ask")
    ana.leaving(lambda: ana.press(Keys.ENTER))
    request = ana.path

    ben = Person(browser(), desk.address, "ben")
    ben.tab_to("Requests")
    ben.leaving(lambda: ben.press(Keys.ENTER))
    ben.tab_to("Open")
    ben.leaving(lambda: ben.press(Keys.ENTER))
    ben.tab_to("Skip to the page")
    ben.press(Keys.ENTER)
    ben.tab_to("Approve", most=4)
    ben.leaving(lambda: ben.press(Keys.SPACE))

    ana.go(request)
    ana.tab_to("Show the key")
    ana.leaving(lambda: ana.press(Keys.ENTER))
    assert known.key in ana.text
    ana.tab_to("More time")
    ana.press(Keys.SPACE)
    assert int(ana.one("#left").text) > 150
    ana.tab_to("Hide it now")
    ana.leaving(lambda: ana.press(Keys.ENTER))
    ana.tab_to("It worked")
    ana.leaving(lambda: ana.press(Keys.ENTER))
    assert "It worked." in ana.text
