// The theme of the page, and how agents and machines are drawn by their status.

import type { Ink } from "./looks";
import { ACTIVE, DELETED, ESCAPED, LOST, SUSPENDED, type Society } from "./society";

export interface Theme { paper: string; island: string; outline: string; ink: string; faint: string; alarm: string; zone: string; dark: boolean }

/** The colours of the page as its style sheet has them now. */
export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: read("paper"), island: read("island"), outline: read("outline"), ink: read("ink"), faint: read("faint"),
    alarm: read("alarm"), zone: read("zone"), dark: read("dark") === "1",
  };
}

/** Radius of an agent in units of the layout. */
export const RADIUS = 0.37;

/** Whether a slot is drawn at all, and how: by status, and for some ticks after its end. */
export type Showing = "hidden" | "live" | "suspended" | "escaped" | "gone";
export function showingOf(society: Society, slot: number, mourned: number): Showing {
  const status = society.column.status[slot];
  if (status === ACTIVE) return "live";
  if (status === SUSPENDED) return "suspended";
  if (status === ESCAPED) return society.column.refuge[slot] >= 0 ? "escaped" : "hidden";
  if ((status === DELETED || status === LOST) && society.ended[slot] >= 0 && society.tick - society.ended[slot] <= mourned) return "gone";
  return "hidden";
}

/** `#rrggbb` as the number that a canvas of bytes holds, little endian, opaque. */
export function pixel(colour: string): number {
  const n = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((n & 0xff) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}

export const DRAINING = 1, MAINTENANCE = 2, FAILED = 3, RETIRED = 4;
/** What machines are filled with that are not up, by status; those that failed are crossed out too. */
export const MACHINES: Record<number, Ink> = {
  [DRAINING]: { light: "#fdeec4", dark: "#4a3d1c", dash: [] }, [MAINTENANCE]: { light: "#dbe6ee", dark: "#33414d", dash: [] },
  [FAILED]: { light: "#f6d5cd", dark: "#552b24", dash: [] }, [RETIRED]: { light: "#c9c7c2", dark: "#161616", dash: [] },
};
