"""How are the recovery keys of a fleet, and how did that come about?

    python fleet_report.py sqlite:keys.db --organization example.com --out report.html

One page that needs nothing else, to be mailed or put on a wall: devices by status, current keys by age, keys by level
over time, and the list of what does not open with what to do about it. The store is opened read-only, and no key is
opened.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import matplotlib
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

import fdescrow
from fdescrow import Level, Status

matplotlib.rcParams.update({"svg.hashsalt": "fdescrow", "text.color": "#1f2933", "axes.edgecolor": "#9aa5b1"})

STATUS_COLOURS = {
    Status.VERIFIED: "#2f7d5b",
    Status.VERIFYING: "#7fb69d",
    Status.ENFORCING: "#6b93c4",
    Status.ACTION_REQUIRED: "#d9902f",
    Status.FAILED: "#b8433a",
    Status.REMOVING_ENFORCEMENT: "#9aa5b1",
    Status.NOT_REQUIRED: "#cbd2d9",
}
LEVEL_COLOURS = dict(zip(Level, ("#cbd2d9", "#7fb69d", "#2f7d5b", "#1c4e39"), strict=True))
AGES = (("under 30 days", 30), ("30 to 90 days", 90), ("90 to 180 days", 180), ("180 days to a year", 365))


@dataclass
class Findings:
    """What the store says at a moment."""

    organization: str
    now: datetime
    summary: fdescrow.Summary
    ages: dict[str, int]
    weeks: list[datetime]
    levels: dict[Level, list[int]]
    undecryptable: list[fdescrow.Undecryptable]


def collect(escrow: fdescrow.Escrow, organization: str, now: datetime) -> Findings:
    """Reads it, a page at a time."""
    weeks, levels = levels_over_time(entries(escrow), now)
    return Findings(
        organization, now, escrow.summary(now=now), ages(escrow, now), weeks, levels, list(escrow.undecryptable())
    )


def ages(escrow: fdescrow.Escrow, now: datetime) -> dict[str, int]:
    """How old the newest key of each place is."""
    counted = Counter({name: 0 for name, _ in AGES} | {"over a year": 0})
    for device in escrow.list():
        newest = {
            (key.kind, key.volume, key.protector): key for key in escrow.history(device.device) if key.retired is None
        }
        for key in newest.values():
            days = (now - key.received).days
            counted[next((name for name, limit in AGES if days < limit), "over a year")] += 1
    return dict(counted)


def entries(escrow: fdescrow.Escrow) -> Iterator[fdescrow.Entry]:
    """The whole audit, in the order in which it was committed."""
    events = escrow.events()
    while events.entries:
        yield from events.entries
        events = escrow.events(events.next)


def levels_over_time(entries: Iterable[fdescrow.Entry], now: datetime) -> tuple[list[datetime], dict[Level, list[int]]]:
    """Keys by level at the end of each week, as the audit tells it."""
    weeks: list[datetime] = []
    levels: dict[Level, list[int]] = {level: [] for level in Level}
    keys: dict[str, Level] = {}

    def end_of_week(at: datetime) -> None:
        weeks.append(at)
        standing = Counter(keys.values())
        for level, counts in levels.items():
            counts.append(standing[level])

    until: datetime | None = None
    for entry in entries:
        until = until or entry.time + timedelta(weeks=1)
        while entry.time >= until:
            end_of_week(until)
            until += timedelta(weeks=1)
        if entry.references is None:
            continue
        key, level = entry.references.key, entry.references.level
        if key is not None and entry.action in ("key_retired", "key_removed"):
            keys.pop(key, None)
        elif key is not None and entry.action == "key_received":
            keys[key] = level or Level.WELL_FORMED
        elif key in keys and level is not None:
            keys[key] = max(keys[key], level, key=list(Level).index)
    end_of_week(now)
    return weeks, levels


@dataclass
class Picture:
    """A figure as it goes into a page, and in words what there is to see."""

    title: str
    words: str
    svg: bytes

    @classmethod
    def of(cls, figure: Figure, title: str, counts: dict[str, int]) -> Picture:
        """Without the frame that nobody needs, and without the day on which it was drawn."""
        for axes in figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
        return cls(title, "; ".join(f"{name}: {count}" for name, count in counts.items()), file.getvalue())

    def to_html(self) -> str:
        address = f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"
        return f'<section><h2>{self.title}</h2><img src="{address}" alt="{html.escape(self.words)}"></section>'


def draw(findings: Findings) -> list[Picture]:
    """The three pictures."""
    status = {words(one): findings.summary.status[one] for one in STATUS_COLOURS if findings.summary.status.get(one)}
    by_status = Figure(figsize=(7, 0.6 + 0.45 * len(status)), layout="constrained")
    axes = by_status.subplots()
    colours = [STATUS_COLOURS[one] for one in STATUS_COLOURS if findings.summary.status.get(one)]
    axes.bar_label(axes.barh(list(status), list(status.values()), color=colours), padding=4)
    axes.invert_yaxis()

    by_age = Figure(figsize=(7, 2.6), layout="constrained")
    axes = by_age.subplots()
    axes.bar_label(axes.bar(list(findings.ages), list(findings.ages.values()), color="#6b93c4"))
    axes.tick_params(axis="x", labelsize=8)

    over_time = Figure(figsize=(7, 3.2), layout="constrained")
    axes = over_time.subplots()
    reached = {words(level): counts for level, counts in findings.levels.items() if any(counts)}
    colours = [LEVEL_COLOURS[level] for level, counts in findings.levels.items() if any(counts)]
    axes.stackplot(findings.weeks, list(reached.values()), labels=list(reached), colors=colours)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    axes.legend(loc="upper left", frameon=False)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))

    return [
        Picture.of(by_status, "Devices by status", status),
        Picture.of(by_age, "Current keys by age", findings.ages),
        Picture.of(over_time, "Keys by level, week by week", {name: counts[-1] for name, counts in reached.items()}),
    ]


def words(value: Level | Status) -> str:
    return value.value.replace("_", " ")


STYLE = """
*, ::before { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2933; background: #f5f7fa; margin: 0 }
main { max-width: 48rem; margin: 0 auto; padding: 2rem 1rem }
section { background: #fff; border-radius: 8px; padding: 1rem 1.25rem; margin: 1rem 0; box-shadow: 0 1px 2px #0002 }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.1rem; margin: 0 0 .5rem } img { max-width: 100%; height: auto }
dl { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1rem 0 }
dt { color: #52606d } dd { margin: 0; font-size: 1.6rem }
table { border-collapse: collapse; width: 100% } th[scope=row] { white-space: nowrap }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; vertical-align: top }
tr + tr { border-top: 1px solid #e4e7eb } .scroll { overflow-x: auto } .scroll table { min-width: 38rem }
"""


def page(findings: Findings) -> str:
    """The page. Device names come from devices: everything is escaped."""
    text = html.escape
    summary = findings.summary
    numbers = {
        "devices": summary.devices,
        "keys": summary.keys,
        "to be checked": summary.check_due,
        "do not open": sum(summary.problems.values()),
        "set apart": summary.quarantined,
    }
    facts = "".join(f"<div><dt>{name}</dt><dd>{count:,}</dd></div>" for name, count in numbers.items())
    pictures = "".join(picture.to_html() for picture in draw(findings))
    rows = "".join(
        f"<tr><th scope=row>{text(key.device)}<td>{text(key.kind.value)}<td>{text(key.meaning)}<td>{text(key.remedy)}"
        for key in findings.undecryptable
    )
    trouble = (
        "<div class=scroll tabindex=0 role=region aria-labelledby=trouble><table><thead><tr>"
        "<th scope=col>Device<th scope=col>Kind<th scope=col>What is wrong<th scope=col>What to do<tbody>"
        f"{rows}</table></div>"
        if rows
        else "<p>None. Every key that was checked opened.</p>"
    )
    return (
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Recovery keys of {text(findings.organization)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>Recovery keys of {text(findings.organization)}</h1><p>{findings.now:%d %B %Y, %H:%M} UTC</p>"
        f"<dl>{facts}</dl>"
        f"{pictures}<section><h2 id=trouble>Keys that do not open</h2>{trouble}</section></main></body></html>"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("store", help="sqlite:PATH")
    arguments.add_argument("--organization", required=True)
    arguments.add_argument("--out", type=Path, required=True, help="the page of HTML")
    given = arguments.parse_args()
    escrow = fdescrow.Escrow(fdescrow.Store.open(f"{given.store}?mode=ro"), given.organization)
    findings = collect(escrow, given.organization, datetime.now(timezone.utc))
    given.out.write_text(page(findings))
    print(f"{given.out}: {findings.summary.devices:,} devices, {len(findings.undecryptable):,} keys that do not open")


if __name__ == "__main__":
    main()
