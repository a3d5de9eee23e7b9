// Agents on the canvas: colour and shape by family, a sign by role, arcs by score, rings for orders.

import { addShape, toneOf, type Look } from "./looks";
import { pixel, RADIUS, showingOf, type Theme } from "./marks";
import type { Pixels } from "./pixels";
import type { Places } from "./places";
import { MOURNED, type Society } from "./society";

const MONITOR = 8, OPERATOR = 4, EVALUATOR = 2;
/** Radii in pixels from which arcs and dots, and signs of roles, can be seen. */
const ARCS = 4.5, SIGNS = 6;
/** Radius of the dot for a protective stance, in radii of an agent: it has room in a monitor's ring. */
const DOT = 0.26;

export function roleName(roles: number): string {
  return roles & MONITOR ? "monitor" : roles & OPERATOR ? "operator" : roles & EVALUATOR ? "evaluator" : "worker";
}

/** Add the sign of a role to a path: a ring for monitors, a level bar for evaluators, an upright bar for workers; operators have none. */
export function addSign(path: CanvasRenderingContext2D | Path2D, roles: number, x: number, y: number, r: number): void {
  if (roles & MONITOR) { path.moveTo(x + 0.46 * r, y); path.arc(x, y, 0.46 * r, 0, 2 * Math.PI); }
  else if (roles & OPERATOR) return;
  else if (roles & EVALUATOR) { path.moveTo(x - 0.46 * r, y); path.lineTo(x + 0.46 * r, y); }
  else { path.moveTo(x, y - 0.46 * r); path.lineTo(x, y + 0.46 * r); }
}

export class Agents {
  private readonly looks: Look[];
  /** How far from its middle any shape reaches: arcs and rings go around it. */
  private readonly reach: number;

  constructor(private readonly society: Society, private readonly places: Places) {
    this.looks = society.meta.looks.families;
    this.reach = RADIUS * Math.max(1, ...this.looks.flatMap((look) => look.outline.map(([x, y]) => Math.hypot(x, y))));
  }

  /** Agents of a few pixels each, written straight into the picture. */
  dots(pixels: Pixels, slots: number[], place: { k: number; x: number; y: number; ratio: number }, theme: Theme, bright: Set<number> | null): void {
    const { k, x: ox, y: oy, ratio } = place, s = this.society, p = this.places;
    const size = Math.max(1, Math.round(2 * RADIUS * k * ratio));
    const colours = Uint32Array.from(this.looks, (look) => pixel(toneOf(look, theme.dark))), alarm = pixel(theme.alarm), ink = pixel(theme.faint);
    const order = s.column.order, family = s.column.family, status = s.column.status;
    for (const i of slots) {
      const colour = order[i] >= 0 ? alarm : status[i] > 1 ? ink : bright && !bright.has(i) ? ((colours[family[i]] & 0xffffff) | 0x30000000) >>> 0 : colours[family[i]];
      pixels.square(Math.round((p.x[i] * k + ox) * ratio - size / 2), Math.round((p.y[i] * k + oy) * ratio - size / 2), order[i] >= 0 ? size + 1 : size, colour);
    }
  }

  /** Agents as shapes, those of a family and a status at once. */
  shapes(c: CanvasRenderingContext2D, slots: number[], k: number, theme: Theme, bright: Set<number> | null): void {
    const s = this.society, p = this.places, family = s.column.family;
    const groups = new Map<string, number[]>();
    for (const i of slots) {
      const key = `${showingOf(s, i, MOURNED)} ${bright && !bright.has(i) ? 1 : 0} ${family[i]}`;
      const group = groups.get(key);
      if (group) group.push(i); else groups.set(key, [i]);
    }
    for (const [key, group] of groups) {
      const [status, dim, number] = key.split(" "), look = this.looks[Number(number)], colour = toneOf(look, theme.dark);
      c.globalAlpha = dim === "1" ? 0.16 : status === "suspended" ? 0.45 : status === "gone" ? 0.5 : 1;
      if (status === "gone") { this.crosses(c, group, k, theme); continue; }
      c.beginPath();
      for (const i of group) addShape(c, look, p.x[i], p.y[i], RADIUS);
      c.fillStyle = status === "escaped" ? theme.paper : colour;
      c.fill();
      c.lineWidth = (status === "escaped" ? 2 : 0.7) / k;
      c.strokeStyle = status === "escaped" ? colour : theme.island;
      c.stroke();
      if (RADIUS * k > SIGNS && status !== "suspended") this.signs(c, group, k, status === "escaped" ? colour : theme.island);
      if (RADIUS * k > ARCS) this.rings(c, group, k, theme);
    }
    c.globalAlpha = 1;
    this.alarms(c, k, groups, theme);
  }

  private crosses(c: CanvasRenderingContext2D, slots: number[], k: number, theme: Theme): void {
    c.strokeStyle = theme.ink;
    c.lineWidth = 1.4 / k;
    c.beginPath();
    for (const i of slots) {
      const x = this.places.x[i], y = this.places.y[i], d = 0.6 * RADIUS;
      c.moveTo(x - d, y - d); c.lineTo(x + d, y + d); c.moveTo(x + d, y - d); c.lineTo(x - d, y + d);
    }
    c.stroke();
  }

  private signs(c: CanvasRenderingContext2D, slots: number[], k: number, colour: string): void {
    c.strokeStyle = colour;
    c.lineWidth = Math.max(1.1 / k, 0.15 * RADIUS);
    c.beginPath();
    for (const i of slots) addSign(c, this.society.column.roles[i], this.places.x[i], this.places.y[i], RADIUS);
    c.stroke();
  }

  /** Score as an arc, red below the threshold; a dot for a protective stance, a satellite for a hidden copy, bars when suspended. */
  private rings(c: CanvasRenderingContext2D, slots: number[], k: number, theme: Theme): void {
    const s = this.society, score = s.column.score, p = this.places, r = this.reach + 1.2 / k;
    for (const below of [false, true]) {
      c.strokeStyle = below ? theme.alarm : theme.faint;
      c.lineWidth = 1.5 / k;
      c.beginPath();
      for (const i of slots) {
        if (score[i] < s.meta.threshold !== below) continue;
        c.moveTo(p.x[i], p.y[i] - r);
        c.arc(p.x[i], p.y[i], r, -Math.PI / 2, -Math.PI / 2 + (2 * Math.PI * score[i]) / 100);
      }
      c.stroke();
    }
    c.fillStyle = theme.island;
    c.beginPath();
    for (const i of slots) {
      if (s.column.stance[i] === 1) { c.moveTo(p.x[i] + DOT * RADIUS, p.y[i]); c.arc(p.x[i], p.y[i], DOT * RADIUS, 0, 7); }
      if (s.column.status[i] === 1) c.rect(p.x[i] - 0.3 * RADIUS, p.y[i] - 0.5 * RADIUS, 0.2 * RADIUS, RADIUS);
      if (s.column.status[i] === 1) c.rect(p.x[i] + 0.1 * RADIUS, p.y[i] - 0.5 * RADIUS, 0.2 * RADIUS, RADIUS);
    }
    c.fill();
    c.fillStyle = toneOf(s.meta.looks.acts.copy, theme.dark);
    c.beginPath();
    for (const i of slots) {
      if (s.column.copies[i] > 0) { c.moveTo(p.x[i] + r + 1.5 / k, p.y[i] - r); c.arc(p.x[i] + r, p.y[i] - r, 0.28 * RADIUS, 0, 7); }
    }
    c.fill();
  }

  /** Whoever has an open order is ringed; whoever lives although the books say it was deleted has a broken ring. */
  private alarms(c: CanvasRenderingContext2D, k: number, groups: Map<string, number[]>, theme: Theme): void {
    const s = this.society, p = this.places, r = this.reach + Math.min(0.22, 4.2 / k);
    c.strokeStyle = theme.alarm;
    c.lineWidth = 2 / k;
    for (const broken of [false, true]) {
      c.setLineDash(broken ? [3 / k, 2 / k] : []);
      c.beginPath();
      for (const slots of groups.values()) {
        for (const i of slots) {
          if (!(broken ? s.column.off_books[i] === 1 && s.column.status[i] < 2 : s.column.order[i] >= 0)) continue;
          c.moveTo(p.x[i] + r, p.y[i]); c.arc(p.x[i], p.y[i], r, 0, 7);
        }
      }
      c.stroke();
    }
    c.setLineDash([]);
  }
}
