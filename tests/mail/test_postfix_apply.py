"""sesamectl postfix --show and --apply: a plain Debian Postfix and one that
people have lived in, what the examples say, and mail through the result."""

import os
import pty
import re

import pytest

from harness import example
from harness import layout as layouts
from harness.host import wait
from postfix_site import Site, read

DOMAIN = "joined.example"


@pytest.fixture
def site():
    site = Site()
    site.plain()
    yield site
    site.remove()


def settings(text):
    """{name: value} of a main.cf."""
    joined = re.sub(r"\n[ \t]+", " ", re.sub(r"(?m)^#.*\n", "", text))
    return {name.strip(): value.strip() for name, _, value in
            (line.partition("=") for line in joined.splitlines() if line)}


def services(text):
    """{first line: options} of a master.cf."""
    found, at = {}, None
    for line in text.splitlines():
        if line.startswith("  -o "):
            at.append(line[5:])
        elif line and not line.startswith("#"):
            at = found.setdefault(" ".join(line.split()), [])
    return found


def lines(site, *words):
    """{feature: [(file, line)]} of --show."""
    return {row["feature"]: [(line["file"], line["line"])
                             for line in row["lines"]]
            for row in site.show(*words)}


def apply(site, *words):
    done = site.run("--apply", "--yes", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_few_lines_for_rules_and_signing(site):
    shown = lines(site)
    assert list(shown) == ["gate", "bounces", "exact", "size"]
    files = [file for file, _ in shown["gate"]]
    assert files.count("main.cf") <= 4 and files.count("master.cf") == 1


def test_examples_are_what_it_prints(site):
    """For the paths that sesame.conf has without a line about them."""
    site.set_conf("maillog", "/var/log/postfix/maillog")
    site.set_conf("milter_socket", "fd:3")
    site.set_conf("auth_socket", "fd:4")
    site.set_conf("lmtp_socket", "fd:5")
    site.set_main("maillog_file_prefixes", "/var, /dev/stdout")
    # The options of a service that wants a certificate of its own
    site.set_main("smtpd_tls_cert_file", "")
    text = site.run("--show", "--feature", "all").stdout
    main, master = [], []
    for line in text.splitlines():
        if line.startswith("# in "):
            at = master if line.endswith("master.cf:") else main
        elif line and not line.startswith("#"):
            at.append(line + "\n")
    assert settings("".join(main)) == settings(
        example.text("postfix/main.cf"))
    assert services("".join(master)) == services(
        example.text("postfix/master.cf"))


def usual(site):
    """sesame.conf without a line about paths, and what the agent writes."""
    site.set_conf("lmtp_socket", "fd:5")
    site.set_conf("pool_map", site.path("etc", "sesame-addresses.pcre"))
    with open(site.path("etc", "sesame-addresses.pcre"), "w"):
        pass


def test_what_not_everybody_uses(site):
    """Named, or used, and as the examples have it."""
    assert not {"pools", "mail-from"} & set(lines(site, "--feature", "all"))
    usual(site)
    assert list(lines(site, "--feature", "pools")) == ["pools"]
    for section in ("pools", "mail-from"):
        site.joined()
        usual(site)
        shown = lines(site, "--feature", section)[section]
        assert {file for file, _ in shown} == {"main.cf"}
        text = "".join(line + "\n" for _, line in shown)
        assert settings(text.replace(site.path("etc"), "/etc/postfix")) == \
            settings(example.text("postfix/%s.cf" % section))
    site.joined()
    usual(site)
    assert "pools" in lines(site) and "mail-from" not in lines(site)
    # Postfix would deliver nothing with a table that is not there.
    os.unlink(site.path("etc", "sesame-addresses.pcre"))
    assert "pools" not in lines(site)
    done = site.run("--show", "--feature", "pools")
    assert done.returncode == 1
    assert "is not there yet" in done.stderr
    assert "restart sesame-agent first" in done.stderr


def test_features_that_share_a_parameter(site):
    """What one adds to transport_maps, the next one keeps."""
    apply(site, "--feature", "bounces,mail-from")
    assert site.postconf("-h", "transport_maps").startswith(
        "inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}, regexp:{{/^")
    before = site.files()
    assert "Nothing to add" in apply(site, "--feature", "bounces,mail-from")
    assert site.files() == before


def test_mail_from_where_port_25_has_rules_of_its_own(site):
    """And another table that takes everything."""
    apply(site)
    site.set_option(r"smtp\s+inet", "smtpd_relay_restrictions",
                    "permit_mynetworks,reject_unauth_destination")
    site.set_main("transport_maps", "static:relay:[192.0.2.1]")
    apply(site, "--feature", "bounces,mail-from")
    options = site.postconf("-P", "smtp/inet/smtpd_relay_restrictions")
    assert options.endswith(
        "= permit_mynetworks,$sesame_bounces,reject_unauth_destination\n")
    assert site.check() == []
    assert "Nothing to add" in apply(site, "--feature", "bounces,mail-from")


def test_pools_need_a_file(site):
    done = site.run("--show", "--feature", "pools")
    assert done.returncode == 1
    assert "pool_map = %s/sesame-addresses.pcre" % site.path(
        "etc") in done.stderr


def test_apply_is_what_show_printed(site):
    shown = lines(site)
    apply(site)
    new = read(site.main)
    for file, line in sum(shown.values(), []):
        if file == "main.cf":
            assert "\n%s\n" % line in new
    assert site.check() == []


def test_twice_changes_nothing(site):
    apply(site)
    before = site.files()
    assert apply(site) == "Nothing to add: every line is there.\n"
    assert site.files() == before
    assert lines(site) == {}


def test_a_certificate_that_was_put_there_stays(site):
    site.set_main("smtpd_tls_cert_file", "")
    apply(site, "--feature", "all")
    assert "email.example.net.pem" in read(site.master)
    for kind in ("cert", "key"):
        site.set_option("submission", "smtpd_tls_%s_file" % kind,
                        "/etc/ssl/mine/%s.pem" % kind)
    assert lines(site, "--feature", "all") == {}


def on_a_terminal(site, answer):
    """--apply with a terminal for standard input."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        return site.run("--apply", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("answer", ["n\n", "\n", "never\n"])
def test_no_changes_nothing(site, answer):
    before = site.files()
    done = on_a_terminal(site, answer)
    assert done.returncode == 1
    assert done.stdout.endswith("[y/N] Nothing was changed.\n")
    assert "enable_long_queue_ids = yes\n" in done.stdout
    assert site.files() == before


def test_yes_changes(site):
    done = on_a_terminal(site, "y\n")
    assert done.returncode == 0, done.stderr
    assert site.check() == []


def test_nobody_to_ask(site):
    before = site.files()
    done = site.run("--apply")
    assert done.returncode == 2 and "needs --yes" in done.stderr
    assert site.files() == before


def test_a_step_that_fails(site):
    """What was done and what is left is said, and it can go on."""
    os.mkdir(site.path("etc", "master.cf.tmp"))  # postconf writes it first
    done = site.run("--apply", "--yes")
    assert done.returncode == 1
    assert "done:   postconf -c %s -e " % site.path("etc") in done.stdout
    assert "failed: postconf -c %s -M -e " % site.path("etc") in done.stderr
    assert "1 step was done" in done.stderr
    os.rmdir(site.path("etc", "master.cf.tmp"))
    assert list(lines(site)) == ["gate"]
    apply(site)
    assert site.check() == []


def test_usage(site):
    for words in ([], ["--show", "--check"], ["--show", "--yes"],
                  ["--check", "--feature", "gate"],
                  ["--show", "--feature", "gate,nonsense"]):
        done = site.run(*words)
        assert done.returncode == 2 and done.stderr, words


def test_a_port_that_is_taken(site):
    with open(site.master, "a") as file:
        file.write("127.0.0.1:10025 inet n - y - - smtpd\n")
    done = site.run("--show")
    assert done.returncode == 1
    assert "has the port of inject = 127.0.0.1:10025" in done.stderr


def test_a_site_that_is_lived_in(site):
    """What was there stays: other milters and what they do when they are
    down, submission, a filter with a way back, maps, domains."""
    for name, value in (
            ("smtpd_milters", "inet:localhost:8891, inet:localhost:11332"),
            ("non_smtpd_milters", "$smtpd_milters"),
            ("milter_default_action", "accept"),
            ("relay_domains", "example.org, hash:{dir}/etc/relay"),
            ("relay_recipient_maps", "inline:{{ann@example.org=x}}"),
            ("transport_maps", "regexp:{dir}/etc/transport"),
            ("content_filter", "amavis:[127.0.0.1]:10024"),
            ("smtpd_recipient_restrictions", "reject_unknown_recipient_domain,"
             " check_policy_service inet:127.0.0.1:10023"),
            ("mailbox_size_limit", "20480000"),
            ("smtpd_tls_security_level", "encrypt")):
        site.set_main(name, value)
    with open(site.path("etc", "transport"), "w") as file:
        file.write("/./ relay:[192.0.2.1]\n")
    with open(site.path("etc", "relay"), "w") as file:
        file.write("example.com x\n")
    site.shell("postmap hash:" + site.path("etc", "relay"))
    with open(site.master, "a") as file:
        file.write("""\
submission inet n - y - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_path=private/auth
  -o smtpd_sasl_type=dovecot -o smtpd_tls_auth_only=yes
  -o smtpd_milters=inet:localhost:8891 -o content_filter=
  -o { smtpd_relay_restrictions = permit_sasl_authenticated, reject }
127.0.0.1:10026 inet n - y - - smtpd
  -o smtpd_milters= -o content_filter=
  -o receive_override_options=no_unknown_recipient_checks
""")
    apply(site)
    assert site.check() == []
    value = {name: site.postconf("-h", name).strip() for name in (
        "smtpd_milters", "non_smtpd_milters", "milter_default_action",
        "relay_domains", "content_filter", "mailbox_size_limit")}
    gate = "{unix:sesame/milter, default_action=tempfail}"
    assert value == {
        "smtpd_milters": "inet:localhost:8891, inet:localhost:11332, " + gate,
        "non_smtpd_milters": "$smtpd_milters",
        "milter_default_action": "accept",
        "relay_domains": "example.org, hash:%s/etc/relay, bounce.example.net"
                         % site.dir,
        "content_filter": "amavis:[127.0.0.1]:10024",
        "mailbox_size_limit": "0"}
    options = dict(line.split(" = ", 1) for line in
                   site.postconf("-P").replace(" =\n", " = \n").splitlines())
    assert options["submission/inet/smtpd_milters"] == \
        "inet:localhost:8891,{unix:sesame/milter,default_action=tempfail}"
    assert options["submission/inet/smtpd_sasl_path"] == "private/auth"
    assert options["127.0.0.1:10026/inet/smtpd_milters"] == ""
    before = site.files()
    assert "Nothing to add" in apply(site)
    assert site.files() == before
    # 587 is theirs: ours gets a port of its own
    assert lines(site, "--feature", "smtp")["smtp"][0][1].startswith(
        "2587 inet n - n - - smtpd\n")


# --- a real Postfix ---------------------------------------------------------

# What makes it a private one; everything else is Debian's.
OURS = re.compile(r"(?m)^(?:queue_directory|data_directory|command_directory|"
                  r"daemon_directory|meta_directory|shlib_directory|mail_owner|"
                  r"setgid_group|maillog_file_prefixes|inet_protocols|"
                  r"inet_interfaces|myhostname|mydestination|alias_maps|"
                  r"alias_database|smtp_dns_support_level|smtp_host_lookup|"
                  r"relayhost|queue_run_delay|minimal_backoff_time|"
                  r"maximal_backoff_time|transport_retry_time) =.*\n")


@pytest.fixture
def joined(new_host):
    """A host whose Postfix began as a plain one, and was told --apply."""
    host = new_host()
    layout = host.layout
    host.stop("postfix")
    etc = layout.postfix_config
    private = "".join(OURS.findall(read(os.path.join(etc, "main.cf"))))
    with open(os.path.join(etc, "main.cf"), "w") as file:
        file.write(read("/usr/share/postfix/main.cf.debian") + private +
                   "smtpd_tls_cert_file = %s/cert.pem\n"
                   "smtpd_tls_key_file = %s/key.pem\n" % (etc, etc))
    master = read("/usr/share/postfix/master.cf.dist")
    master, count = re.subn(r"(?m)^smtp +inet ", "%s:%d inet " % (
        layouts.LOOPBACK, layout.ports["inbound"]), master)
    assert count == 1
    with open(os.path.join(etc, "master.cf"), "w") as file:
        # where SES credentials shall log in, or 587 would be taken
        file.write(master + "%s:%d inet n - y - - smtpd\n"
                   "  -o milter_macro_daemon_name=SESAME-SMTP\n" % (
                       layouts.LOOPBACK, layout.ports["smtp"]))
    host.sesamectl("postfix", "--apply", "--yes", "--feature", "all")
    host.start("postfix")
    return host


def test_mail_through_it(joined):
    """Over the API, over SMTP with credentials, and a bounce that comes back
    by LMTP, all of it in Debian's chroots; others' mail stays as it is."""
    host = joined
    host.verify_domain(DOMAIN)
    host.subscribe("joined")
    sent = host.ses().send_email(
        FromEmailAddress="api@" + DOMAIN, ConfigurationSetName="joined",
        Destination={"ToAddresses": ["api@rcpt.example"]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})
    mail = host.wait_mail(to="api@rcpt.example")[0]
    assert host.dkim_domains(mail) == [DOMAIN]
    assert host.wait_events(sent["MessageId"], "Delivery")

    reply = host.swaks("smtp@" + DOMAIN, "smtp@rcpt.example")
    assert reply.code == 250, reply.output
    mail = host.wait_mail(to="smtp@rcpt.example")[0]
    assert host.dkim_domains(mail) == [DOMAIN]

    reply = host.swaks("api@" + DOMAIN, "reply-550-5.1.1@rcpt.example",
                       headers=["X-SES-CONFIGURATION-SET: joined"])
    assert reply.code == 250, reply.output
    host.wait_events(kind="Bounce")
    wait(lambda: [line for line in read(host.layout.maillog).splitlines()
                  if "relay=%s[sesame/lmtp]" % layouts.HOSTNAME in line and
                  "status=sent" in line], 1, 30, "reports taken by the agent")

    reply = host.swaks("cron@local.example", "other@rcpt.example",
                       service="inbound")
    assert reply.code == 250, reply.output
    mail = host.wait_mail(to="other@rcpt.example")[0]
    assert mail.header("DKIM-Signature") is None
    assert mail.mail_from == "cron@local.example"
