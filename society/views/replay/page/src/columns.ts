// Columns from bytes: the reverse of society/views/replay/columns.py.

export type Column = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
export type Texts = string[];

/** Columns by name, texts by name, and the notes that came with them. */
export class Table {
  readonly columns = new Map<string, Column>();
  readonly texts = new Map<string, Texts>();
  constructor(readonly notes: Record<string, any> = {}) {}

  /** A column of numbers; an empty one if there is none of that name. */
  of(name: string): Column {
    return this.columns.get(name) ?? new Int32Array(0);
  }

  /** Rows of the table, by one of its columns. */
  rows(name: string): number {
    return this.columns.get(name)?.length ?? 0;
  }
}

const MAKERS: Record<string, (buffer: ArrayBuffer, offset: number, rows: number) => Column> = {
  i1: (b, o, n) => new Int8Array(b, o, n),
  u1: (b, o, n) => new Uint8Array(b, o, n),
  i2: (b, o, n) => new Int16Array(b, o, n),
  u2: (b, o, n) => new Uint16Array(b, o, n),
  i4: (b, o, n) => new Int32Array(b, o, n),
  u4: (b, o, n) => new Uint32Array(b, o, n),
  f4: (b, o, n) => new Float32Array(b, o, n),
  f8: (b, o, n) => new Float64Array(b, o, n),
};

/** Read bytes that `pack` wrote; the columns are views, nothing is copied. */
export function unpack(buffer: ArrayBuffer): Table {
  if (buffer.byteLength < 8 || new TextDecoder().decode(new Uint8Array(buffer, 0, 4)) !== "SOC1") {
    throw new Error("These are not columns of a society.");
  }
  const length = new Uint32Array(buffer, 4, 1)[0];
  const begin = 8 + length;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const table = new Table(header.notes);
  for (const [name, dtype, rows, offset] of header.columns as [string, string, number, number][]) {
    if (dtype === "text") {
      const bounds = new Int32Array(buffer, begin + offset, rows + 1);
      const words = new Uint8Array(buffer, begin + offset + 4 * (rows + 1), bounds[rows]);
      const decoder = new TextDecoder();
      table.texts.set(name, Array.from({ length: rows }, (_, i) => decoder.decode(words.subarray(bounds[i], bounds[i + 1]))));
    } else {
      table.columns.set(name, MAKERS[dtype](buffer, begin + offset, rows));
    }
  }
  return table;
}
