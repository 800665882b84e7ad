"""What README and conf-examples tell a user to write works as it stands

Only names are replaced: the endpoint, the keys, the certificate, the paths.
"""

import os
import re
import shutil
import subprocess

import pytest

from harness.layout import ROOT, build_dir

EXAMPLES = os.path.join(ROOT, "conf-examples")


@pytest.fixture(scope="module")
def site(host):
    host.verify_domain("example.com")
    return host

TOKEN = "a1." + "x" * 29 + "a" + "y" * 13  # of that form


def readme():
    with open(os.path.join(ROOT, "README.md")) as file:
        return file.read()


def block(after):
    """The first code block behind these words, fenced or indented."""
    text = readme()
    text = text[text.index(after):]
    fenced = re.search(r"\n```\w*\n(.*?)\n```\n", text, re.S)
    indented = re.search(r"\n\n((?: {4}.*\n)+)", text)
    if fenced and fenced.start() < indented.start():
        return fenced.group(1)
    return re.sub(r"(?m)^ {4}", "", indented.group(1))


def arrived(site):
    return len(site.mail(to="ann@example.org"))


@pytest.mark.parametrize("who", ["boto3", "cli", "javascript", "swaks"])
def test_sending(site, who, tmp_path):
    before = arrived(site)
    endpoint = site.env["SESAME_ENDPOINT"]
    if who == "boto3":
        code = block("boto3:").replace("https://email.example.net", endpoint)
        done = site.run("/usr/bin/python3", "-c", code)
    elif who == "cli":
        code = block("The AWS CLI:").replace("https://email.example.net",
                                             endpoint)
        done = site.run("sh", "-c", code.replace("aws ", "/usr/bin/aws ", 1))
    elif who == "javascript":
        script = tmp_path / "send.mjs"
        script.write_text(block("JavaScript:").replace(
            "https://email.example.net", endpoint))
        subprocess.run(["make", "-s", "-C", ROOT, "B=" + build_dir(), "js"],
                       check=True, stdout=subprocess.DEVNULL)
        os.symlink(os.path.join(build_dir(), "js", "node18", "node_modules"),
                   tmp_path / "node_modules")
        done = site.run("node", script)
    else:
        code = block("SMTP, with STARTTLS").replace(
            "email.example.net:587", site.env["SESAME_SMTP"])
        code = code.replace("AKIA...", site.env["SESAME_SMTP_USER"])
        code = code.replace("--auth-password ...", "--auth-password '%s'" %
                            site.env["SESAME_SMTP_PASSWORD"])
        done = site.run("sh", "-c", code)
    assert done.returncode == 0, done.stdout + done.stderr
    mail = site.wait_mail(to="ann@example.org", count=before + 1)[-1]
    assert site.dkim_domains(mail) == ["example.com"]


def test_named_files_exist():
    text = readme()
    for name in re.findall(r"`((?:postfix|nginx|tmpfiles\.d)/[\w.]+|"
                           r"sesame\.conf|sesame-pools\.pcre)`", text):
        assert [path for path, _, names in os.walk(EXAMPLES)
                if os.path.basename(name) in names], name
    for unit in re.findall(r"sesame-\w+\.socket", text):
        assert os.path.exists(os.path.join(EXAMPLES, "systemd", unit))


def test_sesame_conf(site, tmp_path):
    """Every line of the example, also those that are commented out."""
    with open(os.path.join(EXAMPLES, "sesame.conf")) as file:
        text = file.read()
    shown = re.sub(r"(?m)^#(\w+ =)", r"\1", text)
    assert shown.count("\n") == text.count("\n") and shown != text
    for number, lines in enumerate((text, shown)):
        path = tmp_path / ("%d.conf" % number)
        path.write_text(lines)
        done = site.run(os.path.join(build_dir(), "sesamectl"), "-c", path,
                        "config")
        assert done.returncode == 0, done.stderr
        path.write_text(lines + "no_such_option = 1\n")
        done = site.run(os.path.join(build_dir(), "sesamectl"), "-c", path,
                        "config")
        assert done.returncode != 0
        assert "%s:%d:" % (path, lines.count("\n") + 1) in done.stderr


def test_nginx_conf(site, tmp_path):
    with open(os.path.join(EXAMPLES, "nginx", "sesame.conf")) as file:
        example = file.read()
    top = "\n".join(re.findall(r"(?m)^#   (\S.*;)", example))
    top = top.replace("modules/ngx_http_sesame_module.so", os.path.join(
        build_dir(), "ngx_http_sesame_module.so"))
    certs = site.env["SESAME_POSTFIX_CONFIG"]
    for old, new in (
            ("/etc/sesame/sesame.conf", site.env["SESAME_CONFIG"]),
            ("/etc/ssl/certs/email.example.net.pem", certs + "/cert.pem"),
            ("/etc/ssl/private/email.example.net.key", certs + "/key.pem")):
        assert old in example
        example = example.replace(old, new)
    config = tmp_path / "nginx.conf"
    config.write_text("%s\npid %s/pid;\nerror_log stderr;\nevents { }\n"
                      "http {\n%s\n}\n" % (top, tmp_path, example))
    done = site.run("nginx", "-t", "-c", config, "-p", tmp_path)
    assert done.returncode == 0, done.stderr


def test_postfix_conf(site, tmp_path):
    """postfix check, over what a fresh Debian installation has."""
    config = tmp_path / "etc"
    config.mkdir()
    for name in ("queue", "data"):
        (tmp_path / name).mkdir()
    shutil.chown(tmp_path / "data", "postfix")
    examples = os.path.join(EXAMPLES, "postfix")
    with open(os.path.join(examples, "main.cf")) as file:
        main = file.read()
    with open(os.path.join(examples, "master.cf")) as file:
        master = file.read()
    with open("/usr/share/postfix/master.cf.dist") as file:
        dist = file.read()
    pools = os.path.join(examples, "sesame-pools.pcre")
    assert "/etc/postfix/sesame-pools.pcre" in main
    (config / "main.cf").write_text(
        "compatibility_level = 3.6\nqueue_directory = %s/queue\n"
        "data_directory = %s/data\nmyhostname = mail.example.net\n"
        "command_directory = /usr/sbin\nmail_owner = postfix\n"
        "daemon_directory = /usr/lib/postfix/sbin\n"
        "meta_directory = /etc/postfix\nsetgid_group = postdrop\n"
        "shlib_directory = /usr/lib/postfix\n%s" % (
            tmp_path, tmp_path,
            main.replace("/etc/postfix/sesame-pools.pcre", pools)))
    (config / "master.cf").write_text(dist + master)
    done = site.run("postfix", "-c", config, "check")
    told = [line for line in (done.stdout + done.stderr).splitlines()
            if "fatal" in line or "unused" in line or "bad" in line]
    assert done.returncode == 0 and not told, done.stdout + done.stderr
    done = site.run("postconf", "-c", config, "-n", "maillog_file")
    assert "/var/log/postfix/maillog" in done.stdout
    done = site.run("postmap", "-c", config, "-q",
                    TOKEN + "@bounce.example.net", "pcre:" + pools)
    assert done.stdout.strip() == "sesame-a1:"
    tables = re.findall(r"(?m)^# {4}(regexp:\{\{.* (\S+)\}\})$", main)
    assert [want for _, want in tables] == ["OK", "lmtp:unix:sesame/lmtp"]
    for table, want in tables:
        for address, said in ((TOKEN + "@bounce.shop.example", want),
                              ("a1." + "x" * 42 + "@shop.example", "")):
            done = site.run("postmap", "-c", config, "-q", address, table)
            assert done.stdout.strip() == said


def test_units():
    """systemd reads the units without a complaint (but that programs and
    manual pages are not installed here)."""
    folder = os.path.join(EXAMPLES, "systemd")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no"] +
        [os.path.join(folder, name) for name in sorted(os.listdir(folder))],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    told = [line for line in done.stdout.splitlines()
            if "sesame" in line and "is not executable" not in line]
    assert not told, done.stdout
