// The settings that `ids` is asked with: the data set's own, with one scheme and one shape. No DOM in here.

import type { ExperimentSettings, IdMethod, IdSettings } from "../../lib/wire";

export function settingsFor(
  starter: ExperimentSettings,
  scheme: IdMethod,
  shape: { levels: number; codes: number; seed: number },
  methods: readonly IdMethod[],
): ExperimentSettings {
  const own = scheme.starter as IdSettings;
  // A scheme that deals another one's IDs needs that one beside it.
  const dealt = own.scheme === "permuted" ? methods.find(({ key }) => key === own.of)?.starter : undefined;
  return {
    ...starter,
    seeds: [shape.seed],
    codes: { ...starter.codes, levels: shape.levels, codes: shape.codes },
    ids: dealt ? [own, dealt] : [own],
  };
}
