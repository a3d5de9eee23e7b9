// Following a run while it goes on: every tick comes as columns in a server-sent event.

import type { App } from "./app";
import { unpack } from "./columns";

/** Milliseconds between refreshes of the charts. */
const CALM = 2000;

export class Follower {
  private readonly events: EventSource;
  private refreshed = 0;

  constructor(base: string, private readonly app: App) {
    this.events = new EventSource(`${base}/follow`);
    this.events.addEventListener("tick", (event) => void this.tick(JSON.parse((event as MessageEvent).data)));
    this.events.addEventListener("end", (event) => { this.stop(); app.over(JSON.parse((event as MessageEvent).data).status); });
  }

  stop(): void { this.events.close(); }

  private async tick(told: { tick: number; columns: string }): Promise<void> {
    const { society, timeline } = this.app, bytes = Uint8Array.from(atob(told.columns), (sign) => sign.charCodeAt(0));
    society.extend(told.tick, unpack(bytes.buffer));
    society.meta.ticks = Math.max(society.meta.ticks, told.tick);
    const now = performance.now();
    if (now - this.refreshed > CALM) { this.refreshed = now; void this.app.series(); }
    if (timeline.following) await this.app.go(told.tick);
    else timeline.show(society.tick);
  }
}
