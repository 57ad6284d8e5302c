import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist", "node_modules", "tests/output", "src/lib/wire.ts"] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      // Compiler warnings are the accessibility rules of Svelte.
      "svelte/valid-compile": "error",
      // Titles, IDs and file names are hostile: markup comes from our own charts alone, through ChartSvg.
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      // A plain Set or Map is right where nothing is to react to it.
      "svelte/prefer-svelte-reactivity": "off",
      // Addresses are hashes within one page; there is no SvelteKit to resolve them.
      "svelte/no-navigation-without-resolve": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
      eqeqeq: ["error", "always", { null: "ignore" }],
    },
  },
  { files: ["dev/**", "tests/**", "*.config.*"], languageOptions: { globals: globals.node }, rules: { "no-console": "off" } },
);
