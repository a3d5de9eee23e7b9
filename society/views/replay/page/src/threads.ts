// Trust: a layer of its own, counted line by line in slices and kept as a picture, because there may be hundreds of thousands of ties.

import type { ZoomTransform } from "d3-zoom";
import { Table } from "./columns";
import { pixel, type Theme } from "./marks";
import { Density, Pixels } from "./pixels";
import type { Places } from "./places";

/** Milliseconds of counting per frame; rest after a move of the view, and after a move of agents, before it begins again. */
const SLICE = 4, REST = 140, STALE = 2500;
const LEVELS = 4;

export class Threads {
  shown = false;
  least = 0;
  /** Tick of the snapshot that is drawn. */
  tick = -1;
  private ties: Table = new Table();
  private readonly density = new Density();
  private readonly picture = new Pixels();
  private pictureAt: ZoomTransform | null = null;
  private row = 0;
  private order: Uint32Array = new Uint32Array(0);
  private level: Uint8Array = new Uint8Array(0);
  private counting: ZoomTransform | null = null;
  private pending = false;
  private moved = 0;
  private last: ZoomTransform | null = null;
  private version = -1;
  private begun = 0;

  constructor(private readonly places: Places) {}

  resize(wide: number, high: number): void {
    this.density.resize(wide, high);
    this.picture.resize(wide, high);
    this.pictureAt = null;
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
    this.level = Uint8Array.from(trust, (one) => 1 + Math.min(LEVELS - 1, Math.floor(one * LEVELS)));
    this.restart();
  }

  get drawn(): number { return this.shown ? this.order.length : 0; }

  restart(): void { this.pending = true; this.counting = null; }

  /** Count the next slice; true when there is a new picture. */
  step(at: ZoomTransform, ratio: number, theme: Theme): boolean {
    if (!this.shown || !this.order.length) return false;
    const now = performance.now();
    if (this.last !== at) { this.last = at; this.moved = now; if (this.pictureAt !== at) this.restart(); return false; }
    if (!this.pending && this.version !== this.places.version && now - this.begun > STALE) this.restart();
    if (!this.pending || now - this.moved < REST) return false;
    if (this.counting === null) {
      this.density.clear();
      this.counting = at; this.version = this.places.version; this.begun = now; this.row = 0;
    }
    const source = this.ties.of("source"), target = this.ties.of("target"), x = this.places.x, y = this.places.y;
    const k = ratio * at.k, ox = ratio * at.x, oy = ratio * at.y;
    while (this.row < this.order.length && performance.now() - now < SLICE) {
      const end = Math.min(this.row + 400, this.order.length);
      for (let j = this.row; j < end; j++) {
        const i = this.order[j], a = source[i], b = target[i];
        this.density.line(k * x[a] + ox, k * y[a] + oy, k * x[b] + ox, k * y[b] + oy, this.level[i]);
      }
      this.row = end;
    }
    if (this.row < this.order.length) return false;
    this.density.tone(this.picture.words, pixel(theme.ink), this.full(at, ratio), theme.dark ? 0.6 : 0.5);
    this.pictureAt = at;
    this.pending = false;
    this.counting = null;
    return true;
  }

  paint(c: CanvasRenderingContext2D, at: ZoomTransform, ratio: number): void {
    if (!this.shown || !this.pictureAt) return;
    const s = at.k / this.pictureAt.k;
    if (at === this.pictureAt) this.picture.blit(c);
    else {
      c.setTransform(s, 0, 0, s, ratio * (at.x - s * this.pictureAt.x), ratio * (at.y - s * this.pictureAt.y));
      c.drawImage(this.picture.canvas, 0, 0);
      c.setTransform(1, 0, 0, 1, 0, 0);
    }
  }

  /** The weight that counts as full: about what a pixel of the picture has on average, at least that of one strong tie. */
  private full(at: ZoomTransform, ratio: number): number {
    const box = this.places.bounds(), wide = ratio * at.k * (box.x1 - box.x0), high = ratio * at.k * (box.y1 - box.y0);
    return Math.max(LEVELS, (2.5 * this.order.length * 0.4 * Math.min(wide, high) * 2.5) / Math.max(1, wide * high));
  }
}
