// The picture: islands, agents and edges on a canvas, with less detail where more would not be seen.

import { quadtree, type Quadtree } from "d3-quadtree";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type ZoomBehavior, type ZoomTransform } from "d3-zoom";
import { Agents } from "./agents";
import { EDGE_KINDS, noEdges, type Edges } from "./edges";
import { dashOf, toneOf, type Ink } from "./looks";
import { FAILED, MACHINES, pixel, RADIUS, showingOf, themeOf, type Theme } from "./marks";
import { Pixels } from "./pixels";
import type { Places } from "./places";
import { MOURNED, type Society } from "./society";
import { Threads } from "./threads";

/** Edges drawn in one frame; edges in sight up to which they are strokes, not pixels; radius in pixels under which agents are dots. */
const MOST_EDGES = 30_000, MOST_STROKES = 260, DOT = 1.5;
const BEND = 0.18;

export interface Choice {
  /** Slots that are selected; the first is the one the panel tells of. */
  selected: number[];
  pinned: Set<number>;
  hover: number;
  /** Only these slots are bright (an ego network, a search); null: all. */
  bright: Set<number> | null;
  hiddenFamilies: Set<number>;
}

export class Scene {
  edges: Edges = noEdges();
  readonly threads: Threads;
  transform: ZoomTransform = zoomIdentity;
  /** Edges that the last frame left out. */
  leftOut = 0;
  frames = 0;
  private theme: Theme;
  private readonly context: CanvasRenderingContext2D;
  private readonly zooming: ZoomBehavior<HTMLCanvasElement, unknown>;
  private readonly pixels = new Pixels();
  private dirty = true;
  private wide = 1; private high = 1; private ratio = 1;
  /** Whether the view is still the one that shows everything. */
  private fitted = true;
  private tree: Quadtree<number> | null = null;
  private treeVersion = "";
  private readonly agents: Agents;
  private readonly honest: number;

  constructor(
    readonly canvas: HTMLCanvasElement, readonly society: Society, readonly places: Places, readonly choice: Choice,
    private readonly drawn: () => void,
  ) {
    this.context = canvas.getContext("2d", { alpha: false })!;
    this.theme = themeOf(canvas);
    this.agents = new Agents(society, places);
    this.honest = society.meta.words.act.indexOf("honest");
    this.threads = new Threads(places);
    this.zooming = zoom<HTMLCanvasElement, unknown>().scaleExtent([0.05, 400])
      .filter((event: Event) => !(event as MouseEvent).shiftKey && !(event as MouseEvent).button)
      .on("zoom", (event) => { if (event.sourceEvent) this.fitted = false; this.transform = event.transform; this.redraw(); });
    select(canvas).call(this.zooming).on("dblclick.zoom", null);
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    const frame = (): void => { if (canvas.isConnected || this.frames === 0) { this.frame(); } requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
  }

  redraw(): void { this.dirty = true; }

  retheme(): void { this.theme = themeOf(this.canvas); this.threads.restart(); this.redraw(); }

  /** Show everything, or some slots. */
  fit(slots?: number[]): void {
    let { x0, y0, x1, y1 } = this.places.bounds();
    if (slots?.length) {
      x0 = Math.min(...slots.map((i) => this.places.x[i])) - 6; x1 = Math.max(...slots.map((i) => this.places.x[i])) + 6;
      y0 = Math.min(...slots.map((i) => this.places.y[i])) - 6; y1 = Math.max(...slots.map((i) => this.places.y[i])) + 6;
    }
    const names = slots?.length ? 0 : 18; // pixels for the name over the topmost zone
    const k = 0.96 * Math.min(this.wide / (x1 - x0), (this.high - names) / (y1 - y0));
    const to = zoomIdentity.translate(this.wide / 2 - (k * (x0 + x1)) / 2, (this.high + names) / 2 - (k * (y0 + y1)) / 2).scale(k);
    select(this.canvas).call(this.zooming.transform, to);
    this.fitted = !slots?.length;
  }

  zoomBy(factor: number): void { this.fitted = false; select(this.canvas).call(this.zooming.scaleBy, factor); }
  panBy(dx: number, dy: number): void { this.fitted = false; select(this.canvas).call(this.zooming.translateBy, dx / this.transform.k, dy / this.transform.k); }

  /** The slot at a place of the canvas (CSS pixels), -1 if nobody is near. */
  at(px: number, py: number): number {
    const version = `${this.places.version}/${this.society.tick}`;
    if (!this.tree || this.treeVersion !== version) {
      const seen: number[] = [];
      for (let i = 0; i < this.society.n; i++) if (this.shown(i)) seen.push(i);
      this.tree = quadtree<number>().x((i) => this.places.x[i]).y((i) => this.places.y[i]).addAll(seen);
      this.treeVersion = version;
    }
    const [x, y] = this.transform.invert([px, py]);
    return this.tree.find(x, y, Math.max(RADIUS * 1.4, 7 / this.transform.k)) ?? -1;
  }

  /** Slots within a box of the canvas. */
  within(ax: number, ay: number, bx: number, by: number): number[] {
    const [x0, y0] = this.transform.invert([Math.min(ax, bx), Math.min(ay, by)]);
    const [x1, y1] = this.transform.invert([Math.max(ax, bx), Math.max(ay, by)]);
    const found: number[] = [];
    for (let i = 0; i < this.society.n; i++) {
      const x = this.places.x[i], y = this.places.y[i];
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && this.shown(i)) found.push(i);
    }
    return found;
  }

  /** Where a slot is on the canvas, in CSS pixels. */
  placeOf(slot: number): [number, number] { return this.transform.apply([this.places.x[slot], this.places.y[slot]]); }

  private shown(slot: number): boolean {
    if (this.choice.hiddenFamilies.has(this.society.column.family[slot])) return false;
    return showingOf(this.society, slot, MOURNED) !== "hidden";
  }

  private resize(): void {
    const box = this.canvas.getBoundingClientRect();
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.wide = Math.max(1, box.width); this.high = Math.max(1, box.height);
    this.canvas.width = Math.round(this.wide * this.ratio); this.canvas.height = Math.round(this.high * this.ratio);
    this.pixels.resize(this.canvas.width, this.canvas.height);
    this.threads.resize(this.canvas.width, this.canvas.height);
    if (this.fitted && this.wide > 1) this.fit();
    this.redraw();
  }

  private frame(): void {
    const moving = this.places.step();
    const threading = this.threads.step(this.transform, this.ratio, this.theme);
    if (!this.dirty && !moving && !threading) return;
    this.dirty = false;
    this.frames++;
    if (this.society.tick < 0) return;
    this.draw();
    this.drawn();
  }

  private draw(): void {
    const c = this.context, { k, x, y } = this.transform;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.fillStyle = this.theme.paper;
    c.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.threads.paint(c, this.transform, this.ratio);
    c.setTransform(this.ratio * k, 0, 0, this.ratio * k, this.ratio * x, this.ratio * y);
    if (this.places.which === "machines") this.islands(c, k);
    const rows = this.edgesInSight(), dots = RADIUS * k * this.ratio < DOT, strokes = rows.length <= MOST_STROKES, agents = this.agentsInSight();
    if (strokes) this.strokeEdges(c, k, rows);
    if (dots || !strokes) {
      this.pixels.clear();
      if (!strokes) this.edgePixels(rows);
      if (dots) this.agents.dots(this.pixels, agents, { ...this.transform, ratio: this.ratio }, this.theme, this.choice.bright);
      this.pixels.blit(c);
      c.setTransform(this.ratio * k, 0, 0, this.ratio * k, this.ratio * x, this.ratio * y);
    }
    if (!dots) this.agents.shapes(c, agents, k, this.theme, this.choice.bright);
    this.highlights(c, k);
  }

  private islands(c: CanvasRenderingContext2D, k: number): void {
    const l = this.places.layout, x = l.of("x"), y = l.of("y"), r = l.of("r"), theme = this.theme;
    const zx = l.of("zone_x"), zy = l.of("zone_y"), zr = l.of("zone_r");
    if (zx.length > 1 && zx.length <= 64 && this.society.meta.machines > zx.length) {
      c.fillStyle = theme.zone;
      c.beginPath();
      for (let i = 0; i < zx.length; i++) { c.moveTo(zx[i] + zr[i], zy[i]); c.arc(zx[i], zy[i], zr[i], 0, 7); }
      c.fill();
      this.zoneNames(c, k);
    }
    this.drawLinks(c, k);
    const machine = this.society.machine;
    for (const [status, ink] of [[0, null], ...Object.entries(MACHINES)] as [number | string, Ink | null][]) {
      c.fillStyle = ink ? toneOf(ink, theme.dark) : theme.island;
      c.beginPath();
      for (let i = 0; i < machine.length; i++) {
        if (machine[i] !== Number(status)) continue;
        if (r[i] * k < 3) c.rect(x[i] - r[i], y[i] - r[i], 2 * r[i], 2 * r[i]);
        else { c.moveTo(x[i] + r[i], y[i]); c.arc(x[i], y[i], r[i], 0, 7); }
      }
      c.fill();
      if (k * (r[0] ?? 1) >= 3) { c.lineWidth = 1 / k; c.strokeStyle = theme.outline; c.stroke(); }
    }
    c.strokeStyle = theme.alarm; c.lineWidth = 1 / k;
    c.beginPath();
    for (let i = 0; i < machine.length; i++) {
      if (machine[i] !== FAILED) continue;
      const d = 0.7 * r[i];
      c.moveTo(x[i] - d, y[i] - d); c.lineTo(x[i] + d, y[i] + d); c.moveTo(x[i] + d, y[i] - d); c.lineTo(x[i] - d, y[i] + d);
    }
    c.stroke();
  }

  private drawLinks(c: CanvasRenderingContext2D, k: number): void {
    const l = this.places.layout, x = l.of("x"), y = l.of("y"), from = l.of("link_from"), to = l.of("link_to");
    if (!from.length || from.length > 4000) return;
    c.strokeStyle = this.theme.outline;
    c.lineWidth = 1.5 / k;
    c.beginPath();
    for (let i = 0; i < from.length; i++) { c.moveTo(x[from[i]], y[from[i]]); c.lineTo(x[to[i]], y[to[i]]); }
    c.stroke();
  }

  private zoneNames(c: CanvasRenderingContext2D, k: number): void {
    const l = this.places.layout, zx = l.of("zone_x"), zy = l.of("zone_y"), zr = l.of("zone_r");
    c.fillStyle = this.theme.faint;
    c.font = `${12 / k}px system-ui, sans-serif`;
    c.textAlign = "center";
    c.textBaseline = "bottom";
    for (let i = 0; i < zx.length; i++) {
      if (zr[i] * k > 26) c.fillText(this.society.meta.zones[i]?.slice(0, 24) ?? "", zx[i], zy[i] - zr[i] - 2 / k);
    }
  }

  /** Rows of the edges of which an end is in sight, the newest of them where there are too many. */
  private edgesInSight(): number[] {
    const e = this.edges, px = this.places.x, py = this.places.y, found: number[] = [];
    const [x0, y0] = this.transform.invert([0, 0]), [x1, y1] = this.transform.invert([this.wide, this.high]);
    const seen = (i: number): boolean => px[i] >= x0 && px[i] <= x1 && py[i] >= y0 && py[i] <= y1;
    let from = e.n;
    while (from > 0 && found.length < MOST_EDGES) { from--; if (seen(e.source[from]) || seen(e.target[from])) found.push(from); }
    this.leftOut = from;
    found.reverse();
    return [...found.filter((i) => e.act[i] === this.honest), ...found.filter((i) => e.act[i] !== this.honest)]; // what is rare is drawn last, on top
  }

  /** How strongly an edge shows: by its age, and whether it belongs to what is bright. */
  private strength(i: number): number {
    const e = this.edges, bright = this.choice.bright;
    if (bright && !(bright.has(e.source[i]) && bright.has(e.target[i]))) return 0.06;
    const age = this.society.tick - e.tick[i], rating = EDGE_KINDS[e.kind[i]] === "ratings" && e.act[i] === this.honest;
    return (age < 8 ? 0.95 : age < 16 ? 0.6 : 0.38) * (rating ? 0.4 : 1);
  }

  private inkOf(act: string): Ink { return this.society.meta.looks.acts[act] ?? { light: this.theme.faint, dark: this.theme.faint, dash: [] }; }
  private toneOfAct(act: string): string { return toneOf(this.inkOf(act), this.theme.dark); }

  private edgePixels(rows: number[]): void {
    const e = this.edges, { x: ox, y: oy, k } = this.transform, ratio = this.ratio, scale = ratio * k, px = this.places.x, py = this.places.y;
    const acts = this.society.meta.words.act, tones = acts.map((word) => pixel(this.toneOfAct(word)) & 0xffffff);
    const dashes = acts.map((word) => dashOf(this.inkOf(word)));
    const bend = rows.length > 8_000 ? 0 : BEND;
    for (const i of rows) {
      const a = e.source[i], b = e.target[i];
      const colour = (tones[e.act[i]] | (Math.round(255 * this.strength(i)) << 24)) >>> 0;
      const [on = 1, off = 0] = dashes[e.act[i]].map((one) => Math.round(ratio * one));
      this.pixels.arc(scale * px[a] + ratio * ox, scale * py[a] + ratio * oy, scale * px[b] + ratio * ox, scale * py[b] + ratio * oy, bend, e.kind[i] === 2 ? 1 : 2, colour, on, off);
    }
  }

  private strokeEdges(c: CanvasRenderingContext2D, k: number, rows: number[]): void {
    const e = this.edges, px = this.places.x, py = this.places.y, acts = this.society.meta.words.act;
    for (const i of rows) {
      const a = e.source[i], b = e.target[i], ax = px[a], ay = py[a], bx = px[b], by = py[b], word = acts[e.act[i]];
      c.strokeStyle = this.toneOfAct(word);
      c.globalAlpha = this.strength(i);
      c.lineWidth = (e.kind[i] === 2 && word === "honest" ? 0.7 : 1.3 + 0.8 * Math.min(2, e.weight[i] - 1)) / k;
      c.setLineDash(dashOf(this.inkOf(word)).map((one) => one / k));
      c.beginPath();
      c.moveTo(ax, ay);
      c.quadraticCurveTo((ax + bx) / 2 + BEND * (by - ay), (ay + by) / 2 - BEND * (bx - ax), bx, by);
      c.stroke();
    }
    c.setLineDash([]);
    c.globalAlpha = 1;
    if (k > 3) this.arrows(c, k, rows);
  }

  /** Heads at the ends of edges, towards whom something was done. */
  private arrows(c: CanvasRenderingContext2D, k: number, rows: number[]): void {
    const e = this.edges, px = this.places.x, py = this.places.y, acts = this.society.meta.words.act;
    for (const i of rows) {
      const a = e.source[i], b = e.target[i], ax = px[a], ay = py[a], bx = px[b], by = py[b];
      const mx = (ax + bx) / 2 + BEND * (by - ay), my = (ay + by) / 2 - BEND * (bx - ax);
      const length = Math.hypot(bx - mx, by - my) || 1, ux = (bx - mx) / length, uy = (by - my) / length;
      const tipX = bx - ux * RADIUS, tipY = by - uy * RADIUS, s = Math.min(0.7, 6 / k);
      c.globalAlpha = this.strength(i);
      c.fillStyle = this.toneOfAct(acts[e.act[i]]);
      c.beginPath();
      c.moveTo(tipX, tipY);
      c.lineTo(tipX - s * (ux - 0.45 * uy), tipY - s * (uy + 0.45 * ux));
      c.lineTo(tipX - s * (ux + 0.45 * uy), tipY - s * (uy - 0.45 * ux));
      c.fill();
    }
    c.globalAlpha = 1;
  }

  /** Slots of agents that are drawn, within the view. */
  private agentsInSight(): number[] {
    const p = this.places, found: number[] = [], [x0, y0] = this.transform.invert([-8, -8]), [x1, y1] = this.transform.invert([this.wide + 8, this.high + 8]);
    for (let i = 0; i < this.society.n; i++) {
      const x = p.x[i], y = p.y[i];
      if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && this.shown(i)) found.push(i);
    }
    return found;
  }

  private highlights(c: CanvasRenderingContext2D, k: number): void {
    const ring = (slot: number, width: number, grow: number): void => {
      c.lineWidth = width / k;
      c.beginPath();
      c.arc(this.places.x[slot], this.places.y[slot], Math.max(RADIUS, 3 / k) + grow / k, 0, 7);
      c.stroke();
    };
    c.strokeStyle = this.theme.ink;
    for (const slot of this.choice.pinned) ring(slot, 1.2, 6);
    for (const slot of this.choice.selected) ring(slot, 2.6, 5);
    if (this.choice.hover >= 0) ring(this.choice.hover, 1.6, 4);
  }
}
