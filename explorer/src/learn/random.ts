/** The generator sfc32 (Chris Doty-Humphrey, PractRand): the same numbers on every machine and in Python. */
export class Random {
  private a: number;
  private b: number;
  private c = 0x9e3779b9 | 0;
  private d = 1;
  private spare: number | null = null;

  /** seed: what a person chooses; stream: what the numbers are for, so that one use does not shift another. */
  constructor(seed: number, stream: number) {
    this.a = seed | 0;
    this.b = stream | 0;
    for (let i = 0; i < 20; i++) this.bits();
  }

  /** A whole number from 0 to 2**32 - 1. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.d) | 0;
    this.d = (this.d + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Standard normal, by Box and Muller, two at a time. */
  normal(): number {
    if (this.spare !== null) {
      const kept = this.spare;
      this.spare = null;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 1) / 4294967296));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Reorders in place, every order equally likely (Fisher and Yates). */
  shuffle(values: Int32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = Math.floor(this.uniform() * (i + 1));
      const kept = values[i]!;
      values[i] = values[j]!;
      values[j] = kept;
    }
  }
}
