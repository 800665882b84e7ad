"""outside - the sink and the subscriber as parts of a private host"""

import json

from harness.layout import TESTS
from harness.part import Part, expect
from harness.process import environ


class PythonPart(Part):
    """A module of this package, run as a server of its own."""

    arguments = ()

    def env(self):
        return environ(PYTHONPATH=TESTS, PYTHONUNBUFFERED="1")

    def command(self):
        return ["/usr/bin/python3", "-B", "-m", "harness." + self.name,
                str(self.layout.ports[self.name])] + self.arguments, ()


class Sink(PythonPart):
    name = "sink"

    def configure(self):
        control = self.layout.path("etc", "sink.json")
        with open(control, "w") as file:
            json.dump({"8bitmime": not self.layout.options.get("sink_7bit")},
                      file)
        self.arguments = [self.layout.sink, control]

    def probe(self):
        expect(self.layout.ports["sink"], b"220 ")


class Subscriber(PythonPart):
    name = "subscriber"

    def configure(self):
        control = self.layout.path("etc", "subscriber.json")
        with open(control, "w") as file:
            file.write("{}\n")
        self.arguments = [self.layout.events, control]

    def probe(self):
        # A method it does not know: anything else would be kept as an event.
        expect(self.layout.ports["subscriber"], b"HTTP/1.1 501",
               b"BREW / HTTP/1.1\r\n\r\n")
