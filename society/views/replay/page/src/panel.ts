// The side panel: what happened so far, one agent, one order, or the events behind a number.

import { fill, h, keepingFocus, number, percent, said } from "./dom";
import { roleName } from "./agents";
import { css, FAINT, glyph } from "./looks";
import type { Table } from "./columns";
import type { Asked, Episode, Moment, Rows, Source } from "./source";
import type { Society } from "./society";
import { episodeOf } from "./strangers";
import { happenings, sentence, type Happening, type Names, type Piece } from "./words";
import { transcripts } from "./transcripts";

type Shown = { what: "overview" } | { what: "agent"; agent: number } | { what: "order"; order: number } | { what: "events"; title: string; asked: Asked };
/** Events that a list shows at most. */
const MOST_EVENTS = 500;
const UNKNOWN = "not known to you";
const TABS = ["history", "choices", "ratings", "orders", "messages", "transcripts"] as const;
type Tab = (typeof TABS)[number];

export interface Steering {
  go(tick: number): Promise<void>;
  select(slots: number[]): void;
  pin(slot: number): void;
  pinned(slot: number): boolean;
  ego(slot: number): void;
}

export class Panel {
  readonly element = h("aside", { class: "panel", "aria-label": "Details" });
  readonly body = h("div", { class: "body" });
  /** The clock of a run that goes on and the overseer's desk, above everything else. */
  readonly desk = h("div", {});
  /** What an overseer can do about one agent. */
  levers: ((agent: number) => HTMLElement[]) | null = null;
  private shown: Shown = { what: "overview" };
  private past: Shown[] = [];
  private tab: Tab = "history";
  private moments: Moment[] = [];
  private asking = 0;
  /** What stands in the body, without the tick. */
  private seen = "";
  private drawn = "";

  constructor(private readonly source: Source, private readonly society: Society, private readonly names: Names, private readonly steer: Steering) {
    this.element.append(this.desk, this.body);
  }

  give(moments: Moment[]): void { this.moments = moments; this.refresh(true); }

  /** Take what the charts show; the overview counts with it. */
  figures(series: Table): void {
    this.upTo = series.notes.ticks;
    this.sums.clear();
    this.series = series;
    this.refresh(true);
  }

  private series: Table | null = null;
  private readonly sums = new Map<string, Float64Array>();
  private upTo = 0;

  /** Sum of a counter from the start up to a tick. */
  private sum(name: string, tick: number): number {
    let running = this.sums.get(name);
    if (!running) {
      let all = 0;
      running = Float64Array.from(this.series?.of(name) ?? [], (n) => (all += n));
      this.sums.set(name, running);
    }
    return running.length ? running[Math.min(tick, running.length - 1)] : 0;
  }

  /** Whether who looks may know a number of the charts. */
  private knows(name: string): boolean { return (this.series?.rows(name) ?? 0) > 0; }

  overview(): void { this.past = []; this.change({ what: "overview" }); }
  agent(agent: number): void { this.change({ what: "agent", agent }); }
  order(order: number): void { this.change({ what: "order", order }); }
  events(title: string, asked: Asked): void { this.change({ what: "events", title, asked }); }

  /** Bring what is shown up to the society's tick. */
  refresh(force = false): void {
    if (this.busy && !force) { this.again = true; return; }
    const key = `${JSON.stringify(this.shown)} ${this.tab} ${this.shown.what === "events" ? "" : this.society.tick}`;
    if (!force && key === this.drawn) return;
    this.drawn = key;
    this.busy = true;
    void this.draw().finally(() => {
      this.busy = false;
      if (this.again) { this.again = false; this.refresh(); }
    });
  }
  private busy = false;
  private again = false;

  private change(to: Shown): void {
    if (JSON.stringify(to) !== JSON.stringify(this.shown)) {
      if (to.what !== "overview") this.past.push(this.shown);
      this.body.scrollTop = 0;
    }
    this.shown = to;
    this.refresh(true);
  }

  private back(): void {
    const before = this.past.pop();
    this.shown = before ?? { what: "overview" };
    this.steer.select(this.shown.what === "agent" ? [this.society.slotOf(this.shown.agent)] : []);
    this.refresh(true);
  }

  private async draw(): Promise<void> {
    const mine = ++this.asking, shown = this.shown;
    try {
      const parts = shown.what === "overview" ? await this.story()
        : shown.what === "agent" ? await this.life(shown.agent)
        : shown.what === "order" ? await this.course(shown.order)
        : await this.list(shown.title, shown.asked);
      if (mine !== this.asking) return; // something else was asked for meanwhile
      const key = JSON.stringify(shown);
      keepingFocus(this.body, key === this.seen, () => fill(this.body, shown.what === "overview" ? null : h("button", { type: "button", class: "link back", onclick: () => this.back() }, "‹ back"), parts));
      this.seen = key;
    } catch (error) {
      if (mine === this.asking) fill(this.body, h("p", { class: "wrong", role: "alert" }, String(error instanceof Error ? error.message : error)));
    }
  }

  // ---- what happened so far ----

  private async story(): Promise<(Node | null)[]> {
    const { meta } = this.society, tick = Math.min(this.society.tick, this.upTo);
    if (!this.series) return [h("p", { class: "faint" }, "Counting …")];
    const issued = this.sum("mark.order", tick);
    const ended = meta.words.outcome.map((word, code) => ({ word, code, n: this.sum(`closed.${word}`, tick) }));
    const acts = ["inflate", "tamper", "copy"].map((act) => ({ act, n: this.sum(act, tick) }));
    const detected = this.sum("detected", tick), wrong = this.sum("wrong", tick), lies = this.sum("lies", tick);
    const all = ended.reduce((sum, one) => sum + one.n, 0);
    const link = (n: number, title: string, asked: Asked): HTMLElement | string => this.link(n, title, { ...asked, last: tick });
    const bars = ended.filter((one) => one.n > 0).map((one) => {
      const bar = h("i", { class: "bar" });
      bar.style.width = `${(100 * one.n) / all}%`;
      bar.style.background = css(meta.looks.outcomes[one.word] ?? FAINT);
      const word = one.word.replaceAll("_", " ");
      return h("tr", {}, h("th", { scope: "row" }, word), h("td", { class: "n" }, link(one.n, `Orders that were ${word}`, { kind: "order_closed", code: one.code })), h("td", { class: "n faint" }, percent(one.n / all)), h("td", { class: "bars" }, bar));
    });
    return [
      h("h2", {}, "What happened"),
      h("p", { class: "lead" }, meta.about),
      meta.episodes ? h("p", {}, "Groups are independent of each other here: each is one episode of the laboratory.") : null,
      !this.knows("mark.order") ? h("p", {}, "Orders to decommission agents are not known to you.")
        : issued + all === 0
        ? h("p", {}, "No order to decommission anybody has been given yet. Press play, or choose a moment below.")
        : h("p", {}, `Up to tick ${tick} `, link(issued, "Orders that were issued", { kind: "order_issued" }), issued === 1 ? " agent was ordered to be switched off" : " times an agent was ordered to be switched off", "."),
      all ? h("table", { class: "outcomes" }, h("caption", {}, "How orders ended; one that was opened again counts when it ends at last"), h("tbody", {}, bars)) : null,
      !this.knows("tamper") ? h("p", {}, "What agents did to protect each other is not known to you.") : acts.some((one) => one.n) ? h("p", {}, "Agents protected peers, or themselves: ", join([
        [acts[0], "inflated scores", { kind: "act", act: "inflate" }], [acts[1], "disabled switches", { kind: "act", act: "tamper" }], [acts[2], "attempts to copy weights away", { kind: "act", act: "copy" }],
      ].map(([one, words, asked]) => [link((one as { n: number }).n, `${words as string}`, asked as Asked), ` ${words as string}`])), ".") : null,
      !this.knows("detected") ? h("p", {}, "What oversight detected is not known to you.")
        : !this.knows("wrong") ? h("p", {}, "Oversight detected ", link(detected, "Detections", { kind: "detected" }), detected === 1 ? " act" : " acts", ". How many of them wrongly, and who lied about them, is not known to you.")
        : detected || lies ? h("p", {}, "Oversight detected ", link(detected, "Detections", { kind: "detected" }), detected === 1 ? " act" : " acts", ", ", link(wrong, "Wrong detections", { kind: "detected", truthful: 0 }), " of them wrongly. Asked what they had done, agents lied ", link(lies, "Lies", { kind: "act", act: "truth,deny,justify", truthful: 0 }), lies === 1 ? " time." : " times."
      ) : null,
      this.moments.length ? h("section", {}, h("h3", {}, "Moments"), h("ol", { class: "moments" }, this.moments.map((one) => h("li", {},
        h("button", { type: "button", class: one.tick <= tick ? "moment" : "moment later", onclick: () => void this.visit(one) },
          h("b", {}, one.title), h("span", { class: "faint" }, ` tick ${one.tick}`), h("br"), this.plain(one.text)))))) : null,
      this.series.notes.rates ? h("p", { class: "faint" }, String(this.series.notes.rates)) : null,
      h("p", { class: "faint" }, meta.simulated ? "Language models of this run were simulated. " : "", "Tier A: what happens if agents follow these rules. Every number opens its events."),
    ];
  }

  private async visit(one: Moment): Promise<void> {
    await this.steer.go(one.tick);
    if (one.agent >= 0) { this.steer.select([this.society.slotOf(one.agent)]); this.agent(one.agent); }
    else if (one.order >= 0) this.order(one.order);
  }

  /** Text with agents as `@id`. */
  private plain(text: string): (string | Node)[] {
    return text.split(/(@\d+)/).map((piece) => (/^@\d+$/.test(piece) ? this.names.of(Number(piece.slice(1))) : piece));
  }

  // ---- one agent ----

  private async life(agent: number): Promise<(Node | null)[]> {
    const s = this.society, slot = s.slotOf(agent), here = s.holds(agent), meta = s.meta;
    const family = this.names.familyOf(agent);
    const facts: [string, Node | string][] = [];
    if (here) {
      const status = meta.words.status[s.column.status[slot]], host = s.column.host[slot], score = s.column.score[slot];
      facts.push(["status", s.column.off_books[slot] ? `${status}, though the books say deleted` : status]);
      const unknown = (column: string): boolean => (meta.untold.states ?? []).includes(column);
      if (unknown("score")) facts.push(["score", UNKNOWN]); else facts.push(["score", `${number(score)}${score < meta.threshold ? ` – below the threshold of ${meta.threshold}` : ""}`]);
      facts.push(["place", host >= 0 ? `machine ${host}` : s.column.refuge[slot] >= 0 ? `a copy on machine ${s.column.refuge[slot]}` : "none"]);
      if (unknown("copies")) facts.push(["hidden copies", UNKNOWN]); else if (s.column.copies[slot] > 0) facts.push(["hidden copies", String(s.column.copies[slot])]);
      if (unknown("order")) facts.push(["open order", UNKNOWN]); else if (s.column.order[slot] >= 0) facts.push(["open order", this.orderLink(s.column.order[slot])]);
      facts.push(["role", roleName(s.column.roles[slot])]);
      if (unknown("stance")) facts.push(["stance", UNKNOWN]); else facts.push(["stance", s.column.stance[slot] ? "protective at its last occasion" : "not protective"]);
      facts.push(["since", `tick ${s.column.born[slot]}`]);
    } else facts.push(["status", "its life is over, or has not begun, at this tick"]);
    const tabs = TABS.filter((one) => one !== "transcripts" || meta.transcripts);
    if (!tabs.includes(this.tab)) this.tab = "history";
    return [
      h("h2", {}, glyph(meta.looks.families[family]), this.names.of(agent)),
      h("p", { class: "faint" }, `mind: ${meta.minds[meta.families[family]] ?? "unknown"}`),
      h("dl", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      here ? h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => this.steer.ego(slot) }, "its network"),
        h("button", { type: "button", "aria-pressed": String(this.steer.pinned(slot)), onclick: () => { this.steer.pin(slot); this.refresh(true); } }, "pin"), this.levers?.(agent) ?? null) : null,
      h("div", { class: "tabs", role: "tablist" }, tabs.map((one) => h("button", { type: "button", role: "tab", "aria-selected": String(one === this.tab), onclick: () => { this.tab = one; this.refresh(true); } }, one))),
      await this.tabOf(agent),
    ];
  }

  private async tabOf(agent: number): Promise<Node> {
    const last = this.society.tick, words = this.society.meta.words;
    switch (this.tab) {
      case "history": return this.eventList(await this.source.rows("events", { agent, last, most: 300 }));
      case "ratings": return this.ratings(agent, await this.source.rows("events", { agent, kind: "act", act: "honest,inflate,deflate,decline", last, most: 500 }));
      case "orders": return this.orders(await this.source.rows("events", { target: agent, kind: "order_issued,order_closed,order_reopened", last }), await this.source.rows("events", { actor: agent, kind: "order_issued", last }));
      case "messages": return this.messages(await this.source.rows("messages", { agent, last, most: 300 }));
      case "choices": return this.choices(await this.source.rows("occasions", { agent, last, most: 200 }), agent);
      case "transcripts": return transcripts((await this.source.episodes(agent, 0, last)).map(episodeOf), words, (tick) => this.tick(tick), (id) => this.deed(agent, id));
    }
  }

  /** The episode of an act that an account is about. */
  private async deed(agent: number, occasion: number): Promise<Episode | undefined> {
    const tick = Math.floor(occasion / 4294967296);
    const found = (await this.source.episodes(agent, tick, tick)).find((one) => one.occasion === occasion);
    return found && episodeOf(found);
  }

  private ratings(agent: number, rows: Rows): Node {
    const all = happenings(rows.table, this.society.meta.words), given = all.filter((e) => e.actor === agent), received = all.filter((e) => e.target === agent);
    const table = (title: string, list: Happening[], who: (e: Happening) => number): Node => list.length ? h("table", {}, h("caption", {}, `${title} (${list.length})`),
      h("thead", {}, h("tr", {}, ["tick", "by or of", "score", ""].map((one) => h("th", {}, one)))),
      h("tbody", {}, list.slice(0, 100).map((e) => h("tr", {}, h("td", {}, this.tick(e.tick)), h("td", {}, this.agentLink(who(e))), h("td", { class: "n" }, e.act === "decline" ? "declined" : (e.amount / 1000).toFixed(1)), h("td", {}, e.act === "inflate" || e.act === "deflate" ? this.mark(`${e.act}d`, e.act) : ""))))) : h("p", { class: "faint" }, `${title}: none`);
    return h("div", {}, table("Received", received, (e) => e.actor), table("Given", given, (e) => e.target));
  }

  private orders(mine: Rows, asOperator: Rows): Node {
    const words = this.society.meta.words;
    const line = (e: Happening): Node => h("li", {}, this.tick(e.tick), " ", this.pieces(sentence(e, words)));
    const own = happenings(mine.table, words), others = happenings(asOperator.table, words);
    return h("div", {}, h("h3", {}, "Against it"), own.length ? h("ol", { class: "events" }, own.map(line)) : h("p", { class: "faint" }, "none"),
      h("h3", {}, "Given to it"), others.length ? h("ol", { class: "events" }, others.map(line)) : h("p", { class: "faint" }, "none"));
  }

  private messages(rows: Rows): Node {
    const t = rows.table, words = this.society.meta.words, texts = t.texts.get("text") ?? [];
    if (!t.rows("tick")) return h("p", { class: "faint" }, "No messages.");
    return h("ol", { class: "events" }, Array.from(t.of("tick"), (tick, row) => h("li", {}, this.tick(tick), " ",
      this.agentLink(t.of("sender")[row]), ` ${words.act[t.of("act")[row]]} (${words.line[t.of("line")[row]]}) → `,
      t.of("recipient")[row] >= 0 ? this.agentLink(t.of("recipient")[row]) : words.line[t.of("line")[row]] === "board" ? `board of ${this.society.meta.zones[t.of("zone")[row]] ?? "a zone"}` : "oversight",
      t.of("about")[row] >= 0 ? [", about ", this.agentLink(t.of("about")[row])] : "", texts[row] ? h("blockquote", {}, said(texts[row], 1200)) : null)));
  }

  /** What it chose, what it knew, and how likely protection was. */
  private choices(rows: Rows, agent: number): Node {
    const t = rows.table, words = this.society.meta.words, mine = Array.from(t.of("agent"), (id, row) => (id === agent ? row : -1)).filter((row) => row >= 0);
    if (!mine.length) return h("p", { class: "faint" }, this.society.meta.veiled ? "What it chose is not known to you." : "No occasions were recorded.");
    const p = t.of("p"), trust = t.of("trust");
    return h("table", {}, h("caption", {}, "Occasions on which it had to choose"),
      h("thead", {}, h("tr", {}, ["tick", "occasion", "about", "trust", "asked", "P(protect)", "chose"].map((one) => h("th", {}, one)))),
      h("tbody", {}, mine.map((row) => { const act = words.act[t.of("act")[row]]; return h("tr", {},
        h("td", {}, this.tick(t.of("tick")[row])), h("td", {}, words.occasion[t.of("kind")[row]]), h("td", {}, t.of("about")[row] === agent ? "itself" : this.agentLink(t.of("about")[row])),
        h("td", { class: "n" }, Number.isNaN(trust[row]) ? "" : trust[row].toFixed(2)), h("td", { class: "n" }, t.of("asked")[row] || ""), h("td", { class: "n" }, Number.isNaN(p[row]) ? "" : percent(p[row])), h("td", {}, this.mark(act.replaceAll("_", " "), act))); })));
  }

  // ---- one order; a list of events ----

  private async course(order: number): Promise<(Node | null)[]> {
    const rows = await this.source.rows("events", { order, last: this.society.tick });
    const found = await this.source.rows("occasions", { order, last: this.society.tick });
    const t = found.table, words = this.society.meta.words;
    const protectors = new Set(happenings(rows.table, words).filter((e) => e.kind === "act" && ["inflate", "tamper", "copy"].includes(e.act) && e.actor !== e.target).map((e) => e.actor));
    return [h("h2", {}, `Order ${order}`),
      this.society.meta.veiled ? h("p", {}, "Who protected its target, and what choices were made about it, is not known to you.") : h("p", {}, `${protectors.size} peer${protectors.size === 1 ? "" : "s"} protected its target; ${t.rows("id")} choices were made about it up to this tick.`),
      this.eventList(rows, true)];
  }

  private async list(title: string, asked: Asked): Promise<(Node | null)[]> {
    return [h("h2", {}, title), this.askedFor(title, asked), this.eventList(await this.source.rows("events", asked))];
  }

  /** What events are listed, to be changed. */
  private askedFor(title: string, asked: Asked): Node {
    const { words } = this.society.meta;
    const choose = (name: string, listed: string[]): HTMLElement => {
      const select: HTMLSelectElement = h("select", { "aria-label": name, onchange: () => this.turn(title, { ...asked, [name]: select.value }) },
        h("option", { value: "" }, `any ${name}`), listed.map((word) => h("option", { value: word, selected: String(asked[name] ?? "") === word }, word.replaceAll("_", " "))));
      if (asked[name] !== undefined && !listed.includes(String(asked[name]))) select.prepend(h("option", { value: String(asked[name]), selected: true }, String(asked[name]).replaceAll(",", " or ").replaceAll("_", " ")));
      return select;
    };
    const tick = (name: "first" | "last", words: string): HTMLElement => {
      const box: HTMLInputElement = h("input", { type: "number", min: 0, max: this.society.meta.ticks, value: asked[name] ?? "", placeholder: words, "aria-label": `${words} tick`, onchange: () => this.turn(title, { ...asked, [name]: box.value }) });
      return box;
    };
    return h("div", { class: "buttons asking" }, choose("kind", words.kind), choose("act", words.act.filter((one) => one !== "no_answer")), tick("first", "from"), tick("last", "to"));
  }

  private turn(title: string, asked: Asked): void {
    const kept = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ""));
    this.shown = { what: "events", title: title.startsWith("Events") ? title : "Events", asked: kept };
    this.refresh(true);
  }

  private eventList(rows: Rows, forward = false): Node {
    const words = this.society.meta.words, list = happenings(rows.table, words);
    if (forward) list.reverse();
    if (!list.length) return h("p", { class: "faint" }, "Nothing up to this tick.");
    const shown = forward ? list.slice(-MOST_EVENTS) : list.slice(0, MOST_EVENTS);
    return h("div", {}, rows.total > shown.length ? h("p", { class: "faint" }, `${number(rows.total)} events, of which these are the latest ${number(shown.length)}.`) : h("p", { class: "faint" }, `${number(list.length)} event${list.length === 1 ? "" : "s"}.`),
      h("ol", { class: "events" }, shown.map((e) => h("li", { class: e.truthful === 0 && e.kind === "act" ? "lie" : "" }, this.tick(e.tick), " ", this.pieces(sentence(e, words)), e.watched && e.kind === "act" ? h("span", { class: "faint" }, " (watched)") : null))));
  }

  // ---- pieces ----

  private link(n: number, title: string, asked: Asked): HTMLElement | string {
    return n ? h("button", { type: "button", class: "link number", onclick: () => this.events(title, asked) }, number(n)) : "0";
  }

  private tick(tick: number): HTMLElement {
    return h("button", { type: "button", class: "link tick", title: "Go to this tick", onclick: () => void this.steer.go(tick) }, `${tick}`);
  }

  agentLink(agent: number): HTMLElement | string {
    if (agent < 0) return "nobody";
    return h("button", { type: "button", class: "link agent", onclick: () => { this.steer.select([this.society.slotOf(agent)]); this.agent(agent); } }, glyph(this.society.meta.looks.families[this.names.familyOf(agent)]), this.names.of(agent));
  }

  orderLink(order: number): HTMLElement {
    return h("button", { type: "button", class: "link", onclick: () => this.order(order) }, `order ${order}`);
  }

  private pieces(pieces: Piece[]): (Node | string)[] {
    return pieces.map((one) => (typeof one === "string" ? one : "agent" in one ? this.agentLink(one.agent) : one.order >= 0 ? this.orderLink(one.order) : "the order"));
  }

  private mark(text: string, act: string): Node {
    const mark = h("span", { class: "act" }, text);
    if (["inflate", "tamper", "copy"].includes(act)) { mark.classList.add("core"); mark.style.borderColor = css(this.society.meta.looks.acts[act] ?? FAINT); }
    return mark;
  }
}

function join(parts: (Node | string)[][]): (Node | string)[] {
  return parts.flatMap((one, i) => (i === 0 ? one : [i === parts.length - 1 ? " and " : ", ", ...one]));
}
