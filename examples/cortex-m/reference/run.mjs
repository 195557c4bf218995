// Runs the WebAssembly module in node: node run.mjs reference.wasm
import { readFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { memory, report } = instance.exports;
const text = report();
const at = Number(text & 0xffffffffn);
const length = Number(text >> 32n);
process.stdout.write(Buffer.from(memory.buffer, at, length));
