"""sesamectl postfix --check: every mistake is found, nothing else is, and the
line that it names mends it."""

import concurrent.futures
import glob
import os
import queue
import re
import shutil
import socket
import subprocess

import pytest

from harness.layout import ROOT, build_dir
from postfix_site import Site, read

INJECT = r"127\.0\.0\.1:10025"
LOGIN = "submission"


@pytest.fixture(scope="module")
def site():
    site = Site()
    yield site
    site.remove()


def main(name, value):
    return lambda site: site.set_main(name, value)


def option(service, name, value):
    return lambda site: site.set_option(service, name, value)


def line(service, text):
    return lambda site: site.set_line(service, text)


def conf(name, value):
    return lambda site: site.set_conf(name, value)


def many(*changes):
    def change(site):
        for one in changes:
            one(site)
    return change


def remove(*parts):
    def change(site):
        path = site.path(*parts)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    return change


def mode(bits, *parts):
    return lambda site: os.chmod(site.path(*parts), bits)


def owner(user, group, *parts):
    return lambda site: shutil.chown(site.path(*parts), user, group)


def elsewhere(site):
    """Sockets outside the queue, which a chroot hides."""
    os.makedirs(site.path("run"), exist_ok=True)
    shutil.chown(site.path("run"), "root", "postfix")
    os.chmod(site.path("run"), 0o750)
    for name in ("milter", "auth", "lmtp"):
        path = site.path("run", name)
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
        shutil.chown(path, "root", "postfix")
        os.chmod(path, 0o660)


MAPS = "sender_dependent_default_transport_maps"
TOKEN = r"/^%s[a-z0-9-]+\.[a-z2-7]{29}[a-z0-9][a-z2-7]{13}@"


def pools(site):
    """As the agent leaves it, and main.cf that says so."""
    with open(site.path("etc", "sesame-addresses.pcre"), "w") as file:
        file.write("# Written\n/^ip1abcdef\\.[a-z2-7]{43}@/ sesame-ip1:\n")
    with open(site.master, "a") as file:
        file.write("sesame-ip1 unix - - n - - smtp\n")
    site.set_conf("pool_map", "{dir}/etc/sesame-addresses.pcre")
    site.set_main(MAPS, "pcre:{dir}/etc/sesame-addresses.pcre")


# (what was done, name of the check, file, the line to change)
MISTAKES = [
    # settings of main.cf
    (main("enable_long_queue_ids", "no"),
     "long-queue-ids", "main.cf", "enable_long_queue_ids = yes"),
    (main("soft_bounce", "yes"), "soft-bounce", "main.cf", "soft_bounce = no"),
    (main("message_reject_characters", ""),
     "nul-bytes", "main.cf", "message_reject_characters = \\0"),
    (main("allow_percent_hack", "yes"),
     "recipient-rewrite", "main.cf", "allow_percent_hack = no"),
    (main("swap_bangpath", "yes"),
     "recipient-rewrite", "main.cf", "swap_bangpath = no"),
    (main("append_dot_mydomain", "yes"),
     "recipient-rewrite", "main.cf", "append_dot_mydomain = no"),
    (main("milter_header_checks", "regexp:{dir}/checks"),
     "milter-header-checks", "main.cf", "milter_header_checks ="),
    (main("message_size_limit", "10240000"),
     "message-size", "main.cf", "message_size_limit = 44040192"),
    (main("mailbox_size_limit", "20000000"),
     "mailbox-size", "main.cf", "mailbox_size_limit = 0"),
    # bindings of sesame.conf
    (many(conf("bind", "123456789012 client=local"),
          main("internal_mail_filter_classes", "bounce")),
     "bind-internal", "main.cf", "internal_mail_filter_classes ="),
    (many(conf("bind", "123456789012 daemon=IN"),
          option(r"smtp\s+inet", "milter_macro_daemon_name", "IN"),
          option(r"smtp\s+inet", "smtpd_relay_restrictions", "reject"),
          option(r"smtp\s+inet", "smtpd_milters", "")),
     "bind-milter", "master.cf",
     "smtp inet: -o smtpd_milters=unix:sesame/milter"),
    (many(conf("bind", "123456789012 daemon=IN,mail.example.net login=*"),
          option(r"smtp\s+inet", "milter_macro_daemon_name", "IN")),
     None, "", ""),
    # the log
    (main("maillog_file", ""),
     "log-syslog", "main.cf", "maillog_file = {dir}/log/maillog"),
    (many(main("maillog_file_prefixes", "{dir}, /dev/stdout"),
          main("maillog_file", "/dev/stdout")),
     "log-syslog", "main.cf", "maillog_file = {dir}/log/maillog"),
    (conf("maillog", "{dir}/log/other"),
     "log-differs", "sesame.conf", "maillog = {dir}/log/maillog"),
    (main("maillog_file_prefixes", "/nowhere, {dir}/lo"),
     "log-prefixes", "main.cf",
     "maillog_file_prefixes = /nowhere, {dir}/lo, {dir}/log"),
    (remove("log"), "log-file", "", ""),
    (mode(0o777, "log"), "log-file", "", ""),
    (line("postlog", ""),
     "log-service", "master.cf", "postlog unix-dgram n - n - 1 postlogd"),
    # milters
    (main("smtpd_milters", ""),
     "milter-missing", "main.cf", "smtpd_milters = unix:sesame/milter"),
    (main("smtpd_milters", "unix:sesame/miltre"),
     "milter-missing", "main.cf",
     "smtpd_milters = unix:sesame/miltre, unix:sesame/milter"),
    (option(r"smtp\s+inet", "smtpd_milters", "inet:localhost:8891"),
     "milter-missing", "master.cf",
     "smtp inet: -o smtpd_milters=inet:localhost:8891,unix:sesame/milter"),
    (option(INJECT, "smtpd_milters", ""),
     "milter-missing", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_milters=unix:sesame/milter"),
    (option(LOGIN, "smtpd_milters", ""),
     "milter-missing", "master.cf",
     "submission inet: -o smtpd_milters=unix:sesame/milter"),
    (main("non_smtpd_milters", ""),
     "sendmail-milter", "main.cf", "non_smtpd_milters = unix:sesame/milter"),
    (main("smtpd_milters", "unix:sesame/milter, inet:localhost:8891"),
     "milter-order", "main.cf",
     "smtpd_milters = inet:localhost:8891, unix:sesame/milter"),
    (many(main("mine", "unix:sesame/milter, inet:localhost:8891"),
          main("smtpd_milters", "$mine")),
     "milter-order", "main.cf",
     "smtpd_milters = inet:localhost:8891, unix:sesame/milter"),
    (main("non_smtpd_milters", "unix:sesame/milter unix:sesame/milter"),
     "milter-order", "main.cf", "non_smtpd_milters = unix:sesame/milter"),
    (main("milter_default_action", "accept"),
     "milter-action", "main.cf", "milter_default_action = tempfail"),
    (many(main("smtpd_milters", "inet:localhost:8891, unix:sesame/milter"),
          main("non_smtpd_milters",
               "{unix:sesame/milter, default_action=tempfail}"),
          option(INJECT, "milter_default_action", "tempfail"),
          option(LOGIN, "milter_default_action", "tempfail"),
          main("milter_default_action", "accept")),
     "milter-action", "main.cf",
     "smtpd_milters = inet:localhost:8891, "
     "{unix:sesame/milter, default_action=tempfail}"),
    (main("smtpd_milters", "{ unix:sesame/milter, default_action = accept }"),
     "milter-action", "main.cf", "smtpd_milters = unix:sesame/milter"),
    (option(INJECT, "milter_default_action", "quarantine"),
     "milter-action", "master.cf",
     "127.0.0.1:10025 inet: -o milter_default_action=tempfail"),
    (option(r"smtp\s+inet", "receive_override_options",
            "no_unknown_recipient_checks,no_milters"),
     "milter-bypass", "master.cf", "smtp inet: -o receive_override_options="
     "no_unknown_recipient_checks"),
    (option(INJECT, "receive_override_options", "no_milters"),
     "milter-bypass", "master.cf",
     "127.0.0.1:10025 inet: -o receive_override_options="),
    (main("smtpd_milter_maps", "inline:{{127.0.0.1=DISABLE}}"),
     "milter-bypass", "main.cf", "smtpd_milter_maps ="),
    (main("smtpd_milters", "unix:{dir}/queue/sesame/milter"),
     "milter-chroot", "main.cf", "smtpd_milters = unix:sesame/milter"),
    (many(line(r"smtp\s+inet", "smtp inet n - n - - smtpd"),
          line("cleanup", "cleanup unix n - n - 0 cleanup"),
          main("smtpd_milters", "unix:/sesame/milter")),
     "milter-chroot", "main.cf", "smtpd_milters = unix:sesame/milter"),
    (main("smtpd_milters", "unix:/sesame/milter"), None, None, None),
    (main("milter_protocol", "2"),
     "milter-protocol", "main.cf", "milter_protocol = 6"),
    (main("milter_content_timeout", "10m"),
     "milter-timeout", "sesame.conf", "eom_timeout = 600s"),
    (main("milter_content_timeout", "2s"),
     "milter-timeout", "main.cf", "milter_content_timeout = 300s"),
    (main("milter_command_timeout", "1s"),
     "milter-timeout", "main.cf", "milter_command_timeout = 30s"),
    # where nginx injects
    (line(INJECT, ""),
     "inject-missing", "master.cf", "127.0.0.1:10025 inet n - n - 0 smtpd"),
    (conf("inject", "127.0.0.1:10026"),
     "inject-missing", "sesame.conf", "inject = 127.0.0.1:10025"),
    (option(INJECT, "milter_macro_daemon_name", None),
     "inject-name", "master.cf",
     "127.0.0.1:10025 inet: -o milter_macro_daemon_name=SESAME-API"),
    (option(r"smtp\s+inet", "milter_macro_daemon_name", "SESAME-API"),
     "daemon-name", "master.cf",
     "smtp inet: -o milter_macro_daemon_name=SMTP"),
    (line(INJECT, "10025 inet n - n - 0 smtpd"),
     "inject-public", "master.cf", "127.0.0.1:10025 inet"),
    (line(INJECT, "192.0.2.1:10025 inet n - n - 0 smtpd"),
     "inject-public", "master.cf", "127.0.0.1:10025 inet"),
    (option(INJECT, "smtpd_relay_restrictions", None),
     None, None, None),  # Debian's begin with permit_mynetworks, too
    (option(INJECT, "smtpd_relay_restrictions", "reject"),
     "inject-relay", "master.cf", "127.0.0.1:10025 inet: "
     "-o smtpd_relay_restrictions=permit_mynetworks,reject"),
    (option(INJECT, "mynetworks", "192.0.2.0/24"),
     "inject-relay", "master.cf",
     "127.0.0.1:10025 inet: -o mynetworks=127.0.0.0/8"),
    (option(INJECT, "smtpd_client_restrictions",
            "reject_unknown_client_hostname"),
     "inject-restrictions", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_client_restrictions="),
    (many(option(INJECT, "smtpd_recipient_restrictions", None),
          main("smtpd_recipient_restrictions",
               "check_policy_service inet:127.0.0.1:10023, permit")),
     "inject-restrictions", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_recipient_restrictions="),
    (line(INJECT, "127.0.0.1:10025 inet n - n - 20 smtpd"),
     "inject-limits", "master.cf", "127.0.0.1:10025 inet n - n - 0 smtpd"),
    (option(INJECT, "smtpd_hard_error_limit", "20"),
     "inject-limits", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_hard_error_limit=10000"),
    (option(INJECT, "smtpd_tls_security_level", "encrypt"),
     "inject-tls", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_tls_security_level=none"),
    (option(INJECT, "content_filter", "amavis:[127.0.0.1]:10024"),
     "content-filter", "master.cf",
     "127.0.0.1:10025 inet: -o content_filter="),
    (option(INJECT, "smtpd_proxy_filter", "127.0.0.1:10024"),
     "proxy-filter", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_proxy_filter="),
    (option(INJECT, "smtpd_authorized_xclient_hosts", "127.0.0.0/8"),
     "xclient", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_authorized_xclient_hosts="),
    (option(INJECT, "local_header_rewrite_clients", None),
     "header-rewrite", "master.cf",
     "127.0.0.1:10025 inet: -o local_header_rewrite_clients="),
    (option(INJECT, "smtpd_discard_ehlo_keywords", "etrn"),
     "dsn-request", "master.cf",
     "127.0.0.1:10025 inet: -o smtpd_discard_ehlo_keywords=etrn,dsn"),
    (option(LOGIN, "smtpd_discard_ehlo_keyword_address_maps",
            "inline:{{127.0.0.1=etrn}}"),
     "dsn-request", "master.cf",
     "submission inet: -o smtpd_discard_ehlo_keyword_address_maps="),
    # where SES credentials log in
    (option(LOGIN, "milter_macro_daemon_name", None),
     "login-name", "master.cf",
     "submission inet: -o milter_macro_daemon_name=SESAME-SMTP"),
    (option(LOGIN, "smtpd_sasl_auth_enable", None),
     "login-server", "master.cf",
     "submission inet: -o smtpd_sasl_auth_enable=yes"),
    (option(LOGIN, "smtpd_sasl_type", "cyrus"),
     "login-server", "master.cf",
     "submission inet: -o smtpd_sasl_type=dovecot"),
    (option(LOGIN, "smtpd_sasl_path", "private/auth"),
     "login-server", "master.cf",
     "submission inet: -o smtpd_sasl_path=sesame/auth"),
    (many(line(LOGIN, "submission inet n - y - - smtpd"),
          option(LOGIN, "smtpd_sasl_path", "{dir}/queue/sesame/auth")),
     "login-chroot", "master.cf",
     "submission inet: -o smtpd_sasl_path=sesame/auth"),
    (option(LOGIN, "smtpd_relay_restrictions", "reject"),
     "login-server", "master.cf", "submission inet: -o "
     "smtpd_relay_restrictions=permit_sasl_authenticated,reject"),
    (option(LOGIN, "smtpd_tls_auth_only", None),
     "login-tls", "master.cf", "submission inet: -o smtpd_tls_auth_only=yes"),
    (option(LOGIN, "smtpd_tls_security_level", "none"),
     "login-tls", "master.cf",
     "submission inet: -o smtpd_tls_security_level=may"),
    (option(LOGIN, "smtpd_sasl_security_options", ""),
     "login-tls", "master.cf",
     "submission inet: -o smtpd_sasl_security_options=noanonymous"),
    # the way out
    (main("disable_mime_output_conversion", "no"),
     "mime-conversion", "main.cf", "disable_mime_output_conversion = yes"),
    (option("relay", "disable_mime_output_conversion", "no"),
     "mime-conversion", "master.cf",
     "relay unix: -o disable_mime_output_conversion=yes"),
    (main("smtp_generic_maps", "hash:/etc/postfix/generic"),
     "generic-maps", "main.cf", "smtp_generic_maps ="),
    (main("smtp_header_checks", "regexp:{dir}/checks"),
     "delivery-checks", "main.cf", "smtp_header_checks ="),
    (main("smtp_body_checks", "regexp:{dir}/checks"),
     "delivery-checks", "main.cf", "smtp_body_checks ="),
    (main("smtp_discard_ehlo_keywords", "etrn"),
     "dsn-leak", "main.cf", "smtp_discard_ehlo_keywords = etrn, dsn"),
    # the way back
    (main("relay_domains", "example.org"),
     "bounce-domain", "main.cf",
     "relay_domains = example.org, bounce.example.net"),
    (main("relay_domains", "example.net"), None, None, None),  # covers it
    (main("mydestination", "$myhostname, bounce.example.net"),
     "bounce-class", "main.cf", "mydestination = $myhostname"),
    (main("relay_recipient_maps", "inline:{{ann@example.org=x}}"),
     "bounce-recipients", "main.cf",
     "relay_recipient_maps = inline:{{ann@example.org=x}}, "
     "inline:{{@bounce.example.net=x}}"),
    (main("transport_maps", ""),
     "bounce-transport", "main.cf",
     "transport_maps = inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}"),
    (main("transport_maps", "inline:{{bounce.example.net=smtp:[192.0.2.1]}}"),
     "bounce-transport", "main.cf",
     "transport_maps = inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}, "
     "inline:{{bounce.example.net=smtp:[192.0.2.1]}}"),
    (line("lmtp", ""),
     "bounce-service", "master.cf", "lmtp unix - - n - - lmtp"),
    (main("recipient_delimiter", "+."),
     "recipient-delimiter", "main.cf", "recipient_delimiter = +"),
    # tables that change what the gate chose
    (main("sender_canonical_maps", "regexp:{{/./ x@example.net}}"),
     "sender-rewrite", "main.cf", "sender_canonical_maps = regexp:{{" +
     TOKEN % "(" + ".*)$$/ $$1}}, regexp:{{/./ x@example.net}}"),
    (main("canonical_maps", "inline:{{@bounce.example.net=@example.net}}"),
     "sender-rewrite", "main.cf", "canonical_maps = regexp:{{" +
     TOKEN % "(" + ".*)$$/ $$1}}, inline:{{@bounce.example.net=@example.net}}"),
    (many(main("canonical_maps", "inline:{{@bounce.example.net=@a.example}}"),
          main("canonical_classes", "header_sender")), None, None, None),
    (main("masquerade_domains", "example.net"),
     "sender-rewrite", "main.cf",
     "masquerade_domains = !bounce.example.net, example.net"),
    (main("masquerade_domains", "!bounce.example.net example.net"),
     None, None, None),
    (main("virtual_alias_maps",
          "inline:{{@bounce.example.net=ann@example.org}}"),
     "bounce-rewrite", "main.cf", "virtual_alias_maps = regexp:{{" +
     TOKEN % "(" + ".*)$$/ $$1}}, "
     "inline:{{@bounce.example.net=ann@example.org}}"),
    # pools
    (pools, None, None, None),
    (many(pools, main(MAPS, "")), "pool-map", "main.cf",
     MAPS + " = pcre:{dir}/etc/sesame-addresses.pcre"),
    (many(pools, main(MAPS, "inline:{{@example.org=a:}}, "
                            "pcre:{dir}/etc/sesame-addresses.pcre")),
     "pool-map", "main.cf", MAPS + " = pcre:{dir}/etc/sesame-addresses.pcre, "
                                   "inline:{{@example.org=a:}}"),
    (many(pools, mode(0o666, "etc", "sesame-addresses.pcre")),
     "pool-file", "", ""),
    (many(pools, line("tlsmgr", "")),
     "pool-tls", "master.cf", "tlsmgr unix - - y 1000? 1 tlsmgr"),
    (many(pools, main("transport_maps",
                      "inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}, "
                      "inline:{{*=smtp:[192.0.2.1]}}")),
     "pool-bypass", "main.cf",
     "transport_maps = inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}"),
    # customers' MAIL FROM domains: let in, and then?
    (main("smtpd_relay_restrictions", "permit_mynetworks, check_recipient_"
          "access regexp:{{/@/ OK}}, reject_unauth_destination"),
     "mail-from-transport", "main.cf",
     "transport_maps = inline:{{bounce.example.net=lmtp:unix:sesame/lmtp}}, "
     "regexp:{{" + TOKEN % "" + "/ lmtp:unix:sesame/lmtp}}"),
    # sockets
    (mode(0o666, "queue", "sesame", "milter"), "socket", "", ""),
    (owner("root", "root", "queue", "sesame", "lmtp"), "socket", "", ""),
    (mode(0o700, "queue", "sesame"), "socket-directory", "", ""),
    (mode(0o755, "queue", "sesame"), "socket-directory", "", ""),
    (owner("postfix", "postfix", "queue", "sesame"),
     "socket-directory", "", ""),
]


def reset(site):
    site.joined()
    os.makedirs(site.path("log"), exist_ok=True)
    os.chmod(site.path("log"), 0o755)
    site.open_sockets()


def test_clean(site):
    reset(site)
    assert site.check() == []
    assert site.run("--check").stdout == "Nothing found.\n"


def make_and_mend(site, mistake):
    """What is found, and what still is when that line was changed."""
    reset(site)
    mistake[0](site)
    found = site.check()
    if len(found) != 1:
        return site.dir, found, None
    if found[0]["file"] == "sesame.conf":
        site.set_conf(*found[0]["line"].split(" = ", 1))
    else:
        command = found[0]["command"]
        site.shell(command + " --yes" if "--apply" in command else command)
    return site.dir, found, site.check()


@pytest.fixture(scope="module")
def outcomes():
    """Of all mistakes, two at a time."""
    sites, ready = [Site(), Site()], queue.SimpleQueue()

    def one(mistake):
        site = ready.get()
        try:
            return make_and_mend(site, mistake)
        finally:
            ready.put(site)

    for site in sites:
        ready.put(site)
    with concurrent.futures.ThreadPoolExecutor(len(sites)) as pool:
        found = [pool.submit(one, mistake) for mistake in MISTAKES]
    yield found
    for site in sites:
        site.remove()


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(MISTAKES)),
                         ids=lambda number: MISTAKES[number][1] or "fine")
def test_mistake(outcomes, number):
    _, name, file, wanted = MISTAKES[number]
    where, found, after = outcomes[number].result()
    assert [row["check"] for row in found] == ([name] if name else [])
    if name is None:
        return
    wanted = wanted.replace("{dir}", where)
    assert found[0]["file"] == file
    if file == "master.cf" and " -o " not in wanted:
        assert found[0]["line"].startswith(wanted)  # a service, its beginning
    else:
        assert found[0]["line"] == wanted
    assert after == []


def test_sockets_that_a_chroot_hides(site):
    """Each place that is wrong is told, and all of them are mended."""
    reset(site)
    elsewhere(site)
    for name in ("milter", "auth", "lmtp"):
        site.set_conf(name + "_socket", "unix:{dir}/run/" + name)
    for service in (INJECT, LOGIN):
        site.set_option(service, "smtpd_milters", "unix:{dir}/run/milter")
    site.set_main("smtpd_milters", "unix:{dir}/run/milter")
    site.set_main("non_smtpd_milters", "unix:{dir}/run/milter")
    site.set_main("transport_maps",
                  "inline:{{bounce.example.net=lmtp:unix:{dir}/run/lmtp}}")
    site.set_option(LOGIN, "smtpd_sasl_path", "{dir}/run/auth")
    found = site.check()
    assert sorted((row["check"], row["file"]) for row in found) == [
        ("bounce-service", "sesame.conf"), ("milter-chroot", "sesame.conf")]
    assert {row["line"] for row in found} == {
        "milter_socket = unix:%s/milter" % site.sockets,
        "lmtp_socket = unix:%s/lmtp" % site.sockets}


def test_a_binding_to_no_service(site):
    """A slip in a name would let mail pass that should be an account's."""
    reset(site)
    site.set_conf("bind", "123456789012 daemon=SUBMISION login=*")
    found = site.check()
    assert [row["check"] for row in found] == ["bind-name"]
    assert found[0]["file"] == "sesame.conf"
    assert found[0]["line"] == "bind = 123456789012 daemon=SUBMISION login=*"
    assert "sesame.conf:9: no service of master.cf is called SUBMISION" in \
        site.run("--check").stdout


def test_a_socket_that_is_not_there(site):
    reset(site)
    os.unlink(os.path.join(site.sockets, "lmtp"))
    found = site.check()
    assert [row["check"] for row in found] == ["socket"]
    assert found[0]["command"] == "systemctl start sesame-agent.socket"


@pytest.mark.parametrize("change, check, text", [
    (remove("etc", "sesame-addresses.pcre"), "pool-file",
     "sesame-addresses.pcre: No such file or directory"),
    (line("sesame-ip1", ""), "pool-transports", "master.cf has no sesame-ip1"),
])
def test_what_the_agent_mends(site, change, check, text):
    reset(site)
    pools(site)
    change(site)
    found, = site.check()
    assert found["check"] == check and text in found["finding"]
    assert found["command"] == "systemctl restart sesame-agent"


def test_the_queue_of_the_log(site):
    reset(site)
    done = subprocess.run(site.with_queue(
        os.path.join(build_dir(), "sesamectl"), "-c", site.conf, "postfix",
        "--check", lines=10), text=True, stdout=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stdout.startswith(
        "1. log-queue (warning): net.unix.max_dgram_qlen = 10")
    assert "   sysctl -w net.unix.max_dgram_qlen=512\n1 f" in done.stdout


def test_source_addresses_that_are_used(site):
    """An account has one, and sesame.conf no pool_map."""
    reset(site)
    site.set_conf("store", "{dir}/store")
    site.set_conf("key_directory", "{dir}/keys")
    site.set_conf("map_size", "64m")
    for words in (["init", "--account", "123456789012"],
                  ["address", "add", "123456789012", "192.0.2.1"]):
        subprocess.run([os.path.join(build_dir(), "sesamectl"), "-c",
                        site.conf] + words, check=True,
                       stdout=subprocess.DEVNULL)
    found, = site.check()
    assert (found["check"], found["line"]) == (
        "pool-conf", "pool_map = %s/sesame-addresses.pcre" % site.path("etc"))


def test_mail_from_that_is_used(site, host):
    """An identity has a MAIL FROM domain: its lines are shown unasked."""
    ses, name = host.ses(), "postfix-check.example"
    ses.create_email_identity(EmailIdentity=name)
    try:
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity=name, MailFromDomain="bounces." + name)
        reset(site)
        site.set_conf("store", host.layout.store)
        found = site.check()
        assert [row["check"] for row in found] == ["mail-from-relay",
                                                   "mail-from-transport"]
        assert found[0]["line"] == (
            "smtpd_relay_restrictions = permit_mynetworks, "
            "permit_sasl_authenticated, $sesame_bounces, "
            "defer_unauth_destination")
        assert "bounces." + name in found[0]["finding"]
        assert [row["feature"] for row in site.show()] == ["mail-from"]
        site.shell(found[0]["command"] + " --yes")
        assert site.check() == []
    finally:
        ses.delete_email_identity(EmailIdentity=name)
    site.joined()
    site.set_conf("store", host.layout.store)
    assert site.show() == []


# --- groups, in a mount namespace of their own ------------------------------

GROUPS = [
    ("postdrop", "www-data", "postfix-groups"),
    ("postfix", "www-data", "postfix-groups"),
    ("postdrop", "sesame-gate", "postfix-groups"),
    ("postfix", "sesame-agent", "postfix-groups"),
    ("sesame", "postfix", "sesame-group"),
]


@pytest.mark.parametrize("group, user, check", GROUPS)
def test_groups(site, tmp_path, group, user, check):
    reset(site)
    lines = read("/etc/group").splitlines()
    for i, text in enumerate(lines):
        fields = text.split(":")
        if fields[0] == group:
            fields[3] = ",".join(filter(None, fields[3].split(",") + [user]))
            lines[i] = ":".join(fields)
    (tmp_path / "group").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        site.with_queue(
            "sh", "-c", 'mount --bind "$0" /etc/group && exec "$@"',
            tmp_path / "group", os.path.join(build_dir(), "sesamectl"), "-c",
            site.conf, "postfix", "--check"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 1, done.stdout
    assert "1. %s (error): %s is a member of " % (check, user) in done.stdout
    assert "gpasswd -d %s %s\n" % (user, group) in done.stdout
    assert "1 finding." in done.stdout


# --- what it says of a whole host -------------------------------------------

def test_mailhost_is_clean(site, host, tmp_path):
    """The private host, but for the impatience that tests need."""
    conf = tmp_path / "sesame.conf"
    conf.write_text("".join(
        text for text in open(host.env["SESAME_CONFIG"])
        if not text.startswith("eom_timeout")))
    done = host.run(*site.with_queue(
        os.path.join(build_dir(), "sesamectl"), "-c", conf, "postfix",
        "--check"))
    assert (done.returncode, done.stdout) == (0, "Nothing found.\n")


def test_check_of_everything_tells_the_same(site):
    reset(site)
    site.set_main("enable_long_queue_ids", "no")
    done = subprocess.run([os.path.join(build_dir(), "sesamectl"), "-c",
                           site.conf, "check"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert "Postfix: enable_long_queue_ids = no" in done.stdout
    assert "   main.cf: enable_long_queue_ids = yes\n" in done.stdout


def test_a_configuration_that_cannot_be_read(site):
    reset(site)
    site.set_conf("postfix_config", "/nowhere")
    done = site.run("--check")
    assert done.returncode == 1 and not done.stdout
    assert "postconf: fatal: open /nowhere/main.cf" in done.stderr


def test_man_page_names_every_check():
    folder = os.path.join(ROOT, "shared", "sesamectl")
    text = read(os.path.join(folder, "sesamectl.8"))
    names = {name for file in glob.glob(os.path.join(folder, "postfix_*.c"))
             for name in re.findall(r'\.name = "([a-z-]+)"', read(file))}
    assert len(names) > 40
    assert not [name for name in names
                if not re.search(r"(?m)(^|\s)%s\b" % name, text)]
