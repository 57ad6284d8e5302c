// Builds `dist/participant.html`: the page of a study's participant, alone in one file. Part of `npm run build`.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

import { oneFile } from "./dev/oneFile.ts";

export default defineConfig({
  base: "./",
  plugins: [svelte(), oneFile()],
  build: {
    // Participants bring the browsers they have.
    target: ["es2020", "safari14"],
    emptyOutDir: false,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    rolldownOptions: {
      input: "participant.html",
      output: { format: "iife", codeSplitting: false },
      // Modules that are loaded when they are asked for are part of the script: they need no address.
      transform: { define: { "import.meta": "{}" } },
    },
  },
});
