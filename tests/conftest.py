"""Fixtures of the api, mail and e2e tests.

    host        one private host for a whole run, to be shared
    new_host    a function: a host of the test's own, new_host("--quota=10")
    module_host the same, for all tests of a file

A host's directory is below the build directory; it is kept, and named, when
a test that could use it failed.
"""

import os
import sys
import tempfile

import pytest

from harness.host import Host
from harness.layout import build_dir

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(name, None)
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def pytest_configure(config):
    config.addinivalue_line("markers", "long: run by make check-long")
    config.addinivalue_line("markers",
                            "container: run by make check-container")


def bring_up(options):
    parent = os.path.join(build_dir(), "hosts")
    os.makedirs(parent, exist_ok=True)
    return Host.up(tempfile.mkdtemp(prefix="host-", dir=parent), *options)


def take_down(host, failed):
    host.down()
    if failed:
        sys.stderr.write("\nkept: %s\n" % host.dir)
    else:
        host.remove()


@pytest.fixture(scope="session")
def host(request):
    host = bring_up([])
    before = request.session.testsfailed
    yield host
    take_down(host, request.session.testsfailed > before)


@pytest.fixture(scope="module")
def module_host(request):
    """Like new_host, for all tests of a file."""
    hosts = []
    before = request.session.testsfailed

    def make(*options):
        hosts.append(bring_up(options))
        return hosts[-1]

    yield make
    for host in hosts:
        take_down(host, request.session.testsfailed > before)


@pytest.fixture
def new_host(request):
    hosts = []
    before = request.session.testsfailed

    def make(*options):
        hosts.append(bring_up(options))
        return hosts[-1]

    yield make
    report = getattr(request.node, "report_of_call", None)
    failed = (request.session.testsfailed > before or
              report is None or report.failed)
    for host in hosts:
        take_down(host, failed)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report_of_call = outcome.get_result()
