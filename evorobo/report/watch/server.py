"""A server on this machine alone for the page of a running study."""

from __future__ import annotations

import json
import math
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from evorobo.errors import SettingsError
from evorobo.report.watch import live_page
from evorobo.study.monitor import StudyMonitor

_MIN_SECONDS, _CPU_SHARE = 2.0, 0.03  # between two questions of the page; the part of a processor for its answers
_LAST_SECONDS = 30.0  # how long an open page may take to read how the study ended


class PageServer:
    """Serves the page on 127.0.0.1 inside its `with` block. Hold `lock` while the monitor is updated.

    Answers are computed when the page asks for them, once for each version of the monitor, so that a closed page costs
    nothing. `port` 0 takes any free one.
    """

    def __init__(self, monitor: StudyMonitor, port: int = 0, trust: bool = False) -> None:
        self.monitor, self.trust, self.lock = monitor, trust, threading.Lock()
        self._data = (-1, "", _MIN_SECONDS)
        self._replay = ("", "[]")
        self._last_question, self._has_end = -math.inf, threading.Event()
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, self))
        except (OSError, OverflowError) as error:
            raise SettingsError(f"port {port} cannot be used ({error}); give another one with --port.") from error
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for_page(self) -> None:
        """Wait until an open page has read how the study ended, with its last robot."""
        if time.monotonic() - self._last_question < 2 * self._data[2] + 5:
            self._has_end.wait(_LAST_SECONDS)

    def page(self) -> str:
        """The HTML of the page."""
        with self.lock:
            return live_page.page(self.monitor, self.trust)

    def data(self, version: str) -> str:
        """What is new since a version, as JSON, and in how many seconds the page may ask again."""
        with self.lock:
            if self._data[0] != self.monitor.version:
                begin = time.thread_time()
                content = json.dumps(live_page.live_data(self.monitor, self.trust), allow_nan=False)
                seconds = max(_MIN_SECONDS, (time.thread_time() - begin) / _CPU_SHARE)
                self._data = self.monitor.version, content, seconds
            number, content, seconds = self._data
            pause = f'"seconds": {seconds:.1f}'
            return f"{{{pause}}}" if version == str(number) else f"{content[:-1]}, {pause}}}"

    def replay(self) -> str:
        """The behavior of the trial that finished last, as JSON."""
        with self.lock:
            last = json.loads(self._data[1] or "{}").get("last", "")
            if self._replay[0] != last:
                scenes = live_page.last_replay(self.monitor, self.trust)
                self._replay = last, json.dumps(scenes, allow_nan=False)
            return self._replay[1]

    def note(self, path: str) -> None:
        """Note that a question was answered."""
        self._last_question = time.monotonic()
        if path == "/replay.json" and self.monitor.is_over:
            self._has_end.set()


class _Handler(BaseHTTPRequestHandler):
    """Answers the three questions of the page, of this machine alone."""

    def __init__(self, page: PageServer, *args: object) -> None:
        self._page = page
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        host, parts = self.headers.get("Host", ""), urlsplit(self.path)
        if host not in (self._page.address[7:-1], self._page.address[7:-1].replace("127.0.0.1", "localhost")):
            self.send_error(403)  # a page of another site that has found a name for this address
            return
        if parts.path == "/":
            self._answer("text/html", self._page.page())
        elif parts.path == "/data.json":
            self._answer("application/json", self._page.data(parse_qs(parts.query).get("version", [""])[0]))
        elif parts.path == "/replay.json":
            self._answer("application/json", self._page.replay())
        else:
            self.send_error(404)
            return
        self._page.note(parts.path)

    def _answer(self, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(200)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the page was closed
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Print nothing: the terminal shows the table."""
