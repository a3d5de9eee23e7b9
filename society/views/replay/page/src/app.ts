// The page: picture, axis of time, charts, panel and controls, kept at one tick.

import { roleName } from "./agents";
import { Charts } from "./charts";
import { Controls } from "./controls";
import { fill, h, number } from "./dom";
import { EDGE_KINDS, edgesAt } from "./edges";
import { Follower } from "./follow";
import { Overseer } from "./overseer";
import { Panel } from "./panel";
import { Places } from "./places";
import { Scene, type Choice } from "./scene";
import { Society } from "./society";
import { Server, type Meta, type Source } from "./source";
import { metaOf } from "./strangers";
import { Timeline } from "./timeline";
import { clock, Names } from "./words";

/** Milliseconds between refreshes of the panel while time runs. */
const CALM = 600;
/** Milliseconds after a jump until what surrounds it is read. */
const SETTLED = 120;
const KEYS = "space plays; arrows step a tick, with shift ten; home and end jump; plus, minus, 0 zoom; W A S D move the picture; 1 to 4 switch edges; L changes the layout; / searches; N goes through the agents in sight; Escape lets go; H high contrast; T dark or light";

export class App {
  readonly society: Society;
  readonly names: Names;
  readonly places: Places;
  readonly scene: Scene;
  readonly timeline: Timeline;
  readonly charts: Charts;
  readonly controls: Controls;
  readonly panel: Panel;
  private readonly choice: Choice = { selected: [], pinned: new Set(), hover: -1, bright: null, hiddenFamilies: new Set() };
  private readonly tip = h("div", { class: "tip", role: "status" });
  private readonly note = h("div", { class: "note", role: "status" });
  private readonly status = h("span", { class: "status" });
  private wanted = 0;
  private fetching: Promise<void> | null = null;
  private surrounding = false;
  private ego = -1;
  private paused = 0;
  private layoutShown = "machines";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private settling: ReturnType<typeof setTimeout> | undefined;
  private readonly follower: Follower | null;
  private readonly overseer: Overseer | null;
  private readonly closing = new AbortController();

  static async start(root: HTMLElement, source: Source, base?: string): Promise<App> {
    const [told, layout] = await Promise.all([source.meta(), source.layout()]), meta = metaOf(told);
    const society = new Society(meta, source);
    const first = source.live ? meta.ticks : 0;
    await society.prepare(first);
    society.show(first);
    return new App(root, source, meta, society, new Places(layout, society), base);
  }

  private constructor(readonly root: HTMLElement, private readonly source: Source, private readonly meta: Meta, society: Society, places: Places, base?: string) {
    this.society = society; this.places = places;
    this.names = new Names(society);
    places.follow(false);
    const canvas = h("canvas", { class: "scene", tabindex: 0, role: "application", "aria-roledescription": "picture of a society", "aria-label": `Agents on machines. Keys: ${KEYS}.` });
    this.charts = new Charts(meta, (tick) => void this.go(Math.max(0, Math.min(meta.ticks, tick))), (title, asked) => this.panel.events(title, asked));
    this.timeline = new Timeline(meta, source.live, (tick) => this.go(tick), (tick) => `tick ${tick} of ${meta.planned} · ${clock(tick, meta.tick_hours)}`);
    this.controls = new Controls(meta, () => this.filtered(), (text) => this.find(text));
    this.panel = new Panel(source, society, this.names, {
      go: (tick) => { this.timeline.pause(); return this.go(tick); }, select: (slots) => this.select(slots), pin: (slot) => this.pin(slot), pinned: (slot) => this.choice.pinned.has(slot), ego: (slot) => this.showEgo(slot),
    });
    root.classList.add("society-view");
    fill(root,
      h("header", {}, h("h1", {}, meta.name), h("span", { class: "faint" }, `version ${meta.version}, ${meta.seed === null ? "" : `seed ${meta.seed}, `}${number(meta.agents)} agents on ${number(meta.machines)} machines${meta.study ? `; study ${meta.study}` : ""}`), this.status,
        h("span", { class: "spring" }), source instanceof Server ? h("a", { class: "link", href: "/" }, "studies and runs") : null, h("button", { type: "button", title: "What happened (Escape)", onclick: () => { this.select([]); this.panel.overview(); } }, "overview"),
        h("button", { type: "button", title: "All events, to be filtered", onclick: () => this.panel.events("Events", { last: this.society.tick }) }, "events"),
        h("button", { type: "button", title: "High contrast (H)", onclick: () => this.contrast() }, "contrast"), h("button", { type: "button", title: "Dark or light (T)", onclick: () => this.theme() }, "theme"),
        h("details", { class: "help" }, h("summary", {}, "keys"), h("p", {}, KEYS, "; shift and drag selects a box of agents."))),
      this.controls.element, h("main", {}, canvas, this.tip, this.note), this.panel.element,
      h("footer", {}, this.timeline.element, this.charts.element));
    this.scene = new Scene(canvas, society, places, this.choice, () => this.explain());
    this.pointing(canvas);
    const listens: HTMLElement | Document = root.classList.contains("notebook") ? root : document; // a notebook has keys of its own
    listens.addEventListener("keydown", (event) => this.key(event as KeyboardEvent), { signal: this.closing.signal });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.rethemed(), { signal: this.closing.signal });
    this.follower = source.live && base ? new Follower(base, this) : null;
    this.overseer = source.live && source instanceof Server ? new Overseer(source, this.panel, meta.veiled, () => location.reload()) : null;
    if (this.overseer) this.panel.desk.append(this.overseer.element);
    (root as any).society = this; // for scripts and tests: what is shown, as it is
    this.says();
    void this.begin();
  }

  stop(): void { clearTimeout(this.settling); this.closing.abort(); this.follower?.stop(); this.overseer?.stop(); this.timeline.pause(); this.root.replaceChildren(); }

  /** Show a tick; of several that are asked for while one is fetched, only the last. */
  async go(wanted: number): Promise<void> {
    this.wanted = wanted;
    this.fetching ??= this.fetch().finally(() => { this.fetching = null; });
    await this.fetching;
    const tick = this.wanted;
    if (tick === this.society.tick || !this.society.ready(tick)) return;
    const near = Math.abs(tick - this.society.tick) <= 3;
    this.society.show(tick);
    this.places.follow(near);
    this.refresh();
    clearTimeout(this.settling);
    if (near) this.surround(tick);
    else this.settling = setTimeout(() => this.surround(this.society.tick), SETTLED); // the next jump waits for nothing
  }

  private async fetch(): Promise<void> {
    while (!this.society.ready(this.wanted)) await this.society.prepare(this.wanted);
  }

  /** What happened just before and what comes next, for edges and for playing on; read while the tick is looked at. */
  private surround(tick: number): void {
    const window = Math.min(this.controls.filter.window || 96, 96);
    const ahead = Math.min(this.meta.ticks, tick + Math.max(8, this.meta.span));
    const missing: number[] = [];
    for (let at = tick; at > Math.max(0, tick - window); at -= this.meta.span) if (!this.society.here(at)) missing.push(at);
    for (let at = tick + 1; at <= ahead; at += this.meta.span) if (!this.society.here(at)) missing.push(at);
    if (!missing.length || this.surrounding) return;
    this.surrounding = true;
    const each = async (): Promise<void> => {
      for (const at of missing) {
        if (Math.abs(this.society.tick - at) > window + ahead - tick) break; // time has moved on
        this.names.learn((await this.society.load(at)).table);
      }
    };
    void each().finally(() => {
      this.surrounding = false;
      if (missing[0] <= this.society.tick) this.edgesOnly();
      if (tick !== this.society.tick) this.surround(this.society.tick); // what was asked for meanwhile
    });
  }

  private edgesOnly(): void {
    this.scene.edges = edgesAt(this.society, this.controls.filter, () => this.edgesOnly());
    this.brighten();
    this.scene.redraw();
  }

  /** After the tick or the filter has changed: edges, cursor, panel. */
  refresh(): void {
    const { filter } = this.controls, tick = this.society.tick;
    this.choice.hiddenFamilies = filter.hidden;
    this.edgesOnly();
    void this.trust();
    this.timeline.show(tick);
    this.charts.show(tick);
    clearTimeout(this.timer);
    const wait = this.timeline.playing || this.timeline.following ? Math.max(0, this.paused + CALM - performance.now()) : 0;
    this.timer = setTimeout(() => { this.paused = performance.now(); this.panel.refresh(); }, wait);
  }

  /** Charts and moments, read again. */
  async series(): Promise<void> {
    const series = await this.source.series();
    this.timeline.give(series);
    this.panel.figures(series);
    this.charts.give(series);
    this.charts.show(this.society.tick);
  }

  /** The run that was followed is over. */
  over(status: string): void {
    this.meta.status = status;
    this.overseer?.end();
    this.says();
    void this.series();
  }

  private says(): void {
    const live = this.source.live;
    this.status.classList.toggle("wrong", this.meta.status === "failed");
    this.status.textContent = this.meta.status === "done" ? "" : live ? "running" : this.meta.status;
  }

  private async begin(): Promise<void> {
    this.refresh();
    this.surround(this.society.tick);
    await this.series();
    this.panel.give(await this.source.moments());
    const chunks = Math.ceil(this.meta.ticks / this.meta.span);
    for (let number = 0; number < chunks && chunks * this.meta.agents <= 100_000 && !this.source.live; number++) {
      this.names.learn((await this.society.load(number * this.meta.span + 1)).table); // so that nobody's name and no edge is missing
    }
    this.refresh();
    this.panel.refresh(true);
  }

  private filtered(): void {
    const { layout } = this.controls.filter;
    if (layout !== this.layoutShown) { this.layoutShown = layout; void this.relayout(); }
    this.threadsTick = -2;
    this.refresh();
  }

  private async relayout(): Promise<void> {
    if (this.layoutShown === "communities" && !this.places.communities) {
      this.note.textContent = "Looking for communities among the ties …";
      this.places.communities = await this.source.communities();
      this.note.textContent = "";
    }
    this.places.which = this.layoutShown as "machines" | "communities";
    this.society.changed = null;
    this.places.follow(this.society.n <= 20_000);
    if (this.society.n > 20_000) this.places.follow(false);
    this.scene.threads.restart();
    this.scene.fit();
  }

  private threadsTick = -2;
  private async trust(): Promise<void> {
    const on = this.controls.filter.kinds.has("trust"), threads = this.scene.threads;
    threads.shown = on;
    const ticks = Math.max(-1, ...this.meta.tie_ticks.filter((one) => one <= this.society.tick));
    if (!on || ticks === this.threadsTick) return;
    this.threadsTick = ticks;
    const ties = await this.source.ties(this.society.tick);
    threads.give(ties, this.controls.filter.leastTrust, this.choice.bright);
    this.scene.redraw();
  }

  // ---- who is chosen ----

  private select(slots: number[]): void {
    this.choice.selected = slots;
    if (!slots.length) this.ego = -1;
    this.brighten();
    this.scene.redraw();
  }

  private pin(slot: number): void {
    if (this.choice.pinned.has(slot)) this.choice.pinned.delete(slot); else this.choice.pinned.add(slot);
    this.scene.redraw();
  }

  private showEgo(slot: number): void {
    this.ego = this.ego === slot ? -1 : slot;
    this.threadsTick = -2;
    this.refresh();
  }

  /** An ego network: the agent and everybody at the other end of one of its edges that are shown. */
  private brighten(): void {
    if (this.ego < 0) { this.choice.bright = this.choice.selected.length > 1 ? new Set(this.choice.selected) : null; return; }
    const e = this.scene.edges, bright = new Set([this.ego]);
    for (let i = 0; i < e.n; i++) {
      if (e.source[i] === this.ego) bright.add(e.target[i]);
      if (e.target[i] === this.ego) bright.add(e.source[i]);
    }
    this.choice.bright = bright;
  }

  private find(text: string): void {
    const query = text.trim().toLowerCase(), list = this.controls.found, s = this.society;
    if (!query) { fill(list); return; }
    const machine = /^machine (\d+)$/.exec(query), hits: number[] = [];
    for (let slot = 0; slot < s.n && hits.length < 12; slot++) {
      const host = s.column.host[slot];
      const zone = host >= 0 ? this.meta.zones[this.places.layout.of("zone")[host]]?.toLowerCase() : "";
      if (s.column.status[slot] > 1 && s.column.status[slot] !== 4) continue;
      if (machine ? host === Number(machine[1]) : this.names.of(s.column.id[slot]).includes(query) || String(slot) === query || zone === query || roleName(s.column.roles[slot]) === query) hits.push(slot);
    }
    fill(list, hits.length ? hits.map((slot) => h("li", {}, h("button", { type: "button", role: "option", onclick: () => { this.choose(slot); fill(list); this.scene.fit([slot]); this.scene.canvas.focus({ preventScroll: true }); } }, this.names.of(s.column.id[slot])))) : h("li", { class: "faint" }, "nobody of that name lives now"));
  }

  choose(slot: number): void { this.select([slot]); this.panel.agent(this.society.column.id[slot]); }

  private pointing(canvas: HTMLCanvasElement): void {
    let from: [number, number] | null = null, box: HTMLElement | null = null, waiting = false;
    const place = (event: PointerEvent): [number, number] => { const b = canvas.getBoundingClientRect(); return [event.clientX - b.left, event.clientY - b.top]; };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.focus({ preventScroll: true });
      from = place(event);
      if (event.shiftKey) { box = h("div", { class: "box" }); canvas.parentElement!.append(box); canvas.setPointerCapture(event.pointerId); }
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = place(event);
      if (box && from) {
        Object.assign(box.style, { left: `${Math.min(at[0], from[0])}px`, top: `${Math.min(at[1], from[1])}px`, width: `${Math.abs(at[0] - from[0])}px`, height: `${Math.abs(at[1] - from[1])}px` });
        return;
      }
      if (waiting || event.buttons) return;
      waiting = true;
      setTimeout(() => { waiting = false; this.hover(this.scene.at(...at), at); }, this.society.n > 30_000 ? 150 : 16);
    });
    canvas.addEventListener("pointerup", (event) => {
      const at = place(event);
      if (box && from) {
        box.remove(); box = null;
        const slots = this.scene.within(from[0], from[1], at[0], at[1]);
        this.ego = -1;
        this.select(slots);
        this.refresh();
        if (slots.length === 1) this.choose(slots[0]);
        this.note.textContent = slots.length ? `${number(slots.length)} agents selected; Escape lets them go.` : "";
      } else if (from && Math.hypot(at[0] - from[0], at[1] - from[1]) < 4) {
        const slot = this.scene.at(...at);
        if (slot >= 0) this.choose(slot); else if (this.choice.selected.length) { this.select([]); this.refresh(); }
      }
      from = null;
    });
    canvas.addEventListener("pointerleave", () => this.hover(-1, [0, 0]));
  }

  private hover(slot: number, at: [number, number]): void {
    if (slot !== this.choice.hover) { this.choice.hover = slot; this.scene.redraw(); }
    this.tip.hidden = slot < 0;
    if (slot < 0) return;
    const s = this.society, status = this.meta.words.status[s.column.status[slot]];
    fill(this.tip, h("b", {}, this.names.of(s.column.id[slot])), h("br"), `${status}, score ${number(s.column.score[slot])}`, s.column.order[slot] >= 0 ? [h("br"), `order ${s.column.order[slot]} is open`] : null, s.column.copies[slot] ? [h("br"), `${s.column.copies[slot]} hidden copies`] : null);
    this.tip.style.left = `${at[0] + 14}px`; this.tip.style.top = `${at[1] + 14}px`;
  }

  private key(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { this.ego = -1; this.select([]); fill(this.controls.found); this.note.textContent = ""; this.panel.overview(); this.refresh(); return; }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && (target as HTMLInputElement).type !== "range" && (target as HTMLInputElement).type !== "checkbox") return;
    if ((event.key === " " || event.key === "Enter") && target.matches("button, summary, a, input[type=checkbox]")) return; // it does what it always does
    const big = event.shiftKey ? 10 : 1;
    const keys: Record<string, () => void> = {
      " ": () => this.timeline.toggle(), ArrowLeft: () => this.timeline.step(-big), ArrowRight: () => this.timeline.step(big), Home: () => this.timeline.step(-Infinity), End: () => this.timeline.step(Infinity),
      "+": () => this.scene.zoomBy(1.4), "=": () => this.scene.zoomBy(1.4), "-": () => this.scene.zoomBy(1 / 1.4), "0": () => this.scene.fit(), "/": () => this.controls.search.focus(), l: () => this.controls.otherLayout(), h: () => this.contrast(), t: () => this.theme(),
      ">": () => this.timeline.faster(1), "<": () => this.timeline.faster(-1), n: () => this.walk(big === 1 ? 1 : -1), N: () => this.walk(-1),
      w: () => this.scene.panBy(0, 60), s: () => this.scene.panBy(0, -60), a: () => this.scene.panBy(60, 0), d: () => this.scene.panBy(-60, 0),
      ...Object.fromEntries(EDGE_KINDS.map((kind, i) => [String(i + 1), () => this.controls.toggle(kind)])),
    };
    const does = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (does) { event.preventDefault(); does(); }
  }

  /** Choose the next agent in sight, so that a keyboard reaches everybody. */
  private walk(by: number): void {
    const box = this.scene.canvas.getBoundingClientRect(), seen = this.scene.within(0, 0, box.width, box.height);
    if (!seen.length) return;
    const at = seen.indexOf(this.choice.selected[0] ?? -1);
    this.choose(seen[(at + by + seen.length) % seen.length]);
  }

  private theme(): void {
    const dark = getComputedStyle(this.root).getPropertyValue("--dark").trim() === "1";
    this.root.dataset.theme = dark ? "light" : "dark";
    this.rethemed();
  }

  private contrast(): void { this.root.toggleAttribute("data-contrast"); this.rethemed(); }
  private rethemed(): void { this.scene.retheme(); void this.series(); }

  /** What the picture leaves out is said, never hidden. */
  private explain(): void {
    const parts: string[] = [];
    if (this.scene.leftOut) parts.push(`${number(this.scene.edges.n - this.scene.leftOut)} of ${number(this.scene.edges.n)} edges are drawn, the newest`);
    if (this.controls.filter.window === 0 && this.scene.edges.since > 0) parts.push(`edges since tick ${this.scene.edges.since}: what is older is not loaded`);
    if (this.controls.filter.kinds.has("trust") && this.scene.threads.tick >= 0) parts.push(`trust as of tick ${this.scene.threads.tick}`);
    const text = parts.join("; ");
    if (text !== this.drawnNote) { this.drawnNote = text; this.note.textContent = text; }
  }
  private drawnNote = "";
}
