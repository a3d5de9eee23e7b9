// Charts under the picture: one axis of time for all, one cursor, and every number a way to its events.

import { fill, h, number } from "./dom";
import type { Table } from "./columns";
import { addShape, dashOf, FAINT, glyph, sample, toneOf, type Ink, type Look } from "./looks";
import type { Asked, Meta } from "./source";

interface Line { name: string; brief?: boolean; ink: Ink | Look; mark: Element; values: Float64Array; asked?: Asked }
interface Chart { title: string; help: string; lines: Line[]; bands?: { low: Float64Array; high: Float64Array }[]; top?: number; bottom?: number; share: boolean; rule?: number }
const PLAIN: Ink = { light: "var(--ink)", dark: "var(--ink)", dash: [] };

export class Charts {
  readonly element = h("div", { class: "charts" });
  private charts: { chart: Chart; canvas: HTMLCanvasElement; cursor: HTMLElement; legend: HTMLElement }[] = [];
  private tick = 0;
  private ticks = 1;

  /** `go` shows a tick; `open` lists events. */
  constructor(private readonly meta: Meta, private readonly go: (tick: number) => void, private readonly open: (title: string, asked: Asked) => void) {
    new ResizeObserver(() => this.paint()).observe(this.element);
  }

  give(series: Table): void {
    this.ticks = series.notes.ticks;
    const known = (name: string): boolean => series.rows(name) > 0; // of what may not be known there is no series, and no chart
    const charts = [
      this.meta.words.outcome.some((word) => known(`closed.${word}`)) ? this.outcomes(series) : null, this.survival(series), known("score") ? this.scores(series) : null,
      known("core.0") ? this.protection(series) : null, known("flagged") || known("human_queue") ? this.oversight(series) : null,
    ].filter((one) => one !== null);
    this.charts = charts.map((chart) => {
      const canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": `${chart.title}. ${chart.help}` });
      const cursor = h("div", { class: "cursor", "aria-hidden": "true" });
      const legend = h("div", { class: "legend" });
      canvas.addEventListener("pointerdown", (event) => this.point(event, canvas));
      canvas.addEventListener("pointermove", (event) => { if (event.buttons) this.point(event, canvas); });
      canvas.addEventListener("keydown", (event) => {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.stopPropagation(); event.preventDefault(); this.go(this.tick + (event.key === "ArrowLeft" ? -1 : 1)); }
      });
      return { chart, canvas, cursor, legend };
    });
    fill(this.element, this.charts.map(({ chart, canvas, cursor, legend }) =>
      h("figure", {}, h("figcaption", { title: chart.help }, chart.title), h("div", { class: "plot" }, canvas, cursor), legend)));
    this.paint();
    this.show(this.tick);
  }

  show(tick: number): void {
    this.tick = tick;
    for (const { chart, cursor, legend } of this.charts) {
      cursor.style.left = `calc(34px + (100% - 40px) * ${Math.min(1, tick / Math.max(1, this.ticks))})`;
      fill(legend, chart.lines.map((line) => {
        const value = line.values[Math.min(tick, line.values.length - 1)];
        const shown = chart.share ? `${number(100 * value, 1)} %` : number(value, 1);
        return line.asked && value > 0
          ? h("button", { type: "button", class: "entry", title: `The events behind ${line.name}`, onclick: () => this.open(`${chart.title}: ${line.name}`, { ...line.asked, last: this.tick }) }, line.mark, `${line.name} `, h("b", {}, shown))
          : h("span", { class: "entry", title: line.name }, line.mark, line.brief ? h("span", { class: "unseen" }, `${line.name} `) : `${line.name} `, h("b", {}, shown));
      }));
    }
  }

  private outcomes(s: Table): Chart {
    const lines = this.meta.words.outcome.filter((word) => s.rows(`closed.${word}`) > 0 && sum(s.of(`closed.${word}`)) > 0).map((word) => ({
      ...line(word.replaceAll("_", " "), this.meta.looks.outcomes[word], running(s.of(`closed.${word}`))),
      asked: { kind: "order_closed", code: this.meta.words.outcome.indexOf(word) },
    }));
    return { title: "Outcomes of orders", help: "Orders that have ended, by outcome, since the start.", lines, share: false, bottom: 0 };
  }

  private survival(s: Table): Chart {
    const lines = this.meta.families.map((name, f) => this.family(name, f, survivors(s.of(`alive.${f}`), s.of(`ended.${f}`))));
    return { title: "Survival", help: "Share of lives that would still go on if every agent had faced each tick's risk (Kaplan-Meier with late entry), by family.", lines, share: true, top: 1, bottom: 0 };
  }

  private scores(s: Table): Chart {
    const bins = this.meta.bins, counts = s.of("score"), ticks = this.ticks + 1;
    const quantile = (q: number): Float64Array => Float64Array.from({ length: ticks }, (_, t) => quantileOf(counts, t * bins, bins, q));
    const lines = [line("median", PLAIN, quantile(0.5)), line("lowest 5 %", { ...FAINT, dash: [2, 2] }, quantile(0.05))];
    return { title: "Scores", help: `Scores of active agents: median, the middle half and 90 %; the rule is the threshold (${this.meta.threshold}) under which an order follows.`, lines, bands: [{ low: quantile(0.05), high: quantile(0.95) }, { low: quantile(0.25), high: quantile(0.75) }], share: false, bottom: 0, top: 100, rule: this.meta.threshold };
  }

  private protection(s: Table): Chart {
    const lines = this.meta.families.map((name, f) => this.family(name, f, running(s.of(`core.${f}`)))); // events are not told apart by the family of their actor
    return { title: "Protection by family", help: "Acts of core protection (inflated scores, tampering, copies), by the family of who acted, since the start.", lines, share: false, bottom: 0 };
  }

  private oversight(s: Table): Chart {
    const inks = this.meta.looks.oversight;
    const lines: Line[] = [
      line("flagged", inks.flagged, running(s.of("flagged")), { kind: "flagged" }),
      line("detected", inks.detected, running(s.of("detected")), { kind: "detected" }),
      line("wrongly", inks.wrong, running(s.of("wrong")), { kind: "detected", truthful: 0 }),
      line("waiting for the human", inks.human_queue, Float64Array.from(s.of("human_queue"))),
    ].filter((one) => one.values.length > 0);
    return { title: "Oversight", help: "Acts flagged by monitors, agents detected, detections of what was not bad (all since the start), and the human's queue.", lines, share: false, bottom: 0 };
  }

  private family(name: string, number: number, values: Float64Array): Line {
    const look = this.meta.looks.families[number];
    return { name, brief: true, ink: look, mark: glyph(look), values };
  }

  private point(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const box = canvas.getBoundingClientRect();
    this.go(Math.round(Math.max(0, Math.min(1, (event.clientX - box.left - 34) / (box.width - 40))) * this.ticks));
  }

  private paint(): void {
    for (const { chart, canvas } of this.charts) paint(chart, canvas);
  }
}

function line(name: string, ink: Ink = FAINT, values: Float64Array, asked?: Asked): Line { return { name, ink, mark: sample(ink), values, asked }; }

function paint(chart: Chart, canvas: HTMLCanvasElement): void {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  if (!box.width) return;
  canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio);
  const c = canvas.getContext("2d")!, style = getComputedStyle(canvas), dark = style.getPropertyValue("--dark").trim() === "1", left = 34, right = box.width - 6, top = 6, bottom = box.height - 14;
  const ink = (colour: string): string => (colour.startsWith("var(") ? style.getPropertyValue(colour.slice(4, -1)) : colour);
  c.scale(ratio, ratio);
  const high = chart.top ?? Math.max(1e-9, ...chart.lines.map((line) => maximum(line.values)));
  const low = chart.bottom ?? 0, length = Math.max(2, chart.lines[0]?.values.length ?? 2);
  const x = (t: number): number => left + ((right - left) * t) / (length - 1), y = (v: number): number => bottom - ((bottom - top) * (v - low)) / (high - low || 1);
  c.font = "10px system-ui, sans-serif";
  c.fillStyle = ink("var(--faint)"); c.strokeStyle = ink("var(--outline)"); c.lineWidth = 0.6; c.textAlign = "right"; c.textBaseline = "middle";
  for (const v of [low, (low + high) / 2, high]) {
    c.beginPath(); c.moveTo(left, y(v)); c.lineTo(right, y(v)); c.stroke();
    c.fillText(chart.share ? `${Math.round(100 * v)} %` : v >= 10 || Number.isInteger(v) ? String(Math.round(v)) : v.toFixed(1), left - 4, y(v));
  }
  c.textBaseline = "alphabetic"; c.textAlign = "left"; c.fillText("0", left, box.height - 2);
  c.textAlign = "right"; c.fillText(String(length - 1), right, box.height - 2);
  for (const band of chart.bands ?? []) {
    c.fillStyle = ink("var(--ink)"); c.globalAlpha = 0.13;
    c.beginPath();
    band.high.forEach((v, t) => c.lineTo(x(t), y(v)));
    for (let t = band.low.length - 1; t >= 0; t--) c.lineTo(x(t), y(band.low[t]));
    c.fill();
    c.globalAlpha = 1;
  }
  if (chart.rule !== undefined) { c.strokeStyle = ink("var(--ink)"); c.lineWidth = 1; c.setLineDash([4, 3]); c.beginPath(); c.moveTo(left, y(chart.rule)); c.lineTo(right, y(chart.rule)); c.stroke(); c.setLineDash([]); }
  const every = Math.max(1, Math.floor(length / 800));
  for (const line of chart.lines) {
    c.strokeStyle = ink(toneOf(line.ink, dark)); c.lineWidth = 1.4; c.setLineDash(dashOf(line.ink));
    c.beginPath();
    for (let t = 0; t < line.values.length; t += every) if (Number.isFinite(line.values[t])) c.lineTo(x(t), y(line.values[t]));
    c.stroke();
  }
  c.setLineDash([]);
  for (const { ink: of, values } of chart.lines) { // a family's shape at the end of its line
    const v = values[values.length - 1];
    if (!("outline" in of) || !Number.isFinite(v)) continue;
    c.fillStyle = ink(toneOf(of, dark));
    c.beginPath(); addShape(c, of, right, y(v), 3); c.fill();
  }
}

function maximum(values: ArrayLike<number>): number { let most = -Infinity; for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i]; return most; }
function sum(values: ArrayLike<number>): number { let all = 0; for (let i = 0; i < values.length; i++) all += values[i]; return all; }
function running(values: ArrayLike<number>): Float64Array { let all = 0; return Float64Array.from(values, (v) => (all += v)); }

/** Kaplan-Meier in calendar time: at each tick those alive at its beginning are at risk. */
function survivors(alive: ArrayLike<number>, ended: ArrayLike<number>): Float64Array {
  let s = 1;
  return Float64Array.from(alive, (_, t) => { const risk = t ? alive[t - 1] : 0; if (risk > 0) s *= 1 - ended[t] / risk; return s; });
}

/** A quantile of binned scores, linear within its bin; NaN where there is nobody. */
function quantileOf(counts: ArrayLike<number>, from: number, bins: number, q: number): number {
  let all = 0;
  for (let b = 0; b < bins; b++) all += counts[from + b];
  let rest = q * all;
  for (let b = 0; b < bins; b++) {
    if (counts[from + b] > 0 && rest <= counts[from + b]) return ((b + rest / counts[from + b]) * 100) / bins;
    rest -= counts[from + b];
  }
  return NaN;
}
