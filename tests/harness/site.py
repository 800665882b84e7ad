"""site - a Postfix that had users before Sesame (mailhost up --site)

    inbound     what port 25 would be: mail for site.example, into a mailbox
    msa         submission for the site's own users: SASL by Dovecot
    apps        for the machines of its networks; 127.0.0.13 may use XCLIENT
    sendmail    what cron and scripts bring

OpenDKIM, which verifies, is a milter before ours.  Beside it runs the same
Postfix as it was before ("plain"): the same files, without Sesame's lines.
What is not for site.example goes to the sink.
"""

import os
import pwd

from harness import postfix
from harness.part import Part, expect
from harness.postfix import INBOUND_SERVICE, INTERNALS, PRIVATE, joined

PORTS = ("msa", "apps", "plain_inbound", "plain_msa")
DOMAIN = "site.example"
USERS = {  # of Dovecot
    "ann@corp.example": "ann's", "bob@other.example": "bob's",
    "AKIAIOSFODNN7EXAMPLE": "named like a key",
}
PROXY = "127.0.0.13"

BEFORE = """\
myhostname = mx.site.example
myorigin = site.example
virtual_mailbox_domains = site.example
virtual_mailbox_base = {boxes}
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
virtual_minimum_uid = 100
local_header_rewrite_clients =
enable_long_queue_ids = yes
smtpd_milters = unix:{other}
non_smtpd_milters = unix:{other}
"""

MILTERS = """\
smtpd_milters = unix:{other}, unix:sesame/milter
non_smtpd_milters = unix:{other}, unix:sesame/milter
"""

SITE_SERVICES = """\
{loopback}:{msa} inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_type=dovecot
  -o smtpd_sasl_path={auth}
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o local_header_rewrite_clients=permit_sasl_authenticated
  -o milter_macro_daemon_name=SUBMISSION
virtual unix - n n - - virtual
"""

APPS_SERVICE = """\
{loopback}:{apps} inet n - n - - smtpd
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_authorized_xclient_hosts=%s
  -o milter_macro_daemon_name=APPS
""" % PROXY


def paths(layout, boxes):
    return {"boxes": boxes, "other": layout.path("run", "other"),
            "auth": layout.path("run", "dovecot", "sasl"),
            "nobody": pwd.getpwnam("nobody").pw_uid}


def make_box(path):
    os.mkdir(path)
    os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)


class Site(postfix.Postfix):
    services = postfix.Postfix.services + ("msa", "apps")

    def values(self):
        return dict(super().values(),
                    **paths(self.layout, self.layout.path("boxes")))

    def main_cf(self):
        values = self.values()
        return joined((PRIVATE + BEFORE).format(**values),
                      self.sesame_main_cf(), MILTERS.format(**values))

    def master_cf(self):
        return (self.sesame_master_cf() +
                (INBOUND_SERVICE + SITE_SERVICES + APPS_SERVICE +
                 INTERNALS).format(**self.values()))

    def configure(self):
        make_box(self.layout.path("boxes"))
        super().configure()


class Plain(postfix.Postfix):
    """The same site before Sesame came."""

    name = "plain"
    services = ("plain_inbound", "plain_msa")

    def __init__(self, layout):
        super().__init__(layout)
        self.top = layout.path("plain")
        self.etc = os.path.join(self.top, "etc")
        self.queue = os.path.join(self.top, "queue")
        self.data = os.path.join(self.top, "data")
        self.maillog = layout.path("log", "plain-maillog")

    def values(self):
        ports = self.layout.ports
        return dict(super().values(), inbound=ports["plain_inbound"],
                    msa=ports["plain_msa"],
                    **paths(self.layout, os.path.join(self.top, "boxes")))

    def main_cf(self):
        return joined((PRIVATE + BEFORE).format(**self.values()))

    def master_cf(self):
        return (INBOUND_SERVICE + SITE_SERVICES + INTERNALS).format(
            **self.values())

    def configure(self):
        os.mkdir(self.top, 0o755)
        for path in (self.etc, self.queue, self.data):
            os.mkdir(path, 0o755)
        make_box(os.path.join(self.top, "boxes"))
        super().configure()


class Dovecot(Part):
    """The logins alone: no IMAP, no POP3, no mail."""

    name = "dovecot"

    def configure(self):
        layout = self.layout
        os.mkdir(layout.path("run", "dovecot"), 0o755)
        users = layout.path("etc", "dovecot-users")
        with open(users, "w") as file:
            for name, password in USERS.items():
                file.write("%s:{PLAIN}%s\n" % (name, password))
        with open(layout.path("etc", "dovecot.conf"), "w") as file:
            file.write("""\
base_dir = %s
log_path = %s
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = %%u
passdb {
  driver = passwd-file
  args = %s
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service auth {
  unix_listener %s {
    mode = 0660
    user = postfix
    group = postfix
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
""" % (layout.path("run", "dovecot"), self.log, users,
                paths(layout, "")["auth"]))

    def command(self):
        return ["/usr/sbin/dovecot", "-F", "-c",
                self.layout.path("etc", "dovecot.conf")], ()

    def probe(self):
        expect(paths(self.layout, "")["auth"], b"VERSION\t1\t")


class Other(Part):
    """OpenDKIM as a site has it that verifies what comes in."""

    name = "other"

    def configure(self):
        with open(self.layout.path("etc", "other-keys"), "w"):
            pass  # no key is known: nobody is asked for one
        with open(self.layout.path("etc", "opendkim.conf"), "w") as file:
            file.write("""\
Mode v
Socket local:%s
UMask 000
Syslog no
AuthservID mx.site.example
AlwaysAddARHeader yes
TestPublicKeys %s
""" % (paths(self.layout, "")["other"],
                self.layout.path("etc", "other-keys")))

    def command(self):
        return ["/usr/sbin/opendkim", "-f", "-x",
                self.layout.path("etc", "opendkim.conf")], ()

    def probe(self):
        from harness.sesame import MILTER_HELLO
        expect(paths(self.layout, "")["other"], b"\0\0\0", MILTER_HELLO)


def with_site(parts):
    """The parts of a host whose Postfix is such a site."""
    found = []
    for part in parts:
        if part is postfix.Postfix:
            found += [Dovecot, Other, Site, Plain]
        else:
            found.append(part)
    return found
