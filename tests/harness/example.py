"""example - files of conf-examples, which the private host is made from

They are used as they stand, but for the paths, ports and names that a table
puts in the place of theirs.  What a table names must be in the file.
"""

import os

from harness.layout import ROOT, HostError

EXAMPLES = os.path.join(ROOT, "conf-examples")


def path(name):
    return os.path.join(EXAMPLES, name)


def names():
    """All of them, as path() and text() are given them."""
    return sorted(os.path.relpath(os.path.join(folder, name), EXAMPLES)
                  for folder, _, found in os.walk(EXAMPLES) for name in found)


def text(name, *table):
    """What is in a file, with each (old, new) of the table replaced."""
    with open(path(name)) as file:
        found = file.read()
    for old, new in table:
        if old not in found:
            raise HostError("conf-examples/%s does not say %r" % (name, old))
        found = found.replace(old, new)
    return found
