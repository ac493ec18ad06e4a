// Codes pictures with packages from npm. Jobs come as lines of JSON on standard input:
// {"tool": "squoosh", "raw": path, "width": n, "height": n, "quality": n, "output": path}, where the raw file
// holds RGB, or {"tool": "squoosh-file" | "sharp" | "sharp-png" | "sharp-gif", "input": path, "quality": n,
// "output": path}, where the input is a picture file. Answers a line for each.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import path from "node:path";

const require = createRequire(path.join(process.argv[2], "package.json"));
let squoosh;
let decode;

async function startSquoosh() {
  globalThis.ImageData ??= class {
    constructor(data, width, height) {
      Object.assign(this, { data, width, height });
    }
  };
  const folder = path.join(process.argv[2], "node_modules/@jsquash/jpeg");
  const module = await import(pathToFileURL(path.join(folder, "encode.js")));
  await module.init(await WebAssembly.compile(readFileSync(path.join(folder, "codec/enc/mozjpeg_enc.wasm"))));
  return module.default;
}

async function squooshJob(job) {
  squoosh ??= await startSquoosh();
  const rgb = readFileSync(job.raw);
  const rgba = new Uint8ClampedArray(job.width * job.height * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from];
    rgba[to + 1] = rgb[from + 1];
    rgba[to + 2] = rgb[from + 2];
    rgba[to + 3] = 255;
  }
  const coded = await squoosh(new ImageData(rgba, job.width, job.height), { quality: job.quality });
  writeFileSync(job.output, new Uint8Array(coded));
}

async function squooshFileJob(job) {
  const folder = path.join(process.argv[2], "node_modules/@jsquash/jpeg");
  if (!decode) {
    const module = await import(pathToFileURL(path.join(folder, "decode.js")));
    await module.init(await WebAssembly.compile(readFileSync(path.join(folder, "codec/dec/mozjpeg_dec.wasm"))));
    decode = module.default;
  }
  squoosh ??= await startSquoosh();
  const file = readFileSync(job.input);
  const data = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
  const image = await decode(data, { preserveOrientation: true }); // turned upright, as a browser does
  writeFileSync(job.output, new Uint8Array(await squoosh(image, { quality: job.quality })));
}

async function sharpJob(job) {
  const sharp = require("sharp");
  sharp.concurrency(1);
  const image = sharp(job.input, { animated: job.tool === "sharp-gif" }).keepMetadata();
  const { quality } = job;
  const coded = {
    "sharp": () => image.jpeg({ quality, mozjpeg: true }),
    "sharp-png": () => image.png({ quality, palette: true }),
    "sharp-gif": () => image.gif({ reuse: true }),
  }[job.tool]();
  await coded.toFile(job.output);
}

const tools = { "squoosh": squooshJob, "squoosh-file": squooshFileJob };

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  await (tools[job.tool] ?? sharpJob)(job);
  console.log("done");
}
