"""templates - rendering, beside Handlebars.js on one core"""

import json
import math
import os
import shutil
import subprocess
import tempfile

TESTS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")
MILLISECONDS = 700

# name: unit, peer, goal
GOALS = {
    "render_vs_handlebars": (
        "renderings/s of five templates (geometric mean)",
        "Handlebars.js compiled", (">=", 5)),
}


def tiny():
    return ("Hello {{name}}, your code is {{code}}.\n",
            {"name": "Ann", "code": 123456})


def order():
    row = ("<tr><td>{{@index}}</td><td>{{name}}</td><td>{{quantity}}</td>"
           "<td>{{price}}</td>{{#if discount}}<td>-{{discount}}</td>"
           "{{else}}<td></td>{{/if}}</tr>\n")
    return ("<h1>Order {{order.id}}</h1>\n<p>Dear {{customer.name}},</p>\n"
            "<table>\n{{#each items}}\n" + row + "{{/each}}\n</table>\n"
            "<p>Total: {{order.total}} {{order.currency}}</p>\n",
            {"order": {"id": "A-1001", "total": 312.5, "currency": "EUR"},
             "customer": {"name": "Ann"},
             "items": [{"name": "Thing %d" % i, "quantity": i + 1,
                        "price": 10.25 + i, "discount": i % 3}
                       for i in range(12)]})


def newsletter():
    article = ('{{#*inline "article"}}\n<div class="article">\n'
               '<h2><a href="{{url}}">{{title}}</a></h2>\n'
               "{{#if image}}<img src=\"{{image.src}}\" alt=\"{{image.alt}}\">"
               "{{/if}}\n<p>" + "Lorem ipsum dolor sit amet. " * 8 +
               "{{summary}}</p>\n{{#each tags}}<span>{{this}}</span>"
               "{{#unless @last}}, {{/unless}}{{/each}}\n"
               "<p>{{author}} for {{reader}}</p>\n</div>\n{{/inline}}\n")
    return (article + "<html><body>\n<p>Dear {{contact.firstName}},</p>\n"
            "{{#each sections}}\n<h1>{{title}}</h1>\n{{#each articles}}\n"
            "{{> article reader=@root.contact.firstName}}\n{{/each}}\n"
            "{{else}}\n<p>Nothing today.</p>\n{{/each}}\n"
            "<a href=\"{{meta.unsubscribe}}\">unsubscribe</a></body></html>\n",
            {"contact": {"firstName": "Ann"},
             "meta": {"unsubscribe": "https://example.com/u"},
             "sections": [
                 {"title": "Section %d" % s, "articles": [
                     {"url": "https://example.com/%d/%d" % (s, a),
                      "title": "Article %d" % a, "author": "Bob",
                      "image": {"src": "https://example.com/i.png",
                                "alt": "a picture"} if a % 2 else None,
                      "summary": "In short, this.", "tags": ["x", "y", "z"]}
                     for a in range(6)]} for s in range(4)]})


def large():
    """200 KB of text with 1,400 attributes."""
    filler = "The quick brown fox jumps over the lazy dog. " * 3
    return ("".join("<p>%s{{values.v%d}}</p>\n" % (filler, i % 50)
                    for i in range(1400)),
            {"values": {"v%d" % i: "value %d" % i for i in range(50)}})


def deep():
    text, data = "{{this}} {{../../length}} {{@root.a.b.c.d}}\n", ["x", "y", "z"]
    for level in range(5):
        text = ("{{#each this}}{{#with @root.a.b}}{{c.d}}{{/with}}" + text +
                "{{/each}}")
        data = [data, data, data] if level < 4 else data
    return ("{{#with list}}" + text + "{{/with}}",
            {"name": "deep", "a": {"b": {"c": {"d": 4}}}, "list": data})


TEMPLATES = (tiny, order, newsletter, large, deep)


def rates(*command):
    done = subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE)
    return [(float(rate), int(size)) for rate, size in
            (line.split() for line in done.stdout.splitlines())]


def measure(build, rounds, wanted):
    subprocess.run(["make", "-s", "B=" + build, "js"], check=True,
                   cwd=os.path.dirname(os.path.abspath(TESTS)))
    folder = tempfile.mkdtemp(prefix="bench-")
    files, found = [], []
    try:
        for make in TEMPLATES:
            path = os.path.join(folder, make.__name__)
            text, data = make()
            with open(path, "w") as file:
                file.write(text)
            with open(path + ".json", "w") as file:
                json.dump(data, file)
            files += [path, path + ".json"]
        for number in range(rounds):
            ours = rates(os.path.join(build, "bench/render"),
                         str(MILLISECONDS), *files)
            theirs = rates("taskset", "-c", "0", "node",
                           os.path.join(TESTS, "bench/render.mjs"),
                           os.path.join(build, "js/handlebars"),
                           str(MILLISECONDS), *files)
            assert [size for _, size in ours] == [
                size for _, size in theirs], (ours, theirs)
            ratios = [a / b for (a, _), (b, _) in zip(ours, theirs)]
            print("round %d  %s" % (number + 1, "  ".join(
                "%s %.0f/s %.1f" % (make.__name__, ours[i][0], ratios[i])
                for i, make in enumerate(TEMPLATES))), flush=True)
            found.append(math.prod(ratios) ** (1 / len(ratios)))
    finally:
        shutil.rmtree(folder)
    return {"render_vs_handlebars": found}
