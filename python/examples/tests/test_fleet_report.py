"""A page about the fleet that needs nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

from accessibility import faults
from pages import picture
from surroundings import EXAMPLES, PHONE, Open

import fdescrow
import fleet_report
import sample_fleet
from fdescrow import Level
from sample_fleet import Fleet


class Page(HTMLParser):
    """What a page loads, and what is in its cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.cells: list[str] = []
        self.cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data", "srcset")]
        self.cell = tag in ("th", "td")
        if self.cell:
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.cells[-1] += data


def test_the_page_says_what_the_store_says_and_loads_nothing(
    fleet: Fleet, tmp_path: Path, browser: Open, screenshots: Path | None
) -> None:
    out = tmp_path / "report.html"
    command = [
        sys.executable,
        "fleet_report.py",
        fleet.store,
        "--organization",
        sample_fleet.ORGANIZATION,
        "--out",
        str(out),
    ]
    before = (fleet.folder / "keys.db").read_bytes()
    ran = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert f"48 devices, {len(fleet.not_opening)} keys that do not open" in ran.stdout
    assert (fleet.folder / "keys.db").read_bytes() == before

    page = Page(out.read_text())
    assert [address.partition(",")[0] for address in page.loads] == ["data:image/svg+xml;base64"] * 3
    assert "url(http" not in out.read_text() and "@import" not in out.read_text() and "<script" not in out.read_text()
    assert {cell for cell in page.cells if cell.startswith("MAC-")} == fleet.not_opening

    for size in ((1000, 800), PHONE):
        driver = browser(size)
        driver.get(out.as_uri())
        assert faults(driver) == []
        pictures = driver.find_elements("tag name", "img")
        assert all(int(picture.get_property("naturalWidth")) > 100 for picture in pictures), "a picture is broken"
        assert sum(int(number) for number in re.findall(r": (\d+)", pictures[0].accessible_name)) == 48
        assert "48" in driver.find_element("css selector", "dl").text
        picture(driver, screenshots, "fleet-report" if size != PHONE else "fleet-report-phone")


def test_what_is_counted_is_what_there_is(made: Fleet) -> None:
    escrow = made.escrow()
    findings = fleet_report.collect(escrow, "example.com", made.now)
    assert sum(findings.ages.values()) == 48
    now = {level: counts[-1] for level, counts in findings.levels.items()}
    assert sum(now.values()) == 48
    assert now[Level.ENVELOPE_OPENS] == 48 - len(made.not_opening)
    totals = [sum(counts) for counts in zip(*findings.levels.values(), strict=True)]
    assert totals == sorted(totals), "no key was retired, so that there are never fewer"
    assert len(findings.weeks) == len(totals) and findings.weeks == sorted(findings.weeks)


def test_a_name_cannot_become_markup(made: Fleet) -> None:
    escrow = made.escrow()
    findings = fleet_report.collect(escrow, "<script>alert(1)</script>", made.now)
    page = fleet_report.page(findings)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_levels_follow_the_audit() -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)

    def entry(day: int, action: str, key: str | None, level: Level | None = None) -> SimpleNamespace:
        references = SimpleNamespace(key=key, level=level)
        return SimpleNamespace(time=start + timedelta(days=day), action=action, references=references)

    entries = [
        entry(0, "key_received", "a", Level.WELL_FORMED),
        entry(1, "key_checked", "a", Level.ENVELOPE_OPENS),
        entry(2, "device_observed", None),
        entry(9, "key_received", "b"),
        # A check that fails takes nothing away.
        entry(10, "key_check_failed", "a", Level.WELL_FORMED),
        entry(16, "key_retired", "a"),
    ]
    weeks, levels = fleet_report.levels_over_time(entries, start + timedelta(days=20))
    assert weeks == [start + timedelta(days=day) for day in (7, 14, 20)]
    assert levels[Level.ENVELOPE_OPENS] == [1, 1, 0] and levels[Level.WELL_FORMED] == [0, 1, 1]


def test_the_sample_is_what_it_says(made: Fleet) -> None:
    escrow = made.escrow()
    assert {key.device for key in escrow.undecryptable()} == made.not_opening != set()
    for device, screen in made.bitlocker:
        assert [found.device for found in escrow.find(screen)] == [device]
    assert isinstance(escrow.summary(), fdescrow.Summary)
