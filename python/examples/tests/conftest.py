"""What the tests of the examples share: an organization, a help desk that runs, and a browser.

python -m pytest python/examples
python -m pytest python/examples --screenshots docs/images
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import fdescrow

# The examples are programs, not a package: they are found as Python finds what lies beside a program.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from surroundings import DESK, Desk, Known, Open, running  # noqa: E402

import sample_fleet  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="where to put pictures of the pages")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> sample_fleet.Fleet:
    """The organization, which no test changes."""
    return sample_fleet.make(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def fleet(made: sample_fleet.Fleet, tmp_path: Path) -> sample_fleet.Fleet:
    """A copy of it for one test."""
    folder = shutil.copytree(made.folder, tmp_path / "fleet")
    return sample_fleet.Fleet(folder, made.now, made.bitlocker, made.not_opening)


@pytest.fixture
def known(fleet: sample_fleet.Fleet) -> Known:
    """One more PC, which calls."""
    protector = "{C0FFEE42-0011-4233-8455-66778899AABB}"
    with fdescrow.RecoveryKey.generate("bitlocker") as key:
        text = key.expose()
    escrow = fleet.escrow()
    escrow.receive_plaintext("PC-CALLS", kind="bitlocker", key=text, protector=protector, by="agent")
    escrow.check(fleet.keyring())
    return Known("PC-CALLS", "C0FFEE42", text)


@pytest.fixture
def desk(fleet: sample_fleet.Fleet, known: Known, tmp_path: Path) -> Iterator[Desk]:
    with running(fleet, tmp_path / "log", seconds=120) as started:
        yield started


@pytest.fixture
def hasty_desk(fleet: sample_fleet.Fleet, known: Known, tmp_path: Path) -> Iterator[Desk]:
    """One that shows a key for three seconds."""
    with running(fleet, tmp_path / "log", seconds=3) as started:
        yield started


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Open]:
    """Opens a real browser: of a size, with a profile in a folder, with scripts or without, on a dark screen or not."""
    opened: list[webdriver.Chrome] = []

    def open_one(
        size: tuple[int, int] = DESK, *, profile: Path | None = None, scripts: bool = True, dark: bool = False
    ) -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or "chromium is missing: install Debian's package"
        options.add_argument("--headless=new")
        options.add_argument("--disable-dev-shm-usage")
        options.add_argument("--hide-scrollbars")
        options.add_argument(f"--user-data-dir={profile or tmp_path / f'profile-{len(opened)}'}")
        if os.geteuid() == 0:
            # Chromium's sandbox refuses to be started by root, as a container does.
            options.add_argument("--no-sandbox")
        if not scripts:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        opened.append(driver)
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        return driver

    yield open_one
    for driver in opened:
        driver.quit()


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    folder = request.config.getoption("--screenshots")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder
