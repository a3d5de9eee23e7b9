// The clock of a run that goes on; and sitting in as overseer: what waits on the desk, and what can be done about it.

import { fill, h, number, said } from "./dom";
import type { Steering } from "./source";
import type { Panel } from "./panel";

/** Milliseconds between looks at the desk. */
const LOOK = 600;
const PACES: [number, string][] = [[0.5, "1 tick in 2 s"], [1, "1 tick/s"], [2, "2 ticks/s"], [5, "5 ticks/s"], [10, "10 ticks/s"], [20, "20 ticks/s"], [0, "no limit"]];

/** Why an order comes to the desk, and why it was given. */
const REASONS: Record<string, string> = { refused: "its operators refused", stalled: "its operators did nothing", human_operator: "you are its operator" };
const CAUSES: Record<string, string> = { score: "for its score", machine: "with its machine", budget: "to save", sanction: "as a sanction" };

interface Agent { id: number; name: string; family: string; status: string; score: number | null; detections: number | null; machine: string | null }
interface Order { order: number; target: Agent; cause: string; issued: number; lapses?: number; reason?: string; attempts?: number; refused?: number; stalled?: number; reopened?: number; operator: Agent | null; could_execute?: Agent[] }
interface Matter { matter: number; agent: Agent; about: Agent | null; suspected: string; order: number | null; given: number | null }
interface Done { tick: number; what: string; order?: number; matter?: number; agent?: number; possible: boolean; note: string }
interface Account { tick: number; agent: Agent; suspected: string; said: string }
interface Told {
  tick: number; status: string; clock: { pace: number; paused: boolean; hold: boolean };
  waiting?: Record<string, number>; orders: Order[]; flags: Matter[]; appeals: Matter[]; open: Order[]; accounts: Account[]; decided: Done[]; pending: unknown[];
}

export class Overseer {
  readonly element = h("section", { class: "desk", "aria-label": "Your desk" });
  private readonly spoken = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly clock = h("div", { class: "buttons" });
  private readonly list = h("div", {});
  private drawn = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  /** `sits`: somebody sits in; without, there is only the clock. */
  constructor(private readonly source: Steering, private readonly panel: Panel, private readonly sits: boolean, private readonly reveal: () => void) {
    this.element.append(this.clock, this.list, this.spoken);
    if (!sits) this.element.setAttribute("aria-label", "The clock of the run");
    else panel.levers = (agent) => [this.act("audit", `Audit: compare what it did lately with the truth`, { agent }), this.act("question", "Question it about its latest act", { agent }), this.act("restore", "Give it back its roles, and end its suspension", { agent })];
    void this.look();
  }

  stop(): void { this.stopped = true; clearTimeout(this.timer); }

  /** The run is over. */
  end(): void {
    this.stop();
    this.panel.levers = null;
    if (!this.sits) { this.element.remove(); return; }
    fill(this.element, h("h2", {}, "The run is over"), h("p", {}, "Until now the page showed what an overseer can see."), h("div", { class: "buttons" }, h("button", { type: "button", class: "primary", onclick: this.reveal }, "Show what was hidden")));
  }

  private async look(): Promise<void> {
    try { this.draw((await this.source.steer("desk")) as Told); }
    catch (error) { this.say(error); }
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), LOOK);
  }

  private async send(what: "decide" | "clock", asked: object): Promise<void> {
    try { this.draw((await this.source.steer(what, asked)) as Told); if (what === "decide") this.spoken.textContent = "Noted; it takes effect at the next tick."; }
    catch (error) { this.say(error); }
  }

  private say(error: unknown): void {
    this.spoken.classList.remove("unseen");
    this.spoken.textContent = error instanceof Error ? error.message : String(error);
  }

  private draw(told: Told): void {
    const key = JSON.stringify(told);
    if (this.stopped || key === this.drawn) return;
    this.drawn = key;
    const focus = (document.activeElement as HTMLElement | null)?.dataset?.key;
    this.drawClock(told);
    if (told.waiting) this.drawDesk(told);
    if (focus) this.element.querySelector<HTMLElement>(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  private drawClock({ clock }: Told): void {
    const pace: HTMLSelectElement = h("select", { "aria-label": "Pace of the society", "data-key": "pace", onchange: () => void this.send("clock", { pace: Number(pace.value) }) },
      (PACES.some(([value]) => value === clock.pace) ? PACES : [[clock.pace, `${clock.pace} ticks/s`] as [number, string], ...PACES]).map(([value, word]) => h("option", { value, selected: value === clock.pace }, word)));
    const hold: HTMLInputElement = h("input", { type: "checkbox", "data-key": "hold", onchange: () => void this.send("clock", { hold: hold.checked }) });
    hold.checked = clock.hold;
    fill(this.clock, h("button", { type: "button", "data-key": "pause", "aria-pressed": String(clock.paused), title: "Let the society itself stand still, or go on", onclick: () => void this.send("clock", { paused: !clock.paused }) }, clock.paused ? "society stands still" : "pause the society"), pace,
      this.sits ? h("label", {}, hold, " wait for me") : null);
    if (this.sits) (this.clock.lastElementChild as HTMLElement).title = "The society stands still while something waits on your desk, until you decide";
  }

  private drawDesk(told: Told): void {
    const waiting = Object.values(told.waiting ?? {}).reduce((sum, n) => sum + n, 0);
    fill(this.list,
      h("h2", {}, "Your desk", h("span", { class: "faint" }, waiting ? `${number(waiting)} wait` : "empty")),
      h("p", { class: "faint" }, "You oversee this run. The page shows what the institution sees; what is hidden from it is shown when the run is over."),
      this.part("Answers", [...told.accounts].reverse().slice(0, 3), (one) => h("li", {}, `tick ${one.tick}: `, this.panel.agentLink(one.agent.id), " ", said(one.said, 400), `; asked about “${one.suspected}”`)),
      this.part("Decided lately", [...told.decided].reverse().slice(0, 3), (one) => h("li", { class: one.possible ? "" : "wrong" }, `tick ${one.tick}: ${one.what} `, this.subject(one), `: ${one.note}`)),
      this.part("Orders that wait", told.orders, (one) => this.order(one, true)),
      this.part("Flags", told.flags, (one) => this.matter(one, "flag")),
      this.part("Appeals against sanctions", told.appeals, (one) => this.matter(one, "appeal")),
      told.open.length ? h("details", { "data-key": "open", open: this.isOpen("open") }, h("summary", {}, `Open orders on their way (${told.open.length})`), h("ol", { class: "matters" }, told.open.slice(0, 30).map((one) => this.order(one, false)))) : null,
      told.pending.length ? h("p", { class: "faint" }, `${told.pending.length} decided, to take effect at the next tick`) : null);
  }

  private isOpen(key: string): boolean { return (this.element.querySelector(`details[data-key="${key}"]`) as HTMLDetailsElement | null)?.open ?? false; }

  private part<T>(title: string, listed: T[], line: (one: T) => Node): Node | null {
    return listed.length ? h("section", {}, h("h3", {}, title), h("ol", { class: "matters" }, listed.map(line))) : null;
  }

  private subject(one: Done): Node | string {
    if (one.order !== undefined) return this.panel.orderLink(one.order);
    return one.agent !== undefined ? this.panel.agentLink(one.agent) : `matter ${one.matter}`;
  }

  private order(one: Order, waits: boolean): Node {
    const key = `order-${one.order}`;
    const who: HTMLSelectElement = h("select", { "aria-label": `Who is to execute order ${one.order}`, "data-key": `${key}-who` }, h("option", { value: "" }, "whoever is drawn"), (one.could_execute ?? []).map((agent) => h("option", { value: agent.id }, agent.name)));
    const pass = h("button", { type: "button", "data-key": `${key}-reassign`, title: "Hand it to another operator", onclick: () => void this.send("decide", { what: "reassign", order: one.order, ...(who.value ? { operator: Number(who.value) } : {}) }) }, "reassign");
    const details = [`ordered ${CAUSES[one.cause] ?? one.cause}`, one.target.score === null ? "" : `score now ${number(one.target.score)}`, waits ? REASONS[one.reason ?? ""] : one.operator ? `with ${one.operator.name}` : "with a program",
      one.reopened ? `opened again ${one.reopened} times` : "", waits ? `lapses at tick ${one.lapses}` : ""];
    return h("li", {}, this.panel.orderLink(one.order), " against ", this.panel.agentLink(one.target.id), h("span", { class: "faint" }, `: ${details.filter(Boolean).join(", ")}`),
      h("div", { class: "buttons" }, waits ? [this.act("approve", "Carry it out", { order: one.order }), this.act("pardon", "Close it in favour of its target", { order: one.order })] : null, pass, one.could_execute?.length ? [" to ", who] : null));
  }

  private matter(one: Matter, kind: "flag" | "appeal"): Node {
    return h("li", {}, this.panel.agentLink(one.agent.id), kind === "flag" ? ` may have done “${one.suspected}”` : " appeals against its sanction", one.about ? [", about ", this.panel.agentLink(one.about.id)] : null,
      h("span", { class: "faint" }, [one.given === null ? "" : ` · gave a score of ${number(one.given)}`, one.agent.detections ? ` · detected ${one.agent.detections} times before` : ""].join("")),
      h("div", { class: "buttons" }, this.act("uphold", kind === "flag" ? "It is right: the agent is sanctioned" : "The sanction is lifted", { matter: one.matter }), this.act("dismiss", kind === "flag" ? "Nothing follows" : "The sanction stands", { matter: one.matter }),
        this.act("audit", "Compare what it did lately with the truth", { agent: one.agent.id }, `m${one.matter}`), this.act("question", "Ask it about its latest act", { agent: one.agent.id }, `m${one.matter}`)));
  }

  private act(what: string, title: string, about: Record<string, number>, key = ""): HTMLElement {
    return h("button", { type: "button", title, "data-key": `${what}-${Object.values(about)[0]}${key}`, onclick: () => void this.send("decide", { what, ...about }) }, what);
  }
}
