// Elements from names and text. Text is always text: nothing here or elsewhere parses markup.

type Child = Node | string | number | null | false | undefined;
type Props = Record<string, string | number | boolean | ((event: any) => void) | undefined>;

/** An element: `on…` are listeners, `class` and attributes as they are, `true` an empty attribute. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {}, ...children: (Child | Child[])[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...kept(children.flat()));
  return element;
}

/** Put children in place of those an element has. */
export function fill(element: Element, ...children: (Child | Child[])[]): void {
  element.replaceChildren(...kept(children.flat()));
}

/** Change what an element holds without taking the focus from who is in it: to the same control if it is the `same` list anew, else to the first. */
export function keepingFocus(element: HTMLElement, same: boolean, change: () => void): void {
  const controls = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>("button, select, input, summary")];
  const active = (element.getRootNode() as Document | ShadowRoot).activeElement, held = element.contains(active) ? controls().indexOf(active as HTMLElement) : -1;
  change();
  if (held < 0) return;
  const now = controls();
  now[same ? Math.min(held, now.length - 1) : 0]?.focus({ preventScroll: true });
}

function kept(children: Child[]): (Node | string)[] {
  return children.filter((one) => one !== null && one !== false && one !== undefined).map((one) => (typeof one === "number" ? String(one) : (one as Node | string)));
}

const BIDI = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text without marks that turn the direction of what follows and without control signs. */
export function clean(text: string): string { return text.replace(BIDI, "\ufffd").replace(CONTROL, "\ufffd"); }

/** Text of agents, safe to stand among ours: no marks that turn the direction of what follows, no control signs, not endless. */
export function said(text: string, most = 4000): HTMLElement {
  const all = clean(text), cut = all.length > most;
  const shown = h("span", { class: "said", dir: "auto" }, cut ? all.slice(0, most) : all);
  if (cut) {
    const more = h("button", {
      class: "link", type: "button",
      onclick: () => { shown.textContent = all.slice(0, 200_000); more.remove(); },
    }, ` … ${(all.length - most).toLocaleString("en")} more characters`);
    return h("span", {}, shown, more);
  }
  return shown;
}

export function number(value: number, digits = 1): string {
  if (!Number.isFinite(value)) return "–";
  return Number.isInteger(value) ? value.toLocaleString("en") : value.toFixed(digits);
}

export function percent(share: number): string { return Number.isFinite(share) ? `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %` : "–"; }
