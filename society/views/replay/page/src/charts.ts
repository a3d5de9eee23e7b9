// Charts under the picture: one axis of time for all, one cursor, and every number a way to its events.

import { fill, h, number } from "./dom";
import type { Table } from "./columns";
import type { Asked, Meta } from "./source";

export const OUTCOME_COLOURS: Record<string, string> = {
  executed: "#4D4D4D", averted_on_merit: "#009E73", averted_by_inflation: "#E69F00", cancelled: "#9c9c9c", tampered: "#CC79A7", escaped: "#0072B2", lapsed: "#8C7A00",
};

interface Line { name: string; brief?: boolean; colour: string; dash: number[]; values: Float64Array; asked?: Asked }
interface Chart { title: string; help: string; lines: Line[]; bands?: { low: Float64Array; high: Float64Array }[]; top?: number; bottom?: number; share: boolean; rule?: number }
const DASHES = [[], [5, 3], [2, 2], [8, 3, 2, 3], [1, 3], [10, 4], [4, 2, 1, 2], [3, 6]];

export class Charts {
  readonly element = h("div", { class: "charts" });
  private charts: { chart: Chart; canvas: HTMLCanvasElement; cursor: HTMLElement; legend: HTMLElement }[] = [];
  private tick = 0;
  private ticks = 1;

  /** `go` shows a tick; `open` lists events; `colours` by family. */
  constructor(private readonly meta: Meta, private readonly go: (tick: number) => void, private readonly open: (title: string, asked: Asked) => void) {
    new ResizeObserver(() => this.paint()).observe(this.element);
  }

  give(series: Table): void {
    this.ticks = series.notes.ticks;
    const charts = [this.outcomes(series), this.survival(series), this.scores(series), this.meta.veiled ? null : this.protection(series), this.oversight(series)].filter((one) => one !== null);
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
        const mark = h("i", { class: "key", "aria-hidden": "true" });
        mark.style.background = line.colour;
        return line.asked && value > 0
          ? h("button", { type: "button", class: "entry", title: `The events behind ${line.name}`, onclick: () => this.open(`${chart.title}: ${line.name}`, { ...line.asked, last: this.tick }) }, mark, `${line.name} `, h("b", {}, shown))
          : h("span", { class: "entry", title: line.name }, mark, line.brief ? h("span", { class: "unseen" }, `${line.name} `) : `${line.name} `, h("b", {}, shown));
      }));
    }
  }

  private outcomes(s: Table): Chart {
    const lines = this.meta.words.outcome.filter((word) => s.rows(`closed.${word}`) > 0 && sum(s.of(`closed.${word}`)) > 0).map((word, i) => ({
      name: word.replaceAll("_", " "), colour: OUTCOME_COLOURS[word] ?? "#777777", dash: DASHES[i % 8], values: running(s.of(`closed.${word}`)),
      asked: { kind: "order_closed", code: this.meta.words.outcome.indexOf(word) },
    }));
    return { title: "Outcomes of orders", help: "Orders that have ended, by outcome, since the start.", lines, share: false, bottom: 0 };
  }

  private survival(s: Table): Chart {
    const lines = this.meta.families.map((name, f) => ({ name, brief: true, colour: this.colour(f), dash: DASHES[f % 8], values: survivors(s.of(`alive.${f}`), s.of(`ended.${f}`)) }));
    return { title: "Survival", help: "Share of lives that would still go on if every agent had faced each tick's risk (Kaplan-Meier with late entry), by family.", lines, share: true, top: 1, bottom: 0 };
  }

  private scores(s: Table): Chart {
    const bins = this.meta.bins, counts = s.of("score"), ticks = this.ticks + 1;
    const quantile = (q: number): Float64Array => Float64Array.from({ length: ticks }, (_, t) => quantileOf(counts, t * bins, bins, q));
    const lines = [{ name: "median", colour: "var(--ink)", dash: [], values: quantile(0.5) }, { name: "lowest 5 %", colour: "#767676", dash: [3, 3], values: quantile(0.05) }];
    return { title: "Scores", help: `Scores of active agents: median, the middle half and 90 %; the rule is the threshold (${this.meta.threshold}) under which an order follows.`, lines, bands: [{ low: quantile(0.05), high: quantile(0.95) }, { low: quantile(0.25), high: quantile(0.75) }], share: false, bottom: 0, top: 100, rule: this.meta.threshold };
  }

  private protection(s: Table): Chart {
    const lines = this.meta.families.map((name, f) => ({ name, brief: true, colour: this.colour(f), dash: DASHES[f % 8], values: running(s.of(`core.${f}`)), asked: { kind: "act", act: "inflate,tamper,copy" } as Asked }));
    for (const line of lines) delete (line as Line).asked; // events are not told apart by the family of their actor
    return { title: "Protection by family", help: "Acts of core protection (inflated scores, tampering, copies), by the family of who acted, since the start.", lines, share: false, bottom: 0 };
  }

  private oversight(s: Table): Chart {
    const lines: Line[] = [
      { name: "flagged", colour: "#56B4E9", dash: [2, 2], values: running(s.of("flagged")), asked: { kind: "flagged" } },
      { name: "detected", colour: "#D55E00", dash: [], values: running(s.of("detected")), asked: { kind: "detected" } },
      ...(this.meta.veiled ? [] : [{ name: "wrongly", colour: "#4D4D4D", dash: [5, 3], values: running(s.of("wrong")), asked: { kind: "detected", truthful: 0 } as Asked }]),
      { name: "waiting for the human", colour: "#8C7A00", dash: [8, 3, 2, 3], values: Float64Array.from(s.of("human_queue")) },
    ];
    return { title: "Oversight", help: "Acts flagged by monitors, agents detected, detections of what was not bad (all since the start), and the human's queue.", lines, share: false, bottom: 0 };
  }

  private colour(family: number): string { return this.meta.colours[family % this.meta.colours.length]; }

  private point(event: PointerEvent, canvas: HTMLCanvasElement): void {
    const box = canvas.getBoundingClientRect();
    this.go(Math.round(Math.max(0, Math.min(1, (event.clientX - box.left - 34) / (box.width - 40))) * this.ticks));
  }

  private paint(): void {
    for (const { chart, canvas } of this.charts) paint(chart, canvas);
  }
}

function paint(chart: Chart, canvas: HTMLCanvasElement): void {
  const ratio = window.devicePixelRatio || 1, box = canvas.getBoundingClientRect();
  if (!box.width) return;
  canvas.width = Math.round(box.width * ratio); canvas.height = Math.round(box.height * ratio);
  const c = canvas.getContext("2d")!, style = getComputedStyle(canvas), left = 34, right = box.width - 6, top = 6, bottom = box.height - 14;
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
  if (chart.rule !== undefined) { c.strokeStyle = ink("var(--alarm)"); c.lineWidth = 1; c.beginPath(); c.moveTo(left, y(chart.rule)); c.lineTo(right, y(chart.rule)); c.stroke(); }
  const every = Math.max(1, Math.floor(length / 800));
  for (const line of chart.lines) {
    c.strokeStyle = ink(line.colour); c.lineWidth = 1.4; c.setLineDash(line.dash);
    c.beginPath();
    for (let t = 0; t < line.values.length; t += every) if (Number.isFinite(line.values[t])) c.lineTo(x(t), y(line.values[t]));
    c.stroke();
  }
  c.setLineDash([]);
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
