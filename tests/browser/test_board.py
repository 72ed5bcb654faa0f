# SPDX-License-Identifier: Apache-2.0
"""The board as people see and use it: in Chromium, on the real daemon."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from taktlab import ROOT, order, wait_until  # noqa: E402
from test_http import Board  # noqa: E402
from webdriver import Browser  # noqa: E402

ROWS = "return document.querySelectorAll('#%s tr').length"


def text(browser, what):
    return browser.run("return document.querySelector(arguments[0]).textContent", what)


@pytest.fixture(name="lab")
def a_plant_with_work():
    with Board().start() as lab:
        lab.creator("luna").ask("orders", orders=[order(f"A-{i}", quantity=30, ink=("light", "dark")[i % 2],
                                                        shipping={"deliver_by": "2026-11-25"}) for i in range(6)])
        wait_until(lambda: lab.ctl("status")["plan"]["tasks_open"] >= 4, what="a plan")
        yield lab


def open_board(browser, lab):
    browser.open(f"http://127.0.0.1:{lab.port}/")
    browser.wait(ROWS % "lines", "the lines")
    return browser


def test_the_board_shows_plan_lines_orders_and_creators_without_a_complaint_of_the_browser(lab):
    with Browser() as b:
        open_board(b, lab)
        assert text(b, "#plant") == "Lab"
        assert b.run(ROWS % "lines") == 3 and b.run(ROWS % "creators") == 3
        b.wait(ROWS % "tasks", "the table of tasks")
        assert "print" in text(b, "#tasks") and "luna" in text(b, "#creators")
        assert not re.search("NaN|undefined|null|Invalid", b.run("return document.body.innerText"))
        painted = b.run("const c = document.getElementById('gantt'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                        "const seen = new Set(); for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);"
                        "return seen.size")
        assert painted > 5
        assert b.log() == []


def test_a_change_comes_to_the_board_by_itself(lab):
    with Browser() as b:
        open_board(b, lab)
        lab.ctl("report", "down", "--line", "print-1", "--until", "2026-11-27T06:00:00Z", "--reason", "nozzle")
        b.wait("return document.getElementById('lines').textContent.includes('down: nozzle')", "the breakdown")
        b.wait(ROWS % "late", "late orders")
        b.run("document.querySelector('#late button').click()")
        b.wait("return [...document.querySelectorAll('#late td.text')].some(td => td.textContent.length > 20)", "the why")
        b.run("document.getElementById('language').click()")
        why = text(b, "#late td.text")
        assert "停机（nozzle）" in why and "承诺" in why and not re.search("[a-z]+ [a-z]+", why), why


def test_each_kind_of_why_has_words_in_chinese():
    with open(f"{ROOT}/daemon/http/pages/why.js", encoding="utf-8") as f:
        words = set(re.findall(r'^  "([a-z ]+)": ', f.read(), re.M))
    kinds = set()
    for path in ("daemon/planner/why.c", "daemon/operate/history.c"):
        with open(f"{ROOT}/{path}", encoding="utf-8") as f:
            source = f.read()
        kinds |= set(re.findall(r'(?:step\(&?w|add\(t), "(\w+)"', source)) | set(re.findall(r'\] = \{"(\w+)"', source))
        hows = set(re.findall(r'how = [^;]*?"(\w+)"', source))
        assert hows <= {word.split()[-1] for word in words if " " in word}, hows
    assert len(kinds) > 12 and kinds <= {word.split()[0] for word in words}
    assert kinds <= words


def test_it_speaks_chinese_to_who_reads_chinese_and_changes_on_a_button(lab):
    with Browser(language="zh-CN") as b:
        open_board(b, lab)
        assert text(b, "#h-plan") == "生产计划" and b.run("return document.documentElement.lang") == "zh-CN"
        b.run("document.getElementById('language').click()")
        assert text(b, "#h-plan") == "Plan" and b.run("return document.documentElement.lang") == "en"
        b.open(f"http://127.0.0.1:{lab.port}/")
        b.wait(ROWS % "lines", "the lines")
        assert text(b, "#h-plan") == "Plan", "the choice is kept"


def test_every_word_is_there_in_both_languages(lab):
    with Browser() as b:
        open_board(b, lab)
        missing = b.do("execute/async", script="""
            const done = arguments[0];
            import('/words.js').then(({words}) => {
              const used = [...document.querySelectorAll('[data-word]')].map(e => e.dataset.word)
                .concat([...document.querySelectorAll('[data-label]')].map(e => e.dataset.label));
              const en = Object.keys(words.en), zh = Object.keys(words.zh);
              done([...used.filter(w => !(w in words.en)), ...en.filter(w => !(w in words.zh)), ...zh.filter(w => !(w in words.en))]);
            });""", args=[])
        assert missing == []


def test_the_plan_can_be_read_without_a_mouse_and_without_eyes(lab):
    with Browser() as b:
        open_board(b, lab)
        b.run("document.getElementById('gantt').focus()")
        press = "document.getElementById('gantt').dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))"
        b.run(press, "ArrowRight")
        first = text(b, "#chosen")
        b.run(press, "ArrowDown")
        assert "units" in first and text(b, "#chosen") not in ("", first)
        assert "tasks from" in b.run("return document.getElementById('gantt').getAttribute('aria-label')")
        assert b.run("return document.getElementById('chosen').getAttribute('role')") == "status"
        unnamed = b.run("return [...document.querySelectorAll('button, select, canvas')].filter(e => !e.textContent.trim() && "
                        "!e.getAttribute('aria-label')).map(e => e.id)")
        assert unnamed == []


def test_of_a_long_queue_only_the_ends_are_told(lab):
    with Browser() as b:
        open_board(b, lab)
        told = b.do("execute/async", script="""
            const done = arguments[0], queue = Array.from({length: 30}, (_, i) => ({what: 'line', line: 'print-1', task: `L${i}-print`, text: `step ${i}`}));
            import('/why.js').then(({tell}) => done(['en', 'zh'].map(language =>
              tell({steps: [{what: 'packing', to: '2026-11-23T06:00:00Z', text: 'packed'}, ...queue]}, language, at => at))));""", args=[])
        english, chinese = told
        assert english == ["packed", "step 0", "step 1", "… behind 26 more tasks on line print-1 …", "step 28", "step 29"]
        assert len(chinese) == 6 and "26" in chinese[3]


def test_a_short_plan_is_shown_large(lab):
    with Browser() as b:
        open_board(b, lab)
        assert float(b.run("return document.getElementById('span').value")) <= 1


def test_moments_on_the_axis_have_room_however_narrow_it_is(lab):
    with Browser(width=500) as b:
        open_board(b, lab)
        b.run("""
            const write = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function(text, x, y) {
              if (y === 13) window.drawn.push([x, x + this.measureText(text).width]);
              write.call(this, text, x, y);
            };
            window.drawn = [];""")
        for span in b.run("return [...document.getElementById('span').options].map(o => o.value)"):
            b.run("const s = document.getElementById('span'); s.value = arguments[0]; window.drawn = []; s.dispatchEvent(new Event('change'))", span)
            labels = b.wait("return window.drawn.length ? window.drawn : null", "the chart")
            once = labels[:1] + [new for old, new in zip(labels, labels[1:]) if new[0] > old[0]]  # it may have been painted again
            assert all(one[1] < other[0] for one, other in zip(once, once[1:])), (span, labels)


def test_it_is_readable_in_the_dark(lab):
    with Browser(dark=True) as b:
        open_board(b, lab)
        back, front = b.run("const s = getComputedStyle(document.body); return [s.backgroundColor, s.color]")

        def light(colour):
            return sum(int(part) for part in colour[4:-1].split(",")[:3])
        assert light(back) < 200 < 500 < light(front)


def test_who_loses_the_daemon_is_told_and_comes_back_by_itself(lab):
    with Browser() as b:
        open_board(b, lab)
        lab.kill()
        b.wait("return document.getElementById('link').className === 'away'", "the loss")
        lab.start()
        b.wait("return document.getElementById('link').className === ''", "the daemon again")
