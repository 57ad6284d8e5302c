// Files dropped anywhere on the window: the import takes them, wherever one was.

import { onFilesDropped } from "./dialogs.svelte";
import { router } from "./router.svelte";

class Drop {
  /** Whether files hover over the window. */
  hovering = $state(false);
  /** Dropped and not yet taken by the import. */
  paths: string[] = $state.raw([]);

  watch(): () => void {
    return onFilesDropped({
      over: (hovering) => (this.hovering = hovering),
      drop: (paths) => {
        this.paths = paths;
        if (router.current.path !== "/import") router.go("/import");
      },
    });
  }

  take(): string[] {
    const paths = this.paths;
    if (paths.length > 0) this.paths = [];
    return paths;
  }
}

export const drop = new Drop();
