import { pathOf, type Step } from "../draft/paths.ts";

/** Where the values of a text of JSON stand, or where it stops to be JSON. Lines count from 1. */
export interface Lines {
  /** The line of each value by its path. */
  byPath: Map<string, number>;
  /** The line at which the text is no JSON any more; undefined where it is. */
  broken: number | undefined;
}

/** Reads a text of JSON for the places of its values. */
export function linesOf(text: string): Lines {
  const byPath = new Map<string, number>();
  const reader = new Reader(text, byPath);
  return { byPath, broken: reader.read() ? undefined : reader.line };
}

/** The line of a path, or of the nearest thing around it that there is. */
export function lineOf({ byPath }: Lines, path: string): number {
  let at = path;
  while (at && !byPath.has(at)) at = at.replace(/(\.[^.[\]]*|\[\d+\]|^[^.[\]]*)$/, "");
  return byPath.get(at) ?? 1;
}

const BLANK = /[ \t\r\n]*/y;
const SCALAR = /"(?:[^"\\\n]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const KEY = /"(?:[^"\\\n]|\\.)*"/y;

/** A reader of JSON that remembers lines and makes no values. */
class Reader {
  line = 1;
  private at = 0;
  private readonly text: string;
  private readonly byPath: Map<string, number>;

  constructor(text: string, byPath: Map<string, number>) {
    this.text = text;
    this.byPath = byPath;
  }

  /** Whether all of the text is one value. */
  read(): boolean {
    this.blanks();
    if (!this.value([])) return false;
    this.blanks();
    return this.at === this.text.length;
  }

  private value(steps: Step[]): boolean {
    this.byPath.set(pathOf(steps), this.line);
    if (this.next("{")) return this.members("}", () => this.member(steps));
    if (this.next("[")) {
      let place = 0;
      return this.members("]", () => this.value([...steps, place++]));
    }
    return this.token(SCALAR) !== undefined;
  }

  private members(end: string, member: () => boolean): boolean {
    this.blanks();
    if (this.next(end)) return true;
    do {
      this.blanks();
      if (!member()) return false;
      this.blanks();
    } while (this.next(","));
    return this.next(end);
  }

  private member(steps: Step[]): boolean {
    const key = this.token(KEY);
    if (key === undefined) return false;
    this.blanks();
    if (!this.next(":")) return false;
    this.blanks();
    return this.value([...steps, key.slice(1, -1)]);
  }

  private blanks(): void {
    this.line += this.token(BLANK)?.split("\n").length ?? 1;
    this.line -= 1;
  }

  private next(sign: string): boolean {
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private token(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}
