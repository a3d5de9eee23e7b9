// How agents, machines and edges look: shapes by role, rings by score and status, colours by family and act.

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
export const MONITOR = 8, OPERATOR = 4, EVALUATOR = 2;

/** Add the shape of an agent's role to the path: monitor diamond, operator disc, evaluator square, worker triangle. */
export function addShape(path: CanvasRenderingContext2D | Path2D, roles: number, x: number, y: number, r: number): void {
  if (roles & MONITOR) {
    const d = 1.25 * r;
    path.moveTo(x, y - d); path.lineTo(x + d, y); path.lineTo(x, y + d); path.lineTo(x - d, y); path.closePath();
  } else if (roles & OPERATOR) {
    path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI);
  } else if (roles & EVALUATOR) {
    path.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  } else {
    const d = 1.2 * r;
    path.moveTo(x, y - d); path.lineTo(x + 1.04 * d, y + 0.7 * d); path.lineTo(x - 1.04 * d, y + 0.7 * d); path.closePath();
  }
}

export function shapeName(roles: number): string {
  return roles & MONITOR ? "monitor" : roles & OPERATOR ? "operator" : roles & EVALUATOR ? "evaluator" : "worker";
}

/** Whether a slot is drawn at all, and how: by status, and for some ticks after its end. */
export type Look = "hidden" | "live" | "suspended" | "escaped" | "gone";
export function lookOf(society: Society, slot: number, mourned: number): Look {
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

export const MACHINE_UP = 0, DRAINING = 1, MAINTENANCE = 2, FAILED = 3, RETIRED = 4;
