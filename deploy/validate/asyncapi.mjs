// Judges the AsyncAPI document given: errors end with code 1.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const errors = diagnostics.filter((finding) => finding.severity === 0);
for (const { path, message } of errors) console.error(`${process.argv[2]}: ${path.join(".")}: ${message}`);
process.exit(document === undefined || errors.length > 0 ? 1 : 0);
