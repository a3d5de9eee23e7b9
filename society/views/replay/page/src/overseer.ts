// Sitting in as overseer: what waits on the desk, and what can be done about it.

import { h } from "./dom";
import type { Panel } from "./panel";
import type { Society } from "./society";
import type { Names } from "./words";

export class Overseer {
  readonly element = h("section", { class: "desk", "aria-label": "Your desk" });
  constructor(_base: string, _names: Names, _panel: Panel, _society: Society) {}
}
