"""A headless browser that shows pages of this machine, driven through chromedriver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
MISSING = "needs chromium and chromedriver (Debian: chromium, chromium-driver)"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers run tests as root
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--window-size=1280,900",
)


class Shown:
    """One page in the browser."""

    def __init__(self, driver: Any, path: Path) -> None:
        self.driver, self.path = driver, path

    def open(
        self, state: str = "", width: int = 1280, height: int = 900, dark: bool = False
    ) -> None:
        """Loads the page anew. state: what stands behind the # of its address."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")
        self.driver.get(f"{self.path.as_uri()}#{state}")

    def all(self, selector: str) -> list[Any]:
        """Elements that can be seen."""
        found = self.driver.find_elements(By.CSS_SELECTOR, selector)
        return [element for element in found if element.is_displayed()]

    def texts(self, selector: str) -> list[str]:
        return [element.text for element in self.all(selector)]

    def click(self, selector: str) -> None:
        [element] = self.all(selector)
        element.click()

    def press(self, key: str) -> None:
        """A key, pressed where the focus is. key: one character, or a name such as ARROW_LEFT."""
        self.driver.switch_to.active_element.send_keys(getattr(Keys, key, key))

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def complaints(self) -> list[str]:
        """What the browser's console said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@contextmanager
def browser() -> Iterator[Any]:
    """A running browser."""
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()
