"""lint - the rules of the house that a program can check

Each check looks at all files and is one test: format, warnings of a second
compiler, headers that compile alone, banned calls, layers, names in Python,
the syntax of shell scripts.
"""

import concurrent.futures
import glob
import os
import re
import subprocess

PARTS = {  # folder -> the Makefile's name for its include paths
    "shared/base": "base", "shared/store": "base", "shared/model": "base",
    "shared/policy": "base", "shared/template": "base",
    "shared/resolve": "resolve",
    "shared/sesamectl": "ctl",
    "nginx-module/api": "api", "milter/gate": "gate", "milter/agent": "agent",
}
LAYERS = ["base", "store", "model", "policy"]  # each may look left only
BESIDE = ["template", "resolve"]  # look at the first layer only; none at them

BANNED = re.compile(r"\b(v?sprintf|strcpy|strcat|atoi|gmtime|malloc)\s*\(")
MAY_MALLOC = "shared/base/arena.c"

# What may appear only where: (pattern, files that may, what it is).
PLACES = [
    (re.compile(r'#\s*include\s*[<"]lmdb\.h'),
     re.compile(r"shared/store/"), "lmdb.h outside shared/store"),
    (re.compile(r"\bngx_\w+"),
     re.compile(r"nginx-module/ngx_http_sesame"),
     "ngx_ outside nginx-module/ngx_http_sesame*"),
    (re.compile(r'#\s*include\s*[<"]libmilter/mfapi\.h'),
     re.compile(r"milter/gate/callbacks"),
     "mfapi.h outside the gate's callbacks"),
    (re.compile(r'#\s*include\s*[<"]unbound\.h'),
     re.compile(r"shared/resolve/"), "unbound.h outside shared/resolve"),
    (re.compile(r'#\s*include\s*"(?:\.\./)*resolve/'),
     re.compile(r"shared/(resolve|sesamectl)/|milter/agent/"),
     "shared/resolve in what asks no DNS"),
    (re.compile(r'#\s*include\s*"[^"]*milter/'),
     re.compile(r"milter/"), "a header of milter/ outside it"),
    (re.compile(r'#\s*include\s*"[^"]*nginx-module/'),
     re.compile(r"nginx-module/"), "a header of nginx-module/ outside it"),
]


def sources(root, suffixes=(".c", ".h")):
    """C files of the tree, below the root, without the tests."""
    found = []
    for top in ("shared", "milter", "nginx-module"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            found += [os.path.relpath(os.path.join(folder, name), root)
                      for name in names if name.endswith(suffixes)]
    return sorted(found)


def is_glue(path):
    """nginx's own form by hand is fine there, and it needs nginx's headers."""
    return os.path.basename(path).startswith("ngx_http_sesame")


def code_of(root, path):
    """A file without comments and string contents, lines kept.

    Names between quotes after #include are kept."""
    with open(os.path.join(root, path), errors="replace") as file:
        text = file.read()

    def blank(match):
        part = match.group(0)
        if part.startswith("#"):
            return part
        if part.startswith("/"):
            return "\n" * part.count("\n")
        return '""'

    return re.sub(r'^#\s*include[^\n]*|/\*.*?\*/|//[^\n]*'
                  r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'',
                  blank, text, flags=re.S | re.M)


def variable(root, build, name):
    out = subprocess.run(["make", "-s", "--no-print-directory", "B=" + build,
                          "print-" + name], cwd=root, text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    return out.split()


def compile_all(root, jobs):
    """Run (command, path) pairs, two at a time; the complaints."""
    def one(job):
        done = subprocess.run(job[0] + [job[1]], cwd=root, text=True,
                              errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.stdout if done.returncode else ""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [text for text in pool.map(one, jobs) if text]


def flags_for(root, build, path, cache={}):
    folder = os.path.dirname(path)
    part = PARTS.get(folder, "api" if folder == "nginx-module" else "base")
    if part not in cache:
        cache[part] = (["-std=c11", "-D_GNU_SOURCE", "-fsyntax-only",
                        '-DSESAME_VERSION="0"'] +
                       variable(root, build, "WARN") +
                       variable(root, build, "INC_" + part))
    return cache[part]


def check_format(root, build):
    files = [path for path in sources(root) if not is_glue(path)]
    files += [os.path.relpath(path, root) for path in sorted(
        glob.glob(os.path.join(root, "tests/unit/*.[ch]")) +
        glob.glob(os.path.join(root, "tests/fuzz/*.[ch]")))]
    return compile_all(root, [(["clang-format", "--dry-run", "-Werror"], path)
                              for path in files])


def check_clang(root, build):
    return compile_all(root, [
        (["clang"] + flags_for(root, build, path), path)
        for path in sources(root, ".c") if not is_glue(path)])


def check_headers(root, build):
    return compile_all(root, [
        (["gcc"] + flags_for(root, build, path) + ["-x", "c"], path)
        for path in sources(root, ".h") if not is_glue(path)])


def grep(root, path, pattern, what):
    return ["%s:%d: %s: %s" % (path, number, what, match.group(0))
            for number, line in enumerate(
                code_of(root, path).splitlines(), 1)
            for match in [pattern.search(line)] if match]


def check_banned(root, build):
    found = []
    for path in sources(root):
        found += [text for text in grep(root, path, BANNED, "banned")
                  if not (path == MAY_MALLOC and "malloc" in text)]
    return found


def check_layers(root, build):
    found = []
    for path in sources(root):
        for pattern, allowed, what in PLACES:
            if not allowed.match(path):
                found += grep(root, path, pattern, what)
        part = path.split("/")[1]
        if path.startswith("shared/") and part in LAYERS + BESIDE:
            above = LAYERS[1 if part in BESIDE else LAYERS.index(part) + 1:]
            above += [name for name in BESIDE + ["sesamectl"] if name != part]
            pattern = re.compile(r'#\s*include\s*"(?:\.\./)?(%s)/' %
                                 "|".join(above))
            found += grep(root, path, pattern, "a layer above")
    return found


def scripts(root):
    """(path, first line) of what is not C, below the root without build/."""
    for folder, dirs, names in os.walk(root):
        dirs[:] = [name for name in dirs
                   if name != ".git" and
                   os.path.join(folder, name) != os.path.join(root, "build")]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or name.endswith((".c", ".h", ".eml")):
                continue
            with open(path, "rb") as file:
                yield path, file.readline()


def is_python(path, first):
    return path.endswith(".py") or (first.startswith(b"#!") and
                                    b"python" in first)


def check_python(root, build):
    """Syntax, undefined names, imports that nobody uses."""
    paths = [path for path, first in scripts(root) if is_python(path, first)]
    done = subprocess.run(["/usr/bin/python3", "-B", "-m", "pyflakes"] + paths,
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    return [done.stdout] if done.returncode else []


def check_shell(root, build):
    found = []
    for path, first in scripts(root):
        if first.startswith(b"#!") and b"bash" in first:
            done = subprocess.run(["bash", "-n", path], text=True,
                                  stderr=subprocess.PIPE)
            if done.returncode:
                found.append(done.stderr)
    return found


CHECKS = [
    ("format", check_format),
    ("clang", check_clang),
    ("headers alone", check_headers),
    ("banned calls", check_banned),
    ("layers", check_layers),
    ("Python", check_python),
    ("shell", check_shell),
]


def run(root, build):
    """All checks; (passed, failed)."""
    passed = failed = 0
    for name, check in CHECKS:
        found = check(root, build)
        print("  %-14s %s" % (name, "FAILED" if found else "ok"), flush=True)
        for text in found:
            print(text.rstrip(), flush=True)
        passed += not found
        failed += bool(found)
    return passed, failed
