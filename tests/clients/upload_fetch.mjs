// Sends a file with node's fetch; prints the status and the body of the answer.
// Arguments: URL, file, yes if the body is to be chunked, headers as JSON.
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";

const [url, path, chunked, given] = process.argv.slice(2);
const body = chunked === "yes" ? Readable.toWeb(createReadStream(path)) : new Blob([await readFile(path)]);

const answer = await fetch(url, { method: "POST", headers: JSON.parse(given), body, duplex: "half" });
console.log(answer.status);
console.log(await answer.text());
