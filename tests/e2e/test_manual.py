"""Manual pages, --help and nginx-module/README.md against the programs

Every command, option and directive is described, and nothing that is not
there; what a text tells to run can be run.  The options of sesame.conf(5) are
compared with their table by tests/unit/test_conf.c.
"""

import glob
import os
import re
import subprocess

import pytest

from harness import example
from harness.layout import ROOT, build_dir

PAGES = {os.path.basename(path): path
         for path in sorted(glob.glob(ROOT + "/*/*/*.[1-8]"))}
DAEMONS = {"sesame-milter": "milter/gate", "sesame-agent": "milter/agent"}
# Of others, where a page refers to them.
FOREIGN = {"cron(8)", "postconf(1)", "postconf(5)", "postfix(1)",
           "postlogd(8)", "postqueue(1)", "postsuper(1)", "sendmail(1)",
           "tsig-keygen(8)"}
ANYWHERE = {"config", "json", "help", "version"}  # options of every command


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def said(*words, ok=(0,)):
    done = subprocess.run(
        [os.path.join(build_dir(), words[0])] + list(words[1:]), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    assert done.returncode in ok, done.stdout
    return done.stdout


def plain(text):
    """Without roff's escapes."""
    return re.sub(r"\\f[BIRP]", "", text).replace("\\-", "-").replace(
        "\\e", "\\").replace('\\(dq', '"').replace("\\&", "")


def sections(page):
    """{title: its lines}, of a page as it is written."""
    found = re.split(r"(?m)^\.SH (.*)$", read(PAGES[page]))
    return {title.strip('"'): text.strip("\n").splitlines()
            for title, text in zip(found[1::2], found[2::2])}


@pytest.mark.parametrize("page", PAGES)
def test_page_renders(page):
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8", PAGES[page]],
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert len(done.stdout) > 2000
    man = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
         PAGES[page]], text=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert man.returncode == 0 and man.stderr == "", man.stderr


@pytest.mark.parametrize("page", PAGES)
def test_page_is_whole(page):
    """Name and section as the file's, a name line, an end of references."""
    text = read(PAGES[page])
    name, _, section = page.rpartition(".")
    assert text.startswith('.TH %s %s "" "Sesame" "Sesame"\n' % (
        name.upper(), section))
    assert plain(sections(page)["NAME"][0]).startswith(name + " - ")
    assert list(sections(page))[-1] == "SEE ALSO"


@pytest.mark.parametrize("page", PAGES)
def test_references_exist(page):
    text = plain(re.sub(r"(?m)^\.BR (\S+) (?=\(\d)", r"\1", read(PAGES[page])))
    known = {"%s(%s)" % tuple(name.rsplit(".", 1)) for name in PAGES}
    found = re.findall(r"[\w.-]+\(\d\)", text)
    assert len(found) >= 3
    assert not [name for name in found if name not in known | FOREIGN]


# --- sesamectl ---------------------------------------------------------------

def parts(line):
    """("identity verify", arguments, {option: value}) of a usage line."""
    words = re.sub(r"[][]| \| ", " ", line).split()
    at = next((i for i, word in enumerate(words) if word.startswith("--")),
              len(words))
    options, name = {}, None
    for word in words[at:]:
        if word.startswith("--"):
            name = word[2:]
            options[name] = ""
        else:
            options[name] = (options[name] + " " + word).strip()
    verbs = [word for word in words[:at] if re.fullmatch(r"[a-z][a-z0-9-]*",
                                                         word)]
    return " ".join(verbs), words[len(verbs):at], options


def groups():
    text = said("sesamectl", "--help").partition("Commands:\n")[2]
    return dict(re.findall(r"(?m)^  ([a-z-]+) +(\S.*)$",
                           text.partition("\n\n")[0]))


def from_help():
    """{words: (arguments, options)} by the help of every group."""
    found = {}
    for group in groups():
        lines = re.findall(r"(?m)^(?:usage:| ) sesamectl ([a-z].*)$",
                           said("sesamectl", group, "--help"))
        assert lines, group
        for line in lines:
            words, arguments, options = parts(line)
            found[words] = arguments, options
    return found


def from_page():
    lines = read(PAGES["sesamectl.8"]).splitlines()
    found = {}
    for before, line in zip(lines, lines[1:]):
        if before in (".TP", ".TQ") and re.match(r"\\fB[a-z]", line):
            words, arguments, options = parts(plain(line))
            found[words] = arguments, options
    return found


HELP = None


def commands():
    global HELP
    HELP = HELP or from_help()
    return HELP


def test_page_has_just_the_commands():
    there, described = commands(), from_page()
    assert len(there) > 50
    assert set(described) == set(there)


def test_page_has_just_their_arguments_and_options():
    described = from_page()
    for words, (arguments, options) in commands().items():
        assert described[words] == (arguments, options), words


def test_help_of_each_command():
    for words, (_, options) in commands().items():
        text = said("sesamectl", *words.split(), "--help")
        assert text.startswith("usage: sesamectl " + words)
        own = text.partition("\nOptions of every command:")[0]
        shown = re.findall(r"(?m)^  --([a-z0-9-]+) ?([^ ].*?)?(?: {2,}|$)",
                           own)
        assert {name for name, _ in shown} == set(options), words
        for line in re.findall(r"(?m)^  --.*$", own):
            assert re.match(r"  --\S+( \S+)? +\S", line), line


def test_groups_have_one_line_each():
    for group, line in groups().items():
        assert said("sesamectl", group, "--help", ok=(0,)).startswith(
            ("sesamectl %s - %s\n" % (group, line), "usage: sesamectl " +
             group))


def mentions():
    """(where, words after "sesamectl") of texts and messages."""
    texts = ["README.md", "nginx-module/README.md"]
    texts += [os.path.relpath(path, ROOT) for path in PAGES.values()]
    texts += [os.path.relpath(example.path(name), ROOT)
              for name in example.names()]
    for pattern in ("shared/*/*.c", "milter/*/*.c", "nginx-module/*.c",
                    "nginx-module/api/*.c"):
        texts += [os.path.relpath(path, ROOT)
                  for path in glob.glob(os.path.join(ROOT, pattern))]
    for name in texts:
        text = plain(read(name))
        if name.endswith(".c"):  # what they say, not what they are
            text = "\n".join(re.findall(r'"(?:[^"\\\n]|\\.)*"', text))
        for line in re.findall(r"(?<![\w/.-])sesamectl ((?:--)?[a-z][a-z0-9-]*"
                               r"(?: [a-z0-9-]+)*)", text):
            yield name, line.split()


def test_commands_that_are_named_exist():
    there, count = commands(), 0
    for name, words in mentions():
        if words[0].startswith("-") or words[0] not in groups():
            assert name.endswith(".c") or words[0] in (
                "reads", "is", "has", "COMMAND", "--version",
                "--help"), (name, words)
            continue
        count += 1
        group = [known for known in there
                 if known.split()[0] == words[0]]
        found = [known for known in group
                 if known.split() == words[:len(known.split())]]
        assert found or len(words) == 1 or words[0] in there, (name, words)
        for word in words:
            if word.startswith("--"):
                options = {option for known in (found or group)
                           for option in there[known][1]}
                assert word[2:] in options | ANYWHERE, (name, words)
    assert count > 60


# --- the daemons -------------------------------------------------------------

def getopts(program):
    """{long name: (letter or None, has a value)} by its table."""
    text = read(DAEMONS[program] + "/main.c")
    letters = re.search(r'getopt_long\(argc, argv, "([^"]*)"', text).group(1)
    return {name: (letter if letter in letters else None,
                   kind == "required")
            for name, kind, letter in re.findall(
                r"\{\"(\w+)\", (no|required)_argument, NULL, '(\w)'\}", text)}


@pytest.mark.parametrize("program", DAEMONS)
def test_options_of_a_daemon(program):
    table = getopts(program)
    assert len(table) >= 4
    want = {"".join(("-%s, " % letter if letter else "", "--", name,
                     " VALUE" if value else ""))
            for name, (letter, value) in table.items()}
    text = said(program, "--help")
    shown = re.findall(r"(?m)^ +((?:-\w, )?--\w+(?: [A-Z]+)?)  +\S", text)
    assert {re.sub(" [A-Z]+$", " VALUE", item) for item in shown} == want
    page = []
    for line in sections(program + ".8")["OPTIONS"]:
        match = re.match(r"\.B[RI] (.*)$", line)
        if match and "\\-\\-" in line:
            page.append(re.sub(r" +", " ", re.sub(
                r'"', "", plain(match.group(1)))).replace(" , ", ", "))
    assert {re.sub(" [A-Z]+$", " VALUE", item) for item in page} == want
    synopsis = plain(" ".join(sections(program + ".8")["SYNOPSIS"]))
    for name, (letter, _) in table.items():
        assert ("--" + name in synopsis or
                letter and "-%s " % letter in synopsis), name
        assert name in text.partition("\n\n")[0] or (
            letter and "-%s " % letter in text.partition("\n\n")[0]), name


@pytest.mark.parametrize("program", DAEMONS)
def test_letters_do_what_their_names_do(program):
    for name, (letter, value) in getopts(program).items():
        if letter and not value:
            assert said(program, "-" + letter) == said(program, "--" + name)


# --- nginx -------------------------------------------------------------------

def test_directives():
    text = read("nginx-module/ngx_http_sesame_module.c")
    table = text[text.index("ngx_command_t"):text.index("ngx_null_command")]
    there = set(re.findall(r'ngx_string\("(\w+)"\)', table))
    described = re.findall(r"(?m)^\| `(\w+) ", read("nginx-module/README.md"))
    assert set(described) == there | {"thread_pool"}  # nginx's own
    used = example.text("nginx/sesame.conf")
    for name in there:
        assert re.search(r"(?m)^ *%s " % name, used), name


def test_files_of_the_module():
    """Its table of files, and what is in the folder."""
    text = read("nginx-module/README.md")
    named = set()
    for row in re.findall(r"(?m)^\| (`ngx_.*?`) \|", text):
        names = re.findall(r"`([\w.]+)`", row)
        named |= {name if name.startswith("ngx_") else "ngx_http_sesame" + name
                  for name in names}
    assert named == {os.path.basename(path) for path in glob.glob(
        ROOT + "/nginx-module/*.c")}


# --- examples in the pages ---------------------------------------------------

def verbatim(page, *titles):
    """What stands between .nf and .fi there."""
    found = []
    for title, lines in sections(page).items():
        if title not in titles:
            continue
        text = "\n".join(lines) + "\n"
        found += [plain(block) for block in re.findall(
            r"(?ms)^\.nf\n(.*?)^\.fi$", text)]
    assert found
    return found


def test_examples_of_sesame_conf(host, tmp_path):
    bindings, whole = verbatim("sesame.conf.5", "BINDINGS", "EXAMPLE")
    for number, text in enumerate((whole, whole + bindings)):
        path = tmp_path / ("%d.conf" % number)
        path.write_text(text)
        shown = host.run(os.path.join(build_dir(), "sesamectl"), "-c", path,
                         "config")
        assert shown.returncode == 0, shown.stderr
        for line in text.splitlines():
            assert line.startswith("#") or line in shown.stdout.splitlines()


@pytest.mark.parametrize("program", DAEMONS)
def test_lines_for_postfix(host, program):
    """They are Postfix's defaults, or what conf-examples says."""
    ours = example.text("postfix/main.cf")
    lines, = verbatim(program + ".8", "POSTFIX")
    for line in lines.splitlines():
        default = host.run("postconf", "-d", line.partition(" =")[0]).stdout
        assert line in (default + ours).splitlines(), line


def test_examples_of_sesamectl(new_host):
    """The first is for a new host; this one has an account and is out of
    the sandbox.  The second is about a message that has another id here."""
    host = new_host()
    first, second = verbatim("sesamectl.8", "EXAMPLES")
    begin, *rest = first.splitlines()
    done = host.run(host.env["SESAMECTL"], *begin.split()[1:])
    assert done.returncode == 1 and "exists already" in done.stderr
    for line in rest:
        if line.startswith("sesamectl identity verify"):
            host.publish_dns("example.com")
        host.sesamectl(*line.split()[1:])
    sent = host.ses().send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": ["ann@example.org"]},
        Content={"Simple": {"Subject": {"Data": "x"},
                            "Body": {"Text": {"Data": "x"}}}})
    host.wait_mail(to="ann@example.org")
    host.settle()
    identity = re.search(r"sesamectl message (\S+)", second).group(1)
    script = second.replace(identity, sent["MessageId"]).replace(
        "/var/log/postfix/maillog", host.env["SESAME_MAILLOG"])
    done = host.run("env", "PATH=%s:/usr/bin:/bin" % host.dir, "sh", "-e",
                    "-c", script)
    assert done.returncode == 0, done.stderr
    assert "Delivery" in done.stdout and "status=sent" in done.stdout
