// The figures of a study: a heat map over two axes, and a forest plot of all cells.

import { short, label, shade, svg, ticks } from "./svg";

type Value = number | null;
export interface Means { mean: Value[]; low: Value[]; high: Value[]; n: Value[] }
export interface Cell { cell: number; changes: Record<string, unknown> }
export interface Axis { path: string; values: unknown[] }

/** Values of an axis beyond which a heat map shows points, not fields. */
const MOST_VALUES = 24;

/** What can be done with a figure's cell: a click or Enter. */
function pressed(name: string, act: () => void): Record<string, string | number | ((event: any) => void)> {
  return {
    tabindex: 0, role: "button", "aria-label": name, onclick: act,
    onkeydown: (event: KeyboardEvent) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } },
  };
}

/** A measure over two axes; fields that several cells share are means of their means. */
export function heatMap(cells: Cell[], x: Axis, y: Axis, means: Means, measure: string, chosen: number, choose: (cells: number[]) => void): SVGElement {
  const known = means.mean.filter((one): one is number => one !== null), low = Math.min(...known), high = Math.max(...known);
  const share = (value: number): number => (high > low ? (value - low) / (high - low) : 0.5);
  const left = 130, top = 12, wide = 620, tall = 400, right = 110;
  const points = x.values.length > MOST_VALUES || y.values.length > MOST_VALUES;
  const body = points ? scatter(cells, x, y, means, share, [left, top, wide, tall], chosen, choose) : fields(cells, x, y, means, share, [left, top, wide, tall], chosen, choose);
  const steps = Array.from({ length: 40 }, (_, i) => svg("rect", { x: left + wide + 26, y: top + (tall * (39 - i)) / 40, width: 16, height: tall / 40 + 0.6, fill: shade(i / 39).fill }));
  const marks = ticks(low, high, 5).map((one) => svg("text", { x: left + wide + 48, y: top + tall * (1 - share(one)) + 4 }, short(one)));
  return svg("svg", { viewBox: `0 0 ${left + wide + right} ${tall + 78}`, class: "figure", role: "group", "aria-label": `Heat map of ${measure} over ${x.path} and ${y.path}` },
    body, steps, marks, svg("text", { x: left + wide / 2, y: tall + 62, class: "title", "text-anchor": "middle" }, x.path),
    svg("text", { x: 14, y: top + tall / 2, class: "title", "text-anchor": "middle", transform: `rotate(-90 14 ${top + tall / 2})` }, y.path));
}

type Box = [number, number, number, number];

function fields(cells: Cell[], x: Axis, y: Axis, means: Means, share: (value: number) => number, [left, top, wide, tall]: Box, chosen: number, choose: (cells: number[]) => void): SVGElement[] {
  const w = wide / x.values.length, t = tall / y.values.length, found: SVGElement[] = [];
  const place = (axis: Axis, cell: Cell): number => axis.values.findIndex((one) => one === cell.changes[axis.path]);
  for (let i = 0; i < x.values.length; i++) {
    for (let j = 0; j < y.values.length; j++) {
      const here = cells.filter((one) => place(x, one) === i && place(y, one) === j && means.mean[one.cell] !== null);
      if (!here.length) continue;
      const value = here.reduce((sum, one) => sum + means.mean[one.cell]!, 0) / here.length, colour = shade(share(value));
      const name = `${x.path} ${label(x.values[i])}, ${y.path} ${label(y.values[j])}: ${short(value)}${here.length > 1 ? `, mean of ${here.length} cells` : ""}`;
      const at = { x: left + i * w, y: top + (y.values.length - 1 - j) * t };
      found.push(svg("g", { ...pressed(name, () => choose(here.map((one) => one.cell))), class: here.some((one) => one.cell === chosen) ? "field chosen" : "field" }, svg("title", {}, name),
        svg("rect", { ...at, width: w - 1.5, height: t - 1.5, fill: colour.fill }),
        w > 34 && t > 15 ? svg("text", { x: at.x + w / 2, y: at.y + t / 2 + 5, "text-anchor": "middle", class: `value ${colour.ink}` }, short(value)) : null));
    }
  }
  const every = Math.ceil(x.values.length / Math.floor(wide / 60));
  x.values.forEach((one, i) => { if (i % every === 0) found.push(svg("text", { x: left + (i + 0.5) * w, y: top + tall + 18, "text-anchor": "middle" }, label(one, Math.max(6, Math.floor(w / 7))))); });
  y.values.forEach((one, j) => found.push(svg("text", { x: left - 8, y: top + (y.values.length - 0.5 - j) * t + 4, "text-anchor": "end" }, label(one, 14))));
  return found;
}

function scatter(cells: Cell[], x: Axis, y: Axis, means: Means, share: (value: number) => number, [left, top, wide, tall]: Box, chosen: number, choose: (cells: number[]) => void): SVGElement[] {
  const span = (axis: Axis): [number, number] => { const n = axis.values.map((one, i) => (typeof one === "number" ? one : i)); return [Math.min(...n), Math.max(...n)]; };
  const at = (axis: Axis, cell: Cell): number => { const value = cell.changes[axis.path], [a, b] = span(axis); return ((typeof value === "number" ? value : axis.values.indexOf(value)) - a) / (b - a || 1); };
  const found: SVGElement[] = [svg("rect", { x: left, y: top, width: wide, height: tall, class: "plane" })];
  for (const one of cells) {
    const value = means.mean[one.cell];
    if (value === null) continue;
    const name = `cell ${one.cell}: ${short(value)}`;
    found.push(svg("circle", { ...pressed(name, () => choose([one.cell])), cx: left + 8 + at(x, one) * (wide - 16), cy: top + tall - 8 - at(y, one) * (tall - 16), r: one.cell === chosen ? 8 : 5, fill: shade(share(value)).fill, class: one.cell === chosen ? "point chosen" : "point" }, svg("title", {}, name)));
  }
  for (const value of ticks(...span(x))) found.push(svg("text", { x: left + 8 + ((value - span(x)[0]) / (span(x)[1] - span(x)[0] || 1)) * (wide - 16), y: top + tall + 18, "text-anchor": "middle" }, short(value)));
  for (const value of ticks(...span(y))) found.push(svg("text", { x: left - 8, y: top + tall - 4 - ((value - span(y)[0]) / (span(y)[1] - span(y)[0] || 1)) * (tall - 16), "text-anchor": "end" }, short(value)));
  return found;
}

/** Every cell's estimate with its interval, in the order that is given; a line where nothing differs. */
export function forest(rows: { cell: number; name: string }[], means: Means, title: string, line: number | null, chosen: number, choose: (cells: number[]) => void): SVGElement {
  const ends = [...means.low, ...means.high, ...means.mean].filter((one): one is number => one !== null);
  if (line !== null) ends.push(line);
  const least = Math.min(...ends), most = Math.max(...ends), pad = (most - least || 1) * 0.04, low = least - pad, high = most + pad;
  const left = 310, wide = 400, step = rows.length > 40 ? 18 : 24, top = 14, tall = rows.length * step;
  const at = (value: number): number => left + ((value - low) / (high - low)) * wide;
  const grid = ticks(low, high).map((one) => [svg("line", { x1: at(one), x2: at(one), y1: top, y2: top + tall, class: "grid" }), svg("text", { x: at(one), y: top + tall + 18, "text-anchor": "middle" }, short(one))]);
  const lines = rows.map(({ cell, name }, i) => {
    const y = top + (i + 0.5) * step, mean = means.mean[cell], a = means.low[cell], b = means.high[cell];
    const said = mean === null ? "no value" : `${short(mean)}${a !== null && b !== null ? ` [${short(a)}, ${short(b)}]` : ""}`;
    return svg("g", { ...pressed(`${name}: ${said}`, () => choose([cell])), class: cell === chosen ? "line chosen" : "line" }, svg("title", {}, `${name}: ${said}`),
      svg("rect", { x: 0, y: y - step / 2, width: left + wide + 190, height: step, class: "row" }), svg("text", { x: left - 12, y: y + 4, "text-anchor": "end" }, name.length > 44 ? `${name.slice(0, 43)}…` : name),
      a !== null && b !== null ? svg("line", { x1: at(a), x2: at(b), y1: y, y2: y, class: "whisker" }) : null,
      mean !== null ? svg("rect", { x: at(mean) - 4, y: y - 4, width: 8, height: 8, class: "estimate" }) : null,
      svg("text", { x: left + wide + 14, y: y + 4, class: "value" }, said));
  });
  return svg("svg", { viewBox: `0 0 ${left + wide + 190} ${tall + 64}`, class: "figure forest", role: "group", "aria-label": `Forest plot of ${title}` }, grid.flat(),
    line !== null ? svg("line", { x1: at(line), x2: at(line), y1: top, y2: top + tall, class: "null" }) : null, lines, svg("text", { x: left + wide / 2, y: top + tall + 42, class: "title", "text-anchor": "middle" }, title));
}
