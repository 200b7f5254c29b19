# SPDX-License-Identifier: MIT
"""The example front end in a real browser: what happens to one visitor's
process shows in his window, at once and with its cause, and nothing of it in
another's.

    test_browser.py SP-FRONTEND VISITOR.SO [TEST...]
"""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading

from chromium import DEADLINE, Chromium, Failure, Page, tie

CONFINED = os.environ.get("SP_TEST_SANDBOX") != "none"
PHONE = {"width": 360, "height": 740}


class Frontend:
    """sp-frontend with an spd of its own; settings: of the module, or None for
    those that it has by itself."""

    def __init__(self, program, module, settings=None):
        module = os.path.abspath(module)
        # short, as sockets' addresses are
        self.home = tempfile.mkdtemp(prefix="sp-front-", dir="/tmp")
        words = [program, "--own-supervisor", "--port", "0"]
        if settings is not None or not CONFINED:
            config = f"{self.home}/spd.conf"
            with open(config, "w", encoding="ascii") as file:
                file.write("[supervisor]\ndefault_module = visitor\n"
                           f"[module visitor]\npath = {module}\n"
                           "call_limit = 1s\n" + (settings or "") +
                           ("" if CONFINED else "sandbox = none\n"))
            words += ["--runtime-dir", f"{self.home}/run", "--config", config]
        with open(f"{self.home}/log", "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=tie(os.getpid()))
        killer = threading.Timer(DEADLINE, self.process.kill)
        killer.start()
        self.address = self.process.stdout.readline().decode().strip()
        killer.cancel()
        if not self.address:
            raise Failure("no front end: " + self.said())

    def said(self):
        with open(f"{self.home}/log", encoding="utf-8",
                  errors="replace") as log:
            return log.read()

    def close(self):
        """Ends it; '' if it ended well."""
        self.process.terminate()
        try:
            status = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        said = self.said()
        shutil.rmtree(self.home)
        return f"the front end ended with {status}: {said}" if status else ""


# ---- what tests say ----

def expect(is_so, what):
    if not is_so:
        raise Failure(what)


def equal(value, expected, what):
    expect(value == expected, f"{what}: {value!r}, not {expected!r}")


def shows(selector, text):
    return (f"document.querySelector('{selector}').textContent"
            f".includes('{text}')")


def count_to(page, number):
    for i in range(number):
        page.click("#do-count")
        page.wait(f"document.querySelector('#count').textContent === '{i + 1}'")


def is_live(page):
    page.wait("document.querySelector('#link').className === 'live'")


def fits(page):
    wide = page.run("document.documentElement.scrollWidth - innerWidth")
    expect(wide <= 0, f"{wide} px too wide")


class Stage:
    def __init__(self, browser, front, doomed):
        self.browser, self.front, self.doomed = browser, front, doomed
        self.pages = []

    def visitor(self, address=None, **how):
        page = self.browser.visitor(**how)
        self.pages.append(page)
        page.open(address or self.front.address)
        if how.get("scripts", True):
            is_live(page)
        return page


# ---- tests ----

def ends_in_one_window(stage, button, title, words):
    ann, bob = stage.visitor(), stage.visitor()
    count_to(ann, 2)
    count_to(bob, 3)
    doomed, other = ann.text("#pid"), bob.text("#pid")
    number = ann.run("document.querySelector('#self').dataset.number")
    expect(doomed != other, "one process for two")
    ann.click(button)
    ann.wait(shows(".news h2", f"Process {doomed} {title}"))
    expect(words in ann.text(".news .said"), ann.text(".news .said"))
    expect(f"Process {doomed} {title}" in ann.text("#past"), ann.text("#past"))
    equal(ann.text("#count"), "0", "ann's counter")
    equal(ann.text("#restarts"), "1", "ann's restarts")
    expect(ann.text("#pid") not in (doomed, other), "no new process")
    # bob's window has been told, too, of somebody with this number
    bob.wait(f"document.querySelector('#board [data-number=\"{number}\"] i')")
    equal(bob.text("#count"), "3", "bob's counter")
    equal(bob.text("#pid"), other, "bob's process")
    equal(bob.text("#restarts"), "0", "bob's restarts")
    equal(bob.text(".news"), "", "bob's news")
    count_to_four(bob)
    count_to(ann, 1)


def count_to_four(page):
    page.click("#do-count")
    page.wait("document.querySelector('#count').textContent === '4'")


def test_crash(stage):
    ends_in_one_window(stage, "#do-crash", "crashed", "killed by SIGSEGV")


def test_endless_loop(stage):
    ends_in_one_window(stage, "#do-spin", "was ended by the watchdog",
                       "killed by SIGKILL")


def test_memory_bomb(stage):
    ends_in_one_window(stage, "#do-bomb", "was ended by its memory limit",
                       "killed by SIGABRT")


def test_peek(stage):
    ann = stage.visitor()
    count_to(ann, 1)
    pid = ann.text("#pid")
    ann.click("#do-peek")
    ann.wait(shows("#said", "open /etc/passwd: "))
    expect("it can be read" not in ann.text("#said"), ann.text("#said"))
    equal(ann.text("#pid"), pid, "the process")
    equal(ann.text("#count"), "1", "the counter")
    equal(ann.text(".news"), "", "the news")


def test_giving_up(stage):
    """A session that is over is followed by another, in the same window."""
    ann = stage.visitor(stage.doomed.address)
    pid = ann.text("#pid")
    ann.click("#do-crash")
    ann.wait(shows(".news h2", "That session was given up"))
    expect("killed by SIGSEGV" in ann.text(".news .said"), ann.text(".news"))
    expect(ann.text("#pid") != pid, "the same process")
    is_live(ann)
    count_to(ann, 1)


def test_another_window_of_the_same_visitor(stage):
    ann = stage.visitor()
    other = Page(stage.browser, ann.context).open(stage.front.address)
    stage.pages.append(other)
    is_live(other)
    equal(other.text("#pid"), ann.text("#pid"), "the process")
    ann.click("#do-count")
    other.wait("document.querySelector('#count').textContent === '1'")


def test_notes_are_text(stage):
    ann = stage.visitor(**PHONE)
    note = "<b onclick=alert(1)>" + "m" * 150
    ann.run("document.querySelector('input').focus()")
    ann.type(note)
    ann.click("#do-note")
    ann.wait(shows("#notes", "mmm"))
    equal(ann.text("#notes li"), note, "the note")
    fits(ann)


def test_keyboard(stage):
    ann = stage.visitor()
    ann.run("document.querySelector('#do-count').focus()")
    for number in ("1", "2"):
        ann.press("Enter", 13)
        ann.wait(f"document.querySelector('#count').textContent === '{number}'")
        equal(ann.run("document.activeElement.id"), "do-count", "the focus")


def test_phone(stage):
    ann = stage.visitor(**PHONE)
    fits(ann)
    ann.click("#do-crash")
    ann.wait(shows(".news h2", "crashed"))
    fits(ann)
    box = ann.run("""(() => {
        const box = document.querySelector('.news').getBoundingClientRect();
        return [box.top, box.bottom, innerHeight];
    })()""")
    expect(0 <= box[0] and box[1] <= box[2], f"the news are at {box}")


def test_side_by_side(stage):
    ann = stage.browser.visitor(width=1440, height=900)
    stage.pages.append(ann)
    ann.open(stage.front.address + "side-by-side")
    first, second = (f"document.querySelectorAll('iframe')[{i}].contentDocument"
                     for i in (0, 1))
    for frame in (first, second):
        ann.until_true(f"{frame}.querySelector('#link').className === 'live'")
    pids = [ann.run(f"{frame}.querySelector('#pid').textContent")
            for frame in (first, second)]
    expect(pids[0] != pids[1], "one process for two")
    ann.run(f"{first}.querySelector('#do-crash').click()")
    ann.until_true(f"{first}.querySelector('.news h2')")
    equal(ann.run(f"{second}.querySelector('#pid').textContent"), pids[1],
          "the second's process")
    equal(ann.run(f"{second}.querySelector('.news')"), None, "its news")


def test_without_scripts(stage):
    ann = stage.visitor(scripts=False)
    ann.load(lambda: ann.click("#do-count"), "the page after adding one")
    equal(ann.text("#count"), "1", "the counter")
    pid = ann.text("#pid")
    ann.load(lambda: ann.click("#do-crash"), "the page after a crash")
    expect(f"Process {pid} crashed" in ann.text(".news"), ann.text("main"))
    equal(ann.text("#count"), "0", "the counter")


def test_dark(stage):
    light, dark = stage.visitor(), stage.visitor(dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    expect(light.run(paper) != dark.run(paper), "as in the light")


# ---- all of them ----

def complaints(stage):
    said = [line for page in stage.pages for line in page.complaints]
    expect(not said, "the browser complains: " + "; ".join(said))


def run(name, test, browser, front, doomed):
    stage = Stage(browser, front, doomed)
    try:
        test(stage)
        complaints(stage)
    except Failure as failure:
        print(f"FAILED {name}: {failure}")
        return False
    finally:
        for page in stage.pages:
            page.close()
    print(f"passed {name}")
    return True


def main(program, module, *wanted):
    tests = {name: test for name, test in globals().items()
             if name.startswith("test_") and (not wanted or name in wanted)}
    if not CONFINED:  # there is no memory limit, and no sandbox
        for name in ("test_memory_bomb", "test_peek"):
            if tests.pop(name, None):
                print(f"left out {name}: sandbox = none")
    left = []
    with contextlib.ExitStack() as stack:
        front = Frontend(program, module)
        stack.callback(lambda: left.append(front.close()))
        doomed = Frontend(program, module, "max_restarts = 0\n")
        stack.callback(lambda: left.append(doomed.close()))
        browser = Chromium()
        stack.callback(lambda: left.append(browser.close()))
        passed = [run(name, test, browser, front, doomed)
                  for name, test in tests.items()]
    print("".join(left), end="")
    return 0 if all(passed) and not any(left) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
