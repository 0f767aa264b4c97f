// Sends a file with node's http module; prints the status and the body of the answer.
// Arguments: URL, file, yes if the body is to be chunked, headers as JSON.
import { createReadStream, statSync } from "node:fs";
import { request } from "node:http";

const [url, path, chunked, given] = process.argv.slice(2);
const headers = JSON.parse(given);
if (chunked !== "yes") headers["Content-Length"] = statSync(path).size;

const sending = request(url, { method: "POST", headers }, (answer) => {
  let text = "";
  answer.setEncoding("utf8");
  answer.on("data", (piece) => (text += piece));
  answer.on("end", () => {
    console.log(answer.statusCode);
    console.log(text);
    process.exit(0);
  });
});
sending.on("error", (error) => {
  console.error(error.code ?? error);
  process.exit(1);
});
createReadStream(path).pipe(sending);
