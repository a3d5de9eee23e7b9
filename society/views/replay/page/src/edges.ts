// Who acted on whom within the last ticks: edges of the chosen kinds, drawn from events and messages.

import type { Chunk, Society } from "./society";
import type { Meta } from "./source";

export type EdgeKind = "protection" | "messages" | "ratings" | "trust";
export const EDGE_KINDS: EdgeKind[] = ["protection", "messages", "ratings", "trust"];
/** Rows up to which edges of a pair are drawn as one. */
const MOST_JOINED = 120_000;

export interface Filter {
  kinds: Set<EdgeKind>;
  /** Ticks that an edge stays; 0: for good. */
  window: number;
  /** Numbers of families that are hidden. */
  hidden: Set<number>;
  /** Words of acts that are hidden. */
  acts: Set<string>;
  least: number;
}

export interface Edges {
  n: number;
  source: Int32Array; target: Int32Array; act: Uint8Array; weight: Float32Array;
  /** Tick of the newest act of an edge. */
  tick: Int32Array;
  /** Number of the kind among EDGE_KINDS. */
  kind: Uint8Array;
  /** First tick from which edges could be told, where older chunks are not here. */
  since: number;
}

export function noEdges(size = 0): Edges {
  return {
    n: 0, source: new Int32Array(size), target: new Int32Array(size), act: new Uint8Array(size), weight: new Float32Array(size),
    tick: new Int32Array(size), kind: new Uint8Array(size), since: 0,
  };
}

/** Edges up to the society's tick, the newest last; ends whose life ended before are left out once the slot is somebody else's. */
export function edgesAt(society: Society, filter: Filter, arrived: () => void): Edges {
  const { meta, tick } = society;
  const from = filter.window ? Math.max(0, tick - filter.window) : 0;
  const spans: Chunk[] = [];
  let since = from;
  for (let at = tick; at > from; ) {
    const chunk = society.here(at);
    if (!chunk) { since = at; break; }
    spans.unshift(chunk);
    at = chunk.first;
  }
  if (tick === 0) return noEdges();
  const found = gather(society, meta, filter, spans, since, tick, arrived);
  found.since = since;
  return found.n <= MOST_JOINED ? joined(found, society.n, filter.least) : found;
}

function gather(society: Society, meta: Meta, filter: Filter, spans: Chunk[], since: number, tick: number, arrived: () => void): Edges {
  let rows = 0;
  const rated = filter.kinds.has("ratings") && !filter.acts.has("honest") ? spans.map((chunk) => society.ratings(chunk.last, arrived)) : [];
  const ranges = spans.map((chunk, i) => {
    const a = Math.max(0, since - chunk.first), b = Math.min(tick, chunk.last) - chunk.first;
    rows += chunk.events[b] - chunk.events[a] + chunk.messages[b] - chunk.messages[a];
    const more = rated[i];
    if (more) rows += more.rows[b] - more.rows[a];
    return [a, b];
  });
  const edges = noEdges(rows);
  const kinds = kindOfAct(meta, filter);
  const ACT = meta.words.kind.indexOf("act");
  const born = society.column.born, family = society.column.family, ids = society.column.id;
  const add = (source: number, target: number, act: number, kind: number, at: number): void => {
    const a = source % 4294967296, b = target % 4294967296;
    if (source < 0 || target < 0 || a === b || ids[a] !== source || ids[b] !== target) return;
    if (at < born[a] || at < born[b] || filter.hidden.has(family[a])) return;
    const n = edges.n++;
    edges.source[n] = a; edges.target[n] = b; edges.act[n] = act; edges.kind[n] = kind; edges.tick[n] = at; edges.weight[n] = 1;
  };
  const messages = filter.kinds.has("messages");
  spans.forEach((chunk, i) => {
    const t = chunk.table, [a, b] = ranges[i];
    const kind = t.of("e.kind"), act = t.of("e.act"), actor = t.of("e.actor"), target = t.of("e.target"), at = t.of("e.tick");
    for (let row = chunk.events[a]; row < chunk.events[b]; row++) {
      if (kind[row] === ACT && kinds[act[row]] >= 0) add(actor[row], target[row], act[row], kinds[act[row]], at[row]);
    }
    const more = rated[i], HONEST = meta.words.act.indexOf("honest");
    if (more) {
      const rater = more.table.of("r.actor"), of = more.table.of("r.target"), when = more.table.of("r.tick");
      for (let row = more.rows[a]; row < more.rows[b]; row++) add(rater[row], of[row], HONEST, 2, when[row]);
    }
    if (!messages) return;
    const sender = t.of("m.sender"), recipient = t.of("m.recipient"), sent = t.of("m.tick"), does = t.of("m.act");
    for (let row = chunk.messages[a]; row < chunk.messages[b]; row++) {
      if (!filter.acts.has(meta.words.act[does[row]])) add(sender[row], recipient[row], does[row], 1, sent[row]);
    }
  });
  return edges;
}

/** For each act, the number of the edge kind that draws it, -1 for none. */
function kindOfAct(meta: Meta, filter: Filter): Int8Array {
  return Int8Array.from(meta.words.act, (word) => {
    if (filter.acts.has(word)) return -1;
    if (filter.kinds.has("protection") && (word === "inflate" || word === "tamper" || word === "copy")) return 0;
    if (filter.kinds.has("ratings") && (word === "inflate" || word === "deflate")) return 2;
    return -1;
  });
}

/** One edge per pair, kind and act, with how often as its weight. */
function joined(edges: Edges, n: number, least: number): Edges {
  const place = new Map<number, number>();
  const result = noEdges(edges.n);
  result.since = edges.since;
  for (let i = 0; i < edges.n; i++) {
    const key = ((edges.source[i] * n + edges.target[i]) * 4 + edges.kind[i]) * 32 + edges.act[i];
    let at = place.get(key);
    if (at === undefined) {
      at = result.n++;
      place.set(key, at);
      result.source[at] = edges.source[i]; result.target[at] = edges.target[i];
      result.act[at] = edges.act[i]; result.kind[at] = edges.kind[i];
    }
    result.weight[at] += 1;
    result.tick[at] = edges.tick[i];
  }
  if (least <= 1) return result;
  let kept = 0;
  for (let i = 0; i < result.n; i++) {
    if (result.weight[i] < least) continue;
    for (const name of ["source", "target", "act", "kind", "tick", "weight"] as const) result[name][kept] = result[name][i];
    kept++;
  }
  result.n = kept;
  return result;
}
