"""host - a private host as a test holds it

    host = Host.up(directory, "--quota", "10")
    host.verify_domain("example.com")
    host.ses().send_email(...)
    host.settle()
    host.mail(to="ann@example.net")[0].is_signed_by("example.com")
    host.down()

Outside clients only: boto3, the AWS CLI, swaks, dkimpy.
"""

import collections
import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import time

import boto3
import botocore.config
import dkim
import dns.exception
import dns.resolver

from harness import env as environment
from harness import layout as layouts
from harness import process
from harness.layout import TESTS

MAILHOST = os.path.join(TESTS, "mailhost")

Swaks = collections.namedtuple("Swaks", "code reply queue_id output")
Swaks.__doc__ = """What the server said last to one message: its code (0 if
the conversation broke off), the line, the queue id if it was accepted."""


class Failure(AssertionError):
    """Something of the host did not do what a test takes for granted."""


class Mail:
    """One message as the sink got it."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        with open(path[:-len(".eml")] + ".json") as file:
            self.envelope = json.load(file)
        self.path = path
        self.mail_from = self.envelope["mail_from"]
        self.rcpt_tos = self.envelope["rcpt_tos"]

    @property
    def message(self):
        return email.message_from_bytes(self.bytes,
                                        policy=email.policy.default)

    def header(self, name):
        value = self.message[name]
        return None if value is None else str(value)

    def head(self):
        return self.bytes.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")


class Host:
    def __init__(self, directory):
        self.dir = os.path.abspath(directory)
        self.env = environment.read(self.dir)
        self.layout = layouts.find(self.dir)
        self.session = boto3.session.Session()  # one: one set of exceptions

    @classmethod
    def up(cls, directory, *options):
        mailhost("up", directory, *options)
        return cls(directory)

    def down(self):
        mailhost("down", self.dir)

    def remove(self):
        """After down: the files too."""
        layouts.discard(self.dir)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- the host itself

    def settle(self, seconds=60):
        mailhost("settle", self.dir, str(seconds), seconds=seconds + 60)

    def stop(self, part):
        mailhost("stop", self.dir, part)

    def start(self, part):
        mailhost("start", self.dir, part)

    def kill9(self, part):
        mailhost("kill9", self.dir, part)

    def restart(self, part):
        """SIGTERM, and start again at once, though the last process may
        still serve what it has."""
        mailhost("restart", self.dir, part)

    def reload(self, part):
        """SIGHUP.  The part's log says what came of it."""
        mailhost("reload", self.dir, part)

    def set_clock(self, part, offset):
        """Set the wall clock of gate or agent off by "+600s" or "-60s".  It
        obeys at once, if it was started after the first call."""
        write_over(self.layout.clock(part), offset + "\n")

    def set_steady(self, part, seconds):
        """Have its steady clock, which nobody can set, so much ahead of the
        machine's.  Obeyed if it was started after the first set_clock."""
        write_over(process.steady(self.layout.clock(part)), "%d\n" % seconds)

    def log(self, part):
        with open(self.layout.path("log", part + ".log"),
                  errors="replace") as file:
            return file.read()

    def dns(self, zone, records, *lines):
        """Add or replace a zone; lines are for Knot's configuration."""
        mailhost("dns", self.dir, zone, *lines, input=records)

    def set_sink(self, **settings):
        """Settings of the sink from its next EHLO on: 8bitmime=False."""
        self.put_control("sink.json", settings)

    def set_subscriber(self, table):
        """How paths are answered from now on, e.g. {"/a": {"status": 500}}."""
        self.put_control("subscriber.json", table)

    def put_control(self, name, value):
        path = self.layout.path("etc", name)
        with open(path + ".new", "w") as file:
            json.dump(value, file)
        os.replace(path + ".new", path)

    # --- clients

    def run(self, *command, **keywords):
        """A command in the environment of DIR/env; its CompletedProcess."""
        keywords.setdefault("timeout", 120)
        if "input" not in keywords:
            keywords["stdin"] = subprocess.DEVNULL
        return subprocess.run(
            [str(word) for word in command], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, **self.env), **keywords)

    def sesamectl(self, *words, check=True):
        """Its output; with "--json" among the words, parsed."""
        done = self.run(self.env["SESAMECTL"], *words)
        if check and done.returncode:
            raise Failure("sesamectl %s: exit status %d: %s%s" % (
                " ".join(map(str, words)), done.returncode, done.stdout,
                done.stderr))
        return json.loads(done.stdout) if "--json" in words else done.stdout

    def client(self, service, key=None, endpoint=None, **config):
        """A boto3 client: of our own key, or (access key id, secret), or
        these and a session token."""
        access, secret, *token = key or (self.env["AWS_ACCESS_KEY_ID"],
                                         self.env["AWS_SECRET_ACCESS_KEY"])
        return self.session.client(
            service, endpoint_url=endpoint or self.env["SESAME_ENDPOINT"],
            region_name=self.env["SESAME_REGION"], aws_access_key_id=access,
            aws_secret_access_key=secret,
            aws_session_token=token[0] if token else None,
            config=botocore.config.Config(**config))

    def ses(self, key=None, **config):
        return self.client("sesv2", key, **config)

    def sns(self, key=None, **config):
        return self.client("sns", key, **config)

    def aws(self, *words, **keywords):
        """The AWS CLI; its CompletedProcess."""
        return self.run("/usr/bin/aws", "--endpoint-url",
                        self.env["SESAME_ENDPOINT"], "--no-cli-pager",
                        "--output", "json", *words, **keywords)

    def swaks(self, sender, to, *options, headers=(), body="Hello\n",
              service="smtp", user=None, password=None):
        """Send one message by swaks; a Swaks tuple.

        `service` is smtp (with STARTTLS and our credentials), inject or
        inbound."""
        recipients = to if isinstance(to, str) else ",".join(to)
        command = ["swaks", "--server", self.env["SESAME_" + service.upper()],
                   "--helo", "client.example", "--from", sender,
                   "--to", recipients, "--body", body]
        if service == "smtp":
            command += ["-tls", "--auth", "PLAIN", "--auth-user",
                        user or self.env["SESAME_SMTP_USER"],
                        "--auth-password",
                        password or self.env["SESAME_SMTP_PASSWORD"]]
        for line in headers:
            command += ["--header", line]
        done = self.run(*command, *options)
        # Replies begin "<-  ", "<~  " under TLS, "<** " or "<~* " if bad.
        replies = re.findall(r"^<[-~*][ *]{2} ?(\d{3} .*)$", done.stdout,
                             re.M)
        replies = [line for line in replies if not line.startswith("221 ")]
        last = replies[-1] if replies else ""
        queued = re.search(r"queued as (\S+)", last)
        return Swaks(int(last[:3] or 0), last,
                     queued.group(1) if queued else None,
                     done.stdout + done.stderr)

    # --- what came out

    def mail(self, to=None, subject=None):
        """The sink's messages, oldest first, of a recipient or subject."""
        folder = self.env["SESAME_SINK"]
        found = [Mail(os.path.join(folder, name))
                 for name in sorted(os.listdir(folder))
                 if name.endswith(".eml")]
        return [mail for mail in found
                if (to is None or to in mail.rcpt_tos) and
                (subject is None or mail.header("Subject") == subject)]

    def wait_mail(self, to=None, subject=None, count=1, seconds=20):
        return wait(lambda: self.mail(to, subject), count, seconds,
                    "mail for %s" % (to or subject or "anybody"))

    def dkim_domains(self, mail):
        """The d= of every signature that dkimpy verifies, keys by DNS."""
        found = []
        checker = dkim.DKIM(mail.bytes)
        count = len([name for name, _ in checker.headers
                     if name.lower() == b"dkim-signature"])
        for index in range(count):
            checker = dkim.DKIM(mail.bytes)
            try:
                good = checker.verify(idx=index, dnsfunc=self.dkim_key)
            except dkim.DKIMException:
                good = False
            if good:
                found.append(checker.domain.decode())
        return found

    def resolver(self):
        host, _, port = self.env["SESAME_DNS"].partition(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [host], int(port)
        resolver.lifetime = 5
        return resolver

    def dkim_key(self, name, timeout=5):
        """dkimpy's look-up: a TXT record as bytes, b"" if there is none."""
        try:
            answer = self.resolver().resolve(name.decode().rstrip("."), "TXT")
        except dns.exception.DNSException:
            return b""
        return b"".join(next(iter(answer)).strings)

    def requests(self, path=None):
        """What the subscriber got, oldest first."""
        folder = self.env["SESAME_EVENTS"]
        found = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name)) as file:
                    found.append(json.load(file))
        return [request for request in found
                if path is None or request["path"].startswith(path)]

    def events(self, message_id=None, kind=None, path=None):
        """The SES events among them that were answered 200."""
        found = [request["message"] for request in self.requests(path)
                 if isinstance(request["message"], dict) and
                 "eventType" in request["message"] and
                 request["answer"] == 200]
        return [event for event in found
                if (message_id is None or
                    event["mail"]["messageId"] == message_id) and
                (kind is None or event["eventType"] == kind)]

    def wait_events(self, message_id=None, kind=None, count=1, seconds=30):
        return wait(lambda: self.events(message_id, kind), count, seconds,
                    "%s events of %s" % (kind or "any", message_id))

    # --- common beginnings

    def publish_dns(self, domain, records="", account=None):
        """Put the domain's DKIM records (and more) into its zone."""
        words = ["--account", account] if account else []
        zone = self.sesamectl("identity", "records", domain, "--zone", *words)
        self.dns(domain, zone + records)

    def verify_domain(self, domain, ses=None, account=None):
        """Create a domain identity, publish its records, have it verified."""
        (ses or self.ses()).create_email_identity(EmailIdentity=domain)
        self.publish_dns(domain, account=account)
        words = ["--account", account] if account else []
        self.sesamectl("identity", "verify", domain, "--timeout", "30",
                       *words)

    def subscribe(self, config_set, kinds=("SEND", "DELIVERY", "BOUNCE"),
                  path="/", name="events", key=None):
        """A configuration set whose events reach the subscriber at `path`.

        Returns (topic, subscription) once the subscription is confirmed."""
        ses, sns = self.ses(key), self.sns(key)
        known = [item for item in ses.list_configuration_sets()
                 ["ConfigurationSets"] if item == config_set]
        if not known:
            ses.create_configuration_set(ConfigurationSetName=config_set)
        topic = sns.create_topic(Name="%s-%s" % (config_set, name))["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http",
                      Endpoint=self.env["SESAME_SUBSCRIBER"] + path)
        found = wait(lambda: [
            item["SubscriptionArn"] for item in
            sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
            if item["SubscriptionArn"].startswith("arn:")], 1, 20,
            "confirmation of the subscription")
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=config_set, EventDestinationName=name,
            EventDestination={"Enabled": True,
                              "MatchingEventTypes": list(kinds),
                              "SnsDestination": {"TopicArn": topic}})
        return topic, found[0]


def write_over(path, text):
    """In one step, for a reader that is another user."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.chmod(path + ".new", 0o644)
    os.replace(path + ".new", path)


def mailhost(*words, seconds=180, **keywords):
    if "input" not in keywords:
        keywords["stdin"] = subprocess.DEVNULL
    done = subprocess.run([MAILHOST] + list(words), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=seconds, **keywords)
    if done.returncode:
        raise Failure(done.stdout.strip())


def wait(look, count, seconds, what):
    """Look again and again until there are `count` or more."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if len(found) >= count:
            return found
        if time.monotonic() > end:
            raise Failure("%d of %d %s after %g s" % (len(found), count, what,
                                                      seconds))
        time.sleep(0.05)
