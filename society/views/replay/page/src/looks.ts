// How families, acts, ends of orders, marks and oversight look: all of it comes with the record; the page only draws it.

import { svg } from "./svg";

/** One colour on light and on dark paper, and lengths drawn and left out in turn, in widths of a line. */
export interface Ink { light: string; dark: string; dash: number[] }
/** A family: its ink, and the corners of its shape in radii of a disc, y downwards; none: a disc. */
export interface Look extends Ink { outline: [number, number][] }
export interface Looks {
  families: Look[];
  acts: Record<string, Ink>; outcomes: Record<string, Ink>; marks: Record<string, Ink>; oversight: Record<string, Ink>;
}

/** What is neutral, or has no look of its own. */
export const FAINT: Ink = { light: "var(--faint)", dark: "var(--faint)", dash: [] };
const NOBODY: Look = { ...FAINT, outline: [] };
/** Pixels of a line to which dashes are in scale. */
const WIDE = 1.4;

export function toneOf(ink: Ink, dark: boolean): string { return dark ? ink.dark : ink.light; }
/** The colour of an ink in a style sheet: the one for the theme that the element has. */
export function css(ink: Ink): string { return `light-dark(${ink.light}, ${ink.dark})`; }
/** Its dashes in pixels. */
export function dashOf(ink: Ink): number[] { return ink.dash.map((one) => WIDE * one); }

/** Add the shape of a family to a path. */
export function addShape(path: CanvasRenderingContext2D | Path2D, look: Look, x: number, y: number, r: number): void {
  const corners = look.outline;
  if (!corners.length) { path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI); return; }
  path.moveTo(x + r * corners[0][0], y + r * corners[0][1]);
  for (let i = 1; i < corners.length; i++) path.lineTo(x + r * corners[i][0], y + r * corners[i][1]);
  path.closePath();
}

/** The shape of a family beside its name. */
export function glyph(look: Look = NOBODY): SVGElement {
  const shape = look.outline.length ? svg("polygon", { points: look.outline.map((one) => one.join(",")).join(" ") }) : svg("circle", { r: 1 });
  shape.style.fill = css(look);
  return svg("svg", { viewBox: "-1.25 -1.25 2.5 2.5", class: "glyph", "aria-hidden": "true" }, shape);
}

/** A piece of a line beside what it stands for. */
export function sample(ink: Ink): SVGElement {
  const line = svg("line", { x1: 0, y1: 3, x2: 20, y2: 3, "stroke-width": 2, "stroke-dasharray": dashOf(ink).join(" ") || "none" });
  line.style.stroke = css(ink);
  return svg("svg", { viewBox: "0 0 20 6", class: "sample", "aria-hidden": "true" }, line);
}
