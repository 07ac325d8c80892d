"""Can everybody use a page? What a machine can tell of it, of WCAG 2.2 at level AA."""

from __future__ import annotations

from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

FAULTS = (Path(__file__).parent / "accessibility.js").read_text()

CONTROLS = (
    "a[href], button, input:not([type=hidden]), textarea, select, summary, progress, [role=region], [tabindex='0']"
)


def faults(driver: Chrome) -> list[str]:
    """What is wrong with the page that is shown."""
    found = driver.execute_script(FAULTS)
    for control in driver.find_elements(By.CSS_SELECTOR, CONTROLS):
        # The browser's own answer: what a screen reader is told.
        if control.is_displayed() and not control.accessible_name.strip():
            found.append(f"4.1.2 without a name: {control.get_attribute('outerHTML')[:90]}")
    return found
