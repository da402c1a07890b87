import { defineConfig } from "vite";
import { compressed } from "./compress.ts";

/**
 * The widget for other people's pages: one classic script under a lasting name, and its worklets beside it.
 *
 * A page elsewhere loads it, so that its addresses are relative to the script, not to the page.
 */
export default defineConfig({
  base: "./",
  plugins: [compressed("")],
  build: {
    outDir: "../src/callwright/dashboard/static/widget",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    rollupOptions: {
      input: "src/widget/widget.ts",
      output: { format: "iife", entryFileNames: "widget.js", assetFileNames: "[name]-[hash][extname]" },
    },
  },
  worker: { rollupOptions: { output: { entryFileNames: "[name]-[hash].js" } } },
});
