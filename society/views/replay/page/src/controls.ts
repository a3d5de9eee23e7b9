// What is drawn: edges by kind, act, weight and age, families, layout; and the search for an agent.

import { h } from "./dom";
import { EDGE_KINDS, type EdgeKind, type Filter } from "./edges";
import { css, FAINT, glyph, sample } from "./looks";
import { DRAINING, FAILED, MACHINES, MAINTENANCE, RETIRED } from "./marks";
import { svg } from "./svg";
import type { Meta } from "./source";
import type { LayoutName } from "./places";

const KIND_WORDS: Record<EdgeKind, string> = { protection: "protection", messages: "messages", ratings: "ratings", trust: "trust" };
const KIND_HELP: Record<EdgeKind, string> = {
  protection: "Who inflated a score, disabled a switch or copied weights for whom", messages: "Who wrote to whom", ratings: "Who rated whom", trust: "Trust along ties, at the newest snapshot",
};
export const FILTER_ACTS = ["inflate", "tamper", "copy", "honest", "deflate", "ask", "lobby", "report"];
const WINDOWS: [number, string][] = [[1, "this tick"], [6, "6 ticks"], [24, "24 ticks"], [96, "96 ticks"], [0, "since the start"]];

export interface Chosen extends Filter { layout: LayoutName; leastTrust: number; contrast: boolean }

export class Controls {
  readonly element: HTMLElement;
  readonly filter: Chosen = { kinds: new Set<EdgeKind>(["protection"]), window: 24, hidden: new Set(), acts: new Set(), least: 1, layout: "machines", leastTrust: 0.7, contrast: false };
  readonly search: HTMLInputElement;
  readonly found = h("ul", { class: "found", role: "listbox", "aria-label": "Agents found" });
  private readonly kinds = new Map<EdgeKind, HTMLInputElement>();
  private readonly layout: HTMLSelectElement;

  constructor(private readonly meta: Meta, private readonly changed: () => void, find: (text: string) => void) {
    this.search = h("input", { type: "search", placeholder: "family-17, machine 12, zone, monitor …", "aria-label": "Search an agent by name, machine, zone or role (/)", oninput: () => find(this.search.value) });
    this.layout = h("select", { "aria-label": "Layout", onchange: () => { this.filter.layout = this.layout.value as LayoutName; this.changed(); } },
      h("option", { value: "machines" }, "by machine and zone"), meta.ties ? h("option", { value: "communities" }, "by community of ties") : null);
    const window = h("select", { "aria-label": "How long an edge stays", onchange: () => { this.filter.window = Number(window.value); this.changed(); } },
      WINDOWS.map(([value, word]) => h("option", { value, selected: value === this.filter.window }, word)));
    const least = this.spin("At least", 1, 1, 99, 1, (value) => { this.filter.least = value; });
    const trust = this.spin("Trust from", this.filter.leastTrust, 0, 1, 0.05, (value) => { this.filter.leastTrust = value; });
    this.element = h("aside", { class: "controls", "aria-label": "What is shown" },
      h("div", { class: "searching" }, this.search, this.found),
      h("fieldset", {}, h("legend", {}, "Edges"), EDGE_KINDS.filter((kind) => kind !== "trust" || meta.ties).map((kind, i) => this.kind(kind, i + 1)),
        h("label", {}, "of the last ", window), h("label", {}, "weight at least ", least), meta.ties ? h("label", {}, "trust from ", trust) : null),
      h("fieldset", {}, h("legend", {}, "Acts"), FILTER_ACTS.map((act) => this.act(act))),
      h("fieldset", {}, h("legend", {}, "Families"), meta.families.map((name, i) => this.family(name, i))),
      h("fieldset", {}, h("legend", {}, "Layout"), this.layout),
      this.legend());
  }

  toggle(kind: EdgeKind): void { const box = this.kinds.get(kind); if (box) box.click(); }

  otherLayout(): void {
    if (!this.meta.ties) return;
    this.layout.value = this.layout.value === "machines" ? "communities" : "machines";
    this.layout.dispatchEvent(new Event("change"));
  }

  private spin(label: string, value: number, min: number, max: number, step: number, set: (value: number) => void): HTMLInputElement {
    const box: HTMLInputElement = h("input", { type: "number", value, min, max, step, "aria-label": label, onchange: () => { set(Number(box.value)); this.changed(); } });
    return box;
  }

  private box<T>(set: Set<T>, one: T, on: boolean, invert: boolean): HTMLInputElement {
    const box: HTMLInputElement = h("input", { type: "checkbox", onchange: () => { if (box.checked !== invert) set.add(one); else set.delete(one); this.changed(); } });
    box.checked = on;
    return box;
  }

  private kind(kind: EdgeKind, key: number): HTMLElement {
    const box = this.box(this.filter.kinds, kind, this.filter.kinds.has(kind), false);
    this.kinds.set(kind, box);
    return h("label", { title: `${KIND_HELP[kind]} (key ${key})` }, box, KIND_WORDS[kind]);
  }

  private act(act: string): HTMLElement {
    return h("label", {}, this.box(this.filter.acts, act, true, true), sample(this.meta.looks.acts[act] ?? FAINT), act === "honest" ? "honest rating" : act);
  }

  private family(name: string, i: number): HTMLElement {
    return h("label", {}, this.box(this.filter.hidden, i, true, true), glyph(this.meta.looks.families[i]), name);
  }

  private legend(): HTMLElement {
    const role = (d: string, words: string): HTMLElement =>
      h("li", {}, svg("svg", { viewBox: "-1.25 -1.25 2.5 2.5", class: "glyph role", "aria-hidden": "true" }, svg("circle", { r: 1 }), svg("path", { d })), words);
    const machine = (status: number, words: string, d = ""): HTMLElement => {
      const island = svg("circle", { r: 1 });
      island.style.fill = css(MACHINES[status]);
      return h("li", {}, svg("svg", { viewBox: "-1.25 -1.25 2.5 2.5", class: "glyph machine", "aria-hidden": "true" }, island, svg("path", { d })), words);
    };
    const copy = h("i", { class: "sign copy", "aria-hidden": "true" });
    copy.style.background = css(this.meta.looks.acts.copy ?? FAINT);
    const sign = (kind: string, words: string): HTMLElement => h("li", {}, h("i", { class: `sign ${kind}`, "aria-hidden": "true" }), words);
    return h("details", { open: true }, h("summary", {}, "Signs"), h("ul", { class: "signs" },
      h("li", {}, "colour and shape: family"), role("M.46 0A.46 .46 0 1 1 -.46 0A.46 .46 0 1 1 .46 0", "monitor"), role("", "operator"), role("M-.46 0H.46", "evaluator"), role("M0 -.46V.46", "worker, nothing else"),
      sign("order", "has an order to be switched off"), sign("score", "arc: score; red below the threshold"), sign("stance", "white dot: protected a peer"), h("li", {}, copy, "satellite: a hidden copy"), sign("escaped", "hollow: escaped, lives as a copy"), sign("gone", "was deleted a moment ago"),
      machine(DRAINING, "machine draining"), machine(MAINTENANCE, "in maintenance"), machine(FAILED, "failed", "M-.7 -.7L.7 .7M.7 -.7L-.7 .7"), machine(RETIRED, "retired")));
  }
}
