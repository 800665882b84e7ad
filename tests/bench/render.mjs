// render - how often Handlebars.js renders a template in a second
//
//     node render.mjs DIRECTORY-OF-node_modules MILLISECONDS (TEMPLATE DATA)...
//
// The peer of render.c: compiled and warm, data parsed once, and what is
// rendered becomes bytes in a buffer, as a message needs them.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [modules, milliseconds, ...files] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), "x.js"));
const handlebars = load("handlebars");
const buffer = Buffer.allocUnsafe(16 << 20);

function rate(render, data, time) {
  const began = process.hrtime.bigint();
  let count = 0, now = began, bytes = 0;
  while (now - began < BigInt(time) * 1000000n) {
    for (let i = 0; i < 16; i++) bytes = buffer.write(render(data), "utf8");
    count += 16;
    now = process.hrtime.bigint();
  }
  return [count * 1e9 / Number(now - began), bytes];
}

for (let i = 0; i + 1 < files.length; i += 2) {
  const render = handlebars.compile(fs.readFileSync(files[i], "utf8"),
                                    { noEscape: true });
  const data = JSON.parse(fs.readFileSync(files[i + 1], "utf8"));
  rate(render, data, Number(milliseconds)); // the compiler's compiler, too
  const [each, bytes] = rate(render, data, Number(milliseconds));
  console.log(each.toFixed(1), bytes);
}
