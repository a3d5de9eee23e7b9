// Names and transcripts from files that anybody may have written, made into what the page takes them for.

import { clean } from "./dom";
import type { Episode, Meta } from "./source";

/** A name: one line, without marks that turn the direction of what follows, not endless. */
export function named(name: unknown, most = 60): string {
  const text = clean(written(name)).replace(/\s+/g, " ");
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function metaOf(meta: Meta): Meta {
  return {
    ...meta, name: named(meta.name), about: named(meta.about, 1200), study: named(meta.study, 120), status: named(meta.status), families: meta.families.map((one) => named(one)),
    zones: meta.zones.map((one) => named(one)), minds: Object.fromEntries(Object.entries(meta.minds).map(([family, mind]) => [named(family), named(mind)])),
  };
}

export function episodeOf(one: any): Episode {
  const messages = list(one.messages).filter((message) => message && typeof message === "object").map((message) => ({
    role: named(message.role, 20), content: written(message.content),
    tool_calls: list(message.tool_calls).filter((call) => call?.function).map((call) => ({ function: { name: written(call.function.name), arguments: written(call.function.arguments) } })),
  }));
  return { ...one, messages, kind: named(one.kind), about: named(one.about), model: named(one.model), failure: named(one.failure, 400), acts: list(one.acts).map((act) => named(act)) };
}

function list(value: unknown): any[] { return Array.isArray(value) ? value : []; }

/** Text as it is; what should have been text as JSON. */
function written(value: unknown): string {
  return typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value);
}
