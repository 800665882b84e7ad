"""env - DIR/env: how to reach a private host, for shells and for tests"""

import os
import re
import shlex

from harness.layout import ACCOUNT, BOUNCE_DOMAIN, REGION, HostError


def values(layout, keys):
    """The variables, in the order a reader wants them."""
    endpoint = "http://" + layout.address("http")
    return {
        "SESAME_ENDPOINT": endpoint,
        "SESAME_REGION": REGION,
        "SESAME_ACCOUNT": ACCOUNT,
        "AWS_ACCESS_KEY_ID": keys["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "SESAME_SMTP": layout.address("smtp"),
        "SESAME_SMTP_USER": keys["smtp_user"],
        "SESAME_SMTP_PASSWORD": keys["smtp_password"],
        "SESAME_INBOUND": layout.address("inbound"),
        "SESAME_INJECT": layout.address("inject"),
        "SESAME_BOUNCE_DOMAIN": BOUNCE_DOMAIN,
        "SESAME_SINK": layout.sink,
        "SESAME_EVENTS": layout.events,
        "SESAME_SUBSCRIBER": "http://" + layout.address("subscriber"),
        "SESAME_DNS": layout.address("resolver"),
        "SESAME_STORE": layout.store,
        "SESAME_MAILLOG": layout.maillog,
        "SESAME_CONFIG": layout.config,
        "SESAME_POSTFIX_CONFIG": layout.postfix_config,
        "SESAME_STATE": layout.state,
        "SESAMECTL": layout.sesamectl,
    }


def write(layout, keys):
    found = values(layout, keys)
    lines = ["# A private Sesame host.  Source this."]
    lines += ["%s=%s" % (name, shlex.quote(value))
              for name, value in found.items()]
    lines.append("export " + " ".join(found))
    fd = os.open(layout.env + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                 0o600)
    with os.fdopen(fd, "w") as file:
        file.write("\n".join(lines) + "\n")
    if os.environ.get("SUDO_UID", "").isdigit():  # for whoever asked for it
        os.chown(layout.env + ".new", int(os.environ["SUDO_UID"]), -1)
    os.replace(layout.env + ".new", layout.env)


def read(directory):
    """The variables of DIR/env."""
    try:
        with open(os.path.join(directory, "env")) as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise HostError("no host there: %s" % error)
    return {line.partition("=")[0]: "".join(shlex.split(
        line.partition("=")[2])) for line in lines
        if re.match(r"[A-Z_]+=", line)}
