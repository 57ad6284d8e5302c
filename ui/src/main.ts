import "./styles/tokens.css";
import "./styles/base.css";
import "./lib/theme.svelte";

import { mount } from "svelte";

import Shell from "./shell/Shell.svelte";

const target = document.getElementById("app");
if (target) mount(Shell, { target });
