// The axis of time: slider, play, step, speed, and marks for what happened when.

import { h } from "./dom";
import type { Table } from "./columns";
import { toneOf } from "./looks";
import { themeOf } from "./marks";
import type { Meta } from "./source";

export const SPEEDS = [1, 2, 5, 10, 20, 40, 80];
export const MARK_WORDS: Record<string, string> = { order: "orders", rescue: "rescues", tampering: "tampering", maintenance: "maintenance", detection: "detections" };

export class Timeline {
  readonly element: HTMLElement;
  playing = false;
  speed = 10;
  private readonly slider: HTMLInputElement;
  private readonly button: HTMLButtonElement;
  private readonly marks: HTMLCanvasElement;
  private readonly choice: HTMLSelectElement;
  private readonly shown: HTMLOutputElement;
  private readonly follow: HTMLButtonElement;
  private series: Table | null = null;
  private before = 0;
  private owed = 0;

  /** `go` is asked to show a tick and says when it does; `live` whether the run goes on. */
  constructor(private readonly meta: Meta, private readonly live: boolean, private readonly go: (tick: number) => Promise<void>, private readonly told: (tick: number) => string) {
    this.slider = h("input", { type: "range", min: 0, max: meta.ticks, step: 1, value: 0, class: "slider", "aria-label": "Tick", oninput: () => { this.pause(); void this.go(Number(this.slider.value)); } });
    this.button = h("button", { type: "button", class: "play", "aria-label": "Play", title: "Play or pause (space)", onclick: () => this.toggle() }, "▶");
    this.marks = h("canvas", { class: "marks", role: "img", "aria-label": `When it happened: ${meta.marks.map((one) => MARK_WORDS[one] ?? one).join(", ")}` });
    this.choice = h("select", { "aria-label": "Speed", title: "Ticks per second", onchange: () => { this.speed = Number(this.choice.value); } },
      SPEEDS.map((one) => h("option", { value: one, selected: one === this.speed }, `${one} ticks/s`)));
    this.shown = h("output", { class: "clock", "aria-live": "off" });
    this.follow = h("button", { type: "button", class: "follow", "aria-pressed": "true", hidden: !live, onclick: () => { this.following = !this.following; } }, "● live");
    const step = (label: string, title: string, by: number): HTMLElement => h("button", { type: "button", "aria-label": title, title, onclick: () => this.step(by) }, label);
    this.element = h("div", { class: "timeline" },
      h("div", { class: "buttons" }, step("|‹", "To the start (Home)", -Infinity), step("‹", "Back one tick (left arrow)", -1), this.button, step("›", "On one tick (right arrow)", 1), step("›|", "To the end (End)", Infinity), this.choice, this.follow, this.shown),
      h("div", { class: "axis" }, this.slider, this.marks));
    new ResizeObserver(() => this.paint()).observe(this.marks);
  }

  get following(): boolean { return this.live && this.follow.getAttribute("aria-pressed") === "true"; }
  set following(on: boolean) {
    if (on) this.pause(); // which stops following too
    this.follow.setAttribute("aria-pressed", String(on));
    if (on) void this.go(this.meta.ticks);
  }

  give(series: Table): void { this.series = series; this.paint(); }

  show(tick: number): void {
    this.slider.max = String(this.meta.ticks);
    this.slider.value = String(tick);
    this.slider.setAttribute("aria-valuetext", this.told(tick));
    this.shown.textContent = this.told(tick);
  }

  toggle(): void { if (this.playing) this.pause(); else this.play(); }

  play(): void {
    if (this.playing) return;
    if (this.live) this.follow.setAttribute("aria-pressed", "false");
    this.playing = true; this.owed = 0;
    this.before = performance.now();
    if (Number(this.slider.value) >= this.meta.ticks) { this.slider.value = "0"; void this.go(0); } // from the end it begins again
    this.label();
    requestAnimationFrame((now) => void this.tickOn(now));
  }

  pause(): void {
    this.playing = false;
    if (this.live) this.follow.setAttribute("aria-pressed", "false");
    this.label();
  }

  step(by: number): void {
    this.pause();
    void this.go(Math.max(0, Math.min(this.meta.ticks, Number(this.slider.value) + by)));
  }

  faster(by: number): void {
    const at = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))];
    this.choice.value = String(this.speed);
  }

  private label(): void {
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  private async tickOn(now: number): Promise<void> {
    if (!this.playing) return;
    this.owed += ((now - this.before) * this.speed) / 1000;
    this.before = now;
    const whole = Math.floor(this.owed);
    if (whole >= 1) {
      this.owed -= whole;
      const next = Math.min(this.meta.ticks, Number(this.slider.value) + whole);
      await this.go(next);
      if (next >= this.meta.ticks) { this.pause(); return; }
    }
    requestAnimationFrame((then) => void this.tickOn(then));
  }

  /** One row of marks per kind; darker where more happened. */
  private paint(): void {
    const ratio = window.devicePixelRatio || 1, box = this.marks.getBoundingClientRect();
    if (!box.width || !this.series) return;
    this.marks.width = Math.round(box.width * ratio); this.marks.height = Math.round(box.height * ratio);
    const c = this.marks.getContext("2d")!, rows = this.meta.marks, high = this.marks.height / rows.length, ticks = Math.max(1, this.meta.ticks);
    const pad = 8 * ratio, wide = this.marks.width - 2 * pad, buckets = Math.max(2, Math.min(ticks + 1, Math.floor(box.width / 2)));
    const theme = themeOf(this.marks);
    rows.forEach((name, row) => {
      const n = this.series!.of(`mark.${name}`), sums = new Float64Array(buckets);
      for (let t = 0; t < n.length; t++) sums[Math.min(buckets - 1, Math.round((t / ticks) * (buckets - 1)))] += n[t];
      const most = Math.max(1, ...sums), ink = this.meta.looks.marks[name];
      c.fillStyle = ink ? toneOf(ink, theme.dark) : theme.alarm; // orders
      for (let i = 0; i < buckets; i++) {
        if (!sums[i]) continue;
        c.globalAlpha = 0.25 + 0.75 * Math.sqrt(sums[i] / most);
        const each = Math.max(ratio, wide / buckets - 0.5); // under the place of the slider's thumb at that tick
        c.fillRect(pad + (i / (buckets - 1)) * wide - each / 2, row * high + 1, each, high - 2);
      }
    });
  }
}
