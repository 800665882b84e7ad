"""load - clients that send many messages at once and do not retry

    load = Load(host, "example.com", count=300)
    load.run(during=lambda: host.kill9("gate"))
    load.good     what was answered with success: [Sent]
    load.bad      what was not: [(recipients, error)]
"""

import collections
import itertools
import queue
import smtplib
import ssl
import threading
import time

from harness.host import wait

Sent = collections.namedtuple("Sent", "message_id recipients subject how")


class Load:
    def __init__(self, host, domain, count=300, clients=8, bounce_every=10,
                 config_set=None, how=("api", "smtp")):
        self.host, self.domain = host, domain
        self.config_set = config_set
        self.clients = clients
        self.how = how
        self.good, self.bad = [], []
        self.tried = set()  # how the refused ones were sent
        self.lock = threading.Lock()
        self.todo = queue.Queue()
        for number in range(count):
            local = ("reply-550-5.1.1-%d" if number % bounce_every == 0
                     else "user-%d") % number
            self.todo.put(("load %d" % number,
                           ["%s@rcpt.example" % local,
                            "second-%d@rcpt.example" % number]
                           if number % 7 == 0 else
                           ["%s@rcpt.example" % local]))
        self.count = count

    def run(self, during=None, at=0.33, seconds=180):
        """Send everything; `during` is called once a third is answered."""
        threads = [threading.Thread(target=self.client, args=(how,),
                                    daemon=True)
                   for how in itertools.islice(itertools.cycle(self.how),
                                               self.clients)]
        for thread in threads:
            thread.start()
        if during:
            wait(lambda: range(self.answered()), int(self.count * at), seconds,
                 "answers")
            during()
        end = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0, end - time.monotonic()))
            assert not thread.is_alive(), "a client hangs"

    def answered(self):
        with self.lock:
            return len(self.good) + len(self.bad)

    def client(self, how):
        send = {"api": ApiClient, "smtp": SmtpClient}[how](self)
        while True:
            try:
                subject, recipients = self.todo.get_nowait()
            except queue.Empty:
                return
            try:
                message_id = send(subject, recipients)
            except Exception as error:
                with self.lock:
                    self.bad.append((recipients, error))
                    self.tried.add(how)
                time.sleep(0.1)
                continue
            with self.lock:
                self.good.append(Sent(message_id, recipients, subject, how))

    def text(self, subject, recipients):
        return ("From: sender@%s\r\nTo: %s\r\nSubject: %s\r\n%s\r\n"
                "Hello\r\n" % (
                    self.domain, ", ".join(recipients), subject,
                    "X-SES-CONFIGURATION-SET: %s\r\n" % self.config_set
                    if self.config_set else ""))


class Stream(Load):
    """Clients that send until they are told that it is enough."""

    def __init__(self, host, domain, config_set, tag=""):
        super().__init__(host, domain, count=0, config_set=config_set)
        self.todo, self.enough = self, threading.Event()
        self.number, self.tag = 0, tag

    def get_nowait(self):
        if self.enough.is_set():
            raise queue.Empty
        with self.lock:
            self.number += 1
            number = self.number
        return ("load %d" % number,
                [("reply-550-5.1.1-%s%d@rcpt.example" if number % 10 == 0 else
                  "user-%s%d@rcpt.example") % (self.tag, number)])

    def more(self, count=20):
        """Wait for some more answers."""
        before = self.answered()
        wait(lambda: range(self.answered() - before), count, 60, "answers")

    def run_during(self, stir):
        def during():
            try:
                stir()
            finally:
                self.enough.set()
        self.run(during)


class ApiClient:
    def __init__(self, load):
        self.load = load
        self.ses = load.host.ses(retries={"total_max_attempts": 1},
                                 read_timeout=90)

    def __call__(self, subject, recipients):
        more = {}
        if self.load.config_set:
            more["ConfigurationSetName"] = self.load.config_set
        return self.ses.send_email(
            FromEmailAddress="sender@" + self.load.domain,
            Destination={"ToAddresses": recipients},
            Content={"Simple": {"Subject": {"Data": subject},
                                "Body": {"Text": {"Data": "Hello"}}}},
            **more)["MessageId"]


class SmtpClient:
    """One connection, opened anew after an error."""

    def __init__(self, load):
        self.load, self.env = load, load.host.env
        self.smtp = None

    def connect(self):
        host, _, port = self.env["SESAME_SMTP"].partition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        smtp = smtplib.SMTP(host, int(port), "client.example", timeout=90)
        smtp.starttls(context=context)
        smtp.login(self.env["SESAME_SMTP_USER"],
                   self.env["SESAME_SMTP_PASSWORD"])
        return smtp

    def __call__(self, subject, recipients):
        try:
            if self.smtp is None:
                self.smtp = self.connect()
            smtp = self.smtp
            check(smtp.mail("sender@" + self.load.domain), 250)
            for recipient in recipients:
                check(smtp.rcpt(recipient), 250)
            code, reply = smtp.data(self.load.text(subject, recipients))
            check((code, reply), 250)
        except Exception:
            if self.smtp is not None:
                self.smtp.close()
            self.smtp = None
            raise
        queue_id = reply.decode().rpartition("queued as ")[2].strip()
        return message_id_of(self.load.host, queue_id)


def check(answer, want):
    code, reply = answer
    if code != want:
        raise smtplib.SMTPResponseException(code, reply)


def message_id_of(host, queue_id):
    return host.sesamectl("id", queue_id).split()[-1]
