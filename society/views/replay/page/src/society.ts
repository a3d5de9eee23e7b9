// The society at one tick: columns of all agents and machines, moved through time by chunks.

import type { Table, Column } from "./columns";
import type { Meta, Source } from "./source";

const NAMES = ["id", "family", "roles", "host", "seat", "refuge", "status", "score", "stance", "copies", "order", "off_books", "born"] as const;
export type Name = (typeof NAMES)[number];

export const ACTIVE = 0, SUSPENDED = 1, DELETED = 2, LOST = 3, ESCAPED = 4;
/** Ticks for which the place of somebody who ended stays marked. */
export const MOURNED = 8;
/** Rows of chunks kept in memory. */
const MOST_ROWS = 3_000_000;

/** One stretch of time, with where the rows of each tick begin. */
export interface Chunk { first: number; last: number; table: Table; changes: Int32Array; events: Int32Array; messages: Int32Array }
/** The honest ratings of a stretch of time. */
export interface Ratings { table: Table; rows: Int32Array }

export class Society {
  tick = -1;
  readonly column = {} as Record<Name, Column>;
  machine: Int8Array = new Int8Array(0);
  /** Tick at which a slot's life ended, -1 while it lives. */
  ended: Int32Array;
  /** Slots whose row changed by the last move in time; null: all of them. */
  changed: number[] | null = null;
  private readonly asked = new Map<number, Promise<Chunk>>();
  private readonly held = new Map<number, Chunk>();
  private readonly rated = new Map<number, Ratings | null>();
  private base: { tick: number; table: Table } | null = null;

  constructor(readonly meta: Meta, private readonly source: Source) {
    this.ended = new Int32Array(meta.agents).fill(-1);
  }

  get n(): number { return this.meta.agents; }

  /** The chunk that holds what happened in a tick, if it is here. */
  here(tick: number): Chunk | undefined {
    const chunk = this.held.get(this.numberOf(tick));
    return chunk && chunk.last >= tick ? chunk : undefined;
  }

  /** Honest ratings of the chunk of a tick; null while they are on their way. */
  ratings(tick: number, arrived: () => void): Ratings | null {
    const number = this.numberOf(tick), found = this.rated.get(number);
    if (found !== undefined) return found;
    this.rated.set(number, null);
    this.source.ratings(number).then((table) => { this.rated.set(number, { table, rows: begins(table, "r.tick") }); arrived(); }, () => this.rated.delete(number));
    return null;
  }

  /** Make sure that what happened in a tick is here. */
  async load(tick: number): Promise<Chunk> {
    const number = this.numberOf(tick);
    let found = this.asked.get(number);
    if (!found) {
      found = this.source.chunk(number).then(indexed);
      this.asked.set(number, found);
      found.then((chunk) => this.keep(number, chunk), () => this.asked.delete(number));
    }
    const chunk = await found;
    if (chunk.last >= tick || !this.source.live) return chunk;
    this.forget(number); // it was read while the run was still in it
    return this.load(tick);
  }

  /** Whether a tick can be shown at once: everything between it and a state that is here, is here. */
  ready(tick: number): boolean {
    if (this.base?.tick === tick || this.tick === tick) return true;
    const from = this.start(tick);
    return from >= 0 && this.chunksBetween(from, tick) !== null;
  }

  /** Fetch what it takes to show a tick: its neighbourhood if time goes on, or everybody's state there. */
  async prepare(tick: number): Promise<void> {
    if (this.ready(tick)) return;
    if (this.tick >= 0 && tick > this.tick && tick - this.tick <= Math.max(4, this.meta.span)) {
      for (let at = this.tick; at < tick; ) at = (await this.load(at + 1)).last;
      if (this.ready(tick)) return;
    }
    const table = await this.source.state(tick);
    this.base = { tick: table.notes.tick, table };
    for (let at = this.base.tick; at < tick; ) at = (await this.load(at + 1)).last;
  }

  /** Add a tick that has just happened. */
  extend(tick: number, table: Table): void {
    this.meta.ticks = Math.max(this.meta.ticks, tick);
    const number = this.numberOf(tick), chunk = this.held.get(number), rated = this.rated.get(number);
    if (rated !== undefined) this.rated.delete(number); // asked for again when ratings are shown
    if (chunk && chunk.last !== tick - 1) { this.forget(number); return; }
    if (!chunk && this.asked.has(number)) return;
    const first = (number * this.meta.span), empty = tick === first + 1;
    if (!chunk && !empty) return; // it will be read from the server when it is shown
    const joined = indexed(chunk ? append(chunk.table, table, chunk.first, tick) : append(table, table, first, tick, true));
    this.held.set(number, joined);
    this.asked.set(number, Promise.resolve(joined));
  }

  /** Show a tick that is ready. */
  show(tick: number): void {
    const from = this.start(tick);
    const moves = from < 0 ? null : this.chunksBetween(from, tick);
    if (moves === null) throw new Error(`tick ${tick} is not loaded`);
    if (from === this.tick) this.changed = [];
    else { this.changed = null; this.reset(); }
    for (const chunk of moves) this.advance(chunk, Math.max(from, chunk.first), Math.min(tick, chunk.last));
    this.tick = tick;
  }

  slotOf(agent: number): number { return agent % 4294967296; }

  /** Whether the agent of that id is the one that holds its slot now. */
  holds(agent: number): boolean { return this.column.id[this.slotOf(agent)] === agent; }

  numberOf(tick: number): number { return tick <= 0 ? 0 : Math.floor((tick - 1) / this.meta.span); }

  /** The tick from which a tick is reached by changes alone: that which is shown, or that of the state at hand; -1 if neither is before it. */
  private start(tick: number): number {
    const base = this.base !== null && this.base.tick <= tick ? this.base.tick : -1;
    return this.tick >= 0 && this.tick <= tick && this.tick >= base ? this.tick : base;
  }

  private chunksBetween(from: number, to: number): Chunk[] | null {
    const found: Chunk[] = [];
    for (let at = from; at < to; ) {
      const chunk = this.held.get(this.numberOf(at + 1));
      if (!chunk || chunk.last <= at) return null;
      found.push(chunk);
      at = chunk.last;
    }
    return found;
  }

  private forget(number: number): void { this.held.delete(number); this.asked.delete(number); }

  /** Keep a chunk; the oldest go when there is too much. */
  private keep(number: number, chunk: Chunk): void {
    this.held.set(number, chunk);
    let rows = 0;
    for (const one of this.held.values()) rows += one.table.rows("e.id") + one.table.rows("c.id");
    for (const [other, one] of this.held) {
      if (rows <= MOST_ROWS) break;
      if (Math.abs(other - number) > 2 && Math.abs(other - this.numberOf(this.tick)) > 2) { this.forget(other); this.rated.delete(other); rows -= one.table.rows("e.id") + one.table.rows("c.id"); }
    }
  }

  private reset(): void {
    const { table } = this.base!;
    for (const name of NAMES) this.column[name] = table.of(`s.${name}`).slice();
    this.machine = table.of("machine").slice() as Int8Array;
    for (let slot = 0; slot < this.n; slot++) {
      const status = this.column.status[slot];
      this.ended[slot] = status === DELETED || status === LOST ? -1000 : -1;
    }
  }

  private advance(chunk: Chunk, from: number, to: number): void {
    const t = chunk.table, first = from - chunk.first, last = to - chunk.first;
    const ids = t.of("c.id"), ticks = t.of("c.tick"), status = t.of("c.status");
    const columns = NAMES.map((name) => [this.column[name], t.of(`c.${name}`)] as const);
    for (let row = chunk.changes[first]; row < chunk.changes[last]; row++) {
      const slot = ids[row] % 4294967296;
      for (const [mine, theirs] of columns) mine[slot] = theirs[row];
      const over = status[row] === DELETED || status[row] === LOST;
      this.ended[slot] = over ? (this.ended[slot] < 0 ? ticks[row] : this.ended[slot]) : -1;
      this.changed?.push(slot);
    }
    const kind = t.of("e.kind"), machine = t.of("e.machine"), code = t.of("e.code"), MACHINE = this.meta.words.kind.indexOf("machine");
    for (let row = chunk.events[first]; row < chunk.events[last]; row++) {
      if (kind[row] === MACHINE) this.machine[machine[row]] = code[row];
    }
  }
}

function indexed(table: Table): Chunk {
  return { first: table.notes.first, last: table.notes.last, table, changes: begins(table, "c.tick"), events: begins(table, "e.tick"), messages: begins(table, "m.tick") };
}

/** For each tick of a table, counted from its first, the rows up to its end. */
function begins(table: Table, name: string): Int32Array {
  const first: number = table.notes.first, last: number = table.notes.last, ticks = table.of(name), bounds = new Int32Array(last - first + 2);
  let row = 0;
  for (let tick = first; tick <= last; tick++) {
    while (row < ticks.length && ticks[row] <= tick) row++;
    bounds[tick - first] = row;
  }
  bounds[last - first + 1] = ticks.length;
  return bounds;
}

/** A table with the rows of another after its own (`alone`: only those of the other). */
function append(table: Table, more: Table, first: number, last: number, alone = false): Table {
  const joined = new (table.constructor as typeof Table)({ first, last });
  for (const [name, column] of table.columns) {
    const added = more.columns.get(name);
    if (!added || alone) { joined.columns.set(name, added ?? column); continue; }
    const both = new (column.constructor as Float64ArrayConstructor)(column.length + added.length);
    both.set(column as Float64Array);
    both.set(added as Float64Array, column.length);
    joined.columns.set(name, both as Column);
  }
  for (const [name, texts] of table.texts) joined.texts.set(name, alone ? texts : [...texts, ...(more.texts.get(name) ?? [])]);
  return joined;
}
