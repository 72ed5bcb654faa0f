# SPDX-License-Identifier: Apache-2.0
"""The page beside a line as people use it: by touch, with a scanner, by keyboard; in Chromium, on the real daemon."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

from taktlab import order, wait_until  # noqa: E402
from test_line import HALL, PRINTER, line_board, post, task_of  # noqa: E402
from webdriver import Browser  # noqa: E402

CARD = "document.querySelector('#{list} li[data-task]')"
PRESS = "[...document.querySelectorAll('#main button')].find(b => b.textContent === arguments[0] && !b.disabled).click()"
COUNT = "document.getElementById('ask').querySelector('input[type=number]').value = arguments[0];"
YES = "document.getElementById('ask-yes').click()"


@pytest.fixture(name="lab")
def a_plant_with_a_task():
    with line_board().start(speed=600) as lab:
        mine = order("A-1", quantity=4)
        mine["items"][0]["personalization"] = {"text": "für Mei"}
        lab.creator("luna").ask("orders", orders=[mine])
        task_of(lab)
        yield lab


def open_page(browser, lab, line="print-1", token=HALL):
    browser.open(f"http://127.0.0.1:{lab.port}/line/{line}#token={token}")
    browser.wait("return document.querySelectorAll('#next li[data-task], #running li[data-task]').length", "a task")
    return browser


def text(browser, what):
    return browser.run("return document.querySelector(arguments[0]).innerText", what)


def scan(browser, code):
    """As a keyboard wedge does it: letters wherever the focus is, then Enter."""
    browser.keys(code + "\ue007")


def test_a_task_is_started_worked_on_and_finished_by_touch(lab):
    with Browser(width=800, height=1100) as b:
        open_page(b, lab)
        first = task_of(lab)["task"]
        assert first in text(b, "#next") and "4 ×" in text(b, "#next") and "für Mei" in b.run(f"return {CARD.format(list='next')}.textContent")
        b.run(PRESS, "Start")
        b.wait("return document.querySelector('#running li[data-task]')", "the task among those that run")
        b.run(PRESS, "Progress")
        b.run(COUNT + YES, 1)
        b.wait("return document.getElementById('running').innerText.includes('1 of 4 good')", "one good unit")
        b.run(PRESS, "Scrap")
        b.run("document.querySelector('#ask input[type=checkbox]').click();" + YES)
        b.wait("return document.getElementById('running').innerText.includes('1 scrapped')", "one lost unit")
        b.run(PRESS, "Finish")
        assert b.run("return document.querySelector('#ask input').value") == "3", "what is left"
        b.run(YES)
        b.wait("return !document.querySelector('#running li[data-task]')", "the end of the task")
        done = [t for t in lab.ctl("plan")["tasks"] if t["task"] == first]
        assert not done or (done[0]["state"], done[0]["good"]) == ("finished", 3)
        assert b.run("return localStorage.getItem('takt-reports')") == "[]"
        assert b.log() == []


def test_a_scanner_chooses_a_task_and_starts_it_with_the_second_scan(lab):
    with Browser() as b:
        open_page(b, lab)
        task = task_of(lab)
        scan(b, task["lot"])
        b.wait("return document.querySelector('#next li.chosen')", "the chosen task")
        assert "scan it again" in text(b, "#said")
        b.keys("\ue007\ue007")
        assert b.run("return document.activeElement.id") == "code" and task_of(lab)["state"] == "planned", "line ends start nothing"
        scan(b, task["task"].lower())
        b.wait("return document.querySelector('#running li.chosen')", "the task that runs")
        scan(b, "L99999")
        b.wait("return document.getElementById('said').innerText.includes('L99999 is not among')", "the complaint")


def test_a_line_is_reported_down_with_a_reason_and_up_again(lab):
    with Browser() as b:
        open_page(b, lab)
        b.run(PRESS, "Line is down")
        b.run("[...document.querySelectorAll('#ask button')].find(b => b.textContent === 'Tool').click();"
              "document.querySelector('#ask select').value = '60';" + YES)
        b.wait("return document.getElementById('stations').innerText.includes('down: Tool')", "the line down")
        [down] = lab.ctl("stock")["downs"]
        assert (down["line"], down["reason"]) == ("print-1", "Tool") and down["to"] > down["from"]
        b.run(PRESS, "It runs again")
        b.wait("return !document.getElementById('stations').innerText.includes('down: ')", "the line up")


def test_a_report_without_a_connection_waits_and_counts_once(lab):
    with Browser() as b:
        open_page(b, lab)
        task = task_of(lab)["task"]
        b.wait("return document.getElementById('link').textContent === 'live'", "the connection")
        lab.kill()
        b.run(PRESS, "Start")
        b.wait("return document.getElementById('said').innerText.includes('wait until')", "the note that it waits")
        kept = b.run("return JSON.parse(localStorage.getItem('takt-reports'))")
        assert [(r["event"], r["task"]) for r in kept] == [("started", task)]
        lab.start(speed=600, start=None)
        b.wait("return localStorage.getItem('takt-reports') === '[]'", "the report's way")
        wait_until(lambda: task_of(lab)["state"] == "started", what="the start")
        again = {"type": "report", **kept[0]}
        assert post(lab, again)[0] == 200, "the same report is the same"


def test_what_the_plant_refuses_is_said_and_not_sent_again(lab):
    with Browser() as b:
        open_page(b, lab)
        task = task_of(lab)["task"]
        b.run("localStorage.setItem('takt-reports', JSON.stringify([{report_ref: 'r1', event: 'progress', task: arguments[0], good: 99}]))", task)
        b.open("about:blank")
        open_page(b, lab)
        b.wait("return document.getElementById('said').innerText.includes('was refused')", "the refusal")
        assert b.run("return localStorage.getItem('takt-reports')") == "[]"


def test_a_page_without_a_good_token_asks_for_one(lab):
    with Browser() as b:
        b.open(f"http://127.0.0.1:{lab.port}/line/print-1")
        b.wait("return !document.getElementById('enter').hidden", "the question for a token")
        assert b.run("return document.getElementById('main').hidden")
        b.run("document.getElementById('token').value = arguments[0]; document.querySelector('#enter button').click()", PRINTER)
        b.wait("return document.querySelector('#next li[data-task]')", "the tasks")
        b.open(f"http://127.0.0.1:{lab.port}/line/sew-1")
        b.wait("return document.getElementById('alert').innerText.includes(\"does not name line 'sew-1\")", "the refusal")
        b.open(f"http://127.0.0.1:{lab.port}/line/print-1#token={HALL}")
        b.wait("return location.hash === ''", "the token out of the address")


def test_a_list_and_a_traveller_are_printed_with_codes(lab):
    with Browser() as b:
        open_page(b, lab)
        task = task_of(lab)
        b.run("window.print = () => { document.body.dataset.printed = (Number(document.body.dataset.printed) || 0) + 1; }")
        b.run("document.getElementById('print').click()")
        b.wait("return document.body.dataset.printed === '1'", "the list on paper")
        paper = b.run("return document.getElementById('paper').textContent")
        assert task["task"] in paper and "4 × " in paper and "für Mei" in paper
        codes = "return [...document.querySelectorAll('#paper img')].map(i => [i.alt, i.naturalWidth > 0])"
        assert [task["task"], True] in b.run(codes)
        b.run(PRESS, "Traveller")
        b.wait("return document.body.dataset.printed === '2'", "the traveller on paper")
        paper = b.run("return document.getElementById('paper').textContent")
        assert f"{task['lot']}-sew" in paper and "luna/A-1/1/1" in paper and not re.search("NaN|undefined|Invalid", paper)
        assert b.run(codes) == [[task["lot"], True]]


def test_it_speaks_chinese_has_every_word_and_names_every_button(lab):
    with Browser(language="zh-CN", dark=True) as b:
        open_page(b, lab)
        assert text(b, "#h-next") == "接下来" and "开始" in text(b, "#next") and b.run("return document.documentElement.lang") == "zh-CN"
        missing = b.do("execute/async", script="""
            const done = arguments[0];
            import('/line-words.js').then(({words}) => {
              const used = [...document.querySelectorAll('[data-word]')].map(e => e.dataset.word);
              const en = Object.keys(words.en), zh = Object.keys(words.zh);
              done([...used.filter(w => !(w in words.en)), ...en.filter(w => !(w in words.zh)), ...zh.filter(w => !(w in words.en))]);
            });""", args=[])
        assert missing == []
        b.run("document.getElementById('language').click()")
        assert text(b, "#h-next") == "Next"
        unnamed = b.run("return [...document.querySelectorAll('button, input, select')].filter(e => !e.textContent.trim() && "
                        "!e.getAttribute('aria-label') && !e.labels?.length && e.closest('[hidden], dialog:not([open])') === null).map(e => e.outerHTML)")
        assert unnamed == []
        small = b.run("return [...document.querySelectorAll('#main button')].filter(e => e.getBoundingClientRect().height < 44).map(e => e.textContent)")
        assert small == [], "buttons for fingers"
        assert not re.search("NaN|undefined|null|Invalid", b.run("return document.body.innerText"))


def test_who_has_tried_too_many_tokens_is_told_to_wait_and_a_report_waits_as_well(lab):
    with Browser() as b:
        open_page(b, lab)
        for guess in range(9):
            lab.get("/api/floor", "POST", "{}", Authorization=f"Bearer some-token-{guess}")
        b.run(PRESS, "Start")
        b.wait("return document.getElementById('alert').textContent.includes('Too many wrong tokens')", "the word to wait")
        assert len(b.run("return JSON.parse(localStorage.getItem('takt-reports'))")) == 1
        b.wait("return document.querySelector('#running li[data-task]') && localStorage.getItem('takt-reports') === '[]'", "the report to count")
