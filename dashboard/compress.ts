import { createReadStream, createWriteStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(js|css|svg|txt|json)$/;
/** Below this a header costs as much as compression saves. */
const SMALLEST_BYTES = 1_000;

/**
 * Writes `.br` and `.gz` beside every text file of the build, so that the server compresses nothing.
 *
 * `below` is the folder in the build. It works on the written files: before that, Vite has not yet put the names of preloaded files into the code.
 */
export function compressed(below = "assets"): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle(options) {
      const folder = join(options.dir ?? "dist", below);
      const names = (await readdir(folder)).filter((name) => TEXT.test(name));
      await Promise.all(names.map((name) => compressFile(join(folder, name))));
    },
  };
}

async function compressFile(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size < SMALLEST_BYTES) return;
  const brotli = createBrotliCompress({
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: size },
  });
  await Promise.all([
    pipeline(createReadStream(path), brotli, createWriteStream(`${path}.br`)),
    pipeline(createReadStream(path), createGzip({ level: 9 }), createWriteStream(`${path}.gz`)),
  ]);
}
