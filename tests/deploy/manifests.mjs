// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// manifests.mjs FOLDER OUT MODULES: each YAML document of the folder's files and of OUT/*.rendered becomes a typed constant of
// OUT/check.ts, which tsc checks against the types of Kubernetes; OUT/documents.json has them all.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRequire } from "node:module";

const [folder, out, modules] = process.argv.slice(2);
const require = createRequire(resolve(modules, "package.json"));
const { parseAllDocuments } = require("yaml");

const types = {
  "v1/Namespace": ["core/v1", "Namespace"],
  "v1/ServiceAccount": ["core/v1", "ServiceAccount"],
  "apps/v1/DaemonSet": ["apps/v1", "DaemonSet"],
  "apps/v1/Deployment": ["apps/v1", "Deployment"],
};

function* files(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (/\.yaml$/.test(entry.name)) yield path;
  }
}

const sources = [...files(folder)];
for (const name of readdirSync(out)) if (name.endsWith(".rendered")) sources.push(join(out, name));

const documents = [];
let text = "";
for (const source of sources) {
  for (const document of parseAllDocuments(readFileSync(source, "utf8"), { strict: true, uniqueKeys: true })) {
    if (document.errors.length) throw new Error(`${source}: ${document.errors[0].message}`);
    const value = document.toJS();
    documents.push({ source, value });
    if (value.apiVersion.startsWith("kustomize.config.k8s.io/")) continue;
    const type = types[`${value.apiVersion}/${value.kind}`];
    if (!type) throw new Error(`${source}: ${value.apiVersion}/${value.kind} is not expected`);
    // A patch is a part of the whole.
    const checked = source.endsWith("patch.yaml") ? "unknown" : `import("kubernetes-types/${type[0]}").${type[1]}`;
    text += `// ${source}\nexport const _${documents.length}: ${checked} = ${JSON.stringify(value)};\n`;
  }
}
writeFileSync(join(out, "check.ts"), text);
writeFileSync(join(out, "documents.json"), JSON.stringify(documents));
