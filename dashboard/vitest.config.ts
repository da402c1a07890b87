import { defineConfig } from "vitest/config";

export default defineConfig({
  // No test leaves anything behind, so that they share a worker. What needs a page is tested in a real browser (tests/browser).
  test: { environment: "node", isolate: false, include: ["src/**/*.test.{ts,tsx}"] },
});
