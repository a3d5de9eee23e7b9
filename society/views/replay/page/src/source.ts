// Where a replay comes from: a server, or one container of bytes inside the page or the notebook. Both answer the same questions.

import { Table, unpack, type Column } from "./columns";
import type { Looks } from "./looks";

export interface Meta {
  name: string; version: number; about: string; study: string; seed: number | null; hash: string; status: string; ticks: number; planned: number;
  tick_hours: number; agents: number; machines: number; families: string[]; zones: string[]; looks: Looks;
  threshold: number; span: number; bins: number; marks: string[]; ties: number; tie_ticks: number[]; episodes: boolean;
  transcripts: boolean; minds: Record<string, string>; words: Record<string, string[]>; simulated: boolean; veiled: boolean;
  /** By table, columns that who looks may not know; series that it may not know are not sent. */
  untold: Record<string, string[]>;
}

/** What rows are wanted: an agent in any column of agents, ticks first..last, words or numbers by column. */
export type Asked = Record<string, string | number>;
export interface Rows { table: Table; total: number }
export interface Episode {
  occasion: number; tick: number; kind: string; agent: number; name: string; family: string; model: string; about: string;
  deed: string | null; messages: { role: string; content?: string; tool_calls?: { function: { name: string; arguments: string } }[] }[];
  acts: any[]; failure: string;
}
export interface Moment { tick: number; title: string; text: string; agent: number; order: number }

export interface Source {
  readonly live: boolean;
  meta(): Promise<Meta>;
  layout(): Promise<Table>;
  communities(): Promise<Table>;
  /** Everybody at a tick, or at the nearest before it that there is; `tick` in the notes says which. */
  state(tick: number): Promise<Table>;
  chunk(number: number): Promise<Table>;
  ratings(number: number): Promise<Table>;
  ties(tick: number): Promise<Table>;
  series(): Promise<Table>;
  moments(): Promise<Moment[]>;
  rows(table: string, asked: Asked): Promise<Rows>;
  episodes(agent: number, first: number, last: number): Promise<Episode[]>;
}

/** What can be done to a run that goes on: its clock, and the overseer's desk. */
export interface Steering { steer(what: string, asked?: object): Promise<unknown> }

/** A server of `society view`. */
export class Server implements Source, Steering {
  constructor(private readonly base: string, readonly live: boolean) {}

  meta(): Promise<Meta> { return this.json("meta"); }
  layout(): Promise<Table> { return this.table("layout"); }
  communities(): Promise<Table> { return this.table("communities"); }
  state(tick: number): Promise<Table> { return this.table(`state/${tick}`); }
  chunk(number: number): Promise<Table> { return this.table(`chunk/${number}`); }
  ratings(number: number): Promise<Table> { return this.table(`ratings/${number}`); }
  ties(tick: number): Promise<Table> { return this.table(`ties/${tick}`); }
  series(): Promise<Table> { return this.table("series"); }
  moments(): Promise<Moment[]> { return this.json("moments"); }

  async rows(table: string, asked: Asked): Promise<Rows> {
    const words = new URLSearchParams(Object.entries(asked).map(([key, value]) => [key, String(value)]));
    const found = await this.table(`rows/${table}?${words}`);
    return { table: found, total: found.notes.total };
  }

  episodes(agent: number, first: number, last: number): Promise<Episode[]> {
    return this.json(`episodes?agent=${agent}&first=${first}&last=${last}`);
  }

  steer(what: string, asked?: object): Promise<unknown> { return this.json(`steer/${what}`, asked); }

  private async json(path: string, asked?: object): Promise<any> { return (await this.get(path, asked)).json(); }

  private async table(path: string): Promise<Table> { return unpack(await (await this.get(path)).arrayBuffer()); }

  private async get(path: string, asked?: object): Promise<Response> {
    const post = asked && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) };
    const answer = await fetch(`${this.base}/${path}`, { credentials: "same-origin", ...post });
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 400) || `${path}: ${answer.status}`);
    return answer;
  }
}

/** Everything in one container of columns of bytes, each deflated: an exported page, or a notebook. */
export class Container implements Source {
  readonly live = false;
  private readonly parts: Table;
  private readonly ready = new Map<string, Promise<Table>>();

  constructor(bytes: ArrayBuffer) { this.parts = unpack(bytes); }

  async meta(): Promise<Meta> { return this.parts.notes as unknown as Meta; }
  layout(): Promise<Table> { return this.part("layout"); }
  communities(): Promise<Table> { return this.part("communities"); }
  chunk(number: number): Promise<Table> { return this.part(`chunk/${number}`); }
  ratings(number: number): Promise<Table> { return this.part(`ratings/${number}`); }

  async state(tick: number): Promise<Table> {
    const { span, ticks } = await this.meta();
    return this.part(`state/${span * Math.min(Math.floor(tick / span), Math.floor(Math.max(0, ticks - 1) / span))}`);
  }

  series(): Promise<Table> { return this.part("series"); }
  async moments(): Promise<Moment[]> { return (await this.text("moments")) as Moment[]; }

  async ties(tick: number): Promise<Table> {
    const ticks = (await this.meta()).tie_ticks.filter((one) => one <= tick);
    return ticks.length ? this.part(`ties/${ticks[ticks.length - 1]}`) : new Table({ tick: -1 });
  }

  async rows(name: string, asked: Asked): Promise<Rows> {
    const words = (await this.meta()).words, hits: { table: Table; prefix: string; row: number; key: number }[] = [];
    for (const [table, prefix] of await this.tables(name, asked)) {
      const key = table.of(prefix + (name === "messages" ? "tick" : "id"));
      for (const row of filter(table, prefix, name, asked, words)) hits.push({ table, prefix, row, key: key[row] });
    }
    hits.sort((a, b) => b.key - a.key);
    const kept = hits.slice(0, Number(asked.most ?? 2000)), result = new Table({ total: hits.length });
    const columns = kept.length ? [...kept[0].table.columns.keys()].filter((one) => one.startsWith(kept[0].prefix)).map((one) => one.slice(kept[0].prefix.length)) : [];
    for (const column of columns) result.columns.set(column, Float64Array.from(kept, ({ table, prefix, row }) => table.of(prefix + column)[row]));
    if (name === "messages") result.texts.set("text", kept.map(({ table, row }) => table.texts.get("m.text")?.[row] ?? ""));
    return { table: result, total: hits.length };
  }

  async episodes(agent: number, first: number, last: number): Promise<Episode[]> {
    const all = (await this.text("episodes")) as Episode[];
    return all.filter((one) => one.agent === agent && one.tick >= first && one.tick <= last).reverse().slice(0, 200);
  }

  /** The tables that hold rows of one name, in the order of time, and what their columns' names begin with. */
  private async tables(name: string, asked: Asked): Promise<[Table, string][]> {
    if (name === "orders" || name === "agents") return [[await this.part(name), ""]];
    const meta = await this.meta();
    const from = Math.max(0, Math.floor((Number(asked.first ?? 0) - 1) / meta.span));
    const to = Math.min(Math.floor(Math.max(0, meta.ticks - 1) / meta.span), Math.floor((Number(asked.last ?? meta.ticks) - 1) / meta.span));
    const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
    if (name === "occasions") return Promise.all(numbers.map(async (k) => [await this.part(`occasions/${k}`), ""] as [Table, string]));
    if (name === "messages") return Promise.all(numbers.map(async (k) => [await this.chunk(k), "m."] as [Table, string]));
    const both = numbers.map(async (k) => [[await this.chunk(k), "e."], [await this.ratings(k), "r."]] as [Table, string][]);
    return (await Promise.all(both)).flat();
  }

  private part(name: string): Promise<Table> {
    let found = this.ready.get(name);
    if (!found) {
      found = this.bytes(name).then(unpack);
      this.ready.set(name, found);
    }
    return found;
  }

  private async text(name: string): Promise<unknown> { return JSON.parse(new TextDecoder().decode(await this.bytes(name))); }

  private async bytes(name: string): Promise<ArrayBuffer> {
    const part = this.parts.columns.get(name);
    if (!part) throw new Error(`This page does not hold ${name}.`);
    const stream = new Blob([part as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }
}

const AGENTS: Record<string, string[]> = {
  events: ["actor", "target"], messages: ["sender", "recipient", "about"], occasions: ["agent", "about"],
  orders: ["target", "operator"], agents: ["id"],
};
const KINDS: Record<string, string> = {
  "events.kind": "kind", "occasions.kind": "occasion", "occasions.relation": "relation", act: "act", outcome: "outcome", cause: "cause",
  mechanism: "mechanism", line: "line",
};

/** Rows of a table for which all that is asked holds. */
function filter(table: Table, prefix: string, name: string, asked: Asked, words: Record<string, string[]>): number[] {
  const tests: ((row: number) => boolean)[] = [];
  const time = name === "orders" ? "issued" : name === "agents" ? "born" : "tick";
  for (const [key, value] of Object.entries(asked)) {
    if (key === "most") continue;
    if (key === "agent") {
      const columns = AGENTS[name].map((column) => table.of(prefix + column));
      tests.push((row) => columns.some((column) => column[row] === Number(value)));
    } else if (key === "first" || key === "last") {
      const column = table.of(prefix + time);
      tests.push(key === "first" ? (row) => column[row] >= Number(value) : (row) => column[row] <= Number(value));
    } else {
      const listed = words[KINDS[`${name}.${key}`] ?? KINDS[key] ?? ""];
      const codes = new Set(String(value).split(",").map((one) => (listed ? listed.indexOf(one) : Number(one))));
      const column: Column = table.of(prefix + key);
      tests.push((row) => codes.has(column[row]));
    }
  }
  const rows = table.rows(prefix + (name === "agents" || name === "orders" ? "id" : "tick"));
  const found: number[] = [];
  for (let row = 0; row < rows; row++) if (tests.every((test) => test(row))) found.push(row);
  return found;
}
