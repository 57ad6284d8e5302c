// Builds `ui/dist`, which the window embeds. In development it also serves the engine (see dev/rpc.ts).

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { engine } from "./dev/rpc.ts";

export default defineConfig({
  // The window serves the page from its own scheme: no address may be absolute.
  base: "./",
  plugins: [svelte(), engine()],
  server: { host: "127.0.0.1", port: 5173 },
  // The browser tests look at the build under the window's own content security policy.
  preview: {
    host: "127.0.0.1",
    port: 4173,
    strictPort: true,
    headers: {
      "Content-Security-Policy":
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'",
    },
  },
  build: {
    target: "es2022",
    // A data: address for a small asset would need an exception in the content security policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy forbids; every web view we run in has module preload.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
