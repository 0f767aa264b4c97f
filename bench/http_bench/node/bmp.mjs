// A 24-bit BMP of RGB triples, written once into memory of the right size.
const HEADER = 54;

/** `rgb` has the top row first, and no padding. */
export function bmpOf(rgb, width, height) {
  const row = 3 * width;
  const stride = (row + 3) & ~3;
  const bmp = Buffer.allocUnsafe(HEADER + stride * height);
  bmp.fill(0, 0, HEADER);
  bmp.write("BM", "latin1");
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(HEADER, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  bmp.writeUInt32LE(stride * height, 34);
  for (let y = 0, from = 0; y < height; ++y) {
    let to = HEADER + (height - 1 - y) * stride;
    for (const end = from + row; from < end; from += 3, to += 3) {
      bmp[to] = rgb[from + 2];
      bmp[to + 1] = rgb[from + 1];
      bmp[to + 2] = rgb[from];
    }
    for (let padding = row; padding < stride; ++padding) bmp[to++] = 0;
  }
  return bmp;
}
