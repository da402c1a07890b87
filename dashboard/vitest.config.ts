import { defineConfig } from "vitest/config";

export default defineConfig({
  // What needs a page is tested in a real browser (tests/browser).
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
