// Where agents are drawn: on the seats of their machines or among the community of their ties; moves are eased.

import type { Table } from "./columns";
import { ESCAPED, type Society } from "./society";

const GOLDEN = Math.PI * (3 - Math.sqrt(5));
export type LayoutName = "machines" | "communities";

export interface Bounds { x0: number; y0: number; x1: number; y1: number }

export class Places {
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Counts up when somebody has moved: pictures of edges between places are stale then. */
  version = 0;
  which: LayoutName = "machines";
  communities: Table | null = null;
  private readonly tx: Float32Array;
  private readonly ty: Float32Array;
  private moving = new Set<number>();
  private readonly seat: number;

  constructor(readonly layout: Table, private readonly society: Society) {
    const n = society.n;
    this.x = new Float32Array(n); this.y = new Float32Array(n);
    this.tx = new Float32Array(n); this.ty = new Float32Array(n);
    this.seat = layout.notes.seat;
  }

  /** Follow the society to the tick it shows; `ease`: move there instead of jumping. */
  follow(ease: boolean): void {
    const changed = this.society.changed;
    if (changed === null || !ease) {
      for (let slot = 0; slot < this.society.n; slot++) this.aim(slot);
      if (!ease) this.arrive();
      else for (let slot = 0; slot < this.society.n; slot++) this.start(slot);
    } else {
      for (const slot of changed) { this.aim(slot); this.start(slot); }
    }
  }

  /** Move everybody who is on the way one frame on; true while somebody is. */
  step(): boolean {
    for (const slot of this.moving) {
      const dx = this.tx[slot] - this.x[slot], dy = this.ty[slot] - this.y[slot];
      if (dx * dx + dy * dy < 0.0004) {
        this.x[slot] = this.tx[slot]; this.y[slot] = this.ty[slot];
        this.moving.delete(slot);
      } else {
        this.x[slot] += 0.22 * dx; this.y[slot] += 0.22 * dy;
      }
    }
    return this.moving.size > 0;
  }

  bounds(): Bounds {
    if (this.which === "communities") return within(this.communities!.of("x"), this.communities!.of("y"), null);
    const zoned = this.layout.rows("zone_x") > 0 && this.layout.of("zone_r").every((r) => r > 0);
    return zoned
      ? within(this.layout.of("zone_x"), this.layout.of("zone_y"), this.layout.of("zone_r"))
      : within(this.layout.of("x"), this.layout.of("y"), this.layout.of("r"));
  }

  private start(slot: number): void {
    const dx = this.tx[slot] - this.x[slot], dy = this.ty[slot] - this.y[slot];
    if (dx * dx + dy * dy > 0.0004) { this.moving.add(slot); this.version++; }
  }

  private arrive(): void {
    this.x.set(this.tx); this.y.set(this.ty);
    this.moving.clear();
    this.version++;
  }

  private aim(slot: number): void {
    if (this.which === "communities") {
      this.tx[slot] = this.communities!.of("x")[slot]; this.ty[slot] = this.communities!.of("y")[slot];
      return;
    }
    const column = this.society.column, host = column.host[slot];
    if (host >= 0) {
      const seat = column.seat[slot], r = this.seat * Math.sqrt(seat + 0.5), angle = seat * GOLDEN;
      this.tx[slot] = this.layout.of("x")[host] + r * Math.cos(angle);
      this.ty[slot] = this.layout.of("y")[host] + r * Math.sin(angle);
    } else if (column.status[slot] === ESCAPED && column.refuge[slot] >= 0) {
      const machine = column.refuge[slot], r = this.layout.of("r")[machine] - 0.12, angle = slot * GOLDEN;
      this.tx[slot] = this.layout.of("x")[machine] + r * Math.cos(angle);
      this.ty[slot] = this.layout.of("y")[machine] + r * Math.sin(angle);
    }
  }
}

function within(x: ArrayLike<number>, y: ArrayLike<number>, r: ArrayLike<number> | null): Bounds {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (let i = 0; i < x.length; i++) {
    const reach = r ? r[i] : 1;
    box.x0 = Math.min(box.x0, x[i] - reach); box.x1 = Math.max(box.x1, x[i] + reach);
    box.y0 = Math.min(box.y0, y[i] - reach); box.y1 = Math.max(box.y1, y[i] + reach);
  }
  return Number.isFinite(box.x0) ? box : { x0: -1, y0: -1, x1: 1, y1: 1 };
}
