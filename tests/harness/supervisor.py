"""supervisor - the process that owns one private host

It claims the ports, opens the sockets that outlive their daemons, writes
every configuration, starts the parts, and then carries out stop, start,
kill9, dns and down, one at a time.  Between them it keeps the service's zone
equal to what `sesamectl identity records --service` prints, unless the agent
does by dynamic updates.  It restarts nothing by itself.
"""

import json
import os
import select
import sys
import time
import traceback

from harness import control, env, layout as layouts, ports, sesame, site
from harness.dns import Knot, Unbound
from harness.layout import SERVICE_DOMAIN, HostError
from harness.nginx import Nginx
from harness.outside import Sink, Subscriber
from harness.postfix import Postfix
from harness.process import run, start_time
from harness.sesame import Agent, Gate

READY_SECONDS = 30
POLL_SECONDS = 0.3

# In the order they start.  The host is what a power cut would take: the
# others are the world around it.
PARTS = (Knot, Unbound, Sink, Subscriber, Gate, Agent, Postfix, Nginx)
HOST = ("gate", "agent", "postfix", "nginx")


class Supervisor:
    def __init__(self, layout, placeholders):
        self.layout = layout
        self.placeholders = placeholders
        kinds = site.with_site(PARTS) if layout.options.get("site") else PARTS
        self.parts = {part.name: part(layout) for part in kinds}
        self.zone_seen = None
        self.zone_written = None
        self.is_ending = False

    # --- up and down

    def up(self):
        """Start everything; raises HostError with the reason."""
        for part in self.parts.values():
            if part.program:
                self.layout.program(part.program)
        sesame.write_config(self.layout)
        self.listener = control.listen(self.layout.control)
        for part in self.parts.values():
            part.configure()
        keys = sesame.make_store(self.layout)
        for part in self.parts.values():
            part.start()
            self.write_pids()
        for part in self.parts.values():
            part.wait_ready(READY_SECONDS)
        self.watch_zone()
        env.write(self.layout, keys)

    def down(self):
        """Stop what runs, in the opposite order; the complaints."""
        self.is_ending = True
        complaints = []
        for part in reversed(list(self.parts.values())):
            try:
                if part.is_running():
                    part.stop()
            except HostError as error:
                complaints.append("%s: %s" % (part.name, error))
                if part.is_running():
                    part.kill9()
        return complaints

    def write_pids(self):
        """For a `down` that finds no supervisor."""
        pids = {part.name: (pid, start_time(pid))
                for part in self.parts.values()
                for pid in [part.pid()] if pid}
        pids["supervisor"] = os.getpid(), start_time(os.getpid())
        path = self.layout.path("pids.json")
        with open(path + ".new", "w") as file:
            json.dump(pids, file)
        os.replace(path + ".new", path)

    # --- the verbs of the control socket

    def handle(self, request):
        verb = request.get("verb")
        try:
            if verb == "down":
                return {"complaints": self.down()}
            if verb == "dns":
                return self.put_zone(request["zone"], request["records"],
                                     request.get("lines", ()))
            if verb == "status":
                return {"parts": {part.name: part.pid()
                                  for part in self.parts.values()}}
            if verb in ("start", "stop", "kill9", "restart", "reload"):
                return self.act(verb, request["part"])
        finally:
            self.write_pids()
        raise HostError("unknown verb %r" % verb)

    def put_zone(self, zone, records, lines):
        zone = zone.rstrip(".").lower()
        if zone == SERVICE_DOMAIN:
            raise HostError("zone %s is kept by the host itself" % zone)
        self.parts["knot"].zones.put(zone, records, lines)

    def act(self, verb, name):
        if verb == "kill9" and name == "nginx-worker":
            return self.parts["nginx"].kill9_worker()
        if verb == "kill9" and name == "postlogd":
            return self.parts["postfix"].kill9_child("postlogd")
        names = HOST if name == "host" else (name,)
        if name != "host" and name not in self.parts:
            raise HostError("no such part: %s (parts: %s host; kill9 also: "
                            "nginx-worker postlogd)" % (
                                name, " ".join(self.parts)))
        getattr(self, verb)([self.parts[part] for part in names])

    def start(self, parts):
        for part in parts:
            if not part.is_running():
                part.start()
        for part in parts:
            part.wait_ready(READY_SECONDS)

    def stop(self, parts):
        for part in reversed(parts):
            if part.is_running():
                part.stop()

    def restart(self, parts):
        for part in parts:
            part.restart()
        for part in parts:
            part.wait_ready(READY_SECONDS)

    def reload(self, parts):
        for part in parts:
            part.reload()

    def kill9(self, parts):
        if not any(part.is_running() for part in parts):
            raise HostError("%s: nothing runs" % " ".join(
                part.name for part in parts))
        for part in parts:
            if part.is_running():
                part.kill9()

    # --- the service's zone

    def store_state(self):
        """Changes when the store's file does: nothing else can move it."""
        try:
            return sorted((entry.name, entry.stat().st_mtime_ns)
                          for entry in os.scandir(self.layout.store)
                          if "lock" not in entry.name)
        except OSError:
            return None

    def watch_zone(self):
        """Rewrite the service's zone if its records are others by now."""
        if self.layout.options.get("dns_update"):
            return  # the agent does
        seen = self.store_state()
        if seen is None or seen == self.zone_seen:
            return
        done = run([self.layout.program("sesamectl"), "-c",
                    self.layout.config, "identity", "records", "--service"])
        if done.returncode:
            log("sesamectl identity records --service: %s" %
                done.stdout.strip())
            return
        if done.stdout != self.zone_written:
            self.parts["knot"].zones.put(SERVICE_DOMAIN, done.stdout)
            self.zone_written = done.stdout
        self.zone_seen = seen

    # --- the loop

    def loop(self):
        while not self.is_ending:
            ready, _, _ = select.select([self.listener], [], [], POLL_SECONDS)
            try:
                if ready:
                    connection, _ = self.listener.accept()
                    control.answer(connection, self.handle)
                elif self.parts["knot"].is_running():
                    self.watch_zone()
            except HostError as error:
                log(str(error))
            except Exception:
                log(traceback.format_exc())


def log(text):
    sys.stderr.write("%s %s\n" % (time.strftime("%H:%M:%S"), text))
    sys.stderr.flush()


def main(directory, options, report):
    """The supervisor's whole life; tells `report(text)` how `up` went."""
    layout = supervisor = None
    try:
        options["ports"], placeholders = ports.claim_all(
            site.PORTS if options.get("site") else ())
        layout = layouts.create(directory, options)
        redirect(layout.path("log", "supervisor.log"))
        supervisor = Supervisor(layout, placeholders)
        supervisor.up()
    except Exception as error:
        why = (str(error) if isinstance(error, HostError)
               else traceback.format_exc())
        if supervisor is not None:
            log(why)
            supervisor.down()
        report(why)
        return 1
    try:
        report("")
    except OSError:
        log("nobody waits for this host any more")
        supervisor.down()
        return 1
    log("up")
    supervisor.loop()
    log("down")
    return 0


def redirect(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
