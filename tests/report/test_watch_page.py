"""The page of a running study: it is served to this machine alone, and follows the logs in a browser."""

from __future__ import annotations

import http.client
import json
import time
from html import unescape

import pytest
from browser import Browser

from evorobo import CMAES, Budget, ControlTask, Evolution, Study
from evorobo.errors import SettingsError
from evorobo.report.watch.server import PageServer
from evorobo.study.monitor import StudyMonitor


def ask(server, path, host=None):
    address = server.address[7:-1]
    connection = http.client.HTTPConnection(address, timeout=10)
    connection.request("GET", path, headers={"Host": host or address})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


@pytest.fixture
def monitor(fakes, tmp_path):
    fakes.write_study(tmp_path, "live", {"reach": {"references": {"random": 0}}}, ["ga", "es"])
    for method in ("ga", "es"):
        fakes.write_run(tmp_path / "reach" / method / "seed-0", fakes.learning(0, 0, 1, n_evals=4), "unfinished")
    monitor = StudyMonitor(tmp_path)
    monitor.update()
    return monitor


def test_it_answers_what_is_new_and_only_to_this_machine(monitor):
    with PageServer(monitor) as server:
        assert server.address.startswith("http://127.0.0.1:")
        status, html = ask(server, "/")
        assert status == 200
        assert "connect-src 'self'" in unescape(html)
        status, text = ask(server, "/data.json?version=-1")
        data = json.loads(text)
        assert [len(run["y"]) for method in data["tasks"][0]["methods"].values() for run in method["runs"]] == [5, 5]
        assert data["table"][1][:3] == ["reach", "ga", "0/1"]
        assert json.loads(ask(server, f"/data.json?version={data['version']}")[1]) == {"seconds": data["seconds"]}
        assert json.loads(ask(server, "/replay.json")[1]) == []
        log = monitor.folder / "reach" / "ga" / "seed-0" / "curve.csv"
        log.write_text(log.read_text() + log.read_text().splitlines()[-1] + "\n")
        monitor.update()
        data = json.loads(ask(server, f"/data.json?version={data['version']}")[1])
        assert len(data["tasks"][0]["methods"]["ga"]["runs"][0]["y"]) == 6
        assert ask(server, "/", host="evil.example")[0] == 403
        assert ask(server, "/../study.json")[0] == 404
        with pytest.raises(SettingsError, match="give another one with --port"):
            PageServer(monitor, int(server.address.rpartition(":")[2].strip("/")))


def test_a_log_without_its_columns_is_left_out(monitor):
    (monitor.folder / "reach" / "ga" / "seed-0" / "curve.csv").write_text("a,b\n1,2\n")
    monitor.update()
    with PageServer(monitor) as server:
        data = json.loads(ask(server, "/data.json?version=-1")[1])
    assert list(data["tasks"][0]["methods"]) == ["es"]


@pytest.mark.slow
@pytest.mark.reproduction
def test_the_page_follows_the_logs(tmp_path):
    task = ControlTask("evorobo/Phototaxis-v0", max_steps=30, test_episodes=3, n_demonstrations=2)
    methods = [Evolution(CMAES(population_size=6))]
    study = Study.grid("live", tasks=[task], methods=methods, seeds=2, budget=Budget(flops=3e5, n_evals=4), hidden=(4,))
    folder = study.run(tmp_path).folder
    trial = folder / "phototaxis" / "cma-es" / "seed-0"
    log, result = (trial / "curve.csv").read_text(), (trial / "result.json").read_text()
    (trial / "result.json").unlink()
    (trial / "curve.csv").write_text("".join(log.splitlines(keepends=True)[:3]))
    monitor = StudyMonitor(folder)
    monitor.update()
    with PageServer(monitor) as server, Browser(1280, 800) as browser:
        browser.call("Page.navigate", url=server.address)
        browser.wait("document.querySelectorAll('#curve-charts .single').length === 2")
        browser.wait("document.querySelectorAll('canvas.film').length === 1")
        assert "1 of 2 trials finished" in browser.run("summary.textContent")
        assert "seed 1" in browser.run("stages.textContent")
        points = "document.querySelectorAll('#curve-charts .single')[0].getAttribute('d').split('L').length"
        before = browser.run(points)
        (trial / "curve.csv").write_text(log)
        time.sleep(0.01)
        (trial / "result.json").write_text(result)
        with server.lock:
            monitor.update()
        browser.wait(f"{points} > {before}")
        browser.wait("state.textContent === 'The study has ended.'")
        browser.wait("stages.textContent.includes('seed 0')")
        assert "2 of 2 trials finished" in browser.run("summary.textContent")
        assert browser.complaints == []
        assert all(address.startswith((server.address, "data:")) for address in browser.requests)
