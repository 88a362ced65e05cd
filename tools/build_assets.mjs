// Compiles the style sheets and bundles the scripts into one folder, with plain names.
// Called by tools/build_assets.py, which adds the hashed names and the manifest.
//
// Usage: node tools/build_assets.mjs <output folder>

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import esbuild from "esbuild";
import postcss from "postcss";
import logical from "postcss-logical";
import rtlcss from "rtlcss";
import * as sass from "sass";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const output = process.argv[2];

// The oldest browsers we promise to work on: the last Chrome of Android 7 (119), iOS 12, Firefox ESR; with some room below.
const browsers = ["chrome70", "safari12", "ios12", "firefox91"];

/** Compiles one entry sheet and returns it for left-to-right and for right-to-left pages. */
async function style(name) {
  const { css } = sass.compile(path.join(root, "static/styles", `${name}.scss`), {
    loadPaths: [path.join(root, "node_modules")],
    quietDeps: true,
    sourceMap: false,
    style: "expanded",
  });
  // Old browsers know few logical properties, so both directions are written out with physical ones.
  const physical = (await postcss([logical()]).process(css, { from: undefined })).css;
  const minify = async (text) =>
    (await esbuild.transform(text, { loader: "css", minify: true, target: browsers, legalComments: "none" })).code;
  return { [`${name}.css`]: await minify(physical), [`${name}.rtl.css`]: await minify(rtlcss.process(physical)) };
}

/** Bundles one entry script. */
async function script(name) {
  const result = await esbuild.build({
    entryPoints: [path.join(root, "static/scripts", `${name}.js`)],
    absWorkingDir: root,
    bundle: true,
    format: "iife",
    legalComments: "none",
    minify: true,
    // iOS 12 has destructuring; esbuild counts it as missing there because of a fault in corners that we do not touch.
    supported: { destructuring: true },
    target: browsers,
    write: false,
  });
  return { [`${name}.js`]: result.outputFiles[0].text };
}

try {
  const files = {};
  for (const name of ["site", "desk", "print-personal", "paper", "paper-edge"]) {
    Object.assign(files, await style(name));
  }
  for (const name of ["site", "desk"]) {
    Object.assign(files, await script(name));
  }
  for (const image of ["icon.svg"]) {
    files[image] = await readFile(path.join(root, "static/images", image));
  }
  await mkdir(output, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(output, name), content);
  }
} catch (error) {
  // The first line of a Sass or esbuild error names the file, the place and the fault.
  const place = error.span ? `${error.span.url ?? "styles"}:${error.span.start.line + 1}: ` : "";
  console.error(place + String(error.sassMessage ?? error.message ?? error));
  process.exit(1);
}
