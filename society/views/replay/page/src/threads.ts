// Trust: a layer of its own, drawn a slice per frame and kept as a picture, because there may be hundreds of thousands of ties.

import type { ZoomTransform } from "d3-zoom";
import { Table } from "./columns";
import type { Theme } from "./marks";
import type { Places } from "./places";

/** Milliseconds of drawing per frame; rest after a move of the view, and after a move of agents, before it begins again. */
const SLICE = 5, REST = 140, STALE = 2500;
const LEVELS = 4;

export class Threads {
  shown = false;
  least = 0;
  /** Tick of the snapshot that is drawn. */
  tick = -1;
  private ties: Table = new Table();
  private front = document.createElement("canvas");
  private back = document.createElement("canvas");
  private frontAt: ZoomTransform | null = null;
  private backAt: ZoomTransform | null = null;
  private row = 0;
  private order: Uint32Array = new Uint32Array(0);
  private level: Uint8Array = new Uint8Array(0);
  private pending = false;
  private moved = 0;
  private last: ZoomTransform | null = null;
  private version = -1;
  private begun = 0;

  constructor(private readonly places: Places) {}

  resize(wide: number, high: number): void {
    for (const canvas of [this.front, this.back]) { canvas.width = wide; canvas.height = high; }
    this.frontAt = null;
    this.restart();
  }

  /** Draw the ties of a snapshot from `least` trust on; only those of some slots where `bright` says so. */
  give(ties: Table, least: number, bright: Set<number> | null): void {
    this.ties = ties; this.least = least;
    this.tick = ties.notes.tick ?? -1;
    const trust = ties.of("trust"), source = ties.of("source"), target = ties.of("target");
    const rows: number[] = [];
    for (let i = 0; i < trust.length; i++) {
      if (trust[i] >= least && (!bright || bright.has(source[i]) || bright.has(target[i]))) rows.push(i);
    }
    this.order = Uint32Array.from(rows);
    this.level = Uint8Array.from(trust, (one) => Math.min(LEVELS - 1, Math.floor(one * LEVELS)));
    this.restart();
  }

  get drawn(): number { return this.shown ? this.order.length : 0; }

  restart(): void { this.pending = true; this.row = 0; this.backAt = null; }

  /** Draw the next slice; true while the picture changes. */
  step(at: ZoomTransform, ratio: number, theme: Theme): boolean {
    if (!this.shown || !this.order.length) return false;
    const now = performance.now();
    if (this.last !== at) { this.last = at; this.moved = now; if (this.frontAt !== at) this.restart(); return false; }
    if (!this.pending && this.version !== this.places.version && now - this.begun > STALE) this.restart();
    if (!this.pending || now - this.moved < REST) return false;
    if (this.backAt === null) this.begin(at, ratio, theme, now);
    const c = this.back.getContext("2d")!, source = this.ties.of("source"), target = this.ties.of("target");
    const x = this.places.x, y = this.places.y;
    while (this.row < this.order.length && performance.now() - now < SLICE) {
      const end = Math.min(this.row + 1500, this.order.length);
      for (let level = 0; level < LEVELS; level++) {
        c.globalAlpha = this.alpha(level, at, theme);
        c.beginPath();
        for (let j = this.row; j < end; j++) {
          const i = this.order[j];
          if (this.level[i] !== level) continue;
          c.moveTo(x[source[i]], y[source[i]]); c.lineTo(x[target[i]], y[target[i]]);
        }
        c.stroke();
      }
      this.row = end;
    }
    if (this.row < this.order.length) return false;
    [this.front, this.back] = [this.back, this.front];
    this.frontAt = at;
    this.pending = false;
    return true;
  }

  paint(c: CanvasRenderingContext2D, at: ZoomTransform, ratio: number): void {
    if (!this.shown || !this.frontAt) return;
    const s = at.k / this.frontAt.k;
    c.setTransform(s, 0, 0, s, ratio * (at.x - s * this.frontAt.x), ratio * (at.y - s * this.frontAt.y));
    c.drawImage(this.front, 0, 0);
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  private begin(at: ZoomTransform, ratio: number, theme: Theme, now: number): void {
    const c = this.back.getContext("2d")!;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.back.width, this.back.height);
    c.setTransform(ratio * at.k, 0, 0, ratio * at.k, ratio * at.x, ratio * at.y);
    c.lineWidth = 0.8 / at.k;
    c.strokeStyle = theme.ink;
    this.backAt = at; this.version = this.places.version; this.begun = now; this.row = 0;
  }

  /** Fainter where many lines would cover the picture: the mean darkness stays about the same. */
  private alpha(level: number, at: ZoomTransform, theme: Theme): number {
    const box = this.places.bounds(), wide = at.k * (box.x1 - box.x0), high = at.k * (box.y1 - box.y0);
    const coverage = (this.order.length * 0.4 * Math.min(wide, high)) / Math.max(1, wide * high);
    return Math.min(theme.dark ? 0.6 : 0.5, Math.max(0.012, ((theme.dark ? 0.5 : 0.4) / coverage) * ((level + 1) / LEVELS)));
  }
}
