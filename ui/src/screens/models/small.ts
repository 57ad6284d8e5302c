/** The language model that is offered where there is none: it fits every computer. Named as its recipe is. */
export const SMALL = "SmolLM2-135M-Instruct";
