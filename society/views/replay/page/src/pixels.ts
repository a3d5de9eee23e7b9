// Pixels written by hand: thousands of lines and dots a frame, where strokes of a canvas without a GPU would take seconds.

/** A picture of words 0xAABBGGRR, blitted as a whole. */
export class Pixels {
  wide = 0;
  high = 0;
  words = new Uint32Array(0);
  private image: ImageData | null = null;
  readonly canvas = document.createElement("canvas");

  resize(wide: number, high: number): void {
    if (this.wide === wide && this.high === high) return;
    this.wide = this.canvas.width = Math.max(1, wide);
    this.high = this.canvas.height = Math.max(1, high);
    this.image = new ImageData(this.wide, this.high);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  clear(): void { this.words.fill(0); }

  /** Bring what was written onto a canvas, over what is there. */
  blit(onto: CanvasRenderingContext2D): void {
    this.canvas.getContext("2d")!.putImageData(this.image!, 0, 0);
    onto.setTransform(1, 0, 0, 1, 0, 0);
    onto.drawImage(this.canvas, 0, 0);
  }

  square(x: number, y: number, side: number, colour: number): void {
    const { wide, high, words } = this;
    if (x < 0 || y < 0 || x + side >= wide || y + side >= high) return;
    for (let v = 0; v < side; v++) {
      const at = (y + v) * wide + x;
      for (let u = 0; u < side; u++) words[at + u] = colour;
    }
  }

  /**
   * A line that bends by a share of its length to one side, `thick` pixels wide.
   * `on` and `off`: pixels drawn and left out in turn; off 0: an unbroken line.
   */
  arc(ax: number, ay: number, bx: number, by: number, bend: number, thick: number, colour: number, on: number, off: number): void {
    const { wide, high, words } = this, cx = (ax + bx) / 2 + bend * (by - ay), cy = (ay + by) / 2 - bend * (bx - ax);
    if (Math.max(ax, bx, cx) < 0 || Math.min(ax, bx, cx) >= wide || Math.max(ay, by, cy) < 0 || Math.min(ay, by, cy) >= high) return;
    const steps = Math.min(6000, Math.ceil(Math.hypot(bx - ax, by - ay) * (1 + bend))), period = on + off;
    for (let i = 0; i <= steps; i++) {
      if (off && i % period >= on) continue;
      const t = i / (steps || 1), s = 1 - t;
      const x = (s * s * ax + 2 * s * t * cx + t * t * bx) | 0, y = (s * s * ay + 2 * s * t * cy + t * t * by) | 0;
      if (x < 0 || y < 0 || x + 1 >= wide || y + 1 >= high) continue;
      const at = y * wide + x;
      words[at] = colour;
      if (thick > 1) { words[at + 1] = colour; words[at + wide] = colour; words[at + wide + 1] = colour; }
    }
  }
}

/** How many lines cross each pixel: what hundreds of thousands of lines look like together. */
export class Density {
  wide = 0;
  high = 0;
  counts = new Uint16Array(0);

  resize(wide: number, high: number): void {
    this.wide = Math.max(1, wide); this.high = Math.max(1, high);
    this.counts = new Uint16Array(this.wide * this.high);
  }

  clear(): void { this.counts.fill(0); }

  /** Count a straight line, with a weight, on every pixel it crosses within the picture. */
  line(ax: number, ay: number, bx: number, by: number, weight: number): void {
    const dx = bx - ax, dy = by - ay;
    let t0 = 0, t1 = 1;
    for (const [p, q] of [[-dx, ax], [dx, this.wide - 1 - ax], [-dy, ay], [dy, this.high - 1 - ay]]) { // Liang and Barsky's clipping
      if (p === 0) { if (q < 0) return; continue; }
      const r = q / p;
      if (p < 0) { if (r > t1) return; if (r > t0) t0 = r; } else { if (r < t0) return; if (r < t1) t1 = r; }
    }
    const length = Math.max(Math.abs(dx), Math.abs(dy)) * (t1 - t0), steps = Math.max(1, Math.ceil(length));
    let x = ax + t0 * dx, y = ay + t0 * dy;
    const sx = (dx * (t1 - t0)) / steps, sy = (dy * (t1 - t0)) / steps, { counts, wide } = this;
    for (let i = 0; i <= steps; i++, x += sx, y += sy) counts[(y | 0) * wide + (x | 0)] += weight;
  }

  /** Write it as one colour of varying strength; a pixel crossed by `full` weight has two thirds of it. */
  tone(words: Uint32Array, colour: number, full: number, strongest: number): void {
    const ink = colour & 0xffffff, table = new Uint32Array(1024);
    for (let n = 1; n < table.length; n++) table[n] = (ink | (Math.max(3, Math.round(255 * strongest * (1 - Math.exp((-n * 1.1) / full)))) << 24)) >>> 0;
    for (let i = 0; i < words.length; i++) { const n = this.counts[i]; words[i] = n ? table[Math.min(1023, n)] : 0; }
  }
}
