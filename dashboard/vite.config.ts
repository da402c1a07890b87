import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed } from "./compress.ts";

const SERVER = process.env.CALLWRIGHT_URL ?? "http://127.0.0.1:8700";
/** What `make dashboard-dev` passes on to the server; all else below /dashboard/ is the pages themselves. */
const SERVED_ELSEWHERE = "^/(?!dashboard/)|^/dashboard/enter";

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), compressed()],
  build: {
    outDir: "../src/callwright/dashboard/static",
    emptyOutDir: true,
    // A data: URL would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    license: { fileName: "assets/licenses.md" },
    target: "es2022",
    chunkSizeWarningLimit: 700,
    // One file for what several pages share: a dozen small ones wait for each other, as a browser asks for six at once.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", minShareCount: 2 }] } } },
    // Browsers that know light-dark(), which the styles use for both colour schemes.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
  },
  server: { proxy: { [SERVED_ELSEWHERE]: { target: SERVER } } },
});
