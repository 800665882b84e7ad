"""make run: every step seen, a failing one told, Ctrl-C ends its own alone"""

import os
import re
import signal
import subprocess
import time

from harness.layout import TESTS, build_dir

RUN = [os.path.join(TESTS, "run"), "--build", build_dir()]


def test_once():
    done = subprocess.run(RUN + ["--once"], text=True, timeout=200,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    steps = re.findall(r"(?m)^ *(\d+)  .* ok$", done.stdout)
    assert len(steps) == 13
    assert done.stdout.rstrip().endswith("all 13 steps worked")


def test_a_step_that_fails(tmp_path):
    """Without swaks: the step is named, and the exit status is 1."""
    fake = tmp_path / "swaks"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    done = subprocess.run(
        RUN + ["--once"], text=True, timeout=200, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, PATH="%s:%s" % (tmp_path, os.environ["PATH"])))
    assert done.returncode == 1, done.stdout
    assert re.search(r"steps did not work:\n +\d+ swaks sends", done.stdout)
    kept = re.search(r"its files are kept in (\S+)", done.stdout).group(1)
    subprocess.run([os.path.join(TESTS, "mailhost"), "remove", kept],
                   check=True, stdin=subprocess.DEVNULL)


def test_until_interrupted(host, tmp_path):
    """It tells how to use it, stays, and takes nothing else with it."""
    with open(tmp_path / "out", "w") as out:
        running = subprocess.Popen(RUN, stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=subprocess.STDOUT)
    end = time.monotonic() + 150
    while "AKIA" not in (tmp_path / "out").read_text():
        assert running.poll() is None and time.monotonic() < end, \
            (tmp_path / "out").read_text()
        time.sleep(0.2)
    time.sleep(1)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 0, (tmp_path / "out").read_text()
    assert host.ses().get_account()["SendingEnabled"] is True
    left = subprocess.run(["pgrep", "-f", build_dir() + "/run"], text=True,
                          stdout=subprocess.PIPE).stdout.split()
    assert not left
