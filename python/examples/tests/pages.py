"""The help desk as a person in front of a browser sees it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

SUBJECTS = {"ana": "u-1001", "ben": "u-1002", "cleo": "u-1003"}


class Person:
    """Somebody at a browser."""

    def __init__(self, driver: Chrome, address: str, name: str) -> None:
        self.driver, self.address, self.name = driver, address, name
        self.sources: list[str] = []
        """Every page that was seen, as it came."""
        self.go("/sign-in")
        self.one(f"input[value={SUBJECTS[name]}]").click()
        self.submit("Sign in")

    def go(self, path: str) -> None:
        self.driver.get(path if path.startswith("http") else self.address + path)
        self.see()

    def see(self) -> None:
        self.sources.append(self.driver.page_source)

    def one(self, css: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def type(self, label: str, text: str) -> None:
        """Into the field that a screen reader calls by this name."""
        fields = [one for one in self.all("input, textarea") if one.accessible_name.startswith(label)]
        assert len(fields) == 1, [one.accessible_name for one in self.all("input, textarea")]
        fields[0].clear()
        fields[0].send_keys(text)

    def button(self, name: str) -> WebElement:
        buttons = [one for one in self.all("button, a.button") if one.accessible_name.startswith(name)]
        assert len(buttons) == 1, (name, [one.accessible_name for one in self.all("button, a.button")])
        return buttons[0]

    def offers(self, name: str) -> bool:
        return any(one.accessible_name == name for one in self.all("button, a.button") if one.is_displayed())

    def submit(self, name: str) -> None:
        self.leaving(self.button(name).click)

    def leaving(self, action: Callable[[], None]) -> None:
        """Does something that leads to another page, and waits for it."""
        self.driver.execute_script("window.before = true")
        action()
        # In the middle of it, the browser may say that there is no page.
        wait = WebDriverWait(self.driver, 20, ignored_exceptions=[WebDriverException])
        wait.until(lambda driver: driver.execute_script("return !window.before && document.readyState === 'complete'"))
        self.see()

    @property
    def text(self) -> str:
        return self.one("main").text

    @property
    def path(self) -> str:
        return self.driver.current_url.removeprefix(self.address)

    def find(self, text: str) -> None:
        self.go("/")
        self.type("What the caller sees", text)
        self.submit("Find")

    def ask(self, text: str, reason: str, ticket: str = "") -> str:
        """From what the caller reads out to a request: its address."""
        self.find(text)
        self.submit("Ask for this key")
        self.type("Why is it needed", reason)
        if ticket:
            self.type("Ticket", ticket)
        self.submit("Ask")
        assert re.fullmatch(r"/requests/[0-9a-f]{32}", self.path), self.path
        return self.path

    def press(self, *keys: str) -> None:
        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def tab_to(self, name: str, *, most: int = 30) -> WebElement:
        """Presses the tabulator until something of this name has the focus, which must be seen on the way."""
        stops = []
        for _ in range(most):
            if (focused := self.focused()).accessible_name.startswith(name) and focused.tag_name not in (
                "body",
                "main",
            ):
                return focused
            self.press(Keys.TAB)
            focused = self.focused()
            stops.append(focused.accessible_name)
            if focused.tag_name not in ("body", "html"):
                outline = focused.value_of_css_property("outline-style")
                assert outline not in ("none", ""), f"nobody sees that {focused.accessible_name} has the focus"
        raise AssertionError(f"the keyboard does not reach {name}: {stops}")

    def picture(self, folder: Path | None, name: str) -> None:
        picture(self.driver, folder, name)


def picture(driver: Chrome, folder: Path | None, name: str) -> None:
    """The whole page, as it is now, where pictures are wanted."""
    if folder is None:
        return
    width, height = driver.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, 1600), "scale": 1}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True})
    (folder / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
