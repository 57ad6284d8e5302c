// Puts scripts and styles into the page that refers to them, so that one file runs by itself from any folder. The page also
// gets a policy: nothing but this very script runs, and nothing is fetched. (`ipc:` is how Semid's own window asks the engine;
// no browser can reach it.)

import { createHash } from "node:crypto";

import type { Plugin } from "vite";

export function oneFile(): Plugin {
  return {
    name: "semid-one-file",
    enforce: "post",
    apply: "build",
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((one) => one.fileName.endsWith(".html"));
      if (page?.type !== "asset") return this.error("There is no page to put the script into.");
      let html = String(page.source);
      let styles = "";
      let script = "";
      for (const one of Object.values(bundle)) {
        if (one === page) continue;
        if (one.type === "chunk") script += one.code;
        else if (one.fileName.endsWith(".css")) styles += String(one.source);
        else this.error(`${one.fileName} cannot be part of one file.`);
        delete bundle[one.fileName];
      }
      // What would end the element, or begin a comment inside it, is written so that it does not.
      script = script.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--").trim();
      const digest = createHash("sha256").update(script).digest("base64");
      const policy =
        `default-src 'none'; script-src 'sha256-${digest}'; style-src 'unsafe-inline'; img-src data:; ` +
        "connect-src ipc: http://ipc.localhost; base-uri 'none'; form-action 'none'";
      html = html.replace(/\s*<(?:script type="module"|link rel="(?:stylesheet|modulepreload)")[^>]*>(?:<\/script>)?/g, "");
      html = html.replace(/(<meta charset[^>]*>)/, (charset) => `${charset}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`);
      html = html.replace("</head>", () => `  <style>${styles.trim().replace(/<\/(style)/gi, "<\\/$1")}</style>\n  </head>`);
      html = html.replace("</body>", () => `  <script>${script}</script>\n  </body>`);
      page.source = html;
    },
  };
}
