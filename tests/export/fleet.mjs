// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// fleet.mjs SQL RECORDINGS MODULES: runs the statements of a file with DuckDB over these recordings, and prints the rows of each SELECT
// as a line of JSON.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createRequire } from "node:module";

const [sql, recordings, modules] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(modules, "package.json"))("@duckdb/node-api");
const connection = await (await DuckDBInstance.create(":memory:")).connect();
const text = readFileSync(sql, "utf8").replace(/--.*$/gm, "");

for (const statement of text.split(";").map((part) => part.trim()).filter(Boolean)) {
  const place = statement.replace(/'recordings\/\*\.rec'/, `'${recordings}'`);
  const reader = await connection.runAndReadAll(place);
  if (statement.startsWith("SELECT")) console.log(JSON.stringify(reader.getRowObjectsJson()));
}
