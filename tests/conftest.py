"""An empty store, a fresh server and a real Chromium for the tests that ask for them."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
import torch
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.images import Theme
from core.store import FOLDER_VARIABLE

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
PATIENCE = 60_000  # milliseconds: a cold server on a busy machine loads torch first

expect.set_options(timeout=PATIENCE)
torch.set_num_threads(1)  # each of pytest's workers has a core to itself


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for results, and a scheduler without jobs."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    st.cache_resource.clear()
    return tmp_path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def start_server() -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    results = tempfile.mkdtemp()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=os.environ | {FOLDER_VARIABLE: results})  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
            return server, address
        except OSError:
            time.sleep(0.2)
    server.kill()
    raise RuntimeError("the server did not start within a minute")


@pytest.fixture
def cold_server(browser: Browser) -> Iterator[str]:
    """The address of a server that nobody has visited yet."""
    server, address = start_server()
    yield address
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def server(browser: Browser) -> Iterator[str]:
    """The address of a server that all tests share."""
    server, address = start_server()
    yield address
    server.terminate()
    server.wait()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an address in a tab of its own; a request to any other host fails the test."""
    contexts, elsewhere = [], []

    def open_at(
        address: str, width: int = 1440, height: int = 1200, touch: bool = False, finer: int = 1, theme: Theme = "light"
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch,
                                      device_scale_factor=finer, color_scheme=theme)  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: elsewhere.append(request.url) if _leaves(request.url) else None)
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert elsewhere == []


def _leaves(address: str) -> bool:
    return not address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
