"""The browser of tests: the system's Chromium, or the one that set-up puts beside the interpreter."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")  # as scripts/setup.sh takes them
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, without a window. Raises FileNotFoundError where there is none: `make setup` installs it."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    found = next((place for name in NAMES if (place := shutil.which(name, path=places))), None)
    if found is None:
        raise FileNotFoundError(f"there is no browser called {' or '.join(NAMES)}; run `make setup`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()
