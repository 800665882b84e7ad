"""Every block of commands and code in README, in README's order

They are run as they stand, but for what a small table of each test replaces:
the endpoint, keys, paths.  Two things stand for the reader's machine: `root`,
a directory where Sesame is installed as into an empty system, and `host`, a
private host with a Postfix, DNS and a mail sink.  What needs a running
systemd is left out by name.
"""

import json
import os
import random
import re
import shutil
import subprocess

import boto3
import pytest

from harness import example, ports
from harness.host import wait
from harness.layout import ROOT, build_dir

ENDPOINT = "https://email.example.net"
ACCOUNT = "123456789012"
OTHER = "210987654321"  # whose suppression list is taken along
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "ses:Send*", "Resource": "*"}]}


def read(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def blocks(text):
    """Its code blocks, fenced or indented, in order."""
    found = []
    for fenced, indented in re.findall(
            r"(?ms)^ *```\w*\n(.*?)^ *```$|\n\n((?: {4}[^\n]*\n| *\n)+)",
            text):
        block = fenced or re.sub(r"(?m)^ {4}", "", indented)
        indent = re.match(r" *", block).group(0)
        found.append(re.sub("(?m)^" + indent, "", block).strip("\n") + "\n")
    return found


README = read("README.md")
# The picture and the tree are no code.
BLOCKS = blocks(README[:README.index("\n## What happens to a message")])
MODULE_BLOCKS = blocks(read("nginx-module", "README.md"))


def replaced(text, *table):
    for old, new in table:
        assert old in text, old
        text = text.replace(old, str(new))
    return text


class Reader:
    """Who does what README says."""

    def __init__(self, host, root):
        self.host, self.root = host, root
        self.config = root / "etc/sesame/sesame.conf"

    def sh(self, text, ok=(0,), **variables):
        """A block as a script, with sesamectl the host's; what it said."""
        path = "%s:/usr/sbin:/usr/bin:/sbin:/bin" % self.host.dir
        done = subprocess.run(
            ["/bin/bash", "-e", "-c", text], text=True, timeout=200,
            env=dict(os.environ, **dict(self.host.env, PATH=path,
                                        **variables)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.root)
        assert done.returncode in ok, text + done.stdout + done.stderr
        return done.stdout

    def code(self, text, *table):
        """The same for a program of boto3."""
        script = self.root / "program.py"
        script.write_text(replaced(text, *table))
        return self.sh("/usr/bin/python3 " + str(script))

    def arrived(self):
        return len(self.host.mail(to="ann@example.org"))

    def signed(self, before):
        """One message more came, signed by its domain."""
        mail = self.host.wait_mail(to="ann@example.org", count=before + 1)[-1]
        assert self.host.dkim_domains(mail) == ["example.com"]
        return mail


@pytest.fixture(scope="module")
def reader(module_host, tmp_path_factory):
    """An empty system that has a Postfix's group and Debian's nginx.conf."""
    host = module_host()
    root = tmp_path_factory.mktemp("root")
    root.chmod(0o755)
    for folder in ("etc/nginx", "var/backups"):
        (root / folder).mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\npostfix:x:120:\n")
    for name in ("modules-enabled", "conf.d", "sites-enabled"):
        (root / "etc/nginx" / name).mkdir()
    for name in ("nginx.conf", "mime.types"):
        shutil.copy("/etc/nginx/" + name, root / "etc/nginx")
    return Reader(host, root)


# --- try it ------------------------------------------------------------------

def targets(reader, block):
    """tests/e2e/test_run.py runs the first, the second runs this."""
    for target in re.findall(r"(?m)^make (\w+)", block):
        reader.sh("make -n -C %s %s > /dev/null" % (ROOT, target))


def mailhost(reader, block):
    up, source, down = replaced(
        block, ("/tmp/host", reader.root / "host"),
        ("tests/mailhost", ROOT + "/tests/mailhost")).splitlines()
    said = reader.sh("\n".join((
        up, source, "ls $SESAME_SINK $SESAME_EVENTS",
        "%s/host/sesamectl account list" % reader.root, down)),
        SESAME_BUILD=build_dir())
    assert ACCOUNT in said


# --- on your own server ------------------------------------------------------

def install(reader, block):
    root = reader.root
    reader.sh(replaced(block, ("make install", "make -s -C %s B=%s DESTDIR=%s "
                               "install" % (ROOT, build_dir(), root)),
                       ("systemd-sysusers", "systemd-sysusers --root=%s" %
                        root),
                       ("systemd-tmpfiles", "systemd-tmpfiles --root=%s" %
                        root)))
    assert "sesame-gate:" in (root / "etc/passwd").read_text()
    assert (root / "etc/sesame").is_dir()
    assert os.access(root / "usr/sbin/sesamectl", os.X_OK)


def configure(reader, block):
    root = reader.root
    reader.sh(replaced(block, ("/usr/share", root / "usr/share"),
                       ("/etc/sesame", root / "etc/sesame")))
    text = reader.config.read_text()
    for name, path in (("store", "var/lib/sesame"),
                       ("key_directory", "etc/sesame/keys")):
        text = replaced(text, ("#%s = /%s\n" % (name, path), "%s = %s/%s\n" % (
            name, root, path)))
    reader.config.write_text(replaced(text, ("#map_size = 64g",
                                             "map_size = 64m")))


def init(reader, block):
    """With the program and the file that the blocks before put there."""
    said = reader.sh(replaced(block, ("sesamectl", "%s/usr/sbin/sesamectl -c "
                                      "%s" % (reader.root, reader.config))))
    for name in ("access_key_id", "secret_access_key", "smtp_password"):
        assert re.search(r"(?m)^%s = \S{20,}$" % name, said), said


def on_the_host(reader, block):
    return reader.sh(block)


def production(reader, block):
    host = reader.host
    reader.sh(block)
    shown = host.sesamectl("account", "show", ACCOUNT, "--json")
    assert (shown["production"], shown["max24"], shown["rate"]) == (
        True, 50000, 14)
    host.sesamectl("quota", "set", ACCOUNT, "--max24", "-1", "--rate", "-1")


def join_postfix(reader, block):
    """The host's has them all; tests/mail/test_postfix_apply.py begins with a
    plain one."""
    said = reader.sh(replaced(block, ("--apply", "--apply --yes")))
    assert said == "Nothing to add: every line is there.\n" * 2


def daemons(reader, block):
    """Units are enabled as in a system that is not running."""
    said = reader.sh(replaced(
        block, ("systemctl daemon-reload\n", ""),
        ("systemctl enable --now", "systemctl --root=%s enable" %
         reader.root),
        ("postfix reload", "postfix -c $SESAME_POSTFIX_CONFIG reload")))
    assert not said
    wanted = os.listdir(reader.root / "etc/systemd/system/sockets.target.wants")
    assert sorted(wanted) == ["sesame-agent.socket", "sesame-milter.socket"]
    wanted = os.listdir(
        reader.root / "etc/systemd/system/multi-user.target.wants")
    assert sorted(wanted) == ["sesame-agent.service", "sesame-milter.service"]


def nginx_files(reader, block):
    root = reader.root
    reader.sh(replaced(block, ("/usr/share", root / "usr/share"),
                       ("/etc/nginx", root / "etc/nginx")))
    assert re.search(r"(?m)^user www-data sesame;$",
                     (root / "etc/nginx/nginx.conf").read_text())


def nginx_serves(reader, block):
    """The files that are in place now, on another port; a client by TLS."""
    host, etc = reader.host, reader.root / "etc/nginx"
    holder = None
    while holder is None:
        port = random.randrange(ports.LOW, ports.HIGH)
        holder = ports.claim(port)
    certificate = host.env["SESAME_POSTFIX_CONFIG"] + "/cert.pem"
    conf = etc / "conf.d/sesame.conf"
    conf.write_text(replaced(
        conf.read_text(), ("/etc/sesame/sesame.conf",
                           host.env["SESAME_CONFIG"]),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 443 ", "listen 127.0.0.1:%d " % port),
        ("/etc/ssl/certs/email.example.net.pem", certificate),
        ("/etc/ssl/private/email.example.net.key",
         host.env["SESAME_POSTFIX_CONFIG"] + "/key.pem")))
    module = etc / "modules-enabled/50-mod-http-sesame.conf"
    module.write_text(replaced(
        module.read_text(), ("modules/ngx_http_sesame_module.so", "%s/usr/lib/"
                             "nginx/modules/ngx_http_sesame_module.so" %
                             reader.root)))
    conf = etc / "nginx.conf"
    conf.write_text(replaced(
        conf.read_text(), ("/etc/nginx/", "%s/" % etc),
        ("/run/nginx.pid", reader.root / "nginx.pid"),
        ("/var/log/nginx/", "%s/" % reader.root)))
    start = "nginx -p %s -c %s -e %s/error.log" % (reader.root, conf,
                                                   reader.root)
    reader.sh(replaced(block, ("nginx -t", start + " -t"),
                       ("systemctl reload nginx", start)))
    holder.close()
    try:
        client = boto3.client(
            "sesv2", endpoint_url="https://127.0.0.1:%d" % port,
            region_name=host.env["SESAME_REGION"], verify=certificate,
            aws_access_key_id=host.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=host.env["AWS_SECRET_ACCESS_KEY"])
        assert client.get_account()["SendingEnabled"]
    finally:
        reader.sh(start + " -s stop")


def dns(reader, block):
    assert re.search(r"(?m)^ses\.sesame\.test\. IN SOA ", reader.sh(block))


def add_identity(reader, block):
    said = reader.sh(block)
    records = re.findall(r"(?m)^\S+\._domainkey\.example\.com\. .*$", said)
    assert len(records) == 3
    reader.host.dns("example.com", "\n".join(records) + "\n")


def check(reader, block):
    """It may find something on a private host, but says what and what to
    do."""
    for line in block.splitlines():
        said = reader.sh(line, ok=(0, 1))
        assert re.search(r"Nothing found|\d findings?\.|DKIM", said), said


# --- sending -----------------------------------------------------------------

def send_boto3(reader, block):
    before = reader.arrived()
    reader.code(block, (ENDPOINT, reader.host.env["SESAME_ENDPOINT"]))
    reader.signed(before)


def send_cli(reader, block):
    before = reader.arrived()
    reader.sh(replaced(block, (ENDPOINT, reader.host.env["SESAME_ENDPOINT"])))
    reader.signed(before)


def send_javascript(reader, block):
    before = reader.arrived()
    script = reader.root / "send.mjs"
    script.write_text(replaced(block, (ENDPOINT,
                                       reader.host.env["SESAME_ENDPOINT"])))
    subprocess.run(["make", "-s", "-C", ROOT, "B=" + build_dir(), "js"],
                   check=True, stdout=subprocess.DEVNULL)
    os.symlink(os.path.join(build_dir(), "js", "node18", "node_modules"),
               reader.root / "node_modules")
    reader.sh("%s %s" % (shutil.which("node"), script))
    reader.signed(before)


def send_swaks(reader, block):
    before, env = reader.arrived(), reader.host.env
    reader.sh(replaced(block, ("email.example.net:587", env["SESAME_SMTP"]),
                       ("AKIA...", env["SESAME_SMTP_USER"]),
                       ("--auth-password ...", "--auth-password '%s'" %
                        env["SESAME_SMTP_PASSWORD"])))
    reader.signed(before)


def events(reader, block):
    host = reader.host
    reader.sh(replaced(
        block, (ENDPOINT, host.env["SESAME_ENDPOINT"]),
        ("--protocol https", "--protocol http"),
        ("https://app.example.com", host.env["SESAME_SUBSCRIBER"])))
    arn = "arn:aws:sns:us-east-1:%s:mail" % ACCOUNT
    wait(lambda: [item for item in host.sns().list_subscriptions_by_topic(
        TopicArn=arn)["Subscriptions"] if item["SubscriptionArn"] !=
        "PendingConfirmation"], 1, 30, "a confirmed subscription")
    sent = host.ses().send_email(
        FromEmailAddress="shop@example.com", ConfigurationSetName="shop",
        Destination={"ToAddresses": ["ann@example.org"]},
        Content={"Simple": {"Subject": {"Data": "Hello"},
                            "Body": {"Text": {"Data": "Hello"}}}})
    host.wait_events(sent["MessageId"], "Send")
    host.wait_events(sent["MessageId"], "Delivery")
    assert {request["path"] for request in host.requests("/hook")} == {"/hook"}


def events_shown(reader, block):
    said = reader.sh(block)
    assert "Delivery" in said and "events_end = " in said


# --- who may send, and running it -------------------------------------------

def iam(reader, block):
    (reader.root / "policy.json").write_text(json.dumps(POLICY))
    said = reader.sh(block)
    assert "allow" in said.lower()


def feature(reader, block):
    """The host has it; tests/mail/test_postfix_apply.py begins without."""
    assert reader.sh(block) == "Nothing to add: every line is there.\n"


def bind(reader, block):
    config = reader.root / "bind.conf"
    config.write_text(reader.config.read_text() + block)
    said = reader.sh("%s/sesamectl -c %s config" % (build_dir(), config))
    assert re.findall(r"(?m)^bind = .*\n", said) == re.findall(
        r"(?m)^bind = .*\n", block)


def address(reader, block):
    assert "203.0.113.11" in reader.sh(block)
    reader.host.sesamectl("address", "delete", ACCOUNT, "203.0.113.11")


def backup(reader, block):
    reader.sh(replaced(block, ("/var/backups", reader.root / "var/backups")))
    assert (reader.root / "var/backups/sesame/data.mdb").stat().st_size > 0


def upgrade(reader, block):
    """The units are those of step 4; here the parts are the host's."""
    for name in re.findall(r"sesame-\w+", block):
        assert (reader.root / "usr/lib/systemd/system" /
                (name + ".service")).exists()
    reader.sh(re.sub(r"(?m)^systemctl .*\n", "", block))
    for part in ("gate", "agent", "nginx"):
        reader.host.restart(part)


# --- moving ------------------------------------------------------------------

def suppression_list(reader, block):
    """Another account stands for Amazon."""
    host = reader.host
    host.sesamectl("account", "add", OTHER)
    key = host.sesamectl("key", "add", OTHER, "--json")
    for number in range(3):
        host.sesamectl("suppression", "put", OTHER, "old%d@rcpt.example" %
                       number, "COMPLAINT" if number else "BOUNCE")
    reader.code(
        block, ("PageSize=1000", "PageSize=2"),
        (ENDPOINT, host.env["SESAME_ENDPOINT"]),
        ('boto3.Session(profile_name="amazon").client("sesv2")',
         'boto3.client("sesv2", endpoint_url="%s", aws_access_key_id="%s", '
         'aws_secret_access_key="%s")' % (
             host.env["SESAME_ENDPOINT"], key["access_key_id"],
             key["secret_access_key"])))
    there = host.sesamectl("suppression", "list", ACCOUNT)
    for number in range(3):
        line, = re.findall(r"(?m)^old%d@.*$" % number, there)
        assert ("COMPLAINT" if number else "BOUNCE") in line


def coverage(reader, block):
    said = reader.sh(block)
    text = README[README.index("\n## What is not there yet"):]
    for words, row in (("templates", r"v2 +CreateEmailTemplate +no"),
                       ("bulk sending", r"v2 +SendBulkEmail +no"),
                       ("receipt rules", r"v1 +CreateReceiptRule +no"),
                       ("unsubscribe", r"v2 +SendEmail .*ListManagement"),
                       ("tracking", r"v2 +CreateConfigurationSet .*Tracking"),
                       ("tenants", r"v2 +CreateTenant +no"),
                       ("exports", r"v2 +CreateExportJob +no"),
                       ("other than SNS",
                        r"v2 +CreateConfigurationSetEventDestination .*Fire")):
        assert words in text.replace("\n", " "), words
        assert re.search("(?m)^" + row, said), words


RUN = {
    "make run ": targets,
    "tests/mailhost up": mailhost,
    "make install": install,
    "cp /usr/share/doc/sesame/examples/sesame.conf": configure,
    "sesamectl init": init,
    "sesamectl production grant": production,
    "sesamectl postfix --show --feature all": join_postfix,
    "systemctl daemon-reload": daemons,
    "cp /usr/share/doc/sesame/examples/nginx/50": nginx_files,
    "nginx -t": nginx_serves,
    "sesamectl dns": dns,
    "sesamectl identity add": add_identity,
    "sesamectl identity verify": on_the_host,
    "sesamectl check": check,
    "import boto3\n\nses =": send_boto3,
    "aws sesv2 send-email": send_cli,
    "import {": send_javascript,
    "swaks ": send_swaks,
    "api() {": events,
    "sesamectl events": events_shown,
    "sesamectl iam user add": iam,
    "bind = ": bind,
    "sesamectl identity rotate": on_the_host,
    "sesamectl gate-key rotate": on_the_host,
    "sesamectl postfix --show --feature mail-from": feature,
    "sesamectl address add": address,
    "sesamectl backup": backup,
    "sesamectl key files": upgrade,
    "import boto3\n\nold =": suppression_list,
    "sesamectl coverage": coverage,
}


def function_of(block):
    found = [run for begin, run in RUN.items() if block.startswith(begin)]
    assert len(found) == 1, "nobody runs this block:\n" + block
    return found[0]


def test_every_block_is_here():
    assert [function_of(block) for block in BLOCKS] == list(RUN.values())


@pytest.mark.parametrize("block", BLOCKS,
                         ids=lambda block: block.splitlines()[0])
def test_block(reader, block):
    """Each needs those before it."""
    function_of(block)(reader, block)


# --- what the text says ------------------------------------------------------

def test_files_that_are_named_exist():
    examples = set(example.names())
    known = examples | {os.path.basename(name) for name in examples}
    for name in re.findall(r"`([\w./-]+\.(?:conf|cf|pcre|py|md|socket|service)"
                           r"|logrotate\.d/\w+)`", README):
        assert (name in known or os.path.exists(os.path.join(ROOT, name)) or
                os.path.exists(os.path.join(ROOT, "tests/e2e", name)) or
                name in ("main.cf", "master.cf")), name


def test_events_that_do_not_happen():
    """README names just those that nothing enters."""
    text = re.search(r"may ask for the events (.*?)\. They do not", README,
                     re.S).group(1)
    named = set(re.findall(r"`(\w+)`", text))
    kinds = set(re.findall(r"SES_EVENT_(\w+),", read("shared/model/event.h")))
    used = set()
    for top in ("milter", "nginx-module", "shared"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if name.endswith(".c") and not name.endswith(
                        ("event.c", "event_destination.c")):  # their names
                    used |= set(re.findall(r"SES_EVENT_(\w+)\b(?!\])",
                                           read(folder, name)))
    assert named == kinds - used - {"NOTICE"}


def test_configuration_of_nginx(host, tmp_path):
    """In nginx-module/README.md."""
    conf = MODULE_BLOCKS[0]
    conf = replaced(
        conf, ("modules/ngx_http_sesame_module.so",
               os.path.join(build_dir(), "ngx_http_sesame_module.so")),
        ("/etc/sesame/sesame.conf", host.env["SESAME_CONFIG"]),
        ("listen 443 ssl;", "listen 443 ssl; ssl_certificate %s/cert.pem; "
         "ssl_certificate_key %s/key.pem;" % (
             (host.env["SESAME_POSTFIX_CONFIG"],) * 2)))
    path = tmp_path / "nginx.conf"
    path.write_text("pid %s/pid;\n%s\nevents { }\n" % (tmp_path, conf))
    done = host.run("nginx", "-t", "-c", path, "-p", tmp_path, "-e", "stderr")
    assert done.returncode == 0, done.stderr
