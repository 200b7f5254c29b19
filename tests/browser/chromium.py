# SPDX-License-Identifier: MIT
"""A real browser, headless, driven over a pipe: Chromium and its DevTools
protocol, by the standard library alone.

    with Chromium() as browser:
        page = browser.visitor().open("http://127.0.0.1:8080/")
        page.click("#do-count")
        page.wait("document.getElementById('count').textContent === '1'")

Each visitor is a browser context of its own: cookies are not shared.  Nothing
is fetched from anywhere but the pages that are opened, and nothing is left
behind: see Chromium.close().  What is waited for has a deadline.
"""
import base64
import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1  # of prctl(2)
DEADLINE = 60  # seconds, for any step; one that takes so long has failed

# Without a sandbox it runs as root, too, and where it may make no namespaces:
# what it loads here is ours alone.
ARGUMENTS = [
    "--headless=new", "--remote-debugging-pipe", "--no-first-run",
    "--no-sandbox",
    "--no-default-browser-check", "--disable-gpu", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-sync", "--disable-breakpad",
    "--disable-crash-reporter", "--disable-dev-shm-usage",
    "--metrics-recording-only",
    "--no-proxy-server", "--mute-audio", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def tie(parent):
    """What Popen is to call in the child, so that this does not outlive us,
    however we end."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def tied():
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return tied


class Failure(Exception):
    pass


def find():
    """The program, or None."""
    return (os.environ.get("SP_TEST_CHROMIUM") or shutil.which("chromium") or
            shutil.which("chromium-browser"))


def group_members(group):
    """The processes of a session that is not ours, zombies too."""
    members = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == group:
            members.append(int(name))
    return members


class Chromium:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="sp-browser-")
        self.buffer = b""
        self.number = 0
        self.answers = {}
        self.pages = {}  # by their session
        self.process = None
        self.start()

    def start(self):
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        words = [find(), *ARGUMENTS, f"--user-data-dir={self.home}/profile"]
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                       "HOME": self.home, "TMPDIR": self.home,
                       "XDG_CONFIG_HOME": self.home, "LANG": "C.UTF-8",
                       "XDG_CACHE_HOME": self.home,
                       "DBUS_SESSION_BUS_ADDRESS": "disabled:"}

        tied = tie(os.getpid())

        def place():  # the pipe's ends are to be 3 and 4
            tied()
            one, two = to_browser, from_browser
            while one in (3, 4):
                one = os.dup(one)
            while two in (3, 4):
                two = os.dup(two)
            os.dup2(one, 3, inheritable=True)
            os.dup2(two, 4, inheritable=True)

        self.log = open(f"{self.home}/log", "wb")
        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, pass_fds=(3, 4, to_browser, from_browser),
            preexec_fn=place, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    # ---- the pipe: messages of JSON, each with a NUL behind it ----

    def read(self, deadline):
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                return None
            part = os.read(self.into, 1 << 16)
            if not part:
                raise Failure("the browser has gone: " + self.said())
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def said(self):
        with open(f"{self.home}/log", encoding="utf-8",
                  errors="replace") as log:
            return log.read()[-2000:]

    def turn(self, deadline):
        """Takes one message; False: none came in time."""
        message = self.read(deadline)
        if message is None:
            return False
        if "id" in message:
            self.answers[message["id"]] = message
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].hear(message)
        return True

    def ask(self, method, session=None, **params):
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE
        while number not in self.answers:
            if not self.turn(deadline):
                raise Failure(f"{method}: no answer; " + self.said())
        answer = self.answers.pop(number)
        if "error" in answer:
            raise Failure(f"{method}: {answer['error']}")
        return answer["result"]

    # ---- its visitors and its end ----

    def visitor(self, width=1280, height=900, scripts=True, dark=False):
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        return Page(self, context, width, height, scripts, dark)

    def close(self):
        """Ends it in order, and says what it has left behind: ''."""
        if not self.process:
            return ""
        left = ""
        try:
            self.ask("Browser.close")
        except (Failure, OSError):
            left = "it did not answer at its end; "
        os.close(self.out)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            left += "it did not end; "
        group, self.process = self.process.pid, None
        deadline = time.monotonic() + DEADLINE
        while group_members(group) and time.monotonic() < deadline:
            select.select([], [], [], 0.01)
        for pid in group_members(group):
            left += f"process {pid} is left; "
            os.kill(pid, signal.SIGKILL)
        os.close(self.into)
        self.log.close()
        shutil.rmtree(self.home)
        return left


class Page:
    """A window of a visitor."""

    def __init__(self, browser, context, width=1280, height=900, scripts=True,
                 dark=False):
        self.browser = browser
        self.context = context
        target = browser.ask("Target.createTarget", url="about:blank",
                             newWindow=True,
                             browserContextId=context)["targetId"]
        self.session = browser.ask("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"]
        self.complaints = []  # errors of scripts, of the policy, of loading
        self.loads = 0
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        if not scripts:
            self.ask("Emulation.setScriptExecutionDisabled", value=True)

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def hear(self, message):
        params, method = message["params"], message["method"]
        entry = params.get("entry", {})
        if method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))
        elif (method == "Runtime.consoleAPICalled" and
              params["type"] in ("error", "warning")):
            self.complaints.append(str(params["args"]))
        elif entry.get("level") in ("error", "warning"):
            self.complaints.append(f"{entry['text']} {entry.get('url')}")

    def until(self, condition, what):
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if not self.browser.turn(deadline):
                raise Failure(f"{what}: not in {DEADLINE} s")

    def load(self, act, what):
        loads = self.loads
        act()
        self.until(lambda: self.loads > loads, what)

    def open(self, address):
        def go():
            answer = self.ask("Page.navigate", url=address)
            if "errorText" in answer:
                raise Failure(f"{address}: {answer['errorText']}")

        self.load(go, address)
        return self

    def run(self, script):
        """The value of a script's last expression; promises are awaited."""
        answer = self.ask("Runtime.evaluate", expression=script,
                          returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failure(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, expression):
        """Until this is true: it is looked at with each change of the page."""
        script = """new Promise((done) => {
            const look = () => {
                try { return %s; } catch (e) { return false; }
            };
            const watch = new MutationObserver(() => {
                if (look()) { watch.disconnect(); done(true); }
            });
            watch.observe(document, {subtree: true, childList: true,
                                     attributes: true, characterData: true});
            if (look()) { watch.disconnect(); done(true); }
        })""" % expression
        try:
            self.run(script)
        except Failure as failure:
            raise Failure(f"waited for {expression}: {failure}\n" +
                          self.text("main")) from failure

    def until_true(self, expression):
        """The same for what is in frames: asked again and again."""
        deadline = time.monotonic() + DEADLINE
        while not self.run("(() => { try { return Boolean(%s); } "
                           "catch (e) { return false; } })()" % expression):
            if time.monotonic() > deadline:
                raise Failure(f"waited for {expression}")

    def close(self):
        """And all that belongs to its visitor."""
        self.browser.pages.pop(self.session)
        with contextlib.suppress(Failure):  # its other window has done it
            self.browser.ask("Target.disposeBrowserContext",
                             browserContextId=self.context)

    def text(self, selector):
        """What is shown there, in one line; '' if there is nothing."""
        return self.run("(document.querySelector(%s) || {innerText: ''})"
                        ".innerText.replace(/\\s+/g, ' ').trim()" %
                        json.dumps(selector))

    def click(self, selector):
        """By the mouse, in the middle of what is there."""
        at = self.run("""(() => {
            const it = document.querySelector(%s);
            it.scrollIntoView({block: "center", behavior: "instant"});
            const box = it.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        })()""" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1],
                     button="left", clickCount=1)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def press(self, key, code):
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key,
                 windowsVirtualKeyCode=code,
                 text="\r" if key == "Enter" else "")
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key,
                 windowsVirtualKeyCode=code)

    def shot(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True,
                        clip={"x": 0, "y": 0, "width": size["width"],
                              "height": size["height"], "scale": 1})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
