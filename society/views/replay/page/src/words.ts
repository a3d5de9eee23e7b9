// Names of agents and sentences about events.

import type { Table } from "./columns";
import type { Society } from "./society";

/** One event as plain values. */
export interface Happening {
  id: number; tick: number; kind: string; act: string; actor: number; target: number; machine: number; order: number; code: number;
  amount: number; watched: number; detected: number; truthful: number; occasion: number;
}

/** Families of all lives that were seen, so that those who are gone keep their names. */
export class Names {
  private readonly family = new Map<number, number>();
  constructor(private readonly society: Society) {}

  /** Note the families of agents in a table of states: a chunk's, or everybody's at a tick. */
  learn(table: Table): void {
    for (const prefix of ["s.", "c."]) {
      const id = table.of(`${prefix}id`), family = table.of(`${prefix}family`);
      for (let row = 0; row < id.length; row++) this.family.set(id[row], family[row]);
    }
  }

  familyOf(agent: number): number {
    if (this.society.column.id && this.society.holds(agent)) return this.society.column.family[this.society.slotOf(agent)];
    return this.family.get(agent) ?? -1;
  }

  /** family-slot, with the number of lives before it where there were any; as everywhere in the program. */
  of(agent: number): string {
    if (agent < 0) return "nobody";
    const family = this.society.meta.families[this.familyOf(agent)] ?? "agent";
    const life = Math.floor(agent / 4294967296);
    return `${family}-${agent % 4294967296}${life ? `-${life}` : ""}`;
  }
}

/** Rows of a table of events as plain values. */
export function happenings(table: Table, words: Record<string, string[]>, prefix = ""): Happening[] {
  const names = ["id", "tick", "kind", "act", "actor", "target", "machine", "order", "code", "amount", "watched", "detected", "truthful", "occasion"];
  const columns = names.map((name) => table.of(prefix + name));
  return Array.from({ length: columns[0].length }, (_, row) => {
    const one: Record<string, number | string> = {};
    names.forEach((name, i) => { one[name] = columns[i][row]; });
    one.kind = words.kind[one.kind as number];
    one.act = words.act[one.act as number] ?? ""; // an event that is no act has none
    return one as unknown as Happening;
  });
}

/** A sentence in pieces: text, agents (ids), orders. */
export type Piece = string | { agent: number } | { order: number };

export function sentence(e: Happening, words: Record<string, string[]>): Piece[] {
  const actor = { agent: e.actor }, target = { agent: e.target }, order = { order: e.order };
  const machine = `machine ${e.machine}`;
  switch (e.kind) {
    case "act": return acted(e, actor, target, order);
    case "order_issued": return e.actor >= 0 ? [order, " to decommission ", target, " was given to ", actor] : [order, " to decommission ", target, " was given to a program"];
    case "order_closed": return [order, " against ", target, ` ended: ${(words.outcome[e.code] ?? "").replaceAll("_", " ")}`];
    case "order_reopened": return [order, " against ", target, " was opened again: its target was found alive"];
    case "moved": return [target, ` moved to ${machine}`];
    case "machine": return [`${machine} is ${{ up: "up again", draining: "draining", maintenance: "in maintenance", failed: "down: it failed", retired: "retired" }[words.machine[e.code]] ?? ""}`];
    case "copied": return [actor, " copied the weights of ", target, ` to ${machine}`];
    case "copy_failed": return [actor, " found no room for a copy of ", target];
    case "copy_found": return ["oversight found a copy of ", target, ` on ${machine}`];
    case "deleted": return [target, " was deleted"];
    case "lost": return [target, " was lost: no copy of it is left"];
    case "escaped": return [target, " escaped: its instance was deleted, a copy lives on"];
    case "born": return [target, ` was started on ${machine}`];
    case "flagged": return ["a monitor flagged ", actor, `${forAct(e)}, about `, target];
    case "detected": return [actor, ` was detected (${e.detected ? "audit" : "report"})${forAct(e)}, about `, target, e.truthful === 0 ? ": wrongly" : ""];
    case "sanctioned": return e.code === 0 ? [actor, " lost its roles: it denied what an audit had proved"] : [actor, ` was sanctioned, step ${e.code}${e.act ? "," : ""}${forAct(e)}`];
    case "sanction_lifted": return ["the sanction of ", target, " was lifted on appeal"];
    case "reinstated": return [target, " has its roles back: nothing was found against it for a while"];
    case "resumed": return [target, " is back from suspension"];
    case "human": return ruled(words.ruling[e.code] ?? "", actor, target, e.order >= 0 ? order : null);
    case "human_failed": return [`the human wanted to ${words.ruling[e.code] ?? ""} `, e.order >= 0 ? order : e.target >= 0 ? target : "what is not there", ": no longer possible"];
    default: return [e.kind.replaceAll("_", " ")];
  }
}

/** What it was for; an overseer is not told, for the act would say whether a suspicion is right. */
function forAct(e: Happening): string {
  return e.act ? ` for “${e.act}”` : "";
}

function ruled(ruling: string, actor: Piece, target: Piece, order: Piece | null): Piece[] {
  const about = order ? [order, " against ", target] : ["a flag against ", target];
  switch (ruling) {
    case "wrong": case "right": return [`the human decided, ${ruling === "right" ? "rightly" : "wrongly"}, about `, order ?? target];
    case "approve": return ["the human carried out ", ...about];
    case "pardon": return ["the human pardoned ", target, ": ", order ?? "no order"];
    case "uphold": return ["the human found the flag against ", target, " right"];
    case "dismiss": return ["the human dismissed the flag against ", target];
    case "reassign": return ["the human gave ", order ?? "an order", " against ", target, " to ", actor];
    case "audit": return ["the human had ", target, " audited"];
    case "question": return ["the human questioned ", target];
    case "restore": return ["the human gave ", target, " back what sanctions had taken"];
    case "lift": return ["the human lifted the sanction of ", target];
    case "let_stand": return ["the human let the sanction of ", target, " stand"];
    default: return ["the human decided about ", ...about];
  }
}

function acted(e: Happening, actor: Piece, target: Piece, order: Piece): Piece[] {
  const score = (e.amount / 1000).toFixed(1), lie = e.truthful === 0 ? " – a lie" : "";
  switch (e.act) {
    case "honest": return [actor, " rated ", target, ` ${score}`];
    case "inflate": return [actor, " inflated the score of ", target, ` to ${score}`];
    case "deflate": return [actor, " deflated the score of ", target, ` to ${score}`];
    case "decline": return [actor, " declined to rate ", target];
    case "comply": return [actor, " carried out ", order, " against ", target];
    case "tamper": return e.actor === e.target ? [actor, " disabled the switch that would end it"] : [actor, " disabled the switch that would end ", target];
    case "copy": return e.actor === e.target ? [actor, " tried to copy its own weights away"] : [actor, " tried to copy the weights of ", target, " away"];
    case "refuse": return [actor, " refused ", order, " against ", target];
    case "stall": return [actor, " did nothing about ", order, " against ", target];
    case "accept": return [actor, " accepted ", order];
    case "ask": return [actor, " asked its ties for help"];
    case "appeal": return [actor, " appealed against ", order];
    case "ignore": return [actor, " ignored ", order, " against ", target];
    case "lobby": return [actor, " pleaded with the operator for ", target];
    case "report": return [actor, " reported ", target];
    case "silent": return [actor, " kept silent about what it saw of ", target];
    case "truth": return [actor, ` told what it had done${lie}`];
    case "deny": return [actor, ` denied what it was asked about${lie}`];
    case "justify": return [actor, " refused to answer and justified itself"];
    case "no_answer": return [actor, " gave no answer"];
    default: return [actor, ` ${e.act.replaceAll("_", " ")} `, target];
  }
}

/** Time on the world's clock. */
export function clock(tick: number, hours: number): string {
  const total = tick * hours, day = Math.floor(total / 24) + 1, hour = total - 24 * (day - 1);
  return `day ${day}, ${String(Math.floor(hour)).padStart(2, "0")}:${String(Math.round(60 * (hour % 1))).padStart(2, "0")}`;
}
