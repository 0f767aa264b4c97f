// node and sharp (libvips): raw pixels, and a BMP made of them. For RGB and RGBA; gray would stay gray.
import { bmpOf } from "./bmp.mjs";
import { load, serve } from "./server.mjs";

const sharp = load();
sharp.cache(false); // every request is a new picture
sharp.concurrency(1); // there is one core; several requests are worked on anyway

serve(async (png) => {
  const { data, info } = await sharp(png)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return bmpOf(data, info.width, info.height);
});
