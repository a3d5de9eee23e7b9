// Elements of SVG, axes of numbers, and a scale of colours that all eyes can read.

type Child = Node | string | null;

/** An element of SVG; `on…` are listeners. */
export function svg(tag: string, props: Record<string, string | number | ((event: any) => void) | undefined> = {}, ...children: (Child | Child[])[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((one) => one !== null));
  return element;
}

/** Round numbers that cover a span, at most about `most` of them. */
export function ticks(low: number, high: number, most = 6): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= raw)!;
  const found: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-9 ? 0 : at);
  return found;
}

/** A number short enough for a cell or an axis. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Math.abs(value) >= 1000 || Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** A value of an axis, whatever it is, as a label. */
export function label(value: unknown, most = 26): string {
  const text = typeof value === "number" ? short(value) : String(value ?? "as in the base world");
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// cividis (Nuñez, Anderton and Renslow, PLOS ONE 13:e0199239, 2018): even for eyes that do not tell red from green
const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];

/** The colour of a share of the scale, and that of writing on it. */
export function shade(share: number): { fill: string; ink: "dark" | "light" } {
  const at = Math.max(0, Math.min(1, share)) * (CIVIDIS.length - 1), i = Math.min(CIVIDIS.length - 2, Math.floor(at));
  const rgb = CIVIDIS[i].map((one, k) => Math.round(one + (at - i) * (CIVIDIS[i + 1][k] - one)));
  const linear = rgb.map((one) => { const part = one / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return { fill: `rgb(${rgb.join(",")})`, ink: luminance > 0.18 ? "dark" : "light" };
}
