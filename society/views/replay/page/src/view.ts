// One module for the page of `society view`, for exported pages, and for notebooks (anywidget).

import { App } from "./app";
import { Container, Server, type Source } from "./source";
import { fill, h } from "./dom";
import { StudyPage } from "./study";

/** Show a replay in an element; returns what takes it away again. */
export async function mount(root: HTMLElement, source: Source, base?: string): Promise<() => void> {
  return shown(root, () => App.start(root, source, base));
}

async function shown(root: HTMLElement, start: () => Promise<{ stop(): void }>): Promise<() => void> {
  fill(root, h("p", { class: "loading", role: "status" }, "Reading the record …"));
  try {
    const page = await start();
    return () => page.stop();
  } catch (error) {
    fill(root, h("p", { class: "wrong", role: "alert" }, error instanceof Error ? error.message : String(error)));
    return () => root.replaceChildren();
  }
}

/** The page says in data attributes where its record is: on a server, or in an element of its own. */
async function boot(root: HTMLElement): Promise<void> {
  const { api, live, inside, page } = root.dataset;
  if (api && page === "study") await shown(root, () => StudyPage.start(root, api));
  else if (api) await mount(root, new Server(api, live === "1"), api);
  else if (inside) {
    const text = document.getElementById(inside)!.textContent!.trim();
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    await mount(root, new Container(bytes.buffer));
  }
}

const root = document.getElementById("society-page");
if (root) void boot(root);

/** For anywidget. */
export default {
  async render({ model, el }: { model: { get(name: string): any }; el: HTMLElement }): Promise<() => void> {
    const data: DataView = model.get("container");
    const root = h("div", { class: "society-view notebook" });
    root.style.height = `${model.get("height")}px`;
    el.append(root);
    return mount(root, new Container(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer));
  },
};
