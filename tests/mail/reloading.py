"""reloading - sesame.conf changed under a daemon, and read anew"""

import contextlib
import os
import re

from harness.host import wait

RELOADED = r"reload: configuration and keys are read"


def lines(host, part, pattern):
    return re.findall(pattern, host.log(part))


def wait_line(host, part, pattern, before, seconds=30):
    """Wait for a line more than there were."""
    wait(lambda: lines(host, part, pattern), before + 1, seconds,
         "lines %r" % pattern)


def reload(host, part, answer=RELOADED):
    before = len(lines(host, part, answer))
    host.reload(part)
    wait_line(host, part, answer, before)


def put_key_in_front(host, name):
    """With an id (a letter or digit, drawn) that no key of the file has."""
    path = host.layout.path("keys", name)
    with open(path) as file:
        old = file.read()
    own = min(set("234567") - {line[:1] for line in old.splitlines()})
    with open(path, "w") as file:
        file.write("%s %s\n" % (own, os.urandom(32).hex()) + old)


@contextlib.contextmanager
def config(host, part, *more):
    """Lines added to sesame.conf, until the end of the block; the number of
    the first."""
    with open(host.layout.config) as file:
        old = file.read()
    names = [line.partition("=")[0].strip() for line in more]
    kept = [line for line in old.splitlines()
            if line.partition("=")[0].strip() not in names]

    def write(text):
        with open(host.layout.config + ".new", "w") as file:
            file.write(text)
        os.rename(host.layout.config + ".new", host.layout.config)

    write("\n".join(kept + list(more)) + "\n")
    try:
        yield len(kept) + 1
    finally:
        write(old)
        reload(host, part)
