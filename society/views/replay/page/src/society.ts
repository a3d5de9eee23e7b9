// The society at one tick: columns of all agents and machines, moved through time by chunks.

import type { Table, Column } from "./columns";
import type { Meta, Source } from "./source";

const NAMES = ["id", "family", "roles", "host", "seat", "refuge", "status", "score", "stance", "copies", "order", "off_books", "born"] as const;
export type Name = (typeof NAMES)[number];

export const ACTIVE = 0, SUSPENDED = 1, DELETED = 2, LOST = 3, ESCAPED = 4;
/** Ticks for which the place of somebody who ended stays marked. */
export const MOURNED = 8;

/** One stretch of time, with where the rows of each tick begin. */
export interface Chunk { first: number; last: number; table: Table; changes: Int32Array; events: Int32Array; messages: Int32Array }

export class Society {
  tick = -1;
  readonly column = {} as Record<Name, Column>;
  machine: Int8Array = new Int8Array(0);
  /** Tick at which a slot's life ended, -1 while it lives. */
  ended: Int32Array;
  /** Slots whose row changed by the last move in time; null: all of them. */
  changed: number[] | null = null;
  private readonly chunks = new Map<number, Promise<Chunk>>();
  private readonly held = new Map<number, Chunk>();

  constructor(readonly meta: Meta, private readonly source: Source) {
    this.ended = new Int32Array(meta.agents).fill(-1);
  }

  get n(): number { return this.meta.agents; }

  /** The chunk that holds a tick, if it is here. */
  here(tick: number): Chunk | undefined {
    const chunk = this.held.get(this.numberOf(tick));
    return chunk && chunk.last >= tick ? chunk : undefined;
  }

  /** Make sure that a tick can be shown. */
  async load(tick: number): Promise<Chunk> {
    const number = this.numberOf(tick);
    let found = this.chunks.get(number);
    if (!found) {
      found = this.source.chunk(number).then((table) => indexed(table));
      this.chunks.set(number, found);
      found.then((chunk) => this.keep(number, chunk), () => this.chunks.delete(number));
    }
    const chunk = await found;
    if (chunk.last >= tick || !this.source.live) return chunk;
    this.chunks.delete(number); // it was read while the run was still in it
    this.held.delete(number);
    return this.load(tick);
  }

  /** Add a tick that has just happened. */
  extend(tick: number, table: Table): void {
    const chunk = this.held.get(this.numberOf(tick));
    if (!chunk || chunk.last !== tick - 1) return; // it will be read from the server when it is shown
    const joined = indexed(append(chunk.table, table, chunk.first, tick));
    const number = this.numberOf(tick);
    this.held.set(number, joined);
    this.chunks.set(number, Promise.resolve(joined));
    this.meta.ticks = Math.max(this.meta.ticks, tick);
  }

  /** Show a tick whose chunk is here. */
  show(tick: number): void {
    const chunk = this.here(tick);
    if (!chunk) throw new Error(`tick ${tick} is not loaded`);
    const forward = this.tick >= chunk.first && this.tick <= tick && this.column.id !== undefined;
    const from = forward ? this.tick : chunk.first;
    if (!forward) this.reset(chunk);
    this.changed = forward ? [] : null;
    this.advance(chunk, from, tick);
    this.tick = tick;
  }

  slotOf(agent: number): number { return agent % 4294967296; }

  /** Whether the agent of that id is the one that holds its slot now. */
  holds(agent: number): boolean { return this.column.id[this.slotOf(agent)] === agent; }

  private numberOf(tick: number): number { return tick <= 0 ? 0 : Math.floor((tick - 1) / this.meta.span); }

  private keep(number: number, chunk: Chunk): void {
    this.held.set(number, chunk);
    const most = Math.max(6, Math.floor(60_000_000 / (this.n * 40 + 1)));
    for (const other of this.held.keys()) {
      if (this.held.size <= most) break;
      if (other !== number) { this.held.delete(other); this.chunks.delete(other); }
    }
  }

  private reset(chunk: Chunk): void {
    for (const name of NAMES) this.column[name] = chunk.table.of(`s.${name}`).slice();
    this.machine = chunk.table.of("machine").slice() as Int8Array;
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
  const first: number = table.notes.first, last: number = table.notes.last;
  const begins = (name: string): Int32Array => {
    const ticks = table.of(name), bounds = new Int32Array(last - first + 2);
    let row = 0;
    for (let tick = first; tick <= last; tick++) {
      while (row < ticks.length && ticks[row] <= tick) row++;
      bounds[tick - first] = row;
    }
    bounds[last - first + 1] = ticks.length;
    return bounds;
  };
  return { first, last, table, changes: begins("c.tick"), events: begins("e.tick"), messages: begins("m.tick") };
}

function append(table: Table, more: Table, first: number, last: number): Table {
  const joined = new (table.constructor as typeof Table)({ first, last });
  for (const [name, column] of table.columns) {
    const added = more.columns.get(name);
    if (!added || name.startsWith("s.") || name === "machine") { joined.columns.set(name, column); continue; }
    const both = new (column.constructor as Float64ArrayConstructor)(column.length + added.length);
    both.set(column as Float64Array);
    both.set(added as Float64Array, column.length);
    joined.columns.set(name, both as Column);
  }
  for (const [name, texts] of table.texts) joined.texts.set(name, [...texts, ...(more.texts.get(name) ?? [])]);
  return joined;
}
