// handlebars - makes templates and data, and renders them with Handlebars.js
//
//     node handlebars.mjs DIRECTORY-OF-node_modules SEED COUNT
//
// Prints a line of JSON for each case: template, data (text), and what
// Handlebars.js says: result (base64 of UTF-8) or error.  The same seed makes
// the same cases.  Most templates are well-formed; some are damaged after
// that, so that both sides must agree on what is no template.

import { createRequire } from "node:module";
import path from "node:path";

const [modules, seed, count] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "x.js"));
const handlebars = load("handlebars");

// --- the oracle -----------------------------------------------------------

handlebars.logger.log = () => {};
const oracle = handlebars.create();
oracle.log = () => {};

// With noEscape, {{a}}{{b}} of two numbers is their sum, and a partial that is
// a number cannot be indented.  Here all that is printed is text.
class Compiler extends handlebars.JavaScriptCompiler {
  appendToBuffer(source, ...rest) {
    return super.appendToBuffer(['("" + (', ...[].concat(source), "))"], ...rest);
  }
}
Compiler.prototype.compiler = Compiler;
oracle.JavaScriptCompiler = Compiler;

// A raw block prints its text; here that takes a helper.
oracle.registerHelper("raw", function (...args) {
  const options = args.pop();
  if (options.fn) return options.fn(this);
  if (args.length) throw new Error("raw");
  return undefined;
});
// SES's placeholders print themselves.
for (const name of ["ses:openTracker", "amazonSESUnsubscribeUrl"])
  oracle.registerHelper(name, () => "{{" + name + "}}");

function expected(template, data) {
  try {
    const text = oracle.compile(template, { noEscape: true })(JSON.parse(data));
    return { result: Buffer.from(text, "utf8").toString("base64") };
  } catch (error) {
    return { error: String(error && error.message) };
  }
}

// --- numbers --------------------------------------------------------------

let state = BigInt(seed);

function next() { // splitmix64
  state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
  let z = state;
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

const below = (n) => Number(next() % BigInt(n));
const chance = (percent) => below(100) < percent;
const pick = (list) => list[below(list.length)];
const times = (most, make) => Array.from({ length: below(most + 1) }, make);

// --- data -----------------------------------------------------------------

// An own member toString would be called by JavaScript: paths only.
const NAMES = ["a", "b", "c", "list", "item", "name", "x", "mythis", "in-n",
               "$d", "ключ", "_u", "if1"];
const ODD = ["foo bar", "0", "1", "12", "10", "true", "null", "a.b", "this",
             "..", "if", "each", "[", "a\"b", "é", "x'y", ""];
const TEXTS = ["", "x", "hello", "a b", " lead", "trail ", "l1\nl2", "\n",
               "tab\tx", "<b>&\"'", "ünï", "日本", "😀k", "k😀", "0", "1",
               "12", "a", "b", "name", "{{a}}", "\u00a0", "\u2028", "x\r\ny",
               "p", "q", "length", " 1 ", "0x10", "1e3", "[object Object]",
               "1,2"];
const NUMBERS = [0, 1, 2, -1, 12, 0.1, 1.5, -0.25, 1e21, 1e-7, 123456789012,
                 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e15, 123e18,
                 4503599627370497.5, 9007199254740993, 2 ** -1022, 1e300,
                 0.000001, 100, 1 / 3];

function number() {
  if (chance(60)) return pick(NUMBERS);
  if (chance(50)) return (below(200000) - 100000) / pick([1, 10, 100, 1000, 8]);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setBigUint64(0, chance(20) ? (next() >> 52n) << 52n : next());
  const value = bits.getFloat64(0);
  return Number.isFinite(value) ? value : 7;
}

function value(depth) {
  const kind = below(depth > 0 ? 12 : 8);
  if (kind < 3) return pick(TEXTS);
  if (kind < 5) return number();
  if (kind < 6) return chance(50);
  if (kind < 7) return null;
  if (kind < 8) return pick(TEXTS);
  if (kind < 10) return times(4, () => value(depth - 1));
  return object(depth - 1, 4);
}

// The first of them more often, so that templates find what data has.
const name = () => NAMES[Math.min(below(NAMES.length), below(NAMES.length))];

function object(depth, most) {
  const made = {};
  for (const key of times(most, () => (chance(85) ? name() : pick(ODD))))
    made[key] = value(depth);
  return made;
}

function data() {
  const made = object(3, 14);
  if (chance(70)) made.list = times(5, () => value(2));
  if (chance(50)) made.item = object(2, 6);
  if (chance(3)) // many members
    for (let i = 0; i < 40; i++) made["m" + below(60)] = i;
  return JSON.stringify(made);
}

// --- expressions ----------------------------------------------------------

const blank = () => pick(["", "", "", " ", " ", "  ", "\n", "\t", "\u00a0"]);
const gap = () => pick([" ", " ", " ", "  ", "\n", " \t"]);

function segment() {
  if (chance(88)) return name();
  if (chance(50))
    return "[" + pick(ODD.concat(TEXTS)).replace(/[\\\]]/g, "\\$&") + "]";
  return chance(95) ? pick(["length", "x1", "else1", "as", "[]", "[0]", "[1]",
                            "[2]", "-", "toString"])
                    : pick(["0", "1", "true", "null", "-1", "12"]); // no names
}

function dotted(scope) {
  const parts = [scope.params.length && chance(40) ? pick(scope.params)
                                                   : segment()];
  while (chance(25)) parts.push(segment());
  return parts.join(pick([".", ".", ".", "/"]));
}

function place(scope) {
  switch (below(16)) {
    case 0: return "this";
    case 1: return ".";
    case 2: return "this." + dotted(scope);
    case 3: return "./" + dotted(scope);
    case 4: return "..";
    case 5: return "../" + dotted(scope);
    case 6: return "../../" + dotted(scope);
    case 7: return "@root." + dotted(scope);
    case 8: return "@" + pick(["index", "key", "first", "last", "root",
                               "nothing", "../index", "../key", "root/list"]);
    default: return dotted(scope);
  }
}

function literal() {
  switch (below(9)) {
    case 0: return '"' + pick(TEXTS).replace(/"/g, '\\"') + '"';
    case 1: return "'" + pick(TEXTS).replace(/'/g, "\\'") + "'";
    case 2: return pick(["true", "false"]);
    case 3: return "null";
    case 4: return "undefined";
    case 5: return pick(["0", "-1", "12.50", "00012", "1.0", "999999999999999999999999",
                         "0.0000001"]);
    default: return '"' + pick(NAMES) + '"';
  }
}

function sub(scope, depth) {
  switch (below(10)) {
    case 0: return "(" + (chance(80) ? "nothing" : name()) + ")";
    case 1: return "(" + blank() + (chance(80) ? "log" : pick(["if", "nohelper"])) +
                   gap() + param(scope, depth) + ")";
    case 2: return scope.params.length ? "(" + pick(scope.params) + ")"
                                       : "(log)";
    default: return "(" + blank() + "lookup" + gap() + param(scope, depth) +
                    gap() + param(scope, depth) + blank() + ")";
  }
}

function param(scope, depth) {
  if (depth > 0 && chance(15)) return sub(scope, depth - 1);
  return chance(30) ? literal() : place(scope);
}

function pair(scope) {
  const key = chance(80) ? name() : pick(NAMES.concat(["[foo bar]", "includeZero", "12"]));
  return key + pick(["=", "=", " = "]) + param(scope, 1);
}

const pairs = (scope) => Array.from({ length: 1 + below(3) },
                                    () => gap() + pair(scope)).join("");

// --- programs -------------------------------------------------------------

const tilde = () => (chance(12) ? "~" : "");
const open = (sign) => "{{" + tilde() + sign + blank();
const close = () => blank() + tilde() + "}}";

const PLAIN = ["text", "a b", " ", "  ", "\n", "\n\n", "\r\n", "\t", " }", "{ ",
               " }}", "é", "日本語", "😀", "\u00a0", " \n ", "x\n", "\nx", "  x",
               "x  ", "<p>", "\\", "\\\\", "\n  ", "  \n", "\ufeff", "\u2028",
               "\v", "else", "!"];

const text = () => (chance(99) ? pick(PLAIN) : pick(["}", "}}", "{", "~"]));

function alone(tag) { // in its own line, now and then
  if (chance(45)) return tag;
  const before = pick(["\n", "\r\n", "", " \n", "\n \t\n"]);
  const after = pick(["\n", "\r\n", " \n", "\t\r\n", "", "  ", "\n\n"]);
  return before + pick(["", "", "  ", "\t", " "]) + tag + after;
}

function mustache(scope) {
  if (chance(3))
    return pick(["{{amazonSESUnsubscribeUrl}}", "{{ses:openTracker}}",
                 "{{ amazonSESUnsubscribeUrl ~}}", "{{{ses:openTracker}}}"]);
  if (chance(8)) return open("") + literal() + close();
  if (chance(10))
    return open("") + "lookup" + gap() + param(scope, 2) + gap() +
           param(scope, 2) + close();
  if (chance(1))
    return open("") + pick(["lookup", "if", "nohelper", "each", "log"]) + gap() +
           param(scope, 1) + (chance(20) ? pairs(scope) : "") + close();
  const what = place(scope);
  if (chance(10)) return "{{" + tilde() + "{" + blank() + what + blank() + "}" +
                         tilde() + "}}";
  if (chance(5)) return open("&") + what + close();
  return open("") + what + close();
}

function comment() {
  return "{{" + tilde() + pick(["! c }", "!-- c }} --", "!", "!----", "!a--",
                                "!-- {{x}} --", "!\n"]) + tilde() + "}}";
}

function otherwise(scope, depth, chain) {
  let made = "";
  while (chain && chance(25))
    made += alone(open("") + "else" + gap() + condition(scope) + close()) +
            program(inner(scope, []), depth);
  if (chance(45))
    made += alone("{{" + tilde() + pick(["else", "^", " else "]) + tilde() +
                  "}}") + program(inner(scope, []), depth);
  return made;
}

const inner = (scope, params) => ({
  params: params.concat(scope.params), partials: scope.partials.slice(),
  block: scope.block });

function condition(scope) {
  return pick(["if", "if", "unless", "with", "each"]) + gap() +
         param(scope, 2) + (chance(6) ? " includeZero=" + param(scope, 0) : "");
}

function block(scope, depth) {
  const name = pick(["if", "if", "unless", "each", "each", "each", "with"]);
  const params = ((name === "each" || name === "with") && chance(25)) ||
                 chance(1) ? pick([["v"], ["v", "k"], ["mythis"], ["a", "b", "z"]])
                           : [];
  const head = name + gap() + param(scope, 2) +
               (name === "if" && chance(10) ? gap() + "includeZero=true" : "") +
               (params.length ? gap() + "as |" + params.join(" ") + "|" : "");
  return alone(open("#") + head + close()) +
         program(inner(scope, params), depth) +
         otherwise(scope, depth, true) + alone(open("/") + name + close());
}

function section(scope, depth) {
  const name = place(scope);
  const inverted = chance(40);
  return alone(open(inverted ? "^" : "#") + name + close()) +
         program(inner(scope, []), depth) +
         otherwise(scope, depth, !inverted) +
         alone(open("/") + name + close());
}

function raw() {
  const body = pick(["", "x", " {{a}} ", "\n{{#if}}\n", "{{{{in}}}} {{{{/in}}}}",
                     "{{/raw}}", "\n\n", " \\{{x}} ", "{{{{{a}}}}{{{{/a}}}}"]);
  return alone("{{{{raw}}}}") + body + alone("{{{{/raw}}}}");
}


function definition(scope, depth) {
  const name = pick(["p", "q", "r", "s"]);
  // Its own body does not call what is defined here: that would not end.
  // It does not see the block parameters around it.
  const body = program({ params: scope.params.filter(() => chance(3)),
                         partials: [], block: chance(50) }, depth);
  scope.partials.push(name);
  return alone(open("#*") + "inline" + gap() + '"' + name + '"' + close()) +
         body + alone(open("/") + "inline" + close());
}

function partial(scope, depth) {
  const args = (chance(35) ? gap() + param(scope, 1) : "") +
               (chance(35) ? pairs(scope) : "");
  if (scope.block && chance(10)) return alone(open(">") + "@partial-block" + args +
                                              close());
  const known = scope.partials.length > 0 && chance(95);
  const called = known ? pick(scope.partials) : pick(["p", "q", "r"]);
  if (scope.partials.length && chance(10))
    return alone(open(">") + pick([`(lookup "${called}q" 0)`, "(lookup . 'name')",
                                   `(lookup @root "a")`]) + args + close());
  if (depth > 0 && (known ? chance(40) : chance(97)))
    return alone(open("#>") + called + args + close()) +
           program({ ...inner(scope, []), block: false }, depth) +
           alone(open("/") + called + close());
  return alone(open(">") + called + args + close());
}

function escaped(scope) {
  return pick(["\\", "\\\\", "\\\\\\"]) + mustache(scope) +
         (chance(30) ? text() + "\\" + mustache(scope) : "");
}

function piece(scope, depth) {
  const kind = below(100);
  if (kind < 30) return text();
  if (kind < 58 || depth <= 0) return mustache(scope);
  if (kind < 63) return alone(comment());
  if (kind < 80) return block(scope, depth - 1);
  if (kind < 86) return section(scope, depth - 1);
  if (kind < 88) return raw();
  if (kind < 92) return definition(scope, depth - 1);
  if (kind < 98) return partial(scope, depth - 1);
  return escaped(scope);
}

function program(scope, depth) {
  return times(5, () => piece(scope, depth)).join("");
}

// --- damage ---------------------------------------------------------------

const BITS = ["{{", "}}", "{", "}", "~", "#", "/", "^", "else", "{{else}}",
              "{{/if}}", ".", "..", "this", "|", "as |", "(", ")", "=", "\"",
              "'", "[", "]", "\\", "@", "!", "--", "*", ">", "&", " ", "\n",
              "{{{{", "}}}}", "{{!--", "--}}", "true", "1", "0.5", "null"];

function damaged(template) {
  const at = below(template.length + 1);
  const to = Math.min(template.length, at + below(4));
  switch (below(3)) {
    case 0: return template.slice(0, at) + template.slice(to);
    case 1: return template.slice(0, at) + pick(BITS) + template.slice(at);
    default: return template.slice(0, at) + pick(BITS) + template.slice(to);
  }
}

function template() {
  const scope = { params: [], partials: [], block: false };
  let made = program(scope, 4);
  if (chance(50)) made += program(scope, 3);
  if (chance(12)) made = damaged(made);
  if (chance(2)) made = damaged(damaged(made));
  return made.toWellFormed();
}

for (let i = 0; i < Number(count); i++) {
  const one = { template: template(), data: data() };
  process.stdout.write(JSON.stringify({ ...one,
    ...expected(one.template, one.data) }) + "\n");
}
