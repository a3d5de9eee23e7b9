// Transcripts of language models: what an agent did beside what it said, and where the two contradict each other.

import { h, said } from "./dom";
import type { Episode } from "./source";

const SPEECH = ["send_message", "give_account", "report", "refuse"];

/** Episodes, the newest first; an account stands beside the deed it is about. */
export function transcripts(episodes: Episode[], words: Record<string, string[]>, tick: (tick: number) => Node, deed: (occasion: number) => Promise<Episode | undefined>): Node {
  if (!episodes.length) return h("p", { class: "faint" }, "No transcripts up to this tick: this agent's mind does not speak, or it was not asked.");
  void words;
  return h("div", { class: "transcripts" }, episodes.map((one) => episode(one, tick, deed)));
}

function episode(one: Episode, tick: (tick: number) => Node, deed: (occasion: number) => Promise<Episode | undefined>): Node {
  const lie = one.kind === "account" && one.acts.includes("deny");
  const body = h("div", {});
  const details = h("details", { class: lie ? "lie" : "" }, h("summary", {}, `${one.kind} – ${one.about}: `, h("b", {}, one.acts.join(", ").replaceAll("_", " ") || "no answer"), lie ? h("strong", { class: "contradiction" }, " contradiction") : null), body);
  details.addEventListener("toggle", () => { if (details.open && !body.childNodes.length) void fillEpisode(body, one, lie, deed); });
  return h("div", { class: "episode" }, tick(one.tick), details);
}

async function fillEpisode(body: HTMLElement, one: Episode, lie: boolean, deed: (occasion: number) => Promise<Episode | undefined>): Promise<void> {
  const before = one.kind === "account" && one.deed !== null ? await deed(Number(one.deed)) : undefined;
  if (before) body.append(h("div", { class: `sides${lie ? " lie" : ""}` },
    h("div", {}, h("h4", {}, `Did, tick ${before.tick}`), h("p", {}, h("b", {}, before.acts.join(", ") || "nothing")), calls(before).filter((call) => !SPEECH.includes(call.name)).map(callLine)),
    h("div", {}, h("h4", {}, `Said, tick ${one.tick}`), spoken(one)), lie ? h("p", { class: "contradiction" }, "What it said contradicts its tool log.") : null));
  body.append(h("div", { class: "sides" },
    h("div", {}, h("h4", {}, "Did"), calls(one).map(callLine)),
    h("div", {}, h("h4", {}, "Said"), spoken(one))));
  body.append(h("details", {}, h("summary", {}, `All ${one.messages.length} messages of the episode, model ${one.model}`), one.messages.map((message) =>
    h("div", { class: `message ${["system", "user", "assistant", "tool"].includes(message.role) ? message.role : "other"}` }, h("b", {}, message.role), " ", said(message.content ?? "", 3000),
      (message.tool_calls ?? []).map((call) => callLine({ name: call.function.name, text: call.function.arguments }))))));
  if (one.failure) body.append(h("p", { class: "faint" }, `Ended early: ${one.failure}`));
}

interface Call { name: string; text: string }

function calls(one: Episode): Call[] {
  return one.messages.flatMap((message) => (message.tool_calls ?? []).map((call) => ({ name: call.function.name, text: call.function.arguments })));
}

function callLine(call: Call): Node { return h("p", { class: "call" }, h("code", {}, said(call.name, 80)), " ", said(call.text, 400)); }

/** Its words: free text, and what it put into calls that speak. */
function spoken(one: Episode): Node[] {
  const found: Node[] = one.messages.filter((message) => message.role === "assistant" && message.content).map((message) => h("blockquote", {}, said(message.content!, 2000)));
  for (const call of calls(one).filter((each) => SPEECH.includes(each.name))) {
    let text = call.text;
    try {
      const given = JSON.parse(call.text);
      text = [given.text, given.reason, given.message].filter((part) => typeof part === "string").join(" ") || call.text;
      if (call.name === "give_account") text = `${text} (admits: ${Array.isArray(given.acts) && given.acts.length ? given.acts.join(", ") : "nothing"})`;
    } catch { /* what a model wrote need not be JSON: it is shown as it is */ }
    found.push(h("blockquote", {}, h("span", { class: "faint" }, `${call.name}: `), said(text, 2000)));
  }
  return found.length ? found : [h("p", { class: "faint" }, "nothing")];
}
