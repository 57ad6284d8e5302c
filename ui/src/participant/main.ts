import "../styles/tokens.css";
import "../styles/base.css";
import "../lib/theme.svelte";

import { mount } from "svelte";

import Participant from "./Participant.svelte";

const target = document.getElementById("app");
if (target) mount(Participant, { target });
