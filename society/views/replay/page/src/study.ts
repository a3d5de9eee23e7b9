// The page of a study: its table, a heat map, a forest plot, and the run behind any point.

import { fill, h } from "./dom";
import { forest, heatMap, type Axis, type Cell, type Means } from "./study-plots";
import { label, short } from "./svg";

interface Look {
  name: string; about: string; base: string; design: string; seeds: number; planned: number; set: Record<string, unknown>;
  axes: Axis[]; cells: Cell[]; runs: { cell: number[]; seed: number[]; hash: string[]; error: string[] };
  values: Record<string, (number | null)[]>; means: Record<string, Means>;
}
interface Opening { state: "running" | "ready" | "failed"; done: number; ticks: number; run: string; same: boolean; error: string }

const VIEWS = ["table", "heat map", "forest plot"] as const;
type View = (typeof VIEWS)[number];
/** Rows of a table or a forest plot that are drawn at once. */
const MOST_ROWS = 200;

export class StudyPage {
  private readonly tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Views of the study" });
  private readonly figure = h("div", { class: "drawn", role: "tabpanel" });
  private readonly panel = h("aside", { class: "panel", "aria-label": "Cell" });
  private readonly status = h("p", { role: "status", "aria-live": "polite" });
  private readonly measures: string[];
  private view: View;
  private measure: string;
  private x = 0;
  private y = 1;
  private cells: number[] = [];
  private sorted: { by: string; down: boolean } = { by: "cell", down: false };
  /** Cell that the forest plot compares with; -1: none. */
  private reference = -1;
  private all = false;

  static async start(root: HTMLElement, base: string): Promise<StudyPage> {
    return new StudyPage(root, base, (await ask(`${base}/look`)) as Look);
  }

  private constructor(private readonly root: HTMLElement, private readonly base: string, private readonly look: Look) {
    this.measures = Object.keys(look.means);
    this.measure = this.measures[0] ?? "";
    this.view = look.axes.length === 2 && look.cells.length > 3 && this.measure ? "heat map" : "table";
    const done = look.runs.cell.length, failed = look.runs.error.filter(Boolean).length;
    root.classList.add("study");
    fill(root,
      h("header", {}, h("h1", {}, look.name), h("span", { class: "faint" }, `study of ${look.base}: ${look.cells.length} cells, ${look.seeds} seeds; ${done === look.planned ? `${done} runs` : `${done} of ${look.planned} runs are finished`}${failed ? `, ${failed} failed` : ""}`),
        h("span", { class: "spring" }), h("a", { class: "link", href: "/" }, "studies and runs"),
        h("button", { type: "button", onclick: () => root.toggleAttribute("data-contrast") }, "contrast"), h("button", { type: "button", onclick: () => this.theme() }, "theme")),
      h("main", { class: "study-main" }, look.about ? h("p", { class: "lead" }, look.about) : null, this.tabs, this.figure), this.panel);
    this.draw();
    this.drawCell();
    (root as any).study = this; // for scripts and tests
  }

  stop(): void { this.root.replaceChildren(); }

  private theme(): void { this.root.dataset.theme = getComputedStyle(this.root).getPropertyValue("--dark").trim() === "1" ? "light" : "dark"; }

  private draw(): void {
    fill(this.tabs, VIEWS.filter((one) => one !== "heat map" || this.look.axes.length > 1).map((one) => h("button", { type: "button", role: "tab", "aria-selected": String(one === this.view), onclick: () => { this.view = one; this.draw(); } }, one)),
      this.view === "table" ? null : this.choose("measure", this.measures, this.measure, (value) => { this.measure = value; }));
    if (!this.measure) fill(this.figure, h("p", { class: "faint" }, "No measure has a value in any run."));
    else if (this.view === "table") fill(this.figure, this.table());
    else if (this.view === "heat map") fill(this.figure, this.map());
    else void this.compare();
  }

  private choose(name: string, options: string[], now: string, set: (value: string) => void, words: string[] = options): HTMLElement {
    const select: HTMLSelectElement = h("select", { "aria-label": name, onchange: () => { set(select.value); this.draw(); } }, options.map((one, i) => h("option", { value: one, selected: one === now }, words[i])));
    return h("label", {}, `${name} `, select);
  }

  /** What a cell changes, in few words. */
  private named(cell: number): string {
    const { changes } = this.look.cells[cell], last = (path: string): string => path.split(".").slice(-2).join(".");
    return this.look.axes.filter(({ path }) => path in changes).map(({ path }) => `${last(path)} ${label(changes[path], 18)}`).join(", ") || "the base world";
  }

  // ---- the table ----

  private table(): Node {
    const { cells, axes, means } = this.look, { by, down } = this.sorted;
    const key = (cell: Cell): unknown => (by === "cell" ? cell.cell : by in means ? means[by].mean[cell.cell] : cell.changes[by]);
    const order = [...cells].sort((a, b) => compared(key(a), key(b)) * (down ? -1 : 1));
    const head = (name: string): HTMLElement => h("th", { scope: "col", "aria-sort": by === name ? (down ? "descending" : "ascending") : "none" },
      h("button", { type: "button", class: "link", title: `Sort by ${name}`, onclick: () => { this.sorted = { by: name, down: by === name && !down }; this.draw(); } }, name.replaceAll(".", ".\u200b"), by === name ? (down ? " ▼" : " ▲") : ""));
    const shown = this.all ? order : order.slice(0, MOST_ROWS);
    return h("div", { class: "scrolled" }, h("table", { class: "study-table" },
      h("caption", {}, `Means over seeds with 95 % intervals${shown.length < order.length ? `; the first ${shown.length} of ${order.length} cells` : ""}`),
      h("thead", {}, h("tr", {}, head("cell"), axes.map(({ path }) => head(path)), this.measures.map(head))),
      h("tbody", {}, shown.map(({ cell, changes }) => h("tr", { class: this.cells.includes(cell) ? "chosen" : "" }, h("td", {}, h("button", { type: "button", class: "link number", title: "The runs of this cell", onclick: () => this.pick([cell]) }, String(cell))),
        axes.map(({ path }) => h("td", { title: String(changes[path] ?? "") }, label(changes[path]))),
        this.measures.map((name) => { const m = means[name]; return h("td", { class: "n" }, h("b", {}, short(m.mean[cell])), m.low[cell] === null ? null : h("span", { class: "faint" }, ` [${short(m.low[cell])}, ${short(m.high[cell])}]`)); }))))),
      shown.length < order.length ? h("button", { type: "button", onclick: () => { this.all = true; this.draw(); } }, `show all ${order.length}`) : null);
  }

  // ---- the figures ----

  private map(): Node {
    const { axes, cells, means } = this.look, paths = axes.map(({ path }) => path), left = axes.length - 2;
    return h("div", {}, h("div", { class: "buttons" }, this.choose("across", paths, paths[this.x], (value) => { const i = paths.indexOf(value); if (i === this.y) this.y = this.x; this.x = i; }),
      this.choose("up", paths, paths[this.y], (value) => { const i = paths.indexOf(value); if (i === this.x) this.x = this.y; this.y = i; }), left > 0 ? h("span", { class: "faint" }, `fields are means over the other ${left === 1 ? "axis" : `${left} axes`}`) : null),
      h("figure", {}, heatMap(cells, axes[this.x], axes[this.y], means[this.measure], this.measure, this.cells[0] ?? -1, (some) => this.pick(some)),
        h("figcaption", {}, `${this.measure}: means over seeds. A field opens its runs.`)));
  }

  private async compare(): Promise<void> {
    const { cells, means, runs } = this.look, against = this.reference >= 0, measure = this.measure, reference = this.reference;
    const found = against ? ((await ask(`${this.base}/differences?measure=${encodeURIComponent(measure)}&reference=${reference}`)) as Means) : means[measure];
    if (this.view !== "forest plot" || this.measure !== measure || this.reference !== reference) return; // something else was asked for meanwhile
    const rows = cells.map(({ cell }) => ({ cell, name: this.named(cell) })), shown = this.all ? rows : rows.slice(0, MOST_ROWS), some = cells.filter(({ cell }) => runs.cell.includes(cell)).slice(0, 500);
    fill(this.figure, h("div", { class: "buttons" }, this.choose("compared with", ["-1", ...some.map(({ cell }) => String(cell))], String(reference), (value) => { this.reference = Number(value); }, ["nothing: estimates", ...some.map(({ cell }) => `cell ${cell}: ${this.named(cell)}`)])),
      h("figure", {}, forest(shown, found, against ? `${measure}, less that of cell ${reference}` : measure, against ? 0 : null, this.cells[0] ?? -1, (picked) => this.pick(picked)),
        h("figcaption", {}, against ? "Differences paired by seed: means with 95 % intervals." : "Means over seeds with 95 % intervals.", " A line opens its runs.")),
      shown.length < rows.length ? h("button", { type: "button", onclick: () => { this.all = true; this.draw(); } }, `show all ${rows.length}`) : null);
  }

  // ---- one cell and its runs ----

  private pick(cells: number[]): void {
    const focus = document.activeElement?.getAttribute("aria-label");
    this.cells = cells;
    if (this.view !== "forest plot" || this.reference < 0) this.draw(); else void this.compare();
    this.drawCell();
    if (focus) this.root.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focus)}"]`)?.focus();
  }

  private drawCell(): void {
    const { set, base } = this.look;
    if (!this.cells.length) {
      fill(this.panel, h("h2", {}, "What is varied"), h("p", {}, `World ${base}`, Object.keys(set).length ? ", in all cells with:" : "."), pairs(set), h("p", { class: "faint" }, "Choose a cell in the table or in a figure: its runs open here."));
      return;
    }
    fill(this.panel, this.status, this.cells.slice(0, 20).map((cell) => this.cell(cell)), this.cells.length > 20 ? h("p", { class: "faint" }, `and ${this.cells.length - 20} more cells`) : null);
  }

  private cell(cell: number): Node {
    const { cells, runs, means, values } = this.look, mine = runs.cell.flatMap((one, row) => (one === cell ? [row] : [])), m = means[this.measure];
    return h("section", {}, h("h2", {}, `Cell ${cell}`), pairs(cells[cell].changes),
      h("p", {}, `${this.measure}: `, h("b", {}, short(m.mean[cell])), m.low[cell] === null ? "" : ` [${short(m.low[cell])}, ${short(m.high[cell])}], ${m.n[cell]} seeds`),
      h("table", {}, h("caption", {}, "Its runs"), h("thead", {}, h("tr", {}, h("th", {}, "seed"), h("th", {}, this.measure), h("th", {}, ""))),
        h("tbody", {}, mine.map((row) => h("tr", {}, h("td", {}, String(runs.seed[row])), h("td", { class: "n" }, short(values[this.measure][row])),
          h("td", {}, runs.error[row] ? h("span", { class: "wrong" }, runs.error[row]) : h("button", { type: "button", title: `Event hash ${runs.hash[row]}`, onclick: () => void this.open(cell, runs.seed[row]) }, "watch this run")))))));
  }

  /** Have a run run again, and go to its page. */
  private async open(cell: number, seed: number): Promise<void> {
    try {
      for (;;) {
        const told = (await ask(`${this.base}/open`, { cell, seed })) as Opening;
        if (told.state === "failed") throw new Error(told.error);
        if (told.state === "ready") {
          const address = `/run/${this.base.slice("/studies/".length)}/${told.run}`;
          if (told.same) { location.assign(address); return; }
          fill(this.status, h("span", { class: "wrong" }, "Run again, it has another event hash than in the table: the program or its world has changed since. "), h("a", { href: address }, "Watch it all the same"));
          return;
        }
        this.status.textContent = `Running cell ${cell}, seed ${seed} again: tick ${told.done} of ${told.ticks} …`;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    } catch (error) { fill(this.status, h("span", { class: "wrong" }, error instanceof Error ? error.message : String(error))); }
  }
}

function pairs(changes: Record<string, unknown>): Node {
  return h("dl", {}, Object.entries(changes).flatMap(([path, value]) => [h("dt", {}, path), h("dd", {}, label(value, 400))]));
}

function compared(a: unknown, b: unknown): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/** Ask the server; what changes something is posted. */
async function ask(path: string, asked?: object): Promise<unknown> {
  const post = asked && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) };
  const answer = await fetch(path, { credentials: "same-origin", ...post });
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 400) || `${path}: ${answer.status}`);
  return answer.json();
}
