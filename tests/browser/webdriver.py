# SPDX-License-Identifier: Apache-2.0
"""A browser without a window: Chromium by the WebDriver protocol, spoken to chromedriver over HTTP."""
import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request

WAIT_S = 60


class Browser:
    """with Browser(width=1400, height=900, language="zh-CN", dark=True) as b: b.open(url)"""

    def __init__(self, width=1400, height=1000, language="en-GB", dark=False):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.driver = subprocess.Popen([shutil.which("chromedriver"), f"--port={self.port}"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        args = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}",
                f"--lang={language}", f"--accept-lang={language}"] + (["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else [])
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": args, "prefs": {"intl.accept_languages": language}},
                  "goog:loggingPrefs": {"browser": "ALL"}}
        begin = time.monotonic()
        while True:
            try:
                self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
                break
            except (ConnectionError, urllib.error.URLError):
                if time.monotonic() - begin > WAIT_S:
                    raise
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(WAIT_S)

    def call(self, method, path, body=None):
        data = None if body is None and method != "POST" else json.dumps(body or {}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=WAIT_S) as reply:
            return json.load(reply)["value"]

    def do(self, what, **body):
        return self.call("POST", f"/session/{self.session}/{what}", body)

    def open(self, url):
        self.do("url", url=url)

    def run(self, script, *args):
        return self.do("execute/sync", script=script, args=list(args))

    def wait(self, script, what, *args):
        """Until the script returns something that is true."""
        begin = time.monotonic()
        while not (value := self.run(script, *args)):
            if time.monotonic() - begin > WAIT_S:
                raise AssertionError(f"{what} did not come: {self.log()}")
            time.sleep(0.05)
        return value

    def keys(self, text):
        """Typed where the focus is."""
        actions = [{"type": kind, "value": c} for c in text for kind in ("keyDown", "keyUp")]
        self.do("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def log(self):
        return [entry["message"] for entry in self.do("se/log", type="browser")]

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("GET", f"/session/{self.session}/screenshot")))
