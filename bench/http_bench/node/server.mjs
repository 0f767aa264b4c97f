// What the node contenders share: POST /convert on 127.0.0.1, one body in, one BMP out.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [port, from, what] = process.argv.slice(2);

/** Loads what the command line names: a package that is installed beside a file, or an addon. */
export const load = () => createRequire(from)(what);

/** Serves until the process is ended; `convert` returns a promise of a Buffer. */
export function serve(convert) {
  const server = createServer(async (request, response) => {
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const bmp = await convert(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      response.writeHead(200, { "Content-Type": "image/bmp", "Content-Length": bmp.length });
      response.end(bmp);
    } catch (error) {
      response.writeHead(422, { "Content-Length": 0 }).end();
      console.error(error.message);
    }
  });
  server.listen(Number(port), "127.0.0.1");
}
